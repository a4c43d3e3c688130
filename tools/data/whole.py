"""What the scripts that build a data file share: it is written whole or not at all, and bad input is one sentence."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

DATASETS = Path(__file__).parents[2] / "data" / "datasets"


class BadInput(Exception):
    """What is wrong with a given file or folder, in one sentence."""


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A place beside target to write to; it becomes target if nothing failed, and is gone otherwise."""
    partial = target.with_name(target.name + ".partial")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def save_arrays(target: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an .npz; the same arrays give the same bytes."""
    with whole(target) as partial, partial.open("wb") as file:
        np.savez_compressed(file, **arrays)


def save_zip(target: Path, entries: dict[str, bytes], level: int | None = None) -> None:
    """Write a zip of names and contents, alike on every system; WebP is compressed already and is stored."""
    with whole(target) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name)  # its date stays 1980-01-01
            entry.create_system = 3  # written alike on every system
            entry.external_attr = 0o644 << 16
            if not name.endswith(".webp"):
                entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=level)


def told(script: str, build: Callable, *given, target: Path):
    """Call build(*given, target); what it returns. Bad input, or a target that cannot be written, ends the script."""
    try:
        made = build(*given, target)
    except BadInput as error:
        sys.exit(f"{script}: {error}")
    except OSError as error:
        sys.exit(f"{script}: {target} was not written: {error.strerror}.")
    print(f"wrote {target.name}, {target.stat().st_size:,} bytes")
    return made
