"""The machinery of the checks (tools/shared/check.py), with plain NumPy."""

import contextlib
import io
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tools.book import Book


@pytest.fixture
def names():
    """A fresh notebook with the machinery in it."""
    space = {"np": np}
    exec(Book().shared()["shared-check"], space)
    return space


@pytest.fixture
def say(names):
    """say(right, answer, cases=...) is what a check prints."""

    def judge(right, answer, **wishes):
        names["answer"] = answer
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            names["Exercise"]("9.1", right, **wishes)("answer")
        return output.getvalue()

    return judge


TABLE = np.array([[1.0, 2.0], [3.0, 4.0]])
CASES = [(TABLE,)]
RIGHT = "Exercise 9.1: right.\n"


def double(x):
    """The function that is asked for."""
    return 2 * x


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: x + x,
        lambda x: (x + x).tolist(),
        lambda x: (x + x).astype("float32"),
        lambda x: (x + x).astype(int),
        lambda x: x + x + 1e-6,
        lambda x: tuple(map(tuple, x + x)),
        lambda x: print("noise") or 2 * x,
        lambda x: np.ma.array(2 * x),
    ],
)
def test_right_in_any_dress(say, answer):
    assert say(double, answer, cases=CASES) == RIGHT


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: None, "nothing (None). Is a return missing?"),
        (lambda x: x * np.nan, "nan"),
        (lambda x: x + 0.001 + x, "2.001"),
        (lambda x: "8", "no number"),
        (lambda x: [[1, 2], [3]], "no number"),
        (lambda x: (value for value in x), "no number"),
        (lambda x: (2 * x).ravel(), "The numbers are right, the shape is not."),
        (lambda x: 2 * x[None], "shape (1, 2, 2)"),
        (lambda x: x[0, 0], "one number"),
        (lambda x: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda x: exit(), "SystemExit"),
        (lambda: 2, "TypeError"),
        (lambda x: undefined, "NameError: name 'undefined' is not defined"),  # noqa: F821
        (7, "one number"),
        ("text", "no number"),
        (None, "nothing (None)"),
        (double.__class__, "TypeError"),
    ],
)
def test_wrong_is_told(say, answer, words):
    said = say(double, answer, cases=CASES)
    assert said.startswith("Exercise 9.1: not yet.\n") and words in said, said
    assert "Traceback" not in said


@pytest.mark.parametrize("answer", [..., lambda x: ..., (..., 1), [2, ...], lambda x: (x, ...)])
def test_three_dots_are_no_attempt(say, names, answer):
    assert say(double, answer, cases=CASES) == "Exercise 9.1: not attempted yet.\n"
    assert names["Exercise"].results == {"9.1": "not attempted yet"}


def test_smallest_input_that_shows_it(say):
    """Both cases are wrong from the second on; the second is told, with expected and came."""
    cases = [(0,), (3,), (50,)]
    said = say(double, lambda x: x * x, cases=cases)
    assert "For x = 3\n  expected: 6\n  came:     9\n" in said and "50" not in said


def test_slip_only_where_it_fits_all_cases(say):
    slips = {"it is squared": lambda x: x * x, "it is cubed": lambda x: x**3}
    cases = [(2,), (3,)]
    assert "It looks as if it is squared." in say(double, lambda x: x * x, cases=cases, slips=slips)
    assert "It looks" not in say(double, lambda x: x * x + (x == 3), cases=cases, slips=slips)
    assert say(double, double, cases=cases, slips=slips) == RIGHT


def test_change_in_place(say):
    def answer(x):
        x *= 2
        return x

    original = TABLE.copy()
    said = say(double, answer, cases=CASES)
    assert "It changed its input number 1 in place." in said
    assert np.array_equal(TABLE, original), "the check handed out the original"


def test_overflow(say):
    cases = [(np.array([3], "uint8"),), (np.array([200], "uint8"),)]
    said = say(double, lambda x: x + x, cases=cases)
    assert "expected: [400]\n  came:     [144]" in said and "uint8 starts again at 0" in said
    assert say(double, lambda x: x.astype(int) * 2, cases=cases) == RIGHT


def test_large_tables_are_told_by_place(say):
    def answer(x):
        result = 2 * x
        result[3, 4] = 0
        return result

    said = say(double, answer, cases=[(np.ones((20, 30)),)])
    assert "At [3, 4], one of 1 places that differ:\n  expected: 2\n  came:     0" in said
    assert "x = a table of shape (20, 30)" in said


def test_several_results(say):
    def right(x):
        return x, 2 * x

    assert say(right, lambda x: [x, x + x], cases=[(3,)]) == RIGHT
    assert "Result 2 of 2:\n  expected: 6\n  came:     5" in say(right, lambda x: (x, 5), cases=[(3,)])
    assert "expected: 2 results\n  came:     3\n" in say(right, lambda x: 3, cases=[(3,)])
    assert "expected: 2 results\n  came:     1\n" in say(right, lambda x: (x,), cases=[(3,)])


def test_line_of_the_error(say):
    def answer(x):
        y = x
        return y / missing  # noqa: F821

    assert f"It stopped in line {answer.__code__.co_firstlineno + 2} of its cell" in say(
        double, answer, cases=CASES
    )


def test_endless_loop_is_stopped(say, names):
    names["Exercise"].seconds = 0.2

    def answer(x):
        while True:
            pass

    assert "Does a loop never end?" in say(double, answer, cases=CASES)


def test_works_in_a_thread(say):
    """Where no alarm can be set, the check works without one."""
    found = []
    thread = threading.Thread(target=lambda: found.append(say(double, double, cases=CASES)))
    thread.start()
    thread.join()
    assert found == [RIGHT]


def test_missing_name(names):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        names["Exercise"]("9.1", double, cases=CASES)("forgotten")
    assert "There is no forgotten. Run the cell above; keep its name." in output.getvalue()


def test_judge_that_breaks_shows_no_traceback(say):
    said = say(None, "text", judge=lambda answer: answer.shape)
    assert "It stopped with AttributeError" in said and "Traceback" not in said


def test_sum_up(names):
    exercise, output = names["Exercise"], io.StringIO()
    names |= {"first": 6, "second": 5, "solution_1": 6}
    with contextlib.redirect_stdout(output):
        exercise("9.1", 6)("first")
        exercise("9.2", 6)("second")
        exercise("9.3", 6)("solution_1")
        exercise.sum_up()
    assert output.getvalue().endswith(
        "Exercise 9.3: the solution passes.\n"
        "right:             1  9.1\nnot yet:           1  9.2\nnot attempted yet: 1  9.3\n"
    )


NASTY = {
    "a bare except": """
    while True:
        try:
            while True:
                y = 1
        except:
            pass""",
    "a bare except around a pause": """
    while True:
        try:
            time.sleep(0.1)
        except:
            pass""",
    "finally goes on": """
    while True:
        try:
            pass
        finally:
            continue""",
    "two handlers around a comprehension": """
    while True:
        try:
            try:
                [i for i in itertools.count()]
            except:
                pass
        except:
            pass""",
    "one long pause": """
    time.sleep(100)""",
    "a generator that swallows": """
    def endless():
        while True:
            try:
                yield 1
            except:
                pass
    for _ in endless():
        pass""",
}


@pytest.mark.parametrize("body", NASTY.values(), ids=NASTY)
@pytest.mark.filterwarnings("ignore")
def test_nothing_swallows_the_stop(say, names, body):
    """However an answer is written in Python, its check ends; the handlers and tracers are as before."""
    before = signal.getsignal(signal.SIGALRM), sys.gettrace(), sys.getprofile()
    names["Exercise"].seconds = 0.3
    exec(f"import itertools, time\ndef answer(x):{body}", names)
    started = time.monotonic()
    said = say(double, names["answer"], cases=CASES)
    assert "not ready after 0.3 seconds" in said and time.monotonic() - started < 5
    assert before == (signal.getsignal(signal.SIGALRM), sys.gettrace(), sys.getprofile())


def test_one_budget_for_the_whole_check(say, names):
    """Wrong first and endless later: told at once what is wrong, and the slips take a second at most."""
    names["Exercise"].seconds = 0.3

    def answer(x):
        while x > 1:
            pass
        return 5

    started = time.monotonic()
    said = say(double, answer, cases=[(1,), (2,), (3,)], slips={"it is five": lambda x: 5})
    assert "came:     5" in said and "It looks" not in said and time.monotonic() - started < 2


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux tells the memory")
def test_memory_is_stopped(say, names):
    names["Exercise"].memory = 10**8

    def answer(x):
        kept = []
        while True:
            kept.append(bytearray(10**6))

    assert "it used more than 0.1 GB of memory" in say(double, answer, cases=CASES)


@pytest.mark.parametrize("name", "map len any all str max zip list tuple isinstance np photos".split())
def test_names_of_the_reader_break_nothing(name):
    """A reader's value of that name: the check works, says so, and gives the name back."""
    space = {"np": np, "photos": {"brick": TABLE}}
    exec(Book().shared()["shared-check"], space)
    space[name] = space["photos"]["brick"]
    exec("def answer(x):\n    return x + x", space)
    exec(
        "check = Exercise('9.1', lambda x: sum(map(float, x)) * float(np.ones(())) + photos['brick'][0, 0]"
        " - 1 + sum(x), cases=[([1.0, 2],)])",
        space,
    )
    output = io.StringIO()
    space["answer"] = 6
    with contextlib.redirect_stdout(output):
        space["check"]("answer")
    assert output.getvalue().startswith(RIGHT) and f"Your value hid {name}" in output.getvalue()
    assert name not in space if name not in ("np", "photos") else space[name] is not TABLE


def test_attribute_with_the_name_of_a_readers_value(names):
    """A judge says Exercise.sentence: a reader's `sentence` stays what it is, and hides nothing."""
    for text in ("One.", "Two."):
        names |= {"sentence": text, "answer": (1, text)}
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(
                "def judge(finding):\n    return Exercise.sentence(finding[1])\n"
                "Exercise('9.1', judge=judge)('answer')",
                names,
            )
        assert text in output.getvalue() and "hid" not in output.getvalue()
        assert names["sentence"] == text


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("The share has changed because ...", False),
        ("Why has the share changed?", False),
        ("The share has changed because the maximum of a window is rarely zero", True),
        ("The share has changed because edges spread", True),
        ("One edge is enough", True),
        ("Rarely zero", False),
        ("窗口里很少全是零", True),
    ],
)
def test_sentence_in_words_of_its_own(names, text, fine):
    given = "The share has changed because", "why has the share changed"
    assert (names["Exercise"].sentence(text, *given) == "") == fine


def test_half_precision_is_enough(say):
    third = lambda x: x / 3  # noqa: E731
    assert say(third, lambda x: (x / 3).astype("float16"), cases=CASES) == RIGHT
    assert say(third, lambda x: x / 3.05, cases=CASES) != RIGHT


def test_digits_that_tell_apart(say):
    assert "expected: 0.1\n  came:     0.10004" in say(0.1, 0.10004)
