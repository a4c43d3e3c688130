"""`make bench QUICK=1` runs every benchmark through, and what it says of the networks is what is committed."""

import ast
import csv
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from test_results import FEWER_DRAWS, of_draws
from tools.book import Book

ROOT = Book().root


# To import TensorFlow takes five seconds. Where a process can be copied, one imports it for all: every benchmark
# runs in a copy of its own, in which nothing has run before it.
WARM = """
import json, os, runpy, sys, traceback
import keras, tensorflow

for line in sys.stdin:
    arguments, errors = json.loads(line)
    copy = os.fork()
    if copy:
        print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]), flush=True)
        continue
    nothing, wrong = os.open(os.devnull, os.O_RDWR), os.open(errors, os.O_WRONLY | os.O_CREAT, 0o600)
    for ours, theirs in ((0, nothing), (1, nothing), (2, wrong)):
        os.dup2(theirs, ours)
    sys.argv[:], sys.path[0], code = arguments, os.path.dirname(arguments[0]), 0
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        print(end.code or "", file=sys.stderr)
    except BaseException:
        code = traceback.print_exc() or 1
    sys.stderr.flush()
    os._exit(code)
"""


@pytest.fixture(scope="module")
def quick():
    """quick(script, out): run a benchmark's quick mode; the report that it writes."""
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_HOME": str(ROOT / "data"),
        "MPLBACKEND": "Agg",
    }
    warm = None

    def run(script, out):
        nonlocal warm
        command, errors = (
            [str(ROOT / "benchmarks" / script), "--quick", "--out", str(out)],
            Path(f"{out}.errors"),
        )
        if sys.platform != "linux":
            with errors.open("w") as file:
                code = subprocess.run(
                    [sys.executable, *command], stderr=file, env=environment, timeout=600
                ).returncode
        else:
            if warm is None or warm.poll() is not None:  # none yet, or one that took too long
                warm = subprocess.Popen(
                    [sys.executable, "-c", WARM],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env=environment,
                    start_new_session=True,
                )
            end = threading.Timer(600, os.killpg, [warm.pid, signal.SIGKILL])
            end.start()
            print(json.dumps([command, str(errors)]), file=warm.stdin, flush=True)
            code = int(warm.stdout.readline() or -1)
            end.cancel()
        assert code == 0, errors.read_text("utf-8", "replace")[-2000:]
        return json.loads(out.read_text("utf-8"))

    yield run
    if warm:
        warm.kill()  # nothing is under way; its end would take TensorFlow two seconds
        warm.wait()


def committed(name: str) -> dict:
    return json.loads((ROOT / "benchmarks" / "results" / name).read_text("utf-8"))


def test_networks(quick, tmp_path):
    tried = quick("fashion.py", tmp_path / "fashion.json")["results"]
    full = committed("fashion.json")["results"]
    assert list(tried) == list(full)
    for name, runs in full.items():
        for figure in ("parameters", "multiply_adds", "batch", "epochs_published"):
            assert tried[name][0][figure] == runs[0][figure], (name, figure)
        assert tried[name][0]["seconds"] > 0
        assert 0 <= tried[name][0]["final_accuracy"] <= 1


def test_choices(quick, tmp_path):
    tried, full = quick("choices.py", tmp_path / "choices.json"), committed("choices.json")
    for part in ("choices", "stages"):
        assert list(tried[part]) == list(full[part])
        for name, runs in full[part].items():
            assert [run["seed"] for run in runs] == [0, 1, 2]
            assert tried[part][name][0]["parameters"] == runs[0]["parameters"], name


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ("parameters", lambda s, r: r["ours"][0]["parameters"] <= 60_000),
        ("accuracy", lambda s, r: s["accuracy_mean"] >= 0.915 and len(r["ours"]) == 3),
        ("time against Hands-On", lambda s, r: s["times_faster_than_hands_on"] >= 25),
        ("time against TensorFlow", lambda s, r: s["times_faster_than_tf_tutorial"] >= 3),
    ],
)
def test_the_committed_results_keep_the_promise(claim, holds):
    """The bar that the chapter's network was built for, read from the measured file."""
    report = committed("fashion.json")
    assert holds(report["summary"], report["results"]), (claim, report["summary"])


def test_transfer(quick, tmp_path):
    """Every way to learn runs with what was chosen for it; ImageNet's where its file is."""
    tried = quick("transfer.py", tmp_path / "transfer.json")["results"]
    ways = list(committed("transfer.json")["results"])
    if not (ROOT / "data/models/mobilenet_2_5_224_tf_no_top.h5").exists():
        ways = [name for name in ways if "ImageNet" not in name]
    assert list(tried) == ways
    assert all(0 <= run["accuracy"] <= 1 for runs in tried.values() for run in runs)


def test_satellite(quick, tmp_path):
    """A threshold gives what is committed, the networks are as large, and a larger picture is mapped whole."""
    tried, full = quick("satellite.py", tmp_path / "satellite.json"), committed("satellite.json")
    fixed = "three thresholds"
    assert tried["results"][fixed][0]["accuracy"] == full["results"][fixed][0]["accuracy"]
    for name in ("logistic, 1x1", "U-Net"):
        assert tried["results"][name][0]["parameters"] == full["results"][name][0]["parameters"]
    (there,), (stands,) = (report["raleigh"]["logistic, 1x1"] for report in (tried, full))
    assert there["as_the_rule"] == pytest.approx(stands["as_the_rule"], abs=0.002)
    ((run,),) = tried["large"].values()
    assert run["pixels"] == 600 * 600


def test_text(quick, tmp_path):
    """Templates and the committed reader of print make the committed errors; the networks of numbers run."""
    tried, full = quick("text.py", tmp_path / "text.json"), committed("text.json")
    assert list(tried["numbers"]) == list(full["numbers"])
    for figure in ("character_error", "whole_right", "apart"):
        assert tried["numbers"]["template"][0][figure] == full["numbers"]["template"][0][figure], figure
    assert list(tried["print"]) == ["this chapter's reader"]  # Tesseract is not asked
    (run,), (stands,) = (report["print"]["this chapter's reader"] for report in (tried, full))
    assert run["faces"] == pytest.approx(stands["faces"], abs=0.003)
    assert run["page"] == pytest.approx(stands["page"], abs=0.01)


def test_faces(quick, tmp_path):
    """Pixels give what is committed, on the one round that the quick try makes."""
    tried, full = quick("faces.py", tmp_path / "faces.json"), committed("faces.json")
    (run,) = tried["results"]["pixels"]
    (stands,) = [each for each in full["results"]["pixels"] if each["fold"] == 0]
    for how, area in stands["areas"].items():
        assert run["areas"][how] == pytest.approx(area, abs=1e-4)
    assert 0 <= tried["results"]["network"][0]["areas"]["none"] <= 1


def test_depth(quick, tmp_path):
    """Small networks are trained, and the plain ones are as large as what is committed."""
    tried, full = quick("depth.py", tmp_path / "depth.json"), committed("depth.json")
    for name in ("1 layer", "2 layers", "4 layers"):
        run, stands = (
            next(
                run
                for run in report["results"][name]
                if (run["kind"], run["limit"]) == ("plain", "parameters")
            )
            for report in (tried, full)
        )
        for figure in ("width", "parameters", "multiplications"):
            assert run[figure] == stands[figure], (name, figure)
        assert 0 <= run["test"] <= 1


def test_dials(quick, tmp_path):
    """Two small networks are trained, and are as large as what is committed."""
    tried, full = quick("dials.py", tmp_path / "dials.json"), committed("dials.json")
    assert sorted(tried["results"]) == ["side 14", "side 7"]
    for name, runs in tried["results"].items():
        (run,) = runs
        stands = next(each for each in full["results"][name] if each["width"] == run["width"])
        for figure in ("parameters", "multiplications"):
            assert run[figure] == stands[figure], (name, figure)
        assert 0 <= run["test"] <= 1


def piece(script: str, name: str, **given):
    """A constant or a function of a benchmark, without the rest of the script, which loads TensorFlow."""
    tree = ast.parse((ROOT / "benchmarks" / script).read_text("utf-8"))
    (part,) = (
        each
        for each in tree.body
        if name in ([ast.unparse(t) for t in each.targets] if isinstance(each, ast.Assign) else [])
        or isinstance(each, ast.FunctionDef)
        and each.name == name
    )
    exec(compile(ast.Module([part], []), script, "exec"), given)
    return given[name]


def test_plans_of_dials_and_depth_are_what_their_reports_hold():
    """No setting stands in a script that nobody measured; each has three seeds, and no other is in the report."""
    planned = {(f"side {side}", width) for side, width in piece("dials.py", "SETTINGS")}
    for part, runs in committed("dials.json").items():
        assert {(name, run["width"]) for name in runs for run in runs[name]} == planned, part
    plans = piece("depth.py", "plans", KINDS=("plain", "residual", "normalised", "skips"))()
    assert len(plans) == len(set(plans))
    for part, runs in committed("depth.json").items():
        found = {
            (run["limit"], run["kind"], int(name.split()[0])) for name, some in runs.items() for run in some
        }
        assert found == set(plans), part
    for report in ("dials.json", "depth.json"):
        seeds = {}
        for name, runs in committed(report)["results"].items():
            for run in runs:
                which = name, run.get("width"), run.get("limit"), run.get("kind")
                seeds.setdefault(which, []).append(run["seed"])
        assert all(sorted(each) == [0, 1, 2] for each in seeds.values()), report


def test_speed_run(quick, tmp_path):
    """Every trial and every network of the comparison is tried, and is as large as what is committed."""
    tried, full = quick("speed_run.py", tmp_path / "speed_run.json"), committed("speed_run.json")
    for part in ("steps", "longer", "results"):
        expected = set(full[part]) - ({"ours"} if part == "results" else set())
        assert set(tried[part]) == expected, part
        for name in expected:
            (run,), stands = tried[part][name], full[part][name][0]
            for figure in ("parameters", "multiply_adds"):
                assert run[figure] == stands[figure], (part, name, figure)
            assert run.get("recipe") == stands.get("recipe"), (part, name)


def test_scale(quick, tmp_path):
    """Two processes take the steps that are committed, a death changes no weight, each way to a layer is timed."""
    tried, full = quick("scale.py", tmp_path / "scale.json"), committed("scale.json")
    (run,), (stands, *others) = (
        [run for run in report["several"]["tensorflow"] if run["members"] == 2] for report in (tried, full)
    )
    assert len(others) == 4  # five rounds are committed
    assert run["losses"] == pytest.approx(stands["losses"], abs=1e-3)
    ((death,),) = tried["death"].values()
    assert death["started_again_from"] == 10 and death["same_weights"]
    speeds = {way: run["gflops"] for way, (run,) in tried["layer"].items()}
    assert 0 < max(speeds["Python loops"]) < min(speeds["matrix product"])


def test_video(quick, tmp_path):
    """What learns nothing by chance gives what is committed; every network is tried in every part."""
    tried, full = quick("video.py", tmp_path / "video.json"), committed("video.json")
    for part in ("results", "spots", "light"):
        assert set(tried[part]) == set(full[part])
    for name in ("frame difference", "background", "mean frame", "nearest frame", "PCA of 8"):
        (run,), (stands,) = tried["results"][name], full["results"][name]
        for key in ("flights", "perches", "left", "held_back"):
            assert run[key] == pytest.approx(stands[key], abs=2e-4), (name, key)
        assert (run["found"], run["false"]) == (stands["found"], stands["false"])


def test_tags(quick, tmp_path):
    """Six colour numbers on tiles give what is committed; a draw with few scenes is tagged in every part."""
    tried, full = quick("tags.py", tmp_path / "tags.json"), committed("tags.json")
    (run,), (stands,) = tried["tiles"]["mean colour"], full["tiles"]["mean colour"]
    for key in ("map", "all_right", "low", "high"):
        assert run[key] == pytest.approx(stands[key], abs=5e-3), key
    for part in ("scenes", "stamps"):
        assert set(tried[part]) == {"book's", "nearest", "always"}
        assert tried[part]["always"][0]["map"] < tried[part]["book's"][0]["map"] < 1
    assert list(tried["tags"]) == list(full["tags"])


def test_own_photographs(quick, tmp_path):
    """The section's own pictures go through every part; the committed sets are those of the list."""
    tried, full = quick("own_photographs.py", tmp_path / "own.json"), committed("own_photographs.json")
    assert list(tried) == list(full) == ["sections", "shape", "fine"]
    for part in ("sections", "shape"):
        ways = [name.removeprefix("stamps, ") for name in tried[part]]
        for kind in ("things", "food"):
            assert {f"{kind}, {way}" for way in ways} <= set(full[part])
    assert {"section", "first edition", "section, book's", "first edition, book's"} <= {
        name.removeprefix("stamps, ") for name in tried["sections"]
    }
    (own,), (other,) = tried["sections"]["stamps, section"], tried["sections"]["stamps, section, book's"]
    assert own["of"] == 65 and other["behind"] - other["ahead"] == own["right"] - other["right"]
    with (ROOT / "benchmarks/own_photographs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["file"] for row in rows}) == len(rows)
    for name, runs in full["sections"].items():
        assert {run["of"] for run in runs} == {sum(row["set"] == name.split(", ")[0] for row in rows)}, name


def test_a_file_comes_out_of_qts_archive(monkeypatch):
    """A folder with two files, one of them squeezed, written as the tool rcc writes it."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from own_photographs import in_rcc

    names = [("pictures", 0), ("a.webp", 0), ("b.webp", 0)]
    heap, places = b"", []
    for name, number in names:
        places.append(len(heap))
        heap += struct.pack(">HI", len(name), number) + name.encode("utf-16-be")
    plain, squeezed = b"plain", struct.pack(">I", 8) + zlib.compress(b"squeezed")
    blocks = struct.pack(">I", len(plain)) + plain + struct.pack(">I", len(squeezed)) + squeezed
    tree = struct.pack(">IHII", 0, 2, 1, 1) + struct.pack(">IHII", places[0], 2, 2, 2)
    tree += struct.pack(">IHHHI", places[1], 0, 0, 0, 0)
    tree += struct.pack(">IHHHI", places[2], 1, 0, 0, 4 + len(plain))
    head = b"qres" + struct.pack(">4I", 1, 20, 20 + len(tree), 20 + len(tree) + len(blocks))
    found = dict(in_rcc(head + tree + blocks + heap))
    assert found == {"/pictures/a.webp": b"plain", "/pictures/b.webp": b"squeezed"}


def test_things_of_the_scenes_stand_on_one_side(monkeypatch):
    """Shared out anew, as many stamps of a class as before lie in each part, and pictures of one thing together."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import tags

    with zipfile.ZipFile(ROOT / "data/datasets/stamps.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".webp"))
    for seed in tags.STAMPS:
        parts = tags.shared_out_anew(names, seed)
        assert sorted(sum(parts.values(), [])) == names
        for part, some in parts.items():
            kinds = sorted(name.split("/")[1] for name in some)
            assert kinds == sorted(name.split("/")[1] for name in names if name.startswith(f"{part}/"))
        for line in tags.SAME_THING:
            wanted = {f"/{thing}.webp" for thing in line.split()}
            assert (
                sum(any(name.endswith(end) for name in some for end in wanted) for some in parts.values())
                == 1
            )


def test_trust(quick, tmp_path):
    """One short run; the committed report has every seed and every ensemble."""
    (run,) = quick("trust.py", tmp_path / "trust.json")["runs"]["2000"]
    assert 0 <= run["right"] <= 1 and run["temperature"] > 0
    full = committed("trust.json")
    assert {size: len(runs) for size, runs in full["runs"].items()} == {"2000": 9, "10000": 3, "50000": 3}
    assert len(full["ensembles"]["2000"]) == 3


def test_inside(quick, tmp_path):
    """What a probe finds in pixels is what is committed; every part runs; no run is missing."""
    tried, full = quick("inside.py", tmp_path / "inside.json"), committed("inside.json")
    assert set(tried) == set(full)
    for part in ("probes", "others", "units"):
        assert set(tried[part]) == set(full[part]), part
    for kind, runs in full["probes"].items():
        assert [run["draw"] for run in runs] == list(range(10)), kind
        for question in ("stripes", "tint", "animal", "class"):
            found, stands = (np.array(each[0][question]) for each in (tried["probes"][kind], runs))
            assert found.shape == stands.shape == (1 if kind == "pixels" else 14,)
            if kind == "pixels":
                assert np.abs(found - stands).max() < 0.03, question
    for part, blocks in (("cascade", ["head", 13, 11, 9, 5, 0]), ("single", [13, 11, 9, 5, 0])):
        assert list(full[part]) == [str(block) for block in blocks]
        for stage, runs in full[part].items():
            done = sorted((run["way"], run["draw"]) for run in runs)
            assert done == [(way, draw) for way in ("fresh", "shuffled") for draw in range(3)], (part, stage)
    for kind, runs in full["units"].items():
        assert sorted((run["block"], run["seed"]) for run in runs) == [
            (block, seed) for block in (1, 2, 3) for seed in range(3)
        ], kind
    for dose, runs in full["shortcut"].items():
        assert [run["seed"] for run in runs] == list(range(5)), dose


def test_limits(quick, tmp_path):
    """Every part runs; what is counted of networks is what is committed; no method is without its runs."""
    tried, full = quick("limits.py", tmp_path / "limits.json"), committed("limits.json")
    assert set(tried) == set(full)
    for task, runs in tried["others"].items():
        for run in runs:
            (stands,) = [
                each for each in full["others"][task] if (each["who"], each["seed"]) == (run["who"], 0)
            ]
            assert run.get("parameters") == stands.get("parameters"), (task, run["who"])
            assert 0 <= run["right"] <= 1
    assert set(tried["attacks"]) == set(full["attacks"])


def test_the_choices_are_the_best_of_their_trials(monkeypatch):
    """What transfer.py works with is what its committed trials say, and every trial was done."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import transfer

    found = committed("transfer_choices.json")
    assert set(found) == set(transfer.CHOOSING)
    for name, each in found.items():
        kind = transfer.WAYS[name][2]
        assert set(each["trials"]) == {transfer.label(trial) for trial in transfer.TRIALS[kind]}
        assert all(set(runs) == set("01234") for runs in each["trials"].values())
        assert each["choice"] == transfer.choice_of(each["trials"], kind)


def test_what_is_trained_on_is_not_asked(monkeypatch):
    """Where all pictures are shared out anew, no picture and no thing stands on both sides."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import _scenes
    import transfer

    names, thing = _scenes.stamp_names(_scenes.ALL), _scenes.things()
    labels = _scenes.stamps(_scenes.ALL)[1]
    gnus = [n for n, name in enumerate(names) if "/gnu_" in name]
    assert len(gnus) == 4 and len(set(thing[gnus])) == 1
    for draw in range(transfer.DRAWS):
        chosen, asked = _scenes.shared_out(labels, thing, 10, draw)
        assert len(chosen) == len(set(chosen)) == 50
        assert not set(thing[chosen]) & set(thing[asked])
        left_out = set(range(len(names))) - set(chosen) - set(asked)
        assert all(thing[n] in thing[chosen] for n in left_out)  # nothing is left out without a reason


def ten(name: str, part: str = "results", file: str = "transfer.json") -> tuple[float, float]:
    """Mean and spread of the accuracy over the draws of ten pictures of each class, in percent."""
    runs = committed(file)[part][name]
    done = sorted(run["draw"] for run in runs if run["shots"] == 10)
    assert done == list(range(FEWER_DRAWS.get(name, 10)))
    return of_draws(10)(runs)


def at_ten(name: str, part: str = "results") -> float:
    """The mean alone."""
    return ten(name, part)[0]


@pytest.mark.parametrize("part", ["results", "redrawn"])
def test_the_order_of_the_methods(part):
    """Every borrowed way is 8 points ahead of all that borrow nothing, and ImageNet's ahead of the book's."""
    nothing = [at_ten(name, part) for name in ("colours alone", "from scratch", "random, frozen")]
    book = [at_ten(f"book, {how}", part) for how in ("frozen", "fine-tuned")]
    imagenet = [at_ten(f"ImageNet, {how}", part) for how in ("frozen", "fine-tuned")]
    assert max(nothing) + 8 < min(book) and max(book) < min(imagenet)


@pytest.mark.parametrize("left_out", ["bird", "food", "mammal", "object", "plant"])
def test_the_order_does_not_hang_on_one_class(left_out):
    part = f"redrawn_without_{left_out}"
    assert 60 < at_ten("book, frozen", part) < at_ten("ImageNet, frozen", part)


def test_the_books_backbone_on_four_classes():
    """Without the birds; ten pictures of each, all pictures shared out anew in each draw."""
    assert at_ten("book, frozen", "redrawn_without_bird") >= 70


@pytest.mark.parametrize(
    ("trial", "parts", "sentence"),
    [
        ("64", ["results"], "{} at 64x64"),
        ("80", ["results"], "{} at 80x80"),
        ("96", ["results"], "{} at 96x96"),
        ("64_cifar10", ["results"], "CIFAR-10's features reached {} and"),
        ("64_tiny_imagenet", ["results"], "Tiny ImageNet's {};"),
        ("64_cifar10", ["redrawn"], "shared out anew, {} against"),
        ("64_tiny_imagenet", ["redrawn"], "against {} ("),
    ],
)
def test_the_card_of_the_backbone_says_what_was_measured(trial, parts, sentence):
    """The trials by which size and source were chosen, in the words of data/README.md."""
    file = f"transfer_validation_side_{trial}.json"
    figures = ["{} ± {}".format(*ten("book, frozen", part, file)) for part in parts]
    card = " ".join((ROOT / "data/README.md").read_text("utf-8").split())
    assert sentence.format(*figures) in card, figures


def test_80_pixels_were_two_points_better_than_64():
    """Chapter 6 says so; on the validation pictures."""
    of_side = [ten("book, frozen", file=f"transfer_validation_side_{n}.json")[0] for n in (64, 80)]
    assert of_side[1] - of_side[0] > 2
