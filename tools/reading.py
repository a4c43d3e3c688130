"""How long a chapter takes, computed from the chapter by a stated rule.

Reading: 160 words a minute, 3 seconds a line of code that the page shows open,
15 seconds a figure. Exercises: 8 minutes each, and half a minute a question of
the quiz. Both are rounded to the nearest 5 minutes. `tools/pages/sync.py` writes the
line **Time:** from it, so that it changes with the text.
"""

from __future__ import annotations

import math
import re

from tools import prose
from tools.book import tags

WORDS_A_MINUTE = 160
SECONDS_A_LINE = 3
SECONDS_A_FIGURE = 15
MINUTES_AN_EXERCISE = 8
MINUTES_A_QUESTION = 0.5
FOLDED = {"hide-input", "hide-cell", "remove-cell"}
LINE = re.compile(r"(?m)^\*\*Time:\*\*.*$")


def nearest_five(minutes: float) -> int:
    """Minutes rounded to a multiple of five, never to none."""
    return max(5, 5 * math.floor(minutes / 5 + 0.5))


def minutes(notebook) -> tuple[float, float]:
    """(for reading, for quiz and exercises), not rounded."""
    reading, doing = 0.0, 0.0
    for cell in notebook.cells:
        if "remove-cell" in tags(cell):
            continue
        if cell.cell_type == "markdown":
            if cell.source.startswith("**Question.**"):
                doing += MINUTES_A_QUESTION
            else:
                reading += len(prose.words(cell.source).split()) / WORDS_A_MINUTE
        elif any(tag.startswith("exercise-") for tag in tags(cell)):
            doing += MINUTES_AN_EXERCISE
        else:
            if not FOLDED & set(tags(cell)):
                reading += len(cell.source.split("\n")) * SECONDS_A_LINE / 60
            if cell.metadata.get("mystnb", {}).get("image"):
                reading += SECONDS_A_FIGURE / 60
    return reading, doing


def line(notebook) -> str:
    """The line that names both times."""
    reading, doing = minutes(notebook)
    told = f"**Time:** about {nearest_five(reading)} minutes to read"
    return told + (f", about {nearest_five(doing)} for quiz and exercises." if doing else ".")


def freshen(notebook) -> None:
    """Write the line into a notebook, where it has one."""
    told = line(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINE.sub(told, cell.source)
