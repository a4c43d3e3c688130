"""Tests of the network explorer: its networks are the chapter's, its numbers Keras's, and strange files do no harm."""

from __future__ import annotations

import base64
import io
import json
import os
import re

import numpy as np
import pytest
from PIL import Image

import site_checks as site
import test_live_figures as figures
from chapter_cells import READER
from site_fixtures import *  # noqa: F403
from site_fixtures import hold
from test_live_figures import opened, spoken, tab_to, until, value
from test_live_runtime import CLOSE, HOSTILE, pack, shake, with_layer
from tools.book import exporter, read_notebook
from tools.pages import draw_live

keras = pytest.importorskip("keras")
layers = keras.layers

SEED = int(os.environ.get("LIVE_SEED") or np.random.SeedSequence().entropy % 2**32)
LIVE = site.ROOT / "book" / "_static" / "live"
NAME = "network-explorer"
CELLS = [
    cell
    for path in (draw_live.CHAPTER, draw_live.TRUST)
    for cell in read_notebook(path).cells
    if cell.cell_type == "code"
]


@pytest.fixture(scope="module")
def garments():
    """Test pictures and classes of Fashion-MNIST."""
    return draw_live.test_pictures()


def chapter_source(beginning: str) -> str:
    """The first cell of chapter 5, or else of chapter 7, that begins so."""
    return next(cell.source for cell in CELLS if cell.source.startswith(beginning))


save_network = exporter()  # chapter 5's own cell, run as it stands there


# ---- The committed files --------------------------------------------------------------------


def right(model, pictures, labels):
    """The share of pictures that a model gets right."""
    return (model.predict(pictures[..., None], 1000, verbose=0).argmax(1) == labels).mean()


def test_committed_networks_answer_as_the_chapter_says(garments):
    """Keras, with the weights of the files, reaches what chapters 5 and 7 assert of their networks."""
    pictures, labels = garments
    bound = float(re.search(r"assert final > ([\d.]+)", chapter_source("test_x, test_y"))[1])
    gain = float(re.search(r"before\[1\]\.mean\(\) \+ ([\d.]+)", chapter_source("copy = keras"))[1])
    plain, sturdy = (draw_live.keras_network(name) for name in draw_live.NETWORKS)
    assert right(plain, pictures, labels) > bound
    mirrored = pictures[:, :, ::-1]
    assert right(sturdy, mirrored, labels) > right(plain, mirrored, labels) + gain


@pytest.mark.parametrize("name", draw_live.NETWORKS)
def test_committed_networks_name_the_chapters_classes(name):
    """The classes travel with the file."""
    names = re.search(r"names = (\[.*?\])", chapter_source("names = "), re.DOTALL)[1]
    assert draw_live.read_file(LIVE / f"{name}.p2p")[0]["classes"] == json.loads(names)


def test_garments_are_chosen_by_the_rule(garments):
    """Three rows that the network gets right, one that it gets wrong, the first ones of each class."""
    pictures, labels = garments
    wall = np.asarray(Image.open(LIVE / "garments.png"))
    found = wall.reshape(4, 28, 10, 28).swapaxes(1, 2)
    answers = draw_live.keras_network("fashion").predict(pictures[..., None], 1000, verbose=0).argmax(1)
    for kind in range(10):
        good = np.flatnonzero((labels == kind) & (answers == kind))[:3]
        bad = np.flatnonzero((labels == kind) & (answers != kind))[:1]
        assert np.array_equal(found[:, kind], pictures[[*good, *bad]])


# ---- Numbers: layers, explanations, probabilities ---------------------------------------------

FOUND = """async f => { await f.runAll();
    const shown = f.network.layers.filter(({type}) => type !== 'InputLayer');
    return shown.map(({name}) => f.found.get(name)).map(
    ({shape, data}, n) => [shown[n].name, shape, data]); }"""


def layer_faults(visit, model, picture) -> list[str]:
    """Layers in which the page and a Keras model differ; the layers are paired by names, or in order."""
    found = [(name, np.array(data).reshape(shape)) for name, shape, data in visit.figure.evaluate(FOUND)]
    inner = [layer for layer in model.layers if not isinstance(layer, layers.InputLayer)]
    names = {layer.name: layer for layer in inner}
    if set(names) == {name for name, _ in found}:
        inner = [names[name] for name, _ in found]
    outputs = keras.Model(model.inputs[0], [layer.output for layer in inner])(
        picture[None].astype("float32"), training=False
    )
    wrong = []
    for (name, came), layer, output in zip(found, inner, outputs, strict=True):
        wanted = np.asarray(output)[0]
        gap = np.abs(came - wanted).max() / max(1, np.abs(wanted).max())
        if not gap <= CLOSE:
            wrong.append(f"LIVE_SEED={SEED}: {name} ({type(layer).__name__}) is off by {gap:.2g}")
    return wrong


def set_pixels(visit, pixels):
    """Put a picture on the page, 0 to 255."""
    visit.figure.evaluate(
        "async (f, values) => { f.pixels = values; await f.runAll(); }", pixels.ravel().tolist()
    )


@pytest.mark.parametrize("name", draw_live.NETWORKS)
def test_chapters_networks_equal_keras(reader, address, garments, name):
    """Every layer, on garments and on noise."""
    rng = np.random.default_rng(SEED)
    model = draw_live.keras_network(name)
    pictures = [*garments[0][rng.integers(10_000, size=4)], rng.integers(0, 256, (28, 28))]
    with opened(reader(), address, NAME) as visit:
        if name != "fashion":
            visit.figure.locator("#which").select_option("mirrored")
            visit.page.wait_for_function(
                "document.querySelector('network-explorer').value.network === 'mirrored'"
            )
        faults = []
        for picture in pictures:
            set_pixels(visit, picture)
            faults += layer_faults(visit, model, picture[..., None])
        hold(faults)


def test_bars_show_softmax_of_the_logits(reader, address, garments):
    """The probabilities beside the bars, to a tenth of a percent."""
    rng = np.random.default_rng(SEED)
    model = draw_live.keras_network("fashion")
    with opened(reader(), address, NAME) as visit:
        for picture in garments[0][rng.integers(10_000, size=5)]:
            set_pixels(visit, picture)
            wanted = np.asarray(keras.ops.softmax(model(picture[None, ..., None].astype("float32"))))[0]
            texts = visit.figure.locator("#bars .number").all_inner_texts()
            shares = [0.0 if text.startswith("<") else float(text.removesuffix(" %")) for text in texts]
            assert np.allclose(shares, 100 * wanted, atol=0.0501), f"LIVE_SEED={SEED}"
            names = visit.figure.locator("#bars .class").all_inner_texts()
            best = visit.figure.locator("#bars .best .class").inner_text()
            assert best == names[wanted.argmax()]


def everything(rng):
    """A network in which every supported kind of layer occurs."""
    start = keras.Input((13, 11, 3), name="picture")
    x = layers.Rescaling(1 / 127.5, offset=-1)(start)
    x = layers.RandomRotation(0.1)(layers.RandomFlip()(x))
    x = layers.Conv2D(6, 3, padding="same", groups=3, activation="leaky_relu")(x)
    a = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="tanh")(x)
    b = layers.SeparableConv2D(12, (3, 3), padding="same", depth_multiplier=2, activation="gelu")(x)
    x = layers.Concatenate()([layers.Add()([a, b]), x])
    x = layers.ZeroPadding2D(((1, 0), (2, 1)))(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.05)(x)
    x = layers.SpatialDropout2D(0.2)(layers.AveragePooling2D(3, 2, "same")(x))
    x = layers.Conv2D(5, (2, 3), strides=2, dilation_rate=1, use_bias=False, activation="silu")(x)
    x = layers.LeakyReLU(negative_slope=0.2)(layers.Identity()(x))
    c = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.MaxPooling2D(2, 1, "same")(x)
    x = layers.Activation("elu")(layers.Reshape((-1, 5))(x))
    x = layers.Dense(4, activation="relu6")(x)
    x = layers.Dropout(0.1)(layers.Flatten()(x))
    x = layers.Concatenate()([layers.Dense(7, activation="sigmoid")(x), c])
    x = layers.Softmax()(layers.Dense(9)(x))
    model = keras.Model(start, layers.Dense(23, activation="softmax")(x))
    shake(model, rng)
    return model


EXPLAINED = """async (f, places) => {
    const { explain } = await import(new URL("../../_static/live/why.mjs", document.baseURI).href);
    const found = [];
    for (const layer of f.network.layers) {
        if (layer.type === "InputLayer") continue;
        const { data } = f.found.get(layer.name);
        for (const place of places) {
            const said = explain(f.network, f.found, layer, Math.floor(place * data.length));
            const parts = (said.parts ?? []).map(({ x, w, factor = 1, product }) =>
                [x.reduce((sum, value, k) => sum + value * w[k], 0) * factor, product]);
            found.push({ type: layer.type, name: layer.name, kind: said.kind, z: said.z, value: said.value, parts,
                bias: said.bias ?? 0, activation: said.activation ?? "linear", soft: said.softmax?.value ?? null,
                reads: said.reads.from.length });
        }
    }
    return found;
}"""


def explanation_faults(visit, rng) -> list[str]:
    """Explanations whose numbers do not lead to the value that the layer has."""
    wrong, kinds = [], set()
    for said in visit.figure.evaluate(EXPLAINED, rng.random(25).tolist()):
        kinds.add(said["kind"])
        total = said["z"]
        if said["kind"] == "sum":
            parts = np.array(said["parts"])
            if not np.allclose(parts[:, 0], parts[:, 1]) or not np.isclose(
                parts[:, 1].sum() + said["bias"], total
            ):
                wrong.append(f"{said['name']}: the parts do not add up")
            if said["soft"] is not None:
                total = said["soft"]
            else:
                total = float(keras.activations.get(said["activation"])(np.array([total], "float32"))[0])
        if abs(total - said["value"]) > CLOSE * max(1, abs(said["value"])):
            wrong.append(
                f"LIVE_SEED={SEED}: {said['name']} ({said['type']}): {total} explained, {said['value']} found"
            )
    return wrong


def test_explanations_lead_to_the_values(reader, address):
    """Chapter 5's network: for drawn values of each layer, the sum made anew is the value."""
    with opened(reader(), address, NAME) as visit:
        hold(explanation_faults(visit, np.random.default_rng(SEED)))


def test_everything_explains_itself_and_equals_keras(fresh, address, tmp_path):
    """Every kind of layer in one network of the reader's: layers as in Keras, explanations as the layers."""
    rng = np.random.default_rng(SEED)
    model = everything(rng)
    save_network(model, tmp_path / "all.p2p")
    with opened(fresh(), address, NAME) as visit:
        visit.figure.locator("#network-file").set_input_files(tmp_path / "all.p2p")
        visit.figure.get_by_text("yours:").wait_for(state="attached")
        picture = rng.integers(0, 256, (13, 11, 3))
        set_pixels(visit, picture)
        hold(layer_faults(visit, model, picture) + explanation_faults(visit, rng))
        # Each layer can be opened, and none of the ten largest of 23 classes is hidden.
        for number in range(visit.figure.locator(".maps").count()):
            visit.figure.locator(".maps").nth(number).press("Enter")
            assert visit.figure.locator("#why-sum").inner_text().strip()
        assert visit.figure.locator("#bars li").count() == 10
        hold(site.complaints_console(visit))


def test_first_explanation_is_written_out(reader, address):
    """Patch, weights, products and sum as they stand on the page agree with one another."""
    number = "text => Number(text.replace('\\u2212', '-'))"
    with opened(reader(), address, NAME) as visit:
        tables = visit.figure.locator("#why .cells").evaluate_all(
            f"tables => tables.map((t) => [...t.children].map((c) => ({number})(c.textContent)))"
        )
        patch, weights, products = map(np.array, tables)
        assert len(patch) == 9 and np.allclose(patch * weights, products, atol=2e-3)
        shown = visit.figure.locator("#why-value").inner_text().replace("\u2212", "-")
        bias = float(draw_live.keras_network("fashion").layers[2].get_weights()[1][value(visit)["unit"][2]])
        assert abs(products.sum() + bias - float(shown)) < 6e-3
        assert visit.figure.locator("#why-z").inner_text().replace("\u2212", "-") == shown


def test_way_back_leads_from_the_softmax_to_the_pixels(reader, address):
    """By keyboard: each step goes to a layer before, the last one into the picture."""
    with opened(reader(), address, NAME) as visit:
        visit.figure.locator('.maps[aria-label^="Softmax"]').press("Enter")
        seen = [value(visit)["layer"]]
        back = visit.figure.locator("#back")
        for _ in range(20):
            back.focus()
            visit.page.keyboard.press("Enter")
            if visit.page.evaluate("document.activeElement.shadowRoot.activeElement.id") == "picture":
                break
            seen.append(value(visit)["layer"])
        kinds = [re.sub(r"_\d+$", "", name) for name in seen]
        stage = ["re_lu", "batch_normalization", "max_pooling2d", "conv2d"]
        assert kinds == ["softmax", "dense", *stage, *stage, "re_lu", "max_pooling2d", "conv2d", "rescaling"]
        spoken(visit, "This is the picture")


# ---- What a reader does -------------------------------------------------------------------------------


def radio(visit, words):
    """One of the radio buttons."""
    return visit.figure.get_by_role("radio", name=words, exact=True)


def pixels(visit):
    """The picture, row by row."""
    size = visit.figure.evaluate("f => f.network.input")
    return np.array(visit.figure.evaluate("f => f.pixels")).reshape(size)


def box(visit, row, column):
    """The middle of a pixel on the screen."""
    picture = visit.figure.locator("#picture").bounding_box()
    unit = picture["width"] / 28
    return picture["x"] + (column + 0.5) * unit, picture["y"] + (row + 0.5) * unit


def test_drawing_with_the_mouse(fresh, address):
    """A line is painted, the answer changes with it; undo, fill, erase, clear and mirror."""
    with opened(fresh(), address, NAME) as visit:
        visit.figure.locator("#picture").scroll_into_view_if_needed()
        before = pixels(visit)
        visit.figure.locator("#clear").click()
        assert pixels(visit).max() == 0
        bars = visit.figure.locator("#bars").inner_text()
        mouse = visit.page.mouse
        mouse.move(*box(visit, 4, 4))
        mouse.down()
        for place in ((4, 22), (20, 22), (20, 4), (4, 4)):
            mouse.move(*box(visit, *place), steps=6)
        mouse.up()
        drawn = pixels(visit)[..., 0]
        assert drawn[4, 4:23].min() == 255 and drawn[20, 4:23].min() == 255 and drawn[12, 12] == 0
        assert until(visit, lambda: visit.figure.locator("#bars").inner_text() != bars)
        radio(visit, "fill").check()
        mouse.click(*box(visit, 12, 12))
        assert pixels(visit)[5:20, 6:21].min() == 255 and pixels(visit)[0].max() == 0
        radio(visit, "erase").check()
        mouse.click(*box(visit, 12, 12))
        assert pixels(visit)[12, 12, 0] == 0
        half = pixels(visit)
        visit.figure.locator("#mirror").click()
        assert np.array_equal(pixels(visit), half[:, ::-1])
        for _ in range(5):
            visit.figure.locator("#undo").click()
        assert np.array_equal(pixels(visit), before)
        assert value(visit)["source"] == "garment" and value(visit)["undo"] == 0
        hold(site.complaints_console(visit))


def test_drawing_by_touch(fresh, address):
    """A finger paints and the page stays where it is."""
    with opened(fresh(390, has_touch=True, is_mobile=True), address, NAME) as visit:
        visit.figure.locator("#clear").tap()
        assert until(visit, lambda: pixels(visit).max() == 0)
        visit.figure.locator("#picture").scroll_into_view_if_needed()
        scrolled = visit.page.evaluate("scrollY")
        site.finger(visit.page, [box(visit, row, 10) for row in (6, 10, 14, 18)])
        assert until(visit, lambda: pixels(visit)[6:19, 10].min() == 255)
        assert visit.page.evaluate("scrollY") == scrolled
        spoken(visit, "%")


def test_drawing_by_keyboard(fresh, address):
    """Move, paint, erase, keep the pen down, undo; a layer's value by keyboard, too."""
    with opened(fresh(), address, NAME) as visit:
        press = visit.page.keyboard.press
        visit.figure.locator("#clear").focus()
        press("Enter")
        visit.figure.locator("#brush").select_option("0.5")
        visit.figure.locator("#which").focus()
        tab_to(visit, "picture")
        for _ in range(4):
            press("ArrowUp")
        press("Shift+ArrowLeft")
        assert value(visit)["cell"] == [10, 4]
        press("Space")
        assert pixels(visit)[10, 4, 0] == 255 and pixels(visit).sum() == 255
        press("p")
        press("ArrowRight")
        press("ArrowRight")
        press("p")
        press("ArrowRight")
        assert np.flatnonzero(pixels(visit)[10]).tolist() == [4, 5, 6]
        spoken(visit, "Row 10, column 7: 0")
        press("ArrowLeft")
        press("Delete")
        assert np.flatnonzero(pixels(visit)[10]).tolist() == [4, 5]
        press("Control+z")
        assert np.flatnonzero(pixels(visit)[10]).tolist() == [4, 5, 6]
        maps = visit.figure.locator('.maps[aria-label^="ReLU"]').first
        maps.focus()
        press("Enter")
        start = value(visit)["unit"]
        press("ArrowUp")
        press("PageDown")
        press("PageUp")
        press("PageUp")
        row, column, channel = value(visit)["unit"]
        assert row == max(0, start[0] - 1) and column == start[1] and abs(channel - start[2]) <= 1
        spoken(visit, f"map {channel}, row {row}, column {column}")
        press("Escape")
        assert value(visit)["layer"] is None and not visit.figure.locator("#why").is_visible()


def test_test_pictures_can_be_chosen_by_keyboard(fresh, address, garments):
    """The picture changes, its label is told, and so is whether the network is right."""
    with opened(fresh(), address, NAME) as visit:
        visit.figure.locator("[name=garment]:checked").focus()
        visit.page.keyboard.press("ArrowRight")
        assert value(visit)["garment"] == 10
        spoken(visit, "T-shirt/top, a test picture")
        assert "The network is right." in visit.figure.locator("#truth").inner_text()
        labels = garments[1]
        for kind in (0, 6):
            visit.figure.locator(f"[name=garment][value='{30 + kind}']").check(force=True)
            truth = visit.figure.locator("#truth")
            assert until(visit, lambda truth=truth: "The network is wrong." in truth.inner_text())
            assert pixels(visit)[..., 0].astype(int).tolist() in garments[0][labels == kind].tolist()


def test_place_is_typed_and_wrong_ones_are_marked(fresh, address):
    """Map, row and column are fields; what is outside is marked and changes nothing."""
    with opened(fresh(), address, NAME) as visit:
        for ident, text in (("#at-map", "3"), ("#at-row", "20"), ("#at-column", "5")):
            visit.figure.locator(ident).fill(text)
        assert value(visit)["unit"] == [20, 5, 3]
        visit.figure.locator("#at-row").fill("28")
        assert visit.figure.locator("#at-row").get_attribute("aria-invalid") == "true"
        assert value(visit)["unit"] == [20, 5, 3]


def test_scales_of_layer_and_map(reader, address):
    """With one scale for a layer the largest value decides; with one for each map, each map's."""
    strongest = """f => {
        const canvas = f.shadowRoot.querySelector('.maps[aria-label^="Conv2D"] canvas'), {width, height} = canvas;
        const {data} = canvas.getContext("2d").getImageData(0, 0, width, height), maps = Array(16).fill(0);
        const across = Math.floor((width + 2) / 30);
        for (let k = 0; k < width * height; k++) {
            const x = k % width, y = Math.floor(k / width);
            if (x % 30 > 27 || y % 30 > 27) continue;
            const [red, green, blue] = data.subarray(4 * k, 4 * k + 3);
            const map = Math.floor(y / 30) * across + Math.floor(x / 30);
            maps[map] = Math.max(maps[map], Math.max(red, green, blue) - Math.min(red, green, blue));
        }
        return maps;
    }"""
    with opened(reader(), address, NAME) as visit:
        layer = visit.figure.evaluate(FOUND)[2]
        most = np.abs(np.array(layer[2]).reshape(layer[1])).max((0, 1))
        together = visit.figure.evaluate(strongest)
        radio(visit, "one for each map").check()
        apart = visit.figure.evaluate(strongest)
        faint = most < most.max() / 10
        assert faint.any() and max(np.array(together)[faint]) < 60 < min(apart)
        spoken(visit, "Each map has its own scale")


# ---- Pictures of the reader's ----------------------------------------------------------------------------


def translation():
    """Chapter 5's functions for pictures of one's own."""
    space = dict(READER)
    for beginning in ("def uncommented", "def on_black", "def centred"):
        exec(chapter_source(beginning), space)
    return lambda file: space["centred"](space["on_black"](space["opened"](file)))


def drawn_picture(rng, width, height, dark):
    """Two rough shapes on a plain ground, in colour, as PNG."""
    ground = rng.integers(0, 60, 3) if dark else rng.integers(200, 256, 3)
    picture = np.tile(ground.astype("uint8"), (height, width, 1))
    for _ in range(2):
        top, left = rng.integers(2, height // 2), rng.integers(2, width // 2)
        bottom, right = rng.integers(top + 3, height - 1), rng.integers(left + 3, width - 1)
        size = (bottom - top, right - left, 3)
        picture[top:bottom, left:right] = np.clip(
            rng.integers(0, 256, 3) + rng.integers(-20, 21, size), 0, 255
        )
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file


def bring(visit, file, count):
    """Choose a picture's file, and wait for it."""
    visit.figure.locator("#picture-file").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    visit.page.wait_for_function(
        "count => document.querySelector('network-explorer').value.undo === count", arg=count
    )


def test_own_pictures_are_translated_as_in_the_chapter(fresh, address):
    """Number for number, dark on light and light on dark, wide and high; nothing is sent."""
    rng = np.random.default_rng(SEED)
    translated = translation()
    with opened(fresh(), address, NAME) as visit:
        asked = len(visit.requests)
        for count in range(1, 9):
            width, height = rng.integers(20, 500, 2)
            file = drawn_picture(rng, width, height, dark=count % 2)
            bring(visit, file, count)
            wanted = translated(file.getvalue())
            assert np.array_equal(pixels(visit)[..., 0], wanted), f"LIVE_SEED={SEED}, {width} x {height}"
        sent = [url for url in visit.requests[asked:] if not url.startswith(("blob:", "data:"))]
        assert sent == []
        large = drawn_picture(rng, 2300, 1500, dark=False)
        bring(visit, large, 9)
        # The browser shrinks it first, by a way of its own, which moves its brightest pixel and so all others alike.
        mine, wanted = pixels(visit)[..., 0].astype(float), translated(large.getvalue())
        scale = (mine * wanted).sum() / (mine * mine).sum()
        assert abs(scale - 1) < 0.1, f"LIVE_SEED={SEED}"
        assert np.abs(scale * mine - wanted).mean() < 3, f"LIVE_SEED={SEED}"


def test_light_and_dark_can_be_turned_around(fresh, address):
    """The choice appears with a picture of one's own; even areas are refused with a sentence."""
    half = np.full((60, 60), 250, np.uint8)
    half[20:40, 10:50] = 10
    file, even = io.BytesIO(), io.BytesIO()
    Image.fromarray(half).save(file, "PNG")
    Image.new("L", (40, 40), 200).save(even, "PNG")
    with opened(fresh(), address, NAME) as visit:
        choices = radio(visit, "turned around")
        assert not choices.is_visible()
        bring(visit, file, 1)
        auto = pixels(visit)
        assert auto[14, 14, 0] == 255 and auto[0, 0, 0] == 0
        radio(visit, "as they are").check()
        assert pixels(visit)[14, 14, 0] < 20 and pixels(visit)[0, 0, 0] == 255
        choices.check()
        assert pixels(visit)[14, 14, 0] == 255
        kept = pixels(visit)
        visit.figure.locator("#picture-file").set_input_files(
            {"name": "even.png", "mimeType": "image/png", "buffer": even.getvalue()}
        )
        visit.figure.get_by_text("one even area").first.wait_for()
        assert np.array_equal(pixels(visit), kept)


# ---- Networks of the reader's ---------------------------------------------------------------------------------

DROP = """(f, [text, name]) => {
    const files = new DataTransfer();
    files.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
    for (const kind of ["dragover", "drop"])
        f.dispatchEvent(new DragEvent(kind, {dataTransfer: files, bubbles: true, cancelable: true}));
}"""


def drop(visit, data: bytes, name="mine.p2p"):
    """Let a file fall on the figure."""
    visit.figure.evaluate(DROP, [base64.b64encode(data).decode(), name])


def wait_for_own(visit, parameters):
    """Wait until the reader's network runs."""
    visit.page.wait_for_function(
        "n => document.querySelector('network-explorer').network.parameters === n", arg=parameters
    )


def other_networks():
    """Two networks unlike the chapter's: as a copy of the chapter might have them, and for colour photographs."""
    yield keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.SeparableConv2D(16, 3, padding="same", activation="relu"),
            layers.AveragePooling2D(2),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ],
        name="other",
    )
    start = keras.Input((33, 20, 3))
    x = layers.Conv2D(6, 3, strides=2, padding="same")(layers.Rescaling(1 / 127.5, offset=-1)(start))
    x = layers.LeakyReLU()(layers.BatchNormalization()(x))
    y = layers.DepthwiseConv2D(3, padding="same", activation="silu")(x)
    x = layers.MaxPooling2D(2, padding="same")(layers.Add()([x, y]))
    yield keras.Model(start, layers.Dense(3)(layers.Flatten()(x)), name="colour")


@pytest.mark.parametrize("number, way", [(0, "drop"), (1, "chooser")])
def test_own_network_equals_keras(fresh, address, garments, tmp_path, number, way):
    """Trained, exported by the chapter's cell, dropped or chosen; every layer within 1e-5; nothing is sent."""
    rng = np.random.default_rng(SEED)
    keras.utils.set_random_seed(SEED % 2**31)
    model = list(other_networks())[number]
    shape, units = model.inputs[0].shape[1:], model.outputs[0].shape[-1]
    if number == 0:
        x, y = garments[0][:1000, ..., None], garments[1][:1000]
    else:
        x, y = rng.integers(0, 256, (96, *shape)), rng.integers(0, units, 96)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=number == 1)
    model.compile("adam", loss)
    model.fit(x, y, epochs=1, verbose=0)
    file = tmp_path / "mine.p2p"
    save_network(model, file, [f"kind {n}" for n in range(units)])
    with opened(fresh(), address, NAME) as visit:
        asked = len(visit.requests)
        if way == "drop":
            drop(visit, file.read_bytes())
        else:
            visit.figure.locator("#network-file").set_input_files(file)
        wait_for_own(visit, model.count_params())
        assert value(visit)["network"] == "own"
        spoken(visit, model.name)
        faults = []
        for picture in x[rng.integers(len(x), size=3)]:
            set_pixels(visit, picture)
            faults += layer_faults(visit, model, picture)
        hold(faults + explanation_faults(visit, rng))
        assert visit.figure.locator("#bars .class").first.inner_text() == "kind 0"
        # The page adds a softmax to logits, and leaves probabilities alone.
        assert visit.figure.locator('.maps[aria-label^="Softmax"]').count() == number
        assert visit.requests[asked:] == []
        visit.figure.locator("#which").select_option("fashion")
        wait_for_own(visit, 45_530)
        visit.figure.locator("#which").select_option("own")
        wait_for_own(visit, model.count_params())
        hold(
            site.complaints_console(visit) + site.complaints_overflow(visit) + figures.complaints_wide(visit)
        )


def test_pixels_from_0_to_1(fresh, address, tmp_path):
    """A network without Rescaling gets pixels from 0 to 1, and the reader can say otherwise."""
    model = keras.Sequential([keras.Input((9, 8)), layers.Flatten(), layers.Dense(2)])
    save_network(model, tmp_path / "plain.p2p")
    rng = np.random.default_rng(SEED)
    picture = rng.integers(0, 256, (9, 8))
    with opened(fresh(), address, NAME) as visit:
        visit.figure.locator("#network-file").set_input_files(tmp_path / "plain.p2p")
        wait_for_own(visit, model.count_params())
        set_pixels(visit, picture)
        hold(layer_faults(visit, model, picture / 255))
        for words, made in (("0 to 255", picture), ("\u22121 to 1", picture / 127.5 - 1)):
            radio(visit, words).check()
            hold(layer_faults(visit, model, made))


def test_unsupported_layer_is_named(fresh, address, tmp_path):
    """By the chapter's cell, and by the page if a file has one all the same; the old network stays."""
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.ConvLSTM1D(2, 3, name="grow"), layers.Flatten()])
    with pytest.raises(ValueError, match=r"grow.*ConvLSTM1D"):
        save_network(model, tmp_path / "x.p2p")
    assert not (tmp_path / "x.p2p").exists()
    with opened(fresh(), address, NAME) as visit:
        drop(visit, pack(with_layer(name="grow", type="ConvLSTM1D")))
        trouble = visit.figure.locator("#trouble", has_text="ConvLSTM1D")
        trouble.wait_for()
        assert "grow" in trouble.inner_text()
        assert value(visit)["network"] == "fashion"
        spoken(visit, "ConvLSTM1D")


def sized(*shape):
    """A file whose network takes a shape and flattens it."""
    flat = {
        "name": "flat",
        "type": "Flatten",
        "inputs": ["input"],
        "shape": [int(np.prod(shape))],
        "weights": [],
    }
    return pack({"input": list(shape), "layers": [flat]}, weights=[])


STRANGE = {
    "four channels": (sized(8, 8, 4), "4 channels"),
    "a row of numbers": (sized(784), "rows and columns"),
    "larger than can be drawn": (sized(600, 10, 1), "512"),
    "sums beyond all bounds": (pack(weights=np.full(95, 3e38)), "grow beyond"),
}


def test_hostile_files_change_nothing(fresh, address):
    """Each gets its one sentence, and the network that was there goes on answering."""
    with opened(fresh(), address, NAME) as visit:
        drop(visit, pack())
        wait_for_own(visit, 95)
        answer = visit.figure.locator("#bars").inner_text()
        files = {**HOSTILE, **{name: data for name, (data, _) in STRANGE.items()}}
        for name, data in files.items():
            visit.figure.evaluate("f => { f.shadowRoot.querySelector('#trouble').textContent = ''; }")
            drop(visit, data, f"{name}.p2p")
            visit.page.wait_for_function(
                "document.querySelector('network-explorer').shadowRoot.querySelector('#trouble').textContent"
            )
            said = visit.figure.locator("#trouble").inner_text()
            assert said.endswith(".") and "\n" not in said and 15 < len(said) < 300, name
            assert "undefined" not in said and "NaN" not in said, name
            assert STRANGE.get(name, (0, ""))[1] in said, name
            assert visit.figure.evaluate("f => f.network.parameters") == 95, name
        assert visit.figure.locator("#bars").inner_text() == answer
        visit.figure.evaluate("f => f.runAll()")
        hold(site.complaints_console(visit))


def test_without_a_network_connection(fresh, address, tmp_path):
    """Once it is loaded, all of it but the second network works with the line cut; that one says so."""
    model = list(other_networks())[0]
    save_network(model, tmp_path / "mine.p2p")
    window = fresh()
    with opened(window, address, NAME) as visit:
        window.set_offline(True)
        visit.figure.locator("[name=garment]").first.check(force=True)
        visit.figure.locator("#which").select_option("mirrored")
        visit.figure.locator("#trouble", has_text="could not be loaded").wait_for()
        assert visit.figure.locator("#which").input_value() == "fashion"
        drop(visit, (tmp_path / "mine.p2p").read_bytes())
        wait_for_own(visit, model.count_params())
        assert visit.figure.locator("#trouble").inner_text() == ""
        window.set_offline(False)
        visit.figure.locator("#which").select_option("mirrored")
        wait_for_own(visit, 45_530)


def test_large_networks_are_painted_in_sight_and_stay_usable(fresh, address, tmp_path):
    """A network for larger photographs: what is in sight is painted, the rest when it comes near."""
    start = keras.Input((80, 80, 3))
    x = layers.Rescaling(1 / 255)(start)
    for _ in range(4):
        x = layers.ReLU()(layers.Conv2D(12, 3, padding="same")(x))
    model = keras.Model(start, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    save_network(model, tmp_path / "large.p2p")
    rng = np.random.default_rng(SEED)
    blank = "c => c.getContext('2d').getImageData(3, 3, 1, 1).data[3] === 0"
    with opened(fresh(), address, NAME) as visit:
        visit.figure.locator("#network-file").set_input_files(tmp_path / "large.p2p")
        wait_for_own(visit, model.count_params())
        last = visit.figure.locator('.maps[aria-label^="ReLU"] canvas').last
        assert last.evaluate(blank)
        last.scroll_into_view_if_needed()
        assert until(visit, lambda: not last.evaluate(blank))
        picture = rng.integers(0, 256, (80, 80, 3))
        set_pixels(visit, picture)
        hold(layer_faults(visit, model, picture))
