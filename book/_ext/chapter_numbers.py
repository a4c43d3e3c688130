"""Number the chapters on the site, as their files are: titles, contents, links, the way back.

The titles in the notebooks carry no numbers; here "ReLU keeps what is
positive" becomes "3 ReLU keeps what is positive", wherever the site names it.
"""

from __future__ import annotations

from pathlib import Path

import yaml
from docutils import nodes

CHAPTERS = "notebooks/"
CLASS = "chapter-number"


def contents(app) -> list[tuple[str, str]]:
    """(page, the part that it stands in) in the order of _toc.yml."""
    toc = yaml.safe_load(Path(app.srcdir, app.config.external_toc_path).read_text("utf-8"))
    return [(entry["file"], part["caption"]) for part in toc["parts"] for entry in part["chapters"]]


def number_of(page: str) -> int | None:
    """The number of a chapter, with which the name of its file begins; None for other pages."""
    return int(page.removeprefix(CHAPTERS)[:2]) if page.startswith(CHAPTERS) else None


def put(title, number: int) -> None:
    """Put a number before the words of a title, or of a link to it."""
    title.insert(0, [nodes.inline("", str(number), classes=[CLASS]), nodes.Text(" ")])


def number_titles(app, tree):
    """Called by Sphinx when a page is read, after it has taken down its titles."""
    env, docname = app.env, app.env.docname
    number = number_of(docname)
    title = next(tree.findall(nodes.title), None)
    if not number or title is None:
        return
    put(title, number)
    for kept in {id(each): each for each in (env.titles[docname], env.longtitles[docname])}.values():
        put(kept, number)
    put(next(env.tocs[docname].findall(nodes.reference)), number)


def page_context(app, pagename, templatename, context, doctree):
    """The part that a page stands in, for the line above it."""
    context["book_part"] = dict(contents(app)).get(pagename, "")


def setup(app):
    """Called by Sphinx."""
    app.connect("doctree-read", number_titles, priority=900)
    app.connect("html-page-context", page_context)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 1}
