"""Tests of the search: its index, its ranking, and what a reader does with it."""

from __future__ import annotations

import gzip
import html
import json
import re
import subprocess
import sys

import pytest
import yaml
from docutils import nodes
from docutils.utils import new_document

import site_checks as site
from search_queries import BLIND, JUDGING, WRITING
from site_fixtures import *  # noqa: F403
from site_fixtures import CHAPTERS, hold

sys.path.insert(0, str(site.ROOT / "book" / "_ext"))

import book_site  # noqa: E402
import section_search  # noqa: E402

STATIC = site.HTML / "_static"
PARTS = (
    "vendor/minisearch/minisearch.js",
    "vendor/stemmer/stemmer.js",
    "search-ranking.js",
    "search-index.js",
)


@pytest.fixture(scope="module")
def index():
    """The index as the site holds it."""
    path = STATIC / "search-index.js"
    if not path.exists():
        pytest.fail(f"There is no index in {STATIC}: run make book.", pytrace=False)
    return json.loads(path.read_text("utf-8").removeprefix("window.bookIndex = ").rstrip().rstrip(";"))


RUN = """
globalThis.window = globalThis;
globalThis.module = globalThis.exports = undefined; // as in a browser
const [queries, ...files] = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const file of files) require("vm").runInThisContext(require("fs").readFileSync(file, "utf8"));
bookRanking.make(bookIndex).then((find) => {
  const place = (entry) => bookIndex.pages[entry.page][0] + (entry.anchor ? "#" + entry.anchor : "");
  const answer = ({ terms, sections }) => ({
    terms: terms.map((entry) => [entry.title, entry.text]),
    sections: sections.filter((entry) => !entry.term).map(place),
    all: sections.map(place),
  });
  console.log(JSON.stringify(Object.fromEntries(queries.map((query) => [query, answer(find(query))]))));
});
"""


def ask(queries, index=None):
    """What the search's own scripts answer to queries; on another index, where one is given."""
    files = [str(STATIC / part) for part in PARTS]
    if index is not None:
        files[-1] = str(index)
    done = subprocess.run(
        [book_site.find_node(), "-e", RUN],
        input=json.dumps([list(queries), *files]),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def answers(index):
    """The answers to all queries of learners, asked in one go."""
    return ask(
        [
            *WRITING,
            *JUDGING,
            "stride",
            "normalization",
            "receptve",
            "Padding",
            "padding",
            "kernel",
            "zzyzx",
            "the",
            "relu gradient",
        ]
    )


# ---- What is found ---------------------------------------------------------------------


@pytest.mark.parametrize("query", [*WRITING, *JUDGING])
def test_section_of_a_query_comes_first(answers, query):
    """The queries of learners that were looked at, each with the section that answers it."""
    assert answers[query]["sections"][:1] == [(WRITING | JUDGING)[query]]


def test_queries_that_nobody_looked_at(index):
    """Most of them bring a section that answers them first, and nearly all among the first three."""
    given = {query: answer["sections"] for query, answer in ask(BLIND).items()}
    first = [query for query, wanted in BLIND.items() if set(given[query][:1]) & set(wanted)]
    early = [query for query, wanted in BLIND.items() if set(given[query][:3]) & set(wanted)]
    scores = len(first), len(early)  # their numbers alone: who sees the queries must not change the search
    assert scores[0] >= 0.8 * len(BLIND) and scores[1] >= 0.9 * len(BLIND)


def test_glossary_answers_with_its_definition(answers):
    """A term brings its entry, whatever its case; a beginning brings one; a sentence brings none."""
    for query in ("stride", "Padding", "softmax", "receptive field"):
        (name, definition), *more = answers[query]["terms"]
        assert query.lower() in name.lower() and len(definition) > 40 and not more
    assert answers["why share weights"]["terms"] == []


def test_spellings_and_slips(answers):
    """American spelling finds British words, and a missing letter its word."""
    assert any("batch-normalisation" in one for one in answers["normalization"]["sections"])
    assert answers["receptve"]["sections"][0] == WRITING["receptive field"]
    assert answers["zzyzx"]["all"] == [] == answers["zzyzx"]["terms"]


def test_a_name_of_code_is_found():
    """Also one that many chapters call, and that stands nowhere in the prose."""
    given = ask(["SparseCategoricalCrossentropy", "keepdims", "Conv2D"])
    assert all(answer["sections"] for answer in given.values()), given


def test_a_wrong_index_is_seen(index, tmp_path):
    """The queries judge: with every second section left out, many of them fail."""
    half = {**index, "sections": index["sections"][::2]}
    path = tmp_path / "half.js"
    path.write_text(f"window.bookIndex = {json.dumps(half)};", "utf-8")
    given = ask(WRITING, path)
    failed = [query for query, wanted in WRITING.items() if given[query]["sections"][:1] != [wanted]]
    assert len(failed) >= len(WRITING) / 4


def test_every_entry_leads_to_a_heading(index):
    """Pages are there, and so is the place of every section and of every term."""
    places = {}
    for number, (page, *_) in enumerate(index["pages"]):
        text = (site.HTML / page).read_text("utf-8")
        places[number] = set(re.findall(r'<[^<>]*\bid="([^"]+)"', text))
    for number, anchor, title, *_ in index["sections"] + index["terms"]:
        anchor = section_search.usual_anchor(title) if anchor == 1 else anchor
        assert not anchor or anchor in places[number], f"{index['pages'][number][0]}#{anchor}"


def test_every_section_is_in_the_index(index):
    """As many entries as a page has headings."""
    for number, (page, title, _) in enumerate(index["pages"]):
        if page == "book/glossary.html":
            assert len(index["terms"]) == len(site.soup(site.HTML / page).select("dl.glossary > dd"))
            continue
        article = (site.HTML / page).read_text("utf-8").partition("<article")[2].partition("</article>")[0]
        headings = re.findall(r"(?s)<h([1-4])\b[^>]*>(.*?)</h\1>", article)
        words = [html.unescape(re.sub("<[^>]*>", "", inside)).rstrip("#") for _, inside in headings]
        headings = [one for one in words if one not in section_search.LEFT_OUT]
        assert len(headings) == sum(entry[0] == number for entry in index["sections"]), title


def test_learners_words_belong_to_sections(index):
    """Whatever book/search_words.yml names is a section of the book."""
    usual = section_search.usual_anchor
    there = {
        (index["pages"][number][0], usual(title) if anchor == 1 else anchor)
        for number, anchor, title, *_ in index["sections"]
    }
    for page, sections in yaml.safe_load(section_search.WORDS.read_text("utf-8")).items():
        for anchor in sections:
            assert (f"{page}.html", anchor) in there, f"{page}#{anchor} is no section"


def test_what_opening_the_search_costs():
    """At most 9 kB a chapter compressed, and on a page that nobody searches at most 4 kB."""
    sizes = {part: len(gzip.compress((STATIC / part).read_bytes(), 6)) for part in PARTS}
    assert sum(sizes.values()) < 9_000 * len(CHAPTERS), sizes
    assert len(gzip.compress((site.ROOT / "book" / "_static" / "search.js").read_bytes(), 6)) < 4_000
    assert not (site.HTML / "searchindex.js").exists() and not (STATIC / "searchtools.js").exists()


@pytest.mark.parametrize(
    ("name", "version", "author"),
    [("MiniSearch", "7.2.0", "Luca Ongaro"), ("stemmer", "2.0.1", "Titus Wormer")],
)
def test_a_library_says_what_it_is(name, version, author):
    """Version, author and licence stand in the file and beside it."""
    folder = site.ROOT / "book" / "_static" / "vendor" / name.lower()
    first = (folder / f"{name.lower()}.js").read_text("utf-8").splitlines()[0]
    assert f"{name} {version}" in first and "MIT" in first and author in first
    assert f"{name.lower()}` {version}" in (folder / "README.md").read_text("utf-8")
    assert "Permission is hereby granted" in (STATIC / "vendor" / name.lower() / "LICENSE.txt").read_text(
        "utf-8"
    )


# ---- How hits are ranked ------------------------------------------------------------------


def small_index(path, *sections):
    """An index of one page, written where search scripts can read it: each section (title, text, other words)."""
    lines = [[0, title.lower(), title, text, "", 1, also] for title, text, also in sections]
    index = {"pages": [["page.html", "Page", ""]], "sections": lines, "terms": [], "term_weight": 0.6}
    path.write_text(f"window.bookIndex = {json.dumps(index)};", "utf-8")
    return path


def test_rare_words_count_more_than_those_of_every_day(tmp_path):
    """A word that says what is looked for outweighs two of every day, and one of every section that a title has."""
    filling = [(f"Pictures{number}", "A network learns from pictures.", "") for number in range(20)]
    path = small_index(
        tmp_path / "index.js",
        ("Looks", "What it often, often looks at.", ""),
        ("Pictures", "Pictures and pictures.", ""),
        ("Voices", "A network reads the spectrogram of a voice.", ""),
        *filling,
    )
    for query in ("often a spectrogram", "pictures spectrogram"):
        assert ask([query], path)[query]["sections"][0] == "page.html#voices"


def test_forms_slips_and_words_in_one(tmp_path):
    """Plural, verb, American spelling, a slip of the keys, a hyphen, two words in one: all are one word."""
    path = small_index(
        tmp_path / "index.js",
        ("Classify", "To classify is to calibrate probabilities, normalised.", ""),
        ("Pool", "Max pooling is sharing; a U-Net pools.", "fine-tuning"),
        ("Other", "Sharp edges, care, cars and general things.", ""),
    )
    wanted = {
        "classification": "classify",
        "classifiers": "classify",
        "calibration probability": "classify",
        "calibraton": "classify",
        "normalization": "classify",
        "maxpool": "pool",
        "shares": "pool",
        "unet": "pool",
        "fine tune": "pool",
        "caring": "other",
    }
    found = ask(wanted, path)
    assert {query: found[query]["sections"] for query in wanted} == {
        query: [f"page.html#{anchor}"] for query, anchor in wanted.items()
    }


# ---- How the index is made ----------------------------------------------------------------


def test_words_of_a_section():
    """Prose apart from names in code; neither outputs, nor raw HTML, nor the sections below."""
    tree = new_document("test")
    code = nodes.literal_block("", 'layer = keras.layers.Conv2D(3, padding="same")')
    output = nodes.literal_block("", "value.printed", classes=["output"])
    below = nodes.section("", nodes.title("", "Below"), nodes.paragraph("", "not here"), ids=["below"])
    raw = nodes.raw("", "<details>", format="html")
    prose = nodes.paragraph(
        "", "", nodes.Text("A map of "), nodes.math("", r"3 \times 3"), nodes.Text(" values.")
    )
    tree += nodes.section("", nodes.title("", "Above"), prose, code, output, raw, below, ids=["above"])
    found = list(section_search.sections("notebooks/01_x", tree))
    assert found[0][:3] == ("", "Above", "A map of 3 x 3 values.")
    assert set(found[0][3].split()) == {"layers", "Conv2D", "padding"}
    assert found[1][:3] == ("below", "Below", "not here")


def test_weights_put_exercises_and_references_last():
    """What explains counts more than what asks or points elsewhere."""
    weight = section_search.weight
    assert weight("notebooks/13_satellite", "Where are the seams?", 1) == 1
    assert 1 < weight("notebooks/03_relu", "When does a unit die?", 1) < 1.2  # the first chapters
    for docname, title in (
        ("notebooks/03_relu", "Exercise 3.5: A gate that opens and shuts"),
        ("notebooks/03_relu", "Where to read on"),
        ("book/references", "Papers"),
    ):
        assert weight(docname, title, 1) <= 0.3


def test_what_asks_is_not_searched(index):
    """No quiz, of an exercise its first sentence, and no name from code that only draws."""
    titles = {title for _, _, title, *_ in index["sections"]}
    assert "Exercises" in titles and not titles & section_search.LEFT_OUT
    tasks = [entry for entry in index["sections"] if entry[2].startswith("Exercise ")]
    assert len(tasks) > 40
    assert all(prose and not re.search(r"[.?!] \w", prose) and not rest for *_, prose, rest, _, _ in tasks)
    code = nodes.literal_block("", "ax.scatterplot(x, where=1)")
    drawing = nodes.container("", code, classes=["cell", "tag_hide-input"])
    tree = new_document("x")
    tree += nodes.section("", nodes.title("", "Above"), drawing, ids=["above"])
    assert [*section_search.sections("notebooks/01_x", tree)][0][3] == ""


def test_what_says_nothing_is_left_out(index):
    """Bare numbers, all but the first of a name that every chapter calls, the length of what points elsewhere."""
    tree = new_document("x")
    cells = [nodes.paragraph("", text) for text in ("299", "−4, 0.5", "3 cups")]
    tree += nodes.section("", nodes.title("", "Above"), *cells, ids=["above"])
    assert [*section_search.sections("notebooks/01_x", tree)][0][2] == "3 cups"
    lines = [[0, "", "A", "", f"shape only{number}", 1, ""] for number in range(20)]
    section_search.without_common_names(lines)
    assert [line[4] for line in lines] == ["shape only0", *(f"only{number}" for number in range(1, 20))]
    assert all(
        len(prose) <= section_search.BEGINNING
        for *_, prose, _, counts, _ in index["sections"]
        if counts <= section_search.LITTLE
    )


def test_formula_as_a_line():
    """Formulas become words and signs that can be typed."""
    assert section_search.plain(r"\frac{1}{n} \sum_i x_i \times \beta") == "1 / n Σi xi x β"


def test_what_is_typed_in_a_browser_is_found(answers):
    """The tests below ask what the pages do with answers; which answers those are is asked here.

    `make quick` can leave them out while the words of sections change, and asks this again.
    """
    first = answers["backprop through max pooling"]
    assert (first["terms"], first["all"][0]) == ([], SECTION)
    assert answers["padding"]["terms"] and answers["softmax"]["terms"]
    assert all(len(answers[query]["all"]) >= 3 for query in ("padding", "softmax", "stride", "kernel"))
    assert all(answers[query]["sections"][0] in answers[query]["all"][:5] for query in ("padding", "softmax"))
    assert answers["zzyzx"]["all"] == []


# ---- What a reader does -------------------------------------------------------------------

CHAPTER = "notebooks/03_relu.html"
SECTION = "notebooks/04_pooling.html#where-does-the-gradient-go"


def open_search(visit):
    """The window of the search, opened by its keys."""
    visit.page.keyboard.press("Control+k")
    window = visit.page.get_by_role("dialog", name="Search the book")
    window.wait_for()
    visit.page.wait_for_function("() => document.activeElement.matches('dialog input')")  # letters go there
    return window


@pytest.mark.parametrize("width", [1280, 390])
def test_search_by_keyboard_lands_at_the_heading(fresh, address, width):
    """Ctrl+K, words, arrow down, Enter: the heading stands in the window; Escape gives the focus back."""
    with site.Visit(fresh(width), address, CHAPTER) as visit:
        page = visit.page
        asked = len(visit.requests)
        parts = tuple(part.rsplit("/", 1)[-1] for part in PARTS)
        assert not [url for url in visit.requests if url.split("?")[0].endswith(parts)]
        place = ".bd-sidebar-primary" if width > 1000 else ".bd-header-article"
        button = page.locator(f"{place} .search-button__button")
        button.focus()
        window = open_search(visit)
        page.keyboard.press("Escape")
        window.wait_for(state="hidden")
        assert button.evaluate("one => one === document.activeElement")
        open_search(visit)
        page.keyboard.type("backprop through max pooling")
        first = window.locator(".hit a").first
        first.wait_for()
        window.get_by_role("status").filter(has_text="found").wait_for()
        page.keyboard.press("ArrowDown")
        assert first.evaluate("one => one === document.activeElement")
        page.keyboard.press("ArrowUp")
        assert window.get_by_role("searchbox").evaluate("one => one === document.activeElement")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{SECTION}")
        site.settle(page)
        heading = page.locator(f"#{SECTION.split('#')[1]} > h2")
        for _ in range(100):  # the window may still be moving there
            top = heading.evaluate("one => one.getBoundingClientRect().top")
            if 0 <= top < 300:
                break
            page.wait_for_timeout(50)
        assert 0 <= top < 300, f"the heading stands at {top} pixels"
        assert len(visit.requests) > asked
        hold(site.complaints_requests(visit) + site.complaints_console(visit))


def test_button_opens_the_search_and_a_term_shows_its_definition(fresh, address):
    """By mouse, in the sidebar; the glossary's entry first."""
    with site.Visit(fresh(), address, CHAPTER) as visit:
        visit.page.locator(".bd-sidebar-primary .search-button__button").click()
        window = visit.page.get_by_role("dialog", name="Search the book")
        window.get_by_role("searchbox").fill("padding")
        first = window.locator(".hit").first
        first.wait_for()
        assert (
            "hit-term" in first.get_attribute("class") and len(first.locator(".hit-text").inner_text()) > 40
        )
        assert window.locator(".hit:not(.hit-term) mark").first.inner_text().lower().startswith("padd")
        window.get_by_role("button", name="Close").click()
        window.wait_for(state="hidden")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_open_search_is_accessible(reader, address, axe, width, theme):
    """axe finds nothing in the open window, nor is the page wider than the screen."""
    with site.Visit(reader(width, theme), address, CHAPTER) as visit:
        window = open_search(visit)
        visit.page.keyboard.type("stride")
        window.locator(".hit").nth(2).wait_for()
        window.get_by_role("status").filter(has_text="found").wait_for()
        hold(site.complaints_overflow(visit) + site.complaints_axe(visit, axe))
        small = window.locator("a, button").evaluate_all(
            """all => all.map((one) => (one.closest(".hit") || one).getBoundingClientRect())
                .filter((box) => box.height < least || box.width < least).length""".replace(
                "least", "43.5" if width == 390 else "36"
            )
        )
        assert small == 0


def test_search_page_answers_its_address_and_its_field(reader, address):
    """Enter in the window leads to the page of all results, which can be linked to."""
    with site.Visit(reader(), address, CHAPTER) as visit:
        page = visit.page
        open_search(visit)
        page.keyboard.type("kernel")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html?q=kernel")
        page.locator("#search-hits .hit").nth(2).wait_for()
        page.locator("#search-page-input").fill("zzyzx")
        page.get_by_role("status").filter(has_text="Nothing was found").wait_for()
        assert page.locator("#search-hits .hit").count() == 0


def test_search_without_a_network_says_so(fresh, address):
    """A part that does not come is named; the next letter tries again."""
    window = fresh()  # the route is the window's: one that is set on a loaded page is at times not obeyed
    window.route("**/search-index.js", lambda route: route.abort())
    with site.Visit(window, address, CHAPTER) as visit:
        search = open_search(visit)
        visit.page.keyboard.type("s")
        search.get_by_role("status").filter(has_text="could not be loaded").wait_for()
        window.unroute("**/search-index.js")
        visit.page.keyboard.type("oftmax")
        search.locator(".hit").first.wait_for()


def test_search_from_files(fresh, tmp_path):
    """A book that is opened from a folder searches as well."""
    page = fresh().new_page()
    page.goto((site.HTML / CHAPTER).as_uri())
    page.keyboard.press("Control+k")
    page.keyboard.type("softmax")
    page.locator(".hit-term").first.wait_for()
    assert page.locator(".hit:not(.hit-term) a").first.evaluate("one => one.href").startswith("file:")


def test_search_without_scripts_says_so(fresh, address):
    """The page of the search, and the place of its button, name what is missing."""
    with site.Visit(fresh(java_script_enabled=False), address, "search.html") as visit:
        for place in ("article", ".bd-sidebar-primary"):
            words = visit.page.locator(f"{place} noscript p")
            assert words.is_visible() and "The search needs JavaScript" in words.text_content()


# ---- Small screens ------------------------------------------------------------------------

SMALL = """(selector) => [...document.querySelectorAll(selector)].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && box.height && (box.height < 43.5 || box.width < 43.5);
}).map((one) => `${one.outerHTML.slice(0, 90)}: ${Math.round(one.getBoundingClientRect().width)} x ${
    Math.round(one.getBoundingClientRect().height)}`)"""
TARGETS = (
    ".bd-header-article .btn, .quiz label, .quiz-button, article summary, .chapter-links a, .letters a, "
    ".prev-next-area a, .chapter-done label, nav.bd-links a, .search-button-field, "
    "article :is(h1, h2, h3) > a.headerlink"
)


@pytest.mark.parametrize("page", [CHAPTER, "book/glossary.html", "book/intro.html"])
def test_targets_are_large_enough_for_fingers(reader, address, page):
    """44 pixels each way on a phone."""
    with site.Visit(reader(390), address, page) as visit:
        hold(visit.page.evaluate(SMALL, TARGETS))


def test_small_target_is_seen(fresh, tmp_path):
    """A button of 20 pixels is complained of."""
    (tmp_path / "page.html").write_text(
        '<button class="quiz-button" style="width:20px;height:20px">x</button>'
    )
    with site.Server(tmp_path) as server, site.Visit(fresh(390), server.address, "page.html") as visit:
        assert visit.page.evaluate(SMALL, TARGETS)


def test_previous_and_next_stand_in_one_column(reader, address):
    """On a phone both links have the width of the text, one below the other."""
    with site.Visit(reader(390), address, CHAPTER) as visit:
        previous, following = (one.bounding_box() for one in visit.page.locator(".prev-next-area a").all())
        assert abs(previous["x"] - following["x"]) < 1 and abs(previous["width"] - following["width"]) < 1
        assert 0 < following["y"] - previous["y"] - previous["height"] < 40


def test_heading_links_are_there_where_nothing_hovers(fresh, address):
    """On a phone the link of every heading can be seen and touched."""
    with site.Visit(fresh(390, has_touch=True, is_mobile=True), address, CHAPTER) as visit:
        links = visit.page.locator("article h2 > a.headerlink")
        looks = links.evaluate_all("all => all.map((one) => getComputedStyle(one).visibility)")
        assert len(looks) > 5 and set(looks) == {"visible"}


def test_letters_lead_through_the_glossary(reader, address):
    """Each letter once, in order, and each leads to an entry that begins with it."""
    page = site.soup(site.HTML / "book" / "glossary.html")
    links = page.select("nav.letters a")
    letters = [link.get_text() for link in links]
    assert letters == sorted(set(letters), key=letters.index) and len(letters) > 15
    begins = {
        term.get_text()[0].upper() for term in page.select("dl.glossary dt:first-child, dl.glossary dd + dt")
    }
    assert {letter for letter in letters if len(letter) == 1} == {one for one in begins if one.isalpha()}
    for link in links:
        term = page.find(id=link["href"][1:]).get_text()
        assert term[0].upper() == link.get_text() or not term[0].isalpha()
