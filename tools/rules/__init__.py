"""The rules of the house, one module a subject; tests/test_rules.py applies them.

    python -m tools.rules          every fault, with what mends it

shape       a chapter: badge, title and promise, opening, set-up, sections, closing
cells       length, tags, shared cells, seeded draws, files that are read
exercises   task, starter, check and solution; names that they leave alone (names.py)
quiz        the form of a question
text        plain Markdown, words, labels, terms, description
numerals    what holds a numeral of the prose
figures     alt text, axes, colours
outputs     current, clean, in canonical form
times       no assertion about what a clock says
whole       order of the chapters, folders at the top, the lock, copies (tools/pages/sync.py)
data_cards  the cards of data/README.md
traces      the repository's address, paths of machines, registries

A rule is a function that yields problems (rule.py). Each names the file, the cell and
the command or change that mends it. tests/test_rules_catch.py plants a fault for every rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.book import Book
from tools.rules import (  # noqa: F401  (each registers its rules)
    cells,
    data_cards,
    exercises,
    figures,
    numerals,
    outputs,
    quiz,
    shape,
    text,
    times,
    traces,
    whole,
)
from tools.rules.rule import BOOK_RULES, CHAPTER_RULES, Chapter, Problem


def problems(book: Book) -> Iterator[tuple[str, Problem]]:
    """(rule, problem) of everything that is wrong with a copy of the book."""
    for path in book.chapters:
        chapter = Chapter(book, path)
        for name, rule in CHAPTER_RULES.items():
            for problem in rule(chapter):
                yield name, problem
    for name, rule in BOOK_RULES.items():
        for problem in rule(book):
            yield name, problem
