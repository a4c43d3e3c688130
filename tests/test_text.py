"""Chapter 11: its data keep their word, its network is the tool's, and its reader of files reads or says why not."""

import collections
import io
import itertools
import json
import os

import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy import ndimage

import chapter_cells
from tools.book import Book, read_notebook
from tools.data import build_digits, build_print

ROOT = Book().root
CHAPTER = ROOT / "notebooks/11_text.ipynb"
DATA = ROOT / "data/datasets"
READER = (
    "P = np.array(", "def edits(", "LETTERS = ", "ends = ", "def inked(", "def uncommented(", "def in_grey(",
    "def own_line(",
    "def as_number(",
)  # fmt: skip


# --- the data ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def printed():
    return dict(np.load(DATA / "print.npz"))


def test_digits_as_the_card_says():
    file = np.load(DATA / "digits.npz")
    assert file["digits"].shape == (5000, 20, 20) and file["digits"].dtype == np.uint8
    assert len({each.tobytes() for each in file["digits"]}) == 5000
    assert str(file["notice"]) == build_digits.NOTICE.read_text("utf-8")


def test_no_lineage_in_two_parts():
    parts = collections.defaultdict(set)
    for part, lineage, *_ in build_print.FACES.values():
        parts[lineage].add(part)
    assert all(len(each) == 1 for each in parts.values())
    count = collections.Counter(part for part, *_ in build_print.FACES.values())
    assert count == {"train": 21, "validation": 3, "test": 7}


def test_no_word_in_two_parts():
    words = build_print.words()
    for one, other in itertools.combinations(words.values(), 2):
        assert not set(one) & set(other)
    assert min(map(len, words.values())) > 100


def test_lines_as_the_card_says(printed):
    count = len(printed["widths"])
    card = (ROOT / "data/README.md").read_text("utf-8")
    assert f"{count} lines of print in {len(build_print.FACES)} typefaces" in card
    assert printed["ink"].shape == (build_print.HEIGHT, printed["widths"].sum())
    assert printed["ink"].max() == 15
    for face, part, text in zip(printed["faces"], printed["parts"], printed["texts"], strict=True):
        if part != "unseen":
            assert build_print.FACES[str(face)][0] == part
            assert set(str(text)) <= set(build_print.ALPHABET)
            words = "".join(c if c.isascii() and c.isalpha() else " " for c in str(text)).lower().split()
            assert set(words) <= set(build_print.words()[str(part)])
    for face, (part, lineage, package, _) in build_print.FACES.items():
        assert f"| {face} | {part} | {lineage} | `{package}`" in card


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        (build_digits, ["nowhere.png"], "install or unpack opencv-doc"),
        (build_digits, [str(DATA / "digits.npz")], "cannot be read as a picture"),
        (build_print, ["nowhere"], "unpack the packages of FACES there"),
    ],
)
def test_a_tool_without_its_package_says_so(tool, arguments, says, tmp_path):
    with pytest.raises(SystemExit, match=says):
        tool.main([*arguments, "--target", str(tmp_path / "made.npz")])
    assert not list(tmp_path.iterdir())


# --- the network ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chapter():
    """The chapter's functions around its print reader, with the committed weights."""
    import keras

    space = {
        **chapter_cells.READER, "collections": collections, "itertools": itertools, "os": os, "keras": keras,
        "ndimage": ndimage, "print_weights": str(ROOT / "data/models/print_reader.weights.h5"),
        "printed": dict(np.load(DATA / "print.npz")), "print": lambda *words: None,
    }  # fmt: skip
    return chapter_cells.defined(CHAPTER, READER, space)


def test_the_tool_trains_the_network_of_the_chapter(chapter):
    from tools.data import train_print

    assert chapter["LETTERS"] == build_print.ALPHABET

    def plan(network):
        """What each layer is, but for its name."""
        kept = (
            "filters",
            "kernel_size",
            "strides",
            "padding",
            "pool_size",
            "use_bias",
            "momentum",
            "target_shape",
        )
        return [
            (type(layer), layer.count_params(), *map(layer.get_config().get, kept))
            for layer in network.layers
        ]

    assert plan(train_print.print_network()) == plan(chapter["print_network"]())
    assert train_print.columns(256) == chapter["print_network"]().compute_output_shape((1, 24, 256, 1))[1]


# --- somebody's own line -------------------------------------------------------------------------


def saved(picture, kind="PNG", **settings) -> bytes:
    """A picture as the bytes of a file."""
    picture.save(file := io.BytesIO(), kind, **settings)
    return file.getvalue()


@pytest.fixture(scope="module")
def read(chapter):
    """read_file(file, top, bottom, left, right, reader), with a stand-in for the reader of numbers."""

    def numbers(lines):
        """Scores of a stand-in, once the line has the form that the reader knows."""
        assert lines.shape[:2] == (1, 20) and lines.min() >= 0 and lines.max() <= 255
        return np.zeros((1, 22, 11))

    chapter |= {"reader": numbers, "read_number": lambda scores: "read"}
    return chapter["read_file"]


@pytest.fixture(scope="module")
def line(printed):
    """A line of print as a picture, dark on light, three times as large, and its text."""
    place = int(np.flatnonzero(printed["faces"] == "DejaVu Sans")[0])
    end = int(printed["widths"][: place + 1].sum())
    ink = 17 * printed["ink"][:, end - int(printed["widths"][place]) : end]
    return Image.fromarray(255 - ink).resize((3 * ink.shape[1], 72), Image.Resampling.BICUBIC), str(
        printed["texts"][place]
    )


def guises(picture):
    """One line in many files."""
    grey = np.asarray(picture)
    clear = Image.fromarray(np.zeros((*grey.shape, 4), "uint8"))
    clear.putalpha(Image.fromarray(255 - grey))
    turned = Image.Exif()
    turned[0x0112] = 6  # stored turned by a quarter
    shade = grey * np.linspace(0.5, 1, grey.shape[1])
    return {
        "PNG": saved(picture),
        "JPEG in colour": saved(picture.convert("RGB"), "JPEG", quality=85),
        "light on dark": saved(ImageOps.invert(picture)),
        "see-through": saved(clear),
        "a palette": saved(picture.convert("P"), "GIF"),
        "black and white": saved(picture.convert("1", dither=Image.Dither.NONE)),
        "16 bits": saved(Image.fromarray(grey.astype("uint16") * 257)),
        "shaded": saved(Image.fromarray(shade.astype("uint8"))),
        "turned, with a note": saved(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=turned),
    }


@pytest.mark.parametrize("guise", guises(Image.new("L", (30, 20), "white")))
def test_every_guise_is_read(read, chapter, line, guise):
    picture, text = line
    came = read(guises(picture)[guise], 0, picture.height, 0, picture.width)
    assert not came.startswith("Not read."), came
    edits = sum(a != b for a, b in itertools.zip_longest(came, text))
    assert edits <= len(text) / 3 or chapter["edits"](came, text) <= len(text) / 3, (came, text)


@pytest.mark.parametrize(
    ("file", "crop", "says"),
    [
        (lambda: "nowhere.png", (0, 9, 0, 9), "cannot be read; check its name and folder."),
        (lambda: b"", (0, 9, 0, 9), "is no picture that Pillow knows; save it as JPEG."),
        (lambda: b"GIF89a", (0, 9, 0, 9), "is no picture that Pillow knows; save it as JPEG."),
        (lambda: saved(Image.effect_noise((90, 90), 60))[:2000], (0, 9, 0, 9), "is damaged; save or download it"),
        (lambda: str(ROOT), (0, 9, 0, 9), "cannot be read; check its name and folder."),
        (lambda: saved(Image.new("L", (50, 30), "white")), (0, 30, 0, 50), "no writing"),
        (lambda: saved(Image.new("L", (50, 30), "white")), (0, 31, 0, 50), "30 rows and 50 columns"),
        (lambda: saved(Image.new("L", (50, 30), "white")), (20, 10, 0, 50), "30 rows and 50 columns"),
        (lambda: saved(Image.new("L", (50, 30), "white")), (-5, 20, 0, 50), "30 rows and 50 columns"),
        (lambda: saved(Image.new("L", (50, 30), "white")), (0, 4, 0, 50), "too small"),
        (lambda: saved(Image.new("L", (9000, 30), "white")), (0, 30, 0, 9000), "too long"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["print", "number"])
def test_what_cannot_be_read_is_named(read, file, crop, says, kind):
    came = read(file(), *crop, kind)
    assert came.startswith("Not read. ") and says in came


@pytest.mark.parametrize(
    "crop", [(0.0, 30.0, 0.0, 50.0), ("0", "30", "0", "50"), (None,) * 4, (0, 30, 0, [50])]
)
def test_four_numbers_are_whole(read, crop):
    assert read(saved(Image.new("L", (50, 30), "white")), *crop) == (
        "Not read. The four numbers are whole pixels, unquoted."
    )


@pytest.mark.parametrize("kind", ["Number", "handwriting", "", None])
def test_an_unknown_reader_is_named(read, kind):
    came = read(saved(Image.new("L", (50, 30), "white")), 0, 30, 0, 50, kind)
    assert came == 'Not read. The reader is "print" or "number".'


@pytest.mark.parametrize("change", [lambda x: x / 255, lambda x: x / 127.5 - 1, lambda x: x * 257.0])
def test_values_of_any_size_are_read(read, line, change):
    """As a microscope or NumPy writes them: 0 to 1, -1 to 1, 0 to 65,535; a NaN among them."""
    picture, _ = line
    values = change(np.asarray(picture.convert("L"), "float32")).astype("float32")
    values[0, 0] = np.nan
    size = (0, picture.height, 0, picture.width)
    came, wanted = read(saved(Image.fromarray(values), "TIFF"), *size), read(saved(picture), *size)
    assert not wanted.startswith("Not read.") and came == wanted


def test_paper_without_writing_is_said_to_hold_none(read):
    paper = np.random.default_rng(0).normal(220, 3, (40, 400)).astype("uint8")
    assert read(saved(Image.fromarray(paper)), 0, 40, 0, 400).startswith("Not read.")


@pytest.mark.parametrize("size", [(8, 8), (300, 9), (9, 300), (2000, 1500), (400, 97)])
@pytest.mark.parametrize("kind", ["print", "number"])
def test_any_size_is_brought_to_the_reader(read, size, kind):
    picture = Image.effect_noise(size, 90)
    assert isinstance(read(saved(picture), 0, size[1], 0, size[0], kind), str)


# --- what the text says --------------------------------------------------------------------------


def test_the_benchmark_has_five_seeds_and_the_committed_weights():
    report = json.loads((ROOT / "benchmarks/results/text.json").read_text("utf-8"))
    assert list(report["numbers"]) == ["template", "classifier", "CTC"]
    for runs in report["numbers"].values():
        assert [run["seed"] for run in runs] == list(range(5))
    reader = report["print"]["this chapter's reader"][0]
    assert set(reader["faces"]) == set(build_print.FACES)
    (said,) = (
        "".join(output.get("text", "") for output in cell.outputs)
        for cell in read_notebook(CHAPTER).cells
        if cell.id == "text-print-read"
    )
    for part in ("train", "validation", "test"):
        assert f"{reader[part]:.1%} of the characters" in said, part
