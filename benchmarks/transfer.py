"""How far a few labelled photographs go: from scratch, and with borrowed networks.

    python benchmarks/transfer.py            everything, over half an hour; goes on where it was stopped
    python benchmarks/transfer.py --quick    one draw, a few steps: a try of a minute
    python benchmarks/transfer.py --only "book, frozen" --part validation

The pictures are the book's stamps, five classes, cut out and put on pale
grounds. 1, 2, 5, 10 or 20 of the 20 training pictures of each class are
drawn, ten times; a network learns from them and is judged on the test
pictures. The accuracy is the mean of the classes' accuracies. All networks
see the same draws and the same eight variants of each drawn picture
(ground, size, place, mirrored or not); the grounds of the test pictures
have hues that no training picture lies on. With 20 a class every draw
takes the same pictures, and the draws differ in their random starts alone.

Six ways to learn:

    from scratch           MobileNet 0.5 at 80x80, random weights, everything trained
    random, frozen         the same network left as it was drawn; a dense layer on its features
    book, frozen           the book's own MobileNet 0.5 at 80x80; a dense layer on its features
    book, fine-tuned       then all its weights follow, at a small rate; batch statistics fixed
    ImageNet, frozen       MobileNet 0.25 with the official ImageNet weights, at 128x128
    ImageNet, fine-tuned   then all its weights follow

From scratch that is 33 to 90 steps of 32 pictures, more where there are more
pictures; fine-tuning takes 40 steps, and 25 for ImageNet's network, whose
pictures are four times as large.

The report has four parts. `results` is judged on the fixed test part, which
is small: 59 pictures. So `redrawn` shares out all 218 pictures anew in every
draw: ten of each class are drawn to train on, and all the others are asked,
without those that show the same thing as a drawn one. `without_bird` and
`redrawn_without_bird` leave one class out. The last three have ten pictures a class.

Finished draws are kept in benchmarks/results/transfer.json. Grounds,
rates, the size of the pictures and the class that is left out were chosen on
the validation pictures (--part validation, other results file; --side tries
another size, --weights another backbone), which are among those that
`redrawn` asks; the numbers of steps were set by time.
The ImageNet part is left out, with a line that says so, if its weights are
not in data/models/ (chapter 6 fetches them there).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_HOME", str(ROOT / "data"))

import keras  # noqa: E402  (the settings must stand first)
import numpy as np  # noqa: E402
from matplotlib.colors import hsv_to_rgb  # noqa: E402
from PIL import Image  # noqa: E402

from build_stamps import SAME_THING  # noqa: E402  (the path must be set first)

SHOTS = (1, 2, 5, 10, 20)
DRAWS = 10
VARIANTS = 8
# The parts of the report: (pictures of each class, are all pictures shared out anew?, class left out)
REPORT = {
    "results": (SHOTS, False, None),
    "without_bird": ((10,), False, "bird"),
    "redrawn": ((10,), True, None),
    "redrawn_without_bird": ((10,), True, "bird"),
}
ALL = "all"  # the pictures of all three parts
WAYS = {  # name: (weights, side in pixels, is the backbone trained?)
    "from scratch": (None, 80, True),
    "random, frozen": (None, 80, False),
    "book, frozen": ("book", 80, False),
    "book, fine-tuned": ("book", 80, True),
    "ImageNet, frozen": ("imagenet", 128, False),
    "ImageNet, fine-tuned": ("imagenet", 128, True),
}
MODELS = ROOT / "data" / "models"
BOOK_WEIGHTS = MODELS / "book_mobilenet.weights.h5"
# One file for any size of picture; data/README.md says where Keras has it from.
IMAGENET_WEIGHTS = MODELS / "mobilenet_2_5_224_tf_no_top.h5"
# The grounds of one part have other hues than those of the others: of every three hues, this one.
HUES = {"train": 0, "validation": 1, "test": 2}


# ------------------------------------------------------------------ pictures
def stamp_names(part: str) -> list[str]:
    """The pictures of a part, or of all, as part/class/name.webp; sorted."""
    with zipfile.ZipFile(ROOT / "data" / "datasets" / "stamps.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".webp"))
    return [name for name in names if part in (ALL, name.split("/")[0])]


def stamps(part: str) -> tuple[list[Image.Image], np.ndarray, list[str]]:
    """The cut-out pictures of a part (RGBA), their class numbers, the names of the classes."""
    pictures, labels, names = [], [], stamp_names(part)
    classes = sorted({name.split("/")[1] for name in names})
    with zipfile.ZipFile(ROOT / "data" / "datasets" / "stamps.zip") as archive:
        for name in names:
            pictures.append(Image.open(io.BytesIO(archive.read(name))).convert("RGBA"))
            labels.append(classes.index(name.split("/")[1]))
    return pictures, np.array(labels), classes


def things() -> np.ndarray:
    """A number for each of all pictures; pictures that show the same thing share one."""
    first = {name: line.split()[0] for line in SAME_THING for name in line.split()}
    shown = [name.split("/", 1)[1].removesuffix(".webp") for name in stamp_names(ALL)]
    return np.unique([first.get(name, name) for name in shown], return_inverse=True)[1]


def ground(part: str, side: int, rng) -> Image.Image:
    """A pale plain colour, (side, side) RGB."""
    hue = (3 * rng.integers(4) + HUES[part]) / 12
    color = 255 * hsv_to_rgb([hue, rng.uniform(0, 0.15), rng.uniform(0.9, 1)])
    return Image.new("RGB", (side, side), tuple(int(value) for value in color))


def composed(stamp: Image.Image, part: str, side: int, rng) -> np.ndarray:
    """The stamp on a ground: (side, side, 3) uint8. It fills 70 to 95 % of the side."""
    # Stamps come in different sizes; first all lose the detail that the small ones lack.
    stamp = stamp.copy()
    stamp.thumbnail((64, 64), Image.Resampling.BOX)
    scale = side * rng.uniform(0.7, 0.95) / max(stamp.size)
    size = [max(1, round(length * scale)) for length in stamp.size]
    stamp = stamp.resize(size, Image.Resampling.BICUBIC)
    if rng.random() < 0.5:
        stamp = stamp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    scene = ground(part, side, rng)
    place = tuple(int(rng.integers(side - length + 1)) for length in size)
    scene.paste(stamp, place, stamp)
    return np.asarray(scene)


def scenes(part: str, side: int, variants: int, hues: str | None = None):
    """(pictures, variants, side, side, 3) uint8, class numbers, class names; always the same.

    The grounds have the hues of the part, or of the part that `hues` names.
    """
    hues = hues or part
    pictures, labels, classes = stamps(part)
    rng = np.random.default_rng(HUES[hues])
    result = [[composed(picture, hues, side, rng) for _ in range(variants)] for picture in pictures]
    return np.array(result), labels, classes


# ------------------------------------------------------------------ networks
def backbone(weights: str | None, side: int, seed: int) -> keras.Model:
    """MobileNet without its head: pictures (side, side, 3) from 0 to 255 -> pooled features."""
    keras.utils.set_random_seed(seed)
    alpha = 0.25 if weights == "imagenet" else 0.5
    file = {"book": BOOK_WEIGHTS, "imagenet": IMAGENET_WEIGHTS, None: None}[weights]
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


def balanced(answers: np.ndarray, labels: np.ndarray) -> float:
    """Mean over the classes of the share of right answers."""
    right = answers == labels
    return float(np.mean([right[labels == each].mean() for each in np.unique(labels)]))


class Head:
    """A dense layer on standardised features, trained on all of them at once."""

    def __init__(self, inputs: int, classes: int):
        self.dense = keras.layers.Dense(classes, kernel_regularizer=keras.regularizers.L2(0.003))
        self.model = keras.Sequential([keras.Input((inputs,)), self.dense])
        self.model.compile(
            keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        )
        self.model.optimizer.build(self.model.trainable_variables)
        self.fresh = [variable.numpy() for variable in self.model.optimizer.variables]

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
        return self.model.predict_on_batch(x).argmax(axis=1)

    def folded(self) -> list[np.ndarray]:
        """Kernel and bias of a dense layer that works on the features as they are."""
        kernel, bias = self.dense.get_weights()
        kernel = kernel / self.spread[:, None]
        return [kernel, bias - self.mean @ kernel]


class Whole:
    """Backbone and dense layer, trained together; built and compiled once for all draws."""

    def __init__(self, body: keras.Model, classes: int, statistics_move: bool, optimizer):
        inputs = keras.Input(body.input_shape[1:])
        self.dense = keras.layers.Dense(classes)
        # Not trainable means inference mode for batch normalisation. In Keras 3 the
        # argument training=False would not do: train_on_batch overrules it.
        for layer in normalisations(body):
            layer.trainable = statistics_move
            layer.momentum = 0.9  # with 0.99 the averages of a short training lag far behind
        self.body, self.model = body, keras.Model(inputs, self.dense(body(inputs)))
        self.model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        self.model.optimizer.build(self.model.trainable_variables)
        self.start = [weights.copy() for weights in body.get_weights()]
        self.fresh = [variable.numpy() for variable in self.model.optimizer.variables]

    def train(self, pictures, labels, seed: int, steps: int, head=None, body=None) -> None:
        self.body.set_weights(self.start if body is None else body)
        rng = np.random.default_rng(seed)
        shape = self.dense.kernel.shape
        self.dense.set_weights(head or [rng.normal(0, 0.01, shape), np.zeros(shape[1])])
        for variable, value in zip(self.model.optimizer.variables, self.fresh, strict=True):
            variable.assign(value)
        for _ in range(steps):
            some = rng.integers(len(labels), size=32)
            self.model.train_on_batch(scaled(pictures[some]), labels[some])

    def answers(self, pictures: np.ndarray) -> np.ndarray:
        parts = [self.model.predict_on_batch(scaled(part)) for part in np.array_split(pictures, 4)]
        return np.concatenate(parts).argmax(axis=1)


# ---------------------------------------------------------------- comparison
def drawn(labels: np.ndarray, shots: int, draw: int) -> np.ndarray:
    """The numbers of the training pictures of one draw: `shots` of each class."""
    rng = np.random.default_rng([shots, draw])
    return np.concatenate(
        [rng.permutation(np.flatnonzero(labels == each))[:shots] for each in np.unique(labels)]
    )


def shared_out(labels: np.ndarray, thing: np.ndarray, shots: int, draw: int):
    """All pictures shared out: the numbers of those to train on, and of those to ask."""
    chosen = drawn(labels, shots, draw)
    return chosen, np.flatnonzero(~np.isin(thing, thing[chosen]))


def rows(x: np.ndarray) -> np.ndarray:
    """(pictures, variants, ...) -> (pictures * variants, ...)."""
    return x.reshape(-1, *x.shape[2:])


class Scenes:
    """Pictures to train on and to ask, composed, and what a frozen backbone says of them."""

    def __init__(self, train: tuple, test: tuple, body: keras.Model | None):
        self.x, self.y, self.classes = train
        self.test_x, self.test_y, _ = test
        if body is not None:
            self.features, self.test_features = (
                body.predict(scaled(rows(x)), verbose=0).reshape(*x.shape[:2], -1)
                for x in (self.x, self.test_x)
            )


class Way:
    """One way to learn: `accuracy(shots, draw)` trains once and tests."""

    def __init__(self, name: str, part: str, quick: bool):
        weights, self.side, self.trained = WAYS[name]
        self.from_scratch = name == "from scratch"
        self.quick, self.imagenet = quick, weights == "imagenet"
        self.variants = (2, 1) if quick else (VARIANTS, 4)
        self.body = backbone(weights, self.side, seed=0)
        fixed = [scenes(each, self.side, n) for each, n in zip(("train", part), self.variants, strict=True)]
        if name == "random, frozen":
            settled(self.body, fixed[0][0][:, 0])
        self.fixed, self.all = Scenes(*fixed, None if self.from_scratch else self.body), None
        if not self.from_scratch:
            self.head = Head(self.body.output_shape[1], len(self.fixed.classes))
        if self.trained:
            self.whole = Whole(
                self.body,
                len(self.fixed.classes),
                self.from_scratch,
                # Adam does next to nothing for a MobileNet with random weights; this does.
                keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)
                if self.from_scratch
                else keras.optimizers.Adam(0.0003),
            )

    def every_picture(self) -> Scenes:
        """All pictures, each on grounds to train on and on grounds to be asked on."""
        if self.all is None:
            hues = ("train", "test")
            made = [scenes(ALL, self.side, n, h) for n, h in zip(self.variants, hues, strict=True)]
            if self.trained:
                self.body.set_weights(self.whole.start)  # an earlier draw has trained it
            self.all = Scenes(*made, None if self.from_scratch else self.body)
        return self.all

    def accuracy(self, shots: int, draw: int, anew: bool = False, without: str | None = None) -> float:
        """Train on one draw, and judge; `anew` shares out all pictures, `without` leaves a class out."""
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
        if not self.from_scratch:
            self.head.train(rows(scene.features[chosen]), labels, draw, steps=5 if self.quick else 150)
            if not self.trained:
                return balanced(self.head.answers(rows(scene.test_features[asked])), truth)
        pictures = rows(scene.x[chosen])
        if self.from_scratch:
            body = backbone(None, self.side, seed=draw + 1).get_weights()
            self.whole.train(pictures, labels, draw, 2 if self.quick else 30 + 3 * shots, body=body)
        else:
            self.whole.train(
                pictures,
                labels,
                draw,
                2 if self.quick else 25 if self.imagenet else 40,
                head=self.head.folded(),
            )
        return balanced(self.whole.answers(rows(scene.test_x[asked])), truth)


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
    return [
        (part, shots, draw)
        for part, counts in plan.items()
        for shots in counts
        for draw in range(1 if quick else draws)
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
    options = parser.parse_args()
    if options.side is not None and options.side < 32:
        parser.error(f"--side {options.side}: MobileNet needs pictures of 32x32 or more.")
    if options.weights and not options.weights.is_file():
        parser.error(f"--weights {options.weights}: there is no such file.")
    file = "transfer" + ("_validation" if options.part == "validation" else "")
    file += "_quick" if options.quick else ""
    if options.side:
        file += f"_side_{options.side}"
        for name, (weights, _, trained) in WAYS.items():
            if weights != "imagenet":
                WAYS[name] = (weights, options.side, trained)
    if options.weights:
        global BOOK_WEIGHTS
        BOOK_WEIGHTS = options.weights
        file += f"_{options.weights.parent.name}"
    path = options.out or ROOT / "benchmarks" / "results" / f"{file}.json"
    report = {"part": options.part, "variants": VARIANTS}
    if path.exists() and not options.quick:
        report = json.loads(path.read_text("utf-8"))
    for part in REPORT:
        runs = report.setdefault(part, {})
        if options.again:
            report[part] = {name: each for name, each in runs.items() if name not in options.only}
    for name in options.only:
        tasks = missing(report, name, options.quick, options.draws)
        if not tasks:
            continue
        if WAYS[name][0] == "imagenet" and not IMAGENET_WEIGHTS.exists():
            print(f"{name}: skipped, data/models/{IMAGENET_WEIGHTS.name} is not there.")
            continue
        way = Way(name, options.part, options.quick)
        for part, shots, draw in tasks:
            started = time.perf_counter()
            accuracy = way.accuracy(shots, draw, *REPORT[part][1:])
            seconds = round(time.perf_counter() - started, 1)
            run = {"shots": shots, "draw": draw, "accuracy": round(accuracy, 4), "seconds": seconds}
            report[part].setdefault(name, []).append(run)
            print(f"{part}, {name}, {shots} a class, draw {draw}: {accuracy:.1%} in {seconds} s", flush=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
        keras.utils.clear_session()
    for part in REPORT:
        # A way that was done again came last; the ways keep the order from above.
        report[part] = {name: report[part][name] for name in WAYS if name in report[part]}
        print(part)
        print(table(report[part]))
    path.write_text(json.dumps(report, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
