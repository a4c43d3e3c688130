"""How well chapter 12's ways to hear drums do on makers, and on a studio, that they do not know.

    python benchmarks/drums.py            everything; about ten minutes on two cores that do nothing else
    python benchmarks/drums.py --quick    a try of a minute: few steps, one seed, two folds

Three ways: logistic regression on log-mel pictures, the chapter's network on the same pictures,
and a network on the samples themselves. All functions are those of the chapter's own cells; the
networks train by the same recipe in one compiled loop, so that many trainings take minutes.

`trials` hold the choices, seed 0: the strength of the logistic regression, and for each network
whether hits are moved in time while it trains. Judged is the share of a maker's recordings that is
right when they are asked by what was learned from the other six; the best mean of the seven makers
wins. So these makers are the validation data, and the accuracies on them flatter a little. The test
is another studio (44 hits), asked once, with the choices made.

`results` repeats the chosen settings with more seeds, one maker left out in turn, then learns from all
seven makers and asks the other studio. `varied` trains the network on pictures with four kinds of
variation, one seed, again one maker left out in turn. What the committed results hold already is not
measured again, so a run that was stopped goes on; --fresh begins anew.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # more of them only wait for one another

import keras
import numpy as np
import scipy
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view

tf.config.threading.set_intra_op_parallelism_threads(1)  # small networks gain nothing by more
tf.config.threading.set_inter_op_parallelism_threads(1)
ROOT = Path(__file__).resolve().parents[1]
CHAPTER = ROOT / "notebooks" / "12_sound.ipynb"
TARGET = ROOT / "benchmarks" / "results" / "drums.json"
CELLS = (
    "def spectrogram(", "def mel(", "BANDS, FLOOR", "def logistic(", "def drum_network(",
    "def shifted(", "def sample_network(",
)  # fmt: skip
SEEDS = (0, 1, 2)
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3)
STEPS, RATE = 150, 0.003
COLUMNS, BANDS = 6, 4  # most by which a picture moves while a network trains


def decoded(stored: np.ndarray) -> np.ndarray:
    """Bytes of the mu-law -> samples, as in the chapter."""
    bent = (stored.astype("float32") - 128) / 127
    return np.sign(bent) * (256 ** np.abs(bent) - 1) / 255


def chapter() -> dict:
    """The chapter's functions and its data by name."""
    drums = np.load(ROOT / "data" / "datasets" / "drums.npz")
    _, where = np.unique(drums["sound"], return_index=True)
    space = {
        "keras": keras, "np": np, "scipy": scipy, "tf": tf, "sliding_window_view": sliding_window_view,
        "SIZE": 512, "HOP": 256, "RATE": 16_000, "x": decoded(drums["sounds"]),
        "other": decoded(drums["other_sounds"]), "other_y": drums["other_kind"].astype(int),
    }  # fmt: skip
    space |= {new: drums[key][where].astype(int) for new, key in (("y", "kind"), ("maker", "maker"))}
    sources = ["".join(cell["source"]) for cell in json.loads(CHAPTER.read_text("utf-8"))["cells"]]
    for beginning in CELLS:
        (source,) = [source for source in sources if source.startswith(beginning)]
        exec(source, space)
    return space


class Trainer:
    """Trains one kind of network over and over in one compiled loop."""

    def __init__(self, network, steps: int):
        self.network, self.steps, self.model = network, steps, network()
        schedule = keras.optimizers.schedules.CosineDecay(RATE, steps)
        self.optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.02)
        self.optimizer.build(self.model.trainable_variables)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

        @tf.function
        def run(x, y):
            for n in tf.range(steps):
                with tf.GradientTape() as tape:
                    value = loss(y[n], self.model(x[n], training=True))
                slopes = tape.gradient(value, self.model.trainable_variables)
                self.optimizer.apply_gradients(zip(slopes, self.model.trainable_variables, strict=True))

        self.run = run

    def __call__(self, x, y, seed: int, vary=None):
        """The model, trained from its start with this seed."""
        keras.utils.set_random_seed(seed)
        self.model.set_weights(self.network().get_weights())
        for variable in self.optimizer.variables:
            if variable.path.rsplit("/", 1)[-1] != "learning_rate":
                variable.assign(np.zeros(variable.shape, variable.dtype))
        rng = np.random.default_rng(seed)
        rounds = -(-32 * self.steps // len(x))
        rows = np.concatenate([rng.permutation(len(x)) for _ in range(rounds)])[: 32 * self.steps]
        batches = vary(x[rows], rng) if vary else x[rows]
        shape = (self.steps, 32)
        self.run(
            tf.constant(batches.reshape(*shape, *x.shape[1:])),
            tf.constant(y[rows].reshape(shape).astype("int32")),
        )
        return lambda new: np.asarray(self.model(new, training=False)).argmax(axis=1)


def main() -> None:
    """Read the command line, measure, and write the report after every step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few steps, one seed, two folds; writes nothing")
    parser.add_argument("--fresh", action="store_true", help="measure everything again")
    given = parser.parse_args()
    quick = given.quick
    space, started = chapter(), time.perf_counter()
    x, y, maker = (space[name] for name in ("x", "y", "maker"))
    pictures, samples = space["pictures"], x[..., None]
    other_pictures, other_samples = space["log_mel"](space["other"]), space["other"][..., None]
    seeds, folds = (SEEDS[:1], 2) if quick else (SEEDS, 7)
    trainers: dict = {}
    report = {"trials": {}, "choices": {}, "results": {}, "varied": {}, "seconds": 0}
    if TARGET.exists() and not (given.fresh or quick):
        report = json.loads(TARGET.read_text("utf-8"))
    before = report["seconds"]

    def later(right):
        return lambda batch, rng: space["moved"](batch, rng, right=right)

    def flat(learn):
        def learned(a, b, seed):
            answer = learn(a.reshape(len(a), -1), b)
            return lambda new: answer(new.reshape(len(new), -1))

        return learned

    def network(kind: str, vary=None):
        if kind not in trainers:
            trainers[kind] = Trainer(space[kind], 10 if quick else STEPS)
        return lambda a, b, seed: trainers[kind](a, b, seed, vary)

    def asked(learn, data, seed) -> np.ndarray:
        """Which are right when each maker's are asked by what was learned from the others."""
        right = np.zeros(len(y), bool)
        for k in range(folds):
            mine = maker == k
            right[mine] = learn(data[~mine], y[~mine], seed)(data[mine]) == y[mine]
        return right

    def by_maker(right) -> list[float]:
        return [round(float(right[maker == m].mean()), 4) for m in range(7)]

    def note(words: str) -> None:
        report["seconds"] = before + round(time.perf_counter() - started)
        if not quick:
            TARGET.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
        print(f"{report['seconds']:5} s  {words}", flush=True)

    plans = {
        "logistic regression": [
            ({"strength": s}, pictures, flat(lambda a, b, s=s: space["logistic"](a, b, s))) for s in STRENGTHS
        ],
        "network on pictures": [
            ({"moved": moved}, pictures, network("drum_network", later(COLUMNS) if moved else None))
            for moved in (False, True)
        ],
        "network on samples": [
            ({"moved": moved}, samples, network("sample_network", later(COLUMNS * 256) if moved else None))
            for moved in (False, True)
        ],
    }
    chosen = {}
    for name, settings in plans.items():
        done = report["trials"].setdefault(name, [])
        for setting, data, learn in settings[len(done) :]:
            right = asked(learn, data, 0)
            each = by_maker(right)
            done.append(
                setting
                | {
                    "makers": each,
                    "mean": round(float(np.mean(each)), 4),
                    "makers together": round(float(right.mean()), 4),
                }
            )
            note(f"{name} {setting} {np.mean(each):.3f}")
        best = max(range(len(settings)), key=lambda n, done=done: done[n]["mean"])
        report["choices"][name], chosen[name] = settings[best][0] | {"number": best}, settings[best]

    for name, (_, data, learn) in chosen.items():
        runs = report["results"].setdefault(name, [])
        best = report["trials"][name][report["choices"][name].pop("number")]
        for seed in (seeds[:1] if name == "logistic regression" else seeds)[len(runs) :]:
            run = {"seed": seed}
            if not seed:  # it was measured to choose
                run |= {key: best[key] for key in ("makers together", "makers")}
            else:
                right = asked(learn, data, seed)
                run |= {"makers together": round(float(right.mean()), 4), "makers": by_maker(right)}
            answer = learn(data, y, seed)(other_samples if data is samples else other_pictures)
            run["another studio"] = round(float(np.mean(answer == space["other_y"])), 4)
            run["answers"] = [int(n) for n in answer]
            runs.append(run)
            note(f"{name} {run}")

    kinds = {
        "as they are": None,
        "moved in time": later(COLUMNS),
        "moved in frequency": lambda batch, rng: space["moved"](batch, rng, up=BANDS),
        "half of them backwards": lambda batch, rng: np.where(
            rng.random(len(batch))[:, None, None, None] < 0.5, batch[:, ::-1], batch
        ),
    }
    for number, (words, vary) in enumerate(kinds.items()):
        if words not in report["varied"]:
            if number < 2:  # it was measured to choose
                found = report["trials"]["network on pictures"][number]["makers together"]
            else:
                found = round(float(asked(network("drum_network", vary), pictures, 0).mean()), 4)
            report["varied"][words] = [{"seed": 0, "makers together": found}]
            note(f"{words} {found:.3f}")


if __name__ == "__main__":
    sys.exit(main())
