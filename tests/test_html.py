"""Tests of the built site that need no browser."""

from __future__ import annotations

import base64
import importlib.metadata
import io
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from PIL import Image
from pygments import highlight
from pygments.lexers import PythonLexer

import site_checks as site

sys.path.insert(0, str(site.ROOT / "book" / "_ext"))

import book_site  # noqa: E402
import chapter_shape  # noqa: E402
import code_cells  # noqa: E402
import glossary_links  # noqa: E402
import kept_together  # noqa: E402
import lean_scripts  # noqa: E402
import lean_styles  # noqa: E402
import quiz  # noqa: E402
import wide_tables  # noqa: E402

from tools.pages import cut_fonts, draw_cover  # noqa: E402

STATIC = site.ROOT / "book" / "_static"
PAGES = site.pages() or ["(no page)"]
CHAPTERS = [page for page in PAGES if page.startswith("notebooks/")]


@pytest.fixture(autouse=True)
def built(request):
    """The tests of pages need the built site."""
    if "page" in request.fixturenames and not (site.HTML / "index.html").exists():
        pytest.fail(f"There is no site in {site.HTML}: run make book.", pytrace=False)


def hold(complaints, page):
    """Fail with the complaints about a page, one a line."""
    if complaints:
        pytest.fail("\n".join(f"{page}: {complaint}" for complaint in complaints), pytrace=False)


# ---- Every page ----------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_page(page):
    """Head, headings, pictures, formulas, links, icons, and nothing from elsewhere."""
    path = site.HTML / page
    fonts = (STATIC / "fonts.css").read_text("utf-8")
    hold(
        site.complaints_head(path)
        + site.complaints_headings(path)
        + site.complaints_alt(path)
        + site.complaints_mathematics(path)
        + site.complaints_foreign(path)
        + site.complaints_links(path, site.HTML)
        + site.complaints_icons(path, fonts),
        page,
    )


def test_all_pages_of_the_contents_are_there(page=None):
    """_toc.yml and the site agree, and every description is a page's own."""
    from tools.book import Book

    if not (site.HTML / "index.html").exists():
        pytest.fail(f"There is no site in {site.HTML}: run make book.", pytrace=False)
    wanted = {f"{name}.html" for name in Book(site.ROOT).pages} | {"index.html", "search.html", "404.html"}
    assert set(PAGES) == wanted
    heads = [site.soup(site.HTML / name).find("meta", {"name": "description"}) for name in PAGES]
    texts = [head["content"] for head in heads]
    assert len(set(texts)) == len(texts), "two pages have the same description"


def test_styles_load_nothing_from_elsewhere():
    """Neither do the theme's styles nor the book's."""
    styles = sorted((site.HTML / "_static").rglob("*.css"))
    assert styles, f"There is no site in {site.HTML}: run make book."
    for path in styles:
        hold(site.complaints_foreign(path), path.relative_to(site.HTML))


@pytest.mark.parametrize("page", CHAPTERS)
def test_glossary_links_of_a_chapter(page):
    """Each entry is linked once, from running text, and the chapter's terms are there."""
    links = site.soup(site.HTML / page).select("a.glossary-link")
    targets = [link["href"] for link in links]
    assert len(targets) == len(set(targets)), "an entry is linked twice"
    assert len(targets) >= 10, "hardly a term is linked to the glossary"
    for link in links:
        inside = link.find_parent(["h1", "h2", "h3", "code", "pre", "a", "strong", "figcaption"])
        assert inside is None, f"{link} stands in {inside.name}"
        assert not link.find_parent(class_="math")


@pytest.mark.parametrize("page", CHAPTERS)
def test_shape_of_a_chapter(page):
    """Predictions, findings, facts and the ways to run the chapter have their shape."""
    article = site.soup(site.HTML / page).select_one("article")
    notebook = nbformat.read(site.ROOT / Path(page).with_suffix(".ipynb"), as_version=4)
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for label, name in chapter_shape.LABELS.items():
        wanted = len(re.findall(rf"^\*\*{re.escape(label)}\*\*", source, re.MULTILINE))
        assert len(article.select(f"div.{name} > p > strong.run-in")) == wanted
    assert article.select_one("p.promise")
    assert len(article.select("div.chapter-facts .run-in")) == len(chapter_shape.FACTS)
    assert article.select_one("nav.chapter-links")
    assert not article.select("details details")


def frames(picture) -> list[np.ndarray]:
    """All frames of a picture, as arrays (height, width, 3)."""
    found = []
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        found.append(np.asarray(picture.convert("RGB")))
    return found


@pytest.mark.parametrize("page", CHAPTERS)
def test_pictures_are_those_of_the_notebook(page):
    """Stored smaller, but pixel for pixel what the cells drew, frame by frame."""
    notebook = nbformat.read(site.ROOT / Path(page).with_suffix(".ipynb"), as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    drawn = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    shown = site.soup(site.HTML / page).select("article .cell_output img")
    assert len(shown) == len(drawn)
    for image, data in zip(shown, drawn, strict=True):
        with Image.open((site.HTML / page).parent / image["src"]) as stored:
            with Image.open(io.BytesIO(base64.b64decode(data))) as made:
                assert (int(image["width"]), int(image["height"])) == made.size
                pairs = list(zip(frames(made), frames(stored), strict=True))
                assert all(np.array_equal(one, other) for one, other in pairs), image["alt"]


# ---- What a page costs ------------------------------------------------------------


@pytest.mark.parametrize("page", [page for page in PAGES if page != "index.html"])
def test_one_style_and_scripts_that_wait(page):
    """One style sheet; no script that the page waits for but the few lines that choose light or dark."""
    head = site.soup(site.HTML / page)
    assert [link["href"].split("?")[0].split("/")[-1] for link in head.select('link[rel="stylesheet"]')] == [
        "site.css"
    ]
    scripts = head.find_all("script", src=True)
    assert all(script.has_attr("defer") or script.get("type") == "module" for script in scripts)
    assert len(scripts) <= 2
    inline = [script.string for script in head.find_all("script", src=False)]
    assert len(inline) == 1 and len(inline[0]) < 1200
    assert "document.write" not in (site.HTML / page).read_text("utf-8")


@pytest.mark.parametrize("page", CHAPTERS)
def test_bill_of_a_chapter(page):
    """Bytes, requests and elements of a chapter that is read to its end, reckoned from the files."""
    path = site.HTML / page
    hold(site.complaints_bill(page, *site.bill(path)), page)
    assert len(site.soup(path).find_all(True)) < site.MOST_ELEMENTS


def test_no_style_and_no_script_is_left_over():
    """What pages do not load is not on the site, except what the PDF and the search ask for."""
    static = site.HTML / "_static"
    styles = {path.relative_to(static).as_posix() for path in static.rglob("*.css")}
    assert styles == {lean_styles.TARGET, *lean_styles.KEPT}
    scripts = {path.relative_to(static).as_posix() for path in static.rglob("*.js")}
    assert scripts == {lean_scripts.TARGET, *lean_scripts.ASKED_FOR}


@pytest.mark.parametrize(
    "module, part, files",
    [(lean_styles, "own.css", "html_css_files"), (lean_scripts, "own.js", "html_js_files")],
)
def test_a_build_that_writes_no_page_keeps_the_one_file(tmp_path, module, part, files):
    """Sphinx then copies no parts: what the build before made of them stays; fresh parts are taken up."""
    static = tmp_path / "_static"
    static.mkdir()
    app = SimpleNamespace(
        builder=SimpleNamespace(name="html"), outdir=tmp_path, config=SimpleNamespace(**{files: [(part, {})]})
    )
    made = []
    for text in ("p{color:red}", None, "p{color:blue}"):
        if text:
            (static / part).write_text(text, "utf-8")
        module.finish(app, None)
        made.append((static / module.TARGET).read_text("utf-8").strip())
        assert not (static / part).exists()
    assert made == ["p{color:red}", "p{color:red}", "p{color:blue}"]


def test_style_finds_what_it_names():
    """Addresses in the one style lead to files, though its parts lay in other folders."""
    named = re.findall(r"url\([\"']?(?!data:)([^)\"']+)", site.SITE_STYLE.read_text("utf-8"))
    assert len(named) > 10 and all((site.SITE_STYLE.parent / name).exists() for name in named)


def test_fonts_have_the_letters_of_the_book():
    """Each character of the site that a whole font has is in the cut font, too."""
    plain, formulas = cut_fonts.texts(site.HTML)
    assert len(plain) > 80 and len(formulas) > 40
    for source, target in cut_fonts.FONTS.items():
        wanted = cut_fonts.wanted(source, plain, formulas) & cut_fonts.letters(source)
        lost = "".join(sorted(wanted - cut_fonts.letters(target)))
        assert not lost, (
            f"{target.name} lacks {lost!r}; run `make book` and `python -m tools.pages.cut_fonts`."
        )


def test_a_letter_that_is_missing_is_noticed(tmp_path):
    """A word with a letter that the cut font lacks; the whole font has it."""
    (tmp_path / "page.html").write_text("<p>\u00d8re</p>", "utf-8")
    plain, formulas = cut_fonts.texts(tmp_path)
    source = next(path for path in cut_fonts.FONTS if "sans-3-latin-wght" in path.name)
    wanted = cut_fonts.wanted(source, plain, formulas) & cut_fonts.letters(source)
    assert wanted - cut_fonts.letters(cut_fonts.FONTS[source]) == {"\u00d8"}


# ---- Code --------------------------------------------------------------------------


def coloured(code: str, lexer=None) -> str:
    """A piece of Python as the site writes it."""
    formatter = code_cells.FewElements()
    formatter.styles = ("a11y-high-contrast-light", "a11y-high-contrast-dark")
    return highlight(code, lexer or PythonLexer(), formatter)


def test_code_has_an_element_where_its_colour_changes():
    """Names, brackets and operators have none; what follows in the same colour shares one."""
    assert coloured("x = f(1, -2)\n") == (
        '<div class="highlight"><pre>x = f(<span class="kt">1</span>, -<span class="kt">2</span>)\n</pre></div>\n'
    )
    assert coloured("not in  # a < b\n").count("<span") == 2
    assert BeautifulSoup(coloured("a < b # <i>\n"), "html.parser").get_text() == "a < b # <i>\n\n"


def test_long_lines_have_an_element_that_knows_their_indentation():
    """Within brackets deep indentation stands by itself, so that a phone can leave it out."""
    short, long = "x = [1,", " " * 20 + "1" * 30 + "]"
    found = BeautifulSoup(coloured(f"if x:\n    {short}\n{long}\n"), "html.parser")
    (line,) = found.select(".cl")
    assert line["class"] == ["cl", "in12"] and line.get_text() == long + "\n"
    assert line.select_one(".deep").get_text() == " " * 8


def test_indentation_that_python_reads_stays():
    """A block far to the right keeps its place, and what goes on from there stands right of it."""
    block = " " * 16 + "y = f(" + "1" * 40 + ","
    rest = " " * 40 + "2" * 20 + ")"
    found = BeautifulSoup(coloured(f"{block}\n{rest}\n{' ' * 16}z = 1\n"), "html.parser")
    first, second = found.select(".cl")
    assert first["class"] == ["cl", "in16"] and not first.select(".deep")
    assert second["class"] == ["cl", "in20"] and second.select_one(".deep").get_text() == " " * 20


@pytest.mark.parametrize("page", CHAPTERS)
def test_code_of_a_chapter_is_the_notebooks(page):
    """Every character of every cell that the page shows, in order."""
    notebook = nbformat.read(site.ROOT / Path(page).with_suffix(".ipynb"), as_version=4)
    hidden = {"remove-cell", "remove-input"}
    wanted = [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and not hidden & set(cell.metadata.get("tags", []))
    ]
    shown = [
        pre.get_text().rstrip("\n") for pre in site.soup(site.HTML / page).select("article .cell_input pre")
    ]
    assert shown == wanted


@pytest.mark.parametrize("page", CHAPTERS)
def test_set_up_of_a_chapter_is_one_fold(page):
    """Its cells stand in one labelled fold before the first section, and no other fold does."""
    notebook = nbformat.read(site.ROOT / Path(page).with_suffix(".ipynb"), as_version=4)
    tags = [set(cell.metadata.get("tags", [])) for cell in notebook.cells]
    wanted = sum(
        "remove-cell" not in each and any(t == "setup" or t.startswith("shared-") for t in each)
        for each in tags
    )
    article = site.soup(site.HTML / page).select_one("article")
    (fold,) = article.select(".set-up > details")
    assert fold.summary.get_text().strip() == code_cells.SET_UP
    assert {"setup", "shared-plots"} <= set().union(*tags)
    assert {"shared-home", "shared-start"} & set().union(*tags)
    assert len(fold.select(".cell_input")) == wanted
    assert [d for d in fold.find_all_previous("details") if article in d.parents] == []
    assert fold.find_next("h2") and not fold.find_previous("h2")


@pytest.mark.parametrize("page", CHAPTERS)
def test_code_of_a_chapter_has_no_two_empty_folds_in_a_row(page):
    """Folded cells that show nothing and follow one another are one fold, which counts them."""
    article = site.soup(site.HTML / page).select_one("article")
    for cell in article.select(".tag_hide-input"):
        alone = not cell.select(".cell_output") and not cell.find_parent("details")
        beside = cell.find_next_sibling()
        assert not (alone and beside and "tag_hide-input" in beside.get("class", [])
                    and not beside.select(".cell_output")), cell.get_text()[:60]  # fmt: skip
    for fold in article.select(".code-row > details"):
        count = len(fold.select(":scope > .cell"))
        assert count > 1 and code_cells.SHOW_ROW.format(count) in fold.summary.get_text()
        assert len(fold.select(".cell_input pre")) == count and not fold.select(".cell_output")


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_fold_that_shows_nothing_says_what_it_holds(page):
    """The first function that its code defines stands beside the words that open it."""
    for fold in site.soup(site.HTML / page).select("article .cell details"):
        cell = fold.find_parent(class_="cell")
        if cell.select(".cell_output") or not ({"tag_hide-input", "code-row"} & {*cell.get("class", [])}):
            continue
        code = "\n".join(each.get_text() for each in fold.select(".cell_input pre"))
        for name in re.findall(r"(?m)^def (\w+)", code)[:1]:
            assert re.search(rf"Show the code.*: .*\b{name}\b", fold.summary.get_text()), name


def test_long_rows_of_folds_are_one():
    """The reader's own photographs need a loader of many cells: the longest row in the notebook is one fold."""
    longest = row = 0
    for cell in nbformat.read(next((site.ROOT / "notebooks").glob("06_*.ipynb")), as_version=4).cells:
        folded = (
            cell.cell_type == "code" and "hide-input" in cell.metadata.get("tags", []) and not cell.outputs
        )
        row = row + 1 if folded and not any(t.startswith("shared-") for t in cell.metadata.tags) else 0
        longest = max(longest, row)
    page = site.soup(site.HTML / "notebooks" / "06_transfer_learning.html")
    assert longest > 4
    assert max(len(fold.select(":scope > .cell")) for fold in page.select(".code-row > details")) == longest


def test_outputs_of_sentences_are_told_from_tables():
    """Sentences may be wrapped; columns and arrays may not."""
    assert code_cells.is_prose("the solution passes: three inputs, one of them empty")
    for text in ("a    1\nbb  22", "[[1 2]\n [3 4]]", "(3, 3)"):
        assert not code_cells.is_prose(text)


def test_tables_of_sentences_name_their_cells():
    """For phones; a table of numbers, or one of three columns, stays as it is."""
    plan = site.soup(site.HTML / "book" / "teachers.html").select_one("table.stacks")
    heads = [head.get_text(strip=True) for head in plan.select("thead th")]
    assert len(heads) == 4
    for row in plan.select("tbody tr"):
        assert [name.get_text() for name in row.select(".cell-name")] == heads[1:]
    assert not site.soup(site.HTML / "notebooks" / "05_dense_classifier.html").select(".stacks")


@pytest.mark.parametrize("page", CHAPTERS)
def test_chapters_are_numbered(page):
    """Title, contents, window and the ways here say which chapter it is, as its file does."""
    number = str(int(page.removeprefix("notebooks/")[:2]))
    soup = site.soup(site.HTML / page)
    assert soup.select_one("article h1 .chapter-number").get_text() == number
    assert soup.title.get_text().strip().startswith(f"{number} ")
    links = [link.get_text(" ", strip=True) for link in soup.select("nav.bd-links .chapter-number")]
    assert links == [str(int(Path(entry["file"]).name[:2])) for entry in chapters()]
    intro = site.soup(site.HTML / "book" / "intro.html")
    card = intro.select_one(f'.sd-card a[href$="{page}"]')
    assert card.get_text().startswith(f"{number} ")


def chapters() -> list[dict]:
    """The chapters in _toc.yml."""
    parts = yaml.safe_load((site.ROOT / "_toc.yml").read_text("utf-8"))["parts"]
    return [entry for part in parts for entry in part["chapters"] if entry["file"].startswith("notebooks/")]


# ---- What is vendored -------------------------------------------------------------


def test_vendored_files_carry_their_licences():
    """Fonts and KaTeX with the licences beside them, in the sources and on the site."""
    for name in ("fonts/LICENSE-text.txt", "fonts/LICENSE-icons.txt", "fonts/README.md", "katex/LICENSE"):
        assert (STATIC / name).stat().st_size > 200, name
        assert (site.HTML / "_static" / name).exists(), f"{name} is not on the site"
    assert (site.ROOT / "tools" / "pages" / "fonts" / "LICENSE.txt").exists()


def test_fonts_are_the_ones_that_the_styles_name():
    """No font too many, none too few, and the text's fonts under 100 kB."""
    for style, folder in (
        ("fonts.css", STATIC / "fonts"),
        ("katex/katex.min.css", STATIC / "katex" / "fonts"),
    ):
        named = set(re.findall(r"fonts/([\w-]+\.woff2)", (STATIC / style).read_text("utf-8")))
        assert named == {path.name for path in folder.glob("*.woff2")}
    assert sum(path.stat().st_size for path in (STATIC / "fonts").glob("*.woff2")) < 100_000


def test_katex_style_fits_the_katex_that_sets_the_formulas():
    """The vendored style has the version of the renderer."""
    from sphinxcontrib import katex

    style = (STATIC / "katex" / "katex.min.css").read_text("utf-8")
    assert f'content:"{katex.katex_version}"' in style, (
        f"book/_static/katex is not KaTeX {katex.katex_version}: take dist/katex.min.css and "
        f"dist/fonts/*.woff2 from the npm package katex@{katex.katex_version}."
    )


def test_theme_is_the_one_that_the_templates_were_written_for():
    """book/_templates takes the place of parts of exactly these versions."""
    assert importlib.metadata.version("pydata-sphinx-theme") == "0.15.4"
    assert importlib.metadata.version("sphinx-book-theme") == "1.1.4"


def test_node_comes_with_the_environment():
    """KaTeX needs no node of the machine."""
    node = Path(book_site.find_node())
    assert node.is_absolute() and node.exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows uses the extension's own way to start KaTeX")
def test_katex_starts_before_anybody_listens(tmp_path, monkeypatch):
    """The socket's name is there first; the book waits until somebody answers."""
    from sphinxcontrib import katex

    slow = "import socket, sys, time; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); time.sleep(0.3)"
    slow += "; s.listen(); s.accept(); time.sleep(1)"
    command = classmethod(lambda cls, socket: [sys.executable, "-c", slow, socket])
    monkeypatch.setattr(katex.KaTeXServer, "build_command", command)
    process, line = book_site.start_katex(katex.KaTeXServer, tmp_path, 10)
    line.close()
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        pipe.close()


# ---- The palette and the cover -------------------------------------------------------


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, as the accessibility guidelines define it."""
    parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_can_be_read(theme):
    """Every ink on every ground reaches 4.5 to 1, borders of controls 3 to 1."""
    style = (STATIC / "palette.css").read_text("utf-8")
    block = re.search(rf'html\[data-theme="{theme}"\] \{{(.*?)\}}', style, re.DOTALL)[1]
    colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    grounds = ["paper", "wash", "violet-wash", "orange-wash", "mark"]
    for inks, least in ((["ink", "ink-soft", "violet", "orange"], 4.5), (["rule-strong"], 3)):
        for ink in inks:
            for ground in grounds if least > 4 else grounds[:2]:
                if ground == "mark" and ink != "ink":
                    continue
                low, high = sorted((luminance(colour[ink]), luminance(colour[ground])))
                assert (high + 0.05) / (low + 0.05) >= least, f"{ink} on {ground}, {theme}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cover_is_what_the_tool_draws(theme):
    """The stored cover shows today's drawing; the file holds 256 colours only."""
    stored = np.asarray(Image.open(STATIC / f"cover-{theme}.png").convert("RGB")).astype(int)
    drawn = draw_cover.pixels(theme).astype(int)
    remedy = "run python -m tools.pages.draw_cover"
    assert stored.shape == drawn.shape, remedy
    assert np.abs(stored - drawn).mean() < 3, remedy


def test_cover_has_the_colours_of_the_palette():
    """The cover's ground and inks are written in two places, and agree."""
    style = (STATIC / "palette.css").read_text("utf-8")
    for theme, colours in draw_cover.COLOURS.items():
        block = re.search(rf'html\[data-theme="{theme}"\] \{{(.*?)\}}', style, re.DOTALL)[1]
        assert set(colours) <= set(re.findall(r"#[0-9a-f]{6}", block))


# ---- The extensions -------------------------------------------------------------------


def paragraph(*parts):
    """A document with one paragraph of texts and nodes."""
    tree = new_document("test")
    tree += nodes.paragraph("", "", *[nodes.Text(p) if isinstance(p, str) else p for p in parts])
    return tree


TERMS = {
    "map": "t-map",
    "feature map": "t-feature-map",
    "bias": "t-bias",
    "batch normalisation": "t-bn",
    "bn": "t-bn",
}


def link(tree):
    """The words that get a link, with the entries that they lead to."""
    glossary_links.link_terms(tree, TERMS, lambda target: f"#{target}")
    return [(node.astext(), node["refuri"]) for node in tree.findall(nodes.reference) if node.get("refuri")]


def test_glossary_takes_the_longest_term_and_each_entry_once():
    """A feature map is no map, and its second use is no first use."""
    tree = paragraph("Two feature maps and a map. A Feature map again, and a map.")
    assert link(tree) == [("feature maps", "#t-feature-map"), ("map", "#t-map")]
    assert tree.astext() == "Two feature maps and a map. A Feature map again, and a map."


def test_glossary_knows_plurals_abbreviations_and_borders_of_words():
    """Biases is a plural, BN an abbreviation; unmapped and bias-free are other words."""
    assert link(paragraph("Both biases. unmapped bias-free.")) == [("biases", "#t-bias")]
    assert link(paragraph("BN, that is batch normalisation.")) == [("BN", "#t-bn")]


def test_glossary_tells_a_map_from_map():
    """A term that differs from another in its capitals alone is linked where it has them."""
    tree = new_document("test")
    for words in ("map", "mAP", "ReLU"):
        item = nodes.definition_list_item("", nodes.term("", words, ids=[f"t-{words}"]))
        tree += nodes.definition_list("", item)
    terms = glossary_links.entries(tree)
    assert terms == {"map": "t-map", "mAP": "t-mAP", "relu": "t-ReLU"}
    for words, target in (("A Map, and mAP.", "t-map"), ("The mAP.", "t-mAP")):
        found = paragraph(words)
        glossary_links.link_terms(found, terms, lambda target: target)
        assert next(found.findall(nodes.reference))["refuri"] == target


def test_glossary_leaves_other_meanings_alone():
    """A word that is no term in a phrase is linked at its next use."""
    terms = {"head": "t-head", "scale": "t-scale"}
    tree = paragraph("Heads\nminus tails, on one colour scale. Then a head.")
    assert glossary_links.link_terms(tree, terms, str) == ["t-head"]
    assert next(tree.findall(nodes.reference)).astext() == "head"


def test_glossary_links_words_of_every_day_where_they_are_introduced():
    """A window of pixels is no window of sound; in the chapter that has it in italics it is."""
    terms = {"window": "t-window", "kernel": "t-kernel"}
    words = "A kernel, and two windows."
    assert glossary_links.link_terms(paragraph(words), terms, str) == ["t-kernel"]
    tree = paragraph(words)
    tree.insert(0, nodes.emphasis("", "Window"))
    assert set(glossary_links.link_terms(tree, terms, str)) == {"t-kernel", "t-window"}
    assert glossary_links.EVERYDAY <= set(glossary_terms())


def glossary_terms():
    """The words at which an entry of the glossary begins, in lower case."""
    page = site.soup(site.HTML / "book" / "glossary.html")
    return {re.sub(r"#$", "", term.get_text()).strip().lower() for term in page.select("dt")}


def test_every_phrase_of_the_glossary_is_in_a_chapter():
    """A phrase that no chapter has any more can go."""
    notebooks = [nbformat.read(path, 4) for path in (site.ROOT / "notebooks").glob("*.ipynb")]
    words = [
        re.sub(r"[*_`]|\$[^$]*\$", "", cell.source)
        for book in notebooks
        for cell in book.cells
        if cell.cell_type != "code"
    ]
    for phrase in glossary_links.OTHERWISE.split(";"):
        fits = glossary_links.phrases(phrase)
        assert any(fits.search(text) for text in words), phrase


@pytest.mark.parametrize(
    "words, kept",
    [
        ("by 51.1 % and", "by 51.1~% and"),
        ("\u2212100 \u00b7 1 +\n10 = \u221290.", "\u2212100~\u00b7~1~+~10~=~\u221290."),
        ("100 + 200 + 300 + 400 + 500 = 1,500", "100 +~200 +~300 +~400 +~500 =~1,500"),
        ("the point (0.6, \u22120.8) of chapter 7", "the point (0.6,~\u22120.8) of chapter~7"),
        ("either / or, a well-known 3 or 4", "either / or, a well-known 3 or 4"),
    ],
)
def test_numbers_stay_with_their_signs_and_units(words, kept):
    """A short sum is on one line; a long one ends a line before a sign."""
    assert kept_together.together(words).replace(kept_together.SPACE, "~") == kept


def test_code_keeps_its_spaces_and_a_table_its_breaks():
    """In a table a sum may be broken, before a sign."""
    code, row = nodes.literal("", "3 % 2"), nodes.entry("", nodes.paragraph("", "2 + 3 = 5"))
    tree = paragraph("Then 3 % of ", code)
    tree += row
    kept_together.shape(SimpleNamespace(builder=SimpleNamespace(format="html")), tree, "notebooks/some")
    assert kept_together.together("8 \u00b7 10\u207b\u2078", 0) == "8\u00a0\u00b7\u00a010\u207b\u2078"
    assert tree[0].astext() == "Then 3\u00a0% of 3 % 2" and row.astext() == "2 +\u00a03 =\u00a05"


def test_a_long_name_makes_no_table_of_sentences():
    """What stands first in a row is its name, and may be long."""

    def table(*cells):
        row = nodes.row("", *[nodes.entry("", nodes.paragraph("", cell)) for cell in cells])
        head = nodes.thead("", nodes.row("", *[nodes.entry("", nodes.paragraph("", "name")) for _ in cells]))
        return nodes.table("", nodes.tgroup("", head, nodes.tbody("", row)))

    long = "a sentence " * 5
    assert wide_tables.stacks(table("a", "b", "c", long))
    assert not wide_tables.stacks(table(long, "b", "c", "d")) and not wide_tables.stacks(
        table("a", "b", long)
    )


def test_glossary_leaves_code_links_and_labels_alone():
    """Only running text is linked; emphasis belongs to it."""
    closed = (
        nodes.literal("", "bias"),
        nodes.strong("", "bias"),
        nodes.math("", "bias"),
        nodes.reference("", "bias", refid="x"),
    )
    assert link(paragraph(*closed)) == []
    assert link(paragraph(nodes.emphasis("", "bias"))) == [("bias", "#t-bias")]
    tree = new_document("test")
    tree += nodes.section("", nodes.title("", "What does the bias do?"))
    assert link(tree) == []


def test_prediction_takes_its_answer_into_its_box():
    """From the question to the end of its answer, and no further."""
    tree = new_document("test")
    question = nodes.paragraph("", "", nodes.strong("", "Predict."), nodes.Text(" Which?"))
    answer = [
        nodes.raw("", "<details>\n<summary>Show the answer</summary>", format="html"),
        nodes.paragraph("", "This one."),
        nodes.raw("", "</details>", format="html"),
    ]
    tree += [question, *answer, nodes.paragraph("", "After.")]
    chapter_shape.shape_questions(tree)
    marks = [node.astext()[:6] for node in tree.children]
    assert marks == ["<div c", "Predic", "<detai", "This o", "</deta", "</div>", "After."]


def asked(*options, last="</details>"):
    """A document with one question, in the form of a notebook."""
    tree = new_document("test")
    listed = [
        nodes.bullet_list("", *[nodes.list_item("", nodes.paragraph("", text)) for text in texts])
        for texts in (options, [f"{text[:2]} No." for text in options])
    ]
    fold, end = (nodes.raw("", text, format="html") for text in ("<details><summary>x</summary>", last))
    question = nodes.paragraph("", "", nodes.strong("", "Question."), nodes.Text(" Which?"))
    tree += [nodes.paragraph("", "Before."), question, listed[0], fold, listed[1], end]
    tree += nodes.paragraph("", "After.")
    return tree


def test_question_becomes_a_fieldset():
    """Its words are the legend, each option a radio button; the folded answers stay."""
    tree = asked("A. This.", "B. That.")
    assert quiz.shape_quiz(tree) == 1
    marks = [node.astext()[:9] for node in tree.children]
    assert marks == [
        *("Before.", "<fieldset", "Question.", "</legend>", "<label><i", "A. This.", "</label>"),
        *(
            "<label><i",
            "B. That.",
            "</label>",
            "<details>",
            "A. No.\n\nB",
            "</details",
            "</fieldse",
            "After.",
        ),
    ]
    html = "".join(node.astext() for node in tree.children)
    assert 'name="question-1" value="0"' in html and 'name="question-1" value="1"' in html


def test_option_carries_no_link():
    """A link inside a label would lead away from the choice."""
    tree = asked("A. This.", "B. That.")
    item = next(tree.findall(nodes.list_item))
    link = nodes.reference("", "", nodes.inline("", "A. This."), refuri="x", classes=["glossary-link"])
    item[0][:] = [link]
    quiz.shape_quiz(tree)
    assert not list(tree.findall(nodes.reference)) and "A. This." in tree.astext()


def test_other_forms_stay_as_they_are():
    """What has no folded answers is no question of a quiz."""
    tree = asked("A. This.", last="<p>")
    before = tree.astext()
    assert quiz.shape_quiz(tree) == 0 and tree.astext() == before


@pytest.mark.parametrize("page", CHAPTERS)
def test_quiz_of_a_chapter(page):
    """Every question of the notebook is there, with a radio button and an answer for each option."""
    notebook = nbformat.read(site.ROOT / Path(page).with_suffix(".ipynb"), as_version=4)
    source = [cell.source for cell in notebook.cells if cell.source.startswith("**Question.**")]
    found = site.soup(site.HTML / page).select("article fieldset.quiz")
    assert len(found) == len(source)
    for question in found:
        buttons = question.select("label > input[type=radio]")
        assert 3 <= len(buttons) == len(question.select("details li"))
        assert len({button["name"] for button in buttons}) == 1
    assert len({button["name"] for q in found for button in q.select("input")}) == len(found)


@pytest.mark.parametrize("page", CHAPTERS)
def test_checks_are_left_out_of_the_page(page):
    """A check is of use where code runs; the page shows tasks, starters and folded solutions."""
    text = (site.HTML / page).read_text("utf-8")
    assert "not attempted yet" not in text and "slips=" not in site.soup(site.HTML / page).article.get_text()


def test_styles_lose_only_rules_that_nothing_can_use():
    """A rule stays if all its classes are known; rules without a class always stay."""
    style = (
        '@charset "x";/* a } */p{a:b}.used,.lost{a:b}.lost .used{a:b}.used:not(.lost){a:b}'
        '@media print{.lost{a:b}}@media print{.used{c:"}"}}@font-face{a:b}[href=".lost"]{a:b}'
    )
    assert lean_styles.lean(style, {"used"}) == (
        '@charset "x";p{a:b}.used{a:b}.used:not(.lost){a:b}'
        '@media print{.used{c:"}"}}@font-face{a:b}[href=".lost"]{a:b}'
    )


def test_classes_that_scripts_set_are_known(tmp_path):
    """Pages and scripts both count when styles are made lean."""
    (tmp_path / "a.html").write_text('<p class="one two">three</p><script>x("four")</script>', "utf-8")
    (tmp_path / "a.js").write_text('e.classList.add("five")', "utf-8")
    known = lean_styles.words(tmp_path)
    assert {"one", "two", "four", "five"} <= known and "three" not in known


def test_transparent_pictures_stay_as_they_are(tmp_path):
    """WebP takes the place of opaque pictures only, and only if it is smaller."""
    clear, flat = tmp_path / "clear.png", tmp_path / "flat.png"
    Image.new("RGBA", (9, 7), (0, 0, 0, 0)).save(clear)
    noise = np.random.default_rng(0).integers(0, 255, (40, 50), dtype=np.uint8)
    Image.fromarray(noise // 64 * 64).convert("RGB").save(flat)
    assert book_site.store_as_webp(clear) == (clear, (9, 7))
    assert book_site.store_as_webp(flat) == (flat.with_suffix(".webp"), (50, 40))


def test_pages_that_a_build_leaves_alone_stay_as_they_are(tmp_path):
    """Sphinx writes changed pages only; a picture has its size once, however often the site is built."""
    noise = np.random.default_rng(0).integers(0, 256, (9, 7, 4), dtype="uint8")
    (tmp_path / "_images").mkdir()
    picture = tmp_path / "_images" / "a.png"
    Image.fromarray(noise).save(picture)  # half transparent: it stays a PNG
    page = tmp_path / "page.html"
    page.write_text('<p><img alt="A." src="_images/a.png" /></p>')
    book_site.lighten(tmp_path)
    once = page.read_text()
    assert once == '<p><img loading="lazy" width="7" height="9" alt="A." src="_images/a.png" /></p>'
    book_site.lighten(tmp_path)
    assert page.read_text() == once


# ---- The checks can fail ------------------------------------------------------------------

GOOD = (
    '<html lang="en"><head><title>A page</title><meta name="description" content="'
    + "A sentence that says what stands on this page of the book."
    + '"></head><body><h1>A page</h1>{}</body></html>'
)


def planted(tmp_path, body="", head=None):
    """A page with something planted in it."""
    path = tmp_path / "page.html"
    path.write_text((head or GOOD).format(body), "utf-8")
    site.soup.cache_clear()
    return path


FAULTS = {
    "no alt": (site.complaints_alt, '<img src="x.png">'),
    "file name as alt": (site.complaints_alt, '<img src="x.png" alt="../_images/6b86b273ff34.png">'),
    "foreign script": (site.complaints_foreign, '<script src="https://cdn.example.org/x.js"></script>'),
    "foreign style": (site.complaints_foreign, '<link rel="stylesheet" href="//cdn.example.org/x.css">'),
    "foreign picture": (site.complaints_foreign, '<img alt="x" srcset="https://example.org/x.png 2x">'),
    "foreign background": (site.complaints_foreign, '<p style="background: url(https://example.org/x.png)">'),
    "foreign frame": (site.complaints_foreign, '<iframe src="https://example.org/"></iframe>'),
    "formula not understood": (site.complaints_mathematics, '<span class="katex-error">x</span>'),
    "formula not set": (site.complaints_mathematics, '<span class="math">\\(x\\)</span>'),
    "second H1": (site.complaints_headings, "<h1>Again</h1>"),
    "level left out": (site.complaints_headings, "<h3>Deep</h3>"),
    "dead link": (lambda path: site.complaints_links(path, path.parent), '<a href="none.html">x</a>'),
    "dead anchor": (lambda path: site.complaints_links(path, path.parent), '<a href="#none">x</a>'),
    "unknown icon": (
        lambda path: site.complaints_icons(path, ".fa-sun{}"),
        '<i class="fa-solid fa-ghost"></i>',
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_seen(tmp_path, fault):
    """Each check is silent about a good page and speaks up about a bad one."""
    check, body = FAULTS[fault]
    assert check(planted(tmp_path)) == []
    assert check(planted(tmp_path, body))


@pytest.mark.parametrize(
    "missing", ['lang="en"', "<title>A page</title>", "A sentence that says what stands"]
)
def test_planted_fault_in_the_head_is_seen(tmp_path, missing):
    """Language, title and description."""
    assert site.complaints_head(planted(tmp_path)) == []
    assert site.complaints_head(planted(tmp_path, head=GOOD.replace(missing, "")))


def test_planted_fault_in_a_style_is_seen(tmp_path):
    """A style may not load from elsewhere."""
    path = tmp_path / "x.css"
    path.write_text(
        '@import "https://example.org/x.css"; p { background: url(//example.org/x.png) }', "utf-8"
    )
    assert len(site.complaints_foreign(path)) == 2
