"""Exercises: each complete and working, and none takes a name that the chapter needs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.book import tags
from tools.rules.names import names_at_top, names_bound, names_needed
from tools.rules.rule import Chapter, Problem, chapter_rule

PART_OF_EXERCISE = re.compile(r"(exercise|check|solution)-(\d+)-(\d+)")
AWAITED = "The exercises of this chapter come with the course edition"


def exercises(chapter: Chapter) -> dict[str, dict[str, list[int]]]:
    """'1.2' -> {"exercise": [cell numbers], "check": ..., "solution": ...}, in the order of the cells."""
    found: dict[str, dict[str, list[int]]] = {}
    for n, cell in chapter.code:
        for tag in tags(cell):
            part = PART_OF_EXERCISE.fullmatch(tag)
            if part:
                kinds = found.setdefault(f"{part[2]}.{part[3]}", {})
                kinds.setdefault(part[1], []).append(n)
    return found


def said(cell) -> str:
    """What a cell printed."""
    return "".join(output.get("text", "") for output in cell.outputs)


@chapter_rule
def exercises_complete(chapter: Chapter) -> Iterator[Problem]:
    """Four to seven exercises, each a task, a starter, a check and a solution, in this order."""
    found = exercises(chapter)
    if not found:
        text = "\n".join(cell.source for _, cell in chapter.texts)
        if "## Exercises" in text and AWAITED not in text:
            yield chapter.problem(None, "It has no exercises.", f"write them, or the line {AWAITED!r}.")
        return
    number = int(chapter.name[:2])
    wanted = [f"{number}.{n}" for n in range(1, len(found) + 1)]
    if list(found) != wanted or not 4 <= len(found) <= 7:
        yield chapter.problem(None, f"Its exercises are {list(found)}.", "number 4 to 7 in their order.")
    for name, kinds in found.items():
        cells = [kinds.get(kind, []) for kind in ("exercise", "check", "solution")]
        if any(len(places) != 1 for places in cells):
            yield chapter.problem(
                None,
                f"Exercise {name} has {[len(places) for places in cells]} starters, checks and solutions.",
                "give it one of each, tagged exercise-N-M, check-N-M and solution-N-M.",
            )
            continue
        starter = cells[0][0]
        if [places[0] for places in cells] != [starter, starter + 1, starter + 2]:
            yield chapter.problem(
                starter, f"The cells of exercise {name} do not follow one another.", "do so."
            )
        if not chapter.cells[starter - 1].source.startswith(f"### Exercise {name}: "):
            yield chapter.problem(starter, "No task stands above it.", f"write '### Exercise {name}: ...'.")
    starters = [chapter.cells[kinds["exercise"][0]].source for kinds in found.values() if "exercise" in kinds]
    if 2 * sum("def " in source for source in starters) < len(starters):
        yield chapter.problem(None, "Fewer than half of the exercises ask for code.", "ask for functions.")
    if not any("sentence = ..." in source for source in starters):
        yield chapter.problem(None, "No exercise asks for a sentence.", "let one measure and say why.")
    last = max(n for kinds in found.values() for places in kinds.values() for n in places)
    after = [cell for n, cell in chapter.code if n > last]
    if [cell.source for cell in after] != ["Exercise.sum_up()"]:
        yield chapter.problem(last, "After the exercises nothing sums up.", "add a cell: Exercise.sum_up().")


@chapter_rule
def exercises_work(chapter: Chapter) -> Iterator[Problem]:
    """A starter holds three dots and is not attempted; the solution passes and overwrites nothing."""
    for name, kinds in exercises(chapter).items():
        if any(len(kinds.get(kind, [])) != 1 for kind in ("exercise", "check", "solution")):
            continue
        start, check, solve = (kinds[kind][0] for kind in ("exercise", "check", "solution"))
        starter, checked, solved = (chapter.cells[n] for n in (start, check, solve))
        label = name.replace(".", "_")
        call = re.search(rf'(?m)^check_{label}\("(\w+)"\)$', checked.source)
        given = names_bound(starter.source)
        if "..." not in starter.source:
            yield chapter.problem(start, "The starter has no three dots.", "put ... where the answer goes.")
        if not call or call[1] not in given or not checked.source.endswith(call[0]):
            yield chapter.problem(
                check, "It checks no name of the starter.", f'end with check_{label}("name").'
            )
        if said(checked) != f"Exercise {name}: not attempted yet.\n":
            yield chapter.problem(check, f"It says {said(checked)!r}.", "publish the starter unattempted.")
        if not solved.source.endswith(f'\ncheck_{label}("solution_{label}")'):
            yield chapter.problem(
                solve, "It does not end with the check.", f'check_{label}("solution_{label}")'
            )
        if not said(solved).endswith(f"Exercise {name}: the solution passes.\n"):
            yield chapter.problem(solve, f"It says {said(solved)!r}.", "mend the solution or the check.")
        if given & names_bound(solved.source):
            yield chapter.problem(
                solve, f"It overwrites {given & names_bound(solved.source)}.", "take other names."
            )
        for n, cell, wanted in ((check, checked, "remove-cell"), (solve, solved, "hide-cell")):
            if wanted not in tags(cell) or not cell.source.startswith("# @title "):
                yield chapter.problem(n, "It is not folded.", f"tag it {wanted}; begin with # @title.")


@chapter_rule
def exercises_leave_names(chapter: Chapter) -> Iterator[Problem]:
    """After the exercises every cell of the chapter can be run again: they take none of its names."""
    taken: dict[str, int] = {}
    for n, cell in chapter.code:
        if any(PART_OF_EXERCISE.fullmatch(tag) for tag in tags(cell)):
            taken |= dict.fromkeys(names_at_top(ast.parse(cell.source)), n)
    for n, cell, tree in chapter.own_code():
        if not any(PART_OF_EXERCISE.fullmatch(tag) for tag in tags(cell)):
            for name in sorted(names_needed(tree) & taken.keys()):
                yield chapter.problem(
                    taken[name], f"It takes the name {name}, which cell {n} reads.", "take another name."
                )
