"""Tests of the live figures on the built site: what a reader does with them, and that their numbers are true."""

from __future__ import annotations

import gzip
import io
import os
import re
import sys

import numpy as np
import pytest
from docutils import nodes
from docutils.utils import new_document
from PIL import Image
from scipy.signal import correlate2d

import site_checks as site
from site_fixtures import *  # noqa: F403
from site_fixtures import CHAPTERS, WIDTHS, hold

sys.path.insert(0, str(site.ROOT / "book" / "_ext"))

import live_figures  # noqa: E402

from tools.pages import draw_live  # noqa: E402

LIVE = site.ROOT / "book" / "_static" / "live"
FIGURES = {
    "kernel-lab": "book/live/kernel_lab.html",
    "sliding-lab": "book/live/sliding_lab.html",
    "pooling-lab": "book/live/pooling_lab.html",
    "photo-lab": "book/live/photo_lab.html",
    "train-lab": "book/live/train_lab.html",
    "teach-lab": "book/live/teach_lab.html",
    "network-explorer": "book/live/network_explorer.html",
    "sound-lab": "book/live/sound_lab.html",
}
SEED = int(os.environ.get("LIVE_SEED") or np.random.SeedSequence().entropy % 2**32)
MOST_GROWTH = 15_000  # bytes, gzipped, that a figure adds to a chapter before it is asked for

SOBEL = [-1, 0, 1, -2, 0, 2, -1, 0, 1]


def opened(window, address, name):
    """A visit to a figure's own page, with the figure running."""
    visit = site.Visit(window, address, FIGURES[name])
    visit.page.wait_for_selector(f'[data-live="{name}"][data-state="running"]')
    visit.figure = visit.page.locator(name)
    return visit


def value(visit):
    """What the reader has set."""
    return visit.figure.evaluate("figure => figure.value")


def until(visit, holds):
    """Does it hold within five seconds? Chromium makes a click of a tap in its own time."""
    for _ in range(100):
        if holds():
            return True
        visit.page.wait_for_timeout(50)
    return False


def spoken(visit, words):
    """Wait until the polite voice has said something."""
    name = visit.figure.evaluate("figure => figure.localName")
    visit.page.wait_for_function(
        "([name, words]) => document.querySelector(name).shadowRoot.querySelector('[role=status]')"
        ".textContent.includes(words)",
        arg=[name, words],
    )


def tab_to(visit, ident, most=60):
    """Press Tab until the part of the figure with this id has the focus."""
    inner = "document.activeElement?.shadowRoot?.activeElement"
    for _ in range(most):
        visit.page.keyboard.press("Tab")
        if visit.page.evaluate(f"{inner}?.id || {inner}?.name || {inner}?.dataset.n") == ident:
            return
    pytest.fail(f"The Tab key does not reach {ident}.", pytrace=False)


# ---- The kernel lab: its numbers ------------------------------------------------------------


def test_kernel_lab_begins_with_the_pencil_example(reader, address):
    """Row 61, column 86, Sobel x, bias -100: the chapter's nine pixels, 381 and 281."""
    with opened(reader(), address, "kernel-lab") as visit:
        assert value(visit) == {"size": 3, "weights": SOBEL, "bias": -100, "row": 61, "column": 86}
        cells = [int(text) for text in visit.figure.locator("#patch > *").all_inner_texts()]
        assert cells == [79, 72, 199, 77, 61, 176, 76, 65, 139]
        products = visit.figure.locator("#products > *").all_inner_texts()
        assert [int(p.replace("\u2212", "-")) for p in products] == [-79, 0, 199, -154, 0, 352, -76, 0, 139]
        assert visit.figure.locator("#products-sum").inner_text() == "381"
        assert visit.figure.locator("#answer").inner_text() == "281"
        assert "4.1 % above zero" in visit.figure.locator("#range").inner_text()
        assert "381 \u2212 100 = 281" in visit.figure.locator(".written").inner_text()


def answers(visit):
    """The answers of the kernel lab as an array."""
    found = visit.figure.evaluate("f => ({...f.answers, data: Float64Array.from(f.answers.data)})")
    return np.array(found["data"]).reshape(found["rows"], found["columns"])


def test_kernel_lab_filters_the_photograph_as_scipy_does(reader, address):
    """All answers, for kernels of every size, with fractions and with a bias."""
    rng = np.random.default_rng(SEED)
    grey = draw_live.grey_coffee().astype(float)
    with opened(reader(), address, "kernel-lab") as visit:
        for size in (3, 5, 7):
            kernel, bias = rng.normal(0, 1, (size, size)).round(3), int(rng.integers(-200, 200))
            visit.figure.evaluate(
                "(figure, wish) => { figure.value = wish; }",
                {"size": size, "weights": kernel.ravel().tolist(), "bias": bias},
            )
            wanted = correlate2d(grey, kernel, "valid") + bias

            def equal(wanted=wanted):
                there = np.array(answers(visit))
                return there.shape == wanted.shape and np.allclose(there, wanted, atol=1e-6)

            assert until(visit, equal), f"LIVE_SEED={SEED}"


def test_photograph_is_the_books():
    """Pixel for pixel what the chapters filter."""
    with Image.open(LIVE / "coffee.png") as picture:
        assert np.array_equal(np.asarray(picture), draw_live.grey_coffee()), (
            "python -m tools.pages.draw_live photograph"
        )


def test_presets_are_those_of_the_chapter(reader, address):
    """The seven classics of chapter 1 under their names, and the mean."""
    source = (site.ROOT / "notebooks" / "01_filters.ipynb").read_text("utf-8")
    classics = re.findall(r'\\"([\w ]+)\\": (\[\[.*?\]\])', source)
    assert len(classics) == 7
    with opened(reader(), address, "kernel-lab") as visit:
        for name, text in classics:
            visit.figure.locator("#preset").select_option(name)
            wanted = np.array(eval(text)).ravel()  # a literal of our own notebook
            assert np.allclose(value(visit)["weights"], wanted), name
        visit.figure.locator("#preset").select_option("mean")
        assert np.allclose(value(visit)["weights"], 1 / 9)
        visit.figure.locator("#preset").select_option("random, with the sum 0")
        assert abs(sum(value(visit)["weights"])) < 1e-9


# ---- The kernel lab: what a reader does ---------------------------------------------------------


def test_kernel_lab_by_keyboard(fresh, address):
    """Step to a pixel, type weights and a bias, undo, redo: no mouse, and every result is said."""
    with opened(fresh(), address, "kernel-lab") as visit:
        press, write = visit.page.keyboard.press, visit.page.keyboard.type
        tab_to(visit, "photograph")
        press("ArrowRight")
        press("Shift+ArrowDown")
        assert (value(visit)["row"], value(visit)["column"]) == (71, 87)
        spoken(visit, "Row 71, column 87")
        for _ in range(9):
            press("Shift+ArrowUp")
        assert value(visit)["row"] == 1, "the filter leaves the photograph"
        tab_to(visit, "0")
        write("1/4")
        assert value(visit)["weights"][0] == 0.25
        press("Tab")
        press("ArrowUp")
        press("ArrowUp")
        assert value(visit)["weights"][1] == 2
        spoken(visit, "answer")
        press("Control+z")
        press("Control+z")
        assert value(visit)["weights"] == SOBEL
        press("Control+Shift+z")
        assert value(visit)["weights"][0] == 0.25
        press("Control+z")
        tab_to(visit, "bias")
        press("Control+a")
        write("0")
        assert value(visit)["bias"] == 0
        spoken(visit, "bias 0")


def test_size_keeps_the_weights(fresh, address):
    """A larger filter gets a frame of zeros, a smaller one its middle back; the answers stay."""
    with opened(fresh(), address, "kernel-lab") as visit:
        before = visit.figure.locator("#answer").inner_text()
        tab_to(visit, "size")
        visit.page.keyboard.press("ArrowRight")
        assert value(visit)["size"] == 5
        assert np.array(value(visit)["weights"]).reshape(5, 5)[1:4, 1:4].ravel().tolist() == SOBEL
        assert visit.figure.locator("#answer").inner_text() == before
        visit.page.keyboard.press("ArrowRight")
        assert len(value(visit)["weights"]) == 49
        visit.page.keyboard.press("ArrowLeft")
        visit.page.keyboard.press("ArrowLeft")
        assert value(visit)["weights"] == SOBEL


def test_mouse_looks_and_click_stays(fresh, address):
    """Passing over shows a place; leaving goes back; a click chooses it."""
    with opened(fresh(), address, "kernel-lab") as visit:
        picture = visit.figure.locator("#photograph")
        row = visit.figure.locator("#row")
        picture.hover(position={"x": 40, "y": 30})
        assert row.input_value() != "61" and value(visit)["row"] == 61
        visit.page.mouse.move(2, 2)
        assert until(visit, lambda: row.input_value() == "61")
        picture.click(position={"x": 40, "y": 30})
        visit.page.mouse.move(2, 2)
        assert value(visit)["row"] == int(row.input_value()) != 61


def test_touch_chooses_a_place(fresh, address):
    """A tap on the photograph is enough."""
    with opened(fresh(390, has_touch=True, is_mobile=True), address, "kernel-lab") as visit:
        visit.figure.locator("#photograph").tap(position={"x": 30, "y": 30})
        assert value(visit)["row"] != 61
        spoken(visit, "Row ")


def test_wrong_number_is_explained_and_changes_nothing(fresh, address):
    """The last good number stays in use, and the field is marked."""
    with opened(fresh(), address, "kernel-lab") as visit:
        cell = visit.figure.locator("#weights input").nth(4)
        cell.fill("two")
        assert value(visit)["weights"] == SOBEL
        assert cell.get_attribute("aria-invalid") == "true"
        assert "not a number" in visit.figure.locator("#trouble").inner_text()
        spoken(visit, "not a number")
        cell.blur()
        assert cell.input_value() == "0" and visit.figure.locator("#trouble").inner_text() == ""


def picture_file(size=(640, 400)) -> bytes:
    """A photograph of a reader's: a colour ramp, as PNG."""
    rows, columns = size[1], size[0]
    ramp = np.zeros((rows, columns, 3), np.uint8)
    ramp[..., 0] = np.linspace(0, 255, columns)
    ramp[..., 1] = np.linspace(255, 0, rows)[:, None]
    file = io.BytesIO()
    Image.fromarray(ramp).save(file, "PNG")
    return file.getvalue()


def test_own_photograph_stays_on_the_page(fresh, address):
    """It is shrunk, filtered, and not sent; the way back leads to the book's photograph."""
    with opened(fresh(), address, "kernel-lab") as visit:
        asked = len(visit.requests)
        choose = visit.figure.locator("#file")
        choose.set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": picture_file()})
        visit.figure.get_by_text("188 rows, 300 columns").wait_for()
        assert answers(visit).shape == (186, 298)
        sent = [url for url in visit.requests[asked:] if not url.startswith(("blob:", "data:"))]
        assert sent == []
        visit.figure.get_by_role("button", name="Back to the book").click()
        visit.figure.get_by_text("200 rows, 300 columns").wait_for()
        assert value(visit)["row"] == 61 and visit.figure.locator("#answer").inner_text() == "281"


def test_small_photograph_keeps_its_own_pixels(fresh, address):
    """Grey is made as the book makes it, to the last digit."""
    rng = np.random.default_rng(SEED)
    mine = rng.integers(0, 256, (33, 41, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(mine).save(file, "PNG")
    with opened(fresh(), address, "kernel-lab") as visit:
        visit.figure.locator("#file").set_input_files(
            {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}
        )
        visit.figure.get_by_text("33 rows, 41 columns").wait_for()
        grey = np.floor(mine @ [299, 587, 114] / 1000 + 0.5)
        assert np.allclose(answers(visit), correlate2d(grey, np.reshape(SOBEL, (3, 3)), "valid") - 100)


@pytest.mark.parametrize("kind", ["text", "tiny"])
def test_file_that_is_no_photograph_is_refused(fresh, address, kind):
    """One sentence; the photograph that was there stays."""
    data = b"no picture at all" if kind == "text" else picture_file((9, 9))
    with opened(fresh(), address, "kernel-lab") as visit:
        visit.figure.locator("#file").set_input_files(
            {"name": "x.png", "mimeType": "image/png", "buffer": data}
        )
        visit.figure.locator("#trouble", has_text="picture").wait_for()
        assert answers(visit).shape == (198, 298)


# ---- The sliding lab ------------------------------------------------------------------------------


def test_sliding_lab_begins_with_the_chapters_map(reader, address):
    """The chapter's picture and filter give the chapter's sixteen sums."""
    with opened(reader(), address, "sliding-lab") as visit:
        maps = np.array(visit.figure.evaluate("figure => figure.answers"))
        wanted = [[6, 26, 25, -3], [6, 30, 23, -3], [2, 31, 24, -1], [2, 27, 27, 2]]
        assert maps.tolist() == [wanted]
        assert "+ 1 = 4" in visit.figure.locator("#size").inner_text()


SETTINGS = """async () => {
    window.lab = await import(new URL("../../_static/live/sliding-lab.mjs", document.baseURI).href);
}"""


def test_sliding_lab_equals_keras(reader, address):
    """Drawn settings: the maps of the figure are those of Conv2D, and the formula fits."""
    import keras

    rng = np.random.default_rng(SEED)
    with opened(reader(), address, "sliding-lab") as visit:
        visit.page.evaluate(SETTINGS)
        for _ in range(25):
            state = {
                name: int(rng.integers(low, high))
                for name, low, high in (("n", 5, 11), ("k", 1, 6), ("c", 1, 5))
            }
            state |= {"f": int(rng.integers(1, 5)), "p": int(rng.integers(0, 4))}
            state["mode"] = str(rng.choice(["valid", "same", "own"]))
            state |= (
                {"s": int(rng.integers(1, 4)), "d": 1}
                if rng.integers(2)
                else {"s": 1, "d": int(rng.integers(1, 4))}
            )
            said = visit.page.evaluate("state => lab.problem(state)", state)
            picture = np.moveaxis(np.array(visit.page.evaluate("s => lab.picture(s.n, s.c)", state)), 0, -1)
            kernel = np.array(visit.page.evaluate("s => lab.filters(s.k, s.c, s.f)", state)).transpose(
                2, 3, 1, 0
            )
            if state["mode"] == "own":
                picture = np.pad(picture, [(state["p"],) * 2] * 2 + [(0, 0)])
            layer = keras.layers.Conv2D(
                state["f"], state["k"], state["s"], "same" if state["mode"] == "same" else "valid",
                dilation_rate=state["d"], use_bias=False,
            )  # fmt: skip
            if picture.shape[0] < state["d"] * (state["k"] - 1) + 1 and state["mode"] != "same":
                assert "fits nowhere" in said, state
                continue
            assert said == "", state
            layer.build((None, *picture.shape))
            layer.set_weights([kernel])
            wanted = np.asarray(layer(picture[None].astype("float32")))[0]
            visit.figure.evaluate("(figure, state) => { figure.value = state; }", state)
            maps = np.moveaxis(np.array(visit.figure.evaluate("figure => figure.answers")), 0, -1)
            assert maps.shape == wanted.shape and np.allclose(maps, wanted, atol=1e-3), (state, SEED)


def test_sliding_lab_counts_uses_as_a_loop_does(reader, address):
    """How often each pixel is read, for drawn settings."""
    rng = np.random.default_rng(SEED)
    with opened(reader(), address, "sliding-lab") as visit:
        visit.page.evaluate(SETTINGS)
        for _ in range(30):
            n, k, s, d, p = (
                int(rng.integers(low, high)) for low, high in ((5, 12), (1, 4), (1, 4), (1, 3), (0, 3))
            )
            state = {"n": n, "k": k, "s": s, "d": d, "p": p, "mode": "own", "c": 1, "f": 1}
            count = np.zeros(n + 2 * p, int)
            for start in range(0, n + 2 * p - d * (k - 1), s):
                count[start : start + d * (k - 1) + 1 : d] += 1
            found = visit.page.evaluate("state => lab.uses(state, lab.plan(state))", state)
            assert found == count[p : p + n].tolist(), state


PROBLEMS = {
    "s": {"0": "never leave", "-1": "backwards", "1.5": "whole number", "": "needs a number"},
    "d": {"0": "same pixel again", "4": "fits nowhere"},
    "k": {"0": "no weights", "9": "fits nowhere"},
    "n": {"0": "no pixel", "2": "fits nowhere", "99999": "too large"},
    "c": {"0": "channel"},
    "f": {"0": "no map"},
}


@pytest.mark.parametrize("key", PROBLEMS)
def test_invalid_settings_are_explained(fresh, address, key):
    """Each wrong setting gets its reason, is marked and announced, and the figure recovers."""
    with opened(fresh(), address, "sliding-lab") as visit:
        field, said = visit.figure.locator(f"#{key}"), visit.figure.locator("#problem")
        good = field.input_value()
        for text, words in PROBLEMS[key].items():
            field.fill(text)
            assert words in said.inner_text(), (key, text)
            assert not visit.figure.locator("#drawing").is_visible()
            assert (
                words == "fits nowhere"
                or words == "too large"
                or field.get_attribute("aria-invalid") == "true"
            )
        spoken(visit, words)
        field.fill(good)
        assert said.inner_text() == "" and visit.figure.locator("#drawing").is_visible()


def test_sizes_beyond_the_drawing_are_computed(fresh, address):
    """Too large to draw is no error: the formula goes on."""
    with opened(fresh(), address, "sliding-lab") as visit:
        visit.figure.locator("#n").fill("512")
        assert "510" in visit.figure.locator("#size").inner_text()
        assert "510" in visit.figure.locator("#problem").inner_text()
        assert visit.figure.locator("#n").get_attribute("aria-invalid") is None


def test_sliding_lab_by_keyboard(fresh, address):
    """Walk with the buttons, the slider and the arrow keys of the map."""
    with opened(fresh(), address, "sliding-lab") as visit:
        tab_to(visit, "next")
        visit.page.keyboard.press("Enter")
        visit.page.keyboard.press("Space")
        assert value(visit)["place"] == 2
        spoken(visit, "row 0, column 2")
        tab_to(visit, "place")
        visit.page.keyboard.press("End")
        assert value(visit)["place"] == 15
        tab_to(visit, "example", most=80)
        visit.page.keyboard.press("ArrowDown")
        assert value(visit)["mode"] == "own" and value(visit)["p"] == 1


def test_sliding_lab_by_mouse(fresh, address):
    """Buttons, a click on the map, a radio button, an example."""
    with opened(fresh(), address, "sliding-lab") as visit:
        visit.figure.locator("#next").click()
        visit.figure.locator("#next").click()
        assert value(visit)["place"] == 2
        field = visit.figure.locator(".map").bounding_box()
        visit.figure.locator(".map").click(position={"x": field["width"] - 9, "y": field["height"] - 9})
        assert value(visit)["place"] == 15
        visit.figure.locator("label:has(input[value=same])").click()
        assert value(visit)["mode"] == "same"
        assert np.shape(visit.figure.evaluate("figure => figure.answers"))[1:] == (6, 6)
        hold(site.complaints_console(visit) + site.complaints_requests(visit))


def test_sliding_lab_by_touch(fresh, address):
    """A tap on a button walks on, a tap on the map goes there."""
    with opened(fresh(390, has_touch=True, is_mobile=True), address, "sliding-lab") as visit:
        visit.figure.locator("#next").tap()
        assert until(visit, lambda: value(visit)["place"] == 1)
        field = visit.figure.locator(".map").bounding_box()
        visit.figure.locator(".map").tap(position={"x": field["width"] - 9, "y": field["height"] - 9})
        assert until(visit, lambda: value(visit)["place"] == 15)


def test_padding_typed_earlier_is_not_used_with_valid(fresh, address):
    """A reader types a padding and goes back to valid: the map is the one without it."""
    with opened(fresh(), address, "sliding-lab") as visit:
        visit.figure.locator("input[value=own]").check(force=True)
        visit.figure.locator("#p").fill("2")
        assert np.shape(visit.figure.evaluate("figure => figure.answers"))[1:] == (8, 8)
        visit.figure.locator("input[value=valid]").check(force=True)
        assert np.shape(visit.figure.evaluate("figure => figure.answers"))[1:] == (4, 4)


def test_play_fills_the_map_and_stops(fresh, address):
    """Play walks to the end by itself; nothing moves before it is pressed."""
    with opened(fresh(reduced_motion="reduce"), address, "sliding-lab") as visit:
        visit.page.wait_for_timeout(900)
        assert value(visit)["place"] == 0
        visit.figure.locator("#s").fill("3")
        visit.figure.locator("#play").click()
        visit.figure.get_by_role("button", name="Pause").wait_for()
        visit.figure.locator("#n").fill("7")
        visit.figure.locator("#play").click()
        spoken(visit, "The map is full")
        assert value(visit)["place"] == 3
        assert visit.figure.locator("#play").inner_text() == "Play"


# ---- Every figure, every state ------------------------------------------------------------------------

# A figure in many states; each begins anew, but those whose name begins with "then" go on from the one before.
STATES = {
    "kernel-lab": {
        "at first": "",
        "5x5 blur": "f.value = {size: 5}; pick('#preset', 'blur')",
        "7x7 mean": "f.value = {size: 7}; pick('#preset', 'mean')",
        "wrong number": "type('#weights input', 'x1')",
        "wrong file": "f.shadowRoot.querySelector('#trouble').textContent = 'This is no picture.'",
        "a weight pointed at": "f.shadowRoot.querySelector('#weights input').focus()",
        "as a picture": "pick('#looks', 'image')",
        "undone": "type('#bias', '7'); f.shadowRoot.querySelector('#undo').click()",
        "own photograph": "f.setPhotograph(new Float32Array(20 * 40).fill(9), 20, 40); part('#book').hidden = false",
    },
    "sliding-lab": {
        "at first": "",
        "last place": "f.value = {place: 15}",
        "uses": "f.shadowRoot.querySelector('input[value=uses]').click()",
        "fits nowhere": "type('#k', '9')",
        "too large": "type('#n', '64')",
        "largest": "f.value = {n: 10, k: 5, mode: 'own', p: 3, c: 4, f: 4}",
        "same, stride 2": "f.value = {mode: 'same', s: 2}",
        "channels and filters": "f.value = {c: 3, f: 4, place: 9}",
        "one pixel": "f.value = {n: 1, k: 1}",
        "keras refuses": "f.value = {n: 9, s: 2, d: 2}",
    },
    "pooling-lab": {
        "at first": "",
        "shifted": "f.value = {down: 2, right: -3}",
        "mean, 3x3, stride 1": "f.value = {kind: 'mean', size: 3, stride: 1, right: 1}",
        "all": "f.value = {size: 0, right: 1}",
        "one bright value": "f.value = {source: 'spot', size: 4, right: 2}",
        "stripes": "f.value = {source: 'four', right: 8, down: 8}",
        "own numbers": "pick('#source', 'own'); type('#numbers input', '-348.25')",
        "nothing above zero": "type('#bias', '-2000'); f.value = {right: 1}",
        "wrong shift": "type('#right', '9')",
        "wrong number": "type('#bias', '1x')",
        "no photograph": "f.value = {source: 'two'}; part('#trouble').textContent = 'It could not be loaded.'",
    },
    "photo-lab": {
        "at first": "",
        "where it looked, before": "part('input[value=heat]').click()",
        "wrong file": "await f.open(new File(['x'], 'x.png'))",
        "answered": "await f.load()",
        "then another class": "part('input[value=bird]').click()",
        "then where it looked": "part('input[value=heat]').click(); part('#map').open = true",
        "then a photograph": "part('input[value=\"cat.webp\"]').click(); await f.seen()",
        "then a wrong file": "await f.open(new File(['x'], 'x.png'))",
    },
    "train-lab": {
        "at first": "",
        "settings": "part('#settings').open = true",
        "three stages": "part('#settings').open = true; await f.change({stages: 3, filters: [32, 12, 2], side: 7})",
        "a wrong rate": "part('#settings').open = true; type('#rate', 'x'); send('#rate', 'x', 'change')",
        "one batch": "await f.step()",
        "loading": "part('#progress').hidden = false",
        "training": "f.train(); await wait(f, 1100)",
        "then paused, in numbers": "await f.pause(); part('#table').open = true",
        "gone back": "await f.step(); await f.rewind(0)",
        "never answered": "await f.choose('relu'); f.train(); await wait(f, 1100); await f.pause()",
        "all equal": "await f.choose('equal'); await f.step()",
        "overflowed": "await f.change({rate: 1e30, optimizer: 'sgd'}); await f.train()",
        "in the explorer": "await f.step(); await f.explore()",
    },
    "teach-lab": {
        "at first": "",
        "a wrong name": "send('.class input', ' ', 'change')",
        "ten classes": "for (let n = 0; n < 9; n++) part('#more').click()",
        "a wrong file": "await f.open(new File(['x'], 'x.p2t'))",
        "a wrong picture": "pickFile('#files', 'no picture', 'x.png', 'image/png'); await f.rest()",
        "reading": "part('#busy').hidden = false; part('#busy-words').textContent = 'Reading picture 1 of 9'",
        "taught": "await f.example(10)",
        "then where it looked": "part('input[value=heat]').click(); part('#map').open = true",
        "then none of these": "type('#limit', '1')",
        "then a long name": "send('.class input', 'W'.repeat(40), 'change')",
        "no estimate yet": "await f.example(2)",
        "nearly gone": "await f.example(1); part('.class .remove').focus(); part('.class .remove').click()",
        "no camera": "part('#trouble').textContent = 'The camera was refused; choose files.'",
        "the camera's room": "part('#camera-room').hidden = false; part('#devices').hidden = false; "
        "part('#live').textContent = 'cup, 93 %'; part('#rate').textContent = '9.1 answers a second'",
    },
    "sound-lab": {
        "at first": "",
        "mel bands": "part('input[value=bands]').click()",
        "another filter": "f.filter(200)",
        "no microphone": "navigator.mediaDevices.getUserMedia = async () => { throw new Error(); }; await f.record()",
        "asking": "navigator.mediaDevices.getUserMedia = () => new Promise(() => {}); f.record()",
        "recording": "navigator.mediaDevices.getUserMedia = async () => new AudioContext()"
        ".createMediaStreamDestination().stream; await f.record()",
        "playing": "f.play('all'); await new Promise((go) => setTimeout(go, 300))",
        "a wrong file": "await f.open(new File(['x'], 'x.wav'))",
        "the tone heard": "await f.listen(); await f.rest()",
        "six hits": "await f.book('all'); await f.rest()",
        "then listening": "part('#progress').hidden = false",
        "then in words": "part('#progress').hidden = true; part('#table').open = true",
        "then too quiet": "await f.at(7200); await f.rest()",
        "another cover and class": "await f.book(5); await f.rest(); part('input[value=average]').click(); "
        "f.decideFor(4); await f.rest()",
    },
    "network-explorer": {
        "at first": "",
        "a wrong file": "pickFile('#network-file', 'no network', 'x.p2p', '')",
        "a wrong picture": "pickFile('#picture-file', 'no picture', 'x.png', 'image/png')",
        "closed": "part('#close').click()",
        "pooling": "look('MaxPooling2D')",
        "many channels": "look('Conv2D', 2)",
        "flatten": "look('Flatten')",
        "dense": "look('Dense')",
        "softmax": "look('Softmax')",
        "one scale for each map": "part('input[value=map]').click()",
        "keys": "part('details').open = true",
        "a wrong place": "type('#at-map', '99')",
        "at work": "part('#running').hidden = false; part('#running-words').textContent = 'At work: conv2d'",
        "several files": "part('#trouble').textContent = 'You dropped 2 files; only the first is used.'",
        "empty": "part('#clear').click()",
    },
}
ENTER = """async (f, steps) => {
    const part = (selector) => f.shadowRoot.querySelector(selector);
    const send = (selector, value, kind) => {
        part(selector).value = value;
        part(selector).dispatchEvent(new Event(kind));
    };
    const pick = (selector, value) => send(selector, value, "change");
    const pickFile = (selector, text, name, type) => {
        const files = new DataTransfer();
        files.items.add(new File([text], name, {type}));
        part(selector).files = files.files;
        part(selector).dispatchEvent(new Event("change"));
    };
    const look = (kind, number = 0) => {
        const maps = [...f.shadowRoot.querySelectorAll(".maps")].filter((one) => one.ariaLabel.startsWith(kind));
        maps[number].dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true}));
    };
    const type = (selector, value) => send(selector, value, "input");
    const wait = async (lab, count) => { // until it has learned from so many pictures, or stops by itself
        while (lab.value.state !== "training") await new Promise((go) => setTimeout(go, 20));
        await lab.seen(count);
    };
    const Steps = (async () => {}).constructor; // some have to wait
    const words = ["f", "part", "send", "pick", "type", "pickFile", "look", "wait", steps];
    await new Steps(...words)(f, part, send, pick, type, pickFile, look, wait);
}"""


def complaints_wide(visit):
    """Parts of a figure that stick out of it; what a row of examples scrolls does not count.

    In Firefox a shape of a drawing is where its lines are: their width it adds as if it grew with the drawing.
    """
    return visit.figure.evaluate(
        """f => { const sides = (e) => {
                if (!navigator.userAgent.includes("Firefox") || !e.getBBox || !e.ownerSVGElement)
                    return e.getBoundingClientRect();
                const {x, y, width, height} = e.getBBox(), here = e.getScreenCTM();
                const across = [[x, y], [x + width, y], [x, y + height], [x + width, y + height]]
                    .map(([x, y]) => new DOMPoint(x, y).matrixTransform(here).x);
                return {left: Math.min(...across), right: Math.max(...across)}; };
            const {left, right} = f.getBoundingClientRect();
            return [...f.shadowRoot.querySelectorAll("*:not(.unseen)")].filter((e) => e.getClientRects().length &&
                e.checkVisibility() && (sides(e).right > right + 1.5 || sides(e).left < left - 1.5) &&
                !e.closest(".unseen, .view, .gallery label"))
            .slice(0, 3).map((e) => `sticks out: ${e.outerHTML.slice(0, 120)}`); }"""
    )


AXE = """async (onlyColours) => {
    const wishes = {reporter: "no-passes", preload: false};
    if (onlyColours) wishes.runOnly = {type: "rule", values: ["color-contrast", "link-in-text-block"]};
    else wishes.rules = {"label-content-name-mismatch": {enabled: true}};
    return (await axe.run("[data-live]", wishes)).violations.flatMap((v) =>
        v.nodes.slice(0, 3).map((n) => `${v.id}: ${v.help}: ${n.html.slice(0, 200)}`));
}"""
ANEW = """async (name) => {
    const fresh = document.createElement(name);
    document.querySelector(name).replaceWith(fresh);
    await fresh.ready;
}"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", FIGURES)
def test_every_state_is_accessible(reader, address, axe, name, width):
    """No violation of axe in light and dark, nothing wider than the window, nothing in the console, in any state."""
    found = []
    with opened(reader(width, "light"), address, name) as visit:
        visit.page.evaluate(axe)
        for state, steps in STATES[name].items():
            if not state.startswith("then "):
                visit.page.evaluate(ANEW, name)
            visit.figure.evaluate(ENTER, steps)
            visit.page.wait_for_timeout(60)
            visit.page.evaluate(site.ONE_OF_A_KIND)
            violations = visit.page.evaluate(AXE, False)
            if width == 390:  # the colours are the same at every width
                site.in_theme(visit, "dark")
                visit.page.evaluate(site.ONE_OF_A_KIND)
                violations += [f"dark: {one}" for one in visit.page.evaluate(AXE, True)]
                site.in_theme(visit, "light")
            for wide in (width, 768, 320) if width == 390 else (width,):
                if wide != width:
                    visit.page.set_viewport_size({"width": wide, "height": WIDTHS[390]})
                violations += site.complaints_overflow(visit) + complaints_wide(visit)
            if width == 390:
                visit.page.set_viewport_size({"width": width, "height": WIDTHS[width]})
            found += [f"{state}: {one}" for one in violations]
        found += site.complaints_console(visit) + site.complaints_requests(visit)
    hold(found)


@pytest.mark.parametrize("name", FIGURES)
def test_focus_can_be_seen_in_every_control(reader, address, name):
    """Each stop of the Tab key within a figure has an outline, on itself or on what it stands for."""
    with opened(reader(), address, name) as visit:
        visit.figure.evaluate(ENTER, STATES[name].get("settings", ""))
        visit.page.locator("[data-live] a, h1 a").first.focus()
        stops = 0
        for _ in range(70):
            visit.page.keyboard.press("Tab")
            style = visit.page.evaluate(
                """() => {
                    const e = document.activeElement?.shadowRoot?.activeElement;
                    if (!e) return null;
                    const near = [e, e.nextElementSibling, e.parentElement].filter(Boolean)
                        .map((one) => getComputedStyle(one));
                    const seen = near.some((s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2);
                    return [seen, e.outerHTML.slice(0, 120)];
                }"""
            )
            if style:
                stops += 1
                assert style[0], style[1]
        assert stops >= {"photo-lab": 4}.get(name, 12)


@pytest.mark.parametrize("name", FIGURES)
def test_targets_are_large_enough(reader, fresh, address, name):
    """Whatever can be pressed is 24 px or more, and under a finger 44, but for numbers that stand as a matrix."""
    touched = fresh(390, has_touch=True, is_mobile=True)
    for window, least in ((reader(390), 24), (touched, 43.5)):
        with opened(window, address, name) as visit:
            visit.figure.evaluate(ENTER, STATES[name].get("7x7 mean", ""))
            small = visit.figure.evaluate(
                """(f, least) => [...f.shadowRoot.querySelectorAll(
                        "button, select, input:not(.unseen):not([type=radio]), .file, .choice span, summary")]
                    .filter((e) => e.getClientRects().length)
                    .map((e) => [e.getBoundingClientRect(), e.outerHTML.slice(0, 100),
                        e.matches("#weights input, #numbers input, [type=checkbox]") ? 24 : least])
                    .filter(([box, html, least]) => box.width < least || box.height < least)
                    .map(([box, html]) => `${box.width} x ${box.height}: ${html}`)""",
                least,
            )
            hold(small)


POLICY = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:"
WATCH = """window.refused = []; document.addEventListener("securitypolicyviolation", (event) =>
    window.refused.push([event.effectiveDirective, event.blockedURI, event.sourceFile]));"""


@pytest.mark.parametrize("name", FIGURES)
def test_figures_run_under_a_strict_policy(fresh, name):
    """With the issue's Content-Security-Policy set, a figure refuses nothing and works."""
    window = fresh()
    window.add_init_script(WATCH)
    with site.Server(site.HTML, policy=POLICY) as server, opened(window, server.address, name) as visit:
        if name == "kernel-lab":
            visit.figure.locator("#preset").select_option("blur")
            visit.figure.locator("#file").set_input_files(
                {"name": "mine.png", "mimeType": "image/png", "buffer": picture_file()}
            )
            visit.figure.get_by_text("188 rows, 300 columns").wait_for()
        elif name == "pooling-lab":
            visit.figure.locator("#to-right").click()
            assert value(visit)["right"] == 1
        elif name == "photo-lab":
            visit.figure.evaluate("figure => figure.load()")
            assert len(visit.figure.evaluate("figure => figure.answer.logits")) == 5
        elif name == "teach-lab":
            visit.figure.locator("#example").click()
            for _ in range(600):
                if value(visit)["judged"]:
                    break
                visit.page.wait_for_timeout(50)
            assert value(visit)["judged"]["there"] > 20
        elif name == "train-lab":
            visit.figure.locator("#step").click()
            visit.figure.get_by_text("batch 1 of 125").wait_for()
            assert value(visit)["seen"] == 32
        elif name == "sound-lab":
            visit.figure.locator("#hits").select_option("all")
            assert until(visit, lambda: value(visit)["shares"])
            visit.figure.locator("#tone").click()
            assert until(visit, lambda: value(visit)["playing"] == "tone")
        elif name == "network-explorer":
            visit.figure.locator("#which").select_option("mirrored")
            for _ in range(200):  # it is drawn in pieces, and the policy forbids to wait by a script
                if value(visit)["network"] == "mirrored":
                    break
                visit.page.wait_for_timeout(50)
            assert value(visit)["network"] == "mirrored"
            visit.figure.locator("#picture-file").set_input_files(
                {"name": "mine.png", "mimeType": "image/png", "buffer": picture_file()}
            )
            visit.figure.get_by_text("by the rule of the chapter").wait_for()
        else:
            visit.figure.locator("#next").click()
            assert value(visit)["place"] == 1
        refused = visit.page.evaluate("window.refused")
        # The theme writes small scripts into its pages; no figure needs them.
        assert {(rule, what) for rule, what, _ in refused} <= {
            ("script-src-elem", "inline"),
            ("script-src-attr", "inline"),
        }
        assert not [source for *_, source in refused if "/live/" in source and source.endswith(".mjs")]


def test_sounds_play_under_a_strict_policy(fresh):
    """The players of chapter 12 hold their sounds in the page: a policy needs media-src data: and nothing else."""
    window = fresh()
    window.add_init_script(WATCH)
    with site.Server(site.HTML, policy=f"{POLICY}; media-src data:") as server:
        page = window.new_page()
        page.goto(f"{server.address}notebooks/12_sound.html")
        lengths = page.evaluate(
            """Promise.all([...document.querySelectorAll("article audio[aria-label]")].map((player) =>
                new Promise((done) => {
                    player.addEventListener("loadedmetadata", () => done(player.duration));
                    player.addEventListener("error", () => done(-1));
                    player.preload = "auto";
                    player.load();
                })))"""
        )
    assert lengths == [0.5] * 8
    assert "media-src" not in {rule for rule, *_ in page.evaluate("window.refused")}


@pytest.mark.parametrize("name", ["kernel-lab", "sliding-lab", "pooling-lab"])
def test_labs_go_on_without_a_network(fresh, address, name):
    """Once a lab runs, the connection may go: every state can still be reached, and nothing is asked for."""
    window = fresh(reduced_motion="reduce")
    with opened(window, address, name) as visit:
        site.settle(visit.page)
        window.set_offline(True)
        asked = len(visit.requests)
        for steps in STATES[name].values():
            visit.figure.evaluate(ENTER, steps)
            assert not visit.figure.evaluate("f => f.shadowRoot.getAnimations({ subtree: true }).length"), (
                steps
            )
        visit.page.wait_for_timeout(300)
        assert visit.requests[asked:] == []
        hold(site.complaints_console(visit))


def test_page_opened_as_a_file_says_what_to_do(browser):
    """Browsers load no modules from files; the figure's box says so."""
    page = browser.new_context().new_page()
    page.goto((site.HTML / FIGURES["kernel-lab"]).as_uri())
    page.locator("[data-live] .live-trouble", has_text="make serve").wait_for()
    page.context.close()


@pytest.mark.parametrize("name", FIGURES)
def test_page_says_what_the_figure_would_do_without_scripts(fresh, address, name):
    """A still picture, the sentence, the reason; and no button that does nothing."""
    with site.Visit(fresh(java_script_enabled=False), address, FIGURES[name]) as visit:
        box = visit.page.locator("[data-live]")
        still = box.locator("img")
        assert still.is_visible() and len(still.get_attribute("alt")) > 60
        assert "JavaScript" in box.inner_text()
        assert not box.get_by_role("button").count()
        width = still.evaluate("image => image.naturalWidth")
        assert width > 300, "the still picture is missing: python -m tools.pages.draw_live stills"


# ---- In the chapters -----------------------------------------------------------------------------------


def text_of(page):
    """A page as it stands; to parse all chapters takes six seconds, in every process that collects tests."""
    return (site.HTML / page).read_text("utf-8")


def chapters_with_figures():
    """(chapter, figure) of every figure that stands in a chapter."""
    found = []
    for page in CHAPTERS:
        found += [(page, name) for name in re.findall(r' data-live="([\w-]+)"', text_of(page))]
    return found


def test_each_figure_stands_in_a_chapter():
    """A chapter links to it, and the site made a figure of the link."""
    assert {name for _, name in chapters_with_figures()} == set(FIGURES)


@pytest.mark.parametrize("chapter, name", chapters_with_figures())
def test_chapter_loads_a_figure_when_it_is_asked_to(fresh, address, chapter, name):
    """Not on the way past it; then by keyboard, with the focus on the figure and a quiet console."""
    with site.Visit(fresh(), address, chapter) as visit:
        page = visit.page
        box = page.locator(f'[data-live="{name}"]')
        box.scroll_into_view_if_needed()
        site.settle(page)
        loaded = [url for url in visit.requests if "/live/" in url]
        assert [url.split("/")[-1].split("?")[0] for url in loaded] == ["load.mjs"]
        size = len(gzip.compress((LIVE / "load.mjs").read_bytes(), 6))
        size += len(gzip.compress(box.evaluate("box => box.outerHTML").encode(), 6))
        assert size < MOST_GROWTH
        button = box.get_by_role("button", name="Start the figure")
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(f'[data-live="{name}"][data-state="running"]')
        assert page.evaluate("document.activeElement.dataset.live") == name
        assert box.locator(name).is_visible() and not button.is_visible()
        hold(
            site.complaints_console(visit) + site.complaints_requests(visit) + site.complaints_overflow(visit)
        )


def test_figure_that_cannot_be_loaded_says_so(fresh, address):
    """A missing module: a sentence, and the button stays for another try."""
    chapter, name = chapters_with_figures()[0]
    window = fresh()
    window.route(f"**/{name}.mjs*", lambda route: route.abort())
    with site.Visit(window, address, chapter) as visit:
        box = visit.page.locator(f'[data-live="{name}"]')
        box.get_by_role("button").click()
        box.get_by_text("could not be started").wait_for()
        window.unroute(f"**/{name}.mjs*")
        box.get_by_role("button").click()
        visit.page.wait_for_selector(f'[data-live="{name}"][data-state="running"]')


PAGES = {"x.html": {"title": "X lab", "name": "x-lab", "alt": "An x.", "sentence": "It does x."}}


def tree_with(*parts):
    """A document of one paragraph."""
    tree = new_document("test")
    tree += nodes.paragraph("", "", *parts)
    return tree


def link(address="x.html"):
    """A link as Sphinx resolves it."""
    return nodes.reference("", "the x lab", internal=True, refuri=address)


def test_link_alone_becomes_the_figure():
    """Its paragraph goes; elsewhere the words stay and the figure follows; only the first link counts."""
    alone = tree_with(link())
    assert live_figures.place(alone, PAGES, "notebooks/a") == ["x.html"]
    assert len(alone.children) == 1 and 'data-live="x-lab"' in alone.children[0].astext()
    within = tree_with(nodes.Text("Open "), link(), nodes.Text(" or "), link(), nodes.Text("."))
    live_figures.place(within, PAGES, "notebooks/a")
    assert [type(node).__name__ for node in within.children] == ["paragraph", "raw"]
    other = tree_with(link("y.html"))
    assert live_figures.place(other, PAGES, "notebooks/a") == []


# ---- Colours -----------------------------------------------------------------------------------------------


def test_colours_are_those_of_the_chapters(reader, address):
    """Value for value what matplotlib draws, within 1/255, in words and in pixels."""
    import matplotlib.pyplot as plt

    cell = (site.ROOT / "tools" / "shared" / "plots.py").read_text("utf-8")
    names = {"plt": plt, "np": np}
    exec(re.search(r"^LOOK = .*?\}$", cell, re.DOTALL | re.MULTILINE)[0], names)
    values = np.linspace(-1.1, 1.1, 501)
    with opened(reader(), address, "kernel-lab") as visit:
        for kind, look in names["LOOK"].items():
            low = {"image": 0, "relu": 1e-9}.get(kind, -1)
            wanted = plt.get_cmap(look)(plt.Normalize(low, 1)(values), bytes=True)[:, :3].astype(int)
            found = visit.page.evaluate(
                """async ([kind, values]) => {
                    const address = new URL("../../_static/live/figure.mjs", document.baseURI).href;
                    const { colour, paint, painter } = await import(address), pixel = painter(kind, 1);
                    const canvas = document.createElement("canvas");
                    paint(canvas, values, 1, values.length, kind, 1);
                    const drawn = canvas.getContext("2d").getImageData(0, 0, values.length, 1).data;
                    return values.map((value, n) => [...colour(kind, value, 1), ...drawn.slice(4 * n, 4 * n + 3),
                        ...[0, 8, 16].map((shift) => (pixel(value) >> shift) & 255)]);
                }""",
                [kind, values.tolist()],
            )
            found = np.array(found)
            # Where a value falls on the border of two colours, the neighbour is as good.
            near = np.minimum.reduce(
                [np.abs(np.roll(wanted, by, 0) - found[:, :3]).max(1) for by in (-1, 0, 1)]
            )
            assert near[1:-1].max() <= 1, kind
            assert np.abs(wanted - found[:, :3]).max() <= 6, kind
            assert np.array_equal(found[:, :3], found[:, 3:6]), kind
            assert np.array_equal(found[:, 3:6], found[:, 6:]), kind
