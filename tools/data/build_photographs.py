"""Rebuild data/datasets/photographs.npz from the photographs in scikit-image.

    python -m tools.data.build_photographs

Every photograph is free of copyright (CC0 or public domain); data/README.md
lists their sources. They are shrunk by averaging whole blocks of pixels, so
that each value can be traced back to the original.
"""

from pathlib import Path

import numpy as np
from skimage import data

TARGET = Path(__file__).parents[2] / "data" / "datasets" / "photographs.npz"


def shrink(picture, factor):
    """Average factor x factor blocks of a uint8 picture (H, W[, 3]); crop the rest."""
    height, width = (size // factor for size in picture.shape[:2])
    picture = picture[: height * factor, : width * factor].astype(float)
    blocks = picture.reshape(height, factor, width, factor, -1)
    return np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8).squeeze()


def photographs():
    """Name -> uint8 array, in the order in which they are stored."""
    return {
        "coffee": shrink(data.coffee(), 2),
        "cat": shrink(data.chelsea(), 2),
        "rocket": shrink(data.rocket(), 2),
        "astronaut": shrink(data.astronaut(), 2),
        "brick": shrink(data.brick(), 2),
        "grass": shrink(data.grass(), 2),
    }


if __name__ == "__main__":
    np.savez_compressed(TARGET, **photographs())
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size:,} bytes")
