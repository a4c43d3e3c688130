"""Rebuild data/datasets/digits.npz from Debian's package opencv-doc.

    python -m tools.data.build_digits [FILE]

FILE is the package's picture digits.png, a table of 50 rows and 100 columns of
handwritten digits, 20x20 pixels each. The array `digits` holds them in the same
order, 500 of each class from 0 to 9; `notice` holds the package's copyright.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from tools.data.whole import DATASETS, BadInput, save_arrays, told

TARGET = DATASETS / "digits.npz"
NOTICE = Path(__file__).parent / "digits" / "NOTICE.txt"
FILE = "/usr/share/doc/opencv-doc/examples/data/digits.png"
SIDE, ROWS, COLUMNS = 20, 50, 100


def digits_of(path):
    """The table of the picture as an array (5000, 20, 20), row by row."""
    try:
        with Image.open(path) as picture:
            table = np.asarray(picture.convert("L"))
    except FileNotFoundError as error:
        raise BadInput(f"{path} is not there: install or unpack opencv-doc.") from error
    except (OSError, SyntaxError) as error:  # Pillow's own errors for a damaged file
        raise BadInput(f"{path} cannot be read as a picture.") from error
    if table.shape != (ROWS * SIDE, COLUMNS * SIDE):
        raise BadInput(f"{path} has {table.shape} pixels, not {(ROWS * SIDE, COLUMNS * SIDE)}.")
    return table.reshape(ROWS, SIDE, COLUMNS, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)


def build(path, target):
    """Write the file, whole or not at all."""
    notice = np.array(NOTICE.read_text("utf-8"))
    save_arrays(target, {"digits": digits_of(path), "notice": notice})


def main(arguments=None):
    """Read the command line, build, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", default=FILE, help="the package's picture (%(default)s)")
    parser.add_argument("--target", type=Path, default=TARGET, help="the file to write")
    given = parser.parse_args(arguments)
    told("build_digits.py", build, given.file, target=given.target)


if __name__ == "__main__":
    main()
