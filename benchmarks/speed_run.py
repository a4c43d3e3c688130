"""How quickly two cores learn Fashion-MNIST: from chapter 5's recipe, one change after another, for chapter 18.

    python benchmarks/speed_run.py                   all that the report lacks; about half an hour on two cores
    python benchmarks/speed_run.py --quick           160 pictures, one seed, one of each kind of network: a minute
    python benchmarks/speed_run.py --only results    one part of the report; several may be named
    python benchmarks/speed_run.py --seconds 200     stop after the run that passes 200 seconds

Every change is tried on top of those kept before it, with seeds 0 and 1, and judged by 10,000 of the 60,000
training pictures which no trial learns from; Muon's rate was chosen before, by the same. The report has parts:

    steps       changes tried on 20,000 of the other pictures, four times each
    longer      changes that need a longer training, on all 50,000
    results     on 60,000 training pictures, the test pictures asked for the first time: the recipe that came out,
                five epochs, with seeds 0 to 4, and its sprint, two epochs, with seeds 0 to 2
    pace        beside seeds 0 and 2 some steps of networks of fashion.py, chapter 5's, Hands-On's and
                TensorFlow's, and what an epoch takes at this pace

The clock of a speed run starts with the pictures in memory and nothing built, and stops when the weights are final:
`seconds` holds the whitening, the building and the tracing of the graph; `first_step` is the time until one step was
taken. Importing TensorFlow is not counted, nor is asking the network; the pace of other networks is that of steps
alone. No picture is mirrored when the network is asked. Finished runs stand in benchmarks/results/speed_run.json, so
a benchmark that was stopped goes on; a trial whose recipe is another than its run's is made again. Of each trial the
report says the `gain` in accuracy over what was kept before, with the same seed, how many `times` its processor
seconds it took, and whether it was `kept`. Part `machine` has a line for every start that ran something.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_HOME", str(ROOT / "data"))

import fashion  # noqa: E402  (the settings must stand first)
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from _report import Report  # noqa: E402
from keras import layers, ops  # noqa: E402

OUT = ROOT / "benchmarks" / "results" / "speed_run.json"
SEEDS = range(2)
# Of networks of fashion.py so many steps are timed, beside the speed run with these seeds.
PACE = {"hands_on": 80, "tf_tutorial": 400, "ours": 150}
PACE_SEEDS = (0, 2)

# Chapter 5's recipe, in the words of this file.
CHAPTER_5 = {
    "feed": "pictures",
    "precision": "float32",
    "first": "pooled",
    "widths": (48, 64),
    "optimizer": "adamw",
    "rate": 0.004,
    "decay": 0.05,
    "batch": 128,
    "dropout": 0.3,
    "mirror": "never",
    "smoothing": 0.0,
    "average": 0.0,
    "warm": 0.2,
    "fall": "cosine",
    "epochs": 4,
    "pictures": 20_000,
}
MUON = {"optimizer": "muon", "rate": 0.04, "decay": 0.02}

# (name, what it changes, whether it was kept): decided by the report of the trials, in this order.
STEPS = [
    ("chapter 5's recipe", {}, True),
    ("whole batches at once", {"feed": "batches"}, True),
    ("bfloat16, fused normalisation", {"precision": "mixed_bfloat16"}, True),
    ("Muon", MUON, True),
    ("first layer with stride 2", {"first": "strided"}, False),
    ("the same, whitened and fixed", {"first": "whitened stride"}, False),
    ("first layer whitened and fixed", {"first": "whitened"}, True),
    ("three rounds: 32, 64, 128", {"widths": (32, 64, 128)}, True),
    ("averaged weights", {"average": 0.98}, False),
    ("batches of 256", {"batch": 256, "rate": 0.06}, True),
    ("batches of 512", {"batch": 512, "rate": 0.08}, False),
]
LONGER = [
    ("kept so far", {"pictures": 50_000}, True),
    ("mirrored in turn", {"mirror": "in turn"}, False),
    ("mirrored, and label smoothing", {"mirror": "in turn", "smoothing": 0.1}, False),
]
# What was fixed before, by the time that it takes, and the seeds.
FINAL = {
    "speed run": ({"epochs": 5, "pictures": 60_000}, range(5)),
    "sprint": ({"epochs": 2, "pictures": 60_000}, range(3)),
}


# ------------------------------------------------------------------ network
class FastNormalization(layers.Layer):
    """Batch normalisation in TensorFlow's one fused step, which takes bfloat16 as it comes."""

    def __init__(self, momentum=0.9, **options):
        super().__init__(**options)
        self.momentum = momentum

    def build(self, shape):
        def weight(start, trainable):
            return self.add_weight(shape=shape[-1:], initializer=start, trainable=trainable, autocast=False)

        self.scale, self.offset = weight("ones", True), weight("zeros", True)
        self.mean, self.variance = weight("zeros", False), weight("ones", False)

    def call(self, x, training=False):
        stored = [[], []] if training else [self.mean.value, self.variance.value]
        found = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=self.scale.value,
            offset=self.offset.value,
            mean=stored[0],
            variance=stored[1],
            epsilon=1e-3,
            is_training=bool(training),
        )
        if training:
            for kept, new in ((self.mean, found[1]), (self.variance, found[2])):
                kept.assign(self.momentum * kept + (1 - self.momentum) * new)
        return found[0]


class ConvolutionMuon(keras.optimizers.Muon):
    """Keras's Muon for kernels of convolutions, each seen as a matrix; AdamW for all else.

    Muon replaces the gradient's matrix by its nearest one with all directions of equal size.
    """

    def _should_use_adamw(self, variable):
        return len(variable.shape) != 4

    def _muon_update_step(self, gradient, variable, lr, m):
        self.assign(m, self.momentum * m + gradient)
        ahead = ops.reshape(gradient + self.momentum * m, (-1, variable.shape[-1]))
        update = self.zeropower_via_newtonschulz5(ahead, self.ns_steps)
        size = lr * self.rms_rate * max(ahead.shape) ** 0.5
        self.assign_sub(variable, ops.reshape(size * update, variable.shape))


def whitened_filters(pictures, size=3, epsilon=0.01):
    """(size, size, 1, 2 size²) filters: eigenvectors of the patches, to variance 1, and their opposites.

    epsilon is added to each variance, so that noise is not blown up. 2,000 pictures are looked at.
    """
    patches = np.lib.stride_tricks.sliding_window_view(pictures[:2000] / 255, (size, size), (1, 2))
    variances, directions = np.linalg.eigh(np.cov(patches[:, ::2, ::2].reshape(-1, size**2).T))
    filters = (directions / np.sqrt(variances + epsilon)).reshape(size, size, 1, -1)
    return np.concatenate([filters, -filters], axis=-1).astype("float32")


def network(recipe, pictures):
    """The recipe's network; the pictures are those from which its first filters may be computed."""
    fast = recipe["precision"] != "float32"
    keras.config.set_dtype_policy(recipe["precision"])

    def normalisation():
        return FastNormalization() if fast else layers.BatchNormalization(momentum=0.9)

    stack = [layers.Input((28, 28, 1)), layers.Rescaling(1 / 255)]
    if recipe["first"] == "pooled":
        stack += [layers.Conv2D(16, 3, padding="same"), layers.MaxPooling2D()]
    elif recipe["first"] == "strided":
        stack += [layers.Conv2D(18, 3, strides=2, padding="same"), normalisation()]
    else:
        strides = 2 if recipe["first"] == "whitened stride" else 1
        whitening = layers.Conv2D(18, 3, strides, "same", use_bias=False, trainable=False)
        stack += [whitening] if strides == 2 else [whitening, layers.MaxPooling2D()]
    stack += [layers.ReLU()]
    for width in recipe["widths"]:
        stack += [layers.Conv2D(width, 3, padding="same"), layers.MaxPooling2D(padding="same")]
        stack += [normalisation(), layers.ReLU()]
    stack += [layers.Flatten(), layers.Dropout(recipe["dropout"]), layers.Dense(10, dtype="float32")]
    model = keras.Sequential(stack)
    if recipe["first"].startswith("whitened"):
        whitening.set_weights([whitened_filters(pictures)])
    keras.config.set_dtype_policy("float32")
    return model


# ----------------------------------------------------------------- training
class Rate(keras.optimizers.schedules.LearningRateSchedule):
    """Rises to the peak for a share of the steps and falls to 0, along half a cosine or a line."""

    def __init__(self, peak, steps, warm, fall):
        self.peak, self.steps, self.rise, self.fall = peak, steps, max(1, round(steps * warm)), fall

    def __call__(self, step):
        step = ops.cast(step, "float32")
        way = ops.clip((step - self.rise) / (self.steps - self.rise), 0, 1)
        falling = 1 - way if self.fall == "line" else 0.5 * (1 + ops.cos(np.pi * way))
        return self.peak * ops.where(step < self.rise, step / self.rise, falling)


def optimizer(recipe, steps):
    rate = Rate(recipe["rate"], steps, recipe["warm"], recipe["fall"])
    average = {"use_ema": True, "ema_momentum": recipe["average"]} if recipe["average"] else {}
    if recipe["optimizer"] == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=recipe["decay"], **average)
    return ConvolutionMuon(
        rate,
        weight_decay=recipe["decay"],
        adam_weight_decay=recipe["decay"],
        adam_lr_ratio=0.004 / recipe["rate"],
        momentum=0.8,
        **average,
    )


def plan(recipe, count, seed):
    """Which pictures are taken, in which order, and which of them mirrored: (batches, size) each.

    In turn: a picture that is seen as it is in one epoch is seen mirrored in the next.
    """
    rng, size = np.random.default_rng(seed), recipe["batch"]
    first, orders, mirrored = rng.integers(0, 2, count), [], []
    for epoch in range(recipe["epochs"]):
        order = rng.permutation(count)[: count // size * size]
        sides = {
            "never": 0 * order,
            "in turn": (first[order] + epoch) % 2,
            "at random": rng.integers(0, 2, len(order)),
        }
        orders.append(order)
        mirrored.append(sides[recipe["mirror"]])
    return (np.concatenate(each).reshape(-1, size) for each in (orders, mirrored))


def feed(recipe, x, answers, seed):
    """All batches of all epochs, one after the other."""
    targets = np.eye(10, dtype="float32")[answers]
    if recipe["feed"] == "pictures":
        size = recipe["batch"]
        return fashion.batches(x, targets, size, seed).repeat(recipe["epochs"]), -(-len(x) // size) * recipe[
            "epochs"
        ]
    orders, mirrored = plan(recipe, len(x), seed)
    x, targets = tf.constant(x), tf.constant(targets)

    def take(order, sides):
        batch = tf.gather(x, order)
        if recipe["mirror"] != "never":
            batch = tf.where(sides[:, None, None, None] == 1, tf.reverse(batch, [2]), batch)
        return batch, tf.gather(targets, order)

    options = tf.data.Options()
    options.autotune.enabled = False
    batches = tf.data.Dataset.from_tensor_slices((orders.astype("int32"), mirrored.astype("int32")))
    return batches.map(take).prefetch(2).with_options(options), len(orders)


class FirstStep(keras.callbacks.Callback):
    """Notes when the first step was done."""

    at = None

    def on_train_batch_end(self, batch, logs=None):
        self.at = self.at or time.perf_counter()


def accuracy(model, x, answers):
    """Share of right answers, in batches of 500."""
    ask = tf.function(lambda batch: model(batch, training=False))
    scores = [ask(x[start : start + 500]).numpy() for start in range(0, len(x), 500)]
    return float(np.mean(np.concatenate(scores).argmax(axis=1) == answers))


def train(recipe, seed, learned, judged, score) -> dict:
    """Train by a recipe on pictures with their answers; what was measured, with the accuracy under `score`."""
    (x, answers), load = learned, os.getloadavg()[0]
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    start, processor, first = time.perf_counter(), time.process_time(), FirstStep()
    model = network(recipe, x[..., 0])
    batches, steps = feed(recipe, x, answers, seed)
    model.compile(
        optimizer(recipe, steps),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe["smoothing"]),
        jit_compile=False,
    )
    model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=[first])
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    return {
        "seed": seed,
        score: round(accuracy(model, *judged), 4),
        "seconds": round(seconds, 2),
        "first_step": round(first.at - start, 2),
        "processor_seconds": round(processor, 2),
        "load": round(load, 2),
        "parameters": model.count_params(),
        "multiply_adds": fashion.multiply_adds(model),
        "steps": steps,
        "pictures": len(x),
        "epochs": recipe["epochs"],
    }


def recipes():
    """(part, name, recipe, kept), each change on top of those kept before."""
    kept = dict(CHAPTER_5)
    for part, changes in (("steps", STEPS), ("longer", LONGER)):
        for name, change, keep in changes:
            recipe = kept | change
            yield part, name, recipe, keep
            kept = recipe if keep else kept


def final_recipe():
    kept = dict(CHAPTER_5)
    for _, _, recipe, keep in recipes():
        kept = recipe if keep else kept
    return kept


def pace(name, seed, learned, steps) -> dict:
    """Seconds of some steps of a network of fashion.py, once the graph is built, and of an epoch at this pace."""
    build, compile_model, size, *_ = fashion.NETWORKS[name]
    load = os.getloadavg()[0]
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    model, whole = build(), -(-len(learned[0]) // size)
    compile_model(model, steps=whole)
    batches = fashion.batches(*learned, size, seed).repeat()
    model.fit(batches, steps_per_epoch=3, verbose=0, shuffle=False)
    start, processor = time.perf_counter(), time.process_time()
    model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    return {
        "seed": seed,
        "steps": steps,
        "seconds": round(seconds, 2),
        "seconds_an_epoch": round(seconds / steps * whole, 1),
        "processor_seconds_an_epoch": round(processor / steps * whole, 1),
        "load": round(load, 2),
        "parameters": model.count_params(),
        "multiply_adds": fashion.multiply_adds(model),
    }


def changes(recipe):
    """What sets a recipe apart from chapter 5's, as JSON holds it."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in recipe.items()
        if value != CHAPTER_5[key]
    }


def drop_others(parts):
    """Take out of the report what was run by another recipe than today's."""
    plans = {(part, name): changes(recipe) for part, name, recipe, _ in recipes()}
    plans |= {("results", name): changes(final_recipe() | change) for name, (change, _) in FINAL.items()}
    for part, runs in parts.items():
        for name in list(runs):
            ours = [run for run in runs[name] if "recipe" in run]
            if ours:
                runs[name] = [run for run in ours if run["recipe"] == plans.get((part, name))]
                if not runs[name]:
                    del runs[name]


def judge(parts):
    """Write to each trial what it gained over what was kept before it."""
    before = None  # seed -> run
    for part, name, _, kept in recipes():
        runs = {run["seed"]: run for run in parts.get(part, {}).get(name, [])}
        first = (part, name) in (("steps", STEPS[0][0]), ("longer", LONGER[0][0]))
        for seed, run in runs.items():
            run["kept"] = kept
            if not first and seed in before:
                run["gain"] = round(run["validation"] - before[seed]["validation"], 4)
                run["times"] = round(run["processor_seconds"] / before[seed]["processor_seconds"], 3)
        before = runs if kept else before


class Pictures:
    """The training pictures, shared out once, and the test pictures."""

    def __init__(self, quick=False):
        (x, y), (test_x, test_y) = keras.datasets.fashion_mnist.load_data()
        order = np.random.default_rng(18).permutation(60_000)
        if quick:
            order, x, y = order[order < 192], x[:192], y[:192]
            test_x, test_y = test_x[:100], test_y[:100]
        held = len(x) // 6
        self.all, self.test = (x[..., None], y), (test_x[..., None], test_y)
        self.validation, self.others = (
            (x[part][..., None], y[part]) for part in (order[:held], order[held:])
        )

    def some(self, count):
        return tuple(each[:count] for each in self.others)


def main(arguments=None) -> None:
    """Read the command line and run what is missing in the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a try of a minute")
    parser.add_argument("--only", nargs="+", choices=("steps", "longer", "results", "pace"))
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="stop after the run that passes them"
    )
    parser.add_argument("--out", type=Path, help="where the report goes")
    given = parser.parse_args(arguments)
    tf.config.run_functions_eagerly(given.quick)  # a try has too few steps to be worth compiling
    keep = Report(given.out or (OUT.with_name("speed_run_quick.json") if given.quick else OUT), given.quick)
    data, began = Pictures(given.quick), time.time()
    started = {
        "made": datetime.datetime.now().isoformat(timespec="minutes"),
        **fashion.machine(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }
    drop_others(keep.parts)

    def put(part, name, run):
        """Into the report; before the first run of this start, the machine."""
        if started:
            keep.add("machine", "starts", dict(started))
            started.clear()
        keep.add(part, name, run)

    def wanted(part, name, seed):
        """Whether a run is asked for and not there, while there is time."""
        asked = not given.only or part in given.only
        return asked and time.time() - began < given.seconds and not keep.has(part, name, seed=seed)

    def add(part, name, recipe, seed, *sets):
        run = train(tried(recipe), seed, *sets, "test" if part == "results" else "validation")
        keep.parts.setdefault(part, {}).setdefault(name, []).append(run | {"recipe": changes(recipe)})
        judge(keep.parts)
        put(part, name, keep.parts[part][name].pop())

    def tried(recipe):
        return recipe | {"epochs": 1, "batch": 64} if given.quick else recipe

    for part in ("steps", "longer"):
        for seed in SEEDS[:1] if given.quick else SEEDS:
            for of, name, recipe, _ in recipes():
                if of == part and wanted(part, name, seed):
                    add(part, name, recipe, seed, data.some(recipe["pictures"]), data.validation)
    # Beside some of them the pace of others, so that a busy moment does not fall on one alone.
    for name, (change, seeds) in FINAL.items():
        for seed in seeds[:1] if given.quick else seeds:
            if wanted("results", name, seed):
                add("results", name, final_recipe() | change, seed, data.all, data.test)
            for peer, steps in PACE.items():
                if seed in PACE_SEEDS and wanted("pace", peer, seed):
                    put("pace", peer, pace(peer, seed, data.all, 2 if given.quick else steps))


if __name__ == "__main__":
    main()
