"""Tests of the page that compares the live figures with others: what it says of this book is held here."""

from __future__ import annotations

import gzip
import re

import site_checks as site
from test_live_figures import FIGURES, LIVE, MOST_GROWTH

PAGE = site.ROOT / "book" / "how_this_compares.md"
LABS = ("kernel-lab", "sliding-lab", "pooling-lab")


def imported(name: str) -> set[str]:
    """A module and all that it imports, by file name."""
    found = {f"{name}.mjs"}
    for other in re.findall(r'from "\./([\w-]+)\.mjs"', (LIVE / f"{name}.mjs").read_text("utf-8")):
        found |= imported(other)
    return found


def text() -> str:
    """The page in one line."""
    return " ".join(PAGE.read_text("utf-8").split())


def test_limits_are_those_of_the_tests():
    """The bounds on the page are the numbers that other tests hold."""
    assert f"less than {MOST_GROWTH // 1000} kB compressed before" in text()
    assert f"stays under {site.MOST_BYTES // 1000} kB compressed on a first visit" in text()
    assert f"with the figure running, under {site.LIVE_BYTES // 1000} kB" in text()


def test_labs_are_as_small_as_it_says():
    """Modules of the three labs with what they share, as a server sends them; and the photograph."""
    modules = set().union(*(imported(name) for name in LABS), imported("load"))
    assert {"figure.mjs", "runtime.mjs", "load.mjs"} < modules
    sent = sum(len(gzip.compress((LIVE / module).read_bytes(), 6)) for module in modules)
    assert sent < int(re.search(r"share come to less than (\d+) kB", text())[1]) * 1000
    photograph = (LIVE / "coffee.png").stat().st_size
    assert photograph < int(re.search(r"photograph to less than (\d+) kB", text())[1]) * 1000


def test_every_figure_is_compared():
    """No figure of the site is left out."""
    for name in FIGURES:
        assert name.replace("-", " ").replace("pooling lab", "ReLU and pooling lab") in text(), name


def test_every_mark_has_its_source():
    """Each letter in brackets stands in the list of what was read, and each of the list is used."""
    listed = set(re.findall(r"- \*\*(\w)\*\* ", PAGE.read_text("utf-8")))
    used = set()
    for marks in re.findall(r"\[([A-Z](?:, [A-Z])*)\]", text()):
        used |= set(marks.split(", "))
    used |= set(re.findall(r", ([A-Z])\]", text()))
    assert used == listed
