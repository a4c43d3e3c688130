"""Chapter 5's reader of somebody's own picture: whatever the file is, it is read or refused in a sentence.

The functions are taken from the notebook, as a reader runs them; the network is the committed one
that has seen mirrored copies.
"""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from chapter_cells import READER, defined
from tools.pages import draw_live

NEEDED = (
    "def softmax", "def uncommented", "def on_black", "def centred", "def translated",
    "def photograph",
)  # fmt: skip


@pytest.fixture(scope="module")
def names():
    """The chapter's functions by name, as its cells define them, with the committed network."""
    import keras

    space = {**READER, "keras": keras}
    defined(draw_live.CHAPTER, NEEDED, space)
    space["loaded"] = draw_live.keras_network("fashion-mirrored")
    space["names"] = draw_live.read_file(draw_live.LIVE / "fashion-mirrored.p2p")[0]["classes"]
    return space


@pytest.fixture(scope="module")
def boot(names):
    """A boot of the test pictures that the network is sure of."""
    pictures, labels = draw_live.test_pictures()
    boots = pictures[labels == 9][:200]
    return boots[names["loaded"].predict(boots[..., None], verbose=0)[:, 9].argmax()]


def saved(picture, kind="PNG", **settings) -> bytes:
    """A picture as the bytes of a file."""
    file = io.BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()


def noted(note: int) -> Image.Exif:
    """A camera's note how the picture is stored."""
    exif = Image.Exif()
    exif[0x0112] = note
    return exif


def oddly_noted(png: bytes) -> bytes:
    """A PNG with a camera's note that is none."""
    chunk = b"eXIf" + b"no note at all"
    told = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:33] + told + png[33:]


TURN = Image.Transpose
STORED = [
    None, TURN.FLIP_LEFT_RIGHT, TURN.ROTATE_180, TURN.FLIP_TOP_BOTTOM, TURN.TRANSPOSE, TURN.ROTATE_90,
    TURN.TRANSVERSE, TURN.ROTATE_270,
]  # fmt: skip


def guises(photograph, boot) -> dict[str, bytes]:
    """One boot in many files."""
    photo = photograph(boot)
    clear = photo.convert("RGBA")
    clear.putalpha(Image.fromarray(np.pad(boot.repeat(10, 0).repeat(10, 1), 40)))
    deep = np.asarray(photo.convert("L")).astype("uint16") * 257
    blank = Image.new("RGB", photo.size, "white")
    found = {
        f"camera note {note}": saved(
            photo if change is None else photo.transpose(change), "JPEG", exif=noted(note)
        )
        for note, change in enumerate(STORED, start=1)
    }
    return found | {
        "transparent PNG": saved(clear),
        "grey": saved(photo.convert("L")),
        "palette": saved(photo.quantize(32)),
        "CMYK JPEG": saved(photo.convert("CMYK"), "JPEG"),
        "16 bits": saved(Image.fromarray(deep)),
        "shares of white": saved(Image.fromarray(np.float32(deep) / 65535), "TIFF"),
        "odd note of a camera": oddly_noted(saved(photo)),
        "animated GIF": saved(photo, "GIF", save_all=True, append_images=[blank, blank], duration=200),
        "on black": saved(photograph(boot, (240, 230, 220), (10, 10, 15))),
        "pointing right": saved(ImageOps.mirror(photo)),
        "small": saved(photograph(boot, zoom=2)),
        "huge": saved(photo.resize((5000, 5000)), "JPEG"),
    }


def test_one_boot_in_every_guise(names, boot):
    """Each file is read as a boot; those that differ in form alone become the same small picture."""
    files = guises(names["photograph"], boot)
    small = {name: names["translated"](data) for name, data in files.items()}
    for name, data in files.items():
        assert names["read"](data).argmax() == 9, name
        assert names["say"](data).startswith("Ankle boot"), name
        assert small[name].shape == (28, 28) and small[name].dtype == np.uint8 and small[name].max() > 200, (
            name
        )

    def gap(name: str, other: str) -> float:
        """Mean difference of two small pictures."""
        return np.abs(small[name].astype(int) - small[other]).mean()

    for name in files:
        if name.startswith("camera note"):
            assert gap(name, "camera note 1") < 2, name
        elif name not in ("pointing right", "transparent PNG"):  # mirrored; without paper behind the boot
            assert gap(name, "grey") < 8, name
    assert gap("pointing right", "grey") > 40


def claims_to_be_huge(whole: bytes) -> bytes:
    """A small PNG whose head says 60,000 x 60,000 pixels."""
    header = struct.pack(">II", 60_000, 60_000) + whole[24:29]
    return whole[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + whole[33:]


BAD = {
    "truncated": "Your file is damaged; save or download it again.",
    "text": "Your file is no picture that Pillow knows; save it as JPEG.",
    "empty": "Your file is no picture that Pillow knows; save it as JPEG.",
    "no_such_picture.png": "Your file cannot be read; check its name and folder.",
    ".": "Your file cannot be read; check its name and folder.",
    "white sheet": "Your file shows one even area; choose a picture with a garment on a plain ground.",
    "claims to be huge": "Your file is too large; shrink it to 4,000 pixels a side.",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_a_sentence(names, boot, name):
    """One sentence, no percentage, no error."""
    whole = saved(names["photograph"](boot))
    data = {
        "truncated": whole[: len(whole) // 2],
        "text": b"This is no picture.",
        "empty": b"",
        "white sheet": saved(Image.new("RGB", (300, 300), "white")),
        "claims to be huge": claims_to_be_huge(whole),
    }.get(name)
    said = names["say"](name if data is None else data)
    assert said == BAD[name] and "%" not in said


def test_random_damage_never_stops_it(names, boot):
    """300 files with bytes changed or cut off: a picture or a ValueError with a sentence, nothing else."""
    files = guises(names["photograph"], boot)
    sources = [files[name] for name in ("camera note 6", "grey", "animated GIF")]
    rng, outcomes = np.random.default_rng(0), {"translated": 0, "refused": 0}
    for attempt in range(300):
        data = bytearray(sources[attempt % 3])
        for position in rng.integers(0, len(data), size=8):
            data[position] = rng.integers(256)
        cut = rng.integers(1, len(data) + 1) if attempt % 2 else len(data)
        try:
            names["translated"](bytes(data[:cut]))
            outcomes["translated"] += 1
        except ValueError as problem:
            assert str(problem).startswith(("is ", "shows ")) and "; " in str(problem)
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 20, outcomes
