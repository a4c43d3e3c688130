"""No wrong answer that a rule makes of a right one passes a check: each that passes is right on all inputs.

Here one wrong answer of EVERY runs, against few inputs. All of them, against many, take some minutes:

    MUTANTS=all .venv/bin/python -m pytest tests/exercises/test_mutants.py
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import os

import numpy as np
import pytest

from legal import LEGAL
from mutants import compiled, mutants
from test_answers import BOOK, CHAPTERS, HERE, WITH_EXERCISES, notebook
from tools.book import read_notebook, tags
from tools.rules.exercises import exercises
from tools.rules.rule import Chapter

# Of all mutants one in EVERY; DRAWS legal inputs on which one that passes must agree with the right answer.
EVERY, DRAWS = (1, 60) if os.environ.get("MUTANTS") == "all" else (5, 30)

pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def solution(exercise: str) -> ast.FunctionDef | None:
    """The function of a solution cell."""
    number, tag = int(exercise.split(".")[0]), f"solution-{exercise.replace('.', '-')}"
    cells = read_notebook(CHAPTERS[number]).cells
    tree = ast.parse(next(cell.source for cell in cells if tag in tags(cell)))
    return next((node for node in tree.body if isinstance(node, ast.FunctionDef)), None)


def styles(exercise: str):
    """The right answers to an exercise that are functions without Keras: (style, tree, names)."""
    number = int(exercise.split(".")[0])
    yield "solution", solution(exercise), notebook(number)[0]
    names = vars(importlib.import_module(f"answers_{number}"))
    tree = ast.parse((HERE / f"answers_{number}.py").read_text("utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}

    def style(call) -> str:
        is_right = isinstance(call, ast.Call) and getattr(call.func, "id", "") == "right"
        return call.args[1].value if is_right and call.args[0].value == exercise else ""

    for node in tree.body:
        made = None
        if isinstance(node, ast.FunctionDef):
            words = next(filter(None, map(style, node.decorator_list)), "")
            node.decorator_list, made = [], node
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            words, answer = style(node.value.func), (node.value.args or [None])[0]
            if isinstance(answer, ast.Lambda):
                made = ast.copy_location(ast.Assign([ast.Name("answer", ast.Store())], answer), answer)
            elif isinstance(answer, ast.Name):
                made = functions.get(answer.id)
        if (
            made is not None
            and words
            and not {"keras", "tf"} & {name.id for name in ast.walk(made) if isinstance(name, ast.Name)}
        ):
            yield words, made, names


def test_every_function_has_legal_inputs():
    """The functions that a check compares on cases are those that have inputs here."""
    found = set()
    for number in WITH_EXERCISES:
        for name in exercises(Chapter(BOOK, CHAPTERS[number])):
            check = notebook(number)[0][f"check_{name.replace('.', '_')}"]
            found |= {name} if callable(check.right) else set()
    assert found == set(LEGAL)


@pytest.mark.parametrize("exercise", LEGAL)
def test_no_mutant_passes(exercise):
    names, _ = notebook(int(exercise.split(".")[0]))
    check, run, same = (
        names[f"check_{exercise.replace('.', '_')}"],
        names["Exercise"].run,
        names["Exercise"].same,
    )
    rng = np.random.default_rng(0)
    inputs = [LEGAL[exercise](rng) for _ in range(DRAWS)]
    expected = [run(check.right, check.widened(case))[0] for case in inputs]

    def agrees(answer):
        return all(
            not trouble and same(value, wanted)
            for (value, trouble), wanted in (
                (run(answer, case), want) for case, want in zip(inputs, expected, strict=True)
            )
        )

    def passes(answer):
        names["answer"], said = answer, io.StringIO()
        with contextlib.redirect_stdout(said):
            check("answer")
        return said.getvalue() == f"Exercise {exercise}: right.\n"

    def differs(value, wanted):
        return "" if same(value, wanted) else "It differs."

    # Whether it is right, as the check finds it; the words about what is wrong take the longest.
    silent = {"slip": lambda answer: "", "inputs": lambda case: "", "difference": differs}
    vars(check).update(silent)
    try:
        survivors = []
        for style, tree, space in styles(exercise):
            right = compiled(tree, space)
            assert passes(right) and agrees(right), f"{style} is right on the cases, not on all inputs"
            made = list(mutants(tree, space, check.cases, EVERY))
            assert len(made) > 50 / EVERY
            survivors += [
                f"{style}: {words}" for words, answer in made if passes(answer) and not agrees(answer)
            ]
    finally:
        for name in silent:
            delattr(check, name)
    assert not survivors, "wrong, and the check says right:\n" + "\n".join(survivors)
