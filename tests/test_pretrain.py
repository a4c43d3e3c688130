"""tools/data/pretrain_backbone.py: bad sources, going on after a stop, and what it leaves behind."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tools.data import pretrain_backbone as tool


def command(*arguments, folder):
    return [tool.__file__, *map(str, arguments), "--folder", str(folder / "work")]


def run_here(monkeypatch, *arguments, folder):
    """Run the tool as its command line would, without a new start of TensorFlow."""
    monkeypatch.setattr(sys, "argv", command(*arguments, folder=folder))
    tool.main()


def jpegs(count: int) -> dict:
    """Noise as JPEG files of 8x8 pixels, in the form of an .npz source."""
    rng = np.random.default_rng(0)
    files = []
    for _ in range(count):
        file = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype="uint8")).save(file, "JPEG")
        files.append(file.getvalue())
    ends = np.cumsum([0, *map(len, files)])
    return {"jpeg": np.frombuffer(b"".join(files), "uint8"), "offset": ends, "label": np.arange(count) % 2}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "small.npz"
    train, val = jpegs(6), jpegs(4)
    parts = {f"train_{key}": value for key, value in train.items()}
    np.savez(path, **parts, **{f"val_{key}": value for key, value in val.items()})
    return path


def test_bad_sources_get_one_sentence(tmp_path, monkeypatch):
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(b"PK\x03\x04 this is no archive")
    for bad, says in ((tmp_path / "none.zip", "There is no file"), (damaged, "cannot be read")):
        with pytest.raises(SystemExit) as stopped:
            run_here(monkeypatch, bad, folder=tmp_path)
        # Words as the exit code are printed alone, without a traceback, and count as a failure.
        assert isinstance(stopped.value.code, str)
        assert says in stopped.value.code.strip().splitlines()[-1] and "Traceback" not in stopped.value.code
        assert not (tmp_path / "work").exists()


def test_it_goes_on_where_it_was(source, tmp_path, monkeypatch):
    settings = ("--alpha", 0.25, "--batch", 4, "--early", 1)
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)  # the second start compiles; the first has two steps
    try:
        run_here(monkeypatch, source, *settings, "--epochs", 1, folder=tmp_path)
    finally:
        tf.config.run_functions_eagerly(False)
    # Another process, as after a stop: it has nothing but the files of the first.
    again = command(source, *settings, "--epochs", 2, folder=tmp_path)
    done = subprocess.run([sys.executable, *again], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Epoch 1/2" not in done.stdout and "Epoch 2/2" in done.stdout
    with (tmp_path / "work" / "log.csv").open() as log:
        assert [row["epoch"] for row in csv.DictReader(log)] == ["0", "1"]
    report = json.loads((tmp_path / "work" / "report.json").read_text())
    assert report["pictures"] == 6 and report["classes"] == 2
    half = tmp_path / "work" / "book_mobilenet.weights.h5"
    full = tmp_path / "work" / "latest.weights.h5"
    assert half.stat().st_size < 0.7 * full.stat().st_size  # the file has headers, too

    import keras

    features = []
    pictures = np.random.default_rng(1).uniform(-1, 1, (2, 64, 64, 3)).astype("float32")
    for weights in (full, half):
        network = keras.applications.MobileNet(
            (64, 64, 3), alpha=0.25, include_top=False, weights=str(weights), pooling="avg"
        )
        assert network.dtype == "float32"
        features.append(np.asarray(network(pictures, training=False)))
    assert np.allclose(*features, atol=0.02)


def test_gentle_weights_keep_a_picture_recognisable():
    """Moved by one pixel, a picture keeps its features; at Keras's own random weights it does not."""
    import keras

    rng = np.random.default_rng(0)
    patches = rng.uniform(-1, 1, (64, 4, 4, 3)).astype("float32")
    pictures = np.asarray(keras.ops.image.resize(patches, (48, 48)))  # smooth, as photographs are
    cosines = {}
    for name in ("Keras's", "gentle"):
        keras.utils.set_random_seed(0)
        network = tool.backbone(0.5)
        if name == "gentle":
            tool.begin_gently(network, seed=0)
        here, there = (
            np.asarray(network(x, training=True)) for x in (pictures, np.roll(pictures, 1, axis=2))
        )
        here, there = here - here.mean(axis=0), there - here.mean(axis=0)
        sizes = np.linalg.norm(here, axis=1) * np.linalg.norm(there, axis=1)
        cosines[name] = np.mean((here * there).sum(axis=1) / sizes)
    assert cosines["Keras's"] < 0.2 and cosines["gentle"] > 0.8, cosines
