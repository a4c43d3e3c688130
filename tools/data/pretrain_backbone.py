"""Train the book's own backbone: a MobileNet, from scratch, on small public photographs.

    python -m tools.data.pretrain_backbone cifar10
    python -m tools.data.pretrain_backbone tiny-imagenet-200.zip
    python -m tools.data.pretrain_backbone FILE.npz --epochs 12

The source is `cifar10` (Keras downloads it), the file tiny-imagenet-200.zip
of the CS231n course, or an .npz file that holds JPEG files end to end:
train_jpeg (all bytes), train_offset (where each begins, and the end),
train_label, and the same three for `val` or `test`.

Training takes an hour or more on two cores. It can be stopped at any time:
the same command goes on where it was. Progress goes to the screen and to
log.csv in the working folder; at the end the weights without the head are
written there in half precision, with a small JSON that says how they came
about. Copy the weights to data/models/ and their digest to the card.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import sys
import time
import zipfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402  (the setting must stand first)
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from PIL import Image  # noqa: E402

SIDE = 64  # pixels that the network sees at the end
EARLY_SIDE = 48  # and in the first epochs, which take half the time that way
SEED = 0


class BadSource(Exception):
    """The source cannot be used; the message says why and what to do."""


# ------------------------------------------------------------------ pictures
def decoded(files: list[bytes]) -> np.ndarray:
    """JPEG files -> (N, H, W, 3) uint8; all must be of one size."""
    return np.stack([np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in files])


def from_npz(path: Path):
    """Read an .npz of JPEG files; the held-out part is called val or test."""
    with np.load(path) as arrays:
        held_out = "val" if "val_jpeg" in arrays else "test"
        parts = []
        for part in ("train", held_out):
            data = arrays[f"{part}_jpeg"].tobytes()
            ends = arrays[f"{part}_offset"]
            files = [data[start:end] for start, end in zip(ends[:-1], ends[1:], strict=True)]
            parts.append((decoded(files), arrays[f"{part}_label"].astype("int32").ravel()))
    return parts


def from_tiny_imagenet(path: Path):
    """Read tiny-imagenet-200.zip as the CS231n course hands it out (64x64)."""
    with zipfile.ZipFile(path) as archive:
        classes = archive.read("tiny-imagenet-200/wnids.txt").decode().split()
        number = {name: k for k, name in enumerate(classes)}
        train, val = ([], []), ([], [])
        for name in sorted(archive.namelist()):
            if name.endswith(".JPEG") and "/train/" in name:
                train[0].append(archive.read(name))
                train[1].append(number[name.split("/")[2]])
        notes = archive.read("tiny-imagenet-200/val/val_annotations.txt").decode()
        for line in notes.splitlines():
            file, name, *_ = line.split("\t")
            val[0].append(archive.read(f"tiny-imagenet-200/val/images/{file}"))
            val[1].append(number[name])
    return [(decoded(files), np.array(labels, "int32")) for files, labels in (train, val)]


def load(source: str):
    """[(images, labels) to train on, (images, labels) held out]; images (N, H, W, 3) uint8."""
    if source == "cifar10":
        return [(x, y.astype("int32").ravel()) for x, y in keras.datasets.cifar10.load_data()]
    path = Path(source)
    if not path.is_file():
        raise BadSource(f"There is no file {source}. Name cifar10, tiny-imagenet-200.zip or an .npz file.")
    try:
        return from_npz(path) if path.suffix == ".npz" else from_tiny_imagenet(path)
    except Exception as error:
        raise BadSource(
            f"{source} cannot be read as a source of photographs ({error}). Fetch it again, or name another."
        ) from error


def batches(images, labels, size: int, side: int, augment: bool, box: float = 0.5) -> tf.data.Dataset:
    """(batch, side, side, 3) float32 from -1 to 1, with labels; shuffled and varied if `augment`.

    One call cuts a box out of every picture, mirrors half of them (a box
    whose right edge comes first is read backwards) and enlarges to the side.
    Height and width of the box are roots of numbers drawn from `box` to 1.
    """
    pictures, classes = tf.constant(images), tf.constant(labels)

    def cut(numbers):
        x = tf.cast(tf.gather(pictures, numbers), tf.float32)
        n = tf.shape(numbers)[0]
        if not augment:
            whole = tf.tile([[0.0, 0.0, 1.0, 1.0]], [n, 1])
            x = tf.image.crop_and_resize(x, whole, tf.range(n), (side, side))
            return x / 127.5 - 1, tf.gather(classes, numbers)
        height, width = (tf.sqrt(tf.random.uniform([n, 2], box, 1.0))[:, k] for k in (0, 1))
        top = tf.random.uniform([n]) * (1 - height)
        left = tf.random.uniform([n]) * (1 - width)
        sides = tf.stack([left, left + width], axis=1)
        sides = tf.where(tf.random.uniform([n, 1]) < 0.5, sides, sides[:, ::-1])
        boxes = tf.stack([top, sides[:, 0], top + height, sides[:, 1]], axis=1)
        x = tf.image.crop_and_resize(x, boxes, tf.range(n), (side, side)) / 127.5 - 1
        contrast = tf.random.uniform([n, 1, 1, 3], 0.8, 1.2)
        light = tf.random.uniform([n, 1, 1, 1], -0.2, 0.2)
        return x * contrast + light, tf.gather(classes, numbers)

    numbers = tf.data.Dataset.range(len(images))
    if augment:
        numbers = numbers.shuffle(len(images), seed=SEED)
    options = tf.data.Options()
    options.autotune.enabled = False  # or every epoch would end with waiting for the tuner
    return numbers.batch(size).map(cut, num_parallel_calls=2).prefetch(4).with_options(options)


# ------------------------------------------------------------------- network
def backbone(alpha: float) -> keras.Model:
    """MobileNet without its head: any picture (H, W, 3) from -1 to 1 -> 1,024 * alpha features."""
    return keras.applications.MobileNet(
        (None, None, 3), alpha=alpha, include_top=False, weights=None, pooling="avg"
    )


def begin_gently(body: keras.Model, seed: int) -> None:
    """Random weights with which this network learns about twice as fast as with Keras's own.

    27 convolutions in a row, with nothing that leads around them, garble a
    picture: at Keras's random weights a picture and the same picture moved by
    one pixel have features with nothing in common. Here every layer begins as
    one that passes on what it gets. A depthwise kernel is a single 1 (a small blur where it strides) plus
    a little noise; the kernels that mix channels are orthogonal; and batch
    normalisation begins with beta 0.5, so that ReLU lets most values through.
    """
    rng = np.random.default_rng(seed)
    blur = np.outer([1, 2, 1], [1, 2, 1])[:, :, None, None] / 8
    for layer in body.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            kernel = rng.normal(0, 0.1, layer.kernel.shape)
            if layer.strides[0] > 1:
                kernel += blur
            else:
                kernel[1, 1] += 1
            layer.kernel.assign(kernel)
        elif isinstance(layer, keras.layers.Conv2D) and layer.kernel_size == (1, 1):
            layer.kernel.assign(
                keras.initializers.Orthogonal(2**0.5, seed=int(rng.integers(2**31)))(layer.kernel.shape)
            )
        elif isinstance(layer, keras.layers.Conv2D):
            inputs = np.prod(layer.kernel.shape[:3])
            layer.kernel.assign(rng.normal(0, np.sqrt(2 / inputs), layer.kernel.shape))
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.beta.assign(np.full(layer.beta.shape, 0.5))


def in_half_precision(model: keras.Model, alpha: float, path: Path) -> None:
    """Write the weights as float16; loading turns them back into float32."""
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float16")
    try:
        half = backbone(alpha)
    finally:
        keras.config.set_dtype_policy(usual)
    half.set_weights(model.get_weights())
    half.save_weights(path)


class Clock(keras.callbacks.Callback):
    """Adds the seconds of each epoch to what is logged of it."""

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = round(time.perf_counter() - self.started, 1)


def main() -> None:
    """Train, or go on training, and write weights, log and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="cifar10, tiny-imagenet-200.zip, or an .npz file of JPEG files")
    parser.add_argument(
        "--alpha", type=float, default=0.5, help="width of the network (0.25, 0.5, 0.75 or 1)"
    )
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--early", type=int, default=11, help=f"first epochs, at {EARLY_SIDE} pixels")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=0.003, help="peak learning rate")
    parser.add_argument(
        "--start", type=Path, help="weights of an earlier round to begin with, not random ones"
    )
    parser.add_argument(
        "--box", type=float, default=0.5, help="a crop keeps at least the root of this of each side"
    )
    parser.add_argument("--folder", type=Path, default=Path("_backbone"), help="working folder")
    options = parser.parse_args()
    try:
        train, held_out = load(options.source)
    except BadSource as problem:
        sys.exit(str(problem))

    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(SEED)
    body = backbone(options.alpha)
    if options.start:
        try:
            body.load_weights(options.start)
        except (OSError, ValueError) as problem:
            why = str(problem).splitlines()[0]
            sys.exit(f"{options.start} holds no weights of a MobileNet {options.alpha}: {why}")
    else:
        begin_gently(body, SEED)
    classes = int(train[1].max()) + 1
    model = keras.Sequential([body, keras.layers.Dense(classes, kernel_initializer="zeros")])
    steps = options.epochs * -(-len(train[0]) // options.batch)
    rise = steps // 20
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - rise, warmup_target=options.rate, warmup_steps=rise
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=0.05)
    # Only what mixes channels decays; the others have few weights, and each its own size.
    optimizer.exclude_from_weight_decay(
        var_list=[each for each in model.trainable_variables if "conv_pw_" not in each.path]
    )
    model.compile(
        optimizer,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    held_out_batches = batches(*held_out, 500, SIDE, augment=False)
    early = min(options.early, options.epochs)
    for side, begin, end in ((EARLY_SIDE, 0, early), (SIDE, early, options.epochs)):
        if begin == end:
            continue
        model.fit(
            batches(*train, options.batch, side, augment=True, box=options.box),
            validation_data=held_out_batches,
            initial_epoch=begin,
            epochs=end,
            shuffle=False,  # the pipeline shuffles
            verbose=2,
            callbacks=[
                keras.callbacks.BackupAndRestore(folder / "backup", delete_checkpoint=False),
                Clock(),
                keras.callbacks.CSVLogger(str(folder / "log.csv"), append=True),
                keras.callbacks.LambdaCallback(
                    on_epoch_end=lambda epoch, logs: body.save_weights(folder / "latest.weights.h5")
                ),
            ],
        )
    _, accuracy = model.evaluate(held_out_batches, verbose=0)
    path = folder / "book_mobilenet.weights.h5"
    in_half_precision(body, options.alpha, path)
    with (folder / "log.csv").open() as log:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(log))
    report = {
        "pictures": len(train[0]),
        "picture_size": list(train[0].shape[1:3]),
        "classes": classes,
        "alpha": options.alpha,
        "epochs": options.epochs,
        f"epochs_at_{EARLY_SIDE}": early,
        "batch": options.batch,
        "peak_rate": options.rate,
        "smallest_box": options.box,
        "began_with": options.start and hashlib.sha256(options.start.read_bytes()).hexdigest(),
        "minutes": round(seconds / 60, 1),
        "held_out_accuracy": round(accuracy, 4),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
