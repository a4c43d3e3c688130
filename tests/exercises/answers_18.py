"""Chapter 18: wrong answers that learners give, and right ones in different styles."""

import numpy as np

from answers import right, wrong

# --- 18.1 change the layer and predict -----------------------------------------------------------

wrong("18.1", "as large as the picture")((900, 100, 720_000))
wrong("18.1", "channels are left out")((676, 25, 135_200))
wrong("18.1", "filters are left out")((676, 100, 67_600))
wrong("18.1", "swapped")((100, 676, 540_800))
wrong("18.1", "one too few")((625, 100, 500_000))
wrong("18.1", "additions are counted")((676, 100, 1_081_600))
wrong("18.1", "column for each filter")((676, 8, 540_800))
wrong("18.1", "expected: 3 results", label="the product is missing")((676, 100))
right("18.1", "a list")([26 * 26, 25 * 4, 26 * 26 * 25 * 4 * 8])
right("18.1", "an array")(np.array([676, 100, 540800]))

# --- 18.2 patches with a stride ------------------------------------------------------------------


def cut(picture, side, stride, down=None):
    rows, columns = picture.shape
    return np.array([
        picture[i : i + side, j : j + side].ravel()
        for i in range(0, rows - side + 1, down or stride)
        for j in range(0, columns - side + 1, stride)
    ])  # fmt: skip


wrong("18.2", "stride is not used")(lambda p, side, stride: cut(p, side, 1))
wrong("18.2", "stride is the side")(lambda p, side, stride: cut(p, side, side))
wrong("18.2", "column stands for each patch")(lambda p, side, stride: cut(p, side, stride).T)
wrong("18.2", "only the rows move")(lambda p, side, stride: cut(p, side, 1, down=stride))
wrong("18.2", "expected", label="a sum for each patch")(
    lambda p, side, stride: cut(p, side, stride).sum(axis=1)
)


@wrong("18.2", "down first")
def _(p, side, stride):
    rows, columns = p.shape
    return np.array([
        p[i : i + side, j : j + side].ravel()
        for j in range(0, columns - side + 1, stride)
        for i in range(0, rows - side + 1, stride)
    ])  # fmt: skip


@wrong("18.2", "column by column")
def _(p, side, stride):
    rows, columns = p.shape
    return np.array([
        p[i : i + side, j : j + side].T.ravel()
        for i in range(0, rows - side + 1, stride)
        for j in range(0, columns - side + 1, stride)
    ])  # fmt: skip


@wrong("18.2", "expected", label="the last row and column of patches is missing")
def _(p, side, stride):
    return cut(p[:-1, :-1], side, stride) if min(p.shape) > side else cut(p, side, stride)


wrong("18.2", "expected", label="as many patches down as across")(
    lambda p, side, stride: cut(p[:, : len(p)], side, stride)
)
right("18.2", "a loop")(cut)
right("18.2", "a list of lists")(lambda p, side, stride: cut(p, side, stride).tolist())


@right("18.2", "windows by their first pixel")
def _(p, side, stride):
    windows = np.lib.stride_tricks.sliding_window_view(p, (side, side))[::stride, ::stride]
    return windows.reshape(-1, side**2)


# --- 18.3 parts that are not equal ---------------------------------------------------------------

wrong("18.3", "all machines have the same say")(lambda g, c: g.mean(axis=0))
wrong("18.3", "added, not averaged")(lambda g, c: g.sum(axis=0))
wrong("18.3", "with pictures have the same say")(lambda g, c: g[c > 0].mean(axis=0))
wrong("18.3", "divided by the machines")(lambda g, c: c[c > 0] @ g[c > 0] / len(c))
wrong("18.3", "is not divided")(lambda g, c: c[c > 0] @ g[c > 0])
wrong("18.3", "spoils the sum")(lambda g, c: np.average(g, axis=0, weights=c))
wrong("18.3", "expected", label="one number for all weights")(
    lambda g, c: float((c[c > 0] @ g[c > 0]).mean() / c.sum())
)
right("18.3", "average of those that had pictures")(
    lambda g, c: np.average(g[c > 0], axis=0, weights=c[c > 0])
)


@right("18.3", "a loop")
def _(g, c):
    total = 0
    for row, count in zip(g, c, strict=True):
        if count > 0:
            total = total + row * count / c.sum()
    return total


# --- 18.4 will it be done? -----------------------------------------------------------------------

SENTENCE = "A faster disk brings nothing, because the network sets the pace."
wrong("18.4", "take turns")((2e6 * 42 / 3.6e6, SENTENCE))
wrong("18.4", "only reading counts")((2e6 * 12 / 3.6e6, SENTENCE))
wrong("18.4", "minutes")((1000, SENTENCE))
wrong("18.4", "seconds")((60_000, SENTENCE))
wrong("18.4", "averaged")((2e6 * 21 / 3.6e6, SENTENCE))
wrong("18.4", "reading is taken off")((2e6 * 18 / 3.6e6, SENTENCE))
wrong("18.4", "expected: 16.67", label="a day")((24, SENTENCE))
right("18.4", "by the slower one")((2e6 * 0.030 / 3600, SENTENCE))
right("18.4", "rounded")((16.67, "A faster disk shortens what is hidden behind the network already."))

# --- 18.5 a cluster on a budget ------------------------------------------------------------------


def smallest(work, size, speed, latency, limit, most, turns=2, whole=False, strict=False):
    for n in range(1, most + 1):
        took = work / n + turns * (n - 1) * (latency + (size if whole else size / n) / speed)
        if took < limit if strict else took <= limit:
            return n
    return 0


wrong("18.5", "ring is forgotten")(lambda *case: smallest(*case, turns=0))
wrong("18.5", "sends all bytes")(lambda *case: smallest(*case, whole=True))
wrong("18.5", "latency is forgotten")(lambda w, z, v, a, m, k: smallest(w, z, v, 0, m, k))
wrong("18.5", "half of the turns")(lambda *case: smallest(*case, turns=1))
wrong("18.5", "limit itself")(lambda *case: smallest(*case, strict=True))
wrong("18.5", "expected", label="always as many as there are")(lambda w, z, v, a, m, k: k)
wrong("18.5", "expected", label="the last number is never tried")(
    lambda w, z, v, a, m, k: smallest(w, z, v, a, m, k - 1)
)


@wrong("18.5", "shortest step")
def _(w, z, v, a, m, k):
    return min(range(1, k + 1), key=lambda n: w / n + 2 * (n - 1) * (a + z / n / v))


@wrong("18.5", "expected", label="as if more machines were always faster")
def _(w, z, v, a, m, k):
    low, high = 1, k
    while low < high:
        n = (low + high) // 2
        low, high = (low, n) if w / n + 2 * (n - 1) * (a + z / n / v) <= m else (n + 1, high)
    return low if w / low + 2 * (low - 1) * (a + z / low / v) <= m else 0


right("18.5", "a loop")(smallest)


@right("18.5", "arrays")
def _(w, z, v, a, m, k):
    n = np.arange(1, k + 1)
    good = n[w / n + 2 * (n - 1) * (a + z / n / v) <= m]
    return good[0] if good.size else 0
