"""Draw what link previews show: one picture for the book, one for each chapter.

    python -m tools.pages.draw_previews FOLDER

tools/pages/publish.py draws them into the published site. Photograph, filter and maps are
those of the cover (draw_cover.py); the numbers are computed here.
"""

from __future__ import annotations

import gzip
import io
import sys
import textwrap
import zipfile
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from PIL import Image

from tools.book import Book, read_notebook
from tools.pages.draw_cover import BARS, BIAS, COLUMN, ROOT, ROW, SOBEL, Cover, correlate, icon

SIZE = (1200, 630)  # what previews are shown at
DOTS = 100
LEFT, MIDDLE = 7.1, 3.15  # where the drawing begins, and its middle; inches


def photograph() -> np.ndarray:
    """The cup of the cover, (height, width, 3)."""
    return np.load(ROOT / "data" / "datasets" / "photographs.npz")["coffee"]


def grey() -> np.ndarray:
    """The cup in grey, (height, width)."""
    return np.rint(photograph() @ [0.299, 0.587, 0.114])


def edges() -> np.ndarray:
    """The map of the cover's filter: (height - 2, width - 2)."""
    return correlate(grey(), SOBEL)


def pooled(values: np.ndarray, side: int) -> np.ndarray:
    """The largest value of every window of side x side, borders that do not fill one left out."""
    height, width = (length // side * side for length in values.shape)
    windows = values[:height, :width].reshape(height // side, side, width // side, side)
    return windows.max(axis=(1, 3))


def cup(page: Cover):
    """The photograph."""
    return page.picture(LEFT, MIDDLE - 1.45, 4.35, photograph())


def weighted_sum(page: Cover):
    """Nine pixels, nine weights, one number."""
    colours = matplotlib.colormaps
    patch = grey()[ROW - 1 : ROW + 2, COLUMN - 1 : COLUMN + 2]
    page.table(LEFT, 3.3, 2.0, patch, lambda value: colours["gray"](value / 255), page.soft)
    page.table(LEFT + 2.5, 3.3, 2.0, SOBEL, lambda value: colours["PuOr_r"]((value + 2.6) / 5.2), page.soft)
    page.text(LEFT + 2.25, 4.3, "\u00d7", 26)
    page.text(LEFT + 2.25, 2.2, f"\u2212 {-BIAS}  =  {(patch * SOBEL).sum() + BIAS:g}", 34, page.accent)


def feature_map(page: Cover):
    """The photograph with the filter's window, and the map that comes of it."""
    drawn = page.picture(LEFT, 2.75, 3.0, photograph())
    drawn.add_patch(Rectangle((COLUMN - 9, ROW - 9), 18, 18, fill=False, edgecolor="white", linewidth=2.5))
    page.picture(LEFT + 1.4, 0.95, 3.0, edges(), layer=4, cmap="RdBu_r", vmin=-260, vmax=260)


def relu(page: Cover):
    """A map before and after ReLU."""
    page.picture(LEFT, 2.75, 3.0, edges(), cmap="RdBu_r", vmin=-260, vmax=260)
    page.picture(LEFT + 1.4, 0.95, 3.0, np.maximum(edges(), 0), layer=4, cmap="Reds", vmin=0, vmax=260)


def pooling(page: Cover):
    """A map after ReLU, and what max pooling keeps of it."""
    before = np.maximum(edges(), 0)
    page.picture(LEFT, 2.75, 3.0, before, cmap="Reds", vmin=0, vmax=260)
    page.picture(LEFT + 1.4, 0.95, 3.0, pooled(before, 8), layer=4, cmap="Reds", vmin=0, vmax=260)


def bars(page: Cover, left: float, wide: float, colours):
    """A sign for a prediction, as on the cover."""
    for number, (share, colour) in enumerate(zip(BARS, colours, strict=True)):
        shape = FancyBboxPatch(
            (left, MIDDLE + 0.55 - 0.75 * number),
            wide * share,
            0.42,
            boxstyle="round,pad=0,rounding_size=0.1",
        )
        shape.set(facecolor=colour, edgecolor="none")
        page.page.add_patch(shape)


def stack(page: Cover, left: float, width: float):
    """Three maps, one behind the other."""
    for number in (2, 1, 0):
        values = pooled(np.maximum(edges(), 0), 2 ** (number + 1))
        place = (left + 0.22 * number, MIDDLE - width / 3 + 0.22 * number)
        page.picture(*place, width, values, layer=6 - 2 * number, cmap="Reds", vmin=0, vmax=260)


def prediction(page: Cover):
    """From maps to a prediction."""
    stack(page, LEFT, 2.0)
    page.arrow((LEFT + 2.6, MIDDLE), (LEFT + 3.0, MIDDLE))
    bars(page, LEFT + 3.15, 1.4, [page.violet] * 3)


def borrowed(page: Cover):
    """A photograph, maps that were borrowed, and a head of one's own."""
    page.picture(LEFT, MIDDLE - 0.5, 1.45, photograph())
    page.arrow((LEFT + 1.5, MIDDLE), (LEFT + 1.75, MIDDLE))
    stack(page, LEFT + 1.8, 1.2)
    page.arrow((LEFT + 3.45, MIDDLE), (LEFT + 3.7, MIDDLE))
    bars(page, LEFT + 3.8, 0.75, [page.accent] * 3)


def data(name: str):
    """A data file of the book, opened."""
    return np.load(ROOT / "data" / "datasets" / name)


def line(page: Cover):
    """A line of handwritten digits, and below it what it says."""
    digits, said = data("digits.npz")["digits"], (4, 0, 7, 2, 3)
    values = np.concatenate([digits[500 * kind] for kind in said], axis=1)
    page.picture(LEFT, MIDDLE - 0.1, 4.35, values, cmap="gray", vmin=0, vmax=255)
    for place, kind in enumerate(said):
        page.text(LEFT + 4.35 * (place + 0.5) / len(said), MIDDLE - 0.6, str(kind), 30, page.violet)


def sound(page: Cover):
    """A snare drum as a spectrogram, time to the right, in decibels."""
    drums = data("drums.npz")
    snare = np.flatnonzero((drums["kind"] == 1) & (drums["maker"] == 3))[2]
    bent = (drums["sounds"][drums["sound"][snare]].astype(float) - 128) / 127
    samples = np.sign(bent) * (256 ** np.abs(bent) - 1) / 255
    pieces = np.lib.stride_tricks.sliding_window_view(samples, 256)[::96] * np.hanning(256)
    power = np.abs(np.fft.rfft(pieces)) ** 2
    level = 10 * np.log10(power / power.max() + 1e-6).T[::-1]
    page.picture(LEFT, MIDDLE - 1.8, 4.35, np.repeat(level, 2, axis=1), cmap="gray")


def ground(page: Cover):
    """A coast from above in its colours, and its cover: water, green and other, by chapter 13's rule."""
    scene = data("satellite.npz")["olinda"].astype(float)
    low, high = np.percentile(scene, [2, 98], axis=(0, 1))
    colours = np.clip((scene - low) / (high - low), 0, 1)[..., [2, 1, 0]]
    green, red, near, short = (scene[..., band] for band in (1, 2, 3, 4))
    dry = np.where((near - red) / (near + red) > 0.05, 1, 2)
    cover = np.where((green - short) / (green + short) > 0.2, 0, dry)
    palette = np.array([[24, 62, 150], [86, 168, 90], [236, 224, 198]], dtype="uint8")
    page.picture(LEFT, MIDDLE - 1.05, 2.1, colours)
    page.picture(LEFT + 2.25, MIDDLE - 1.05, 2.1, palette[cover])


def alike(page: Cover):
    """Points of three people: each row is drawn together, and away from the others."""
    places = (0.75, 0.9, "a"), (2.9, 1.2, "b"), (1.9, -0.9, "c")
    for (across, up, letter), colour in zip(places, (page.violet, page.accent, page.violet), strict=True):
        for right, above in ((-0.35, 0.25), (0.35, 0.3), (0.0, -0.3)):
            page.text(LEFT + across + right, MIDDLE + up + above, letter, 34, colour)
    page.arrow((LEFT + 1.45, MIDDLE + 0.95), (LEFT + 1.15, MIDDLE + 0.95))
    page.arrow((LEFT + 2.1, MIDDLE + 1.05), (LEFT + 2.4, MIDDLE + 1.05))


def tags(page: Cover):
    """Three stamps in one picture, and its tags."""
    with zipfile.ZipFile(ROOT / "data/datasets/stamps.zip") as archive:
        for place, name in enumerate(("bird/owl", "food/banana", "plant/iris")):
            (path,) = (each for each in archive.namelist() if each.endswith(f"/{name}.webp"))
            stamp = Image.open(io.BytesIO(archive.read(path))).convert("RGBA")
            stamp.thumbnail((150, 150))
            white = Image.new("RGBA", (150, 150), "white")
            white.alpha_composite(stamp, tuple((150 - side) // 2 for side in stamp.size))
            left = LEFT + 1.5 * place
            page.picture(left, MIDDLE - 0.4, 1.35, np.asarray(white.convert("RGB")) / 255)
            page.text(left + 0.67, MIDDLE - 0.9, name.split("/")[0], 22, page.violet)


def watched(page: Cover):
    """A bird in flight, and below it what changed since the frame before."""
    now, before = (data("birds.npz")["frames"][n].astype(float)[8:42, 8:76] for n in (411, 410))
    page.picture(LEFT, MIDDLE + 0.1, 4.35, now, cmap="gray", vmin=40, vmax=200)
    page.picture(LEFT, MIDDLE - 2.2, 4.35, np.abs(now - before), cmap="Reds", vmin=0, vmax=60)


def mirrored(page: Cover):
    """A boot as the data show them, and turned to the other side."""
    with gzip.open(ROOT / "data/datasets/fashion-mnist/train-images-idx3-ubyte.gz") as packed:
        boot = np.frombuffer(packed.read(16 + 784)[16:], dtype="uint8").reshape(
            28, 28
        )  # the first picture is a boot
    for left, values, words in ((LEFT, boot, "a boot"), (LEFT + 2.25, boot[:, ::-1], "and now?")):
        page.picture(left, MIDDLE - 0.9, 2.1, values, cmap="gray", vmin=0, vmax=255)
        page.text(left + 1.05, MIDDLE - 1.35, words, 26, page.violet)


def past_the_layers(page: Cover):
    """A residual block: two layers, and the way around them."""
    for place in (LEFT + 1.1, LEFT + 2.4):
        shape = FancyBboxPatch((place, MIDDLE - 0.8), 0.6, 1.6, boxstyle="round,pad=0,rounding_size=0.12")
        shape.set(facecolor=page.violet, edgecolor="none")
        page.page.add_patch(shape)
    for begin, end in ((0.35, 1.0), (1.8, 2.3), (3.1, 3.55)):
        page.arrow((LEFT + begin, MIDDLE), (LEFT + end, MIDDLE))
    around = FancyArrowPatch(
        (LEFT + 0.15, MIDDLE + 0.3),
        (LEFT + 3.85, MIDDLE + 0.3),
        connectionstyle="arc3,rad=-0.55",
        arrowstyle="-|>",
        mutation_scale=26,
        linewidth=3,
        color=page.accent,
    )
    page.page.add_patch(around)
    page.text(LEFT + 0.12, MIDDLE, "x", 34)
    page.text(LEFT + 3.85, MIDDLE, "+", 38, page.accent)


def apart(page: Cover):
    """The photograph's channels, each filtered by itself, and their mixture."""
    channels = [correlate(channel, SOBEL) for channel in photograph().astype(float).transpose(2, 0, 1)]
    for place, channel in enumerate(channels):
        page.picture(LEFT, MIDDLE + 0.75 - 1.4 * place, 1.9, channel, cmap="RdBu_r", vmin=-260, vmax=260)
    page.arrow((LEFT + 1.98, MIDDLE), (LEFT + 2.32, MIDDLE))
    page.picture(LEFT + 2.4, MIDDLE - 0.65, 1.95, sum(channels) / 3, cmap="RdBu_r", vmin=-260, vmax=260)


def covered(page: Cover):
    """The photograph with a grey square that moves across it, as an occlusion map is made."""
    height, width, _ = photograph().shape
    side = height // 3
    for place, (top, left) in enumerate(((0, 0), (height // 3, width // 3), (2 * side, width - side - 40))):
        values = photograph().copy()
        values[top : top + side, left : left + side] = 128
        page.picture(LEFT + 0.95 * place, MIDDLE + 0.75 - 1.25 * place, 2.4, values, layer=3 + place)


def fooled(page: Cover):
    """A boot, signs such as a step takes (drawn here by a coin), and both together."""
    with gzip.open(ROOT / "data/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz") as file:
        boot = np.frombuffer(file.read(16 + 784)[16:], "uint8").reshape(28, 28).astype(float)
    signs = np.random.default_rng(17).choice([-1, 1], boot.shape)
    for place, (picture, how) in enumerate(
        (
            (boot, {"cmap": "gray", "vmin": 0, "vmax": 255}),
            (signs, {"cmap": "PuOr_r", "vmin": -2, "vmax": 2}),
            (np.clip(boot + 16 * signs, 0, 255), {"cmap": "gray", "vmin": 0, "vmax": 255}),
        )
    ):
        page.picture(LEFT + 1.5 * place, MIDDLE - 0.6, 1.35, picture, **how)
        if place < 2:
            page.text(LEFT + 1.42 + 1.5 * place, MIDDLE + 0.05, "+="[place], 22, page.violet)


def scaled(page: Cover):
    """The roof over a machine: a slope of bytes, then a flat top of arithmetic, with two ways under it."""
    axes, x = page.axes(LEFT, MIDDLE - 1.8, 4.35, 3.6), np.linspace(0, 1, 50)
    axes.plot(x, np.minimum(0.3 + 2.2 * x, 1.3), lw=7, color=page.violet)
    axes.plot([0.15, 0.45, 0.7], [0.35, 0.8, 1.15], "o", ms=18, color=page.accent)
    axes.set(xlim=(0, 1), ylim=(0, 1.5))


DRAWINGS = {
    1: weighted_sum,
    2: feature_map,
    3: relu,
    4: pooling,
    5: prediction,
    6: borrowed,
    7: mirrored,
    8: past_the_layers,
    9: apart,
    10: covered,
    11: line,
    12: sound,
    13: ground,
    14: alike,
    15: tags,
    16: watched,
    17: fooled,
    18: scaled,
}


def pixels(title: str, above: str, below: str, drawing) -> np.ndarray:
    """One picture as an array (630, 1200, 3) of uint8."""
    page = Cover("light", SIZE[0] / DOTS, SIZE[1] / DOTS, DOTS)
    page.picture(0.7, 4.95, 0.62, icon())
    page.text(1.55, 5.26, above, 22, page.soft, ha="left")
    lines = textwrap.wrap(title, 19)
    size = 46 if len(lines) < 4 else 38
    page.text(0.68, 2.95, "\n".join(lines), size, ha="left", linespacing=1.15)
    page.text(0.7, 0.75, below, 19, page.violet, ha="left")
    drawing(page)
    page.canvas.draw()
    return np.asarray(page.canvas.buffer_rgba())[..., :3].copy()


def write(book: Book, folder: Path) -> dict[str, str]:
    """Write all pictures; page -> its picture below the site, "" -> the book's own."""
    folder.mkdir(parents=True, exist_ok=True)
    name = book.config["title"]
    wanted = {"": (name, "a book of notebooks", "convolutional neural networks you can check by hand", cup)}
    for path in book.chapters:
        number = int(path.stem[:2])
        first = next(cell.source for cell in read_notebook(path).cells if cell.source.startswith("# "))
        title = first.splitlines()[0].removeprefix("# ").strip()
        wanted[f"notebooks/{path.stem}"] = (title, name, f"Chapter {number}", DRAWINGS.get(number, cup))
    found = {}
    for page, words in wanted.items():
        target = folder / f"{Path(page).name or 'book'}.png"
        picture = Image.fromarray(pixels(*words)).quantize(128, dither=Image.Dither.NONE)
        picture.save(target, optimize=True)
        found[page] = f"_static/previews/{target.name}"
    return found


if __name__ == "__main__":
    for picture in write(Book(), Path(sys.argv[1])).values():
        print(picture)
