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


READ = [page for page in PAGES if page != "index.html"]


@pytest.fixture(scope="module")
def first_visit(browser, address):
    """first_visit(page): what is wrong with the weight and with the rest of it, read once to its end on a phone."""
    found = {}

    def visited(page):
        if page not in found:
            window = browser.new_context(
                viewport={"width": 390, "height": WIDTHS[390]}, has_touch=True, is_mobile=True
            )
            window.add_init_script(site.WATCH_SHIFTS)
            with site.Visit(window, address, page) as visit:
                # The shift first: who weighs asks for the pictures that are left.
                shift = site.complaints_shift(visit)
                found[page] = {"shift": shift, "weight": site.complaints_weight(visit)}
            window.close()
        return found[page]

    return visited


@pytest.mark.parametrize("page", READ)
def test_weight_of_a_page(first_visit, page):
    """What a first visit costs, in bytes and requests."""
    hold(first_visit(page)["weight"])


@pytest.mark.parametrize("page", READ)
def test_text_stays_where_it_is(first_visit, page):
    """Nothing jumps while a page loads and is scrolled to its end, on a phone."""
    hold(first_visit(page)["shift"])
