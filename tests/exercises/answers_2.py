"""Chapter 2: wrong answers that learners give, and right ones in different styles."""

import itertools
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

# --- 2.2 the formula ---------------------------------------------------------------------------

wrong("2.2", "floor is forgotten")(lambda n, k, p, s, d: (n + 2 * p - d * (k - 1) - 1) / s + 1)
wrong("2.2", "rounded up")(lambda n, k, p, s, d: math.ceil((n + 2 * p - d * (k - 1) - 1) / s) + 1)
wrong("2.2", "first place is forgotten")(lambda n, k, p, s, d: (n + 2 * p - d * (k - 1) - 1) // s)
wrong("2.2", "before the division")(lambda n, k, p, s, d: (n + 2 * p - d * (k - 1)) // s)
wrong("2.2", "one side only")(lambda n, k, p, s, d: (n + p - d * (k - 1) - 1) // s + 1)
wrong("2.2", "padding is not used")(lambda n, k, p, s, d: (n - d * (k - 1) - 1) // s + 1)
wrong("2.2", "stride is not used")(lambda n, k, p, s, d: n + 2 * p - d * (k - 1))
wrong("2.2", "dilation is not used")(lambda n, k, p, s, d: (n + 2 * p - k) // s + 1)
wrong("2.2", "only the gaps between grow")(lambda n, k, p, s, d: (n + 2 * p - d * k) // s + 1)
wrong("2.2", "Is a return missing?")(lambda n, k, p, s, d: print((n + 2 * p - d * (k - 1) - 1) // s + 1))
wrong("2.2", "NameError", label="another name")(lambda n, k, p, s, d: (n + 2 * padding - k) // s + 1)  # noqa: F821
wrong("2.2", "For n = 2", "expected: 2", "came:     0", label="a frame makes no room")(
    lambda n, k, p, s, d: 0 if d * (k - 1) >= n else (n + 2 * p - d * (k - 1) - 1) // s + 1
)
right("2.2", "floor")(lambda n, k, p, s, d: math.floor((n + 2 * p - d * (k - 1) - 1) / s + 1))


@right("2.2", "counting the places")
def _(n, k, padding, stride, dilation):
    places, left = 0, -padding
    while left + dilation * (k - 1) < n + padding:
        places += 1
        left += stride
    return places


right("2.2", "asking for the windows")(lambda n, k, p, s, d: len(range(0, n + 2 * p - d * (k - 1), s)))

# --- 2.3 convolution with padding and stride ---------------------------------------------------


def conv(x, w, b, padding, stride, framed=None, down=None, along=None, short=0):
    """The loops of a learner, with room for slips."""
    x = np.pad(np.asarray(x, float), padding) if framed is None else np.asarray(framed, float)
    k, down, along = len(w), down or stride, along or stride
    rows = (x.shape[0] - k) // down + 1 - short
    columns = (x.shape[1] - k) // along + 1 - short
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            out[i, j] = np.sum(x[i * down : i * down + k, j * along : j * along + k] * w) + b
    return out


wrong("2.3", "one side only: above and left")(lambda x, w, b, p, s: conv(x, w, b, p, s, np.pad(x, (p, 0))))
wrong("2.3", "one side only: below and right")(lambda x, w, b, p, s: conv(x, w, b, p, s, np.pad(x, (0, p))))
wrong("2.3", "padding is not used")(lambda x, w, b, p, s: conv(x, w, b, 0, s))
wrong("2.3", "repeats the border")(lambda x, w, b, p, s: conv(x, w, b, p, s, np.pad(x, p, "edge")))
wrong("2.3", "stride is not used")(lambda x, w, b, p, s: conv(x, w, b, p, 1))
wrong("2.3", "goes down only")(lambda x, w, b, p, s: conv(x, w, b, p, s, along=1))
wrong("2.3", "to the right only")(lambda x, w, b, p, s: conv(x, w, b, p, s, down=1))
wrong("2.3", "kernel is flipped")(lambda x, w, b, p, s: conv(x, np.rot90(w, 2), b, p, s))
wrong("2.3", "rows and columns are swapped")(lambda x, w, b, p, s: conv(x, w.T, b, p, s))
wrong("2.3", "bias is left out")(lambda x, w, b, p, s: conv(x, w, 0, p, s))
wrong("2.3", "bias is added once per weight")(lambda x, w, b, p, s: conv(x, w, b * w.size, p, s))
wrong("2.3", "a loop stops one short")(lambda x, w, b, p, s: conv(x, w, b, p, s, short=1))


@wrong("2.3", "uint8", "overflow")
def _(picture, weights, bias, padding, stride):
    picture = np.pad(picture, padding)
    k = len(weights)
    return [
        [
            sum(
                (picture[r + i, c + j] * weights[i, j] for i in range(k) for j in range(k)),
                start=picture.dtype.type(0),
            )
            + bias
            for c in range(0, picture.shape[1] - k + 1, stride)
        ]
        for r in range(0, picture.shape[0] - k + 1, stride)
    ]


@wrong("2.3", "numbers are right, the shape is not", label="Keras's axes left on")
def _(picture, weights, bias, padding, stride):
    return conv(picture, weights, bias, padding, stride)[None, :, :, None]


@wrong("2.3", "IndexError", "in line", label="places counted without the filter")
def convolve(picture, weights, bias, padding, stride):
    x = np.pad(picture, padding)
    out = np.zeros((x.shape[0] // stride, x.shape[1] // stride))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for a, b in itertools.product(range(len(weights)), repeat=2):
                out[i, j] += x[i * stride + a, j * stride + b] * weights[a, b]
    return out + bias


right("2.3", "loops")(conv)


@right("2.3", "Keras")
def _(picture, weights, bias, padding, stride):
    x = keras.layers.ZeroPadding2D(padding)(picture[None, :, :, None].astype("float32"))
    layer = keras.layers.Conv2D(1, weights.shape, strides=stride)
    layer.build(x.shape)
    layer.set_weights([weights[:, :, None, None], np.array([bias])])
    return layer(x)[0, :, :, 0]


@right("2.3", "shifted copies")
def _(picture, weights, bias, padding, stride):
    x, k = np.pad(picture.astype(float), padding), len(weights)
    rows, columns = x.shape[0] - k + 1, x.shape[1] - k + 1
    total = bias
    for (i, j), weight in np.ndenumerate(weights):
        total = total + float(weight) * x[i : i + rows, j : j + columns]
    return total[::stride, ::stride].tolist()


# --- 2.4 many channels, many filters -----------------------------------------------------------


def deep(x, w, b):
    """One sum for every place and filter."""
    k = w.shape[0]
    rows, columns = x.shape[0] - k + 1, x.shape[1] - w.shape[1] + 1
    out = np.zeros((rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            out[i, j] = np.tensordot(x[i : i + k, j : j + w.shape[1]], w, 3)
    return out + b


wrong("2.4", "only the first channel")(lambda x, w, b: deep(x[:, :, :1], w[:, :, :1], b))
wrong("2.4", "mean over the channels")(lambda x, w, b: deep(x, w, 0) / x.shape[2] + b)
wrong("2.4", "bias is added once per channel")(
    lambda x, w, b: sum(deep(x[..., d : d + 1], w[:, :, d : d + 1], b) for d in range(x.shape[2]))
)
wrong("2.4", "bias is added once per weight")(lambda x, w, b: deep(x, w, w[..., 0].size * b))
wrong("2.4", "bias is left out")(lambda x, w, b: deep(x, w, 0))
wrong("2.4", "first bias")(lambda x, w, b: deep(x, w, b[0]))
wrong("2.4", "kernel is flipped")(lambda x, w, b: deep(x, np.flip(w, (0, 1)), b))
wrong("2.4", "rows and columns are swapped")(lambda x, w, b: deep(x, np.swapaxes(w, 0, 1), b))
wrong("2.4", "added up into one map")(lambda x, w, b: deep(x, w, b).sum(2, keepdims=True))
wrong("2.4", "axis of the filters stands first")(lambda x, w, b: np.moveaxis(deep(x, w, b), 2, 0))
wrong("2.4", "shape (1, 1, 2)", label="a map for each channel")(
    lambda x, w, b: np.concatenate(
        [deep(x[..., d : d + 1], w[:, :, d : d + 1], b) for d in range(x.shape[2])], axis=2
    )
)
right("2.4", "tensordot")(deep)


@right("2.4", "loops")
def _(picture, weights, biases):
    k, _, depth, filters = weights.shape
    out = np.zeros((picture.shape[0] - k + 1, picture.shape[1] - k + 1, filters))
    for i, j, f in np.ndindex(out.shape):
        out[i, j, f] = biases[f]
        for a, b, d in np.ndindex(k, k, depth):
            out[i, j, f] += picture[i + a, j + b, d] * weights[a, b, d, f]
    return out


right("2.4", "Keras")(
    lambda x, w, b: keras.ops.conv(x[None].astype("float32"), w.astype("float32"))[0] + b.astype("float32")
)

# --- 2.5 how often each pixel is read ----------------------------------------------------------


def count(h, w, k, top, bottom, short=0):
    """Let each window add a one."""
    table = np.zeros((h + top + bottom, w + top + bottom), int)
    for i in range(table.shape[0] - k + 1 - short):
        for j in range(table.shape[1] - k + 1 - short):
            table[i : i + k, j : j + k] += 1
    return table[top : top + h, top : top + w]


wrong("2.5", "equally often")(lambda h, w, k, p: np.full((h, w), k * k))
wrong("2.5", "padding is not used")(lambda h, w, k, p: count(h, w, k, 0, 0))
wrong("2.5", "one side only: above and left")(lambda h, w, k, p: count(h, w, k, p, 0))
wrong("2.5", "one side only: below and right")(lambda h, w, k, p: count(h, w, k, 0, p))
wrong("2.5", "rows and columns are swapped")(lambda h, w, k, p: count(h, w, k, p, p).T)
wrong("2.5", "a loop stops one short")(lambda h, w, k, p: count(h, w, k, p, p, 1))
wrong("2.5", "frame is part of the answer")(lambda h, w, k, p: count(h + 2 * p, w + 2 * p, k, 0, 0))
wrong("2.5", "windows of one row")(lambda h, w, k, p: np.tile(count(h, w, k, p, p)[0], (h, 1)))
wrong("2.5", "one number", label="the number of windows")(
    lambda h, w, k, p: np.array((h - k + 1) * (w - k + 1))
)


@wrong("2.5", "Is a return missing?")
def _(height, width, k, padding):
    print(count(height, width, k, padding, padding))


right("2.5", "loops")(lambda h, w, k, p: count(h, w, k, p, p))


@right("2.5", "row counts times column counts")
def _(height, width, k, padding):
    def line(n):
        windows = [range(start, start + k) for start in range(-padding, n + padding - k + 1)]
        return [sum(place in window for window in windows) for place in range(n)]

    return np.outer(line(height), line(width))


@right("2.5", "a gradient")
def _(height, width, k, padding):
    import tensorflow as tf

    picture = tf.Variable(tf.zeros((1, height, width, 1)))
    with tf.GradientTape() as tape:
        framed = keras.layers.ZeroPadding2D(padding)(picture)
        total = tf.reduce_sum(keras.ops.conv(framed, np.ones((k, k, 1, 1), "float32")))
    return tape.gradient(total, picture)[0, :, :, 0]


# --- 2.6 the receptive field -------------------------------------------------------------------


def field(stack, own=False, less=1):
    """Walk up the stack."""
    width = step = 1
    for k, s in stack:
        width += (k - less) * step * (s if own else 1)
        step *= s
    return width


def added(stack):
    """Strides added up where they should be multiplied."""
    width = step = 1
    for k, s in stack:
        width += (k - 1) * step
        step += s - 1
    return width


wrong("2.6", "strides are not used")(lambda stack: 1 + sum(k - 1 for k, _ in stack))
wrong("2.6", "own stride")(lambda stack: field(stack, own=True))
wrong("2.6", "sizes are added up")(lambda stack: sum(k for k, _ in stack))
wrong("2.6", "sizes are multiplied")(lambda stack: math.prod(k for k, _ in stack))
wrong("2.6", "size less 1")(lambda stack: field(stack, less=0))
wrong("2.6", "strides are added up")(added)
wrong("2.6", "walked from the top")(lambda stack: field(list(reversed(stack))))
wrong("2.6", "only the last layer")(lambda stack: stack[-1][0])
wrong("2.6", "begin with is left out")(lambda stack: field(stack) - 1)
wrong("2.6", "changed its input number 1", label="a stack that is used up")(
    lambda stack: field([stack.pop(0) for _ in range(len(stack))])
)
right("2.6", "walking up")(field)


@right("2.6", "walking down")
def _(stack):
    width = 1
    for size, stride in reversed(stack):
        width = (width - 1) * stride + size
    return width


@right("2.6", "by the pixels that matter")
def _(stack):
    first, last = 0, 0
    for size, stride in stack[::-1]:
        first, last = first * stride, last * stride + size - 1
    return np.array(last - first + 1)


# --- 2.7 the dark wall -------------------------------------------------------------------------

SAID = "The frame of zeros looks like a dark wall to the left of the picture."


def walls(frame=1):
    """The map of Sobel x on the framed photograph."""
    with np.load(DATA) as photos:
        grey = np.rint(photos["coffee"] @ [299, 587, 114] / 1000)
    return conv(grey, np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), 0, frame, 1)


MAP = walls()
SIZE = np.abs(MAP)
INSIDE = SIZE[1:-1, 1:-1].mean()
wrong("2.7", "upside down")((INSIDE / SIZE[:, 0].mean(), SAID))
wrong("2.7", "first row")((SIZE[0].mean() / INSIDE, SAID))
wrong("2.7", "no frame")((np.abs(walls(0))[:, 0].mean() / INSIDE, SAID))
wrong("2.7", "whole map")((SIZE[:, 0].mean() / SIZE.mean(), SAID))
wrong("2.7", "signs are kept")((MAP[:, 0].mean() / MAP[1:-1, 1:-1].mean(), SAID))
wrong("2.7", "difference")((SIZE[:, 0].mean() - INSIDE, SAID))
wrong("2.7", "Now the sentence")((SIZE[:, 0].mean() / INSIDE, "Dark."))
right("2.7", "the starter's beginning")(
    (SIZE[:, 0].mean() / INSIDE, "In the first column the filter sees a wall")
)
wrong("2.7", "one number", label="a column")((SIZE[:, 0] / INSIDE, SAID))
right("2.7", "measured")((SIZE[:, 0].mean() / INSIDE, SAID))
right("2.7", "rounded")([round(SIZE[:, 0].mean() / INSIDE, 2), SAID])
wrong("2.7", "expected: 10.61", label="without the corners")((SIZE[1:-1, 0].mean() / INSIDE, SAID))
wrong("2.7", "expected: 10.61", label="two pixels from the frame")(
    (SIZE[:, 0].mean() / SIZE[2:-2, 2:-2].mean(), SAID)
)
