"""Chapter 6: wrong answers that learners give, and right ones in different styles."""

import keras
import numpy as np

from answers import right, wrong

# --- 6.1 what to promise -------------------------------------------------------------------------


def ends(right, n, z=1.96):
    """The Wilson interval, as the two shares that lie just z standard errors from the one that was seen."""
    share = right / n
    a, b, c = 1 + z * z / n, -(2 * share + z * z / n), share * share
    return sorted(np.roots([a, b, c]))


WHY = "A worse classifier has that many right now and then, by luck."
LOW, HIGH = ends(18, 20)
wrong("6.1", "the high end")((HIGH, WHY))
wrong("6.1", "the middle")(((LOW + HIGH) / 2, WHY))
wrong("6.1", "the share itself", label="the share")((0.9, WHY))
wrong("6.1", "of its own standard errors", label="the plain interval")(
    (0.9 - 1.96 * (0.9 * 0.1 / 20) ** 0.5, WHY)
)
wrong("6.1", "how far the plain interval reaches")((1.96 * (0.9 * 0.1 / 20) ** 0.5, WHY))
wrong("6.1", "one standard error is taken")((ends(18, 20, 1)[0], WHY))
wrong("6.1", "8 in 10")((ends(8, 10)[0], WHY))
wrong("6.1", "in percent")((100 * LOW, WHY))
wrong("6.1", "expected: one number", label="both ends")(((LOW, HIGH), WHY))
wrong("6.1", "(a number, a sentence)", label="no sentence at all")(LOW)
wrong("6.1", "Now the sentence", label="the task again")((LOW, "I do not promise 0.9, because 18 of 20"))
right("6.1", "as a root")((LOW, WHY))
right("6.1", "rounded")([0.7, WHY])

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


# --- 6.3 a fair draw ---------------------------------------------------------------------------


def pieces(labels, per_class, pick):
    """Some numbers of every class."""
    return np.concatenate([pick(np.flatnonzero(labels == k), per_class) for k in np.unique(labels)])


wrong("6.3", "comes twice")(
    lambda y, n, s: pieces(y, n, lambda all_, k: np.random.default_rng(s).choice(all_, k))
)
wrong("6.3", "of each of the 3 classes", label="not by class")(
    lambda y, n, s: np.random.default_rng(s).permutation(len(y))[: 3 * n]
)
wrong("6.3", "of each of the 3 classes", label="too few in all")(
    lambda y, n, s: np.random.default_rng(s).permutation(len(y))[:n]
)
wrong("6.3", "Is the seed used?", label="the first of each class")(
    lambda y, n, s: pieces(y, n, lambda all_, k: all_[:k])
)
wrong("6.3", "Is the seed used?", label="a seed of its own")(
    lambda y, n, s: pieces(y, n, lambda all_, k: np.random.default_rng(0).permutation(all_)[:k])
)
FREE = np.random.default_rng(5)
wrong("6.3", "two different draws", label="no seed")(
    lambda y, n, s: pieces(y, n, lambda all_, k: FREE.permutation(all_)[:k])
)
wrong("6.3", "from 0 to 13", label="numbers from 1 on")(
    lambda y, n, s: pieces(y, n, lambda all_, k: np.random.default_rng(s).permutation(all_)[-k:] * 0 + 14)
)
wrong("6.3", "a row of whole numbers", label="a list a class")(
    lambda y, n, s: [list(np.flatnonzero(y == k)[:n]) for k in range(3)]
)


@wrong("6.3", "came 0 times", label="never the last")
def _(labels, per_class, seed):
    rng = np.random.default_rng(seed)

    def pick(all_, k):
        return rng.permutation(all_[:-1] if len(all_) > k else all_)[:k]

    return pieces(labels, per_class, pick)


@wrong("6.3", "the same chance?", label="a run from a random start")
def _(labels, per_class, seed):
    rng = np.random.default_rng(seed)

    def pick(all_, k):
        start = rng.integers(len(all_) - k + 1)
        return all_[start : start + k]

    return pieces(labels, per_class, pick)


@wrong("6.3", "the same chance?", label="early ones preferred")
def _(labels, per_class, seed):
    keys = np.random.default_rng(seed).random(len(labels)) * np.arange(1, len(labels) + 1)
    return pieces(labels, per_class, lambda all_, k: all_[np.argsort(keys[all_])][:k])


@wrong("6.3", "True or False for each example", label="a mask")
def _(labels, per_class, seed):
    rng = np.random.default_rng(seed)
    return np.isin(
        np.arange(len(labels)), pieces(labels, per_class, lambda all_, k: rng.permutation(all_)[:k])
    )


for many in (3, 4, 5, 10):
    wrong("6.3", "of each of the", "classes", label=f"{many} classes, always")(
        lambda y, n, s, many=many: np.concatenate(
            [np.random.default_rng(s).permutation(np.flatnonzero(y == k))[:n] for k in range(many)]
        )
    )


@wrong("6.3", "Is the seed used?", label="two seeds are one")
def _(labels, per_class, seed):
    rng = np.random.default_rng(seed // 2)
    return pieces(labels, per_class, lambda all_, k: rng.permutation(all_)[:k])


@right("6.3", "sorted random keys, a set")
def _(labels, per_class, seed):
    keys = np.random.RandomState(seed).rand(len(labels))
    return set(pieces(labels, per_class, lambda all_, k: all_[np.argsort(keys[all_])][:k]).tolist())


right("6.3", "choice")(
    lambda y, n, s: pieces(y, n, lambda all_, k: np.random.default_rng(s).choice(all_, k, replace=False))
)


@right("6.3", "loops")
def _(labels, per_class, seed):
    taken, count = [], {}
    for number in np.random.default_rng(seed).permutation(len(labels)):
        label = int(labels[number])
        if count.get(label, 0) < per_class:
            count[label] = count.get(label, 0) + 1
            taken.append(int(number))
    return taken


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
