"""Keep a number and what belongs to it on one line: 5 %, 3 + 4, (0.6, 0.8), chapter 7.

The notebooks have plain spaces, which are easy to type and to search. On the pages
those that must not end a line become no-break spaces. A long sum may still be broken,
and any sum in a table, whose columns have to fit on a phone, but only before a sign,
so that no line ends with one.
"""

from __future__ import annotations

import re

from docutils import nodes

SPACE = "\u00a0"
LONGEST = 26  # characters of a sum that stays on one line
CLOSED = (
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.comment,
    nodes.image,
)

NUMBER = r"\u2212?(?:\d[\d.,]*\d|\d|\u00bd|[a-zA-Z](?![a-zA-Z]))[\u2070\u00b9\u00b2\u00b3\u2074-\u207e]*"
PART = rf"[(\u221a|]*{NUMBER}[)|]*"
SUM = re.compile(rf"(?<![\w.]){PART}(?:[ \n][\u00b7\u00b1\u2212+/\u00d7=][ \n]{PART})+(?!\w)")
UNIT = re.compile(r"(?<=[\d\u00bd])[ \n](?=%)")
POWER = re.compile(r"(?<=\d)[ \n]\u00b7[ \u00a0\n](?=10[\u2070\u00b9\u00b2\u00b3\u2074-\u207e])")
PAIR = re.compile(r"(?<=\()(?:\u2212?[\d.]+,[ \n]){1,4}\u2212?[\d.]+(?=\))")
PLACE = re.compile(r"\b([Cc]hapters?|[Ff]igure|[Ee]xercise)[ \n](?=\d)")


def joined(words: str) -> str:
    """Words without places where a line may end."""
    return re.sub(r"[ \n]", SPACE, words)


def sum_joined(words: str, longest: int) -> str:
    """A short sum on one line; of a long one each sign beside what follows it."""
    if len(words) <= longest:
        return joined(words)
    return re.sub(r"(?<=[ \n][\u00b7\u00b1\u2212+/\u00d7=])[ \n]", SPACE, words)


def together(words: str, longest: int = LONGEST) -> str:
    """Words whose numbers stay with their signs and units."""
    words = UNIT.sub(SPACE, SUM.sub(lambda found: sum_joined(found[0], longest), words))
    words = POWER.sub(f"{SPACE}\u00b7{SPACE}", words)
    return PLACE.sub(rf"\1{SPACE}", PAIR.sub(lambda found: joined(found[0]), words))


def inside(node, kinds) -> bool:
    """Whether a node or one around it is of these kinds."""
    while node is not None and not isinstance(node, kinds):
        node = node.parent
    return node is not None


def closed(node) -> bool:
    """Whether a text is code, mathematics or part of a cell."""
    if inside(node, CLOSED):
        return True
    while node is not None:
        if isinstance(node, nodes.Element) and "cell" in node.get("classes", []):
            return True
        node = node.parent
    return False


def shape(app, tree, docname):
    """Called by Sphinx for every page before it is written."""
    if app.builder.format != "html":
        return
    for text in list(tree.findall(nodes.Text)):
        better = together(text.astext(), 0 if inside(text.parent, nodes.entry) else LONGEST)
        if better != text.astext() and not closed(text.parent):
            text.parent.replace(text, nodes.Text(better))


def setup(app):
    """Called by Sphinx."""
    app.connect("doctree-resolved", shape, priority=690)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
