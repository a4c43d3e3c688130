"""Link the first use of each glossary term in a chapter to its entry.

The notebooks stay plain Markdown, which Colab shows as well. The terms are
those of the {glossary} directive in book/glossary.md; several terms above one
definition (a name and its abbreviation) are one entry. Phrases in which a word means
something else are in OTHERWISE.
"""

from __future__ import annotations

import re

from docutils import nodes

CHAPTERS = "notebooks/"
GLOSSARY = "book/glossary"

# No term is linked inside these: headings, code, mathematics, links, labels.
CLOSED = (
    nodes.title,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.reference,
    nodes.caption,
    nodes.strong,
    nodes.raw,
    nodes.comment,
    nodes.image,
)

# Words of every day, which are terms only on a page that introduces them, in italics.
EVERYDAY = set("band calibration depth floor frame margin phase reach scale window".split())

# Here a word is not the term of the glossary. A space fits any space or new line.
OTHERWISE = """
a hop between; a mel band; along every path; along the longest path; at the edge of; calls that calibration;
class map; code of digital; code takes 16; comes in patches; cure is a weight; encoder weights; error map;
folder in which the paths; for each frequency; for each unit; for the map; frozen camera; heads minus tails;
heat maps; in units of; is the floor; judge its map; loss of accuracy; loss of all that was learned; loss of
some points; losses of accuracy; maps of its; margin to try; margin wider; mel bands from; more false alarms;
multiplier scales; nearest neighbour, which; network maps; number of channels; over the edge; Picture weights;
positive weight nothing; probes and maps; recall with false alarms; results/scale; score
a map by; single precision; still stretch; streams past; stretch the range; such samples; ten nearest
neighbours; test such a map; : the identity; turn its head; unit sphere; weight on plants
"""


def entries(tree) -> dict[str, str]:
    """Term -> id of the first term of its entry.

    Terms are in lower case, but for one that would else be another: map and mAP.
    """
    found = {}
    for item in tree.findall(nodes.definition_list_item):
        terms = [node for node in item.children if isinstance(node, nodes.term) and node["ids"]]
        for term in terms:
            word = term.astext().strip()
            found[word if word.lower() in found else word.lower()] = terms[0]["ids"][0]
    return found


def plural(term: str) -> str:
    """A pattern for a term and its regular plural."""
    words = r"[\s\u00a0]+".join(re.escape(word) for word in term.split())
    if term != term.lower():
        return f"(?-i:{words})"
    if words[-1] == "y" and term[-2:-1] not in "aeiou":
        return f"{words[:-1]}(?:y|ies)"
    return f"{words}(?:es|s)?" if not term.endswith("s") else f"{words}(?:es)?"


def pattern(ordered: list[str]) -> re.Pattern:
    """One pattern for all terms; its groups t0, t1, ... are the terms in their order."""
    groups = "|".join(f"(?P<t{number}>{plural(term)})" for number, term in enumerate(ordered))
    return re.compile(rf"(?<![\w-])(?:{groups})(?![\w-])", re.IGNORECASE)


def phrases(text: str) -> re.Pattern:
    """One pattern for phrases that semicolons part."""
    each = (r"\s+".join(map(re.escape, phrase.split())) for phrase in text.split(";"))
    return re.compile(rf"(?<!\w)(?:{'|'.join(each)})(?!\w)", re.IGNORECASE)


def closed(node) -> bool:
    """Whether a text stands where no term is linked."""
    while node is not None:
        if isinstance(node, CLOSED):
            return True
        if isinstance(node, nodes.Element) and "cell" in node.get("classes", []):
            return True
        node = node.parent
    return False


def link_terms(tree, terms: dict[str, str], address) -> list[str]:
    """Link first uses in place; address(id) gives a link. Return the ids linked."""
    if not terms:
        return []
    # Where two fit, the longer one wins, and one with capitals over one without.
    ordered = sorted(terms, key=lambda term: (len(term), term != term.lower()), reverse=True)
    fits, others, linked = pattern(ordered), phrases(OTHERWISE), []
    introduced = {node.astext().lower() for node in tree.findall(nodes.emphasis)}
    unknown = {term for term in EVERYDAY if not any(re.fullmatch(plural(term), each) for each in introduced)}
    for text in list(tree.findall(nodes.Text)):
        if closed(text.parent):
            continue
        words, done, pieces = text.astext(), 0, []
        elsewhere = [found.span() for found in others.finditer(words)]
        for found in fits.finditer(words):
            term = ordered[int(found.lastgroup[1:])]
            if term in unknown or terms[term] in linked or any(a <= found.start() < b for a, b in elsewhere):
                continue
            linked.append(terms[term])
            link = nodes.reference(
                "",
                found.group(),
                internal=True,
                refuri=address(terms[term]),
                classes=["glossary-link"],
            )
            pieces += [nodes.Text(words[done : found.start()]), link]
            done = found.end()
        if pieces:
            pieces.append(nodes.Text(words[done:]))
            text.parent.replace(text, [piece for piece in pieces if piece.astext()])
    return linked


def collect(app, env):
    """Read the glossary; a changed one has every chapter written again."""
    terms = entries(env.get_doctree(GLOSSARY)) if GLOSSARY in env.found_docs else {}
    changed = getattr(env, "book_terms", None) != terms
    env.book_terms = terms
    return [name for name in env.found_docs if name.startswith(CHAPTERS)] if changed else []


def resolve(app, tree, docname):
    """Called by Sphinx for every page before it is written."""
    if not docname.startswith(CHAPTERS) or app.builder.format != "html":
        return
    page = app.builder.get_relative_uri(docname, GLOSSARY)
    link_terms(tree, app.env.book_terms, lambda target: f"{page}#{target}")


def setup(app):
    """Called by Sphinx."""
    app.connect("env-updated", collect)
    app.connect("doctree-resolved", resolve, priority=500)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 1}
