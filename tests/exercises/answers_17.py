"""Chapter 17: wrong answers that learners give, and right ones in different styles."""

import numpy as np

from answers import right, wrong

# --- 17.1 the smallest step that turns a linear score ---------------------------------------------


def turned(x, w, b, by=lambda w: abs(w).sum(), way=-1):
    score = x @ w + b
    size = abs(score) / by(w)
    return size, x + way * size * np.sign(score) * np.sign(w)


wrong("17.1", "bias is missing")(lambda x, w, b: turned(x, w, 0))
wrong("17.1", "root of the squares")(lambda x, w, b: turned(x, w, b, np.linalg.norm))
wrong("17.1", "number of pixels")(lambda x, w, b: turned(x, w, b, len))
wrong("17.1", "largest weight alone")(lambda x, w, b: turned(x, w, b, lambda w: abs(w).max()))
wrong("17.1", "the other way")(lambda x, w, b: turned(x, w, b, way=1))
wrong("17.1", "before the step")(lambda x, w, b: (turned(x, w, b)[0], x))
wrong("17.1", "swapped")(lambda x, w, b: turned(x, w, b)[::-1])
wrong("17.1", "negative score")(lambda x, w, b: (turned(x, w, b)[0], x - turned(x, w, b)[0] * np.sign(w)))
wrong("17.1", "expected", label="only the pixels")(lambda x, w, b: turned(x, w, b)[1])
wrong("17.1", "expected", label="a size with a sign")(
    lambda x, w, b: ((x @ w + b) / abs(w).sum(), turned(x, w, b)[1])
)
right("17.1", "NumPy")(turned)


@right("17.1", "loops")
def _(x, w, b):
    score = b + sum(float(p) * float(q) for p, q in zip(x, w, strict=True))
    size = abs(score) / sum(abs(float(q)) for q in w)
    up = 1 if score > 0 else -1
    return size, [p - size * up * (int(q > 0) - int(q < 0)) for p, q in zip(x, w, strict=True)]


# --- 17.2 many steps, never too far ---------------------------------------------------------------


def walk(start, table, size, step, count, near=True, grey=True, sign=np.sign, fresh=True, way=1):
    x = start * 1.0
    for _ in range(count):
        x = x + way * step * sign(table @ (x if fresh else start))
        if near:
            x = np.clip(x, start - size, start + size)
        if grey:
            x = np.clip(x, 0, 255)
    return x


wrong("17.2", "further than the size")(lambda *given: walk(*given, near=False))
wrong("17.2", "range from 0 to 255")(lambda *given: walk(*given, grey=False))
wrong("17.2", "slope itself")(lambda *given: walk(*given, sign=lambda v: v))
wrong("17.2", "slope at the start")(lambda *given: walk(*given, fresh=False))
wrong("17.2", "down the slope")(lambda *given: walk(*given, way=-1))
wrong("17.2", "one step is too many")(lambda s, t, e, a, n: walk(s, t, e, a, n + 1))
wrong("17.2", "expected", label="a step is as large as the size")(lambda s, t, e, a, n: walk(s, t, e, e, n))
wrong("17.2", "expected", label="what was added, not the pixels")(
    lambda s, t, e, a, n: walk(s, t, e, a, n) - s
)


@wrong("17.2", "changed its input", label="in place")
def _(start, table, size, step, count):
    first = start.copy()
    for _ in range(count):
        start += step * np.sign(table @ start)
        start[:] = np.clip(np.clip(start, first - size, first + size), 0, 255)
    return start


wrong("17.2", "by its columns")(lambda s, t, e, a, n: walk(s, t.T, e, a, n))
right("17.2", "NumPy")(walk)


@right("17.2", "loops")
def _(start, table, size, step, count):
    x = [float(each) for each in start]
    for _ in range(count):
        slopes = [sum(a * b for a, b in zip(row, x, strict=True)) for row in table]
        x = [each + step * (int(slope > 0) - int(slope < 0)) for each, slope in zip(x, slopes, strict=True)]
        x = [min(max(each, s - size), s + size) for each, s in zip(x, start, strict=True)]
        x = [min(max(each, 0), 255) for each in x]
    return x


# --- 17.3 how many pictures does it take? ---------------------------------------------------------


def line(x, y, goal):
    slope, start = np.polyfit(x, y, 1)
    return (goal - start) / slope


wrong("17.3", "without logarithms")(line)
wrong("17.3", "errors have no logarithm")(lambda c, e, t: np.exp(line(np.log(c), e, t)))
wrong("17.3", "shares right")(lambda c, e, t: np.exp(line(np.log(c), np.log(1 - e), np.log(1 - t))))
wrong("17.3", "first and the last")(
    lambda c, e, t: np.exp(line(np.log(c[[0, -1]]), np.log(e[[0, -1]]), np.log(t)))
)
wrong("17.3", "last two points")(lambda c, e, t: np.exp(line(np.log(c[-2:]), np.log(e[-2:]), np.log(t))))
wrong("17.3", "logarithm of the count")(lambda c, e, t: line(np.log(c), np.log(e), np.log(t)))
wrong("17.3", "base 10")(lambda c, e, t: line(np.log10(c), np.log10(e), np.log10(t)))
wrong("17.3", "expected", label="bases mixed")(
    lambda c, e, t: np.exp(line(np.log10(c), np.log(e), np.log(t)))
)
wrong("17.3", "fitted by the errors")(
    lambda c, e, t: np.exp(np.polyval(np.polyfit(np.log(e), np.log(c), 1), np.log(t)))
)
wrong("17.3", "no line fitted")(
    lambda c, e, t: np.exp(np.interp(np.log(t), np.log(e[::-1]), np.log(c[::-1])))
)
wrong("17.3", "rounded")(lambda c, e, t: round(np.exp(line(np.log(c), np.log(e), np.log(t)))))
right("17.3", "polyfit")(lambda c, e, t: np.exp(line(np.log(c), np.log(e), np.log(t))))
right("17.3", "base 10 throughout")(lambda c, e, t: 10 ** line(np.log10(c), np.log10(e), np.log10(t)))


@right("17.3", "least squares by hand")
def _(counts, errors, target):
    table = np.stack([np.log(counts), np.ones(len(counts))], axis=1)
    slope, start = np.linalg.lstsq(table, np.log(errors), rcond=None)[0]
    return float(np.exp((np.log(target) - start) / slope))


# --- 17.4 when do wrong labels win? ---------------------------------------------------------------

WORDS = "wrong ones scatter over nine classes and the true one stays most frequent"
wrong("17.4", "all wrong labels together")((0.5, WORDS))
wrong("17.4", "share of right labels")((0.1, WORDS))
wrong("17.4", "ten classes")((10 / 11, WORDS))
wrong("17.4", "over eight")((8 / 9, WORDS))
wrong("17.4", "one wrong label")((1 / 9, WORDS))
wrong("17.4", "in percent")((90, WORDS))
wrong("17.4", "Now the sentence", label="no sentence")((0.9, ""))
wrong("17.4", "Now the sentence", label="the question again")((0.9, "a network can still be mostly right"))
wrong("17.4", "0.9", label="no share")((0.7, WORDS))
right("17.4", "a fraction")((9 / 10, WORDS))
right("17.4", "rounded")((0.9, "It can, because each wrong class gets few of them, the true class many."))

# --- 17.5 see both marks --------------------------------------------------------------------------


def tripling(apart, budget):
    layers, reach = [], 1
    while reach < apart + 1:
        layers.append((reach, 4))
        reach *= 3
    return layers


wrong("17.5", "weights at most", label="no dilation")(lambda apart, budget: [(1, 4)] * -(-apart // 2))
wrong("17.5", "skips pixels", label="one wide step")(lambda apart, budget: [(-(-apart // 2), 4)])
wrong("17.5", "weights at most", label="doubling")(
    lambda apart, budget: [(2**n, 4) for n in range(1 + int(np.log2(apart + 1)))]
)
wrong("17.5", "a reach of", label="as far as apart, not one more")(
    lambda apart, budget: [layer for layer in tripling(apart - 1, budget)] or [(1, 4)]
)
wrong("17.5", "weights at most", label="sixteen filters")(
    lambda apart, budget: [(d, 16) for d, _ in tripling(apart, budget)]
)
wrong("17.5", "4 to 32", label="two filters")(
    lambda apart, budget: [(d, 2) for d, _ in tripling(apart, budget)]
)
wrong("17.5", "list of pairs", label="dilations alone")(
    lambda apart, budget: [d for d, _ in tripling(apart, budget)]
)
right("17.5", "three times as far each")(tripling)


@right("17.5", "the last only as far as it must")
def _(apart, budget):
    layers, reach = [], 1
    while reach < apart + 1:
        layers.append((min(reach, -(-(apart + 1 - reach) // 2)), 4))
        reach += 2 * layers[-1][0]
    return layers
