"""Tests of the live figures under load and with bad files: the page answers, work stops, pictures are Pillow's."""

from __future__ import annotations

import base64
import json
import os
import re
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

import site_checks as site
from chapter_cells import READER
from odd_files import chunk, png, saved
from site_fixtures import *  # noqa: F403
from site_fixtures import hold
from test_live_explorer import NAME, STRANGE, drop, wait_for_own
from test_live_figures import answers, opened, spoken, until, value
from test_live_runtime import pack

SEED = int(os.environ.get("LIVE_SEED") or np.random.SeedSequence().entropy % 2**32)


# ---- Networks: how much work, and where it is done ----------------------------------------------


def chain(*layers, side=(64, 64, 3), weights=()):
    """A file with layers one behind the other, each (type, shape, settings)."""
    listed, before = [], "input"
    for number, (kind, shape, settings) in enumerate(layers):
        one = {"name": f"layer_{number}", "type": kind, "inputs": [before], "shape": shape, "weights": []}
        listed.append(one | settings)
        before = one["name"]
    return pack({"name": "load", "input": list(side), "layers": listed}, weights=weights)


def pools(count, size=71, side=64, channels=3):
    """Max pooling with wide windows, several times: no weights, and much work."""
    settings = {"pool_size": [size, size], "strides": [1, 1], "padding": "same"}
    shape = [side, side, channels]
    return chain(*[("MaxPooling2D", shape, settings)] * count, side=shape)


def groups(side=256):
    """A grouped convolution: 1.2 thousand million multiplications."""
    shape, kernel = [side, side, 48], [5, 5, 1, 48]
    settings = {"filters": 48, "groups": 3, "kernel_size": [5, 5], "padding": "same", "use_bias": False}
    first = {"filters": 48, "kernel_size": [1, 1], "use_bias": False, "weights": [[1, 1, 3, 48]]}
    kernel[2] = 16
    return chain(
        ("Conv2D", shape, first),
        ("Conv2D", shape, settings | {"weights": [kernel]}),
        side=(side, side, 3),
        weights=np.full(3 * 48 + 25 * 16 * 48, 0.001),
    )


def adds(side=256):
    """Add with 64 inputs, twice."""
    shape = [side, side, 3]
    listed = [{"name": "a", "type": "Identity", "inputs": ["input"], "shape": shape, "weights": []}]
    for name, before in (("b", "a"), ("c", "b")):
        listed.append({"name": name, "type": "Add", "inputs": [before] * 64, "shape": shape, "weights": []})
    return pack({"name": "adds", "input": shape, "layers": listed}, weights=[])


# The longest gap between two ticks of the page's own clock, while something happens.
WATCH = """() => { window.gap = 0; let last = performance.now();
    window.ticking = setInterval(() => { const now = performance.now();
        window.gap = Math.max(window.gap, now - last); last = now; }, 4); }"""
NETWORK = f"document.querySelector('{NAME}').network.name"


@pytest.mark.parametrize("name", ["pools", "groups", "adds"])
def test_page_answers_while_a_network_runs(fresh, address, name):
    """A large network is opened, runs once, and the page's clock goes on ticking all the while."""
    data = {"pools": lambda: pools(3), "groups": groups, "adds": adds}[name]()
    with opened(fresh(), address, NAME) as visit:
        visit.page.evaluate(
            """() => { const post = Worker.prototype.postMessage; window.runs = 0;
                Worker.prototype.postMessage = function (data, ...more) {
                    window.runs += data.job === "run"; post.call(this, data, ...more); }; }"""
        )
        visit.page.evaluate(WATCH)
        began = visit.page.evaluate("performance.now()")
        drop(visit, data)
        visit.page.wait_for_function(f"['load', 'adds'].includes({NETWORK})", timeout=120_000)
        took = visit.page.evaluate("performance.now()") - began
        gap = visit.page.evaluate("window.gap")
        assert visit.page.evaluate("window.runs") == 1
        # Drawing what came takes its time on a busy machine; the work itself takes many times as long.
        assert gap < max(250, took / 4), (gap, took)
        hold(site.complaints_console(visit))


def test_stop_really_stops_and_leaves_the_page_usable(fresh, address):
    """While it opens: the old network stays. While a picture runs: the line says so, and Run runs it."""
    with opened(fresh(), address, NAME) as visit:
        bars = visit.figure.locator("#bars").inner_text()
        drop(visit, pools(30))
        stop = visit.figure.get_by_role("button", name="Stop", exact=True)
        stop.wait_for()
        assert re.search(r"layer \d+ of 30", visit.figure.locator("#running-words").inner_text())
        spoken(visit, "can be stopped")
        stop.focus()
        visit.page.keyboard.press("Enter")
        visit.figure.locator("#trouble", has_text="Stopped").wait_for()
        assert not stop.is_visible() and value(visit)["network"] == "fashion"
        assert visit.figure.locator("#bars").inner_text() == bars
        visit.figure.locator("[name=garment]").first.check(force=True)
        assert until(visit, lambda: visit.figure.locator("#bars").inner_text() != bars)
        drop(visit, pools(12))
        visit.page.wait_for_function(f"{NETWORK} === 'load'", timeout=120_000)
        visit.figure.locator("#clear").click()
        stop.wait_for()
        stop.click()
        run = visit.figure.get_by_role("button", name="Run", exact=True)
        run.wait_for()
        assert "the picture before" in visit.figure.locator("#running-words").inner_text()
        run.click()
        stop.wait_for()
        visit.figure.locator("#running").wait_for(state="hidden", timeout=120_000)
        assert not visit.figure.evaluate("f => f.found.get('layer_11').data.some((v) => v)")
        visit.figure.locator("#which").select_option("fashion")
        wait_for_own(visit, 45_530)
        hold(site.complaints_console(visit))


MAIN, TASKS = "CrRendererMain", ("RunTask", "ThreadControllerImpl::RunTask")
LONGEST_TASK = 100  # milliseconds of the processor: what readers feel as a stop begins at about that


def busy(browser, visit, do):
    """The longest task of the page's own thread while something happens, in milliseconds of its processor time.

    The thread's own clock stands still while other programs have the processor, as a wall clock does not.
    """
    browser.start_tracing(page=visit.page, categories=["toplevel", "devtools.timeline"])
    do()
    visit.page.wait_for_timeout(500)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    threads = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    spans = [
        e["tdur"]
        for e in events
        if e["name"] in TASKS and threads.get((e["pid"], e["tid"])) == MAIN and "tdur" in e
    ]
    assert len(spans) > 10, "no tasks were recorded"
    return max(spans) / 1000


def shot(width, height):
    """A photograph in colours, as large as cameras take them."""
    noise = np.random.default_rng(SEED).integers(0, 256, (30, 40, 3), dtype="uint8")
    return saved(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC), "JPEG", quality=80)


def test_no_action_stops_the_page(browser, fresh, address, tmp_path):
    """Networks, drawing and photographs of 12 million pixels: no task of the page's thread is long."""
    picture, took = tmp_path / "shot.jpg", {}
    picture.write_bytes(shot(4000, 3000))
    with opened(fresh(), address, NAME) as visit:
        figure = visit.figure

        def own(file):
            before = value(visit)["undo"]
            figure.locator("#picture-file").set_input_files(file)
            assert until(visit, lambda: value(visit)["undo"] > before)

        def network(data, name):
            drop(visit, data)
            visit.page.wait_for_function(f"{NETWORK} === '{name}'", timeout=120_000)

        actions = {
            "another network": lambda: figure.locator("#which").select_option("mirrored"),
            "a garment": lambda: figure.locator("[name=garment]").nth(13).check(force=True),
            "mirrored": lambda: figure.locator("#mirror").click(),
            "a photograph": lambda: own(picture),
            "light and dark": lambda: figure.locator("input[name=light][value=turned]").check(force=True),
            "a large network": lambda: network(adds(), "adds"),
            "mirrored in colours": lambda: figure.locator("#mirror").click(),
            "a garment in colours": lambda: figure.locator("[name=garment]").nth(3).check(force=True),
        }
        for name, do in actions.items():
            took[name] = busy(browser, visit, do)
    with opened(fresh(), address, "photo-lab") as visit:

        def shown():
            visit.figure.locator("#file").set_input_files(picture)
            assert until(visit, lambda: "4000 x 3000" in visit.figure.locator("#size").inner_text())

        took["the photo lab"] = busy(browser, visit, shown)
    assert max(took.values()) < LONGEST_TASK, took


def test_newest_picture_wins(fresh, address):
    """Pictures that come while the thread is at work: what is shown at the end belongs to the last."""
    with opened(fresh(), address, NAME) as visit:
        drop(visit, pools(2, size=31))
        visit.page.wait_for_function(f"{NETWORK} === 'load'", timeout=120_000)
        for number in range(4):
            visit.figure.evaluate("(f, v) => { f.pixels = new Float32Array(64 * 64 * 3).fill(v); }", number)
            visit.page.wait_for_timeout(350)
        visit.figure.evaluate("f => f.runAll()")
        assert visit.figure.evaluate("f => f.found.get('layer_1').data[0]") == pytest.approx(3 / 255)


def test_all_work_is_counted_before_it_is_done(fresh, address):
    """Too much: refused at once, in one sentence that names the layer and says what to do."""
    with opened(fresh(), address, NAME) as visit:
        drop(visit, pools(99, side=128, channels=8))
        said = visit.figure.locator("#trouble", has_text="MaxPooling2D")
        said.wait_for()
        text = said.inner_text()
        assert (
            "layer_" in text and "smaller pictures" in text and text.endswith(".") and text.count(". ") == 0
        )
        assert value(visit)["network"] == "fashion"


def test_overflow_is_said_and_no_share_is_nan(fresh, address):
    """Weights that overflow for bright pixels only: the layer is named, the bars show a dash, darker works."""
    file = pack(weights=np.full(95, 1.5e18))
    with opened(fresh(), address, NAME) as visit:
        visit.figure.locator("#clear").click()
        drop(visit, file)
        wait_for_own(visit, 95)
        visit.figure.evaluate("f => { f.pixels = new Float32Array(30).fill(255); }")
        visit.figure.evaluate("f => f.runAll()")
        first = visit.figure.locator("#trouble").inner_text()
        bars = visit.figure.locator("#bars").inner_text()
        assert "NaN" not in bars + visit.figure.locator("#truth").inner_text()
        drop(visit, pack(weights=np.full(95, 3e38)))
        visit.figure.locator("#trouble", has_text="grow beyond").wait_for()
        assert "conv" in visit.figure.locator("#trouble").inner_text(), first
        assert STRANGE["sums beyond all bounds"][1] == "grow beyond"


def test_very_long_rows_of_numbers(fresh, address):
    """786,432 outputs: shown, and the softmax that the page adds says that it is too long to write out."""
    size = 512 * 512 * 3
    with opened(fresh(), address, NAME) as visit:
        drop(visit, chain(("Flatten", [size], {}), ("Softmax", [size], {}), side=(512, 512, 3)))
        visit.page.wait_for_function(f"{NETWORK} === 'load'", timeout=120_000)
        assert visit.figure.locator("#bars li").count() == 10
        visit.figure.locator('.maps[aria-label^="Softmax"]').press("Enter")
        assert "too many to write out" in visit.figure.locator("#why-sum").inner_text()
        hold(site.complaints_console(visit))


# ---- Pictures: one reader for all labs --------------------------------------------------------------


def wide_profile():
    """A colour profile whose red is another than sRGB's."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for n in range(struct.unpack(">I", data[128:132])[0]):
        name, start, _ = struct.unpack(">4sII", data[132 + 12 * n : 144 + 12 * n])
        if name == b"rXYZ":
            data[start + 8 : start + 20] = struct.pack(">iii", 39321, 19660, 1310)
    return bytes(data)


def disguises(rng):
    """One picture in many kinds of file."""
    small = rng.integers(0, 256, (7, 9, 3), dtype="uint8")
    picture = Image.fromarray(small).resize((180, 140), Image.Resampling.BICUBIC)
    grey = np.asarray(picture.convert("L")).astype("uint16")
    turned, clear = Image.Exif(), picture.convert("RGBA")
    turned[0x0112] = 6
    clear.putalpha(picture.convert("L"))
    plain = saved(picture)
    return {
        "profile": saved(picture, icc_profile=wide_profile()),
        "profile in a JPEG": saved(picture, "JPEG", quality=95, icc_profile=wide_profile()),
        "gamma": plain[:33] + chunk(b"gAMA", struct.pack(">I", 100_000)) + plain[33:],
        "16 bits, dark": saved(Image.fromarray(grey * 40)),
        "16 bits, full": saved(Image.fromarray(grey * 257)),
        "16 bits, below 255": saved(Image.fromarray(grey)),
        "16 bits, interlaced": png(grey * 99, 0, 16, True),
        "palette with a transparent colour": saved(picture.quantize(64), transparency=3),
        "turned": saved(picture, "JPEG", quality=95, exif=turned),
        "turned PNG": saved(picture, exif=turned),
        "CMYK": saved(picture.convert("CMYK"), "JPEG", quality=95),
        "grey with transparency": saved(clear.convert("LA")),
        "film": saved(picture, "GIF", save_all=True, append_images=[Image.new("RGB", (180, 140))]),
        "WebP": saved(picture, "WEBP", quality=95),
        "BMP": saved(picture, "BMP"),
        "MPO": saved(picture, "MPO", save_all=True, append_images=[picture], quality=95),
    }


def read_picture(visit, data, name="mine"):
    """What the shared reader makes of a file: an array, or its sentence."""
    found = visit.page.evaluate(
        """async ([text, name]) => {
            const { openPicture } = await import(new URL("../../_static/live/own-picture.mjs", document.baseURI).href);
            const file = new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name);
            const began = performance.now();
            try {
                const { width, height, data } = await openPicture(file);
                return [height, width, Float64Array.from(data), performance.now() - began];
            } catch (error) { return [error.constructor.name, error.message, performance.now() - began]; }
        }""",
        [base64.b64encode(data).decode(), name],
    )
    if isinstance(found[0], str):
        return found
    return np.array(found[2]).reshape(found[0], found[1], 4)[..., :3]


def test_pictures_have_the_chapters_numbers(reader, address):
    """Every kind of file, as chapter 5's own function reads it, number for number."""
    from test_live_explorer import chapter_source

    space = dict(READER)
    exec(chapter_source("def uncommented"), space)
    wrong = []
    with opened(reader(), address, "kernel-lab") as visit:
        for name, data in disguises(np.random.default_rng(SEED)).items():
            wanted, found = np.asarray(space["opened"](data)).astype(int), read_picture(visit, data)
            if np.shape(found) != wanted.shape:
                wrong.append(f"{name}: {found if isinstance(found, list) else found.shape}")
            elif np.abs(found - wanted).max() > 1:
                wrong.append(f"LIVE_SEED={SEED}: {name}: off by {np.abs(found - wanted).max()}")
    hold(wrong)


BOMB = saved(Image.new("1", (20_000, 20_000)))
BAD = {
    "bomb": (BOMB, "20000 x 20000 pixels, which is too large"),
    "bomb as JPEG": (b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03" + bytes(40), "too large"),
    "bomb as GIF": (b"GIF89a\xff\xff\xff\xff\0\0\0" + bytes(40), "too large"),
    "bomb as BMP": (b"BM" + bytes(12) + struct.pack("<III", 40, 30_000, 30_000) + bytes(40), "too large"),
    "bomb as WebP": (b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\0\xff\xff\0" + bytes(9), "too large"),
    "network": (pack(), "is a network file and no picture"),
    "text": (b"no picture", "no picture that this browser can read"),
    "cut": (saved(Image.new("RGB", (90, 90), "red"))[:60], "is damaged"),
}
# Firefox would paint what is there of these, and leave the rest grey.
STRIPES = Image.fromarray(np.arange(90 * 90 * 3, dtype=np.uint8).reshape(90, 90, 3))
for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "ICO"):
    BAD[f"cut {kind}"] = (saved(STRIPES, kind)[:-30], "is damaged")
BAD["cut progressive JPEG"] = (saved(STRIPES, "JPEG", progressive=True)[:-2], "is damaged")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "ICO"])
def test_whole_pictures_are_not_taken_for_cut_ones(reader, address, kind):
    """Sizes drawn, in colour and grey, with notes, and with something behind the end."""
    rng = np.random.default_rng(SEED)
    ways = [
        {},
        *({"PNG": [{"optimize": True}], "JPEG": [{"progressive": True}, {"quality": 5}]}.get(kind, [])),
    ]
    with opened(reader(), address, "kernel-lab") as visit:
        for way in ways:
            for grey in (True, False):
                size = rng.integers(16, 250, 2)
                picture = Image.fromarray(
                    rng.integers(0, 256, (*size, *([] if grey else [3])), dtype="uint8")
                )
                if kind == "JPEG":
                    note = Image.Exif()
                    note[0x010E] = "\xff\xd9 \xff\xda"  # the signs of an end and a beginning, in words
                    way = way | {"exif": note}
                data = saved(picture, kind, **way)
                for end in (b"", bytes(7), b"\xff\xff\xd9"):
                    said = read_picture(visit, data + end)
                    assert isinstance(said, np.ndarray), f"LIVE_SEED={SEED}: {size} {way} {end}: {said}"


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_are_refused_before_they_are_decoded(reader, address, name):
    """One sentence, at once, by the reader that all labs share."""
    data, words = BAD[name]
    with opened(reader(), address, "kernel-lab") as visit:
        kind, said, took = read_picture(visit, data)
        assert kind == "PictureError" and words in said and said.endswith(".") and said.count(". ") == 0
        assert took < 500, took


def paste(visit, data, name):
    """Paste a file into the page."""
    visit.page.evaluate(
        """([text, name]) => { const files = new DataTransfer();
            files.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
            document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: files, bubbles: true})); }""",
        [base64.b64encode(data).decode(), name],
    )


SEEN = {
    "kernel-lab": lambda visit: answers(visit).shape == (138, 178),
    "photo-lab": lambda visit: "180 x 140" in visit.figure.locator("#size").inner_text(),
    NAME: lambda visit: value(visit)["source"] == "own",
}


@pytest.mark.parametrize("name", SEEN)
def test_pictures_are_pasted_dropped_and_known_by_their_bytes(fresh, address, name):
    """A picture under any name; of several files the first, which is said; a refused file can be chosen again."""
    data = disguises(np.random.default_rng(SEED))["profile"]
    with opened(fresh(), address, name) as visit:
        paste(visit, data, "image")
        assert until(visit, lambda: SEEN[name](visit))
    with opened(fresh(), address, name) as visit:
        visit.figure.evaluate(
            """(f, text) => { const files = new DataTransfer();
                const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
                for (const name of ["first.p2p", "second.txt"]) files.items.add(new File([bytes], name));
                f.dispatchEvent(new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true})); }""",
            base64.b64encode(data).decode(),
        )
        assert until(visit, lambda: SEEN[name](visit))
        visit.figure.locator("#trouble", has_text="only the first").wait_for()
        assert "2 files" in visit.figure.locator("#trouble").inner_text()
        choose = visit.figure.locator("#picture-file" if name == NAME else "#file")
        for _ in range(2):
            choose.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"nothing of that"})
            visit.figure.locator("#trouble", has_text="x.png").wait_for()
            assert choose.input_value() == ""
            visit.figure.evaluate("f => { f.shadowRoot.querySelector('#trouble').textContent = ''; }")


def test_explorer_tells_networks_from_pictures_by_their_bytes(fresh, address):
    """A network called .png is opened, a picture called .p2p shown, and what is neither gets one sentence."""
    with opened(fresh(), address, NAME) as visit:
        visit.figure.locator("#picture-file").set_input_files(
            {"name": "network.png", "mimeType": "image/png", "buffer": pack()}
        )
        wait_for_own(visit, 95)
        visit.figure.locator("#which").select_option("fashion")
        wait_for_own(visit, 45_530)
        drop(visit, disguises(np.random.default_rng(SEED))["MPO"], "picture.p2p")
        assert until(visit, lambda: value(visit)["source"] == "own")
        drop(visit, b"neither", "notes.txt")
        visit.figure.locator("#trouble", has_text="neither a network file nor a picture").wait_for()
        drop(visit, BOMB, "bomb.png")
        visit.figure.locator("#trouble", has_text="too large").wait_for()
        assert value(visit)["source"] == "own"
