"""Chapter 1: wrong answers that learners give, and right ones in different styles."""

import keras
import numpy as np

from answers import right, wrong

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

# --- 1.2 how far an answer can go ---------------------------------------------------------------


def extremes(weights, bias, low=255, high=255):
    """The lowest and the highest answer."""
    return low * weights[weights < 0].sum() + bias, high * weights[weights > 0].sum() + bias


wrong("1.2", "bias is left out")(lambda w, b: extremes(w, 0))
wrong("1.2", "times 255, too")(lambda w, b: extremes(w, 255 * b))
wrong("1.2", "swapped")(lambda w, b: extremes(w, b)[::-1])
wrong("1.2", "up to 1 only")(lambda w, b: extremes(w, b, 1, 1))
wrong("1.2", "only the smallest and the largest weight")(lambda w, b: (255 * w.min() + b, 255 * w.max() + b))
wrong("1.2", "whatever their sign")(lambda w, b: (255 * w.sum() + b, w.sum() * 255 + b))
wrong("1.2", "all black")(lambda w, b: (b, extremes(w, b)[1]))
wrong("1.2", "pixels are allowed below 0")(lambda w, b: (b - 255 * abs(w).sum(), b + 255 * abs(w).sum()))
wrong("1.2", "expected", "came", label="256 brightnesses")(lambda w, b: extremes(w, b, 256, 256))
wrong("1.2", "expected: 2 results", label="the highest alone")(lambda w, b: extremes(w, b)[1])
wrong("1.2", "TypeError", label="a bias too few")(lambda weights: extremes(weights, 0))


@wrong("1.2", "expected", "came", label="bytes overflow")
def _(weights, bias):
    white = np.full(weights.shape, 255, "uint8")
    least, most = (np.sum((white * part).astype("uint8")) + bias for part in (weights < 0, weights > 0))
    return least, most


@wrong("1.2", "expected", "came", label="the first four weights alone")
def _(weights, bias):
    low = high = bias
    for weight in weights.ravel()[:4]:
        low, high = low + 255 * min(weight, 0), high + 255 * max(weight, 0)
    return low, high


@wrong("1.2", "Is a return missing?")
def _(weights, bias):
    print(extremes(weights, bias))


@wrong("1.2", "changed its input number 1 in place")
def _(weights, bias):
    result = extremes(weights, bias)
    weights[weights < 0] = 0
    return result


right("1.2", "masks")(extremes)
right("1.2", "a list")(lambda w, b: [255 * np.minimum(w, 0).sum() + b, 255 * np.clip(w, 0, None).sum() + b])


@right("1.2", "loops")
def _(weights, bias):
    lowest = highest = bias
    for row in weights:
        for weight in row:
            lowest, highest = lowest + 255 * min(weight, 0), highest + 255 * max(weight, 0)
    return lowest, highest


@right("1.2", "two photographs")
def _(weights, bias):
    bright = np.where(weights > 0, 255, 0)
    return ((255 - bright) * weights).sum() + bias, (bright * weights).sum() + bias


@right("1.2", "Keras")
def _(weights, bias):
    low, high = (keras.ops.sum(keras.ops.relu(sign * 1.0 * weights)) for sign in (-1, 1))
    return bias - 255 * low, bias + 255 * high


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

# --- 1.4 the gradient ----------------------------------------------------------------------------


def error(patch, weights, bias, target):
    """What the filter answers, less what it should."""
    return np.sum(patch * weights) + bias - target


def slopes(patch, weights, bias, target, factor=2):
    """The gradient for the weights and for the bias."""
    missed = factor * error(patch, weights, bias, target)
    return missed * patch, missed


wrong("1.4", "factor of two")(lambda p, w, b, t: slopes(p, w, b, t, 1))
wrong("1.4", "sign is turned")(lambda p, w, b, t: slopes(p, w, b, t, -2))
wrong("1.4", "bias is left out of z")(lambda p, w, b, t: slopes(p, w, 0, t))
wrong("1.4", "not by the pixels")(lambda p, w, b, t: (slopes(p, w, b, t)[1] * w, slopes(p, w, b, t)[1]))
wrong("1.4", "its factor is 1")(lambda p, w, b, t: (slopes(p, w, b, t)[0], b * slopes(p, w, b, t)[1]))
wrong("1.4", "bias has a gradient, too")(lambda p, w, b, t: (slopes(p, w, b, t)[0], 0))
wrong("1.4", "pixel is missing")(
    lambda p, w, b, t: (np.full(p.shape, slopes(p, w, b, t)[1]), slopes(p, w, b, t)[1])
)
wrong("1.4", "expected: 2 results", label="the loss")(lambda p, w, b, t: error(p, w, b, t) ** 2)
wrong("1.4", "Result 1 of 2", label="summed over the weights")(
    lambda p, w, b, t: (slopes(p, w, b, t)[0].sum(), slopes(p, w, b, t)[1])
)
wrong("1.4", "Result 2 of 2", label="the bias for each pixel")(
    lambda p, w, b, t: (slopes(p, w, b, t)[0], np.full(p.shape, slopes(p, w, b, t)[1]))
)


@wrong("1.4", "changed its input number 1 in place")
def _(patch, weights, bias, target):
    missed = 2 * error(patch, weights, bias, target)
    patch *= missed
    return patch, missed


right("1.4", "NumPy")(lambda p, w, b, t: (2 * p * (np.vdot(p, w) + b - t), 2 * (np.vdot(p, w) + b - t)))
right("1.4", "a function of its own")(slopes)


@right("1.4", "nudging each number")
def _(patch, weights, bias, target):
    table = np.zeros(weights.shape)
    for place in np.ndindex(weights.shape):
        nudge = np.zeros(weights.shape)
        nudge[place] = 1e-4
        above = error(patch, weights + nudge, bias, target) ** 2
        below = error(patch, weights - nudge, bias, target) ** 2
        table[place] = (above - below) / 2e-4
    above, below = (error(patch, weights, bias + nudge, target) ** 2 for nudge in (1e-4, -1e-4))
    return table, (above - below) / 2e-4


@right("1.4", "automatic")
def _(patch, weights, bias, target):
    import tensorflow as tf

    watched, offset = tf.Variable(weights, dtype="float32"), tf.Variable(float(bias))
    with tf.GradientTape() as tape:
        loss = (tf.reduce_sum(patch * watched) + offset - target) ** 2
    return tape.gradient(loss, [watched, offset])


# --- 1.5 the learner -----------------------------------------------------------------------------


def learn(patches, targets, steps, rate, start=0.0, mean=True, factor=2, kind=""):
    """Gradient descent with room for slips."""
    weights, bias = np.full(patches.shape[1], start), start
    errors = patches @ weights + bias - targets
    for _ in range(steps):
        if kind != "old":
            errors = patches @ weights + bias - targets
        slope = factor * errors @ patches / (len(patches) if mean else 1)
        weights = weights - rate * slope
        if kind == "in turn":
            errors = patches @ weights + bias - targets
        if kind == "bias summed":
            bias = bias - rate * factor * errors.sum()
        elif kind != "no bias":
            bias = bias - rate * factor * (errors.mean() if mean else errors.sum())
    return weights, bias


wrong("1.5", "uphill")(lambda p, t, s, r: learn(p, t, s, -r))
wrong("1.5", "the errors are added up, not averaged")(lambda p, t, s, r: learn(p, t, s, r, mean=False))
wrong("1.5", "bias's errors are added up")(lambda p, t, s, r: learn(p, t, s, r, kind="bias summed"))
wrong("1.5", "factor of two")(lambda p, t, s, r: learn(p, t, s, r, factor=1))
wrong("1.5", "one short")(lambda p, t, s, r: learn(p, t, s - 1, r))
wrong("1.5", "one step too many")(lambda p, t, s, r: learn(p, t, s + 1, r))
wrong("1.5", "begin at one")(lambda p, t, s, r: learn(p, t, s, r, start=1.0))
wrong("1.5", "never moves")(lambda p, t, s, r: learn(p, t, s, r, kind="no bias"))
wrong("1.5", "weights that have moved")(lambda p, t, s, r: learn(p, t, s, r, kind="in turn"))
wrong("1.5", "before the loop")(lambda p, t, s, r: learn(p, t, s, r, kind="old"))
wrong("1.5", "Result 1 of 2", "numbers are right", label="a column")(
    lambda p, t, s, r: (learn(p, t, s, r)[0][:, None], learn(p, t, s, r)[1])
)
wrong("1.5", "Result 1 of 2", label="one list of all")(lambda p, t, s, r: np.append(*learn(p, t, s, r)))


@wrong("1.5", "Is a return missing?")
def _(patches, targets, steps, rate):
    learn(patches, targets, steps, rate)


@wrong("1.5", "Does a loop never end?")
def _(patches, targets, steps, rate):
    step = 0
    while step < steps:
        targets = targets + 0
    return targets


@wrong("1.5", "expected", "came", label="stops when the loss grows")
def _(patches, targets, steps, rate):
    weights, bias, last = np.zeros(patches.shape[1]), 0.0, np.inf
    for _ in range(steps):
        errors = patches @ weights + bias - targets
        if np.mean(errors**2) > last:
            break
        last = np.mean(errors**2)
        weights = weights - 2 * rate * errors @ patches / len(patches)
        bias = bias - 2 * rate * errors.mean()
    return weights, bias


right("1.5", "NumPy")(learn)


@right("1.5", "a column of ones for the bias")
def _(patches, targets, steps, rate):
    wide = np.hstack([patches, np.ones((len(patches), 1))])
    both = np.zeros(wide.shape[1])
    for _ in range(steps):
        both = both - 2 * rate * wide.T @ (wide @ both - targets) / len(wide)
    return both[:-1], both[-1]


@right("1.5", "loops")
def _(patches, targets, steps, rate):
    weights, bias = [0.0] * patches.shape[1], 0.0
    for _ in range(steps):
        table, slope = [0.0] * len(weights), 0.0
        for patch, target in zip(patches, targets, strict=True):
            missed = sum(x * w for x, w in zip(patch, weights, strict=True)) + bias - target
            slope += 2 * missed / len(patches)
            for place, pixel in enumerate(patch):
                table[place] += 2 * missed * pixel / len(patches)
        weights = [w - rate * each for w, each in zip(weights, table, strict=True)]
        bias -= rate * slope
    return weights, bias


@right("1.5", "automatic")
def _(patches, targets, steps, rate):
    import tensorflow as tf

    weights, bias = tf.Variable(tf.zeros(patches.shape[1])), tf.Variable(0.0)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            answers = tf.linalg.matvec(patches.astype("float32"), weights) + bias
            loss = tf.reduce_mean((answers - targets) ** 2)
        for number, slope in zip((weights, bias), tape.gradient(loss, [weights, bias]), strict=True):
            number.assign_sub(rate * slope)
    return weights, bias


# --- 1.6 two filters for three textures ----------------------------------------------------------

SAID = "The wall answers one filter, the turned wall the other, and grass both alike."
STEPS = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
LAPLACIAN = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
MIDDLE = np.eye(3)[:, [1]] @ np.eye(3)[[1]]
wrong("1.6", "expected 95 % or more", label="one filter")(([STEPS], SAID))
wrong("1.6", "the wall", "the turned wall", label="blind to directions")(([LAPLACIAN], SAID))
wrong("1.6", "expected 95 % or more", label="brightness and Laplacian")(([MIDDLE, LAPLACIAN], SAID))
wrong("1.6", "expected 95 % or more", label="means")(([np.ones((3, 3)), np.ones((3, 3)) / 9], SAID))
wrong("1.6", "expected 95 % or more", label="one filter twice")(([STEPS, -7 * STEPS], SAID))
wrong("1.6", "expected 95 % or more", label="nothing")((np.zeros((2, 3, 3)), SAID))
wrong("1.6", "expected 95 % or more", label="drawn at random")(
    (np.random.default_rng(0).normal(size=(2, 3, 3)), SAID)
)
wrong("1.6", "one or two tables", label="three filters")(([STEPS, STEPS.T, LAPLACIAN], SAID))
wrong("1.6", "one or two tables", label="one table, no list")((STEPS, SAID))
wrong("1.6", "one or two tables", label="5x5")((np.ones((2, 5, 5)), SAID))
wrong("1.6", "one or two tables", label="not a number")(([STEPS, STEPS.T * np.nan], SAID))
wrong("1.6", "one or two tables", label="a text")(("Sobel", SAID))
wrong("1.6", "(filters, a sentence)", label="no pair")(np.ones(5))
wrong("1.6", "Now the sentence", label="no sentence")(([STEPS, STEPS.T], ""))
wrong("1.6", "four words or more", label="the starter's words")(
    ([STEPS, STEPS.T], "They tell them apart because ...")
)
right("1.6", "Sobel x and Sobel y")(([STEPS, STEPS.T], SAID))
right("1.6", "lists, other signs and sizes")(([[list(row) for row in -2 * STEPS.T], STEPS.tolist()], SAID))
right("1.6", "plain differences")(
    (np.array([[[0, 0, 0], [-1, 1, 0], [0, 0, 0]], [[0, -1, 0], [0, 1, 0], [0, 0, 0]]]), SAID)
)
right("1.6", "one direction and all")(([STEPS, LAPLACIAN], "因为砖是横着砌的"))
right("1.6", "a Keras tensor")((keras.ops.convert_to_tensor(np.stack([STEPS, STEPS.T]) / 8), SAID))
