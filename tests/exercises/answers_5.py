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

# --- 5.2 sure, with small weights ---------------------------------------------------------------

BRIGHT = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]])  # the four pictures
GOOD, NONE = 1.5 * (2 * BRIGHT.T - 1), np.zeros(4)
wrong("5.2", "speak against one", label="no weight against a class")((1.5 * BRIGHT.T, NONE))
wrong("5.2", "yours is turned")((GOOD.T, NONE))
wrong("5.2", "signs are turned")((-GOOD, NONE))
wrong("5.2", "use the room", "0.7", label="weights of one")((GOOD / 1.5, NONE))
wrong("5.2", "no size above 1.5", "came:     3", label="too large")((2 * GOOD, NONE))
wrong("5.2", "no size above 1.5", "came:     50", label="a large bias")((GOOD, NONE + [0, 0, 0, 50]))
wrong("5.2", "the same four scores", label="all weights alike")((np.ones((4, 4)), NONE))
wrong("5.2", "0.9 or more", label="the classes in another order")((GOOD[:, ::-1], NONE))
wrong("5.2", "0.9 or more", label="a bias spoils it")((GOOD, [1.5, 0, 0, 0]))
wrong("5.2", "(4, 4) and (4,)", "(1, 4)", label="for the mean alone")((np.ones((1, 4)), NONE))
wrong("5.2", "(weights, biases)", label="no biases")(GOOD)
wrong("5.2", "(weights, biases)", label="words")(("yes", "no"))
wrong("5.2", "no size above 1.5", "nan", label="no number")((GOOD * np.nan, NONE))
right("5.2", "a table")((GOOD, NONE))
right("5.2", "lists, one bias for all")(
    [
        [[1.5, -1.5, 1.5, -1.5], [1.5, -1.5, -1.5, 1.5], [-1.5, 1.5, 1.5, -1.5], [-1.5, 1.5, -1.5, 1.5]],
        [1] * 4,
    ]
)
right("5.2", "a little room left")((1.48 * (2 * BRIGHT.T - 1), NONE))

# --- 5.3 before it looks ------------------------------------------------------------------------


def of_shares(change):
    """Biases made of the share of each class."""
    return lambda labels, classes: change(np.bincount(labels, minlength=classes) / len(labels))


wrong("5.3", "classes of one size", label="all zero")(lambda labels, classes: np.zeros(classes))
wrong("5.3", "shares came back")(of_shares(lambda a: a))
wrong("5.3", "counts came back")(lambda labels, classes: np.bincount(labels, minlength=classes))
wrong("5.3", "sign is turned")(of_shares(lambda a: -np.log(a)))
wrong("5.3", "powers of ten")(of_shares(np.log10))
wrong("5.3", "powers of two")(of_shares(np.log2))
wrong("5.3", "wrong order")(of_shares(lambda a: np.log(a)[::-1]))
wrong("5.3", "added to every count")(lambda labels, classes: np.log(np.bincount(labels) + 1))
wrong("5.3", "the root")(of_shares(np.sqrt))
wrong("5.3", "a loss of 0.9557", "came", label="the most frequent gets all")(
    of_shares(lambda a: 20 * (a == a.max()))
)
wrong("5.3", "3 biases", label="one number")(of_shares(lambda a: np.log(a.max())))
wrong("5.3", "3 biases", label="two classes, always")(of_shares(lambda a: np.log(a[:2])))
wrong("5.3", "stopped", label="a label that is not there")(lambda labels, classes: np.log(labels[10**6]))
wrong("5.3", "no finite number", label="minus infinity")(of_shares(lambda a: np.log(a * 0)))
wrong("5.3", "came:     nothing (None)", label="nothing comes back")(of_shares(lambda a: None))
right("5.3", "counts")(lambda labels, classes: np.log(np.bincount(labels, minlength=classes)))


@right("5.3", "down the gradient")
def _(labels, classes):
    wanted, biases = np.eye(classes)[labels].mean(axis=0), np.zeros(classes)
    for _ in range(20_000):
        powers = np.exp(biases - biases.max())
        biases -= powers / powers.sum() - wanted
    return biases


@right("5.3", "loops, measured from the first class")
def _(labels, classes):
    counts = [list(labels).count(each) for each in range(classes)]
    return [math.log(count / counts[0]) for count in counts]


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
for words, means in (
    ("rows", lambda r, c, d: r),
    ("columns", lambda r, c, d: c),
    ("quarter of all", lambda r, c, d: r * c * d // 4),
    ("two", lambda r, c, d: 2),
):
    wrong("5.4", "expected", "came", label=f"as many means as {words}")(counted(means=means))
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


wrong("5.5", "0.79 or more", "become means", label="one stage and the means")(
    stack(scaled, lambda: LAYERS.Conv2D(4, 3, strides=2), LAYERS.GlobalAveragePooling2D, ten())
)
wrong("5.5", "0.79 or more", "no convolution", label="one dense layer on shrunken pictures")(
    stack(scaled, LAYERS.MaxPooling2D, LAYERS.Flatten, ten())
)
wrong("5.5", "0.79 or more", "ends in a ReLU", "divide them inside", label="ReLU on the scores")(
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
        scaled,
        lambda: LAYERS.Conv2D(8, 3, padding="same"),
        lambda: LAYERS.MaxPooling2D(4),
        lambda: LAYERS.BatchNormalization(momentum=0.9),
        LAYERS.ReLU,
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
