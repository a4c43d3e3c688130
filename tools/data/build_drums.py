"""Rebuild data/datasets/drums.npz from three packages of Debian with recorded drums.

    python -m tools.data.build_drums [FOLDER]

FOLDER holds the packages' files as they are installed: FOLDER/share/hydrogen/data/drumkits
and FOLDER/share/sonic-pi/samples; /usr unless you name another. Without installing:
`apt-get download hydrogen-drumkits hydrogen-data sonic-pi-samples`, then
`dpkg -x NAME.deb PLACE` for each, and FOLDER is PLACE/usr. To read the recordings the
package soundfile must be there.

A hit becomes one channel at RATE samples a second: the mean of its channels, resampled,
from its beginning on (leading silence is cut), LENGTH samples long (zeros after a short
one), scaled to a peak of 1, and stored as one byte a sample by the mu-law of telephones.
Identical recordings are stored once; `sound` says for each file of a kit which it is.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from tools.data.whole import DATASETS, BadInput, save_zip, told

TARGET = DATASETS / "drums.npz"
NOTES = Path(__file__).parent / "drums"
RATE, LENGTH = 16_000, 8_000  # samples a second; samples that are kept
BEFORE, FAINT = 32, 0.02  # samples kept before the first that reaches FAINT of the peak

KINDS = ("kick", "snare", "tom", "hi-hat", "cymbal")
# An instrument's name in drumkit.xml -> its class; the first that fits. What fits none
# (claps, sticks, cowbells, rolls, effects) is left out.
FITS = (
    ("", r"roll|stick"),
    ("hi-hat", r"\bhat\b|\bo?hh\b|\bhi-? ?hat"),
    ("kick", r"kick|bass ?drum"),
    ("snare", r"snare|redo super opaco"),
    ("tom", r"\btom"),
    ("cymbal", r"\bride|crash|cymbal|splash|china|\bbell"),
)
# Who recorded which kits, as Debian's copyright files and the kits themselves say.
MAKERS = {
    "MacArthur": ("GMRockKit", "The Black Pearl 1.0"),
    "Grilli": ("Millo-Drums_v.1", "Millo_MultiLayered2", "Millo_MultiLayered3"),
    "Sadovnikov": ("ForzeeStereo",),
    "Anderson": ("BJA_Pacific",),
    "Guglielmetti": ("ColomboAcousticDrumkit",),
    "Pavlov": ("ElectricEmpireKit", "HardElectro1", "TR808EmulationKit", "VariBreaks"),
    "Rumpf": ("rumpf_kit_z01_h2",),
}
# The other studio: Sonic Pi's samples, whose names are not their classes in every case.
OTHER = {
    "kick": """bd_808 bd_ada bd_boom bd_fat bd_gas bd_haus bd_klub bd_mehackit bd_pure bd_sone bd_tek bd_zome
        bd_zum drum_bass_hard drum_bass_soft drum_heavy_kick elec_hollow_kick elec_soft_kick""",
    "snare": """drum_snare_hard drum_snare_soft elec_filt_snare elec_hi_snare elec_lo_snare elec_mid_snare
        elec_snare sn_dolf sn_dub sn_generic sn_zome""",
    "tom": """drum_tom_hi_hard drum_tom_hi_soft drum_tom_lo_hard drum_tom_lo_soft drum_tom_mid_hard
        drum_tom_mid_soft elec_fuzz_tom""",
    "hi-hat": "drum_cymbal_closed drum_cymbal_open drum_cymbal_pedal",
    "cymbal": "drum_cymbal_hard drum_cymbal_soft drum_splash_hard drum_splash_soft elec_cymbal",
}


def kind_of(name: str) -> str:
    """The class of an instrument by its name, "" for none of the five."""
    return next((kind for kind, fits in FITS if re.search(fits, name.lower())), "")


def instruments(kit: Path) -> list[tuple[str, list[str]]]:
    """(name, files) of every instrument of a kit, files once, in the order of drumkit.xml."""
    found = []
    for each in ET.parse(kit / "drumkit.xml").getroot().iter():
        if each.tag.split("}")[-1] == "instrument":
            parts = [(part.tag.split("}")[-1], part.text or "") for part in each.iter()]
            names = [text for tag, text in parts if tag == "name"]
            files = [text for tag, text in parts if tag == "filename" and text]
            found.append((names[0] if names else "", list(dict.fromkeys(files))))
    return found


def recording(path: Path) -> tuple[np.ndarray, int]:
    """(samples of the mean of all channels, rate) of a file."""
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except (OSError, RuntimeError) as error:  # soundfile's own error is a RuntimeError
        raise BadInput(f"{path} cannot be read as a recording.") from error
    return samples.mean(axis=1), rate


def hit(samples: np.ndarray, rate: int) -> np.ndarray:
    """A recording as LENGTH samples at RATE from its beginning on, peak 1."""
    shared = np.gcd(RATE, rate)
    samples = resample_poly(samples, RATE // shared, rate // shared)
    peak = np.abs(samples).max(initial=0)
    if peak < 1e-4:
        raise BadInput("A listed recording is silent.")
    start = max(0, int(np.argmax(np.abs(samples) >= FAINT * peak)) - BEFORE)
    samples = samples[start : start + LENGTH]
    return np.pad(samples / np.abs(samples).max(), (0, LENGTH - len(samples)))


def mu_law(samples: np.ndarray) -> np.ndarray:
    """Samples from -1 to 1 -> bytes; 128 is 0, steps grow with the loudness (mu = 255)."""
    bent = np.sign(samples) * np.log1p(255 * np.abs(samples)) / np.log(256)
    return np.round(128 + 127 * bent).astype("uint8")


def tables(folder: Path) -> dict[str, np.ndarray]:
    """Every array of the file by name."""
    kits, other = folder / "share/hydrogen/data/drumkits", folder / "share/sonic-pi/samples"
    for place in (kits, other):
        if not place.is_dir():
            raise BadInput(f"{place} is not there: install or unpack the three packages.")
    sounds, number, rows = [], {}, []

    def stored(path: Path) -> int:
        samples, rate = recording(path)
        content = hashlib.sha256(samples.tobytes()).digest()
        if content not in number:
            number[content] = len(sounds)
            sounds.append(mu_law(hit(samples, rate)))
        return number[content]

    for m, kits_of in enumerate(MAKERS.values()):
        for name in kits_of:
            seen = set()
            for instrument, files in instruments(kits / name):
                kind = kind_of(instrument)
                for file in files if kind else ():
                    if file not in seen:
                        seen.add(file)
                        n = stored(kits / name / file)
                        rows.append((n, KINDS.index(kind), m, f"{name}/{file}", f"{name}: {instrument}"))
    ours = len(sounds)
    others = []
    for kind, names in OTHER.items():
        for name in names.split():
            n = stored(other / f"{name}.flac")
            if n < ours:
                raise BadInput(f"{name} is a recording of the kits as well.")
            others.append((KINDS.index(kind), name))
    return {
        "sounds": np.array(sounds[:ours]),
        "sound": np.array([row[0] for row in rows], "int16"),
        "kind": np.array([row[1] for row in rows], "uint8"),
        "maker": np.array([row[2] for row in rows], "uint8"),
        "drum": np.array(drums_of(rows), "uint8"),
        "file": np.array([row[3] for row in rows]),
        "other_sounds": np.array(sounds[ours:]),
        "other_kind": np.array([row[0] for row in others], "uint8"),
        "other_file": np.array([row[1] for row in others]),
        "kinds": np.array(KINDS),
        "makers": np.array(list(MAKERS)),
    }


def drums_of(rows: list) -> list[int]:
    """A number for the drum of each row: one instrument of a kit; those that share a recording are one."""
    name_of = {}  # recording -> the first instrument that has it
    first = {row[4]: row[4] for row in rows}

    def top(name: str) -> str:
        while first[name] != name:
            name = first[name]
        return name

    for row in rows:
        first[top(row[4])] = top(name_of.setdefault(row[0], row[4]))
    numbers = {}
    return [numbers.setdefault(top(row[4]), len(numbers)) for row in rows]


def build(folder: Path, target: Path) -> dict[str, np.ndarray]:
    """Write the file, whole or not at all; the same arrays give the same bytes."""
    made = tables(folder)
    entries = {name: (NOTES / name).read_bytes() for name in ("LICENSE.txt", "README.txt")}
    for name, table in made.items():
        out = io.BytesIO()
        np.lib.format.write_array(out, table, allow_pickle=False)
        entries[f"{name}.npy"] = out.getvalue()
    save_zip(target, dict(sorted(entries.items())), level=9)
    return made


def main(arguments=None):
    """Read the command line, build, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("/usr"), help="where the packages lie")
    parser.add_argument("--target", type=Path, default=TARGET, help="the file to write")
    given = parser.parse_args(arguments)
    made = told("build_drums.py", build, given.folder, target=given.target)
    print(
        f"{len(made['sound'])} files, {len(made['sounds'])} recordings, "
        f"{len(made['other_sounds'])} of another studio"
    )


if __name__ == "__main__":
    main()
