"""The search's index: one entry for each section, one for each glossary entry.

It is written with the site, as a script of its own, which a page loads when a
reader opens the search (book/_static/search.js), also where the site is read
from files. Sphinx's own index of whole pages is left out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import yaml
from chapter_numbers import CLASS as NUMBER
from chapter_numbers import number_of
from docutils import nodes
from sphinx.addnodes import index as index_entry

WORDS = Path(__file__).resolve().parents[1] / "search_words.yml"
GLOSSARY = "book/glossary"
TARGET = "_static/search-index.js"

# How much a page counts; what is not named counts 1.
PAGES = {
    "book/at_a_glance": 0.6,
    "book/intro": 0.7,
    "book/live/": 0.7,
    "book/project": 0.6,
    "book/teachers": 0.4,
    "book/how_this_compares": 0.3,
    "book/references": 0.3,
    # Whoever asks in general words is more likely at the beginning of the book.
    **{f"notebooks/0{number}_": 1.1 for number in range(1, 7)},
}
# Sections that every chapter has ask, repeat or point elsewhere; the others explain.
SECTIONS = {
    "What people get wrong": 0.7,
    "Summary": 0.7,
    "Exercises": 0.2,
    "Where to read on": 0.3,
}
# These ask what other sections answer; nobody looks for them by their words.
LEFT_OUT = {"Quiz", "Things to try", "Where you stand"}
# A word that so many sections have in code, alternative texts or formulas tells them not apart: the first keeps it.
CALLED_EVERYWHERE = 6
OPENING = 0.7  # what stands between a page's title and its first section
# Of what counts no more than this, the beginning is searched: it points elsewhere, or to other books.
LITTLE, BEGINNING = 0.3, 140
TERM = 0.6  # a glossary entry among the sections

SIGNS = {
    r"\times": "x",
    r"\cdot": "·",
    r"\le": "≤",
    r"\ge": "≥",
    r"\approx": "≈",
    r"\ldots": "…",
    r"\dots": "…",
    r"\alpha": "α",
    r"\beta": "β",
    r"\sum": "Σ",
    r"\max": "max",
    r"\min": "min",
    r"\log": "log",
    r"\exp": "exp",
    r"\lfloor": "⌊",
    r"\rfloor": "⌋",
    r"\quad": " ",
}


def plain(formula: str) -> str:
    """A formula in LaTeX as a line of text, good enough to be found and glanced at."""
    text = re.sub(r"\\(?:text|mathrm|mathbf|operatorname)\{([^{}]*)\}", r"\1", formula)
    text = re.sub(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}", r"\1 / \2", text)
    text = re.sub(r"\\(?:begin|end)\{\w+\}|\\(?:left|right)\b|\\\\|&", " ", text)
    text = re.sub(r"\\[A-Za-z]+", lambda found: SIGNS.get(found[0], ""), text)
    text = re.sub(r"\\([,;!: {}%])", lambda found: found[1] if found[1] in "{}%" else " ", text)
    return re.sub(r"\s+", " ", re.sub(r"[{}_^]", "", text)).strip()


def node_classes(node) -> list[str]:
    """The classes of a node; a piece of text has none."""
    return node.get("classes", []) if isinstance(node, nodes.Element) else []


def text_of(node) -> str:
    """The words of a node as a reader sees them; nothing of raw HTML."""
    if isinstance(node, nodes.raw | nodes.comment | index_entry) or NUMBER in node_classes(node):
        return ""
    if isinstance(node, nodes.math):
        return plain(node.astext())
    if isinstance(node, nodes.Text):
        return node.astext()
    return "".join(text_of(child) for child in node.children)


def names_in(code: str) -> list[str]:
    """The attributes that a piece of code calls, and the names that it gives to arguments.

    A learner looks for `Conv2D` or `padding`; what the book calls its own variables is no help.
    """
    found = re.findall(r"\.([A-Za-z]\w{2,})|[(,]\s*([A-Za-z]\w{2,})=[^=]|\bdef (\w+)", code)
    return sorted({name for names in found for name in names if name})


# A paragraph is text, and so is what stands in lists, tables and definitions.
LINES = (nodes.paragraph, nodes.term, nodes.caption, nodes.math_block)


def words_of(section) -> tuple[str, str]:
    """(prose, names in code and alternative texts) of a section without its subsections."""
    prose, rest = [], []

    def read(node, drawing=False):
        drawing = drawing or "tag_hide-input" in node_classes(node)  # its code teaches nothing
        if isinstance(node, nodes.section | nodes.title | nodes.raw | nodes.comment):
            return
        if isinstance(node, nodes.math_block):
            rest.append(plain(node.astext()))
        elif isinstance(node, LINES):
            text = text_of(node)
            if re.search(r"[^\W\d]", text):  # cells of bare numbers are not asked for
                prose.append(text)
            for image in node.findall(nodes.image):
                rest.append(image.get("alt", ""))
        elif isinstance(node, nodes.literal_block):
            if not drawing and "output" not in node.get("classes", []):
                rest.extend(names_in(node.astext()))
        elif isinstance(node, nodes.image):
            rest.append(node.get("alt", ""))
        else:
            for child in node.children:
                read(child, drawing)

    for child in section.children:
        read(child)
    prose = re.sub(r"\s+", " ", " ".join(prose)).strip()
    told = set(re.findall(r"\w+", prose.lower()))
    once = dict.fromkeys(word for word in re.findall(r"\w+", " ".join(rest)) if word.lower() not in told)
    return prose, " ".join(sorted(once))  # in order they compress better


def weight(docname: str, title: str, level: int) -> float:
    """How much a section counts among all that have a query's words."""
    page = next((value for name, value in PAGES.items() if docname.startswith(name)), 1.0)
    if title.startswith("Exercise "):
        title = "Exercises"
    if title in SECTIONS:
        page = min(page, 1.0)  # whatever the chapter, these come late
    return round(page * (OPENING if level == 0 else SECTIONS.get(title, 1.0)), 2)


def sections(docname: str, tree):
    """(anchor, title, prose, rest, weight) of the sections of a page that are searched, in order."""
    for section in tree.findall(nodes.section):
        level, above = 0, section.parent
        while isinstance(above, nodes.section):
            level, above = level + 1, above.parent
        title = text_of(section.next_node(nodes.title)).strip()
        if title in LEFT_OUT:
            continue
        prose, rest = words_of(section)
        if title.startswith("Exercise "):  # enough to know it by; what it needs is taught elsewhere
            prose, rest = re.split(r"(?<=[.?!]) ", prose)[0], ""
        anchor = "" if level == 0 else section["ids"][0]
        counts = weight(docname, title, level)
        if counts <= LITTLE and len(prose) > BEGINNING:
            prose = prose[:BEGINNING].rsplit(" ", 1)[0]
        yield anchor, title, prose, rest, counts


def terms(tree):
    """(anchor, names, definition) of every entry of the glossary."""
    for item in tree.findall(nodes.definition_list_item):
        found = [node for node in item.children if isinstance(node, nodes.term) and node["ids"]]
        if found:
            definition = " ".join(
                text_of(node) for part in item.findall(nodes.definition) for node in part.children
            )
            names = [text_of(node).strip() for node in found]
            yield found[0]["ids"][0], names, re.sub(r"\s+", " ", definition).strip()


def usual_anchor(title: str) -> str:
    """The anchor that a title mostly has; search-ranking.js makes it in the same way."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def learners_words() -> dict[str, dict[str, str]]:
    """Page -> anchor of a section -> other words for what it answers (book/search_words.yml)."""
    return yaml.safe_load(WORDS.read_text("utf-8"))


def label(docname: str) -> str:
    """What stands before the title of a page: "Chapter 3", or nothing."""
    number = number_of(docname)
    return f"Chapter {number}" if number else ""


def without_common_names(lines: list[list]) -> None:
    """Of what stands in the rest of many sections leave the first; what says nothing is to weigh nothing."""
    often = Counter(name for *_, rest, _, _ in lines for name in rest.split())
    had = set()
    for line in lines:
        names = [name for name in line[4].split() if often[name] < CALLED_EVERYWHERE or name not in had]
        had.update(names)
        line[4] = " ".join(names)


def collect(env, address) -> dict:
    """The whole index: pages, sections and terms, as lists that a script reads."""
    found = {"pages": [], "sections": [], "terms": [], "term_weight": TERM}
    more = learners_words()
    order = [name for name in reading_order(env) if name in env.found_docs]
    for docname in order:
        tree = env.get_doctree(docname)
        number = len(found["pages"])
        found["pages"].append([address(docname), text_of(env.titles[docname]).strip(), label(docname)])
        if docname == GLOSSARY:
            found["terms"] = [[number, *entry] for entry in terms(tree)]
        else:
            words = more.get(docname, {})
            for anchor, title, *rest in sections(docname, tree):
                # 1 stands for the anchor that can be made from the title: the index is to be small.
                short = 1 if anchor and anchor == usual_anchor(title) else anchor
                found["sections"].append([number, short, title, *rest, words.get(anchor, "")])
    without_common_names(found["sections"])
    return found


def reading_order(env) -> list[str]:
    """All pages, in the order of the contents."""
    order, waiting = [], [env.config.root_doc]
    while waiting:
        name = waiting.pop(0)
        if name not in order:
            order.append(name)
            waiting = [*env.toctree_includes.get(name, []), *waiting]
    return order


def letters(app, tree, docname):
    """Above the glossary, a bar of letters that leads to the first entry of each."""
    if docname != GLOSSARY or app.builder.format != "html":
        return
    listing = next(tree.findall(nodes.definition_list), None)
    first = {}
    for anchor, names, _ in terms(tree):
        first.setdefault(names[0][0].upper() if names[0][0].isalpha() else "0–9", anchor)
    links = "".join(f'<li><a href="#{anchor}">{letter}</a></li>' for letter, anchor in first.items())
    bar = f'<nav class="letters" aria-label="Entries by letter"><ul>{links}</ul></nav>'
    home = listing.parent if listing else None
    while home is not None and not isinstance(home.parent, nodes.section):
        home = home.parent
    if home is not None:
        home.parent.insert(home.parent.index(home), nodes.raw("", bar, format="html"))


def prepare(app):
    """Sphinx writes neither its index nor its search page; the book has its own."""
    if app.builder.name == "html":
        app.builder.search = False
        Path(app.outdir, TARGET).unlink(missing_ok=True)  # or lean_styles would take its words for classes


def finish(app, exception):
    """Called by Sphinx when all pages are written."""
    if exception or app.builder.name != "html":
        return
    index = collect(app.env, app.builder.get_target_uri)
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, TARGET).write_text(f"window.bookIndex = {text};\n", "utf-8")


def setup(app):
    """Called by Sphinx."""
    app.connect("builder-inited", prepare)
    app.connect("doctree-resolved", letters, priority=700)
    app.connect("build-finished", finish, priority=960)  # after lean_styles, which reads every script
    return {"parallel_read_safe": True, "parallel_write_safe": True}
