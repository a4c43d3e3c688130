"""Code as few elements, wrapped on phones; set-up, and folds in a row, as one fold.

Pygments writes an element for each bracket and each name, also where no style gives it
a colour of its own: in a chapter that is four fifths of all elements. Here a piece of
code has an element only where its colour changes, and one for each line that is too
long for a phone, where book.css wraps it with a mark and an indented second half.
"""

from __future__ import annotations

import functools
import html
import re

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from pygments.formatters import HtmlFormatter
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Token
from sphinx.highlighting import PygmentsBridge

CHAPTERS = "notebooks/"
FITS = 34  # columns of code that a window of 320 pixels shows
DEEPEST = 12  # columns of indentation, of a line within brackets, that a phone has room for
SET_UP = "Set-up: imports, data, the book\u2019s helpers"
SHOW_ROW, HIDE_ROW = "Show the code of {} cells", "Hide the code of {} cells"
SHOW_ONE, HIDE_ONE = "Show the code", "Hide the code"
NAMED = 3  # names of functions that a fold tells
# Brackets, names and operators: the colour of the text.
PLAIN = (Token.Operator, Token.Literal.String.Interpol)


@functools.cache
def classes(*styles: str) -> dict:
    """Token -> the class of its colours in all styles; one class for the same colours, none for those of the text."""
    looks, found = {}, {}
    styles = [get_style_by_name(name) for name in styles]

    def look(token):
        kinds = (style.style_for_token(token) for style in styles)
        return tuple((kind["color"], kind["bold"], kind["italic"], kind["underline"]) for kind in kinds)

    plain = {look(Token), look(Token.Name)}
    for token, short in STANDARD_TYPES.items():
        same = look(token)
        found[token] = "" if token in PLAIN or same in plain else looks.setdefault(same, short)
    return found


class FewElements(HtmlFormatter):
    """Pygments' formatter, with an element where the colour changes and one for each long line."""

    styles: tuple[str, ...] = ("default",)

    def class_of(self, token) -> str:
        """The class of a token; a token that no style knows has its parent's."""
        known = classes(*self.styles)
        while token not in known:
            token = token.parent
        return known[token]

    def lines(self, tokens):
        """Lines as [(class, text)], neighbours of one colour joined, spaces of any; and whether a bracket is open."""
        line, open_brackets, goes_on = [], 0, False
        for token, text in tokens:
            if token in Token.Punctuation:
                open_brackets += sum((c in "([{") - (c in ")]}") for c in text)
            for number, part in enumerate(text.split("\n")):
                if number:
                    yield line, goes_on
                    line, goes_on = [], open_brackets > 0
                kind = self.class_of(token) if part.strip() else (line[-1][0] if line else "")
                if part and line and line[-1][0] == kind:
                    line[-1] = (kind, line[-1][1] + part)
                elif part:
                    line.append((kind, part))
        if line:
            yield line, goes_on

    def wrap(self, source):
        """Pygments' own wrapping, without the empty element that it begins with."""
        yield 0, "<pre>"
        yield from source
        yield 0, "</pre>"

    def _format_lines(self, tokenstream):
        room = DEEPEST
        for line, goes_on in self.lines(tokenstream):
            text = "".join(part for _, part in line).rstrip()
            indent = len(text) - len(text.lstrip(" "))
            if not goes_on:  # Python reads this indentation, so all of it stays
                room = max(DEEPEST, indent + 4)
            yield 1, self.written(line, text, indent, room if goes_on else indent)

    def written(self, line, text: str, indent: int, room: int) -> str:
        """A line as HTML. What a long one is indented by beyond a phone's room stands by itself."""
        pieces = [
            f'<span class="{kind}">{html.escape(part)}</span>' if kind else html.escape(part)
            for kind, part in line
        ]
        if len(text) <= FITS:
            return "".join(pieces) + "\n"
        if indent > room and pieces[0].startswith(" " * indent):
            pieces[0] = f'<span class="deep">{" " * (indent - room)}</span>' + pieces[0][indent - room :]
        level = min(indent, room, 24) // 4 * 4
        return f'<span class="cl{f" in{level}" if level else ""}">{"".join(pieces)}\n</span>'


def is_set_up(node) -> bool:
    """Whether a node is a cell that prepares the chapter: imports, data, the book's helpers."""
    return any(name == "tag_setup" or name.startswith("tag_shared-") for name in node.get("classes", []))


def is_cell(node) -> bool:
    """Whether a node is a code cell."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def is_silent(node) -> bool:
    """Whether a node is a folded cell that shows nothing beneath its fold."""
    kinds = [child.get("nb_element") for child in node.findall(nodes.container)]
    return "tag_hide-input" in node.get("classes", []) and "cell_code_output" not in kinds


def rows(tree, belongs) -> list[list]:
    """The code cells that belong together, as they follow one another."""
    found = []
    for node in tree.findall(is_cell):
        if not belongs(node):
            continue
        place = node.parent.index(node)
        if found and place and node.parent[place - 1] is found[-1][-1]:
            found[-1].append(node)
        else:
            found.append([node])
    return found


def fold(row, show: str, hide: str, kind: str) -> None:
    """Put neighbouring cells into one fold in the place of their own."""
    home, place = row[0].parent, row[0].parent.index(row[0])
    around = HideCodeCellNode(prompt_show=show, prompt_hide=hide)
    around["classes"].append("above-input")
    for cell in row:
        home.remove(cell)
        for hidden in list(cell.findall(HideCodeCellNode)):
            hidden.replace_self(hidden.children)
        around.append(cell)
    home.insert(place, nodes.container("", around, classes=["cell", "cells-in-one", kind]))


def fold_set_up(tree) -> None:
    """The set-up cells that follow one another are one fold."""
    for row in rows(tree, is_set_up)[:1]:
        fold(row, SET_UP, SET_UP, "set-up")


def made_in(row) -> str:
    """What the cells of a fold define, in a few words: ": this, that and more", or nothing."""
    code = "\n".join(block.astext() for cell in row for block in cell.findall(nodes.literal_block))
    names = re.findall(r"(?m)^(?:def|class) (\w+)", code) or re.findall(r"(?m)^([A-Z]\w*) = ", code)
    return ": " + ", ".join(names[:NAMED]) + (" and more" if len(names) > NAMED else "") if names else ""


def fold_silent(tree) -> None:
    """A fold that shows nothing says what it defines; a row of them is one fold, which says how many cells it holds."""
    for row in rows(tree, lambda node: is_silent(node) and not is_set_up(node)):
        told = made_in(row)
        if len(row) > 1:
            fold(row, SHOW_ROW.format(len(row)) + told, HIDE_ROW.format(len(row)) + told, "code-row")
        elif told:
            for hidden in row[0].findall(HideCodeCellNode):
                hidden["prompt_show"], hidden["prompt_hide"] = SHOW_ONE + told, HIDE_ONE + told


def is_prose(text: str) -> bool:
    """Whether a printed text is sentences, which may be wrapped, and no table or array, which may not."""
    lines = text.rstrip().split("\n")
    return not any("  " in line.strip() or line.lstrip().startswith(("[", "(")) for line in lines)


def mark_prose(tree) -> None:
    """Give outputs that are sentences a class, so that a phone wraps them."""
    for block in tree.findall(nodes.literal_block):
        if "output" in block.get("classes", []) and is_prose(block.astext()):
            block["classes"].append("prose")


def open_fold(self, node):
    """A fold is named by the words that it shows."""
    names = " ".join(["admonition", "hide", *node["classes"]])
    words = (("collapsed", node["prompt_show"]), ("expanded", node["prompt_hide"]))
    if words[0][1] == words[1][1]:
        inner = f'<p class="admonition-title">{html.escape(words[0][1])}</p>'
    else:
        inner = "".join(f'<p class="{kind} admonition-title">{html.escape(text)}</p>' for kind, text in words)
    self.body.append(f'<details class="{names}">\n<summary>{inner}</summary>\n')


def close_fold(self, node):
    self.body.append("</details>\n")


def shape(app, tree, docname):
    """Called by Sphinx for every page before it is written."""
    if docname.startswith(CHAPTERS) and app.builder.format == "html":
        fold_set_up(tree)
        fold_silent(tree)
        mark_prose(tree)


def begin(app, config):
    """The styles whose colours decide, from _config.yml."""
    options = config.html_theme_options
    FewElements.styles = (options["pygments_light_style"], options["pygments_dark_style"])
    PygmentsBridge.html_formatter = FewElements


def setup(app):
    """Called by Sphinx."""
    app.connect("config-inited", begin)
    app.connect("doctree-resolved", shape, priority=640)
    app.add_node(HideCodeCellNode, override=True, html=(open_fold, close_fold))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
