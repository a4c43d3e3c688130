"""Chapter 13: wrong answers that learners give, and right ones in different styles."""

import itertools

import numpy as np

from answers import DATA, right, wrong

# --- 13.1 change two numbers ---------------------------------------------------------------------

wrong("13.1", "stride is still 2")((2, 4, 13, 10, 20))
wrong("13.1", "old value")((2, 7, 14, 12))
wrong("13.1", "kernel is flipped")((8, 24, 12, 5))
wrong("13.1", "last one wins")((2, 5, 10, 20))
wrong("13.1", "first one wins")((2, 4, 8, 20))
wrong("13.1", "values are added")((7, 14, 28))
wrong("13.1", "expected: 4 results", label="one place too few")((2, 9, 18))
right("13.1", "a list")([2, 9, 18, 20])
right("13.1", "polynomials")(np.convolve([2, 5], [1, 2, 4]))

# --- 13.2 a map with holes -----------------------------------------------------------------------


def shared(truth, answer, classes, known=True, below="either"):
    """IoU by loops over the pixels, or one by other rules."""
    result = []
    for k in range(classes):
        both = either = mine = yours = 0
        for t, a in zip(np.ravel(truth), np.ravel(answer), strict=True):
            if known and t < 0:
                continue
            both += t == k and a == k
            either += t == k or a == k
            mine += t == k
            yours += a == k
        size = {"either": either, "truth": mine, "answer": yours, "mean": (mine + yours) / 2}[below]
        result.append(both / size if size else np.nan)
    return result


wrong("13.2", "nobody knows are counted")(lambda t, a, k: shared(t, a, k, known=False))
wrong("13.2", "that is recall")(lambda t, a, k: shared(t, a, k, below="truth"))
wrong("13.2", "that is precision")(lambda t, a, k: shared(t, a, k, below="answer"))
wrong("13.2", "Dice")(lambda t, a, k: shared(t, a, k, below="mean"))
wrong("13.2", "gets 0")(lambda t, a, k: np.nan_to_num(shared(t, a, k)))
wrong("13.2", "gets 1")(lambda t, a, k: np.nan_to_num(shared(t, a, k), nan=1))
wrong("13.2", "stops one short")(lambda t, a, k: shared(t, a, k - 1))
wrong("13.2", "came:", label="the accuracy")(lambda t, a, k: np.mean(t == a))
wrong("13.2", "the mean came back")(lambda t, a, k: np.nanmean(shared(t, a, k)))
right("13.2", "loops")(lambda truth, answer, classes: shared(truth, answer, classes))


@right("13.2", "a table")
def _(truth, answer, classes):
    known = np.ravel(truth) >= 0
    t, a = np.ravel(truth)[known], np.ravel(answer)[known]
    size = max([classes, *(a + 1)])
    table = np.zeros((size, size))
    np.add.at(table, (t, a), 1)
    both = table.diagonal()
    either = table.sum(0) + table.sum(1) - both
    with np.errstate(invalid="ignore"):
        return (both / either)[:classes]


# --- 13.3 a map corrected ------------------------------------------------------------------------

wrong("13.3", "the sign is turned")(
    lambda e, t, d: (e.mean() + (d - t).mean(), np.std(t - d, ddof=1) / len(t) ** 0.5)
)
wrong("13.3", "not corrected")(lambda e, t, d: (e.mean(), np.std(t - d, ddof=1) / len(t) ** 0.5))
wrong("13.3", "only the drawn")(lambda e, t, d: (t.mean(), np.std(t, ddof=1) / len(t) ** 0.5))
wrong("13.3", "true shares")(lambda e, t, d: (e.mean() + (t - d).mean(), np.std(t, ddof=1) / len(t) ** 0.5))
wrong("13.3", "divides by the number of values")(
    lambda e, t, d: (e.mean() + (t - d).mean(), np.std(t - d) / len(t) ** 0.5)
)
wrong("13.3", "not by its root")(lambda e, t, d: (e.mean() + (t - d).mean(), np.std(t - d, ddof=1) / len(t)))
wrong("13.3", "not the standard error")(lambda e, t, d: (e.mean() + (t - d).mean(), np.std(t - d, ddof=1)))
wrong("13.3", "all blocks")(
    lambda e, t, d: (e.mean() + (t - d).mean(), np.std(t - d, ddof=1) / len(e) ** 0.5)
)
wrong("13.3", "shrunk")(
    lambda e, t, d: (
        e.mean() + (t - d).mean(),
        np.std(t - d, ddof=1) * np.sqrt((1 - len(t) / len(e)) / len(t)),
    )
)
wrong("13.3", "changed places")(
    lambda e, t, d: (np.std(t - d, ddof=1) / len(t) ** 0.5, e.mean() + (t - d).mean())
)
right("13.3", "sums")(
    lambda e, t, d: (
        sum(e) / len(e) + sum(t - d) / len(t),
        (sum((t - d - sum(t - d) / len(t)) ** 2) / (len(t) - 1) / len(t)) ** 0.5,
    )
)


@right("13.3", "variance")
def _(everywhere, looked_up, mapped_there):
    off = np.asarray(looked_up) - mapped_there
    return [np.mean(everywhere) + off.mean(), np.sqrt(np.var(off, ddof=1) / off.size)]


# --- 13.4 a split that flatters ------------------------------------------------------------------

SAID = "An asked pixel copies its neighbour in the one case, a stranger in the other."
Y = np.load(DATA)["coffee"].mean(axis=2) > 150
NEXT = np.mean(Y[:, 1::2] == Y[:, ::2])
HALF = np.mean(Y[:, 150:] == Y[:, [149]])
wrong("13.4", "that are wrong")((1 - NEXT, 1 - HALF, SAID))
wrong("13.4", "in percent")((100 * NEXT, 100 * HALF, SAID))
wrong("13.4", "changed places")((HALF, NEXT, SAID))
wrong("13.4", "known pixels are counted")(((1 + NEXT) / 2, (1 + HALF) / 2, SAID))
wrong("13.4", "in the first share")(((1 + NEXT) / 2, HALF, SAID))
wrong("13.4", "in the second share")((NEXT, (1 + HALF) / 2, SAID))
wrong("13.4", "on the right is asked first")((np.mean(Y[:, 1:-1:2] == Y[:, 2::2]), HALF, SAID))
wrong("13.4", "expected", label="all neighbours")((np.mean(Y[:, 1:] == Y[:, :-1]), HALF, SAID))
wrong("13.4", "two numbers and a sentence", label="no third")((NEXT, HALF))
wrong("13.4", "every pixel sees its neighbour")((NEXT, np.mean(Y[:, 150:] == Y[:, 149:-1]), SAID))
wrong("13.4", "first column")((NEXT, np.mean(Y[:, 150:] == Y[:, [0]]), SAID))
wrong("13.4", "Now the sentence", label="no sentence")((NEXT, HALF, ""))
wrong("13.4", "two numbers", label="no numbers")(("many", "few", SAID))
right("13.4", "measured")((NEXT, HALF, SAID))
right("13.4", "rounded")([round(NEXT, 3), round(HALF, 3), SAID])

# --- 13.5 a decoder on a budget ------------------------------------------------------------------


def sides(factor, first, rest=2, inner=8, last=3, stride=2):
    """A decoder with one side at first and another for the rest."""
    depth = int(np.log(factor) / np.log(stride) + 0.5)
    return [(first if n == 0 else rest, stride, last if n == depth - 1 else inner) for n in range(depth)]


wrong("13.5", "weights at most", label="always 8x8")(lambda c, f, r, b: sides(f, 8, 8))
wrong("13.5", "a stamp of", label="always 2x2")(lambda c, f, r, b: sides(f, 2))
wrong("13.5", "must be a multiple", label="3x3, stride 2")(lambda c, f, r, b: sides(f, 3, 3))
wrong("13.5", "1 or 2 is allowed", label="a stride of 4")(lambda c, f, r, b: [(4, 4, 3)])
wrong("13.5", "needs 8 at least", label="too narrow")(lambda c, f, r, b: sides(f, 2, inner=4))
wrong("13.5", "3 filters of the last layer", label="no end")(lambda c, f, r, b: sides(f, 2, last=8))
wrong("13.5", "a factor of 4", label="one layer")(lambda c, f, r, b: [(2, 2, 3)])
wrong("13.5", "a list of (side, stride, filters)", label="sides alone")(lambda c, f, r, b: [2, 2])
wrong("13.5", "whole numbers", label="half a filter")(lambda c, f, r, b: [(2, 2, 8.5), (2, 2, 3)])


def cheapest(channels, factor, reach, largest=8, power=2, first_alone=True):
    """The decoder that costs least, or does so by another count."""

    def spread(chosen):
        stamp = 1
        for side in chosen:
            stamp = (stamp - 1) * 2 + side
        return stamp

    def cost(chosen):
        inputs = [channels] + [8 if first_alone else channels] * (len(chosen) - 1)
        outputs = [8] * (len(chosen) - 1) + [3]
        return sum(s**power * i * o for s, i, o in zip(chosen, inputs, outputs, strict=True))

    every = itertools.product(range(2, largest + 1, 2), repeat={4: 2, 8: 3}[factor])
    best = min((chosen for chosen in every if spread(chosen) >= reach), key=cost)
    return [(side, 2, 8) for side in best[:-1]] + [(best[-1], 2, 3)]


right("13.5", "all of them, the cheapest")(lambda c, f, r, b: cheapest(c, f, r))
wrong("13.5", "8 at most", label="larger sides")(lambda c, f, r, b: cheapest(c, f, r, largest=16))
wrong("13.5", "weights at most", label="sides not squared")(lambda c, f, r, b: cheapest(c, f, r, power=1))
wrong("13.5", "weights at most", label="the same channels everywhere")(
    lambda c, f, r, b: cheapest(c, f, r, first_alone=False)
)


@right("13.5", "by trial")
def _(channels, factor, reach, budget):
    rng = np.random.default_rng(0)
    depth = {4: 2, 8: 3}[factor]
    while True:
        chosen = 2 * rng.integers(1, 5, depth)
        stamp, count, inputs = 1, 0, channels
        for n, side in enumerate(chosen):
            stamp = (stamp - 1) * 2 + side
            filters = 3 if n == depth - 1 else 8
            count, inputs = count + side**2 * inputs * filters, filters
        if stamp >= reach and count <= budget:
            return [(int(s), 2, 8 if n < depth - 1 else 3) for n, s in enumerate(chosen)]
