"""Fixtures of the browser tests: one browser a file, windows of it, and a server.

from site_fixtures import *
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

import site_checks as site

__all__ = ["PAGES", "CHAPTERS", "WIDTHS", "THEMES", "address", "axe", "browser", "fresh", "hold", "reader"]

PAGES = site.pages() or ["(no page)"]
CHAPTERS = [page for page in PAGES if page.startswith("notebooks/")]
WIDTHS = {1280: 900, 390: 844}
THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def axe():
    """The source of axe, as the package axe-core-python brings it."""
    return (Path(find_spec("axe_core_python").origin).parent / "axe.min.js").read_text("utf-8")


def needed(path, how_to_install):
    """The path of a browser that the tests need; without it they are skipped, or fail where it must be there."""
    if path is None:
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(how_to_install, pytrace=False)
        pytest.skip(how_to_install)
    return path


@pytest.fixture(scope="module")
def browser():
    """One headless browser for all tests of this file."""
    path = needed(site.find_browser(), site.HOW_TO_INSTALL)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=site.FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def address():
    """The address of the built site, served on the loopback address."""
    if not (site.HTML / "index.html").exists():
        pytest.fail(f"There is no site in {site.HTML}: run make book.", pytrace=False)
    with site.Server(site.HTML) as server:
        yield server.address


@pytest.fixture(scope="module")
def reader(browser, address):
    """reader(width, theme) is a browser window, the same one for the same wishes."""
    contexts = {}

    def window(width=1280, theme="light"):
        if (width, theme) not in contexts:
            size = {"width": width, "height": WIDTHS[width]}
            contexts[width, theme] = browser.new_context(viewport=size, color_scheme=theme)
        return contexts[width, theme]

    yield window
    for context in contexts.values():
        context.close()


@pytest.fixture
def fresh(browser):
    """A window of its own: no cache, no memory of an earlier page."""
    made = []

    def window(width=1280, **wishes):
        made.append(browser.new_context(viewport={"width": width, "height": 900}, **wishes))
        return made[-1]

    yield window
    for context in made:
        context.close()


def hold(complaints):
    """Fail with the complaints, one a line."""
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)
