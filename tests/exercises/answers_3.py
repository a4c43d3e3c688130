"""Chapter 3: wrong answers that learners give, and right ones in different styles."""

import keras
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import convolve2d

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

# --- 3.2 ReLU ----------------------------------------------------------------------------------

wrong("3.2", "absolute value")(lambda z: abs(z))
wrong("3.2", "negative side is kept")(lambda z: np.minimum(0, z))
wrong("3.2", "gate came back")(lambda z: (z > 0).astype(int))
wrong("3.2", "nothing is set to zero")(lambda z: z)
wrong("3.2", "cut off at 1")(lambda z: np.minimum(1, np.maximum(0, z)))
wrong("3.2", "left out")(lambda z: z[z > 0])
wrong("3.2", "largest value of all")(lambda z: z.max())
wrong("3.2", "sign is turned")(lambda z: np.maximum(0, -z))
wrong("3.2", "stopped", "ValueError", label="max of a table")(lambda z: max(0, z))


@wrong("3.2", "changed its input number 1 in place")
def _(z):
    z[z < 0] = 0
    return z


@wrong("3.2", "Is a return missing?")
def _(z):
    z = np.maximum(z, 0)


right("3.2", "NumPy")(lambda z: np.maximum(0, z))
right("3.2", "half of the sum with the absolute value")(lambda z: (z + np.abs(z)) / 2)
right("3.2", "Keras")(lambda z: keras.ops.relu(z))


@right("3.2", "loops on a copy")
def _(z):
    out = z.copy()
    for place in np.ndindex(z.shape):
        if out[place] < 0:
            out[place] = 0
    return out


# --- 3.3 the gate ------------------------------------------------------------------------------

wrong("3.3", "open at zero")(lambda z, above: np.where(z >= 0, above, 0))
wrong("3.3", "without the gradient from above")(lambda z, above: np.where(z > 0, 1, 0))
wrong("3.3", "not through the gate")(lambda z, above: np.maximum(0, above))
wrong("3.3", "sign of the gradient")(lambda z, above: np.where(above > 0, z, 0))
wrong("3.3", "what left the ReLU")(lambda z, above: np.maximum(0, z) * above)
wrong("3.3", "wrong way round")(lambda z, above: np.where(z < 0, above, 0))
wrong("3.3", "always open")(lambda z, above: above)
wrong("3.3", "not the sign")(lambda z, above: (z > 0) * abs(above))
wrong("3.3", "added, not multiplied")(lambda z, above: (z > 0) + above)
wrong("3.3", "one number", label="summed")(lambda z, above: np.sum((z > 0) * above))


@wrong("3.3", "changed its input number 2 in place")
def _(z, above):
    above[z <= 0] = 0
    return above


right("3.3", "NumPy")(lambda z, above: above * (z > 0))


@right("3.3", "loops")
def _(z, above):
    return np.reshape([g if value > 0 else 0.0 for value, g in zip(z.flat, above.flat, strict=True)], z.shape)


@right("3.3", "automatic")
def _(z, above):
    import tensorflow as tf

    z = tf.Variable(z)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.nn.relu(z) * above)
    return tape.gradient(total, z)


# --- 3.4 two layers in one ---------------------------------------------------------------------


def half(kernel):
    """After half a turn."""
    return np.rot90(kernel, 2)


wrong("3.4", "one kernel is flipped")(lambda a, p, b, q: (convolve2d(a, half(b)), p * b.sum() + q))
wrong("3.4", "other kernel is flipped")(lambda a, p, b, q: (convolve2d(half(a), b), p * b.sum() + q))
wrong("3.4", "biases are added")(lambda a, p, b, q: (convolve2d(a, b), p + q))
wrong("3.4", "first bias is left out")(lambda a, p, b, q: (convolve2d(a, b), q))
wrong("3.4", "second bias is left out")(lambda a, p, b, q: (convolve2d(a, b), p * b.sum()))
wrong("3.4", "wrong filter")(lambda a, p, b, q: (convolve2d(a, b), p * a.sum() + q))
wrong("3.4", "second bias goes through")(lambda a, p, b, q: (convolve2d(a, b), p + q * a.sum()))
wrong("3.4", "both biases are multiplied")(lambda a, p, b, q: (convolve2d(a, b), (p + q) * b.sum()))
wrong("3.4", "Result 1 of 2", "shape (1, 3)", label="size kept")(
    lambda a, p, b, q: (convolve2d(a, b, mode="same"), p * b.sum() + q)
)
wrong("3.4", "expected: 2 results", label="no bias returned")(lambda a, p, b, q: convolve2d(a, b))
right("3.4", "SciPy")(lambda a, p, b, q: (convolve2d(a, b), q + p * np.sum(b)))


@right("3.4", "loops")
def _(first, first_bias, second, second_bias):
    (h, w), (k, m) = first.shape, second.shape
    fused = [[0.0] * (w + m - 1) for _ in range(h + k - 1)]
    for i, j in np.ndindex(h, w):
        for r, c in np.ndindex(k, m):
            fused[i + r][j + c] += first[i, j] * second[r, c]
    return [fused, second_bias + sum(first_bias * weight for weight in second.flat)]


@right("3.4", "by asking the two layers")
def _(first, first_bias, second, second_bias):
    shape = np.add(first.shape, second.shape) - 1

    def both(picture):
        middle = np.einsum("rcij,ij->rc", sliding_window_view(picture, first.shape), first) + first_bias
        last = np.einsum("rcij,ij->rc", sliding_window_view(middle, second.shape), second)
        return last.item() + second_bias

    bias = both(np.zeros(shape))
    lit = np.eye(shape.prod()).reshape(-1, *shape)
    return np.reshape([both(picture) - bias for picture in lit], shape), bias


# --- 3.5 dead units ----------------------------------------------------------------------------

wrong("3.5", "all must be closed")(lambda p, w, b: np.any(p @ w + b <= 0, axis=0))
wrong("3.5", "biases are left out")(lambda p, w, b: np.all(p @ w <= 0, axis=0))
wrong("3.5", "units that live")(lambda p, w, b: np.max(p @ w + b, axis=0) > 0)
wrong("3.5", "exactly zero")(lambda p, w, b: np.max(p @ w + b, axis=0) < 0)
wrong("3.5", "wrong axis")(lambda p, w, b: np.all(p @ w + b <= 0, axis=1))
wrong("3.5", "mean over the patches")(lambda p, w, b: np.mean(p @ w + b, axis=0) <= 0)
wrong("3.5", "negative weights")(lambda p, w, b: np.all(w <= 0, axis=0))
wrong("3.5", "number of dead units")(lambda p, w, b: int(np.all(p @ w + b <= 0, axis=0).sum()))
wrong("3.5", "stopped", "ValueError", label="product the wrong way round")(
    lambda p, w, b: np.all(w.T @ p + b <= 0, axis=0)
)
right("3.5", "NumPy")(lambda p, w, b: np.maximum(p @ w + b, 0).sum(axis=0) == 0)


@right("3.5", "loops")
def _(patches, weights, biases):
    found = []
    for unit, bias in enumerate(biases):
        sums = [float(np.dot(patch, weights[:, unit])) + bias for patch in patches]
        found.append(not any(z > 0 for z in sums))
    return found


@right("3.5", "Keras")
def _(patches, weights, biases):
    layer = keras.layers.Dense(len(biases), activation="relu")
    layer.build(patches.shape)
    layer.set_weights([weights, biases])
    return np.all(np.asarray(layer(patches)) == 0, axis=0)


# --- 3.6 leaky ReLU ----------------------------------------------------------------------------


def leaky(z, left, right_side=1.0):
    """Values and slopes."""
    slopes = np.where(z > 0, right_side, left)
    return slopes * z, slopes


wrong("3.6", "flat, as in ReLU")(lambda z, k: (np.maximum(z, 0), 1.0 * (z > 0)))
wrong("3.6", "slopes are those of ReLU")(lambda z, k: (np.where(z > 0, z, k * z), 1.0 * (z > 0)))
wrong("3.6", "on the right side")(lambda z, k: leaky(z, 1.0, k))
wrong("3.6", "sign were turned")(lambda z, k: leaky(z, -k))
wrong("3.6", "not the leak times z")(lambda z, k: (np.where(z > 0, z, k), leaky(z, k)[1]))
wrong("3.6", "leak on both sides")(lambda z, k: (leaky(z, k)[0], k * np.ones(z.shape)))
wrong("3.6", "slopes are the values")(lambda z, k: (leaky(z, k)[0], leaky(z, k)[0]))
wrong("3.6", "changed places")(lambda z, k: (leaky(z, k)[1], leaky(z, k)[0]))
wrong("3.6", "taken off z")(lambda z, k: (np.where(z > 0, z, z - k), leaky(z, k)[1]))
wrong("3.6", "expected: 2 results", label="values alone")(lambda z, k: np.array([leaky(z, k)[0]] * 3))
wrong("3.6", "expected", label="the larger of two lines, though the leak may be above 1")(
    lambda z, k: (np.maximum(k * z, z), np.where(z < 0, k, 1))
)
right("3.6", "NumPy")(lambda z, k: (np.maximum(z, 0) + k * np.minimum(z, 0), np.where(z < 0, k, 1)))


@right("3.6", "Keras and a tape")
def _(z, leak):
    import tensorflow as tf

    z = tf.Variable(z)
    with tf.GradientTape() as tape:
        values = keras.ops.leaky_relu(z, negative_slope=leak)
    return values, tape.gradient(values, z)


# --- 3.7 how much goes dark --------------------------------------------------------------------

SAID = "At these places the gate is closed and no gradient gets through."
with np.load(DATA) as photos:
    GREY = np.rint(photos["coffee"] @ [299, 587, 114] / 1000)
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
WINDOWS = sliding_window_view(GREY, (3, 3))
SUMS = np.einsum("rcij,ij->rc", WINDOWS, SOBEL)
wrong("3.7", "share above zero")((np.mean(SUMS - 50 > 0), SAID))
wrong("3.7", "bias is left out")((np.mean(np.maximum(SUMS, 0) == 0), SAID))
wrong("3.7", "wrong sign")((np.mean(np.maximum(SUMS + 50, 0) == 0), SAID))
wrong("3.7", "Sobel y")((np.mean(np.einsum("rcij,ij->rc", WINDOWS, SOBEL.T) <= 50), SAID))
wrong("3.7", "number of places")((int(np.sum(SUMS <= 50)), SAID))
wrong("3.7", "in percent")((100 * np.mean(SUMS <= 50), SAID))
wrong("3.7", "exactly 0")((np.mean(SUMS - 50 == 0), SAID))
wrong("3.7", "Now the sentence", label="no sentence")((np.mean(SUMS <= 50), ""))
wrong("3.7", "one number", label="the map")((np.maximum(SUMS - 50, 0), SAID))
right("3.7", "measured")((np.mean(SUMS <= 50), SAID))
right("3.7", "rounded")([round(float(np.mean(SUMS <= 50)), 3), SAID])
wrong("3.7", "expected: 0.893", label="a sum of exactly 0 left out")((np.mean(SUMS < 50), SAID))
right("3.7", "two words of its own")((np.mean(SUMS <= 50), "At these places no gradient"))
