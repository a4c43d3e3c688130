"""Which files make up the book."""

from __future__ import annotations

import subprocess
from pathlib import Path


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
