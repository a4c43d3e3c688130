"""How well chapter 16's ways to watch a cage do, over several seeds.

    python benchmarks/video.py            everything; about ten minutes on two cores
    python benchmarks/video.py --quick    few steps, one seed: a try of half a minute

All functions are those of the chapter's own cells. `trials` hold what was tried for the autoencoder (rate, bend,
steps) and for PCA (how many numbers), seed 0, with the share of the variance that is left of the frames learned
from and of the usual frames held back. Of 300 steps, all that a notebook has time for, the smallest share held
back was chosen, so no unusual frame took part. (PCA keeps the eight numbers of the autoencoder.) `results` judges
each way on the later frames, with the score as the mean over the error map; `spots` with the largest mean over 5x5
pixels. `light` counts the frames of two planted clips above the limit, for the autoencoder trained as in the
chapter, and with frames made darker or brighter at random.
What the committed results hold already is not measured again; --fresh begins anew.
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

import numpy as np  # noqa: E402  (the settings must stand first)
import tensorflow as tf  # noqa: E402
from _report import Report, run_cells, sources  # noqa: E402
from scipy.ndimage import uniform_filter  # noqa: E402

OUT = ROOT / "benchmarks" / "results" / "video.json"
CELLS = (
    "setup birds moved-16-code code-16-network code-16-prepared code-16-training limit-16-code limit-16-night-code "
    "time-16-next-code fault-16-planted fault-16-remedies-code"
).split()
SEEDS = range(3)  # in changing light
TRIALS = [
    {"rate": 0.01, "bend": "elu", "steps": 300},
    {"rate": 0.003, "bend": "elu", "steps": 300},
    {"rate": 0.01, "bend": "relu", "steps": 300},
    {"rate": 0.003, "bend": "relu", "steps": 300},
    {"rate": 0.01, "bend": "elu", "steps": 600},
]
NUMBERS = (2, 4, 8, 16, 32)  # of PCA


def chapter() -> dict:
    """The names of the chapter's cells that define its functions and data."""
    space = run_cells("16_video", CELLS, {"RAW": ""})
    pca = sources("16_video")["code-16-pca-code"].split("\n\n\ndef by_network")[0]
    exec(compile(pca, "pca", "exec"), space)
    return space


class Scene:
    """The chapter's frames and functions, and the ways that are compared."""

    def __init__(self, share: float):
        self.names, self.share = chapter(), share  # of the steps, in a quick try
        self.frames, self.z, self.learn, self.hold, self.later, self.usual, self.label = (
            self.names[name] for name in ("frames", "z", "learn", "hold", "later", "usual", "label")
        )

    def steps(self, count: int) -> int:
        return max(3, round(count * self.share))

    def with_bend(self, bend: str):
        """The chapter's autoencoder with another activation function."""
        cells = sources("16_video")
        space = dict(self.names)
        exec(cells["code-16-network"].replace('"elu"', f'"{bend}"'), space)
        return space["autoencoder"]

    def drawn(self, model, clip):
        """Squared error of each pixel after an autoencoder of prepared frames."""
        x = ((clip - self.names["mean_frame"]) / self.names["spread"])[..., None]
        return ((x[..., 0] - self.names["answered"](model, x)) * self.names["spread"]) ** 2

    def autoencoder(self, seed: int, rate=0.01, bend="elu", steps=300):
        x = self.z[self.learn]
        return self.names["trained"](self.with_bend(bend), x, x, self.steps(steps), rate, seed)

    def lit(self, seed: int):
        """The autoencoder, trained on frames made darker or brighter at random."""
        rng = np.random.default_rng(seed)
        rows = np.concatenate([self.learn] * 9)[: 8 * 300]
        light = rng.uniform(0.65, 1.05, (len(rows), 1, 1)).astype("float32")
        x = ((self.frames[rows] * light - self.names["mean_frame"]) / self.names["spread"])[..., None]
        return self.names["trained"](self.names["autoencoder"], x, x, self.steps(300), 0.01, seed)

    def raw(self, seed: int):
        """Squared errors of the autoencoder that gets raw pixels from 0 to 1."""
        x = self.frames[..., None] / 255
        model = self.names["trained"](
            self.names["autoencoder"], x[self.learn], x[self.learn], self.steps(300), 0.01, seed
        )
        return (self.frames - self.names["answered"](model, x) * 255) ** 2

    def guessed(self, seed: int):
        """Squared errors of the next frame, predicted from three."""
        threes, z, learn = self.names["threes"](self.z), self.z, self.learn
        whole = learn[np.isin(learn - 3, learn)]
        model = self.names["trained"](
            self.names["next_frame"], threes[whole - 3], z[whole], self.steps(300), 0.003, seed
        )
        error = (self.names["answered"](model, threes) - z[3:, ..., 0]) ** 2 * self.names["spread"] ** 2
        return np.concatenate([0 * self.frames[:3], error])

    def by_pca(self, numbers: int):
        mean = self.names["mean_frame"]
        flat = (self.frames[self.learn] - mean).reshape(len(self.learn), -1)
        parts = np.linalg.svd(flat, full_matrices=False)[2][:numbers]
        rest = (self.frames - mean).reshape(len(self.frames), -1)
        return ((rest - rest @ parts.T @ parts) ** 2).reshape(self.frames.shape)

    def fit(self, maps) -> dict:
        left = self.names["left"]
        return {
            "left": round(float(left(maps[self.learn])), 4),
            "held_back": round(float(left(maps[self.hold])), 4),
        }

    def judged(self, each) -> dict:
        """AUC, events found and false alarms of scores, on the later frames."""
        limit, area = each[self.hold].max(), self.names["area"]
        flagged = np.where(np.isin(np.arange(len(each)), self.later), each, 0)
        runs = self.names["alarms"](flagged, limit)
        return {
            **{
                word: round(
                    float(area(each[self.later][self.label[self.later] == kind], each[self.usual])), 4
                )
                for kind, word in ((1, "flights"), (2, "perches"))
            },
            "found": sum(bool((flagged[a : b + 1] > limit).any()) for a, b, _ in self.names["events"][1:]),
            "false": sum(not self.label[a : b + 1].any() for a, b in runs),
            "usual_flagged": int((each[self.usual] > limit).sum()),
        }


def spot(maps) -> np.ndarray:
    """The largest mean over 5x5 pixels of each error map."""
    return uniform_filter(maps, (0, 5, 5)).max(axis=(1, 2))


def run_trials(scene: Scene, keep, quick: bool) -> None:
    """The part `trials`."""
    for trial in TRIALS[:1] if quick else TRIALS:
        name = "rate {rate}, {bend}, {steps} steps".format(**trial)
        if not keep.has("trials", name, seed=0):
            maps = scene.drawn(scene.autoencoder(0, **trial), scene.frames)
            keep.add("trials", name, {"seed": 0, **trial, **scene.fit(maps)})
    for numbers in NUMBERS:
        if not keep.has("trials", f"PCA of {numbers}", seed=0):
            keep.add("trials", f"PCA of {numbers}", {"seed": 0, **scene.fit(scene.by_pca(numbers))})


def run_results(scene: Scene, keep, quick: bool) -> None:
    """The parts `results` and `spots`."""
    frames, names = scene.frames, scene.names
    ways = {
        "frame difference": (1, lambda seed: names["difference"](frames)),
        "next frame predicted": (3, scene.guessed),
        "background": (1, lambda seed: names["subtracted"](frames)),
        "mean frame": (1, lambda seed: (frames - names["mean_frame"]) ** 2),
        "nearest frame": (1, lambda seed: names["nearest"](frames)),
        "PCA of 8": (1, lambda seed: scene.by_pca(8)),
        "autoencoder of 8": (5, lambda seed: scene.drawn(scene.autoencoder(seed), frames)),
        "the same on raw pixels": (3, scene.raw),
    }
    for name, (seeds, make) in ways.items():
        for seed in range(1 if quick else seeds):
            if keep.has("results", name, seed=seed):
                continue
            start = time.perf_counter()
            maps = make(seed)
            seconds = round(time.perf_counter() - start, 1)
            both = {"results": names["score"](maps), "spots": spot(maps)}
            for part, each in both.items():
                keep.add(
                    part, name, {"seed": seed, **scene.judged(each), **scene.fit(maps), "seconds": seconds}
                )


def run_light(scene: Scene, keep, quick: bool) -> None:
    """The part `light`."""
    score, planted = scene.names["score"], scene.names["planted"]
    ways = {"as before": scene.autoencoder, "in changing light": scene.lit}
    for name, make in ways.items():
        for seed in range(1) if quick else SEEDS:
            if keep.has("light", name, seed=seed):
                continue
            model = make(seed)
            each = score(scene.drawn(model, scene.frames))
            limit = each[scene.hold].max()
            flagged = {
                word: int((score(scene.drawn(model, planted[clip])) > limit).sum())
                for word, clip in (("lamp", "fading lamp"), ("stain", "stain"))
            }
            keep.add("light", name, {"seed": seed, **flagged, **scene.judged(each)})


def main(arguments=None) -> None:
    """Read the command line and run what is missing in the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {"results": run_results, "light": run_light, "trials": run_trials}
    parser.add_argument("--quick", action="store_true", help="a try of half a minute")
    parser.add_argument("--fresh", action="store_true", help="measure everything again")
    parser.add_argument("--only", choices=parts, help="one part of the report")
    parser.add_argument("--out", type=Path, help="where the report goes")
    given = parser.parse_args(arguments)
    out = given.out or (OUT.with_name("video_quick.json") if given.quick else OUT)
    keep = Report(out, given.fresh or given.quick)
    tf.config.run_functions_eagerly(given.quick)  # a try has too few steps to be worth compiling
    scene = Scene(0.01 if given.quick else 1)
    for name, run in parts.items():
        if given.only in (None, name):
            run(scene, keep, given.quick)


if __name__ == "__main__":
    main()
