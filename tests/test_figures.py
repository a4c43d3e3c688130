"""Tests of the chapters' figures as a reader sees them: on a wide page, on a phone, by day and by night."""

from __future__ import annotations

import base64
import io
import re
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from PIL import Image

import site_checks as site
from site_fixtures import *  # noqa: F403  (fixtures)

sys.path[:0] = [str(site.ROOT / "book" / "_ext")]

import drawn_figures  # noqa: E402

from tools import drawings  # noqa: E402

CHAPTERS = [page for page in site.pages() if page.startswith("notebooks/")] or ["(no page)"]
SMALLEST = {1280: 12, 390: 11}  # pixels, of the text in a figure, on a page of this width
SIDE_BY_SIDE = 2  # panels at most

# The size of every text as it is shown, and where every panel lies.
LOOK = """() => {
    document.querySelectorAll("article details").forEach((fold) => { fold.open = true; });
    document.querySelectorAll(".pausable > [hidden]").forEach((still) => { still.hidden = false; });
    return [...document.querySelectorAll("article svg.figure")].map((drawing) => {
        const box = drawing.getBoundingClientRect();
        const texts = [...drawing.querySelectorAll("text, tspan")].filter((text) => text.textContent.trim());
        const sizes = texts.map((text) => {
            const { a, b } = text.getScreenCTM();
            return [Math.hypot(a, b) * parseFloat(getComputedStyle(text).fontSize), text.textContent];
        });
        const shown = (element) => {
            const { left, right, top, bottom } = element.getBoundingClientRect();
            return [left, right, top, bottom];
        };
        return {
            name: drawing.parentElement.id, left: box.left, right: box.right, sizes,
            panels: [...drawing.querySelectorAll(".panel")].map((panel) => shown(panel.querySelector("path, image"))),
            outside: texts.filter((text) => {
                const { left, right, top, bottom } = text.getBoundingClientRect();
                return left < box.left - 2 || right > box.right + 2 || top < box.top - 2 || bottom > box.bottom + 2;
            }).map((text) => text.textContent),
            room: document.documentElement.clientWidth,
        };
    });
}"""


def complaints(figure, width) -> list[str]:
    """What is wrong with a figure as it is shown on a page of this width."""
    found = []
    small = [(size, text) for size, text in figure["sizes"] if size < SMALLEST[width]]
    if small:
        size, text = min(small)
        found.append(f"{text!r} is {size:.1f} px high; {SMALLEST[width]} at least")
    if figure["outside"]:
        found.append(f"{figure['outside'][0]!r} reaches out of the drawing")
    if figure["left"] < 0 or figure["right"] > figure["room"]:
        found.append("it is wider than the page")
    for left, right, top, bottom in figure["panels"]:
        beside = {
            round(other[0])
            for other in figure["panels"]
            if min(bottom, other[3]) - max(top, other[2]) > 1
            and (other[0] >= right - 1 or other[1] <= left + 1)
        }
        if len(beside) >= SIDE_BY_SIDE:
            found.append(f"{len(beside) + 1} panels side by side; {SIDE_BY_SIDE} at most")
            break
    return [f"{figure['name']}: {words}" for words in found]


@pytest.mark.parametrize("width", SMALLEST)
@pytest.mark.parametrize("page", CHAPTERS)
def test_figures_can_be_read(reader, address, page, width):
    """No small text, nothing cut, at most two panels side by side."""
    with site.Visit(reader(width), address, page) as visit:
        figures = visit.page.evaluate(LOOK)
        for figure, made in zip(figures, drawn(page), strict=True):  # every word is measured
            assert [text for _, text in figure["sizes"]] == words(made.svg, "text", "tspan")
        hold([words for figure in figures for words in complaints(figure, width)])  # noqa: F405


def animation() -> tuple[str, bytes]:
    """The chapter with the one figure that is no drawing, and that figure."""
    found = []
    for page in CHAPTERS:
        notebook = nbformat.read(site.ROOT / Path(page).with_suffix(".ipynb"), as_version=4)
        outputs = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
        found += [(page, base64.b64decode(each["image/png"])) for each in outputs if "image/png" in each]
    (only,) = found
    assert "/02_" in only[0]  # as tests/reads.py names it
    return only


@pytest.mark.parametrize("width", SMALLEST)
def test_animation_can_be_read(reader, address, width):
    """The one figure that is no drawing: its type is a known share of its width."""
    page, _ = animation()
    images = site.soup(site.HTML / page).select("article .cell_output img")
    assert [image.get("class") for image in images] == [["motion"]]
    source = (site.ROOT / Path(page).with_suffix(".ipynb")).read_text("utf-8")
    points, inches = (
        float(re.search(words, source)[1])
        for words in (r'rc_context\(\{\\"font.size\\": ([\d.]+)', r"figsize=\(([\d.]+), [\d.]+\), dpi")
    )
    with site.Visit(reader(width), address, page) as visit:
        motion = visit.page.locator("img.motion")
        shown = motion.bounding_box()["width"]
        assert shown * points / 72 / inches >= SMALLEST[width]
        motion.scroll_into_view_if_needed()
        visit.page.wait_for_function("() => document.querySelector('img.motion').complete")
        assert motion.evaluate("image => image.naturalWidth") >= 2 * shown  # sharp on finer screens


def test_animation_lies_on_either_paper(reader, address):
    """Its ground is clear in every frame, and the dark page puts no card under it."""
    page, data = animation()
    film = Image.open(io.BytesIO(data))
    assert film.n_frames == 16
    for step in range(film.n_frames):
        film.seek(step)
        clear = np.asarray(film.convert("RGBA"))[..., 3] == 0
        assert clear[[0, 0, -1, -1], [0, -1, 0, -1]].all() and 0.2 < clear.mean() < 0.8
    with site.Visit(reader(1280), address, page) as visit:
        grounds = visit.page.evaluate(
            """() => ["light", "dark"].map((theme) => {
                const root = document.documentElement, before = root.dataset.theme;
                root.dataset.theme = theme;
                const { backgroundColor, filter } = getComputedStyle(document.querySelector("img.motion"));
                root.dataset.theme = before;
                return [backgroundColor, filter];
            })"""
        )
        assert grounds == [["rgba(0, 0, 0, 0)", "none"]] * 2


FAULTS = {
    "small text": ({"sizes": [[10.9, "label"]]}, "10.9 px"),
    "cut text": ({"outside": ["label"]}, "reaches out"),
    "wide": ({"right": 400}, "wider than the page"),
    "three in a row": ({"panels": [[x, x + 90, 0, 90] for x in (0, 100, 200)]}, "3 panels"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_unreadable_figure_is_seen(fault):
    """The measure finds each fault in a figure that is otherwise good."""
    good = {"name": "f", "sizes": [[11, "label"]], "outside": [], "left": 0, "right": 380, "room": 390}
    good["panels"] = [[x, x + 150, y, y + 90] for x in (0, 160) for y in (0, 100)]
    assert complaints(good, 390) == []
    change, words = FAULTS[fault]
    assert any(words in each for each in complaints({**good, **change}, 390))


# ---- What the pages hold --------------------------------------------------------------------


@cache
def drawn(page) -> list[SimpleNamespace]:
    """The drawings of a chapter's notebook: their SVG and their alternative text."""
    notebook = nbformat.read(site.ROOT / Path(page).with_suffix(".ipynb"), as_version=4)
    return [
        SimpleNamespace(svg=output.data["image/svg+xml"], alt=cell.metadata["mystnb"]["image"]["alt"])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/svg+xml" in output.get("data", {})
    ]


def words(svg: str, *kinds: str) -> list[str]:
    """The words in a drawing, one for each element of these kinds that has any."""
    tags = {f"{{{drawings.SVG}}}{kind}" for kind in kinds}
    found = [
        "".join(element.itertext()) for element in ElementTree.fromstring(svg).iter() if element.tag in tags
    ]
    return [text for text in found if text.strip()]


def pictures(text: str, folder: Path | None = None) -> list[np.ndarray]:
    """The pictures in a drawing, in their order, as arrays (height, width, 4); its files lie in a folder."""
    found = []
    for address in re.findall(r"""href=["']([^#"'][^"']*)["']""", text):
        data = base64.b64decode(address.split(",")[1]) if "," in address else (folder / address).read_bytes()
        found.append(np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")))
    return found


@pytest.mark.parametrize("page", CHAPTERS)
def test_page_holds_every_drawing(page):
    """Label, caption and number; the words and pictures of the notebook; ids once, and known to who asks."""
    text = (site.HTML / page).read_text("utf-8")
    soup = site.soup(site.HTML / page)
    figures = soup.select("article figure.drawn")
    chapter = drawn_figures.number_of(page)
    assert [figure["id"] for figure in figures] == [f"figure-{chapter}-{n + 1}" for n in range(len(figures))]
    for figure, made in zip(figures, drawn(page), strict=True):
        assert figure.svg["role"] == "img" and figure.svg["aria-label"] == made.alt
        number = figure["id"].removeprefix("figure-").replace("-", ".")
        assert figure.figcaption.get_text() == f"Figure {number}. {made.alt}"
        assert [e.get_text() for e in figure.select("text") if e.get_text().strip()] == words(
            made.svg, "text"
        )
        code = text[text.index(f'id="{figure["id"]}"') :].split("</svg>")[0]
        pairs = zip(pictures(code, (site.HTML / page).parent), pictures(made.svg), strict=True)
        assert all(np.array_equal(one, other) for one, other in pairs)
        assert "base64" not in code or max(map(len, re.findall(r"base64,([^\"]*)", code))) < 4000
        assert not re.search(rf"{drawn_figures.INK}|{drawn_figures.PAPER}|<style|<!--|xmlns", code)
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert len(ids) == len(set(ids))
    asked = set(re.findall(r'url\(#([^)]*)\)|<use xlink:href="#([^"]*)"', text))
    assert {first or second for first, second in asked} <= set(ids)


# ---- The committed form ---------------------------------------------------------------------


def made_anew(draw) -> str:
    """The SVG of a figure in the book's settings, as matplotlib writes it."""
    import matplotlib.pyplot as plt

    names = {"plt": plt, "np": np, "InlineBackend": SimpleNamespace(instance=SimpleNamespace)}
    file = io.StringIO()
    with plt.rc_context():
        exec((site.ROOT / "tools" / "shared" / "plots.py").read_text("utf-8"), names)
        figure = draw(plt, names["show"], np)
        figure.savefig(file, format="svg")
        plt.close(figure)
    return file.getvalue()


def grid(plt, show, np):
    """Numbers in a small map, a photograph's worth of noise, and a curve."""
    rng = np.random.default_rng(0)
    figure, axes = plt.subplots(2, 2)
    show(axes[0, 0], np.arange(9).reshape(3, 3), "image", "a title", limit=9, numbers=True)
    show(axes[0, 1], rng.integers(0, 256, (220, 200, 3)), "image")
    show(axes[1, 0], rng.normal(size=(16, 16)), "signed")
    axes[1, 1].plot([1, 2, 3], "o-", label="a curve")
    axes[1, 1].legend()
    return figure


def test_drawing_becomes_small_and_stays():
    """Less than half, beside the pictures; the same twice; nothing is asked for that is not there."""
    long = made_anew(grid)
    short = drawings.smaller(long)
    assert drawings.smaller(short) == short
    data = re.compile(r"data:[^\"']*")
    assert len(data.sub("", short)) < len(data.sub("", long)) / 2
    short = short.replace("'", '"')
    ids = re.findall(r'\bid="([^"]*)"', short)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', short)) <= {(i, "") for i in ids} | {
        ("", i) for i in ids
    }
    assert short.count('class="panel"') == 4
    assert [e.text for e in ElementTree.fromstring(short).iter(f"{{{drawings.SVG}}}text")].count(
        "a title"
    ) == 1


def test_enlarged_pixels_lose_nothing():
    """A map of 256 colours at most is stored value for value, and shown with its corners."""
    long = made_anew(grid)
    short = drawings.smaller(long)
    before, after = pictures(long.replace("\n", "")), pictures(short)
    assert len(before) == len(after) == 3
    assert np.array_equal(before[0], after[0]) and np.array_equal(before[2], after[2])
    assert before[1].shape == after[1].shape
    assert short.count("image-rendering:pixelated") == 2 and "data:image/jpeg" in short


def test_nbval_overlooks_drawings():
    """A drawing as it is committed and as a new run makes it are the same to nbval; other outputs are not."""
    from nbval.plugin import get_sanitize_patterns

    patterns = dict(get_sanitize_patterns((site.ROOT / "tests" / "sanitize.cfg").read_text("utf-8")))

    def seen(text):
        for regex, replacement in patterns.items():
            text = re.sub(regex, replacement, text)
        return text

    long = made_anew(grid)
    assert seen(long) == seen(drawings.smaller(long)) == "<svg/>\n"
    assert seen("0.5 <b>and</b> 0.6") == "0.5 <b>and</b> 0.6"


def luminance(colour: str) -> float:
    """The relative luminance of #rrggbb."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_curves_can_be_told_from_both_papers():
    """3 to 1 at least, on the light page and on the dark one; the grey of bars as well."""
    palette = (site.ROOT / "book" / "_static" / "palette.css").read_text("utf-8")
    papers = re.findall(r"--paper: (#[0-9a-f]{6})", palette)
    cycle = re.search(
        r"cycler\(color=\[(.*?)\]", (site.ROOT / "tools/shared/plots.py").read_text("utf-8"), re.DOTALL
    )
    colours = re.findall(r"#[0-9a-f]{6}", cycle[1]) + ["#8c8c8c"]
    assert len(papers) == 2 and len(colours) == 9
    for colour in colours:
        assert all(contrast(colour, paper) >= 3 for paper in papers), colour
