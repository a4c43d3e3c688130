"""Addresses and traces: the repository's address written once, no machine's path, no registry."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.book import Book
from tools.files import text_files
from tools.rules.rule import Problem, book_rule


@book_rule
def address_once(book: Book) -> Iterator[Problem]:
    """The repository's address is written by hand in _config.yml alone."""
    for path in text_files(book.root):
        name = path.relative_to(book.root).as_posix()
        if name == "_config.yml":
            continue
        text = path.read_text("utf-8")
        if name.startswith("notebooks/"):
            text = text.replace(book.badge(path.stem), "").replace(book.raw, "")
        if name == "README.md":
            text = re.sub(r"(?s)<!-- (\w+):start -->.*?<!-- \1:end -->", "", text)
        if book.slug in text:
            yield Problem(name, "It spells out the repository's address.", "derive it, or link relatively.")


@book_rule
def no_traces(book: Book) -> Iterator[Problem]:
    """No path of somebody's machine and no package registry's host."""
    trace = re.compile(r"/(?:root|home/\w+|work|Users/\w+)/|https?://[\w.]*(?:pypi\.org|pythonhosted|npmjs)")
    for path in text_files(book.root):
        name = path.relative_to(book.root).as_posix()
        found = trace.search(path.read_text("utf-8"))
        if found and name != "tools/rules/traces.py":
            yield Problem(name, f"It holds {found[0]!r}.", "take it out.")
