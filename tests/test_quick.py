"""`make quick` leaves out nothing that matters: planted changes bring back what depends on them."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys

import pytest

from tools.pages import quick
from tools.pages.quick import ROOT, Memory, Snapshot, Table, files_with_tests

TABLE = Table()
AROUND = {"the Python": "3", "the installed packages": "a", "the browser": "b", "the environment": "c"}
SITE = {
    "site:index.html": '<meta http-equiv="refresh" content="0; url=book/intro.html">',
    "site:book/intro.html": '<img src="../_images/cup.webp"><a href="glossary.html#term">term</a>',
    "site:book/glossary.html": '<dt id="term">term</dt>',
    "site:book/teachers.html": "<p>For teachers.</p>",
    "site:notebooks/01_filters.html": '<img src="../_images/map.webp">',
    "site:notebooks/02_feature_maps.html": "<p>Maps.</p>",
    "site:book/live/kernel_lab.html": "<p>The lab.</p>",
    "site:search.html": '<script src="searchindex.js"></script>',
    "site:searchindex.js": "words",
    "site:_static/book.css": "p {}",
    "site:_images/cup.webp": "cup",
    "site:_images/map.webp": "map",
}


class Planted(Snapshot):
    """The book as it is, with a small site, and with some files changed, added or (None) taken away."""

    book = None

    def __init__(self, changed=None, **around):
        Planted.book = Planted.book or Snapshot(digests={"x": "x"}, around=AROUND).of_book()
        self.changed = {**{name: text.encode() for name, text in SITE.items()}}
        self.changed |= {name: text.encode() for name, text in (changed or {}).items() if text is not None}
        gone = {name for name, text in (changed or {}).items() if text is None}
        digests = Planted.book | {name: quick.sha(data) for name, data in self.changed.items()}
        digests = {name: digest for name, digest in digests.items() if name not in gone}
        super().__init__(digests=digests, around=AROUND | around)

    def bytes(self, name):
        return self.changed[name] if name in self.changed else super().bytes(name)


def parts_of(file: str):
    """(name, what it reads) of parts of a file: one for each page or chapter that there is."""
    pages = [name[5:] for name in SITE if name.endswith(".html")]
    chapters = [name.split("/")[1] for name in files_with_tests(BEFORE.digests) if name.endswith(".ipynb")]
    for part in TABLE.parts(file):
        keys = [None]
        if part["by"]:
            keys = list("1234567") if part["by"].__name__ == "chapter" else pages + chapters
        for key in keys:
            named = {"{file}": file, "{}": str(key), "{stem}": str(key).removesuffix(".html")}
            reads = tuple(quick.filled(each, named) for each in part["reads"])
            yield f"{file}: {part['tests']} [{key}]", reads


BEFORE = Planted()
FILES = files_with_tests(BEFORE.digests)
STOOD = {
    name: (file, reads, BEFORE.fingerprint(reads, file)) for file in FILES for name, reads in parts_of(file)
}


def back(changed=None, **around) -> set[str]:
    """The parts that a change brings back."""
    now = Planted(changed, **around)
    return {name for name, (file, reads, stood) in STOOD.items() if now.fingerprint(reads, file) != stood}


def files_back(changed=None, **around) -> set[str]:
    """The files of which some part comes back."""
    return {STOOD[name][0] for name in back(changed, **around)}


def more(name: str) -> dict[str, str]:
    """A file with a line more."""
    return {name: BEFORE.text(name) + "\n# more\n"}


# ---- The table ------------------------------------------------------------------------------------


def missing(names, table: Table) -> list[str]:
    """Test files that tests/reads.py does not name, and names there that are no test files."""
    files = {name for name in files_with_tests(names) if name.startswith("tests/")}
    return sorted(files ^ (table.reads.keys() - {"notebooks/*.ipynb"}))


def test_every_test_file_has_its_line():
    assert missing(BEFORE.digests, TABLE) == [], "give each a line in tests/reads.py"


def test_a_file_without_a_line_is_found_and_reads_everything():
    names = [*BEFORE.digests, "tests/test_new.py"]
    assert missing(names, TABLE) == ["tests/test_new.py"]
    assert TABLE.part("tests/test_new.py", "test_x", {}) == ("tests/test_new.py", quick.EVERYTHING)
    assert missing([name for name in BEFORE.digests if name != "tests/test_prose.py"], TABLE)


def test_no_line_names_what_is_not_there():
    """A glob that fits no file of the book has lost its meaning: a file was renamed, or the glob mistyped."""
    globs = {each for parts in TABLE.reads.values() for part in parts for each in part["reads"]}
    of_book = {each.split("#")[0] for each in globs if not re.match("~|page:|links:|site:", each)}
    lost = [each for each in of_book if "{" not in each and not BEFORE.matching(each)]
    assert lost == []
    assert {each.split("#")[1] for each in globs if "#" in each} <= quick.PARTS.keys()


def test_book_rules_are_those_of_the_house():
    from tools.rules import BOOK_RULES

    line = TABLE.parts("tests/test_rules_catch.py")[0]["tests"]
    assert all(re.fullmatch(line, f"test_caught[{rule}-plant]") for rule in BOOK_RULES)
    assert not re.fullmatch(line, "test_caught[tags_known-plant]")


def test_quick_runs_the_fast_checks_of_make_check():
    """What `make check` runs beside pytest is what COMMANDS has; the site is built with the same options."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipe = re.search(r"(?m)^check: .*\n((?:\t.*\n)+)", makefile)[1]
    lines = [line.strip().removeprefix("@$(BIN)/") for line in recipe.splitlines() if "pytest" not in line]
    assert lines == [" ".join(command) for command, _ in quick.COMMANDS.values()]
    assert " ".join(quick.BUILD) in makefile


# ---- Planted changes ----------------------------------------------------------------------------------

NOTEBOOKS = {file for file in FILES if file.endswith(".ipynb")}
CHAPTER_1, CHAPTER_6 = (next(name for name in sorted(NOTEBOOKS) if f"/0{n}_" in name) for n in (1, 6))
# The chapters that hold the cell of garments.py.
WITH_GARMENTS = {name for name in NOTEBOOKS if '"shared-garments"' in (ROOT / name).read_text("utf-8")}


def named(names: str) -> set[str]:
    """Test files by short names; `chapters` are the notebooks, `pages` what looks at the built site."""
    found = set()
    for name in names.split():
        if name == "chapters":
            found |= NOTEBOOKS
        elif name == "pages":
            found |= named("html site site_use live_figures")
        else:
            found |= {
                file
                for file in FILES
                if file in (name, f"tests/test_{name}.py", f"tests/exercises/test_{name}.py")
            }
            assert f"test_{name}.py" in " ".join(found) or name in found, name
    return found


LEANED_ON = [
    "tests/conftest.py",
    "tests/remember.py",
    "tools/pages/quick.py",
    "requirements.txt",
    "pytest.ini",
]


@pytest.mark.parametrize("name", LEANED_ON)
def test_what_every_test_leans_on_brings_everything_back(name):
    assert back(more(name)) == STOOD.keys()


@pytest.mark.parametrize("what", AROUND)
def test_another_python_package_browser_or_setting_brings_everything_back(what):
    assert back(**{what: "another"}) == STOOD.keys()


@pytest.mark.parametrize(
    ("name", "must"),
    [
        ("tests/sanitize.cfg", "chapters"),
        ("tools/shared/plots.py", "chapters rules live_figures fetched"),
        ("tools/shared/garments.py", f"{' '.join(sorted(WITH_GARMENTS))} rules fetched"),
        ("tools/shared/start.py", f"{CHAPTER_6} fetched rules"),
        ("tools/shared/home.py", "chapters fetched rules"),
        ("tools/shared/pictures.py", f"{CHAPTER_6} rules"),
        ("tools/shared/check.py", "chapters check rules"),
        ("data/datasets/stamps.zip", "chapters stamps bench live_photo"),
        ("data/datasets/photographs.npz", "chapters answers html"),
        ("tools/prose.py", "prose rules rules_catch results"),
        ("tools/pages/draw_cover.py", "html"),
        ("tests/exercises/mutants.py", "mutants"),
        ("tests/site_checks.py", "pages live_zoo how_this_compares"),
        ("tests/exercises/legal.py", "mutants"),
        ("tests/test_live_runtime.py", "live_zoo live_load live_photo"),
        ("book/_ext/quiz.py", "html"),
        ("book/_static/palette.css", "html"),
        ("book/_static/live/runtime.mjs", "live_runtime live_zoo how_this_compares"),
        ("site:_static/book.css", "pages live_zoo live_photo"),
        ("book/glossary.md", "rules rules_catch"),
        ("benchmarks/results/transfer.json", "bench results live_photo"),
        ("benchmarks/transfer.py", "bench"),
        (".github/workflows/book.yml", "workflows"),
        ("_config.yml", "rules sync site_use fetched"),
        ("_toc.yml", "rules course html"),
        ("README.md", "rules sync workflows"),
    ],
)
def test_a_change_brings_back_what_depends_on_it(name, must):
    found = files_back(more(name) if not name.startswith("data/") else {name: "other"})
    assert named(must) <= found, named(must) - found
    assert len(found) < len(FILES), "and not everything"


@pytest.mark.parametrize(
    ("name", "must"),
    [
        ("data/new.npz", "chapters rules bench answers"),
        ("data/models/mobilenet_2_5_224_tf_no_top.h5", "chapters bench"),
        ("tools/new.py", "rules sync bench"),
        ("tools/shared/new.py", "rules fetched"),
        ("book/new.md", "rules sync"),
        ("book/_static/live/new.mjs", "live_runtime how_this_compares"),
        ("site:_static/new.js", "pages"),
        ("site:book/new.html", "html site_use"),
    ],
)
def test_an_unknown_file_brings_back_whatever_could_read_it(name, must):
    """Also one that goes away, as Keras's own download does from data/."""
    found = files_back({name: None} if name in BEFORE.digests else {name: "new"})
    assert named(must) <= found, named(must) - found


@pytest.mark.parametrize(
    ("file", "test", "by"),
    [
        ("tests/test_figures.py", "test_figures_can_be_read[x]", "page"),
        ("tests/test_figures.py", "test_page_holds_every_drawing[x]", "page"),
        ("tests/test_html.py", "test_quiz_of_a_chapter[x]", "page"),
        ("tests/test_site_use.py", "test_download_gives_the_notebook[x]", "chapter"),
    ],
)
def test_a_chapter_brings_back_the_tests_of_its_own_page(file, test, by):
    """And not those of the other chapters' pages."""
    now = Planted(more(CHAPTER_1))
    for chapter in (CHAPTER_1, CHAPTER_6):
        _, reads = TABLE.part(file, test, {by: chapter.replace(".ipynb", ".html")})
        changed = now.fingerprint(reads, file) != BEFORE.fingerprint(reads, file)
        assert changed == (chapter == CHAPTER_1)


def test_a_module_that_shadows_another_counts_at_once():
    """A new module with the name of one that is imported, in any folder."""
    assert named("prose rules") <= files_back({"tools/pages/prose.py": "x = 1"})


IMPORTS = """def f():
    from alpha import (  # as (one) says
        a,
        beta,
    )

import one, \\
    gamma
import_module("delta")
"""


def test_imports_are_found_wherever_they_stand():
    """Inside functions, in brackets over several lines, by a string, with a sign for a new line."""
    names = {f"tools/{name}.py": "" for name in ("alpha", "beta", "gamma", "delta", "epsilon")}
    now = Planted({**names, "tests/test_new.py": IMPORTS, "tools/delta.py": "if 1: import epsilon"})
    assert now.imported("tests/test_new.py") == {"tests/test_new.py", *names}


# ---- Notebooks ------------------------------------------------------------------------------------------


def edited(name: str, change) -> dict[str, str]:
    """A notebook after a change."""
    notebook = json.loads(BEFORE.text(name))
    change(notebook["cells"])
    return {name: json.dumps(notebook)}


def add(cell, text="\nx = 1"):
    """Write more into a cell, whichever of the two forms its source has."""
    cell["source"] = "".join(cell["source"]) + text


def code(cells, tag=""):
    """The last code cell; with a tag if one is wished for."""
    return [c for c in cells if c["cell_type"] == "code" and tag in " ".join(c["metadata"].get("tags", []))][
        -1
    ]


def prose(cells):
    """The second text of a notebook."""
    return [cell for cell in cells if cell["cell_type"] == "markdown"][1]


PRINTED = {"output_type": "stream", "name": "stdout", "text": ["1"]}
EDITS = {
    "code": lambda cells: add(code(cells)),
    "a tag": lambda cells: code(cells)["metadata"].setdefault("tags", []).append("raises-exception"),
    "an output": lambda cells: code(cells)["outputs"].append(PRINTED),
    "an id": lambda cells: code(cells).update(id="another"),
    "a cell less": lambda cells: cells.remove(code(cells)),
    "a cell in another place": lambda cells: cells.insert(0, cells.pop(cells.index(code(cells)))),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("name", sorted(NOTEBOOKS)[::4])
def test_an_edited_cell_brings_back_its_notebook_and_no_other(name, edit):
    found = files_back(edited(name, EDITS[edit]))
    assert name in found and not found & (NOTEBOOKS - {name})
    # `sync --check` runs by itself.
    assert {"tests/test_rules.py", "tests/test_results.py"} <= found


def test_prose_of_a_chapter_runs_no_cell_again():
    found = back(edited(CHAPTER_1, lambda cells: add(prose(cells), " And more.")))
    files = {STOOD[name][0] for name in found}
    assert {"tests/test_rules.py", "tests/test_sync.py", "tests/test_results.py"} <= files
    assert not files & {
        *NOTEBOOKS,
        "tests/exercises/test_answers.py",
        "tests/test_bench.py",
        "tests/test_live_zoo.py",
    }


def sentence(cells):
    """The last text of a notebook."""
    return [cell for cell in cells if cell["cell_type"] == "markdown"][-1]


@pytest.mark.parametrize("number", [4, 6])  # in chapter 4 the task stands before the needs
def test_a_sentence_brings_back_nothing_that_reads_only_the_form(number):
    """A heading does, and so does what copies are made from: badge, title, needs with the time.

    Where code has no say either, a cell's code brings nothing back, unless it is set-up or shared.
    """
    chapter = sorted(NOTEBOOKS)[number - 1]

    def lean_on(part: str) -> set[str]:
        asked = {f"notebooks/**#{part}", f"notebooks/*.ipynb#{part}"}
        return {name for name, (_, reads, _) in STOOD.items() if asked & {*reads}}

    lean_on_cells = lean_on("cells")
    lean_on_form = lean_on("form") | lean_on_cells
    assert named("matrix workflows") <= {STOOD[name][0] for name in lean_on("form")}
    assert named("sync rules_catch quick") <= {STOOD[name][0] for name in lean_on_cells}
    found = back(edited(chapter, lambda cells: add(sentence(cells), " And more.")))
    assert not found & lean_on_form and named("rules results course") <= {STOOD[name][0] for name in found}
    for name in ("code", "an output"):
        found = back(edited(chapter, EDITS[name]))
        assert lean_on("form") <= found and not found & lean_on_cells
    for tag in ("setup", "shared-check"):
        assert lean_on_form <= back(edited(chapter, lambda cells, tag=tag: add(code(cells, tag))))
    for change in (
        lambda cells: add(sentence(cells), "\n\n### More\n"),
        lambda cells: add(prose(cells), " And more."),
        lambda cells: add(next(cell for cell in cells if "**Time:**" in "".join(cell["source"])), " "),
        lambda cells: add(cells[0], " "),
        lambda cells: sentence(cells)["metadata"].update(tags=["remove-cell"]),
        *(edit for name, edit in EDITS.items() if name not in ("code", "an output")),
    ):
        assert lean_on_form <= back(edited(chapter, change))


def test_the_outline_names_everything():
    """Every file of the book is named there, a text by its headings at least."""
    table = runpy.run_path(str(ROOT / "tests" / "reads.py"))
    globs = [each.split("#")[0] for each in table["OUTLINE"]]
    named_there = {name for glob in globs for name in BEFORE.matching(glob)}
    assert {name for name in BEFORE.digests if not name.startswith("site:")} == named_there


def test_the_cells_that_other_tests_run():
    """The exporter of chapter 5, an exercise's check, a function of chapters 4 and 6."""

    def changed(number, find):
        name = sorted(NOTEBOOKS)[number - 1]
        return files_back(edited(name, lambda cells: add(find(cells))))

    exporter = changed(5, lambda cells: next(c for c in cells if c["id"].startswith("live-05-")))
    assert {"tests/test_live_zoo.py", "tests/test_live_runtime.py", "tests/test_live_photo.py"} <= exporter
    assert "tests/test_live_zoo.py" not in changed(5, lambda cells: code(cells))
    assert "tests/test_live_pooling.py" in changed(4, lambda cells: code(cells))
    assert "tests/test_own_photographs.py" in changed(6, lambda cells: code(cells))
    assert "tests/exercises/test_answers.py" in changed(2, lambda cells: code(cells, "check-2-"))
    exercises = back(edited(CHAPTER_1, lambda cells: add(code(cells, "solution-1-"))))
    of_answers = {name for name in exercises if "test_answers" in name and "tried" not in name}
    assert of_answers == {"tests/exercises/test_answers.py: .* [1]"}


def test_a_damaged_notebook_counts_as_changed():
    for text in ("{ this is no notebook", "[]", '{"cells": [{}]}'):
        found = files_back({CHAPTER_1: text})
        assert {CHAPTER_1, "tests/exercises/test_answers.py", "tests/test_rules.py"} <= found


# ---- Pages -------------------------------------------------------------------------------------------------


def pages_back(changed) -> set[str]:
    """The pages that a browser looks at again."""
    return {name.split("[")[-1][:-1] for name in back(changed) if name.startswith("tests/test_site.py")} - {
        name.split("/")[1] for name in NOTEBOOKS
    }


def test_a_page_is_looked_at_again_by_itself():
    assert pages_back({"site:book/teachers.html": "<p>More.</p>"}) == {"book/teachers.html"}
    assert pages_back({"site:_images/map.webp": "other"}) == {"notebooks/01_filters.html"}
    # The front door leads on, so the page behind it counts for it.
    assert pages_back({"site:_images/cup.webp": "other"}) == {"book/intro.html", "index.html"}
    assert pages_back({"site:searchindex.js": "other"}) == {"search.html"}
    assert pages_back({"site:_static/book.css": "p { }"}) == {
        name[5:] for name in SITE if name.endswith(".html")
    }


def test_a_link_that_leads_nowhere_brings_its_page_back():
    """To the test that follows links; a browser does not look at what is behind them."""
    (intro,) = (
        name
        for name in STOOD
        if name.startswith("tests/test_html.py: test_page") and "[book/intro.html]" in name
    )
    assert intro in back({"site:book/glossary.html": "<dt>term</dt>"})
    assert intro in back({"site:book/glossary.html": None})
    assert intro not in back({"site:book/glossary.html": '<p>Before.</p><dt id="term">term</dt>'})
    assert "book/intro.html" not in pages_back({"site:book/glossary.html": "<dt>term</dt>"})


def written(page: str, text: str, index="window.bookIndex = {};") -> dict[str, str]:
    """What a build writes for a page: the page itself, its source, and the index of the search."""
    source = f"site:_sources/{page.removesuffix('.html')}.ipynb"
    cells = [{"cell_type": "markdown", "source": f"## Maps\n{text}"}]
    return {f"site:{page}": text, source: json.dumps({"cells": cells}), quick.SEARCHED: index}


def index_of(title="One", words="text") -> str:
    """An index of one section."""
    index = {"pages": [["a.html", "A", ""]], "sections": [[0, 1, title, words, "rest", 1, ""]], "terms": []}
    return f"window.bookIndex = {json.dumps(index)};\n"


def test_a_page_is_printed_and_packed_again_by_itself():
    """Its words bring back its own sheets; its headings, links and head the whole PDF; a style every sheet.

    So it is with the EPUB. What a browser does with the search's answers is asked again when a section is called
    otherwise, which answers those are when a word changes.
    """
    page, before = "notebooks/01_filters.html", SITE["site:notebooks/01_filters.html"]
    stood = Planted(written(page, before, index_of()))
    lines = {name: (file, reads) for name, (file, reads, _) in STOOD.items()}
    paper = {name for name in lines if name.startswith(("tests/test_paper.py", "tests/test_epub.py"))}
    sheets = {name for name in paper if ": test_page_" in name}
    own, whole = ({name for name in sheets if name.endswith(f"[{page}]")}, paper - sheets)
    publish = {
        name
        for name in lines
        if name.startswith(("tests/test_publish.py: .*", "tests/test_firefox.py: test_search"))
        or name.startswith("tests/test_search.py: test_(?:search_by")
    }
    words = {name for name in lines if name.startswith("tests/test_search.py: .*")}

    def again(changed: dict[str, str]) -> set[str]:
        now = Planted(written(page, before, index_of()) | changed)
        some = {name: lines[name] for name in paper | publish | words}
        return {
            n
            for n, (file, reads) in some.items()
            if now.fingerprint(reads, file) != stood.fingerprint(reads, file)
        }

    assert (len(own), len(whole), len(publish)) == (2, 2, 3) and again({}) == set()
    assert again(written(page, f"{before}<p>More.</p>", index_of(words="text more"))) == own | words
    for more_of_it in ("<h2>More</h2>", '<a href="../book/teachers.html">more</a>', '<p id="more">More.</p>'):
        assert again({f"site:{page}": before + more_of_it}) == own | whole | publish | words
    assert again({f"site:{page}": f"<title>More</title></head>{before}"}) == own | whole | publish | words
    assert again({quick.SEARCHED: index_of(title="Two")}) == whole | publish | words
    assert again({"site:offline/book.pdf": "another"}) == whole | publish | words  # one more file
    printed = {name for name in paper if name.startswith("tests/test_paper.py")}
    assert printed <= again(edited(CHAPTER_6, lambda cells: add(code(cells, "hide-input"))))
    assert not printed & again(edited(CHAPTER_6, lambda cells: add(code(cells))))
    for name in ("book/_static/paper.css", "tools/pages/make_pdf.py", "tools/pages/articles.py"):
        assert paper <= again(more(name))
    page_search = {"site:search.html": SITE["site:search.html"] + "<p>More.</p>"}
    searching = {name for name in publish if "test_search" in name}
    for change in (page_search, {"site:_static/book.css": "p { }"}, more("book/_ext/section_search.py")):
        assert searching <= back(change)
    assert publish <= back(more("book/_templates/layout.html"))


def test_what_is_opened_and_has_no_say():
    """Marked so in the table: no chapter's page brings back the long tests of the explorer."""
    found = files_back({"site:notebooks/02_feature_maps.html": "<p>More.</p>"})
    assert "tests/test_live_figures.py" in found and "tests/test_live_explorer.py" not in found


# ---- The site ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "every_page"),
    [
        ("book/teachers.md", False),
        ("book/_static/book.css", True),
        ("book/_ext/quiz.py", True),
        ("book/_templates/layout.html", True),
        ("_toc.yml", True),
        ("_config.yml", True),
        ("requirements.txt", True),
        ("book/_static/live/new.mjs", True),
    ],
)
def test_the_site_is_built_again(name, every_page, tmp_path, monkeypatch):
    """A page's text: that page. Anything else, or a site that is not as it was built: every page."""
    monkeypatch.setattr(
        Planted, "of_site", lambda self: {n: d for n, d in self.digests.items() if n[:5] == "site:"}
    )
    memory = Memory(tmp_path)
    assert not quick.site_stands(memory, BEFORE) and quick.site_options(memory, BEFORE) == ["--all"]
    memory.kept["site"] = quick.site_state(BEFORE) | {"made": quick.of(BEFORE.of_site())}
    assert quick.site_stands(memory, BEFORE)
    now = Planted({name: (BEFORE.text(name) if name in BEFORE.digests else "") + "\nMore.\n"})
    assert not quick.site_stands(memory, now)
    assert quick.site_options(memory, now) == (["--all"] if every_page else [])
    touched = Planted({"site:book/teachers.html": "somebody wrote here"})
    assert not quick.site_stands(memory, touched) and quick.site_options(memory, touched) == ["--all"]


def test_a_title_stands_on_every_page():
    for name in ("book/teachers.md", CHAPTER_1):
        text = BEFORE.text(name)
        title = re.search(r"(?m)# [A-Z][^\n\"\\]+", text)[0]
        now = Planted({name: text.replace(title, title + " again", 1)})
        assert quick.site_state(now)["frame"] != quick.site_state(BEFORE)["frame"]


# ---- The memory ------------------------------------------------------------------------------------------------


def full(folder) -> Memory:
    """A memory in which everything has passed."""
    memory = Memory(folder)
    for file in FILES:
        memory.keep_whole(file, BEFORE, TABLE.whole(file), file)
    memory.kept["passed"] = {name: stood for name, (_, _, stood) in STOOD.items()}
    memory.write()
    return Memory(folder)


def test_what_passed_is_left_out_and_the_reason_is_told(tmp_path):
    memory = full(tmp_path)
    assert not any(quick.plan(memory, BEFORE, TABLE).values())
    why = quick.plan(memory, Planted(more("tests/exercises/mutants.py")), TABLE)
    assert why["tests/exercises/test_mutants.py"] == "tests/exercises/mutants.py"
    assert why["tests/test_live_zoo.py"] == ""
    why = quick.plan(memory, Planted({"data/new.npz": "x"}), TABLE)
    assert why[CHAPTER_1] == "data/new.npz (new)"
    assert all(quick.plan(memory, Planted(**{"the Python": "4"}), TABLE).values())


@pytest.mark.parametrize(
    "damage", ["gone", "empty", "cut", "no JSON", "a list", "changed inside", "old", "a number"]
)
def test_a_damaged_memory_lets_everything_run(tmp_path, damage):
    path = full(tmp_path).path
    text = path.read_text("utf-8")
    written = json.loads(text)
    written["kept"]["passed"][next(iter(STOOD))] = "0" * 64
    texts = {
        "empty": "",
        "cut": text[: len(text) // 2],
        "no JSON": "remember!",
        "a list": "[]",
        "changed inside": json.dumps(written),
        "old": text.replace('"format": 1', '"format": 0'),
        "a number": "7",
    }
    path.unlink() if damage == "gone" else path.write_text(texts[damage], "utf-8")
    memory = Memory(tmp_path)
    assert memory.trouble and memory.kept == quick.EMPTY
    assert all(quick.plan(memory, BEFORE, TABLE).values())


# ---- Whole runs, in a small book ----------------------------------------------------------------------------------

SMALL = {
    "data/number.txt": "1",
    "data/other.txt": "1",
    "tools/helper.py": "def double(x):\n    return 2 * x\n",
    "tests/reads.py": 'READS = {"tests/test_small.py": [\n'
    '    {"tests": r"test_each.*", "by": lambda values: values["n"], "reads": ("data/{}.txt",)},\n'
    '    {"tests": ".*", "by": None, "reads": ()}]}\n',
    "tests/test_small.py": "import os\nfrom pathlib import Path\n\nimport pytest\n\nfrom tools.helper import double\n\n"
    "DATA = Path(__file__).parents[1] / 'data'\n\n\n"
    "@pytest.mark.parametrize('n', ['number', 'other'])\ndef test_each(n):\n"
    "    assert (DATA / f'{n}.txt').read_text() in ('1', '2')\n\n\n"
    "def test_double():\n    assert double(2) == 4\n    if os.environ.get('SKIP'):\n        pytest.skip('here')\n",
    "tests/site_checks.py": "def find_browser():\n    return None\n\n\nfind_firefox = find_browser\n",
    "pytest.ini": "[pytest]\n",
    "requirements.txt": "pytest==1\n",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A book of one test file; run(...) runs pytest there: how many tests passed, failed, were left out."""
    root = tmp_path_factory.mktemp("small")
    for name in ("tests/conftest.py", "tests/remember.py", "tools/pages/quick.py", "tools/files.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "BOOK_MEMORY"))}

    def run(*arguments, changes=None, mode="use", **settings):
        for name, text in {**SMALL, **(changes or {})}.items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", *arguments]
        settings["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # to begin sooner
        done = subprocess.run(
            command, cwd=root, env={**kept, "BOOK_MEMORY": mode, **settings}, capture_output=True, text=True
        )
        counts = {
            word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|deselected)", done.stdout)
        }
        run.said = done.stdout + done.stderr
        return counts

    def forget():
        (root / "_build" / "quick.json").unlink(missing_ok=True)

    run.root, run.forget = root, forget
    yield run


def test_a_whole_run_is_remembered_and_left_out(small):
    """Also by workers; a change brings back its part alone, a changed module all of it."""
    small.forget()
    assert small("-p", "xdist.plugin", "-n", "2", "--dist", "loadfile", mode="write") == {"passed": 3}
    assert small() == {"deselected": 3}
    assert small(changes={"data/other.txt": "2"}) == {"passed": 1, "deselected": 2}
    assert "tests/test_small.py: 2 of its 3 parts left out" in small.said
    assert small(changes={"data/other.txt": "2"}) == {"deselected": 3}
    assert small(changes={"tools/helper.py": SMALL["tools/helper.py"] + "\n"}) == {"passed": 3}
    kept = json.loads((small.root / "_build" / "quick.json").read_text("utf-8"))["kept"]
    assert all(seconds >= 0 and tests == 1 for seconds, tests in kept["seconds"].values())


def test_what_failed_was_skipped_or_picked_is_not_remembered(small):
    small.forget()
    assert small("-k", "double") == {"passed": 1, "deselected": 2}  # picked by hand: nothing is kept
    assert small("--maxfail", "9", mode="write") == {"passed": 3}
    assert small(changes={"data/number.txt": "no"}) == {"passed": 2, "failed": 1}
    assert small(changes={"data/number.txt": "no"}) == {"failed": 1, "deselected": 2}
    assert small(changes={"tests/test_small.py": SMALL["tests/test_small.py"] + "\n"}, SKIP="1") == {
        "passed": 2
    }
    assert small(changes={"tests/test_small.py": SMALL["tests/test_small.py"] + "\n"}) == {
        "passed": 1,
        "deselected": 2,
    }


def test_a_file_that_the_table_does_not_name_is_noticed(small):
    small.forget()
    reads = SMALL["tests/reads.py"].replace("data/{}.txt", "data/number.txt")
    assert small(changes={"tests/reads.py": reads}) == {"passed": 3}
    assert "is not remembered as passed: it opened data/other.txt" in small.said
    assert small(changes={"tests/reads.py": reads}) == {"passed": 1, "deselected": 2}


def test_inputs_that_change_during_the_run_and_runs_that_break_off(small):
    small.forget()
    writes = SMALL["tests/test_small.py"] + "    (DATA / 'number.txt').write_text('2')\n"
    assert small(changes={"tests/test_small.py": writes}, mode="write") == {"passed": 3}
    kept = json.loads((small.root / "_build" / "quick.json").read_text("utf-8"))["kept"]["passed"]
    assert not any("number" in name for name in kept) and any("other" in name for name in kept)
    small.forget()
    breaks = SMALL["tests/test_small.py"] + "    raise KeyboardInterrupt\n"
    small(changes={"tests/test_small.py": breaks}, mode="write")
    assert not (small.root / "_build" / "quick.json").exists()
