"""Chapter 16: wrong answers that learners give, and right ones in different styles."""

import numpy as np

from answers import right, wrong

# --- 16.1 change the frame and predict -----------------------------------------------------------

wrong("16.1", "not divided by 9")((9, -4, (16 + 289 + 289) / 3))
wrong("16.1", "added, not averaged")((1, 4, 18))
wrong("16.1", "drawing minus frame")((1, -4, 6))
wrong("16.1", "errors are not squared")((1, 4, 2 / 3))
wrong("16.1", "root of the mean square")((1, 4, 6**0.5))
wrong("16.1", "first pixel is squared")((1, 16, 6))
wrong("16.1", "without their signs")((1, 4, 2))
wrong("16.1", "expected: 3 results", label="the error is missing")((1, 4))
wrong("16.1", "Result 1 of 3", label="of the old frame")((2, 2, 17 / 3))
right("16.1", "a list")([1, 4, 6.0])
right("16.1", "an array")(np.array([1, 5 - 1, (16 + 1 + 1) / 3]))

# --- 16.2 count events, not frames ---------------------------------------------------------------


def meets(a, b):
    return a[0] <= b[1] and b[0] <= a[1]


def counted(alarms, events, meet=meets):
    found = sum(any(meet(a, e) for a in alarms) for e in events)
    return found, sum(not any(meet(a, e) for e in events) for a in alarms)


wrong("16.2", "at an end does not count")(
    lambda a, e: counted(a, e, lambda x, y: x[0] < y[1] and y[0] < x[1])
)
wrong("16.2", "begin within an event")(lambda a, e: counted(a, e, lambda x, y: y[0] <= x[0] <= y[1]))
wrong("16.2", "lie wholly within")(lambda a, e: counted(a, e, lambda x, y: y[0] <= x[0] and x[1] <= y[1]))
wrong("16.2", "true alarms are counted")(lambda a, e: (len(a) - counted(a, e)[1], counted(a, e)[1]))
wrong("16.2", "alarms minus events found")(lambda a, e: (counted(a, e)[0], len(a) - counted(a, e)[0]))
wrong("16.2", "swapped")(lambda a, e: counted(a, e)[::-1])
wrong("16.2", "events that were missed")(lambda a, e: (len(e) - counted(a, e)[0], counted(a, e)[1]))
wrong("16.2", "expected", label="the events alone")(lambda a, e: counted(a, e)[0])


@wrong("16.2", "expected", label="each alarm finds one event at most")
def _(alarms, events):
    found, used = set(), set()
    for n, alarm in enumerate(alarms):
        for m, event in enumerate(events):
            if m not in found and n not in used and meets(alarm, event):
                found.add(m)
                used.add(n)
    return len(found), len(alarms) - len(used)


@wrong("16.2", "expected", label="the middle of an alarm counts")
def _(alarms, events):
    return counted(alarms, events, lambda a, e: e[0] <= (a[0] + a[1]) / 2 <= e[1])


right("16.2", "comprehensions")(counted)


@right("16.2", "a list")
def _(alarms, events):
    met, false = [False] * len(events), len(alarms)
    for first, last in alarms:
        hits = [n for n, (begin, end) in enumerate(events) if not (last < begin or end < first)]
        false -= bool(hits)
        for n in hits:
            met[n] = True
    return [sum(met), false]


@right("16.2", "sets of frames")
def _(alarms, events):
    def covered(pairs):
        return {n for first, last in pairs for n in range(first, last + 1)}

    in_alarms, in_events = covered(alarms), covered(events)
    found = sum(bool(in_alarms & set(range(a, b + 1))) for a, b in events)
    return found, sum(not in_events & set(range(a, b + 1)) for a, b in alarms)


# --- 16.3 a background that forgets --------------------------------------------------------------


def scores(clip, rate, before=True, start=None):
    ground = clip[0] * 1.0 if start is None else clip[0] * start
    found = []
    for frame in clip:
        moved = ground + rate * (frame - ground)
        found.append(((frame - (ground if before else moved)) ** 2).mean())
        ground = moved
    return np.array(found)


wrong("16.3", "moves first")(lambda c, r: scores(c, r, before=False))
wrong("16.3", "never moves")(lambda c, r: scores(c, 0))
wrong("16.3", "starts at 0")(lambda c, r: scores(c, r, start=0.0))
wrong("16.3", "shares of frame and background")(lambda c, r: scores(c, 1 - r))
wrong("16.3", "frame before")(lambda c, r: scores(c, 1))
wrong("16.3", "added, not averaged")(lambda c, r: scores(c, r) * c[0].size)
wrong("16.3", "root of the mean square")(lambda c, r: np.sqrt(scores(c, r)))
wrong("16.3", "first score is left out")(lambda c, r: scores(c, r)[1:])
wrong("16.3", "expected", label="the mean of all frames before")(
    lambda c, r: [((c[n] - c[: max(n, 1)].mean(axis=0)) ** 2).mean() for n in range(len(c))]
)
wrong("16.3", "expected", label="absolute, not squared")(
    lambda c, r: [abs(c[n] - c[max(n - 1, 0)]).mean() for n in range(len(c))]
)
right("16.3", "an array")(scores)
right("16.3", "a list")(lambda c, r: list(scores(c, r)))


@right("16.3", "loops")
def _(clip, rate):
    rows, columns = clip[0].shape
    ground = [[float(v) for v in row] for row in clip[0]]
    found = []
    for frame in clip:
        total = 0.0
        for i in range(rows):
            for j in range(columns):
                gap = frame[i][j] - ground[i][j]
                total += gap * gap
                ground[i][j] += rate * gap
        found.append(total / (rows * columns))
    return found


# --- 16.4 what may you promise -------------------------------------------------------------------

WORDS = "They share one night and its light, so they say little of another."
wrong("16.4", "one false alarm a night, not two")((30, WORDS))
wrong("16.4", "nights, not hours")((1.5, WORDS))
wrong("16.4", "promised for an hour")((0.2, WORDS))
wrong("16.4", "minutes")((900, WORDS))
wrong("16.4", "seconds")((54_000, WORDS))
wrong("16.4", "multiplied by two")((60, WORDS))
wrong("16.4", "three of the rule")((5, WORDS))
wrong("16.4", "expected: 15", label="another number")((12, WORDS))
wrong("16.4", "in words of your own", label="no sentence")((15, "because"))
wrong("16.4", "(a number, a sentence)", label="the number alone")(15)
right("16.4", "a number and a sentence")((15, WORDS))
right("16.4", "exactly, by the logarithm")((-np.log(0.05) / 2 * 10, WORDS))

# --- 16.5 an encoder on a budget -----------------------------------------------------------------

wrong("16.5", "a list of threes")(lambda *_: (3, 2, 4))
wrong("16.5", "is not (3, 5 or 7", label="an even side")(lambda *_: [(4, 2, 4)])
wrong("16.5", "is not (3, 5 or 7", label="two filters")(lambda *_: [(3, 2, 2)])
wrong("16.5", "do not divide")(lambda *_: [(3, 2, 4)] * 5)
wrong("16.5", "numbers at most", label="no stride")(lambda *_: [(3, 1, 4)])
wrong("16.5", "a reach of", label="strides alone")(
    lambda r, c, v, reach, b: [(3, 2, 4)] * max(1, next(n for n in range(9) if r * c * 4 / 4**n <= v))
)
wrong("16.5", "weights at most", label="wide sides")(lambda *_: [(5, 2, 4)])


@right("16.5", "strides first, then reach")
def _(rows, columns, values, reach, budget):
    layers, field, jump = [], 1, 1
    while rows * columns * 4 > values:
        layers.append([3, 2, 4])
        field, jump, rows, columns = field + 2 * jump, 2 * jump, rows / 2, columns / 2
    while field < reach:
        layers.append([3, 1, 4])
        field += 2 * jump
    return layers


@right("16.5", "wide sides at the end, an array")
def _(rows, columns, values, reach, budget):
    steps = next(n for n in range(9) if rows * columns * 4 / 4**n <= values)
    layers, field, jump = [(3, 2, 4)] * steps, 2 ** (steps + 1) - 1, 2**steps
    while field < reach:
        layers.append((3, 1, 4))
        field += 2 * jump
    return np.array(layers, dtype=float)
