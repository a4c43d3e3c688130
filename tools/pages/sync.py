"""Keep in step what is written once and copied elsewhere.

    python -m tools.pages.sync --check     says what is stale, changes nothing
    python -m tools.pages.sync --write     writes the copies

Written once          | where                        | copied to
the address           | _config.yml                  | badges and raw addresses in the notebooks
shared cells          | tools/shared/*.py            | cells tagged shared-* in the notebooks
digests of data       | the files under data/        | fetched("file", ("digest")) in the notebooks
order and titles      | _toc.yml and the H1s         | the chapter table in README.md
the notebooks' form   | tools/book.py, canonicalise  | the notebooks
reading times         | tools/reading.py             | the line **Time:** in the notebooks

The digest of the code that made the outputs is only ever written by a run:
--check finds outputs that are older than their code, --write leaves them and
names the command that makes them again.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools import prose, reading
from tools.book import Book, canonicalise, read_notebook, tags, write_notebook

TABLE = re.compile(r"(?s)(<!-- chapters:start -->\n).*?(<!-- chapters:end -->)")


def fresh_notebook(book: Book, path: Path):
    """The notebook at `path` with its badge, its shared cells and its digests as they should be."""
    notebook = read_notebook(path)
    shared = book.shared()
    notebook.cells[0].source = book.badge(path.stem)
    notebook.cells[0].metadata["tags"] = ["remove-cell"]
    for cell in notebook.cells:
        for tag in tags(cell):
            if tag.startswith("shared-") and tag in shared:
                cell.source = shared[tag]
        if cell.cell_type == "code":
            cell.source = book.with_digests(cell.source)
    reading.freshen(notebook)
    canonicalise(notebook)
    return notebook


def title(path: Path) -> str:
    """The H1 of a notebook."""
    for cell in read_notebook(path).cells:
        for level, text in prose.headings(cell.source) if cell.cell_type == "markdown" else []:
            if level == 1:
                return text
    raise SystemExit(f"{path} has no H1; write one in its second cell.")


def promise(path: Path) -> str:
    """The sentence under the H1 of a notebook, as one line of Markdown."""
    source = read_notebook(path).cells[1].source
    return " ".join(source.split("\n", 1)[1].split())


def fresh_readme(book: Book) -> str:
    """README.md with the chapter table made again."""
    rows = ["| | Chapter | What you will be able to do | |", "|---|---|---|---|"]
    for path in book.chapters:
        number = int(path.stem[:2])
        link = f"[{title(path)}](notebooks/{path.name})"
        rows.append(f"| {number} | {link} | {promise(path)} | {book.badge(path.stem)} |")
    text = (book.root / "README.md").read_text("utf-8")
    if not TABLE.search(text):
        raise SystemExit("README.md has lost its markers <!-- chapters:start --> and <!-- chapters:end -->.")
    return TABLE.sub(lambda found: found[1] + "\n".join(rows) + "\n" + found[2], text)


def all_fresh(book: Book) -> dict[Path, object]:
    """Every chapter as it should be."""
    return {path: fresh_notebook(book, path) for path in book.chapters}


def stale(book: Book, chapters: dict | None = None) -> Iterator[tuple[str, str]]:
    """(file, what is stale in it) of every copy that differs from its source; chapters as all_fresh makes them."""
    for path, fresh in (chapters or all_fresh(book)).items():
        text = json.dumps(fresh, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        if text != path.read_text("utf-8"):
            yield (
                f"notebooks/{path.name}",
                "Its badge, a shared cell, a digest, its time or its form is stale.",
            )
    if fresh_readme(book) != (book.root / "README.md").read_text("utf-8"):
        yield "README.md", "Its chapter table is stale."


def outdated(book: Book, chapters: dict) -> list[str]:
    """The notebooks whose outputs are older than their code."""
    return [
        path.stem
        for path, notebook in chapters.items()
        if notebook.metadata.get("book", {}).get("code_digest") != book.code_digest(notebook)
    ]


def main(arguments: list[str] | None = None) -> int:
    """Check or write; 1 if something is stale (or left to be run)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--check", action="store_true", help="say what is stale")
    choice.add_argument("--write", action="store_true", help="write the copies")
    wanted = parser.parse_args(arguments)
    book = Book()
    if wanted.write:
        for path in book.chapters:
            if write_notebook(path, fresh_notebook(book, path)):
                print(f"wrote {path.name}")
        readme = book.root / "README.md"
        text = fresh_readme(book)
        if text != readme.read_text("utf-8"):
            readme.write_text(text, "utf-8", newline="\n")
            print("wrote README.md")
    chapters = all_fresh(book)
    left = list(stale(book, chapters))
    for path, what in left:
        print(f"{path}: {what} Mend it: `make sync`.")
    old = outdated(book, chapters)
    for name in old:
        print(f"notebooks/{name}.ipynb: outputs older than the code. Mend it: `make notebooks NB={name}`.")
    if not left and not old:
        print("Every copy agrees with its source.")
    return bool(left or old)


if __name__ == "__main__":
    sys.exit(main())
