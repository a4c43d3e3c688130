"""What depth buys chapter 8's networks, plain, with batch normalisation, with skips, and with both (residual).

    python benchmarks/depth.py                  all that the report lacks; about an hour on two cores
    python benchmarks/depth.py --quick          up to four layers, ten steps, one seed: a minute
    python benchmarks/depth.py --seconds 200    stop after the run that passes 200 seconds

10,000 pictures of Fashion-MNIST's training set, averaged to 14x14, train; 2,000 others choose the learning rate of
each network with seed 0, one of three, or the next one beyond if the best of the three is the smallest or the largest;
the 10,000 test pictures judge the chosen rate, with seeds 0, 1 and 2. Each network takes 500 steps of 32 pictures with
Adam and a rate that falls to 0 along a cosine. The report has parts:

    choices     accuracy on the validation pictures for each rate, seed 0
    results     the chosen rate, the last 100 steps' loss, accuracy on the first 2,000 training pictures, on the
                validation and on the test pictures, and what the network costs

A name says how many layers with weights the network has; a run, what it is made of (`kind`) and its `limit`
("parameters": 22,000 at most; "multiplications": 700,000 at most), within which it is as wide as can be, or "width":
11 filters in every layer, whatever they cost. Finished runs stand in benchmarks/results/depth.json, so a benchmark that
was stopped goes on; the committed report holds every plan.
"""

from __future__ import annotations

import argparse
import functools
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
from _report import Report  # noqa: E402

OUT = ROOT / "benchmarks" / "results" / "depth.json"
KINDS = ("plain", "residual", "normalised", "skips")
RATES, SEEDS, STEPS, BATCH = (0.001, 0.003, 0.01), range(3), 500, 32
BEYOND = {0.001: 0.0003, 0.01: 0.03}  # where the best of the three is one of these, this is tried as well
LIMITS, WIDTH = {"parameters": 22_000, "multiplications": 700_000}, 11


def network(depth, width, kind):
    """Pictures (14, 14, 1) -> ten logits, by `depth` layers with weights."""
    layers = keras.layers

    def convolution(x):
        bare = kind in ("plain", "skips")
        x = layers.Conv2D(width, 3, padding="same", kernel_initializer="he_normal", use_bias=bare)(x)
        return x if bare else layers.BatchNormalization(momentum=0.9)(x)

    inputs = keras.Input((14, 14, 1))
    x = layers.Rescaling(1 / 90, -0.8)(inputs)
    if depth > 1:
        x = layers.ReLU()(convolution(x))
        blocks = depth // 2 - 1
        for count in (blocks - blocks // 2, blocks // 2):  # at 7x7, at 4x4
            x = layers.MaxPooling2D(padding="same")(x)
            for _ in range(count):
                way = convolution(layers.ReLU()(convolution(x)))
                x = layers.ReLU()(layers.Add()([x, way]) if kind in ("residual", "skips") else way)
    return keras.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))


def multiplications(model) -> int:
    """Of all convolutions and dense layers, for one picture."""
    total = 0
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            places = int(np.prod(layer.output.shape[1:-1], dtype=int))
            total += places * int(np.prod(layer.kernel.shape))
    return total


def width_for(depth: int, limit: str) -> int:
    """The widest plain network of this depth within a limit."""

    if depth == 1 or limit == "width":
        return 0 if depth == 1 else WIDTH

    def cost(width):
        model = network(depth, width, "plain")
        return model.count_params() if limit == "parameters" else multiplications(model)

    low, high = 1, 1024
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if cost(middle) <= LIMITS[limit] else (low, middle)
    return low


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    """A cosine whose start can be set anew, so that a network is compiled once for all rates."""

    def __init__(self, steps):
        self.peak, self.steps = tf.Variable(0.0), steps

    def __call__(self, step):
        return self.peak * 0.5 * (1 + tf.cos(np.pi * tf.cast(step, "float32") / self.steps))


class Garments:
    """The pictures, 28x28 or averaged to a smaller side, in three parts."""

    def __init__(self, side: int = 14):
        (x, y), (test_x, test_y) = keras.datasets.fashion_mnist.load_data()
        order, step = np.random.default_rng(8).permutation(60_000), 28 // side

        def small(x):
            return x.reshape(-1, side, step, side, step).mean(axis=(2, 4))[..., None].astype("float32")

        self.train, self.val = (
            (small(x[part]), y[part].astype("int32")) for part in (order[:10_000], order[10_000:12_000])
        )
        self.test = small(test_x), test_y.astype("int32")


class Trained:
    """A network, built by a function; trained anew for each seed and rate."""

    def __init__(self, garments, build, steps):
        self.garments, self.build, self.steps = garments, build, steps
        self.model, self.rate = build(), Falling(steps)
        self.model.compile(
            keras.optimizers.Adam(self.rate),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=False,
        )

    def train(self, seed, rate) -> float:
        """Train from the first step; the mean loss of the last fifth of the steps."""
        keras.utils.set_random_seed(seed)
        self.model.set_weights(self.build().get_weights())
        for variable in self.model.optimizer.variables:
            variable.assign(tf.zeros_like(variable))
        self.rate.peak.assign(rate)
        x, y = self.garments.train
        rng, taken = np.random.default_rng(seed), self.steps * BATCH
        order = np.concatenate([rng.permutation(len(x)) for _ in range(taken // len(x) + 1)])[:taken]
        options = tf.data.Options()
        options.autotune.enabled = False
        data = tf.data.Dataset.from_tensor_slices((x[order], y[order])).batch(BATCH).with_options(options)
        late = self.steps - self.steps // 5
        self.model.fit(data.take(late), verbose=0, shuffle=False)
        return self.model.fit(data.skip(late), verbose=0, shuffle=False).history["loss"][0]

    def accuracy(self, part) -> float:
        x, y = part
        answers = [
            self.model.predict_on_batch(x[n : n + 1000]).argmax(axis=1) for n in range(0, len(x), 1000)
        ]
        return float(np.mean(np.concatenate(answers) == y))

    def first_of_training(self):
        return tuple(each[:2000] for each in self.garments.train)


def plans() -> list[tuple[str, str, int]]:
    """(limit, kind, depth), the most telling first; from 8 layers on one width is the widest for both limits."""
    found = [("parameters", kind, depth) for depth in (20, 8, 4) for kind in KINDS]
    found += [("parameters", "plain", 1), ("parameters", "plain", 2), ("multiplications", "plain", 2)]
    found += [("width", "plain", depth) for depth in (8, 4, 2)]
    return [*found, ("multiplications", "plain", 4)]


def chosen(trials: list[dict]) -> float:
    """The rate that was best on the validation pictures."""
    return max(trials, key=lambda run: run["validation"])["rate"]


def explore(keep, name, plan, make, rates, beyond, seeds, until=float("inf")) -> bool:
    """Choose a rate for one network, then judge it with each seed; False if the time was over before the end.

    `plan` tells this network's runs from others of its name; `make` gives the Trained, and what to say of it.
    """
    made = functools.cache(make)  # only if something is missing
    after = {}  # rate -> (loss, weights), so that the chosen network of seed 0 is not trained twice

    def tried(among=None):
        runs = [run for run in keep.parts.get("choices", {}).get(name, []) if plan.items() <= run.items()]
        return [run for run in runs if among is None or run["rate"] in among]

    for number in range(len(rates) + 1):
        rate = rates[number] if number < len(rates) else beyond.get(chosen(tried(rates)))
        if rate is not None and not keep.has("choices", name, rate=rate, **plan):
            trained, _ = made()
            loss = trained.train(0, rate)
            after[rate] = loss, trained.model.get_weights()
            found = {"rate": rate, "loss": loss, "validation": trained.accuracy(trained.garments.val)}
            keep.add("choices", name, plan | found)
        if time.time() > until:
            return False
    best, runs = chosen(tried()), keep.parts.get("results", {}).get(name, [])
    runs[:] = [run for run in runs if not plan.items() <= run.items() or run["rate"] == best]
    for seed in seeds:
        if keep.has("results", name, seed=seed, **plan):
            continue
        trained, said = made()
        if seed == 0 and best in after:
            loss, weights = after[best]
            trained.model.set_weights(weights)
        else:
            loss = trained.train(seed, best)
        found = {
            "seed": seed,
            "rate": best,
            "loss": loss,
            "training": trained.accuracy(trained.first_of_training()),
            "validation": trained.accuracy(trained.garments.val),
            "test": trained.accuracy(trained.garments.test),
            **said,
            "parameters": trained.model.count_params(),
            "multiplications": multiplications(trained.model),
        }
        keep.add("results", name, plan | found)
        if time.time() > until:
            return False
    return True


def main(arguments=None) -> None:
    """Read the command line and run what is missing in the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a try of half a minute")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="stop after the run that passes them"
    )
    parser.add_argument("--out", type=Path, help="where the report goes")
    given = parser.parse_args(arguments)
    keep = Report(given.out or (OUT.with_name("depth_quick.json") if given.quick else OUT), given.quick)
    garments, until = Garments(), time.time() + given.seconds
    rates, beyond, seeds = (RATES[1:2], {}, range(1)) if given.quick else (RATES, BEYOND, SEEDS)
    for limit, kind, depth in plans():
        if given.quick and (limit != "parameters" or kind == "skips" or depth > 4):
            continue

        def make(limit=limit, kind=kind, depth=depth):
            width = width_for(depth, limit)
            build = functools.partial(network, depth, width, kind)
            return Trained(garments, build, 10 if given.quick else STEPS), {"width": width}

        name = f"{depth} layer" + "s" * (depth > 1)
        if not explore(keep, name, {"limit": limit, "kind": kind}, make, rates, beyond, seeds, until):
            return


if __name__ == "__main__":
    main()
