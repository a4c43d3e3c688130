"""Link the PDF, the EPUB and the archive of the site on the introduction, with their sizes.

The page has an empty place for the line (<div class="take-away">). The tools that make
the files have it written, and so has every build of the site. A file is named only if it
was made from this very site; one that was made from an older site is removed.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "offline"  # where the files lie, below the site's root
NAMES = {
    "pdf": "from-patch-to-prediction.pdf",
    "epub": "from-patch-to-prediction.epub",
    "zip": "from-patch-to-prediction-site.zip",
}
PAGE = "book/intro.html"
PLACE = re.compile(r'<div class="take-away">.*?</div>', re.DOTALL)
EMPTY = '<div class="take-away"></div>'

# What a file is made by, beside the site.
MAKERS = (
    "book/_static/epub.css",
    "book/_static/paper.css",
    "tools/pages/articles.py",
    "tools/pages/make_archive.py",
    "tools/pages/make_epub.py",
    "tools/pages/make_pdf.py",
)


def site_files(site: Path) -> list[Path]:
    """All files of a built site but those that this module is about, in a fixed order."""
    found = [path for path in site.rglob("*") if path.is_file()]
    return sorted(path for path in found if path.relative_to(site).parts[0] != FOLDER)


def without_line(page: str) -> str:
    """The introduction with the place for the line empty."""
    return PLACE.sub(EMPTY, page)


def content(site: Path, path: Path) -> bytes:
    """A file of the site; the introduction without its line, which is about the others."""
    if path == site / PAGE:
        return without_line(path.read_text("utf-8")).encode()
    return path.read_bytes()


def digest(site: Path) -> str:
    """SHA-256 of the site and of what turns it into the files."""
    total = hashlib.sha256()
    for path in site_files(site):
        if path.name != ".buildinfo":
            total.update(f"{path.relative_to(site).as_posix()}\0".encode())
            total.update(hashlib.sha256(content(site, path)).digest())
    for name in MAKERS:
        if (ROOT / name).exists():
            total.update((ROOT / name).read_bytes())
    return total.hexdigest()


def notes(site: Path) -> Path:
    """Where it is noted from which site each file was made; it is not published."""
    return site.parent / "offline.json"


def made(site: Path) -> dict[str, dict]:
    """Kind -> what was noted about a file that is there: digest and pages."""
    path = notes(site)
    noted = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {kind: note for kind, note in noted.items() if (site / FOLDER / NAMES[kind]).exists()}


def fresh(site: Path) -> dict[str, dict]:
    """Kind -> note, of the files that were made from this very site."""
    found = made(site)
    now = digest(site) if found else ""
    return {kind: note for kind, note in found.items() if note["digest"] == now}


def size(path: Path) -> str:
    """A file's size as readers see it."""
    return f"{path.stat().st_size / 1e6:.1f} MB"


def line(site: Path) -> str:
    """The line about the files that are there, as HTML; nothing where there are none."""
    current, parts = fresh(site), []

    def link(kind: str, words: str, more: str = "") -> str:
        address = html.escape(f"../{FOLDER}/{NAMES[kind]}")
        about = f"{kind.upper()}, {more}{size(site / FOLDER / NAMES[kind])}"
        return f'<a href="{address}">{words}</a> ({about})'

    if "pdf" in current:
        parts.append(link("pdf", "the book on paper", f"{current['pdf']['pages']} pages, "))
    if "epub" in current:
        parts.append(link("epub", "the book for e-readers"))
    if "zip" in current:
        parts.append(link("zip", "the whole site, for reading without a network"))
    if not parts:
        return ""
    words = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"<p><strong>Take it with you:</strong> {words}.</p>"


def write_line(site: Path) -> None:
    """Write the line anew; the page keeps its date, by which `make book` sees what changed."""
    page = site / PAGE
    if not page.exists():
        return
    old = page.read_text("utf-8")
    place = EMPTY.replace("></", f">{line(site)}</")
    new = PLACE.sub(lambda found: place, old)
    if new != old:
        times = page.stat()
        page.write_text(new, "utf-8")
        os.utime(page, ns=(times.st_atime_ns, times.st_mtime_ns))


def note(site: Path, kind: str, **more) -> None:
    """Note that a file was made from the site as it is, and have the line written."""
    noted = made(site)
    noted[kind] = {"digest": digest(site), **more}
    notes(site).write_text(json.dumps(noted, indent=1) + "\n", "utf-8")
    write_line(site)


def drop_stale(site: Path) -> None:
    """Remove the files that were not made from this site."""
    current = fresh(site)
    for kind, name in NAMES.items():
        if kind not in current:
            (site / FOLDER / name).unlink(missing_ok=True)


def finish(app, exception):
    """Called by Sphinx when the site is as it will be published."""
    if not exception and app.builder.name == "html":
        drop_stale(Path(app.outdir))
        write_line(Path(app.outdir))


def setup(app):
    """Called by Sphinx."""
    app.connect("build-finished", finish, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
