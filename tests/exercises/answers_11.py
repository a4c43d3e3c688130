"""Chapter 11: wrong answers that learners give, and right ones in different styles."""

import itertools
import re

import numpy as np

from answers import right, wrong

# --- 11.1 swap two numbers and predict -----------------------------------------------------------

wrong("11.1", "the old column is used")((0.402, 0.05))
wrong("11.1", "only the likeliest path")((0.175, 0.03))
wrong("11.1", "the blank may not come first or last")((0.35, 0.03))
wrong("11.1", '"aaa" is counted')((0.43, 0.08))
wrong("11.1", '"aa-" and "-aa" are counted')((0.43, 0.075))
wrong("11.1", "blank in the middle is left out")((0.325, 0))
wrong("11.1", "changed places")([0.03, 0.43])
wrong("11.1", "expected", "2 results", label="one number")(0.43)
wrong("11.1", "expected", "0.43", label="a guess")((0.5, 0.03))
right("11.1", "by pencil")((0.43, 0.03))
right("11.1", "an array")(np.array([0.43, 0.03]))


# --- 11.2 from a path to a text --------------------------------------------------------------------


def merged(path):
    """Equal neighbours as one."""
    return [k for k, _ in itertools.groupby(path)]


wrong("11.2", "blanks are dropped first")(lambda path, blank: merged([k for k in path if k != blank]))
wrong("11.2", "equal neighbours are not merged")(lambda path, blank: [k for k in path if k != blank])
wrong("11.2", "the blanks are still there")(lambda path, blank: merged(path))
wrong("11.2", "the blank is always 0")(lambda path, blank: [k for k in merged(path) if k])
wrong("11.2", "every letter is kept once only")(
    lambda path, blank: [k for k in dict.fromkeys(path) if k != blank]
)
wrong("11.2", "sorted", label="by numpy's unique")(
    lambda path, blank: sorted(k for k in merged(path) if k != blank)
)
wrong("11.2", "the first column is left out")(
    lambda path, blank: [b for a, b in itertools.pairwise(path) if b != blank and a != b]
)
wrong("11.2", "moved down by one")(lambda path, blank: [k - 1 for k in merged(path) if k != blank])
wrong("11.2", "nothing (None)", label="no return")(lambda path, blank: None)
wrong("11.2", "expected", "came", label="keeps the first, blank or not")(
    lambda path, blank: path[:1] + [b for a, b in itertools.pairwise(path) if b != blank and a != b]
)
right("11.2", "groupby")(lambda path, blank: [k for k, _ in itertools.groupby(path) if k != blank])


@right("11.2", "numpy")
def _(path, blank):
    path = np.array(path, dtype=int)
    new = np.ones(len(path), dtype=bool)
    new[1:] = path[1:] != path[:-1]
    return path[new & (path != blank)]


@right("11.2", "a loop with two tests")
def _(path, blank):
    text = []
    for n, k in enumerate(path):
        if k == blank:
            continue
        if n > 0 and path[n - 1] == k:
            continue
        text.append(k)
    return text


# --- 11.3 how many words are wrong? ------------------------------------------------------------------


def edits(one, other, replace=1):
    """Edit distance by recursion over the ends."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one):
        new = [i + 1]
        for j, b in enumerate(other):
            new.append(min(row[j + 1] + 1, new[j] + 1, row[j] + replace * (a != b)))
        row = new
    return row[-1]


wrong("11.3", "characters are compared, not words")(lambda came, wanted: edits(came, wanted) / len(wanted))
wrong("11.3", "characters are compared, and divided by the words")(
    lambda came, wanted: edits(came, wanted) / len(wanted.split())
)
wrong("11.3", "by the words that were read")(
    lambda came, wanted: edits(came.split(), wanted.split()) / max(1, len(came.split()))
)
wrong("11.3", "longer of the two")(
    lambda came, wanted: edits(came.split(), wanted.split()) / max(len(came.split()), len(wanted.split()))
)
wrong("11.3", "capitals count as small")(
    lambda came, wanted: edits(came.lower().split(), wanted.lower().split()) / len(wanted.split())
)
wrong("11.3", "not divided")(lambda came, wanted: edits(came.split(), wanted.split()))
wrong("11.3", "place by place")(
    lambda came, wanted: (
        sum(a != b for a, b in itertools.zip_longest(came.split(), wanted.split())) / len(wanted.split())
    )
)
wrong("11.3", "replacing counts as two")(
    lambda came, wanted: edits(came.split(), wanted.split(), 2) / len(wanted.split())
)
wrong("11.3", "it stops at 1")(
    lambda came, wanted: min(1, edits(came.split(), wanted.split()) / len(wanted.split()))
)
wrong("11.3", "order of the words plays no part")(
    lambda came, wanted: len(set(came.split()) ^ set(wanted.split())) / len(wanted.split())
)
wrong("11.3", "expected", "came", label="the share of words that are missing")(
    lambda came, wanted: np.mean([word not in came.split() for word in wanted.split()])
)
wrong("11.3", "stopped", "ZeroDivisionError", label="divided by the empty text")(
    lambda came, wanted: edits(came.split(), wanted.split()) / len(came.split())
)


@right("11.3", "the whole table")
def _(came, wanted):
    came, wanted = came.split(), wanted.split()
    table = np.zeros((len(came) + 1, len(wanted) + 1))
    table[:, 0] = np.arange(len(came) + 1)
    table[0, :] = np.arange(len(wanted) + 1)
    for i in range(1, len(came) + 1):
        for j in range(1, len(wanted) + 1):
            change = 0 if came[i - 1] == wanted[j - 1] else 1
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + change)
    return table[-1, -1] / len(wanted)


@right("11.3", "recursion")
def _(came, wanted):
    came, wanted, known = came.split(), wanted.split(), {}

    def between(i, j):
        if (i, j) not in known:
            if i == 0 or j == 0:
                known[i, j] = i + j
            else:
                known[i, j] = min(
                    between(i - 1, j) + 1,
                    between(i, j - 1) + 1,
                    between(i - 1, j - 1) + (came[i - 1] != wanted[j - 1]),
                )
        return known[i, j]

    return between(len(came), len(wanted)) / len(wanted)


# --- 11.4 are there enough columns? -------------------------------------------------------------------


def left(width, layers, rule=lambda n, k, s: (n - k) // s + 1):
    """Columns after all layers by a rule for one."""
    for side, step in layers:
        width = rule(width, side, step)
    return width


def need(text):
    """A column for each letter, and one between equal neighbours."""
    return len(text) + len(re.findall(r"(.)(?=\1)", text))


wrong("11.4", "padding would keep the width")(
    lambda width, layers, text: (left(width, layers, lambda n, k, s: -(-n // s)), need(text))
)
wrong("11.4", "the 1 is missing")(
    lambda width, layers, text: (left(width, layers, lambda n, k, s: (n - k) // s), need(text))
)
wrong("11.4", "rounded up")(
    lambda width, layers, text: (left(width, layers, lambda n, k, s: -((k - n) // s) + 1), need(text))
)
wrong("11.4", "the steps are left out")(
    lambda width, layers, text: (left(width, layers, lambda n, k, s: n - k + 1), need(text))
)
wrong("11.4", "only the first layer")(lambda width, layers, text: (left(width, layers[:1]), need(text)))
wrong("11.4", "no column is kept for a blank")(lambda width, layers, text: (left(width, layers), len(text)))
wrong("11.4", "a blank is counted between all letters")(
    lambda width, layers, text: (left(width, layers), len("-".join(text)))
)
wrong("11.4", "expected", label="capitals count as small")(
    lambda width, layers, text: (left(width, layers), need(text.lower()))
)
wrong("11.4", "expected", label="spaces are no letters")(
    lambda width, layers, text: (left(width, layers), need(text.replace(" ", "")))
)
wrong("11.4", "one taken from none")(lambda width, layers, text: (left(width, layers), 2 * len(text) - 1))
wrong("11.4", "before and after each letter")(
    lambda width, layers, text: (left(width, layers), 2 * len(text) + 1)
)
wrong("11.4", "come again later")(
    lambda width, layers, text: (left(width, layers), 2 * len(text) - len(set(text)))
)
wrong("11.4", "changed places")(lambda width, layers, text: (need(text), left(width, layers)))
wrong("11.4", "2 results", label="columns alone")(lambda width, layers, text: left(width, layers))


@right("11.4", "counted by hand")
def _(width, layers, text):
    columns = width
    for side, step in layers:
        columns = len(range(0, columns - side + 1, step))
    needed, before = 0, ""
    for letter in text:
        needed += 2 if letter == before else 1
        before = letter
    return columns, needed


@right("11.4", "floor of a fraction, pairs")
def _(width, layers, text):
    for side, step in layers:
        width = int(np.floor((width - side) / step)) + 1
    return [width, len(text) + sum(map(str.__eq__, text, text[1:]))]


# --- 11.5 design a reader --------------------------------------------------------------------------


def stack(reach, early, side, step=2):
    """Early layers that step, then others of one side until the reach is there."""
    layers, sees, jump = [], 1, 1
    while sees < reach or len(layers) < early:
        layers.append((side, step if len(layers) < early else 1))
        sees, jump = sees + (side - 1) * jump, jump * layers[-1][1]
    return layers


wrong("11.5", "a reach of 20 pixels", label="one layer, always")(
    lambda width, reach, columns, budget: [(3, 1)]
)
wrong("11.5", "work of 700 at most", label="no steps")(
    lambda width, reach, columns, budget: stack(reach, 0, 3)
)
wrong("11.5", "columns at least", label="steps without end")(
    lambda width, reach, columns, budget: stack(reach, 3, 3)
)
wrong("11.5", "9 and 2 at most", label="one wide filter")(lambda width, reach, columns, budget: [(reach, 1)])
wrong("11.5", "9 and 2 at most", label="a step of 4")(
    lambda width, reach, columns, budget: stack(reach, 1, 3, 4) if reach > 3 else [(3, 1)]
)
wrong("11.5", "a list of (side, step)", label="sides alone")(lambda width, reach, columns, budget: [3, 3, 3])
wrong("11.5", "whole numbers from 1 on", label="half a filter")(
    lambda width, reach, columns, budget: [(2.5, 1)]
)
wrong("11.5", "too narrow", label="too many layers")(lambda width, reach, columns, budget: [(9, 2)] * 9)
wrong("11.5", "nothing (None)", label="no return")(lambda width, reach, columns, budget: None)


@right("11.5", "a search over stacks")
def _(width, reach, columns, budget):
    for early in range(4):
        for side in (3, 4, 5, 8, 9):
            layers = stack(reach, early, side)
            sizes = [width]
            for each, step in layers:
                sizes.append((sizes[-1] - each) // step + 1)
            work = sum(size * each for size, (each, _) in zip(sizes[1:], layers, strict=True))
            if sizes[-1] >= columns and work <= budget:
                return layers


PLANS = {3: (0, 3), 20: (1, 5), 40: (2, 3), 60: (1, 8)}
right("11.5", "the five cases by hand")(
    lambda width, reach, columns, budget: np.array(stack(reach, *PLANS[reach]))
)


# --- 11.6 how often is the best path the best text? ----------------------------------------------------

TABLES = np.random.default_rng(11).dirichlet([1, 1, 1], (200, 4)).round(2)
SAID = "Many unlikely paths that say the same add up to more than the single best one."


def texts(table):
    """Text -> the sum over its paths."""
    found = {}
    for path in itertools.product(range(3), repeat=4):
        said = tuple(k for k in merged(path) if k)
        found[said] = found.get(said, 0) + np.prod([table[n, k] for n, k in enumerate(path)])
    return found


BEST = [max(found, key=found.get) for found in map(texts, TABLES)]
PATHS = [table.argmax(axis=1).tolist() for table in TABLES]
SHARE = np.mean([tuple(k for k in merged(p) if k) != b for p, b in zip(PATHS, BEST, strict=True)])
NOT_MERGED = np.mean([tuple(k for k in p if k) != b for p, b in zip(PATHS, BEST, strict=True)])

wrong("11.6", "the share where it is right")((1 - SHARE, SAID))
wrong("11.6", "in percent")((100 * SHARE, SAID))
wrong("11.6", "number of tables")((200 * SHARE, SAID))
wrong("11.6", "not merged")((NOT_MERGED, SAID))
wrong("11.6", "one number", label="a list")(([SHARE, 1], SAID))
wrong("11.6", "Now the sentence", label="no sentence")((SHARE, ""))
wrong("11.6", "Now the sentence", label="the starter's words")((SHARE, "Greedy decoding misses it, because"))
wrong("11.6", "expected", label="a guess")((0.11, SAID))
right("11.6", "measured")((SHARE, SAID))
right("11.6", "rounded")([round(SHARE, 2), SAID])
