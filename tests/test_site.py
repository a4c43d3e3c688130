"""Tests of every page of the built site in headless Chromium."""

from __future__ import annotations

import pytest

import site_checks as site
from site_fixtures import *  # noqa: F403
from site_fixtures import PAGES, THEMES, WIDTHS, hold


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_page(reader, address, axe, page, width, theme):
    """Accessible to axe, quiet console, no wider than the window, no foreign request."""
    with site.Visit(reader(width, theme), address, page) as visit:
        if page == "index.html":  # it leads on by itself
            visit.page.wait_for_url("**/book/intro.html")
        assert visit.page.evaluate("document.documentElement.dataset.theme") == theme
        found = site.complaints_overflow(visit)
        if width == 390:  # and no wider than 320 px, or 1280 px enlarged four times
            visit.page.set_viewport_size({"width": 320, "height": WIDTHS[390]})
            found += site.complaints_overflow(visit)
            visit.page.set_viewport_size({"width": 390, "height": WIDTHS[390]})
        # Light and dark differ in colours alone, so dark is judged for colours alone.
        found += site.complaints_axe(visit, axe, only_colours=theme == "dark")
        hold(found + site.complaints_console(visit) + site.complaints_requests(visit))


@pytest.mark.parametrize("page", [page for page in PAGES if page != "index.html"])
def test_weight_of_a_page(fresh, address, page):
    """What a first visit costs, in bytes and requests."""
    with site.Visit(fresh(), address, page) as visit:
        hold(site.complaints_weight(visit))


@pytest.mark.parametrize("page", [page for page in PAGES if page != "index.html"])
def test_text_stays_where_it_is(fresh, address, page):
    """Nothing jumps while a page loads and is scrolled to its end, on a phone."""
    window = fresh(390, has_touch=True, is_mobile=True)
    window.add_init_script(site.WATCH_SHIFTS)
    with site.Visit(window, address, page) as visit:
        hold(site.complaints_shift(visit))
