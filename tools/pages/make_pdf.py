"""Print the whole book into one PDF, from the built site and with Chromium.

    python -m tools.pages.make_pdf             into _build/html/offline, linked on the introduction
    python -m tools.pages.make_pdf FILE        into another file

The book is printed twice or more: the first time to learn on which page everything
stands, then with those numbers in the contents and in the cross-references, until the
numbers hold. The numbers of the last print are tried first: where they hold, one is enough.
"""

from __future__ import annotations

import contextlib
import html as escaping
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from tools.book import ROOT, Book
from tools.pages.articles import (
    Article,
    command,
    external,
    files_shown,
    links,
    mathematics,
    put_back,
    read,
    replacing,
    tag,
)

sys.path.append(str(ROOT / "tests"))

import site_checks  # noqa: E402  (the path must be set first)

TRIES = 5
LAST = ROOT / "_build" / "printed.json"  # target -> page, as they were in the last print
# The text's own styles, from the site; and the one for paper.
STATIC = ROOT / "book" / "_static"
STYLES = ("fonts.css", "palette.css", "katex/katex.min.css", "paper.css")
COVER = "_static/cover-light.png"
PLAIN = re.compile(
    r'<span class="(?:n|nn|p|w)">([^<]*)</span>|<span></span>'
)  # words of code without a colour
SHORT = 8  # lines; folded code of more than these is printed once, and then referred to

HEAD = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head><meta charset="utf-8"><title>{title}</title>{styles}<style>{pages}</style></head>
<body>{front}{articles}</body></html>
"""

FRONT = """<section class="cover">
<h1>{title}</h1><p class="cover-promise">{promise}</p>
<img src="{cover}" alt="{alt}">
<p class="cover-foot">{author}, {year}</p>
</section>
<section class="imprint">
<p>This is the book&#8217;s site on paper. Predictions, questions and exercises are followed by their answers:
cover them with a sheet of paper while you think. Live figures, which answer while you type and point on the site,
stand still here. A page number in brackets says where the words before it lead; a small raised number
stands for an address, written out at the end of the chapter.</p>
{places}
<p>{author}, {year}. Text and figures: <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>,
creativecommons.org/licenses/by/4.0. Code: MIT licence.</p>
</section>
"""


def page_ref(target: str) -> object:
    """The number of the page on which a target stands, to be filled in."""
    return tag("span", "000", kind="page-ref", **{"data-target": target})


def with_prefix(article: Article) -> None:
    """Make the ids of a page unique in the book."""
    for element in article.body.find_all(id=True):
        element["id"] = f"{article.slug}--{element['id']}"


def print_once(articles: list[Article], store: list[str]) -> None:
    """Folded code that several chapters share is printed in the first of them."""
    seen: dict[str, str] = {}
    for article in articles:
        for number, fold in enumerate(article.body.select(".fold-code")):
            code = put_back(fold.get_text(), store)
            if len(code.splitlines()) < SHORT:
                continue
            if code not in seen:
                fold["id"] = seen[code] = f"{article.slug}--code-{number}"
                continue
            words, link = (
                tag("p", "Code: the same as on page ", kind="fold-title"),
                tag("a", href=f"#{seen[code]}"),
            )
            link.append(page_ref(seen[code]))
            words.extend([link, "."])
            fold.clear()
            fold.append(words)


def point_inside(articles: list[Article]) -> None:
    """Links within the book lead to its pages, whose numbers stand behind them."""
    for _, link, target, ident in list(links(articles)):
        link["href"] = f"#{target.slug}--{ident}" if ident else f"#{target.slug}"
        if "glossary-link" not in link.get("class", []):
            link.insert_after(" (page\u00a0", page_ref(link["href"][1:]), ")")


def point_outside(article: Article) -> None:
    """An address that its link does not show is written out: at a chapter's end, elsewhere behind the link."""
    numbers: dict[str, int] = {}
    for link in article.body.find_all("a", href=True):
        address, words = link["href"], link.get_text().strip()
        if not external(address) or words.removeprefix("doi:") in address:
            continue
        if article.number:
            number = numbers.setdefault(address, len(numbers) + 1)
            link.append(tag("sup", str(number), kind="note-number"))
        else:
            link.insert_after(" ", tag("span", f"({address})", kind="address"))
    if numbers:
        notes = tag("ol", kind="addresses")
        for address in numbers:
            item = tag("li")
            item.append(tag("a", address, href=address))
            notes.append(item)
        article.body.append(tag("p", "Addresses", kind="addresses-title"))
        article.body.append(notes)


def speak_formulas(article: Article) -> None:
    """A formula is a picture to a PDF: its TeX is what screen readers say."""
    for formula, source, tex in mathematics(article.body):
        formula.attrs.update({"role": "img", "aria-label": tex})
        if source:
            source.find_parent(class_="katex-mathml").decompose()
        for drawn in formula.select(".katex-html"):
            drawn.attrs.pop("aria-hidden", None)


def contents(articles: list[Article]) -> object:
    """The table of contents: parts, chapters, sections, and the exercises in a line."""
    nav = tag("nav", kind="contents")
    nav.append(tag("h1", "Contents"))

    def row(words: str, target: str, kind: str):
        link = tag("a", href=f"#{target}", kind=f"row {kind}")
        link.extend([tag("span", words, kind="words"), tag("span", kind="dots"), page_ref(target)])
        return link

    part = None
    for article in articles:
        if article.part != part and article.part:
            nav.append(tag("p", article.part, kind="part"))
        part = article.part
        nav.append(row(article.heading, article.slug, "chapter"))
        exercises = []
        for heading in article.body.find_all(["h2", "h3"]):
            words, home = " ".join(heading.get_text().split()), heading.find_parent("section")
            if heading.name == "h2":
                nav.append(row(words, home["id"], "section"))
            elif words.startswith("Exercise "):
                exercises.append((words.split(":")[0].removeprefix("Exercise "), home["id"]))
            else:
                nav.append(row(words, home["id"], "subsection"))
        if exercises and article.number:
            line = tag("p", "Exercises ", kind="exercises")
            for words, target in exercises:
                line.extend([tag("a", words, href=f"#{target}"), " "])
            nav.append(line)
    return nav


def page_styles(articles: list[Article]) -> str:
    """A running head for every chapter."""
    rules = []
    for article in articles:
        words = article.heading.replace("\\", "\\\\").replace('"', '\\"')
        name = f"page-{article.slug.replace('_', '-')}"
        rules.append(
            f'[id="{article.slug}"] {{ page: {name}; }} @page {name} {{ @top-left {{ content: "{words}"; }} }}'
        )
    return " ".join(rules)


def whole_book(site: Path, only: str | None = None) -> tuple[str, list[Article]]:
    """The HTML of the book with page numbers still to be filled in, and its articles.

    only: the name of the one page that shall be in it, without cover and contents.
    """
    book, (articles, store) = Book(), read(site)
    store = [PLAIN.sub(r"\1", code) for code in store]
    intro = articles[0]
    picture = intro.body.find("img")
    alt, promise = picture["alt"], intro.body.select_one("p.promise").get_text()
    picture.decompose()
    intro.title = intro.body.h1.string = "Introduction"
    point_inside(articles)
    for article in articles:
        with_prefix(article)
    print_once(articles, store)
    for article in articles:
        if only not in (None, article.name):
            continue
        point_outside(article)
        speak_formulas(article)
        article.body.name, article.body["id"] = "section", article.slug
        article.body["class"] = ["article", "chapter"] if article.number else ["article"]
        if article.number:
            article.body.h1.insert_before(tag("p", f"Chapter {article.number}", kind="kicker"))
        for image, key in files_shown(article.body):
            image[key] = (site / image[key]).as_uri()
    config = book.config
    where = []
    if config["html"].get("baseurl"):
        where.append(f"The site: {config['html']['baseurl']}")
    if not book.slug.startswith("OWNER/"):
        where.append(f"The notebooks: {book.address}")
    front = FRONT.format(
        title=escaping.escape(config["title"]),
        promise=escaping.escape(promise),
        cover=(site / COVER).as_uri(),
        alt=escaping.escape(alt),
        author=escaping.escape(config["author"][:1].upper() + config["author"][1:]),
        year=config["copyright"],
        places="".join(f"<p>{escaping.escape(words)}</p>" for words in where),
    )
    styles = [(site / "_static" / "pygments.css").as_uri(), *((STATIC / name).as_uri() for name in STYLES)]
    text = HEAD.format(
        title=escaping.escape(config["title"]),
        styles="".join(f'<link rel="stylesheet" href="{address}">' for address in styles),
        pages=page_styles(articles),
        front="" if only else front + str(contents(articles)),
        articles=put_back(
            "".join(str(article.body) for article in articles if only in (None, article.name)), store
        ),
    )
    return text, articles


def places(path: Path) -> dict[str, tuple[int, float]]:
    """Target -> (page, counted from 1, and height on it), as Chromium noted them in a PDF."""
    from pypdf import PdfReader

    reader = PdfReader(path)
    return {
        name.lstrip("/"): (reader.get_destination_page_number(goal) + 1, float(goal.top or 0))
        for name, goal in reader.named_destinations.items()
    }


# Fill in the numbers; returns the targets that no number is known for.
NUMBERS = """(pages) => [...document.querySelectorAll(".page-ref")].filter((ref) => {
    const page = pages[ref.dataset.target];
    ref.textContent = page || "000";
    return !page;
}).map((ref) => ref.dataset.target)"""


def find_browser() -> str:
    """The path of a Chromium or Chrome; one clear sentence where there is none."""
    path = site_checks.find_browser()
    if path is None or not (shutil.which(path) or Path(path).exists()):
        raise SystemExit(
            "No Chromium or Chrome was found to print with; install one (Debian, Ubuntu: apt-get install chromium), "
            "or say where it is with CHROME_PATH."
        )
    return path


@contextlib.contextmanager
def in_browser(text: str, folder: Path):
    """The HTML in a browser that is ready to print it."""
    from playwright.sync_api import sync_playwright

    source = folder / "book.html"
    source.write_text(text, "utf-8")
    with sync_playwright() as playwright:
        # Letters keep the distances that their font gives them; a screen's pixels play no part on paper.
        flags = [*site_checks.FLAGS, "--font-render-hinting=none"]
        browser = playwright.chromium.launch(executable_path=find_browser(), args=flags)
        page = browser.new_page()
        page.set_default_timeout(600_000)
        page.goto(source.as_uri(), wait_until="load")
        page.evaluate("document.fonts.ready.then(() => 0)")
        page.emulate_media(media="print", color_scheme="light")
        yield page
        browser.close()


def print_to(page, target: Path, tagged: bool = True) -> None:
    """Write what a browser shows into a PDF."""
    page.pdf(path=target, prefer_css_page_size=True, print_background=True, tagged=tagged, outline=False)


def print_alone(site: Path, name: str, folder: Path, numbers: dict[str, int] | None = None) -> Path:
    """Print one page of the book, which in the whole begins on a new sheet, too.

    numbers: target -> sheet in the whole book, as in its last print if they are not given; what is unknown is 000.
    """
    target = folder / "page.pdf"
    with in_browser(whole_book(site, only=name)[0], folder) as page:
        page.evaluate(NUMBERS, last_numbers() if numbers is None else numbers)
        print_to(page, target)
    return target


def print_book(text: str, folder: Path, before: dict[str, int] | None = None) -> Path:
    """Print until the numbers hold; the path of the PDF.

    before: the pages on which things stood in an earlier print. If they still stand there, one print is enough.
    """
    target = folder / "book.pdf"
    with in_browser(text, folder) as page:
        known = dict(before or {})
        unknown = page.evaluate(NUMBERS, known)
        for number in range(TRIES):
            last = number > 0 or bool(known)
            print_to(page, target, tagged=last)
            found = {name: place[0] for name, place in places(target).items()}
            if last and found == known and not unknown:
                break
            known = found
            unknown = page.evaluate(NUMBERS, known)
            if unknown:
                raise SystemExit(f"The book links to {unknown[0]}, which stands on no page of the PDF.")
        else:
            raise SystemExit(f"After {TRIES} prints the page numbers still change; nothing was written.")
    return target


class Bookmarks:
    """The tree of bookmarks of a PDF, as objects that are written behind its end."""

    def __init__(self, reader):
        from pypdf.generic import DictionaryObject, NameObject

        self.reader, self.objects = reader, {}
        in_use = [number for found in reader.xref.values() for number in found]
        self.next = max(*in_use, int(reader.trailer["/Size"])) + 1
        self.top = self.add(DictionaryObject({NameObject("/Type"): NameObject("/Outlines")}))

    def add(self, item, number: int | None = None):
        """Keep an object, under a number of its own or in place of another; the reference to it."""
        from pypdf.generic import IndirectObject

        if number is None:
            number, self.next = self.next, self.next + 1
        self.objects[number] = item
        return IndirectObject(number, 0, self.reader)

    def mark(self, words: str, place: tuple[int, float], above=None, bold: bool = False):
        """One more bookmark below another one; the reference to it. place: (page, height on it)."""
        from pypdf.generic import (
            ArrayObject,
            DictionaryObject,
            FloatObject,
            NameObject,
            NullObject,
            NumberObject,
            TextStringObject,
        )

        page, height = place
        above = above or self.top
        goal = [self.reader.pages[page - 1].indirect_reference, NameObject("/XYZ")]
        goal += [NumberObject(0), FloatObject(height + 8), NullObject()]
        item = DictionaryObject(
            {
                NameObject("/Title"): TextStringObject(words),
                NameObject("/Parent"): above,
                NameObject("/Dest"): ArrayObject(goal),
            }
        )
        if bold:
            item[NameObject("/F")] = NumberObject(2)
        made, over = self.add(item), self.objects[above.idnum]
        if "/Last" in over:
            item[NameObject("/Prev")] = over.raw_get("/Last")
            self.objects[item.raw_get("/Prev").idnum][NameObject("/Next")] = made
        else:
            over[NameObject("/First")] = made
        over[NameObject("/Last")] = made
        while over is not None:  # all stand open: an item counts what lies anywhere below it
            over[NameObject("/Count")] = NumberObject(over.get("/Count", 0) + 1)
            over = self.objects[over.raw_get("/Parent").idnum] if "/Parent" in over else None
        return made


def append(printed: Path, target: Path, objects: dict, trailer) -> None:
    """A PDF with objects written behind its end, as ISO 32000-1, 7.5.6, has it; all else stays byte for byte.

    A library that takes the whole file apart and puts it together again needs half a minute for it.
    """
    with target.open("wb") as file:
        file.write(printed.read_bytes().rstrip() + b"\n")
        rows = [b"0 1\n0000000000 65535 f \n"]  # readers expect that the numbers begin with this one
        for number, item in sorted(objects.items()):
            rows.append(b"%d 1\n%010d 00000 n \n" % (number, file.tell()))
            file.write(b"%d 0 obj\n" % number)
            item.write_to_stream(file)
            file.write(b"\nendobj\n")
        start = file.tell()
        file.write(b"xref\n" + b"".join(rows) + b"trailer\n")
        trailer.write_to_stream(file)
        file.write(b"\nstartxref\n%d\n%%%%EOF\n" % start)


def finish(printed: Path, target: Path, articles: list[Article]) -> int:
    """Add bookmarks and what the file says about itself; the number of pages."""
    from pypdf import PdfReader
    from pypdf.generic import BooleanObject, DictionaryObject, NameObject, NumberObject, TextStringObject

    where = places(printed)
    reader = PdfReader(printed)
    tree, part, above_all = Bookmarks(reader), None, None
    for article in articles:
        if article.part != part:
            part, above_all = article.part, None
            if part:
                above_all = tree.mark(part, where[article.slug], bold=True)
        chapter = tree.mark(article.heading, where[article.slug], above_all)
        above = chapter
        for heading in article.body.find_all(["h2", "h3"]):
            words, ident = " ".join(heading.get_text().split()), heading.find_parent("section")["id"]
            if heading.name == "h2":
                above = tree.mark(words, where[ident], chapter)
            elif ident in where:
                tree.mark(words, where[ident], above)
    config, about = Book().config, DictionaryObject(reader.trailer["/Info"])
    for name, words in (
        ("/Title", config["title"]),
        ("/Author", config["author"]),
        ("/Subject", "Convolutional neural networks you can check by hand."),
    ):
        about[NameObject(name)] = TextStringObject(words)
    root = DictionaryObject(reader.trailer["/Root"])
    root[NameObject("/Outlines")] = tree.top
    root[NameObject("/PageMode")] = NameObject("/UseOutlines")
    root[NameObject("/Lang")] = TextStringObject("en")
    root[NameObject("/ViewerPreferences")] = DictionaryObject(
        {NameObject("/DisplayDocTitle"): BooleanObject(True)}
    )
    trailer = DictionaryObject({NameObject(n): reader.trailer.raw_get(n) for n in ("/Root", "/Info")})
    tree.add(root, trailer.raw_get("/Root").idnum)
    tree.add(about, trailer.raw_get("/Info").idnum)
    before = re.findall(rb"startxref\s+(\d+)", printed.read_bytes()[-64:])[-1]
    trailer[NameObject("/Prev")] = NumberObject(int(before))
    trailer[NameObject("/Size")] = NumberObject(tree.next)
    append(printed, target, tree.objects, trailer)
    return len(reader.pages)


def last_numbers() -> dict[str, int]:
    """Target -> page in the last print on this machine; empty if there was none."""
    try:
        return {str(name): int(page) for name, page in json.loads(LAST.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):  # none yet, or damaged: two prints, then
        return {}


def make(site: Path, target: Path) -> int:
    """Make the PDF; its number of pages."""
    try:
        import pypdf  # noqa: F401
    except ImportError:
        raise SystemExit("The package pypdf is missing; run 'make setup'.") from None
    find_browser()  # before anything is done
    text, articles = whole_book(site)
    with replacing(target) as path, tempfile.TemporaryDirectory(dir=path.parent) as folder:
        printed = print_book(text, Path(folder), last_numbers())
        with replacing(LAST) as numbers:
            numbers.write_text(
                json.dumps({name: page for name, (page, _) in places(printed).items()}), "utf-8"
            )
        return finish(printed, path, articles)


def main(arguments: list[str] | None = None) -> int:
    """Make the PDF and say where it is."""

    def told(site: Path, target: Path) -> dict:
        return {"pages": make(site, target)}

    done = "The book on paper is in {target}: {pages} pages, {size}."
    return command("pdf", told, done, __doc__.splitlines()[0], arguments)


if __name__ == "__main__":
    sys.exit(main())
