"""Inputs that the text of an exercise allows, drawn at random: LEGAL["1.2"](rng) gives one case."""

from __future__ import annotations

import numpy as np

LEGAL = {}


def legal(*exercises):
    """Keep a generator under the numbers of its exercises."""

    def keep(make):
        for exercise in exercises:
            LEGAL[exercise] = make
        return make

    return keep


def table(rng, *shape):
    """Fractions or whole numbers of either sign, small or large, sometimes the bytes of a photograph."""
    kind = rng.integers(5)
    if kind == 0:
        return rng.integers(-9, 10, shape)
    if kind == 1:
        return rng.integers(-900, 900, shape) * 1.0
    scale = (1, 10, 300)[kind - 2]
    return rng.normal(0, scale, shape).round(2)


def pixels(rng, *shape):
    """A table, or one as a photograph gives it."""
    return rng.integers(0, 256, shape).astype("uint8") if rng.random() < 0.3 else table(rng, *shape)


def number(rng):
    """A whole number or a fraction of either sign."""
    return [0, 3, -100, 700.5, -0.25, 0.5][rng.integers(6)]


def sides(rng, count=2, low=1, high=6):
    """Sides of a table, seldom equal."""
    return tuple(int(n) for n in rng.integers(low, high + 1, count))


@legal("1.2")
def _(rng):
    return table(rng, *sides(rng)), number(rng)


@legal("1.4")
def _(rng):
    shape = sides(rng)
    return table(rng, *shape), table(rng, *shape), number(rng), number(rng)


@legal("1.5")
def _(rng):
    n, k = sides(rng)
    patches, targets = rng.normal(0, 1, (n, k)).round(2), rng.normal(0, 2, n).round(2)
    return patches, targets, int(rng.integers(1, 12)), float(rng.choice([0.01, 0.1, 0.05, 0.2]))


@legal("2.2")
def _(rng):
    n, k, stride, dilation, size = (
        int(rng.integers(*each)) for each in ((1, 30), (1, 8), (1, 5), (1, 4), (1, 30))
    )
    return n, k, stride, dilation, size


@legal("2.3")
def _(rng):
    while True:
        k, stride = 2 * int(rng.integers(0, 3)) + 1, int(rng.integers(1, 4))
        padding = int(rng.integers(0, k // 2 + 1))
        x, w = table(rng, *sides(rng, 2, max(1, k - 2 * padding), 9)), table(rng, k, k)
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, padding), w.shape)
        values = np.sort(np.einsum("rcij,ij->rc", windows[::stride, ::stride], w), axis=None)
        if values.size < 2 or values[-1] - values[-2] > 0.01:  # no two tie for the largest
            return x, w, padding, stride


@legal("2.4")
def _(rng):
    k, c, f, stride = sides(rng, 4, 1, 4)
    return table(rng, c, *sides(rng, 2, k, 7)), table(rng, f, c, k, k), table(rng, f), stride


@legal("3.3")
def _(rng):
    k, units = sides(rng, 2, 1, 5)
    picture, weights = rng.integers(-3, 4, k) * 1.0, rng.integers(-3, 4, (k, units)) / 2
    biases, upper = rng.integers(-6, 7, units) / 2, table(rng, units)
    kind = rng.integers(3)
    if kind == 0:  # sums of exactly zero
        biases = np.where(rng.random(units) < 0.5, -(picture @ weights), biases)
    return picture * (100 if kind == 1 else 1), weights, biases, upper


@legal("4.2")
def _(rng):
    count, rows, columns, channels = sides(rng, 4, 1, 4)
    sizes = np.stack([rng.integers(1, rows + 1, count), rng.integers(1, columns + 1, count)], axis=1)
    maps = pixels(rng, count, rows, columns, channels)
    maps[rng.random(maps.shape) < 0.3] = 0  # real zeros
    for each, (h, w) in zip(maps, sizes, strict=True):
        each[h:] = each[:, w:] = 0
    return maps, sizes


@legal("4.3")
def _(rng):
    size, stride = sides(rng, 2, 1, 4)
    rows, columns = sides(rng, 2, size, 9)
    down, right = ((n - size) // stride + 1 for n in (rows, columns))
    z = rng.permutation(rows * columns).reshape(rows, columns) / 2 - rng.choice([0, 3, 9, 40])
    return z, table(rng, down, right), size, stride


@legal("4.4")
def _(rng):
    layers = [(int(rng.integers(1, 8)), int(rng.integers(1, 5))) for _ in range(rng.integers(1, 6))]
    return layers, int(rng.integers(0, 12))


@legal("7.1")
def _(rng):
    classes, count = sides(rng, 2, 1, 8)
    return rng.integers(0, classes, count), rng.integers(0, classes, count), classes


@legal("5.4")
def _(rng):
    layers = []
    for _ in range(rng.integers(0, 5)):
        kinds = [("conv", int(rng.integers(1, 9)), int(rng.integers(1, 6))), ("pool",), ("norm",)]
        layers.append(kinds[rng.integers(3)])
    layers.append([("flatten",), ("means",)][rng.integers(2)])
    for _ in range(rng.integers(0, 3)):
        layers.append(("dense", int(rng.integers(1, 12))))
    return sides(rng, 3, 1, 9), layers


@legal("9.2")
def _(rng):
    k, c, n = sides(rng, 3, 1, 4)
    return table(rng, *sides(rng, 2, k, 7), c), table(rng, k, k, c), table(rng, c, n)


@legal("9.3")
def _(rng):
    return tuple(int(rng.integers(1, high)) for high in (12, 200, 300))


@legal("9.6")
def _(rng):
    low, high = np.sort(np.round(rng.uniform(-5, 5, 2), 3) + [0, 0.017])
    return np.round(rng.uniform(-6, 6, rng.integers(1, 5)), 3), float(low), float(high)


@legal("6.4")
def _(rng):
    classes, features, points, draws = (int(rng.integers(2, high)) for high in (5, 5, 4, 6))
    names = np.arange(classes)
    y, test_y = (names[np.arange(classes * 5) % classes] for _ in "ab")
    x, test_x = (rng.normal(0.4 * labels[:, None], 1, (len(labels), features)) for labels in (y, test_y))
    drawn = [
        [
            [int(n) for k in names for n in rng.permutation(np.flatnonzero(y == k))[: point + 1]]
            for _ in range(draws)
        ]
        for point in range(points - 1)
    ]
    return x, y, test_x, test_y, drawn


def rights(rng, count):
    """Which of so many answers are right."""
    return rng.random(count) < rng.choice([0.2, 0.5, 0.9])


@legal("7.2")
def _(rng):
    bins, count = int(rng.integers(1, 12)), int(rng.integers(1, 20))
    inside = rng.integers(1, 100, count) / 100  # never on the border of two bins
    sure = (rng.integers(0, bins, count) + inside) / bins
    sure[rng.random(count) < 0.15] = 1
    return sure, rights(rng, count), bins


@legal("7.3")
def _(rng):
    count = int(rng.integers(1, 30))
    return rights(rng, count), rights(rng, count)


@legal("7.4")
def _(rng):
    count = int(rng.integers(1, 12))
    return rng.integers(1, 9, count) / 8, rights(rng, count), [0, 0.5, 0.625, 0.875, 1][rng.integers(5)]


@legal("8.2")
def _(rng):
    kernel, above = sides(rng, 2, 1, 4), sides(rng, 2, 1, 5)
    picture = [k + a - 1 for k, a in zip(kernel, above, strict=True)]
    return table(rng, *picture), table(rng, *kernel), table(rng, *above)


@legal("8.3")
def _(rng):
    k, c, f = sides(rng, 3, 1, 3)
    scale, offset, mean = (rng.integers(-9, 10, f) / 4 for _ in "som")
    weights, variance = table(rng, k, k, c, f).astype(float), rng.integers(0, 9, f) / 2
    return weights, scale, offset, mean, variance, [0.001, 0.1, 1.0][rng.integers(3)]


@legal("10.1")
def _(rng):
    h, w, f = sides(rng, 3, 1, 5)
    return table(rng, h, w, f), table(rng, f)


@legal("10.2")
def _(rng):
    shape = sides(rng, 3, 1, 5)
    return table(rng, *shape), table(rng, *shape)


@legal("10.3")
def _(rng):
    h, w, high, wide = sides(rng, 4, 1, 4)
    mask = np.where(rng.random((h * high, w * wide)) < rng.uniform(0.1, 0.9), 255, 0)
    return rng.random((h, w)).round(2) + 0.01, mask.astype("uint8")


@legal("10.5")
def _(rng):
    n, d = int(rng.integers(4, 10)), int(rng.integers(2, 5))
    return rng.normal(0, 5, (n, d)).round(3), rng.normal(0, 5, (n, 2)).round(3), int(rng.integers(1, n - 1))


@legal("11.2")
def _(rng):
    classes = int(rng.integers(2, 6))
    path = rng.integers(0, classes, rng.integers(0, 9)).repeat(rng.integers(1, 3))
    return path.tolist(), int(rng.integers(classes))


@legal("11.3")
def _(rng):
    came, wanted = (
        " ".join(rng.choice(["a", "to", "cat", "mat"], rng.integers(low, 7)).tolist()) for low in (0, 1)
    )
    return came, wanted


@legal("11.4")
def _(rng):
    layers = [(int(rng.integers(1, 6)), int(rng.integers(1, 4))) for _ in range(rng.integers(0, 4))]
    width = 1 + int(rng.integers(0, 9))
    for side, step in reversed(layers):  # wide enough for one column
        width = (width - 1) * step + side + int(rng.integers(0, step))
    return width, layers, "".join(rng.choice(list("abc"), rng.integers(0, 7)).tolist())


@legal("12.2")
def _(rng):
    rate = [1, 3, 8, 8000, 44_100, 0.5, 2.25][rng.integers(7)]
    kind = rng.integers(3)
    if kind == 0:  # whole and half turns between two samples
        return rate * int(rng.integers(0, 12)) / 2, rate
    return (
        int(rng.integers(0, int(20 * rate) + 1)) if kind == 1 else round(float(rng.random() * 5 * rate), 3)
    ), rate


@legal("12.3")
def _(rng):
    size, hop = int(rng.integers(2, 9)), int(rng.integers(1, 6))
    sound = table(rng, size + int(rng.integers(0, 20)))
    return sound, size, int(rng.integers(0, size // 2 + 1)), hop


@legal("13.2")
def _(rng):
    classes, shape = int(rng.integers(1, 6)), sides(rng, 2, 1, 7)
    return rng.integers(-1, classes, shape), rng.integers(0, classes, shape), classes


@legal("13.3")
def _(rng):
    everywhere = rng.random(int(rng.integers(3, 40))).round(2)
    drawn = everywhere[rng.permutation(len(everywhere))[: int(rng.integers(2, len(everywhere)))]]
    return everywhere, np.clip(drawn + rng.normal(0, 0.2, len(drawn)), 0, 1).round(2), drawn


@legal("14.2")
def _(rng):
    genuine, impostor = (rng.integers(-4, 5, rng.integers(1, 7)) / 4 for _ in "gi")
    return genuine, impostor


@legal("14.3")
def _(rng):
    people = int(rng.integers(2, 4))
    person = rng.permutation(np.concatenate([np.arange(people).repeat(2), rng.integers(0, people, 3)]))
    return table(rng, len(person), int(rng.integers(1, 4))), person, [0.0, 0.2, 1.0, 300.0][rng.integers(4)]


@legal("15.2")
def _(rng):
    size = int(rng.integers(1, 8))  # an answer goes through every order: 5,040 are quick on a busy machine
    has = (rng.random(size) < 0.5).astype(int)
    has[rng.integers(size)] = 1
    return has, rng.integers(0, 6, size) / 5, int(rng.integers(1, size + 1))


@legal("15.3")
def _(rng):
    size, tags = int(rng.integers(1, 8)), int(rng.integers(1, 4))
    has = (rng.random((size, tags)) < 0.4).astype(int)
    has[rng.integers(size)] = 1
    return rng.integers(0, 11, (size, tags)) / 10, has


@legal("15.4")
def _(rng):
    shape = sides(rng, 2, 1, 5)
    tags = rng.integers(-1, 2, shape)
    tags[rng.integers(shape[0]), rng.integers(shape[1])] = rng.integers(2)
    return tags, rng.normal(0, (1, 5, 400)[rng.integers(3)], shape).round(2)


def stretches(rng):
    """Up to six pairs (first, last) in order that share no frame."""
    ends = np.sort(rng.permutation(60)[: 2 * int(rng.integers(0, 7))])
    pairs = [(int(a), int(b)) for a, b in ends.reshape(-1, 2)]
    return [(a, a) if rng.random() < 0.2 else (a, b) for a, b in pairs]


@legal("16.2")
def _(rng):
    return stretches(rng), stretches(rng)


@legal("16.3")
def _(rng):
    clip = rng.normal(0, 100, (int(rng.integers(1, 7)), *rng.integers(1, 5, 2))).round(1)
    return clip, [0.0, 0.05, 0.3, 0.5, 1.0][rng.integers(5)]


@legal("17.1")
def _(rng):
    n = int(rng.integers(1, 7))
    weights = table(rng, n) * 1.0
    weights[rng.integers(n)] = rng.choice([-2.5, 0.5, 3.0])
    return table(rng, n) * 1.0, weights, number(rng)


@legal("17.2")
def _(rng):
    n = int(rng.integers(1, 5))
    start = rng.integers(0, 256, n) * 1.0
    square = rng.integers(-3, 4, (n, n)) * 1.0
    return start, square, float(rng.integers(1, 9)), rng.choice([0.5, 1.0, 3.0]), int(rng.integers(0, 6))


@legal("17.3")
def _(rng):
    n = int(rng.integers(2, 6))
    counts = np.cumsum(rng.integers(5, 400, n)) * 1.0
    errors = np.sort(rng.uniform(0.05, 0.8, n))[::-1].round(3)
    return counts, errors - np.arange(n) * 0.001, rng.choice([0.1, 0.25, 0.5])


@legal("18.2")
def _(rng):
    side, stride = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    rows, columns = (int(each) for each in rng.integers(side, side + 5, 2))
    return rng.integers(0, 50, (rows, columns)), side, stride


@legal("18.3")
def _(rng):
    machines = int(rng.integers(1, 5))
    counts = rng.integers(0, 6, machines)
    counts[rng.integers(machines)] = rng.integers(1, 6)
    gradients = rng.integers(-4, 5, (machines, int(rng.integers(1, 4)))).astype(float)
    gradients[(counts == 0) & (rng.random(machines) < 0.5)] = np.nan
    return gradients, counts


@legal("18.5")
def _(rng):
    """Limits that no step meets to the last digit, so that rounding decides nothing."""
    work, size, speed = (int(each) for each in rng.integers(1, 40, 3))
    latency = float(rng.integers(0, 8)) / 16
    return work, size, speed, latency, float(rng.integers(1, 20)) + 0.0137, int(rng.integers(1, 30))
