"""What the tests of the PDF and of the EPUB share: the files themselves, and what both have to keep of the site.

Files that were made from this very site, as before publishing, are the ones that are
tested; otherwise they are made here, once, and the site stays as it is.
"""

from __future__ import annotations

import copy
import os
import re
from functools import cache, cached_property
from pathlib import Path

import pytest

import site_checks as site
from tools.book import Book
from tools.pages.articles import take_away

PAGES = [f"{name}.html" for name in Book().pages]
FEW = 4  # pages of the book; to make so many files, each of one page alone, takes less time than the whole


def bare(text: str) -> str:
    """A text without what a line break in print may add or take away."""
    return re.sub(r"[\s\u00ad\u200b]+", "", text)


def need(there, sentence: str) -> None:
    """Skip where a program is missing, unless the machine promised to have it."""
    if not there:
        (pytest.fail if os.environ.get("BROWSER_TESTS") == "required" else pytest.skip)(sentence)


def folder_of(kind: str, maker, tmp_path_factory) -> Path:
    """The file that will be published, if it was made from this site; else one made now."""
    if not (site.HTML / "index.html").exists():
        pytest.fail(f"There is no site in {site.HTML}: run make book.", pytrace=False)
    if kind in take_away.fresh(site.HTML):
        return site.HTML / take_away.FOLDER / take_away.NAMES[kind]
    path = tmp_path_factory.mktemp("paper") / take_away.NAMES[kind]
    maker(site.HTML, path)
    return path


def each_alone(request) -> bool:
    """Whether so few pages are asked for, in `make quick`, that each is made alone."""
    asked = {
        item.callspec.params["page"]
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec") and "page" in item.callspec.params
    }
    return os.environ.get("BOOK_MEMORY") == "use" and len(asked) <= FEW


class Wanted:
    """What the site's pages say, which both files have to keep."""

    def __init__(self, name: str):
        self.name = name
        self.page = copy.copy(site.soup(site.HTML / f"{name}.html").select_one("article"))
        left_out = "a.headerlink, .chapter-number, .cell-name, .take-away, .only-dark, .motion, .progress-box"
        for gone in self.page.select(left_out):
            gone.decompose()
        for section in self.page.select("section"):  # what a browser remembers is not for paper
            if not section.decomposed and section.get("id") == "your-progress":
                section.decompose()
        for formula in self.page.select(".katex"):  # its words once, not as MathML, TeX and drawing
            for again in formula.select("annotation, .katex-html"):
                again.decompose()

    @cached_property
    def headings(self) -> list[str]:
        return [" ".join(heading.get_text().split()) for heading in self.page.find_all(["h1", "h2", "h3"])]

    @cached_property
    def alts(self) -> list[str]:
        """Of all pictures; the still of a live figure belongs to the figure's own page."""
        own = self.name.startswith("book/live/")
        return [
            image.get("alt") or image["aria-label"]
            for image in self.page.select("img, svg.figure")
            if own or not image.find_parent(class_="live")
        ]

    @cached_property
    def last(self):
        """The last paragraph of a page's running text."""
        texts = [p for p in self.page.select("p, li") if not p.find_parent("details")]
        return [text for text in texts if text.get_text().strip()][-1]

    @cached_property
    def last_words(self) -> str:
        """The last sentence, from its last formula on: print puts formulas elsewhere in the order."""
        pieces = [" \0 " if text.find_parent(class_="katex") else text for text in self.last.strings]
        return "".join(pieces).split("\0")[-1].split(". ")[-1]


@cache
def wanted_of(name: str) -> Wanted:
    """What one page says."""
    return Wanted(name)


@pytest.fixture(scope="module")
def wanted() -> dict[str, Wanted]:
    return {name: wanted_of(name) for name in Book().pages}
