"""Chapter 6's reader of somebody's own photographs: whatever the files are, it goes on or says why not.

The functions are taken from the notebook, as a reader runs them.
"""

import ast
import contextlib
import importlib.util
import inspect
import io
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import types
import warnings
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import scipy
from PIL import Image

from chapter_cells import READER, defined
from tools.book import Book, read_notebook, tags
from tools.rules.names import names_needed

CHAPTER = Book().root / "notebooks/06_transfer_learning.ipynb"
CELLS = (
    "def uncommented(", "def squared(", "def exposure(", "def files_of(", "def reading(",
    "def collected(", "SETS = ", "def by_folder(", "def usable(", "def ties(", "def groups(",
    "def in_folds(", "def learned(", "def answered(", "def coverage(",
)  # fmt: skip


@pytest.fixture(scope="module")
def chapter():
    """The functions of the section by name."""
    more = {
        "os": os,
        "re": re,
        "scipy": scipy,
        "time": time,
        "zipfile": zipfile,
        "PurePosixPath": PurePosixPath,
    }
    return defined(CHAPTER, CELLS, READER | more)


def scene(seed: int, size=(120, 90)) -> Image.Image:
    """Coloured noise, never the same twice."""
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype="uint8"))


def file(picture: Image.Image, kind="JPEG", **settings) -> bytes:
    """A picture as the bytes of a file."""
    out = io.BytesIO()
    picture.save(out, kind, **settings)
    return out.getvalue()


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def unpacked(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def result(chapter, source) -> tuple[dict[str, int], list[str]]:
    """(number of pictures by class, the lines about what was left out)."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        by_class = chapter["usable"](source)
    return {kind: len(members) for kind, members in by_class.items()}, said.getvalue().splitlines()


CLEAN = {
    f"{kind}/{n}.jpg": file(scene(10 * k + n)) for k, kind in enumerate(("cup", "dog")) for n in range(3)
}


@pytest.mark.parametrize("above", ["", "photos/", "a/b/"])
def test_folder_and_zip_give_the_same(chapter, tmp_path, above):
    files = {above + name: data for name, data in CLEAN.items()}
    folder = unpacked(tmp_path / "folder", files)
    archive = zipped(tmp_path / "files.zip", files)
    assert result(chapter, folder) == result(chapter, archive) == ({"cup": 3, "dog": 3}, [])


def test_windows_paths_and_deeper_folders(chapter, tmp_path):
    deep = {f"dog/2024/march/{n}.jpg": file(scene(50 + n)) for n in range(2)}
    assert result(chapter, zipped(tmp_path / "deep.zip", CLEAN | deep))[0] == {"cup": 3, "dog": 5}
    windows = {name.replace("/", "\\"): data for name, data in CLEAN.items()}
    assert result(chapter, zipped(tmp_path / "windows.zip", windows))[0] == {"cup": 3, "dog": 3}


SIXTEEN = Image.fromarray(np.random.default_rng(1).integers(0, 65536, (40, 40), dtype="uint16"))
TURNED = Image.Exif()
TURNED[0x0112] = 6
GUISES = {
    "cmyk.jpg": file(scene(20).convert("CMYK")),
    "grey.png": file(scene(21).convert("L"), "PNG"),
    "bits.png": file(scene(22).convert("1"), "PNG"),
    "palette.png": file(scene(23).convert("P"), "PNG"),
    "palette.gif": file(scene(24), "GIF"),
    "film.gif": file(scene(25), "GIF", save_all=True, append_images=[scene(26)]),
    "film.png": file(scene(27), "PNG", save_all=True, append_images=[scene(28)]),
    "film.webp": file(scene(29), "WEBP", save_all=True, append_images=[scene(30)]),
    "glass.png": file(scene(31).convert("RGBA"), "PNG"),
    "grey glass.png": file(scene(32).convert("LA"), "PNG"),
    "key.png": file(scene(33).convert("L"), "PNG", transparency=7),
    "sixteen.png": file(SIXTEEN, "PNG"),
    "float.tiff": file(Image.fromarray(np.asarray(scene(34).convert("L"), "float32")), "TIFF"),
    "lab.tiff": file(scene(35).convert("LAB"), "TIFF"),
    "scan.bmp": file(scene(36), "BMP"),
    "progressive.jpg": file(scene(37), progressive=True),
    "turned.jpg": file(scene(38), exif=TURNED),
    "huge.jpg": file(scene(39).resize((5000, 4000))),
    "panorama.png": file(scene(40, (900, 16)), "PNG"),
    "no ending": file(scene(41)),
}


@pytest.mark.parametrize("name", GUISES)
def test_every_guise_is_read(chapter, name):
    picture = chapter["squared"](GUISES[name])
    assert picture.mode == "RGB" and picture.size == (128, 128)


def test_a_turned_picture_stands_upright(chapter):
    half = Image.new("RGB", (64, 64), "white")
    half.paste("black", (0, 0, 32, 64))  # dark on the left
    upright = np.asarray(chapter["squared"](file(half, exif=TURNED)).convert("L"))
    assert upright[:60].mean() < 30 < 200 < upright[70:].mean()  # a quarter turn: dark above


BAD = {
    "cut.jpg": (CLEAN["cup/0.jpg"][:1500], "is damaged; save or download it again"),
    "empty.png": (b"", "is no picture that Pillow knows; save it as JPEG"),
    "text.jpg": (b"no picture", "is no picture that Pillow knows; save it as JPEG"),
    "drawing.svg": (
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "is no picture that Pillow knows; save it as JPEG",
    ),
    "tiny.png": (file(scene(1, (5, 4)), "PNG"), "is too small, 5x4 pixels"),
    "bomb.png": (
        file(Image.new("1", (20000, 20000)), "PNG"),
        "is too large; shrink it to 4,000 pixels a side",
    ),
    "twin.jpg": (CLEAN["cup/0.jpg"], "is the same picture as"),
    ".hidden.jpg": (CLEAN["cup/0.jpg"], "is a hidden file"),
}


@pytest.mark.parametrize("name", BAD)
def test_every_bad_file_is_named_and_the_rest_goes_on(chapter, tmp_path, name):
    data, says = BAD[name]
    counts, said = result(chapter, zipped(tmp_path / "files.zip", CLEAN | {f"dog/{name}": data}))
    assert counts == {"cup": 3, "dog": 3} or name == "twin.jpg"
    (line,) = said
    assert line.startswith("left out: ") and says in line


def test_random_damage_never_stops_it(chapter):
    """300 files with bytes changed or cut off: a picture or a sentence, nothing else."""
    rng = np.random.default_rng(0)
    sources, outcomes = list(GUISES.values()), {"read": 0, "refused": 0}
    for _ in range(300):
        data = bytearray(sources[rng.integers(len(sources))][: 1 << 16])
        for place in rng.integers(len(data), size=rng.integers(1, 30)):
            data[place] = rng.integers(256)
        try:
            chapter["squared"](bytes(data[: rng.integers(1, len(data) + 1)]))
            outcomes["read"] += 1
        except ValueError as problem:
            assert str(problem).startswith("is ")
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 5, outcomes


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "I need two folders with three pictures each."),
        ({"cup/1.jpg": CLEAN["cup/0.jpg"], "cup/2.jpg": CLEAN["cup/1.jpg"]}, "I need two folders"),
        ({"1.jpg": CLEAN["cup/0.jpg"], "2.jpg": CLEAN["cup/1.jpg"]}, "I need two folders"),
    ],
)
def test_too_little_to_learn_from(chapter, tmp_path, files, says):
    with pytest.raises(ValueError, match=says):
        result(chapter, zipped(tmp_path / "files.zip", files))


def test_no_source(chapter, tmp_path):
    broken = tmp_path / "broken.zip"
    broken.write_bytes(zipped(tmp_path / "files.zip", CLEAN).read_bytes()[:2000])
    for source, says in ((tmp_path / "none", "There is no file"), (broken, "is no folder and no zip file")):
        with pytest.raises(ValueError, match=says):
            result(chapter, source)


# ---- Pictures of one thing stay in one fold ---------------------------------------------------


def shot(second: int) -> Image.Exif:
    """The note of a camera: taken so many seconds after noon."""
    note = Image.Exif()
    note.get_ifd(0x8769)[0x9003] = f"2024:05:01 12:{second // 60:02}:{second % 60:02}"
    return note


def read(chapter, source) -> dict:
    """The usable pictures by class."""
    with contextlib.redirect_stdout(io.StringIO()):
        return chapter["usable"](source)


def unlike(count: int) -> np.ndarray:
    """Features of which no two are alike."""
    return np.eye(count)


def test_a_folder_below_the_class_is_one_group(chapter, tmp_path):
    deep = {f"dog/bello/{n}.jpg": file(scene(60 + n)) for n in range(2)}
    by_class = read(chapter, zipped(tmp_path / "files.zip", CLEAN | deep))
    group = chapter["groups"](by_class, unlike(8))
    bello = ["bello" in str(path) for members in by_class.values() for path, *_ in members]
    assert len(set(group[bello])) == 1 and len(set(group)) == 7


def test_a_single_folder_that_holds_a_whole_class_groups_nothing(chapter, tmp_path):
    deep = {name.replace("dog/", "dog/all/"): data for name, data in CLEAN.items()}
    group = chapter["groups"](read(chapter, zipped(tmp_path / "files.zip", deep)), unlike(6))
    assert len(set(group)) == 6


def test_pictures_of_one_minute_are_one_group(chapter, tmp_path):
    seconds = (0, 50, 100, 300)  # the first and third are tied through the second
    timed = {f"dog/t{n}.jpg": file(scene(70 + n), exif=shot(s)) for n, s in enumerate(seconds)}
    by_class = read(chapter, zipped(tmp_path / "files.zip", CLEAN | timed))
    group = chapter["groups"](by_class, unlike(10))
    assert len(set(group)) == 8
    assert len(set(group[6:9])) == 1 and group[9] != group[8]  # t0, t1, t2 against t3


def test_two_folders_are_two_things_however_soon_they_were_photographed(chapter, tmp_path):
    """Each thing has a folder of its own; neither the minute nor a likeness ties them together."""
    folders = ("bello", "bello", "rex", "rex")
    timed = {f"dog/{name}/{n}.jpg": file(scene(70 + n), exif=shot(9 * n)) for n, name in enumerate(folders)}
    by_class = read(chapter, zipped(tmp_path / "files.zip", CLEAN | timed))
    x = unlike(10)
    paths = [str(path) for members in by_class.values() for path, *_ in members]
    first, other = paths.index("dog/bello/0.jpg"), paths.index("dog/rex/2.jpg")
    x[other] = x[first] + 0.01
    group = chapter["groups"](by_class, x)
    assert len(set(group)) == 8 and group[first] != group[other]


def test_equal_confidences_are_answered_together_or_not_at_all(chapter):
    """A threshold that lets in half of a tie would leave a smaller share right than was asked for."""
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.8, 0.2], [0.8, 0.2]])
    assert chapter["threshold"](p, np.array([0, 0, 1, 1]), 0.95) == 0.9


def test_a_time_that_cannot_be_read_is_not_a_number(chapter):
    blank = Image.Exif()
    blank.get_ifd(0x8769)[0x9003] = "0000:00:00 00:00:00"
    for data in (b"", b"no picture", file(scene(1)), file(scene(1), exif=blank)):
        assert np.isnan(chapter["exposure"](data))


def test_pictures_that_are_alike_are_one_group_in_their_class(chapter, tmp_path):
    by_class = read(chapter, zipped(tmp_path / "files.zip", CLEAN))
    x = unlike(6)
    x[1] = x[0] + 0.01  # two cups
    x[4] = x[0] + 0.02  # a dog: another class
    group = chapter["groups"](by_class, x)
    assert group[0] == group[1] != group[4] and len(set(group)) == 5


def test_no_group_is_divided_and_every_class_is_shared_out(chapter):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 20)
    group = 100 * y + rng.integers(0, 8, 60)
    fold = chapter["in_folds"](y, group)
    assert all(len(set(fold[group == each])) == 1 for each in group)
    assert all(len(set(fold[y == k])) == 4 for k in range(3))
    with pytest.raises(ValueError, match="Class dog counts as 1 different things"):
        chapter["in_folds"](y, np.where(y == 1, 7, np.arange(60)), kinds=["cat", "dog", "hen"])


# ---- Folders and names as people have them ------------------------------------------------------


@pytest.mark.parametrize("above", ["", "photos/"])
def test_train_and_test_are_no_classes(chapter, tmp_path, above):
    files = {f"{above}{part}/{name}": data for part, half in (("train", "012"), ("Test", "345"))
             for name, data in CLEAN.items() if name[4] in half}  # fmt: skip
    files |= {f"{above}Test/{kind}/{n}.jpg": file(scene(80 + 10 * k + n)) for k, kind in enumerate(("cup", "dog"))
              for n in range(3)}  # fmt: skip
    counts, said = result(chapter, unpacked(tmp_path / "all", files))
    assert counts == {"cup": 6, "dog": 6} and said == ["shared out anew: Test train"]
    by_class = read(chapter, tmp_path / "all")
    assert len(set(chapter["groups"](by_class, unlike(12)))) == 12  # a part of a set is no thing of its own


def test_a_class_may_be_called_train(chapter, tmp_path):
    files = {name.replace("cup/", "train/").replace("dog/", "bus/"): data for name, data in CLEAN.items()}
    assert result(chapter, unpacked(tmp_path / "all", files)) == ({"bus": 3, "train": 3}, [])


SETS_AND_MORE = [
    (("train", "test"), "unlabelled", ["unlabelled/dog/9.jpg lies beside test and train"]),
    (("training set", "Test-Set 2"), "", []),
    (("train_1", "eval"), "", []),
    (("Train", "Validation", "Holdout"), "", []),
    (("train", "test"), "9.jpg", ["9.jpg lies in no folder of a class"]),
    (("photos/train", "photos/test"), "9.jpg", ["9.jpg lies in no folder of a class"]),
]


@pytest.mark.parametrize(("parts", "beside", "says"), SETS_AND_MORE)
def test_sets_are_known_whatever_else_they_are_called(chapter, tmp_path, parts, beside, says):
    """Each holds three pictures of both classes; for the holdout one level further down."""
    inner = "images/" if "Holdout" in parts else ""
    files = {f"{part}/{inner}{kind}/{n}.jpg": file(scene(100 * p + 10 * k + n))
             for p, part in enumerate(parts) for k, kind in enumerate(("cup", "dog")) for n in range(3)}  # fmt: skip
    if beside:
        files[beside if beside.endswith(".jpg") else f"{beside}/dog/9.jpg"] = file(scene(999))
    counts, said = result(chapter, unpacked(tmp_path / "all", files))
    assert counts == {"cup": 3 * len(parts), "dog": 3 * len(parts)}
    names = sorted(Path(part).name for part in parts)
    assert said == [f"shared out anew: {' '.join(names)}", *(f"left out: {line}" for line in says)]


NO_SETS = [
    ("trainers", "testament"),
    ("Test 1", "Test 2", "control"),
    ("bus", "train", "test"),
    ("Dev", "Val", "Ann"),
    ("\u732b", "Test \u732b", "Train \u72ac"),
]


@pytest.mark.parametrize("kinds", NO_SETS)
def test_folders_that_are_no_sets_are_classes(chapter, tmp_path, kinds):
    """Some only begin like sets; others are called so, stand beside further classes and hold no folders."""
    files = {f"{kind}/{n}.jpg": file(scene(10 * k + n)) for k, kind in enumerate(kinds) for n in range(3)}
    assert result(chapter, unpacked(tmp_path / "all", files)) == ({kind: 3 for kind in sorted(kinds)}, [])


def test_a_link_that_leads_back_is_no_empty_folder(chapter, tmp_path):
    """It led nowhere new, and says nothing of the classes."""
    folder = unpacked(tmp_path / "all", {f"photos/{name}": data for name, data in CLEAN.items()})
    (folder / "again").symlink_to(folder, target_is_directory=True)
    (folder / "photos/cup/up").symlink_to(folder / "photos", target_is_directory=True)
    counts, said = result(chapter, folder)
    assert counts == {"cup": 3, "dog": 3} and "empty" not in "".join(said)


@pytest.mark.parametrize("kind", ["HEIC", "cut off", "raw", "nothing", "hidden"])
def test_a_class_without_a_picture_does_not_make_classes_of_folders_inside_another(chapter, tmp_path, kind):
    """Cups of two days and no dog: that is one class, and not two days."""
    files = {f"cup/day {n % 2}/{n}.jpg": file(scene(n)) for n in range(6)}
    files |= {
        "HEIC": {"dog/1.HEIC": b"....ftypheic"},
        "cut off": {"dog/1.jpg": CLEAN["dog/1.jpg"][:300]},
        "raw": {"dog/1.NEF": b"MM"},
        "hidden": {"dog/.DS_Store": b"hidden"},
    }.get(kind, {})
    folder = unpacked(tmp_path / "all", files)
    (folder / "dog").mkdir(exist_ok=True)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), pytest.raises(ValueError, match=r"each\. Only cup has them\.$"):
        chapter["usable"](folder)
    assert said.getvalue().startswith("left out: dog has fewer than three usable pictures\nleft out: dog/")


def test_a_folder_of_notes_is_no_class(chapter, tmp_path):
    files = {f"photos/{name}": data for name, data in CLEAN.items()} | {"papers/list.txt": b"cup, dog"}
    assert result(chapter, unpacked(tmp_path / "all", files))[0] == {"cup": 3, "dog": 3}


def test_two_spellings_are_one_class(chapter, tmp_path):
    files = CLEAN | {f"{kind}/{n}.png": file(scene(60 + n), "PNG") for n, kind in enumerate(("Cup", "CUP "))}
    assert result(chapter, zipped(tmp_path / "all.zip", files)) == ({"cup": 5, "dog": 3}, [])


def test_what_is_said_of_classes_comes_before_what_is_said_of_files(chapter, tmp_path):
    """It would be lost behind 25 files that are no pictures."""
    files = CLEAN | {f"cup/{n}.txt": b"note" for n in range(25)} | {"bird/1.jpg": file(scene(70))}
    counts, said = result(chapter, unpacked(tmp_path / "all", files | {"loose.jpg": file(scene(71))}))
    assert counts == {"cup": 3, "dog": 3}
    assert said[:2] == [
        "left out: bird has fewer than three usable pictures",
        "left out: loose.jpg lies in no folder of a class",
    ]
    assert said[-1] == "left out: 7 more"


def test_split_folders_without_classes_are_refused(chapter, tmp_path):
    files = {name.replace("cup/", "train/").replace("dog/", "test/"): data for name, data in CLEAN.items()}
    with pytest.raises(ValueError, match="I need two folders"):
        result(chapter, unpacked(tmp_path / "all", files))


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("README.txt", b"my pictures", "README.txt is no picture that Pillow knows; save it as JPEG"),
        ("labels.csv", b"name,label", "labels.csv is no picture that Pillow knows; save it as JPEG"),
        ("loose.jpg", file(scene(99)), "loose.jpg lies in no folder of a class"),
        ("photos/loose.jpg", file(scene(99)), "photos/loose.jpg lies in no folder of a class"),
    ],
)
@pytest.mark.parametrize("make", [unpacked, zipped])
def test_what_lies_beside_the_folders_does_not_spoil_them(chapter, tmp_path, make, name, data, says):
    files = {f"photos/{each}": picture for each, picture in CLEAN.items()} | {name: data}
    assert result(chapter, make(tmp_path / "all", files)) == ({"cup": 3, "dog": 3}, [f"left out: {says}"])


@pytest.mark.parametrize("kind", ["K\u00e4se", "$\\frac$ 1", "red, large", "\u732b", "100 %"])
def test_every_name_of_a_class_is_taken_as_it_is(chapter, tmp_path, kind):
    files = {name.replace("cup", kind): data for name, data in CLEAN.items()}
    for source in (unpacked(tmp_path / "folder", files), zipped(tmp_path / "files.zip", files)):
        assert result(chapter, source)[0] == {kind: 3, "dog": 3}


def test_an_archive_that_does_not_say_that_it_is_utf_8(chapter, tmp_path):
    """As macOS writes it: the bytes are UTF-8, the flag that says so is not set."""
    path = zipped(tmp_path / "mac.zip", {name.replace("cup", "Kase"): data for name, data in CLEAN.items()})
    data = path.read_bytes().replace(b"Kase/", "K\u00e4e/".encode())  # as many bytes
    path.write_bytes(data)
    assert result(chapter, path)[0] == {"K\u00e4e": 3, "dog": 3}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a name cannot be bytes alone")
def test_a_folder_from_an_old_disk(chapter, tmp_path):
    unpacked(tmp_path, CLEAN)
    os.rename(os.fsencode(tmp_path / "cup"), os.fsencode(tmp_path) + b"/K\xe4se")
    assert result(chapter, tmp_path)[0] == {"K\u00e4se": 3, "dog": 3}


def test_home_and_links(chapter, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    unpacked(tmp_path / "real", CLEAN)
    (tmp_path / "linked").mkdir()
    for kind in ("cup", "dog"):
        try:
            (tmp_path / "linked" / kind).symlink_to(tmp_path / "real" / kind, target_is_directory=True)
        except OSError:
            pytest.skip("This system lets nobody make links.")
    assert result(chapter, "~/real") == result(chapter, "~/linked") == ({"cup": 3, "dog": 3}, [])
    (tmp_path / "real" / "back").symlink_to(tmp_path / "real", target_is_directory=True)
    assert result(chapter, "~/real")[0] == {"cup": 3, "dog": 3}


# ---- Odd notes, odd numbers ---------------------------------------------------------------------


def chunked(picture: Image.Image, *chunks: tuple[bytes, bytes, int]) -> bytes:
    """A PNG with chunks of its own behind the header: (kind, data, error of the checksum)."""
    data = file(picture, "PNG")
    extra = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) ^ wrong)
        for kind, body, wrong in chunks
    )
    return data[:33] + extra + data[33:]


def oddly_noted() -> bytes:
    """A JPEG whose EXIF holds a fraction by zero and a pointer into nothing."""
    note = b"II*\0\x08\0\0\0\x03\0"
    note += struct.pack("<HHII", 0x011A, 5, 1, 50)  # a fraction, at 50
    note += struct.pack("<HHII", 0x9286, 7, 999999, 70)  # bytes that are not there
    note += struct.pack("<HHII", 0x8769, 4, 1, 60000) + b"\0\0\0\0" + struct.pack("<II", 1, 0)
    return file(scene(93), exif=b"Exif\0\0" + note)


ODD = {
    "fraction.jpg": oddly_noted(),
    "eXIf.png": chunked(scene(90), (b"eXIf", b"no note at all", 0)),
    "checksum.png": chunked(scene(91), (b"tEXt", b"Comment\0hello", 1)),
    "long text.png": chunked(scene(92), (b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 2_000_000), 0)),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_note_does_not_make_a_picture_damaged(chapter, name):
    assert chapter["squared"](ODD[name]).size == (128, 128)


def test_a_png_that_is_cut_off_or_altered_is_damaged_all_the_same(chapter):
    whole = file(scene(94), "PNG")
    altered = bytearray(whole)
    altered[len(whole) // 2] ^= 255
    for data in (whole[:-500], whole[: len(whole) // 2], bytes(altered)):
        with pytest.raises(ValueError, match="is damaged"):
            chapter["squared"](data)


def test_numbers_from_0_to_1_are_not_black(chapter):
    values = np.asarray(scene(95).convert("L"), "float32") / 255
    picture = chapter["squared"](file(Image.fromarray(values), "TIFF"))
    as_bytes = chapter["squared"](file(Image.fromarray((values * 255).round().astype("uint8")), "PNG"))
    assert abs(np.asarray(picture, float) - np.asarray(as_bytes, float)).max() <= 2


# ---- Heads, thresholds, backbones ---------------------------------------------------------------


def test_a_rare_class_weighs_as_much_as_a_frequent_one(chapter):
    """Two clouds that overlap, 180 and 20: without weights the rare one would hardly be named."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [180, 20])
    x = rng.normal(y[:, None, None] * 1.0, 1.0, (200, 2, 3))
    ask, labels = (
        rng.normal(np.repeat([0, 1], 500)[:, None, None] * 1.0, 1.0, (1000, 2, 3)),
        np.repeat([0, 1], 500),
    )
    given = chapter["answered"](chapter["learned"](x, y, 0.001, 2), ask).argmax(axis=1)
    shares = [np.mean(given[labels == k] == k) for k in (0, 1)]
    assert min(shares) > 0.75 and abs(shares[0] - shares[1]) < 0.15


def test_the_head_is_at_the_lowest_point_of_its_loss(chapter):
    """No small step in any direction makes weighted cross-entropy and L2 smaller."""
    rng = np.random.default_rng(1)
    y, x = np.arange(30) % 3, rng.normal(size=(30, 2, 4))
    x[..., 0] += y[:, None]
    kernel, bias = chapter["learned"](x, y, 0.01, 3)
    rows, labels = x.reshape(-1, 4), np.repeat(y, 2)
    spread = rows.std(axis=0) + 1e-3

    def loss(kernel, bias):
        log_p = scipy.special.log_softmax(rows @ kernel + bias, axis=1)
        return 0.01 * ((kernel * spread[:, None]) ** 2).sum() - log_p[np.arange(60), labels].mean()

    here = loss(kernel, bias)
    for _ in range(50):
        step = rng.normal(0, 0.1, (5, 3))
        assert loss(kernel + step[:4], bias + step[4]) > here - 1e-4


def test_a_class_that_a_fold_holds_alone_is_only_improbable(chapter):
    x, y = np.random.default_rng(2).normal(size=(20, 2, 3)), np.arange(20) % 2
    p = chapter["answered"](chapter["learned"](x, y, 0.1, 3), x)
    assert p.shape == (20, 3) and np.isfinite(np.log(p)).all() and p[:, 2].max() < 0.34


def test_the_threshold_leaves_the_share_that_was_asked_for(chapter):
    rng = np.random.default_rng(3)
    for _ in range(20):
        y = rng.integers(0, 3, 200)
        p = rng.dirichlet([3, 3, 3], 200)
        p[:120] = 0.2 * p[:120] + 0.8 * np.eye(3)[y[:120]]
        limit = chapter["threshold"](p, y, 0.9)
        named = p.max(axis=1) >= limit
        assert np.mean(p.argmax(axis=1)[named] == y[named]) >= 0.9
        lower = np.sort(p.max(axis=1)[~named])[::-1]  # no lower one would do
        for each in lower[:-1]:
            more = p.max(axis=1) >= each
            assert np.mean(p.argmax(axis=1)[more] == y[more]) < 0.9
    wrong = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert chapter["threshold"](wrong, np.array([1, 0])) > 1  # then it names nothing


@pytest.fixture(scope="module")
def backbones():
    """What the section says about backbones, with the book's weights."""
    import keras

    space = {"keras": keras, "np": np, "warnings": warnings}
    space["book_weights"] = str(Book().root / "data/models/book_mobilenet.weights.h5")
    cells = [cell.source for cell in read_notebook(CHAPTER).cells if cell.cell_type == "code"]
    for begin in ("KINDS = ", "def borrowed(", "def black_and_white("):
        (source,) = [source for source in cells if source.startswith(begin)]
        exec(source.split("\n\n\nfor name")[0], space)
    return space


def test_every_backbone_scales_once(backbones):
    import keras

    for name in backbones["KINDS"]:
        for twice in (False, True):
            with keras.StatelessScope(initialize_variables=False):
                if name == "book's":
                    eye = backbones["borrowed"]("MobileNet", None, twice)
                else:
                    eye = backbones["borrowed"](name, None, twice)
                ends = backbones["black_and_white"](eye)
            scales_itself = backbones["KINDS"][name][3]
            assert eye.input_shape == (None, 224, 224, 3)
            assert np.array_equal(ends, [-1, 1]) == (not (twice and scales_itself)), name


def test_the_borrowed_backbone_gives_the_features_of_keras_s(backbones):
    import keras

    eye = backbones["borrowed"]("book's")
    images = np.random.default_rng(4).integers(0, 256, (2, 224, 224, 3)).astype("float32")
    plain = keras.applications.MobileNet(
        (80, 80, 3), alpha=0.5, include_top=False, pooling="avg", weights=backbones["book_weights"]
    )
    small = keras.layers.Resizing(80, 80, antialias=True)(images)
    before = eye.get_weights()
    features = eye.predict(images, verbose=0)
    assert np.allclose(features, plain.predict(np.asarray(small) / 127.5 - 1, verbose=0), atol=1e-3)
    assert np.allclose(eye(images), features, atol=1e-3)  # a plain call moves no running average
    assert all(map(np.array_equal, before, eye.get_weights()))


# ---- The way out of the notebook ----------------------------------------------------------------


def section() -> list:
    """The cells that the section names: the first ones up to the checks, those on the stamps, its own."""
    cells = read_notebook(CHAPTER).cells
    heads = [n for n, cell in enumerate(cells) if cell.source.startswith("## ")]
    last = next(n for n, cell in enumerate(cells) if "shared-check" in tags(cell))
    chosen = [*range(last + 1)]
    for title in ("## Which pictures do we have?", "## Can it learn your own photographs?"):
        (begin,) = [n for n in heads if cells[n].source.startswith(title)]
        chosen += range(begin, heads[heads.index(begin) + 1])
    return [cells[n] for n in chosen if cells[n].cell_type == "code"]


def test_the_section_needs_no_other_cells_than_it_says():
    """Every name that its cells read comes from them."""
    tree = ast.parse("\n\n".join(cell.source for cell in section()))
    assert {"class_mean", "stamps", "fine_tuned"} <= {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    assert names_needed(tree) == set()


@pytest.fixture(scope="module")
def taken_along(tmp_path_factory):
    """predict.py and a small classifier: dark or bright, threshold 0.9, as the section writes them."""
    import keras

    folder = tmp_path_factory.mktemp("program")
    cells = [cell.source for cell in read_notebook(CHAPTER).cells if cell.cell_type == "code"]
    reader = [source for begin in ("def uncommented(", "def squared(")
              for source in cells if source.startswith(begin)]  # fmt: skip
    module = folder / "reader.py"  # so that their source can be found
    module.write_text("\n\n\n".join(reader), "utf-8")
    spec = importlib.util.spec_from_file_location("reader", module)
    names = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(names)
    space = {**vars(names), "inspect": inspect, "place": folder}
    defined(CHAPTER, ("PREDICT = ", "program = "), space)
    module.unlink()
    inputs = keras.Input((224, 224, 3))
    mean = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 127.5, -1)(inputs))
    dense = keras.layers.Dense(2, activation="softmax")
    model = keras.Model(inputs, dense(mean))
    dense.set_weights([np.array([[-3.0, 3.0]] * 3), np.zeros(2)])
    model.save(folder / "my_classifier.keras")
    with zipfile.ZipFile(folder / "my_classifier.keras", "a") as archive:
        archive.writestr(
            "about.json", json.dumps({"names": ["dark", "bright", "none of these"], "threshold": 0.9})
        )
    return folder


def predict(folder: Path, *arguments, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(folder / "predict.py"), *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_the_program_names_a_folder_from_the_command_line(taken_along, tmp_path):
    assert sorted(path.name for path in taken_along.iterdir()) == ["my_classifier.keras", "predict.py"]
    pictures = unpacked(tmp_path / "new", {
        "a.jpg": file(Image.new("RGB", (300, 200), "black")),
        "b.png": file(Image.new("RGBA", (300, 200), (0, 0, 0, 0)), "PNG"),  # glass, so on white
        "c.jpg": file(Image.new("RGB", (300, 200), (128, 128, 128))),
        "d.txt": b"no picture",
        "e/deeper.txt": b"no picture",
        "f.png": ODD["checksum.png"],
    })  # fmt: skip
    (tmp_path / "empty").mkdir()
    done = predict(taken_along, pictures, cwd=tmp_path / "empty")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["a.jpg: dark, 100%", "b.png: bright, 100%"]
    assert lines[2].startswith("c.jpg: none of these, 5")
    assert lines[3] == "d.txt: is no picture that Pillow knows; save it as JPEG"
    assert lines[4] == "e: cannot be read; check its name and folder"
    assert lines[5].startswith("f.png: ") and "damaged" not in lines[5] and len(lines) == 6


def test_the_program_without_files_says_so(taken_along, tmp_path):
    done = predict(taken_along, cwd=tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("No file.")


def test_the_program_has_ten_lines_of_its_own():
    space = defined(CHAPTER, ("PREDICT = ",), {})
    assert len(space["PREDICT"].strip().splitlines()) == 10


def test_where_the_classifier_goes_is_said_in_one_line(tmp_path, capsys):
    """Beside the notebook, in a folder that stays if that one is closed, or, for the example, in one that goes."""
    closed = types.SimpleNamespace(access=lambda *_: False, W_OK=os.W_OK)
    space = {
        "Path": Path, "os": os, "tempfile": tempfile, "my_photographs": "",
        "workshop": types.SimpleNamespace(name=str(tmp_path / "kernel")),
    }  # fmt: skip
    defined(CHAPTER, ("def place_for(",), space)
    assert space["place"] == tmp_path / "kernel" and "deleted when you stop" in capsys.readouterr().out
    assert space["place_for"]("mine.zip", tmp_path) == tmp_path
    assert capsys.readouterr().out == "Written beside this notebook.\n"
    space["os"] = closed
    place = space["place_for"]("mine.zip", tmp_path)
    said = capsys.readouterr().out
    assert place.is_dir() and place != tmp_path and str(place) in said and said.count("\n") == 1
    place.rmdir()


def test_chapter_10_composes_and_trains_as_chapter_6_does():
    """Two chapters hold the cells that make scenes and heads; they say the same."""
    both = [
        [cell.source for cell in read_notebook(path).cells if cell.cell_type == "code"]
        for path in Book().chapters
        if path.stem in ("06_transfer_learning", "10_inside")
    ]
    for begin in ("HUES = ", "def composed(", "STEPS = "):
        (one,), (other,) = ([source for source in cells if source.startswith(begin)] for cells in both)
        assert one == other, begin
