"""The book keeps its own rules (tools/rules). A failure says what mends it."""

import functools

import pytest

from tools.book import Book
from tools.rules import BOOK_RULES, CHAPTER_RULES, Chapter

BOOK = Book()
chapter = functools.cache(lambda path: Chapter(BOOK, path))  # rules change nothing: it is read once


@pytest.mark.parametrize("path", BOOK.chapters, ids=lambda path: path.stem)
@pytest.mark.parametrize("rule", CHAPTER_RULES)
def test_chapter(path, rule):
    problems = list(CHAPTER_RULES[rule](chapter(path)))
    assert not problems, "\n" + "\n".join(map(str, problems))


@pytest.mark.parametrize("rule", BOOK_RULES)
def test_book(rule):
    problems = list(BOOK_RULES[rule](BOOK))
    assert not problems, "\n" + "\n".join(map(str, problems))
