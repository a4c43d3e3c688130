"""Data: a card with size and digest for every file, a file for every card."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools.book import Book, sha256
from tools.rules.rule import Problem, book_rule


def cards(root: Path) -> dict[str, str]:
    """Path of a file -> its card in data/README.md, without the heading."""
    text = (root / "data" / "README.md").read_text("utf-8")
    return dict(re.findall(r"(?ms)^## `?(\S+?)`?$(.*?)(?=^## |\Z)", text))


@book_rule
def data_cards(book: Book) -> Iterator[Problem]:
    """Every file under data/, every network and sound of the site has a card with size and digest, and no other."""
    folder = book.root / "data"
    by_name = cards(book.root)
    files = {
        str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name not in {"README.md", "keras.json"}
        and not path.name.startswith("mobilenet_")  # Keras's own downloads, never committed
    }
    files |= {
        path.relative_to(book.root).as_posix(): path
        for path in book.root.glob("book/_static/live/**/*")
        if path.suffix in {".p2p", ".bin", ".wav"}
    }
    for name, path in files.items():
        card = by_name.get(name)
        if card is None:
            yield Problem(
                str(path.relative_to(book.root)), "It has no card.", f"write '## {name}' in data/README.md."
            )
        elif sha256(path) not in card or f"{path.stat().st_size:,}" not in card:
            yield Problem(
                str(path.relative_to(book.root)),
                "Its card has another digest or size.",
                f"SHA-256 {sha256(path)}, {path.stat().st_size:,} bytes, if the change was meant.",
            )
    for name in by_name:
        if "/" in name and name not in files:
            yield Problem("data/README.md", f"A card for {name}, which is not there.", "drop it.")
