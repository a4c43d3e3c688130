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

# --- 4.2 pictures of many sizes ----------------------------------------------------------------


def by_size(maps, sizes, divisor):
    """Sums over whole maps, divided by what the sizes say."""
    sums = np.asarray(maps, float).sum(axis=(1, 2))
    return sums / np.array([[divisor(h, w)] for h, w in sizes])


wrong("4.2", "the filling is counted")(lambda m, s: m.mean(axis=(1, 2)))
wrong("4.2", "the filling is counted", label="Keras alone")(
    lambda m, s: keras.layers.GlobalAveragePooling2D()(m.astype("float32"))
)
wrong("4.2", "real zeros are taken for filling")(
    lambda m, s: m.sum(axis=(1, 2)) / np.maximum(np.count_nonzero(m, axis=(1, 2)), 1)
)
wrong("4.2", "size of the first")(lambda m, s: by_size(m, [s[0]] * len(m), lambda h, w: h * w))
wrong("4.2", "not divided")(lambda m, s: by_size(m, s, lambda h, w: 1))
wrong("4.2", "rows alone")(lambda m, s: by_size(m, s, lambda h, w: h))
wrong("4.2", "added up, not multiplied")(lambda m, s: by_size(m, s, lambda h, w: h + w))
wrong("4.2", "rows and columns of the sizes are swapped")(
    lambda m, s: np.array(
        [each[:w, :h].sum((0, 1)) / (h * w) for each, (h, w) in zip(m * 1.0, s, strict=True)]
    )
)
wrong("4.2", "channels are averaged as well")(lambda m, s: by_size(m, s, lambda h, w: h * w).mean(axis=1))
wrong("4.2", "the largest values")(lambda m, s: m.max(axis=(1, 2)))
wrong("4.2", "all pictures are averaged together")(
    lambda m, s: by_size(m, s, lambda h, w: h * w).mean(axis=0)
)
wrong("4.2", "uint8", "overflow")(
    lambda m, s: m.sum(axis=(1, 2), dtype=m.dtype) / np.prod(s, axis=1, keepdims=True)
)
right("4.2", "sums")(lambda m, s: by_size(m, s, lambda h, w: h * w))
right("4.2", "Keras, corrected")(
    lambda m, s: (
        keras.layers.GlobalAveragePooling2D()(m.astype("float32"))
        * m.shape[1]
        * m.shape[2]
        / s.prod(axis=1, keepdims=True).astype("float32")
    )
)


@right("4.2", "loops")
def _(maps, sizes):
    out = []
    for picture, (rows, columns) in zip(maps, sizes, strict=True):
        total = np.zeros(maps.shape[3])
        for r in range(rows):
            for c in range(columns):
                total += picture[r, c]
        out.append(total / (rows * columns))
    return np.array(out)


# --- 4.3 back through pooling and ReLU ---------------------------------------------------------


def back(z, above, size, stride, share, add=True, gate=np.greater):
    """Send a gradient back."""
    result = np.zeros(z.shape)
    for r in range(above.shape[0]):
        for c in range(above.shape[1]):
            window = z[r * stride : r * stride + size, c * stride : c * stride + size]
            part = share(window) * above[r, c]
            target = result[r * stride : r * stride + size, c * stride : c * stride + size]
            target[...] = target + part if add else np.where(part != 0, part, target)
    return result * gate(z, 0)


def wins(window):
    """The winner."""
    return 1.0 * (window == window.max())


def everybody(z, _):
    """No ReLU in the way."""
    return np.ones(z.shape)


wrong("4.3", "the ReLU is forgotten")(lambda z, a, k, s: back(z, a, k, s, wins, gate=everybody))
wrong("4.3", "at 0 the gradient passes")(lambda z, a, k, s: back(z, a, k, s, wins, gate=np.greater_equal))
wrong("4.3", "every positive value")(lambda z, a, k, s: back(z, a, k, s, lambda w: np.ones(w.shape)))
wrong("4.3", "as in mean pooling")(lambda z, a, k, s: back(z, a, k, s, lambda w: np.ones(w.shape) / w.size))
wrong("4.3", "replaces the first")(lambda z, a, k, s: back(z, a, k, s, wins, add=False))
wrong("4.3", "gets 1")(lambda z, a, k, s: back(z, a * 0 + 1, k, s, wins))
wrong("4.3", "winner's value")(lambda z, a, k, s: back(z, a, k, s, lambda w: wins(w) * w))
wrong("4.3", "side by side")(lambda z, a, k, s: back(z, a, k, k, wins))
wrong("4.3", "shape (1, 1)", label="the pooled gradient came back")(lambda z, a, k, s: a)
wrong("4.3", "expected", "came", label="all zeros of a dark window get it")(
    lambda z, a, k, s: back(np.maximum(z, 0), a, k, s, wins, gate=everybody)
)
right("4.3", "loops")(lambda z, a, k, s: back(z, a, k, s, wins))


@right("4.3", "automatic")
def _(z, above, size, stride):
    import tensorflow as tf

    batch = tf.Variable(z[None, :, :, None] * 1.0)
    with tf.GradientTape() as tape:
        pooled = tf.nn.max_pool2d(tf.nn.relu(batch), size, stride, "VALID")
        total = tf.reduce_sum(pooled[0, :, :, 0] * above)
    return tape.gradient(total, batch)[0, :, :, 0]


@right("4.3", "lowering each value")
def _(z, above, size, stride):
    def total(table):
        windows = sliding_window_view(np.maximum(table, 0), (size, size))[::stride, ::stride]
        return np.sum(above * windows.max(axis=(2, 3))[: above.shape[0], : above.shape[1]])

    slopes = np.zeros(z.shape)
    for place in np.ndindex(z.shape):
        lowered = z * 1.0
        lowered[place] -= 1e-4
        slopes[place] = (total(z) - total(lowered)) / 1e-4
    return slopes


# --- 4.4 which pixels did it see? --------------------------------------------------------------


def walk(layers, place, grow=lambda size: size - 1, step=lambda size, stride: stride):
    """From the last map down to the picture."""
    first = last = place
    for size, stride in layers:
        first = first * step(size, stride)
        last = last * step(size, stride) + grow(size)
    return first, last


def sight(layers):
    """How many pixels one place sees."""
    return walk(layers[::-1], 0)[1] + 1


wrong("4.4", "one too far")(lambda layers, n: (walk(layers[::-1], n)[0], walk(layers[::-1], n)[1] + 1))
wrong("4.4", "begin at the last map")(walk)
wrong("4.4", "strides are not used")(lambda layers, n: (n, n + sum(k - 1 for k, _ in layers)))
wrong("4.4", "taken for its stride")(lambda layers, n: walk(layers[::-1], n, step=lambda size, stride: size))
wrong("4.4", "size less one")(lambda layers, n: walk(layers[::-1], n, grow=lambda size: size))
wrong("4.4", "sizes are not used")(lambda layers, n: walk(layers[::-1], n, grow=lambda size: 0))
wrong("4.4", "the place is not used")(lambda layers, n: (0, sight(layers) - 1))
wrong("4.4", "the number of pixels")(lambda layers, n: (walk(layers[::-1], n)[0], sight(layers)))
wrong("4.4", "whatever the strides")(lambda layers, n: (n, n + sight(layers) - 1))
wrong("4.4", "as with padding")(
    lambda layers, n: tuple(each - (sight(layers) - 1) // 2 for each in walk(layers[::-1], n))
)
wrong("4.4", "2 results", label="the width alone")(lambda layers, n: sight(layers))
right("4.4", "down the stack")(lambda layers, n: walk(layers[::-1], n))


@right("4.4", "with the rule of chapter 2")
def _(layers, place):
    width, step = 1, 1
    for size, stride in layers:
        width += (size - 1) * step
        step *= stride
    return place * step, place * step + width - 1


# --- 4.5 blur before you step ------------------------------------------------------------------

SAID = "More of what it reads is the same as before the shift."
with np.load(DATA) as photos:
    GREY = np.rint(photos["coffee"] @ [299, 587, 114] / 1000)
SUMS = np.einsum("rcij,ij->rc", sliding_window_view(GREY, (3, 3)), [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
TENT = np.outer([1, 2, 1], [1, 2, 1])


def largest(m, side=2):
    """The max at every place."""
    return sliding_window_view(m, (side, side)).max(axis=(2, 3))


def soft(m, weights=TENT):
    """A weighted sum over 3x3; what the weights add up to does not matter here."""
    return np.einsum("rcij,ij->rc", sliding_window_view(m, (3, 3)), weights)


RECTIFIED = np.maximum(SUMS, 0)


def changed(way, sums=RECTIFIED):
    """The change from the first crop to the second."""
    first, second = (way(sums[:128, left : left + 192]) for left in (16, 15))
    return np.linalg.norm(second - first) / np.linalg.norm(first)


CHANGE = changed(lambda m: soft(largest(m))[::2, ::2])
wrong("4.5", "nothing is blurred")((changed(lambda m: largest(m)[::2, ::2]), SAID))
wrong("4.5", "no max is taken")((changed(lambda m: soft(m)[::2, ::2]), SAID))
wrong("4.5", "the max after it")((changed(lambda m: largest(soft(m))[::2, ::2]), SAID))
wrong("4.5", "all equal")((changed(lambda m: soft(largest(m), np.ones((3, 3)))[::2, ::2]), SAID))
wrong("4.5", "over 3x3")((changed(lambda m: soft(largest(m, 3))[::2, ::2]), SAID))
wrong("4.5", "every place is kept")((changed(lambda m: soft(largest(m))), SAID))
wrong("4.5", "lie side by side")((changed(lambda m: soft(largest(m)[::2, ::2])), SAID))
wrong("4.5", "ReLU is left out")((changed(lambda m: soft(largest(m))[::2, ::2], SUMS), SAID))
wrong("4.5", "in percent")((100 * CHANGE, SAID))
wrong("4.5", "Now the sentence", label="no sentence")((CHANGE, "Blurred."))
wrong("4.5", "one number", label="the map")((SUMS, SAID))
right("4.5", "measured")((CHANGE, SAID))
right("4.5", "rounded")([round(float(CHANGE), 3), SAID])

# --- 4.6 the front end -------------------------------------------------------------------------


def ending(filters, *layers):
    """Layers, with as many filters in the last as are asked for."""
    return [*layers, ("conv", 3, 1, filters)]


HALVES = [("conv", 3, 2, 8), ("conv", 3, 2, 16), ("conv", 3, 2, 16), ("conv", 3, 2, 16)]
wrong("4.6", "6x6", "came:     12x12", label="one step too few")(lambda r, f, w: ending(f, *HALVES[:3]))
wrong("4.6", "32 channels", "came:     16", label="the channels of the end are forgotten")(
    lambda r, f, w: HALVES
)
wrong("4.6", "a reach of 120 pixels", "came:     63", label="one front end for all")(
    lambda r, f, w: ending(f, *HALVES)
)
wrong("4.6", "2,000,000 multiplications at most", label="convolve everywhere, then pool")(
    lambda r, f, w: ending(f, *[("conv", 3, 1, 16), ("pool", 3, 2)] * 4)
)
wrong("4.6", "2,000,000 multiplications at most", label="one large filter")(
    lambda r, f, w: ending(f, ("conv", 31, 2, 8), *HALVES[1:])
)
wrong("4.6", "2,000,000 multiplications at most", label="wide from the start")(
    lambda r, f, w: [("conv", 3, 2, f)] * 4
)
wrong("4.6", "it has to read more than it steps over", label="pooling over 2x2")(
    lambda r, f, w: ending(f, *[("conv", 3, 2, 8), ("pool", 2, 2)] * 2)
)
wrong("4.6", "has stride 16; 2 is the most")(lambda r, f, w: [("conv", 31, 16, f)])
wrong("4.6", "pools what comes from a picture")(lambda r, f, w: ending(f, *[("pool", 3, 2)] * 4))
wrong("4.6", "pools what comes from a pool")(
    lambda r, f, w: ending(f, ("conv", 3, 2, 8), *[("pool", 3, 2)] * 3)
)
wrong("4.6", "1 filters of 3x3", label="too narrow")(lambda r, f, w: ending(f, *[("conv", 3, 2, 1)] * 4))
wrong("4.6", "8 filters of 1x1", label="too small")(lambda r, f, w: ending(f, ("conv", 1, 1, 8)))
wrong("4.6", 'layer 1 as ("conv", size, stride, filters)', label="numbers alone")(lambda r, f, w: [(3, 2, 8)])
wrong("4.6", "a list of layers", label="nothing")(lambda r, f, w: None)
wrong("4.6", "whole numbers", label="half a filter")(lambda r, f, w: [("conv", 3, 2, 8.5)])
wrong("4.6", "whole numbers", label="a word for a size")(lambda r, f, w: [("conv", "3x3", 2, 8)])


@right("4.6", "strides alone")
def _(reach, filters, work):
    layers = list(HALVES)
    while 31 + 32 * (len(layers) - 3) < reach:
        layers.append(("conv", 3, 1, 8))
    return [*layers, ["conv", 3, 1, filters]]


@right("4.6", "larger filters at the end")
def _(reach, filters, work):
    size = 3
    while 31 + 16 * (size - 1) + 32 < reach:
        size += 2
    return ending(filters, *[("conv", 3, 2, 8), ("pool", 3, 2)] * 2, ("conv", size, 1, 8))
