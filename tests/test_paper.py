"""Tests of the PDF, the EPUB, the archive of the site, and the line that links them.

Files that were made from this very site, as before publishing, are the ones that are
tested; otherwise they are made here, once, and the site stays as it is.
"""

from __future__ import annotations

import copy
import io
import os
import re
import shutil
import zipfile
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import site_checks as site
from site_fixtures import *  # noqa: F403
from site_fixtures import CHAPTERS
from tools.book import Book
from tools.pages import articles, make_archive, make_epub, make_pdf
from tools.pages.articles import take_away

PLACES = make_pdf.places
pypdf = pytest.importorskip("pypdf", reason="pypdf is missing; run make setup")

XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
SVG = "{http://www.w3.org/2000/svg}"


def bare(text: str) -> str:
    """A text without what a line break in print may add or take away."""
    return re.sub(r"[\s\u00ad\u200b]+", "", text)


def need(there, sentence: str) -> None:
    """Skip where a program is missing, unless the machine promised to have it."""
    if not there:
        (pytest.fail if os.environ.get("BROWSER_TESTS") == "required" else pytest.skip)(sentence)


def folder_of(kind: str, maker, tmp_path_factory) -> Path:
    """The file that will be published, if it was made from this site; else one made now."""
    if not (site.HTML / "index.html").exists():
        pytest.fail(f"There is no site in {site.HTML}: run make book.", pytrace=False)
    if kind in take_away.fresh(site.HTML):
        return site.HTML / take_away.FOLDER / take_away.NAMES[kind]
    path = tmp_path_factory.mktemp("paper") / take_away.NAMES[kind]
    maker(site.HTML, path)
    return path


# ---- What both have to hold ---------------------------------------------------------


class Wanted:
    """What the site's pages say, which both files have to keep."""

    def __init__(self, name: str):
        self.name = name
        self.page = copy.copy(site.soup(site.HTML / f"{name}.html").select_one("article"))
        left_out = "a.headerlink, .chapter-number, .cell-name, .take-away, .only-dark, .motion, .progress-box"
        for gone in self.page.select(left_out):
            gone.decompose()
        for section in self.page.select("section"):  # what a browser remembers is not for paper
            if not section.decomposed and section.get("id") == "your-progress":
                section.decompose()
        for formula in self.page.select(".katex"):  # its words once, not as MathML, TeX and drawing
            for again in formula.select("annotation, .katex-html"):
                again.decompose()

    @cached_property
    def headings(self) -> list[str]:
        return [" ".join(heading.get_text().split()) for heading in self.page.find_all(["h1", "h2", "h3"])]

    @cached_property
    def alts(self) -> list[str]:
        """Of all pictures; the still of a live figure belongs to the figure's own page."""
        own = self.name.startswith("book/live/")
        return [
            image.get("alt") or image["aria-label"]
            for image in self.page.select("img, svg.figure")
            if own or not image.find_parent(class_="live")
        ]

    @cached_property
    def last(self):
        """The last paragraph of a page's running text."""
        texts = [p for p in self.page.select("p, li") if not p.find_parent("details")]
        return [text for text in texts if text.get_text().strip()][-1]

    @cached_property
    def last_words(self) -> str:
        """The last sentence, from its last formula on: print puts formulas elsewhere in the order."""
        pieces = [" \0 " if text.find_parent(class_="katex") else text for text in self.last.strings]
        return "".join(pieces).split("\0")[-1].split(". ")[-1]


@pytest.fixture(scope="module")
def wanted() -> dict[str, Wanted]:
    return {name: Wanted(name) for name in Book().pages}


# ---- The PDF ----------------------------------------------------------------------------


class Printed:
    """A PDF: its pages' words, read when they are asked for, and where things stand."""

    def __init__(self, path: Path):
        self.path, self.reader = path, pypdf.PdfReader(path)
        self.places = make_pdf.places(path)
        self.words: dict[int, str] = {}

    def text(self, number: int) -> str:
        """The words of a page, counted from 1."""
        if number not in self.words:
            self.words[number] = self.reader.pages[number - 1].extract_text()
        return self.words[number]

    def bookmarks(self, branch=None) -> list[tuple[str, int]]:
        """(words, page), all levels in one row."""
        found = []
        for entry in self.reader.outline if branch is None else branch:
            if isinstance(entry, list):
                found += self.bookmarks(entry)
            else:
                found.append((entry.title, self.reader.get_destination_page_number(entry) + 1))
        return found


@pytest.fixture(scope="module")
def pdf(tmp_path_factory) -> Printed:
    need(site.find_browser(), site.HOW_TO_INSTALL)
    return Printed(folder_of("pdf", make_pdf.make, tmp_path_factory))


def test_pdf_opens_with_cover_and_contents(pdf):
    """Cover, imprint, contents; what the file says about itself; one size of paper."""
    about = pdf.reader.metadata
    assert (about.title, about.author) == (site.CONFIG["title"], site.CONFIG["author"])
    assert pdf.reader.root_object["/Lang"] == "en" and pdf.reader.page_mode == "/UseOutlines"
    assert bare(site.CONFIG["title"]) in bare(pdf.text(1))
    assert "CC BY 4.0" in pdf.text(2)
    assert "Contents" in pdf.text(3)[:20]
    assert {tuple(round(float(x)) for x in page.mediabox) for page in pdf.reader.pages} == {(0, 0, 595, 842)}
    assert len(pdf.reader.pages) > 100


def test_pdf_contents_name_the_right_pages(pdf, wanted):
    """The number behind a title in the contents is the page that begins with the title."""
    first = pdf.places["intro"][0]
    front = bare(" ".join(pdf.text(number) for number in range(3, first)))
    for name, page in wanted.items():
        slug, title = Path(name).name, "Introduction" if name == Book().pages[0] else page.headings[0]
        number = pdf.places[slug][0]
        assert re.search(re.escape(bare(title)) + rf"\.*{number}(?!\d)", front), f"{title}: {number}"
        assert bare(title) in bare(pdf.text(number)), f"{title} does not stand on page {number}"

        assert re.search(rf"(?m)^{number}$", pdf.text(number)), f"page {number} says another number"


def test_pdf_bookmarks_are_the_headings(pdf, wanted):
    """Parts, chapters, sections and exercises, in their order, each on a later page or the same."""
    heads = []
    for number, page in enumerate(wanted.values()):
        first, *rest = page.headings
        heads += ["Introduction" if number == 0 else first, *rest]
    found = pdf.bookmarks()
    captions = [part["caption"] for part in Book().toc["parts"]]
    titles = [re.sub(r"^\d+\. ", "", words) for words, _ in found if words not in captions]
    chapters = [head for head in heads if head in titles]
    assert titles == chapters, "the bookmarks are not the headings in their order"
    assert [head for head in heads if head not in titles] == []
    assert [words for words, _ in found if words in captions] == captions
    pages = [page for _, page in found]
    assert pages == sorted(pages)


def test_pdf_bookmarks_hang_together(pdf):
    """Forwards, backwards, up and in number; each knows the one above it."""

    def below(above) -> int:
        """How many stand anywhere below this one."""
        found, last, item = 0, None, above.get("/First")
        while item is not None:
            assert item["/Parent"].indirect_reference == above.indirect_reference
            assert (item.raw_get("/Prev") if "/Prev" in item else None) == (last and last.indirect_reference)
            found, last, item = found + 1 + below(item), item, item.get("/Next")
        assert (above.raw_get("/Last") if "/Last" in above else None) == (last and last.indirect_reference)
        assert above.get("/Count", 0) == found, above.get("/Title")
        return found

    assert below(pdf.reader.root_object["/Outlines"].get_object()) == len(pdf.bookmarks())


def test_pdf_fonts_are_embedded(pdf):
    """A PDF that borrows fonts looks different, or empty, elsewhere."""
    seen, missing = set(), []
    for page in pdf.reader.pages:
        for reference in page["/Resources"].get("/Font", {}).values():
            if reference.indirect_reference and reference.indirect_reference.idnum in seen:
                continue
            font = reference.get_object()
            seen.add(
                reference.indirect_reference.idnum if reference.indirect_reference else font["/BaseFont"]
            )
            inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            if inner["/Subtype"] == "/Type3":  # drawn within the file
                continue
            about = inner.get("/FontDescriptor", {})
            if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(about):
                missing.append(font["/BaseFont"])
    assert seen and not missing, missing


def test_pdf_keeps_the_last_sentence_of_every_page(pdf, wanted):
    """Nothing was lost at the end: a page's last words stand before the next page's title."""
    starts = [pdf.places[Path(name).name][0] for name in wanted] + [len(pdf.reader.pages) + 1]
    for page, start, end in zip(wanted.values(), starts, starts[1:], strict=False):
        words = bare(page.last_words)
        near = range(max(start, end - 3), end)
        text = bare("".join(map(pdf.text, near)))
        assert words in re.sub(r"\(page\d+\)|\(https?:[^)]*\)", "", text), page.name


def test_pdf_keeps_the_alternative_texts(pdf, wanted):
    """Every figure's text is in the tags of the PDF, and so is every formula's TeX."""
    data, alts = pdf.path.read_bytes(), set()
    for found in re.finditer(rb"/Alt\s*(?=[(<])", data):
        piece = pypdf.generic.read_object(io.BytesIO(data[found.end() : found.end() + 6000]), None)
        alts.add(bare(str(piece)))
    for page in wanted.values():
        missing = [alt for alt in page.alts if bare(alt) not in alts]
        assert not missing, f"{page.name}: {missing}"


def test_pdf_cuts_no_figure_in_two(pdf):
    """A picture that is cut would be drawn on two pages, one after the other; several figures may share one."""
    places: dict[int, list[int]] = {}
    for number, page in enumerate(pdf.reader.pages, 1):
        for name in page["/Resources"].get("/XObject", {}):
            reference = page["/Resources"]["/XObject"].raw_get(name)
            if reference.get_object()["/Subtype"] == "/Image":
                places.setdefault(reference.idnum, []).append(number)
    assert len(places) > 50
    cut = {}
    for key, pages in places.items():
        if {number + 1 for number in pages} & {
            *pages
        }:  # the same picture in two figures, or one that is cut?
            cut[key] = [number for number in pages if reaches_out(pdf.reader.pages[number - 1], key)]
    assert {key: pages for key, pages in cut.items() if pages} == {}


def pages_of_figures(reader) -> list[tuple[str, set[int]]]:
    """(alternative text, pages) of all that the PDF's tags call a figure: boxes, drawings, pictures, formulas."""
    numbers = {page.indirect_reference.idnum: number for number, page in enumerate(reader.pages, 1)}
    figures: list[tuple[str, set[int]]] = []
    # (element, the page that it inherits, the pages of the figures around it)
    waiting = [(reader.trailer["/Root"]["/StructTreeRoot"], None, ())]
    while waiting:
        element, page, around = waiting.pop()
        if isinstance(element, int):  # a piece of a page
            for pages in around:
                pages.add(numbers[page])
            continue
        page = element.raw_get("/Pg").idnum if "/Pg" in element else page
        if element.get("/Type") in ("/MCR", "/OBJR"):
            waiting.append((0, page, around))
            continue
        if element.get("/S") == "/Figure":
            figures.append((str(element.get("/Alt", "")), set()))
            around = (*around, figures[-1][1])
        children = element.get("/K", [])
        for child in children if isinstance(children, list) else [children]:
            waiting.append((child.get_object() if hasattr(child, "get_object") else child, page, around))
    return figures


def test_pdf_keeps_every_figure_and_formula_on_one_page(pdf, wanted):
    """A drawing with its caption, and a formula to the last of its strokes."""
    figures = pages_of_figures(pdf.reader)
    assert len(figures) > sum(len(page.alts) for page in wanted.values())
    assert [(alt, pages) for alt, pages in figures if len(pages) != 1] == []


@pytest.mark.parametrize("height, parted", [(100, False), (240, True)])  # millimetres; 257 are to be had
def test_a_caption_overleaf_is_seen(tmp_path, height, parted):
    """One that stands under its drawing, and one that the drawing leaves no room for."""
    need(site.find_browser(), site.HOW_TO_INSTALL)
    drawing = (
        f'<svg role="img" aria-label="a square" style="height: {height}mm"><rect width="9" height="9"/></svg>'
    )
    caption = f"<figcaption>{'A square of nine by nine. ' * 60}</figcaption>"
    html = f"<style>@page {{ size: A4; margin: 20mm }}</style><figure>{drawing}{caption}</figure>"
    figures = pages_of_figures(pypdf.PdfReader(make_pdf.print_book(html, tmp_path)))
    assert any(len(pages) == 2 for _, pages in figures) == parted
    assert figures and all(len(pages) == 1 for alt, pages in figures if alt)


THREE_PAGES = (
    "<style>@page { size: A4 } h1 { break-before: page }</style><p><a href='#end'>The end</a> stands on page "
    "<span class='page-ref' data-target='end'>000</span>.</p><h1>Between</h1><h1 id='end'>The end</h1>"
)


@pytest.mark.parametrize(
    "before, prints",
    [(None, 2), ({"end": 3}, 1), ({"end": 17}, 2), ({"gone": 3}, 2), ({"end": 3, "gone": 9}, 2)],
)
def test_numbers_of_the_last_print_are_tried_and_not_believed(tmp_path, before, prints):
    """One print is enough where they still hold; whatever they say, the page that is printed is the right one."""
    need(site.find_browser(), site.HOW_TO_INSTALL)
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make_pdf, "places", lambda path: asked.append(path) or PLACES(path))
        printed = pypdf.PdfReader(make_pdf.print_book(THREE_PAGES, tmp_path, before))
    assert [len(printed.pages), len(asked)] == [3, prints]
    assert "on page 3." in printed.pages[0].extract_text()


@pytest.mark.parametrize("written", [None, "", "{", "[3]", '{"end": "three"}', '{"end": null}'])
def test_a_damaged_note_of_the_last_print_counts_as_none(tmp_path, monkeypatch, written):
    """Only a cut, odd or missing file; a good one is read."""
    monkeypatch.setattr(make_pdf, "LAST", tmp_path / "printed.json")
    if written is not None:
        make_pdf.LAST.write_text(written, "utf-8")
    assert make_pdf.last_numbers() == {}
    make_pdf.LAST.write_text('{"end": 3}', "utf-8")
    assert make_pdf.last_numbers() == {"end": 3}


def reaches_out(page, wanted: int) -> bool:
    """Whether the picture with this number is drawn beyond the upper or lower end of a page."""
    objects = page["/Resources"]["/XObject"]
    found = []

    def drawn(operator, operands, matrix, _):
        if operator == b"Do" and objects.raw_get(operands[0]).idnum == wanted:
            _, b, _, d, _, f = matrix
            found.append(min(f, f + b + d) < -1 or max(f, f + b + d) > float(page.mediabox.height) + 1)

    page.extract_text(visitor_operand_before=drawn)
    assert found, "the picture is named but not drawn"
    return any(found)


@pytest.mark.parametrize("height, cut", [(100, False), (400, True)])  # millimetres; the paper has 297
def test_a_picture_that_is_cut_is_seen(tmp_path, height, cut):
    """One that fits on a page, and one that goes on overleaf."""
    need(site.find_browser(), site.HOW_TO_INSTALL)
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype="uint8")
    Image.fromarray(noise).save(tmp_path / "noise.png")
    style = "@page { size: A4; margin: 20mm } img { display: block; width: 100mm }"
    html = f'<style>{style}</style><img src="noise.png" style="height: {height}mm">'
    printed = pypdf.PdfReader(make_pdf.print_book(html, tmp_path))
    drawn = [page for page in printed.pages if "/XObject" in page["/Resources"]]
    assert len(drawn) == (2 if cut else 1)
    for page in drawn:
        objects = page["/Resources"]["/XObject"]
        (picture,) = [objects.raw_get(name).idnum for name in objects]
        assert reaches_out(page, picture) == cut


def test_chapters_keep_their_numbers():
    """On paper and in an e-reader a chapter is called as on the site, though a number may be left free."""
    found = {article.name: article.number for article in articles.read(site.HTML)[0] if article.number}
    assert found == {f"notebooks/{path.stem}": int(path.stem[:2]) for path in Book().chapters}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_pdf_prints_solutions_after_their_exercise(pdf, chapter):
    """Between an exercise and what follows stands its solution, named and open."""
    slug = Path(chapter).stem
    targets = [(name, place) for name, place in pdf.places.items() if name.startswith(f"{slug}--exercise-")]
    assert len(targets) >= 4
    name, (first, _) = sorted(targets)[1]
    number = re.search(r"exercise-(\d+)-(\d+)", name).groups()
    text = "".join(pdf.text(page) for page in range(first, first + 3))
    asked = text.index(f"Exercise {number[0]}.{number[1]}:")
    assert re.search(rf"Solution.*?solution_{number[0]}_{number[1]}", text[asked:], re.DOTALL)


def test_pdf_writes_addresses_out(pdf, wanted):
    """On paper a link is an address; the references' are all there."""
    last = list(wanted)
    start = pdf.places["references"][0]
    end = pdf.places[Path(last[last.index("book/references") + 1]).name][0]
    text = bare("".join(pdf.text(number) for number in range(start, end)))
    for link in wanted["book/references"].page.select('a[href^="http"]'):
        words = link.get_text().removeprefix("doi:")
        assert bare(link["href"]) in text or words in link["href"], link["href"]


# ---- The EPUB ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def epub_path(tmp_path_factory) -> Path:
    return folder_of(
        "epub", lambda html, path: make_epub.pack(make_epub.compose(html), path), tmp_path_factory
    )


@pytest.fixture(scope="module")
def epub(epub_path) -> dict[str, bytes]:
    with zipfile.ZipFile(epub_path) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_epubcheck_accepts_the_epub(epub_path):
    """No fault, no warning."""
    need(shutil.which("epubcheck"), make_epub.NO_CHECK)
    assert make_epub.judge(epub_path) == []


def test_epubcheck_can_refuse(tmp_path, monkeypatch):
    """A page with a dangling link is refused, in one sentence, and nothing is left behind."""
    need(shutil.which("epubcheck"), make_epub.NO_CHECK)
    page = make_epub.PAGE.format(title="x", kind="", body='<p><a href="#nowhere">x</a></p>')
    package = make_epub.PACKAGE.format(
        ident="urn:uuid:0",
        title="x",
        author="x",
        promise="x",
        modified="2026-01-01T00:00:00Z",
        items="",
        spine="",
    )
    files = {"cover.xhtml": page.encode(), "book.opf": package.encode()}
    monkeypatch.setattr(make_epub, "compose", lambda html: files)
    with pytest.raises(SystemExit, match="epubcheck finds .* no EPUB was written"):
        make_epub.make(tmp_path, tmp_path / "new" / "book.epub")
    assert list(tmp_path.iterdir()) == []


def test_epub_keeps_words_pictures_and_formulas(epub, wanted):
    """Last sentences, alternative texts, headings, and MathML with its TeX."""
    for name, page in wanted.items():
        tree = ElementTree.fromstring(epub[f"book/{Path(name).name}.xhtml"])
        text = bare("".join(tree.itertext()))
        assert bare(page.last.get_text()) in text, f"{name} has lost its end"
        assert all(bare(heading) in text for heading in page.headings[1:]), name
        alts = [image.get("alt") for image in tree.iter(f"{XHTML}img")]
        alts += [drawing.get("aria-label") for drawing in tree.iter(f"{SVG}svg") if drawing.get("role")]
        cover = [page.alts[0]] if name == Book().pages[0] else []
        assert sorted(cover + alts) == sorted(page.alts), name
        formulas = list(tree.iter(f"{MATHML}math"))
        assert len(formulas) == len(page.page.select(".katex")), name
        assert all(formula.get("alttext") and len(formula) for formula in formulas)
        assert "Showtheanswer" not in text and not list(tree.iter(f"{XHTML}details"))


def test_epub_navigation_leads_to_every_section(epub, wanted):
    """Every page and every section, with a target that is there."""
    tree = ElementTree.fromstring(epub["book/nav.xhtml"])
    found = [link.get("href") for link in tree.iter(f"{XHTML}a")]
    for name, page in wanted.items():
        slug = Path(name).name
        sections = [address for address in found if address.startswith(f"{slug}.xhtml#")]
        assert f"{slug}.xhtml" in found
        assert len(sections) == len(page.page.find_all("h2")), name


# ---- The archive ---------------------------------------------------------------------------


def test_archive_is_the_whole_site(tmp_path_factory):
    """Every file as it is published; on the introduction no link to what is not in it."""
    path = folder_of("zip", make_archive.make, tmp_path_factory)
    with zipfile.ZipFile(path) as archive:
        found = {
            name.removeprefix(f"{make_archive.FOLDER}/"): archive.read(name) for name in archive.namelist()
        }
    files = {file.relative_to(site.HTML).as_posix(): file for file in take_away.site_files(site.HTML)}
    assert set(found) == {*files, "READ-ME.txt"}
    changed = [name for name, file in files.items() if found[name] != file.read_bytes()]
    assert set(changed) <= {take_away.PAGE}
    assert take_away.EMPTY in found[take_away.PAGE].decode()
    assert f"{take_away.FOLDER}/" not in found[take_away.PAGE].decode()


# ---- The line on the introduction -----------------------------------------------------------


def test_line_says_what_is_there():
    """Each link leads to a file, with its size; without files there is no line."""
    place = site.soup(site.HTML / take_away.PAGE).select_one(".take-away")
    assert place is not None, "the introduction has no place for the line"
    current = take_away.fresh(site.HTML)
    assert len(place.select("a")) == len(current)
    for kind in current:
        name = f"{take_away.FOLDER}/{take_away.NAMES[kind]}"
        link = place.select_one(f'a[href="../{name}"]')
        assert link and take_away.size(site.HTML / name) in place.get_text()


@pytest.fixture
def small_site(tmp_path) -> Path:
    """An introduction, a style, and the three files, noted as made from them."""
    html = tmp_path / "html"
    (html / "book").mkdir(parents=True)
    (html / take_away.PAGE).write_text(f"<p>Before.</p>{take_away.EMPTY}<p>After.</p>", "utf-8")
    (html / "style.css").write_text("a{}")
    os.utime(html / take_away.PAGE, (1_000_000, 1_000_000))
    (html / take_away.FOLDER).mkdir()
    for kind, name in take_away.NAMES.items():
        (html / take_away.FOLDER / name).write_bytes(b"x" * 1_500_000)
        take_away.note(html, kind, **({"pages": 217} if kind == "pdf" else {}))
    return html


def test_line_is_written_and_goes(small_site):
    """Links with sizes while the files are the site's; nothing after the site changed."""
    page = small_site / take_away.PAGE
    line = page.read_text("utf-8")
    assert line.count("1.5 MB") == 3 == line.count("<a href=") and "217 pages" in line
    assert page.stat().st_mtime == 1_000_000  # by its date `make book` sees what changed
    take_away.drop_stale(small_site)
    assert len(list((small_site / take_away.FOLDER).iterdir())) == 3
    (small_site / "style.css").write_text("b{}")
    take_away.drop_stale(small_site)
    take_away.write_line(small_site)
    assert list((small_site / take_away.FOLDER).iterdir()) == []
    assert page.read_text("utf-8") == f"<p>Before.</p>{take_away.EMPTY}<p>After.</p>"


def test_line_names_only_what_is_there(small_site):
    """A file that was taken away is not linked."""
    (small_site / take_away.FOLDER / take_away.NAMES["epub"]).unlink()
    take_away.write_line(small_site)
    line = (small_site / take_away.PAGE).read_text("utf-8")
    assert line.count("<a href=") == 2 and ".epub" not in line


# ---- What is missing is said in one sentence --------------------------------------------------


@pytest.mark.parametrize(
    "tool", [make_pdf, make_epub, make_archive], ids=lambda tool: tool.__name__.split(".")[-1]
)
def test_no_site(tool, tmp_path, monkeypatch):
    monkeypatch.setenv("BOOK_HTML", str(tmp_path / "html"))
    with pytest.raises(SystemExit, match="^There is no complete site in .*; run 'make book' first.$"):
        tool.main([str(tmp_path / "out" / "file")])
    assert list(tmp_path.iterdir()) == []


def test_no_browser(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "find_browser", lambda: None)
    with pytest.raises(SystemExit, match="^No Chromium or Chrome was found to print with"):
        make_pdf.make(site.HTML, tmp_path / "out" / "book.pdf")
    assert list(tmp_path.iterdir()) == []


def test_no_epubcheck(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="^epubcheck was not found, so no EPUB was written"):
        make_epub.make(site.HTML, tmp_path / "out" / "book.epub")
    assert list(tmp_path.iterdir()) == []


def test_nothing_half_written(tmp_path):
    """Where writing fails, the old file stays and the new one goes."""
    old = tmp_path / "book.pdf"
    old.write_text("old")
    with pytest.raises(RuntimeError), articles.replacing(old) as path:
        path.write_text("half")
        raise RuntimeError
    assert [file.name for file in tmp_path.iterdir()] == ["book.pdf"] and old.read_text() == "old"


# ---- Printing a chapter from the browser --------------------------------------------------------


@pytest.mark.parametrize("chapter", CHAPTERS[:1])
def test_chapter_printed_from_a_dark_page(fresh, address, tmp_path, chapter):
    """Folds open, dark ink on white, no bar or button; and the page is as before afterwards."""
    with site.Visit(fresh(color_scheme="dark"), address, chapter) as visit:
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
    page = site.soup(site.HTML / chapter)
    answers = [fold.find_all("p")[-1].get_text() for fold in page.select("article .predict details")]
    assert answers and all(bare(answer)[:40] in text for answer in answers)
