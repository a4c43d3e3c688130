"""Chapter 5: wrong answers that learners give, and right ones in different styles."""

import gzip
import math

import keras
import numpy as np

from answers import DATA, right, wrong

# --- 5.1 change one value ----------------------------------------------------------------------

wrong("5.1", "not divided by the four places")((10, 17, 8))
wrong("5.1", "largest value of each map")((13, 19, 7))
wrong("5.1", "added up, not averaged")((19, 23, 5))
wrong("5.1", "biases are left out")((5, 6, 1))
wrong("5.1", "map 1 has changed")((4, 1, -2))
wrong("5.1", "old value")((2, 1, 0))
wrong("5.1", "gave the changes")((2, 4, 2))
wrong("5.1", "a class has a column")((1, 0, 8))
wrong("5.1", "expected: 3 results", label="the means")((2, 3))
wrong("5.1", "Result 1 of 3", "expected: 4", label="after softmax")((0.259, 0.705, 0.035))
right("5.1", "a list")([4, 5, 2])
right("5.1", "Keras")(
    keras.ops.matmul([2.0, 3.0], [[1.0, 0.0, -1.0], [1.0, 2.0, 1.0]]) + np.array([-1, -1, 1], "float32")
)

# --- 5.2 softmax -------------------------------------------------------------------------------

wrong("5.2", "large logit overflows")(lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))
wrong("5.2", "of the whole table", label="one maximum for all")(
    lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(axis=1, keepdims=True)
)
wrong("5.2", "wrong axis", "large logits overflow")(lambda z: np.exp(z) / np.exp(z).sum(axis=0))
wrong("5.2", "wrong axis", label="wrong axis, with the maximum")(
    lambda z: np.exp(z - z.max(axis=0)) / np.exp(z - z.max(axis=0)).sum(axis=0)
)
wrong("5.2", "not each of them")(lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum())
wrong("5.2", "not divided by their sum")(lambda z: np.exp(z - z.max(axis=1, keepdims=True)))
wrong("5.2", "exponential is missing")(lambda z: z / z.sum(axis=1, keepdims=True))
wrong("5.2", "sign is turned")(
    lambda z: np.exp(z.min(1, keepdims=True) - z) / np.exp(z.min(1, keepdims=True) - z).sum(1, keepdims=True)
)
wrong("5.2", "sigmoid")(lambda z: keras.ops.sigmoid(z))
wrong("5.2", "logarithm of the probabilities")(lambda z: keras.ops.log_softmax(z, axis=1))
wrong("5.2", "largest gets all")(lambda z: np.eye(z.shape[1])[z.argmax(axis=1)])
wrong("5.2", "stopped", "OverflowError", label="loops with math.exp")(
    lambda z: [[math.exp(x) / sum(map(math.exp, row)) for x in row] for row in z.tolist()]
)


@wrong("5.2", "changed its input number 1 in place")
def _(logits):
    logits -= logits.max(axis=1, keepdims=True)
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


wrong("5.2", "expected", "came", label="a row does not fit a column")(
    lambda z: np.exp(z - z.max(axis=1)) / np.exp(z).sum(axis=1)
)
right("5.2", "Keras")(lambda z: keras.ops.softmax(z, axis=-1))
right("5.2", "NumPy, by logarithms")(
    lambda z: np.exp(z - np.logaddexp.reduce(np.asarray(z, float), axis=1, keepdims=True))
)


@right("5.2", "loops")
def _(logits):
    rows = []
    for row in logits:
        powers = [math.exp(value - max(row)) for value in row]
        rows.append([power / sum(powers) for power in powers])
    return rows


# --- 5.3 cross-entropy -------------------------------------------------------------------------


def shares(z):
    """Softmax that does not overflow."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def picked(table, labels):
    """What stands in the column of the label."""
    return np.array([row[label] for row, label in zip(table, labels, strict=True)])


wrong("5.3", "logarithm of 0", "inf", label="the chapter's own")(
    lambda z, y: -np.log(picked(shares(z), y)).mean()
)
wrong("5.3", "large logit overflows")(lambda z, y: np.mean(np.log(np.exp(z).sum(1)) - picked(z, y)))
wrong("5.3", "never added back")(
    lambda z, y: np.mean(np.log(np.exp(z - z.max(1, keepdims=True)).sum(1)) - picked(z, y))
)
wrong("5.3", "sign is turned")(lambda z, y: np.mean(picked(z, y) - np.logaddexp.reduce(z, axis=1)))
wrong("5.3", "added up, not averaged")(lambda z, y: np.sum(np.logaddexp.reduce(z, axis=1) - picked(z, y)))
wrong("5.3", "over all classes")(lambda z, y: np.mean(np.logaddexp.reduce(z, axis=1)[:, None] - z))
wrong("5.3", "taken for probabilities")(lambda z, y: np.mean(-np.log(picked(z, y))))
wrong("5.3", "without its logarithm")(lambda z, y: picked(shares(z), y).mean())
wrong("5.3", "label is not used")(lambda z, y: np.mean(np.logaddexp.reduce(z, axis=1) - z.max(axis=1)))
wrong("5.3", "not the natural one")(
    lambda z, y: np.mean(np.logaddexp.reduce(z, axis=1) - picked(z, y)) / math.log(2)
)
wrong("5.3", "powers of ten")(
    lambda z, y: np.mean(np.logaddexp.reduce(z, axis=1) - picked(z, y)) / math.log(10)
)
wrong("5.3", "one number", "shape (2,)", label="one loss a picture")(
    lambda z, y: np.logaddexp.reduce(z, axis=1) - picked(z, y)
)
wrong("5.3", "expected", "came", label="Keras without from_logits")(
    lambda z, y: keras.losses.SparseCategoricalCrossentropy()(y, z)
)
right("5.3", "Keras")(lambda z, y: keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, z))
right("5.3", "NumPy")(lambda z, y: np.mean(np.logaddexp.reduce(z, axis=1) - z[range(len(z)), y]))


@right("5.3", "loops")
def _(logits, labels):
    total = 0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        top = max(row)
        total += top + math.log(sum(math.exp(value - top) for value in row)) - row[label]
    return total / len(labels)


# --- 5.4 count before you build ----------------------------------------------------------------


def counted(conv=None, dense=None, pool=None, norm=4, lost=0, flatten=None, means=None):
    """An answer with rules of its own."""

    def answer(shape, layers):
        (rows, columns, deep), total = shape, 0
        for kind, *sizes in layers:
            if kind == "conv":
                n, k = sizes
                total += conv(deep, n, k) if conv else (k * k * deep + 1) * n
                rows, columns, deep = rows - lost, columns - lost, n
            elif kind == "pool":
                rows, columns = (pool(side) if pool else math.ceil(side / 2) for side in (rows, columns))
            elif kind == "norm":
                total += norm * deep
            elif kind == "flatten":
                deep = flatten(rows, columns, deep) if flatten else rows * columns * deep
            elif kind == "means":
                deep = means(rows, columns, deep) if means else deep
            else:
                total += dense(deep, *sizes) if dense else (deep + 1) * sizes[0]
                deep = sizes[0]
        return total

    return answer


wrong("5.4", "biases are left out")(counted(lambda d, n, k: k * k * d * n, lambda w, n: w * n))
wrong("5.4", "bias for each channel")(counted(lambda d, n, k: (k * k * d + d) * n))
wrong("5.4", "counted one channel")(counted(lambda d, n, k: (k * k + 1) * n))
wrong("5.4", "square it")(counted(lambda d, n, k: (k * d + 1) * n))
wrong("5.4", "one filter is counted")(counted(lambda d, n, k: k * k * d + 1))
wrong("5.4", "rounded down")(counted(pool=lambda side: side // 2))
wrong("5.4", "pooling is forgotten")(counted(pool=lambda side: side))
wrong("5.4", "it keeps its size")(counted(lost=2))
wrong("5.4", "two of the four numbers")(counted(norm=2))
wrong("5.4", "means are counted like flatten")(counted(means=lambda r, c, d: r * c * d))
wrong("5.4", "flatten is counted like the means")(counted(flatten=lambda r, c, d: d))
wrong("5.4", "expected", "came", label="dense layers have no bias")(counted(dense=lambda w, n: w * n))
wrong("5.4", "expected: 56", "came:     20", label="made for one case")(
    lambda shape, layers: sum({"conv": 20, "dense": 15}.get(kind, 0) for kind, *_ in layers)
)
for side in range(6):
    wrong("5.4", "expected", "came", label=f"every filter has the side {side}")(
        counted(lambda d, n, k, side=side: (side * side * d + 1) * n)
    )
right("5.4", "loops")(counted())


@right("5.4", "Keras")
def _(shape, layers):
    kinds = {
        "conv": lambda n, k: keras.layers.Conv2D(n, k, padding="same"),
        "pool": lambda: keras.layers.MaxPooling2D(padding="same"),
        "norm": keras.layers.BatchNormalization,
        "flatten": keras.layers.Flatten,
        "means": keras.layers.GlobalAveragePooling2D,
        "dense": keras.layers.Dense,
    }
    return keras.Sequential(
        [keras.Input(shape), *(kinds[kind](*sizes) for kind, *sizes in layers)]
    ).count_params()


# --- 5.5 small and good enough -----------------------------------------------------------------

LAYERS = keras.layers


def stack(*layers, shape=(28, 28, 1)):
    """A network, made anew each time it is asked for."""
    return lambda: keras.Sequential([keras.Input(shape), *(make() for make in layers)])


def half(filters, kind=LAYERS.MaxPooling2D):
    """A convolution that halves the map."""
    return lambda: keras.Sequential([LAYERS.Conv2D(filters, 3, padding="same"), kind(), LAYERS.ReLU()])


def ten(**settings):
    """The last layer."""
    return lambda: LAYERS.Dense(10, **settings)


def scaled():
    """Pixels from 0 to 1."""
    return LAYERS.Rescaling(1 / 255)


wrong("5.5", "at most 5,000", "7,850", "dense", label="a dense layer on all pixels")(
    stack(scaled, LAYERS.Flatten, lambda: LAYERS.Dense(10, name="dense"))
)
wrong("5.5", "at most 5,000", "of them sit in the layer wide", label="flatten and 64 units")(
    stack(scaled, half(8), half(8), LAYERS.Flatten, lambda: LAYERS.Dense(64, name="wide"), ten())
)
wrong("5.5", "Is a return missing?")(lambda: None)
wrong("5.5", "(20, 9)", "ten units", label="nine classes")(
    stack(scaled, half(8), LAYERS.GlobalAveragePooling2D, lambda: LAYERS.Dense(9))
)
wrong("5.5", "(20, 14, 14, 10)", "become a row", label="no flatten")(stack(scaled, half(8), ten()))
wrong("5.5", "a Keras model", label="a list of layers")(lambda: [LAYERS.Flatten(), LAYERS.Dense(10)])
wrong("5.5", "stopped", label="no channel in the input")(stack(half(8), shape=(28, 28)))
wrong("5.5", "stopped", label="colour pictures")(
    stack(half(8), LAYERS.GlobalAveragePooling2D, ten(), shape=(28, 28, 3))
)


@wrong("5.5", "no weight that training may change", label="frozen")
def _():
    model = stack(scaled, half(8), LAYERS.GlobalAveragePooling2D, ten())()
    model.trainable = False
    return model


wrong("5.5", "0.75 or more", "less than two convolutions", label="one stage")(
    stack(scaled, lambda: LAYERS.Conv2D(4, 3, strides=2), LAYERS.GlobalAveragePooling2D, ten())
)
wrong("5.5", "0.75 or more", "ends in a ReLU", "divide them inside", label="ReLU on the scores")(
    stack(
        lambda: LAYERS.Conv2D(4, 3, strides=2),
        lambda: LAYERS.Conv2D(4, 3, strides=2),
        LAYERS.GlobalAveragePooling2D,
        ten(activation="relu", bias_initializer="ones"),
    )
)


@right("5.5", "functional, strides, softmax")
def _():
    pictures = keras.Input((28, 28, 1))
    x = LAYERS.Rescaling(1 / 255)(pictures)
    x = LAYERS.Conv2D(12, 5, strides=2, activation="relu")(x)
    x = LAYERS.Conv2D(12, 3, strides=2, activation="relu")(x)
    x = LAYERS.Flatten()(x)
    return keras.Model(pictures, LAYERS.Dense(10, activation="softmax")(x))


class DividesByFloat(keras.Model):
    """A class of the learner's own, whose call takes float pictures."""

    def __init__(self):
        super().__init__()
        self.steps = [
            LAYERS.Conv2D(8, 3, padding="same", activation="relu"),
            LAYERS.MaxPooling2D(4),
            LAYERS.Flatten(),
            LAYERS.Dense(10),
        ]

    def call(self, x):
        x = x / 255.0
        for step in self.steps:
            x = step(x)
        return x


right("5.5", "a class of its own")(DividesByFloat)
right("5.5", "the model itself, batch normalisation")(
    stack(
        LAYERS.MaxPooling2D,
        LAYERS.BatchNormalization,
        half(12),
        LAYERS.BatchNormalization,
        half(12),
        LAYERS.Flatten,
        ten(),
    )()
)

# --- 5.6 what comes for free -------------------------------------------------------------------

SAID = "The mean shirt looks like the mean coat, and no other mean like a trouser."


def read(name, start):
    """A file of Fashion-MNIST."""
    with gzip.open(DATA.parent / "fashion-mnist" / f"train-{name}-ubyte.gz") as file:
        return np.frombuffer(file.read(), "uint8", offset=start)


X, Y = read("images-idx3", 16).reshape(-1, 784), read("labels-idx1", 8)
MEANS = np.stack([X[:4000][Y[:4000] == k].mean(axis=0) for k in range(10)])
ASKED, TRUTH = X[-2000:].astype(float), Y[-2000:]
SQUARES = np.stack([((ASKED - mean) ** 2).sum(axis=1) for mean in MEANS])
ABSOLUTE = np.stack([np.abs(ASKED - mean).sum(axis=1) for mean in MEANS])
WRAPPED = np.stack([((X[-2000:] - mean.astype("uint8")) ** 2).sum(axis=1) for mean in MEANS])
OTHER = np.stack([((X[:4000] - mean) ** 2).sum(axis=1) for mean in MEANS])
SHARE = np.mean(SQUARES.argmin(axis=0) == TRUTH)
wrong("5.6", "share that is wrong")((1 - SHARE, SAID))
wrong("5.6", "in percent")((100 * SHARE, SAID))
wrong("5.6", "number of pictures")((int(2000 * SHARE), SAID))
wrong("5.6", "largest difference wins")((np.mean(SQUARES.argmax(axis=0) == TRUTH), SAID))
wrong("5.6", "largest product")((np.mean((ASKED @ MEANS.T).argmax(axis=1) == TRUTH), SAID))
wrong("5.6", "not squared")((np.mean(ABSOLUTE.argmin(axis=0) == TRUTH), SAID))
wrong("5.6", "pictures that you averaged")((np.mean(OTHER.argmin(axis=0) == Y[:4000]), SAID))
wrong("5.6", "uint8 differences overflow")((np.mean(WRAPPED.argmin(axis=0) == TRUTH), SAID))
wrong("5.6", "Now the sentence", label="no sentence")((SHARE, "Shirts vary."))
wrong("5.6", "one number", label="a list of hits")((SQUARES.argmin(axis=0) == TRUTH, SAID))
right("5.6", "measured")((SHARE, SAID))
right("5.6", "rounded")([round(float(SHARE), 3), SAID])
EACH = np.stack([((ASKED - X[Y == k][:4000].mean(axis=0)) ** 2).sum(axis=1) for k in range(10)])
wrong("5.6", "4,000 of each class")((np.mean(EACH.argmin(axis=0) == TRUTH), SAID))
