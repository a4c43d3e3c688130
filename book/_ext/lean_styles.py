"""Leave out the style rules that no page of the book can use.

The theme brings Bootstrap whole: 66 kB of compressed rules that a browser must
read before it draws a page. A rule stays if each class that it asks for occurs
in some page or script of the site. Rules without a class always stay.
"""

from __future__ import annotations

import re
from pathlib import Path

# The book's own styles and KaTeX's are small, and stay as they are.
KEEP = ("book.css", "palette.css", "fonts.css", "katex.min.css", "pygments.css")


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


def finish(app, exception):
    """Called by Sphinx when all pages are written."""
    if exception or app.builder.name != "html":
        return
    known = words(Path(app.outdir))
    for path in sorted(Path(app.outdir, "_static").rglob("*.css")):
        if path.name not in KEEP:
            style = path.read_text("utf-8")
            licence = "".join(re.findall(r"/\*!.*?\*/", style, re.DOTALL)[:2])
            path.write_text(licence + lean(style, known), "utf-8")


def setup(app):
    """Called by Sphinx."""
    app.connect("build-finished", finish, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
