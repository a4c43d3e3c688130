"""Chapter 6: wrong answers that learners give, and right ones in different styles."""

import keras
import numpy as np

from answers import right, wrong

# --- 6.1 how many to test ------------------------------------------------------------------------


def low_end(n, z=1.96):
    """Where the Wilson interval begins, as the share from which 0.9 lies just z standard errors."""
    a, b, c = 1 + z * z / n, -(1.8 + z * z / n), 0.81
    return min(np.roots([a, b, c]))


WHY = "They are right or wrong together, so they say little about other things."
FEWEST = next(n for n in range(10, 500, 10) if low_end(n) >= 0.8)
wrong("6.1", "plain interval")((40, WHY))
wrong("6.1", "one standard error")((20, WHY))
wrong("6.1", "begins at 0.799", "too low", label="sixty")((60, WHY))
wrong("6.1", "begins at 0.799", "too low", label="sixty in a list")(([60], WHY))
wrong("6.1", "Fewer are enough", label="a hundred")((100, WHY))
wrong("6.1", "begins at 0.596", label="ten")((10, WHY))
wrong("6.1", "a multiple of ten", label="the exact one")((62, WHY))
wrong("6.1", "expected: one number", label="a range")(((60, 70), WHY))
wrong("6.1", "expected: one number", label="less than nothing")((-70, WHY))
wrong("6.1", "(a number, a sentence)", label="no sentence at all")(FEWEST)
wrong("6.1", "Now the sentence", label="the task again")(
    (FEWEST, "Ten pictures of one thing not count as ten")
)
right("6.1", "by search")((FEWEST, WHY))
right("6.1", "seventy")([70.0, WHY])

# --- 6.2 frozen, really ------------------------------------------------------------------------


def topped(body, classes, **how):
    """A dense layer on the backbone, called with these arguments."""
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, keras.layers.Dense(classes)(body(inputs, **how)))


wrong("6.2", "can still be trained", "2 of running averages", label="not frozen")(topped)
wrong("6.2", "can still be trained", label="training=False alone")(
    lambda body, classes: topped(body, classes, training=False)
)


@wrong("6.2", "batch normalisation is not frozen", "0 arrays of weights", label="convolutions only")
def _(body, classes):
    body.layers[0].trainable = False
    body.layers[1].gamma.trainable = body.layers[1].beta.trainable = False
    return topped(body, classes, training=False)


@wrong("6.2", "can still be trained", label="batch normalisation only")
def _(body, classes):
    body.layers[1].trainable = False
    return topped(body, classes)


@wrong("6.2", "Nothing can learn", label="the whole model is frozen")
def _(body, classes):
    model = topped(body, classes)
    model.trainable = False
    return model


@wrong("6.2", "are not in your model", label="a clone")
def _(body, classes):
    copy = keras.models.clone_model(body)
    copy.trainable = False
    return topped(copy, classes)


@wrong("6.2", "are not in your model", label="without the backbone")
def _(body, classes):
    return keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(classes)])


@wrong("6.2", "expected: shape (2, 3)", "came:     shape (2, 10)", label="ten classes, always")
def _(body, classes):
    body.trainable = False
    return topped(body, 10)


@wrong("6.2", "a Keras model", "None", label="nothing comes back")
def _(body, classes):
    body.trainable = False
    topped(body, classes)


@wrong("6.2", "can still be trained", label="thawed again")
def _(body, classes):
    body.trainable = False
    model = topped(body, classes)
    body.trainable = True
    return model


@right("6.2", "functional")
def _(body, classes):
    body.trainable = False
    return topped(body, classes, training=False)


@wrong("6.2", "can still be trained", label="its input and its output, not frozen")
def _(backbone, classes):
    return keras.Model(backbone.input, keras.layers.Dense(classes)(backbone.output))


@right("6.2", "its input and its output")
def _(backbone, classes):
    backbone.trainable = False
    return keras.Model(backbone.input, keras.layers.Dense(classes)(backbone.output))


@right("6.2", "its layers in a row")
def _(backbone, classes):
    for layer in backbone.layers:
        layer.trainable = False
    return keras.Model(backbone.inputs, keras.layers.Dense(classes)(backbone.layers[-1].output))


@right("6.2", "layer by layer, compiled")
def _(body, classes):
    for layer in body.layers:
        layer.trainable = False
    model = keras.Sequential([body, keras.layers.Dense(classes)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


# --- 6.3 folds of whole houses -------------------------------------------------------------------


def by_house(choose):
    """For each picture the fold of its house; choose(rows of counts, folds) gives a fold for each house."""

    def answer(labels, houses, folds):
        names, place = np.unique(houses, return_inverse=True)
        counts = np.array([np.bincount(labels[houses == each], minlength=labels.max() + 1) for each in names])
        return np.asarray(choose(counts, folds))[place]

    return answer


wrong("6.3", "more than one fold", label="picture by picture")(lambda y, h, n: np.arange(len(y)) % n)
wrong("6.3", "more than one fold", label="each class by itself")(
    lambda y, h, n: np.array([np.sum(y[:i] == k) % n for i, k in enumerate(y)])
)
wrong("6.3", "leave the classes to chance", label="dealt out in turn")(lambda y, h, n: h % n)
wrong("6.3", "of class 0 in fold 0", label="in turn, counted")(by_house(lambda t, n: np.arange(len(t)) % n))
wrong("6.3", "pictures of class", label="in blocks")(by_house(lambda t, n: np.arange(len(t)) * n // len(t)))
wrong("6.3", "of class", "in fold", label="all in one")(lambda y, h, n: 0 * y)
wrong("6.3", "whole numbers from 0 to 1", label="folds from one on")(
    by_house(lambda t, n: 1 + np.arange(len(t)) // 2 % n)
)
wrong("6.3", "8 numbers", label="a fold for each house")(lambda y, h, n: np.arange(len(set(h))) % n)
wrong("6.3", "8 numbers", label="lists of pictures")(lambda y, h, n: [list(range(4)), list(range(4, 8))])


@wrong("6.3", "pictures of class", label="folds of equal size")
@by_house
def _(counts, folds):
    size, chosen = np.zeros(folds), np.zeros(len(counts), int)
    for house in np.argsort(-counts.sum(axis=1), kind="stable"):
        chosen[house] = size.argmin()
        size[size.argmin()] += counts[house].sum()
    return chosen


@wrong("6.3", "pictures of class", label="drawn once")
@by_house
def _(counts, folds):
    return np.random.default_rng(1).permutation(len(counts)) % folds


@wrong("6.3", "more than one fold", label="the book's way, class by class")
def _(labels, houses, folds):
    fold = np.zeros(len(labels), int)
    for k in np.unique(labels):
        size = np.zeros(folds)
        for each in np.unique(houses[labels == k]):
            mine = (houses == each) & (labels == k)
            fold[mine] = size.argmin()
            size[size.argmin()] += mine.sum()
    return fold


@right("6.3", "drawn until it fits")
@by_house
def _(counts, folds):
    rng, even = np.random.default_rng(0), counts.sum(axis=0) / folds
    while True:
        chosen = rng.permutation(np.arange(len(counts)) % folds)
        held = np.array([counts[chosen == fold].sum(axis=0) for fold in range(folds)])
        if (held >= even / 2).all() and (held <= 1.5 * even).all():
            return chosen


@right("6.3", "the worst class decides")
@by_house
def _(counts, folds):
    shares = counts * folds / counts.sum(axis=0)
    held, chosen = np.zeros((folds, counts.shape[1])), [0] * len(counts)
    for house in np.argsort(-shares.max(axis=1)):
        after = held.copy()
        costs = []
        for fold in range(folds):
            after[fold] += shares[house]
            costs.append((after**2).sum())
            after[fold] = held[fold]
        chosen[house] = int(np.argmin(costs))
        held[chosen[house]] += shares[house]
    return chosen


# --- 6.4 a few-shot curve ----------------------------------------------------------------------


def table(x, y, test_x, test_y, points, way=np.argmin):
    """Accuracy of every draw."""
    rows = []
    for draws in points:
        row = []
        for numbers in draws:
            some, labels = x[list(numbers)], y[list(numbers)]
            means = [some[labels == k].mean(axis=0) for k in range(y.max() + 1)]
            row.append(np.mean(way([((test_x - m) ** 2).sum(axis=1) for m in means], axis=0) == test_y))
        rows.append(row)
    return np.array(rows)


wrong("6.4", "not by one less")(lambda *a: (table(*a).mean(1), table(*a).std(1)))
wrong("6.4", "variance")(lambda *a: (table(*a).mean(1), table(*a).var(1, ddof=1)))
wrong("6.4", "standard error")(
    lambda *a: (table(*a).mean(1), table(*a).std(1, ddof=1) / np.sqrt(len(a[4][0])))
)
wrong("6.4", "best draw")(lambda *a: (table(*a).max(1), table(*a).std(1, ddof=1)))
wrong("6.4", "wrong axis")(lambda *a: (table(*a).mean(0), table(*a).std(0, ddof=1)))
wrong("6.4", "training examples are asked")(
    lambda x, y, t, u, p: (table(x, y, x, y, p).mean(1), table(x, y, x, y, p).std(1, ddof=1))
)
wrong("6.4", "farthest")(lambda *a: (table(*a, np.argmax).mean(1), table(*a, np.argmax).std(1, ddof=1)))
wrong("6.4", "in percent")(lambda *a: (100 * table(*a).mean(1), 100 * table(*a).std(1, ddof=1)))
wrong("6.4", "share that is wrong")(lambda *a: (1 - table(*a).mean(1), table(*a).std(1, ddof=1)))


@wrong("6.4", "expected", "came", label="a draw taken to be in the order of the classes")
def _(x, y, test_x, test_y, points):
    def share(numbers):
        means = x[numbers].reshape(y.max() + 1, -1, x.shape[1]).mean(axis=1)
        far = ((test_x[:, None] - means) ** 2).sum(axis=2)
        return np.mean(far.argmin(axis=1) == test_y)

    shares = np.array([[share(numbers) for numbers in draws] for draws in points])
    return shares.mean(axis=1), shares.std(axis=1, ddof=1)


wrong("6.4", "expected: 2 results", label="three results")(lambda *a: (table(*a), 0, 0))
right("6.4", "NumPy")(lambda *a: [table(*a).mean(axis=1), table(*a).std(axis=1, ddof=1)])


@right("6.4", "loops")
def _(*given):
    means, spreads = [], []
    for row in table(*given).tolist():
        mean = sum(row) / len(row)
        means.append(mean)
        spreads.append((sum((share - mean) ** 2 for share in row) / (len(row) - 1)) ** 0.5)
    return means, spreads
