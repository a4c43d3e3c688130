"""Tests of every page of the built site in headless Chromium."""

from __future__ import annotations

import pytest

import site_checks as site
from site_fixtures import *  # noqa: F403
from site_fixtures import PAGES, THEMES, WIDTHS, hold


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_page(reader, address, axe, page, width):
    """Accessible to axe, quiet console, no wider than the window, no foreign request; in light and dark.

    Opened in one theme, wide ones in light and narrow ones in dark, and turned to the other.
    """
    first, then = THEMES if width == 1280 else THEMES[::-1]
    found = []

    def judge_colours(theme):
        # Light and dark differ in colours alone, so dark is judged for colours alone.
        violations = site.complaints_axe(visit, axe, only_colours=theme == "dark")
        found.extend(f"{theme}: {one}" for one in violations)

    with site.Visit(reader(width, first), address, page) as visit:
        if page == "index.html":  # it leads on by itself
            visit.page.wait_for_url("**/book/intro.html")
        for theme in (first, then):
            if theme == then:
                visit.page.evaluate(site.OF_A_KIND)
                site.in_theme(visit, then)
            assert visit.page.evaluate("document.documentElement.dataset.theme") == theme
            found += site.complaints_overflow(visit)
            if width == 390:  # and no wider than 320 px, or 1280 px enlarged four times
                found += site.complaints_hardly_cut(visit)
                visit.page.set_viewport_size({"width": 320, "height": WIDTHS[390]})
                found += site.complaints_overflow(visit)
                visit.page.set_viewport_size({"width": 390, "height": WIDTHS[390]})
        judge_colours(then)
        site.in_theme(visit, first)
        judge_colours(first)
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
