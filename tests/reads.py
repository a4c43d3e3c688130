"""What each test file reads, in one place: `make quick` leaves out what none of it has changed for.

    file -> its parts: (which of its tests, by what they are told apart, what they read)

A part's `tests` is a pattern for the test's name with its parameters; the first part that fits counts.
`by` makes one part for each value of a parameter, which stands for {} in `reads`, and for {stem} without its
.html. What is read:

    tools/**                     files of the book; * stays within a folder, ** does not
    notebooks/*.ipynb#code       a part of each: code, run (what nbval reads), exercises, exporter, folded (code), form
                                 (no words but headings from the first section on: no task, no question), cells (nor
                                 outputs, nor code but set-up and what is shared); frame of the site's pages
                                 (PARTS in quick.py)
    page:book/intro.html         a page of the built site with its styles, scripts and pictures;
                                 the index of the search comes when a reader searches: site:_static/search-index.js
    links:book/intro.html        whether the links of that page lead somewhere
    site:**                      files of the built site
    ~site:**                     is opened, but has no say in how the tests end (a reason must stand beside it)

Not to be named: the test file itself, what it imports, conftest.py, the lock, the Python. A file that is
not here counts as reading everything, and tests/test_quick.py asks for its line. Narrow a line only where
the test's code shows that it reads no more: tests/remember.py watches which files are opened while a test
runs, and what opened one that is not named here is not remembered as passed.
"""

from __future__ import annotations

from pathlib import Path


def part(*reads, tests=".*", by=None):
    """One part of a test file."""
    return {"tests": tests, "by": by, "reads": reads}


def parameter(name: str):
    """Told apart by a parameter; a path counts by its name alone."""
    return lambda values: values[name].name if isinstance(values[name], Path) else values[name]


def chapter(values: dict) -> str:
    """The number of the chapter whose exercise a test is about; 1 stands for 01 and, at worst, 11."""
    found = values.get("number") or values.get("exercise") or values["answer"].exercise
    return str(found).split(".")[0]


ALL = "**"
# All but what chapters say: for tests that make copies of the book, break or change them and ask what a tool says of
# that. What it says of words, code and outputs as they are is asked by test_rules.py and by `sync --check`.
OUTLINE = (
    "*",
    ".github/**",
    ".ci/**",
    "benchmarks/**",
    "book/**.md#title",
    "book/*.yml",
    "book/_ext/**",
    "book/_publish/**",
    "book/_static/**",
    "book/_templates/**",
    "data/**",
    "notebooks/**#cells",
    "tests/**",
    "tools/**",
)
ORDER = ("_config.yml", "_toc.yml")
# Book().shared(): the sources of the shared cells, with the digests of the data that they fetch.
SHARED = (*ORDER, "tools/shared/**", "data/**")
# What makes a PDF or an EPUB out of pages of the site.
TO_TAKE_AWAY = ("book/_ext/**", "book/_static/**", "tools/**", *ORDER)
CHAPTER_RULE = (*SHARED, "book/glossary.md", "tests/test_results.py")
# The rules of tools/rules that read the book as a whole.
BOOK_RULES = "order_complete|data_cards|address_once|no_traces|rooms_known|lock_complete|copies_current"
FIGURES = (
    "page:book/live/**",
    "book/_static/live/**",
    "data/**",
    "book/live/**",
    "notebooks/05_*.ipynb#exporter",
)
# test_live_figures.py looks through the chapters for figures when it is imported, for tests of its own;
# the files that import it take helpers from it and nothing of what it found.
LISTED = ("~site:notebooks/*.html", "site:index.html")

IN_FIREFOX = (
    *FIGURES,
    *(f"notebooks/{chapter}_*.ipynb#code" for chapter in ("01", "04", "05", "06", "07", "10", "12")),
    "book/_static/**",
    "book/_ext/**",
    "tools/**",
    "~benchmarks/**",
    "site:index.html",
    *ORDER,
)

READS = {
    # The chapters, by nbval.
    "notebooks/*.ipynb": [part("{file}#run", "data/**", "tests/sanitize.cfg", "Makefile#nbval")],
    # The rules, their tools and their data.
    "tests/test_rules.py": [
        part("notebooks/{}", *CHAPTER_RULE, tests=r"test_chapter\[.*", by=parameter("path")),
        part(ALL),
    ],
    "tests/test_rules_catch.py": [
        part(*OUTLINE, tests=rf"test_caught\[(?:{BOOK_RULES})-.*"),
        part("notebooks/01_*.ipynb", *CHAPTER_RULE),
    ],
    "tests/test_prose.py": [part()],
    "tests/test_sync.py": [
        part(*OUTLINE, tests="test_a_new_address_reaches_every_copy"),
        part(
            "notebooks/*.ipynb#code",
            *SHARED,
            "README.md",
            "tools/**",
            tests="test_digests_of_data.*|test_every_digest.*",
        ),
        part("notebooks/**#cells", *SHARED, "README.md", "tools/**"),
    ],
    "tests/test_course.py": [
        part("notebooks/**", *ORDER, "data/**", tests="test_student_set|test_chapters_tell_their_time.*"),
        part(*ORDER),
    ],
    "tests/test_checks_can_fail.py": [
        part("notebooks/{}#code", *ORDER, tests="test_every_assert_can_fail.*", by=parameter("path")),
        part(*ORDER),
    ],
    "tests/test_quick.py": [part(*OUTLINE)],
    "tests/test_workflows.py": [
        part("tests/**", "notebooks/**#form", tests="test_every_file_is_in_one_group"),
        part(".github/**", ".ci/**", "README.md", "tests/**"),
    ],
    "tests/test_matrix.py": [
        part(
            "tests/matrix/**",
            "tests/sanitize.cfg",
            "notebooks/*.ipynb#form",
            "data/**",
            ".github/**",
            "README.md",
            *ORDER,
        )
    ],
    "tests/test_results.py": [
        part(
            "notebooks/**", *ORDER, "benchmarks/results/**", "benchmarks/dials.py", "data/datasets/drums.npz"
        )
    ],
    # It takes one function from test_results.py, which reads the chapters when it is imported.
    "tests/test_bench.py": [
        part(
            "benchmarks/**",
            "tools/**",
            "data/**",
            *ORDER,
            f"notebooks/{name}#code",
            "~notebooks/**",
            tests=f"test_{test}$",
        )
        for test, name in (("text", "11_*.ipynb"), ("satellite", "13_*.ipynb"))
    ]
    + [part("benchmarks/**", "tools/**", "data/**", *ORDER, "~notebooks/**")],
    "tests/test_pretrain.py": [part("tools/data/pretrain_backbone.py")],
    "tests/test_stamps.py": [part("data/**", "tools/data/stamps/**")],
    "tests/test_text.py": [
        part(
            "notebooks/11_*.ipynb",
            "data/**",
            "tools/data/digits/**",
            "tools/data/print/**",
            "benchmarks/results/text.json",
            *ORDER,
        )
    ],
    "tests/test_drums.py": [part("data/**", "tools/data/drums/**", "notebooks/12_*.ipynb#code", *ORDER)],
    "tests/test_own_sounds.py": [part("notebooks/12_*.ipynb#code", "data/datasets/drums.npz", *ORDER)],
    "tests/test_own_satellite.py": [
        part("notebooks/13_*.ipynb#code", "data/datasets/raleigh.npz", "tools/data/**", *ORDER)
    ],
    "tests/test_own_faces.py": [part("notebooks/14_*.ipynb#code", *ORDER)],
    "tests/test_own_tags.py": [part("notebooks/15_*.ipynb#code", *ORDER)],
    "tests/test_own_video.py": [
        part("notebooks/16_*.ipynb#code", "data/datasets/birds.npz", "tools/data/**", *ORDER)
    ],
    "tests/test_pictures.py": [
        part(*(f"notebooks/{chapter}_*.ipynb#code" for chapter in ("05", "06", "11", "14", "15")), *ORDER)
    ],
    "tests/test_scale.py": [part("benchmarks/scale.py", "data/datasets/fashion-mnist/**", *ORDER)],
    "tests/test_fetched.py": [part(*SHARED, "Makefile")],
    "tests/test_own_garment.py": [
        part("notebooks/05_*.ipynb#code", "book/_static/live/*.p2p", "data/**", *ORDER)
    ],
    "tests/test_garments.py": [
        part("notebooks/05_*.ipynb#code", "data/models/garments_*", "book/_static/live/*.p2p", *ORDER)
    ],
    "tests/test_own_photographs.py": [
        part(
            "notebooks/06_*.ipynb#code",
            "notebooks/10_*.ipynb#code",
            "data/models/book_mobilenet*",
            *ORDER,
        ),
    ],
    "tests/test_how_this_compares.py": [
        part("book/how_this_compares.md", "book/_static/live/**", "_config.yml", *LISTED)
    ],
    # The exercises, chapter by chapter.
    "tests/exercises/test_check.py": [part(*SHARED)],
    "tests/exercises/test_answers.py": [
        part("notebooks/**#exercises", *ORDER, "tests/exercises/**", tests="test_every_check_is_tried"),
        part(
            "notebooks/*{}_*.ipynb#exercises", "tests/exercises/answers_{}.py", *ORDER, "data/**", by=chapter
        ),
    ],
    "tests/exercises/test_mutants.py": [
        part(
            "notebooks/**#exercises",
            *ORDER,
            "tests/exercises/**",
            "data/**",
            tests="test_every_function_has.*",
        ),
        part(
            "notebooks/*{}_*.ipynb#exercises", "tests/exercises/answers_{}.py", *ORDER, "data/**", by=chapter
        ),
    ],
    # The built site without a browser.
    "tests/test_html.py": [
        part(
            "page:{}",
            "links:{}",
            "book/_static/fonts.css",
            "_config.yml",
            tests=r"test_page\[.*|test_one_style.*|test_a_fold_that.*",
            by=parameter("page"),
        ),
        part("page:notebooks/06_*.html", "notebooks/06_*.ipynb", tests="test_long_rows.*"),
        part(
            "page:{}",
            "{stem}.ipynb",
            "_config.yml",
            tests="test_(?:glossary_links|shape|quiz|code|set_up|bill)_of_a_chapter.*|test_pictures_are.*|test_checks_are_left.*",
            by=parameter("page"),
        ),
        part("site:**", *ORDER, tests="test_all_pages_of_the_contents.*"),
        part("notebooks/*.ipynb", "book/_ext/**", tests="test_every_phrase_of_the_glossary.*"),
        part(
            "site:_static/**",
            "site:index.html",
            "book/_static/**",
            "tools/pages/fonts/**",
            "data/**",
            *ORDER,
            "book/_ext/**",
            *(f"site:{folder}*.html" for folder in ("", "book/", "book/live/", "notebooks/")),
        ),
    ],
    # What is made from the whole site: the search, what is published, the book on paper.
    "tests/test_search.py": [
        # What a page does with answers; which they are, test_what_is_typed_in_a_browser_is_found asks.
        part(
            "site:**#frame",
            "page:search.html",
            "book/_templates/**",  # the place and the window of the search are no part of a frame
            *ORDER,
            "~book/**",
            tests=r"test_(?:search_by_keyboard|button_opens|open_search|search_page|search_without)_.*|"
            "test_search_from_files",
        ),
        part(
            "page:{}",
            "site:index.html",
            *ORDER,
            "~book/**",
            tests=r"test_targets_are.*",
            by=parameter("page"),
        ),
        part("site:**", "book/**", *ORDER),
    ],
    "tests/test_publish.py": [
        part("site:**", "book/**", *ORDER, tests="test_plain_build.*"),
        part(
            "site:**#frame",
            "book/**.md#title",
            "book/_ext/**",
            "book/_publish/**",
            "book/_static/**",
            "book/_templates/**",
            "tools/**",
            "notebooks/**#title",
            "data/**",
            ".github/**",
            "Makefile",
            *ORDER,
        ),
    ],
    "tests/test_paper.py": [
        # A page begins on a sheet of its own, and code that an earlier chapter has is not printed again; a test of
        # the whole compares one that is printed alone.
        part(
            "page:{}",
            "notebooks/*.ipynb#folded",
            *TO_TAKE_AWAY,
            "~site:**",  # the whole PDF may be there already, and ids of other pages tell whether links lead on
            "~book/**",
            "~notebooks/**",
            tests="test_page_.*",
            by=parameter("page"),
        ),
        part(
            "site:**#frame",
            "page:book/intro.html",
            "page:book/references.html",
            "page:notebooks/10_*.html",
            "notebooks/*.ipynb#folded",
            *TO_TAKE_AWAY,
            "~book/**",
        ),
    ],
    "tests/test_epub.py": [
        # A page is packed alone; a test of the whole compares one that is.
        part(
            "page:{}",
            "page:book/intro.html",
            *TO_TAKE_AWAY,
            "~site:**",  # the whole EPUB may be there already
            "~book/**",
            "~notebooks/**",
            tests="test_page_.*",
            by=parameter("page"),
        ),
        part(
            "site:**#frame",
            "page:book/intro.html",
            "page:notebooks/10_*.html",
            *TO_TAKE_AWAY,
            "~book/**",
            "~notebooks/**",
        ),
    ],
    # The built site in a browser.
    "tests/test_figures.py": [
        part(
            "page:{}",
            "site:index.html",
            "{stem}.ipynb",
            "tools/drawings.py",
            "book/_ext/drawn_figures.py",
            "_config.yml",
            tests=r"test_figures_can_be_read.*|test_page_holds.*",
            by=parameter("page"),
        ),
        part(
            "site:**#frame",
            "page:notebooks/02_*.html",
            "notebooks/*.ipynb#run",
            "tools/**",
            "book/_static/palette.css",
            "book/_ext/drawn_figures.py",
            "tests/sanitize.cfg",
            *ORDER,
        ),
    ],
    "tests/test_site.py": [
        part("page:{}", "site:index.html", "_config.yml", by=parameter("page")),
    ],
    "tests/test_site_use.py": [
        part("_config.yml", tests=r"test_good_page_passes|test_planted_fault_is_seen.*"),
        part("site:**", "_config.yml", tests="test_search.*"),
        part(
            "page:{}",
            "{stem}.ipynb#code",
            "site:index.html",
            "_config.yml",
            tests=r"test_(?:launch|download|answers|quiz_answers|solutions|what_fingers)_.*",
            by=parameter("chapter"),
        ),
        part(
            "page:notebooks/*", "site:index.html", "_config.yml", tests="test_(?:animation|reduced_motion)_.*"
        ),
        part(
            "page:notebooks/*",
            "page:book/*",
            "site:index.html",
            "_config.yml",
            tests="test_(?:results_of|the_plan|what_goes_on|a_whole_card|the_introduction)_.*",
        ),
        part(
            "page:notebooks/01_*.html",
            "notebooks/01_*.ipynb",
            "page:book/intro.html",
            "page:book/glossary.html",
            "site:index.html",
            "_config.yml",
        ),
    ],
    "tests/test_firefox.py": [
        part(
            *IN_FIREFOX,
            "page:notebooks/05_*.html",
            tests="test_chapter_and_its_figure.*",
        ),
        part(*IN_FIREFOX, "site:**#frame", "page:search.html", "book/_templates/**", tests="test_search.*"),
        part(*IN_FIREFOX, *LISTED),
    ],
    "tests/test_live_figures.py": [
        part(
            "page:{}",
            "book/_static/live/**",
            "_config.yml",
            "site:index.html",
            tests=r"test_chapter_loads.*",
            by=parameter("chapter"),
        ),
        part(
            "page:notebooks/*",
            "book/_static/live/**",
            "_config.yml",
            "site:index.html",
            tests="test_each_figure_stands.*|test_figure_that_cannot_be_loaded.*",
        ),
        part("page:notebooks/12_*.html", "_config.yml", "site:index.html", tests="test_sounds_play.*"),
        part(*FIGURES, "notebooks/01_*.ipynb#code", "_config.yml", "site:index.html", tests="test_presets.*"),
        part(*FIGURES, "tools/shared/plots.py", "_config.yml", "site:index.html"),
    ],
    "tests/test_live_explorer.py": [
        part(*FIGURES, "notebooks/05_*.ipynb#code", "notebooks/07_*.ipynb#code", *ORDER, *LISTED)
    ],
    "tests/test_live_load.py": [
        part(*FIGURES, "notebooks/05_*.ipynb#code", "notebooks/07_*.ipynb#code", *ORDER, *LISTED)
    ],
    "tests/test_live_photo.py": [
        part(
            *FIGURES,
            "notebooks/06_*.ipynb#code",
            "notebooks/10_*.ipynb#code",
            "benchmarks/results/**",
            *ORDER,
            *LISTED,
        )
    ],
    "tests/test_live_pooling.py": [part(*FIGURES, "notebooks/04_*.ipynb#code", *ORDER, *LISTED)],
    "tests/test_live_runtime.py": [part(*FIGURES, *ORDER, "site:index.html")],
    "tests/test_live_train.py": [
        part("page:notebooks/05_*.html", "_config.yml", *LISTED, tests="test_chapter_grows_by_little"),
        part(
            *FIGURES,
            "notebooks/05_*.ipynb#code",
            "benchmarks/results/live.json",
            *ORDER,
            *LISTED,
        ),
    ],
    "tests/test_live_teach.py": [
        part("page:notebooks/06_*.html", "_config.yml", *LISTED, tests="test_chapter_grows_by_little"),
        part(
            *FIGURES,
            "notebooks/06_*.ipynb#code",
            "benchmarks/results/live.json",
            *ORDER,
            *LISTED,
        ),
    ],
    "tests/test_live_sound.py": [
        part("page:notebooks/12_*.html", "_config.yml", *LISTED, tests="test_chapter_grows_by_little"),
        part(
            *FIGURES,
            "notebooks/05_*.ipynb#code",
            "notebooks/12_*.ipynb#code",
            *ORDER,
            *LISTED,
        ),
    ],
    "tests/test_live_zoo.py": [part(*FIGURES, *ORDER, "site:index.html")],
}
