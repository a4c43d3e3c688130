"""What every test file needs: the tools on the path and a copy of the book to break."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from rules import tracked  # noqa: E402  (the path must be set first)

# What takes longest, longest first. Two processes share the files of `make test`, and one that
# begins a long file when the other has nothing left to do keeps everybody waiting.
LONGEST = (
    "tests/test_site.py",
    "tests/test_live_figures.py",
    "tests/test_paper.py",
    "notebooks/05_dense_classifier.ipynb",
    "notebooks/06_transfer_learning.ipynb",
    "tests/test_bench.py",
    "tests/exercises/test_answers.py",
    "notebooks/03_relu.ipynb",
    "tests/test_site_use.py",
    "tests/test_live_explorer.py",
    "tests/test_live_photo.py",
    "tests/test_pretrain.py",
    "tests/test_live_pooling.py",
    "tests/test_live_runtime.py",
)


def pytest_collection_modifyitems(items):
    """Begin with the longest files; a file's tests stay together and in their order."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.nodeid.split("::")[0], len(LONGEST)))


@pytest.fixture(autouse=True, scope="module")
def environment_as_found():
    """Leave the environment as it was: a notebook's kernel, begun by this process, inherits it."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


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


def pytest_terminal_summary(terminalreporter):
    """How many answers to the exercises were tried, and how the checks judged them."""
    passed = [report.nodeid for report in terminalreporter.stats.get("passed", [])]
    wrong = [name.split("[")[1] for name in passed if "test_wrong_answer_is_rejected[" in name]
    right = [name.split("[")[1] for name in passed if "test_right_answer_is_accepted[" in name]
    if wrong or right:
        checks = {name.split()[0] for name in wrong + right}
        terminalreporter.write_line(
            f"Exercises: {len(checks)} checks; {len(wrong)} wrong answers rejected with a message that "
            f"names the problem, {len(right)} right ones accepted."
        )
