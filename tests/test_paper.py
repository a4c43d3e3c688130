"""Tests of the PDF, the book on paper."""

from __future__ import annotations

import io
import re
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import site_checks as site
from paper import *  # noqa: F403
from paper import PAGES, bare, each_alone, folder_of, need, wanted_of
from site_fixtures import CHAPTERS
from tools.book import Book
from tools.pages import make_pdf

PLACES = make_pdf.places
pypdf = pytest.importorskip("pypdf", reason="pypdf is missing; run make setup")


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

    @cached_property
    def alts(self) -> set[str]:
        """All alternative texts in the tags."""
        data, found = self.path.read_bytes(), set()
        for each in re.finditer(rb"/Alt\s*(?=[(<])", data):
            piece = pypdf.generic.read_object(io.BytesIO(data[each.end() : each.end() + 6000]), None)
            found.add(bare(str(piece)))
        return found

    @cached_property
    def figures(self) -> list[tuple[str, set[int]]]:
        """All that the tags call a figure, with the pages that it stands on."""
        return pages_of_figures(self.reader)

    def pictures(self, pages) -> dict[int, list[int]]:
        """Number of a picture -> those of some pages that name it."""
        found: dict[int, list[int]] = {}
        for number in pages:
            objects = self.reader.pages[number - 1]["/Resources"].get("/XObject", {})
            for reference in [objects.raw_get(name) for name in objects]:
                if reference.get_object()["/Subtype"] == "/Image":
                    found.setdefault(reference.idnum, []).append(number)
        return found

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


def alts_of(page: str) -> list[str]:
    """The alternative texts of a page of the site; the introduction's picture is on the cover."""
    return wanted_of(page.removesuffix(".html")).alts[page == PAGES[0] :]


def alone(page: str, folder: Path, numbers=None) -> Printed:
    """One page of the site on paper."""
    return Printed(make_pdf.print_alone(site.HTML, page.removesuffix(".html"), folder, numbers))


@pytest.fixture(scope="module")
def print_of(request, tmp_path_factory):
    """A page of the site -> (a PDF, its sheets in it): the whole PDF, or, in `make quick`, one of that page alone.

    It begins on a sheet of its own; other pages change numbers, and which code was printed already.
    """
    found: dict[str, tuple[Printed, range]] = {}

    def of(page: str) -> tuple[Printed, range]:
        if page not in found:
            if each_alone(request):
                need(site.find_browser(), site.HOW_TO_INSTALL)
                printed = alone(page, tmp_path_factory.mktemp("alone"))
                sheets = range(1, len(printed.reader.pages) + 1)
            else:
                printed = request.getfixturevalue("pdf")
                starts = [printed.places[Path(each).stem][0] for each in PAGES]
                starts.append(len(printed.reader.pages) + 1)
                sheets = range(*starts[PAGES.index(page) :][:2])
            found[page] = printed, sheets
        return found[page]

    return of


def test_a_page_alone_is_printed_as_in_the_whole(pdf, tmp_path):
    """As many sheets, the same words on each but for its number, the same figures in the same places.

    The page refers to others, and to code that earlier chapters have.
    """
    (page,) = (page for page in CHAPTERS if "/10_" in page)
    start, end = (pdf.places[Path(each).stem][0] for each in PAGES[PAGES.index(page) :][:2])
    single = alone(page, tmp_path, {name: sheet for name, (sheet, _) in pdf.places.items()})
    assert len(single.reader.pages) == end - start > 10

    def words(printed, sheet):
        return bare(re.sub(rf"(?m)^{sheet}$", "", printed.text(sheet)))

    found = [words(single, sheet) for sheet in range(1, end - start + 1)]
    assert found == [words(pdf, sheet) for sheet in range(start, end)]
    assert any("Code:thesameasonpage" in sheet for sheet in found)
    inside = [(alt, min(sheets) - start + 1) for alt, sheets in pdf.figures if start <= min(sheets) < end]
    assert sorted(inside) == sorted((alt, min(sheets)) for alt, sheets in single.figures)


def test_pdf_opens_with_cover_and_contents(pdf):
    """Cover, imprint, contents; what the file says about itself; one size of paper."""
    about = pdf.reader.metadata
    assert (about.title, about.author) == (site.CONFIG["title"], site.CONFIG["author"])
    assert pdf.reader.root_object["/Lang"] == "en" and pdf.reader.page_mode == "/UseOutlines"
    assert bare(site.CONFIG["title"]) in bare(pdf.text(1))
    assert bare(wanted_of(PAGES[0].removesuffix(".html")).alts[0]) in pdf.alts
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
        called = [f"Chapter{int(slug[:2])}"] if name.startswith("notebooks/") else []
        assert re.findall(r"Chapter\d+(?=" + re.escape(bare(title)) + ")", bare(pdf.text(number))) == called
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


@pytest.mark.parametrize("page", PAGES)
def test_page_keeps_its_last_sentence(print_of, page):
    """Nothing was lost at the end: a page's last words stand on its last sheets."""
    printed, sheets = print_of(page)
    text = bare("".join(map(printed.text, sheets[-3:])))
    assert bare(wanted_of(page.removesuffix(".html")).last_words) in re.sub(
        r"\(page\d+\)|\(https?:[^)]*\)", "", text
    )


@pytest.mark.parametrize("page", PAGES)
def test_page_keeps_its_alternative_texts(print_of, page):
    """Every figure's text is in the tags of the PDF."""
    printed, _ = print_of(page)
    assert [alt for alt in alts_of(page) if bare(alt) not in printed.alts] == []


def test_pdf_has_the_pictures_of_the_book(pdf, wanted):
    """Enough of them are found to speak of those that are cut; formulas are figures, too, and each has its sheet."""
    assert len(pdf.pictures(range(1, len(pdf.reader.pages) + 1))) > 50
    assert len(pdf.figures) > sum(len(page.alts) for page in wanted.values())
    assert [alt for alt, sheets in pdf.figures if not sheets] == []


@pytest.mark.parametrize("page", PAGES)
def test_page_cuts_no_picture_in_two(print_of, page):
    """One that is cut would be drawn on two sheets, one after the other; several figures may share one."""
    printed, sheets = print_of(page)
    cut = {}
    for key, found in printed.pictures(sheets).items():
        if {number + 1 for number in found} & {*found}:  # the same in two figures, or one that is cut?
            cut[key] = [number for number in found if reaches_out(printed.reader.pages[number - 1], key)]
    assert {key: found for key, found in cut.items() if found} == {}


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


@pytest.mark.parametrize("page", PAGES)
def test_page_keeps_every_figure_and_formula_on_one_sheet(print_of, page):
    """A drawing with its caption, and a formula to the last of its strokes."""
    printed, sheets = print_of(page)
    mine = [(alt, found) for alt, found in printed.figures if found & {*sheets}]
    formulas = wanted_of(page.removesuffix(".html")).page.select(".katex")
    assert len(mine) >= len(alts_of(page)) + len(formulas)
    assert [(alt, found) for alt, found in mine if len(found) != 1] == []


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


@pytest.mark.parametrize("before", [None, {"end": 3}])
def test_a_reference_to_nothing_is_refused(tmp_path, before):
    """Also where every number of the last print still holds."""
    need(site.find_browser(), site.HOW_TO_INSTALL)
    more = "<p>See page <span class='page-ref' data-target='nowhere'>000</span>.</p>"
    with pytest.raises(SystemExit, match="^The book links to nowhere, which stands on no page of the PDF.$"):
        make_pdf.print_book(THREE_PAGES + more, tmp_path, before)


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


@pytest.mark.parametrize("page", CHAPTERS)
def test_page_prints_solutions_after_their_exercise(print_of, page):
    """Between an exercise and what follows stands its solution, named and open."""
    printed, sheets = print_of(page)
    number = int(Path(page).name[:2])
    text = "".join(map(printed.text, sheets))
    assert len({*re.findall(rf"Exercise {number}\.(\d+):", text)}) >= 4
    asked, following = (text.index(f"Exercise {number}.{each}:") for each in (2, 3))
    assert re.search(rf"Solution.*?solution_{number}_2", text[asked:following], re.DOTALL)


def test_pdf_writes_addresses_out(pdf, wanted):
    """On paper a link is an address; the references' are all there."""
    last = list(wanted)
    start = pdf.places["references"][0]
    end = pdf.places[Path(last[last.index("book/references") + 1]).name][0]
    text = bare("".join(pdf.text(number) for number in range(start, end)))
    for link in wanted["book/references"].page.select('a[href^="http"]'):
        words = link.get_text().removeprefix("doi:")
        assert bare(link["href"]) in text or words in link["href"], link["href"]


def test_no_browser(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "find_browser", lambda: None)
    with pytest.raises(SystemExit, match="^No Chromium or Chrome was found to print with"):
        make_pdf.make(site.HTML, tmp_path / "out" / "book.pdf")
    assert list(tmp_path.iterdir()) == []
