"""On phones, tables of sentences become cards: each cell below the name of its column.

A table of four columns or more with a long text in some cell, beside the first of its row,
is marked, and each of its cells gets the name of its column, which book.css shows on narrow screens alone. Tables of
numbers stay as they are; where they are too wide they scroll, and a shade says so.
"""

from __future__ import annotations

from docutils import nodes

COLUMNS = 4  # from so many on
LONG = 40  # characters of a cell that is a sentence
CLASS = "cell-name"


def stacks(table) -> bool:
    """Whether a table is made of sentences and too wide for a phone."""
    head = next(table.findall(nodes.thead), None)
    if head is None or len(head[0].children) < COLUMNS:
        return False
    return any(
        len(cell.astext()) > LONG
        for body in table.findall(nodes.tbody)
        for row in body.children
        for cell in row.children[1:]
    )


def name_cells(table) -> None:
    """Put the name of its column before the text of every cell but the first of a row."""
    names = [entry.astext() for entry in next(table.findall(nodes.thead))[0].children]
    table["classes"].append("stacks")
    for row in next(table.findall(nodes.tbody)).children:
        for name, cell in list(zip(names, row.children, strict=True))[1:]:
            home = next(cell.findall(nodes.paragraph), None)
            if home is not None and name:
                home.insert(0, nodes.inline("", name, classes=[CLASS]))


def shape(app, tree, docname):
    """Called by Sphinx for every page before it is written."""
    if app.builder.format == "html":
        for table in tree.findall(nodes.table):
            if stacks(table):
                name_cells(table)


def setup(app):
    """Called by Sphinx."""
    app.connect("doctree-resolved", shape, priority=660)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
