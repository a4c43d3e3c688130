"""What every test file needs: the book on the path and a copy of the book to break."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from remember import Remember  # noqa: E402
from tools.files import tracked  # noqa: E402  (the path must be set first)


def pytest_configure(config):
    """Remember what passes, and begin with the files that took longest (tests/remember.py)."""
    config.pluginmanager.register(Remember(config), "remember")


@pytest.fixture(autouse=True, scope="module")
def environment_as_found():
    """Leave the environment as it was: a notebook's kernel, begun by this process, inherits it."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture
def copy_of_the_book(tmp_path: Path, request) -> Path:
    """A copy of everything that git would commit, without a git of its own."""
    with request.config.pluginmanager.get_plugin("remember").copying(tmp_path):
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
