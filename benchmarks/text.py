"""What chapter 11's readers make wrong: numbers with several seeds, print by typeface, and Tesseract beside them.

    python benchmarks/text.py            numbers and print; some minutes on two cores
    python benchmarks/text.py --quick    one seed, a few steps: a try, which writes nothing without --out FILE
    python benchmarks/text.py --only print

`numbers` runs the chapter's own cells with other seeds: another classifier, other lines to train on, on
the same test lines. `print` reads the lines of data/datasets/print.npz with the committed weights, by
typeface, and the page that comes with scikit-image, with the crops and the code of the chapter. If the
program tesseract is installed, or TESSERACT names it, it reads the same lines, enlarged three times, one
line at a time, with its English model; otherwise its committed figures stay. Results are written to
benchmarks/results/text.json.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["KERAS_HOME"] = str(ROOT / "data")

import numpy as np  # noqa: E402  (the settings must stand first)
from PIL import Image  # noqa: E402

from tools.book import read_notebook  # noqa: E402

CHAPTER = ROOT / "notebooks" / "11_text.ipynb"
RESULTS = ROOT / "benchmarks" / "results" / "text.json"
NUMBERS = (
    "home", "setup", "files", "split", "template", "network", "train-one", "slider", "paths", "compose",
    "composed", "reader", "edits", "plain", "compare", "read-all", "apart-read",
)  # fmt: skip
PRINT = (
    "home", "setup", "files", "paths", "edits", "print-weights", "print-network", "print-lines", "print-read",
    "inked", "page-crops", "page-read",
)  # fmt: skip
SEEDS = 5


def run(parts: tuple[str, ...], changes: dict[str, str]) -> dict:
    """The names after the chapter's cells text-PART, with changes to their source."""
    sources = {cell.id: cell.source for cell in read_notebook(CHAPTER).cells}
    space = {"__name__": "chapter", "os": os}
    for part in parts:
        source = sources[f"text-{part}"]
        for old, new in changes.items():
            source = source.replace(old, new)
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, part, "exec", dont_inherit=True), space)
    return space


def numbers(seed: int, quick: bool) -> dict[str, dict]:
    """Way -> its errors on the chapter's test lines, everything trained with this seed."""
    changes = {
        "set_random_seed(11)": f"set_random_seed({11 + 100 * seed})",
        "default_rng(1)": f"default_rng({1 + 100 * seed})",
        "default_rng(4)": f"default_rng({4 + 100 * seed})",
        "assert ": "assert True or ",  # bounds of the chapter's own run
    }
    if quick:
        changes |= {"range(7)": "range(1)", "composed(400 * 16": "composed(4 * 16"}
    start = time.perf_counter()
    space = run(NUMBERS, changes)
    seconds = round(time.perf_counter() - start)
    true = space["true"]["test"]
    return {
        name: {
            "seed": seed,
            "character_error": round(space["error_rate"](came, true), 4),
            "whole_right": round(float(np.mean([a == b for a, b in zip(came, true, strict=True)])), 4),
            "apart": round(space["apart"][name], 4),
            "seconds": seconds,
        }
        for name, came in space["texts_of"].items()
    }


def tesseract(ink: np.ndarray) -> str:
    """What Tesseract reads in a line of ink."""
    program = os.environ.get("TESSERACT") or shutil.which("tesseract")
    grey = np.pad(255 - ink.astype("uint8"), 12, constant_values=255)
    picture = Image.fromarray(grey)
    file = io.BytesIO()
    picture.resize((3 * picture.width, 3 * picture.height), Image.Resampling.BICUBIC).save(file, "PNG")
    done = subprocess.run(
        [program, "stdin", "stdout", "--psm", "7", "-l", "eng"],
        input=file.getvalue(), capture_output=True, check=True,
    )  # fmt: skip
    return " ".join(done.stdout.decode("utf-8").split())


def judged(space: dict, read, parts: tuple[str, ...]) -> dict:
    """Errors of a way to read, by typeface, by part and on the page."""
    rate, printed = space["error_rate"], space["printed"]
    came = {}
    for part in parts:
        rows = space["of_part"][part]
        came |= dict(zip(rows.tolist(), read([space["inks"][n] for n in rows]), strict=True))
    wanted = {n: str(printed["texts"][n]) for n in came}

    def over(kind: str, name: str) -> float:
        rows = [n for n in came if printed[kind][n] == name]
        return round(rate([came[n] for n in rows], [wanted[n] for n in rows]), 4)

    page = read([np.pad(cut, ((0, 0), (4, 4))) for cut in space["cuts"]])
    true = list(space["page_lines"].values())
    words = [word in text.split() for text, line in zip(page, true, strict=True) for word in line.split()]
    return {
        "faces": {
            str(face): over("faces", face) for face in dict.fromkeys(printed["faces"][n] for n in came)
        },
        **{part: over("parts", part) for part in parts},
        "page": round(rate(page, true), 4),
        "words": f"{sum(words)} of {len(words)}",
        "texts": page,
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed, a few steps, nothing written")
    parser.add_argument("--only", choices=("numbers", "print"))
    parser.add_argument("--seeds", type=int, nargs="+", default=range(SEEDS), help="which (all)")
    parser.add_argument("--out", type=Path, help="another file than the committed one")
    given = parser.parse_args(arguments)
    path = given.out or RESULTS
    report = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if given.only != "print":
        asked = [0] if given.quick else given.seeds
        runs = {
            name: [run for run in each if run["seed"] not in asked]
            for name, each in report.get("numbers", {}).items()
        }
        for seed in asked:
            for name, each in numbers(seed, given.quick).items():
                runs.setdefault(name, []).append(each)
                print(f"{name}, seed {seed}: {each}", flush=True)
        report["numbers"] = {name: sorted(each, key=lambda run: run["seed"]) for name, each in runs.items()}
    if given.only != "numbers":
        space = run(PRINT, {"assert ": "assert True or "})
        found = report.get("print", {})
        found["this chapter's reader"] = [judged(space, space["read_print"], ("train", "validation", "test"))]
        if given.quick:
            pass
        elif os.environ.get("TESSERACT") or shutil.which("tesseract"):
            found["Tesseract 5.3"] = [judged(space, lambda inks: list(map(tesseract, inks)), ("test",))]
        else:
            print("Tesseract: skipped, the program is not installed.")
        for name, runs in found.items():
            print(name, {key: value for key, value in runs[0].items() if key != "texts"})
        report["print"] = found
    if given.out or not given.quick:
        path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
