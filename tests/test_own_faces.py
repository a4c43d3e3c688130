"""Chapter 14's reader of somebody's own portraits: each file is read, or refused in one sentence.

The functions are taken from the notebook, as a reader runs them; drawn patterns take the place of faces and pixels
that of the network.
"""

import contextlib
import io
import os

import numpy as np
import pytest
from PIL import Image

from chapter_cells import READER, defined
from tools.book import Book

CHAPTER = Book().root / "notebooks/14_faces.ipynb"
CELLS = (
    "ROOM = ", "points = ", "def standard(", "def uncommented(", "def framed(", "def collected(", "def told(",
    "def awkward(",
)  # fmt: skip
rng = np.random.default_rng(0)
COARSE = rng.normal(128, 40, (40, 1, 14, 12)) + rng.normal(0, 12, (40, 10, 14, 12))
PICTURES = np.clip(COARSE.repeat(8, 2).repeat(8, 3)[..., :92], 0, 255).astype("float32")
ADA = Image.fromarray(PICTURES[0, 0].astype("uint8"))


@pytest.fixture(scope="module")
def chapter():
    """The functions of the section by name."""
    import keras

    space = {**READER, "pictures": PICTURES, "keras": keras}
    with contextlib.redirect_stdout(io.StringIO()):
        return defined(CHAPTER, CELLS, space)


def compared(chapter, source, boxes=()):
    """({(folder, folder): (accepted, of)}, what was printed)."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        found = chapter["told"](source, chapter["standard"], 0.5, boxes)
    return found, said.getvalue()


def people(place, **pictures):
    """Two folders, ada and ben; ben has one picture, ada what is given."""
    for who in ("ada", "ben"):
        (place / who).mkdir(exist_ok=True)
    Image.fromarray(PICTURES[1, 0].astype("uint8")).save(place / "ben" / "only.png")
    for name, save in pictures.items():
        save(place / "ada" / name.replace("_", "."))
    return place


def test_the_box_of_awkward_files(chapter, tmp_path):
    chapter["awkward"](tmp_path, [0, 1])
    found, said = compared(chapter, str(tmp_path))
    assert found == {("ada", "ada"): (10, 10), ("ada", "ben"): (0, 20), ("ben", "ben"): (6, 6)}
    assert said.count("left out: ") == 4 and str(tmp_path) not in said


EXIF = Image.Exif()
EXIF[0x0112] = 3
CLEAR = ADA.convert("RGBA")
PALETTE = ADA.convert("P")
KINDS = {
    "plain.png": lambda path: ADA.save(path),
    "colour.png": lambda path: ADA.convert("RGB").save(path),
    "print.jpg": lambda path: ADA.convert("CMYK").save(path, quality=95),
    "palette.gif": lambda path: PALETTE.save(path),
    "clear.png": lambda path: CLEAR.save(path),
    "two.png": lambda path: ADA.convert("LA").save(path),
    "head.jpg": lambda path: ADA.transpose(3).save(path, exif=EXIF, quality=95),
    "deep.png": lambda path: Image.fromarray(np.asarray(ADA).astype("uint16") * 256).save(path),
    "float.tif": lambda path: Image.fromarray(np.asarray(ADA).astype("float32") / 255).save(path),
    "large.bmp": lambda path: ADA.resize((1840, 2240)).save(path),
    "face.pgm": lambda path: ADA.save(path),
    "NAME.PNG": lambda path: ADA.save(path),
    "ümlaut.webp": lambda path: ADA.save(path, quality=95),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_read_alike(chapter, tmp_path, name):
    KINDS[name](tmp_path / name)
    face = chapter["framed"](chapter["opened"](tmp_path / name))
    assert face.shape == (112, 92)
    one, other = (chapter["standard"](chapter["cut"](each)) for each in (face, PICTURES[0, 0]))
    assert one @ other > 0.95


def bad(place):
    """Name -> the words about it; the files are written."""
    whole = io.BytesIO()
    ADA.save(whole, "PNG")
    whole = whole.getvalue()
    (place / "half.png").write_bytes(whole[: len(whole) // 2])
    (place / "empty.jpg").write_bytes(b"")
    (place / "text.png").write_text("no picture")
    Image.new("L", (300, 300), 90).save(place / "grey.png")
    ADA.resize((15, 18)).save(place / "small.png")
    Image.fromarray(np.full((200, 200), np.nan, "float32")).save(place / "nan.tif")
    ADA.save(place / "one.png")
    ADA.save(place / "two.png")
    Image.new("1", (15_000, 15_000)).save(place / "huge.png")
    return {
        "half.png": "is damaged; save or download it again",
        "empty.jpg": "is no picture that Pillow knows; save it as JPEG",
        "text.png": "is no picture that Pillow knows; save it as JPEG",
        "grey.png": "shows nothing: all of it is alike",
        "small.png": "is too small, 15x18 pixels",
        "nan.tif": "shows nothing: all of it is alike",
        "two.png": "is the same picture as ada/one.png",
        "huge.png": "is too large; shrink it to 4,000 pixels a side",
    }


def test_what_cannot_be_used_is_named_in_one_sentence(chapter, tmp_path):
    people(tmp_path)
    wanted = bad(tmp_path / "ada")
    (tmp_path / "readme.txt").write_text("mine")
    found, said = compared(chapter, tmp_path)
    lines = said.splitlines()
    for name, words in wanted.items():
        assert f"left out: ada/{name} {words}" in lines, said
    assert "left out: readme.txt lies in no folder of a person" in lines
    assert found == {("ada", "ada"): (0, 0), ("ada", "ben"): (0, 1), ("ben", "ben"): (0, 0)}


def test_boxes(chapter, tmp_path):
    wide = Image.new("L", (400, 300), 128)
    wide.paste(ADA, (200, 100))
    people(tmp_path, party_png=lambda path: wide.save(path))
    Image.fromarray(PICTURES[0, 1].astype("uint8")).save(tmp_path / "ada" / "plain.png")
    found, _ = compared(chapter, tmp_path, {"ada/party.png": (100, 212, 200, 292)})
    assert found["ada", "ada"] == (1, 1)
    for box, words in (
        ((100, 412, 200, 292), "has 300 rows and 400 columns; its box lies outside"),
        ((100, 50, 200, 292), "its box lies outside"),
        ((1, 2, 3), "needs a box of four numbers"),
        ("100", "needs a box of four numbers"),
        ((0, 10, 0, 10), "is too small, 10x10 pixels"),
    ):
        assert words in compared(chapter, tmp_path, {"ada/party.png": box})[1]


def test_a_box_for_no_file_is_named(chapter, tmp_path):
    people(tmp_path, a_png=lambda path: ADA.save(path))
    box = (0, 112, 0, 92)
    _, said = compared(chapter, tmp_path, {"a.png": box, "ada/a.png": box, "ada\\a.png": box})
    assert said.splitlines()[:2] == [
        f"There is no {name}, which has a box." for name in ("a.png", "ada\\a.png")
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_what_is_no_ordinary_file_is_named(chapter, tmp_path):
    people(tmp_path, a_png=lambda path: ADA.save(path))
    os.mkfifo(tmp_path / "ada" / "pipe.png")
    os.mkfifo(tmp_path / "ada" / ".pipe.png")
    (tmp_path / "ada" / "gone.png").symlink_to(tmp_path / "nowhere")
    found, said = compared(chapter, tmp_path)
    assert found["ada", "ben"] == (0, 1) and said.count("left out") == 2
    for name in ("pipe", "gone"):
        assert f"left out: ada/{name}.png is no ordinary file" in said.splitlines()


def test_odd_sources(chapter, tmp_path):
    people(tmp_path, a_png=lambda path: ADA.save(path))
    wanted = compared(chapter, str(tmp_path))[0]
    assert wanted == {("ada", "ada"): (0, 0), ("ada", "ben"): (0, 1), ("ben", "ben"): (0, 0)}
    for quoted in (f'"{tmp_path}"', f"{tmp_path} "):
        assert compared(chapter, quoted)[0] == wanted
    for odd in (tmp_path / "nowhere", tmp_path / "ada" / "a.png", "x" * 300, " "):
        found, said = compared(chapter, str(odd))
        assert found == {} and len(said.splitlines()) == 1
    for odd in (3, None, [tmp_path]):
        assert compared(chapter, odd)[0] == {}
    alone = tmp_path / "alone"
    (alone / "ada").mkdir(parents=True)
    ADA.save(alone / "ada" / "a.png")
    (alone / ".ben").mkdir()
    ADA.save(alone / ".ben" / "a.png")
    assert "I need two folders" in compared(chapter, alone)[1]
    (alone / "ada" / "._a.png").write_bytes(b"x")
    (alone / "ada" / "Thumbs.db").write_bytes(b"x")
    assert "left out" not in compared(chapter, alone)[1]
