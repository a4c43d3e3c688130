"""Tests of what is published: addresses, previews, sitemap, and the worker that keeps pages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import yaml
from PIL import Image

import site_checks as site
from site_fixtures import *  # noqa: F403
from tools.book import Book
from tools.pages import draw_previews, publish

HOME = "https://somebody.github.io/the-book/"

PAGE = (
    '<html data-content_root="{root}"><head><title>{title} &amp; more</title>'
    '<meta name="description" content="What stands on {title}."></head>'
    '<body><a href="{root}book/intro.html#x">a</a><a href="#here">b</a><img src="{root}_static/x.png">'
    '<a href="https://example.org/">c</a><form action="{root}search.html"></form></body></html>'
)


class Described(Book):
    """The book with another address."""

    def __init__(self, address, root=site.ROOT):
        super().__init__(root)
        self.config["repository"]["url"] = address


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A small site in tmp_path/html; the pictures are drawn elsewhere."""
    monkeypatch.setattr(
        draw_previews, "write", lambda book, folder: {"": "p/book.png", "notebooks/01_x": "p/01.png"}
    )
    pages = {"book/intro": "../", "notebooks/01_x": "../", "search": "", "404": ""}
    for name, root in pages.items():
        path = tmp_path / "html" / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAGE.format(root=root or "./", title=name), "utf-8")
    front = '<html><head><title>T</title><meta http-equiv="refresh" content="0; url=book/intro.html"></head></html>'
    (tmp_path / "html" / "index.html").write_text(front, "utf-8")
    return tmp_path


def made(small):
    """The small site, published."""
    publish.publish(Described("https://github.com/somebody/the-book"), small / "html", small / "out", HOME)
    return small / "out"


# ---- The address ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("repository", "wanted"),
    [
        ("https://github.com/OWNER/the-book", None),
        ("https://example.org/somebody/the-book", None),
        ("https://github.com/somebody/the-book", HOME),
        ("https://github.com/Somebody/the-book/", HOME),
        ("https://github.com/somebody/somebody.github.io", "https://somebody.github.io/"),
    ],
)
def test_address_follows_from_the_repository(repository, wanted):
    """GitHub Pages' address of a repository; none for the placeholder."""
    assert publish.address(Described(repository)) == wanted


def test_placeholder_fails_with_one_sentence(tmp_path):
    """`make publish` stops before it builds, and says what to do; with an address it goes on."""
    (tmp_path / "tools" / "pages").mkdir(parents=True)
    for name in (
        "pages/publish.py",
        "pages/draw_previews.py",
        "pages/draw_cover.py",
        "files.py",
        "book.py",
        "drawings.py",
    ):
        shutil.copy(site.ROOT / "tools" / name, tmp_path / "tools" / name)
    shutil.copy(site.ROOT / "_toc.yml", tmp_path)
    config = yaml.safe_load((site.ROOT / "_config.yml").read_text("utf-8"))
    for slug, code in (("OWNER/the-book", 1), ("somebody/the-book", 0)):
        config["repository"]["url"] = f"https://github.com/{slug}"
        (tmp_path / "_config.yml").write_text(yaml.safe_dump(config), "utf-8")
        command = [sys.executable, "-m", "tools.pages.publish", "--check"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (code, ""), done.stderr
        assert done.stdout.count("\n") == code and ("_config.yml" in done.stdout) == bool(code)


def test_publishing_checks_builds_and_then_writes():
    """The order of the recipe: nothing is built before the address is there."""
    recipe = re.search(
        r"^publish:.*\n((?:\t.*\n)+)", (site.ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )[1]
    places = [recipe.index(part) for part in ("publish --check", "book\n", "tools.pages.publish\n")]
    assert places == sorted(places)


# ---- The pages -----------------------------------------------------------------------------


def test_every_page_names_its_address_and_its_picture(small):
    """Canonical address, title, description and picture; the chapter has its own."""
    out = made(small)
    for name, picture in (("book/intro", "p/book.png"), ("notebooks/01_x", "p/01.png")):
        page = site.soup(out / f"{name}.html")
        assert page.select_one("link[rel=canonical]")["href"] == f"{HOME}{name}.html"
        told = {tag["property"]: tag["content"] for tag in page.select("meta[property]")}
        assert told["og:url"] == f"{HOME}{name}.html" and told["og:image"] == HOME + picture
        assert told["og:title"] == f"{name} & more" and told["og:description"] == f"What stands on {name}."
        assert page.select_one("script[src^='../offline.js?v=']")
    front = site.soup(out / "index.html")
    assert front.select_one("link[rel=canonical]")["href"] == f"{HOME}book/intro.html"


def test_sitemap_and_robots(small):
    """All pages that can be found, and nothing else."""
    out = made(small)
    tree = ElementTree.parse(out / "sitemap.xml")
    found = [one.text for one in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert found == [f"{HOME}book/intro.html", f"{HOME}notebooks/01_x.html"]
    assert f"Sitemap: {HOME}sitemap.xml" in (out / "robots.txt").read_text("utf-8")
    for name in ("search.html", "404.html"):
        assert not site.soup(out / name).select("link[rel=canonical], meta[property]")


def test_404_links_hold_from_every_address(small):
    """Everything within the site is absolute; anchors and other sites stay."""
    page = site.soup(made(small) / "404.html")
    assert [link["href"] for link in page.select("a")] == [
        "/the-book/book/intro.html#x",
        "#here",
        "https://example.org/",
    ]
    assert page.img["src"] == "/the-book/_static/x.png" and page.form["action"] == "/the-book/search.html"
    assert page.html["data-content_root"] == "/the-book/"
    assert page.select_one("script[src^='/the-book/offline.js']")


def test_version_changes_with_the_site_alone(small):
    """The same site gives the same worker, another site another."""
    first = (made(small) / "sw.js").read_text("utf-8")
    assert first == (made(small) / "sw.js").read_text("utf-8") and "@VERSION@" not in first
    (small / "html" / "book" / "intro.html").write_text(PAGE.format(root="../", title="changed"), "utf-8")
    assert first != (made(small) / "sw.js").read_text("utf-8")


def test_plain_build_has_none_of_it():
    """`make book` names no address and registers no worker."""
    pages = [site.HTML / page for page in site.pages()]
    assert pages, f"There is no site in {site.HTML}: run make book."
    for path in pages:
        text = path.read_text("utf-8")
        assert "serviceWorker" not in text and "offline.js" not in text and "og:image" not in text
        assert 'rel="canonical"' not in text
    for name in ("sw.js", "offline.js", "sitemap.xml", "robots.txt"):
        assert not (site.HTML / name).exists()


# ---- The pictures --------------------------------------------------------------------------


def test_every_chapter_has_a_picture_of_its_own(tmp_path):
    """1200 x 630, small, none like another, and nothing runs out of the picture."""
    book = Book(site.ROOT)
    found = draw_previews.write(book, tmp_path)
    assert set(found) == {"", *(f"notebooks/{path.stem}" for path in book.chapters)}
    assert set(draw_previews.DRAWINGS) == {int(path.stem[:2]) for path in book.chapters}
    drawn = {}
    for page, name in found.items():
        path = tmp_path / name.split("/")[-1]
        with Image.open(path) as picture:
            assert picture.size == (1200, 630)
            drawn[page] = np.asarray(picture.convert("RGB")).astype(int)
        assert path.stat().st_size < 200_000
        rim = np.concatenate([drawn[page][:12].reshape(-1, 3), drawn[page][-12:].reshape(-1, 3)])
        sides = np.concatenate([drawn[page][:, :12].reshape(-1, 3), drawn[page][:, -12:].reshape(-1, 3)])
        assert np.ptp(np.concatenate([rim, sides]), axis=0).max() <= 6, f"{name} touches its rim"
        assert drawn[page].std() > 15
    pairs = [(one, other) for one in drawn for other in drawn if one < other]
    assert all(np.abs(drawn[one] - drawn[other]).mean() > 1 for one, other in pairs)


# ---- The worker ----------------------------------------------------------------------------


@pytest.fixture
def closing(monkeypatch):
    """A server that ends each connection, so that nothing answers once it is gone."""
    monkeypatch.setattr(site._Quiet, "protocol_version", "HTTP/1.0")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The built site, published for an address whose path is served on this machine."""
    if not (site.HTML / "index.html").exists():
        pytest.fail(f"There is no site in {site.HTML}: run make book.", pytrace=False)
    folder = tmp_path_factory.mktemp("published")
    publish.publish(Described("https://github.com/somebody/the-book"), site.HTML, folder / "the-book", HOME)
    worker = folder / "the-book" / "sw.js"
    text = worker.read_text("utf-8")
    assert "PATIENCE = 4000" in text
    worker.write_text(text.replace("PATIENCE = 4000", "PATIENCE = 60000"), "utf-8")  # busy machines exist
    return folder


KEPT = """async () => {
    const names = (await caches.keys()).filter((name) => !name.endsWith("earlier"));
    const urls = [];
    for (const name of names) for (const { url } of await (await caches.open(name)).keys()) urls.push(url);
    return urls;
}"""


def wait_until_kept(page, *parts):
    """Until the worker keeps files with these words in their addresses."""
    site.wait_until(
        page,
        f"""async (parts) => {{ const urls = await ({KEPT})();
            return parts.every((part) => urls.some((url) => url.includes(part))); }}""",
        list(parts),
    )


def test_visited_pages_are_read_without_a_network(fresh, published, closing):
    """The first page, with its styles, fonts and pictures below the window; not one that was never visited."""
    chapter = "the-book/notebooks/03_relu.html"
    server = site.Server(published)
    with server:
        window = fresh()
        page = window.new_page()
        page.goto(server.address + chapter)
        pictures = page.evaluate(
            """() => [...document.querySelectorAll("article svg.figure image")]
                .map((one) => one.href.baseVal).filter((address) => address.includes("_images/"))"""
        )
        last = pictures[-1].split("/")[-1]
        wait_until_kept(page, "03_relu.html", "site.css", ".woff2", last)
        hold_foreign = [url for url in page.evaluate(KEPT) if not url.startswith(server.address)]
        assert hold_foreign == []
    page.goto(server.address + chapter + "?again=1#summary")
    page.locator("article h1").wait_for()  # a busy browser may draw it a little after it is loaded
    assert len(pictures) > 2
    # Loaded, not decoded: a browser may refuse to decode beside a page that it is still drawing.
    wide = """(address) => new Promise((done) => { const picture = new Image();
        picture.onload = picture.onerror = () => done(picture.naturalWidth); picture.src = address; })"""
    assert page.evaluate(wide, pictures[-1]) > 0
    ground = page.locator(".chapter-facts").evaluate("box => getComputedStyle(box).backgroundColor")
    assert ground != "rgba(0, 0, 0, 0)", "the styles are not kept"
    page.goto(server.address + "the-book/notebooks/04_pooling.html")
    page.get_by_role("heading", name="There is no network").wait_for()
    page.get_by_role("link", name=re.compile("ReLU")).wait_for()


def test_page_that_breaks_off_leaves_what_was_kept(fresh, published, monkeypatch):
    """The network goes in the middle of a page: the page of the last visit is still there."""
    address = "the-book/book/glossary.html"
    whole = site._Quiet.copyfile

    def half(handler, source, outputfile):
        """Send half of a page, then close the connection."""
        if not handler.path.split("?")[0].endswith(".html"):
            return whole(handler, source, outputfile)
        text = source.read()
        outputfile.write(text[: len(text) // 2])
        handler.close_connection = True
        broken.append(handler.path)

    broken = []
    with site.Server(published) as server:
        page = fresh().new_page()
        page.goto(server.address + address)
        wait_until_kept(page, "glossary.html")
        page.reload()  # from here on the worker answers
        site.settle(page)
        monkeypatch.setattr(site._Quiet, "copyfile", half)
        for _ in range(2):
            page.goto(server.address + address + "?again=1")
            assert page.locator("article h1").inner_text().startswith("Glossary")
            assert page.locator("footer").first.is_visible(), "the page is cut off"
        assert len(broken) >= 2


def test_switch_in_the_footer_forgets_everything(fresh, published):
    """Off: no worker, no cache, also after a reload; on: both are back. By keyboard."""
    state = "async () => [(await navigator.serviceWorker.getRegistrations()).length, (await caches.keys()).length]"
    with site.Server(published) as server:
        page = fresh(390).new_page()
        page.goto(server.address + "the-book/book/intro.html")
        wait_until_kept(page, "intro.html")
        page.evaluate("caches.open('of another site')")
        switch = page.get_by_role("switch", name="Keep the pages that I visit")
        assert switch.is_checked()
        switch.focus()
        # Files that are on their way when it is switched off are not kept either.
        page.evaluate("for (let n = 0; n < 60; n++) fetch(`${document.scripts[0].src}?${n}`); null")
        page.keyboard.press("Space")
        page.get_by_text("Nothing is kept any more.").wait_for()
        site.settle(page)
        assert page.evaluate(state) == [0, 1], "another site's cache is gone, or the book's is not"
        page.reload()
        switch.wait_for()
        site.settle(page)
        assert not switch.is_checked() and page.evaluate(state) == [0, 1]
        switch.check()
        page.get_by_text("Visited pages are kept in this browser.").wait_for()
        wait_until_kept(page, "intro.html")


def test_new_version_shows_new_pages_and_keeps_the_earlier_ones(fresh, published, closing, tmp_path):
    """With a network the new page comes; without, a page that only the earlier version kept."""
    folder = tmp_path / "site"
    shutil.copytree(published, folder)
    server = site.Server(folder)
    with server:
        page = fresh().new_page()
        for name in ("intro", "glossary"):
            page.goto(server.address + f"the-book/book/{name}.html")
            wait_until_kept(page, f"{name}.html")
        first = page.evaluate("async () => (await caches.keys()).find((name) => !name.endsWith('earlier'))")
        intro = folder / "the-book" / "book" / "intro.html"
        intro.write_text(intro.read_text("utf-8").replace("<h1>", "<h1>Anew: "), "utf-8")
        worker = folder / "the-book" / "sw.js"
        worker.write_text(
            re.sub(r'VERSION = "\w+"', 'VERSION = "another"', worker.read_text("utf-8")), "utf-8"
        )
        page.goto(server.address + "the-book/book/intro.html")
        assert page.locator("article h1").inner_text().startswith("Anew:")
        site.wait_until(page, "async (first) => !(await caches.keys()).includes(first)", first)
        wait_until_kept(page, "intro.html")
    page.goto(server.address + "the-book/book/glossary.html")
    assert page.locator("article h1").inner_text().startswith("Glossary")
    page.goto(server.address + "the-book/book/intro.html")
    assert page.locator("article h1").inner_text().startswith("Anew:")


def test_missing_page_leads_on_from_any_depth(fresh, published):
    """404.html, shown at another address, has its styles and links that work."""
    inner = published / "the-book" / "a" / "b"
    inner.mkdir(parents=True, exist_ok=True)
    shutil.copy(published / "the-book" / "404.html", inner / "gone.html")
    with (
        site.Server(published) as server,
        site.Visit(fresh(), server.address, "the-book/a/b/gone.html") as visit,
    ):
        assert visit.page.get_by_role("heading", name="This page is not here").is_visible()
        visit.page.locator("article").get_by_role("link", name="Begin at the introduction").click()
        visit.page.wait_for_url("**/the-book/book/intro.html")
        assert site.complaints_console(visit) == []


def test_published_pages_stay_as_they_were_tested(published):
    """But for their heads, pages are those of `make book`; links that lead nowhere are none."""
    out = published / "the-book"
    for name in site.pages():
        before, after = (
            (folder / name).read_text("utf-8").split("</head>", 1) for folder in (site.HTML, out)
        )
        if name != "404.html":
            assert before[1] == after[1] and after[0].startswith(before[0]), name
            assert site.complaints_links(out / name, out) == []
    links = site.soup(out / "404.html").select("a[href^='/']")
    missing = [
        link["href"] for link in links if not (published / link["href"].split("#")[0].lstrip("/")).is_file()
    ]
    assert len(links) > 5 and missing == []
