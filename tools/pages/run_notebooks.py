"""Execute notebooks in place and write them in their canonical form.

    python -m tools.pages.run_notebooks                all chapters of _toc.yml
    python -m tools.pages.run_notebooks 01_filters     one of them

A notebook whose execution fails stays as it was.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from tools.book import Book, read_notebook, write_notebook


def execute(book: Book, path: Path) -> str:
    """Run one notebook from top to bottom; say in one line what came of it."""
    notebook = read_notebook(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    started = time.perf_counter()
    NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
    ).execute()
    seconds = time.perf_counter() - started
    notebook.metadata.setdefault("book", {})["code_digest"] = book.code_digest(notebook)
    changed = write_notebook(path, notebook)
    stray = [
        number
        for number, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]
    note = f"; cell {stray} writes to stderr, mend that" if stray else ""
    return f"{path.name}: {seconds:.1f} s, {'changed' if changed else 'as before'}{note}"


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line names; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="a chapter's file name, with or without .ipynb")
    wanted = parser.parse_args(arguments).names
    book = Book()
    known = {path.stem: path for path in book.chapters}
    unknown = [name for name in wanted if Path(name).stem not in known]
    if unknown:
        print(f"No chapter {', '.join(unknown)} in _toc.yml; there are {', '.join(known)}.")
        return 1
    failed = 0
    for path in [known[Path(name).stem] for name in wanted] or book.chapters:
        try:
            print(execute(book, path), flush=True)
        except (CellExecutionError, CellTimeoutError) as error:
            failed = 1
            print(f"{path.name} failed and stays as it was:\n{error}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
