"""Tests of the photo lab: its network is the chapter's, its pictures are Pillow's, and a reader can use it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import struct

import numpy as np
import PIL
import pytest
from PIL import Image

import site_checks as site
from site_fixtures import *  # noqa: F403
from site_fixtures import hold
from test_live_figures import LIVE, SEED, opened, spoken, tab_to, until, value
from test_live_runtime import CLOSE, COUNT, GOOD, encode, pack, read
from test_live_runtime import page as page  # a fixture

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from tools.book import Book, read_notebook  # noqa: E402  (the setting must stand first)
from tools.pages import photo_network  # noqa: E402

NAME = "photo-lab"
LAB = json.loads((photo_network.FOLDER / "lab.json").read_text("utf-8"))
AGAIN = "python -m tools.pages.draw_live photo-network"
# Pillow 13 begins with the columns of tall pictures, as resize.mjs does; older ones with the rows.
EXACT = 0 if int(PIL.__version__.split(".")[0]) >= 13 else 2


@pytest.fixture(scope="module")
def cells():
    """What the cells of chapters 10 and 6 define, the head trained anew."""
    return photo_network.chapter()


def stored() -> tuple[dict, list[np.ndarray]]:
    """Description and weights of the network's file, read in Python."""
    data = (photo_network.FOLDER / "network.bin").read_bytes()
    (length,) = struct.unpack("<I", data[8:12])
    head, numbers = json.loads(data[12 : 12 + length]), np.frombuffer(data[12 + length :], "<f2")
    weights, start = [], 0
    for shape in (shape for layer in head["layers"] for shape in layer["weights"]):
        size = int(np.prod(shape))
        weights.append(numbers[start : start + size].reshape(shape).astype("float32"))
        start += size
    assert data[:8] == b"P2PNET1\n" and start == len(numbers) and head["dtype"] == "float16"
    return head, weights


@pytest.fixture(scope="module")
def model(cells):
    """The network of the file, in Keras."""
    _, weights = stored()
    body = cells["backbone"](0.5, None)
    body.set_weights(weights[:-2])
    return photo_network.whole(body, *weights[-2:])


# ---- The files ------------------------------------------------------------------------------


def test_files_belong_to_the_book_as_it_is():
    """Digests, sizes and numbers agree with the weights and with the benchmark's results."""
    digest = hashlib.sha256(photo_network.WEIGHTS.read_bytes()).hexdigest()
    assert LAB["backbone"] == digest, f"The backbone has changed: {AGAIN}"
    data = (photo_network.FOLDER / "network.bin").read_bytes()
    assert LAB["network"] == hashlib.sha256(data).hexdigest() and LAB["bytes"] == len(data) < 2e6, AGAIN
    assert LAB["table"] == photo_network.table(), AGAIN
    assert photo_network.sentences(LAB) in photo_network.PAGE.read_text("utf-8"), AGAIN
    shown = {example["file"] for example in LAB["examples"]}
    assert shown == {path.name for path in photo_network.FOLDER.glob("*.webp")}
    for example in LAB["examples"]:
        assert min(Image.open(photo_network.FOLDER / example["file"]).size) >= 120


def test_file_holds_the_books_backbone_and_the_chapters_head(cells, model):
    """Bit for bit the weights of the h5 file; the head answers as one trained anew; the numbers are true."""
    _, weights = stored()
    assert LAB["classes"] == cells["names"]
    for mine, wanted in zip(weights[:-2], cells["wide"]["book's"].get_weights(), strict=True):
        assert np.array_equal(mine, wanted)
    given = model.predict(cells["scene_x"].astype("float32"), verbose=0)
    agree = np.mean(given.argmax(axis=1) == cells["given"])
    assert agree > 0.95, f"The head is another one: {AGAIN}"
    assert photo_network.shares(model, cells)["right"] == pytest.approx(LAB["test"]["right"], abs=1)
    assert photo_network.shares(model, cells)["percent"] == pytest.approx(LAB["test"]["percent"], abs=1.5)


# ---- Half precision -----------------------------------------------------------------------------


def half(description=None, weights=None, **changes) -> bytes:
    """A network file in half precision, with whatever is wished for in it."""
    numbers = np.linspace(-1, 1, COUNT) if weights is None else weights
    head = pack((GOOD if description is None else description) | {"dtype": "float16"} | changes, [])
    return head + np.asarray(numbers, "<f2").tobytes()


def test_half_precision_is_read(page):
    """Also with an odd number of weights; and the file without a dtype stays what it was."""
    assert COUNT % 2 == 1
    assert read(page, half())["kind"] == "read"
    assert read(page, pack(GOOD | {"dtype": "float32"}))["kind"] == "read"


HALVES = {
    "a byte too few": half()[:-1],
    "a weight too few": half()[:-2],
    "a weight too many": half() + bytes(2),
    "a weight that is NaN": half(weights=[np.nan] + [0] * (COUNT - 1)),
    "a weight that is infinite": half(weights=[0] * (COUNT - 1) + [-np.inf]),
    "float32 numbers behind it": pack(GOOD | {"dtype": "float16"}),
    "float16 numbers behind float32": half(dtype="float32"),
    "another dtype": half(dtype="bfloat16"),
    "dtype null": half(dtype=None),
    "dtype is a list": half(dtype=["float16"]),
    "dtype is a number": half(dtype=16),
}


@pytest.mark.parametrize("name", HALVES)
def test_damaged_half_precision_gets_one_sentence(page, name):
    """Refused, in words."""
    answer = read(page, HALVES[name])
    assert answer["kind"] == "refused", answer
    assert (
        answer["text"].endswith(".") and 15 < len(answer["text"]) < 300 and "undefined" not in answer["text"]
    )


def test_every_half_is_widened_as_numpy_does(page):
    """All 65,536 of them, the smallest and the infinite too."""
    found = page.evaluate(
        """async () => {
            const { widened } = await import("/network-file.mjs");
            return new Uint32Array(widened(Uint16Array.from({length: 65536}, (_, n) => n)).buffer);
        }"""
    )
    found = np.array(found, "uint32").view("float32")
    wanted = np.arange(65536, dtype="uint16").view("float16").astype("float32")
    assert np.array_equal(np.isnan(found), np.isnan(wanted))
    good = ~np.isnan(wanted)
    assert np.array_equal(found[good].view("uint32"), wanted[good].view("uint32"))  # signs of zero, too


# ---- Every layer ------------------------------------------------------------------------------------

LAYERS = """async ([file, picture]) => {
    const { loadNetwork } = await import("/network-file.mjs");
    const network = await loadNetwork(file);
    const floats = new Float32Array(Uint8Array.from(atob(picture), (c) => c.charCodeAt(0)).buffer);
    const text = (data) => {
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength), parts = [];
        for (let n = 0; n < bytes.length; n += 32768) parts.push(String.fromCharCode(...bytes.subarray(n, n + 32768)));
        return btoa(parts.join(""));
    };
    return [...network.run(floats)].map(([name, { shape, data }]) => [name, shape, text(data)]);
}"""


def square(cells, picture: Image.Image) -> np.ndarray:
    """What the chapter hands to its network, of a photograph."""
    return np.asarray(cells["squared"](png(picture)).resize((LAB["side"],) * 2))


@pytest.mark.parametrize("what", ["random", "stamp", "cat", "coffee"])
def test_every_layer_equals_keras(page, cells, model, what):
    """Within 1e-5 of a layer's largest value, or of 1 where all are smaller (the pixels go up to 255)."""
    import keras

    rng = np.random.default_rng(SEED)
    if what == "random":
        picture = rng.uniform(0, 255, (LAB["side"], LAB["side"], 3))
    elif what == "stamp":
        picture = cells["scene_x"][rng.integers(len(cells["scene_x"]))]
    else:
        picture = square(cells, Image.fromarray(cells["photos"][what]))
    picture = picture.astype("float32")
    (page.folder / "lab.bin").write_bytes((photo_network.FOLDER / "network.bin").read_bytes())
    answer = page.evaluate(LAYERS, ["lab.bin", encode(picture)])
    found = {
        name: np.frombuffer(base64.b64decode(text), "<f4").reshape(shape) for name, shape, text in answer
    }
    wanted = keras.Model(model.input, [layer.output for layer in model.layers])(picture[None], training=False)
    wrong = []
    for layer, output in zip(model.layers, wanted, strict=True):
        output = np.asarray(output)[0]
        gap = np.abs(found[layer.name] - output).max() / max(1, np.abs(output).max())
        if not gap <= CLOSE:
            wrong.append(f"{layer.name}: off by {gap:.2g} (LIVE_SEED={SEED})")
    assert len(wanted) == 90
    hold(wrong)


# ---- Pictures -------------------------------------------------------------------------------------------


def noise(rng, width, height, kind="RGB") -> Image.Image:
    """Colours that change from pixel to pixel: the hardest picture to shrink alike."""
    bands = {"RGB": (3,), "RGBA": (4,), "L": ()}[kind]
    return Image.fromarray(rng.integers(0, 256, (height, width, *bands), dtype="uint8"))


def smooth(rng, width, height, kind="RGB") -> Image.Image:
    """The same with large spots, as photographs have them."""
    few = noise(rng, max(2, width // 40), max(2, height // 40), kind)
    return few.resize((width, height), Image.Resampling.BICUBIC)


def png(picture: Image.Image, kind="PNG", **settings) -> bytes:
    """A picture as the bytes of a file."""
    file = io.BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()


def show(visit, data: bytes, name="mine.png"):
    """Open a file in the lab; what it then says of it."""
    visit.figure.evaluate(
        """(figure, [text, name]) =>
            figure.open(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name))""",
        [base64.b64encode(data).decode(), name],
    )
    return visit.figure.locator("#trouble").inner_text()


def pixels(visit) -> np.ndarray:
    """What the network would get."""
    side = LAB["side"]
    found = visit.figure.evaluate(
        "figure => Float32Array.from(figure.pixels)"
    )  # a list takes a second to travel
    return np.array(found).reshape(side, side, 3)


def chapters(cells, data: bytes) -> np.ndarray:
    """The same in the chapter's own Python."""
    return np.asarray(cells["squared"](data).resize((LAB["side"],) * 2)).astype(int)


def test_resizing_equals_pillow(reader, address, cells):
    """Bit for bit, from PNG: odd sizes, small and large, wide and tall, in colour and in grey."""
    rng = np.random.default_rng(SEED)
    sizes = [(16, 16), (17, 16), (128, 128), (160, 160), (511, 513), (1025, 1027), (40, 1200), (2300, 33)]
    sizes += [tuple(int(n) for n in rng.integers(16, 400, 2)) for _ in range(3)]
    sizes += [tuple(int(n) for n in rng.integers(500, 1500, 2)) for _ in range(2)]
    with opened(reader(), address, NAME) as visit:
        for number, (width, height) in enumerate(sizes):
            data = png(noise(rng, width, height, "L" if number % 5 == 4 else "RGB"))
            assert show(visit, data) == ""
            gap = np.abs(pixels(visit) - chapters(cells, data)).max()
            assert gap <= EXACT, f"{width} x {height}: off by {gap} (LIVE_SEED={SEED})"


def test_transparent_pictures_are_put_on_white(reader, address, cells):
    """As by Pillow: both lay them on white before they are shrunk."""
    rng = np.random.default_rng(SEED)
    with opened(reader(), address, NAME) as visit:
        for picture in (
            noise(rng, 150, 111, "RGBA"),
            smooth(rng, 900, 700, "RGBA"),
            noise(rng, 60, 60).convert("P"),
        ):
            data = png(picture)
            assert show(visit, data) == ""
            gap = np.abs(pixels(visit) - chapters(cells, data)).max()
            assert gap <= EXACT, f"{picture.size}: off by {gap} (LIVE_SEED={SEED})"
        clear = png(Image.new("RGBA", (64, 64)))
        show(visit, clear)
        assert (pixels(visit) == 255).all()


def test_jpeg_is_close(reader, address, cells):
    """The browser's decoder and Pillow's differ by shades; a large file Pillow even shrinks while it decodes."""
    rng = np.random.default_rng(SEED)
    with opened(reader(), address, NAME) as visit:
        for size in ((300, 201), (1600, 1203), (3000, 2000)):
            for settings in ({}, {"progressive": True, "quality": 60}):
                data = png(smooth(rng, *size), "JPEG", **settings)
                assert show(visit, data, "mine.jpg") == ""
                gap = np.abs(pixels(visit) - chapters(cells, data))
                assert gap.mean() < 1.5 and gap.max() <= 16, (size, settings, gap.mean(), gap.max(), SEED)


@pytest.mark.parametrize("turn", range(1, 9))
def test_photographs_stand_upright(reader, address, cells, turn):
    """All eight notes that a camera can leave, in each kind of file that can hold one."""
    rng = np.random.default_rng(SEED)
    note = Image.Exif()
    note[0x0112] = turn
    with opened(reader(), address, NAME) as visit:
        for kind in ("JPEG", "WEBP", "PNG"):
            data = png(smooth(rng, 320, 200), kind, exif=note)
            assert show(visit, data, "turned.jpg") == ""
            assert np.abs(pixels(visit) - chapters(cells, data)).mean() < 1.5, f"{kind}: LIVE_SEED={SEED}"


def test_icons_show_their_largest_picture(reader, address, cells):
    """As Pillow opens them, stored as PNG or as BMP."""
    rng = np.random.default_rng(SEED)
    with opened(reader(), address, NAME) as visit:
        for form in ("png", "bmp"):
            picture = noise(rng, 64, 64, "RGB").convert("RGBA")
            data = png(picture, "ICO", sizes=[(16, 16), (64, 64), (32, 32)], bitmap_format=form)
            assert show(visit, data, "favicon.ico") == ""
            assert np.abs(pixels(visit) - chapters(cells, data)).max() <= EXACT, f"{form}: LIVE_SEED={SEED}"


PHONE = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\0\x14ispe" + bytes(4) + struct.pack(">II", 400, 300)
BAD = {
    "HEIC": (PHONE + bytes(999), "is a HEIC photograph, which this browser does not read; save it as JPEG"),
    "text": (b"This is no picture.", "no picture that this browser can read"),
    "empty": (b"", "is empty"),
    "drawing": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that this browser can read"),
    "scan": (png(Image.new("RGB", (40, 40)), "TIFF"), "no picture that this browser can read"),
    "tiny": (png(Image.new("RGB", (15, 400))), "15 x 400 pixels; 16 on the shorter side"),
    "bomb": (png(Image.new("1", (20000, 20000))), "too large; shrink it to 50 million"),
    "too long": (png(Image.new("1", (31000, 20))), "too large"),
    "cut JPEG": (png(smooth(np.random.default_rng(0), 400, 300), "JPEG")[:2500], "is damaged"),
    "cut PNG": (png(noise(np.random.default_rng(0), 99, 99))[:9000], "is damaged"),
    "cut WebP": (png(noise(np.random.default_rng(0), 99, 99), "WEBP")[:3000], "is damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_file_gets_one_sentence(reader, address, name):
    """The sentence says what is wrong; the picture that was there stays; the next file works."""
    data, words = BAD[name]
    with opened(reader(), address, NAME) as visit:
        before = pixels(visit)
        said = show(visit, data, f"{name}.jpg")
        assert words in said and said.endswith(".") and said.count(". ") == 0, said
        spoken(visit, words)
        assert np.array_equal(pixels(visit), before) and value(visit)["example"] == "stamp-mammal.webp"
        assert show(visit, png(Image.new("RGB", (64, 64), "red"))) == ""
        assert (pixels(visit) == [255, 0, 0]).all()


def test_random_damage_never_stops_it(reader, address):
    """Changed bytes: a picture or a sentence, and the lab goes on."""
    rng = np.random.default_rng(SEED)
    sources = [png(smooth(rng, 90, 70), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP")]
    with opened(reader(), address, NAME) as visit:
        for number in range(40):
            data = bytearray(sources[number % 5])
            for place in rng.integers(len(data), size=rng.integers(1, 20)):
                data[place] = rng.integers(256)
            said = show(visit, bytes(data[: rng.integers(1, len(data) + 1)]))
            assert said == "" or said.endswith("."), f"LIVE_SEED={SEED}"
        assert show(visit, png(Image.new("RGB", (64, 64), "red"))) == ""
        hold(site.complaints_console(visit))


# ---- The answer ---------------------------------------------------------------------------------------------


def loaded(window, address):
    """A visit with the network loaded."""
    visit = opened(window, address, NAME)
    visit.figure.locator("#load").click()
    visit.figure.locator("#map").wait_for()
    return visit


def chapters_lit(picture, heat):
    """The chapter's function that darkens a picture, without the drawings of its cell."""
    cells = read_notebook(Book().root / "notebooks/10_inside.ipynb").cells
    (source,) = [cell.source for cell in cells if cell.source.startswith("def lit(")]
    names = {"np": np, "Picture": Image}
    exec(source.split("\n\n\n")[0], names)
    return names["lit"](picture, heat)


def test_answer_and_map_equal_the_chapters(fresh, address, cells, model):
    """Probabilities and map within 1e-5 of Keras; the map adds up; the light is the chapter's `lit`."""
    import keras

    rng = np.random.default_rng(SEED)
    maps = keras.Model(model.input, model.get_layer("features").input)
    head = model.get_layer("head")
    with opened(fresh(), address, NAME) as visit:
        visit.figure.evaluate("figure => figure.load()")
        for picture in (Image.fromarray(cells["photos"]["cat"]), noise(rng, 217, 180), smooth(rng, 700, 500)):
            data = png(picture)
            assert show(visit, data) == ""
            x = chapters(cells, data).astype("float32")
            answer = visit.figure.evaluate("figure => figure.answer")
            assert np.abs(answer["probabilities"] - np.asarray(model(x[None]))[0]).max() < CLOSE, (
                f"LIVE_SEED={SEED}"
            )
            kernel, bias = head.get_weights()
            last = np.asarray(maps(x[None]))[0]
            wanted = np.einsum("rcf,fk->krc", last.astype("float64"), kernel) / last[..., 0].size
            places = np.reshape(answer["places"], wanted.shape)
            scale = max(1, np.abs(wanted).max())
            assert np.abs(places - wanted).max() < CLOSE * scale
            total = places.sum(axis=(1, 2)) + bias
            assert np.abs(total - answer["logits"]).max() < CLOSE * max(
                1, np.abs(total).max(), np.abs(bias).max()
            )
            best = int(np.argmax(answer["logits"]))
            heat = cells["grad_cam"](head, last[None], [best])[0]
            assert np.allclose(heat, np.maximum(wanted[best], 0), atol=1e-4 * scale)
            lit = visit.figure.evaluate(
                """async (figure, best) => {
                    const { light } = await import(new URL("../../_static/live/photo-lab.mjs", document.baseURI).href);
                    const { places, shape } = figure.answer, count = shape[0] * shape[1];
                    return Float64Array.from(light(places.slice(best * count, (best + 1) * count), shape, 160));
                }""",
                best,
            )
            darker = np.trunc(x * np.reshape(lit, (160, 160, 1)))
            assert np.abs(darker - chapters_lit(x.astype("uint8"), heat)).max() <= 1


def test_answer_is_written_and_spoken(fresh, address):
    """Class, percentages that add up, whether it is right, how long it took, how good it is."""
    with loaded(fresh(), address) as visit:
        answer = visit.figure.evaluate("figure => figure.answer")
        best = LAB["classes"][int(np.argmax(answer["probabilities"]))]
        said = visit.figure.locator("#said").inner_text()
        assert said.startswith(f"{best}, ")
        spoken(visit, said)
        shown = visit.figure.locator(".share").all_inner_texts()
        numbers = [float(re.sub(r"[^\d.]", "", text)) for text in shown]
        assert np.abs(np.array(numbers) - 100 * np.array(answer["probabilities"])).max() < 0.11
        truth = visit.figure.locator("#truth").inner_text()
        assert ("it is wrong" in truth) == (best != "mammal")
        assert re.search(r"took \d+ ms", visit.figure.locator("#time").inner_text())
        honest = visit.figure.locator("#honest").inner_text()
        assert str(LAB["test"]["right"]) in honest and str(LAB["test"]["scenes"]) in honest
        visit.figure.locator("#map summary").click()
        line = visit.figure.locator(".sumline").inner_text().replace("\u2212", "-")
        places, bias, logit = (float(n) for n in re.findall(r"-?\d+\.\d+", line))
        assert abs(places + bias - logit) < 0.002


# ---- What a reader does -----------------------------------------------------------------------------------------


def test_nothing_heavy_is_loaded_before_it_is_asked_for(fresh, address):
    """The network waits for its button, which says how large it is; and it comes once."""
    with opened(fresh(), address, NAME) as visit:
        site.settle(visit.page)
        assert not [url for url in visit.requests if "network.bin" in url]
        small = sum(
            len(r.body()) for r in visit.responses if "/live/photo-lab" in r.url or "/live/worker" in r.url
        )
        assert small < 100_000
        button = visit.figure.locator("#load")
        assert f"{LAB['bytes'] / 1e6:.1f} MB" in button.inner_text()
        button.click()
        visit.figure.locator("#map").wait_for()
        for file in ("cat.webp", "coffee.webp"):
            visit.figure.locator(f'input[value="{file}"]').check(force=True)
            visit.figure.evaluate("figure => figure.seen()")
        assert len([url for url in visit.requests if "network.bin" in url]) == 1
        hold(site.complaints_console(visit) + site.complaints_requests(visit))


def test_own_photograph_stays_on_the_page_and_needs_no_connection(fresh, address, cells, model):
    """With the network loaded the line may be cut: a file is still answered, and nothing was sent."""
    window = fresh()
    rng = np.random.default_rng(SEED)
    data = png(smooth(rng, 300, 260))
    with loaded(window, address) as visit:
        site.settle(visit.page)
        asked = len(visit.requests)
        window.set_offline(True)
        visit.figure.locator("#file").set_input_files(
            {"name": "mine.png", "mimeType": "image/png", "buffer": data}
        )
        visit.figure.get_by_text("Your photograph. Is it right?").wait_for()
        found = visit.figure.evaluate("figure => figure.answer.probabilities")
        wanted = np.asarray(model(chapters(cells, data)[None].astype("float32")))[0]
        assert np.abs(found - wanted).max() < CLOSE
        assert value(visit)["example"] is None
        assert [url for url in visit.requests[asked:] if not url.startswith("blob:")] == []


def test_example_that_cannot_be_loaded_says_so(fresh, address):
    """A sentence; the photograph that was there stays."""
    window = fresh()
    with opened(window, address, NAME) as visit:
        before = pixels(visit)
        window.route("**/rocket.webp", lambda route: route.abort())
        visit.figure.locator('input[value="rocket.webp"]').click(force=True)
        visit.figure.evaluate("figure => figure.seen()")
        assert "could not be loaded" in visit.figure.locator("#trouble").inner_text()
        assert np.array_equal(pixels(visit), before)


DROP = """([text, kind]) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), carried = new DataTransfer();
    carried.items.add(new File([bytes], "mine.png", {type: "image/png"}));
    const figure = document.querySelector("photo-lab"), wishes = {bubbles: true, cancelable: true};
    if (kind === "drop") for (const name of ["dragover", "drop"])
        figure.dispatchEvent(new DragEvent(name, {...wishes, dataTransfer: carried}));
    else document.body.dispatchEvent(new ClipboardEvent("paste", {...wishes, clipboardData: carried}));
    return figure.seen();
}"""


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_picture_can_be_dropped_and_pasted(fresh, address, way):
    """Both do what choosing a file does."""
    with opened(fresh(), address, NAME) as visit:
        visit.page.evaluate(DROP, [base64.b64encode(png(Image.new("RGB", (50, 40), "blue"))).decode(), way])
        assert (pixels(visit) == [0, 0, 255]).all()
        assert value(visit)["example"] is None


def test_photo_lab_by_keyboard(fresh, address):
    """Choose a photograph, load, ask for another class's map, open the numbers; all of it is said."""
    with opened(fresh(), address, NAME) as visit:
        press = visit.page.keyboard.press
        tab_to(visit, "example")
        press("ArrowRight")
        visit.figure.evaluate("figure => figure.seen()")
        assert value(visit)["example"] == "stamp-object.webp"
        tab_to(visit, "load")
        press("Enter")
        visit.figure.locator("#map").wait_for()
        visit.page.wait_for_function("document.activeElement?.shadowRoot?.activeElement?.id === 'said'")
        spoken(visit, "an airliner")
        tab_to(visit, "class")
        before = value(visit)["class"]
        press("ArrowDown")
        assert value(visit)["class"] != before and value(visit)["looks"] == "heat"
        spoken(visit, value(visit)["class"])
        press("Tab")
        press("Enter")
        assert visit.figure.locator(".grid").is_visible()
        label = visit.figure.locator("#view").get_attribute("aria-label")
        assert "an airliner" in label and value(visit)["class"] in label


def test_it_answers_before_the_network_is_loaded(fresh, address):
    """For the book's photographs, with what the network says; for a reader's own it has to be loaded."""
    with opened(fresh(), address, NAME) as visit:
        said = {}
        for example in LAB["examples"]:
            visit.figure.locator(f'input[value="{example["file"]}"]').check(force=True)
            visit.figure.evaluate("figure => figure.seen()")
            said[example["file"]] = visit.figure.locator("#said").inner_text()
            assert example["shows"] in visit.figure.locator("#truth").inner_text()
        assert not any("network.bin" in address for address in visit.requests)
        visit.figure.locator("#file").set_input_files(
            {"name": "mine.png", "mimeType": "image/png", "buffer": png(Image.new("RGB", (50, 40), "blue"))}
        )
        assert until(visit, lambda: visit.figure.locator("#answer").is_hidden())
    with loaded(fresh(), address) as visit:
        for example in LAB["examples"]:
            visit.figure.locator(f'input[value="{example["file"]}"]').check(force=True)
            visit.figure.evaluate("figure => figure.seen()")
            shares = visit.figure.evaluate("figure => [...figure.answer.probabilities]")
            again = "run `python -m tools.pages.draw_live answers`"
            assert np.allclose(shares, example["answer"], atol=0.003), again
            kind = visit.figure.locator("#said").inner_text().split(",")[0]
            assert said[example["file"]].split(",")[0] == kind


def test_the_answer_is_in_sight_on_a_phone(fresh, address):
    """Picture and answer stand on the first screen, without scrolling."""
    with opened(fresh(390, has_touch=True, is_mobile=True), address, NAME) as visit:
        visit.page.set_viewport_size({"width": 390, "height": 844})
        visit.page.evaluate("window.scrollTo(0, 0)")
        for place in ("#view", "#said"):
            box = visit.figure.locator(place).bounding_box()
            assert box["y"] > 0 and box["y"] + box["height"] < 844, place


def test_photo_lab_by_mouse(fresh, address):
    """Load, choose a photograph, look where it looked, ask for another class, open a file of one's own."""
    with loaded(fresh(), address) as visit:
        visit.figure.locator(".gallery label").nth(1).click()
        visit.figure.get_by_text("It is an apple").wait_for()
        visit.figure.locator(".choice label").nth(1).click()
        assert until(visit, lambda: value(visit)["looks"] == "heat")
        visit.figure.locator(".classes label").nth(4).click()
        assert until(visit, lambda: value(visit)["class"] == "plant")
        visit.figure.locator("#file").set_input_files(
            {"name": "mine.png", "mimeType": "image/png", "buffer": png(Image.new("RGB", (50, 40), "blue"))}
        )
        visit.figure.get_by_text("Your photograph. Is it right?").wait_for()
        assert (pixels(visit) == [0, 0, 255]).all()
        hold(site.complaints_console(visit) + site.complaints_requests(visit))


def test_touch_works(fresh, address):
    """Everything by tapping, on a telephone's width."""
    with opened(fresh(390, has_touch=True, is_mobile=True), address, NAME) as visit:
        visit.figure.locator("#load").tap()
        visit.figure.locator("#map").wait_for()
        visit.figure.locator(".gallery label").nth(1).tap()
        visit.figure.get_by_text("It is an apple").wait_for()
        visit.figure.locator(".choice label").nth(1).tap()
        assert until(visit, lambda: value(visit)["looks"] == "heat")
        visit.figure.locator(".classes label").nth(4).tap()
        assert until(visit, lambda: value(visit)["class"] == "plant")


def test_last_of_many_photographs_wins(fresh, address):
    """Ten choices in a row: the answer that stays belongs to the last."""
    with loaded(fresh(), address) as visit:
        files = [example["file"] for example in LAB["examples"]]
        visit.figure.evaluate(
            """async (figure, files) => {
                for (const file of [...files, ...files.slice(0, 2)])
                    figure.shadowRoot.querySelector(`input[value="${file}"]`).click();
                await figure.seen();
            }""",
            files,
        )
        assert value(visit)["example"] == files[1]
        last = visit.figure.evaluate("figure => figure.answer.logits")
        visit.figure.locator(f'input[value="{files[0]}"]').check(force=True)
        visit.figure.evaluate("figure => figure.seen()")
        visit.figure.locator(f'input[value="{files[1]}"]').check(force=True)
        visit.figure.evaluate("figure => figure.seen()")
        assert visit.figure.evaluate("figure => figure.answer.logits") == last


@pytest.mark.parametrize("fault", ["no connection", "missing", "damaged", "another network"])
def test_network_that_cannot_be_loaded_says_so(fresh, address, fault):
    """One sentence, and the button is there for another try."""
    window = fresh()
    answers = {
        "no connection": lambda route: route.abort(),
        "missing": lambda route: route.fulfill(status=404, body="no"),
        "damaged": lambda route: route.fulfill(
            body=(photo_network.FOLDER / "network.bin").read_bytes()[:-1000]
        ),
        "another network": lambda route: route.fulfill(body=pack()),
    }
    window.route("**/network.bin", answers[fault])
    with opened(window, address, NAME) as visit:
        button, said = visit.figure.locator("#load"), visit.figure.locator("#trouble")
        button.click()
        said.get_by_text("network", exact=False).or_(
            said.get_by_text("damaged", exact=False)
        ).first.wait_for()
        assert said.inner_text().endswith(".") and value(visit)["network"] == "asleep"
        window.unroute("**/network.bin")
        button.click()
        visit.figure.locator("#map").wait_for()
        assert said.inner_text() == ""


def test_modules_are_small(fresh, address):
    """What the figure loads when it comes near: under 60 kB, gzipped, with all that it shares."""
    import gzip

    names = (
        "photo-lab",
        "worker",
        "thread",
        "running",
        "costs",
        "resize",
        "figure",
        "runtime",
        "network-file",
    )
    names += ("own-picture", "picture-file", "decode", "incoming")
    assert sum(len(gzip.compress((LIVE / f"{name}.mjs").read_bytes(), 6)) for name in names) < 60_000
