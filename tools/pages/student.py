"""Make a set of notebooks without solutions, for a class.

    python -m tools.pages.student              into _build/student
    python -m tools.pages.student FOLDER       into another folder

The set is complete in itself: the notebooks, without their solution cells, and
beside them the data that they read, so that it works without a network.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from tools.book import Book, read_notebook, tags, write_notebook

SOLUTION_HINT = " and unfold a solution for each"


def without_solutions(notebook):
    """A notebook without its solution cells, in place; say how many there were."""
    kept = [cell for cell in notebook.cells if not any(tag.startswith("solution-") for tag in tags(cell))]
    dropped = len(notebook.cells) - len(kept)
    notebook.cells = kept
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace(SOLUTION_HINT, "").replace(
                "compare your sentence with the one in the solution", "compare your sentence with others"
            )
            cell.source = cell.source.replace(
                "so compare that with the one in the solution", "so compare that with others"
            )
    return dropped


def main(arguments: list[str] | None = None) -> int:
    """Write the set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", help="where to (default: _build/student)")
    wanted = parser.parse_args(arguments)
    book = Book()
    folder = Path(wanted.folder) if wanted.folder else book.root / "_build" / "student"
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    total = 0
    for path in book.chapters:
        notebook = read_notebook(path)
        total += without_solutions(notebook)
        write_notebook(folder / "notebooks" / path.name, notebook)
    ignored = shutil.ignore_patterns("keras.json", "mobilenet_*", "__pycache__")
    shutil.copytree(book.root / "data", folder / "data", dirs_exist_ok=True, ignore=ignored)
    print(f"{len(book.chapters)} notebooks without their {total} solutions are in {folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
