"""Change one thing at a time in the recipe of chapter 5 and measure what it is worth.

    python benchmarks/choices.py            every variant, three seeds: about half an hour
    python benchmarks/choices.py --quick    a smoke test of a minute

Each variant differs from the chapter's recipe in the one thing that its name
says. All train on the first 10,000 training pictures of the chapter's split
and are judged on its 10,000 validation pictures; the test pictures are not
touched. The steps in which that network grows are trained in the same way,
without dropout, to see what a stage is worth. What was still open then is tried once on all 50,000 training
pictures, where the network takes five times as many steps. Finished runs are
kept in benchmarks/results/choices.json, so that a run that was stopped goes on
where it was; --again starts from nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if (ROOT / "data" / "datasets").exists():
    os.environ.setdefault("KERAS_HOME", str(ROOT / "data"))

import keras  # noqa: E402  (the settings must stand first)
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

SEEDS = (0, 1, 2)
PICTURES = 10_000
RECIPE = {
    "batch": 128,
    "epochs": 5,
    "filters": (16, 48, 64),
    "optimizer": "AdamW",
    "rate": 0.004,
    "constant": False,
    "normalise": True,
    "head": "flatten",
    "dropout": 0.3,
    "mirror": False,
}
VARIANTS = {
    "the recipe": {},
    "batches of 64": {"batch": 64},
    "half the peak rate": {"rate": 0.002},
    "twice the peak rate": {"rate": 0.008},
    "constant rate of 0.001": {"rate": 0.001, "constant": True},
    "Adam, no weight decay": {"optimizer": "Adam"},
    "plain descent with momentum": {"optimizer": "SGD", "rate": 0.1},
    "global average pooling": {"head": "means"},
    "no batch normalisation": {"normalise": False},
    "no dropout": {"dropout": 0.0},
    "mirrored copies": {"mirror": True},
}
# The steps in which the chapter's network grows, each of them with the recipe.
STAGES = {
    "one stage": {"filters": (16,), "head": "means", "normalise": False},
    "two stages": {"filters": (16, 48), "head": "means", "normalise": False},
    "three stages": {"head": "means", "normalise": False},
    "batch normalisation": {"head": "means"},
    "flatten": {},
}
STAGES = {name: settings | {"dropout": 0.0} for name, settings in STAGES.items()}
# Tried again on all training pictures, with the first seed.
AGAIN_ON_ALL = (
    "the recipe",
    "batches of 64",
    "twice the peak rate",
    "Adam, no weight decay",
    "no dropout",
)


def network(settings: dict) -> keras.Model:
    """The network of chapter 5, or one that differs where the settings say so."""
    layers = keras.layers
    stack = [keras.Input((28, 28, 1))]
    if settings["mirror"]:
        stack.append(layers.RandomFlip("horizontal"))
    stack.append(layers.Rescaling(1 / 255))
    for number, filters in enumerate(settings["filters"], start=1):
        stack += [layers.Conv2D(filters, 3, padding="same"), layers.MaxPooling2D(padding="same")]
        if settings["normalise"] and number > 1:
            stack.append(layers.BatchNormalization(momentum=0.9))
        stack.append(layers.ReLU())
    stack.append(layers.Flatten() if settings["head"] == "flatten" else layers.GlobalAveragePooling2D())
    return keras.Sequential([*stack, layers.Dropout(settings["dropout"]), layers.Dense(10)])


def optimizer(settings: dict, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer with its schedule: a rise over a fifth of the steps, then half a cosine."""
    rate, rise = settings["rate"], steps // 5
    if not settings["constant"]:
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, steps - rise, warmup_target=rate, warmup_steps=rise
        )
    if settings["optimizer"] == "AdamW":
        return keras.optimizers.AdamW(rate, weight_decay=0.05)
    if settings["optimizer"] == "Adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=0.9)


def split(pictures: int):
    """The chapter's split: the first training pictures and all validation pictures."""
    (images, labels), _ = keras.datasets.fashion_mnist.load_data()
    order = np.random.default_rng(0).permutation(60_000)
    part, rest = order[:50_000][:pictures], order[50_000:]
    return (images[part][..., None], labels[part]), (images[rest][..., None], labels[rest])


def run(settings: dict, seed: int, training, validation, eagerly: bool = False) -> dict:
    """Train once; what came of it. Eagerly: without a graph, which a single batch does not pay for."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model = network(settings)
    steps = settings["epochs"] * -(-len(training[0]) // settings["batch"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer(settings, steps), loss, metrics=["accuracy"], run_eagerly=eagerly)
    quiet = tf.data.Options()
    quiet.autotune.enabled = False  # or every epoch would end with waiting for the tuner
    pictures = tf.data.Dataset.from_tensor_slices(training).shuffle(len(training[0]), seed=seed)
    pictures = pictures.batch(settings["batch"]).prefetch(2).with_options(quiet)
    wall, processor = time.perf_counter(), time.process_time()
    model.fit(pictures, epochs=settings["epochs"], verbose=0)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    (x, y) = validation
    rights = [model.predict(each, 1000, verbose=0).argmax(axis=1) == y for each in (x, x[:, :, ::-1])]
    return {
        "seed": seed,
        "parameters": model.count_params(),
        "seconds": round(wall, 1),
        "processor_seconds": round(processor, 1),
        "validation_accuracy": round(float(rights[0].mean()), 4),
        "mirrored_accuracy": round(float(rights[1].mean()), 4),
    }


def main() -> None:
    """Run what is missing and write the results after every run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="128 pictures, one epoch, one seed")
    parser.add_argument("--again", action="store_true", help="forget the finished runs")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    name = "choices_quick.json" if options.quick else "choices.json"
    path = options.out or ROOT / "benchmarks" / "results" / name
    pictures = 128 if options.quick else PICTURES
    report = {"pictures": pictures}
    if path.exists() and not options.again and not options.quick:
        report = json.loads(path.read_text("utf-8"))
    training, validation = split(pictures)
    if options.quick:
        validation = tuple(part[:100] for part in validation)

    def complete(part: str, variant: str, seed: int) -> None:
        """Add the run to that part of the report, unless it is there."""
        runs = report.setdefault(part, {}).setdefault(variant, [])
        if any(each["seed"] == seed for each in runs):
            return
        settings = RECIPE | (VARIANTS | STAGES)[variant] | ({"epochs": 1} if options.quick else {})
        eagerly = options.quick and variant != "the recipe"
        runs.append(run(settings, seed, training, validation, eagerly))
        print(f"{part}, {variant:28} {runs[-1]}", flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report, indent=1) + "\n", "utf-8")

    for seed in SEEDS[:1] if options.quick else SEEDS:
        for variant in VARIANTS:
            complete("choices", variant, seed)
        for variant in STAGES:
            complete("stages", variant, seed)
    if options.quick:
        return
    training, validation = split(50_000)
    for variant in AGAIN_ON_ALL:
        complete("all_pictures", variant, SEEDS[0])


if __name__ == "__main__":
    main()
