"""Read a chapter as text: its sections, its headings, its words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tools.book import tags

MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, allow_labels=False)

LEAD = "the lead"


@dataclass
class Section:
    """An H2 and what follows it up to the next one: (cell number, cell) and (cell number, text)."""

    title: str
    texts: list[tuple[int, str]] = field(default_factory=list)
    code: list[tuple[int, object]] = field(default_factory=list)


def tokens(source: str):
    """The Markdown tokens of a cell, inline ones included, in reading order."""
    for token in MARKDOWN.parse(source):
        yield token
        yield from token.children or []


def headings(source: str) -> list[tuple[int, str]]:
    """(level, text) of every heading of a Markdown cell."""
    found = MARKDOWN.parse(source)
    return [
        (int(token.tag[1]), found[position + 1].content)
        for position, token in enumerate(found)
        if token.type == "heading_open"
    ]


def words(source: str) -> str:
    """The text of a Markdown cell without addresses, tags and markup; formulas as they are."""
    pieces = []
    for token in tokens(source):
        if token.type in ("text", "code_inline", "code_block", "fence"):
            pieces.append(token.content)
        elif token.type in ("math_inline", "math_inline_double", "math_block"):
            pieces.append(_formula(token.content))
        elif token.type in ("softbreak", "hardbreak"):
            pieces.append("\n")
        elif token.type.endswith("_close") or token.type == "html_block":
            if token.type == "html_block":
                pieces.append(re.sub(r"<[^>]*>", " ", token.content))
            if token.type in ("paragraph_close", "heading_close", "td_close", "th_close"):
                pieces.append("\n")
    return "".join(pieces)


def _formula(latex: str) -> str:
    """A formula without indices, exponents and spacing commands, so that its numbers can be read."""
    latex = re.sub(r"[_^](\{[^{}]*\}|\w|\\\w+)", " ", latex).replace("{,}", ",")
    return " " + re.sub(r"\\[a-zA-Z]+|\\[,;! ]|[{}&]|\\\\", " ", latex).replace("\\%", " %") + " "


def sections(notebook) -> list[Section]:
    """Cut a notebook at its H2s; the first piece is the lead."""
    found = [Section(LEAD)]
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            found[-1].code.append((number, cell))
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            found[-1].texts.append((number, alt))
            continue
        if "remove-cell" in tags(cell):
            continue
        piece: list[str] = []
        for line in cell.source.split("\n"):
            heading = re.match(r"## +(.+)", line)
            if heading:
                found[-1].texts.append((number, "\n".join(piece)))
                found.append(Section(heading[1].strip()))
                piece = []
            piece.append(line)
        found[-1].texts.append((number, "\n".join(piece)))
    return found
