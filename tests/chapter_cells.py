"""Functions of a chapter, as a reader who runs its cells gets them."""

import contextlib
import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from tools.book import read_notebook

# The names that the shared cell tools/shared/pictures.py finds in a chapter.
READER = {
    "contextlib": contextlib, "io": io, "np": np, "warnings": warnings, "Path": Path, "Picture": Image,
    "ImageOps": ImageOps,
}  # fmt: skip


def defined(path: Path, beginnings, space: dict) -> dict:
    """Run the code cells of a notebook that begin with these words, one each, in a space of names."""
    code = [cell.source for cell in read_notebook(path).cells if cell.cell_type == "code"]
    for beginning in beginnings:
        (source,) = [source for source in code if source.startswith(beginning)]
        exec(source, space)
    return space
