"""What chapter 15's taggers and their rivals reach, with other scenes and with other things.

    python benchmarks/tags.py            all that the report lacks; about ten minutes on two cores
    python benchmarks/tags.py --quick    one draw with few scenes: a try of half a minute
    python benchmarks/tags.py --only tiles

The functions are the chapter's own: its cells are run here. mAP is the mean average precision over the five tags.
The report has parts:

    choices   mAP on the chapter's validation scenes: strengths of the heads, number of neighbours; the chapter takes
              the best of each
    scenes    every way with these choices, three new draws of training and test scenes from the chapter's stamps
    stamps    all stamps of a class shared out anew among training, validation and test, as many in each as before,
              six times; pictures of one thing stay together. Settings are chosen on the validation scenes of the
              draw, and its test scenes are asked about these alone. `ahead` is the mAP less that of the book's
              backbone in the same draw
    tags      precision and recall of each tag in those six draws, book's backbone, at the threshold 0.5 and at the
              one with the highest F1 on the validation scenes of the draw
    tiles     the tiles of the satellite scene: strengths, neighbours and how far tiles are enlarged, chosen on the
              tiles between, and what the chosen ones reach in the south, with intervals from blocks drawn again

Finished runs are kept in benchmarks/results/tags.json, so a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_HOME", str(ROOT / "data"))
os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np  # noqa: E402  (the settings must stand first)
from _report import Report, run_cells  # noqa: E402
from sklearn.metrics import average_precision_score  # noqa: E402

from tools.data.build_stamps import SAME_THING  # noqa: E402

OUT = ROOT / "benchmarks" / "results" / "tags.json"
CELLS = (
    "home setup fetch stamps placed softmax-code scenes backbones maps head logits rivals rivals-near f1 tiles "
    "part-of blocks"
).split()
PARTS = ("train", "validation", "test")
SIZES, FEW = (400, 200, 300), (60, 40, 40)
SCENES, STAMPS = (101, 102, 103), (201, 202, 203, 204, 205, 206)  # seeds of the draws
SETTINGS = {
    "book's": (0.003, 0.01, 0.03, 0.1),
    "ImageNet's": (0.003, 0.01, 0.03, 0.1),
    "mean colour": (0.0001, 0.001, 0.01),
    "histogram": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    "softmax": (0.03, 0.1, 0.3, 1.0),
    "nearest": (5, 15, 30, 60, 120),
}
TILES = {
    "mean colour": [(16, strength) for strength in (1e-5, 1e-4, 1e-3, 1e-2, 0.1)],
    **{
        name: [(side, strength) for side in (64, 96, 128) for strength in (1e-4, 1e-3, 1e-2, 0.1, 0.3, 1.0)]
        for name in ("book's", "ImageNet's")
    },
    "nearest": [(64, count) for count in (5, 15, 30, 60)],
}


def chapter() -> dict:
    """The names of the chapter's cells that define its functions."""
    return run_cells("15_tags", CELLS, {})


def shared_out_anew(names: list[str], seed: int) -> dict[str, list[str]]:
    """Stamps of each class among the parts, as many as before; pictures of one thing stay together."""
    together = {name: line.split()[0] for line in SAME_THING for name in line.split()}
    rng, parts = np.random.default_rng(seed), {part: [] for part in PARTS}
    for tag in sorted({name.split("/")[1] for name in names}):
        mine = [name for name in names if name.split("/")[1] == tag]
        room = {part: sum(name.startswith(part) for name in mine) for part in PARTS}
        groups: dict = {}
        for name in mine:
            plain = name.split("/", 1)[1].removesuffix(".webp")
            groups.setdefault(together.get(plain, plain), []).append(name)
        order = sorted(groups, key=lambda key: (-len(groups[key]), rng.random()))
        for key in order:  # large groups first, each into a part with room, by chance
            free = [part for part in PARTS if room[part] >= len(groups[key])]
            chance = np.array([room[part] for part in free], dtype=float)
            part = free[rng.choice(len(free), p=chance / chance.sum())]
            parts[part] += groups[key]
            room[part] -= len(groups[key])
    return parts


class Draw:
    """Scenes of one draw, their tags and their features."""

    def __init__(self, names: dict, seed: int, anew: bool, sizes=SIZES):
        self.names = names
        pools = shared_out_anew(list(names["stamps"]), seed) if anew else dict.fromkeys(PARTS)
        made = [
            names["scenes"](part, size, pools[part], seed) for part, size in zip(PARTS, sizes, strict=True)
        ]
        self.images, self.y, self.kept = [each[0] for each in made], [each[1] for each in made], {}

    def x(self, name: str) -> list:
        """Features of the scenes of each part; the book's backbone's where a way has none of its own."""
        n = self.names
        name = name if name in (*n["backbones"], "mean colour", "histogram") else "book's"
        if name in n["backbones"]:
            make = lambda some: n["maps_of"](n["backbones"][name], some).mean(axis=(1, 2))  # noqa: E731
        else:
            make = n["colours" if name == "mean colour" else name]
        if name not in self.kept:
            self.kept[name] = [make(some) for some in self.images]
        return self.kept[name]

    def asked(self, name: str, setting: float):
        """Probabilities of a way to tag on the scenes of all parts."""
        n, y = self.names, self.y
        if name == "always":
            return [np.tile(y[0].mean(axis=0), (len(each), 1)) for each in y]
        x = self.x(name)
        if name == "nearest":
            return [n["nearest"](x[0], y[0], each, count=int(setting)) for each in x]
        if name == "softmax":
            head = n["trained_head"](x[0], y[0], loss=n["shared_out"], strength=setting)
            return [n["softmax"](n["logits_of"](head, each)) for each in x]
        head = n["trained_head"](x[0], y[0], strength=setting)
        return [n["sigmoid"](n["logits_of"](head, each)) for each in x]

    def judged(self, name: str, p: list, part: int = 2) -> dict:
        """mAP, AP of each tag, and the share of scenes with every tag right."""
        limit, y = 0.5, self.y[part]
        if name == "softmax":  # its threshold is chosen on validation scenes
            tried = np.arange(0.05, 0.95, 0.05)
            limit = max(tried, key=lambda t: ((p[1] > t) == self.y[1]).all(axis=1).mean())
        each = [float(average_precision_score(y[:, k], p[part][:, k])) for k in range(y.shape[1])]
        right = ((p[part] > limit) == y).all(axis=1).mean()
        return {"map": mean(each), "each": [round(ap, 4) for ap in each], "all_right": round(float(right), 4)}


def mean(values) -> float:
    """A mean, as it is kept."""
    return round(float(np.mean(values)), 4)


def tried(names: dict) -> dict:
    """Way -> its settings, of those that can be tried here."""
    return {
        name: settings
        for name, settings in SETTINGS.items()
        if name[0].islower() or name in names["backbones"]
    } | {"book's": SETTINGS["book's"]}


def chosen(keep) -> dict:
    """Way -> the setting with the largest mAP on the chapter's validation scenes."""
    best: dict = {}
    for label, (run,) in keep.parts["choices"].items():
        name = label.rsplit(", ", 1)[0]
        if name not in best or run["map"] > best[name]["map"]:
            best[name] = run
    return {name: run["setting"] for name, run in best.items()}


def run_choices(names: dict, keep, quick: bool) -> None:
    """The part `choices`."""
    wanted = [(name, setting) for name, some in tried(names).items() for setting in some]
    if quick:
        wanted = [("book's", 0.01), ("nearest", 15)]
    wanted = [each for each in wanted if not keep.has("choices", "{}, {:g}".format(*each), seed=0)]
    draw = Draw(names, 0, anew=False, sizes=FEW if quick else (*SIZES[:2], 20)) if wanted else None
    for name, setting in wanted:
        run = draw.judged(name, draw.asked(name, setting), part=1)
        keep.add("choices", f"{name}, {setting:g}", {"seed": 0, "setting": setting, **run})


def run_scenes(names: dict, keep, quick: bool) -> None:
    """The part `scenes`."""
    settings = {"book's": 0.01, "nearest": 15} if quick else chosen(keep)
    for seed in SCENES[:1] if quick else SCENES:
        left = [name for name in (*settings, "always") if not keep.has("scenes", name, seed=seed)]
        draw = Draw(names, seed, anew=False, sizes=FEW if quick else SIZES) if left else None
        for name in left:
            run = draw.judged(name, draw.asked(name, settings.get(name, 0)))
            keep.add("scenes", name, {"seed": seed, **run})


def run_stamps(names: dict, keep, quick: bool) -> None:
    """The parts `stamps` and `tags`."""
    ways = {"book's": (0.01,), "nearest": (15,)} if quick else {"book's": (), **tried(names)}
    for seed in STAMPS[:1] if quick else STAMPS:
        left = [name for name in (*ways, "always") if not keep.has("stamps", name, seed=seed)]
        draw = Draw(names, seed, anew=True, sizes=FEW if quick else SIZES) if left else None
        for name in left:
            best = None
            for setting in ways.get(name, (0,)):
                p = draw.asked(name, setting)
                reached = draw.judged(name, p, part=1)["map"]
                if best is None or reached > best[0]:
                    best = reached, setting, p
            run = draw.judged(name, best[2])
            (ours,) = (
                [run]
                if name == "book's"
                else [each for each in keep.parts["stamps"]["book's"] if each["seed"] == seed]
            )
            run["ahead"] = round(run["map"] - ours["map"], 4)
            if name == "book's":
                for k, tag in enumerate(names["TAGS"]):
                    keep.add("tags", tag, {"seed": seed, **by_threshold(draw, best[2], k)})
            keep.add("stamps", name, {"seed": seed, "setting": best[1], **run})


def by_threshold(draw: Draw, p: list, k: int) -> dict:
    """Counts of a tag at 0.5 and at the threshold chosen on the validation scenes."""
    own = float(draw.names["best_threshold"](draw.y[1][:, k], p[1][:, k]))
    there, found = draw.y[2][:, k] == 1, {}
    for word, limit in (("half", 0.5), ("own", own)):
        given = p[2][:, k] >= limit
        found[f"given_{word}"] = int(given.sum())
        found[f"hits_{word}"] = int((given & there).sum())
    return {"scenes": len(there), "there": int(there.sum()), "threshold": round(own, 4), **found}


class Tiles:
    """Tiles of the satellite scene, their tags and features."""

    def __init__(self, names: dict):
        self.names, self.kept, self.tiles = names, {}, names["tile_x"].reshape(-1, 16, 16, 3)
        self.y = {part: names["part_of"](names["tile_y"], part) for part in names["rows"]}

    def x(self, name: str, side: int) -> dict:
        """Features of the tiles of each part."""
        n = self.names
        if (name, side) not in self.kept:
            if name == "mean colour":
                features = n["colours"](self.tiles)
            else:
                features = n["tile_features"](self.tiles, name, side)
            features = features.reshape(*n["tile_y"].shape[:2], -1)
            self.kept = {(name, side): {part: n["part_of"](features, part) for part in n["rows"]}}
        return self.kept[name, side]

    def asked(self, name: str, side: int, setting: float) -> dict:
        """Scores of the tiles between and in the south; 0 is the limit."""
        n, x = self.names, self.x("book's" if name == "nearest" else name, side)
        parts = ("between", "south")
        if name == "nearest":
            return {
                part: n["nearest"](x["north"], self.y["north"], x[part], int(setting)) - 0.5 for part in parts
            }
        head = n["trained_head"](x["north"], self.y["north"], strength=setting)
        return {part: n["logits_of"](head, x[part]) for part in parts}


def run_tiles(names: dict, keep, quick: bool) -> None:
    """The part `tiles`."""
    tiles, scores = Tiles(names), {}
    ways = {
        name: some for name, some in TILES.items() if name in ("mean colour", "nearest", *names["backbones"])
    }
    if quick:
        ways = {"mean colour": [(16, 1e-4)]}
    elif all(keep.has("tiles", name, seed=0) for name in ways):
        return
    for name, some in ways.items():
        between, best = {}, None
        for side, setting in some:
            answers = tiles.asked(name, side, setting)
            reached = mean(average_precision_score(tiles.y["between"], answers["between"], average=None))
            between[f"{side}, {setting:g}"] = reached
            if best is None or reached > best[0]:
                best = reached, side, setting, answers["south"]
        scores[name] = best[3]
        if keep.has("tiles", name, seed=0):
            continue
        y = tiles.y["south"]
        drawn = names["drawn_again"](y, {"map": scores[name], "ours": scores["mean colour"]})
        run = {
            "seed": 0,
            "side": best[1],
            "setting": best[2],
            "between": between,
            "map": mean(average_precision_score(y, scores[name], average=None)),
            "all_right": mean(((scores[name] > 0) == y).all(axis=1)),
        }
        run["low"], run["high"] = (round(float(v), 4) for v in np.percentile(drawn["map"], [2.5, 97.5]))
        behind = np.percentile(drawn["ours"] - drawn["map"], [2.5, 97.5])
        run["colour_ahead"] = [round(float(value), 4) for value in behind]
        keep.add("tiles", name, run)


def main(arguments=None) -> None:
    """Read the command line and run what is missing in the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {"choices": run_choices, "scenes": run_scenes, "stamps": run_stamps, "tiles": run_tiles}
    parser.add_argument("--quick", action="store_true", help="a try of half a minute")
    parser.add_argument("--only", choices=parts, help="one part of the report")
    parser.add_argument("--fresh", action="store_true", help="measure anew what the report holds")
    parser.add_argument("--out", type=Path, help="where the report goes")
    given = parser.parse_args(arguments)
    keep = Report(
        given.out or (OUT.with_name("tags_quick.json") if given.quick else OUT), given.fresh or given.quick
    )
    names = chapter()
    for name, run in parts.items():
        if given.only in (None, name):
            run(names, keep, given.quick)


if __name__ == "__main__":
    main()
