"""What chapter 10 shows on one network and one draw, with several: probes, maps, units, and a mark in the corner.

    python benchmarks/inside.py                  all that the report lacks; about a quarter of an hour on two cores
    python benchmarks/inside.py --quick          one draw of each part, few pictures: a minute
    python benchmarks/inside.py --seconds 200    start no further run after so many seconds; the next call goes on
    python benchmarks/inside.py --only units     one part

The chapter's own cells make pictures, probes, maps and networks. Weights become random in two ways: "shuffled" puts
those of each layer in another order, as the chapter does; "fresh" draws them anew, as Keras would, and measures what
each normalisation takes off and divides by on pictures to train on, so that no layer dies. The report has parts:

    probes      ten draws: stamps shared out anew among training, validation and test (pictures of one thing stay
                together), stripes drawn anew: what the chapter's probe finds after each block (0: the first
                convolution), mean over the classes, and the penalty that validation pictures chose for it.
                "shuffled, measured": with measured normalisation
    cascade     16 scenes of different stamps, three draws of random weights: rank correlation of each map with that
                of the trained network, mean over scenes; head and blocks random from the top to the one named
    single      the same with one block random and all others trained
    others      the trained network's maps of two different scenes with one another, mean and spread over all pairs
    units       chapter 5's networks: each map's ten best of 5,000 validation pictures, judged on the other 5,000
    shortcut    the chapter's pullovers and coats, five draws of 2,000 to train on: the mark stands on this share of
                the coats, and on the rest of it of the pullovers; where occlusion and heat of 200 marked coats of the
                test are largest

Finished runs stand in benchmarks/results/inside.json, so a run that was stopped goes on. Nothing is chosen by the test.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_HOME", str(ROOT / "data"))

import keras  # noqa: E402  (the settings must stand first)
import numpy as np  # noqa: E402
from _report import Report, run_cells  # noqa: E402
from scipy.stats import rankdata  # noqa: E402
from tags import shared_out_anew  # noqa: E402

OUT = ROOT / "benchmarks" / "results" / "inside.json"
PARTS = ("shortcut", "units", "maps", "probes")
DRAWS, WEIGHTS, SHOPS = range(10), range(3), range(5)
WAYS = ("shuffled", "fresh")
BLOCKS = (13, 11, 9, 5, 0)
SCENES, BEST, ENOUGH = 16, 10, 9
DOSES = {"clean": None, "0.5": 0.5, "0.7": 0.7, "0.8": 0.8, "0.9": 0.9, "1": 1.0}
CELLS = (
    "setup", "stamps", "ground", "composed", "features", "head", "09cd49aa", "sane-10-guided", "sane-10-shuffle",
    "sane-10-explained", "probe-10-data", "probe-10-code", "probe-10-layers", "probe-10-parts",
    "short-10-data", "short-10-net", "short-10-fit",
)  # fmt: skip


@cache
def chapter() -> dict:
    """What the chapter's cells define."""
    files = {
        "stamps_file": str(ROOT / "data/datasets/stamps.zip"),
        "book_weights": str(ROOT / "data/models/book_mobilenet.weights.h5"),
    }
    return run_cells("10_inside", CELLS, files)


def rounded(values, digits=4) -> list[float]:
    return [round(float(value), digits) for value in values]


def drawn_anew(layers, seed: int) -> None:
    """Weights as Keras draws them at first; each normalisation as at its start."""
    for place, layer in enumerate(layers):
        if isinstance(layer, keras.layers.BatchNormalization):
            n = len(layer.get_weights()[0])
            layer.set_weights([np.ones(n), np.zeros(n), np.zeros(n), np.ones(n)])
        elif layer.get_weights():
            first = keras.initializers.GlorotUniform(seed=1000 * seed + place)
            layer.set_weights(
                [first(w.shape) if w.ndim > 1 else np.zeros(w.shape) for w in layer.get_weights()]
            )


def measured(model, layers, x) -> None:
    """Give the normalisations among these layers the means and variances that pictures x have there."""
    mine = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    others = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization) and not any(layer is each for each in mine)
    ]
    before = [layer.momentum for layer in mine]
    for layer in others:
        layer.trainable = False  # it stays in inference mode
    for layer in mine:
        layer.momentum = 0.0
    model(x, training=True)
    for layer, momentum in zip(mine, before, strict=True):
        layer.momentum = momentum
    for layer in others:
        layer.trainable = True


def ranked(maps) -> np.ndarray:
    """Ranks of each map's places, centred and of length 1: a product of two is their rank correlation."""
    ranks = np.stack([rankdata(each.ravel()) for each in maps])
    ranks -= ranks.mean(axis=1, keepdims=True)
    return ranks / (np.linalg.norm(ranks, axis=1, keepdims=True) + 1e-12)


class Bench:
    """All parts, each of which skips what the report has."""

    def __init__(self, keep: Report, quick: bool):
        self.keep, self.quick, self.names = keep, quick, chapter()

    def first(self, some):
        """All of them, or the first in a quick try."""
        return some[:1] if self.quick else some

    # ------------------------------------------------------------ probes
    def body(self, kind: str, seed: int, x):
        """The backbone for 80x80, trained or with random weights, as layers whose mean maps are read."""
        names = self.names
        body = keras.applications.MobileNet(
            (80, 80, 3), alpha=0.5, include_top=False, weights=names["book_weights"]
        )
        if kind.startswith("shuffled"):
            names["shuffle"](body.layers, np.random.default_rng(seed))
        if kind == "fresh":
            drawn_anew(body.layers, seed)
        if kind in ("fresh", "shuffled, measured"):
            measured(body, body.layers, x)
        return names["layers_of"](body)

    def probes(self):
        names = self.names
        kinds = ("trained", "shuffled", "shuffled, measured", "fresh", "pixels")
        for draw in self.first(DRAWS):
            missing = [kind for kind in kinds if self.keep.lacks("probes", kind, draw=draw)]
            if not missing:
                continue
            x, y, which = names["questions"](seed=draw)
            pools = shared_out_anew(list(names["stamps"]), draw)
            parts = [np.flatnonzero(np.isin(which, pool)) for pool in pools.values()]
            scaled = x.astype("float32") / 127.5 - 1
            for kind in missing:
                if kind == "pixels":
                    layers = [names["small_pixels"](x)]
                else:
                    model = self.body(kind, draw, scaled[parts[0]])
                    layers = model.predict(scaled, batch_size=64, verbose=0)
                answers = [names["probe"](f, y, *parts) for f in layers]  # (share, penalty) of each
                words = ("stripes", "tint", "animal", "class")
                found = {
                    word: rounded(share for share, _ in each)
                    for word, each in zip(words, zip(*answers, strict=True), strict=True)
                }
                found["penalties"] = [[penalty for _, penalty in each] for each in answers]
                dead = rounded(np.mean(f[parts[0]].std(axis=0) < 1e-6) for f in layers)
                self.keep.add("probes", kind, {"draw": draw, **found, "dead": dead})

    # ------------------------------------------------------------ maps
    @cached_property
    def looking(self):
        """Backbone, a plain and a guided copy, head, scenes, their answers, scenes to measure normalisations on."""
        names = self.names
        body = keras.applications.MobileNet(
            (160, 160, 3), alpha=0.5, include_top=False, weights=names["book_weights"]
        )
        many_x, _, many_y = names["scenes"]("train", 3)
        head = names["trained_head"](names["features"](body, many_x).mean(axis=(1, 2)), many_y)
        scene_x, _, _ = names["scenes"]("test", 1)
        some = np.random.default_rng(1).permutation(len(scene_x))[: 3 if self.quick else SCENES]
        x = scene_x[some].astype("float32") / 127.5 - 1
        k = names["answers"](head, names["features"](body, scene_x[some]).mean(axis=(1, 2)))
        few = np.random.default_rng(2).permutation(len(many_x))[: 8 if self.quick else 40]
        seen = many_x[few].astype("float32") / 127.5 - 1
        plain, guided = names["copied"](body), names["copied"](body, guided=True)
        return body, plain, guided, head, x, k, seen

    def maps(self, head) -> dict:
        """Ranks of Grad-CAM with its sign and as a size, of the gradient and of the guided one."""
        _, plain, guided, _, x, k, _ = self.looking
        guided.set_weights(plain.get_weights())
        found = {name: [] for name in ("cam", "size", "gradient", "guided")}
        for n in range(0, len(x), 12):
            some = x[n : n + 12], k[n : n + 12]
            cam, gradient = self.names["explained"](plain, head, *some)
            each = cam, np.abs(cam), gradient, self.names["explained"](guided, head, *some)[1]
            for name, maps in zip(found, each, strict=True):
                found[name].append(ranked(maps))
        return {name: np.concatenate(ranks) for name, ranks in found.items()}

    def randomise(self, way: str, stage: int, below: int, cascade: bool, draw: int) -> None:
        """Make the blocks of the plain copy from `stage` to under `below` random."""
        _, plain, *_, seen = self.looking
        upper = [layer for layer in plain.layers[1:] if self.names["block"](layer) >= stage]
        mine = [layer for layer in upper if self.names["block"](layer) < below]
        if way == "shuffled":
            self.names["shuffle"](mine, np.random.default_rng([draw, stage]))
        else:
            drawn_anew(mine, 100 * draw + stage)
            measured(plain, upper if cascade else mine, seen)  # what lies above gets other maps now

    def compared(self, part: str, stage: str, way: str, draw: int, head, trained: dict) -> None:
        """Keep how alike the maps of now are to the trained ones."""
        found = {"way": way, "draw": draw}
        for name, ranks in self.maps(head).items():
            alike = (ranks * trained[name]).sum(axis=1)
            found[name] = round(float(alike.mean()), 4)
            found[f"{name}_spread"] = round(float(alike.std(ddof=1)), 4)
        self.keep.add(part, stage, found)

    def check_maps(self):
        blocks = BLOCKS[:2] if self.quick else BLOCKS
        plans = [
            (part, way, draw)
            for draw in self.first(WEIGHTS)
            for way in WAYS
            for part in ("cascade", "single")
        ]
        stages = {"cascade": ("head", *blocks), "single": blocks}
        if self.keep.lacks("others", "cam", scenes=3 if self.quick else SCENES):
            self.looking[1].set_weights(self.looking[0].get_weights())
            trained = self.maps(self.looking[3])
            for name, ranks in trained.items():
                pairs = [float(ranks[a] @ ranks[b]) for a, b in combinations(range(len(ranks)), 2)]
                run = {"scenes": len(ranks), "alike": round(float(np.mean(pairs)), 4)}
                self.keep.add("others", name, run | {"spread": round(float(np.std(pairs, ddof=1)), 4)})
        trained = None
        for part, way, draw in plans:
            if not any(self.keep.lacks(part, str(stage), way=way, draw=draw) for stage in stages[part]):
                continue
            body, plain, _, head, *_ = self.looking
            plain.set_weights(body.get_weights())
            trained = trained or self.maps(head)
            top, done = head, 14
            if part == "cascade":
                top = self.names["copied"](head)
                if way == "shuffled":
                    self.names["shuffle"](top.layers[1:], np.random.default_rng(draw))
                else:
                    drawn_anew(top.layers[1:], 100 * draw + 14)
            for stage in stages[part]:
                if stage != "head":
                    if part == "single":
                        plain.set_weights(body.get_weights())
                    below = done if part == "cascade" else stage + 1
                    self.randomise(way, stage, below, part == "cascade", draw)
                    done = stage
                if self.keep.lacks(part, str(stage), way=way, draw=draw):
                    self.compared(part, str(stage), way, draw, top, trained)

    # ------------------------------------------------------------ units
    def responses(self, seed: int, trained: bool, x, seen) -> list[np.ndarray]:
        """Largest value of every map of each block for each picture: chapter 5's network, or a random one."""
        network = self.garments["garment_network"]()
        if trained:
            network.load_weights(str(ROOT / f"data/models/garments_{seed}.weights.h5"))
        else:
            drawn_anew(network.layers, 50 + seed)
            measured(network, network.layers, seen)
        ends = [layer.output for layer in network.layers if isinstance(layer, keras.layers.ReLU)]
        model = keras.Model(network.inputs, [keras.ops.max(end, axis=(1, 2)) for end in ends])
        return model.predict(x.astype("float32"), batch_size=500, verbose=0)

    @cached_property
    def garments(self) -> dict:
        return run_cells("17_limits", ("setup", "data", "net"), {"garment_files": []})

    def units(self):
        names = self.garments
        kinds = {"trained": True, "fresh": False}
        if not any(self.keep.lacks("units", kind, block=3, seed=2) for kind in kinds):
            return
        half = 500 if self.quick else 5000
        x, y = names["val_x"][: 2 * half], names["val_y"][: 2 * half]
        for kind, trained in kinds.items():
            found = [self.responses(seed, trained, x, names["train_x"][:500]) for seed in WEIGHTS]
            for block in range(3):
                tables = [each[block] for each in found]
                for seed, table in enumerate(tables):
                    if self.keep.lacks("units", kind, block=block + 1, seed=seed):
                        run = best_pictures(table, y, half) | {"of": table.shape[1]}
                        twins = [
                            twin_shares(table, other, half) for n, other in enumerate(tables) if n != seed
                        ]
                        run["shared"] = round(float(np.mean(twins)), 4)
                        self.keep.add("units", kind, {"block": block + 1, "seed": seed, **run})

    # ------------------------------------------------------------ shortcut
    def shortcut(self):
        names = self.names
        marked, given = names["marked"], names["given_by"]
        every_x, every_y = names["pair_of"](names["images"], names["labels"])
        asked_x, asked_y = names["asked_x"], names["asked_y"]
        coats = marked(asked_x, asked_y == 1)[asked_y == 1][: 4 if self.quick else 200]

        def by_dose(x, y, dose, rng):
            if dose is None:
                return x
            return marked(x, rng.random(len(x)) < np.where(y == 1, dose, 1 - dose))

        for seed in self.first(SHOPS):
            for name, dose in DOSES.items():
                if self.quick and name not in ("clean", "1"):
                    continue
                if not self.keep.lacks("shortcut", name, seed=seed):
                    continue
                rng = np.random.default_rng([10, seed])
                mine = rng.permutation(len(every_x))[: 200 if self.quick else 2000]
                shop_x = by_dose(every_x[mine], every_y[mine], dose, rng)
                body, head, net = names["shop_trained"](shop_x, every_y[mine], seed)
                tests = {
                    "own": by_dose(asked_x, asked_y, dose, rng),
                    "without": asked_x,
                    "exchanged": marked(asked_x, asked_y == 0),
                }
                right = {
                    key: round(float(np.mean(given(net, x).argmax(axis=1) == asked_y)), 4)
                    for key, x in tests.items()
                }
                falls = tile_falls(lambda x, net=net: given(net, x), coats)
                weights = head.get_weights()[0][:, 1]
                heat = np.maximum(given(body, coats) @ weights, 0)  # Grad-CAM, as the chapter shows
                top = heat.reshape(len(heat), -1).argmax(axis=1)
                row, column = np.unravel_index(top, (14, 14))
                share = heat[:, :4, :4].sum((1, 2)) / (heat.sum((1, 2)) + 1e-9)
                mean_falls = falls.mean(axis=0)
                found = {
                    "seed": seed,
                    **right,
                    "occlusion": round(float(np.mean(falls.argmax(axis=1) == 0)), 4),
                    "heat": round(float(np.mean((row < 4) & (column < 4) & (heat.max((1, 2)) > 0))), 4),
                    "share": round(float(share.mean()), 4),
                    "fall": round(float(mean_falls[0]), 4),
                    "next_fall": round(float(mean_falls[1:].max()), 4),
                }
                self.keep.add("shortcut", name, found)


def best_pictures(table, y, half: int) -> dict:
    """How far the best pictures of each unit are of one class, and whether the other half agrees."""
    live = (table[:half].std(axis=0) > 1e-6) & (table[half:].std(axis=0) > 1e-6)
    classes = []
    for part in (slice(half), slice(half, None)):
        best = table[part].argsort(axis=0)[::-1][:BEST]
        classes.append(y[part][best])  # (BEST, units)
    counts = [np.stack([np.sum(c == k, axis=0) for k in range(10)]) for c in classes]
    mine = counts[0].argmax(axis=0)
    again = counts[1][mine, np.arange(len(mine))]
    selective = (counts[0].max(axis=0) >= ENOUGH) & live
    return {
        "live": int(live.sum()),
        "selective": int(selective.sum()),
        "again": int(np.sum(selective & (again >= ENOUGH))),
        "most": round(float(counts[0].max(axis=0)[live].mean() / BEST), 4),
        "most_again": round(float(again[live].mean() / BEST), 4),
    }


def twin_shares(table, other, half: int) -> float:
    """Share of the ten best pictures of the second half that a unit has in common with its twin.

    The twin is the unit of another network that goes along with it most over the first half.
    """

    def spaced(f):
        return (f - f.mean(axis=0)) / (f.std(axis=0) + 1e-9)

    twin = (spaced(table[:half]).T @ spaced(other[:half])).argmax(axis=1)
    mine, theirs = (f[half:].argsort(axis=0)[::-1][:BEST] for f in (table, other))
    live = np.flatnonzero(table.std(axis=0) > 1e-6)
    return float(np.mean([len({*mine[:, n]} & {*theirs[:, twin[n]]}) / BEST for n in live]))


def tile_falls(logits, x) -> np.ndarray:
    """Fall of coat less pullover of each picture as each of 7x7 tiles is covered: (pictures, 49)."""

    def score(x):
        found = logits(x)
        return found[:, 1] - found[:, 0]

    falls, before = [], score(x)
    for row, column in np.ndindex(7, 7):
        covered = x.copy()
        covered[:, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = 0
        falls.append(before - score(covered))
    return np.stack(falls, axis=1)


def main(arguments=None) -> None:
    """Read the command line and run what is missing in the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one draw of each part, few pictures")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no run after so many")
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--out", type=Path, help="where the report goes")
    given = parser.parse_args(arguments)
    out = given.out or (OUT.with_name("inside_quick.json") if given.quick else OUT)
    keep = Report(out, given.quick, given.seconds)
    bench = Bench(keep, given.quick)
    parts = dict(zip(PARTS, (bench.shortcut, bench.units, bench.check_maps, bench.probes), strict=True))
    for name, run in parts.items():
        if given.only in (None, name):
            run()


if __name__ == "__main__":
    main()
