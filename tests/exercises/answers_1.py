"""Chapter 1: wrong answers that learners give, and right ones in different styles."""

import keras
import numpy as np

from answers import DATA, right, wrong

# --- 1.1 change one pixel ----------------------------------------------------------------------

wrong("1.1", "bias is left out")((391, 381))
wrong("1.1", "weight of the middle row")((301, 281))
wrong("1.1", "taken off")((271, 281))
wrong("1.1", "its weight is 0")((291, 291))
wrong("1.1", "the change, not the answer")([10, 0])
wrong("1.1", "without its weight")((149, 71))
wrong("1.1", "Result 1 of 2", "expected: 291", "came:     281", "no pixel has changed")((281, 281))
wrong("1.1", "expected: 2 results", label="one number")(291)
wrong("1.1", "'291', which is no number", label="texts")(("291", "281"))
right("1.1", "a tuple")((291, 281))
right("1.1", "an array of floats")(np.array([291.0, 281.0]))

# --- 1.2 the weighted sum ----------------------------------------------------------------------


@wrong("1.2", "bias is added once per weight")
def _(patch, weights, bias):
    total = 0.0
    for i in range(patch.shape[0]):
        for j in range(patch.shape[1]):
            total += float(patch[i, j]) * float(weights[i, j]) + bias
    return total


@wrong("1.2", "a loop stops one short")
def _(patch, weights, bias):
    total = bias
    for i in range(len(patch) - 1):
        for j in range(len(patch[0]) - 1):
            total += float(patch[i][j]) * float(weights[i][j])
    return total


@wrong("1.2", "rows and columns are swapped")
def _(patch, weights, bias):
    total = bias
    for i in range(patch.shape[0]):
        for j in range(patch.shape[1]):
            total += float(patch[i, j]) * float(weights[j, i])
    return total


@wrong("1.2", "uint8", "overflow")
def _(patch, weights, bias):
    return (patch * weights).sum() + bias


@wrong("1.2", "Is a return missing?")
def _(patch, weights, bias):
    total = np.sum(patch * weights) + bias
    print(total)


@wrong("1.2", "changed its input number 1 in place")
def _(patch, weights, bias):
    patch *= weights.astype(patch.dtype)
    return patch.sum() + bias


@wrong("1.2", "shape (2, 2)", "one number", label="products not added")
def _(patch, weights, bias):
    return patch * weights + bias


wrong("1.2", "bias is left out")(lambda patch, weights, bias: np.sum(patch.astype(float) * weights))
wrong("1.2", "bias is taken off")(lambda patch, weights, bias: np.sum(patch.astype(float) * weights) - bias)
wrong("1.2", "kernel is flipped")(lambda p, w, b: np.sum(p.astype(float) * w[::-1, ::-1]) + b)
wrong("1.2", "mean is taken")(lambda patch, weights, bias: np.mean(patch.astype(float) * weights) + bias)
wrong("1.2", "matrix product")(lambda patch, weights, bias: np.sum(patch.astype(float) @ weights) + bias)
wrong("1.2", "TypeError", label="a bias too few")(lambda patch, weights: np.sum(patch * weights))


@wrong("1.2", "IndexError", "in line", label="a loop that runs too far")
def weighted_sum(patch, weights, bias):
    total = bias
    for i in range(3):
        for j in range(3):
            total += patch[i, j] * weights[i, j]
    return total


@right("1.2", "loops")
def _(patch, weights, bias):
    total = bias
    for i in range(patch.shape[0]):
        for j in range(patch.shape[1]):
            total += float(patch[i, j]) * float(weights[i, j])
    return total


@right("1.2", "NumPy, as an array of one")
def _(patch, weights, bias):
    return np.array([np.dot(patch.ravel().astype("float32"), weights.ravel()) + bias])


@wrong("1.2", "stopped", "int64", "float32", label="Keras on whole numbers")
def _(patch, weights, bias):
    layer = keras.layers.Conv2D(1, patch.shape)
    layer.build((1, *patch.shape, 1))
    layer.set_weights([weights[:, :, None, None], np.array([bias])])
    return layer(patch[None, :, :, None])


@right("1.2", "Keras")
def _(patch, weights, bias):
    layer = keras.layers.Conv2D(1, patch.shape)
    layer.build((1, *patch.shape, 1))
    layer.set_weights([weights[:, :, None, None], np.array([bias])])
    return layer(patch[None, :, :, None].astype("float32"))


right("1.2", "plain Python, printing")(
    lambda p, w, b: print("hm") or sum(float(x) * float(y) for x, y in zip(p.flat, w.flat, strict=True)) + b
)

# --- 1.3 a filter of their own ------------------------------------------------------------------

UPRIGHT = np.array([[-1, 2, -1]] * 3)
wrong("1.3", "expected the largest number in the middle", label="Sobel x")(
    np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
)
wrong("1.3", "Rows and columns are swapped")(UPRIGHT.T)
wrong("1.3", "dark lines")(-UPRIGHT)
wrong("1.3", "On a flat picture", "add up to", label="sum not zero")(np.array([[-1, 3, -1]] * 3))
wrong("1.3", "On a flat picture", label="all ones")(np.ones((3, 3)))
wrong("1.3", "largest number in the middle", label="off centre")(np.array([[2, -1, -1]] * 3))
wrong("1.3", "On a horizontal line", "expected 0", label="Laplacian")(
    np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]])
)
wrong("1.3", "On an edge", "at most half", label="lopsided")(np.array([[-2, 2, 0]] * 3))
wrong("1.3", "three rows and three columns", label="one row")([-1, 2, -1])
wrong("1.3", "three rows and three columns", label="with Keras's axes")(UPRIGHT[:, :, None, None])
wrong("1.3", "largest number in the middle", label="all zero")(np.zeros((3, 3)))
right("1.3", "a list, one row")([[0, 0, 0], [-1, 2, -1], [0, 0, 0]])
right("1.3", "an array")(UPRIGHT)
right("1.3", "fractions in a Keras tensor")(keras.ops.convert_to_tensor(UPRIGHT / 6))

# --- 1.4 half a turn -----------------------------------------------------------------------------

wrong("1.4", "only the rows")(lambda kernel: kernel[::-1])
wrong("1.4", "only the columns")(lambda kernel: np.fliplr(kernel))
wrong("1.4", "rows and columns are swapped")(lambda kernel: kernel.transpose())
wrong("1.4", "quarter turn")(lambda kernel: np.rot90(kernel))
wrong("1.4", "quarter turn, clockwise")(lambda kernel: np.rot90(kernel, 3))
wrong("1.4", "signs")(lambda kernel: -kernel)
wrong("1.4", "came back as it was")(lambda kernel: kernel)
wrong("1.4", "numbers are right, the shape is not", label="flattened")(lambda k: k.ravel()[::-1])


@wrong("1.4", "changed its input number 1 in place")
def _(kernel):
    kernel[:] = kernel[::-1, ::-1].copy()
    return kernel


@wrong("1.4", "a loop stops one short")
def _(kernel):
    turned = np.zeros(kernel.shape)
    for i in range(kernel.shape[0] - 1):
        for j in range(kernel.shape[1] - 1):
            turned[i, j] = kernel[-1 - i, -1 - j]
    return turned


right("1.4", "slices")(lambda kernel: kernel[::-1, ::-1])
right("1.4", "np.rot90 twice")(lambda kernel: np.rot90(kernel, 2))
right("1.4", "np.flip")(lambda kernel: np.flip(kernel))
right("1.4", "lists")(lambda kernel: [list(row)[::-1] for row in kernel][::-1])
right("1.4", "Keras")(lambda kernel: keras.ops.flip(kernel, axis=(0, 1)))

# --- 1.5 the gradient ----------------------------------------------------------------------------


def error(patch, weights, bias, target):
    """What the filter answers, less what it should."""
    return np.sum(patch * weights) + bias - target


wrong("1.5", "factor of two")(lambda p, w, b, t: error(p, w, b, t) * p)
wrong("1.5", "sign is turned")(lambda p, w, b, t: 2 * (t - np.sum(p * w) - b) * p)
wrong("1.5", "bias is left out")(lambda p, w, b, t: 2 * error(p, w, 0, t) * p)
wrong("1.5", "not by the pixels")(lambda p, w, b, t: 2 * error(p, w, b, t) * w)
wrong("1.5", "not its gradient")(lambda p, w, b, t: error(p, w, b, t) ** 2)
wrong("1.5", "pixel is missing")(lambda p, w, b, t: np.full(p.shape, 2 * error(p, w, b, t)))
wrong("1.5", "one number", label="summed over the weights")(
    lambda p, w, b, t: (2 * error(p, w, b, t) * p).sum()
)


@wrong("1.5", "changed its input number 1 in place")
def _(patch, weights, bias, target):
    factor = 2 * error(patch, weights, bias, target)
    patch *= factor
    return patch


right("1.5", "NumPy")(lambda p, w, b, t: 2 * p * (np.vdot(p, w) + b - t))


@right("1.5", "nudging each weight")
def _(patch, weights, bias, target):
    slopes = np.zeros(weights.shape)
    for place in np.ndindex(weights.shape):
        nudge = np.zeros(weights.shape)
        nudge[place] = 1e-4
        above = error(patch, weights + nudge, bias, target) ** 2
        below = error(patch, weights - nudge, bias, target) ** 2
        slopes[place] = (above - below) / 2e-4
    return slopes


@right("1.5", "automatic")
def _(patch, weights, bias, target):
    import tensorflow as tf

    watched = tf.Variable(weights, dtype="float32")
    with tf.GradientTape() as tape:
        loss = (tf.reduce_sum(patch * watched) + bias - target) ** 2
    return tape.gradient(loss, watched)


# --- 1.6 the learner -----------------------------------------------------------------------------


def learn(patches, targets, steps, rate, start=0.0, sign=-1, mean=True, factor=2, old=False):
    """Gradient descent with room for slips."""
    weights = np.full(patches.shape[1], start)
    errors = patches @ weights - targets
    for _ in range(steps):
        if not old:
            errors = patches @ weights - targets
        slope = factor * errors @ patches / (len(patches) if mean else 1)
        weights = weights + sign * rate * slope
    return weights


wrong("1.6", "uphill")(lambda p, t, s, r: learn(p, t, s, r, sign=1))
wrong("1.6", "not averaged")(lambda p, t, s, r: learn(p, t, s, r, mean=False))
wrong("1.6", "factor of two")(lambda p, t, s, r: learn(p, t, s, r, factor=1))
wrong("1.6", "one short")(lambda p, t, s, r: learn(p, t, s - 1, r))
wrong("1.6", "one step too many")(lambda p, t, s, r: learn(p, t, s + 1, r))
wrong("1.6", "begin at one")(lambda p, t, s, r: learn(p, t, s, r, start=1.0))
wrong("1.6", "before the loop")(lambda p, t, s, r: learn(p, t, s, r, old=True))
wrong("1.6", "shape (1, 1)", "numbers are right", label="a column")(
    lambda p, t, s, r: learn(p, t, s, r)[:, None]
)


@wrong("1.6", "Is a return missing?")
def _(patches, targets, steps, rate):
    learn(patches, targets, steps, rate)


@wrong("1.6", "Does a loop never end?")
def _(patches, targets, steps, rate):
    step = 0
    while step < steps:
        targets = targets + 0
    return targets


@wrong("1.6", "expected", "came", label="stops when the loss grows")
def _(patches, targets, steps, rate):
    weights, last = np.zeros(patches.shape[1]), np.inf
    for _ in range(steps):
        errors = patches @ weights - targets
        if np.mean(errors**2) > last:
            break
        last = np.mean(errors**2)
        weights = weights - 2 * rate * errors @ patches / len(patches)
    return weights


right("1.6", "NumPy")(learn)


@right("1.6", "loops")
def _(patches, targets, steps, rate):
    weights = [0.0] * patches.shape[1]
    for _ in range(steps):
        slopes = [0.0] * len(weights)
        for patch, target in zip(patches, targets, strict=True):
            error = sum(x * w for x, w in zip(patch, weights, strict=True)) - target
            for place, pixel in enumerate(patch):
                slopes[place] += 2 * error * pixel / len(patches)
        weights = [w - rate * slope for w, slope in zip(weights, slopes, strict=True)]
    return weights


@right("1.6", "Keras")
def _(patches, targets, steps, rate):
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((patches.shape[1],)), layer])
    model.compile(keras.optimizers.SGD(rate), loss="mse", run_eagerly=True)
    for _ in range(steps):
        model.train_on_batch(patches, targets[:, None])
    return layer.kernel[:, 0]


# --- 1.7 a measurement and a sentence ------------------------------------------------------------

SAID = "Because the long joints of the wall run from top to bottom."
wrong("1.7", "side by side")((0.70, SAID))
wrong("1.7", "every second pixel")((0.81, SAID))
wrong("1.7", "across a corner")((0.65, SAID))
wrong("1.7", "expected", "came", label="squared")((0.93**2, SAID))
wrong("1.7", "one number", label="the whole table")((np.corrcoef([[1, 2, 4], [1, 3, 2]]), SAID))
wrong("1.7", "Now the sentence", label="no sentence")((0.93, ""))
wrong("1.7", "which is no number", label="a text")(("high", SAID))
right("1.7", "rounded")((0.93, SAID))


def measured():
    """The correlation, with sums of products."""
    with np.load(DATA) as photos:
        wall = photos["brick"].astype(float)
    above, below = wall[:-1], wall[1:]
    together = np.mean((above - above.mean()) * (below - below.mean()))
    return together / (above.std() * below.std())


right("1.7", "measured")([measured(), SAID])
right("1.7", "four words")((0.93, "Mortar joints run sideways."))
right("1.7", "no spaces between words")((0.93, "因为砖是横着砌的"))
wrong("1.7", "four words or more", label="the starter's words")((0.93, "They differ because ..."))
