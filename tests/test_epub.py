"""Tests of the EPUB, the archive of the site, and the line that links the files to take away."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree

import pytest

import site_checks as site
from paper import *  # noqa: F403
from paper import PAGES, bare, each_alone, folder_of, need, wanted_of
from site_fixtures import CHAPTERS
from tools.book import Book
from tools.pages import articles, make_archive, make_epub, make_pdf
from tools.pages.articles import take_away

XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
SVG = "{http://www.w3.org/2000/svg}"


class Packed:
    """An EPUB: what is in it, and what epubcheck says of it, once it is asked for."""

    def __init__(self, path: Path):
        self.path = path
        with zipfile.ZipFile(path) as file:
            self.files = {name: file.read(name) for name in file.namelist()}

    @cached_property
    def faults(self) -> list[str]:
        need(shutil.which("epubcheck"), make_epub.NO_CHECK)
        return make_epub.judge(self.path)

    def page(self, page: str) -> bytes:
        """A page of the site as it stands in the EPUB."""
        return self.files[f"book/{Path(page).stem}.xhtml"]


@pytest.fixture(scope="module")
def epub(tmp_path_factory) -> Packed:
    def make(html, path):
        make_epub.pack(make_epub.compose(html), path)

    return Packed(folder_of("epub", make, tmp_path_factory))


def alone(page: str, folder: Path) -> Packed:
    """An EPUB of one page of the site, behind the introduction."""
    path = folder / "page.epub"
    make_epub.pack(make_epub.compose(site.HTML, only=page.removesuffix(".html")), path)
    return Packed(path)


@pytest.fixture(scope="module")
def epub_of(request, tmp_path_factory):
    """A page of the site -> the whole EPUB, or, in `make quick`, one of that page alone."""
    made: dict[str, Packed] = {}

    def of(page: str) -> Packed:
        if not each_alone(request):
            return request.getfixturevalue("epub")
        if page not in made:
            made[page] = alone(page, tmp_path_factory.mktemp("alone"))
        return made[page]

    return of


# ---- The EPUB ----------------------------------------------------------------------------


def test_a_page_alone_is_as_in_the_whole(epub, tmp_path):
    """The same, but that a link to a page that is not there is none."""
    (page,) = (page for page in CHAPTERS if "/10_" in page)
    single = alone(page, tmp_path)
    away = re.compile(r"""(?s)<a\b[^>]*\bhref="(?!#|https?:|mailto:|intro\.xhtml)[^>]*>(.*?)</a>""")
    whole, links = away.subn(r"\1", epub.page(page).decode())
    assert single.page(page).decode() == whole and links > 10
    assert away.search(single.page(page).decode()) is None
    pictures = {name for name in single.files if not name.endswith((".xhtml", ".opf", ".ncx"))}
    assert pictures < set(epub.files) and all(single.files[name] == epub.files[name] for name in pictures)


def test_chapters_keep_their_numbers(epub):
    """In an e-reader a chapter is called as on the site, though a number may be left free; other pages have none."""
    found = {}
    for page in PAGES:
        above, *_ = ElementTree.fromstring(epub.page(page)).find(f".//{XHTML}h1/..")
        found |= {Path(page).stem: above.text} if above.get("class") == "kicker" else {}
    assert found == {path.stem: f"Chapter {int(path.stem[:2])}" for path in Book().chapters}


def test_epubcheck_accepts_the_epub(epub):
    """No fault, no warning."""
    assert epub.faults == []


@pytest.mark.parametrize("page", PAGES)
def test_page_is_accepted(epub_of, page):
    """epubcheck has nothing to say of it, nor of what is of no page."""
    others = [f"/{Path(name).stem}.xhtml" for name in PAGES if name != page]
    assert [fault for fault in epub_of(page).faults if not any(each in fault for each in others)] == []


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


@pytest.mark.parametrize("page", PAGES)
def test_page_keeps_words_pictures_and_formulas(epub_of, page):
    """Last sentences, alternative texts, headings, and MathML with its TeX."""
    on_the_site = wanted_of(page.removesuffix(".html"))
    tree = ElementTree.fromstring(epub_of(page).page(page))
    text = bare("".join(tree.itertext()))
    assert bare(on_the_site.last.get_text()) in text, "the page has lost its end"
    assert all(bare(heading) in text for heading in on_the_site.headings[1:])
    alts = [image.get("alt") for image in tree.iter(f"{XHTML}img")]
    alts += [drawing.get("aria-label") for drawing in tree.iter(f"{SVG}svg") if drawing.get("role")]
    cover = [on_the_site.alts[0]] if page == PAGES[0] else []
    assert sorted(cover + alts) == sorted(on_the_site.alts)
    formulas = list(tree.iter(f"{MATHML}math"))
    assert len(formulas) == len(on_the_site.page.select(".katex"))
    assert all(formula.get("alttext") and len(formula) for formula in formulas)
    assert "Showtheanswer" not in text and not list(tree.iter(f"{XHTML}details"))


def test_epub_navigation_leads_to_every_section(epub, wanted):
    """Every page and every section, with a target that is there."""
    tree = ElementTree.fromstring(epub.files["book/nav.xhtml"])
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
