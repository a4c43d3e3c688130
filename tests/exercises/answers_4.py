"""Chapter 4: wrong answers that learners give, and right ones in different styles."""

import keras
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from answers import DATA, right, wrong

# --- 4.1 change one value ----------------------------------------------------------------------

wrong("4.1", "old values")((381, 157.5))
wrong("4.1", "still the old one")((381, 195.25))
wrong("4.1", "zeros do not count")((400, 390.5))
wrong("4.1", "rise is not divided")((400, 308.5))
wrong("4.1", "mean has not changed")((400, 157.5))
wrong("4.1", "added up")((400, 781))
wrong("4.1", "changed places")((195.25, 400))
wrong("4.1", "Result 2 of 2", "expected: 195.25", "came:     195", label="fraction dropped")(
    np.array([400, 195])
)
right("4.1", "a tuple")((400, 195.25))
right("4.1", "computed")([max(0, 381, 0, 400), np.mean([0, 381, 0, 400])])

# --- 4.2 max pooling ---------------------------------------------------------------------------


def cut(values, size, down, along=None):
    """All windows."""
    return sliding_window_view(values, (size, size))[::down, :: along or down]


wrong("4.2", "mean is taken")(lambda v, k, s: cut(v, k, s).mean(axis=(2, 3)))
wrong("4.2", "smallest value")(lambda v, k, s: cut(v, k, s).min(axis=(2, 3)))
wrong("4.2", "added up")(lambda v, k, s: cut(v, k, s).sum(axis=(2, 3)))
wrong("4.2", "signs are dropped")(lambda v, k, s: cut(abs(v), k, s).max(axis=(2, 3)))
wrong("4.2", "taken for the stride")(lambda v, k, s: cut(v, k, k).max(axis=(2, 3)))
wrong("4.2", "stride is not used")(lambda v, k, s: cut(v, k, 1).max(axis=(2, 3)))
wrong("4.2", "goes down only")(lambda v, k, s: cut(v, k, s, 1).max(axis=(2, 3)))
wrong("4.2", "a loop stops one short")(lambda v, k, s: cut(v, k, s).max(axis=(2, 3))[:-1, :-1])
wrong("4.2", "each row")(lambda v, k, s: cut(v, k, s).max(axis=3)[:, :, 0])
wrong("4.2", "rows and columns are swapped")(lambda v, k, s: cut(v, k, s).max(axis=(2, 3)).T)
wrong("4.2", "stopped", "ValueError", label="reshape alone")(
    lambda v, k, s: v.reshape(v.shape[0] // k, k, v.shape[1] // k, k).max(axis=(1, 3))
)


@wrong("4.2", "begins at 0")
def _(values, size, stride):
    rows, columns = ((n - size) // stride + 1 for n in values.shape)
    pooled = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            for a in range(size):
                for b in range(size):
                    pooled[i, j] = max(pooled[i, j], values[i * stride + a, j * stride + b])
    return pooled


@wrong("4.2", "shape (2, 3)", label="windows that do not fit are kept")
def _(values, size, stride):
    return np.array(
        [
            [values[r : r + size, c : c + size].max() for c in range(0, values.shape[1], stride)]
            for r in range(0, values.shape[0], stride)
        ]
    )


right("4.2", "NumPy")(lambda v, k, s: cut(v, k, s).max(axis=(2, 3)))
right("4.2", "Keras")(
    lambda v, k, s: keras.layers.MaxPooling2D(k, strides=s)(v[None, :, :, None])[0, :, :, 0]
)


@right("4.2", "loops")
def _(values, size, stride):
    out = []
    for r in range(0, len(values) - size + 1, stride):
        out.append([])
        for c in range(0, len(values[0]) - size + 1, stride):
            out[-1].append(max(values[r + a, c + b] for a in range(size) for b in range(size)))
    return out


# --- 4.3 mean pooling --------------------------------------------------------------------------


def means(values, size, stride, frame, fill=np.nan):
    """Means over what is there."""
    framed = np.pad(np.asarray(values, float), frame, constant_values=fill)
    return np.nanmean(cut(framed, size, stride), axis=(2, 3))


wrong("4.3", "zeros of the frame are counted")(lambda v, k, s, p: means(v, k, s, p, 0))
wrong("4.3", "padding is not used")(lambda v, k, s, p: means(v, k, s, 0))
wrong("4.3", "one side only: above and left")(lambda v, k, s, p: means(v, k, s, (p, 0)))
wrong("4.3", "one side only: below and right")(lambda v, k, s, p: means(v, k, s, (0, p)))
wrong("4.3", "stride is not used")(lambda v, k, s, p: means(v, k, 1, p))
wrong("4.3", "taken for the stride")(lambda v, k, s, p: means(v, k, k, p))
wrong("4.3", "fraction is dropped")(lambda v, k, s, p: means(v, k, s, p) // 1)
wrong("4.3", "came:     [[1, 3]]", label="as integers")(lambda v, k, s, p: means(v, k, s, p).astype(int))
wrong("4.3", "side of the window")(lambda v, k, s, p: means(v, k, s, p, 0) * k)
wrong("4.3", "not divided at all")(lambda v, k, s, p: means(v, k, s, p, 0) * k**2)
wrong("4.3", "a loop stops one short")(lambda v, k, s, p: means(v, k, s, p)[:-1, :-1])


@wrong("4.3", "uint8", "overflow")
def _(values, size, stride, padding):
    def added(table):
        windows = cut(np.pad(table, padding), size, stride)
        return windows.sum(axis=(2, 3), dtype=table.dtype)

    return added(values) / added(np.ones(values.shape, int))


right("4.3", "NumPy")(means)


@right("4.3", "loops")
def _(values, size, stride, padding):
    h, w = values.shape
    out = []
    for top in range(-padding, h + padding - size + 1, stride):
        row = []
        for left in range(-padding, w + padding - size + 1, stride):
            there = [
                float(values[r, c])
                for r in range(max(top, 0), min(top + size, h))
                for c in range(max(left, 0), min(left + size, w))
            ]
            row.append(sum(there) / len(there))
        out.append(row)
    return out


@right("4.3", "Keras, twice")
def _(values, size, stride, padding):
    pool = keras.layers.AveragePooling2D(size, strides=stride)
    frame = keras.layers.ZeroPadding2D(padding)
    values = values[None, :, :, None].astype("float32")
    return (pool(frame(values)) / pool(frame(values * 0 + 1)))[0, :, :, 0]


# --- 4.4 back through max pooling --------------------------------------------------------------


def back(values, above, size, stride, share, add=True):
    """Send a gradient back."""
    result = np.zeros(values.shape)
    for r in range(above.shape[0]):
        for c in range(above.shape[1]):
            window = values[r * stride : r * stride + size, c * stride : c * stride + size]
            part = share(window) * above[r, c]
            target = result[r * stride : r * stride + size, c * stride : c * stride + size]
            target[...] = target + part if add else np.where(part != 0, part, target)
    return result


def wins(window):
    """The winner."""
    return 1.0 * (window == window.max())


def first(window):
    """The first place."""
    share = np.zeros(window.shape)
    share[0, 0] = 1
    return share


wrong("4.4", "as in mean pooling")(lambda v, a, k, s: back(v, a, k, s, lambda w: np.ones(w.shape) / w.size))
wrong("4.4", "gets all")(lambda v, a, k, s: back(v, a, k, s, lambda w: np.ones(w.shape)))
wrong("4.4", "replaces the first")(lambda v, a, k, s: back(v, a, k, s, wins, add=False))
wrong("4.4", "gets 1")(lambda v, a, k, s: back(v, a * 0 + 1, k, s, wins))
wrong("4.4", "winner's value")(lambda v, a, k, s: back(v, a, k, s, lambda w: wins(w) * w))
wrong("4.4", "smallest value wins")(lambda v, a, k, s: back(v, a, k, s, lambda w: wins(-w)))
wrong("4.4", "first place")(lambda v, a, k, s: back(v, a, k, s, first))
wrong("4.4", "side by side")(lambda v, a, k, s: back(v, a, k, k, wins))
wrong("4.4", "shape (1, 1)", label="the pooled gradient came back")(lambda v, a, k, s: a)
right("4.4", "loops")(lambda v, a, k, s: back(v, a, k, s, wins))


@right("4.4", "automatic")
def _(values, above, size, stride):
    import tensorflow as tf

    batch = tf.Variable(values[None, :, :, None])
    with tf.GradientTape() as tape:
        pooled = tf.nn.max_pool2d(batch, size, stride, "VALID")
        total = tf.reduce_sum(pooled[0, :, :, 0] * above)
    return tape.gradient(total, batch)[0, :, :, 0]


@right("4.4", "nudging each value")
def _(values, above, size, stride):
    def total(table):
        return np.sum(above * cut(table, size, stride).max(axis=(2, 3))[: above.shape[0], : above.shape[1]])

    slopes = np.zeros(values.shape)
    for place in np.ndindex(values.shape):
        raised = values.copy()
        raised[place] += 1e-4
        slopes[place] = (total(raised) - total(values)) / 1e-4
    return slopes


# --- 4.5 back through mean pooling -------------------------------------------------------------


def spread(shape, above, size, stride, divisor=None, add=True):
    """Give every place its part."""
    result = np.zeros(shape)
    for r in range(above.shape[0]):
        for c in range(above.shape[1]):
            target = result[r * stride : r * stride + size, c * stride : c * stride + size]
            target[...] = (target if add else 0) + above[r, c] / (divisor or size * size)
    return result


wrong("4.5", "every place gets all")(lambda h, a, k, s: spread(h, a, k, s, 1))
wrong("4.5", "side of the window")(lambda h, a, k, s: spread(h, a, k, s, k))
wrong("4.5", "whole map")(lambda h, a, k, s: spread(h, a, k, s, h[0] * h[1]))
wrong("4.5", "replaces the first")(lambda h, a, k, s: spread(h, a, k, s, add=False))
wrong("4.5", "side by side")(lambda h, a, k, s: spread(h, a, k, k))
wrong("4.5", "share of 1")(lambda h, a, k, s: spread(h, a * 0 + 1, k, s))
wrong("4.5", "multiplied")(lambda h, a, k, s: spread(h, a, k, s, 1 / k**2))
wrong("4.5", "stopped", "ValueError", label="repeat alone")(
    lambda h, a, k, s: np.zeros(h) + a.repeat(k, 0).repeat(k, 1) / k**2
)
right("4.5", "loops")(spread)


@right("4.5", "automatic")
def _(shape, above, size, stride):
    import tensorflow as tf

    batch = tf.Variable(tf.zeros((1, *shape, 1)))
    with tf.GradientTape() as tape:
        pooled = keras.layers.AveragePooling2D(size, strides=stride)(batch)
        total = tf.reduce_sum(pooled[0, :, :, 0] * above.astype("float32"))
    return tape.gradient(total, batch)[0, :, :, 0]


# --- 4.6 a shift -------------------------------------------------------------------------------


@wrong("4.6", "moves to the left")
def _(values, k):
    moved = np.zeros(values.shape)
    for r, c in np.ndindex(values.shape):
        if c + k < values.shape[1]:
            moved[r, c] = values[r, c + k]
    return moved


@wrong("4.6", "changed its input number 1 in place")
def _(values, k):
    values[:, k:] = values[:, : values.shape[1] - k].copy()
    values[:, :k] = 0
    return values


wrong("4.6", "comes back on the left")(lambda v, k: np.roll(v, k, axis=1))
wrong("4.6", "moves down")(lambda v, k: np.pad(v, ((k, 0), (0, 0)))[: len(v)])
wrong("4.6", "by one column")(lambda v, k: np.pad(v, ((0, 0), (1, 0)))[:, :-1])
wrong("4.6", "is repeated")(lambda v, k: np.pad(v, ((0, 0), (k, 0)), mode="edge")[:, : v.shape[1]])
wrong("4.6", "has grown")(lambda v, k: np.pad(v, ((0, 0), (k, 0))))
wrong("4.6", "has not moved")(lambda v, k: v.copy())
wrong("4.6", "expected", "came", label="no shift breaks it")(
    lambda v, k: np.hstack([np.zeros((len(v), k)), v[:, :-k]]) if k else v[:, :0]
)
right("4.6", "NumPy")(lambda v, k: np.hstack([np.zeros((len(v), k)), v[:, : v.shape[1] - k]]))


@right("4.6", "loops")
def _(values, k):
    return [[row[c - k] if c >= k else 0 for c in range(len(row))] for row in values]


# --- 4.7 what becomes of the zeros -------------------------------------------------------------

SAID = "All sixteen values must be zero before the largest of them is."
with np.load(DATA) as photos:
    GREY = np.rint(photos["coffee"] @ [299, 587, 114] / 1000)
SUMS = np.einsum("rcij,ij->rc", sliding_window_view(GREY, (3, 3)), [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
RECTIFIED = np.maximum(SUMS, 0)
SHARE = np.mean(cut(RECTIFIED, 4, 4).max(axis=(2, 3)) == 0)
wrong(
    "4.7",
    "0.9073\n  It looks as if you gave the share above zero.\n",
    label="share above zero, and no other slip",
)((1 - SHARE, SAID))
wrong("4.7", "not pooled yet")((0.489, SAID))
wrong("4.7", "windows are 2x2")((np.mean(cut(RECTIFIED, 2, 2).max(axis=(2, 3)) == 0), SAID))
wrong("4.7", "smallest value")((np.mean(cut(RECTIFIED, 4, 4).min(axis=(2, 3)) == 0), SAID))
wrong("4.7", "windows overlap")((np.mean(cut(RECTIFIED, 4, 1).max(axis=(2, 3)) == 0), SAID))
wrong("4.7", "in percent")((100 * SHARE, SAID))
wrong("4.7", "ReLU is left out")((np.mean(cut(SUMS, 4, 4).max(axis=(2, 3)) == 0), SAID))
wrong("4.7", "Now the sentence", label="no sentence")((SHARE, "Rare."))
wrong("4.7", "one number", label="the map")((RECTIFIED, SAID))
right("4.7", "measured")((SHARE, SAID))
right("4.7", "rounded")([round(float(SHARE), 3), SAID])
