"""Shared by the benchmarks from chapter 7 on: a chapter's cells, run here; a report that grows by runs."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.book import read_notebook  # noqa: E402  (the path must be set first)


def sources(notebook: str) -> dict[str, str]:
    """Cell id -> source of a notebook, by its name without the ending."""
    return {cell["id"]: cell.source for cell in read_notebook(ROOT / f"notebooks/{notebook}.ipynb").cells}


def run_cells(notebook: str, names: tuple[str, ...], space: dict) -> dict:
    """Run cells of a notebook, silently, in these names, which are returned.

    A cell is named by its id, with or without the chapter's number at its end.
    """
    cells, number = sources(notebook), int(notebook.split("_")[0])
    with contextlib.redirect_stdout(io.StringIO()):
        for name in names:
            source = cells.get(name) or cells[f"{name}-{number}"]
            exec(compile(source, name, "exec"), space)
    return space


class Report:
    """The results so far, written after every run: part -> name -> list of runs."""

    def __init__(self, path: Path, fresh: bool = False, seconds: float = float("inf")):
        self.path, self.until = path, time.monotonic() + seconds
        self.parts = json.loads(path.read_text("utf-8")) if path.exists() and not fresh else {}

    def has(self, part: str, name: str, **wanted) -> bool:
        """Whether a run with these values is there."""
        return any(
            all(run[key] == value for key, value in wanted.items())
            for run in self.parts.get(part, {}).get(name, [])
        )

    def lacks(self, part: str, name: str, **wanted) -> bool:
        """Whether such a run is missing; who asks when the seconds are over is stopped, and the next start goes on."""
        if self.has(part, name, **wanted):
            return False
        if time.monotonic() > self.until:
            sys.exit("stopped; the next call goes on")
        return True

    def add(self, part: str, name: str, run: dict) -> None:
        """Keep a run in the file, whole or not at all, and print its numbers."""
        self.parts.setdefault(part, {}).setdefault(name, []).append(run)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(self.path.name + ".partial")
        partial.write_text(json.dumps(self.parts, indent=1) + "\n", "utf-8")
        partial.replace(self.path)
        numbers = {key: value for key, value in run.items() if isinstance(value, int | float)}
        print(part, name, json.dumps(numbers), flush=True)
