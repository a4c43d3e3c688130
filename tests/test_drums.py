"""The recorded drums: what the card says, and a tool that fails well."""

import hashlib
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tools.book import read_notebook
from tools.data import build_drums
from tools.rules.data_cards import cards

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "data" / "datasets" / "drums.npz"
CARD = cards(ROOT)["datasets/drums.npz"]


@pytest.fixture(scope="module")
def drums():
    with np.load(FILE) as file:
        return {name: file[name] for name in file.files}


def test_file_as_the_card_says():
    content = FILE.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert len(content) < 3_000_000
    assert f"{len(content):,} bytes" in CARD and digest in CARD
    cells = read_notebook(ROOT / "notebooks" / "12_sound.ipynb").cells
    assert sum(digest in cell.source for cell in cells) == 1


def test_counts_as_the_card_says(drums):
    _, where = np.unique(drums["sound"], return_index=True)
    kind, maker = drums["kind"][where], drums["maker"][where]
    rows = re.findall(
        r"(?m)^\| ([A-Z]\w+|another studio) \|.*?\| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", CARD
    )
    assert [name for name, *_ in rows] == [*drums["makers"], "another studio"]
    for m, (name, *counts) in enumerate(rows):
        mine = drums["other_kind"] if name == "another studio" else kind[maker == m]
        assert list(map(int, counts)) == np.bincount(mine, minlength=5).tolist()
    assert tuple(drums["kinds"]) == build_drums.KINDS
    assert len(where) == len(drums["sounds"]) == 470 and len(drums["sound"]) == 540
    copies = np.bincount(drums["sound"])
    assert copies.max() == 2 and np.sum(copies == 2) == 70
    twice = {
        file.split("/")[0] for file in drums["file"][np.isin(drums["sound"], np.flatnonzero(copies == 2))]
    }
    assert twice == {"GMRockKit", "The Black Pearl 1.0"}
    hits = np.bincount(drums["drum"][where])
    assert hits.min() == 1 and hits.max() == 8


def test_copies_agree_in_class_maker_and_drum(drums):
    for name in ("kind", "maker", "drum"):
        assert len({*zip(drums["sound"].tolist(), drums[name].tolist(), strict=True)}) == 470, name
    of_drum = {*zip(drums["drum"].tolist(), drums["kind"].tolist(), drums["maker"].tolist(), strict=True)}
    assert len(of_drum) == len(np.unique(drums["drum"]))


def test_recordings_are_whole(drums):
    for name in ("sounds", "other_sounds"):
        sounds = drums[name]
        assert sounds.dtype == "uint8" and sounds.shape[1] == build_drums.LENGTH
        loudest = np.abs(sounds.astype(int) - 128).max(axis=1)
        assert (loudest == 127).all()  # a peak of 1
        assert (np.abs(sounds[:, :600].astype(int) - 128).max(axis=1) > 40).all()  # it begins at once
    both = np.concatenate([drums["sounds"], drums["other_sounds"]])
    assert len(np.unique(both, axis=0)) == len(both)


def test_entries_sorted_undated_and_licensed():
    with zipfile.ZipFile(FILE) as archive:
        names = archive.namelist()
        assert names == sorted(set(names))
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        for name in ("LICENSE.txt", "README.txt"):
            assert archive.read(name) == (ROOT / "tools" / "data" / "drums" / name).read_bytes()
        notes = archive.read("README.txt").decode()
    for kits in build_drums.MAKERS.values():
        assert all(kit in notes for kit in kits)


def test_mu_law_and_back():
    samples = np.linspace(-1, 1, 2001)
    bent = (build_drums.mu_law(samples).astype(float) - 128) / 127
    back = np.sign(bent) * (256 ** np.abs(bent) - 1) / 255
    assert build_drums.mu_law(np.zeros(1))[0] == 128
    assert np.max(np.abs(back - samples)) < 0.025
    near = np.abs(samples) < 0.01
    assert np.max(np.abs(back - samples)[near]) < 0.0003


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ('Kick (Tama Superstar 22")', "kick"),
        ('Ride (Custom, Zagrebin 22")', "cymbal"),
        ("Snare Roll", ""),
        ("Pearl Side Stick", ""),
        ("c#4 - crash", "cymbal"),
        ("Side OHH", "hi-hat"),
        ("f#3 - hi-hat closed", "hi-hat"),
        ("Sabian Hat Choke", "hi-hat"),
        ("tomhi2", "tom"),
        ("Tambourine (Pearl PTM-10GH)", ""),
        ("Conga 1", ""),
        ("Hand Clap", ""),
    ],
)
def test_class_of_an_instrument(name, kind):
    assert build_drums.kind_of(name) == kind


def test_instruments_that_share_a_recording_are_one_drum():
    rows = [
        (0, 0, 0, "f", "a"),
        (1, 0, 0, "f", "a"),
        (1, 0, 0, "f", "b"),
        (2, 0, 0, "f", "c"),
        (3, 0, 0, "f", "b"),
    ]
    assert build_drums.drums_of(rows) == [0, 0, 0, 1, 0]


def test_a_hit_begins_and_is_scaled():
    wave = np.concatenate([np.zeros(3000), 0.3 * np.sin(np.arange(900) / 5)])
    made = build_drums.hit(wave, 44_100)
    assert len(made) == build_drums.LENGTH and np.isclose(np.abs(made).max(), 1)
    assert np.flatnonzero(np.abs(made) > 0.1)[0] < 60 and made[-1] == 0
    with pytest.raises(build_drums.BadInput, match="silent"):
        build_drums.hit(np.zeros(100), 8000)


def test_tool_names_what_is_missing(tmp_path, capsys):
    with pytest.raises(SystemExit, match="is not there: install or unpack the three packages"):
        build_drums.main([str(tmp_path), "--target", str(tmp_path / "drums.npz")])
    assert not list(tmp_path.iterdir())
