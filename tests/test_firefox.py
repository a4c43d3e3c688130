"""The live figures in Firefox: the tests that were written for Chromium, run as they stand in the other browser.

A new figure gets its lines in CHECKS: tests of its own file that show its numbers, and its main path by mouse,
by keyboard and by touch. Their fixtures are named in FIXTURES. What Firefox cannot be asked for (an answer in
place of the server's, the dark theme, a tool of Chromium) stays with Chromium, and so does recording: without
a loudspeaker Firefox's clock of sounds stands still.
"""

from __future__ import annotations

import pytest

import site_checks as site
import test_live_explorer
import test_live_figures
import test_live_load
import test_live_photo
import test_live_pooling
import test_live_runtime
import test_live_sound
import test_live_teach
import test_live_train
import test_search
from firefox import Firefox
from site_fixtures import *  # noqa: F403
from site_fixtures import hold, needed
from test_live_figures import FIGURES, complaints_wide, opened, until, value
from tools.pages import photo_network

# figure -> its test file, and there tests of its numbers, and of its main path in three ways.
CHECKS = {
    "kernel-lab": (
        test_live_figures,
        {
            "numbers": """test_kernel_lab_begins_with_the_pencil_example
                test_kernel_lab_filters_the_photograph_as_scipy_does test_small_photograph_keeps_its_own_pixels""",
            "mouse": "test_mouse_looks_and_click_stays test_own_photograph_stays_on_the_page",
            "keyboard": "test_kernel_lab_by_keyboard",
            "touch": "test_touch_chooses_a_place",
        },
    ),
    "sliding-lab": (
        test_live_figures,
        {
            "numbers": "test_sliding_lab_begins_with_the_chapters_map test_sliding_lab_equals_keras",
            "mouse": "test_sliding_lab_by_mouse",
            "keyboard": "test_sliding_lab_by_keyboard",
            "touch": "test_sliding_lab_by_touch",
        },
    ),
    "pooling-lab": (
        test_live_pooling,
        {
            "numbers": "test_begins_with_the_numbers_of_both_chapters test_stages_equal_keras",
            "mouse": "test_photograph_is_dragged_by_whole_pixels",
            "keyboard": "test_shift_and_step_by_keyboard",
            "touch": "test_touch_drags_and_taps",
        },
    ),
    "network-explorer": (
        test_live_explorer,
        {
            "numbers": "test_bars_show_softmax_of_the_logits test_everything_explains_itself_and_equals_keras",
            "mouse": "test_drawing_with_the_mouse",
            "keyboard": "test_drawing_by_keyboard",
            "touch": "test_drawing_by_touch",
        },
    ),
    "photo-lab": (
        test_live_photo,
        {
            "numbers": "test_answer_and_map_equal_the_chapters test_every_half_is_widened_as_numpy_does",
            "mouse": "test_photo_lab_by_mouse",
            "keyboard": "test_photo_lab_by_keyboard",
            "touch": "test_touch_works",
        },
    ),
    "train-lab": (
        test_live_train,
        {
            "numbers": "test_every_gradient_is_keras",
            "mouse": "test_what_was_learned_goes_to_the_explorer_and_to_keras",
            "keyboard": "test_main_path_by_keyboard",
            "touch": "test_main_path_by_touch",
        },
    ),
    "teach-lab": (
        test_live_teach,
        {
            "numbers": """test_taught_as_a_new_user_would_it_gives_what_the_notebook_gives test_map_is_exact
                test_head_is_the_chapters""",
            "mouse": "test_mistakes_threshold_and_removal",
            "keyboard": "test_main_path_by_keyboard",
            "touch": "test_main_path_by_touch",  # with the camera
        },
    ),
    "sound-lab": (
        test_live_sound,
        {
            "numbers": """test_answers_along_a_recording_are_keras
                test_a_whole_hit_is_heard_as_in_the_chapter""",
            "mouse": "test_main_path_by_mouse",
            "keyboard": "test_main_path_by_keyboard",
            "touch": "test_main_path_by_touch",
        },
    ),
}
# What else a reader does on the site.
OTHERS = {
    test_search: "test_search_by_keyboard_lands_at_the_heading",
    test_live_load: "test_bad_pictures_are_refused_before_they_are_decoded",  # where Firefox would take them
}
FIXTURES = {
    test_live_runtime: "page",
    test_live_pooling: "keras whole_maps",
    test_live_explorer: "garments",
    test_live_photo: "model",
    test_live_train: "load_network",
    test_live_teach: "space eye",
    test_live_sound: "chapter listener",
}


def of(figure: str) -> type:
    """A figure's tests as a class, so that tests of two files that have the same name do not meet."""
    file, ways = CHECKS[figure]
    tests = {name: staticmethod(vars(file)[name]) for names in ways.values() for name in names.split()}
    return type("Test" + figure.title().replace("-", ""), (), {"__module__": __name__} | tests)


globals().update({name: vars(file)[name] for file, names in FIXTURES.items() for name in names.split()})
globals().update({name: vars(file)[name] for file, names in OTHERS.items() for name in names.split()})
globals().update({tests.__name__: tests for tests in map(of, CHECKS)})


@pytest.fixture(scope="module")
def browser():
    """One Firefox for all tests of this file, in place of Chromium."""
    with Firefox(needed(site.find_firefox(), site.HOW_TO_INSTALL_FIREFOX)) as running:
        yield running


@pytest.fixture(scope="module")
def cells():
    """What the cells of chapters 10 and 6 define. (The head is in the photo lab's file.)"""
    return photo_network.chapter(trained=False)


def test_every_figure_is_checked_in_every_way():
    """A new figure gets its lines in CHECKS."""
    assert set(CHECKS) == set(FIGURES)
    for name, (_, ways) in CHECKS.items():
        assert list(ways) == ["numbers", "mouse", "keyboard", "touch"] and all(ways.values()), name
    fixtures = " ".join(FIXTURES.values()).split()
    assert len(fixtures) == len(set(fixtures))  # or one file's would take the place of another's


@pytest.mark.parametrize("name", FIGURES)
def test_figure_opens_in_peace(fresh, address, name):
    """No error in the console, no file missing, no other server asked, nothing wider than the window."""
    with opened(fresh(), address, name) as visit:
        site.settle(visit.page)
        assert visit.figure.is_visible() and visit.requests
        found = []
        for width in (1280, 390, 320):
            visit.page.set_viewport_size({"width": width, "height": 844})
            found += site.complaints_overflow(visit) + complaints_wide(visit)
        hold(found + site.complaints_console(visit) + site.complaints_requests(visit))


def test_chapter_and_its_figure_open_in_peace(fresh, address):
    """A whole chapter, whose figure starts when it is asked to."""
    chapter = "notebooks/05_dense_classifier.html"
    with site.Visit(fresh(), address, chapter) as visit:
        box = visit.page.locator('[data-live="train-lab"]')
        box.get_by_role("button", name="Start the figure").click()
        visit.page.wait_for_selector('[data-live="train-lab"][data-state="running"]')
        box.locator("#step").click()
        visit.figure = box.locator("train-lab")
        assert until(visit, lambda: value(visit)["seen"] == 32)
        hold(
            site.complaints_console(visit) + site.complaints_requests(visit) + site.complaints_overflow(visit)
        )


def test_search_finds_in_peace(fresh, address):
    """The page of the search, asked for a word."""
    with site.Visit(fresh(), address, "search.html?q=padding") as visit:
        visit.page.wait_for_selector("#search-hits a")
        hold(
            site.complaints_console(visit) + site.complaints_requests(visit) + site.complaints_overflow(visit)
        )
