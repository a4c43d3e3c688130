"""Put the chapters' figures into the pages, in the page's colours and type, with a number.

A cell's figure is a drawing (SVG) in two colours that stand for ink and paper. Here
ink becomes the colour of the text around it and paper becomes nothing, so that a figure
looks at home on a light page and on a dark one. Its alternative text is its label, and
stands under it beside its number. Larger pictures in a drawing become files of their
own, so that the text of a page need not wait for them.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from pathlib import Path

from chapter_numbers import number_of
from docutils import nodes
from PIL import Image

INK, PAPER = "#1a1a1b", "#fefeff"  # those of tools/shared/plots.py
LARGER = 1.4  # times its own size, at most: the site's text is large, too
POINT = 4 / 3  # pixels of the screen
DATA = re.compile(r"data:image/(\w+);base64,([\w+/=]{4000,})")

FIGURE = (
    '<figure class="drawn{more}" id="figure-{number}">{drawing}'
    '<figcaption><b>Figure {words}.</b> <span aria-hidden="true">{alt}</span></figcaption></figure>'
)


def inline(drawing: str, alt: str, prefix: str) -> str:
    """A drawing as HTML: in the page's colours, its ids unlike those of other drawings."""
    drawing = re.sub(r"<[^>]*>", lambda tag: tag[0].replace("'", '"'), drawing)
    head, body = re.match(r"(?s)(<svg\b[^>]*>)(.*)", drawing).groups()
    box = re.search(r'viewBox="([^"]*)"', head)[1]
    width = float(box.split()[2]) * POINT * LARGER
    usual = " ".join(re.findall(r'(?:font-size|stroke-linejoin|text-anchor)="[^"]*"', head))
    body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", body)
    body = body.replace(INK, "currentColor").replace(PAPER, "none")
    return (
        f'<svg class="figure" role="img" aria-label="{html.escape(alt)}" viewBox="{box}" '
        f'style="max-width:{width:.0f}px" {usual}>{body.strip()}'
    )


def taken_out(drawing: str, folder: Path, address: str) -> str:
    """A drawing whose larger pictures are files in a folder, which pages find at an address."""

    def place(found) -> str:
        kind, data = found[1], base64.b64decode(found[2])
        picture, file = Image.open(io.BytesIO(data)), io.BytesIO()
        if kind == "png" and picture.mode != "RGBA":  # the same pixels in fewer bytes
            picture.save(file, "WEBP", lossless=True, quality=80, method=4)
            kind, data = ("webp", file.getvalue()) if file.tell() < len(data) else (kind, data)
        name = f"{hashlib.sha256(data).hexdigest()[:24]}.{kind}"
        if not (folder / name).exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return f"{address}/{name}"

    return DATA.sub(place, drawing)


def number_figures(app, tree, docname):
    """Called by Sphinx for every page before it is written."""
    chapter = number_of(docname)
    if not chapter or app.builder.format != "html":
        return
    count = 0
    for image in list(tree.findall(nodes.image)):
        alt = image.get("alt", "")
        count += "motion" not in image.get("classes", [])
        number, words = f"{chapter}-{count}", f"{chapter}.{count}"
        if image["uri"].endswith(".svg"):
            drawing = Path(app.srcdir, image["uri"]).read_text("utf-8")
            pictures = app.builder.imagedir
            drawing = taken_out(drawing, Path(app.outdir, pictures), f"../{pictures}")
            drawing = inline(drawing, alt, f"f{number}")
            more = "".join(f" {name}" for name in image.get("classes", []))
            text = FIGURE.format(number=number, words=words, alt=html.escape(alt), drawing=drawing, more=more)
            image.replace_self(nodes.raw("", text, format="html"))


def setup(app):
    """Called by Sphinx."""
    app.connect("doctree-resolved", number_figures, priority=460)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
