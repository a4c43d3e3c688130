"""What every test file needs: the tools on the path and a copy of the book to break."""

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from rules import tracked  # noqa: E402  (the path must be set first)


@pytest.fixture
def copy_of_the_book(tmp_path: Path) -> Path:
    """A copy of everything that git would commit, without a git of its own."""
    for name in tracked(ROOT):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).stat().st_size < 2_000_000:
            shutil.copyfile(ROOT / name, target)
        else:  # the large data sets are only read
            target.symlink_to(ROOT / name)
    return tmp_path
