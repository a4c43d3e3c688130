"""Chapter 12's reader of somebody's own recordings: whatever the files are, it goes on or says why not.

The functions are taken from the notebook, as a reader runs them; a stub answers in the network's place.
"""

import contextlib
import io
import time
import wave
from pathlib import Path

import numpy as np
import pytest
import scipy
import scipy.signal
import scipy.special
from numpy.lib.stride_tricks import sliding_window_view

from chapter_cells import defined
from tools.book import Book
from tools.data import build_drums

soundfile = pytest.importorskip("soundfile")
CHAPTER = Book().root / "notebooks/12_sound.ipynb"
CELLS = (
    "def spectrogram(",
    "def mel(",
    "BANDS, FLOOR",
    "LONGEST = ",
    "def is_clipped(",
    "def first_hit(",
    "SOUNDS = ",
    "def hear(",
    "def awkward(",
)
NAMES = ["kick", "snare", "tom", "hi-hat", "cymbal"]


@pytest.fixture(scope="module")
def chapter():
    """The functions of the section by name."""
    drums = np.load(Book().root / "data/datasets/drums.npz")
    space = {
        "np": np, "scipy": scipy, "soundfile": soundfile, "Path": Path, "RATE": 16_000, "SIZE": 512, "HOP": 256,
        "sliding_window_view": sliding_window_view, "x": np.ones((470, 8000)), "names": NAMES, "drums": drums,
        "listener": None, "logits": lambda model, x: np.array([[0, 0, 9.0, 0, 0]]),
        "decoded": decoded,
    }  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        return defined(CHAPTER, CELLS, space)


def decoded(stored):
    """Bytes of the mu-law -> samples, as in the chapter."""
    bent = (stored.astype("float32") - 128) / 127
    return np.sign(bent) * (256 ** np.abs(bent) - 1) / 255


def strike(rate=44_100, seconds=0.4, hertz=180, peak=0.8):
    """A decaying tone."""
    t = np.arange(int(rate * seconds)) / rate
    return peak * np.exp(-8 * t) * np.sin(2 * np.pi * hertz * t)


def heard(chapter, source):
    """({name: class or None}, what was printed)."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        found = chapter["hear"](source)
    return found, said.getvalue()


KINDS = [
    ("WAV", kind, rate) for kind in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
    for rate in (44_100,)
] + [
    ("WAV", "PCM_16", 8000), ("WAV", "PCM_16", 11_025), ("WAV", "PCM_16", 96_000), ("WAV", "PCM_16", 44_056),
    ("FLAC", "PCM_16", 48_000), ("FLAC", "PCM_24", 96_000), ("FLAC", "PCM_S8", 44_100), ("OGG", "VORBIS", 44_100),
    ("AIFF", "PCM_16", 44_100), ("W64", "PCM_16", 44_100), ("CAF", "PCM_16", 44_100),
]  # fmt: skip


@pytest.mark.parametrize(("form", "kind", "rate"), KINDS)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_kind_is_read_alike(chapter, tmp_path, form, kind, rate, channels):
    path = tmp_path / f"hit.{form.lower()}"
    samples = np.stack([strike(rate)] * channels, axis=1)
    soundfile.write(path, samples, rate, kind, format=form)
    opened, at, said = chapter["opened"](path)
    hit, more = chapter["first_hit"](opened, at)
    wanted, _ = chapter["first_hit"](strike(16_000)[:, None], 16_000)
    assert hit.shape == (8000,) and np.isclose(np.abs(hit).max(), 1) and more == []
    together = np.fft.rfft(hit)
    alike = np.abs(np.vdot(together, np.fft.rfft(wanted))) / np.linalg.norm(together)
    assert alike / np.linalg.norm(np.fft.rfft(wanted)) > 0.9
    assert ("has 8 bits, so its quiet parts are noise" in said) == (kind in ("PCM_U8", "PCM_S8"))
    assert (f"holds nothing above {rate // 2:,} Hz" in said) == (rate < 16_000)


def test_a_hit_comes_out_as_the_books_are_stored(chapter):
    """By the mu-law of the tool that made the book's file, noise and all."""
    hit, _ = chapter["first_hit"](strike()[:, None], 44_100)
    stored = build_drums.mu_law(build_drums.hit(strike(), 44_100))
    steps = np.round(128 + 127 * np.sign(hit) * np.log1p(255 * np.abs(hit)) / np.log(256))
    assert np.allclose(decoded(steps), hit, atol=1e-5)
    assert np.abs(steps - stored).max() <= 1 and np.mean(steps != stored) < 0.01


def test_leading_silence_is_cut(chapter):
    late = np.concatenate([np.zeros(20_000), strike()])
    one, _ = chapter["first_hit"](strike()[:, None], 44_100)
    other, _ = chapter["first_hit"](late[:, None], 44_100)
    first = [int(np.argmax(np.abs(each) > 0.1)) for each in (one, other)]
    assert abs(first[0] - first[1]) < 50


def test_a_constant_is_taken_off(chapter):
    hit, said = chapter["first_hit"](0.1 * strike()[:, None] + 0.3, 44_100)
    assert abs(np.median(hit)) < 0.05 and said == []


def test_what_it_should_know(chapter):
    loud = np.clip(6 * strike(), -1, 1)[:, None]
    assert "is clipped" in chapter["first_hit"](loud, 44_100)[1]
    assert "is clipped" in chapter["first_hit"](0.5 * loud, 44_100)[1]  # made softer later
    square = np.sign(strike())[:, None] * 0.9
    assert "is clipped" in chapter["first_hit"](square, 44_100)[1]
    assert chapter["first_hit"](strike(hertz=40)[:, None], 44_100)[1] == []
    opposite = np.stack([strike(), -strike()], axis=1)
    hit, said = chapter["first_hit"](opposite, 44_100)
    assert np.abs(hit).max() > 0.99 and said == [
        "has channels that cancel each other; the loudest one was taken"
    ]
    for silent in (1, 15):
        one_sided = np.stack([strike(), *[0 * strike()] * silent], axis=1)
        assert chapter["first_hit"](one_sided, 44_100)[1] == []
    noise = np.random.default_rng(0).normal(0, 0.02, 2 * 44_100)
    late = np.concatenate([noise, strike()])[:, None]
    assert chapter["first_hit"](late, 44_100)[1] == ["is much louder later; the first half second was taken"]


def bad(tmp_path):
    """Name -> the sentence about it; the files are written."""

    def write(name, samples, rate=44_100, kind="PCM_16"):
        soundfile.write(tmp_path / name, samples, rate, kind)

    write("silent.wav", np.zeros(5000))
    write("constant.wav", np.full(5000, 0.4), kind="FLOAT")
    write("empty.wav", np.zeros(0))
    write("tiny.wav", strike()[:300])
    write("nan.wav", np.append(strike(), np.nan), kind="FLOAT")
    write("inf.wav", np.append(strike(), np.inf), kind="FLOAT")
    write("slow.wav", strike(), rate=1000)
    write("whole.flac", np.random.default_rng(0).normal(0, 0.1, 90_000))
    whole = (tmp_path / "whole.flac").read_bytes()
    (tmp_path / "half.flac").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "zeros.flac").write_bytes(whole[:200] + bytes(len(whole) - 200))
    (tmp_path / "whole.flac").unlink()
    (tmp_path / "text.wav").write_text("no recording")
    (tmp_path / "nothing.wav").write_bytes(b"")
    (tmp_path / "header.wav").write_bytes(b"RIFF\xff\xff\xff\x7fWAVE")
    (tmp_path / "phone.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100))
    damaged = "is damaged, or no recording that soundfile can read"
    short = "is shorter than a fiftieth of a second"
    return {
        "silent.wav": "is silent", "constant.wav": "is silent", "empty.wav": short, "tiny.wav": short,
        "nan.wav": "holds values that are no numbers", "inf.wav": "holds values that are no numbers",
        "slow.wav": "has a sampling rate of 1,000 Hz", "half.flac": "", "zeros.flac": "",
        "text.wav": damaged, "nothing.wav": damaged, "header.wav": damaged, "phone.m4a": damaged,
    }  # fmt: skip


def test_what_cannot_be_used_is_named_in_one_sentence(chapter, tmp_path):
    wanted = bad(tmp_path)
    found, said = heard(chapter, tmp_path)
    assert found == dict.fromkeys(wanted)
    lines = said.splitlines()
    assert len(lines) == len(wanted)
    for name, words in wanted.items():
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        assert words in line and line.endswith(": left out.") and str(tmp_path) not in line


def test_a_folder_of_everything(chapter, tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    soundfile.write(tmp_path / "a" / "b" / "Hit One.WAV", strike(), 44_100)
    soundfile.write(tmp_path / "ümlaut.flac", strike(), 44_100)
    soundfile.write(tmp_path / "._hidden.wav", strike(), 44_100)
    (tmp_path / "cover.jpg").write_bytes(b"x")
    (tmp_path / "damaged.wav").write_bytes(b"x")
    found, said = heard(chapter, str(tmp_path))
    assert found == {"a/b/Hit One.WAV": "tom", "ümlaut.flac": "tom", "damaged.wav": None}
    assert "cover" not in said and "hidden" not in said


def test_a_single_file_and_none(chapter, tmp_path):
    soundfile.write(tmp_path / "hit.wav", strike(), 44_100)
    assert heard(chapter, str(tmp_path / "hit.wav"))[0] == {"hit.wav": "tom"}
    for missing in (tmp_path / "nowhere", tmp_path / "nowhere.wav"):
        assert heard(chapter, str(missing)) == ({}, f"{missing}: there is no such file or folder.\n")
    for quoted in (f'"{tmp_path / "hit.wav"}"', f"{tmp_path / 'hit.wav'} "):
        assert heard(chapter, quoted)[0] == {"hit.wav": "tom"}
    for odd in ([tmp_path / "hit.wav"], 3, None, "x" * 300, " "):
        found, said = heard(chapter, odd)
        assert found == {} and said == f"{odd}: there is no such file or folder.\n"
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".git").mkdir()
    soundfile.write(tmp_path / "empty" / ".git" / "hit.wav", strike(), 44_100)
    assert "there is no recording" in heard(chapter, str(tmp_path / "empty"))[1]


def test_a_long_recording_is_read_to_a_limit(chapter, tmp_path):
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:  # ten minutes
        file.setparams((2, 2, 44_100, 0, "NONE", ""))
        file.writeframes(np.int16(20_000 * strike()).repeat(2).tobytes())
        file.writeframes(bytes(44_100 * 4 * 600))
    started = time.perf_counter()
    found, said = heard(chapter, path)
    assert time.perf_counter() - started < 5
    assert found == {"long.wav": "tom"} and "It was read for 10 seconds." in said


def test_the_box_of_awkward_files(chapter, tmp_path):
    chapter["awkward"](tmp_path)
    found, said = heard(chapter, tmp_path)
    refused = {name for name, kind in found.items() if kind is None}
    assert refused == {"empty.wav", "half.flac", "notes.wav", "silent.wav"} and len(found) == 9
    assert "clipped.wav: tom, 100%  It is clipped." in said.replace("  ", " ").replace("100% It", "100%  It")
    assert "eight.wav" in said and "8 bits" in said and "cancel each other" in said


def test_what_is_silent_for_too_long_says_so(chapter, tmp_path):
    soundfile.write(tmp_path / "late.wav", np.concatenate([np.zeros(12 * 8000), strike(8000)]), 8000)
    found, said = heard(chapter, str(tmp_path / "late.wav"))
    assert found == {"late.wav": None}
    assert "is silent: left out." in said and "It was read for 10 seconds." in said
