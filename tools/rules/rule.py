"""What a rule is: a function that reads a chapter, or the whole book, and yields problems."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from tools.book import Book, read_notebook, tags

CHAPTER_RULES: dict[str, object] = {}
BOOK_RULES: dict[str, object] = {}


@dataclass
class Problem:
    """One fault: where it is, what it is, what mends it."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} Mend it: {self.remedy}"


class Chapter:
    """One notebook of the book, read once for all rules."""

    def __init__(self, book: Book, path: Path):
        self.book, self.path, self.name = book, path, path.stem
        self.notebook = read_notebook(path)
        self.cells = self.notebook.cells
        self.code = [(n, cell) for n, cell in enumerate(self.cells) if cell.cell_type == "code"]
        self.texts = [(n, cell) for n, cell in enumerate(self.cells) if cell.cell_type == "markdown"]

    def problem(self, number, what: str, remedy: str) -> Problem:
        """A problem in cell `number` (counted from 0, as JupyterLab does not), or in the whole."""
        place = f"notebooks/{self.path.name}"
        if number is not None:
            first = (self.cells[number].source.splitlines() or [""])[0][:50]
            place += f", cell {number} ({first!r})"
        return Problem(place, what, remedy)

    @property
    def rerun(self) -> str:
        """The command that executes this notebook again."""
        return f"`make notebooks NB={self.name}`."

    def own_code(self):
        """Code cells that stand in this notebook alone, with their syntax tree."""
        for number, cell in self.code:
            if not any(tag.startswith("shared-") for tag in tags(cell)):
                yield number, cell, syntax(cell)


def syntax(cell) -> ast.Module:
    """The syntax tree of a code cell, its magics left out."""
    return ast.parse(re.sub(r"(?m)^[%!]", "# ", cell.source))


def chapter_rule(function):
    """Register a rule that reads one chapter."""
    CHAPTER_RULES[function.__name__] = function
    return function


def book_rule(function):
    """Register a rule that reads the book as a whole."""
    BOOK_RULES[function.__name__] = function
    return function
