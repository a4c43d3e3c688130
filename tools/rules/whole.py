"""The book as a whole: its order, its folders, its lock, its copies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.book import Book
from tools.files import tracked
from tools.rules.rule import Problem, book_rule

ROOMS = {
    "book", "notebooks", "data", "tools", "tests", "benchmarks", ".ci", ".github", ".gitignore",
    "_config.yml", "_toc.yml", "requirements.in", "requirements.txt", "Makefile",
    "README.md", "CONTRIBUTING.md", "LICENSE", "LICENSE-text.md", "CITATION.cff", "ruff.toml",
    "pytest.ini",
}  # fmt: skip


@book_rule
def order_complete(book: Book) -> Iterator[Problem]:
    """_toc.yml names every notebook and every page, and each of them exists."""
    for page in book.pages:
        if not any((book.root / f"{page}{ending}").exists() for ending in (".md", ".ipynb")):
            yield Problem("_toc.yml", f"{page} does not exist.", "add the file or drop the line.")
    listed = {path.name for path in book.chapters}
    for path in sorted((book.root / "notebooks").glob("*.ipynb")):
        if path.name not in listed:
            yield Problem(f"notebooks/{path.name}", "It is not in _toc.yml.", "add it there, in its order.")
    numbers = [path.name[:2] for path in book.chapters]
    if numbers != sorted({number for number in numbers if re.fullmatch(r"\d\d", number)}):
        yield Problem(
            "_toc.yml", f"The chapters are numbered {numbers}.", "give each two digits of its own, rising."
        )


@book_rule
def rooms_known(book: Book) -> Iterator[Problem]:
    """A new folder at the top needs a reason that a reader of README.md would accept."""
    for path in tracked(book.root):
        top = path.split("/")[0]
        if top not in ROOMS:
            yield Problem(
                top, "It is not one of the house's rooms.", "move it, or add it to ROOMS with a reason."
            )


@book_rule
def lock_complete(book: Book) -> Iterator[Problem]:
    """Every direct dependency stands in the lock, with an exact version."""
    lines = (book.root / "requirements.txt").read_text("utf-8").splitlines()
    locked = {re.split(r"[=\s]", line)[0].lower() for line in lines if "==" in line}
    for line in (book.root / "requirements.in").read_text("utf-8").splitlines():
        name = re.match(r"[A-Za-z0-9_.-]+", line)
        if name and name[0].lower() not in locked:
            yield Problem("requirements.in", f"{name[0]} is not in the lock.", "`make lock`.")
    for line in lines:
        if line.strip() and not line.startswith("#") and "==" not in line:
            yield Problem("requirements.txt", f"{line!r} is not exact.", "`make lock`.")


@book_rule
def copies_current(book: Book) -> Iterator[Problem]:
    """What is written once and copied elsewhere is the same everywhere (tools/pages/sync.py)."""
    from tools.pages.sync import stale

    for path, what in stale(book):
        yield Problem(path, what, "`make sync`.")
