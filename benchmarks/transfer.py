"""How far a few labelled photographs go, with every setting chosen on validation pictures.

    python benchmarks/transfer.py --choose   the choices, on validation pictures alone
    python benchmarks/transfer.py            the comparison with these choices; hours on two cores
    python benchmarks/transfer.py --quick    one draw, a few steps: a try of a minute
    python benchmarks/transfer.py --only "book, frozen" --part validation

1, 2, 5, 10 or 20 of the 20 training pictures of each class are drawn, ten
times; a network learns from them and is judged on the test pictures. The
accuracy is the mean of the classes' accuracies. All ways see the same draws
and the same eight variants of each drawn picture (ground, size, place,
mirrored or not). With 20 a class every draw takes the same pictures, and the
draws differ in their random starts alone. The ways to learn:

    colours alone          no network: a histogram of colours, and a dense layer on it
    from scratch           a small network of its own, random weights, everything trained
    random, frozen         MobileNet 0.5 at 80x80 left as it was drawn; a dense layer on its features
    book, frozen           the book's own MobileNet 0.5 at 80x80; a dense layer on its features
    book, fine-tuned       then its filters follow, at a small rate; batch normalisation fixed
    ImageNet, frozen       MobileNet 0.25 with the official ImageNet weights, at 128x128
    ImageNet, fine-tuned   then its filters follow

Whatever trains on pixels sees each picture varied anew at every step (`varied`:
moved, mirrored, its light changed). Size, rate and length of the training from
scratch, and rate, depth and length of the fine-tuning, are chosen by
`--choose`: five draws of ten training pictures of each class, judged on the
validation pictures; the best mean wins. It writes
benchmarks/results/transfer_choices.json, with every trial. No test picture
takes part in a choice. The committed trials of what trains on pixels ran under
JAX on a graphics processor (KERAS_BACKEND=jax), so another machine's differ
in their last digits and, from scratch, in their random starts. The heads of the
frozen backbones keep 0.003 and 150 steps, by which earlier trials were made: no
other setting was better by more than a point. The committed results have ten
draws, and five of what took longest: from scratch, and ImageNet's fine-tuning.

The report has parts. `results` is judged on the fixed test part, which is
small: 59 pictures. `redrawn` shares out all 218 pictures anew in every draw:
ten of each class are drawn to train on, and all the others are asked, without
those that show the same thing as a drawn one; the validation pictures, by which
the settings were chosen, are among them. `redrawn_without_CLASS` leaves out one
class, each in turn, for the frozen backbones. Finished draws are kept in
benchmarks/results/transfer.json, so a run that was stopped goes on. --jobs
shares the trainings out over processes. --side tries another size of picture,
--weights another backbone in the place of the book's, each with a results file
of its own. The ImageNet part is left out, with a line that says so, if its
weights are not in data/models/ (chapter 6 fetches them there).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_HOME", str(ROOT / "data"))

import keras  # noqa: E402  (the settings must stand first)
import numpy as np  # noqa: E402
from _scenes import (  # noqa: E402
    ALL,
    balanced,
    drawn,
    rows,
    scenes,
    shared_out,
    things,
)

SHOTS = (1, 2, 5, 10, 20)
DRAWS = 10
VARIANTS = 8
MODELS = ROOT / "data" / "models"
# One file for any size of picture; data/README.md says where Keras has it from.
IMAGENET_WEIGHTS = MODELS / "mobilenet_2_5_224_tf_no_top.h5"
CLASSES = ("bird", "food", "mammal", "object", "plant")
# The parts of the report: (pictures of each class, are all pictures shared out anew?, class left out)
REPORT = {
    "results": (SHOTS, False, None),
    "redrawn": ((10,), True, None),
    **{f"redrawn_without_{name}": ((10,), True, name) for name in CLASSES},
}
WAYS = {  # name: (weights, side in pixels, what is trained)
    "colours alone": (None, 80, "head"),
    "from scratch": (None, 80, "scratch"),
    "random, frozen": (None, 80, "head"),
    "book, frozen": ("book", 80, "head"),
    "book, fine-tuned": ("book", 80, "tuned"),
    "ImageNet, frozen": ("imagenet", 128, "head"),
    "ImageNet, fine-tuned": ("imagenet", 128, "tuned"),
}
LEAVE_OUT = ("book, frozen", "ImageNet, frozen")  # these also do without each class in turn


# ------------------------------------------------------------------ networks
def backbone(weights: str | None, side: int, seed: int) -> keras.Model:
    """MobileNet without its head: pictures (side, side, 3) from 0 to 255 -> pooled features."""
    keras.utils.set_random_seed(seed)
    alpha = 0.25 if weights == "imagenet" else 0.5
    file = {"imagenet": IMAGENET_WEIGHTS, "book": MODELS / "book_mobilenet.weights.h5"}.get(weights, weights)
    return keras.applications.MobileNet(
        (side, side, 3), alpha=alpha, include_top=False, weights=file, pooling="avg"
    )


def normalisations(body: keras.Model) -> list[keras.layers.Layer]:
    """The layers of batch normalisation of a backbone."""
    return [layer for layer in body.layers if isinstance(layer, keras.layers.BatchNormalization)]


def settled(body: keras.Model, pictures: np.ndarray) -> None:
    """Take the running averages from these pictures (N, side, side, 3), and no other.

    Without them the numbers of a network with random weights shrink from
    layer to layer, and its features say nothing.
    """
    for layer in normalisations(body):
        layer.momentum = 0.0  # forget the old averages at once
    body(scaled(pictures), training=True)


def scaled(pictures: np.ndarray) -> np.ndarray:
    """uint8 -> float32 from -1 to 1, as MobileNet wants it."""
    return pictures.astype("float32") / 127.5 - 1


def small_network(widths: tuple[int, ...], side: int, seed: int) -> keras.Model:
    """A network for little data: pictures (side, side, 3) from -1 to 1 -> widths[-1] features."""
    keras.utils.set_random_seed(seed)
    inputs = x = keras.Input((side, side, 3))
    for width in widths:
        x = keras.layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))
        x = keras.layers.MaxPooling2D()(x)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))


def varied(pictures: np.ndarray, rng) -> np.ndarray:
    """Each of (N, S, S, 3) mirrored or not, moved by up to an eighth, in another light; float32."""
    reach = pictures.shape[1] // 8
    result = np.empty(pictures.shape, "float32")
    for k, picture in enumerate(pictures):
        down, right = rng.integers(2 * reach + 1, size=2)
        padded = np.pad(picture, ((reach, reach), (reach, reach), (0, 0)), "edge")
        moved = padded[down:, right:][: len(picture), : len(picture)]
        result[k] = moved[:, ::-1] if rng.random() < 0.5 else moved
    gain = rng.uniform(0.8, 1.2, (len(pictures), 1, 1, 1)) * rng.uniform(0.9, 1.1, (len(pictures), 1, 1, 3))
    return np.clip(result * gain.astype("float32"), 0, 255)


def colour_histogram(pictures: np.ndarray) -> np.ndarray:
    """(..., S, S, 3) uint8 -> (..., 64) float32: how much of it has each of 4x4x4 colours."""
    bins = (pictures // 64).astype(int) @ (16, 4, 1)
    flat = bins.reshape(-1, bins.shape[-1] * bins.shape[-2])
    shares = [np.bincount(one, minlength=64) / len(one) for one in flat]
    return np.sqrt(np.array(shares, "float32")).reshape(*bins.shape[:-2], 64)


def in_parts(network, pictures: np.ndarray, size: int = 64) -> np.ndarray:
    """What a network (or a model's predict_on_batch) says of many pictures, `size` at a time."""
    padded = np.concatenate([pictures, pictures[:1].repeat(-len(pictures) % size, axis=0)])
    parts = [np.asarray(network(scaled(padded[k : k + size]))) for k in range(0, len(padded), size)]
    return np.concatenate(parts)[: len(pictures)]


class Head:
    """A dense layer on standardised features, trained on all of them at once."""

    def __init__(self, inputs: int, classes: int, strength: float = 0.003):
        self.dense = keras.layers.Dense(classes, kernel_regularizer=keras.regularizers.L2(strength))
        self.model = keras.Sequential([keras.Input((inputs,)), self.dense])
        self.model.compile(
            keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        )
        self.model.optimizer.build(self.model.trainable_variables)
        self.fresh = [variable.numpy().copy() for variable in self.model.optimizer.variables]

    def train(self, features: np.ndarray, labels: np.ndarray, seed: int, steps: int) -> None:
        self.mean, self.spread = features.mean(axis=0), features.std(axis=0) + 1e-3
        rng = np.random.default_rng(seed)
        self.dense.set_weights(
            [rng.normal(0, 0.01, self.dense.kernel.shape), np.zeros(self.dense.bias.shape)]
        )
        for variable, value in zip(self.model.optimizer.variables, self.fresh, strict=True):
            variable.assign(value)
        x = (features - self.mean) / self.spread
        for _ in range(steps):
            self.model.train_on_batch(x, labels)

    def answers(self, features: np.ndarray) -> np.ndarray:
        x = (features - self.mean) / self.spread
        return np.asarray(self.model.predict_on_batch(x)).argmax(axis=1)

    def folded(self) -> list[np.ndarray]:
        """Kernel and bias of a dense layer that works on the features as they are."""
        kernel, bias = self.dense.get_weights()
        kernel = kernel / self.spread[:, None]
        return [kernel, bias - self.mean @ kernel]


class Whole:
    """Backbone and dense layer, trained together; built and compiled once for all draws.

    first_block: filters of a MobileNet are trained from this block on; None
    trains everything, batch normalisation included.
    """

    def __init__(self, body: keras.Model, classes: int, rate: float, first_block: int | None = None):
        inputs = keras.Input(body.input_shape[1:])
        self.dense = keras.layers.Dense(classes)
        # Not trainable means inference mode for batch normalisation. In Keras 3 the
        # argument training=False would not do: train_on_batch overrules it.
        for layer in body.layers:
            if first_block is not None:
                block = re.search(r"_(\d+)", layer.name)
                layer.trainable = int(block[1] if block else 0) >= first_block
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = first_block is None
                layer.momentum = 0.9  # with 0.99 the averages of a short training lag far behind
        self.rate, self.falls = rate, first_block is None
        self.body, self.model = body, keras.Model(inputs, self.dense(body(inputs)))
        self.model.compile(
            keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        )
        self.model.optimizer.build(self.model.trainable_variables)
        self.start = [weights.copy() for weights in body.get_weights()]
        self.fresh = [variable.numpy().copy() for variable in self.model.optimizer.variables]

    def train(self, pictures, labels, seed: int, steps: int, head=None, body=None, look=None) -> dict:
        """Train for some steps; {length: look()} at each length of LENGTHS on the way, if asked.

        From scratch the rate falls to 0 along a cosine; in fine-tuning it stays.
        """
        self.body.set_weights(self.start if body is None else body)
        rng = np.random.default_rng(seed)
        shape, seen = self.dense.kernel.shape, {}
        self.dense.set_weights(head or [rng.normal(0, 0.01, shape), np.zeros(shape[1])])
        for variable, value in zip(self.model.optimizer.variables, self.fresh, strict=True):
            variable.assign(value)
        for step in range(steps):
            if self.falls:
                self.model.optimizer.learning_rate = self.rate * (1 + np.cos(np.pi * step / steps)) / 2
            some = rng.integers(len(labels), size=32)
            self.model.train_on_batch(scaled(varied(pictures[some], rng)), labels[some])
            if look and step + 1 in LENGTHS["tuned"]:
                seen[step + 1] = look()
        return seen

    def answers(self, pictures: np.ndarray) -> np.ndarray:
        return in_parts(self.model.predict_on_batch, pictures).argmax(axis=1)


# --------------------------------------------------------------------- draws
class Scenes:
    """Pictures to train on and to ask, composed, and what a frozen backbone says of them."""

    def __init__(self, train: tuple, test: tuple, describe):
        self.x, self.y, self.classes = train
        self.test_x, self.test_y, _ = test
        if describe is not None:
            self.features, self.test_features = (
                describe(rows(x)).reshape(*x.shape[:2], -1) for x in (self.x, self.test_x)
            )


class Way:
    """One way to learn: `accuracy(shots, draw)` trains once and tests.

    choice is what `--choose` found for its kind: for "scratch" widths
    and rate, for "tuned" rate and first block, for "head" the
    strength of the L2 penalty and the steps; it may name another size
    of the pictures ("side") and a file of other weights ("weights").
    """

    def __init__(self, name: str, part: str, quick: bool, choice: dict):
        weights, self.side, self.kind = WAYS[name]
        weights, self.side = choice.get("weights", weights), choice.get("side", self.side)
        self.quick, self.choice = quick, choice
        self.variants = (2, 1) if quick else (VARIANTS, 4)
        fixed = [scenes(each, self.side, n) for each, n in zip(("train", part), self.variants, strict=True)]
        classes = len(fixed[0][2])
        describe, self.all = None, None
        if self.kind == "scratch":
            self.body = self.fresh_body(0)
            self.whole = Whole(self.body, classes, choice["rate"])
        elif name == "colours alone":
            describe = colour_histogram
        else:
            self.body = backbone(weights, self.side, seed=0)
            if name == "random, frozen":
                settled(self.body, fixed[0][0][:, 0])
            start = self.body.get_weights()

            def describe(pictures):
                self.body.set_weights(start)  # an earlier draw may have trained it
                return in_parts(self.body.predict_on_batch, pictures)

        self.describe = describe
        self.fixed = Scenes(*fixed, describe)
        if describe:
            head = choice if self.kind == "head" else HEAD
            self.head_steps = 5 if quick else head["steps"]
            self.head = Head(self.fixed.features.shape[-1], classes, head["strength"])
        if self.kind == "tuned":
            self.whole = Whole(self.body, classes, choice["rate"], choice["first_block"])

    def fresh_body(self, seed: int) -> keras.Model:
        """A network with random weights, for the training from scratch."""
        return small_network(tuple(self.choice["widths"]), self.side, seed)

    def every_picture(self) -> Scenes:
        """All pictures, each on grounds to train on and on grounds to be asked on."""
        if self.all is None:
            hues = ("train", "test")
            made = [scenes(ALL, self.side, n, h) for n, h in zip(self.variants, hues, strict=True)]
            self.all = Scenes(*made, self.describe)
        return self.all

    def accuracy(
        self,
        shots: int,
        draw: int,
        steps: int | None = None,
        anew: bool = False,
        without: str | None = None,
        look: bool = False,
    ) -> float | dict[int, float]:
        """Train on one draw, and judge; `anew` shares out all pictures, `without` leaves a class out.

        steps: how long what is no head alone is trained. look: the accuracy at
        every length of a fine-tuning on the way, by length.
        """
        scene = self.every_picture() if anew else self.fixed
        if anew:
            chosen, asked = shared_out(scene.y, things(), shots, draw)
        else:
            chosen, asked = drawn(scene.y, shots, draw), np.arange(len(scene.test_y))
        if without is not None:
            left_out = scene.classes.index(without)
            chosen = chosen[scene.y[chosen] != left_out]
            asked = asked[scene.test_y[asked] != left_out]
        labels = np.repeat(scene.y[chosen], self.variants[0])
        truth = np.repeat(scene.test_y[asked], self.variants[1])
        if self.kind != "scratch":
            self.head.train(rows(scene.features[chosen]), labels, draw, self.head_steps)
            if self.kind == "head":
                return balanced(self.head.answers(rows(scene.test_features[asked])), truth)
        pictures, questions = rows(scene.x[chosen]), rows(scene.test_x[asked])
        start = (
            {"body": self.fresh_body(draw + 1).get_weights()}
            if self.kind == "scratch"
            else {"head": self.head.folded()}
        )

        def judged() -> float:
            return balanced(self.whole.answers(questions), truth)

        seen = self.whole.train(
            pictures, labels, draw, 2 if self.quick else steps, look=judged if look else None, **start
        )
        return seen or judged()


# ------------------------------------------------------------------- choices
HEAD = {"strength": 0.003, "steps": 150}
LENGTHS = {"scratch": (200, 400, 800), "tuned": (25, 50, 100, 200)}
CHOICE_SHOTS = 10  # all choices are made with so many pictures of each class
CHOICES = ROOT / "benchmarks" / "results" / "transfer_choices.json"
CHOICE_DRAWS = 5
TRIALS = {
    "head": [
        {"strength": strength, "steps": steps}
        for strength in (0.001, 0.003, 0.01, 0.03)
        for steps in (50, 150, 450)
    ],
    "tuned": [
        {"rate": rate, "first_block": block, "steps": max(LENGTHS["tuned"])}
        for block in (0, 12)
        for rate in (0.00003, 0.0001, 0.0003, 0.001)
    ],
    "scratch": [
        {"widths": widths, "rate": rate, "steps": steps}
        for widths in ([16, 32, 64], [16, 32, 48, 64])
        for rate in (0.001, 0.003)
        for steps in LENGTHS["scratch"]
    ],
}
CHOOSING = (
    "colours alone",
    "book, frozen",
    "ImageNet, frozen",
    "from scratch",
    "book, fine-tuned",
    "ImageNet, fine-tuned",
)


def label(trial: dict) -> str:
    """A trial in short, as its key in the file; a fine-tuning is looked at at every length."""
    return ", ".join(
        f"{key} {value}" for key, value in trial.items() if key != "steps" or "first_block" not in trial
    )


@cache
def way_of(name: str, part: str, quick: bool, choice: str) -> Way:
    """A way, built once for each process. choice is JSON, without the steps of a training."""
    keras.utils.clear_session()
    return Way(name, part, quick, json.loads(choice))


def perform(tasks: list[tuple]) -> list[tuple]:
    """Do trainings one after the other: (task, what came of it, seconds) of each. For worker processes."""
    done = []
    for task in tasks:
        *way, settings = task
        trained = way_of(*way)
        started = time.perf_counter()
        result = trained.accuracy(**settings)
        done.append((task, result, round(time.perf_counter() - started, 1)))
    return done


def performed(tasks: list[tuple], jobs: int):
    """Yield (task, result, seconds) of each; with several jobs, in chunks of what shares a network."""
    if jobs == 1:
        for task in tasks:
            yield from perform([task])
        return
    groups = {}
    for task in tasks:
        groups.setdefault(task[:-1], []).append(task)
    share = min(3, -(-len(tasks) // jobs))  # to build a network takes a while, so a chunk is not small
    chunks = [group[k : k + share] for group in groups.values() for k in range(0, len(group), share)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(perform, chunk) for chunk in chunks]):
            yield from done.result()


def split(choice: dict) -> tuple[str, int | None]:
    """A choice -> what a network is built by, as JSON; and how long it is trained."""
    if "strength" in choice:  # a head is built for its steps
        return json.dumps(choice), None
    return json.dumps({key: value for key, value in choice.items() if key != "steps"}), choice["steps"]


def choose(only: list[str], jobs: int) -> None:
    """Try all TRIALS of these ways on the validation pictures; write the trials and the best."""
    found = json.loads(CHOICES.read_text("utf-8")) if CHOICES.exists() else {}
    for name in only:
        trials = found.setdefault(name, {}).setdefault("trials", {})
        tasks, keys = [], {}
        for trial in TRIALS[WAYS[name][2]]:
            built, steps = split(trial)
            keys[built, steps] = label(trial)
            for draw in range(CHOICE_DRAWS):
                if str(draw) not in trials.setdefault(label(trial), {}):
                    asked = {"shots": CHOICE_SHOTS, "draw": draw, "steps": steps}
                    asked["look"] = WAYS[name][2] == "tuned"
                    tasks.append((name, "validation", False, built, asked))
        for (_, _, _, built, asked), result, _ in performed(tasks, jobs):
            by_length = result if isinstance(result, dict) else {"": result}
            trials[keys[built, asked["steps"]]][str(asked["draw"])] = {
                str(length): round(value, 4) for length, value in by_length.items()
            }
            print(name, built, asked, by_length, flush=True)
            CHOICES.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        found[name]["choice"] = choice_of(trials, WAYS[name][2])
        print(name, found[name]["choice"], flush=True)
        CHOICES.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def means(runs: dict[str, dict[str, float]]) -> dict[str, float]:
    """Mean validation accuracy over the draws, by length ("" where only one length was looked at)."""
    lengths = next(iter(runs.values()))
    return {length: float(np.mean([run[length] for run in runs.values()])) for length in lengths}


def choice_of(trials: dict, kind: str) -> dict:
    """The settings of the trial with the best mean, at its best length."""
    name = max(trials, key=lambda each: max(means(trials[each]).values()))
    best = means(trials[name])
    choice = dict(next(each for each in TRIALS[kind] if label(each) == name))
    length = max(best, key=best.get)
    return choice | ({"steps": int(length)} if length else {})


def chosen_for(name: str) -> dict:
    """What was chosen for a way; the heads of the frozen backbones keep the settings of HEAD."""
    if name.endswith("frozen"):
        return HEAD
    return json.loads(CHOICES.read_text("utf-8"))[name]["choice"]


# ---------------------------------------------------------------- comparison
def table(runs_of: dict[str, list[dict]]) -> str:
    """Mean and standard deviation over the draws, in percent, as fixed-width text."""
    lines = [f"{'':22}" + "".join(f"{shots:>13}" for shots in SHOTS)]
    for name, runs in runs_of.items():
        line = f"{name:22}"
        for shots in SHOTS:
            values = [100 * run["accuracy"] for run in runs if run["shots"] == shots]
            line += (
                f"{np.mean(values):8.1f} ±{np.std(values, ddof=1):4.1f}" if len(values) > 1 else f"{'':13}"
            )
        lines.append(line)
    return "\n".join(lines)


def missing(report: dict, name: str, quick: bool, draws: int) -> list[tuple[str, int, int]]:
    """(part of the report, pictures a class, draw) that a way to learn has not done yet."""
    plan = {"results": SHOTS[:1]} if quick else {part: counts for part, (counts, *_) in REPORT.items()}
    if name not in LEAVE_OUT:
        plan = {part: counts for part, counts in plan.items() if REPORT[part][2] is None}
    return [
        (part, shots, draw)
        for draw in range(1 if quick else draws)
        for part, counts in plan.items()
        for shots in counts
        if not any(
            run["shots"] == shots and run["draw"] == draw for run in report.get(part, {}).get(name, [])
        )
    ]


def main() -> None:
    """Run what is missing and write the results after every draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one draw, a few steps")
    parser.add_argument("--only", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--part", choices=("test", "validation"), default="test")
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--again", action="store_true", help="forget the finished draws of the ways named")
    parser.add_argument(
        "--side", type=int, help="show pictures of another size to all but ImageNet's network"
    )
    parser.add_argument("--weights", type=Path, help="another backbone's weights in the place of the book's")
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--jobs", type=int, default=1, help="processes that train at the same time")
    parser.add_argument("--choose", action="store_true", help="make the choices on the validation pictures")
    options = parser.parse_args()
    file = "transfer" + ("_validation" if options.part == "validation" else "")
    file += "_quick" if options.quick else ""
    if options.side is not None and options.side < 32:
        parser.error(f"--side {options.side}: MobileNet needs pictures of 32x32 or more.")
    if options.weights and not options.weights.is_file():
        parser.error(f"--weights {options.weights}: there is no such file.")
    file += f"_side_{options.side}" if options.side else ""
    file += f"_{options.weights.parent.name}" if options.weights else ""
    for name in list(options.only):
        if WAYS[name][0] == "imagenet" and not IMAGENET_WEIGHTS.exists():
            print(f"{name}: skipped, data/models/{IMAGENET_WEIGHTS.name} is not there.")
            options.only.remove(name)
    if options.choose:
        global CHOICES
        CHOICES = options.out or CHOICES
        choose([name for name in options.only if name in CHOOSING], options.jobs)
        return
    path = options.out or ROOT / "benchmarks" / "results" / f"{file}.json"
    report = {"part": options.part, "variants": VARIANTS}
    if path.exists() and not options.quick:
        report = json.loads(path.read_text("utf-8"))
    for part in REPORT:
        runs = report.setdefault(part, {})
        if options.again:
            report[part] = {name: each for name, each in runs.items() if name not in options.only}
    for name in options.only:
        other = {}
        if options.side and WAYS[name][0] != "imagenet":
            other["side"] = options.side
        if options.weights and WAYS[name][0] == "book":
            other["weights"] = str(options.weights.resolve())
        choice, steps = split(chosen_for(name) | other)
        tasks = []
        for part, shots, draw in missing(report, name, options.quick, options.draws):
            _, anew, without = REPORT[part]
            asked = {
                "shots": shots,
                "draw": draw,
                "steps": steps,
                "anew": anew,
                "without": without,
            }
            tasks.append((name, options.part, options.quick, choice, asked))
        for task, accuracy, seconds in performed(tasks, options.jobs):
            asked = task[-1]
            part = next(
                part for part, (_, *rest) in REPORT.items() if rest == [asked["anew"], asked["without"]]
            )
            shots, draw = asked["shots"], asked["draw"]
            run = {"shots": shots, "draw": draw, "accuracy": round(accuracy, 4), "seconds": seconds}
            report[part].setdefault(name, []).append(run)
            report[part][name].sort(key=lambda each: (each["shots"], each["draw"]))
            print(f"{part}, {name}, {shots} a class, draw {draw}: {accuracy:.1%} in {seconds} s", flush=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
        way_of.cache_clear()
        keras.utils.clear_session()
    for part in REPORT:
        # A way that was done again came last; the ways keep the order from above.
        report[part] = {name: report[part][name] for name in WAYS if name in report[part]}
        print(part)
        print(table(report[part]))
    path.write_text(json.dumps(report, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
