"""Tests of what a reader does on the built site, in headless Chromium; and that the checks can fail."""

from __future__ import annotations

import io
import json
import os
import re
from pathlib import Path

import nbformat
import numpy as np
import pypdf
import pytest
from PIL import Image

import site_checks as site
from paper import bare
from site_fixtures import *  # noqa: F403
from site_fixtures import CHAPTERS

CHAPTER = CHAPTERS[0] if CHAPTERS else "(no page)"


# ---- What a reader does ---------------------------------------------------------------


def test_dark_mode_stays(fresh, address):
    """The switch changes the colours, also for the next page and after a reload."""
    with site.Visit(fresh(color_scheme="light"), address, "book/intro.html") as visit:
        page = visit.page
        theme = "document.documentElement.dataset.theme"
        ground = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(ground)
        for _ in range(3):
            if page.evaluate(theme) == "dark":
                break
            page.locator(".theme-switch-button").first.click()
        assert page.evaluate(theme) == "dark"
        assert page.evaluate(ground) != light
        page.reload()
        assert page.evaluate(theme) == "dark"
        page.goto(address + "book/glossary.html")
        assert page.evaluate(theme) == "dark"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_launch_buttons_lead_to_this_repository(reader, address, chapter):
    """Colab, Binder, repository and issue: addresses made from _config.yml."""
    repository, launch = site.CONFIG["repository"], site.CONFIG["launch_buttons"]
    slug = repository["url"].removeprefix("https://github.com/").rstrip("/")
    name = chapter.replace(".html", ".ipynb")
    colab = f"{launch['colab_url']}/github/{slug}/blob/{repository['branch']}/{name}"
    binder = f"{launch['binderhub_url']}/v2/gh/{slug}/{repository['branch']}?urlpath=lab/tree/{name}"
    with site.Visit(reader(), address, chapter) as visit:
        menu = visit.page.locator(".menu-page")
        menu.locator("summary").click()
        assert menu.locator("a", has_text="Colab").is_visible()
        menus = {a: menu.locator(f'a[href="{a}"]').count() for a in (colab, binder)}
        assert menus == {colab: 1, binder: 1}
        links = visit.page.locator(".chapter-links a")
        assert [link.get_attribute("href") for link in links.all()[:2]] == [colab, binder]
        found = [menu.locator("a", has_text=text).get_attribute("href") for text in ("repository", "mistake")]
        assert found[0].rstrip("/") == repository["url"].rstrip("/")
        assert found[1].startswith(repository["url"].rstrip("/") + "/issues/new")
        visit.page.keyboard.press("Escape")
        assert not menu.evaluate("menu => menu.open")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_download_gives_the_notebook(fresh, address, chapter):
    """Both ways to download bring the chapter as it lies in notebooks/."""
    wanted = nbformat.read(site.ROOT / Path(chapter).with_suffix(".ipynb"), as_version=4)
    with site.Visit(fresh(accept_downloads=True), address, chapter) as visit:
        with visit.page.expect_download() as coming:
            visit.page.locator(".chapter-links a[download]").click()
        got = json.loads(Path(coming.value.path()).read_text("utf-8"))
        assert [cell["id"] for cell in got["cells"]] == [cell["id"] for cell in wanted.cells]
        assert coming.value.suggested_filename == Path(chapter).with_suffix(".ipynb").name
        button = visit.page.locator(".menu-page a", has_text="Download the notebook")
        response = visit.page.request.get(button.evaluate("a => a.href"))
        assert response.ok and response.json()["nbformat"] == 4


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_answers_open_by_keyboard(reader, address, chapter):
    """At least four answers a chapter, closed at first, opened with Enter."""
    with site.Visit(reader(), address, chapter) as visit:
        answers = visit.page.locator("article details:not(.hide)")
        assert answers.count() >= 4
        assert answers.evaluate_all("all => all.every(one => !one.open)")
        summary = answers.first.locator("summary")
        summary.focus()
        visit.page.keyboard.press("Enter")
        assert answers.first.evaluate("one => one.open")
        assert answers.first.locator("p").first.is_visible()


QUIZZES = [page for page in CHAPTERS if '<fieldset class="quiz"' in (site.HTML / page).read_text("utf-8")]
assert len(QUIZZES) == len(CHAPTERS) or not CHAPTERS, "chapters without a quiz, or its markup has changed"
NARROW = 390


# What a quiz says, once its words begin with the letter that was checked; which option is chosen and has the focus.
ANSWERED = """async ([quiz, letter]) => {
    const status = quiz.querySelector("[role=status]"), radios = [...quiz.querySelectorAll("input[type=radio]")];
    const end = performance.now() + 30_000;
    while (!status.innerText.includes(letter) && performance.now() < end)
        await new Promise((done) => requestAnimationFrame(done));
    return {words: status.innerText, state: quiz.dataset.state,
        at: radios.map((one) => [one.checked, one === document.activeElement])};
}"""
HAS_FOCUS = "one => one === document.activeElement"


@pytest.mark.parametrize("width", [1280, NARROW])
@pytest.mark.parametrize("chapter", QUIZZES)
def test_quiz_answers_by_keyboard(reader, address, chapter, width):
    """Choose with the arrows, check with Enter or with the button: the words are spoken."""
    with site.Visit(reader(width), address, chapter) as visit:
        for quiz in visit.page.locator("fieldset.quiz").all():
            options, words = quiz.get_by_role("radio").element_handles(), quiz.get_by_role("status")
            assert words.inner_text() == "" and not quiz.locator("input:checked").count()
            quiz.get_by_role("button", name="Check the answer").click()
            words.filter(has_text="Choose an answer first.").wait_for()
            options[0].focus()
            visit.page.keyboard.press("Space")
            verdicts, box = [], quiz.element_handle()
            for number, letter in enumerate("ABCD"[: len(options)]):
                visit.page.keyboard.press("Enter")
                said = visit.page.evaluate(ANSWERED, [box, f"{letter}. "])
                assert f"{letter}. " in said["words"]
                here = [[n == number, n == number] for n in range(len(options))]
                assert said["at"] == here, "the arrow did not choose the next option"
                right = said["words"].split(". ")[1] == "Right"
                assert said["state"] == ("right" if right else "wrong")
                verdicts.append(right)
                visit.page.keyboard.press("ArrowDown")
            assert len(verdicts) == len(options) and sum(verdicts) == 1, "not one right option"
            visit.page.keyboard.press("Tab")
            assert quiz.locator("button").evaluate(HAS_FOCUS)


@pytest.mark.parametrize("chapter", QUIZZES[:1])
def test_quiz_in_the_tree_of_a_screen_reader(reader, address, chapter):
    """A question is a group with its words as its name; each option is a radio button with a name."""
    with site.Visit(reader(NARROW), address, chapter) as visit:
        quiz = visit.page.locator("fieldset.quiz").first
        asked = quiz.locator("legend").inner_text().strip()
        assert asked.startswith("Question.") and asked.endswith("?")
        assert visit.page.get_by_role("group", name=asked).count() == 1
        for option in quiz.locator("label").all():
            assert quiz.get_by_role("radio", name=option.inner_text().strip(), exact=True).count() == 1


@pytest.mark.parametrize("chapter", QUIZZES[:1])
def test_quiz_without_scripts(fresh, address, chapter):
    """The questions, the options and, unfolded, every answer can be read."""
    with site.Visit(fresh(java_script_enabled=False), address, chapter) as visit:
        quiz = visit.page.locator("fieldset.quiz").first
        assert quiz.locator("label").first.is_visible() and not quiz.locator("button").count()
        quiz.locator("summary").click()
        answers = quiz.locator("details li")
        assert answers.count() == quiz.locator("label").count() and answers.first.is_visible()


@pytest.mark.parametrize("chapter", QUIZZES)
def test_solutions_unfold_by_keyboard(reader, address, chapter):
    """Every exercise has its task and its starter open, and one solution to unfold."""
    with site.Visit(reader(), address, chapter) as visit:
        section = visit.page.locator("section#exercises")
        tasks = section.locator("section > h3", has_text="Exercise")
        solutions = section.locator("details.hide", has_text="Show a solution")
        assert 4 <= tasks.count() == solutions.count()
        solution = solutions.first
        solution.locator("summary").focus()
        visit.page.keyboard.press("Enter")
        assert solution.get_by_text("the solution passes").is_visible()


def test_progress_is_remembered_shown_saved_and_forgotten(fresh, address):
    """A chapter ticked and a question answered: in the sidebar, on the introduction, after a reload."""
    window = fresh(accept_downloads=True)
    with site.Visit(window, address, QUIZZES[0]) as visit:
        page = visit.page
        mark = page.locator("nav.bd-links .chapter-mark")
        assert mark.count() == 0
        box = page.get_by_role("checkbox", name="I have finished this chapter")
        box.focus()
        page.keyboard.press("Space")
        assert mark.inner_text() == "read"
        quiz = page.locator("fieldset.quiz").first
        for option in quiz.get_by_role("radio").all():
            option.check()
            quiz.get_by_role("button", name="Check the answer").click()
            page.wait_for_function("document.querySelector('fieldset.quiz').dataset.state")
        total = page.locator("fieldset.quiz").count()
        assert mark.inner_text() == f"read, quiz 1 of {total}"
        page.reload()
        assert box.is_checked() and mark.inner_text() == f"read, quiz 1 of {total}"
        title = page.locator("article h1").evaluate(
            "one => { one.querySelector('.headerlink').remove(); return one.textContent.trim(); }"
        )
        assert title.startswith("1 ")

        page.goto(address + "book/intro.html")
        assert page.locator(".progress-list li").inner_text() == f"{title}: read, quiz 1 of {total}"
        with page.expect_download() as coming:
            page.get_by_role("button", name="Save as a file").click()
        saved = json.loads(Path(coming.value.path()).read_text("utf-8"))
        name = Path(QUIZZES[0]).stem
        assert saved == {name: {"read": True, "right": [0], "asked": total}}
        page.get_by_role("button", name="Forget everything").click()
        assert page.get_by_text("Nothing is finished yet.").is_visible() and mark.count() == 0
        page.reload()
        assert page.locator(".progress-list li").count() == 0
        assert site.complaints_requests(visit) == [] and site.complaints_console(visit) == []


def test_pages_work_where_nothing_can_be_remembered(fresh, address):
    """A browser that refuses its storage shows the page and answers questions all the same."""
    window = fresh()
    window.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } });"
    )
    with site.Visit(window, address, QUIZZES[0]) as visit:
        quiz = visit.page.locator("fieldset.quiz").first
        quiz.get_by_role("radio").first.check()
        quiz.get_by_role("button", name="Check the answer").click()
        quiz.get_by_role("status").filter(has_text="A. ").wait_for()
        visit.page.get_by_role("checkbox", name="I have finished this chapter").check()


@pytest.mark.parametrize("kept", ["no JSON", "[1]", '"text"', '{"01_filters": {}, "02_feature_maps": null}'])
def test_damaged_memory_is_forgotten(fresh, address, kept):
    """What another program or an older page left in the browser's storage stops nothing."""
    window = fresh()
    window.add_init_script(
        f"localStorage.getItem('again') || localStorage.setItem('patch-to-prediction', {json.dumps(kept)})"
    )
    with site.Visit(window, address, "book/intro.html") as visit:
        assert visit.page.get_by_text("Nothing is finished yet.").is_visible()
        visit.page.evaluate("localStorage.setItem('again', 'yes')")
        visit.page.goto(address + QUIZZES[0])
        visit.page.get_by_role("checkbox", name="I have finished this chapter").check()
        visit.page.goto(address + "book/intro.html")
        assert visit.page.locator(".progress-list li").count() == 1
        assert site.complaints_console(visit) == []


def moving_page():
    """The chapter with an animation."""
    for page in CHAPTERS:
        if re.search(r'<img\b[^>]* class="[^"]*\bmotion\b', (site.HTML / page).read_text("utf-8")):
            return page
    pytest.fail("No chapter has an image of the class motion.", pytrace=False)


def test_animation_pauses_by_keyboard(reader, address):
    """The button swaps the animation for its still and back."""
    with site.Visit(reader(), address, moving_page()) as visit:
        page = visit.page
        button = page.locator(".pause-button").first
        motion, still = page.locator("img.motion").first, page.locator(".still").first
        assert motion.is_visible() and not still.is_visible()
        assert "Pause" in button.inner_text()
        button.focus()
        page.keyboard.press("Enter")
        assert still.is_visible() and not motion.is_visible()
        assert "Play" in button.inner_text()
        page.keyboard.press("Space")
        assert motion.is_visible() and not still.is_visible()


@pytest.mark.parametrize("script", [True, False])
def test_reduced_motion_shows_the_still(fresh, address, script):
    """Who asks for less motion gets the still, also without scripts."""
    window = fresh(reduced_motion="reduce", java_script_enabled=script)
    with site.Visit(window, address, moving_page()) as visit:
        assert visit.page.locator(".still").first.is_visible()
        assert not visit.page.locator("img.motion").first.is_visible()


def test_contents_open_and_close_by_keyboard_on_a_phone(reader, address):
    """The button opens the contents and moves the focus there; Escape goes back."""
    with site.Visit(reader(390), address, CHAPTER) as visit:
        page = visit.page
        contents = page.locator(".bd-sidebar-primary")
        inside = "document.querySelector('.bd-sidebar-primary').contains(document.activeElement)"
        off = "document.querySelector('.bd-sidebar-primary').getBoundingClientRect().right <= 0"
        look = "getComputedStyle(document.querySelector('.bd-sidebar-primary'))"
        shut = f"{off} || {look}.visibility === 'hidden'"
        assert page.evaluate(shut)
        button = page.locator(".bd-header-article .primary-toggle")
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_function(inside)
        assert contents.locator("a", has_text="Glossary").is_visible()
        page.keyboard.press("Escape")
        page.wait_for_function(shut)
        assert button.evaluate("one => one === document.activeElement")


def test_first_tab_offers_to_skip_to_the_text(fresh, address):
    """The skip link shows itself on focus and leads to the text."""
    with site.Visit(fresh(), address, CHAPTER) as visit:
        page = visit.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#main-content"
        page.wait_for_function("document.activeElement.getBoundingClientRect().top >= 0")
        page.keyboard.press("Enter")
        page.wait_for_function("location.hash === '#main-content'")


def test_focus_can_be_seen(reader, address):
    """Whatever the Tab key reaches first has an outline."""
    with site.Visit(reader(), address, CHAPTER) as visit:
        for _ in range(12):
            visit.page.keyboard.press("Tab")
            style = visit.page.evaluate(
                "(() => { const s = getComputedStyle(document.activeElement);"
                " return [s.outlineStyle, s.outlineWidth, document.activeElement.outerHTML]; })()"
            )
            assert style[0] != "none" and style[1] != "0px", style


def test_book_is_readable_without_scripts(fresh, address):
    """Text, formulas, figures and answers need no script."""
    with site.Visit(fresh(java_script_enabled=False), address, CHAPTER) as visit:
        page = visit.page
        assert page.locator("article h1").is_visible()
        assert page.locator(".katex").first.is_visible()
        ground = page.locator(".chapter-facts").evaluate("box => getComputedStyle(box).backgroundColor")
        assert ground not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"), "the palette needs a script"
        page.locator("article details:not(.hide) summary").first.click()
        assert page.locator("article details:not(.hide) p").first.is_visible()


def test_vendored_fonts_are_used(reader, address):
    """Text, headings, code and icons are set in the fonts that come with the book."""
    with site.Visit(reader(), address, CHAPTER) as visit:
        site.settle(visit.page)
        loaded = visit.page.evaluate(
            "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
        )
        names = {name.strip('"') for name in loaded}
        assert {"Book Sans", "Book Serif", "Book Code", "Book Icons Solid"} <= names
        assert any(name.startswith("KaTeX") for name in names)


# ---- Code on a phone ------------------------------------------------------------------------

# Visible pieces of code with what they need and what they have; folded ones are not measured.
CODE = """[...document.querySelectorAll("article .cell_input pre")].filter((pre) => pre.checkVisibility())
    .map((pre) => [pre.scrollWidth, pre.clientWidth])"""


def phone(fresh, **wishes):
    """A window like a phone's, that is touched."""
    return fresh(NARROW, has_touch=True, is_mobile=True, **wishes)


def test_code_wraps_on_a_phone_until_the_reader_says_no(fresh, address):
    """No cell scrolls; the switch lets them, and is remembered."""
    window = phone(fresh)
    with site.Visit(window, address, CHAPTER) as visit:
        found = visit.page.evaluate(CODE)
        assert len(found) > 20 and all(needs <= has + 1 for needs, has in found)
        visit.page.locator(".menu-code summary").click()
        box = visit.page.get_by_label("Wrap long lines on narrow screens")
        assert box.is_checked()
        box.uncheck()
        assert any(needs > has + 20 for needs, has in visit.page.evaluate(CODE))
        visit.page.reload()
        assert any(needs > has + 20 for needs, has in visit.page.evaluate(CODE))
        visit.page.locator(".menu-code summary").click()
        assert not box.is_checked()
        box.check()
        visit.page.reload()
        assert all(needs <= has + 1 for needs, has in visit.page.evaluate(CODE))


@pytest.mark.parametrize("width", [320, NARROW])
def test_a_wrapped_line_is_marked_and_hangs(fresh, address, width):
    """Its first piece begins further left than the others, which have a mark before them; also without scripts."""
    window = fresh(width, java_script_enabled=False)
    with site.Visit(window, address, CHAPTER) as visit:
        found = visit.page.locator("article .cell_input .cl").evaluate_all(
            """(lines) => lines.filter((line) => line.checkVisibility()).map((line) => {
                const range = document.createRange();
                range.selectNodeContents(line);
                const pieces = [...range.getClientRects()].filter((one) => one.width > 1);
                const first = Math.min(...pieces.map((one) => one.top));
                const left = (ones) => Math.min(...ones.map((one) => one.left));
                const above = pieces.filter((one) => one.top < first + 3);
                const below = pieces.filter((one) => one.top > first + 12);
                return { hangs: below.length ? left(below) - left(above) : null,
                    mark: parseFloat(getComputedStyle(line, "::before").height) };
            })"""
        )
        wrapped = [line for line in found if line["hangs"] is not None]
        assert len(wrapped) > 40
        assert all(line["mark"] > 12 for line in wrapped)
        flush = [line for line in wrapped if line["hangs"] > 8]
        assert len(flush) > 0.6 * len(wrapped), "hardly a line hangs"
        assert all(line["mark"] < 3 for line in found if line["hangs"] is None)


def test_code_is_copied_with_a_finger(fresh, address):
    """The button is there without hovering, is large enough, and copies what the notebook says."""
    window = phone(fresh, permissions=["clipboard-read", "clipboard-write"])
    with site.Visit(window, address, CHAPTER) as visit:
        cell = visit.page.locator("article div.cell:not(.set-up *) > .cell_input").nth(2)
        cell.scroll_into_view_if_needed()
        button = cell.get_by_role("button", name="Copy the code")
        button.wait_for()
        box = button.bounding_box()
        assert button.evaluate("one => getComputedStyle(one).opacity") == "1"
        assert box["width"] >= 44 and box["height"] >= 44
        button.tap()
        cell.get_by_role("button", name="Copied").wait_for()
        copied = visit.page.evaluate("navigator.clipboard.readText()")
    cells = nbformat.read(site.ROOT / Path(CHAPTER).with_suffix(".ipynb"), as_version=4).cells
    assert copied.strip() in [one.source for one in cells]


def test_all_code_can_be_hidden_and_shown(fresh, address):
    """One button; figures and outputs stay, solutions stay folded, and the next visit begins anew."""
    with site.Visit(fresh(), address, CHAPTER) as visit:
        page = visit.page
        code, outputs = (
            page.locator("article .cell_input:visible"),
            page.locator("article .cell_output:visible"),
        )
        before, shown = code.count(), outputs.count()
        page.locator(".menu-code summary").click()
        page.get_by_role("button", name="Hide all code").click()
        assert code.count() == 0 and outputs.count() == shown
        page.get_by_role("button", name="Show all code").click()
        assert code.count() > before
        assert page.locator("[class*=tag_solution] > details[open]").count() == 0
        page.get_by_role("button", name="Hide all code").click()
        page.reload()
        assert code.count() == before


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_what_fingers_reach_is_large_enough(fresh, address, chapter):
    """Every button, field, fold and link that stands by itself has 44 pixels; links within text may be smaller."""
    with site.Visit(phone(fresh), address, chapter) as visit:
        visit.page.wait_for_timeout(300)
        small = visit.page.evaluate(
            """() => {
                const targets = "button, summary, label, nav a, .prev-next-area a, a.headerlink, .navbar-brand";
                const all = [...document.querySelectorAll(targets)];
                return all.filter((e) => e.checkVisibility() && !e.classList.contains("overlay")).flatMap((e) => {
                    const { width, height } = e.getBoundingClientRect();
                    const fine = !width || !height || (height >= 43.5 && width >= 43.5);
                    return fine ? [] : [`${width} x ${height}: ${e.outerHTML.slice(0, 100)}`];
                });
            }"""
        )
        assert small == []


def test_results_of_chapter_5_are_in_sight(reader, address):
    """The accuracy is the point of the table of other people's networks, and its last column."""
    page = next(page for page in CHAPTERS if "/05_" in page)
    with site.Visit(reader(1280), address, page) as visit:
        table = visit.page.locator("article table:has-text('multiply-adds')")
        inside = table.evaluate(
            "table => [table.scrollWidth, table.closest('.pst-scrollable-table-container').clientWidth]"
        )
        assert inside[0] <= inside[1] + 1 and "test accuracy" in table.locator("th").last.inner_text()


def test_the_plan_for_teachers_is_whole_on_a_phone(reader, address):
    """Its four columns stand below each other, with their names."""
    with site.Visit(reader(NARROW), address, "book/teachers.html") as visit:
        table = visit.page.locator("table.stacks")
        for cell in table.locator("tbody tr").first.locator("td").all():
            box = cell.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= NARROW
        assert table.locator(".cell-name").first.is_visible()


@pytest.mark.parametrize(
    ("chapter", "kind", "words"),
    [
        ("/05_", ".pst-scrollable-table-container", "multiply-adds"),
        ("/17_", ".cell_output > .output.stream", "logistic exch."),
    ],
)
def test_what_goes_on_has_a_shade_at_its_edge(reader, address, chapter, kind, words):
    """What is wider than a phone, a table or what a cell prints: the shade is drawn by its box, under its words."""
    page = next(page for page in CHAPTERS if chapter in page)
    with site.Visit(reader(NARROW), address, page) as visit:
        box = visit.page.locator(kind, has_text=words)
        box.evaluate("box => { box.style.width = '250px'; }")  # narrower than either
        assert box.evaluate("box => box.scrollWidth > box.clientWidth + 20")
        box.scroll_into_view_if_needed()

        def at_the_edge():
            shot = np.asarray(Image.open(io.BytesIO(box.screenshot())).convert("L")).astype(int)
            middle = shot[shot.shape[0] // 2 :]
            return np.median(middle[:, -3]), np.median(middle)

        edge, paper = at_the_edge()
        assert edge < paper - 15, "no shade on the right"
        box.evaluate("box => box.scrollTo({left: 9999})")
        assert at_the_edge()[0] > paper - 5, "a shade where nothing goes on"


# ---- Where a reader begins --------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, NARROW])
def test_the_introduction_begins_at_once(reader, address, width):
    """On the first screen: the way into chapter 1, and a filter that works."""
    with site.Visit(reader(width), address, "book/intro.html") as visit:
        page = visit.page
        page.wait_for_selector('[data-live="kernel-lab"][data-state="running"]')
        height = page.viewport_size["height"]
        start = page.get_by_role("link", name="Start chapter 1")
        assert start.bounding_box()["y"] < height / 2
        lab = page.locator("kernel-lab")
        lab.locator("#preset").select_option("blur")
        assert lab.locator("#answers canvas").bounding_box()["y"] < height - 60
        assert lab.locator("#undo").is_hidden() and lab.locator("#weights input").first.is_visible()
        start.click()
        page.wait_for_url(f"**/{CHAPTERS[0]}")


def test_a_whole_card_leads_to_its_chapter(reader, address):
    """A press beside its words, too."""
    with site.Visit(reader(), address, "book/intro.html") as visit:
        card = visit.page.locator(".sd-card").nth(1)
        card.scroll_into_view_if_needed()
        box = card.bounding_box()
        visit.page.mouse.click(box["x"] + box["width"] - 8, box["y"] + box["height"] - 8)
        visit.page.wait_for_url(f"**/{CHAPTERS[1]}")


def test_chapter_printed_from_a_dark_page(fresh, address, tmp_path):
    """Folds open, dark ink on white, no bar or button; and the page is as before afterwards."""
    with site.Visit(fresh(color_scheme="dark"), address, CHAPTER) as visit:
        folds = visit.page.locator("article details")
        assert folds.evaluate_all("all => all.every((fold) => !fold.open)")
        visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        visit.page.emulate_media(media="print")
        assert folds.evaluate_all("all => all.every((fold) => fold.open)")
        assert visit.page.evaluate("getComputedStyle(document.body).color") == "rgb(35, 32, 44)"
        words = visit.page.locator("article .highlight span").evaluate_all(
            "all => all.map((e) => getComputedStyle(e).color.match(/\\d+/g).slice(0, 3).map(Number))"
        )
        assert max(min(colour) for colour in words) < 130, "pale code on white paper"
        for name in (".bd-sidebar-primary", ".bd-header-article", ".chapter-links", ".quiz-button"):
            assert not visit.page.locator(name).first.is_visible(), name
        visit.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        visit.page.emulate_media(media="screen", color_scheme="dark")
        assert folds.evaluate_all("all => all.every((fold) => !fold.open)")
        assert visit.page.evaluate("document.documentElement.dataset.theme") == "dark"
        path = tmp_path / "chapter.pdf"
        visit.page.pdf(path=path, format="A4", print_background=True, tagged=False)
    text = bare("".join(page.extract_text() for page in pypdf.PdfReader(path).pages))
    page = site.soup(site.HTML / CHAPTER)
    answers = [fold.find_all("p")[-1].get_text() for fold in page.select("article .predict details")]
    assert answers and all(bare(answer)[:40] in text for answer in answers)


# ---- The checks can fail ------------------------------------------------------------------

# Without the book's script nobody measures its boxes, and nobody need wait for that.
GOOD = """<!DOCTYPE html><html lang="en" data-measured><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
</head><body><main><h1>A page</h1>{}</main></body></html>"""


@pytest.fixture
def planted(tmp_path, fresh):
    """planted(body) opens a page with something planted in it."""
    with site.Server(tmp_path) as server:

        def visit(body=""):
            (tmp_path / "page.html").write_text(GOOD.format(body), "utf-8")
            window = fresh()
            window.add_init_script(site.WATCH_SHIFTS)
            return site.Visit(window, server.address, "page.html")

        visit.folder = tmp_path
        yield visit


JUMP = """<p id="late" style="height: 0; margin: 0"></p><p style="height: 400px">Text</p>
<script>setTimeout(() => { late.style.height = "300px"; }, 200)</script>"""
FAULTS = {
    "no alt": ("axe", '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'),
    "pale text": ("axe", '<p style="color: #bbb; background: #fff">Who can read this?</p>'),
    "the same letters on a dark ground": (
        "axe",
        '<p style="color: #333">Read.</p><div style="background: #555"><p style="color: #333">Who can?</p></div>',
    ),
    "the same letters, half faded": (
        "axe",
        '<p style="color: #333">Read.</p><div style="opacity: 0.3"><p style="color: #333">Who can?</p></div>',
    ),
    "pale code": ("colours", '<pre><span style="color: #bbb; background: #fff">pale</span></pre>'),
    "name and label differ": ("axe", '<button aria-label="Search">Find it</button>'),
    "foreign script": ("requests", '<script src="http://127.0.0.1:9/x.js"></script>'),
    "missing file": ("console", '<img alt="A picture that is not there" src="none.png">'),
    "error in the console": ("console", '<script>console.error("planted")</script>'),
    "broken script": ("console", "<script>planted()</script>"),
    "too wide": ("overflow", '<div style="width: 2000px">wide</div>'),
    "formula without its beginning": (
        "overflow",
        '<div class="math" style="display: flex; flex-direction: row-reverse; overflow: auto"><span '
        'class="katex-html"><span class="base" style="display: inline-block; width: 2000px">z</span></span></div>',
    ),
    "a letter too long": (
        "hardly cut",
        '<div class="cell_output"><div class="output" style="width: 100px; overflow: auto">'
        '<pre><span style="display: inline-block; width: 105px">0.86</span></pre></div></div>',
    ),
    "too many requests": ("weight", "".join(f'<img alt="x" src="{n}.png">' for n in range(61))),
    "a jump": ("shift", JUMP),
    "too heavy": ("weight", '<img alt="x" src="heavy.bin">'),
}


@pytest.fixture
def checks(axe):
    """The checks by name; each takes a visit and returns complaints."""
    return {
        "axe": lambda visit: site.complaints_axe(visit, axe),
        "colours": lambda visit: site.complaints_axe(visit, axe, only_colours=True),
        "hardly cut": site.complaints_hardly_cut,
        "requests": site.complaints_requests,
        "console": site.complaints_console,
        "overflow": site.complaints_overflow,
        "shift": site.complaints_shift,
        "weight": site.complaints_weight,
    }


def test_a_browser_without_windows_goes_first_unless_speed_is_measured(tmp_path, monkeypatch):
    """On the path lie both; CHROME_PATH goes before either."""
    for name in ("chromium-headless-shell", "chromium"):
        (tmp_path / name).write_text("#!/bin/sh\n", "utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROME_PATH", raising=False)
    assert site.find_browser() == str(tmp_path / "chromium-headless-shell")
    assert site.find_browser(whole=True) == str(tmp_path / "chromium")
    monkeypatch.setenv("CHROME_PATH", "/my/own")
    assert site.find_browser() == site.find_browser(whole=True) == "/my/own"


def test_a_page_whose_idle_network_is_never_told_is_asked_itself(fresh, monkeypatch):
    """Chromium without windows forgets it at times; a page that still fetches is waited for."""
    from playwright.sync_api import TimeoutError as TooLong

    def never(*arguments, **wishes):
        raise TooLong("never told")

    page = fresh().new_page()
    page.set_default_timeout(20_000)
    page.set_content("<p>nothing is fetched</p>")
    monkeypatch.setattr(page, "wait_for_load_state", never)
    site.settle(page)
    assert page.evaluate("performance.now() - window.since") > 1000


def test_good_page_passes(planted, checks):
    """No check complains about a page that is as it should be."""
    with planted() as good:
        assert {name: check(good) for name, check in checks.items()} == dict.fromkeys(checks, [])


def test_words_pale_in_one_theme_alone_are_seen(planted, axe):
    """Words of code that look alike in the theme that is judged first are two kinds if the other tells them apart."""
    style = """<style>body { background: #fff } pre span { color: #000 } pre .pale { color: #ccc }
        @media (prefers-color-scheme: dark) { body { background: #000 } pre span, pre .pale { color: #fff } }</style>"""
    with planted(f"{style}<pre><span>one</span> <span class='pale'>two</span></pre>") as visit:
        visit.page.evaluate(site.OF_A_KIND)
        for theme in ("dark", "light"):
            site.in_theme(visit, theme)
            assert bool(site.complaints_axe(visit, axe, only_colours=True)) == (theme == "light")


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_seen(planted, checks, fault):
    """Each check speaks up about a page that is not."""
    kind, body = FAULTS[fault]
    (planted.folder / "heavy.bin").write_bytes(os.urandom(site.MOST_BYTES + 1))
    with planted(body) as bad:
        assert checks[kind](bad)
