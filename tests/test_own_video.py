"""Chapter 16's reader of somebody's own videos: whatever the files are, it watches or says why not. And its data tool.

The functions are taken from the notebook, as a reader runs them; the videos are written with PyAV.
"""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chapter_cells import defined
from tools.book import Book
from tools.data.whole import BadInput

av = pytest.importorskip("av")
CHAPTER = Book().root / "notebooks/16_video.ipynb"
CELLS = (
    "def second_ago(", "class Watcher", "class Unusable(", "def grey_frames(", "def read(", "MARGIN = ",
    "def ready(", "def watch(", "def told_of(", "def filmed(",
)  # fmt: skip
USUAL = 6  # seconds of the films here that are usual


@pytest.fixture(scope="module")
def chapter():
    """The functions of the section by name."""
    return defined(CHAPTER, CELLS, {"np": np, "av": av, "Path": Path, "RATE": 25})


@pytest.fixture(scope="module")
def clip():
    """Ten seconds of a room with a thing that sways in its corner, and something new from second 8 on."""
    rng = np.random.default_rng(0)
    room = 90 + 60 * np.kron(rng.random((12, 18)), np.ones((8, 8)))
    frames = np.repeat(room[None], 250, axis=0)
    for n in range(250):
        at = 20 + n // 5 % 4
        frames[n, 10:24, at : at + 10] = 30
    frames[200:, 50:70, 90:120] = 20
    return frames + rng.normal(0, 1, frames.shape)


def said(chapter, path, seconds=USUAL):
    """(times or None, what was printed)."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        times = chapter["told_of"](path, seconds)
    return times, out.getvalue()


def written(path, pictures, codec="mpeg4", rate=25, pix="yuv420p", **settings):
    """A video of RGB pictures."""
    with av.open(str(path), "w", **settings) as file:
        stream = file.add_stream(codec, rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = pix, 4_000_000
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture.astype("uint8"), format="rgb24")
            file.mux(stream.encode(frame.reformat(format=pix)))
        file.mux(stream.encode())


@pytest.mark.parametrize("name", ["room.avi", "a room, (2) é.mov", ".hidden.mp4", "room"])
def test_a_new_thing_is_found_whatever_the_container(chapter, clip, tmp_path, name):
    made = tmp_path / (name if "." in name else name + ".mkv")
    chapter["filmed"](made, clip)
    path = made.rename(tmp_path / name)
    times, text = said(chapter, path)
    assert len(times) == 1 and abs(times[0] - 8) < 0.3, text
    assert Path(name).name in text and "never seen so" in text


@pytest.mark.parametrize(
    ("codec", "pix", "ending"),
    [("mjpeg", "yuvj420p", ".avi"), ("ffv1", "yuv444p", ".mkv"), ("libvpx", "yuv420p", ".webm")],
)
def test_other_codecs_and_colour(chapter, clip, tmp_path, codec, pix, ending):
    if codec not in av.codecs_available:
        pytest.skip(codec)
    path = tmp_path / f"film{ending}"
    written(path, np.repeat(clip[..., None], 3, axis=-1)[::2], codec, 12, pix)
    times, text = said(chapter, path)
    assert times and abs(times[0] - 8) < 1, text


def test_quotes_round_a_path_are_no_part_of_it(chapter, clip, tmp_path):
    chapter["filmed"](tmp_path / "room.mp4", clip)
    assert len(said(chapter, f'"{tmp_path / "room.mp4"}"')[0]) == 1


def test_nothing_new_is_no_alarm(chapter, clip, tmp_path):
    chapter["filmed"](tmp_path / "quiet.mp4", clip[:199])
    times, text = said(chapter, tmp_path / "quiet.mp4")
    assert times == [] and "nothing unusual" in text


def test_a_frozen_camera_is_told(chapter, clip, tmp_path):
    frozen = np.concatenate([clip[:170], np.repeat(clip[170:171], 60, axis=0)])
    written(tmp_path / "frozen.mkv", np.repeat(frozen[..., None], 3, axis=-1), "ffv1", 25, "yuv444p")
    times, text = said(chapter, tmp_path / "frozen.mkv")
    assert len(times) == 1 and "no change for 1.0 s" in text and abs(times[0] - 7.8) < 0.2


def test_a_camera_that_freezes_while_an_alarm_lasts_is_told(chapter, clip, tmp_path):
    frozen = np.concatenate([clip[:160], clip[200:220], np.repeat(clip[220:221], 50, axis=0)])
    written(tmp_path / "both.mkv", np.repeat(frozen[..., None], 3, axis=-1), "ffv1", 25, "yuv444p")
    times, text = said(chapter, tmp_path / "both.mkv")
    assert len(times) == 2 and text.count("no change for 1.0 s") == 1, text
    assert abs(times[0] - 6.4) < 0.1 and abs(times[1] - 8.2) < 0.2


def test_a_codec_that_repeats_frames_is_no_frozen_camera(chapter, clip, tmp_path):
    still = np.repeat(np.repeat(clip[:1], 250, axis=0)[..., None], 3, axis=-1)
    written(tmp_path / "still.mkv", still, "ffv1", 25, "yuv444p")
    times, text = said(chapter, tmp_path / "still.mkv")
    assert times == [] and "nothing unusual" in text


def test_faults_are_one_sentence(chapter, clip, tmp_path):
    chapter["filmed"](tmp_path / "whole.mp4", clip)
    data = (tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "half.mp4").write_bytes(data[: len(data) // 2])
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "notes.mp4").write_text("Feed the bird.")
    (tmp_path / "notes.txt").write_text("Feed the bird.\n" * 50)
    (tmp_path / "folder.mp4").mkdir()
    for name in ("picture.png", "picture.jpg", "picture.bmp", "picture.tiff", "picture.webp"):
        Image.fromarray(clip[0].astype("uint8")).convert("RGB").save(tmp_path / name)
    with av.open(str(tmp_path / "sound.wav"), "w") as file:
        stream = file.add_stream("pcm_s16le", 8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), "int16"), format="s16", layout="mono")
        frame.rate = 8000
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    chapter["filmed"](tmp_path / "short.mp4", clip[:100])
    chapter["filmed"](tmp_path / "one.mp4", clip[:1])
    wide = np.kron(np.random.default_rng(1).random((12, 60)), np.ones((8, 8))) * 200
    chapter["filmed"](tmp_path / "moving.mp4", np.stack([wide[:, n : n + 144] for n in range(250)]))
    chapter["filmed"](tmp_path / "dark.mp4", np.full((250, 96, 144), 20.0))
    expected = {
        "half.mp4": "is damaged, or no video", "empty.mp4": "is damaged, or no video",
        "notes.mp4": "is damaged, or no video", "notes.txt": "is a text",
        "folder.mp4": "is a folder", "picture.png": "is a picture", "picture.jpg": "is a picture",
        "picture.bmp": "is a picture", "picture.tiff": "is a picture", "picture.webp": "is a picture",
        "sound.wav": "has sound, but no pictures", "short.mp4": "is over before", "one.mp4": "is over before",
        "moving.mp4": "the camera moves", "dark.mp4": "one even grey", "nowhere.mp4": "is not there",
    }  # fmt: skip
    for name, words in expected.items():
        times, text = said(chapter, tmp_path / name)
        assert times is None and text.startswith(name) and words in text and text.count("\n") == 1, (
            name,
            text,
        )
    times, text = said(chapter, tmp_path / "whole.mp4", 0.5)
    assert times is None and "it needs 30" in text
    for odd in ("", None, 7, ["a", "b"]):
        times, text = said(chapter, odd)
        assert times is None and text.count("\n") == 1, text


def test_a_film_that_breaks_off_is_watched_as_far_as_it_goes(chapter, clip, tmp_path):
    chapter["filmed"](tmp_path / "whole.mkv", clip)
    data = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) * 9 // 10])
    _, text = said(chapter, tmp_path / "cut.mkv")
    assert "0:08" in text


def test_sizes(chapter, clip, tmp_path):
    """A tall film, one of odd sides, one of a few pixels."""
    colour = np.repeat(clip[..., None], 3, axis=-1)
    written(tmp_path / "tall.mp4", colour.transpose(0, 2, 1, 3))
    assert len(said(chapter, tmp_path / "tall.mp4")[0]) == 1
    written(tmp_path / "odd.mkv", colour[:, :95, :143], "ffv1", 25, "yuv444p")
    assert len(said(chapter, tmp_path / "odd.mkv")[0]) == 1
    written(tmp_path / "tiny.mkv", colour[:50, :10, :12], "ffv1", 25, "yuv444p")
    assert "smaller than 16 pixels" in said(chapter, tmp_path / "tiny.mkv")[1]


def test_many_usual_frames_are_thinned(chapter):
    """Whatever the length, what is held stays below a bound."""
    held, first = [], []

    def frames(path):
        rng = np.random.default_rng(0)
        for n in range(5000):
            frame = rng.normal(100, 3, (12, 16)).astype("float32")
            frame[0, 0] = n / 50
            yield n / 25, frame

    learned = chapter["learned"]
    watch = chapter["watch"]
    space = watch.__globals__
    kept = space["read"]
    try:
        space["read"] = frames
        space["learned"] = lambda seen, changes: (
            held.append(len(seen)), first.extend(frame[0, 0] for frame in seen), learned(seen, changes)
        )[-1]  # fmt: skip
        list(watch("", 180))
    finally:
        space["read"], space["learned"] = kept, learned
    assert 400 <= held[0] <= 800
    assert np.allclose(np.diff(first), first[1] - first[0], atol=1e-3)  # evenly, so that a third is a third


def test_the_data_tool_refuses_another_file(tmp_path):
    build_birds = pytest.importorskip("tools.data.build_birds")
    target = tmp_path / "birds.npz"
    (tmp_path / "other.tar.gz").write_bytes(b"no package")
    for path in (tmp_path / "other.tar.gz", tmp_path / "nowhere"):
        with pytest.raises(BadInput):
            build_birds.build(path, target)
    assert not target.exists()


def test_labels_and_events_are_the_tools():
    build_birds = pytest.importorskip("tools.data.build_birds")
    with np.load(Book().root / "data/datasets/birds.npz") as birds:
        label = np.zeros(497, "uint8")
        for first, last, kind in build_birds.EVENTS:
            label[first : last + 1] = kind
        assert np.array_equal(birds["label"], label)
        assert birds["events"].tolist() == [list(each) for each in build_birds.EVENTS]
        assert str(birds["licence"]) == build_birds.LICENCE.read_text("utf-8")
