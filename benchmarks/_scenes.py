"""The scenes that transfer.py trains on and asks about, and who is drawn for what.

The pictures are the book's stamps, five classes, cut out and put on pale
grounds. The grounds of one part have hues that no picture of another part
lies on. Every scene is always the same: each draw is seeded.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402  (the path must be set first)
from matplotlib.colors import hsv_to_rgb  # noqa: E402
from PIL import Image  # noqa: E402

from tools.data.build_stamps import SAME_THING  # noqa: E402

ALL = "all"  # the pictures of all three parts
# The grounds of one part have other hues than those of the others: of every three hues, this one.
HUES = {"train": 0, "validation": 1, "test": 2}


def stamp_names(part: str) -> list[str]:
    """The pictures of a part, or of all, as part/class/name.webp; sorted."""
    with zipfile.ZipFile(ROOT / "data" / "datasets" / "stamps.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".webp"))
    return [name for name in names if part in (ALL, name.split("/")[0])]


def stamps(part: str) -> tuple[list[Image.Image], np.ndarray, list[str]]:
    """The cut-out pictures of a part (RGBA), their class numbers, the names of the classes."""
    pictures, labels, names = [], [], stamp_names(part)
    classes = sorted({name.split("/")[1] for name in names})
    with zipfile.ZipFile(ROOT / "data" / "datasets" / "stamps.zip") as archive:
        for name in names:
            pictures.append(Image.open(io.BytesIO(archive.read(name))).convert("RGBA"))
            labels.append(classes.index(name.split("/")[1]))
    return pictures, np.array(labels), classes


def things() -> np.ndarray:
    """A number for each of all pictures; pictures that show the same thing share one."""
    first = {name: line.split()[0] for line in SAME_THING for name in line.split()}
    shown = [name.split("/", 1)[1].removesuffix(".webp") for name in stamp_names(ALL)]
    return np.unique([first.get(name, name) for name in shown], return_inverse=True)[1]


def ground(part: str, side: int, rng) -> Image.Image:
    """A pale plain colour, (side, side) RGB."""
    hue = (3 * rng.integers(4) + HUES[part]) / 12
    color = 255 * hsv_to_rgb([hue, rng.uniform(0, 0.15), rng.uniform(0.9, 1)])
    return Image.new("RGB", (side, side), tuple(int(value) for value in color))


def composed(stamp: Image.Image, part: str, side: int, rng) -> np.ndarray:
    """The stamp on a ground: (side, side, 3) uint8. It fills 70 to 95 % of the side."""
    # Stamps come in different sizes; first all lose the detail that the small ones lack.
    stamp = stamp.copy()
    stamp.thumbnail((64, 64), Image.Resampling.BOX)
    scale = side * rng.uniform(0.7, 0.95) / max(stamp.size)
    size = [max(1, round(length * scale)) for length in stamp.size]
    stamp = stamp.resize(size, Image.Resampling.BICUBIC)
    if rng.random() < 0.5:
        stamp = stamp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    scene = ground(part, side, rng)
    place = tuple(int(rng.integers(side - length + 1)) for length in size)
    scene.paste(stamp, place, stamp)
    return np.asarray(scene)


def scenes(part: str, side: int, variants: int, hues: str | None = None):
    """(pictures, variants, side, side, 3) uint8, class numbers, class names; always the same.

    The grounds have the hues of the part, or of the part that `hues` names.
    """
    hues = hues or part
    pictures, labels, classes = stamps(part)
    rng = np.random.default_rng(HUES[hues])
    result = [[composed(picture, hues, side, rng) for _ in range(variants)] for picture in pictures]
    return np.array(result), labels, classes


def drawn(labels: np.ndarray, shots: int, draw: int) -> np.ndarray:
    """The numbers of the training pictures of one draw: `shots` of each class."""
    rng = np.random.default_rng([shots, draw])
    return np.concatenate(
        [rng.permutation(np.flatnonzero(labels == each))[:shots] for each in np.unique(labels)]
    )


def shared_out(labels: np.ndarray, thing: np.ndarray, shots: int, draw: int):
    """All pictures shared out: the numbers of those to train on, and of those to ask."""
    chosen = drawn(labels, shots, draw)
    return chosen, np.flatnonzero(~np.isin(thing, thing[chosen]))


def rows(x: np.ndarray) -> np.ndarray:
    """(pictures, variants, ...) -> (pictures * variants, ...)."""
    return x.reshape(-1, *x.shape[2:])


def balanced(answers: np.ndarray, labels: np.ndarray) -> float:
    """Mean over the classes of the share of right answers."""
    right = answers == labels
    return float(np.mean([right[labels == each].mean() for each in np.unique(labels)]))
