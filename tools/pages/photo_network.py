"""Make what the photo lab shows: its network, its examples, and what they are worth.

    python -m tools.pages.draw_live photo-network

The network is that of chapter 10's section "Where does the network look?": the book's
backbone for scenes of 160x160 pixels, global average pooling, and the head that the
chapter trains on the stamps. It is made by the chapter's own cells; photographs are
read by those of chapter 6. Written are

    book/_static/live/photo-lab/network.bin    backbone and head in one file, half precision
    book/_static/live/photo-lab/*.webp         photographs to begin with
    book/_static/live/photo-lab/lab.json       what they are, and how often the network is right
    book/live/photo_lab.md                     the same numbers, between its two marks

Run it again when data/models/book_mobilenet.weights.h5 has changed, after `make sync`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from tools.book import Book, exporter, read_notebook, tags

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "book" / "_static" / "live" / "photo-lab"
PAGE = ROOT / "book" / "live" / "photo_lab.md"
WEIGHTS = ROOT / "data" / "models" / "book_mobilenet.weights.h5"
MARKS = re.compile(r"(?s)(<!-- photo-network:start -->\n).*?(<!-- photo-network:end -->)")
SIDE = 160
EXAMPLE_SIDE = 256

PICTURES = 80  # pixels of the chapter's pictures
# The cells that are needed, by how they begin, of each chapter.
CELLS = {
    "10_inside": ("photos = ", "stamps = {}", "HUES =", "def composed(", "def features(", "STEPS = 150",
                  "def grad_cam(", "def backbone(", "def scenes(", "moved_back = "),
    "06_transfer_learning": (f"SIDE = {PICTURES} ", "def class_mean(", "def uncommented(", "def squared("),
}  # fmt: skip
TRAINING = "many_x, _, many_y ="

# What the stamps show that come first in their classes; others go by their file's name.
SHOWN = {
    "747": "an airliner",
    "adeenia": "a flower",
    "albino_peahen": "a white peahen",
    "apple_fuji": "an apple",
    "bison": "a bison",
}
# Photographs as cameras take them, with a ground of their own: what they show, and their class.
PHOTOGRAPHS = {
    "cat": ("a cat", "mammal"),
    "coffee": ("a cup of coffee", "object"),
    "rocket": ("a rocket on its pad", "object"),
}


def chapter(trained: bool = True) -> dict:
    """What the cells of chapters 10 and 6 define; with the head for scenes, trained, unless that is not asked for."""
    os.environ["KERAS_HOME"] = str(ROOT / "data")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("MPLBACKEND", "agg")
    space = {"os": os, "Path": Path}

    def run(name, find):
        cells = read_notebook(Book().root / f"notebooks/{name}.ipynb").cells
        (source,) = [cell.source for cell in cells if cell.cell_type == "code" and find(cell)]
        exec(source, space)

    with contextlib.redirect_stdout(io.StringIO()):
        for name, begins in CELLS.items():
            for tag in ("shared-start", "setup"):
                run(name, lambda cell, tag=tag: tag in tags(cell))
            for begin in begins:
                run(name, lambda cell, begin=begin: cell.source.startswith(begin))
        space["wide"] = {"book's": space["backbone"](0.5, space["book_weights"])}
        if trained:
            run("10_inside", lambda cell: cell.source.startswith(TRAINING))
    return space


# ---- The network ------------------------------------------------------------------------


def whole(body, kernel: np.ndarray, bias: np.ndarray):
    """Pixels (160, 160, 3) from 0 to 255 -> probabilities; body gives the maps (5, 5, F)."""
    import keras

    inputs = keras.Input((SIDE, SIDE, 3), name="photograph")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1, name="scaled")(inputs)
    for layer in body.layers[1:]:
        x = layer.__class__.from_config(layer.get_config())(x)
    x = keras.layers.GlobalAveragePooling2D(name="features")(x)
    x = keras.layers.Dense(len(bias), name="head")(x)
    model = keras.Model(inputs, keras.layers.Softmax(name="answer")(x), name="photo-lab")
    model.set_weights([*body.get_weights(), kernel, bias])
    return model


def folded(head) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of a dense layer that does what normalisation and dense layer do together."""
    normalisation, dense = head.layers
    mean = np.ravel(normalisation.mean).astype("float64")
    spread = np.sqrt(np.ravel(normalisation.variance).astype("float64"))
    kernel, bias = dense.get_weights()
    kernel = kernel / spread[:, None]
    return kernel, bias - mean @ kernel


def in_half_precision(data: bytes) -> bytes:
    """The same network file with float16 weights."""
    (length,) = struct.unpack("<I", data[8:12])
    head = json.loads(data[12 : 12 + length]) | {"dtype": "float16"}
    head = json.dumps(head, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 4)
    numbers = np.frombuffer(data[12 + length :], "<f4").astype("<f2")
    return data[:8] + struct.pack("<I", len(head)) + head + numbers.tobytes()


# ---- Examples and numbers -----------------------------------------------------------------


def examples(space: dict):
    """(name, what it shows, class, kind, picture) of each photograph to begin with."""
    rng = np.random.default_rng(6)
    for kind in space["names"]:
        # The first of its class in the test part, whatever the network says of it.
        stamp = next(name for name in space["stamps"] if name.startswith(f"test/{kind}/"))
        picture, _ = space["composed"](space["stamps"][stamp], "test", EXAMPLE_SIDE, rng, room=(0.4, 0.5))
        stem = Path(stamp).stem
        yield (
            f"stamp-{kind}",
            SHOWN.get(stem, stem.replace("_", " ")),
            kind,
            "stamp",
            Image.fromarray(picture),
        )
    for name, (words, kind) in PHOTOGRAPHS.items():
        yield name, words, kind, "photograph", Image.fromarray(space["photos"][name])


def shares(model, space: dict) -> dict:
    """How often the network as it is shipped is right on the chapter's test scenes."""
    images, labels = space["scene_x"].astype("float32"), space["scene_y"]
    given = model.predict(images, verbose=0).argmax(axis=1)
    return {
        "scenes": len(labels),
        "right": int(np.sum(given == labels)),
        "percent": round(100 * float(space["class_mean"](given, labels)), 1),
    }


def table() -> dict:
    """What the benchmark measured for the chapter: book, frozen, with all pictures there are."""
    report = json.loads((ROOT / "benchmarks" / "results" / "transfer.json").read_text("utf-8"))
    shots = max(run["shots"] for run in report["results"]["book, frozen"])
    percents = {}
    for name in ("book, frozen", "random, frozen"):
        runs = [run["accuracy"] for run in report["results"][name] if run["shots"] == shots]
        percents[name] = round(100 * float(np.mean(runs)), 1)
    return {"shots": shots, "book": percents["book, frozen"], "random": percents["random, frozen"]}


def sentences(lab: dict) -> str:
    """The numbers in words, for the page."""
    test, measured = lab["test"], lab["table"]
    return (
        f"On the chapter\u2019s {test['scenes']} test scenes this very network is right {test['right']} times, "
        f"and in {test['percent']:g} % as a mean over the classes; guessing gives {100 / len(lab['classes']):g} %. "
        f"In the table of chapter 6, with stamps that fill pictures of {PICTURES}x{PICTURES} pixels, the same "
        f"backbone reaches {measured['book']:g} % with {measured['shots']} pictures of each class to learn from.\n"
    )


def build() -> None:
    """Write the network, the examples, the numbers and the page's paragraph."""
    space = chapter()
    body = space["wide"]["book's"]
    half = [
        np.asarray(part, "float16").astype("float32")
        for part in (*body.get_weights(), *folded(space["head"]))
    ]
    body.set_weights(half[:-2])
    model = whole(body, *half[-2:])
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / "network.bin"
    exporter()(model, path, space["names"])
    path.write_bytes(in_half_precision(path.read_bytes()))
    for old in FOLDER.glob("*.webp"):
        old.unlink()
    shown = []
    for name, words, kind, source, picture in examples(space):
        picture.save(FOLDER / f"{name}.webp", "WEBP", quality=88, method=6)
        shown.append({"file": f"{name}.webp", "shows": words, "class": kind, "kind": source})
    lab = {
        "backbone": hashlib.sha256(WEIGHTS.read_bytes()).hexdigest(),
        "network": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "parameters": model.count_params(),
        "side": SIDE,
        "classes": space["names"],
        "test": shares(model, space),
        "table": table(),
        "examples": shown,
    }
    (FOLDER / "lab.json").write_text(json.dumps(lab, indent=1) + "\n", "utf-8")
    PAGE.write_text(MARKS.sub(lambda m: m[1] + sentences(lab) + m[2], PAGE.read_text("utf-8")), "utf-8")
    for file in sorted(FOLDER.iterdir()):
        print(f"wrote {file.relative_to(ROOT)}, {file.stat().st_size:,} bytes")
    print(sentences(lab), end="")
