"""Chapter 3: wrong answers that learners give, and right ones in different styles."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from answers import DATA, right, wrong

# --- 3.1 change the bias -----------------------------------------------------------------------

wrong("3.1", "before the bias")((-150, -48, 231, 500))
wrong("3.1", "ReLU is left out")((-208, -48, 231, 500))
wrong("3.1", "bias is left out")((0, 102, 381, 650))
wrong("3.1", "old bias")((0, 2, 281, 550))
wrong("3.1", "with a plus")((92, 252, 531, 800))
wrong("3.1", "absolute value")((208, 48, 231, 500))
wrong("3.1", "only the negative sums")((0, 102, 231, 500))
wrong("3.1", "expected: 4 results", "3", label="zeros left out")((0, 231, 500))
right("3.1", "a list")([0, 0, 231, 500])
right("3.1", "computed")(np.maximum(0.0, np.array([-58, 102, 381, 650]) - 150))

# --- 3.2 how much goes dark --------------------------------------------------------------------

SAID = "At these places the gate is closed and no gradient gets through."
with np.load(DATA) as photos:
    GREY = np.rint(photos["coffee"] @ [299, 587, 114] / 1000)
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
WINDOWS = sliding_window_view(GREY, (3, 3))
SUMS = np.einsum("rcij,ij->rc", WINDOWS, SOBEL)
wrong("3.2", "share above zero")((np.mean(SUMS - 50 > 0), SAID))
wrong("3.2", "bias is left out")((np.mean(np.maximum(SUMS, 0) == 0), SAID))
wrong("3.2", "wrong sign")((np.mean(np.maximum(SUMS + 50, 0) == 0), SAID))
wrong("3.2", "Sobel y")((np.mean(np.einsum("rcij,ij->rc", WINDOWS, SOBEL.T) <= 50), SAID))
wrong("3.2", "number of places")((int(np.sum(SUMS <= 50)), SAID))
wrong("3.2", "in percent")((100 * np.mean(SUMS <= 50), SAID))
wrong("3.2", "exactly 0")((np.mean(SUMS - 50 == 0), SAID))
wrong("3.2", "Now the sentence", label="no sentence")((np.mean(SUMS <= 50), ""))
wrong("3.2", "one number", label="the map")((np.maximum(SUMS - 50, 0), SAID))
right("3.2", "measured")((np.mean(SUMS <= 50), SAID))
right("3.2", "rounded")([round(float(np.mean(SUMS <= 50)), 3), SAID])
wrong("3.2", "expected: 0.893", label="a sum of exactly 0 left out")((np.mean(SUMS < 50), SAID))
right("3.2", "two words of its own")((np.mean(SUMS <= 50), "At these places no gradient"))

# --- 3.3 back through a hidden layer ------------------------------------------------------------


def back(gate, picture=lambda x: x):
    """Both gradients, for a gate made from z and upper."""

    def gradients(x, w, b, u):
        above = gate(x @ w + b, u)
        return np.outer(picture(x), above), above

    return gradients


wrong("3.3", "open at zero")(back(lambda z, u: np.where(z >= 0, u, 0)))
wrong("3.3", "gate is missing")(back(lambda z, u: u.copy()))
wrong("3.3", "weights above are not")(back(lambda z, u: np.where(z > 0, 1, 0)))
wrong("3.3", "what left the ReLU")(back(lambda z, u: np.maximum(z, 0) * u))
wrong("3.3", "wrong way round")(back(lambda z, u: np.where(z < 0, u, 0)))
wrong("3.3", "sign of upper")(back(lambda z, u: np.maximum(u, 0)))
wrong("3.3", "picture is left out")(back(lambda z, u: (z > 0) * u, np.ones_like))
wrong("3.3", "biases are left out")(lambda x, w, b, u: back(lambda z, u: (z > 0) * u)(x, w, 0 * b, u))
wrong("3.3", "one row a pixel", label="turned")(
    lambda x, w, b, u: (np.outer((x @ w + b > 0) * u, x), (x @ w + b > 0) * u)
)
wrong("3.3", "changed places")(lambda x, w, b, u: back(lambda z, u: (z > 0) * u)(x, w, b, u)[::-1])
wrong("3.3", "expected: 2 results", label="the weights alone")(
    lambda x, w, b, u: np.outer(x, (x @ w + b > 0) * u)
)
wrong("3.3", "stopped", "ValueError", label="product the wrong way round")(
    lambda x, w, b, u: (np.outer(x, (w @ x + b > 0) * u), u)
)
right("3.3", "NumPy")(lambda x, w, b, u: (np.outer(x, u * (x @ w + b > 0)), u * (x @ w + b > 0)))


@right("3.3", "loops")
def _(picture, weights, biases, upper):
    by_weight, by_bias = np.zeros(weights.shape), np.zeros(len(biases))
    for unit in range(len(biases)):
        z = biases[unit]
        for pixel, weight in zip(picture, weights[:, unit], strict=True):
            z += pixel * weight
        if z > 0:
            by_bias[unit] = upper[unit]
            by_weight[:, unit] = picture * upper[unit]
    return by_weight, by_bias


@right("3.3", "automatic")
def _(picture, weights, biases, upper):
    import tensorflow as tf

    weights, biases = tf.Variable(weights), tf.Variable(biases)
    with tf.GradientTape() as tape:
        z = tf.linalg.matvec(weights, picture, transpose_a=True) + biases
        out = tf.reduce_sum(tf.nn.relu(z) * upper)
    return tape.gradient(out, (weights, biases))


# --- 3.4 two layers of one ---------------------------------------------------------------------

EDGES = np.outer([1, 2, 1], [-1, 0, 1])
BLUR = np.outer([1, 2, 1], [1, 2, 1])
wrong("3.4", "Together they are -1 times", label="one sign turned")((EDGES, -EDGES))
wrong("3.4", "Together they are 0.0625 times", label="each a quarter")((EDGES / 4, EDGES / 4))
wrong("3.4", "changed places", label="Sobel y twice")((EDGES.T, EDGES.T))
wrong("3.4", "From top to bottom it fits", label="the chapter's pair: blur and Sobel")((BLUR, EDGES))
wrong("3.4", "From left to right it fits", label="no blur")(
    (np.outer([0, 1, 0], [-1, 0, 1]), np.outer([0, 1, 0], [-1, 0, 1]))
)
wrong("3.4", "expected: -12", "came:     0", label="zeros")((np.zeros((3, 3)), np.zeros((3, 3))))
wrong("3.4", "two shapes (3, 3)", "(1, 3) and (5, 3)", label="18 weights in other shapes")(
    ([[-1, 0, 1]], np.outer([1, 4, 6, 4, 1], [-1, 0, 1]))
)
wrong("3.4", "two shapes (3, 3)", "(5, 5)", label="the filter and a point")(
    (np.outer([1, 4, 6, 4, 1], [1, 0, -2, 0, 1]), np.eye(1))
)
wrong("3.4", "two 3x3 filters", label="one filter")(lambda: EDGES)
wrong("3.4", "two 3x3 filters", label="words")(lambda: ("Sobel", "Sobel"))
wrong("3.4", "stopped", label="one filter, squared as a matrix")(lambda: EDGES @ np.ones((5, 5)))
wrong("3.4", "finite", label="no number")((EDGES, EDGES * np.nan))
right("3.4", "Sobel twice")((EDGES, EDGES))
right("3.4", "lists, shared out otherwise")(
    [[[1, -2, 1], [2, -4, 2], [1, -2, 1]], [[1, 2, 1], [2, 4, 2], [1, 2, 1]]]
)
right("3.4", "one half large, one small")((EDGES * 8.0, EDGES / 8))

# --- 3.5 a gate that opens and shuts -------------------------------------------------------------

wrong("3.5", "all zero", label="no bias")(lambda p, w: np.zeros(w.shape[1]))
wrong("3.5", "sign is turned")(lambda p, w: np.median(p @ w, axis=0))
wrong("3.5", "one large sum moves it", label="the mean")(lambda p, w: -(p @ w).mean(axis=0))
wrong("3.5", "smallest and the largest", label="the middle of the range")(
    lambda p, w: -((p @ w).max(axis=0) + (p @ w).min(axis=0)) / 2
)
wrong("3.5", "each needs its own", label="one median for all")(
    lambda p, w: np.full(w.shape[1], -np.median(p @ w))
)
wrong("3.5", ", one a unit", label="the wrong axis")(lambda p, w: -np.median(p @ w, axis=1))
wrong("3.5", ", one a unit", label="one number")(lambda p, w: 0)
wrong("3.5", "open for 1 to 1", label="the largest sum opens nothing")(lambda p, w: -(p @ w).max(axis=0))
wrong("3.5", "open for 2 to 3", "open for 1", label="the largest sum alone opens")(
    lambda p, w: -np.sort(p @ w, axis=0)[-2]
)
wrong("3.5", "5 patches, 1 unit", "open for 5", label="the median patch")(
    lambda p, w: -np.median(p, axis=0) @ w
)
wrong("3.5", "finite", label="infinite")(lambda p, w: np.full(w.shape[1], np.inf))
wrong("3.5", "stopped", "ValueError", label="product the wrong way round")(
    lambda p, w: -np.median(w.T @ p, axis=0)
)


@right("3.5", "sorted")
def _(patches, weights):
    sums = np.sort(patches @ weights, axis=0)
    return -(sums[len(sums) // 2 - 1] + sums[len(sums) // 2]) / 2


@right("3.5", "loops")
def _(patches, weights):
    biases = []
    for column in weights.T:
        sums = sorted(float(patch @ column) for patch in patches)
        biases.append(-sums[(len(sums) - 1) // 2])
    return biases


right("3.5", "a quantile")(lambda p, w: -np.quantile(p @ w, 0.6, axis=0))

# --- 3.6 a curve from hinges --------------------------------------------------------------------

QUARTERS = (0, 0.25, 0.5, 0.75)
wrong("3.6", "to within 0.02", label="nothing but the start")((0.3, []))
wrong("3.6", "four hinges at most", "came:     8")(
    (0.0, [(k / 8, 0.125 if k == 0 else 0.25) for k in range(8)])
)
wrong("3.6", "slope after the hinge")((0.0, list(zip(QUARTERS, (0.25, 0.75, 1.25, 1.75), strict=True))))
wrong("3.6", "turns have the wrong sign")((0.0, list(zip(QUARTERS, (-0.25, -0.5, -0.5, -0.5), strict=True))))
wrong("3.6", "places have the wrong sign")(
    (0.0, list(zip((0, -0.25, -0.5, -0.75), (0.25, 0.5, 0.5, 0.5), strict=True)))
)
wrong("3.6", "changed places")((0.0, list(zip((0.25, 0.5, 0.5, 0.5), QUARTERS, strict=True))))
wrong("3.6", "to within 0.02", label="three hinges")(
    (0.0, [(k / 3, 1 / 3 if k == 0 else 2 / 3) for k in range(3)])
)
wrong("3.6", "finite", label="no number")((0.0, [(0, float("nan"))]))
for words, first in (
    ("complex", 0.25 + 1j),
    ("NumPy's complex", np.complex64(0.25 + 1j)),
    ("words", "0.25"),
    ("bytes", b"0.25"),
):
    wrong("3.6", "(a number, [(place, turn), ...])", label=f"a turn of {words}")(
        (0.0, list(zip(QUARTERS, (first, 0.5, 0.5, 0.5), strict=True)))
    )
wrong("3.6", "(a number, [(place, turn), ...])", label="no start")([(0, 0.25), (0.25, 0.5), (0.5, 0.5)])
wrong("3.6", "(a number, [(place, turn), ...])", label="words")("x squared")
right("3.6", "by quarters")((0, [(0, 0.25), (0.25, 0.5), (0.5, 0.5), (0.75, 0.5)]))
right("3.6", "lowered by half of the gap")(
    (-1 / 128, list(zip(QUARTERS, (0.25, 0.5, 0.5, 0.5), strict=True)))
)
right("3.6", "lowered, three hinges")([-1 / 72, [(k / 3, 1 / 3 if k == 0 else 2 / 3) for k in range(3)]])
right("3.6", "a table")((0.0, np.array([[0.75, 0.5], [0.5, 0.5], [0.25, 0.5], [0, 0.25]])))
right("3.6", "from the line to the left of zero")((-0.25, [(-1, 0.25), (0.25, 0.5), (0.5, 0.5), (0.75, 0.5)]))
