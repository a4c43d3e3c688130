"""Chapter 6's reader of somebody's own photographs: whatever the files are, it goes on or says why not.

The functions are taken from the notebook, as a reader runs them.
"""

import contextlib
import io
import posixpath
import time
import warnings
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image, ImageOps, UnidentifiedImageError

from chapter_cells import defined
from tools.book import Book, read_notebook

NAMES = (
    "opened", "on_white", "exposure", "files_of", "reading", "collected", "usable", "ties", "groups", "in_folds",
)  # fmt: skip


@pytest.fixture(scope="module")
def chapter():
    """The reader's functions by name."""
    space = {
        "io": io, "np": np, "posixpath": posixpath, "time": time, "warnings": warnings, "zipfile": zipfile,
        "Path": Path,
        "PurePosixPath": PurePosixPath, "Picture": Image, "ImageOps": ImageOps,
        "UnidentifiedImageError": UnidentifiedImageError,
    }  # fmt: skip
    return defined(
        Book().root / "notebooks/06_transfer_learning.ipynb", [f"def {name}(" for name in NAMES], space
    )


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
    picture = chapter["opened"](GUISES[name])
    assert picture.mode == "RGB" and picture.size == (128, 128)


def test_a_turned_picture_stands_upright(chapter):
    half = Image.new("RGB", (64, 64), "white")
    half.paste("black", (0, 0, 32, 64))  # dark on the left
    upright = np.asarray(chapter["opened"](file(half, exif=TURNED)).convert("L"))
    assert upright[:60].mean() < 30 < 200 < upright[70:].mean()  # a quarter turn: dark above


BAD = {
    "cut.jpg": (CLEAN["cup/0.jpg"][:1500], "is damaged"),
    "empty.png": (b"", "is no picture that Pillow knows"),
    "text.jpg": (b"no picture", "is no picture that Pillow knows"),
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no picture that Pillow knows"),
    "tiny.png": (file(scene(1, (5, 4)), "PNG"), "is too small, 5x4 pixels"),
    "bomb.png": (file(Image.new("1", (20000, 20000)), "PNG"), "is too large; shrink it"),
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
            chapter["opened"](bytes(data[: rng.integers(1, len(data) + 1)]))
            outcomes["read"] += 1
        except ValueError as problem:
            assert str(problem).startswith("is ")
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 5, outcomes


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "I need two folders with two pictures each."),
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
    with pytest.raises(ValueError, match="counts as one thing"):
        chapter["in_folds"](y, np.where(y == 1, 7, np.arange(60)))


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
