"""Draw the cover: from nine pixels of a photograph to a prediction.

    python -m tools.pages.draw_cover

It writes book/_static/cover-light.png and cover-dark.png, and the icon
favicon.png. Patch, weights and bias are those of chapter 1, and the numbers are
computed here. The bars on the right stand for a prediction; they are drawn,
not measured.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import ConnectionPatch, FancyArrowPatch, FancyBboxPatch, Rectangle
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "book" / "_static"
FONT = Path(__file__).parent / "fonts" / "source-sans-3-latin-600-normal.ttf"

ROW, COLUMN, BIAS = 61, 86, -100  # as in chapter 1
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
BEHIND = (SOBEL.T, np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]))  # two more maps
BARS = (0.9, 0.42, 0.25)  # a sign for "prediction", without names: nothing was predicted

# ground, ink, quieter ink, accent, quieter accent: the values of palette.css
COLOURS = {
    "light": ("#f6f4fa", "#23202c", "#585266", "#9c4a05", "#593796"),
    "dark": ("#1f1c27", "#e3dfe9", "#aca5b9", "#f2b06a", "#c3b0f2"),
}
WIDTH, HEIGHT, DOTS = 12.0, 3.9, 130  # inches, inches, dots an inch


def correlate(picture, kernel):
    """Slide a 3x3 kernel over a picture (H, W); the map is (H - 2, W - 2)."""
    patches = np.lib.stride_tricks.sliding_window_view(picture, (3, 3))
    return (patches * kernel).sum(axis=(2, 3))


class Cover:
    """One drawing, in one set of colours; of the cover's size, unless another is named. Lengths are inches."""

    def __init__(self, theme: str, width: float = WIDTH, height: float = HEIGHT, dots: int = DOTS):
        self.width, self.height = width, height
        self.ground, self.ink, self.soft, self.accent, self.violet = COLOURS[theme]
        self.figure = Figure(figsize=(width, height), dpi=dots, facecolor=self.ground)
        self.canvas = FigureCanvasAgg(self.figure)
        self.page = self.axes(0, 0, width, height)
        self.page.set(xlim=(0, width), ylim=(0, height))

    def axes(self, left, bottom, width, height, layer=1):
        """Bare axes at a place on the page."""
        made = self.figure.add_axes(
            (left / self.width, bottom / self.height, width / self.width, height / self.height), zorder=layer
        )
        made.set_axis_off()
        return made

    def text(self, x, y, words, size=13, colour=None, axes=None, **more):
        """Words, centred on a point."""
        more = {"ha": "center", "va": "center", **more}
        (axes or self.page).text(
            x,
            y,
            words,
            color=colour or self.ink,
            zorder=9,
            fontproperties=FontProperties(fname=str(FONT), size=size),
            **more,
        )

    def picture(self, left, bottom, width, values, layer=1, **look):
        """A picture with a thin frame."""
        height = width * values.shape[0] / values.shape[1]
        made = self.axes(left, bottom, width, height, layer)
        made.imshow(values, interpolation="nearest", aspect="auto", **look)
        self.figure.add_artist(
            Rectangle(
                (left / self.width, bottom / self.height),
                width / self.width,
                height / self.height,
                zorder=layer + 0.5,
                transform=self.figure.transFigure,
                fill=False,
                edgecolor=self.ground,
                linewidth=1.5,
            )
        )
        return made

    def table(self, left, bottom, side, values, colours, strong):
        """A 3x3 table of numbers on coloured cells."""
        made = self.axes(left, bottom, side, side, layer=3)
        made.set(xlim=(0, 3), ylim=(3, 0))
        for (row, column), value in np.ndenumerate(values):
            red, green, blue, _ = colours(value)
            made.add_patch(
                FancyBboxPatch(
                    (column + 0.09, row + 0.09),
                    0.82,
                    0.82,
                    boxstyle="round,pad=0,rounding_size=0.12",
                    facecolor=(red, green, blue),
                    edgecolor=strong,
                    linewidth=0.6,
                )
            )
            ink = "black" if red + 2 * green + blue > 1.8 else "white"
            sign = "\u2212" if value < 0 else ""
            self.text(column + 0.5, row + 0.52, f"{sign}{abs(value):g}", 13.5, ink, made)

    def arrow(self, start, end):
        """An arrow between two points of the page."""
        self.page.add_patch(
            FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=13, color=self.soft, linewidth=1.4)
        )


def draw(theme: str) -> Cover:
    """Draw the cover in the colours of a theme, "light" or "dark"."""
    photograph = np.load(ROOT / "data" / "datasets" / "photographs.npz")["coffee"]
    grey = np.rint(photograph @ [0.299, 0.587, 0.114])
    patch = grey[ROW - 1 : ROW + 2, COLUMN - 1 : COLUMN + 2]
    maps = [correlate(grey, kernel) for kernel in (SOBEL, *BEHIND)]
    z = maps[0][ROW - 1, COLUMN - 1] + BIAS
    cmaps = matplotlib.colormaps

    cover = Cover(theme)
    middle, label = 2.12, 0.5

    # The photograph; a frame around the patch, and lines that lead to it enlarged.
    picture = cover.picture(0.4, middle - 0.97, 2.9, photograph)
    reach, side, left = 8, 1.62, 3.72
    picture.add_patch(
        Rectangle(
            (COLUMN - reach, ROW - reach),
            2 * reach,
            2 * reach,
            fill=False,
            edgecolor="white",
            linewidth=2,
        )
    )
    for row, height in ((ROW - reach, side / 2), (ROW + reach, -side / 2)):
        cover.figure.add_artist(
            ConnectionPatch(
                (COLUMN + reach, row),
                (left + 0.05, middle + height),
                picture.transData,
                cover.page.transData,
                color="#f6f4fa" if theme == "dark" else "#23202c",
                linewidth=0.9,
                linestyle=(0, (4, 3)),
                zorder=2,
            )
        )
    low = middle - side / 2
    cover.table(left, low, side, patch, lambda value: cmaps["gray"](value / 255), cover.soft)
    cover.text(5.52, middle, "\u00d7", 20)
    cover.table(5.7, low, side, SOBEL, lambda value: cmaps["PuOr_r"]((value + 2.6) / 5.2), cover.soft)

    # The sum, and its place in the map.
    cover.text(7.87, middle + 0.24, f"\u2212 {-BIAS}", 14)
    cover.text(7.87, middle - 0.2, f"= {z:g}", 18, cover.accent)
    cover.arrow((8.28, middle), (8.62, middle))
    width = 2.02
    height = width * maps[0].shape[0] / maps[0].shape[1]
    for number in (2, 1, 0):
        place = (8.7 + 0.13 * number, middle - height / 2 - 0.13 + 0.13 * number)
        drawn = cover.picture(
            *place,
            width,
            maps[number],
            layer=6 - 2 * number,
            cmap="RdBu_r",
            vmin=-260,
            vmax=260,
        )
    drawn.add_patch(
        Rectangle((COLUMN - 10, ROW - 10), 18, 18, fill=False, edgecolor="#9c4a05", linewidth=2.2)
    )

    # The prediction.
    for number, share in enumerate(BARS):
        y = middle + 0.46 - 0.34 * number
        bar = FancyBboxPatch(
            (11.1, y - 0.22),
            0.62 * share,
            0.18,
            boxstyle="round,pad=0,rounding_size=0.05",
            facecolor=cover.violet,
            edgecolor="none",
        )
        cover.page.add_patch(bar)

    for x, words in (
        (1.85, "photograph"),
        (left + side / 2, "nine pixels"),
        (5.7 + side / 2, "nine weights"),
        (7.87, "one number"),
        (9.84, "feature maps"),
        (11.4, "prediction"),
    ):
        cover.text(x, label, words, 13, cover.soft)
    return cover


def pixels(theme: str) -> np.ndarray:
    """The cover as an array (height, width, 3) of uint8."""
    cover = draw(theme)
    cover.canvas.draw()
    return np.asarray(cover.canvas.buffer_rgba())[..., :3].copy()


def icon(size: int = 48) -> np.ndarray:
    """The filter of favicon.svg as an array (size, size, 4) of uint8."""
    made = np.zeros((size, size, 4), np.uint8)
    colours = {-2: "54318f", -1: "8a74b8", 0: "d5cfdd", 1: "e9a24f", 2: "c05f08"}
    cell, gap = 14, 3
    for (row, column), value in np.ndenumerate(SOBEL):
        top, left = (position * (cell + gap) for position in (row, column))
        made[top : top + cell, left : left + cell] = (*bytes.fromhex(colours[int(value)]), 255)
    return made


if __name__ == "__main__":
    for theme in COLOURS:
        path = STATIC / f"cover-{theme}.png"
        Image.fromarray(pixels(theme)).quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        print(f"wrote {path.name}, {path.stat().st_size:,} bytes")
    Image.fromarray(icon()).save(STATIC / "favicon.png", optimize=True)
