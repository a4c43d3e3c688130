"""Chapter 15's reader of tagged pictures: folders are tags, tags.txt too, odd files are named in one sentence.

The functions are taken from the notebook, as a reader runs them.
"""

import io
import os
import unicodedata
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image
from scipy.sparse.csgraph import connected_components

from chapter_cells import READER, defined
from tools.book import Book

CHAPTER = Book().root / "notebooks/15_tags.ipynb"
CELLS = (
    "def wish(", "def uncommented(", "def squared(", "def cleaned(", "def files_of(",
    "def reading(", "def listed(", "def collected(", "def named(", "def with_tags(",
    "def enough(", "def usable(", "def in_folds(",
)  # fmt: skip
rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def chapter():
    """The functions of the section by name."""
    space = {
        **READER, "os": os, "zipfile": zipfile, "PurePosixPath": PurePosixPath, "unicodedata": unicodedata, "SIDE": 32,
        "TAGS": ["bird", "food", "mammal", "object", "plant"],
        "connected_components": connected_components,
    }  # fmt: skip
    return defined(CHAPTER, CELLS, space)


def picture(number: int, kind: str = "PNG", mode: str = "RGB", size=(40, 40)) -> bytes:
    """A picture of one colour, another for each number."""
    file = io.BytesIO()
    Image.new("RGB", size, (5 * number % 256, 90, 7 * number % 256)).convert(mode).save(file, kind)
    return file.getvalue()


def written(place: Path, files: dict) -> Path:
    """Files in a folder: relative path -> bytes."""
    for name, data in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return place


def some() -> dict:
    """Ten pictures of birds and ten of food, two of them in both folders."""
    files = {f"bird/{n}.png": picture(n) for n in range(10)}
    files |= {f"food/{n}.png": picture(n) for n in range(10, 20)}
    return files | {f"food/twice {n}.png": picture(n) for n in range(2)}


def test_a_picture_in_two_folders_has_both_tags(chapter, tmp_path, capsys):
    told, names = chapter["usable"](written(tmp_path, some()))
    assert names == ["bird", "food"] and len(told) == 20
    assert sum(tags == {"bird", "food"} for *_, tags in told) == 2
    assert capsys.readouterr().out == ""


def test_a_zip_and_a_shared_folder_give_the_same(chapter, tmp_path):
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        for name, data in some().items():
            archive.writestr(f"My pictures/{name}", data)
    told, names = chapter["usable"](f" '{tmp_path / 'mine.zip'}' ")  # quoted, as a terminal pastes it
    assert names == ["bird", "food"] and {name for name, *_ in told} >= {"bird/5.png", "food/12.png"}


def test_pictures_without_a_folder_are_to_be_searched(chapter, tmp_path):
    told, _ = chapter["usable"](written(tmp_path, some() | {"new.png": picture(30)}))
    assert [name for name, _, tags in told if tags is None] == ["new.png"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_lines_of_a_text_file(chapter, tmp_path, capsys, encoding):
    lines = [f"{n}.png: Vögel, food" for n in range(5)] + [f"{n}.png:" for n in range(5, 10)]
    text = "\r\n".join([*lines, "", "no colon here", "gone.png: food"])
    files = {f"{n}.png": picture(n) for n in range(12)} | {"tags.txt": text.encode(encoding)}
    told, names = chapter["usable"](written(tmp_path, files))
    assert names == ["food", "vögel"]
    assert [tags for *_, tags in told].count(set()) == 5  # known to have none
    assert [tags for *_, tags in told].count(None) == 2  # to be searched
    said = capsys.readouterr().out
    assert "line 12 of tags.txt has no colon" in said and "names gone.png, which is not here" in said


def test_names_with_colons_folders_and_quotes(chapter):
    found, problems = chapter["listed"](b'"12:30.png": a\nday\\x.png: a , B,,\n"q.png": a\n')
    assert found == {"12:30.png": {"a"}, "day/x.png": {"a", "b"}, "q.png": {"a"}} and not problems


def test_an_accent_is_one_letter_however_it_is_written(chapter, tmp_path):
    two, one = (unicodedata.normalize(form, "café") for form in ("NFD", "NFC"))
    files = {f"{two}/{n}.png": picture(n) for n in range(3)} | {
        f"{one}/{n}.png": picture(n) for n in range(3, 6)
    }
    told, names = chapter["usable"](
        written(tmp_path, files | {f"food /{n}.png": picture(n) for n in range(6, 12)})
    )
    assert names == [one, "food"] and chapter["wish"](f"{two} without food.", names) == ([0], [1])
    lines = "".join(f"./{two} {n}.png: {'a' if n < 5 else 'b'}\n" for n in range(10)).encode()
    files = {f"{one} {n}.png": picture(n) for n in range(10)} | {"tags.txt": lines}
    assert chapter["usable"](written(tmp_path / "lines", files))[1] == ["a", "b"]


def test_a_name_that_several_folders_hold_is_named(chapter, tmp_path, capsys):
    files = {f"d/{n}.png": picture(n) for n in range(10)} | {f"e/{n}.png": picture(20 + n) for n in range(2)}
    files |= {
        "e/2.png": picture(2),
        "top.png": picture(40),
        "d/top.png": picture(41),
    }  # e/2 is the picture d/2
    lines = "".join(f"{n}.png: {'a' if n < 6 else 'b'}\n" for n in range(10))
    files["tags.txt"] = f"{lines}d/1.png: b\ntop.png: a, b\n".encode()
    told, names = chapter["usable"](written(tmp_path, files))
    assert names == ["a", "b"]
    tags = {name: each for name, _, each in told}
    assert tags["d/0.png"] is None and tags["e/0.png"] is None and tags["e/1.png"] is None
    assert tags["d/1.png"] == {"b"} and tags["d/2.png"] == {"a"} and tags["d/9.png"] == {"b"}
    assert tags["top.png"] == {"a", "b"} and tags["d/top.png"] is None
    said = capsys.readouterr().out
    assert said.count("lies in several folders") == 2 and "names 0.png, which lies in several folders" in said


def test_a_second_text_file_is_named(chapter, tmp_path, capsys):
    files = {f"d/{n}.png": picture(n) for n in range(10)}
    files["d/tags.txt"] = "".join(f"d/{n}.png: {'a' if n < 5 else 'b'}\n" for n in range(10)).encode()
    files["e/tags.txt"] = b"1.png: c"
    assert chapter["usable"](written(tmp_path, files))[1] == ["a", "b"]
    assert "e/tags.txt is a second tags.txt" in capsys.readouterr().out


def test_odd_files_are_named(chapter, tmp_path, capsys):
    deep = io.BytesIO()
    Image.fromarray(np.arange(1600, dtype="uint16").reshape(40, 40) * 40).save(deep, "PNG")
    glass = io.BytesIO()
    Image.new("RGBA", (40, 40), (9, 9, 9, 0)).save(glass, "PNG")
    odd = {
        "bird/16 bits.png": deep.getvalue(),
        "bird/glass.png": glass.getvalue(),
        "bird/print.jpg": picture(40, "JPEG", "CMYK"),
        "bird/grey.png": picture(41, mode="L"),
        "bird/palette.gif": picture(42, "GIF", "P"),
    }
    bad = {
        "bird/.hidden.png": picture(43),
        "bird/empty.png": b"",
        "bird/cut.png": picture(44, size=(300, 300))[:150],
        "bird/small.png": picture(45, size=(5, 5)),
        "bird/notes.txt": b"no picture",
        "Thumbs.db": b"x",
    }
    told, _ = chapter["usable"](written(tmp_path, some() | odd | bad))
    assert len(told) == 20 + len(odd)
    said = capsys.readouterr().out
    assert said.count("left out:") == len(bad)
    for words in ("hidden file", "no picture that Pillow knows", "damaged", "too small, 5x5"):
        assert words in said


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_what_is_no_ordinary_file_is_named(chapter, tmp_path, capsys):
    written(tmp_path, some())
    os.mkfifo(tmp_path / "bird" / "pipe.png")  # to read it would wait for ever
    (tmp_path / "bird" / "gone.png").symlink_to(tmp_path / "nowhere")
    assert len(chapter["usable"](tmp_path)[0]) == 20
    said = capsys.readouterr().out.splitlines()
    for name in ("pipe", "gone"):
        assert f"left out: bird/{name}.png cannot be read (it is no ordinary file)" in said


def test_tags_on_too_few_or_on_all_are_left_out(chapter, tmp_path, capsys):
    files = {f"{n}.png": picture(n) for n in range(12)}
    files["tags.txt"] = "".join(
        f"{n}.png: all{', rare' * (n < 2)}{', half' * (n < 6)}\n" for n in range(12)
    ).encode()
    _, names = chapter["usable"](written(tmp_path, files))
    assert names == ["half"]
    said = capsys.readouterr().out
    assert "tag all is on 12 of 12" in said and "tag rare is on 2 of 12" in said


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda place: place / "nowhere", "There is no file or folder"),
        (lambda place: written(place, {"a.png": picture(1)}) / "a.png", "is no folder and no zip file"),
        (lambda place: written(place, {"a.png": picture(1)}), "I need a tag that 4 pictures have"),
        (lambda place: place, "I need a tag that 4 pictures have"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(chapter, tmp_path, make, words):
    with pytest.raises(ValueError, match=words):
        chapter["usable"](make(tmp_path))


def test_wishes(chapter):
    tags = ["bird", "red car", "plant"]
    assert chapter["wish"]("Bird but no plant", tags) == ([0], [2])
    assert chapter["wish"]("red car, not bird", tags) == ([1], [0])
    assert chapter["wish"]("plant and bird", ["bird", "plant"]) == ([1, 0], [])
    with pytest.raises(ValueError, match="No tag is called cat"):
        chapter["wish"]("cat", tags)


def test_pictures_that_cannot_be_parted_are_named(chapter):
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)  # each is like the next, all the way round
    with pytest.raises(ValueError, match="too alike"):
        chapter["in_folds"](np.stack([np.cos(turn), np.sin(turn)], axis=1))


def test_pictures_alike_share_a_fold(chapter):
    x = rng.normal(size=(40, 64))
    x[20:] = x[:20] + rng.normal(scale=0.01, size=(20, 64))
    fold = chapter["in_folds"](x)
    assert np.array_equal(fold[:20], fold[20:]) and len(set(fold)) > 1
