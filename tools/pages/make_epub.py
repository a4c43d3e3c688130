"""Make the whole book into one EPUB 3, from the built site, and have epubcheck judge it.

    python -m tools.pages.make_epub            into _build/html/offline, linked on the introduction
    python -m tools.pages.make_epub FILE       into another file

Formulas are MathML, with their TeX as the text that stands for them. What epubcheck
finds fault with is not written.
"""

from __future__ import annotations

import html as escaping
import io
import re
import shutil
import subprocess
import sys
import time
import uuid
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from tools.book import ROOT, Book
from tools.pages.articles import (
    Article,
    command,
    files_shown,
    links,
    mathematics,
    put_back,
    read,
    replacing,
    tag,
)

STYLE = ROOT / "book" / "_static" / "epub.css"
COVER = "_static/cover-light.png"
ORIGIN = (1980, 1, 1, 0, 0, 0)  # the same book is the same file
# To compile for a long life and to tidy up beside the work takes Java twice the time that the check takes.
QUICKLY = ("-XX:+IgnoreUnrecognizedVMOptions", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
NO_CHECK = (
    "epubcheck was not found, so no EPUB was written; install it (Debian, Ubuntu: apt-get install epubcheck)."
)

# Names in SVG that HTML writes in small letters and XML does not.
SVG_NAMES = (
    "viewBox preserveAspectRatio clipPath linearGradient radialGradient textPath gradientUnits patternUnits"
).split()

PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head><title>{title}</title><link rel="stylesheet" type="text/css" href="epub.css"/></head>
<body{kind}>{body}</body>
</html>
"""

CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/book.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""

PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{ident}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:creator>{author}</dc:creator>
<dc:language>en</dc:language>
<dc:description>{promise}</dc:description>
<dc:rights>Text and figures: CC BY 4.0. Code: MIT licence.</dc:rights>
<meta property="dcterms:modified">{modified}</meta>
<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessMode">visual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">MathML</meta>
<meta property="schema:accessibilityFeature">structuralNavigation</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityHazard">none</meta>
<meta property="schema:accessibilitySummary">
Every figure has a text that says what it shows, and every formula is MathML.</meta>
<meta name="cover" content="cover-image"/>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="style" href="epub.css" media-type="text/css"/>
<item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>
{items}
</manifest>
<spine toc="ncx"><itemref idref="cover"/><itemref idref="nav"/>{spine}</spine>
</package>
"""

NCX = """<?xml version="1.0" encoding="utf-8"?>
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1" xml:lang="en">
<head><meta name="dtb:uid" content="{ident}"/><meta name="dtb:depth" content="1"/></head>
<docTitle><text>{title}</text></docTitle>
<navMap>{points}</navMap>
</ncx>
"""


def formulas(article: Article) -> int:
    """Every formula as MathML alone; how many there are."""
    found = mathematics(article.body)
    for formula, source, tex in found:
        for copy in source.find_all("annotation"):
            copy.decompose()
        if source.semantics:
            source.semantics.unwrap()
        source["alttext"] = tex
        formula.replace_with(source.extract())
    for display in article.body.select(".katex-display"):
        display.unwrap()
    return len(found)


def pictures(articles: list[Article], site: Path) -> dict[str, bytes]:
    """Name -> PNG or other bytes, of every picture; the pages then name those."""
    found: dict[str, bytes] = {}
    for article in articles:
        for image, key in files_shown(article.body):
            path = site / image[key]
            name = re.sub(r"\W", "-", path.stem) + (path.suffix if path.suffix != ".webp" else ".png")
            if name not in found:
                found[name] = as_png(path) if path.suffix == ".webp" else path.read_bytes()
            image[key] = name
        for drawing in article.body.find_all("svg"):
            drawing["xmlns"], drawing["xmlns:xlink"] = (
                "http://www.w3.org/2000/svg",
                "http://www.w3.org/1999/xlink",
            )
    return found


def as_png(path: Path) -> bytes:
    """A picture as PNG, pixel for pixel the same; EPUB readers need not know WebP."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"), np.uint32)
    numbers = pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]
    colours, places = np.unique(numbers, return_inverse=True)
    if len(colours) <= 256:  # a palette says the same in a third of the bytes
        smaller = Image.fromarray(places.reshape(numbers.shape).astype(np.uint8), "P")
        smaller.putpalette([part for colour in colours.tolist() for part in colour.to_bytes(3, "big")])
    else:
        smaller = Image.fromarray(pixels.astype(np.uint8))
    file = io.BytesIO()
    smaller.save(file, "PNG", compress_level=9)
    return file.getvalue()


def as_xml(body: str) -> str:
    """HTML as BeautifulSoup writes it, with the names of SVG as XML wants them."""
    for name in SVG_NAMES:
        body = re.sub(rf"(?<=[\s</]){name.lower()}(?=[\s=>])", name, body) if name.lower() in body else body
    return body


def contents(articles: list[Article]) -> str:
    """The navigation: parts, chapters, sections."""
    parts: list[tuple[str, list[str]]] = []
    for article in articles:
        if not parts or parts[-1][0] != article.part:
            parts.append((article.part, []))
        sections = "".join(
            f'<li><a href="{article.slug}.xhtml#{heading.find_parent("section")["id"]}">'
            f"{escaping.escape(' '.join(heading.get_text().split()))}</a></li>"
            for heading in article.body.find_all("h2")
        )
        below = f"<ol>{sections}</ol>" if sections else ""
        title = escaping.escape(article.heading)
        parts[-1][1].append(f'<li><a href="{article.slug}.xhtml">{title}</a>{below}</li>')
    rows = [
        f"<li><span>{escaping.escape(part)}</span><ol>{''.join(rows)}</ol></li>" if part else "".join(rows)
        for part, rows in parts
    ]
    return f'<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>{"".join(rows)}</ol></nav>'


def compose(site: Path, only: str | None = None) -> dict[str, bytes]:
    """Name in the EPUB -> content.

    only: the name of the one page that shall be in it, beside the introduction, from which the cover's words come.
    """
    book = Book()
    articles, store = read(site, only and {book.pages[0], only})
    store = [re.sub("</?span[^>]*>", "", code) for code in store]  # e-readers have colours of their own
    config = book.config
    title, author = escaping.escape(config["title"]), escaping.escape(config["author"])
    intro = articles[0]
    promise = escaping.escape(intro.body.select_one("p.promise").get_text())
    cover = intro.body.find("img")
    alt = escaping.escape(cover["alt"])
    cover.decompose()
    intro.title = intro.body.h1.string = "Introduction"
    for article, link, target, ident in list(links(articles)):
        same = target is article and ident
        link["href"] = f"#{ident}" if same else f"{target.slug}.xhtml" + (f"#{ident}" if ident else "")
    images = pictures(articles, site)
    images["cover-image.png"] = (site / COVER).read_bytes()

    files = {"epub.css": STYLE.read_bytes()}
    body = (
        f'<section epub:type="cover"><img src="cover-image.png" alt="{alt}"/><h1>{title}</h1><p>{promise}</p>'
        + (f"<p>{author}, {config['copyright']}</p></section>")
    )
    files["cover.xhtml"] = PAGE.format(title=title, kind=' class="cover"', body=body).encode()
    files["nav.xhtml"] = PAGE.format(title="Contents", kind="", body=contents(articles)).encode()
    items, spine, points = [], [], []
    for number, article in enumerate(articles, 1):
        features = ["mathml"] if formulas(article) else []
        features += ["svg"] if article.body.find("svg") else []
        if article.number:
            article.body.h1.insert_before(tag("p", f"Chapter {article.number}", kind="kicker"))
        article.body.name, article.body["class"] = "section", "article"
        text = PAGE.format(
            title=escaping.escape(article.heading), kind="", body=as_xml(put_back(str(article.body), store))
        )
        ElementTree.fromstring(text)  # whoever breaks a page learns it here
        files[f"{article.slug}.xhtml"] = text.encode()
        more = f' properties="{" ".join(features)}"' if features else ""
        ident = f"page-{number}"
        items.append(
            f'<item id="{ident}" href="{article.slug}.xhtml" media-type="application/xhtml+xml"{more}/>'
        )
        spine.append(f'<itemref idref="{ident}"/>')
        points.append(
            f'<navPoint id="point-{number}" playOrder="{number}"><navLabel><text>{escaping.escape(article.heading)}'
            f'</text></navLabel><content src="{article.slug}.xhtml"/></navPoint>'
        )
    for number, (name, data) in enumerate(sorted(images.items()), 1):
        files[name] = data
        kind = {"svg": "svg+xml", "jpg": "jpeg"}.get(name.rsplit(".", 1)[1], name.rsplit(".", 1)[1])
        ident, more = (f"picture-{number}", "")
        if name == "cover-image.png":
            ident, more = "cover-image", ' properties="cover-image"'
        items.append(f'<item id="{ident}" href="{name}" media-type="image/{kind}"{more}/>')
    ident = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, book.address)}"
    newest = max((site / f"{article.name}.html").stat().st_mtime for article in articles)
    modified = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(newest))
    files["book.opf"] = PACKAGE.format(
        ident=ident,
        title=title,
        author=author,
        promise=promise,
        modified=modified,
        items="\n".join(items),
        spine="".join(spine),
    ).encode()
    files["toc.ncx"] = NCX.format(ident=ident, title=title, points="".join(points)).encode()
    return files


def pack(files: dict[str, bytes], path: Path) -> None:
    """Write an EPUB: its kind first and uncompressed, as the standard asks."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as epub:
        epub.writestr(zipfile.ZipInfo("mimetype", ORIGIN), "application/epub+zip", zipfile.ZIP_STORED)
        every = {"META-INF/container.xml": CONTAINER.encode()}
        every |= {f"book/{name}": data for name, data in sorted(files.items())}
        for name, data in every.items():
            entry = zipfile.ZipInfo(name, ORIGIN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            epub.writestr(entry, data)


def judge(path: Path) -> list[str]:
    """What epubcheck finds wrong with an EPUB, warnings as well."""
    program = shutil.which("epubcheck")
    if program is None:
        raise SystemExit(NO_CHECK)
    archive = Path(program).read_bytes()[:2] == b"PK"  # Debian's is the program itself
    command = ["java", *QUICKLY, "-jar", program] if archive else [program]
    done = subprocess.run([*command, "--failonwarnings", str(path)], capture_output=True, text=True)
    said = [
        line for line in (done.stdout + done.stderr).splitlines() if re.match(r"(FATAL|ERROR|WARNING)", line)
    ]
    return said or ([] if done.returncode == 0 else [(done.stderr or done.stdout).strip()[:300]])


def make(site: Path, target: Path) -> None:
    """Make the EPUB."""
    if shutil.which("epubcheck") is None:
        raise SystemExit(NO_CHECK)
    with replacing(target) as path:
        pack(compose(site), path)
        faults = judge(path)
        if faults:
            raise SystemExit(
                f"epubcheck finds {len(faults)} faults, so no EPUB was written. The first: {faults[0]}"
            )


def main(arguments: list[str] | None = None) -> int:
    """Make the EPUB and say where it is."""

    def told(site: Path, target: Path) -> dict:
        make(site, target)
        return {}

    done = "The book for e-readers is in {target}: {size}; epubcheck accepts it."
    return command("epub", told, done, __doc__.splitlines()[0], arguments)


if __name__ == "__main__":
    sys.exit(main())
