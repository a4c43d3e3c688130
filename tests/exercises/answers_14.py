"""Chapter 14: wrong answers that learners give, and right ones in different styles."""

import numpy as np

from answers import right, wrong

# --- 14.1 the negative moved ----------------------------------------------------------------------

FAR = 1.2**0.5
wrong("14.1", "still at (0.3, 0.4)")((0.25, 0.95, FAR))
wrong("14.1", "loss is not squared")((0.4, 0.84, FAR))
wrong("14.1", "of the same person")((0.36, 0.84, FAR))
wrong("14.1", "margin is left out")((0.16, 0.64, 1))
wrong("14.1", "margin is 1")((0.16, 1.64, 2**0.5))
wrong("14.1", "last distance is squared")((0.16, 0.84, 1.2))
wrong("14.1", "no distance of the triplet is squared")((0.16, 0.6, 1.2))
wrong("14.1", "distances in the triplet loss are not squared")((0.16, 0.6, FAR))
wrong("14.1", "changed places")((0.16, 0, FAR))
wrong("14.1", "three numbers", label="two")((0.16, 0.84))
right("14.1", "rounded")((0.16, 0.84, 1.1))
right("14.1", "a list")([0.4**2, 1 - 0.36 + 0.2, FAR])
right("14.1", "an array")(np.array([0.16, 0.84, 1.095]))
right("14.1", "a column")(np.array([[0.16], [0.84], [1.095]]))

# --- 14.2 the area --------------------------------------------------------------------------------


def won(genuine, impostor, tie=0.5):
    """Share of pairs won, by loops."""
    total = 0
    for high in genuine:
        for low in impostor:
            total += 1 if high > low else tie if high == low else 0
    return total / len(genuine) / len(impostor)


wrong("14.2", "count as won")(lambda g, i: won(g, i, tie=1))
wrong("14.2", "count as lost")(lambda g, i: won(g, i, tie=0))
wrong("14.2", "changed places")(lambda g, i: won(i, g))
wrong("14.2", "changed places", label="the area above")(lambda g, i: 1 - won(g, i))
wrong("14.2", "a number of pairs")(lambda g, i: won(g, i) * len(g) * len(i))
wrong("14.2", "the means are compared")(lambda g, i: float(np.mean(g) > np.mean(i)))
wrong("14.2", "only the best impostor")(lambda g, i: won(g, [max(i)]))
wrong("14.2", "came:", label="in percent")(lambda g, i: 100 * won(g, i))
right("14.2", "loops")(lambda genuine, impostor: won(genuine, impostor))
right("14.2", "signs")(lambda g, i: (np.sign(np.subtract.outer(g, i)).mean() + 1) / 2)


@right("14.2", "ranks")
def _(genuine, impostor):
    both = np.concatenate([genuine, impostor])
    rank = [np.sum(both < each) + (np.sum(both == each) + 1) / 2 for each in genuine]
    return (sum(rank) - len(genuine) * (len(genuine) + 1) / 2) / (len(genuine) * len(impostor))


# --- 14.3 the hardest triplets --------------------------------------------------------------------


def hard(points, person, margin, far=max, near=min, power=2, floor=True, mean=True):
    """The mean loss by loops, or one by other rules."""
    losses = []
    for n, each in enumerate(points):
        own = [
            np.linalg.norm(each - q) ** power
            for m, q in enumerate(points)
            if person[m] == person[n] and m != n
        ]
        rest = [np.linalg.norm(each - q) ** power for m, q in enumerate(points) if person[m] != person[n]]
        loss = far(own) - near(rest) + margin
        losses.append(max(0, loss) if floor else loss)
    return sum(losses) / (len(losses) if mean else 1)


wrong("14.3", "are not squared")(lambda p, w, m: hard(p, w, m, power=1))
wrong("14.3", "nearest point of the same person")(lambda p, w, m: hard(p, w, m, far=min))
wrong("14.3", "farthest point of others")(lambda p, w, m: hard(p, w, m, near=max))
wrong("14.3", "mildest ones")(lambda p, w, m: hard(p, w, m, far=min, near=max))
wrong("14.3", "means over all points")(lambda p, w, m: hard(p, w, m, far=np.mean, near=np.mean))
wrong("14.3", "margin is left out")(lambda p, w, m: hard(p, w, 0))
wrong("14.3", "margin is subtracted")(lambda p, w, m: hard(p, w, -m))
wrong("14.3", "below 0 is kept")(lambda p, w, m: hard(p, w, m, floor=False))
wrong("14.3", "the sum, not the mean")(lambda p, w, m: hard(p, w, m, mean=False))
right("14.3", "loops")(lambda points, person, margin: hard(points, person, margin))


@right("14.3", "tables")
def _(points, person, margin):
    d2 = np.square(points[:, None] - points[None]).sum(-1)
    same = np.equal.outer(person, person)
    hardest = np.max(d2 * same, axis=1) - np.min(d2 + same * 1e9, axis=1)
    return np.clip(hardest + margin, 0, None).mean()


# --- 14.4 a stadium -------------------------------------------------------------------------------

SAID = "Nearly everybody who is stopped has done nothing, whatever the camera claims."
STOPPED = 50_000 * (1 - 0.9999**200)
wrong("14.4", "compared once only")((5, SAID))
wrong("14.4", "false accepts are counted")((1000, SAID))
wrong("14.4", "the share of visitors.")((STOPPED / 50_000, SAID))
wrong("14.4", "in percent")((STOPPED / 500, SAID))
wrong("14.4", "not stopped")((50_000 - STOPPED, SAID))
wrong("14.4", "one in 1,000")((50_000 * (1 - 0.999**200), SAID))
wrong("14.4", "changed places")((200 * (1 - 0.9999**50_000), SAID))
wrong("14.4", "one number", label="words")(("many", SAID))
wrong("14.4", "a number near", label="no number")((np.nan, SAID))
wrong("14.4", "Now the sentence", label="no sentence")((990, ""))
right("14.4", "the formula")((STOPPED, SAID))
right("14.4", "to the nearest ten")([990, SAID])

# --- 14.5 a threshold for a door ------------------------------------------------------------------


def above(strangers, at_most, best=lambda table: table.max(axis=1)):
    """A little more than the best similarity of the first stranger who must stay outside."""
    ranked = np.sort(best(strangers))[::-1]
    return np.nextafter(ranked[int(at_most * len(ranked) + 1e-9)], np.inf)


wrong("14.5", "strangers get in", label="the mean of a row")(
    lambda s, o, a: above(s, a, lambda table: table.mean(axis=1))
)
wrong("14.5", "strangers get in", label="one comparison")(lambda s, o, a: above(s.reshape(-1, 1), a))
wrong("14.5", "strangers get in", label="the last one comes in")(
    lambda s, o, a: np.sort(s.max(axis=1))[::-1][int(a * len(s) + 1e-9)]
)
wrong("14.5", "own pictures are rejected", label="nobody comes in")(lambda s, o, a: s.max() + 1e-9)
wrong("14.5", "strangers get in", label="everybody comes in")(lambda s, o, a: o.min())
wrong("14.5", "one number", label="a table")(lambda s, o, a: s.max(axis=1))
wrong("14.5", "one number", label="no number")(lambda s, o, a: np.nan)
wrong("14.5", "strangers get in", label="sorted upwards")(
    lambda s, o, a: np.sort(s.max(axis=1))[int(a * len(s))] + 1e-9
)
right("14.5", "the next number")(lambda s, o, a: above(s, a))


@right("14.5", "the lowest own score that is high enough")
def _(strangers, own, at_most):
    best = strangers.max(axis=1)
    fits = [t for t in sorted(own) if np.sum(best >= t) <= at_most * len(best) + 1e-9]
    return fits[0] if fits else best.max() + 1


@right("14.5", "by trial")
def _(strangers, own, at_most):
    best = strangers.max(axis=1)
    tried = np.concatenate([own, best + 1e-12, [best.max() + 1]])
    kept = [t for t in tried if np.mean(best >= t) <= at_most + 1e-12]
    return min(kept, key=lambda t: (np.mean(own < t), t))
