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
from book import exporter
from site_fixtures import *  # noqa: F403
from site_fixtures import hold

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
keras = pytest.importorskip("keras")
layers = keras.layers

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
    for (const [name, { shape, data }] of network.run(floats)) found.push([name, shape, [...data]]);
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
    names = [layer.name for layer in model.layers]
    outputs = keras.Model(model.inputs[0], [layer.output for layer in model.layers])(
        picture[None], training=False
    )
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


def single(layer, shape):
    """A network of one layer."""
    return keras.Sequential([keras.Input(shape), layer])


def sizes(rng, least=7, most=20):
    """Rows and columns, odd as often as even, and seldom alike."""
    return tuple(int(n) for n in rng.integers(least, most, 2))


ACTIVATIONS = "linear relu relu6 leaky_relu elu sigmoid tanh silu gelu softmax".split()


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


def test_every_supported_layer_is_tested(page):
    """What the runtime knows, the exporter knows or lets pass; and all of it is tried above."""
    known = set(page.evaluate("async () => Object.keys((await import('/runtime.mjs')).LAYERS)"))
    acts = set(page.evaluate("async () => (await import('/runtime.mjs')).ACTIVATIONS"))
    written = save_network.__globals__["KNOWN"]
    rng = np.random.default_rng(0)
    tried = {type(layer).__name__ for group in (convolutions, poolings, the_rest) for layer, _ in group(rng)}
    assert acts == set(ACTIVATIONS)
    assert written - acts == tried | {"InputLayer", "Add", "Concatenate"}
    assert written <= known | acts


def draw_network(rng):
    """A sequential network of random depth and settings."""
    model = [keras.Input((*sizes(rng, 15, 34), int(rng.integers(1, 4))))]
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


@pytest.mark.parametrize(
    "layer, word",
    [
        (layers.UpSampling2D(2, name="larger"), "UpSampling2D"),
        (layers.Conv2D(2, 3, activation="selu", name="odd"), "odd"),
        (layers.Conv2D(2, 3, activation=layers.LeakyReLU(), name="nested"), "nested"),
    ],
)
def test_exporter_names_what_it_cannot_write(tmp_path, layer, word):
    """One sentence with the layer's name and kind, and no file."""
    with pytest.raises(ValueError, match=word) as error:
        save_network(single(layer, (8, 8, 1)), tmp_path / "x.bin")
    text = str(error.value)
    assert layer.name in text and type(layer).__name__ in text and text.endswith(".") and "\n" not in text
    assert not (tmp_path / "x.bin").exists()


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
    "unknown layer": pack(with_layer(type="UpSampling2D")),
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
    text = read(page, pack(with_layer(name="grow", type="UpSampling2D")))["text"]
    assert "grow" in text and "UpSampling2D" in text


def test_flipped_bytes_never_break_the_reader(page):
    """Random damage: either the file is still good or it is refused; nothing else happens."""
    rng = np.random.default_rng(SEED)
    for _ in range(150):
        data = bytearray(pack())
        for place in rng.integers(0, len(data), rng.integers(1, 6)):
            data[place] = rng.integers(256)
        assert read(page, bytes(data))["kind"] in ("read", "refused"), f"LIVE_SEED={SEED}"
