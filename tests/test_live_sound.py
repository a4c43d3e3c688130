"""Tests of the sound lab: its numbers are NumPy's, SciPy's and Keras's, and a reader can record, listen and drag."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import re
import struct
import wave

import numpy as np
import pytest
import scipy
import scipy.signal
import scipy.special
from numpy.lib.stride_tricks import sliding_window_view

import site_checks as site
from chapter_cells import defined
from site_fixtures import *  # noqa: F403
from site_fixtures import hold
from test_live_figures import LIVE, SEED, opened, spoken, tab_to, until, value
from test_live_load import busy, paste
from test_live_runtime import encode
from test_live_runtime import page as page  # a fixture
from test_live_train import HIDE
from test_live_train import load_network as load_network  # a fixture

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
keras = pytest.importorskip("keras")

from tools.pages.draw_live import SOUND  # noqa: E402  (the setting must stand first)

soundfile = pytest.importorskip("soundfile")
NAME, FOLDER = "sound-lab", LIVE / "sound-lab"
CLOSE = 1e-4
RATE, HALF, STEP = 16_000, 8000, 512
LAB = json.loads((FOLDER / "lab.json").read_text("utf-8"))
CELLS = ("def spectrogram(", "def mel(", "BANDS, FLOOR", "def is_clipped(", "def first_hit(")


def decoded(stored):
    """Bytes of the mu-law -> samples, as in the chapter."""
    bent = (stored.astype("float32") - 128) / 127
    return np.sign(bent) * (256 ** np.abs(bent) - 1) / 255


@pytest.fixture(scope="module")
def chapter():
    """The chapter's functions by name."""
    space = {
        "np": np, "scipy": scipy, "RATE": RATE, "SIZE": 512, "HOP": 256, "x": np.ones((470, HALF)),
        "sliding_window_view": sliding_window_view, "decoded": decoded,
    }  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        return defined(SOUND, CELLS, space)


def track_of(samples, rate):
    """What the lab makes of a file's samples (n, channels): the chapter's mean, resampled, half a second or more."""
    samples = samples - np.median(samples, axis=0)
    common = np.gcd(RATE, rate)
    found = scipy.signal.resample_poly(samples.mean(axis=1), RATE // common, rate // common)
    return np.pad(found, (0, max(0, HALF - len(found))))


def decibels(power):
    """The chapter's scale, from the floor of -80 decibels (0) to the largest power (1)."""
    return 1 + 10 * np.log10(np.maximum(power / power.max(), 1e-8)) / 80


def halves(chapter, track, starts):
    """Half seconds, each scaled and stored as the data are -> pictures (n, 30, 40, 1)."""
    found = []
    for start in starts:
        hit = track[start : start + HALF] / np.abs(track[start : start + HALF]).max()
        bent = np.sign(hit) * np.log1p(255 * np.abs(hit)) / np.log(256)
        found.append(decoded(np.round(128 + 127 * bent)))
    return chapter["log_mel"](np.array(found))


def drawn(rng, rate, seconds=1.0):
    """A random sound: hits of noise and of tones, at random times and of random loudness, on a little noise."""
    time = np.arange(int(rate * seconds)) / rate
    sound = rng.normal(0, 10 ** rng.uniform(-5, -2), len(time))
    for _ in range(rng.integers(2, 7)):
        begin, fall = rng.uniform(0, 0.8 * seconds), rng.uniform(5, 60)
        shape = np.where(time >= begin, np.exp(-fall * np.maximum(time - begin, 0)), 0)
        tone = np.sin(2 * np.pi * rng.uniform(40, min(rate / 2.2, 7500)) * time)
        sound += rng.uniform(0.05, 0.2) * shape * (rng.normal(0, 1, len(time)) if rng.integers(2) else tone)
    return np.clip(sound, -0.999, 0.999)


def wav(samples, rate, kind="PCM_16", form="WAV"):
    """The bytes of a file."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, kind, format=form)
    return file.getvalue()


def coded(data) -> str:
    """Bytes as base64."""
    return base64.b64encode(data).decode()


def given(data, name="mine.wav"):
    """A file for an input of the page."""
    return {"name": name, "mimeType": "audio/wav", "buffer": data}


# ---- The numbers -----------------------------------------------------------------------------------

MATHS = """async ([samples, rate, line]) => {
    const M = await import("/sound-math.mjs");
    const floats = new Float32Array(Uint8Array.from(atob(samples), (c) => c.charCodeAt(0)).buffer);
    const { samples: track } = M.recording([floats], rate), made = M.pictures(track), start = M.firstHit(track);
    const all = (one) => Float64Array.from(one); // an array of this kind travels quickly
    return { track: all(track), lines: all(made.lines), bands: all(made.bands), answer: all(M.answerOf(track, line)),
             powers: all(M.spectrogram(track)), start, half: all(M.stored(track, start)) };
}"""
FILES = """async (text) => {
    const { readWav } = await import("/sound-file.mjs"), M = await import("/sound-math.mjs");
    const file = new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], "x.wav");
    try {
        const found = await readWav(file);
        if (!found) return null;
        const { samples } = M.recording(found.channels, found.rate), made = M.pictures(samples);
        const all = (one) => Float64Array.from(one);
        return { channels: found.channels.map(all), rate: found.rate, said: found.said,
                 bands: all(made.bands), lines: all(made.lines) };
    } catch (error) { return { wrong: error.message }; }
}"""


@pytest.mark.parametrize("rate", [4001, 8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_spectrogram_is_the_chapters(page, chapter, rate):
    """Random sounds: resampled as SciPy does it; all lines, all mel bands, one filter written out, half a second."""
    rng = np.random.default_rng([SEED, rate])
    sound, line = drawn(rng, rate).astype("float32"), int(rng.integers(1, 256))
    found = page.evaluate(MATHS, [encode(sound), rate, line])
    track = track_of(sound[:, None].astype(float), rate)
    power = chapter["spectrogram"](track, 512, 256)
    told = f"LIVE_SEED={SEED}, {rate} Hz, line {line}"
    assert np.abs(np.array(found["track"]) - track).max() < 1e-9, told
    assert np.abs(np.reshape(found["lines"], (-1, 257)) - decibels(power)).max() < CLOSE, told
    bands = chapter["log_mel"](track[None])[0, ..., 0]
    assert np.abs(np.reshape(found["bands"], bands.shape) - bands).max() < CLOSE, told
    # The filter that is dragged, by sums, and the fast transform: the same powers.
    fast = np.reshape(found["powers"], power.shape)
    assert np.abs(fast - power).max() < 1e-9 * power.max(), told
    assert np.abs(np.array(found["answer"]) - power[:, line]).max() < 1e-9 * power.max(), told
    if rate == RATE:  # then the chapter, which cuts first and resamples later, has the same half second
        hit, _ = chapter["first_hit"](sound[:, None].astype(float), rate)
        assert np.abs(np.array(found["half"]) - hit).max() < 1e-6, told


KINDS = [
    *((kind, 44_100, 1) for kind in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")),
    ("PCM_16", 96_000, 2), ("PCM_24", 48_000, 6), ("FLOAT", 8000, 2), ("PCM_U8", 11_025, 2),
]  # fmt: skip


@pytest.mark.parametrize("form", ["WAV", "WAVEX"])
@pytest.mark.parametrize(("kind", "rate", "channels"), KINDS)
def test_wav_files_are_read_by_hand_as_soundfile_reads_them(page, chapter, form, kind, rate, channels):
    """Every sample of every channel, and from them the chapter's spectrogram."""
    rng = np.random.default_rng([SEED, rate, channels])
    data = wav(np.stack([drawn(rng, rate) for _ in range(channels)], 1), rate, kind, form)
    wanted, _ = soundfile.read(io.BytesIO(data), dtype="float64", always_2d=True)
    found = page.evaluate(FILES, coded(data))
    assert found["rate"] == rate and np.array_equal(np.array(found["channels"]).T, wanted)
    assert any("8 bits" in said for said in found["said"]) == (kind == "PCM_U8")
    track = track_of(wanted, rate)
    bands = chapter["log_mel"](track[None])[0, ..., 0]
    assert np.abs(np.reshape(found["bands"], bands.shape) - bands).max() < CLOSE, f"LIVE_SEED={SEED}"
    lines = decibels(chapter["spectrogram"](track, 512, 256))
    assert np.abs(np.reshape(found["lines"], lines.shape) - lines).max() < CLOSE, f"LIVE_SEED={SEED}"


@pytest.fixture(scope="module")
def listener(load_network):
    """The lab's network as a Keras model: shares(pictures)."""
    model = load_network(FOLDER / "drums.p2p")
    return lambda pictures: scipy.special.softmax(
        np.asarray(model(np.asarray(pictures, "float32"), training=False)), axis=1
    )


def rest(visit):
    """Wait until nothing is under way."""
    visit.figure.evaluate("f => f.rest()")


def give(visit, data, name="mine.wav"):
    """Choose a file, and wait until it is the recording and the network has heard all of it."""
    visit.figure.locator("#file").set_input_files(given(data, name))
    assert until(visit, lambda: name in value(visit)["name"]), visit.figure.locator("#trouble").inner_text()
    rest(visit)


@pytest.mark.parametrize("number", range(3))
def test_answers_along_a_recording_are_keras(fresh, address, chapter, listener, number):
    """A random recording: every answer along it, one at a place drawn at random, and both occlusion maps."""
    rng = np.random.default_rng([SEED, 12, number])
    rate = int(rng.choice([16_000, 44_100, 48_000]))
    data = wav(drawn(rng, rate, rng.uniform(1.2, 3)), rate, "FLOAT")
    sound, _ = soundfile.read(io.BytesIO(data), dtype="float64", always_2d=True)
    track = track_of(sound, rate)
    with opened(fresh(), address, NAME) as visit:
        give(visit, data)
        found = np.reshape(visit.figure.evaluate("f => Float64Array.from(f.answers)"), (-1, 5))
        starts = np.arange(0, len(track) - HALF + 1, STEP)
        assert len(found) == len(starts)
        heard = [np.abs(track[s : s + HALF]).max() >= 0.02 * np.abs(track).max() for s in starts]
        wanted = listener(halves(chapter, track, starts))
        assert np.abs(found - wanted)[heard].max() < CLOSE, f"LIVE_SEED={SEED}"
        assert not found[np.logical_not(heard)].any()
        first = np.argmax(np.abs(track) >= 0.02 * np.abs(track).max())
        place = min(int(rng.integers(max(0, first - 3000), first + 1)), len(track) - HALF)
        visit.figure.evaluate("(f, place) => f.at(place)", place)
        picture = halves(chapter, track, [place])
        before = listener(picture)[0]
        for kind, cover in (
            ("silence", np.zeros((30, 40))),
            ("average", np.reshape(LAB["average"], (30, 40))),
        ):
            visit.figure.locator(f"input[value={kind}]").check(force=True)
            assert until(visit, lambda: value(visit)["lost"]) and value(visit)["start"] == place
            heard = visit.figure.evaluate(
                "f => ({picture: Float64Array.from(f.heard.picture), shares: f.heard.shares})"
            )
            assert np.abs(np.reshape(heard["picture"], (30, 40)) - picture[0, ..., 0]).max() < CLOSE
            assert np.abs(np.array(heard["shares"]) - before).max() < CLOSE
            hidden = []
            for row in range(8):
                for column in range(3):
                    one = picture[0].copy()
                    block = slice(10 * column, 10 * column + 10), slice(5 * row, 5 * row + 5)
                    one[block] = cover[block][..., None]
                    hidden.append(one)
            lost = before - listener(hidden)
            assert np.abs(np.array(visit.figure.evaluate("f => f.lost")) - lost).max() < 2 * CLOSE
            shown = int(np.argmax(before))
            visit.page.wait_for_timeout(100)  # it is drawn before the next frame
            cells = np.reshape(
                [
                    int(t.replace("\u2212", "-"))
                    for t in visit.figure.locator("#blocks > *").all_inner_texts()
                ],
                (8, 3),
            )
            assert np.abs(cells[::-1] - 100 * lost[:, shown].reshape(8, 3)).max() < 0.52  # rounded to points
        hold(site.complaints_console(visit) + site.complaints_requests(visit))


def test_book_hits_are_the_data_sets(chapter, listener):
    """The six hits, by the rule of the page; the average picture; how often the network is right; and its card."""
    with np.load(site.ROOT / "data" / "datasets" / "drums.npz") as drums:
        kinds = [str(kind) for kind in drums["kinds"]]
        others, truth, files = decoded(drums["other_sounds"]), drums["other_kind"], drums["other_file"]
        average = chapter["log_mel"](decoded(drums["sounds"])).mean(axis=0)
    said = listener(chapter["log_mel"](others)).argmax(axis=1)
    assert LAB["classes"] == kinds and LAB["test"] == {"hits": 44, "right": int(np.sum(said == truth))}
    chosen = [np.flatnonzero((truth == k) & (said == k))[0] for k in range(5)] + [
        np.flatnonzero(truth != said)[0]
    ]
    assert [hit["from"] for hit in LAB["hits"]] == [str(files[n]) for n in chosen]
    assert [(hit["kind"], hit["said"]) for hit in LAB["hits"]] == [
        (kinds[truth[n]], kinds[said[n]]) for n in chosen
    ]
    with wave.open(str(FOLDER / "hits.wav")) as file:
        stored = np.frombuffer(file.readframes(10**6), "<i2") / 32767
    assert np.abs(stored - others[chosen].ravel()).max() < 2e-5
    assert np.abs(np.reshape(LAB["average"], (30, 40, 1)) - average).max() < 6e-5


def test_a_whole_hit_is_heard_as_in_the_chapter(fresh, address, chapter, listener):
    """Each hit of the book's, chosen by itself: the answer is that of chapter 12's own function."""
    with wave.open(str(FOLDER / "hits.wav")) as file:
        hits = np.frombuffer(file.readframes(10**6), "<i2").reshape(6, HALF) / 2**15
    with opened(fresh(), address, NAME) as visit:
        for n, hit in enumerate(hits):
            visit.figure.locator("#hits").select_option(str(n))
            assert until(visit, lambda n=n: f"Hit {n + 1}" in value(visit)["name"])
            rest(visit)
            stored, _ = chapter["first_hit"](hit[:, None], RATE)
            wanted = listener(chapter["log_mel"](stored[None]))[0]
            assert np.abs(np.array(value(visit)["shares"]) - wanted).max() < CLOSE, n
            assert LAB["hits"][n]["said"] in visit.figure.locator("#answer-words").inner_text()


def test_tones_are_no_louder_than_half(page):
    """Whatever the volume is set to: what is played has a peak of 1 at most, and goes through a gain of 0.5 at most."""
    found = page.evaluate(
        """async () => {
            const { LOUDEST, Player, tone } = await import("/player.mjs"), player = new Player(), found = [];
            for (const volume of [0, 0.5, 1, 7, -3]) { player.loudness = volume; found.push(player.gain); }
            return [LOUDEST, found, Math.max(...tone(7968.75, 16000).map(Math.abs))];
        }"""
    )
    assert found[0] == 0.5 and found[1] == [0, 0.25, 0.5, 0.5, 0] and found[2] < 0.401


# ---- The figure ----------------------------------------------------------------------------------


def text(visit, selector):
    """What a part of the figure says."""
    return visit.figure.locator(selector).inner_text()


def test_nothing_is_loaded_asked_for_or_played_before(fresh, address):
    """No network, no hits, no microphone and no sound until the reader asks; then those alone."""
    window = fresh()
    window.add_init_script(
        """window.used = [];
        for (const [place, name] of [[MediaDevices.prototype, "getUserMedia"], [AudioContext.prototype, "resume"]]) {
            const before = place[name];
            place[name] = function (...all) { window.used.push(name); return before.apply(this, all); };
        }"""
    )
    with opened(window, address, NAME) as visit:
        asked = []
        visit.page.on("request", lambda request: asked.append(request.url.rsplit("/live/")[-1]))
        loaded = visit.page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
        assert not [one for one in loaded if "/sound-lab/" in one or "sound-tap" in one]
        assert value(visit)["columns"] == 124 and not value(visit)["network"]
        visit.figure.locator("#hits").select_option("all")
        assert until(visit, lambda: value(visit)["network"])
        assert sorted(one for one in asked if "/" in one) == [
            "sound-lab/drums.p2p",
            "sound-lab/hits.wav",
            "sound-lab/lab.json",
        ]
        size = sum((FOLDER / name).stat().st_size for name in ("drums.p2p", "lab.json"))
        assert (
            abs(
                size / 1000
                - int(
                    re.search(
                        r"(\d+) kB", text(visit, "#load") or visit.figure.locator("#load").text_content()
                    )[1]
                )
            )
            < 3
        )
        assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 200_000  # as its page says
        assert visit.page.evaluate("window.used") == []
        hold(site.complaints_console(visit))


def test_main_path_by_mouse(fresh, address):
    """The hits; the line is dragged, the frame moved; the classes, both covers, the other view; played and stopped."""
    with opened(fresh(), address, NAME) as visit:
        visit.figure.locator("#hits").select_option("all")
        assert until(visit, lambda: value(visit)["network"])
        rest(visit)
        assert value(visit)["length"] == 6 * HALF
        visit.figure.locator("#spectrum").scroll_into_view_if_needed()
        box, mouse = visit.figure.locator("#spectrum").bounding_box(), visit.page.mouse
        grip = visit.figure.locator("#grip").bounding_box()
        mouse.move(grip["x"] + 30, grip["y"] + 22)
        mouse.down()
        mouse.move(grip["x"] + 10, box["y"] + box["height"] / 2, steps=4)
        mouse.up()
        assert abs(value(visit)["line"] - 128) <= 2
        assert "turns in 512 samples" in text(visit, "#line-words")
        before = text(visit, "#answer-words")
        mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 10)
        mouse.down()
        mouse.up()
        assert abs(value(visit)["start"] - (0.75 * 6 * HALF - HALF / 2)) < 200
        assert until(visit, lambda: text(visit, "#answer-words") != before)
        rest(visit)
        visit.figure.locator("#classes label").nth(4).click()
        assert until(visit, lambda: "\u201ccymbal\u201d" in text(visit, "#lost-words"))
        visit.figure.locator("label", has_text="the average picture").click()
        assert value(visit)["cover"] == "average"
        visit.figure.locator("label", has_text="40 mel bands").click()
        assert until(
            visit, lambda: "40 mel bands" in visit.figure.locator("#picture").get_attribute("aria-label")
        )
        for ident in ("all", "part", "tone", "through"):
            button = visit.figure.locator(f"#{ident}")
            button.click()
            assert until(visit, lambda ident=ident: value(visit)["playing"] == ident)
            assert button.inner_text() == "Stop"
            button.click()
            assert value(visit)["playing"] == ""
        visit.figure.locator("#table summary").click()
        assert until(visit, lambda: "kick" in text(visit, "#words"))
        hold(site.complaints_console(visit) + site.complaints_requests(visit))


def test_main_path_by_keyboard(fresh, address):
    """Tab, arrows, Space and Enter do all of it."""
    with opened(fresh(), address, NAME) as visit:
        press = visit.page.keyboard.press
        visit.page.locator("h1").evaluate("e => { e.tabIndex = -1; e.focus(); }")
        tab_to(visit, "hits")
        press("ArrowDown")
        assert until(visit, lambda: value(visit)["network"])
        spoken(visit, "Along the recording: ")
        rest(visit)
        tab_to(visit, "all")
        press("Space")
        assert until(visit, lambda: value(visit)["playing"] == "all")
        press("Space")
        assert until(visit, lambda: value(visit)["playing"] == "")
        tab_to(visit, "view")
        press("ArrowRight")
        assert until(visit, lambda: value(visit)["view"] == "bands")
        tab_to(visit, "start")
        before = value(visit)["start"]
        press("ArrowRight")
        assert value(visit)["start"] == before + 256
        press("Shift+ArrowRight")
        assert value(visit)["start"] == before + 256 * 11
        spoken(visit, " s on: ")
        press("End")
        assert value(visit)["start"] == 5 * HALF
        press("Home")
        assert value(visit)["start"] == 0
        spoken(visit, "From 0.00 s on: ")  # it comes from a thread, and would be said over the next words
        tab_to(visit, "line")
        press("ArrowUp")
        assert value(visit)["line"] == 33
        press("Shift+ArrowDown")
        assert value(visit)["line"] == 23
        spoken(visit, "Its answer is largest at")
        assert (
            visit.figure.locator("#line").get_attribute("aria-valuetext")
            == "718.75 Hz, 23 turns in 512 samples"
        )
        tab_to(visit, "tone")
        press("Enter")
        assert until(visit, lambda: value(visit)["playing"] == "tone")
        tab_to(visit, "class")
        press("ArrowDown")
        assert until(visit, lambda: value(visit)["class"] is not None)
        tab_to(visit, "cover")
        press("ArrowRight")
        assert until(visit, lambda: value(visit)["cover"] == "average" and value(visit)["lost"])
        hold(site.complaints_console(visit))


def test_main_path_by_touch(fresh, address):
    """On a phone: hits, the frame, the line by its slider, a tone."""
    with opened(fresh(390, has_touch=True, is_mobile=True), address, NAME) as visit:
        visit.figure.locator("#hits").select_option("all")
        assert until(visit, lambda: value(visit)["network"])
        rest(visit)
        box = visit.figure.locator("#spectrum").bounding_box()
        visit.figure.locator("#spectrum").tap(position={"x": box["width"] / 2, "y": 12})
        assert until(visit, lambda: abs(value(visit)["start"] - (3 * HALF - HALF / 2)) < 400)
        visit.figure.locator("#line").tap()
        assert until(visit, lambda: abs(value(visit)["line"] - 128) <= 8)
        visit.figure.locator("#tone").tap()
        assert until(visit, lambda: value(visit)["playing"] == "tone")


def test_a_finger_drags_the_line(fresh, address):
    """By its grip, and the page stays where it is."""
    with opened(fresh(390, has_touch=True, is_mobile=True), address, NAME) as visit:
        assert visit.figure.locator("#grip").evaluate("e => getComputedStyle(e).touchAction") == "none"
        session = visit.page.context.new_cdp_session(visit.page)
        visit.figure.locator("#grip").scroll_into_view_if_needed()
        box, grip = (
            visit.figure.locator("#spectrum").bounding_box(),
            visit.figure.locator("#grip").bounding_box(),
        )
        scrolled = visit.page.evaluate("scrollY")
        x, y, to = grip["x"] + 30, grip["y"] + 22, box["y"] + box["height"] * 0.4
        for kind, at in (
            ("touchStart", y),
            ("touchMove", (y + to) / 2),
            ("touchMove", to),
            ("touchEnd", None),
        ):
            session.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [] if at is None else [{"x": x, "y": at}]},
            )
        assert until(visit, lambda: abs(value(visit)["line"] - 154) <= 3), value(visit)["line"]
        assert visit.page.evaluate("scrollY") == scrolled


# ---- The microphone ------------------------------------------------------------------------------

FAKE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
WATCHED = """window.tracks = [];
    const before = MediaDevices.prototype.getUserMedia;
    MediaDevices.prototype.getUserMedia = async function (...all) {
        const stream = await before.apply(this, all);
        window.tracks.push(...stream.getTracks());
        return stream;
    };"""
ENDED = "window.tracks.map((track) => track.readyState)"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A recording that Chromium gives out as what its microphone hears."""
    path, rng = tmp_path_factory.mktemp("sound") / "heard.wav", np.random.default_rng(SEED)
    time = np.arange(48_000) / 48_000
    burst = rng.normal(0, 0.2, len(time)) * np.exp(-12 * (time % 0.5)) + 0.3 * np.sin(
        2 * np.pi * 3000 * time
    ) * (time < 0.5)
    path.write_bytes(wav(burst, 48_000))
    return path


@pytest.fixture(scope="module")
def microphone(browser, played):
    """A browser with a microphone that needs no leave: windows of it."""
    running = browser.browser_type.launch(
        executable_path=site.find_browser(),
        args=[*site.FLAGS, *FAKE, f"--use-file-for-fake-audio-capture={played}"],
    )

    def window(width=1280, **wishes):
        made = running.new_context(viewport={"width": width, "height": 900}, **wishes)
        made.add_init_script(WATCHED)
        return made

    yield window
    running.close()


def recording(visit, seconds=1.2):
    """Press the button and wait until so much is recorded."""
    visit.figure.locator("#record").click()
    assert until(visit, lambda: value(visit)["mode"] == "recording"), text(visit, "#trouble")
    visit.page.wait_for_function(
        """least => parseFloat(document.querySelector("sound-lab").shadowRoot.querySelector("#recorded")
            .textContent) >= least""",
        arg=seconds,
    )


def test_recording_by_microphone(microphone, address):
    """What the made-up microphone plays is recorded, shown, answered; Stop lets go of it within 200 ms."""
    with opened(microphone(), address, NAME) as visit:
        recording(visit, 1.5)
        assert visit.page.evaluate(ENDED) == ["live"] and value(visit)["open"]
        took = visit.figure.evaluate(
            """async (f) => { const begin = performance.now(); f.shadowRoot.querySelector("#record").click();
                while (window.tracks[0].readyState !== "ended") await new Promise((go) => setTimeout(go, 1));
                return performance.now() - begin; }"""
        )
        assert took < 200
        assert until(visit, lambda: value(visit)["name"] == "Your recording")
        rest(visit)
        found = value(visit)
        assert not found["open"] and found["mode"] == "idle" and 1.4 < found["length"] / RATE < 3.5
        # The tone of 3,000 Hz, line 96, is there for half of each second.
        lines = np.reshape(visit.figure.evaluate("f => Float64Array.from(f.sound.lines)"), (-1, 257))
        on = lines[:, 96] > 0.8
        assert 0.2 < on.mean() < 0.8 and np.median(lines[on].argmax(axis=1)) == 96
        assert found["shares"] and visit.page.evaluate(ENDED) == ["ended"]
        hold(site.complaints_console(visit) + site.complaints_requests(visit))


def test_recording_by_keyboard_and_touch(microphone, address):
    """Space begins and ends it, and so does a finger."""
    with opened(microphone(), address, NAME) as visit:
        visit.page.locator("h1").evaluate("e => { e.tabIndex = -1; e.focus(); }")
        tab_to(visit, "record")
        visit.page.keyboard.press("Space")
        spoken(visit, "Recording.")
        visit.page.wait_for_timeout(700)
        visit.page.keyboard.press("Space")
        assert until(visit, lambda: value(visit)["name"] == "Your recording")
    with opened(microphone(390, has_touch=True, is_mobile=True), address, NAME) as visit:
        visit.figure.locator("#record").tap()
        assert until(visit, lambda: value(visit)["mode"] == "recording")
        visit.page.wait_for_timeout(700)
        visit.figure.locator("#record").tap()
        assert until(visit, lambda: value(visit)["name"] == "Your recording")
        assert visit.page.evaluate(ENDED) == ["ended"]


def test_recording_ends_by_itself(microphone, address):
    """After ten seconds; when the tab is hidden; when the figure goes; when the microphone is pulled out."""
    with opened(microphone(), address, NAME) as visit:
        recording(visit, 0.5)
        visit.page.evaluate(HIDE, True)
        assert until(visit, lambda: value(visit)["name"] == "Your recording")
        assert visit.page.evaluate(ENDED) == ["ended"] and not value(visit)["running"]
        visit.page.evaluate(HIDE, False)
        rest(visit)
        assert value(visit)["next"] is None  # the answers went on when it was seen again
        recording(visit, 0.5)
        visit.page.evaluate("window.tracks.at(-1).onended()")  # as a browser does
        assert until(visit, lambda: value(visit)["mode"] == "idle")
        recording(visit, 0.5)
        visit.page.wait_for_timeout(10_500)
        assert value(visit)["mode"] == "idle" and value(visit)["length"] == 10 * RATE
        recording(visit, 0.5)
        visit.figure.evaluate("f => f.remove()")
        assert until(visit, lambda: set(visit.page.evaluate(ENDED)) == {"ended"})
        assert until(visit, lambda: not visit.page.workers)


SLOW = """const given = MediaDevices.prototype.getUserMedia;
    MediaDevices.prototype.getUserMedia = async function (...all) {
        await new Promise((go) => { window.letIt = go; });
        return given.apply(this, all);
    };"""


def test_who_stops_before_the_browser_has_answered_is_not_recorded(microphone, address):
    """The wish can be taken back; a leave that comes later is of no use."""
    window = microphone()
    window.add_init_script(SLOW)
    with opened(window, address, NAME) as visit:
        record = visit.figure.locator("#record")
        record.click()
        assert value(visit)["mode"] == "asking" and "after all" in record.inner_text()
        record.click()
        assert value(visit)["mode"] == "idle"
        visit.page.evaluate("window.letIt()")
        assert until(visit, lambda: visit.page.evaluate(ENDED) == ["ended"])
        assert value(visit)["mode"] == "idle" and not value(visit)["open"]
        hold(site.complaints_console(visit))


DEAF = """const Before = AudioContext;
    window.AudioContext = class extends Before {
        constructor(...all) { super(...all); super.suspend(); }
        resume() { return new Promise(() => {}); }
    };"""


def test_a_microphone_that_gives_nothing_is_let_go(microphone, address):
    """As where a browser has no loudspeaker and waits for one: one sentence, and no open microphone."""
    window = microphone()
    window.add_init_script(DEAF)
    with opened(window, address, NAME) as visit:
        visit.figure.locator("#record").click()
        visit.figure.locator("#trouble", has_text="gives no sound").wait_for()
        assert visit.page.evaluate(ENDED) == ["ended"] and value(visit)["mode"] == "idle"


ERROR = """MediaDevices.prototype.getUserMedia = async () => { throw new DOMException("no", "%s"); };"""
WITHOUT = """Object.defineProperty(Navigator.prototype, "mediaDevices", {get: () => undefined});"""
REFUSED = {
    "refused": (ERROR % "NotAllowedError", "does not let this page use the microphone"),
    "missing": (ERROR % "NotFoundError", "No microphone was found"),
    "taken": (ERROR % "NotReadableError", "another program"),
    "another reason": (ERROR % "AbortError", "could not be started"),
    "an old browser, or http": (WITHOUT, "https"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refusal_is_told(fresh, address, reason):
    """One line that says why and what to do; what was there stays, and the button can be pressed again."""
    script, words = REFUSED[reason]
    window = fresh()
    window.add_init_script(script)
    with opened(window, address, NAME) as visit:
        before = value(visit)["name"]
        visit.figure.locator("#record").click()
        visit.figure.locator("#trouble", has_text=words).wait_for()
        said = text(visit, "#trouble")
        assert "file instead" in said and said.endswith(".")
        spoken(visit, said)
        found = value(visit)
        assert found["name"] == before and found["mode"] == "idle" and not found["open"]
        assert text(visit, "#record") == "Record with the microphone"
        hold(site.complaints_console(visit))


def test_a_real_refusal(browser, address):
    """Chromium itself refuses: it has a microphone and no leave."""
    running = browser.browser_type.launch(
        executable_path=site.find_browser(), args=[*site.FLAGS, FAKE[0], f"{FAKE[1]}=deny"]
    )
    try:
        with opened(running.new_context(), address, NAME) as visit:
            visit.figure.locator("#record").click()
            visit.figure.locator("#trouble", has_text="does not let this page use the microphone").wait_for()
            assert not value(visit)["open"]
    finally:
        running.close()


# ---- Files that are no good, or odd ------------------------------------------------------------------


def header(channels=1, bits=16, kind=1, rate=16_000, block=None, size=4):
    """The beginning of a WAV file by hand."""
    block = channels * bits // 8 if block is None else block
    fmt = struct.pack("<HHIIHH", kind, channels, rate, rate * block % 2**32, block, bits)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + size)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + fmt
        + b"data"
        + struct.pack("<I", size)
    )


NOISE = np.random.default_rng(3).normal(0, 0.1, RATE)
BAD = {
    "empty": (b"", "is empty"),
    "text": (b"Buy new sticks.", "is no recording that this browser can read"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(60), "is no recording that this browser can read"),
    "silent": (wav(np.zeros(RATE), RATE), "is silent"),
    "constant": (wav(np.full(RATE, 0.5), RATE), "is silent"),
    "short": (wav(NOISE[:200], RATE), "is shorter than a fiftieth of a second"),
    "no samples": (wav(NOISE[:0], RATE), "is shorter than a fiftieth of a second"),
    "cut in its head": (wav(NOISE, RATE)[:30], "is damaged"),
    "cut after its head": (wav(NOISE, RATE)[:44], "is shorter than a fiftieth of a second"),
    "no channels": (header(channels=0) + bytes(4), "is damaged"),
    "wrong block": (header(block=7) + bytes(70), "is damaged"),
    "rate of 1 Hz": (header(rate=1, size=4000) + bytes(4000), "has a sampling rate of 1 Hz"),
    "rate of 4 GHz": (header(rate=2**32 - 1, size=4000) + bytes(4000), "sampling rate of 4,294,967,295 Hz"),
    "no numbers": (wav(np.full(RATE, np.nan, "float32"), RATE, "FLOAT"), "holds values that are no numbers"),
    "too large": (wav(NOISE * 1e200, RATE, "DOUBLE"), "far too large ones"),
    "no samples, but more": (
        struct.pack("<4sI", b"RIFF", 4044) + header(size=0)[8:] + b"LIST\xa0\x0f\0\0" + NOISE.tobytes()[:4000],
        "is shorter than a fiftieth of a second",
    ),
    "packed as telephones do": (wav(NOISE, RATE, "GSM610"), "plain WAV, with 16 bits, always works"),
    "endless chunks": (b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 5000, "is damaged"),
    "large and packed": (b"OggS" + bytes(5_000_000), "4 MB is the most"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_one_sentence(reader, address, name):
    """It says what is wrong and what to do, and the recording that was there stays; the file can be chosen again."""
    data, words = BAD[name]
    with opened(reader(), address, NAME) as visit:
        before = value(visit)["name"]
        for _ in range(2):
            visit.figure.locator("#file").set_input_files(given(data, "odd.wav"))
            visit.figure.locator("#trouble", has_text=words).wait_for()
            said = text(visit, "#trouble")
            assert said.startswith("\u201codd.wav\u201d ") and said.endswith(".") and said.count(". ") <= 1, (
                said
            )
            assert visit.figure.locator("#file").input_value() == ""
            visit.figure.evaluate("f => { f.shadowRoot.querySelector('#trouble').textContent = ''; }")
        assert value(visit)["name"] == before and not value(visit)["network"]
        hold([one for one in site.complaints_console(visit)])


CUT = wav(np.tile(NOISE, 3), RATE)
ODD = {
    "8 bits": (wav(NOISE, RATE, "PCM_U8"), 1, "It has 8 bits"),
    "24 bits, stereo": (wav(np.stack([NOISE, NOISE / 2], 1), 48_000, "PCM_24"), 1 / 3, ""),
    "float": (wav(NOISE, 22_050, "FLOAT"), 16_000 / 22_050, ""),
    "96 kHz": (wav(np.tile(NOISE, 6), 96_000), 1, ""),
    "8 kHz": (wav(NOISE, 8000), 2, "It holds nothing above 4,000 Hz."),
    "channels that cancel": (wav(np.stack([NOISE, -NOISE], 1), RATE, "FLOAT"), 1, "cancel each other"),
    "clipped": (wav(np.clip(9 * NOISE, -0.5, 0.5), RATE), 1, "It is clipped"),
    "truncated": (CUT[: len(CUT) // 2], 1.5, "It ends too early: 1.50 of 3.00 seconds are there."),
    "too long": (wav(np.tile(NOISE, 700), RATE), 10, "its first 10 seconds were taken"),
    "length unknown": (CUT[:40] + b"\xff\xff\xff\xff" + CUT[44:], 3, ""),
    "length not written": (CUT[:4] + bytes(4) + CUT[8:40] + bytes(4) + CUT[44:], 3, ""),
    "a chunk before the samples": (CUT[:36] + b"LIST\x05\0\0\0abcde\0" + CUT[36:], 3, ""),
    "very short": (wav(NOISE[:1000], RATE), 0.5, ""),
    "FLAC": (wav(NOISE, 48_000, "PCM_16", "FLAC"), 1 / 3, "It was unpacked by the browser, at 48,000 Hz."),
    "OGG": (wav(np.tile(NOISE, 36), 48_000, "VORBIS", "OGG"), 10, "its first 10 seconds were taken"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_files_are_heard(reader, address, name):
    """As long as it says, with its remark, and an answer; memory is that of ten seconds at most."""
    data, seconds, words = ODD[name]
    with opened(reader(), address, NAME) as visit:
        give(visit, data, "odd.wav")
        found = value(visit)
        assert found["length"] == pytest.approx(max(HALF, seconds * RATE), abs=2000 if name == "OGG" else 30)
        assert found["length"] <= 10 * RATE and words in text(visit, "#said")
        assert (text(visit, "#said") == "") == (words == "") and text(visit, "#trouble") == ""
        assert found["shares"] and abs(sum(found["shares"]) - 1) < 1e-6
        hold(site.complaints_console(visit))


def test_a_wrong_rate_is_told_before_anything_is_read(page):
    """Ten seconds of 4 GHz would be a whole file of gigabytes."""
    said = page.evaluate(
        """async ([head]) => {
            const { readWav } = await import("/sound-file.mjs");
            const bytes = Uint8Array.from(atob(head), (c) => c.charCodeAt(0));
            const file = new File([bytes, new Uint8Array(100_000)], "x.wav"), slice = file.slice.bind(file);
            let most = 0;
            file.slice = (from, to) => (most = Math.max(most, to - from), slice(from, to));
            try { await readWav(file); } catch (error) { return [error.message, most]; }
        }""",
        [coded(header(rate=2**32 - 1, size=100_000))],
    )
    assert "sampling rate of 4,294,967,295 Hz" in said[0] and said[1] <= 48


LONE = {"at the beginning": 0, "at the end": HALF - 10}


@pytest.mark.parametrize("place", LONE)
def test_a_click_that_no_window_sees_gets_no_answer(reader, address, place):
    """The window is 0 at its first sample, and the last samples fill no window: no numbers come of no power."""
    sound = np.zeros(HALF)
    sound[LONE[place]] = 0.9
    with opened(reader(), address, NAME) as visit:
        give(visit, wav(sound, RATE), "click.wav")
        assert visit.figure.evaluate(
            "f => f.sound.lines.every((x) => x === 0) && f.sound.bands.every((x) => x === 0)"
        )
        assert value(visit)["shares"] is None and not visit.figure.evaluate("f => f.answers.some(Boolean)")
        visit.page.wait_for_timeout(100)
        assert text(visit, "#answer-words") == "Too quiet for an answer"
        assert "too quiet" in visit.figure.locator("#shares").get_attribute("aria-label")
        assert text(visit, "#lost-note").startswith("Too quiet for a map.")
        hold(site.complaints_console(visit))


def test_the_map_goes_where_it_is_too_quiet(fresh, address):
    """What was said of another half second does not stay."""
    sound = np.concatenate([np.zeros(RATE), NOISE])
    with opened(fresh(), address, NAME) as visit:
        give(visit, wav(sound, RATE))
        assert until(visit, lambda: text(visit, "#lost-note").startswith(("Most", "No single")))
        visit.figure.evaluate("f => f.at(0)")
        assert until(visit, lambda: text(visit, "#lost-note").startswith("Too quiet for a map."))


DECODES = """window.unpacked = [];
    const decode = OfflineAudioContext.prototype.decodeAudioData;
    OfflineAudioContext.prototype.decodeAudioData = async function (...all) {
        const found = await decode.apply(this, all);
        window.unpacked.push(found.length * found.numberOfChannels);
        return found;
    };"""


def hour():
    """An hour of next to nothing: under a megabyte."""
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 48_000, 2, "PCM_16", format="FLAC") as flac:
        flac.write(np.stack([NOISE, NOISE], 1))
        for _ in range(60):
            flac.write(np.zeros((60 * 48_000, 2), "int16"))
    return file.getvalue()


def test_an_hour_in_a_small_file_is_not_all_unpacked(fresh, address):
    """The browser would make 1.4 GB of it; and a later file wins, though it is ready earlier."""
    window, data = fresh(), hour()
    assert len(data) < 10**6
    window.add_init_script(DECODES)
    with opened(window, address, NAME) as visit:
        give(visit, data, "hour.flac")
        assert value(visit)["length"] == 10 * RATE and "its first 10 seconds were taken" in text(
            visit, "#said"
        )
        assert max(visit.page.evaluate("window.unpacked")) < 48_000 * 2 * 600
        same = given(wav(NOISE, RATE), "same.wav")
        visit.figure.locator("#file").set_input_files(same)
        assert until(visit, lambda: "same" in value(visit)["name"])
        rest(visit)
        alone = value(visit)["shares"]
        for pause in (0, 5, 20, 60, 150):
            visit.figure.locator("#file").set_input_files(given(data, "hour.flac"))
            visit.page.wait_for_timeout(pause)
            visit.figure.locator("#file").set_input_files(same)
            assert until(visit, lambda: "same" in value(visit)["name"])
            rest(visit)
            visit.page.wait_for_timeout(1500)
            visit.figure.evaluate("f => f.at(f.value.start)")
            rest(visit)
            assert np.abs(np.array(value(visit)["shares"]) - alone).max() < 1e-9, pause
        hold(site.complaints_console(visit))


PADS = """const decode = OfflineAudioContext.prototype.decodeAudioData;
    OfflineAudioContext.prototype.decodeAudioData = async function (bytes) {
        window.sizes = [...(window.sizes ?? []), bytes.byteLength];
        const found = await decode.call(this, bytes), padded = this.createBuffer(1, 12 * 48_000, 48_000);
        padded.copyToChannel(found.getChannelData(0), 0);
        return padded;
    };"""


def test_a_decoder_that_fills_with_silence_gets_the_whole_file(fresh, address):
    """Where every piece seems to be as long as the head of the file says, none of them is taken for the sound."""
    window, noise = fresh(), np.random.default_rng(SEED).normal(0, 0.1, 12 * 48_000)
    data = wav(noise, 48_000, "PCM_16", "FLAC")
    assert len(data) > 500_000
    window.add_init_script(PADS)
    with opened(window, address, NAME) as visit:
        give(visit, data, "padded.flac")
        assert visit.page.evaluate("window.sizes").count(len(data)) == 1
        assert visit.figure.evaluate("f => f.sound.samples.slice(-1000).some((x) => Math.abs(x) > 0.01)")


def test_hurried_readers_do_no_harm(fresh, address):
    """Every button is pressed before the first sound is there."""
    window = fresh()
    window.add_init_script(
        """const watch = setInterval(() => {
            const root = document.querySelector("sound-lab")?.shadowRoot;
            if (!root?.querySelector("#through")) return;
            clearInterval(watch);
            window.early = document.querySelector("sound-lab").value.columns;
            for (const id of ["all", "part", "tone", "through", "load", "load"]) root.querySelector(`#${id}`).click();
            for (const id of ["start", "line"]) root.querySelector(`#${id}`).dispatchEvent(new Event("input"));
            root.querySelector("#spectrum").dispatchEvent(new PointerEvent("pointerdown", {clientX: 5, clientY: 5}));
        }, 1);"""
    )
    with opened(window, address, NAME) as visit:
        assert until(visit, lambda: value(visit)["network"])
        rest(visit)
        assert visit.page.evaluate("window.early") == 0 and value(visit)["columns"] == 124
        assert text(visit, "#trouble") == "" and value(visit)["shares"]
        hold(site.complaints_console(visit))


def test_the_list_of_hits_names_what_is_shown(fresh, address):
    """So that a hit that did not come can be chosen again; "none of them" cannot take away what is there."""
    with opened(fresh(), address, NAME) as visit:
        hits = visit.figure.locator("#hits")
        visit.page.context.set_offline(True)
        hits.select_option("all")
        assert until(visit, lambda: "connection" in text(visit, "#trouble"))
        assert hits.input_value() == ""
        visit.figure.locator("#load").click()
        assert until(visit, lambda: "network could not" in text(visit, "#trouble"))
        visit.page.context.set_offline(False)
        visit.figure.locator("#load").click()
        assert until(visit, lambda: value(visit)["network"])
        assert text(visit, "#trouble") == ""
        hits.select_option("all")
        assert until(visit, lambda: "Six hits" in value(visit)["name"])
        hits.select_option("")
        assert hits.input_value() == "all"
        give(visit, wav(NOISE, RATE))
        assert hits.input_value() == ""


LONG = "a" * 120 + ".wav"


def test_a_long_name_fits_a_phone(fresh, address):
    """Of a recording and of a file that is none: the page does not become wider than the screen."""
    with opened(fresh(320), address, NAME) as visit:
        for data, where in ((wav(NOISE, RATE), "#where"), (b"Buy new sticks.", "#trouble")):
            visit.figure.locator("#file").set_input_files(given(data, LONG))
            assert until(visit, lambda where=where: "a" * 60 in text(visit, where))
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_hidden_tab_draws_no_map(fresh, address):
    """What is lost by covering is computed when the tab is seen again."""
    with opened(fresh(), address, NAME) as visit:
        give(visit, wav(NOISE, RATE))
        visit.page.evaluate(HIDE, True)
        visit.figure.evaluate("f => f.coverWith('average')")
        visit.page.wait_for_timeout(600)
        assert not value(visit)["lost"]
        visit.page.evaluate(HIDE, False)
        assert until(visit, lambda: value(visit)["lost"])


def test_recordings_are_dropped_and_pasted(fresh, address):
    """By either way; of several files the first, which is said."""
    data = wav(NOISE, RATE)
    with opened(fresh(), address, NAME) as visit:
        paste(visit, data, "pasted.wav")
        assert until(visit, lambda: "pasted.wav" in value(visit)["name"])
        visit.figure.evaluate(
            """(f, text) => { const files = new DataTransfer();
                const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
                for (const name of ["first.wav", "second.wav"]) files.items.add(new File([bytes], name));
                f.dispatchEvent(new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true})); }""",
            coded(data),
        )
        assert until(visit, lambda: "first.wav" in value(visit)["name"])
        assert "only the first" in text(visit, "#trouble")


# ---- Under load -------------------------------------------------------------------------------------


def test_the_page_stays_answerable(browser, fresh, address, tmp_path):
    """Ten seconds are read, heard, dragged over and played: no task of the page's thread above 50 ms."""
    took, file = {}, tmp_path / "long.wav"
    file.write_bytes(wav(np.tile(NOISE, 72), 96_000, "PCM_24"))
    with opened(fresh(), address, NAME) as visit:

        def read():
            visit.figure.locator("#file").set_input_files(file)
            assert until(visit, lambda: "long.wav" in value(visit)["name"])
            rest(visit)

        def drag():
            visit.figure.evaluate(
                """async (f) => { for (let n = 1; n < 40; n++) { f.filter(6 * n); f.at(3000 * n);
                    await new Promise(requestAnimationFrame); } }"""
            )

        def play():
            for ident in ("all", "through"):
                visit.figure.locator(f"#{ident}").click()
                assert until(visit, lambda ident=ident: value(visit)["playing"] == ident)
                visit.page.wait_for_timeout(300)
            visit.figure.locator("#through").click()

        took["file"] = busy(browser, visit, read)
        took["drag"] = busy(browser, visit, drag)
        took["play"] = busy(browser, visit, play)
        took["view"] = busy(browser, visit, lambda: visit.figure.evaluate("f => f.show('bands')"))
    assert max(took.values()) < 50, took


def test_stop_is_quick_and_goes_on(fresh, address):
    """The answers along a recording stop within 200 ms and go on from there; a hidden tab does the same by itself."""
    data = wav(np.tile(NOISE, 10), RATE)  # heard everywhere
    with opened(fresh(), address, NAME) as visit:
        visit.figure.evaluate("f => f.listen()")
        for how in ("press", "hide"):
            visit.figure.locator("#file").set_input_files(given(data, f"{how}.wav"))
            assert until(visit, lambda how=how: how in value(visit)["name"] and value(visit)["running"])
            took = visit.figure.evaluate(
                """async (f, how) => { const begin = performance.now();
                    if (how === "press") f.shadowRoot.querySelector("#pause").click();
                    else { Object.defineProperty(document, "hidden", {value: true, configurable: true});
                           document.dispatchEvent(new Event("visibilitychange")); }
                    while (f.value.running) await new Promise((go) => setTimeout(go, 2));
                    return performance.now() - begin; }""",
                how,
            )
            assert took < 200, took
            rest_of = value(visit)["next"]
            assert rest_of is not None and rest_of < 290
            visit.page.wait_for_timeout(300)
            assert value(visit)["next"] == rest_of
            if how == "press":
                assert text(visit, "#pause") == "Go on listening"
                visit.figure.locator("#pause").click()
            else:
                visit.page.evaluate(HIDE, False)
            rest(visit)
            assert value(visit)["next"] is None
            assert visit.figure.evaluate("f => [...f.answers].length") == 5 * 297


def test_newest_recording_wins(fresh, address):
    """Files that come while another is heard: what is shown at the end belongs to the last."""
    with opened(fresh(), address, NAME) as visit:
        for n in range(4):
            data = wav(drawn(np.random.default_rng([SEED, n]), RATE, 2 + n), RATE)
            visit.figure.locator("#file").set_input_files(given(data, f"number-{n}.wav"))
        assert until(visit, lambda: "number-3" in value(visit)["name"])
        rest(visit)
        assert value(visit)["length"] == 5 * RATE
        assert visit.figure.evaluate("f => f.answers.length") == 5 * ((5 * RATE - HALF) // STEP + 1)
        assert len(visit.page.workers) == 1
        hold(site.complaints_console(visit))


def test_progress_is_told_but_not_each_number(fresh, address):
    """Ten seconds of answers: a few sentences, the last of which sums up; a bar and a button meanwhile."""
    data = wav(drawn(np.random.default_rng(SEED), RATE, 10), RATE)
    with opened(fresh(), address, NAME) as visit:
        visit.figure.evaluate(
            """f => { window.told = []; const voice = f.shadowRoot.querySelector("[role=status]");
                new MutationObserver(() => window.told.push(voice.textContent)).observe(voice, {childList: true}); }"""
        )
        give(visit, data)
        spoken(visit, "Along the recording")
        told = visit.page.evaluate("window.told")
        assert "mine.wav" in told[0] and 2 <= len(told) <= 5, told
        assert visit.figure.locator("#progress").is_hidden()


def test_the_head_moves_seldom_with_reduced_motion(fresh, address):
    """The play head is at a new place twice a second at most where a reader wants less motion."""
    places = {}
    for wish in ("reduce", "no-preference"):
        with opened(fresh(reduced_motion=wish), address, NAME) as visit:
            visit.figure.locator("#all").click()
            places[wish] = visit.figure.evaluate(
                """async (f) => { const found = new Set(), end = performance.now() + 1200;
                    while (performance.now() < end) {
                        found.add(f.shadowRoot.querySelector("#head").style.left);
                        await new Promise((go) => setTimeout(go, 10));
                    }
                    return found.size; }"""
            )
    assert places["reduce"] <= 5 < places["no-preference"], places


def test_a_network_that_does_not_come_is_told(fresh, address):
    """The recording is shown all the same; the button asks again."""
    window = fresh()
    window.route("**/sound-lab/drums.p2p", lambda route: route.abort())
    with opened(window, address, NAME) as visit:
        visit.figure.locator("#file").set_input_files(given(wav(NOISE, RATE)))
        visit.figure.locator("#trouble", has_text="The network could not be loaded").wait_for()
        assert "mine.wav" in value(visit)["name"]
        window.unroute("**/sound-lab/drums.p2p")
        visit.figure.locator("#load").click()
        assert until(visit, lambda: value(visit)["shares"])


def test_it_goes_on_without_a_network(fresh, address):
    """Once the network is there the connection may go: files, the hits, the filter and sounds ask for nothing."""
    window = fresh()
    with opened(window, address, NAME) as visit:
        visit.figure.locator("#hits").select_option("all")
        assert until(visit, lambda: value(visit)["network"])
        rest(visit)
        window.set_offline(True)
        asked = len(visit.requests)
        give(visit, wav(NOISE, 44_100))
        visit.figure.locator("#hits").select_option("2")
        assert until(visit, lambda: "Hit 3" in value(visit)["name"])
        rest(visit)
        visit.figure.locator("#through").click()
        assert until(visit, lambda: value(visit)["playing"] == "through")
        assert visit.requests[asked:] == []
        hold(site.complaints_console(visit))


def test_memory_is_bounded_and_given_back(fresh, address):
    """Many long recordings: the page does not grow with their number, and the thread goes with the figure."""
    data = wav(drawn(np.random.default_rng(SEED), 48_000, 11), 48_000)
    with opened(fresh(), address, NAME) as visit:
        session = visit.page.context.new_cdp_session(visit.page)

        def held():
            session.send("HeapProfiler.collectGarbage")
            found = session.send("Runtime.getHeapUsage")
            return found["usedSize"] + found.get("backingStorageSize", 0)

        sizes = []
        for n in range(5):
            visit.figure.locator("#file").set_input_files(given(data, f"n{n}.wav"))
            assert until(visit, lambda n=n: f"n{n}." in value(visit)["name"])
            sizes.append(held())
        assert sizes[-1] < sizes[0] + 3e6 and sizes[-1] < 40e6, sizes
        assert len(visit.page.workers) == 1
        visit.figure.evaluate("f => f.remove()")
        assert until(visit, lambda: not visit.page.workers)


def test_chapter_grows_by_little():
    """What the figure adds to the page of chapter 12 before it is asked for, gzipped."""
    assert site.growth("12_sound.html", "Sound lab") < 5000
