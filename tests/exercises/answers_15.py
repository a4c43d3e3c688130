"""Chapter 15: wrong answers that learners give, and right ones in different styles."""

import itertools

import numpy as np
from sklearn.metrics import average_precision_score

from answers import right, wrong

# --- 15.1 change one tag -------------------------------------------------------------------------

wrong("15.1", "plant is still missing")((-0.2, -0.6, 0.25))
wrong("15.1", "sign is turned")((0.2, 0.6, 0.75))
wrong("15.1", "divided by three")((-0.2 / 3, -0.2, -0.25))
wrong("15.1", "share one whole")((0.8 - 1 / 3, 0.4 - 1 / 3, 0.25 - 1 / 3))
wrong("15.1", "with respect to the probabilities")((-1 / 0.8, -1 / 0.4, -1 / 0.25))
wrong("15.1", "cross-entropies themselves")((-np.log(0.8), -np.log(0.4), -np.log(0.25)))
wrong("15.1", "expected: 3 results", label="the plant alone")((-0.75,))
right("15.1", "a list")([-0.2, -0.6, -0.75])
right("15.1", "an array")(np.array([0.8, 0.4, 0.25]) - 1)

# --- 15.2 the first page, with equal scores ------------------------------------------------------


def as_they_stand(has, scores, k):
    """The first k, equal scores in their order."""
    return np.asarray(has)[np.argsort(-np.asarray(scores), kind="stable")][:k].sum()


def every_order(has, scores, k):
    """The mean over all orders of the pictures, each sorted stably."""
    orders = list(itertools.permutations(range(len(has))))
    return np.mean([as_they_stand(has[list(o)], scores[list(o)], k) for o in orders])


wrong("15.2", "come as they stand")(as_they_stand)
wrong("15.2", "reverse of how they stand")(lambda h, s, k: as_they_stand(h[::-1], s[::-1], k))
wrong("15.2", "score of the last place are shown")(lambda h, s, k: h[s >= np.sort(s)[-k]].sum())
wrong("15.2", "score of the last place are left out")(lambda h, s, k: h[s > np.sort(s)[-k]].sum())
wrong("15.2", "in the best order")(
    lambda h, s, k: sum(sorted(zip(s, h, strict=True))[-k:][i][1] for i in range(k))
)
wrong("15.2", "in the worst order")(
    lambda h, s, k: -sum(p[1] for p in sorted(zip(-s, h, strict=True))[:k]) * -1
)
wrong("15.2", "came:", label="a share instead of a number")(lambda h, s, k: every_order(h, s, k) / k)
wrong("15.2", "came:", label="the lowest scores come first")(lambda h, s, k: every_order(h, -s, k))
wrong("15.2", "came:", label="the scores play no part")(lambda h, s, k: k * h.mean())
right("15.2", "every order")(every_order)


@right("15.2", "shares of places")
def _(has, scores, k):
    total = 0.0
    for mine, score in zip(has, scores, strict=True):
        above, equal = (scores > score).sum(), (scores == score).sum()
        total += mine * min(max(k - above, 0), equal) / equal
    return total


# --- 15.3 a threshold for each tag ---------------------------------------------------------------


def quality(given, y):
    return 2 * (given & (y == 1)).sum() / (given.sum() + y.sum())


def chosen(scores, has, rule=quality, order=max, least=False, strict=False):
    """The best threshold of each tag, or one by other rules."""
    found = []
    for k in range(scores.shape[1]):
        s, y = scores[:, k], has[:, k]
        best = {t: round(float(rule(s > t if strict else s >= t, y)), 9) for t in s}
        top = order(best.values())
        found.append((min if least else max)(t for t in s if best[t] == top))
    return np.array(found)


wrong("15.3", "equal to the threshold")(
    lambda s, y: chosen(s, y, lambda g, h: 2 * (g & (h == 1)).sum() / max(1, g.sum() + h.sum()), strict=True)
)
wrong("15.3", "the lowest is taken")(lambda s, y: chosen(s, y, least=True))
wrong("15.3", "accuracy decides")(lambda s, y: chosen(s, y, lambda g, h: np.mean(g == (h == 1))))
wrong("15.3", "precision decides")(lambda s, y: chosen(s, y, lambda g, h: h[g].mean()))
wrong("15.3", "not its threshold")(
    lambda s, y: [max(quality(s[:, k] >= t, y[:, k]) for t in s[:, k]) for k in range(s.shape[1])]
)
wrong("15.3", "one threshold serves")(
    lambda s, y: np.full(
        s.shape[1],
        max(
            (round(float(np.mean([quality(s[:, k] >= t, y[:, k]) for k in range(s.shape[1])])), 9), t)
            for t in s.ravel()
        )[1],
    )
)
wrong("15.3", "came:", label="0.5")(lambda s, y: np.full(s.shape[1], 0.5))


@wrong("15.3", "came:", label="the first of equally good ones")
def _(s, y):
    tried = [[round(float(quality(s[:, k] >= t, y[:, k])), 9) for t in s[:, k]] for k in range(s.shape[1])]
    return [s[np.argmax(each), k] for k, each in enumerate(tried)]


right("15.3", "a table")(lambda scores, has: chosen(scores, has))


@right("15.3", "sorted once")
def _(scores, has):
    result = []
    for s, y in zip(scores.T, has.T, strict=True):
        best, limit = -1.0, None
        for t in sorted(set(s.tolist()), reverse=True):
            hits = sum(1 for a, b in zip(s, y, strict=True) if a >= t and b)
            f1 = 2 * hits / (sum(a >= t for a in s) + sum(y))
            if f1 > best + 1e-9:
                best, limit = f1, t
        result.append(limit)
    return result


# --- 15.4 tags that nobody knows -----------------------------------------------------------------


def each(y, z):
    """Cross-entropy of every tag."""
    return np.logaddexp(0, z) - y * z


wrong("15.4", "counts as not there")(lambda y, z: each(np.maximum(y, 0), z).mean())
wrong("15.4", "counts as there")(lambda y, z: each(np.where(y < 0, 1, y), z).mean())
wrong("15.4", "counts as half")(lambda y, z: each(np.where(y < 0, 0.5, y), z).mean())
wrong("15.4", "used as a tag")(lambda y, z: each(y, z).mean())
wrong("15.4", "divided by all tags")(lambda y, z: (each(y, z) * (y >= 0)).mean())
wrong("15.4", "number of pictures")(lambda y, z: (each(y, z) * (y >= 0)).sum() / len(y))
wrong("15.4", "its own mean first")(
    lambda y, z: np.mean([each(a, b)[a >= 0].mean() for a, b in zip(y, z, strict=True) if (a >= 0).any()])
)
wrong("15.4", "it is the sum")(lambda y, z: (each(y, z) * (y >= 0)).sum())
wrong("15.4", "are exchanged")(lambda y, z: each(y, -z)[y >= 0].mean())


@wrong("15.4", "came:", label="overflows")
def _(tags, logits):
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-logits))
        y = tags[tags >= 0]
        return np.mean(-y * np.log(p[tags >= 0]) - (1 - y) * np.log(1 - p[tags >= 0]))


right("15.4", "a mask")(lambda tags, logits: np.sum(each(tags, logits) * (tags >= 0)) / np.sum(tags >= 0))


@right("15.4", "loops")
def _(tags, logits):
    losses = []
    for y, z in zip(np.ravel(tags), np.ravel(logits), strict=True):
        if y == 1:
            losses.append(max(-z, 0) + np.log1p(np.exp(-abs(z))))
        elif y == 0:
            losses.append(max(z, 0) + np.log1p(np.exp(-abs(z))))
    return np.mean(losses)


# --- 15.5 miss little, show little ---------------------------------------------------------------


def tight(scores, has, least, drop=0):
    """The highest thresholds that give enough of each tag."""
    found = []
    for s, y in zip(scores.T, has.T, strict=True):
        ranked = sorted(s[y == 1], reverse=True)
        need = int(np.ceil(least * len(ranked) - 1e-9))
        found.append(ranked[max(0, need - 1 - drop)])
    return found


wrong("15.5", "at most", label="everything")(lambda s, y, least, budget: np.zeros(s.shape[1]))
wrong("15.5", "at least", label="nothing")(lambda s, y, least, budget: np.full(s.shape[1], 9.0))
wrong("15.5", "at least", label="one too few")(lambda s, y, least, budget: tight(s, y, least, drop=1))
wrong("15.5", "thresholds, one for each tag", label="one for all")(lambda s, y, least, budget: 0.5)
wrong("15.5", "at most", label="recall of 100 %")(lambda s, y, least, budget: tight(s, y, 1.0))
wrong("15.5", "", label="a habit")(lambda s, y, least, budget: np.full(s.shape[1], 0.5))
wrong("15.5", "0.0", label="a dictionary")(lambda s, y, least, budget: dict.fromkeys(range(s.shape[1]), 0.0))
wrong("15.5", "not a number")(lambda s, y, least, budget: np.full(s.shape[1], np.nan))
right("15.5", "the tightest")(lambda scores, has, least, budget: tight(scores, has, least))


@right("15.5", "from the top")
def _(scores, has, least, budget):
    result = []
    for k in range(scores.shape[1]):
        for t in sorted(set(scores[:, k]), reverse=True):
            if np.mean(scores[has[:, k] == 1, k] >= t) >= least - 1e-9:
                break
        result.append(t)
    return result


# --- 15.6 no idea --------------------------------------------------------------------------------

SAID = "Hits at the top count with precisions near one, so lucky orders gain more than others lose."
PAIRS = list(itertools.combinations(range(1, 11), 2))
MEAN = np.mean([(1 / i + 2 / j) / 2 for i, j in PAIRS])
wrong("15.6", "it is the share")((0.2, SAID))
wrong("15.6", "in percent")((100 * MEAN, SAID))
wrong("15.6", "first picture with the tag")((np.mean([1 / i for i, _ in PAIRS]), SAID))
wrong("15.6", "last picture with the tag")((np.mean([2 / j for _, j in PAIRS]), SAID))
wrong("15.6", "not their mean")((2 * MEAN, SAID))
wrong("15.6", "over all placements")((45 * MEAN, SAID))
wrong("15.6", "Now the sentence", label="no sentence")((MEAN, ""))
wrong("15.6", "a number", label="no number")(("some", SAID))
right("15.6", "all pairs")((MEAN, SAID))
right("15.6", "by scikit-learn")(
    [
        np.mean(
            [
                average_precision_score(np.isin(range(1, 11), pair), -np.arange(10))
                for pair in itertools.combinations(range(1, 11), 2)
            ]
        ),
        SAID,
    ]
)
