"""Tests of the Train lab: its gradients and steps are Keras's, what it learns is true, and a reader can use it."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

import site_checks as site
from site_fixtures import *  # noqa: F403
from site_fixtures import hold
from test_live_figures import LIVE, SEED, opened, spoken, tab_to, until, value
from test_live_load import busy
from test_live_runtime import encode
from test_live_runtime import page as page  # a fixture

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
keras = pytest.importorskip("keras")

from tools.book import read_notebook  # noqa: E402  (the setting must stand first)
from tools.pages.draw_live import CHAPTER, LEARNED, OTHERS  # noqa: E402

NAME = "train-lab"
CLOSE = 1e-4  # of a gradient's largest value
DATA = site.ROOT / "data" / "datasets" / "fashion-mnist"


def pack() -> tuple[np.ndarray, np.ndarray]:
    """The lab's pictures and labels."""
    data = np.frombuffer(zlib.decompress((LIVE / "train-lab" / "garments.bin").read_bytes()), np.uint8)
    count = len(data) // 785
    return data[count:].reshape(count, 28, 28), data[:count]


def idx(name: str, head: int) -> np.ndarray:
    """A file of the data set."""
    return np.frombuffer(gzip.decompress((DATA / name).read_bytes()), np.uint8, offset=head)


@pytest.fixture(scope="module")
def load_network():
    """load_network(path), as chapter 5 hands it to its readers."""
    cells = {cell.id: cell.source for cell in read_notebook(CHAPTER).cells}
    names = {"json": json, "keras": keras, "np": np, "Path": Path}
    for ident in ("live-05-known", "live-05-load"):
        exec(compile(cells[ident], ident, "exec", dont_inherit=True), names)
    return names["load_network"]


# ---- The numbers: JavaScript and Keras in one go -----------------------------------------------


MAKE = """
    const { TrainNet, fileOf } = await import("/train-net.mjs");
    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const coded = (data) => {
        const all = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
        let text = "";
        for (let n = 0; n < all.length; n += 8192) text += String.fromCharCode(...all.subarray(n, n + 8192));
        return btoa(text);
    };
    const learn = (net, pixels, labels) => {
        net.forget();
        let loss = 0;
        labels.forEach((label, n) => {
            net.forward(pixels.subarray(784 * n, 784 * (n + 1)));
            loss += net.loss(label) / labels.length;
            net.backward(label, 1 / labels.length);
        });
        return loss;
    };
"""
GRADIENTS = f"""async ([settings, weights, pixels, labels]) => {{ {MAKE}
    const net = new TrainNet(settings);
    const first = net.lists().map(coded);
    if (weights) net.setLists(weights.map((one) => new Float32Array(bytes(one).buffer)));
    const loss = learn(net, bytes(pixels), labels);
    return [loss, net.lists("gradient").map(coded), coded(fileOf(net, [])), first];
}}"""
STEPS = f"""async ([settings, pixels, labels, batch]) => {{ {MAKE}
    const net = new TrainNet(settings), file = coded(fileOf(net, [])), all = bytes(pixels), losses = [];
    for (let n = 0; n + batch <= labels.length; n += batch) {{
        losses.push(learn(net, all.subarray(784 * n, 784 * (n + batch)), labels.slice(n, n + batch)));
        net.update(settings);
    }}
    return [file, losses, net.lists().map(coded)];
}}"""


def floats(text) -> np.ndarray:
    """Base64 -> float32."""
    return np.frombuffer(base64.b64decode(text), "<f4")


def drawn(rng) -> dict:
    """Settings of a network, drawn at random."""
    stages = int(rng.integers(1, 4))
    return {
        "filters": [int(rng.choice([2, 4, 8, 12])) for _ in range(stages)],
        "side": int(rng.choice([3, 5, 7])),
        "reluLogits": bool(rng.integers(2)),
        "seed": int(rng.integers(1e6)),
    }


def rebuilt(load_network, text, folder):
    """A file of the lab as a Keras model, by the cell of chapter 5."""
    path = folder / "lab.p2p"
    path.write_bytes(base64.b64decode(text))
    return load_network(path)


def cross_entropy(model, pictures, labels):
    """Keras's loss of a batch."""
    logits = model(np.asarray(pictures, "float32")[..., None], training=True)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)


@pytest.mark.parametrize("number", range(8))
def test_every_gradient_is_keras(page, load_network, tmp_path, number):
    """Networks, weights and pictures drawn at random: loss and all gradients, and the file's weights."""
    import tensorflow as tf

    rng = np.random.default_rng([SEED, number])
    settings, count = drawn(rng), int(rng.integers(1, 9))
    if number % 2:  # half of them on garments, which are black at the rim
        pictures, labels = pack()
        chosen = rng.integers(0, len(labels), count)
        pictures, labels = pictures[chosen], labels[chosen].astype(int)
    else:
        pictures = rng.integers(0, 256, (count, 28, 28), dtype="uint8")
        labels = rng.integers(0, 10, count)
    pixels = base64.b64encode(pictures.tobytes()).decode()
    # Once to learn the shapes, and then with weights of every size and biases that are not zero.
    *_, file, _ = page.evaluate(GRADIENTS, [settings, None, pixels, labels.tolist()])
    model = rebuilt(load_network, file, tmp_path)
    weights = [w * rng.uniform(0.5, 2) + rng.normal(0, 0.05, w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    loss, gradients, file, _ = page.evaluate(
        GRADIENTS, [settings, [encode(w) for w in weights], pixels, labels.tolist()]
    )
    with tf.GradientTape() as tape:
        wanted_loss = cross_entropy(model, pictures, labels)
    wanted = [np.asarray(one) for one in tape.gradient(wanted_loss, model.trainable_variables)]
    assert loss == pytest.approx(float(wanted_loss), rel=1e-4, abs=1e-5)
    wrong = []
    for variable, one, right in zip(model.trainable_variables, gradients, wanted, strict=True):
        gap = np.abs(floats(one).reshape(right.shape) - right).max()
        if gap > CLOSE * max(np.abs(right).max(), 1e-6):
            wrong.append(f"LIVE_SEED={SEED}: {settings}, {variable.path}: off by {gap:.2g} of {np.abs(right).max():.2g}")
    hold(wrong)
    for mine, right in zip(rebuilt(load_network, file, tmp_path).get_weights(), weights, strict=True):
        assert np.array_equal(mine, np.asarray(right, "float32"))


OPTIMIZERS = {
    "sgd": (0.1, lambda rate: keras.optimizers.SGD(rate)),
    "momentum": (0.02, lambda rate: keras.optimizers.SGD(rate, momentum=0.9)),
    "adam": (0.002, lambda rate: keras.optimizers.Adam(rate)),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_hundred_steps_follow_keras(page, load_network, tmp_path, optimizer):
    """The same weights and batches: the losses of a hundred steps, and where they end."""
    rate, make = OPTIMIZERS[optimizer]
    pictures, labels = pack()
    pictures, labels, batch = pictures[:1600], labels[:1600].astype(int), 16
    settings = {"filters": [4, 8], "side": 5, "seed": SEED % 1000, "optimizer": optimizer, "rate": rate}
    pixels = base64.b64encode(pictures.tobytes()).decode()
    file, losses, _ = page.evaluate(STEPS, [settings, pixels, labels.tolist(), batch])
    model = rebuilt(load_network, file, tmp_path)
    model.compile(make(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    wanted = [
        step(model, pictures[n : n + batch], labels[n : n + batch]) for n in range(0, len(labels), batch)
    ]
    gap = np.abs(np.array(losses) - wanted)
    assert len(losses) == 100 and np.mean(wanted[-20:]) < 0.6 * wanted[0]
    assert gap.max() < 0, f"GAPS {SEED} {optimizer} first20 {gap[:20].max():.2g} max {gap.max():.2g} mean {gap.mean():.2g}"


def step(model, pictures, labels) -> float:
    """One step of Keras; the loss before it."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = cross_entropy(model, pictures, labels)
    model.optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return float(loss)


def test_weights_begin_as_in_keras(page):
    """Glorot's uniform: bounds and spread; biases are zero; "equal" is equal; a seed tells all."""
    blank = base64.b64encode(bytes(784)).decode()
    settings = {"filters": [16, 32], "side": 5, "seed": 3}
    first, again, other = (
        page.evaluate(GRADIENTS, [settings | change, None, blank, [0]])[3] for change in ({}, {}, {"seed": 4})
    )
    assert first == again and first != other
    fans = [(25, 25 * 16), (9 * 16, 9 * 32), (7 * 7 * 32, 10)]
    for number, (a, b) in enumerate(fans):
        limit, values = np.sqrt(6 / (a + b)), floats(first[2 * number])
        assert np.abs(values).max() <= limit and values.std() == pytest.approx(limit / np.sqrt(3), rel=0.1)
        assert not floats(first[2 * number + 1]).any()
    equal = page.evaluate(GRADIENTS, [settings | {"start": "equal"}, None, blank, [0]])[3]
    assert all(len(set(floats(one).tolist())) == 1 for one in equal)


def test_pictures_are_the_data_sets():
    """The file holds the first of each part of Fashion-MNIST, and no picture of both."""
    pictures, labels = pack()
    assert len(labels) == LEARNED + OTHERS == 5000
    for part, rows in (("train", slice(0, LEARNED)), ("t10k", slice(LEARNED, None))):
        count = len(labels[rows])
        assert np.array_equal(labels[rows], idx(f"{part}-labels-idx1-ubyte.gz", 8)[:count])
        assert np.array_equal(pictures[rows].ravel(), idx(f"{part}-images-idx3-ubyte.gz", 16)[: 784 * count])
