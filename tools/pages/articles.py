"""Take the articles out of the built site, in the book's order, and open what is folded in them.

The PDF and the EPUB are made of these, so they say what the site says.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup

from tools.book import ROOT, Book

sys.path.append(str(ROOT / "book" / "_ext"))

import take_away  # noqa: E402  (the path must be set first)

__all__ = [
    "Article",
    "command",
    "external",
    "files_shown",
    "links",
    "mathematics",
    "put_back",
    "read",
    "replacing",
    "site_folder",
    "tag",
    "take_away",
]

# What answers a click has no place on paper, nor have copies for dark pages.
GONE = (
    ".cell-name, a.headerlink, nav.chapter-links, button, script, style, .take-away, .toctree-wrapper, "
    ".live-start, .live-trouble, .live-poster, img.only-dark, img.motion, audio"
)
CODE = re.compile(r"(?<=<pre>).*?(?=</pre>)", re.DOTALL)
PLACE = re.compile(r"@@(\d+)@@")
HERE_IT_STANDS = "On the site this figure answers while you type and point; here it stands still."


class Article:
    """One page of the book: where it stands, its title, and its content."""

    def __init__(self, name: str, part: str, number: int | None, body):
        self.name, self.part, self.number, self.body = name, part, number, body
        self.slug = Path(name).name
        self.title = " ".join(body.h1.get_text().split())

    @property
    def heading(self) -> str:
        """The title with the chapter's number."""
        return f"{self.number}. {self.title}" if self.number else self.title


def site_folder(html: Path | None = None) -> Path:
    """The folder of the built site; one clear sentence where there is none."""
    html = html or Path(os.environ.get("BOOK_HTML") or ROOT / "_build" / "html")
    missing = [name for name in Book().pages if not (html / f"{name}.html").exists()]
    if missing:
        raise SystemExit(
            f"There is no complete site in {html} ({missing[0]} is missing); run 'make book' first."
        )
    return html


@contextlib.contextmanager
def replacing(target: Path):
    """A path to write to; it takes the target's place only if nothing went wrong."""
    home = target.parent
    there = home.exists()
    home.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=home, prefix=".making-") as folder:
            path = Path(folder) / target.name
            yield path
            path.replace(target)
    finally:
        if not there and not any(home.iterdir()):
            home.rmdir()


def tag(name: str, text: str = "", **attributes):
    """A new element; `kind` is its class."""
    kind = attributes.pop("kind", None)
    element = BeautifulSoup("", "html.parser").new_tag(name, attrs=attributes)
    if kind:
        element["class"] = kind.split()
    if text:
        element.string = text
    return element


def unfold(body) -> None:
    """Print answers, solutions and folded code openly, under their name."""
    for fold in body.find_all("details"):
        summary = fold.summary.extract()
        shown = summary.find(class_="collapsed") or summary
        words = re.sub(r"^(Show|Unfold|Open) (the |a |an )?", "", " ".join(shown.get_text().split()))
        kind = "code" if words == "code" else "solution" if "solution" in words else "answer"
        fold.name, fold.attrs = "div", {"class": ["fold", f"fold-{kind}"]}
        fold.insert(0, tag("p", words[:1].upper() + words[1:], kind="fold-title"))


def unquiz(body) -> None:
    """A question with its options as a list, above its answers."""
    for quiz in body.select("fieldset.quiz"):
        quiz.name, quiz.attrs = "div", {"class": ["quiz"]}
        if quiz.legend:
            quiz.legend.attrs, quiz.legend.name = {"class": ["quiz-question"]}, "p"
        options = tag("ul", kind="quiz-options")
        for label in quiz.find_all("label"):
            for button in label.find_all("input"):
                button.decompose()
            if not options.parent:
                label.insert_before(options)
            label.name, label.attrs = "li", {}
            options.append(label.extract())


def still_figures(body, on_own_page: bool) -> None:
    """A live figure as its picture and sentence; within a chapter, as a link to that page."""
    for live in body.select("div.live"):
        title = live.select_one(".live-title")
        link = live.select_one(".live-head a")
        words = [p for p in live.select(".live-words p") if not p.find_parent("noscript")]
        picture = live.select_one("noscript img")
        live.attrs = {"class": ["live"]}
        pieces = [tag("p", title.get_text(" ", strip=True), kind="live-title")]
        pieces += [tag("p", p.get_text(" ", strip=True)) for p in words if p.get_text(strip=True)]
        if on_own_page and picture:
            pieces.append(picture.extract())
            pieces.append(tag("p", HERE_IT_STANDS, kind="live-note"))
        elif link:
            note = tag("p", "See ", kind="live-note")
            address = tag("a", title.get_text(" ", strip=True), href=link["href"], kind="reference internal")
            note.extend([address, "."])
            pieces.append(note)
        live.clear()
        live.extend(pieces)


def plain_cards(body) -> None:
    """Cards as boxes: a line of small print, a title that links, and the words."""
    for grid in body.select(".sd-container-fluid"):
        cards = tag("div", kind="cards")
        for card in grid.select(".sd-card"):
            box = tag("div", kind="card")
            for piece in card.select(".sd-card-title, .sd-card-header, .sd-card-text"):
                kept = tag("p", kind="card-title" if "sd-card-text" not in piece["class"] else "")
                kept.extend(list(piece.contents))
                box.append(kept)
            cards.append(box)
        grid.replace_with(cards)


def mathematics(body) -> list:
    """(the element that KaTeX made, its MathML, its TeX) for every formula."""
    found = []
    for formula in body.select(".katex"):
        source = formula.select_one("annotation")
        found.append((formula, formula.select_one("math"), source.get_text().strip() if source else ""))
    return found


def tidy(article: Article) -> None:
    """Everything that a page needs off the screen, whatever the format."""
    body = article.body
    for box in body.select(".progress-box"):  # what a browser remembers is not for paper
        box.find_parent("section").decompose()
    for element in body.select(GONE):
        element.decompose()
    still_figures(body, article.name.startswith("book/live/"))
    unfold(body)
    unquiz(body)
    plain_cards(body)
    for element in body.select("noscript, i.fa-solid, i.fa-brands"):
        element.unwrap() if element.name == "noscript" else element.decompose()
    for cell in body.select("div.cell"):
        if not cell.get_text(strip=True) and not cell.find(["img", "svg"]):
            cell.decompose()
    for element in body.find_all(True):
        for name in ("loading", "srcset", "sizes", "tabindex", "hidden", "data-when", "data-live"):
            element.attrs.pop(name, None)


def files_shown(body):
    """(element, the attribute that names its file) for every picture that is a file of its own."""
    for name, key in (("img", "src"), ("image", "xlink:href")):
        for image in body.find_all(name, attrs={key: re.compile("^(?!data:)")}):
            yield image, key


def read(html: Path, only: set[str] | None = None) -> tuple[list[Article], list[str]]:
    """All pages of the contents, tidied, with links and pictures as on the site; and their code.

    only: the names of those that are asked for.

    Most elements of a page are coloured words of code, and no tool looks into them. So
    every block of code is kept aside, and @@7@@ keeps the place of the seventh.
    """
    book, found, store = Book(), [], []

    def keep_aside(code) -> str:
        store.append(code[0])
        return f"@@{len(store) - 1}@@"

    parts = {
        entry["file"]: part.get("caption", "")
        for part in book.toc.get("parts", [])
        for entry in part["chapters"]
    }
    for name in book.pages:
        if only and name not in only:
            continue
        text = (html / f"{name}.html").read_text("utf-8")
        text = text[text.index("<article") : text.index("</article>")] + "</article>"
        body = BeautifulSoup(CODE.sub(keep_aside, text), "html.parser").article
        number = body.h1.select_one(".chapter-number")
        number = int(number.extract().get_text()) if number else None
        for link in body.h1.select("a.headerlink"):
            link.decompose()
        article = Article(name, parts.get(name, ""), number, body)
        tidy(article)
        for image, key in files_shown(body):
            image[key] = urlsplit(urljoin(f"/{name}.html", image[key])).path.lstrip("/")
        found.append(article)
    return found, store


def command(kind: str, make: Callable[[Path, Path], dict], done: str, about: str, arguments=None) -> int:
    """Make one of the files to take away, as the command line asks, and say where it is.

    make(site, target) returns what is worth telling; done is a sentence with these names, {target}
    and {size}. What is told is noted for the introduction, which links the file.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "file", nargs="?", help="where to (default: the site's folder for files to take away)"
    )
    wanted = parser.parse_args(arguments)
    site = site_folder()
    target = Path(wanted.file) if wanted.file else site / take_away.FOLDER / take_away.NAMES[kind]
    found = make(site, target)
    if not wanted.file:
        take_away.note(site, kind, **found)
    print(done.format(target=target, size=take_away.size(target), **found))
    return 0


def put_back(text: str, store: list[str]) -> str:
    """The blocks of code in their places."""
    return PLACE.sub(lambda place: store[int(place[1])], text)


def external(address: str) -> bool:
    """Whether a link leaves the book."""
    return urlsplit(address).scheme in ("http", "https", "mailto")


def links(articles: list[Article]):
    """(article, link, the article that it leads to, the id there or None) for every link within the book.

    A link to a file that is not a page of the book loses its address and stays as words.
    """
    known = {f"{article.name}.html": article for article in articles}
    ids = {article.slug: {e["id"] for e in article.body.find_all(id=True)} for article in articles}
    found = []
    for article in articles:
        for link in article.body.find_all("a", href=True):
            if external(link["href"]):
                continue
            place = urlsplit(urljoin(f"/{article.name}.html", link["href"]))
            target = known.get(place.path.lstrip("/"))
            if target is None:
                link.unwrap()
            else:
                ident = place.fragment if place.fragment in ids[target.slug] else None
                found.append((article, link, target, ident))
    return found
