"""The five chapters that read a picture of the reader's: one odd file, one answer.

The reader is the shared cell tools/shared/pictures.py; each chapter's own function behind it is asked as well. The
functions are taken from the notebooks, as a reader runs them.
"""

import contextlib
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chapter_cells import READER, defined
from odd_files import chunk, png, saved
from tools.book import Book

CHAPTERS = {int(path.stem[:2]): path for path in Book().chapters}
# The chapter's own function behind the reader, and the cells that it needs.
WAYS = {
    5: ("translated", ("def on_black(", "def centred(", "def translated(")),
    6: ("squared", ("def squared(",)),
    11: ("in_grey", ("def in_grey(",)),
    14: ("framed", ("def framed(",)),
    15: ("squared", ("def squared(",)),
}


@pytest.fixture(scope="module")
def chapters() -> dict[int, dict]:
    """Number -> the chapter's functions by name."""
    return {
        number: defined(CHAPTERS[number], ("def uncommented(", *cells), {**READER, "os": os})
        for number, (_, cells) in WAYS.items()
    }


def answers(chapters, file) -> dict[int, object]:
    """Number -> the picture that the chapter reads, or the words with which it refuses it."""
    found, made = {}, {}
    for number, names in chapters.items():
        own = names[WAYS[number][0]]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # a reader would see it in red
                found[number] = names["opened"](file)
                made[number] = np.asarray(own(found[number] if number == 14 else file), float)
            assert made[number].size and np.isfinite(made[number]).all(), number
        except ValueError as problem:
            found[number] = str(problem)
            with pytest.raises(ValueError, match=found[number]):
                own(names["opened"](file) if number == 14 else file)
    assert np.array_equal(made.get(6, 0), made.get(15, 0))  # the same function in both
    return found


# ---- Files ------------------------------------------------------------------------------------------


def whole(shape=(48, 64), dark=0) -> Image.Image:
    """A dark thing on pale paper, in the corner at the upper left, in colour."""
    rows, columns = np.indices(shape)
    values = np.stack([250 - columns // 8, 245 - rows // 8, 0 * rows + 240], axis=-1)
    values[6 : shape[0] // 2, 8 : shape[1] // 2] = (dark, dark + 30, dark + 60)
    return Image.fromarray(values.astype("uint8"))


PICTURE = whole()
GREY = np.asarray(PICTURE.convert("L"))
TURN = Image.Exif()
TURN[0x0112] = 3


def noted(*chunks: bytes, last: bool = False, **settings) -> bytes:
    """A PNG with chunks of its own behind its header, or before its end."""
    data = saved(PICTURE, **settings)
    place = len(data) - 12 if last else 33
    return data[:place] + b"".join(chunks) + data[place:]


def with_alpha(channels: int) -> np.ndarray:
    """The picture in 16 bits, its paper transparent: what lies under it is black."""
    there = (GREY < 200)[..., None]
    colours = np.asarray(PICTURE).astype("uint16")[..., :channels] * 257
    return np.concatenate([np.where(there, colours, 0), np.where(there, 65535, 0)], axis=-1)


def palette() -> bytes:
    """Seven passes, a palette of three colours, the last of them transparent, and in truth red."""
    index = np.where(GREY < 200, 0, 2)[..., None]
    colours = chunk(b"PLTE", bytes([25, 25, 25, 0, 255, 0, 255, 0, 0]))
    return png(index, 3, 8, True, colours, chunk(b"tRNS", bytes([255, 255, 0])))


def broken_exif(turn: int = 1) -> bytes:
    """EXIF with a fraction by zero, a pointer into nothing and text of no alphabet, and how the camera was held."""
    note = b"II*\0\x08\0\0\0\x05\0" + struct.pack("<HHII", 0x0112, 3, 1, turn)
    note += struct.pack("<HHII", 0x011A, 5, 1, 74) + struct.pack("<HHII", 0x9286, 7, 999_999, 70)
    note += struct.pack("<HHII", 0x8769, 4, 1, 60_000) + struct.pack("<HHI", 0x010E, 2, 4) + b"\xff\xfe\xfd\0"
    return b"Exif\0\0" + note + bytes(4) + struct.pack("<II", 1, 0)


XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="3"/></x:xmpmeta>'
ON_ITS_HEAD = PICTURE.transpose(Image.Transpose.ROTATE_180)
BLANK = Image.new("RGB", PICTURE.size, "red")
LONG = zlib.compress(bytes(9_000_000))
FLOATS = GREY.astype("float32")
HOLED = FLOATS.copy()
HOLED[12:14, 20:22] = np.nan
HOLED[14, 20], HOLED[15, 21] = np.inf, -np.inf

READ = {
    "PNG": saved(PICTURE),
    "JPEG": saved(PICTURE, "JPEG", quality=95),
    "progressive JPEG in CMYK": saved(PICTURE.convert("CMYK"), "JPEG", quality=95, progressive=True),
    "large JPEG": saved(PICTURE.resize((2080, 1560)), "JPEG"),
    "1 bit TIFF": saved(PICTURE.convert("1", dither=Image.Dither.NONE), "TIFF", compression="group4"),
    "TIFF of two pages": saved(PICTURE, "TIFF", save_all=True, append_images=[BLANK]),
    "TIFF in Lab": saved(PICTURE.convert("LAB"), "TIFF"),
    "TIFF in CMYK": saved(PICTURE.convert("CMYK"), "TIFF"),
    "16 bits, grey": saved(Image.fromarray(GREY.astype("uint16") * 257)),
    "16 bits of which 12 are used": saved(Image.fromarray(GREY.astype("uint16") * 16), "TIFF"),
    "16 bits with alpha": png(with_alpha(3), 6, 16),
    "16 bits, grey with alpha": png(with_alpha(1), 4, 16),
    "16 bits, interlaced": png(GREY[..., None].astype("uint16") * 257, 0, 16, True),
    "32 bits": saved(Image.fromarray(GREY.astype("int32") * 70_000), "TIFF"),
    "32 bits below zero": saved(Image.fromarray(GREY.astype("int32") * 256 - 32_640), "TIFF"),
    "floats": saved(Image.fromarray(FLOATS), "TIFF"),
    "floats from 0 to 1": saved(Image.fromarray(FLOATS / 255), "TIFF"),
    "floats from -1 to 1": saved(Image.fromarray(FLOATS / 127.5 - 1), "TIFF"),
    "floats that are large": saved(Image.fromarray(FLOATS * np.float32(1e30)), "TIFF"),
    "floats with NaN": saved(Image.fromarray(HOLED), "TIFF"),
    "interlaced palette with transparency": palette(),
    "grey with alpha": saved(Image.merge("LA", [Image.fromarray(GREY), Image.new("L", PICTURE.size, 255)])),
    "animated WebP": saved(PICTURE, "WEBP", quality=95, save_all=True, append_images=[BLANK]),
    "animated GIF": saved(PICTURE, "GIF", save_all=True, append_images=[BLANK]),
    "animated PNG": saved(PICTURE, save_all=True, append_images=[BLANK]),
    "held upside down": saved(ON_ITS_HEAD, "JPEG", quality=95, exif=TURN),
    "held upside down, WebP": saved(ON_ITS_HEAD, "WEBP", quality=95, exif=TURN),
    "held upside down, PNG": saved(ON_ITS_HEAD, exif=TURN),
    "held upside down, says XMP": (
        saved(ON_ITS_HEAD)[:33] + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP) + saved(ON_ITS_HEAD)[33:]
    ),
    "broken EXIF": saved(PICTURE, "JPEG", quality=95, exif=broken_exif()),
    "broken EXIF, held upside down": saved(ON_ITS_HEAD, "JPEG", quality=95, exif=broken_exif(3)),
    "EXIF that is none": saved(PICTURE, "JPEG", quality=95, exif=b"Exif\0\0 no note at all"),
    "no way to hold a camera": saved(PICTURE, "JPEG", quality=95, exif=broken_exif(77)),
    "PNG, EXIF that is none": noted(chunk(b"eXIf", b"no note at all")),
    "PNG, comment with a wrong sum": noted(chunk(b"tEXt", b"Comment\0hello", 1)),
    "PNG, huge comment": noted(chunk(b"zTXt", b"Comment\0\0" + LONG)),
    "PNG, huge comment in Unicode": noted(chunk(b"iTXt", b"Comment\0\1\0\0\0" + LONG)),
    "PNG, huge comment at its end": noted(chunk(b"zTXt", b"Comment\0\0" + LONG), last=True),
    "PNG, huge comment and upside down": (
        saved(ON_ITS_HEAD, exif=TURN)[:33]
        + chunk(b"zTXt", b"Comment\0\0" + LONG)
        + saved(ON_ITS_HEAD, exif=TURN)[33:]
    ),
    "PNG, something behind its end": saved(PICTURE) + b"more" * 99,
    "JPEG, something behind its end": saved(PICTURE, "JPEG", quality=95) + b"more" * 99,
    "icon": saved(PICTURE.resize((64, 48)).convert("RGBA"), "ICO", sizes=[(64, 48)]),
}  # fmt: skip
COARSE = {"large JPEG"}  # it has another size

NO_PICTURE = "is no picture that Pillow knows; save it as JPEG"
DAMAGED = "is damaged; save or download it again"
LARGE = "is too large; shrink it to 4,000 pixels a side"
HUGE = struct.pack(">II", 60_000, 60_000) + saved(PICTURE)[24:29]
REFUSED = {
    "empty": (b"", NO_PICTURE),
    "text": (b"no picture", NO_PICTURE),
    "drawing": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NO_PICTURE),
    "a head alone": (saved(PICTURE)[:8], NO_PICTURE),
    "half a PNG": (saved(Image.effect_noise((99, 99), 50))[:4000], DAMAGED),
    "half a PNG with an odd comment": (noted(chunk(b"tEXt", b"Comment\0hello", 1))[:-60], DAMAGED),
    "half a JPEG": (saved(Image.effect_noise((99, 99), 50), "JPEG")[:1500], DAMAGED),
    "half a float TIFF": (saved(Image.fromarray(FLOATS), "TIFF")[:3000], DAMAGED),
    "bomb": (saved(Image.new("1", (20_000, 20_000))), LARGE),
    "a hundred million pixels": (saved(Image.new("1", (10_000, 10_000))), LARGE),
    "claims to be huge": (
        saved(PICTURE)[:16] + HUGE + struct.pack(">I", zlib.crc32(b"IHDR" + HUGE)) + saved(PICTURE)[33:], LARGE
    ),
}  # fmt: skip


# ---- One answer -------------------------------------------------------------------------------------


def small(picture: Image.Image) -> np.ndarray:
    """Grey values of 12 x 16 pixels."""
    return np.asarray(picture.convert("L").resize((16, 12), Image.Resampling.BOX)).astype(int)


@pytest.mark.parametrize("name", READ)
def test_five_chapters_read_one_picture(chapters, tmp_path, name):
    """From bytes and from a path, upright, on white, in eight bits."""
    path = tmp_path / f"{name}.jpg"  # whatever it is
    path.write_bytes(READ[name])
    first = None
    for file in (READ[name], path, str(path)):
        for number, picture in answers(chapters, file).items():
            assert isinstance(picture, Image.Image), f"chapter {number}: {picture}"
            first = first or picture
            assert picture.mode == "RGB" and picture.tobytes() == first.tobytes(), number
    assert name in COARSE or first.size == PICTURE.size
    gap = np.abs(small(first) - small(PICTURE))
    assert gap.max() < 40 and gap.mean() < 14, (name, gap)


@pytest.mark.parametrize("name", REFUSED)
def test_five_chapters_refuse_in_the_same_words(chapters, tmp_path, name):
    data, words = REFUSED[name]
    path = tmp_path / "mine.png"
    path.write_bytes(data)
    for file in (data, path, str(path)):
        assert set(answers(chapters, file).values()) == {words}


def odd_places(place: Path) -> list:
    """Paths that lead to no file."""
    (place / "folder.jpg").mkdir()
    found = [place / "folder.jpg", place / "nowhere.png", place / ("x" * 300), str(place), ""]
    with contextlib.suppress(OSError):  # not every system lets everybody make links
        (place / "loop.jpg").symlink_to(place / "loop.jpg")
        (place / "gone.png").symlink_to(place / "nowhere.png")
        found += [place / "loop.jpg", place / "gone.png"]
    if hasattr(os, "geteuid") and os.geteuid():  # root may read everything
        (place / "locked.png").write_bytes(READ["PNG"])
        (place / "locked.png").chmod(0)
        found.append(place / "locked.png")
    return found


def test_five_chapters_say_that_there_is_no_file(chapters, tmp_path):
    for path in odd_places(tmp_path):
        said = set(answers(chapters, path).values())
        assert said == {"cannot be read; check its name and folder"}, path


def test_what_is_said_goes_on_after_a_name_and_tells_what_to_do(chapters):
    """One sentence each, in all of them."""
    for words in {words for _, words in REFUSED.values()}:
        what, do = words.split("; ")
        assert what.startswith("is ") and do.split()[0] in ("save", "shrink") and "." not in words
    said = chapters[11]["in_grey"]
    with pytest.raises(ValueError, match=r"^Your file is damaged; save or download it again\.$"):
        said(REFUSED["half a PNG"][0])


def test_nothing_but_numbers_that_are_none(chapters):
    """Such a picture is black: chapters that look for something in it find nothing."""
    nothing = saved(Image.fromarray(np.full((40, 40), np.nan, "float32")), "TIFF")
    assert set(np.ravel(chapters[6]["opened"](nothing))) == {0}
    with pytest.raises(ValueError, match="shows one even area"):
        chapters[5]["translated"](nothing)
    with pytest.raises(ValueError, match="shows nothing"):
        chapters[14]["framed"](chapters[14]["opened"](nothing))


def test_random_damage_gets_one_answer(chapters):
    """150 files with bytes changed or cut off: all five read one picture, or say the same."""
    rng, outcomes = np.random.default_rng(0), {"read": 0, "refused": 0}
    sources = [data for data in READ.values() if len(data) < 30_000]
    for attempt in range(150):
        data = bytearray(sources[rng.integers(len(sources))])
        for place in rng.integers(len(data), size=rng.integers(1, 4)):
            data[place] = rng.integers(256)
        data = bytes(data[: rng.integers(1, len(data) + 1)] if attempt % 4 == 0 else data)
        found = []
        for names in chapters.values():
            try:
                found.append(names["opened"](data).tobytes())
            except ValueError as problem:
                found.append(str(problem))
        assert found == found[:1] * len(chapters)
        outcomes["refused" if isinstance(found[0], str) else "read"] += 1
    assert min(outcomes.values()) > 10, outcomes
