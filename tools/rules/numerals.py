"""Numerals in the prose: which count, and what in the same section holds them.

The rule about numerals is HOUSE.md's second habit. A numeral in the prose, in an
answer, in a table, in a formula or in an alt text is *held* when, in the same
section, it stands

  (a) in a text output that nbval compares,
  (b) in an `assert`,
  (c) as a literal in the code: then the prose names a size that the code chose, or
  (d) in a table whose line directly before says "Measured by `make bench`" and where:
      tests/test_results.py compares such a table with the committed results.

A numeral with decimals is held by every value that rounds to it, a whole number
by its equal alone; before a percent sign a hundredth of it serves too. The lead,
"What people get wrong", "Summary" and "Quiz" speak of the whole chapter and are held by
all of it. Not read as numerals: 0 and 1 on their own, years (19xx, 20xx), the
number after "chapter", "section", "part", "step", "question" or "exercise",
sides up to 11 in names of sizes (3x3), subscripts and superscripts, digits glued
to letters, addresses, the numbers of a list, the line "Time:", and the section
"Where to read on", whose numbers belong to other people's works.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.book import tags
from tools.prose import LEAD, Section, sections, words
from tools.rules.rule import Chapter, Problem, chapter_rule

WHOLE_CHAPTER = (LEAD, "What people get wrong", "Summary", "Quiz")
CITES_OTHERS = "Where to read on"

NUMERAL = re.compile(r"(?<![\w.])(?<!\d,)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?![\w]|\.\d|,\d{3})( ?\\?%)?")
SIZE_NAME = re.compile(r"(?<![\w.])\d+(?:x\d+)+(?!\w)")
NAMED = re.compile(
    r"\b(?:chapters?|ch\.|parts?|sections?|steps?|questions?|exercises?)\s+\d+(?:(?:, | and | to )\d+)*",
    re.IGNORECASE,
)
# The line that says where a table was measured, and the table: (file, part of it, table).
MEASURED = re.compile(
    r"(?m)^Measured by `make bench` \((benchmarks/results/\w+\.json), part `(\w+)`\):\n\n((?:\|.*(?:\n|\Z))+)"
)
YEAR = re.compile(r"(?:19|20)\d\d")


def numerals(text: str):
    """(as written, value, decimals, percent?) of every numeral that needs holding."""
    text = text.replace("\u2212", "-")
    for size in SIZE_NAME.findall(text):
        for side in size.split("x"):
            if int(side) > 11:
                yield side, float(side), 0, False
    text = NAMED.sub(" ", SIZE_NAME.sub(" ", text))
    text = re.sub(r"(?m)^\s*\d+[.)]\s", " ", text)
    for found in NUMERAL.finditer(text):
        whole, decimals, percent = found.groups()
        if YEAR.fullmatch(found[0].strip()) or (whole in "01" and not decimals and not percent):
            continue
        value = float(whole.replace(",", "") + (decimals or ""))
        before = text[: found.start()]
        negative = re.search(r"(?:^|[\s(\[{=·*,`|])-$", before)
        yield (
            ("-" if negative else "") + found[0].strip(),
            -value if negative else value,
            len(decimals or ".") - 1,
            bool(percent),
        )


def literals(source: str) -> set[float]:
    """All numbers written in a piece of code, with their sign."""
    found = set()
    for node in ast.walk(ast.parse(re.sub(r"(?m)^[%!].*$", "", source))):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            found.add(float(node.value))
        if (
            isinstance(node, ast.UnaryOp)
            and isinstance(node.op, ast.USub)
            and isinstance(node.operand, ast.Constant)
            and type(node.operand.value) in (int, float)
        ):
            found.add(-float(node.operand.value))
    return found


def compared_text(cell) -> str:
    """The text that nbval compares when it runs this cell again."""
    if "nbval-ignore-output" in tags(cell):
        return ""
    pieces = []
    for output in cell.outputs:
        if output.output_type == "stream":
            pieces.append(output.text)
        for kind in ("text/plain", "text/html"):
            pieces.append(output.get("data", {}).get(kind, ""))
    return re.sub(r"<[^>]*>", " ", "\n".join(pieces))


def printed(text: str) -> set[float]:
    """All numbers in an output, with their sign."""
    text = text.replace("\u2212", "-").replace("_", "")
    found = re.findall(r"(?<![\w.])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:e[-+]?\d+)?", text)
    # "200x300" and "(3, 3)" hold their parts as well.
    parts = re.findall(r"\d+", " ".join(SIZE_NAME.findall(text)))
    return {float(number.replace(",", "")) for number in found + parts}


def holders(section: Section) -> set[float]:
    """Every value that a numeral of this section can lean on."""
    held: set[float] = set()
    for _, cell in section.code:
        if not any(tag.startswith("shared-") for tag in tags(cell)):
            held |= literals(cell.source) | printed(compared_text(cell))
    for _, text in section.texts:
        for _, _, table in MEASURED.findall(text):
            held |= printed(table)
    return held


def is_held(value: float, decimals: int, percent: bool, held: set[float]) -> bool:
    """Whether one of the held values is this numeral (see the top of this file)."""
    slack = 0.5 * 10.0**-decimals * (1 + 1e-9) if decimals else 1e-9
    scales = (1, 100) if percent else (1,)
    return any(
        abs(candidate * scale - value) <= slack or (value > 0 and abs(-candidate * scale - value) <= slack)
        for candidate in held
        for scale in scales
    )


def loose_numerals(notebook):
    """(cell number, numeral, section) of every numeral that nothing holds."""
    parts = sections(notebook)
    everything = set().union(*(holders(part) for part in parts))
    for part in parts:
        if part.title == CITES_OTHERS:
            continue
        held = everything if part.title in WHOLE_CHAPTER else holders(part)
        for number, text in part.texts:
            is_alt = notebook.cells[number].cell_type == "code"
            text = text if is_alt else words(re.sub(r"(?m)^\*\*Time:\*\*.*$", "", text))
            for written, value, decimals, percent in numerals(text):
                if not is_held(value, decimals, percent, held):
                    yield number, written, part.title


@chapter_rule
def numerals_held(chapter: Chapter) -> Iterator[Problem]:
    """Every numeral in the prose is held by its section's code or compared output (see the top of this file)."""
    for number, written, title in loose_numerals(chapter.notebook):
        yield chapter.problem(
            number,
            f"Nothing in '{title}' holds the numeral {written}.",
            "print it, assert it, or cut it (tools/rules/numerals.py says what holds a numeral).",
        )
