"""Make the site that is published from the one that was built and tested.

    python -m tools.pages.publish --check    only say whether there is an address
    python -m tools.pages.publish            write _build/publish from _build/html

Pages, styles and scripts stay as they were tested. Each page gets its canonical
address and what link previews show; a sitemap, robots.txt, links that hold from
any address in 404.html, and a worker that keeps visited pages are added. The
address is GitHub Pages' own for the repository that _config.yml names.
"""

from __future__ import annotations

import hashlib
import html
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tools.book import ROOT, Book
from tools.pages import draw_previews

PLACEHOLDER = "OWNER"
SOURCES = ROOT / "book" / "_publish"
HIDDEN = {"404.html", "search.html"}  # no page to be found by a search engine
REMEDY = (
    "There is no address to publish at: write the repository's own for "
    "https://github.com/OWNER/... in _config.yml and run `make sync`."
)


def address(book: Book) -> str | None:
    """Where GitHub Pages serves the repository, with a slash at the end; None for a placeholder."""
    found = re.fullmatch(r"https://github\.com/([\w-]+)/([\w.-]+)", book.address)
    if not found or found[1] == PLACEHOLDER:
        return None
    owner, name = found[1].lower(), found[2].removesuffix(".git")
    return f"https://{owner}.github.io/" + ("" if name.lower() == f"{owner}.github.io" else f"{name}/")


def page_address(home: str, name: str) -> str:
    """The address of a page of the site; the front page is the site itself."""
    return home if name == "index.html" else home + name


def described(text: str) -> tuple[str, str]:
    """(title, description) of a page."""
    title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)[1].strip()
    found = re.search(r'<meta\b[^>]*\bname="description"[^>]*>', text)
    content = re.search(r'content="([^"]*)"', found[0])[1] if found else ""
    return html.unescape(title), html.unescape(content)


def head(home: str, name: str, text: str, book_title: str, picture: str) -> str:
    """The lines that a page's head gets."""
    title, description = described(text)
    here = page_address(home, name)
    front = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', text)
    pairs = {
        "og:type": "article" if name.startswith("notebooks/") else "website",
        "og:title": title,
        "og:description": description,
        "og:site_name": book_title,
        "og:url": here,
        "og:image": home + picture,
        "og:image:width": str(draw_previews.SIZE[0]),
        "og:image:height": str(draw_previews.SIZE[1]),
        "og:image:alt": f"{title}: a drawing with the title of the page",
    }
    lines = [f'<link rel="canonical" href="{home + front[1] if front else here}">']
    lines += [f'<meta property="{key}" content="{html.escape(value)}">' for key, value in pairs.items()]
    return "\n".join([*lines, '<meta name="twitter:card" content="summary_large_image">', ""])


def absolute(text: str, path: str) -> str:
    """A page at the site's root with links that hold from every address."""
    link = re.compile(r'\b((?:src|href|action|data-content_root)=")(?!#|/|[a-z][a-z0-9+.-]*:)(?:\./)?')
    return link.sub(lambda found: found[1] + path, text)


def digest(folder: Path) -> str:
    """Twelve digits that change with any file of a folder."""
    made = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        made.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return made.hexdigest()[:12]


def publish(book: Book, source: Path, target: Path, home: str) -> None:
    """Write the site for an address from a built one."""
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target)
    previews = draw_previews.write(book, target / "_static" / "previews")
    names = sorted(
        path.relative_to(target).as_posix() for path in target.rglob("*.html") if "_static" not in path.parts
    )
    version = digest(target) + digest(SOURCES)[:4]
    for name in names:
        path = target / name
        text = path.read_text("utf-8")
        if name == "404.html":
            text = absolute(text, urlsplit(home).path)
        if name not in HIDDEN:
            picture = previews.get(Path(name).with_suffix("").as_posix(), previews[""])
            text = text.replace(
                "</head>", head(home, name, text, book.config["title"], picture) + "</head>", 1
            )
        root = urlsplit(home).path if name == "404.html" else "../" * name.count("/")
        if 'http-equiv="refresh"' not in text:
            script = f'<script defer src="{root}offline.js?v={version}"></script>\n'
            text = text.replace("</head>", script + "</head>", 1)
        path.write_text(text, "utf-8")
    found = [page_address(home, name) for name in names if name not in HIDDEN | {"index.html"}]
    entries = "".join(f"<url><loc>{html.escape(one)}</loc></url>\n" for one in found)
    (target / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>\n',
        "utf-8",
    )
    (target / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {home}sitemap.xml\n", "utf-8")
    for path in SOURCES.glob("*.js"):
        (target / path.name).write_text(path.read_text("utf-8").replace("@VERSION@", version), "utf-8")


def main(arguments: list[str]) -> int:
    """Called by `make publish`."""
    book = Book()
    home = address(book)
    if home is None:
        print(REMEDY)
        return 1
    if "--check" in arguments:
        return 0
    source, target = ROOT / "_build" / "html", ROOT / "_build" / "publish"
    if not (source / "index.html").exists():
        print("There is no site in _build/html; run `make book` first.")
        return 1
    publish(book, source, target, home)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"_build/publish is ready for {home} ({size / 1e6:.1f} MB).")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
