"""Chapter 6: wrong answers that learners give, and right ones in different styles."""

import keras
import numpy as np

from answers import right, wrong

# --- 6.1 change one value ----------------------------------------------------------------------

wrong("6.1", "old value")((2, 9, 3))
wrong("6.1", "lost its sign")((-2, 11, 9))
wrong("6.1", "channel 1 has changed")((4, 13, 3))
wrong("6.1", "gave the changes")((4, -2, -6))
wrong("6.1", "of the three")((4, 11, 5))
wrong("6.1", "expected: 3 results", label="the two channels")((4, -1))
wrong("6.1", "Result 1 of 3", "expected: 6", label="ordinary convolution")((3, 3, 3))
right("6.1", "a list")([6, 7, -3])
right("6.1", "an array")(np.array([4, -1]) @ np.array([[1, 2, 0], [-2, 1, 3]]))

# --- 6.2 a depthwise separable convolution -----------------------------------------------------


def depth(picture, filters):
    """Each channel with its own filter, by loops."""
    side = len(filters)
    maps = np.zeros((picture.shape[0] - side + 1, picture.shape[1] - side + 1, picture.shape[2]))
    for r, c, n in np.ndindex(maps.shape):
        maps[r, c, n] = np.sum(picture[r : r + side, c : c + side, n] * filters[:, :, n])
    return maps


wrong("6.2", "not mixed")(lambda p, f, m: depth(p, f))
wrong("6.2", "added up before")(lambda p, f, m: depth(p, f).sum(axis=2)[..., None] * m.sum(axis=0))
wrong("6.2", "filter of the first")(lambda p, f, m: depth(p, np.stack([f[..., 0]] * f.shape[2], -1)) @ m)
wrong("6.2", "kernel is flipped")(lambda p, f, m: depth(p, f[::-1, ::-1]) @ m)
wrong("6.2", "of the filters are swapped")(lambda p, f, m: depth(p, f.swapaxes(0, 1)) @ m)
wrong("6.2", "stops one short")(lambda p, f, m: (depth(p, f) @ m)[:-1, :-1])
wrong("6.2", "no ReLU")(lambda p, f, m: np.maximum(0, depth(p, f)) @ m)
wrong("6.2", "stopped", "ValueError", label="the mixing turned")(lambda p, f, m: depth(p, f) @ m[:, :1].T)
wrong("6.2", "shape", label="padding same")(lambda p, f, m: np.pad(depth(p, f) @ m, ((1, 1), (1, 1), (0, 0))))
right("6.2", "loops")(lambda p, f, m: depth(p, f) @ m)


@right("6.2", "Keras")
def _(picture, filters, mixing):
    layer = keras.layers.SeparableConv2D(mixing.shape[1], len(filters), use_bias=False)
    layer.build((1, *picture.shape))
    layer.set_weights([filters[..., None], mixing[None, None]])
    return layer(picture[None].astype("float32"))[0]


# --- 6.3 what it saves -------------------------------------------------------------------------

wrong("6.3", "biases are counted")(lambda k, i, o: ((k * k * i + 1) * o, (k * k + 1) * i + (i + 1) * o))
wrong("6.3", "for each output")(lambda k, i, o: ((k * k * i + 1) * o, k * k * i + (i + 1) * o))
wrong("6.3", "mixing is left out")(lambda k, i, o: (k * k * i * o, k * k * i))
wrong("6.3", "single channels are left out")(lambda k, i, o: (k * k * i * o, i * o))
wrong("6.3", "they are shared")(lambda k, i, o: (k * k * i * o, k * k * i * o + i * o))
wrong("6.3", "one filter serves all")(lambda k, i, o: (k * k * i * o, k * k + i * o))
wrong("6.3", "square it")(lambda k, i, o: (k * i * o, k * i + i * o))
wrong("6.3", "changed places")(lambda k, i, o: (k * k * i + i * o, k * k * i * o))
wrong("6.3", "as deep as its input")(lambda k, i, o: (k * k * o, k * k * i + i * o))
wrong("6.3", "multiplied, not added")(lambda k, i, o: (k * k * i * o, k * k * i * i * o))
right("6.3", "plain")(lambda k, i, o: (k**2 * i * o, i * (k**2 + o)))


@right("6.3", "Keras counts")
def _(side, inputs, outputs):
    found = []
    for kind in (keras.layers.Conv2D, keras.layers.SeparableConv2D):
        layer = kind(outputs, side, use_bias=False)
        layer.build((None, side, side, inputs))
        found.append(layer.count_params())
    return found


# --- 6.4 frozen, really ------------------------------------------------------------------------


def topped(body, classes, **how):
    """A dense layer on the backbone, called with these arguments."""
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, keras.layers.Dense(classes)(body(inputs, **how)))


wrong("6.4", "can still be trained", "2 of running averages", label="not frozen")(topped)
wrong("6.4", "can still be trained", label="training=False alone")(
    lambda body, classes: topped(body, classes, training=False)
)


@wrong("6.4", "batch normalisation is not frozen", "0 arrays of weights", label="convolutions only")
def _(body, classes):
    body.layers[0].trainable = False
    body.layers[1].gamma.trainable = body.layers[1].beta.trainable = False
    return topped(body, classes, training=False)


@wrong("6.4", "can still be trained", label="batch normalisation only")
def _(body, classes):
    body.layers[1].trainable = False
    return topped(body, classes)


@wrong("6.4", "Nothing can learn", label="the whole model is frozen")
def _(body, classes):
    model = topped(body, classes)
    model.trainable = False
    return model


@wrong("6.4", "are not in your model", label="a clone")
def _(body, classes):
    copy = keras.models.clone_model(body)
    copy.trainable = False
    return topped(copy, classes)


@wrong("6.4", "are not in your model", label="without the backbone")
def _(body, classes):
    return keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(classes)])


@wrong("6.4", "expected: shape (2, 3)", "came:     shape (2, 10)", label="ten classes, always")
def _(body, classes):
    body.trainable = False
    return topped(body, 10)


@wrong("6.4", "a Keras model", "None", label="nothing comes back")
def _(body, classes):
    body.trainable = False
    topped(body, classes)


@wrong("6.4", "can still be trained", label="thawed again")
def _(body, classes):
    body.trainable = False
    model = topped(body, classes)
    body.trainable = True
    return model


@right("6.4", "functional")
def _(body, classes):
    body.trainable = False
    return topped(body, classes, training=False)


@wrong("6.4", "can still be trained", label="its input and its output, not frozen")
def _(backbone, classes):
    return keras.Model(backbone.input, keras.layers.Dense(classes)(backbone.output))


@right("6.4", "its input and its output")
def _(backbone, classes):
    backbone.trainable = False
    return keras.Model(backbone.input, keras.layers.Dense(classes)(backbone.output))


@right("6.4", "its layers in a row")
def _(backbone, classes):
    for layer in backbone.layers:
        layer.trainable = False
    return keras.Model(backbone.inputs, keras.layers.Dense(classes)(backbone.layers[-1].output))


@right("6.4", "layer by layer, compiled")
def _(body, classes):
    for layer in body.layers:
        layer.trainable = False
    model = keras.Sequential([body, keras.layers.Dense(classes)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


# --- 6.5 a fair draw ---------------------------------------------------------------------------


def pieces(labels, per_class, pick):
    """Some numbers of every class."""
    return np.concatenate([pick(np.flatnonzero(labels == k), per_class) for k in np.unique(labels)])


wrong("6.5", "comes twice")(
    lambda y, n, s: pieces(y, n, lambda all_, k: np.random.default_rng(s).choice(all_, k))
)
wrong("6.5", "of each of the 3 classes", label="not by class")(
    lambda y, n, s: np.random.default_rng(s).permutation(len(y))[: 3 * n]
)
wrong("6.5", "of each of the 3 classes", label="too few in all")(
    lambda y, n, s: np.random.default_rng(s).permutation(len(y))[:n]
)
wrong("6.5", "Is the seed used?", label="the first of each class")(
    lambda y, n, s: pieces(y, n, lambda all_, k: all_[:k])
)
wrong("6.5", "Is the seed used?", label="a seed of its own")(
    lambda y, n, s: pieces(y, n, lambda all_, k: np.random.default_rng(0).permutation(all_)[:k])
)
FREE = np.random.default_rng(5)
wrong("6.5", "two different draws", label="no seed")(
    lambda y, n, s: pieces(y, n, lambda all_, k: FREE.permutation(all_)[:k])
)
wrong("6.5", "from 0 to 13", label="numbers from 1 on")(
    lambda y, n, s: pieces(y, n, lambda all_, k: np.random.default_rng(s).permutation(all_)[-k:] * 0 + 14)
)
wrong("6.5", "a row of whole numbers", label="a list a class")(
    lambda y, n, s: [list(np.flatnonzero(y == k)[:n]) for k in range(3)]
)


@wrong("6.5", "came 0 times", label="never the last")
def _(labels, per_class, seed):
    rng = np.random.default_rng(seed)

    def pick(all_, k):
        return rng.permutation(all_[:-1] if len(all_) > k else all_)[:k]

    return pieces(labels, per_class, pick)


@wrong("6.5", "the same chance?", label="a run from a random start")
def _(labels, per_class, seed):
    rng = np.random.default_rng(seed)

    def pick(all_, k):
        start = rng.integers(len(all_) - k + 1)
        return all_[start : start + k]

    return pieces(labels, per_class, pick)


@wrong("6.5", "the same chance?", label="early ones preferred")
def _(labels, per_class, seed):
    keys = np.random.default_rng(seed).random(len(labels)) * np.arange(1, len(labels) + 1)
    return pieces(labels, per_class, lambda all_, k: all_[np.argsort(keys[all_])][:k])


@wrong("6.5", "True or False for each example", label="a mask")
def _(labels, per_class, seed):
    rng = np.random.default_rng(seed)
    return np.isin(
        np.arange(len(labels)), pieces(labels, per_class, lambda all_, k: rng.permutation(all_)[:k])
    )


for many in (3, 4, 5, 10):
    wrong("6.5", "of each of the", "classes", label=f"{many} classes, always")(
        lambda y, n, s, many=many: np.concatenate(
            [np.random.default_rng(s).permutation(np.flatnonzero(y == k))[:n] for k in range(many)]
        )
    )


@wrong("6.5", "Is the seed used?", label="two seeds are one")
def _(labels, per_class, seed):
    rng = np.random.default_rng(seed // 2)
    return pieces(labels, per_class, lambda all_, k: rng.permutation(all_)[:k])


@right("6.5", "sorted random keys, a set")
def _(labels, per_class, seed):
    keys = np.random.RandomState(seed).rand(len(labels))
    return set(pieces(labels, per_class, lambda all_, k: all_[np.argsort(keys[all_])][:k]).tolist())


right("6.5", "choice")(
    lambda y, n, s: pieces(y, n, lambda all_, k: np.random.default_rng(s).choice(all_, k, replace=False))
)


@right("6.5", "loops")
def _(labels, per_class, seed):
    taken, count = [], {}
    for number in np.random.default_rng(seed).permutation(len(labels)):
        label = int(labels[number])
        if count.get(label, 0) < per_class:
            count[label] = count.get(label, 0) + 1
            taken.append(int(number))
    return taken


# --- 6.6 a few-shot curve ----------------------------------------------------------------------


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


wrong("6.6", "not by one less")(lambda *a: (table(*a).mean(1), table(*a).std(1)))
wrong("6.6", "variance")(lambda *a: (table(*a).mean(1), table(*a).var(1, ddof=1)))
wrong("6.6", "standard error")(
    lambda *a: (table(*a).mean(1), table(*a).std(1, ddof=1) / np.sqrt(len(a[4][0])))
)
wrong("6.6", "best draw")(lambda *a: (table(*a).max(1), table(*a).std(1, ddof=1)))
wrong("6.6", "wrong axis")(lambda *a: (table(*a).mean(0), table(*a).std(0, ddof=1)))
wrong("6.6", "training examples are asked")(
    lambda x, y, t, u, p: (table(x, y, x, y, p).mean(1), table(x, y, x, y, p).std(1, ddof=1))
)
wrong("6.6", "farthest")(lambda *a: (table(*a, np.argmax).mean(1), table(*a, np.argmax).std(1, ddof=1)))
wrong("6.6", "in percent")(lambda *a: (100 * table(*a).mean(1), 100 * table(*a).std(1, ddof=1)))
wrong("6.6", "share that is wrong")(lambda *a: (1 - table(*a).mean(1), table(*a).std(1, ddof=1)))


@wrong("6.6", "expected", "came", label="a draw taken to be in the order of the classes")
def _(x, y, test_x, test_y, points):
    def share(numbers):
        means = x[numbers].reshape(y.max() + 1, -1, x.shape[1]).mean(axis=1)
        far = ((test_x[:, None] - means) ** 2).sum(axis=2)
        return np.mean(far.argmin(axis=1) == test_y)

    shares = np.array([[share(numbers) for numbers in draws] for draws in points])
    return shares.mean(axis=1), shares.std(axis=1, ddof=1)


wrong("6.6", "expected: 2 results", label="three results")(lambda *a: (table(*a), 0, 0))
right("6.6", "NumPy")(lambda *a: [table(*a).mean(axis=1), table(*a).std(axis=1, ddof=1)])


@right("6.6", "loops")
def _(*given):
    means, spreads = [], []
    for row in table(*given).tolist():
        mean = sum(row) / len(row)
        means.append(mean)
        spreads.append((sum((share - mean) ** 2 for share in row) / (len(row) - 1)) ** 0.5)
    return means, spreads


# --- 6.7 where the weights are -----------------------------------------------------------------

SAID = "A depthwise filter has nine weights, a mixture one for every pair."
SIZES = {"pw": 0, "dw": 0, "bn": 0, "conv1": 0}
with keras.StatelessScope(initialize_variables=False):
    for layer in keras.applications.MobileNet(
        (64, 64, 3), alpha=0.25, include_top=False, weights=None
    ).layers:
        sizes = [kind for kind in ("bn", "pw", "dw", "conv1") if kind in layer.name.split("_")]
        if sizes:
            SIZES[sizes[0]] += layer.count_params()
TOTAL = sum(SIZES.values())
SHARE = SIZES["pw"] / TOTAL
wrong("6.7", "depthwise filters")((SIZES["dw"] / TOTAL, SAID))
wrong("6.7", "it is 3x3")(((SIZES["pw"] + SIZES["conv1"]) / TOTAL, SAID))
wrong("6.7", "batch normalisation is left out of the total")((SIZES["pw"] / (TOTAL - SIZES["bn"]), SAID))
wrong("6.7", "running averages are left out")((SIZES["pw"] / (TOTAL - SIZES["bn"] / 2), SAID))
wrong(
    "6.7", "0.946\n  It looks as if the network is the one of the chapter", label="copied from the chapter"
)((0.946, SAID))
wrong("6.7", "the batch normalisation behind them is counted in")((0.9251, SAID))
wrong("6.7", "in percent")((100 * SHARE, SAID))
wrong("6.7", "number of parameters")((SIZES["pw"], SAID))
wrong("6.7", "not 1x1")((1 - SHARE, SAID))
wrong("6.7", "Now the sentence", label="no sentence")((SHARE, ""))
right("6.7", "measured")((SHARE, SAID))
right("6.7", "rounded")([round(SHARE, 3), SAID])
