"""Turn the questions of a quiz into radio buttons on the site.

A notebook asks in plain Markdown: a paragraph with the label **Question.**, a
list of options, and a folded list that answers each of them. Here the question
and its options become a <fieldset>. The folded answers stay, so that nothing
is lost without a script; with one, book.js adds a button and speaks the answer
that belongs to the choice.
"""

from __future__ import annotations

from chapter_shape import CHAPTERS, is_html, label_of, opening
from docutils import nodes

LABEL = "Question."


def raw(text: str) -> nodes.raw:
    """A piece of HTML."""
    return nodes.raw("", text, format="html")


def plain(paragraph) -> nodes.inline:
    """The words of a paragraph, without links, to stand in a label or a legend."""
    for link in list(paragraph.findall(nodes.reference)):
        place = link.parent.index(link)
        link.parent[place : place + 1] = link.children
    return nodes.inline("", "", *paragraph.children)


def parts_of(paragraph):
    """The options, the opening tag of the answers, the answers and the closing tag; or None."""
    rest = paragraph.parent[paragraph.parent.index(paragraph) + 1 :][:4]
    if len(rest) < 4 or not all(isinstance(rest[n], nodes.bullet_list) for n in (0, 2)):
        return None
    return rest if is_html(rest[1], "<details") and is_html(rest[3], "</details>") else None


def shape_quiz(tree) -> int:
    """Shape every question of a page, in place; return how many there were."""
    count = 0
    for paragraph in list(tree.findall(nodes.paragraph)):
        found = parts_of(paragraph) if label_of(paragraph) == LABEL else None
        if not found:
            continue
        count += 1
        opening(paragraph)["classes"].append("run-in")
        options, fold, answers, end = found
        pieces = [raw('<fieldset class="quiz"><legend>'), plain(paragraph), raw("</legend>")]
        for number, item in enumerate(options.children):
            button = f'<input type="radio" name="question-{count}" value="{number}">'
            pieces += [raw(f"<label>{button}"), plain(item[0]), raw("</label>")]
        pieces += [fold, answers, end, raw("</fieldset>")]
        parent, place = paragraph.parent, paragraph.parent.index(paragraph)
        for node in (paragraph, *found):
            parent.remove(node)
        parent[place:place] = pieces
    return count


def shape(app, tree, docname):
    """Called by Sphinx for every page before it is written."""
    if docname.startswith(CHAPTERS) and app.builder.format == "html":
        shape_quiz(tree)


def setup(app):
    """Called by Sphinx."""
    app.connect("doctree-resolved", shape, priority=650)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
