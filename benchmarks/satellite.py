"""What chapter 13's network and its rivals reach on the satellite picture, with several seeds.

    python benchmarks/satellite.py            all that the report lacks; a quarter of an hour on two cores
    python benchmarks/satellite.py --quick    few steps, one seed, a small picture: a try of half a minute
    python benchmarks/satellite.py --only results

The functions are the chapter's own: its cells are run here. The report has parts:

    choices   penalties of logistic regression, on the validation rows alone: 1e-4 is the most accurate for 9x9, and
              1x1 keeps it (1e-5 is 0.2 points better there); the U-Net keeps what was tried first
    results   every way to map, trained in the north and asked about the south; five seeds where there is chance;
              for the U-Nets also the share of six places at Itaipu that they cover as the eye does
    raleigh   what the same ways say of a scene of another continent: agreement with the rule there, IoU of each class,
              and the share of four places that they cover as the eye does
    splits    the U-Net trained on as many labelled pixels, all in the north or drawn from the whole scene; both are
              asked about the same pixels of the south, which the second has not seen
    large     minutes, and memory beyond what the program held before, to map a picture of 10,000 by 10,000 pixels

Finished runs are kept in benchmarks/results/satellite.json, so a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_HOME", str(ROOT / "data"))

import numpy as np  # noqa: E402  (the settings must stand first)
from _report import Report, run_cells  # noqa: E402

OUT = ROOT / "benchmarks" / "results" / "satellite.json"
SEEDS = range(5)
CELLS = (
    "setup data rule rule-palette unet iou threshold inputs logistic crops train mapped stretched places raleigh "
    "raleigh-places answered own-pillow own-chunks own-png own-block own-tags own-layout own-fault own-strip own-tiff "
    "own-kind own-strips own-limits own-slabs own-cover"
).split()
PENALTIES = (1e-5, 1e-4, 1e-3)
STEPS, SIDE = 200, 10_000


def chapter() -> dict:
    """The names of the chapter's cells that define its functions and data."""
    return run_cells("13_satellite", CELLS, {"RAW": ""})


def borders(rule: np.ndarray) -> np.ndarray:
    """Pixels that touch, up, down, left or right, one of another class."""
    found = np.zeros(rule.shape, dtype=bool)
    found[1:] |= rule[1:] != rule[:-1]
    found[:-1] |= rule[1:] != rule[:-1]
    found[:, 1:] |= rule[:, 1:] != rule[:, :-1]
    found[:, :-1] |= rule[:, 1:] != rule[:, :-1]
    return found


class Scene:
    """The chapter's functions, and how a map of its scene is judged."""

    def __init__(self, steps: int):
        self.names, self.steps, self.kept = chapter(), steps, {}
        self.rule, self.x = self.names["rule"], self.names["x"]
        self.at_border = borders(self.rule)

    def judged(self, answer: np.ndarray, part: str = "south") -> dict:
        """Scores of a map on the pixels of a part."""
        rows = self.names[part]
        rule, answer = self.rule[rows], answer[rows]
        each = self.names["iou"](rule, answer)
        return {
            "accuracy": float(np.mean(answer == rule)),
            "mean_iou": float(each.mean()),
            "iou": [float(value) for value in each],
            "at_borders": float(np.mean((answer == rule)[self.at_border[rows]])),
        }

    def unet(self, seed: int, skips: bool = True, known=None, **settings) -> np.ndarray:
        """Train a U-Net and map the scene; known: which pixels have labels, else those of the north."""
        names, x, y = self.names, self.x, self.rule
        if known is None:
            x, y = x[names["north"]], y[names["north"]]
        else:
            y = np.where(known, y, 3)
        kind = skips, settings.get("rate")

        def build():
            """The same model for all seeds, as new: TensorFlow need not trace it again."""
            fresh = names["unet"](skips=skips)
            model = self.kept.setdefault(kind, fresh)
            if model is not fresh:
                model.set_weights(fresh.get_weights())
                for variable in model.optimizer.variables:
                    variable.assign(np.zeros(variable.shape))
                model.compile = lambda *_, **__: None
            return model

        model = names["train"](build, x, y, seed=seed, steps=self.steps, **settings)
        self.parameters = model.count_params()
        self.elsewhere = names["by_eye"](names["mapped"](model, names["there"]))
        self.raleigh = names["mapped"](model, names["here"])
        return names["mapped"](model, self.x)

    def logistic(self, side: int, penalty: float = 1e-4) -> np.ndarray:
        """Logistic regression on a neighbourhood, and its map."""
        weights = self.names["logistic"](side, penalty)
        self.parameters, model = weights.size, self.names["single"](weights)
        self.raleigh = self.names["mapped"](model, self.names["here"])
        return self.names["mapped"](model, self.x)

    def weights(self) -> tuple:
        """One over the share of each class in the north, with mean 1 over its pixels."""
        shares = np.bincount(self.rule[self.names["north"]].ravel(), minlength=3) / self.rule[:128].size
        return (*(1 / shares / 3), 0.0)


def ways(scene: Scene) -> dict:
    """Name -> (function of the seed that gives a map, is there chance in it?)."""
    names = scene.names
    return {
        "all other": (lambda seed: np.full_like(scene.rule, 2), False),
        "three thresholds": (lambda seed: names["by_threshold"](*names["best"]), False),
        "logistic, 1x1": (lambda seed: scene.logistic(1), False),
        "logistic, 9x9": (lambda seed: scene.logistic(9), False),
        "U-Net": (lambda seed: scene.unet(seed), True),
        "U-Net without skips": (lambda seed: scene.unet(seed, skips=False), True),
        "U-Net, classes weighted": (lambda seed: scene.unet(seed, weights=scene.weights()), True),
    }


def run_results(scene: Scene, keep, quick: bool) -> None:
    """The part `results`."""
    for name, (make, chance) in ways(scene).items():
        if quick and name not in ("three thresholds", "logistic, 1x1", "U-Net"):
            continue
        for seed in SEEDS if chance and not quick else (0,):
            if keep.has("results", name, seed=seed):
                continue
            scene.parameters, scene.elsewhere, start = 0, {}, time.perf_counter()
            answer = make(seed)
            asked = drawn(scene, seed)[1]
            keep.add(
                "results",
                name,
                {
                    "seed": seed,
                    "parameters": scene.parameters,
                    "seconds": round(time.perf_counter() - start, 1),
                    "validation": scene.judged(answer, "between"),
                    **scene.judged(answer),
                    "where_others_ask": float(np.mean(answer[asked] == scene.rule[asked])),
                    "elsewhere": scene.elsewhere,
                },
            )


def run_raleigh(scene: Scene, keep, quick: bool) -> None:
    """The part `raleigh`: trained as in `results`, asked about another continent."""
    names = scene.names
    for name in ("logistic, 1x1", "logistic, 9x9", "U-Net"):
        make, chance = ways(scene)[name]
        for seed in SEEDS if chance and not quick else (0,):
            if keep.has("raleigh", name, seed=seed) or quick and name == "logistic, 9x9":
                continue
            make(seed)
            run = {
                "seed": seed,
                "as_the_rule": float(np.mean(scene.raleigh == names["rule_here"])),
                "iou": [float(value) for value in names["iou"](names["rule_here"], scene.raleigh)],
                "places": names["by_eye"](scene.raleigh, names["WINTER"]),
            }
            keep.add("raleigh", name, run)


def run_choices(scene: Scene, keep, quick: bool) -> None:
    """The part `choices`: the validation rows alone."""
    trials = {f"logistic, {side}x{side}, penalty {p:g}": (side, p) for side in (1, 9) for p in PENALTIES}
    for name, (side, penalty) in trials.items():
        if not quick and not keep.has("choices", name, seed=0):
            keep.add("choices", name, {"seed": 0, **scene.judged(scene.logistic(side, penalty), "between")})


def drawn(scene: Scene, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(pixels of the whole scene that get a label, as many as the north has; the other pixels of the south)."""
    known = np.random.default_rng(seed).random(scene.rule.shape) < 128 / len(scene.rule)
    south = np.zeros(scene.rule.shape, dtype=bool)
    south[scene.names["south"]] = True
    return known, south & ~known


def run_splits(scene: Scene, keep, quick: bool) -> None:
    """The part `splits`: the same pixels of the south, asked of two ways to share out the labels.

    The U-Nets of the north are those of the part `results`, which keeps what they make of these pixels.
    """
    for seed in () if quick else SEEDS:
        known, asked = drawn(scene, seed)
        if not keep.has("splits", "labels from everywhere", seed=seed):
            right = scene.unet(seed, known=known)[asked] == scene.rule[asked]
            keep.add("splits", "labels from everywhere", {"seed": seed, "accuracy": float(right.mean())})
    for run in keep.parts.get("results", {}).get("U-Net", []):
        if not quick and not keep.has("splits", "labels from the north", seed=run["seed"]):
            keep.add(
                "splits", "labels from the north", {"seed": run["seed"], "accuracy": run["where_others_ask"]}
            )


# ------------------------------------------------------------------- a large picture
def write_large(path: Path, side: int, dam: np.ndarray) -> None:
    """A picture of side x side, the dam again and again, by strips."""
    rows = np.tile(dam, (1, -(-side // dam.shape[1]), 1))[:, :side]

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))

    pack = zlib.compressobj(1)
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)))
        for top in range(side):  # filter 1: differences from the pixel on the left
            row = rows[top % len(rows)]
            row = np.diff(row, axis=0, prepend=np.zeros((1, 3), row.dtype))
            if data := pack.compress(b"\x01" + row.tobytes()):
                file.write(chunk(b"IDAT", data))
        file.write(chunk(b"IDAT", pack.flush()) + chunk(b"IEND", b""))


def resident() -> float:
    """Megabytes that this process has held at most."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def map_large(path: str, target: str) -> None:
    """Map a picture and print what it took; run in a process of its own."""
    names = chapter()
    model = names["unet"]()
    full = 256 + 2 * names["MARGIN"]
    model.predict_on_batch(np.zeros((1, full, full, 3), "float32"))  # built before the count begins
    before, start = resident(), time.perf_counter()
    counts = names["cover"](model, path, target)
    print(
        json.dumps(
            {
                "megabytes": round(resident() - before),
                "megabytes_before": round(before),
                "minutes": round((time.perf_counter() - start) / 60, 2),
                "pixels": int(counts.sum()),
            }
        )
    )


def run_large(scene: Scene, keep, quick: bool) -> None:
    """The part `large`, in a process of its own."""
    side = 600 if quick else SIDE
    dam = scene.names["satellite"]["itaipu"]
    eight = (dam >> 6).clip(0, 255).astype("uint8")
    name = f"a PNG, {side:,} x {side:,}, 8 bits"
    if not keep.has("large", name, seed=0):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "large.png")
            write_large(path, side, eight)
            done = subprocess.run(
                [sys.executable, __file__, "--map", str(path), str(Path(folder, "cover.png"))],
                capture_output=True,
                text=True,
                check=True,
            )
        keep.add("large", name, {"seed": 0, **json.loads(done.stdout.splitlines()[-1])})


def main(arguments=None) -> None:
    """Read the command line and run what is missing in the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {
        "choices": run_choices,
        "results": run_results,
        "raleigh": run_raleigh,
        "splits": run_splits,
        "large": run_large,
    }
    parser.add_argument("--quick", action="store_true", help="a try of half a minute")
    parser.add_argument("--only", choices=parts, help="one part of the report")
    parser.add_argument("--out", type=Path, help="where the report goes")
    parser.add_argument("--map", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.map:
        map_large(*given.map)
        return
    keep = Report(given.out or (OUT.with_name("satellite_quick.json") if given.quick else OUT))
    scene = Scene(3 if given.quick else STEPS)
    for name, run in parts.items():
        if given.only in (None, name):
            run(scene, keep, given.quick)


if __name__ == "__main__":
    main()
