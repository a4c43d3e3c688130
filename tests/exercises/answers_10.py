"""Chapter 10: wrong answers that learners give, and right ones in different styles."""

import numpy as np

from answers import right, wrong

# --- 10.1 from maps to contributions -----------------------------------------------------------

wrong("10.1", "number of places")(lambda m, w: m @ w)
wrong("10.1", "number of maps")(lambda m, w: (m * w).mean(axis=2))
wrong("10.1", "one side only")(lambda m, w: m @ w / m.shape[0])
wrong("10.1", "was set to zero")(lambda m, w: np.maximum(0, m @ w / (m.shape[0] * m.shape[1])))
wrong("10.1", "without their weights")(lambda m, w: m.sum(axis=-1) / (m.shape[0] * m.shape[1]))
wrong("10.1", "it is the logit")(lambda m, w: float(np.dot(m.mean(axis=(0, 1)), w)))
wrong("10.1", "changed places")(lambda m, w: np.transpose(m @ w) / (m.shape[0] * m.shape[1]))
wrong("10.1", "a table of its own", label="not added")(lambda m, w: m * w / (m.shape[0] * m.shape[1]))
wrong("10.1", "shape", label="the mean of the maps")(lambda m, w: m.mean(axis=(0, 1)) * w)
right("10.1", "einsum")(lambda m, w: np.einsum("rcf,f->rc", m, w) / (m.shape[0] * m.shape[1]))


@right("10.1", "loops")
def _(maps, weights):
    table = np.zeros(maps.shape[:2])
    for r, c in np.ndindex(table.shape):
        for k, weight in enumerate(weights):
            table[r, c] += maps[r, c, k] * weight / table.size
    return table


wrong("10.1", "expected", label="normed to a sum of one")(lambda m, w: m @ w / (m @ w).sum())
wrong("10.1", "expected", label="by all numbers of the maps")(lambda m, w: m @ w / m.size)
wrong("10.1", "expected", label="weights without their signs")(lambda m, w: m @ np.abs(w) / m[..., 0].size)
right("10.1", "nested lists")(
    lambda m, w: [
        [sum(a * b for a, b in zip(place, w, strict=True)) / m[..., 0].size for place in row]
        for row in m.tolist()
    ]
)

# --- 10.2 Grad-CAM without a network -------------------------------------------------------------


def added(maps, slopes):
    """The maps, each with its mean gradient, added."""
    return sum(maps[..., k] * slopes[..., k].mean() for k in range(maps.shape[2]))


wrong("10.2", "negative is not set to zero")(added)
wrong("10.2", "has its own weight")(lambda m, s: np.maximum(0, (m * s).sum(axis=-1)))
wrong("10.2", "added up, not averaged")(lambda m, s: np.maximum(0, m @ s.sum(axis=(0, 1))))
wrong("10.2", "each map is cut off")(lambda m, s: np.maximum(0, m * s.mean(axis=(0, 1))).sum(axis=-1))
wrong("10.2", "negative weights are cut off")(lambda m, s: m @ np.maximum(0, s.mean(axis=(0, 1))))
wrong("10.2", "the sign is dropped")(lambda m, s: np.abs(added(m, s)))
wrong("10.2", "averaged, not added")(lambda m, s: np.maximum(0, (m * s.mean(axis=(0, 1))).mean(axis=-1)))
wrong("10.2", "its largest value")(lambda m, s: np.maximum(0, added(m, s)) / np.maximum(0, added(m, s)).max())
wrong("10.2", "changed places")(lambda m, s: np.maximum(0, added(s, m)))
right("10.2", "einsum")(lambda m, s: np.einsum("rcf,f->rc", m, s.mean(axis=(0, 1))).clip(0))
right("10.2", "where")(lambda m, s: np.where(added(m, s) > 0, added(m, s), 0.0))


wrong("10.2", "expected", label="slopes cut off before the mean")(
    lambda m, s: np.maximum(0, m @ np.maximum(0, s).mean(axis=(0, 1)))
)
wrong("10.2", "expected", label="slopes without their signs")(
    lambda m, s: np.maximum(0, m @ np.abs(s).mean(axis=(0, 1)))
)
wrong("10.2", "expected", label="cut off at six, too")(lambda m, s: np.clip(added(m, s), 0, 6))
right("10.2", "half of itself and its size")(lambda m, s: (added(m, s) + np.abs(added(m, s))) / 2)

# --- 10.3 how much of it lies on the thing -------------------------------------------------------


def covered(heat, mask):
    """How much of each place the thing covers."""
    high, wide = mask.shape[0] // heat.shape[0], mask.shape[1] // heat.shape[1]
    table = np.zeros(heat.shape)
    for r, c in np.ndindex(heat.shape):
        table[r, c] = np.mean(mask[r * high : (r + 1) * high, c * wide : (c + 1) * wide] > 0)
    return table


wrong("10.3", "was not brought to numbers")(lambda h, m: 255 * np.sum(h * covered(h, m)) / np.sum(h))
wrong("10.3", "of the picture that the thing covers")(lambda h, m: np.mean(m > 0))
wrong("10.3", "not divided by all heat")(lambda h, m: np.sum(h * covered(h, m)))
wrong("10.3", "as soon as the thing touches it")(lambda h, m: np.sum(h[covered(h, m) > 0]) / np.sum(h))
wrong("10.3", "in full or not at all")(lambda h, m: np.sum(h[covered(h, m) > 0.5]) / np.sum(h))
wrong("10.3", "beside the thing")(lambda h, m: 1 - np.sum(h * covered(h, m)) / np.sum(h))
wrong("10.3", "that the thing touches", label="only touched places")(
    lambda h, m: np.sum(h * covered(h, m)) / np.sum(h[covered(h, m) > 0])
)
wrong("10.3", "even spread already")(lambda h, m: np.sum(h * covered(h, m)) / np.sum(h) / np.mean(m > 0))
wrong("10.3", "whole grey levels")(
    lambda h, m: np.sum(h * np.floor(255 * covered(h, m) + 0.5) / 255) / np.sum(h)
)
wrong("10.3", "in percent")(lambda h, m: 100 * np.sum(h * covered(h, m)) / np.sum(h))
wrong("10.3", "expected", label="the heat itself")(lambda h, m: h * covered(h, m))
right("10.3", "cover by loops")(lambda h, m: np.sum(h * covered(h, m)) / np.sum(h))


@right("10.3", "repeat")
def _(heat, mask):
    high, wide = mask.shape[0] // heat.shape[0], mask.shape[1] // heat.shape[1]
    large = heat.repeat(high, axis=0).repeat(wide, axis=1)
    return (large * (mask / 255.0)).sum() / large.sum()


wrong("10.3", "expected", label="heat squared")(lambda h, m: np.sum(h**2 * covered(h, m)) / np.sum(h**2))
wrong("10.3", "expected", label="the hottest place alone")(lambda h, m: covered(h, m).ravel()[h.argmax()])
wrong("10.3", "expected", label="on it over beside it")(
    lambda h, m: np.sum(h * covered(h, m)) / max(np.sum(h * (1 - covered(h, m))), 1e-9)
)
right("10.3", "a weighted average")(lambda h, m: np.average(covered(h, m), weights=h))

# --- 10.4 what the zero hides --------------------------------------------------------------------

SAID = "Where much speaks for and much against, the map shows one side alone."
wrong("10.4", "share that it shows")((2 / 3, SAID))
wrong("10.4", "share of the places")((0.5, SAID))
wrong("10.4", "the sum, not its share")((1, SAID))
wrong("10.4", "two are hidden")((1 / 6, SAID))
wrong("10.4", "it is the logit", label="signs kept")((-1, SAID))
wrong("10.4", "in percent")((100 / 3, SAID))
wrong("10.4", "Now the sentence", label="no sentence")((1 / 3, ""))
right("10.4", "a fraction")((1 / 3, SAID))
right("10.4", "rounded")([0.33, SAID])

# --- 10.5 who stays a neighbour ------------------------------------------------------------------


def ranked(points, own=np.inf):
    """For each point the others, nearest first; own: its distance to itself."""
    table = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=-1))
    table[np.diag_indices(len(points))] = own
    return table.argsort(axis=1)


def common(p, q, k):
    """For each point how many of the k nearest are the same before and after."""
    return [len(set(a[:k]) & set(b[:k])) for a, b in zip(ranked(p), ranked(q), strict=True)]


wrong("10.5", "its own neighbour")(
    lambda p, q, k: (
        np.mean([len(set(a[:k]) & set(b[:k])) for a, b in zip(ranked(p, 0), ranked(q, 0), strict=True)]) / k
    )
)
wrong("10.5", "one of the k places itself")(
    lambda p, q, k: (
        np.mean([len({*a[:k]} & {*b[:k]}) - 1 for a, b in zip(ranked(p, 0), ranked(q, 0), strict=True)]) / k
    )
)
wrong("10.5", "not divided by k")(lambda p, q, k: np.mean(common(p, q, k)))
wrong("10.5", "share that is lost")(lambda p, q, k: 1 - np.mean(common(p, q, k)) / k)
wrong("10.5", "keep their order")(lambda p, q, k: np.mean(ranked(p)[:, :k] == ranked(q)[:, :k]))
wrong("10.5", "before or after")(lambda p, q, k: np.mean([n / (2 * k - n) for n in common(p, q, k)]))
wrong("10.5", "sum over the points")(lambda p, q, k: sum(common(p, q, k)) / k)
wrong("10.5", "expected", label="a list")(lambda p, q, k: [n / k for n in common(p, q, k)])
wrong("10.5", "expected", label="the map is never read")(
    lambda p, q, k: sum(common(p, p[:, :2], k)) / k / len(p)
)
right("10.5", "sets")(lambda p, q, k: sum(common(p, q, k)) / k / len(p))


@right("10.5", "a table of both")
def _(points, paper, k):
    stays = 0
    for n in range(len(points)):
        before = np.delete(np.arange(len(points)), n)
        near = [before[np.linalg.norm(t[before] - t[n], axis=1).argsort()[:k]] for t in (points, paper)]
        stays += np.isin(near[0], near[1]).sum()
    return stays / (k * len(points))


# --- 10.6 find the mark with seven questions -----------------------------------------------------


def cover(rows, columns):
    """A table that covers some rows of some columns."""
    table = np.zeros((8, 8), dtype=bool)
    table[rows, columns] = True
    return table


@wrong("10.6", "at most 7 questions", "64", label="tile by tile")
def _(ask):
    return next(place for place in reversed([*np.ndindex(8, 8)]) if ask(cover(*place)) or place == (0, 0))


@wrong("10.6", "at most 7 questions", label="row by row")
def _(ask):
    rows = [n for n in range(8) if ask(cover(n, slice(None)))]
    return rows[0], [n for n in range(8) if ask(cover(slice(None), n))][0]


def halved(ask, across):
    """The row, or the column, by halving."""
    low, high = 0, 8
    while high - low > 1:
        middle = (low + high) // 2
        part = slice(low, middle)
        if ask(cover(slice(None), part) if across else cover(part, slice(None))):
            high = middle
        else:
            low = middle
    return low


wrong("10.6", "changed places")(lambda ask: (halved(ask, True), halved(ask, False)))
wrong("10.6", "expected", label="the row alone")(lambda ask: halved(ask, False))
wrong("10.6", "expected", label="counted from one")(
    lambda ask: (halved(ask, False) + 1, halved(ask, True) + 1)
)
wrong("10.6", "8 rows, 8 columns", label="a table of pixels")(lambda ask: ask(np.ones((28, 28), dtype=bool)))
wrong("10.6", "expected", label="no search")(lambda ask: (0, 0))
right("10.6", "halving")(lambda ask: (halved(ask, False), halved(ask, True)))


@right("10.6", "bits, a list of numbers")
def _(ask):
    found = 0
    for bit in range(6):
        table = [[int((8 * r + c) >> bit & 1) for c in range(8)] for r in range(8)]
        found += ask(table) << bit
    return [found // 8, found % 8]
