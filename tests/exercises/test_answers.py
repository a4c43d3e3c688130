"""Every check rejects what learners get wrong, in words that name it, and accepts what is right."""

from __future__ import annotations

import contextlib
import dis
import functools
import gzip
import importlib
import io
import os
import re
import time
from collections import Counter
from pathlib import Path

import keras
import matplotlib
import numpy as np
import pytest

from answers import DATA, RIGHT, WRONG, Later
from tools.book import Book, read_notebook, tags
from tools.rules.exercises import exercises
from tools.rules.rule import Chapter

matplotlib.use("Agg")  # not by the environment, which the kernels of nbval would inherit
HERE = Path(__file__).parent
BOOK = Book()
CHAPTERS = {int(path.stem[:2]): path for path in BOOK.chapters}
WITH_EXERCISES = [number for number, path in CHAPTERS.items() if exercises(Chapter(BOOK, path))]
NEEDED = ("setup", "shared-", "exercise-", "check-", "solution-")
TRAINS = {"5.5"}  # its check takes as long as a short training takes

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # wrong answers overflow

for path in sorted(HERE.glob("answers_*.py")):
    importlib.import_module(path.stem)


def name_of(answer):
    """What a test is called."""
    return f"{answer.exercise} {answer.label}"


@functools.cache
def garments():
    """What keras.datasets.fashion_mnist.load_data() gives, from the book's own files."""

    def read(name, start):
        with gzip.open(DATA.parent / "fashion-mnist" / f"{name}-ubyte.gz") as file:
            return np.frombuffer(file.read(), "uint8", offset=start)

    return tuple(
        (read(f"{part}-images-idx3", 16).reshape(-1, 28, 28), read(f"{part}-labels-idx1", 8))
        for part in ("train", "t10k")
    )


@functools.cache
def notebook(number: int) -> tuple[dict, dict[str, str]]:
    """Run the first cells and the exercises of a chapter: (its names, what each cell printed).

    Nothing else of the chapter runs, so that a reader can begin with the exercises.
    """
    names: dict = {"__name__": "__main__"}
    printed = {}
    before = os.getcwd()
    os.chdir(BOOK.root / "notebooks")
    # Keras's home was fixed when some test first imported it, and may be elsewhere.
    theirs, keras.datasets.fashion_mnist.load_data = keras.datasets.fashion_mnist.load_data, garments
    try:
        for cell in read_notebook(CHAPTERS[number]).cells:
            mine = [tag for tag in tags(cell) if tag.startswith(NEEDED)]
            if "shared-photos" in mine:
                names["photos"] = dict(np.load(DATA))
            elif cell.cell_type == "code" and mine:
                output = io.StringIO()
                with contextlib.redirect_stdout(output):
                    exec(compile(cell.source, mine[0], "exec", dont_inherit=True), names)
                printed[mine[0]] = output.getvalue()
    finally:
        os.chdir(before)
        keras.datasets.fashion_mnist.load_data = theirs
    return names, printed


def check(exercise: str, answer: object) -> tuple[str, float]:
    """Let the check of an exercise judge an answer: (what it printed, seconds)."""
    names, _ = notebook(int(exercise.split(".")[0]))
    names["answer"] = answer.make(names) if isinstance(answer, Later) else answer
    output, started = io.StringIO(), time.thread_time()
    with contextlib.redirect_stdout(output):
        names[f"check_{exercise.replace('.', '_')}"]("answer")
    return output.getvalue(), time.thread_time() - started


@pytest.mark.parametrize("answer", WRONG, ids=name_of)
def test_wrong_answer_is_rejected(answer):
    said, seconds = check(answer.exercise, answer.value)
    may_be_slow = "never end" in said or answer.exercise in TRAINS
    if seconds >= 2 and not may_be_slow:  # a busy machine makes one run look slow
        seconds = min(seconds, check(answer.exercise, answer.value)[1])
    assert said.startswith(f"Exercise {answer.exercise}: not yet.\n")
    for words in answer.words:
        assert words in said, said
    assert "Traceback" not in said and "\x1b" not in said
    assert not re.search(r"/\w+/", said)  # no path of a file
    assert seconds < 2 or may_be_slow


@pytest.mark.parametrize("answer", RIGHT, ids=name_of)
def test_right_answer_is_accepted(answer):
    said, seconds = check(answer.exercise, answer.value)
    assert said == f"Exercise {answer.exercise}: right.\n"
    assert seconds < 2 or answer.exercise in TRAINS


@pytest.mark.parametrize("number", WITH_EXERCISES)
def test_notebook_runs_unattempted(number):
    """As published: nothing is attempted, every solution passes, and counts for nothing."""
    _, printed = notebook(number)
    for name in exercises(Chapter(BOOK, CHAPTERS[number])):
        label = name.replace(".", "-")
        assert printed[f"check-{label}"] == f"Exercise {name}: not attempted yet.\n"
        assert printed[f"solution-{label}"].endswith(f"Exercise {name}: the solution passes.\n")
    assert printed[f"check-{number}-all"].splitlines()[0] == "right:             0"


@pytest.mark.parametrize("number", WITH_EXERCISES)
def test_check_stands_alone(number):
    """No check needs the cell of another, so that a reader may begin with any; what it makes has its number."""
    for cell in read_notebook(CHAPTERS[number]).cells:
        for end in (tag[5:].replace("-", "_") for tag in tags(cell) if re.fullmatch(r"check-\d+-\d+", tag)):
            code = compile(cell.source, end, "exec", dont_inherit=True)
            made = {step.argval for step in dis.get_instructions(code) if step.opname == "STORE_NAME"}
            numbered = set(re.findall(r"\b[A-Za-z]\w*_\d+_\d+\b", cell.source)) | made
            assert [name for name in sorted(numbered) if not name.endswith(end)] == []


def test_every_check_is_tried():
    """At least six wrong answers and two right ones for each check of the book."""
    checks = [name for number in WITH_EXERCISES for name in exercises(Chapter(BOOK, CHAPTERS[number]))]
    wrong, right = (Counter(answer.exercise for answer in answers) for answers in (WRONG, RIGHT))
    assert {name: wrong[name] for name in checks if wrong[name] < 6} == {}
    assert {name: right[name] for name in checks if right[name] < 2} == {}
    assert set(wrong) | set(right) == set(checks)
