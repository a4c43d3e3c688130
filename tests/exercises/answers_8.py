"""Chapter 8: wrong answers that learners give, and right ones in different styles."""

import numpy as np

from answers import right, wrong

# --- 8.1 change two numbers and go back ----------------------------------------------------------

wrong("8.1", "first class is still")((-2, 0.5, 0, -0.5, 0.5))
wrong("8.1", "pixel is still 3")((0, -0.5, 0, 0.5, -0.5))
wrong("8.1", "nothing has changed")((0, 0.5, 0, -0.5, 0.5))
wrong("8.1", "ReLU is closed")((0, -0.5, 0, -0.5, -1.5))
wrong("8.1", "half of the second winner")((2, -1, 0, 0, -1))
wrong("8.1", "rows and columns")((2, 0, -0.5, 0.5, -0.5))
wrong("8.1", "expected: 5 results", label="no bias")((2, -0.5, 0, 0.5))
right("8.1", "a list")([2, -0.5, 0, 0.5, -0.5])
right("8.1", "a table")(np.array([2, -0.5, 0, 0.5, -0.5]))

# --- 8.2 a gradient through a convolution --------------------------------------------------------


def sent(picture, kernel, above, flip=False, last=False):
    """(by weights, by pixels), by loops, or by other rules."""
    weights, pixels = np.zeros(kernel.shape), np.zeros(picture.shape)
    for r in range(above.shape[0]):
        for c in range(above.shape[1]):
            for i in range(kernel.shape[0]):
                for j in range(kernel.shape[1]):
                    weights[i, j] += above[r, c] * picture[r + i, c + j]
                    value = kernel[-1 - i, -1 - j] if flip else kernel[i, j]
                    if last:
                        pixels[r + i, c + j] = 0
                    pixels[r + i, c + j] += above[r, c] * value
    return weights, pixels


wrong("8.2", "flipped on the way")(lambda p, k, a: sent(p, k, a, flip=True))
wrong("8.2", "weights' gradient is flipped")(lambda p, k, a: (sent(p, k, a)[0][::-1, ::-1], sent(p, k, a)[1]))
wrong("8.2", "add them up", label="the mean")(lambda p, k, a: (sent(p, k, a)[0] / a.size, sent(p, k, a)[1]))
wrong("8.2", "last one wins")(lambda p, k, a: sent(p, k, a, last=True))
wrong("8.2", "changed places")(lambda p, k, a: sent(p, k, a)[::-1])
wrong("8.2", "expected", label="the weights alone")(lambda p, k, a: sent(p, k, a)[0])
right("8.2", "four loops")(lambda picture, kernel, above: sent(picture, kernel, above))


@right("8.2", "padded")
def _(picture, kernel, above):
    windows = np.lib.stride_tricks.sliding_window_view
    by_weights = np.einsum("rc,ijrc->ij", above, windows(picture, above.shape))
    rows, columns = kernel.shape
    padded = np.pad(above, ((rows - 1, rows - 1), (columns - 1, columns - 1)))
    by_pixels = np.einsum("rcij,ij->rc", windows(padded, kernel.shape), kernel[::-1, ::-1])
    return [by_weights, by_pixels]


# --- 8.3 fold the normalisation ------------------------------------------------------------------

wrong("8.3", "not by its root")(lambda w, s, o, m, v, e: (w * s / (v + e), o - m * s / (v + e)))
wrong("8.3", "epsilon is missing")(
    lambda w, s, o, m, v, e: (
        w * np.divide(s, np.sqrt(v), where=v > 0, out=np.full(s.shape, np.inf)),
        o - m * np.divide(s, np.sqrt(v), where=v > 0, out=np.full(s.shape, np.inf)),
    )
)
wrong("8.3", "added to the root")(
    lambda w, s, o, m, v, e: (w * s / (np.sqrt(v) + e), o - m * s / (np.sqrt(v) + e))
)
wrong("8.3", "mean is added")(lambda w, s, o, m, v, e: (w * s / np.sqrt(v + e), o + m * s / np.sqrt(v + e)))
wrong("8.3", "mean is not scaled")(lambda w, s, o, m, v, e: (w * s / np.sqrt(v + e), o - m))
wrong("8.3", "missing in the biases")(lambda w, s, o, m, v, e: (w * s / np.sqrt(v + e), o))
wrong("8.3", "weights are not scaled")(lambda w, s, o, m, v, e: (w, o - m * s / np.sqrt(v + e)))
wrong("8.3", "learned scale is missing")(
    lambda w, s, o, m, v, e: (w / np.sqrt(v + e), o - m / np.sqrt(v + e))
)
right("8.3", "one factor")(lambda w, s, o, m, v, e: (w * (s / (v + e) ** 0.5), o - m * (s / (v + e) ** 0.5)))


@right("8.3", "filter by filter")
def _(weights, scale, offset, mean, variance, epsilon):
    new, biases = weights.astype(float), []
    for k in range(weights.shape[-1]):
        factor = scale[k] / np.sqrt(variance[k] + epsilon)
        new[..., k] *= factor
        biases.append(offset[k] - factor * mean[k])
    return [new, np.array(biases)]


# --- 8.4 what skips do to the size ---------------------------------------------------------------

SAID = "Every block adds something as large as what came in, so the squares add up."
RNG = np.random.default_rng(0)
SIGNAL = RNG.normal(size=(200, 64))
BLOCKS = RNG.normal(0, np.sqrt(2 / 64), size=(10, 64, 64))


def grown(skip=1, count=10, relu=True):
    """Mean square after the blocks, divided by the one before."""
    after = SIGNAL
    for weights in BLOCKS[:count]:
        after = skip * after + (np.maximum(0, after) if relu else after) @ weights
    return np.mean(after**2) / np.mean(SIGNAL**2)


wrong("8.4", "take its root")((grown(), SAID))
wrong("8.4", "skips are missing")((grown(skip=0) ** 0.5, SAID))
wrong("8.4", "ReLU is missing")((grown(relu=False) ** 0.5, SAID))
wrong("8.4", "one block is missing")((grown(count=9) ** 0.5, SAID))
wrong("8.4", "before was divided")((grown() ** -0.5, SAID))
wrong("8.4", "Now the sentence", label="no sentence")((grown() ** 0.5, ""))
wrong("8.4", "(a number, a sentence)", label="the number alone")(grown() ** 0.5)
right("8.4", "measured")((grown() ** 0.5, SAID))
right("8.4", "rounded")([round(grown() ** 0.5, 1), SAID])

# --- 8.5 deep on a budget ------------------------------------------------------------------------


def plan(depth, strided, wide, inner=8, last=32):
    """Layers: the first `wide` are 3x3, the first `strided` step by 2."""
    sizes = [(3 if n < wide else 1, 2 if n < strided else 1, inner) for n in range(depth - 1)]
    return [*sizes, (1, 1, last)]


wrong("8.5", "values at most", label="no stride")(lambda s, d, r, w, v: plan(d, 0, d))
wrong("8.5", "a reach of", label="1x1 alone")(lambda s, d, r, w, v: plan(d, 2, 0))
wrong("8.5", "weights at most", label="32 filters everywhere")(lambda s, d, r, w, v: plan(d, 2, d, inner=32))
wrong("8.5", "32 filters of the last layer", label="ends with 8")(lambda s, d, r, w, v: plan(d, 2, d, last=8))
wrong("8.5", "Filters are whole numbers", label="too narrow")(lambda s, d, r, w, v: plan(d, 2, d, inner=4))
wrong("8.5", "Sizes are 1 or 3", label="5x5")(lambda s, d, r, w, v: [(5, 2, 8), (1, 1, 32)])
wrong("8.5", "layers at least", label="one layer")(lambda s, d, r, w, v: [(3, 1, 32)])
wrong("8.5", "a list of (size, stride, filters)", label="sizes alone")(lambda s, d, r, w, v: [3, 3])


def costs(layers, side):
    """(reach, weights, values) of a stack."""
    reach = step = 1
    channels, weights, values = 3, 0, 0
    for size, stride, filters in layers:
        reach, step, side = reach + (size - 1) * step, step * stride, (side + stride - 1) // stride
        weights, channels, values = (
            weights + size * size * channels * filters,
            filters,
            values + side * side * filters,
        )
    return reach, weights, values


@right("8.5", "every mixture")
def _(side, depth, reach, weights, values):
    for strided in range(depth):
        for wide in range(depth + 1):
            layers = plan(depth, strided, wide)
            got = costs(layers, side)
            if got[0] >= reach and got[1] <= weights and got[2] <= values:
                return layers


@right("8.5", "from the deepest reach down")
def _(side, depth, reach, weights, values):
    for wide in reversed(range(depth)):
        for strided in reversed(range(depth)):
            layers = plan(depth, strided, wide)
            got = costs(layers, side)
            if got[0] >= reach and got[1] <= weights and got[2] <= values:
                return tuple(layers)
