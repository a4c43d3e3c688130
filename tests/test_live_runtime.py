"""Tests of the network runtime of the live figures: Keras and Chromium in one go.

The networks are drawn afresh in every run; a failure names the seed that drew it
(LIVE_SEED=... draws the same ones again).
"""

from __future__ import annotations

import base64
import json
import os
import shutil

import numpy as np
import pytest

import site_checks as site
from site_fixtures import *  # noqa: F403
from site_fixtures import hold
from tools.book import exporter, exporter_cells

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
keras = pytest.importorskip("keras")
layers, ops = keras.layers, keras.ops

LIVE = site.ROOT / "book" / "_static" / "live"
SEED = int(os.environ.get("LIVE_SEED") or np.random.SeedSequence().entropy % 2**32)
CLOSE = 1e-5  # of the largest value of a layer, or of 1 where all are smaller


save_network = exporter()


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """An empty page beside the runtime, and the folder that is served with it."""
    folder = tmp_path_factory.mktemp("live")
    for path in LIVE.glob("*.mjs"):
        shutil.copy(path, folder)
    (folder / "page.html").write_text("<!DOCTYPE html><title>x</title><link rel=icon href='data:,'>", "utf-8")
    with site.Server(folder) as server:
        context = browser.new_context()
        empty = context.new_page()
        empty.goto(server.address + "page.html")
        empty.folder = folder
        yield empty
        context.close()


RUN = """async ([file, picture]) => {
    const { loadNetwork } = await import("/network-file.mjs");
    const network = await loadNetwork(file);
    const floats = new Float32Array(Uint8Array.from(atob(picture), (c) => c.charCodeAt(0)).buffer);
    const found = [];
    for (const [name, { shape, data }] of network.run(floats)) found.push([name, shape, data]);
    return { found, parameters: network.parameters, output: network.output, classes: network.classes };
}"""


def encode(array) -> str:
    """An array as base64 of its float32 numbers."""
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


def shake(model, rng) -> None:
    """Give every weight of a model a random value; a variance stays above zero."""
    for layer in model.layers:
        values = [rng.normal(0, 0.5, w.shape) for w in layer.get_weights()]
        if isinstance(layer, layers.BatchNormalization):
            values[-1] = rng.uniform(0.5, 2, values[-1].shape)
        elif values and values[0].ndim > 1:  # answers of about the size of what comes in
            values[0] /= np.sqrt(np.prod(values[0].shape[:-1]) / 4)
        layer.set_weights(values)


def differences(page, model, rng, picture=None) -> list[str]:
    """Layers in which the browser and Keras do not agree; an empty list is what we want."""
    shake(model, rng)
    shape = model.inputs[0].shape[1:]
    picture = rng.normal(0, 1, shape).astype("float32") if picture is None else picture
    save_network(model, page.folder / "network.bin")
    answer = page.evaluate(RUN, [f"network.bin?{rng.integers(1 << 40)}", encode(picture)])
    found = {name: np.array(data, "float32").reshape(shape) for name, shape, data in answer["found"]}
    # The file holds the picture's shape and no layer for it.
    inner = [layer for layer in model.layers if not isinstance(layer, layers.InputLayer)]
    names = [layer.name for layer in inner]
    assert sorted(found) == sorted(["input", *names])
    outputs = keras.Model(model.inputs[0], [layer.output for layer in inner])(picture[None], training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    wrong = []
    for name, output in zip(names, outputs, strict=True):
        wanted = np.asarray(output)[0]
        if found[name].shape != wanted.shape:
            wrong.append(f"{name}: shape {found[name].shape}, Keras says {wanted.shape}")
            continue
        gap = np.abs(found[name] - wanted).max() / max(1, np.abs(wanted).max())
        if not gap <= CLOSE:
            wrong.append(f"{name} {model.get_layer(name).get_config()}: off by {gap:.2g}")
    if answer["parameters"] != model.count_params():
        wrong.append(f"{answer['parameters']} parameters, Keras counts {model.count_params()}")
    return [f"LIVE_SEED={SEED}: {one}" for one in wrong]


def begun(shape):
    """The layers by which a network begins that takes a picture and goes on with this shape."""
    if len(shape) == 3 and shape[-1] in (1, 3):
        return [keras.Input(shape)]
    return [keras.Input((shape[0], int(np.prod(shape[1:])), 1)), layers.Reshape(shape)]


def single(layer, shape):
    """A network of one layer, behind a Reshape where its input is no picture."""
    return keras.Sequential([*begun(shape), layer])


def sizes(rng, least=7, most=20):
    """Rows and columns, odd as often as even, and seldom alike."""
    return tuple(int(n) for n in rng.integers(least, most, 2))


ACTIVATIONS = """linear relu relu6 leaky_relu elu selu celu gelu silu mish softplus softsign squareplus sigmoid
hard_sigmoid log_sigmoid tanh hard_tanh hard_silu hard_shrink soft_shrink tanh_shrink exponential softmax
log_softmax""".split()


def convolutions(rng):
    """Every mixture of padding, stride and dilation that Keras takes, sizes drawn."""
    for kind in (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D):
        for padding in ("valid", "same"):
            for stride, dilation in ((1, 1), (2, 1), (3, 1), (1, 2), (1, 3)):
                kernel = tuple(int(k) for k in rng.integers(1, 5 if dilation == 1 else 3, 2))
                if dilation > 1:  # a 1x1 kernel has nothing to spread
                    kernel = (2, 3)
                if kind is not layers.Conv2D and dilation == 1:
                    kernel = (kernel[0],) * 2
                wishes = {"kernel_size": kernel, "strides": stride, "padding": padding}
                wishes |= {"dilation_rate": dilation, "use_bias": bool(rng.integers(2))}
                wishes |= {"activation": str(rng.choice(ACTIVATIONS))}
                if kind is not layers.Conv2D:
                    wishes["depth_multiplier"] = int(rng.integers(1, 4))
                if kind is not layers.DepthwiseConv2D:
                    wishes["filters"] = int(rng.integers(1, 7))
                yield kind(**wishes), (*sizes(rng), int(rng.integers(1, 5)))
    yield layers.Conv2D(6, 3, groups=2, padding="same"), (9, 8, 4)
    yield layers.Conv2D(8, (1, 3), strides=(2, 1), groups=4), (9, 8, 4)


def poolings(rng):
    """Both kinds, both paddings, windows and steps drawn, also a step larger than its window."""
    for kind in (layers.MaxPooling2D, layers.AveragePooling2D):
        for padding in ("valid", "same"):
            for strides in (None, 1, 2, 3):
                pool = tuple(int(k) for k in rng.integers(1, 5, 2))
                yield kind(pool, strides, padding), (*sizes(rng), int(rng.integers(1, 5)))


def the_rest(rng):
    """Every other layer, with its arguments."""
    shape = (*sizes(rng), 3)
    for name in ACTIVATIONS:
        yield layers.Activation(name), shape
        yield layers.Dense(5, activation=name), (11,)
    yield layers.Dense(4, use_bias=False), (3, 4, 5)
    yield layers.ZeroPadding2D(((1, 2), (3, 0))), shape
    yield layers.ZeroPadding2D(2), shape
    for kind in (layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D):
        yield kind(), shape
        yield kind(keepdims=True), shape
    yield layers.Flatten(), shape
    yield layers.Reshape((-1, 3)), shape
    yield layers.BatchNormalization(), shape
    yield layers.BatchNormalization(scale=False, epsilon=0.1), shape
    yield layers.BatchNormalization(center=False), (7,)
    yield layers.BatchNormalization(scale=False, center=False), shape
    yield layers.ReLU(), shape
    yield layers.ReLU(max_value=0.8, negative_slope=0.1, threshold=0.2), shape
    yield layers.LeakyReLU(negative_slope=0.15), shape
    yield layers.Softmax(), shape
    yield layers.Rescaling(1 / 127.5, offset=-1), shape
    yield layers.Rescaling([0.1, 0.2, 0.3], offset=[1, 2, 3]), shape
    yield layers.Identity(), shape
    yield layers.Dropout(0.5), shape
    yield layers.SpatialDropout2D(0.5), shape
    yield layers.RandomFlip(), shape
    yield layers.RandomRotation(0.1), shape


@pytest.mark.parametrize("group", [convolutions, poolings, the_rest])
def test_every_layer_equals_keras(page, group):
    """Layer by layer, on pictures of odd and even sizes."""
    rng = np.random.default_rng(SEED)
    hold([fault for layer, shape in group(rng) for fault in differences(page, single(layer, shape), rng)])


def test_every_activation_is_tested(page):
    """What the runtime can, the exporter writes; and all of it is tried above."""
    acts = page.evaluate("async () => (await import('/runtime.mjs')).ACTIVATIONS")
    assert sorted(acts) == sorted(ACTIVATIONS)
    assert set(acts) == {name for name in save_network.__globals__["KNOWN"] if name == name.lower()}


def draw_network(rng):
    """A sequential network of random depth and settings."""
    model = begun((*sizes(rng, 15, 34), int(rng.integers(1, 4))))
    for _ in range(int(rng.integers(2, 4))):
        filters, kernel = int(rng.integers(2, 12)), int(rng.integers(1, 6))
        padding = str(rng.choice(["same", "valid"])) if kernel < 4 else "same"
        kind = rng.integers(3)
        if kind == 0:
            model += [layers.Conv2D(filters, kernel, int(rng.integers(1, 3)), padding, activation="relu")]
        elif kind == 1:
            model += [layers.Conv2D(filters, kernel, padding=padding, use_bias=False)]
            model += [layers.BatchNormalization(), layers.ReLU(6.0)]
        else:
            model += [layers.SeparableConv2D(filters, kernel, padding="same", activation="gelu")]
        if rng.integers(2):
            pool = layers.MaxPooling2D if rng.integers(2) else layers.AveragePooling2D
            model += [pool(int(rng.integers(2, 4)), padding="same")]
    model += [layers.Dropout(0.3), layers.Flatten() if rng.integers(2) else layers.GlobalAveragePooling2D()]
    return keras.Sequential([*model, layers.Dense(10, activation="softmax")])


def test_drawn_networks_equal_keras(page):
    """Six networks that nobody has seen before, every layer of each."""
    rng = np.random.default_rng(SEED)
    hold([fault for _ in range(6) for fault in differences(page, draw_network(rng), rng)])


def test_branches_equal_keras(page):
    """A functional model that parts, adds and joins again."""
    rng = np.random.default_rng(SEED)
    start = keras.Input((13, 10, 3), name="picture")
    a = layers.Conv2D(4, 3, padding="same")(start)
    b = layers.DepthwiseConv2D(3, padding="same", activation="relu")(start)
    b = layers.Conv2D(4, 1)(b)
    joined = layers.Concatenate()([layers.Add()([a, b, a]), start])
    half = layers.MaxPooling2D(2)(joined)
    out = layers.Dense(3, activation="softmax")(layers.GlobalMaxPooling2D()(half))
    hold(differences(page, keras.Model(start, out), rng))


def test_real_picture_equals_keras(page):
    """On the book's photograph in colour, at its own size, as on random numbers."""
    rng = np.random.default_rng(SEED)
    with np.load(site.ROOT / "data" / "datasets" / "photographs.npz") as photos:
        coffee = photos["coffee"].astype("float32")
    model = keras.Sequential(
        [
            keras.Input(coffee.shape),
            layers.Rescaling(1 / 255),
            layers.Conv2D(6, 5, strides=2, padding="same", activation="relu"),
            layers.MaxPooling2D(3),
            layers.Conv2D(8, 3),
        ]
    )
    hold(differences(page, model, rng, coffee))


# ---- What the exporter says ---------------------------------------------------------------


def test_exporter_fits_into_cells():
    """25 lines of 79 columns each, and nothing but json, keras, NumPy and Path."""
    for source in exporter_cells():
        assert len(source.split("\n")) <= 25
        assert max(map(len, source.split("\n"))) <= 79
        assert "import" not in source


@keras.saving.register_keras_serializable("test")
def twice(x):
    """An activation of somebody's own."""
    return 2 * x


@pytest.mark.parametrize(
    "layer, word",
    [
        (layers.ConvLSTM1D(2, 3, name="larger"), "ConvLSTM1D"),
        (layers.Conv2D(2, 3, activation="glu", name="odd"), "odd"),
        (layers.Conv2D(2, 3, activation="sparsemax", name="few"), "sparsemax"),
        (layers.Conv2D(2, 3, activation=layers.PReLU(), name="nested"), "nested"),
        (layers.Conv2D(2, 3, activation=twice, name="own"), "twice"),
        (layers.Lambda(lambda x: 2 * x, name="mine"), "mine"),
    ],
)
def test_exporter_names_what_it_cannot_write(tmp_path, layer, word):
    """One sentence with the layer's name and kind, and no file."""
    with pytest.raises(ValueError, match=word) as error:
        save_network(single(layer, (8, 8, 1)), tmp_path / "x.bin")
    text = str(error.value)
    assert layer.name in text and type(layer).__name__ in text and text.endswith(".") and "\n" not in text
    assert not (tmp_path / "x.bin").exists()


def network(*parts, shape=(8, 8, 1)):
    """A picture, flattened where nothing else is said, and two outputs."""
    return keras.Sequential([keras.Input(shape), *(parts or [layers.Flatten()]), layers.Dense(2, name="end")])


def flat(*starts, ends=1):
    """A model of several inputs or outputs."""
    rows = [layers.Flatten()(start) for start in starts]
    row = layers.Concatenate()(rows) if len(rows) > 1 else rows[0]
    return keras.Model(list(starts), [layers.Dense(2, name=f"end_{n}")(row) for n in range(ends)])


def with_weights(value, units=2):
    """A network whose first weight is a number to choose."""
    model = keras.Sequential(
        [keras.Input((28, 28)), layers.Flatten(), layers.Dense(units, kernel_initializer="zeros", name="end")]
    )
    kernel, bias = model.layers[-1].get_weights()
    kernel[0, 0] = value
    model.layers[-1].set_weights([kernel, bias])
    return model


def subclassed():
    """A model with a call of its own."""

    class Mine(keras.Model):
        def call(self, x):
            return x

    return Mine()


def dense_of_ones_own():
    """A class called like one of Keras's that computes something else."""

    class Dense(layers.Dense):
        def call(self, x):
            return -super().call(x)

    return network(layers.Flatten(), Dense(3, name="other"))


def changed(model, method, *arguments, layer=None):
    """The model after one of its methods, or of a layer's."""
    getattr(model if layer is None else model.get_layer(layer), method)(*arguments)
    return model


def cut():
    """A part of the picture, by brackets."""
    start = keras.Input((8, 8, 1))
    return keras.Model(start, layers.Dense(2)(layers.Flatten()(start[:, 2:6])))


def called(layer, shape=(8, 8, 3)):
    """A picture that a layer or a function is called with."""
    start = keras.Input(shape)
    return keras.Model(start, layers.Dense(2)(layers.Flatten()(layer(start))))


def nothing():
    """A network without a layer."""
    start = keras.Input((8, 8, 1))
    return keras.Model(start, start)


def turned_over():
    """The axis of the pictures comes last."""
    start = keras.Input((8, 8))
    return keras.Model(start, ops.transpose(start))


def gelu(x):
    """Called like Keras's, and not the same."""
    return x * ops.sigmoid(1.702 * x)


FIRST = {"data_format": "channels_first"}
REFUSED = {
    "no layers": (nothing, {}, r"The network has no layers: give it one\."),
    "an activation called like Keras's": (
        lambda: network(layers.Conv2D(2, 3, activation=gelu, name="odd"), layers.Flatten()),
        {},
        r'odd \(Conv2D\) has an activation gelu that .* as Keras\'s own: name one, such as "relu"\.',
    ),
    "an operation as activation": (
        lambda: network(layers.Flatten(), layers.Dense(3, activation=ops.gelu)),
        {},
        "has an activation gelu that",
    ),
    "another layer as activation": (
        lambda: network(layers.Flatten(), layers.Dense(3, activation=layers.Rescaling(2.0))),
        {},
        "has an activation Rescaling that",
    ),
    "softmax of columns, as activation": (
        lambda: network(layers.Conv2D(2, 3, activation=layers.Softmax(axis=1)), layers.Flatten()),
        {},
        "has an activation Softmax that",
    ),
    "softmax of columns": (
        lambda: network(layers.Softmax(axis=1), layers.Flatten()),
        {},
        r"\(Softmax\) works along axis 1, where the explorer does not: use Permute",
    ),
    "softmax of all": (lambda: called(lambda x: ops.softmax(x, axis=None)), {}, "works along axis None"),
    "logarithms of columns": (lambda: called(lambda x: ops.log_softmax(x, axis=1)), {}, "works along axis 1"),
    "normalised rows": (
        lambda: network(layers.BatchNormalization(axis=1), layers.Flatten()),
        {},
        r"\(BatchNormalization\) works along axis 1",
    ),
    "normalised maps": (
        lambda: network(layers.LayerNormalization(axis=(1, 2)), layers.Flatten()),
        {},
        r"works along axis \[1, 2\]",
    ),
    "mean of channels": (lambda: called(lambda x: ops.mean(x, -1, keepdims=True)), {}, "works along axis -1"),
    "pictures side by side": (
        lambda: called(lambda x: ops.concatenate([x, x], axis=0)),
        {},
        r"\(Concatenate\) works along axis 0",
    ),
    "pictures in one row": (
        lambda: called(lambda x: ops.reshape(x, (-1, 48))),
        {},
        r"\(Reshape\) mixes the pictures of a batch: treat each alone",
    ),
    "pictures turned": (turned_over, {}, "mixes the pictures of a batch"),
    "five axes": (
        lambda: network(layers.Reshape((2, 4, 2, 4, 1)), layers.Flatten()),
        {},
        "has 5 axes, and four can be shown: use Reshape",
    ),
    "gaps in a transposed one": (
        lambda: network(layers.Conv2DTranspose(2, 3, dilation_rate=2), layers.Flatten()),
        {},
        r"has dilation_rate=\(2, 2\), which the explorer does not know: use \(1, 1\)\.",
    ),
    "a larger output": (
        lambda: network(
            layers.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=0), layers.Flatten()
        ),
        {},
        r"has output_padding=.*: use None\.",
    ),
    "resized and cut": (
        lambda: network(layers.Resizing(4, 6, crop_to_aspect_ratio=True), layers.Flatten()),
        {},
        "has crop_to_aspect_ratio=True, .*: use False",
    ),
    "bicubic": (
        lambda: network(layers.UpSampling2D(interpolation="bicubic"), layers.Flatten()),
        {},
        "has interpolation=bicubic, .*: use bilinear",
    ),
    "cut larger": (
        lambda: network(layers.CenterCrop(9, 4), layers.Flatten()),
        {},
        "makes the picture larger: use Resizing",
    ),
    "whole numbers": (lambda: called(lambda x: ops.cast(x, "int32")), {}, "has dtype=int32"),
    "at least": (lambda: called(lambda x: ops.max(x, (1, 2), initial=1.0)), {}, "has initial=1.0"),
    "the mean picture": (
        lambda: called(lambda x: x - np.ones((8, 8, 3), "float32")),
        {},
        r"has a constant of the shape \(8, 8, 3\): give one number, or one for each channel",
    ),
    "a constant in a list": (
        lambda: called(lambda x: layers.Multiply()([x, np.ones((1, 8, 8, 3), "float32")])),
        {},
        r"\(Multiply\) joins a constant to the picture: use x \+ 1 or x \* 2",
    ),
    "no number": (lambda: called(lambda x: x * np.nan), {}, "is set to infinity or to what is no number"),
    "no bound": (
        lambda: network(layers.ReLU(max_value=np.inf), layers.Flatten()),
        {},
        "is set to infinity or to what is no number: use ordinary numbers",
    ),
    "no model": (lambda: layers.Dense(2), {}, "Give save_network a Keras model and a path."),
    "too many weights": (
        lambda: with_weights(0, 43_000),
        {},
        r"33,755,000 weights, .*: take a smaller one\.",
    ),
    "too large for half precision": (
        lambda: with_weights(1e6, 22_000),
        {},
        "A weight is too large for half precision, which a network of this size needs",
    ),
    "weight no number": (
        lambda: with_weights(np.nan),
        {},
        r"end \(Dense\) has a weight that is not a number: train again",
    ),
    "weight infinite": (lambda: with_weights(np.inf), {}, r"end \(Dense\) has a weight that is not a number"),
    "a row of numbers": (
        lambda: keras.Sequential([keras.Input((784,)), layers.Dense(2)]),
        {},
        r"takes the shape \(784,\): begin with a picture",
    ),
    "two channels": (
        lambda: network(shape=(8, 8, 2)),
        {},
        r"takes the shape \(8, 8, 2\): begin with a picture",
    ),
    "a film": (lambda: network(shape=(4, 8, 8, 3)), {}, r"takes the shape \(4, 8, 8, 3\)"),
    "too large a picture": (
        lambda: network(shape=(8, 600, 1)),
        {},
        r"pictures of \(8, 600\): at most 512 x 512",
    ),
    "any size": (
        lambda: network(layers.GlobalMaxPooling2D(), shape=(None, None, 3)),
        {},
        r"any size: fix it with x = keras\.Input\(\(96, 96, 3\)\)",
    ),
    "two outputs": (
        lambda: flat(keras.Input((8, 8)), ends=2),
        {},
        r"has 2 outputs \(end_0, end_1\): write a keras\.Model with one",
    ),
    "two inputs": (
        lambda: flat(keras.Input((8, 8), name="left"), keras.Input((8, 8), name="right")),
        {},
        r"has 2 inputs \(left, right\): write a keras\.Model with one",
    ),
    "subclassed": (
        subclassed,
        {},
        r"\(Mine\) is not built, or is a subclass with a call of its own: give it",
    ),
    "subclassed, inside": (
        lambda: network(layers.Flatten(), subclassed()),
        {},
        r"\(Mine\) is not built, or is a subclass with a call of its own",
    ),
    "not built": (
        lambda: keras.Sequential([layers.Flatten(), layers.Dense(2)]),
        {},
        r"\(Sequential\) is not built, .*: give it an Input",
    ),
    "called like Keras's": (
        dense_of_ones_own,
        {},
        r"other \(Dense\) is a class of your own: build it of Keras's layers",
    ),
    "channels first": (
        lambda: network(layers.GlobalMaxPooling2D(**FIRST, name="turned")),
        {},
        r"turned \(GlobalMaxPooling2D\) puts the channels first: build it",
    ),
    "int8": (
        lambda: changed(network(), "quantize", "int8"),
        {},
        r"end \(Dense\) is quantized or has LoRA: write the network as it was",
    ),
    "LoRA": (
        lambda: changed(network(), "enable_lora", 2, layer="end"),
        {},
        r"end \(Dense\) is quantized or has LoRA",
    ),
    "a part of the picture": (
        cut,
        {},
        r"\(GetItem\) takes a part of the picture or mirrors it: use Cropping2D",
    ),
    "a mirrored picture": (lambda: called(lambda x: x[:, :, ::-1]), {}, "or leave the mirror out"),
    "a function of one's own": (
        lambda: network(layers.Lambda(lambda x: x / 255, name="mine"), layers.Flatten()),
        {},
        r"mine \(Lambda\) is a function of your own: use Rescaling, another layer or an operation such as",
    ),
    "the largest of all": (lambda: called(lambda x: x / ops.max(x)), {}, "works along axis None"),
    "three names": (
        network,
        {"classes": ["a", "b", "c"]},
        "The network has 2 outputs, and 3 classes are named: name one for each.",
    ),
    "ten numbers": (network, {"classes": range(10)}, "has 2 outputs, and 10 classes are named"),
    "one name": (network, {"classes": np.arange(1)}, "has 2 outputs, and 1 classes are named"),
    "one word": (network, {"classes": "ab"}, "classes is a list of names, one for each output."),
    "names in no order": (
        network,
        {"classes": {"a", "b"}},
        "classes is a list of names, one for each output.",
    ),
    "names for names": (network, {"classes": {"a": "x", "b": "y"}}, "classes is a list of names"),
    "one number for pixels": (network, {"pixels": 255}, r"pixels is \(0, 255\), \(0, 1\) or"),
    "a number": (network, {"classes": 2}, "classes is a list of names, one for each output."),
    "odd pixels": (network, {"pixels": (0, 100)}, r"pixels is \(0, 255\), \(0, 1\) or \(-1, 1\)\."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_exporter_refuses_in_one_sentence(tmp_path, name):
    """The sentence says what to do; nothing is written, and a file that was there stays as it was."""
    build, settings, words = REFUSED[name]
    model, old, new = build(), tmp_path / "old.p2p", tmp_path / "new.p2p"
    old.write_bytes(b"kept")
    for path in (old, new):
        with pytest.raises(ValueError, match=words) as error:
            save_network(model, path, **settings)
        text = str(error.value)
        assert text.endswith(".") and "\n" not in text and len(text) < 300, text
    assert [path.name for path in tmp_path.iterdir()] == ["old.p2p"] and old.read_bytes() == b"kept"


CLASSES = {
    "a range": (range(10), [str(n) for n in range(10)]),
    "an array": (np.arange(10), [str(n) for n in range(10)]),
    "names as an array": (np.array(list("abcdefghij")), list("abcdefghij")),
    "names to numbers": (
        {letter: n for n, letter in reversed(list(enumerate("abcdefghij")))},
        list("abcdefghij"),
    ),
    "numbers to names": (dict(reversed(list(enumerate("abcdefghij")))), list("abcdefghij")),
    "none": (None, []),
}


@pytest.mark.parametrize("name", CLASSES)
def test_classes_in_many_forms(tmp_path, name):
    """A range, an array, a dict either way: the file names one text for each output, in order."""
    given, wanted = CLASSES[name]
    save_network(single(layers.Dense(10), (3,)), tmp_path / "x.p2p", given)
    data = (tmp_path / "x.p2p").read_bytes()
    assert json.loads(data[12 : 12 + int.from_bytes(data[8:12], "little")])["classes"] == wanted


def test_classes_travel_with_the_network(page):
    """Names of classes are read back."""
    model = single(layers.Dense(2), (3,))
    save_network(model, page.folder / "named.bin", ["cat", "d\u00f6g"])
    assert page.evaluate(RUN, ["named.bin", encode([1, 2, 3])])["classes"] == ["cat", "d\u00f6g"]


# ---- Damaged and hostile files ----------------------------------------------------------------

READ = """async (text) => {
    const { readNetwork, NetworkError } = await import("/network-file.mjs");
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const started = performance.now();
    try {
        readNetwork(bytes.buffer);
        return { kind: "read", text: "", ms: performance.now() - started };
    } catch (error) {
        const kind = error instanceof NetworkError ? "refused" : `broken: ${error}`;
        return { kind, text: error.message, ms: performance.now() - started };
    }
}"""

GOOD = {
    "name": "small",
    "input": [6, 5, 1],
    "layers": [
        {
            "name": "conv", "type": "Conv2D", "inputs": ["input"], "shape": [4, 3, 2], "weights": [[3, 3, 1, 2], [2]],
            "filters": 2, "kernel_size": [3, 3], "strides": [1, 1], "padding": "valid", "activation": "relu",
        },
        {"name": "flat", "type": "Flatten", "inputs": ["conv"], "shape": [24], "weights": []},
        {"name": "out", "type": "Dense", "inputs": ["flat"], "shape": [3], "weights": [[24, 3], [3]], "units": 3},
    ],
}  # fmt: skip
COUNT = 18 + 2 + 72 + 3


def pack(description=GOOD, weights=None, magic=b"P2PNET1\n", length=None) -> bytes:
    """A file, with whatever is wished for in it."""
    head = description if isinstance(description, bytes) else json.dumps(description).encode()
    head += b" " * (-len(head) % 4)
    weights = np.linspace(-1, 1, COUNT) if weights is None else weights
    length = len(head) if length is None else length
    return magic + length.to_bytes(4, "little") + head + np.asarray(weights, "<f4").tobytes()


def with_layer(number=0, **changes):
    """The good description with one layer changed."""
    copy = json.loads(json.dumps(GOOD))
    copy["layers"][number] |= changes
    return copy


def without(number, key):
    """The good description with one setting of a layer left out."""
    copy = json.loads(json.dumps(GOOD))
    del copy["layers"][number][key]
    return copy


IMAGE = {"name": "wide", "type": "ZeroPadding2D", "inputs": ["input"], "shape": [1, 1, 1], "weights": []}
HOSTILE = {
    "empty": b"",
    "one byte": b"P",
    "only the magic": b"P2PNET1\n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(60),
    "a script": b"<script>alert(1)</script>" * 9,
    "a Keras file": b"PK\x03\x04" + bytes(80),
    "another version": pack(magic=b"P2PNET9\n"),
    "length of the description cut": pack()[:10],
    "ends in the description": pack()[:40],
    "ends in a weight": pack()[:-2],
    "a weight short": pack()[:-4],
    "a weight too many": pack() + bytes(4),
    "description of four thousand million bytes": pack(length=2**32 - 1),
    "description of odd length": pack(length=13),
    "no JSON": pack(b"{'name': 1}"),
    "no UTF-8": pack(b'{"name": "\xff\xfe"}'),
    "NaN as a size": pack(json.dumps(GOOD).replace("[6, 5, 1]", "[NaN, 5, 1]").encode()),
    "deeply nested": pack(b"[" * 200_000),
    "a list": pack([GOOD]),
    "null": pack(b"null"),
    "no layers": pack(GOOD | {"layers": []}),
    "layers are a number": pack(GOOD | {"layers": 7}),
    "layers are null": pack(GOOD | {"layers": [None]}),
    "too many layers": pack(GOOD | {"layers": GOOD["layers"][:1] * 501}),
    "no input": pack({key: GOOD[key] for key in ("name", "layers")}),
    "input of size 0": pack(GOOD | {"input": [0, 5, 1]}),
    "input of negative size": pack(GOOD | {"input": [6, -5, 1]}),
    "input of half a pixel": pack(GOOD | {"input": [6.5, 5, 1]}),
    "input of text": pack(GOOD | {"input": "6,5,1"}),
    "input of unknown size": pack(GOOD | {"input": [None, None, 1]}),
    "enormous input": pack(GOOD | {"input": [65536, 65536, 4]}),
    "input beyond numbers": pack(json.dumps(GOOD).replace("[6, 5, 1]", "[1e400, 5, 1]").encode()),
    "unknown layer": pack(with_layer(type="ConvLSTM1D")),
    "layer called after a language's own": pack(with_layer(type="constructor")),
    "layer __proto__": pack(with_layer(type="__proto__")),
    "layer without a name": pack(without(0, "name")),
    "layer with a very long name": pack(with_layer(name="x" * 300)),
    "two of one name": pack(with_layer(1, name="conv")),
    "layer named input": pack(with_layer(name="input")),
    "input from nowhere": pack(with_layer(1, inputs=["none"])),
    "input from itself": pack(with_layer(1, inputs=["flat"])),
    "input from later": pack(with_layer(0, inputs=["out"])),
    "no inputs": pack(with_layer(1, inputs=[])),
    "two inputs where one belongs": pack(with_layer(2, inputs=["flat", "flat"])),
    "inputs null": pack(with_layer(1, inputs=None)),
    "stride 0": pack(with_layer(strides=[0, 1])),
    "negative stride": pack(with_layer(strides=[-1, 1])),
    "enormous kernel": pack(with_layer(kernel_size=[60000, 60000])),
    "kernel of text": pack(with_layer(kernel_size="3")),
    "dilation 0": pack(with_layer(dilation_rate=[0, 0])),
    "unknown padding": pack(with_layer(padding="reflect")),
    "unknown activation": pack(with_layer(activation="toString")),
    "activation is an object": pack(with_layer(activation={"class_name": "LeakyReLU"})),
    "activation is another layer": pack(with_layer(activation={"type": "Conv2D"})),
    "activation of a slope that is text": pack(with_layer(activation={"type": "LeakyReLU", "negative_slope": "x"})),
    "groups that do not divide": pack(with_layer(groups=5)),
    "channels first": pack(with_layer(data_format="channels_first")),
    "another shape": pack(with_layer(shape=[4, 3, 3])),
    "shape is text": pack(with_layer(shape="abc")),
    "weights of another shape": pack(with_layer(weights=[[3, 3, 2, 1], [2]])),
    "weights null": pack(with_layer(weights=[None, None])),
    "units missing": pack(without(2, "units")),
    "dense of enormous width": pack(with_layer(2, units=65536, shape=[65536], weights=[[24, 65536], [65536]])),
    "padding without end": pack({"input": [6, 5, 1], "layers": [IMAGE | {"padding": [[60000] * 2] * 2}]}),
    "padding of three": pack({"input": [6, 5, 1], "layers": [IMAGE | {"padding": [[1, 2, 3], [4]]}]}),
    "negative padding": pack({"input": [6, 5, 1], "layers": [IMAGE | {"padding": [[-1, 0], [0, 0]]}]}),
    "a weight that is NaN": pack(weights=[np.nan] + [0] * (COUNT - 1)),
    "a weight that is infinite": pack(weights=[0] * (COUNT - 1) + [np.inf]),
    "classes too few": pack(GOOD | {"classes": ["a"]}),
    "classes of numbers": pack(GOOD | {"classes": [1, 2, 3]}),
    "output unknown": pack(GOOD | {"output": "none"}),
    "work without end": pack(
        {
            "input": [4000, 4000, 1],
            "layers": [
                {
                    "name": "slow", "type": "Conv2D", "inputs": ["input"], "shape": [4000, 4000, 1],
                    "weights": [[99, 99, 1, 1]], "filters": 1, "kernel_size": 99, "padding": "same", "use_bias": False,
                }
            ],
        },
        weights=np.zeros(99 * 99),
    ),
}  # fmt: skip


def read(page, data: bytes) -> dict:
    """What the reader makes of a file."""
    return page.evaluate(READ, base64.b64encode(data).decode())


def test_good_file_is_read(page):
    """The file from which the hostile ones are made is in order."""
    assert read(page, pack())["kind"] == "read"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_gets_one_sentence(page, name):
    """Refused at once, with one sentence that a reader can act on."""
    answer = read(page, HOSTILE[name])
    assert answer["kind"] == "refused", answer
    assert answer["text"].endswith(".") and "\n" not in answer["text"] and 15 < len(answer["text"]) < 300
    assert "undefined" not in answer["text"] and "NaN" not in answer["text"]
    assert answer["ms"] < 2000


def test_unsupported_layer_is_named(page):
    """Name and kind stand in the sentence."""
    text = read(page, pack(with_layer(name="grow", type="ConvLSTM1D")))["text"]
    assert "grow" in text and "ConvLSTM1D" in text


def test_flipped_bytes_never_break_the_reader(page):
    """Random damage: either the file is still good or it is refused; nothing else happens."""
    rng = np.random.default_rng(SEED)
    for _ in range(150):
        data = bytearray(pack())
        for place in rng.integers(0, len(data), rng.integers(1, 6)):
            data[place] = rng.integers(256)
        assert read(page, bytes(data))["kind"] in ("read", "refused"), f"LIVE_SEED={SEED}"
