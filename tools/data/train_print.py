"""Train the reader of print for chapter 11: data/models/print_reader.weights.h5.

    python -m tools.data.train_print FOLDER [--seed 0] [--steps 1200] [--out FILE]

FOLDER is where the packages of tools/data/build_print.py are unpacked. At every step 16 lines are
drawn that were never drawn before, in one of the 21 typefaces to train on, with words of its part,
at another height, slant, slope, blur, noise and light. The validation lines of data/datasets/print.npz
watch; the test lines take no part. The weights are written in half precision.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras  # noqa: E402  (the settings must stand first)
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from tools.book import sha256  # noqa: E402
from tools.data import build_print  # noqa: E402
from tools.data.build_print import ALPHABET, HEIGHT  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "data" / "models" / "print_reader.weights.h5"
WIDTH, BATCH, LONGEST = 192, 16, 30  # pixels and lines of a step, letters of a line
EARLY = 300  # steps with lines half as wide, on which the network learns sooner that letters differ


def print_network():
    """Lines (24, any width, 1) of ink from 0 to 255 -> scores (columns, 1 + letters), blank first."""
    layers = [keras.Input((HEIGHT, None, 1)), keras.layers.Rescaling(1 / 255)]
    for filters, side, step, pool in (
        (24, 5, 2, 1), (32, 3, 1, 2), (48, 3, 1, 2), (64, (3, 5), 1, 0), (64, (1, 5), 1, 0),
    ):  # fmt: skip
        layers += [
            keras.layers.Conv2D(filters, side, step, "same" if pool else "valid", use_bias=False),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.ReLU(),
        ]
        layers += [keras.layers.MaxPooling2D((2, 1))] if pool == 2 else []
    letters = 1 + len(ALPHABET)
    return keras.Sequential([*layers, keras.layers.Conv2D(letters, 1), keras.layers.Reshape((-1, letters))])


def columns(width):
    """How many columns of scores the network gives for a line of this width."""
    return width // 2 - 8


def spoiled(ink, rng):
    """A line in light that changes along it, on uneven paper, with noise; 0 to 255."""
    light = ink * np.linspace(*rng.uniform(0.4, 1.1, 2), ink.shape[1])
    light += np.linspace(*rng.uniform(-12, 12, 2), ink.shape[1])
    return np.clip(light + rng.normal(0, rng.uniform(0, 14), ink.shape), 0, 255)


def drawn_line(face, words, others, rng):
    """A line of its own height, place, slant, slope and blur; at times its neighbours reach into it."""
    tall = rng.uniform(14, 22)
    drop, margin = rng.uniform(-1, 1) * (25 - tall) / 2, int(rng.integers(1, 12))
    wide = rng.choice([1, rng.uniform(1, 2.5)])
    shear, slope = rng.choice([0, rng.normal(0, 0.1)]), rng.normal(0, 0.012)
    look = {"wide": wide, "shear": shear, "slope": slope, "blur": rng.uniform(0, 1.1), "margin": margin}
    ink = build_print.line(face, words, tall, drop, **look)
    if rng.random() < 0.4:
        for place, other in zip((-1, 1), others, strict=True):
            beside = build_print.line(face, other, tall, drop + place * tall * rng.uniform(1.05, 1.3), **look)
            shared = min(ink.shape[1], beside.shape[1])
            ink = np.concatenate([np.maximum(ink[:, :shared], beside[:, :shared]), ink[:, shared:]], axis=1)
    return ink


def batches(folders, seed, steps):
    """Lines (BATCH, HEIGHT, width, 1) with their texts as class numbers, padded with 0."""
    rng = np.random.default_rng([11, seed])
    faces = list(build_print.typefaces(folders, "train").values())
    vocabulary = build_print.words()["train"]
    number = {letter: n for n, letter in enumerate(ALPHABET, 1)}
    for step in range(steps):
        width = WIDTH // 2 if step < EARLY else WIDTH
        lines = np.zeros((BATCH, HEIGHT, width, 1), "float32")
        texts = np.zeros((BATCH, LONGEST), "int32")
        for place in range(BATCH):
            while True:
                words = build_print.text(rng, vocabulary, rng.integers(2, width // 10))
                others = [build_print.text(rng, vocabulary, len(words)) for _ in range(2)]
                drawn = drawn_line(faces[rng.integers(len(faces))], words, others, rng)
                if drawn.shape[1] <= width and len(words) <= LONGEST:
                    break
            shown = np.zeros((HEIGHT, width))
            shown[:, : drawn.shape[1]] = drawn
            lines[place, ..., 0] = spoiled(shown, rng)
            texts[place, : len(words)] = [number[letter] for letter in words]
        yield lines, texts


def distance(came, wanted):
    """Edits from one text to another."""
    row = list(range(len(wanted) + 1))
    for i, one in enumerate(came, 1):
        corner, row[0] = row[0], i
        for j, other in enumerate(wanted, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (one != other))
    return row[-1]


def read(network, ink):
    """The text of a line of ink, by the best class at every column."""
    line = np.pad(ink.astype("float32"), ((0, 0), (0, 32)))  # nothing is padded inside the network
    best = np.asarray(network(line[None, :, :, None]))[0].argmax(axis=1)
    return "".join(
        ALPHABET[k - 1] for k, before in zip(best, [0, *best[:-1]], strict=True) if k and k != before
    )


def error(network, part):
    """Character error rate by typeface on a part of the committed lines."""
    file = np.load(build_print.TARGET)
    ends, ink = np.cumsum(file["widths"]), file["ink"] * 17
    edits, letters = {}, {}
    for end, width, words, face, of in zip(
        ends, file["widths"], file["texts"], file["faces"], file["parts"], strict=True
    ):
        if of == part:
            came = read(network, ink[:, end - width : end])
            edits[str(face)] = edits.get(str(face), 0) + distance(came, str(words))
            letters[str(face)] = letters.get(str(face), 0) + len(words)
    return {
        "all": sum(edits.values()) / sum(letters.values()),
        **{face: edits[face] / letters[face] for face in edits},
    }


def trained(folders, seed, steps):
    """A network after so many steps, and the seconds that they took."""
    keras.utils.set_random_seed(seed)
    network, start = print_network(), time.perf_counter()
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=0.004, warmup_steps=60)
    network.compile(keras.optimizers.Adam(rate, clipnorm=5.0), keras.losses.CTC(), jit_compile=False)
    data = tf.data.Dataset.from_generator(
        lambda: batches(folders, seed, steps),
        output_signature=(
            tf.TensorSpec((BATCH, HEIGHT, None, 1), tf.float32),
            tf.TensorSpec((BATCH, LONGEST), tf.int32),
        ),
    ).prefetch(8)
    losses = []

    def watch(step, logs):
        losses.append(logs["loss"])
        if (step + 1) % 100 == 0:
            took = time.perf_counter() - start
            print(f"step {step + 1}: mean loss so far {losses[-1]:.2f}, {took:.0f} s", flush=True)

    network.fit(
        data,
        steps_per_epoch=steps,
        shuffle=False,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=watch)],
    )
    return network, time.perf_counter() - start


def halved(network):
    """A copy with its weights in half precision."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float16")
    try:
        copy = print_network()
    finally:
        keras.config.set_dtype_policy(policy)
    copy.set_weights([each.astype("float16") for each in network.get_weights()])
    return copy


def main(arguments=None):
    """Train, write the weights, and say how good they are on the validation lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", help="where the packages are unpacked")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--out", type=Path, default=TARGET)
    given = parser.parse_args(arguments)
    try:
        network, seconds = trained(given.folders, given.seed, given.steps)
    except build_print.BadInput as problem:
        sys.exit(f"train_print.py: {problem}")
    halved(network).save_weights(given.out)
    rates = {name: round(rate, 4) for name, rate in error(network, "validation").items()}
    print(f"{network.count_params():,} parameters, {given.steps} steps, {seconds:.0f} s; {json.dumps(rates)}")
    print(f"{given.out.name}: {given.out.stat().st_size:,} bytes, SHA-256 {sha256(given.out)}")


if __name__ == "__main__":
    main()
