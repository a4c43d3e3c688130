"""One style for the whole site, without the rules that no page of the book can use.

The theme brings Bootstrap whole, and a style for each of its parts: a browser has to
fetch all of them before it draws a page. A rule stays if each class that it asks for
occurs in some page or script of the site. Rules without a class always stay.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from lean_scripts import already_one

TARGET = "site.css"
# In this order; what _config.yml names comes last.
PARTS = (
    "basic.css",
    "styles/bootstrap.css",
    "styles/pydata-sphinx-theme.css",
    "pygments.css",
    "styles/sphinx-book-theme.css",
    "sphinx-design.min.css",
    "mystnb.*.css",
    "katex/katex.min.css",
    "katex-math.css",
)
KEPT = ("pygments.css",)  # tools/make_pdf.py asks for it


def words(folder: Path) -> set[str]:
    """Everything in the pages and scripts of a site that could be a class."""
    found: set[str] = set()
    for path in [*folder.rglob("*.html"), *folder.rglob("*.js")]:
        text = path.read_text("utf-8")
        if path.suffix == ".html":
            scripts = " ".join(re.findall(r"<script\b[^>]*>(.*?)</script>", text, re.DOTALL))
            text = " ".join(re.findall(r'class="([^"]*)"', text)) + " " + scripts
        found.update(re.findall(r"[\w-]+", text))
    return found


def split(text: str, mark: str) -> list[str]:
    """Split at a mark that stands in no bracket and no quotation."""
    parts, depth, quote, start = [], 0, "", 0
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif sign == mark and not depth:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def usable(selector: str, known: set[str]) -> bool:
    """Whether some element of the site could have all classes that a selector asks for."""
    bare = re.sub(r'"[^"]*"|\'[^\']*\'', "", selector)
    bare = re.sub(r":(?:not|is|where|has)\([^()]*(?:\([^()]*\)[^()]*)*\)", "", bare)
    return all(name in known for name in re.findall(r"\.(-?[A-Za-z_][\w-]*)", bare))


def blocks(style: str):
    """The pieces of a style: (what stands before a brace, what stands in it)."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    start, place = 0, 0
    while place < len(style):
        sign = style[place]
        if sign in "\"'":
            place = style.index(sign, place + 1)
        elif sign == ";":
            yield style[start : place + 1], None
            start = place + 1
        elif sign == "{":
            head, depth, inner = style[start:place], 1, place + 1
            while depth:
                place += 1
                if style[place] in "\"'":
                    place = style.index(style[place], place + 1)
                depth += {"{": 1, "}": -1}.get(style[place], 0)
            yield head, style[inner:place]
            start = place + 1
        place += 1


def lean(style: str, known: set[str]) -> str:
    """A style without the rules that the words of the site rule out."""
    kept = []
    for head, body in blocks(style):
        if body is None:
            kept.append(head)
        elif re.match(r"\s*@(media|supports|layer|container)", head):
            inner = lean(body, known)
            kept.append(f"{head}{{{inner}}}" if inner.strip() else "")
        elif head.lstrip().startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            selectors = [part for part in split(head, ",") if usable(part, known)]
            kept.append(f"{','.join(selectors)}{{{body}}}" if selectors else "")
    return "".join(kept)


def written_short(style: str) -> str:
    """A style without comments and without spaces that mean nothing."""
    found = []
    for head, body in blocks(style):
        head = re.sub(r"\s+", " ", head).strip()
        if body is None:
            found.append(head)
        elif re.match(r"@(media|supports|layer|container|keyframes|-webkit-keyframes|-moz-keyframes)", head):
            found.append(f"{head}{{{written_short(body)}}}")
        else:
            lines = [re.sub(r"\s+", " ", part).strip() for part in split(body, ";")]
            lines = [re.sub(r"^([\w-]+) ?: ?", r"\1:", line) for line in lines if line]
            found.append(f"{re.sub(', ', ',', head)}{{{';'.join(lines)}}}" if lines else "")
    return "".join(found)


def moved(style: str, folder: str) -> str:
    """A style whose addresses begin in `folder`, for a place above it."""

    def rebase(found):
        address = found[2]
        if re.match(r"[a-z]+:|/|#", address):
            return found[0]
        return f"url({found[1]}{posixpath.normpath(posixpath.join(folder, address))}{found[1]})"

    return re.sub(r"url\(\s*([\"']?)([^)\"']+)\1\s*\)", rebase, style)


def bundle(folder: Path, own: list[str]) -> str:
    """The style of all pages of a site, from the styles in its folder _static."""
    known, licences, styles = words(folder), [], []
    for name in [*PARTS, *own]:
        for path in sorted((folder / "_static").glob(name)):
            style = path.read_text("utf-8")
            licences += re.findall(r"/\*!.*?\*/", style, re.DOTALL)
            style = re.sub(r"@charset[^;]*;|@import[^;]*;|/\*# sourceMappingURL.*?\*/", "", style)
            place = path.relative_to(folder / "_static").parent.as_posix()
            styles.append(moved(written_short(lean(style, known)), place))
    return "\n".join([*dict.fromkeys(licences), *styles]) + "\n"


def finish(app, exception):
    """Called by Sphinx when all pages are written."""
    if exception or app.builder.name != "html":
        return
    static, own = Path(app.outdir, "_static"), [str(name) for name, _ in app.config.html_css_files]
    if not already_one(static, own):
        (static / TARGET).write_text(bundle(Path(app.outdir), own), "utf-8")
    for path in sorted(static.rglob("*.css")):
        if path.relative_to(static).as_posix() not in (TARGET, *KEPT):
            path.unlink()


def setup(app):
    """Called by Sphinx."""
    app.connect("build-finished", finish, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
