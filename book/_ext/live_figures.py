"""Put the live figures on the site: on pages of their own, and where chapters link to them.

A page under book/live/ holds one directive:

    ```{live-figure} kernel-lab
    :alt: What the still picture shows.

    One sentence that says what the figure does.
    ```

On another page, such as the introduction, the same directive shows the figure there, with
`:small:` in its small form.

The notebooks stay plain Markdown. Where a chapter links to such a page, the first
link becomes the figure: in place of its paragraph, if the link is all that stands
there, and otherwise below it. Without JavaScript a page shows a still picture and
the sentence. The figure's module is loaded when a reader asks for it, and on its
own page when it comes near the window (book/_static/live/load.mjs).
"""

from __future__ import annotations

import html
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from PIL import Image
from sphinx.util.docutils import SphinxDirective

CHAPTERS = "notebooks/"
FIGURES = "book/live/"
STATIC = Path(__file__).resolve().parents[1] / "_static"
SITES = ("html", "dirhtml")

WITHOUT = (
    "The figure answers while you type and point. That takes JavaScript, which is switched off here; "
    "the picture shows how it begins."
)

BOX = """\
<div class="live" role="group" aria-label="{title}" data-live="{name}"{when}{small}>
<div class="live-head"><p class="live-title">{title}</p>{link}</div>
<div class="live-card">{poster}<div class="live-words">
<p>{sentence}</p>
<noscript><p>{without}</p></noscript>
<p class="live-start" hidden><button type="button" aria-label="Start the figure: {title}">Start the figure</button></p>
<p class="live-trouble" role="status"></p>
</div>
<noscript>{still}</noscript></div>
</div>"""


class live_figure(nodes.General, nodes.Element):
    """A figure's place in a page: name, alt and sentence; title and page come later."""


class LiveFigure(SphinxDirective):
    """The directive {live-figure}."""

    required_arguments = 1
    has_content = True
    option_spec = {"alt": directives.unchanged_required, "small": directives.flag}

    def run(self):
        name = self.arguments[0]
        if not (STATIC / "live" / f"{name}.mjs").exists():
            raise self.error(f"There is no book/_static/live/{name}.mjs.")
        for path in files(name):  # a new drawing has the page written again
            self.env.note_dependency(str(path))
        sentence = " ".join(" ".join(self.content).split())
        small = "small" in self.options
        return [live_figure(name=name, alt=self.options["alt"], sentence=sentence, small=small)]


def files(name: str) -> list[Path]:
    """What a figure's box is made of: module, poster, still picture."""
    folder = STATIC / "live"
    return [folder / f"{name}.mjs", folder / "posters" / f"{name}.svg", folder / "stills" / f"{name}.webp"]


def still(name: str, alt: str, root: str) -> str:
    """The still picture of a figure, as HTML; nothing where none is drawn yet."""
    path = files(name)[2]
    if not path.exists():
        return ""
    with Image.open(path) as picture:
        width, height = picture.size
    source = f"{root}_static/live/stills/{path.name}"
    return f'<img src="{source}" alt="{html.escape(alt)}" width="{width}" height="{height}">'


def poster(name: str) -> str:
    """A small drawing beside the button; it says nothing that the sentence does not say."""
    path = files(name)[1]
    return (
        f'<div class="live-poster" aria-hidden="true">{path.read_text("utf-8")}</div>'
        if path.exists()
        else ""
    )


def box(figure: dict, docname: str, address: str) -> nodes.raw:
    """The HTML of a figure; address is that of its own page, empty on that page itself."""
    title, name = html.escape(figure["title"]), figure["name"]
    link = (
        f'<a href="{html.escape(address)}" aria-label="{title} on its own page">its own page</a>'
        if address
        else ""
    )
    text = BOX.format(
        title=title,
        name=name,
        when="" if address and not figure.get("small") else ' data-when="near"',
        small=" data-small" if figure.get("small") else "",
        link=link,
        poster=poster(name),
        sentence=html.escape(figure["sentence"]),
        without=WITHOUT,
        still=still(name, figure["alt"], "../" * docname.count("/")),
    )
    return nodes.raw("", text, format="html")


def collect(app, env):
    """Read the figures' pages; when one changed, every chapter is written again."""
    found = {}
    for docname in sorted(name for name in env.found_docs if name.startswith(FIGURES)):
        for node in env.get_doctree(docname).findall(live_figure):
            title = env.titles[docname].astext()
            made = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in files(node["name"])[1:])
            kept = {key: node[key] for key in ("name", "alt", "sentence")}
            found[docname] = {"title": title, "made": made, **kept}
    changed = getattr(env, "live_figures", None) != found
    env.live_figures = found
    return [name for name in env.found_docs if name.startswith(CHAPTERS)] if changed else []


def place(tree, figures: dict[str, dict], docname: str) -> list[str]:
    """Turn the first link to each figure's page into the figure; figures is address -> figure."""
    placed = []
    for paragraph in list(tree.findall(nodes.paragraph)):
        for link in list(paragraph.findall(nodes.reference)):
            address = link.get("refuri", "")
            if address not in figures or address in placed:
                continue
            placed.append(address)
            figure = box(figures[address], docname, address)
            parent = paragraph.parent
            parent.insert(parent.index(paragraph) + 1, figure)
            if paragraph.astext().strip() == link.astext().strip():
                parent.remove(paragraph)
                break
    return placed


def resolve(app, tree, docname):
    """Called by Sphinx for every page before it is written."""
    on_site = app.builder.name in SITES
    for node in list(tree.findall(live_figure)):
        home = next(page for page, figure in app.env.live_figures.items() if figure["name"] == node["name"])
        figure = {**node.attributes, "title": app.env.live_figures[home]["title"]}
        address = "" if home == docname or not on_site else app.builder.get_relative_uri(docname, home)
        node.replace_self(
            box(figure, docname, address) if on_site else nodes.paragraph("", figure["sentence"])
        )
    if on_site and docname.startswith(CHAPTERS):
        pages = {
            app.builder.get_relative_uri(docname, page): figure
            for page, figure in app.env.live_figures.items()
        }
        place(tree, pages, docname)


def setup(app):
    """Called by Sphinx."""
    app.add_node(live_figure)
    app.add_directive("live-figure", LiveFigure)
    app.connect("env-updated", collect)
    app.connect("doctree-resolved", resolve, priority=450)  # before terms are linked and parts are shaped
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 1}
