"""Tests of the ReLU and pooling lab: its numbers against Keras and chapter 4, and what a reader does with it."""

from __future__ import annotations

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import pytest

import site_checks as site
from site_fixtures import *  # noqa: F403
from test_live_figures import SEED, opened, spoken, tab_to, until, value
from tools.book import read_notebook
from tools.pages import draw_live

NAME = "pooling-lab"
PLACES = {"rim": (56, 80), "thin": (40, 88), "broad": (120, 104)}
FILTERS = {
    "Sobel x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "Sobel y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "Laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "diagonal": [[-2, -1, 0], [-1, 0, 1], [0, 1, 2]],
}


def set_to(visit, **wish):
    """Set the figure as a page would."""
    visit.figure.evaluate("(figure, wish) => { figure.value = wish; }", wish)


def answers(visit):
    """What the figure computed: stages now and before, and the changes."""
    return visit.figure.evaluate("figure => figure.answers")


def square(values):
    """A list as a square table."""
    side = round(len(values) ** 0.5)
    assert side * side == len(values)
    return np.array(values).reshape(side, side)


def chapter(*idents):
    """Names that cells of chapter 4 define."""
    cells = {cell.id: cell.source for cell in read_notebook(site.ROOT / "notebooks/04_pooling.ipynb").cells}
    names = {"np": np, "sliding_window_view": np.lib.stride_tricks.sliding_window_view}
    for ident in idents:
        exec(cells[ident].split("\n\n\n")[0], names)  # the function, without what follows it
    return names


def relative(before, after):
    """Chapter 4's change, as its cell defines it."""
    return chapter("6543ce67")["change"](before, after)


@pytest.fixture(scope="module")
def keras():
    """Keras, imported when a test needs it."""
    import keras

    return keras


@pytest.fixture(scope="module")
def whole_maps(keras):
    """The maps of the whole photograph, one for each filter, from Conv2D."""
    grey = draw_live.grey_coffee().astype("float32")[None, :, :, None]
    found = {}
    for name, weights in FILTERS.items():
        layer = keras.layers.Conv2D(1, 3, use_bias=False)
        layer.build(grey.shape)
        layer.set_weights([np.array(weights, float)[:, :, None, None]])
        found[name] = np.round(np.asarray(layer(grey))[0, :, :, 0].astype(float))
    return found


def keras_pool(keras, values, kind, size, stride):
    """ReLU and pooling as layers of Keras; size 0 is global pooling."""
    if size:
        layer = {"max": keras.layers.MaxPooling2D, "mean": keras.layers.AveragePooling2D}[kind](size, stride)
    else:
        layer = {"max": keras.layers.GlobalMaxPooling2D, "mean": keras.layers.GlobalAveragePooling2D}[kind](
            keepdims=True
        )
    batch = keras.layers.ReLU()(np.asarray(values, "float32")[None, :, :, None])
    return np.asarray(layer(batch))[0, :, :, 0].astype(float)


# ---- Its numbers ---------------------------------------------------------------------------------


def test_begins_with_the_numbers_of_both_chapters(reader, address):
    """The pieces of chapters 3 and 4 stand in the 8x8 region, and the pencil's pooled values below them."""
    with opened(reader(), address, NAME) as visit:
        now = answers(visit)["now"]
        assert square(now["z"])[3:7, 4:8].tolist() == [
            [-23, 468, 623, 156],
            [-58, 381, 650, 249],
            [-54, 249, 625, 384],
            [-45, 102, 576, 529],
        ]
        small = [[0, 381, 650, 249], [0, 249, 625, 384], [0, 102, 576, 529], [0, 0, 512, 638]]
        assert square(now["relu"])[4:, 4:].tolist() == small
        assert square(now["pooled"])[2:, 2:].tolist() == [[381, 650], [102, 638]]
        assert "max(0, 381, 0, 249) = 381" in visit.figure.locator("#how").inner_text()
        set_to(visit, kind="mean")
        assert square(answers(visit)["now"]["pooled"])[2:, 2:].tolist() == [[157.5, 477], [25.5, 563.75]]
        assert "(0 + 381 + 0 + 249) / 4 = 157.5" in visit.figure.locator("#how").inner_text()
        set_to(visit, kind="max", bias=-100)
        assert square(answers(visit)["now"]["relu"])[3:7, 4:8].tolist() == [
            [0, 368, 523, 56],
            [0, 281, 550, 149],
            [0, 149, 525, 284],
            [0, 2, 476, 429],
        ]


def test_stages_equal_keras(reader, address, keras, whole_maps):
    """Drawn settings and shifts: map, ReLU and pooling are those of Keras, and the changes the chapter's."""
    rng = np.random.default_rng(SEED)
    with opened(reader(), address, NAME) as visit:
        for _ in range(25):
            wish = {
                "source": str(rng.choice(list(PLACES))),
                "filter": str(rng.choice(list(FILTERS))),
                "bias": int(rng.integers(-150, 150)),
                "kind": str(rng.choice(["max", "mean"])),
                "size": int(rng.choice([0, 2, 3, 4])),
                "stride": int(rng.integers(1, 5)),
                "down": int(rng.integers(-8, 9)),
                "right": int(rng.integers(-8, 9)),
            }
            set_to(visit, **wish)
            found, whole = answers(visit), whole_maps[wish["filter"]] + wish["bias"]

            def cut(top, left, rows, columns, down=0, right=0, whole=whole):
                return whole[top - down : top - down + rows, left - right : left - right + columns]

            def stages(values, wish=wish):
                pooled = keras_pool(keras, values, wish["kind"], wish["size"], wish["stride"])
                return {"z": values, "relu": np.maximum(values, 0), "pooled": pooled}

            shift, (top, left) = (wish["down"], wish["right"]), PLACES[wish["source"]]
            for name, place in (("here", (top, left, 8, 8)), ("large", (16, 16, 128, 192))):
                before, now = stages(cut(*place)), stages(cut(*place, *shift))
                for stage in before:
                    note = (name, stage, wish, f"LIVE_SEED={SEED}")
                    if name == "here":
                        assert np.allclose(square(found["now"][stage]), now[stage], rtol=1e-5, atol=1e-5), (
                            note
                        )
                        assert np.allclose(square(found["before"][stage]), before[stage], rtol=1e-5), note
                    length = np.linalg.norm(before[stage])
                    said = found[name][stage]
                    if length == 0:
                        assert said is None or np.isnan(said), note
                    else:
                        assert np.isclose(said, relative(before[stage], now[stage]), atol=1e-4), note


def test_moving_along_is_what_it_says(reader, address, whole_maps):
    """After a shift the pooled map, moved by whole places, fits as well as the figure says."""
    rng = np.random.default_rng(SEED)
    pool, whole = chapter("a8925720")["pool"], np.maximum(whole_maps["Sobel x"], 0)
    with opened(reader(), address, NAME) as visit:
        for _ in range(12):
            size, right = int(rng.integers(2, 5)), int(rng.integers(0, 9))
            stride = int(rng.integers(1, 5))
            set_to(visit, size=size, stride=stride, right=right, kind="max")
            before = pool(whole[16:144, 16:208], size, stride)
            # Sixteen more columns at the right, so that nothing leaves the table when it moves.
            after = pool(whole[16:144, 16 - right : 208 + 16 - right], size, stride)
            fits = [
                relative(before, after[:, move : move + before.shape[1]])
                for move in (right // stride, -(-right // stride))
            ]
            assert np.isclose(answers(visit)["along"], min(fits), atol=1e-6), (
                size,
                stride,
                right,
                f"LIVE_SEED={SEED}",
            )


def test_shift_by_a_stride_is_exact_and_by_a_pixel_is_not(reader, address):
    """Chapter 4's finding, at every multiple of the stride."""
    with opened(reader(), address, NAME) as visit:
        for right in range(9):
            set_to(visit, size=4, right=right)
            along = answers(visit)["along"]
            assert (along == 0) == (right % 4 == 0), right


def test_one_bright_value_moves_until_it_leaves_its_window(reader, address):
    """In a window of four it stands at place 2: two steps to the left are tolerated, one to the right."""
    with opened(reader(), address, NAME) as visit:
        set_to(visit, source="spot", size=4)
        tolerated = []
        for right in range(-4, 5):
            set_to(visit, right=right)
            if answers(visit)["here"]["pooled"] == 0:
                tolerated.append(right)
        assert tolerated == [-2, -1, 0, 1]


def test_stripes_show_that_it_depends(reader, address):
    """Max pooling hides a shift of narrow stripes completely, and that of wide ones not at all."""
    with opened(reader(), address, NAME) as visit:
        set_to(visit, source="two", right=1)
        here = answers(visit)["here"]
        assert here["pooled"] == 0 and here["relu"] > 1
        set_to(visit, source="four")
        here = answers(visit)["here"]
        assert here["pooled"] == pytest.approx(1) and here["relu"] == pytest.approx(1)


def test_two_regions_with_the_same_maximum(reader, address):
    """Chapter 4's pair: 431 in both, with the means 19.0 and 80.1."""
    with opened(reader(), address, NAME) as visit:
        for source, mean in (("thin", 19.0), ("broad", 80.1)):
            set_to(visit, source=source, size=0, kind="max")
            assert answers(visit)["now"]["pooled"] == [431]
            set_to(visit, kind="mean")
            assert answers(visit)["now"]["pooled"][0] == pytest.approx(mean, abs=0.05)


def test_table_says_what_was_computed(reader, address):
    """The cells of the table are the changes, with two digits, and the share of equal values is a count."""
    with opened(reader(), address, NAME) as visit:
        set_to(visit, right=1)
        found = answers(visit)
        for stage in ("z", "relu", "pooled"):
            texts = visit.figure.locator(f"#row-{stage} td").all_inner_texts()
            a, b = np.array(found["before"][stage]), np.array(found["now"][stage])
            assert texts[0] == f"{found['here'][stage]:.2f}" and texts[1] == f"{found['large'][stage]:.2f}"
            assert texts[3] == f"{np.sum((a == b)[a > 0])} / {np.sum(a > 0)}"
        assert visit.figure.locator("#row-pooled td").nth(2).inner_text() == f"{found['along']:.2f}"


# ---- What a reader does ------------------------------------------------------------------------------


def test_shift_and_step_by_keyboard(fresh, address):
    """The photograph by arrow keys, the pad, the fields; the pooled map by arrow keys; each is said."""
    with opened(fresh(), address, NAME) as visit:
        press = visit.page.keyboard.press
        tab_to(visit, "view")
        press("ArrowRight")
        press("ArrowUp")
        assert (value(visit)["down"], value(visit)["right"]) == (-1, 1)
        spoken(visit, "Shifted 1 up and 1 to the right: the map changes by")
        press("Shift+ArrowRight")
        assert value(visit)["right"] == 8
        press("ArrowRight")
        spoken(visit, "the longest shift")
        tab_to(visit, "none")
        press("Enter")
        assert (value(visit)["down"], value(visit)["right"]) == (0, 0)
        tab_to(visit, "to-bottom")
        press("Space")
        assert value(visit)["down"] == 1
        tab_to(visit, "right")
        press("Control+a")
        visit.page.keyboard.type("2")
        assert value(visit)["right"] == 2
        tab_to(visit, "pick")
        press("ArrowLeft")
        assert (value(visit)["row"], value(visit)["column"]) == (2, 1)
        spoken(visit, "Pooled value in row 2, column 1")
        for _ in range(5):
            press("ArrowDown")
        assert value(visit)["row"] == 3


def test_settings_by_keyboard(fresh, address):
    """Kind, window and stride are radio buttons; a window brings its own stride, as in Keras."""
    with opened(fresh(), address, NAME) as visit:
        press = visit.page.keyboard.press
        tab_to(visit, "size")
        press("ArrowRight")
        assert (value(visit)["size"], value(visit)["stride"]) == (3, 3)
        assert "The last 2 rows and columns are in no window" in visit.figure.locator("#remark").inner_text()
        tab_to(visit, "stride")
        press("ArrowLeft")
        assert value(visit)["stride"] == 2
        assert len(answers(visit)["now"]["pooled"]) == 9
        set_to(visit, size=0)
        assert not visit.figure.locator("input[name=stride]").first.is_visible()
        assert visit.figure.locator("#row-pooled td").nth(2).inner_text() == "\u2013"


def test_photograph_is_dragged_by_whole_pixels(fresh, address):
    """A drag with the mouse shifts as far as the photograph follows the pointer."""
    with opened(fresh(), address, NAME) as visit:
        box = visit.figure.locator("#view").bounding_box()
        cell = box["width"] / 24
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        visit.page.mouse.move(x, y)
        visit.page.mouse.down()
        visit.page.mouse.move(x + 3.2 * cell, y - 1.9 * cell, steps=5)
        visit.page.mouse.up()
        assert (value(visit)["down"], value(visit)["right"]) == (-2, 3)
        visit.page.mouse.move(x, y)
        assert (value(visit)["down"], value(visit)["right"]) == (-2, 3)


def test_touch_drags_and_taps(fresh, address):
    """A finger drags the photograph, and a tap chooses a pooled value."""
    with opened(fresh(390, has_touch=True, is_mobile=True), address, NAME) as visit:
        view = visit.figure.locator("#view")
        view.scroll_into_view_if_needed()
        box = view.bounding_box()
        cell, x, y = box["width"] / 24, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        way = [(x, y), (x + 2 * cell, y + cell), (x + 4 * cell, y + 2 * cell)]
        site.finger(visit.page, way)
        assert until(visit, lambda: (value(visit)["down"], value(visit)["right"]) == (2, 4))
        visit.figure.locator("#up").tap()
        assert until(visit, lambda: value(visit)["down"] == 1)
        visit.figure.locator("#pick").tap(position={"x": 20, "y": 20})
        assert until(visit, lambda: (value(visit)["row"], value(visit)["column"]) == (0, 0))


def test_pointing_shows_a_window_and_leaving_goes_back(fresh, address):
    """The mouse looks, a click chooses."""
    with opened(fresh(), address, NAME) as visit:
        how = visit.figure.locator("#how")
        visit.figure.locator("#pick").hover(position={"x": 20, "y": 20})
        assert "row 0, column 0" in how.inner_text() and value(visit)["row"] == 2
        visit.page.mouse.move(2, 2)
        assert "row 2, column 2" in how.inner_text()
        visit.figure.locator("#pick").click(position={"x": 20, "y": 20})
        visit.page.mouse.move(2, 2)
        assert "row 0, column 0" in how.inner_text() and value(visit)["row"] == 0


def test_what_won_before_is_told(reader, address):
    """The sentence under the sum tells a value that moved within its window from another that came in."""
    with opened(reader(), address, NAME) as visit:
        set_to(visit, source="spot", size=4, row=0, column=0, right=1)
        how = visit.figure.locator("#how")
        assert "before the shift: 9. The same value won" in how.inner_text()
        set_to(visit, right=2)
        assert "Nothing above zero is left" in how.inner_text()
        set_to(visit, source="rim", size=2, row=2, column=3, right=1)
        assert "before the shift: 650. The same value won" in how.inner_text()


def test_own_numbers_are_typed_shifted_and_kept(fresh, address):
    """Typing makes the map the reader's own; a shift brings zeros in, and back again nothing is lost."""
    with opened(fresh(), address, NAME) as visit:
        visit.figure.locator("#source").select_option("spot")
        cells = visit.figure.locator("#numbers input")
        cells.nth(63).fill("-3.5")
        cells.nth(0).fill("4")
        assert value(visit)["source"] == "own"
        z = square(answers(visit)["now"]["z"])
        assert z[7, 7] == -3.5 and z[0, 0] == 4 and z[2, 2] == 9 and np.count_nonzero(z) == 3
        visit.figure.locator("#left").click()
        moved = square(answers(visit)["now"]["z"])
        assert moved[2, 1] == 9 and moved[7, 6] == -3.5 and np.count_nonzero(moved) == 2
        visit.figure.locator("#none").click()
        assert np.array_equal(square(answers(visit)["now"]["z"]), z)
        assert (
            answers(visit)["large"] is None and not visit.figure.locator("td:nth-child(3)").first.is_visible()
        )
        visit.figure.locator("#start").click()
        assert value(visit)["source"] == "rim" and square(answers(visit)["now"]["pooled"])[2, 2] == 381


@pytest.mark.parametrize(
    "field, texts",
    [
        ("#right", ["9", "1.5", ""]),
        ("#down", ["-9"]),
        ("#bias", ["x", "", "99999"]),
        ("#numbers input", ["1e", "--"]),
    ],
)
def test_wrong_number_is_explained_and_changes_nothing(fresh, address, field, texts):
    """One sentence, the field marked, the last good number in use; leaving the field mends it."""
    with opened(fresh(), address, NAME) as visit:
        if "numbers" in field:
            set_to(visit, source="spot")
        before, part = answers(visit), visit.figure.locator(field).first
        for text in texts:
            part.fill(text)
            said = visit.figure.locator("#trouble").inner_text()
            assert said.endswith("the last good one stays in use."), said
            assert part.get_attribute("aria-invalid") == "true"
            assert answers(visit) == before
        spoken(visit, "the last good one")
        part.blur()
        assert part.input_value() == "0" and visit.figure.locator("#trouble").inner_text() == ""


def test_without_the_photograph_plain_numbers_still_work(fresh, address):
    """The picture cannot be had: a sentence, and the maps of numbers are there."""
    window = fresh()
    window.route("**/coffee.png*", lambda route: route.abort())
    with opened(window, address, NAME) as visit:
        assert "could not be loaded" in visit.figure.locator("#trouble").inner_text()
        assert value(visit)["source"] == "spot"
        visit.figure.locator("#to-right").click()
        assert answers(visit)["here"]["z"] > 1


def test_nothing_moves_by_itself(fresh, address):
    """The figure has no animation at all, whatever the reader's system asks for."""
    with opened(fresh(), address, NAME) as visit:
        assert not visit.figure.evaluate("figure => figure.shadowRoot.getAnimations().length")
        assert answers(visit)["here"] == {"z": 0, "relu": 0, "pooled": 0}
        visit.page.wait_for_timeout(400)
        assert value(visit)["right"] == 0
