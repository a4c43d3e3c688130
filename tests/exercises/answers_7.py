"""Chapter 7: wrong answers that learners give, and right ones in different styles."""

import gzip
import math

import numpy as np

from answers import DATA, right, wrong

# --- 7.1 what is found of each class -----------------------------------------------------------


def matrix(labels, answers, classes):
    """The confusion matrix, by a loop."""
    table = np.zeros((classes, classes))
    for label, answer in zip(labels, answers, strict=True):
        table[label, answer] += 1
    return table


def ratio(right_ones, of_all):
    """A share, 0 where there is nothing."""
    return np.divide(right_ones, of_all, out=np.zeros(len(of_all)), where=of_all > 0)


wrong("7.1", "how often a class was answered", "wrong axis")(
    lambda y, a, k: ratio(matrix(y, a, k).diagonal(), matrix(y, a, k).sum(axis=0))
)
wrong("7.1", "never answered gives no number")(
    lambda y, a, k: matrix(y, a, k).diagonal() / matrix(y, a, k).sum(axis=0)
)
wrong("7.1", "0 divided by 0")(lambda y, a, k: matrix(y, a, k).diagonal() / matrix(y, a, k).sum(axis=1))
wrong("7.1", "by all pictures")(lambda y, a, k: [np.mean((y == n) & (a == n)) for n in range(k)])
wrong("7.1", "not divided")(lambda y, a, k: [np.sum((y == n) & (a == n)) for n in range(k)])
wrong("7.1", "share that is missed")(
    lambda y, a, k: 1 - ratio(matrix(y, a, k).diagonal(), matrix(y, a, k).sum(axis=1))
)
wrong("7.1", "last class is missing")(
    lambda y, a, k: [np.mean(a[y == n] == n) if (y == n).any() else 0 for n in range(k - 1)]
)
wrong("7.1", "share of all pictures")(lambda y, a, k: np.mean(y == a))
wrong("7.1", "expected", "shape", label="the whole table")(matrix)
wrong("7.1", "stopped", "ZeroDivisionError", label="loops without a guard")(
    lambda y, a, k: [
        sum(p == q == n for p, q in zip(y.tolist(), a.tolist(), strict=True)) / y.tolist().count(n)
        for n in range(k)
    ]
)
wrong("7.1", "expected", "came", label="classes from 1 on")(
    lambda y, a, k: [np.mean(a[y == n] == n) if (y == n).any() else 0 for n in range(1, k + 1)]
)
right("7.1", "the table")(lambda y, a, k: ratio(matrix(y, a, k).diagonal(), matrix(y, a, k).sum(axis=1)))
right("7.1", "bincount")(
    lambda y, a, k: np.bincount(y[y == a], minlength=k) / np.maximum(np.bincount(y, minlength=k), 1)
)
right("7.1", "loops")(
    lambda y, a, k: [
        sum(p == q == n for p, q in zip(y, a, strict=True)) / max(1, list(y).count(n)) for n in range(k)
    ]
)


# --- 7.2 calibration error ---------------------------------------------------------------------


def bins_of(sure, count):
    """The number of each answer's bin."""
    return np.minimum((np.asarray(sure) * count).astype(int), count - 1)


def by_bin(weigh, spread=lambda p, r: abs(p.mean() - r.mean())):
    """An answer with a rule of its own for a bin's weight."""

    def answer(sure, right, bins):
        place, total = bins_of(sure, bins), 0
        for n in set(place.tolist()):
            mine = place == n
            total += weigh(mine, place, bins) * spread(sure[mine], right[mine])
        return total

    return answer


wrong("7.2", "every bin counts alike")(by_bin(lambda mine, place, bins: 1 / len(set(place.tolist()))))
wrong("7.2", "bins without an answer are counted")(by_bin(lambda mine, place, bins: 1 / bins))
wrong("7.2", "take each without its sign")(
    by_bin(lambda mine, place, bins: mine.mean(), lambda p, r: p.mean() - r.mean())
)
wrong("7.2", "sign is taken off at the end")(lambda p, r, k: abs(np.mean(p) - np.mean(r)))
wrong("7.2", "middle of a bin")(
    lambda p, r, k: sum(
        np.mean(bins_of(p, k) == n) * abs((n + 0.5) / k - np.mean(r[bins_of(p, k) == n]))
        for n in set(bins_of(p, k).tolist())
    )
)
wrong("7.2", "largest gap")(
    lambda p, r, k: max(
        abs(p[bins_of(p, k) == n].mean() - r[bins_of(p, k) == n].mean()) for n in set(bins_of(p, k).tolist())
    )
)
wrong("7.2", "compared by itself")(lambda p, r, k: np.mean(np.abs(p - r)))
wrong("7.2", "not divided by the number of answers")(by_bin(lambda mine, place, bins: mine.sum()))
wrong("7.2", "in percent")(by_bin(lambda mine, place, bins: 100 * mine.mean()))
wrong("7.2", "falls out of the last bin")(
    lambda p, r, k: (
        sum(
            np.sum(inside) * abs(p[inside].mean() - r[inside].mean())
            for inside in ((p >= n / k) & (p < (n + 1) / k) for n in range(k))
            if inside.any()
        )
        / np.sum(p < 1)
    )
)


@wrong("7.2", "stopped", "IndexError", label="no bin for a probability of 1")
def _(sure, right, bins):
    table = [[] for _ in range(bins)]
    for p, was_right in zip(sure, right, strict=True):
        table[int(p * bins)].append(p - was_right)
    return sum(abs(sum(each)) for each in table) / len(sure)


wrong("7.2", "one number", label="a gap for each answer")(lambda p, r, k: np.abs(p - r))
right("7.2", "NumPy, by digitize")(
    lambda p, r, k: (
        sum(
            np.sum(np.digitize(p, np.linspace(0, 1, k + 1)[1:-1]) == n)
            * abs(
                p[np.digitize(p, np.linspace(0, 1, k + 1)[1:-1]) == n].mean()
                - r[np.digitize(p, np.linspace(0, 1, k + 1)[1:-1]) == n].mean()
            )
            for n in np.unique(np.digitize(p, np.linspace(0, 1, k + 1)[1:-1]))
        )
        / len(p)
    )
)
right("7.2", "sums of differences")(
    lambda p, r, k: np.abs(np.bincount(bins_of(p, k), weights=p - r)).sum() / len(p)
)


@right("7.2", "loops")
def _(sure, right, bins):
    groups = {}
    for p, was_right in zip(sure.tolist(), right.tolist(), strict=True):
        groups.setdefault(min(int(p * bins), bins - 1), []).append((p, was_right))
    total = 0
    for members in groups.values():
        mean = sum(p for p, _ in members) / len(members)
        share = sum(was_right for _, was_right in members) / len(members)
        total += len(members) * abs(mean - share)
    return total / len(sure)


# --- 7.3 McNemar's z ---------------------------------------------------------------------------


def only(first, second):
    """Only the first, only the second."""
    return int(np.sum(first & ~second)), int(np.sum(second & ~first))


def divided(by, empty=0.0):
    """An answer that divides the difference by something of its own."""

    def answer(first, second):
        a, b = only(first, second)
        return (a - b) / by(a, b, len(first)) if a + b else empty

    return answer


wrong("7.3", "sign is turned")(divided(lambda a, b, n: -math.sqrt(a + b)))
wrong("7.3", "sign is lost")(lambda x, y: abs(divided(lambda a, b, n: math.sqrt(a + b))(x, y)))
wrong("7.3", "not by its root")(divided(lambda a, b, n: a + b))
wrong("7.3", "root of the number of all pictures")(divided(lambda a, b, n: math.sqrt(n)))
wrong("7.3", "difference of the accuracies")(lambda x, y: x.mean() - y.mean())
wrong("7.3", "not divided")(lambda x, y: int(x.sum()) - int(y.sum()))
wrong("7.3", "z is squared")(lambda x, y: divided(lambda a, b, n: math.sqrt(a + b))(x, y) ** 2)
wrong("7.3", "correction for small counts")(
    lambda x, y: (
        math.copysign(max(abs(np.subtract(*only(x, y))) - 1, 0), np.subtract(*only(x, y)))
        / math.sqrt(max(sum(only(x, y)), 1))
    )
)
wrong("7.3", "0 is divided by 0")(
    lambda x, y: np.float64(np.subtract(*only(x, y))) / np.sqrt(np.float64(sum(only(x, y))))
)
wrong("7.3", "both get right are counted")(
    lambda x, y: (x.sum() - y.sum()) / np.sqrt(max(int(x.sum() + y.sum()), 1))
)
wrong("7.3", "stopped", label="bool minus bool")(lambda x, y: np.sum(x - y) / np.sqrt(np.sum(x != y)))
wrong("7.3", "one number", label="the two counts")(lambda x, y: np.array(only(x, y)))
right("7.3", "NumPy")(lambda x, y: np.sum(x * 1 - y * 1) / max(np.sqrt(np.sum(x != y)), 1))
right("7.3", "sums")(lambda x, y: (int(x.sum()) - int(y.sum())) / (np.sum(x ^ y) or 1) ** 0.5)


@right("7.3", "loops")
def _(first, second):
    ahead, behind = 0, 0
    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        ahead += one and not other
        behind += other and not one
    return (ahead - behind) / math.sqrt(ahead + behind) if ahead != behind else 0


# --- 7.4 what a threshold keeps ----------------------------------------------------------------


def shares_of(kept, right):
    """Coverage and share right; zeros where nothing is kept."""
    return (np.mean(kept), np.mean(right[kept])) if kept.any() else (0, 0)


wrong("7.4", "exactly at the threshold is not kept")(lambda p, r, t: shares_of(p > t, r))
wrong("7.4", "divided by all answers")(lambda p, r, t: (np.mean(p >= t), np.mean((p >= t) & r)))
wrong("7.4", "that of all answers")(lambda p, r, t: (np.mean(p >= t), np.mean(r)))
wrong("7.4", "below the threshold are kept")(lambda p, r, t: shares_of(p < t, r))
wrong("7.4", "goes to a person")(lambda p, r, t: (np.mean(p < t), shares_of(p >= t, r)[1]))
wrong("7.4", "changed places")(lambda p, r, t: shares_of(p >= t, r)[::-1])
wrong("7.4", "counts, not shares")(lambda p, r, t: (int(np.sum(p >= t)), int(np.sum(r[p >= t]))))
wrong("7.4", "first number is a count")(lambda p, r, t: (int(np.sum(p >= t)), shares_of(p >= t, r)[1]))
wrong("7.4", "0 is divided by 0")(lambda p, r, t: (np.mean(p >= t), np.sum(r[p >= t]) / np.sum(p >= t)))
wrong("7.4", "counted, right or wrong")(lambda p, r, t: (np.mean(p >= t), np.mean(p >= t)))
wrong("7.4", "stopped", "ZeroDivisionError", label="lists without a guard")(
    lambda p, r, t: (
        sum(x >= t for x in p.tolist()) / len(p),
        sum(y for x, y in zip(p.tolist(), r.tolist(), strict=True) if x >= t)
        / sum(x >= t for x in p.tolist()),
    )
)
wrong("7.4", "expected: 2 results", label="coverage alone")(lambda p, r, t: np.mean(p >= t))
right("7.4", "NumPy")(lambda p, r, t: shares_of(p >= t, r))
right("7.4", "an array")(lambda p, r, t: np.array(shares_of(p >= t, r)))


@right("7.4", "loops")
def _(sure, right, threshold):
    kept, good = 0, 0
    for p, was_right in zip(sure, right, strict=True):
        if p >= threshold:
            kept += 1
            good += bool(was_right)
    return kept / len(sure), good / max(kept, 1)


# --- 7.5 the nearest mean of a mirrored shoe ---------------------------------------------------

SAID = "All shoes of the data point left, so the mean shoe does too, and a mirrored one fits it badly."


def read(name, start):
    """A file of Fashion-MNIST."""
    with gzip.open(DATA.parent / "fashion-mnist" / f"train-{name}-ubyte.gz") as file:
        return np.frombuffer(file.read(), "uint8", offset=start)


X, Y = read("images-idx3", 16).reshape(-1, 28, 28), read("labels-idx1", 8)
MEANS = np.stack([X[:4000][Y[:4000] == k].mean(axis=0) for k in range(10)])
LAST, TRUTH = X[-2000:].astype(float), Y[-2000:]
SHOES = np.isin(TRUTH, [5, 7, 9])


def shares_by_mean(asked=SHOES, means=MEANS, known=None):
    """Shares right as they are and mirrored."""
    known = np.arange(10) if known is None else known
    found = []
    for side in (LAST[asked], LAST[asked][:, :, ::-1]):
        far = np.stack([((side - mean) ** 2).sum(axis=(1, 2)) for mean in means])
        found.append(float(np.mean(known[far.argmin(axis=0)] == TRUTH[asked])))
    return found


STRAIGHT, TURNED = shares_by_mean()
wrong("7.5", "shares that are wrong")((1 - STRAIGHT, 1 - TURNED, SAID))
wrong("7.5", "in percent")((100 * STRAIGHT, 100 * TURNED, SAID))
wrong("7.5", "changed places")((TURNED, STRAIGHT, SAID))
wrong("7.5", "shoes and means are mirrored")((STRAIGHT, STRAIGHT, SAID))
wrong("7.5", "only the means of the shoes compete")(
    (*shares_by_mean(means=MEANS[[5, 7, 9]], known=np.array([5, 7, 9])), SAID)
)
wrong("7.5", "all garments are asked")((*shares_by_mean(asked=TRUTH >= 0), SAID))
wrong("7.5", "Now the sentence", label="no sentence")((STRAIGHT, TURNED, "Shoes."))
wrong("7.5", "two numbers", label="lists of hits")(([True, False], [False, False], SAID))
right("7.5", "measured")((STRAIGHT, TURNED, SAID))
right("7.5", "rounded")([round(STRAIGHT, 3), round(TURNED, 3), SAID])

# --- 7.6 keep a promise --------------------------------------------------------------------------


def kept_share(sure, right, threshold):
    """Share right among the kept, 1 where none is kept."""
    kept = sure >= threshold
    return right[kept].mean() if kept.any() else 1


wrong("7.6", "answers kept", "came:     1", label="the highest that keeps it")(
    lambda sure, right, promise: (
        max(t for t in [*sure, 2] if kept_share(sure, right, t) >= promise and t <= 1)
        if any(kept_share(sure, right, t) >= promise for t in sure)
        else 2
    )
)
wrong("7.6", "answers kept", label="more than the promise instead of at least")(
    lambda sure, right, promise: next(
        (t for t in np.unique(sure) if right[sure >= t].mean() > promise), np.inf
    )
)
wrong("7.6", "answers kept", label="a grid of thresholds")(
    lambda sure, right, promise: next(
        (
            t
            for t in np.arange(0, 1.0005, 0.001)
            if (sure >= t).any() and kept_share(sure, right, t) >= promise
        ),
        np.inf,
    )
)
wrong("7.6", "not 0.9", label="half of the promise")(lambda sure, right, promise: promise / 2)
wrong("7.6", "answers kept", label="the promise taken for the threshold")(
    lambda sure, right, promise: promise
)
wrong("7.6", "answers kept", "came:     0", label="nothing is kept")(lambda sure, right, promise: 2)
wrong("7.6", "not 0.9", label="everything is kept")(lambda sure, right, promise: 0)


@wrong("7.6", "answers kept", label="stops at the first that breaks it")
def _(sure, right, promise):
    chosen = 2
    for threshold in sorted(set(sure), reverse=True):
        if kept_share(sure, right, threshold) < promise:
            break
        chosen = threshold
    return chosen


@wrong("7.6", "answers kept", label="divides by all answers")
def _(sure, right, promise):
    good = [t for t in sure if np.mean((sure >= t) & right) >= promise]
    return min(good, default=2)


@wrong("7.6", "not 0.9", label="cuts between equal probabilities")
def _(sure, right, promise):
    order = np.argsort(-sure, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(sure) + 1)
    good = np.flatnonzero(shares >= promise)
    return sure[order][good[-1]] if len(good) else 2


wrong("7.6", "one threshold", label="the kept answers")(
    lambda sure, right, promise: sure[sure >= promise] if (sure >= promise).sum() != 1 else [promise, promise]
)
wrong("7.6", "Is a return missing?", label="none where nothing is possible")(
    lambda sure, right, promise: next(
        (t for t in np.unique(sure) if kept_share(sure, right, t) >= promise), None
    )
)
right("7.6", "the lowest that is enough")(
    lambda sure, right, promise: min((t for t in sure if kept_share(sure, right, t) >= promise), default=2)
)
right("7.6", "just above the last that has to go")(
    lambda sure, right, promise: min(
        (
            np.nextafter(np.max(sure[sure < t], initial=0), 2)
            for t in sure
            if kept_share(sure, right, t) >= promise
        ),
        default=2,
    )
)
right("7.6", "in float32")(
    lambda sure, right, promise: min(
        (np.float32(t) for t in sure if kept_share(sure, right, t) >= promise), default=np.float32(2)
    )
)


@right("7.6", "sorted, from the surest down")
def _(sure, right, promise):
    order = np.argsort(-sure)
    chosen, good = np.inf, 0
    for place, n in enumerate(order):
        good += right[n]
        last_of_equals = place + 1 == len(sure) or sure[order[place + 1]] < sure[n]
        if last_of_equals and good >= promise * (place + 1) - 1e-9:
            chosen = sure[n]
    return chosen
