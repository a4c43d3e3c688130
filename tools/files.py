"""Which files make up the book, and which shared cell holds another one."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

# A line of a shared cell's source that stands for the whole of another one.
WHOLE_CELL = re.compile(r"(?m)^# @SHARED ([\w-]+)@$")


def tracked(root: Path) -> list[str]:
    """The files of the book, as git lists them; all of them where there is no git."""
    listing = subprocess.run(
        ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
    )
    if listing.returncode == 0:
        return [name for name in listing.stdout.splitlines() if (root / name).exists()]
    skip = {".git", ".venv", "_build", "__pycache__"}
    return [
        path.relative_to(root).as_posix()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not skip & set(path.relative_to(root).parts)
    ]


def text_files(root: Path) -> Iterator[Path]:
    """The book's own text files (vendored ones are other people's)."""
    endings = {
        ".md",
        ".py",
        ".ipynb",
        ".yml",
        ".in",
        ".txt",
        ".css",
        ".js",
        ".mjs",
        ".html",
        ".toml",
        ".cff",
        ".cfg",
        ".ini",
        "",
    }
    for name in tracked(root):
        path = root / name
        if "/vendor/" in name or "/katex/" in name or "/fonts/" in name or path.suffix not in endings:
            continue
        yield path
