"""The cut-out photographs: what the card says, a split that keeps its word, and a tool that fails well."""

import hashlib
import io
import re
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from tools.data import build_stamps
from tools.data.build_stamps import CLASSES, PARTS, POOL, SAME_THING, split, stored_name
from tools.rules.data_cards import cards

ROOT = Path(__file__).resolve().parents[1]
ZIP = ROOT / "data" / "datasets" / "stamps.zip"
CARD = cards(ROOT)["datasets/stamps.zip"]


@pytest.fixture(scope="module")
def pictures():
    """part/class/name -> picture, for every picture in the zip."""
    with zipfile.ZipFile(ZIP) as archive:
        names = [name for name in archive.namelist() if name.endswith(".webp")]
        return {
            name.removesuffix(".webp"): Image.open(io.BytesIO(archive.read(name))).copy() for name in names
        }


# --- what lies in the zip ------------------------------------------------------------------


def test_zip_as_the_card_says():
    content = ZIP.read_bytes()
    assert len(content) < 3_000_000
    assert f"{len(content):,} bytes" in CARD
    assert hashlib.sha256(content).hexdigest() in CARD


def test_counts_as_the_card_says(pictures):
    assert f"\n{len(pictures)} photographs" in CARD
    counts = Counter(tuple(name.split("/")[:2]) for name in pictures)
    written = re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| (\d+) \| (\d+) \| (\d+) \|$", CARD)
    assert [row[0] for row in written] == list(CLASSES)
    for kind, *row in written:
        assert [int(number) for number in row] == [counts[part, kind] for part in PARTS]
        assert counts["train", kind] >= POOL
        assert counts["test", kind] - counts["validation", kind] in (0, 1)


def test_entries_sorted_undated_and_licensed():
    with zipfile.ZipFile(ZIP) as archive:
        names = archive.namelist()
        assert names == sorted(set(names))
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        for name in ("LICENSE.txt", "README.txt"):
            assert archive.read(name) == (ROOT / "tools" / "data" / "stamps" / name).read_bytes()


def test_credits_name_pictures_that_are_there(pictures):
    stored = {name.split("/", 1)[1] for name in pictures}
    notes = (ROOT / "tools" / "data" / "stamps" / "README.txt").read_text("utf-8")
    named = set(re.findall(rf"\b(?:{'|'.join(CLASSES)})/\w+", notes))
    assert named and named <= stored


def test_every_picture_is_a_cut_out(pictures):
    for name, picture in pictures.items():
        assert picture.mode == "RGBA", name
        assert picture.getchannel("A").getextrema() == (0, 255), name
        assert max(picture.size) <= build_stamps.LONGER_SIDE, name


# --- the split -----------------------------------------------------------------------------


def test_parts_follow_from_the_names(pictures):
    for kind, (_, listed) in CLASSES.items():
        names = [stored_name(kind, picture) for picture in listed.split()]
        assert len(set(names)) == len(names)
        parts = split(names)
        assert parts == split(reversed(names))  # the order of the list plays no part
        for part in PARTS:
            stored = {name.split("/", 1)[1] for name in pictures if name.startswith(f"{part}/{kind}/")}
            assert stored == set(parts[part])


def test_the_same_thing_stays_in_one_part(pictures):
    part_of = dict(name.split("/", 1)[::-1] for name in pictures)
    assert len(part_of) == len(pictures)
    for line in SAME_THING:
        assert len({part_of[name] for name in line.split()}) == 1, line


def test_no_picture_twice(pictures):
    digests = [hashlib.sha256(picture.tobytes()).digest() for picture in pictures.values()]
    assert len(set(digests)) == len(digests)


def outline(picture):
    """Where a picture gets lighter and darker, as a vector of length 1: close if two look alike."""
    grey = Image.new("RGB", picture.size, (128, 128, 128))
    grey.paste(picture, (0, 0), picture)
    grey = np.asarray(grey.convert("L").resize((32, 32), Image.Resampling.BOX), float)
    steps = np.concatenate([np.diff(grey, axis=0).ravel(), np.diff(grey, axis=1).ravel()])
    return steps / np.linalg.norm(steps)


def test_no_look_alikes_in_two_parts(pictures):
    """Nothing in two parts looks alike, mirrored or not. The measure does find copies."""
    names = list(pictures)
    plain = np.array([outline(pictures[name]) for name in names])
    mirrored = np.array([outline(ImageOps.mirror(pictures[name])) for name in names])
    alike = np.maximum(plain @ plain.T, plain @ mirrored.T)
    part = np.array([name.split("/")[0] for name in names])
    alike[part[:, None] == part] = 0
    one, other = np.unravel_index(alike.argmax(), alike.shape)
    assert alike.max() < 0.7, f"{names[one]} and {names[other]} look alike"

    green, red = (pictures[f"train/food/apple_{colour}"] for colour in ("green", "red"))
    assert outline(green) @ outline(ImageOps.mirror(red)) > 0.8  # one photograph, mirrored and recoloured
    bear = pictures["train/mammal/bear"]
    copy = ImageOps.mirror(ImageOps.scale(bear, 0.7))
    assert outline(copy) @ outline(ImageOps.mirror(bear)) > 0.9


# --- the tool ------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with two classes of two pictures, and a place for the zip."""
    monkeypatch.setattr(
        build_stamps, "CLASSES", {"bird": ("animals", "Owl hen-2"), "object": (".", "mug saw")}
    )
    folder = tmp_path / "stamps"
    for number, name in enumerate(["animals/birds/Owl", "animals/hen-2", "mug", "tools/saw"]):
        picture = Image.new("RGBA", (300, 40), (0, 0, 0, 0))
        picture.paste((50 * number, 90, 200, 255), (20, 10, 270, 30))
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    (folder / "cartoon").mkdir()
    picture.save(folder / "cartoon" / "mug.png")  # a cartoon of the same name
    return folder


def test_builds_the_same_bytes_again(package, tmp_path, capsys):
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    build_stamps.main([str(package), "--target", str(first)])
    build_stamps.main([str(package), "--target", str(second)])
    assert first.read_bytes() == second.read_bytes()
    assert f"wrote first.zip, {first.stat().st_size:,} bytes" in capsys.readouterr().out
    with zipfile.ZipFile(first) as archive:
        assert "train/bird/hen_2.webp" in archive.namelist()
        picture = Image.open(io.BytesIO(archive.read("train/bird/owl.webp")))
        assert picture.mode in ("RGB", "RGBA") and picture.size == (192, 15)  # trimmed, then shrunk


def remove(package):
    (package / "tools" / "saw.png").unlink()


def double(package):
    (package / "mug.png").rename(package / "animals" / "Owl.png")


def damage(package):
    (package / "mug.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")


def cut_off(package):
    Image.effect_noise((200, 200), 80).save(package / "mug.png")
    content = (package / "mug.png").read_bytes()
    (package / "mug.png").write_bytes(content[: len(content) // 2])


def make_invisible(package):
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(package / "mug.png")


@pytest.mark.parametrize(
    "spoil, sentence",
    [
        (remove, r"stamps holds 0 pictures named saw\.png instead of one\."),
        (double, r"animals holds 2 pictures named Owl\.png instead of one\."),
        (damage, r"mug\.png cannot be read as a picture\."),
        (cut_off, r"mug\.png cannot be read as a picture\."),
        (make_invisible, r"mug\.png is transparent all over\."),
    ],
)
def test_bad_pictures_are_named(package, tmp_path, spoil, sentence):
    spoil(package)
    refused(package, tmp_path, sentence)


def test_missing_folder_is_named(package, tmp_path):
    refused(
        tmp_path / "nowhere", tmp_path, r"nowhere is not there: install or unpack tuxpaint-stamps-default\."
    )


def test_full_disk_leaves_nothing_behind(package, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    refused(package, tmp_path, r"stamps\.zip was not written: No space left on device\.")


def refused(folder, tmp_path, sentence):
    """One sentence, the old zip untouched, and nothing beside it."""
    out = tmp_path / "out"
    out.mkdir()
    target = out / "stamps.zip"
    target.write_bytes(b"the old one")
    with pytest.raises(SystemExit, match=rf"^build_stamps\.py: [^\n]*{sentence}$"):
        build_stamps.main([str(folder), "--target", str(target)])
    assert target.read_bytes() == b"the old one"
    assert list(out.iterdir()) == [target]
