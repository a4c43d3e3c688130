"""What several seeds together, and more training data, do to chapter 7's small network: accuracy and calibration.

    python benchmarks/trust.py                all that the report lacks; some minutes on two cores
    python benchmarks/trust.py --quick        one network, a few steps: some seconds
    python benchmarks/trust.py --seconds 200  start no further run after so many seconds; the next call goes on

The network is the dense one that the chapter overfits, with its batches of 32 and its 1,250 steps of Adam, on the
first 2,000, 10,000 or 50,000 of the pictures that the chapter trains on. Data and calibration error are its own: its
cells are run here. The report has parts:

    runs        one network: share right, calibration error in points, mean probability and loss on the 10,000 test
                pictures; the temperature that was fitted on the 10,000 validation pictures, and what is left with it
    ensembles   three ensembles of three different networks each, all trained on 2,000 pictures: the
                mean of the probabilities, judged in the same way, beside the mean of its members

Nothing is chosen by the test pictures. Logits are kept in _build/trust, finished runs in benchmarks/results/trust.json,
so a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_HOME", str(ROOT / "data"))

import keras  # noqa: E402  (the settings must stand first)
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from _report import Report, run_cells, sources  # noqa: E402
from scipy.optimize import minimize_scalar  # noqa: E402

OUT = ROOT / "benchmarks" / "results" / "trust.json"
KEPT = ROOT / "_build" / "trust"
SIZES = {2_000: 9, 10_000: 3, 50_000: 3}  # pictures -> seeds
TOGETHER = (2_000,)  # of these networks ensembles are made
STEPS, BATCH, MEMBERS = 1250, 32, 3
EDGES = np.linspace(0, 1, 11)


def chapter() -> dict:
    """The chapter's data, softmax and calibration error."""
    space = run_cells("07_trust", ("trust-setup", "trust-data"), {"Path": Path, "os": os})
    exec(sources("07_trust")["calibration-pencil"].split("sure = np.array")[0], space)  # the functions alone
    return space


class Trainer:
    """One network and its traced step, used again for each seed."""

    def __init__(self):
        self.model = model = self.fresh()
        self.optimizer = optimizer = keras.optimizers.Adam()
        optimizer.build(model.trainable_variables)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

        @tf.function
        def step(some, labels):
            with tf.GradientTape() as tape:
                value = loss(labels, model(some, training=True))
            optimizer.apply(tape.gradient(value, model.trainable_variables), model.trainable_variables)

        self.step = step

    @staticmethod
    def fresh():
        """The chapter's network, with random weights."""
        return keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                keras.layers.Rescaling(1 / 255),
                keras.layers.Flatten(),
                keras.layers.Dense(64, "relu"),
                keras.layers.Dense(10),
            ]
        )

    def logits(self, names: dict, size: int, seed: int, steps: int) -> dict:
        """Logits of the validation and of the test pictures, after these steps on the first pictures."""
        keras.utils.set_random_seed(seed)
        self.model.set_weights(self.fresh().get_weights())
        for variable in self.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        self.optimizer.learning_rate = 0.001
        rng = np.random.default_rng(seed)
        rows = np.concatenate([rng.permutation(size) for _ in range(-(-steps * BATCH // size))])
        for k in range(steps):
            some = rows[k * BATCH : (k + 1) * BATCH]
            x = tf.constant(names["train_x"][some].astype("float32"))
            self.step(x, tf.constant(names["train_y"][some]))
        return {
            part: np.asarray(self.model(names[f"{part}_x"].astype("float32")), dtype="float64")
            for part in ("val", "test")
        }


def judged(names: dict, p, y) -> dict:
    """Share right, calibration error, mean probability of the answer and loss."""
    sure, right = p.max(axis=1), p.argmax(axis=1) == y
    return {
        "right": float(right.mean()),
        "error": float(100 * names["calibration_error"](names["reliability"](sure, right, EDGES))),
        "sure": float(sure.mean()),
        "loss": float(-np.log(np.maximum(p[np.arange(len(y)), y], 1e-12)).mean()),
    }


def temperature(names: dict, logits, y) -> float:
    """What the logits must be divided by for the smallest loss."""
    found = minimize_scalar(
        lambda log_t: judged(names, names["softmax"](logits / np.exp(log_t)), y)["loss"],
        bounds=(-2, 3),
        method="bounded",
        options={"xatol": 0.005},
    )
    return float(np.exp(found.x))


def members_with(seed: int) -> list[int]:
    """The seeds of the ensemble to which a seed belongs."""
    first = seed - seed % MEMBERS
    return list(range(first, first + MEMBERS))


def has_ensemble(keep: Report, size: int, seed: int) -> bool:
    """Whether the ensemble of a seed is in the report."""
    return keep.has("ensembles", str(size), seeds=members_with(seed))


def run_ensembles(names: dict, keep: Report) -> None:
    """The part `ensembles`, from the kept logits."""
    for size in TOGETHER:
        for first in range(0, SIZES[size], MEMBERS):
            if has_ensemble(keep, size, first):
                continue
            seeds = members_with(first)
            p = [names["softmax"](np.load(KEPT / f"{size}_{seed}.npz")["test"]) for seed in seeds]
            alone = [judged(names, each, names["test_y"]) for each in p]
            mean = {key: float(np.mean([each[key] for each in alone])) for key in alone[0]}
            best = max(each["right"] for each in alone)
            together = judged(names, np.mean(p, axis=0), names["test_y"])
            run = {"seeds": seeds, "members": mean, "best": best, "together": together}
            keep.add("ensembles", str(size), run)


def main(arguments=None) -> None:
    """Read the command line and run what is missing in the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one network, a few steps")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no run after so many")
    parser.add_argument("--out", type=Path, help="where the report goes")
    given = parser.parse_args(arguments)
    keep = Report(given.out or (OUT.with_name("trust_quick.json") if given.quick else OUT), given.quick)
    names, trainer, start = chapter(), Trainer(), time.monotonic()
    for size, seeds in SIZES.items():
        for seed in range(seeds if not given.quick else size == 2_000):
            path = KEPT / f"{size}_{seed}.npz"
            known = keep.has("runs", str(size), seed=seed)
            # Logits of a known run are needed again only for an ensemble that is missing.
            if known and (path.exists() or size not in TOGETHER or has_ensemble(keep, size, seed)):
                continue
            if time.monotonic() - start > given.seconds:
                return
            logits = trainer.logits(names, size, seed, 20 if given.quick else STEPS)
            if not given.quick:
                KEPT.mkdir(parents=True, exist_ok=True)
                np.savez(path, **logits)
            if known:
                continue
            t = temperature(names, logits["val"], names["val_y"])
            found = judged(names, names["softmax"](logits["test"]), names["test_y"])
            after = judged(names, names["softmax"](logits["test"] / t), names["test_y"])
            run = {"seed": seed, **found, "temperature": t, "error_after": after["error"]}
            keep.add("runs", str(size), run | {"loss_after": after["loss"]})
    if not given.quick:
        run_ensembles(names, keep)
        print("complete")


if __name__ == "__main__":
    main()
