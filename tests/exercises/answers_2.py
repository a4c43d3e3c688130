"""Chapter 2: wrong answers that learners give, and right ones in different styles."""

import math

import keras
import numpy as np

from answers import DATA, right, wrong

# --- 2.1 predict the size ----------------------------------------------------------------------

wrong("2.1", "floor is forgotten")((28, 14.5, 12.5))
wrong("2.1", "rounded up")((28, 15, 13))
wrong("2.1", "first place is forgotten")((27, 13, 11))
wrong("2.1", "one side only")((26, 13, 12))
wrong("2.1", "width of the filter is left out")((28, 14, 14))
wrong("2.1", "stride is not used")([28, 28, 24])
wrong("2.1", "went back to 1")((28, 14, 24))
wrong("2.1", "expected: 3 results", label="one missing")((28, 14))
wrong("2.1", "Result 1 of 3", "expected: 28", label="a guess")((24, 12, 12))
right("2.1", "a list")([28, 14, 12])
right("2.1", "floats")((28.0, 14.0, 12.0))

# --- 2.2 how much padding ----------------------------------------------------------------------

wrong("2.2", "falls below 0")(lambda n, k, s, d, size: math.ceil(((size - 1) * s + d * (k - 1) + 1 - n) / 2))
wrong("2.2", "halved and rounded down")(
    lambda n, k, s, d, size: max(0, ((size - 1) * s + d * (k - 1) + 1 - n) // 2)
)
wrong("2.2", "not whole")(lambda n, k, s, d, size: max(0, ((size - 1) * s + d * (k - 1) + 1 - n) / 2))
wrong("2.2", "on one side")(lambda n, k, s, d, size: max(0, (size - 1) * s + d * (k - 1) + 1 - n))
wrong("2.2", "stride is not used")(lambda n, k, s, d, size: max(0, math.ceil((size + d * (k - 1) - n) / 2)))
wrong("2.2", "dilation is not used")(lambda n, k, s, d, size: max(0, math.ceil(((size - 1) * s + k - n) / 2)))
wrong("2.2", "one place too many")(
    lambda n, k, s, d, size: max(0, math.ceil((size * s + d * (k - 1) + 1 - n) / 2))
)
wrong("2.2", "only the gaps between grow")(
    lambda n, k, s, d, size: max(0, math.ceil(((size - 1) * s + d * k - n) / 2))
)
wrong("2.2", "Is a return missing?")(lambda n, k, s, d, size: print(max(0, k // 2)))
wrong("2.2", "expected: 0", "came:     1", label="what keeps the size")(
    lambda n, k, s, d, size: d * (k - 1) // 2
)
wrong("2.2", "NameError", label="another name")(
    lambda n, k, s, d, size: max(0, (size - n + width) // 2)  # noqa: F821
)
wrong("2.2", "never end", label="a search with steps of nothing")(
    lambda n, k, s, d, size: next(p for p in iter(lambda: 0, 1) if (n + p) // s > n + size * s)
)


@right("2.2", "searching")
def _(n, k, stride, dilation, size):
    padding = 0
    while (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1 < size:
        padding += 1
    return padding


@right("2.2", "the last window")
def _(n, k, stride, dilation, size):
    last = (size - 1) * stride + dilation * (k - 1)
    return max(0, (last - n + 2) // 2)


right("2.2", "rounded up by NumPy")(
    lambda n, k, stride, dilation, size: int(
        max(0, np.ceil((dilation * (k - 1) + 1 + stride * (size - 1) - n) / 2))
    )
)

# --- 2.3 the strongest place -------------------------------------------------------------------


def slid(x, w, padding, stride):
    """The map, by the loops of a learner."""
    x, k = np.pad(np.asarray(x, float), padding), len(w)
    out = np.zeros(((x.shape[0] - k) // stride + 1, (x.shape[1] - k) // stride + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(x[i * stride : i * stride + k, j * stride : j * stride + k] * w)
    return out


def top(table, best=np.argmax):
    """Row, column and value."""
    row, column = divmod(int(best(table)), table.shape[1])
    return row, column, table[row, column]


@wrong("2.3", "the place in the map")
def _(x, w, p, s):
    return top(slid(x, w, p, s))


@wrong("2.3", "take the padding off")
def _(x, w, p, s):
    r, c, z = top(slid(x, w, p, s))
    return r * s + len(w) // 2, c * s + len(w) // 2, z


@wrong("2.3", "corner of the window")
def _(x, w, p, s):
    r, c, z = top(slid(x, w, p, s))
    return r * s - p, c * s - p, z


@wrong("2.3", "multiplied by the stride")
def _(x, w, p, s):
    r, c, z = top(slid(x, w, p, s))
    return r - p + len(w) // 2, c - p + len(w) // 2, z


def found(x, w, p, s, best=np.argmax, size=lambda z: z):
    """The right place, with room for slips."""
    r, c, z = top(size(slid(x, w, p, s)), best)
    return r * s - p + len(w) // 2, c * s - p + len(w) // 2, z


@wrong("2.3", "rows and columns are swapped")
def _(x, w, p, s):
    r, c, z = found(x, w, p, s)
    return c, r, z


wrong("2.3", "smallest value")(lambda x, w, p, s: found(x, w, p, s, np.argmin))
wrong("2.3", "lost their signs")(lambda x, w, p, s: found(x, w, p, s, size=np.abs))
wrong("2.3", "stride is not used")(lambda x, w, p, s: found(x, w, p, 1))
wrong("2.3", "padding is not used")(lambda x, w, p, s: found(x, w, 0, s))
wrong("2.3", "kernel is flipped")(lambda x, w, p, s: found(x, np.rot90(w, 2), p, s))
wrong("2.3", "expected: 3 results", label="the place alone")(lambda x, w, p, s: found(x, w, p, s)[:2])
wrong("2.3", "Result 3 of 3", label="the brightest pixel")(lambda x, w, p, s: top(np.asarray(x)))
wrong("2.3", "expected: 3 results", label="a whole map")(lambda x, w, p, s: slid(x, w, p, s))
right("2.3", "a map, then its place")(found)


@right("2.3", "a list of all places")
def _(picture, weights, padding, stride):
    x, half = np.pad(picture.astype(float), padding), len(weights) // 2
    places = []
    for row in range(half, x.shape[0] - half, stride):
        for column in range(half, x.shape[1] - half, stride):
            window = x[row - half : row + half + 1, column - half : column + half + 1]
            places.append(((window * weights).sum(), row - padding, column - padding))
    value, row, column = max(places)
    return [row, column, value]


@right("2.3", "Keras")
def _(picture, weights, padding, stride):
    x = np.pad(picture, padding)[None, :, :, None].astype("float32")
    z = np.asarray(keras.ops.conv(x, weights[:, :, None, None].astype("float32"), stride))[0, :, :, 0]
    row, column = np.argwhere(z == z.max())[0] * stride - padding + len(weights) // 2
    return row, column, z.max()


# --- 2.4 channels first ------------------------------------------------------------------------


def deep(x, w, b, s):
    """One sum for every place and filter, channels first."""
    k, wide = w.shape[2:]
    rows, columns = (x.shape[1] - k) // s + 1, (x.shape[2] - wide) // s + 1
    out = np.zeros((w.shape[0], rows, columns))
    for i in range(rows):
        for j in range(columns):
            out[:, i, j] = np.tensordot(w, x[:, i * s : i * s + k, j * s : j * s + wide], 3)
    return out + np.reshape(b, (-1, 1, 1))


wrong("2.4", "only the first channel")(lambda x, w, b, s: deep(x[:1], w[:, :1], b, s))
wrong("2.4", "mean over the channels")(lambda x, w, b, s: deep(x, w, 0, s) / len(x) + b[:, None, None])
wrong("2.4", "bias is added once per channel")(
    lambda x, w, b, s: sum(deep(x[d : d + 1], w[:, d : d + 1], b, s) for d in range(len(x)))
)
wrong("2.4", "bias is added once per weight")(lambda x, w, b, s: deep(x, w, w[0].size * b, s))
wrong("2.4", "bias is left out")(lambda x, w, b, s: deep(x, w, 0, s))
wrong("2.4", "first bias")(lambda x, w, b, s: deep(x, w, b[:1], s))
wrong("2.4", "kernel is flipped")(lambda x, w, b, s: deep(x, np.flip(w, (2, 3)), b, s))
wrong("2.4", "rows and columns are swapped")(lambda x, w, b, s: deep(x, np.swapaxes(w, 2, 3), b, s))
wrong("2.4", "added up into one map")(lambda x, w, b, s: deep(x, w, b, s).sum(0, keepdims=True))
wrong("2.4", "maps come last, as in Keras")(lambda x, w, b, s: deep(x, w, b, s).transpose(1, 2, 0))
wrong("2.4", "stride is not used")(lambda x, w, b, s: deep(x, w, b, 1))
wrong("2.4", "goes down only")(lambda x, w, b, s: deep(x, w, b, 1)[:, ::s])
wrong("2.4", "to the right only")(lambda x, w, b, s: deep(x, w, b, 1)[:, :, ::s])
wrong("2.4", "expected: ", label="nothing is turned for Keras")(
    lambda x, w, b, s: np.asarray(keras.ops.conv(x[None].astype("float32"), w.astype("float32"), s))[0]
)
right("2.4", "tensordot")(deep)


@right("2.4", "loops")
def _(picture, weights, biases, stride):
    filters, depth, k, _ = weights.shape
    rows, columns = ((n - k) // stride + 1 for n in picture.shape[1:])
    out = np.zeros((filters, rows, columns))
    for f, i, j in np.ndindex(out.shape):
        out[f, i, j] = biases[f]
        for d, a, b in np.ndindex(depth, k, k):
            out[f, i, j] += picture[d, i * stride + a, j * stride + b] * weights[f, d, a, b]
    return out


@right("2.4", "turned for Keras and back")
def _(picture, weights, biases, stride):
    last = picture.transpose(1, 2, 0)[None].astype("float32")
    maps = keras.ops.conv(last, weights.transpose(2, 3, 1, 0).astype("float32"), stride)[0]
    return np.moveaxis(np.asarray(maps) + biases, 2, 0)


# --- 2.5 a stack -------------------------------------------------------------------------------


def stack(*layers, shape=(64, 64, 3)):
    """A model of Conv2D layers: (filters, side) and settings for each."""
    made = [keras.Input(shape)] if shape else []
    for filters, side, *settings in layers:
        made.append(keras.layers.Conv2D(filters, side, **(settings[0] if settings else {})))
    return keras.Sequential(made)


wrong("2.5", "fewer than 5,000 parameters", "10,816", "sit in the layer", label="one large filter")(
    lambda: stack((16, 15))
)
wrong("2.5", "fewer than 5,000 parameters", "14,368", label="sixteen maps all the way")(
    lambda: stack(*[(16, 3)] * 7)
)
wrong("2.5", "all 225 pixels", "came:     9", "steps over", label="one wide dilation")(
    lambda: stack((16, 3, {"dilation_rate": 7}))
)
wrong("2.5", "15 x 15", "13 x 13", label="six layers")(lambda: stack(*[(8, 3)] * 5, (16, 3)))
wrong("2.5", "15 x 15", "15 x 3", label="a tall filter")(lambda: stack((16, (15, 3))))
wrong("2.5", "15 x 15", "31 x 31", label="eight layers too many")(lambda: stack(*[(4, 3)] * 14, (16, 3)))
wrong("2.5", "(1, 50, 50, 8)", label="half as many maps")(lambda: stack(*[(8, 3)] * 7))
wrong("2.5", "(1, 7, 7, 16)", label="three strides")(
    lambda: stack(*[(8, 3, {"strides": 2})] * 2, (16, 3, {"strides": 2}))
)
wrong("2.5", "Conv2D layers alone", "came:     MaxPooling2D", label="pooling")(
    lambda: keras.Sequential(
        [
            keras.Input((64, 64, 3)),
            keras.layers.Conv2D(16, 3),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(16, 6),
        ]
    )
)
wrong("2.5", "a Keras model", label="a list of layers")(lambda: [keras.layers.Conv2D(16, 15)])
wrong("2.5", "a Keras model", "Is a return missing?")(lambda: None)
wrong("2.5", "It stopped", "ValueError", label="grey pictures")(
    lambda: stack((8, 15), (16, 1), shape=(64, 64, 1))
)
wrong("2.5", "It stopped", "ValueError", label="a filter that does not fit")(lambda: stack((8, 65)))
right("2.5", "seven layers")(lambda: stack(*[(8, 3)] * 6, (16, 3)))
right("2.5", "one large filter, then many maps")(lambda: stack((4, 15), (16, 1)))
right("2.5", "a stride in the middle")(lambda: stack((8, 3), (8, 3), (8, 3, {"strides": 2}), (8, 3), (16, 3)))
right("2.5", "same padding and an activation, not built")(
    lambda: stack(
        (8, 5, {"padding": "same", "activation": "relu"}), (8, 5), (8, 3), (8, 3), (16, 3), shape=None
    )
)
right("2.5", "a model, not a function")(stack((8, 9), (16, 3, {"dilation_rate": 3}), shape=(None, None, 3)))


@right("2.5", "functional")
def _():
    picture = keras.Input((64, 64, 3))
    maps = keras.layers.Conv2D(6, 5, activation="tanh")(picture)
    maps = keras.layers.Conv2D(6, 5, padding="same", activation="relu")(maps)
    maps = keras.layers.Conv2D(6, 5)(maps)
    return keras.Model(picture, keras.layers.Conv2D(20, 3)(maps))


# --- 2.6 the dark wall -------------------------------------------------------------------------

SAID = "The frame of zeros looks like a dark wall to the left of the picture."


def walls(frame=1):
    """The map of Sobel x on the framed photograph."""
    with np.load(DATA) as photos:
        grey = np.rint(photos["coffee"] @ [299, 587, 114] / 1000)
    return slid(grey, np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), frame, 1)


MAP = walls()
SIZE = np.abs(MAP)
INSIDE = SIZE[1:-1, 1:-1].mean()
wrong("2.6", "upside down")((INSIDE / SIZE[:, 0].mean(), SAID))
wrong("2.6", "first row")((SIZE[0].mean() / INSIDE, SAID))
wrong("2.6", "no frame")((np.abs(walls(0))[:, 0].mean() / INSIDE, SAID))
wrong("2.6", "whole map")((SIZE[:, 0].mean() / SIZE.mean(), SAID))
wrong("2.6", "signs are kept")((MAP[:, 0].mean() / MAP[1:-1, 1:-1].mean(), SAID))
wrong("2.6", "difference")((SIZE[:, 0].mean() - INSIDE, SAID))
wrong("2.6", "Now the sentence")((SIZE[:, 0].mean() / INSIDE, "Dark."))
right("2.6", "the starter's beginning")(
    (SIZE[:, 0].mean() / INSIDE, "In the first column the filter sees a wall")
)
wrong("2.6", "one number", label="a column")((SIZE[:, 0] / INSIDE, SAID))
right("2.6", "measured")((SIZE[:, 0].mean() / INSIDE, SAID))
right("2.6", "rounded")([round(SIZE[:, 0].mean() / INSIDE, 2), SAID])
wrong("2.6", "expected: 10.61", label="without the corners")((SIZE[1:-1, 0].mean() / INSIDE, SAID))
wrong("2.6", "expected: 10.61", label="two pixels from the frame")(
    (SIZE[:, 0].mean() / SIZE[2:-2, 2:-2].mean(), SAID)
)
