"""Give the parts of a chapter that recur a shape of their own on the site.

The notebooks stay plain Markdown. Here, a paragraph that opens with the label
**Predict.** or **Seen.** gets a class, the facts under a chapter's title are
put in a box, and the ways to run the chapter are named under its title.
"""

from __future__ import annotations

import html
import re

from docutils import nodes

CHAPTERS = "notebooks/"
FACTS = ("You need:", "You will learn:", "Time:")
LABELS = {"Predict.": "predict", "Seen.": "seen"}


def opening(node):
    """What a paragraph opens with, pieces of empty text left out; else None."""
    if isinstance(node, nodes.paragraph):
        return next((child for child in node.children if child.astext().strip()), None)
    return None


def label_of(node) -> str:
    """The bold words that open a paragraph, or an empty string."""
    first = opening(node)
    return first.astext().strip() if isinstance(first, nodes.strong) else ""


def is_html(node, tag: str) -> bool:
    """Whether a node is a piece of raw HTML in which `tag` stands."""
    return isinstance(node, nodes.raw) and tag in node.astext()


def wrap(nodes_in_a_row, name: str) -> None:
    """Put sibling nodes into one <div> of the class `name`."""
    first, last = nodes_in_a_row[0], nodes_in_a_row[-1]
    parent = first.parent
    parent.insert(parent.index(last) + 1, nodes.raw("", "</div>", format="html"))
    parent.insert(parent.index(first), nodes.raw("", f'<div class="{name}">', format="html"))


def shape_questions(tree) -> None:
    """Mark predictions and findings; a prediction takes its answer into its box."""
    for paragraph in list(tree.findall(nodes.paragraph)):
        name = LABELS.get(label_of(paragraph))
        if not name:
            continue
        opening(paragraph)["classes"].append("run-in")
        rest = paragraph.parent[paragraph.parent.index(paragraph) + 1 :]
        row = [paragraph]
        if name == "predict":
            for number, node in enumerate(rest):
                if is_html(node, "</details>") and is_html(rest[0], "<details"):
                    row += rest[: number + 1]
                    break
        wrap(row, name)


def shape_opening(tree, links: str) -> None:
    """Box what a reader needs, learns and spends; above it, ways to run the chapter."""
    title = next(tree.findall(nodes.title), None)
    if title is None:
        return
    section = title.parent
    promise = section[1] if len(section) > 1 else None
    if isinstance(promise, nodes.paragraph):
        promise["classes"].append("promise")
        section.insert(2, nodes.raw("", links, format="html"))
    row, open_list = [], False
    for node in section.children:
        if label_of(node) in FACTS:
            row.append(node)
            opening(node)["classes"].append("run-in")
            open_list = True
        elif open_list and isinstance(node, nodes.bullet_list):
            row.append(node)
        elif row:
            break
    if row:
        wrap(row, "chapter-facts")


def launch_links(app, docname: str) -> str:
    """Links that open a chapter in Colab or Binder, or download it, as HTML."""
    options = app.config.html_theme_options
    slug = re.sub(r"^https://github\.com/|/$", "", options.get("repository_url", ""))
    branch = options.get("repository_branch", "main")
    launch = options.get("launch_buttons", {})
    found = []
    if launch.get("colab_url"):
        address = f"{launch['colab_url']}/github/{slug}/blob/{branch}/{docname}.ipynb"
        found.append(("fa-play", "Run in Colab", address))
    if launch.get("binderhub_url"):
        address = f"{launch['binderhub_url']}/v2/gh/{slug}/{branch}?urlpath=lab/tree/{docname}.ipynb"
        found.append(("fa-rocket", "Run in Binder", address))
    root = "../" * docname.count("/")
    found.append(("fa-download", "Download", f"{root}_sources/{docname}.ipynb"))
    items = "".join(
        f'<a href="{html.escape(address)}"{" download" if text == "Download" else ""}>'
        f'<i class="fa-solid {icon}" aria-hidden="true"></i> {text}</a>'
        for icon, text, address in found
    )
    return f'<nav class="chapter-links" aria-label="Run this chapter">{items}</nav>'


def shape(app, tree, docname):
    """Called by Sphinx for every page before it is written."""
    if docname.startswith(CHAPTERS) and app.builder.format == "html":
        shape_questions(tree)
        shape_opening(tree, launch_links(app, docname))


def setup(app):
    """Called by Sphinx."""
    app.connect("doctree-resolved", shape, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
