"""One script for the whole site, from the book's own; what the theme brings is left out.

It is loaded beside the page and runs when the page is there. Each address of the
style and the scripts carries a mark of what is in it, so that no browser mixes an
old one with a new page.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

TARGET = "site.js"
STAMPED = ("site.css", TARGET, "live/load.mjs")
# Scripts that pages fetch by themselves, when a reader searches.
ASKED_FOR = (
    "search-ranking.js",
    "search-index.js",
    "vendor/minisearch/minisearch.js",
    "vendor/stemmer/stemmer.js",
)


def already_one(static: Path, own: list[str]) -> bool:
    """Whether no part is there: where Sphinx writes no page it copies none, and the last file stays right."""
    return not any((static / name).exists() for name in own)


def finish(app, exception):
    """Called by Sphinx when all pages are written."""
    if exception or app.builder.name != "html":
        return
    static, own = Path(app.outdir, "_static"), [str(name) for name, _ in app.config.html_js_files]
    if not already_one(static, own):
        script = "\n".join((static / name).read_text("utf-8") for name in own)
        (static / TARGET).write_text(script, "utf-8")
    for path in sorted(static.rglob("*.js")):
        if path.relative_to(static).as_posix() not in (TARGET, *ASKED_FOR):
            path.unlink()


def stamp(app, exception):
    """Write into every page which style and which scripts it goes with."""
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    marks = {
        name: hashlib.sha256((folder / "_static" / name).read_bytes()).hexdigest()[:8] for name in STAMPED
    }
    address = re.compile(rf"(_static/({'|'.join(map(re.escape, STAMPED))}))(?:\?v=\w*)?\"")
    for page in folder.rglob("*.html"):
        text = page.read_text("utf-8")
        marked = address.sub(lambda found: f'{found[1]}?v={marks[found[2]]}"', text)
        if marked != text:
            page.write_text(marked, "utf-8")


def setup(app):
    """Called by Sphinx."""
    app.connect("build-finished", finish, priority=940)  # before lean_styles, which reads every script
    app.connect("build-finished", stamp, priority=970)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
