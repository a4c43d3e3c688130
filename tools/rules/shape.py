"""A chapter's shape: badge, title and promise, opening, set-up, sections that teach, closing."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from tools import prose
from tools.book import tags
from tools.rules.rule import Chapter, Problem, chapter_rule, syntax

MODULES = sys.stdlib_module_names | {
    "IPython", "av", "keras", "matplotlib", "matplotlib_inline", "numpy", "PIL", "scipy", "skimage", "sklearn",
    "soundfile", "tensorflow", "threadpoolctl",
}  # fmt: skip
CLOSING = ["What people get wrong", "Summary", "Quiz", "Exercises", "Where to read on"]
OPTIONAL = {"Quiz"}  # a chapter may still be without
FIRST_CELLS = {"shared-home", "shared-start"}  # the settings; start fetches files, too
MOST = 8  # sections that teach; what belongs together is one, with H3s in it


@chapter_rule
def badge_first(chapter: Chapter) -> Iterator[Problem]:
    """The first cell is the Colab badge, dropped from the site."""
    first = chapter.cells[0]
    if first.source != chapter.book.badge(chapter.name) or tags(first) != ["remove-cell"]:
        yield chapter.problem(0, "The first cell is not the current Colab badge.", "`make sync`.")


@chapter_rule
def one_title_one_promise(chapter: Chapter) -> Iterator[Problem]:
    """One H1, in the second cell, and under it one sentence of promise; then H2 and H3 only."""
    levels = [(n, level) for n, cell in chapter.texts for level, _ in prose.headings(cell.source)]
    if [n for n, level in levels if level == 1] != [1]:
        yield chapter.problem(1, "There must be one H1, in the second cell.", "move or merge the H1s.")
    else:
        rest = prose.words(chapter.cells[1].source).strip().split("\n", 1)[1:]
        sentences = re.findall(r"[.!?](?:\s|$)", rest[0]) if rest else []
        if len(sentences) != 1:
            yield chapter.problem(
                1,
                f"Under the H1 stand {len(sentences)} sentences, not one promise.",
                "say in one sentence what the reader will be able to do.",
            )
    for n, level in levels:
        if level > 3:
            yield chapter.problem(n, f"A heading of level {level}.", "use H2 and H3 only.")


@chapter_rule
def opening(chapter: Chapter) -> Iterator[Problem]:
    """Before any code: what you need, what you will learn, how long it takes."""
    first_code = min((n for n, _ in chapter.code), default=0)
    text = "\n".join(cell.source for n, cell in chapter.texts if n < first_code)
    for label in ("You need:", "You will learn:", "Time:"):
        if f"**{label}**" not in text:
            yield chapter.problem(
                1, f"The line **{label}** is missing before the first code.", f"write **{label}** ..."
            )


@chapter_rule
def setup_cell(chapter: Chapter) -> Iterator[Problem]:
    """One setup cell, after shared-home or shared-start, with every import and a seed; nothing installed."""
    setups = [n for n, cell in chapter.code if "setup" in tags(cell)]
    order = [n for n, _ in chapter.code[:2]]
    first = FIRST_CELLS & set(tags(chapter.cells[order[0]]))
    if len(setups) != 1 or setups != order[1:2] or not first:
        yield chapter.problem(
            None,
            "The first two code cells must be tagged shared-home or shared-start, and setup, and no other is setup.",
            "tag them so.",
        )
    for n, cell in chapter.code:
        if "setup" in tags(cell) and "set_random_seed(" not in cell.source:
            yield chapter.problem(n, "No seed.", "add `keras.utils.set_random_seed(0)`.")
        if re.search(r"(?m)^\s*[!%]|get_ipython\(|\binput\(|\blogin\(", cell.source):
            yield chapter.problem(n, "A magic, a shell command or a login.", "take it out.")
        # A program in a string, which a cell starts, has imports of its own.
        imports = any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(syntax(cell)))
        if imports and not ({"setup", "shared-check"} | FIRST_CELLS) & set(tags(cell)):
            yield chapter.problem(n, "An import outside the setup cell.", "move it into the setup cell.")


@chapter_rule
def imports_known(chapter: Chapter) -> Iterator[Problem]:
    """Only what Colab has installed is imported, and nothing from the repository."""
    for n, _, tree in chapter.own_code():
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "."]
            for name in names:
                if name.split(".")[0] not in MODULES:
                    yield chapter.problem(n, f"Imports {name}, which Colab may not have.", "do without it.")


@chapter_rule
def sections_teach(chapter: Chapter) -> Iterator[Problem]:
    """At most eight sections; each asks, lets the reader predict, runs, and says in one line what was seen."""
    parts = prose.sections(chapter.notebook)[1:]
    teaching = [part.title for part in parts if part.title not in CLOSING]
    if len(teaching) > MOST:
        yield chapter.problem(
            None, f"It has {len(teaching)} sections that teach.", f"make them {MOST}: an H3 in a larger one."
        )
    for part in parts:
        if part.title in CLOSING:
            continue
        number = part.texts[0][0] if part.texts else None
        text = "\n".join(text for n, text in part.texts if chapter.cells[n].cell_type == "markdown")
        if not part.title.endswith("?"):
            yield chapter.problem(number, f"'{part.title}' asks nothing.", "make the H2 a question.")
        for needed in ("**Predict.**", "<details>", "**Seen.**"):
            if needed not in text:
                yield chapter.problem(number, f"'{part.title}' has no {needed}.", f"add {needed}.")
        if not part.code:
            yield chapter.problem(number, f"'{part.title}' runs nothing.", "add the cell that shows it.")
    folded = sum(cell.source.count("<details>") for _, cell in chapter.texts)
    if folded < 4:
        yield chapter.problem(
            None, f"{folded} questions with a folded answer.", "there must be four at least."
        )


@chapter_rule
def closing(chapter: Chapter) -> Iterator[Problem]:
    """The chapter ends with its closing sections; the summary has four lines."""
    parts = prose.sections(chapter.notebook)
    titles = [part.title for part in parts]
    ending = [title for title in CLOSING if title not in OPTIONAL or title in titles]
    if titles[-len(ending) :] != ending:
        yield chapter.problem(None, f"It ends with {titles[-len(ending) :]}.", f"end with {ending}.")
        return
    for part in parts[-len(ending) :]:
        number, text = part.texts[0][0], "\n".join(text for _, text in part.texts)
        bullets = re.findall(r"(?m)^[-*] .+(?:\n  .*)*", text)
        if part.title == "Summary" and len(bullets) != 4:
            yield chapter.problem(number, f"The summary has {len(bullets)} lines.", "make them four.")
        if part.title == "What people get wrong":
            own = {slug(title) for _, cell in chapter.texts for _, title in prose.headings(cell.source)}
            for bullet in bullets:
                links = re.findall(r"\]\(#([^)]+)\)", bullet)
                if not own & set(links):
                    yield chapter.problem(
                        number,
                        f"{bullet[:60]!r} points at no section of this chapter.",
                        "link the section that settles it: [its title](#its-title).",
                    )
            if not bullets:
                yield chapter.problem(number, "No misconception is named.", "name and settle them.")
        if part.title == "Where to read on" and "](http" not in text:
            yield chapter.problem(number, "Nothing to read on.", "add links with a DOI or a stable address.")


def slug(title: str) -> str:
    """The anchor that GitHub and the site give a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
