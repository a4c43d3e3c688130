"""Figures: alt text that states the finding, axes with labels, colours from the shared cell, sizes for a phone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.rules.rule import Chapter, Problem, chapter_rule

WIDEST, SMALLEST_TYPE = 4, 10  # inches and points, of a figure


def has_picture(cell) -> bool:
    """Whether a code cell shows a picture."""
    return any(key.startswith("image/") for output in cell.outputs for key in output.get("data", {}))


@chapter_rule
def alt_text(chapter: Chapter) -> Iterator[Problem]:
    """Every picture has alt text that states the finding in a sentence."""
    for n, cell in chapter.code:
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if not has_picture(cell):
            if alt:
                yield chapter.problem(n, "Alt text without a picture.", "remove it.")
            continue
        opening_words = r"(?i)(an? |the )?(plot|figure|image|picture|graph|chart|photo\w*|diagram)\b"
        if len(alt.split()) < 6 or re.match(opening_words, alt) or alt[-1] not in ".!?":
            yield chapter.problem(
                n,
                f"Its alt text is {alt!r}.",
                'state the finding in a sentence: metadata {"mystnb": {"image": {"alt": "..."}}}.',
            )


@chapter_rule
def figures_alike(chapter: Chapter) -> Iterator[Problem]:
    """plt.subplots, labelled axes, plt.show(); colours from the shared cell alone; to be read on a phone."""
    for n, cell, tree in chapter.own_code():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            if name in {"plt.figure", "plt.imshow", "plt.plot", "plt.subplot", "plt.bar", "plt.title"}:
                yield chapter.problem(n, f"It calls {name}.", "use fig, ax = plt.subplots(...).")
            if any(keyword.arg == "cmap" for keyword in call.keywords):
                if "LOOK[" not in cell.source:
                    yield chapter.problem(n, "A colour map of its own.", "use show() or LOOK[...].")
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            width = re.match(r"\(([\d.]+),", given.get("figsize", ""))
            if width and float(width[1]) > WIDEST and has_picture(cell):
                yield chapter.problem(
                    n, f"{width[1]} inches wide.", f"{WIDEST} at most: phones shrink what is wider."
                )
            size = given.get("fontsize", "")
            if re.fullmatch(r"[\d.]+", size) and float(size) < SMALLEST_TYPE:
                yield chapter.problem(n, f"Type of {size} points.", f"{SMALLEST_TYPE} at least.")
        if "plt.subplots(" in cell.source and has_picture(cell):
            if not re.search(
                r"\bshow\(|xlabel|set_axis_off|axis\(\"off\"\)", cell.source.replace("plt.show(", "")
            ):
                yield chapter.problem(n, "Axes without labels.", "label them, or draw with show().")
            if not cell.source.rstrip().endswith("plt.show()"):
                yield chapter.problem(n, "The plot does not end with plt.show().", "end it so.")
