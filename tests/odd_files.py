"""Picture files for tests, also such as Pillow does not write."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

# The seven passes of an interlaced PNG (its specification, 8.2): first row, first column, step down, step right.
PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def saved(picture: Image.Image, kind="PNG", **settings) -> bytes:
    """A picture as the bytes of a file."""
    file = io.BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()


def chunk(kind: bytes, body: bytes, wrong: int = 0) -> bytes:
    """A piece of a PNG file, its sum right or not."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) ^ wrong)


def png(values: np.ndarray, kind: int, bits: int, interlaced=False, *extra: bytes) -> bytes:
    """A PNG as Pillow does not write it: rows of samples (h, w[, channels]) of 8 or 16 bits, in seven passes or one."""
    rows = b""
    for top, left, down, right in PASSES if interlaced else [(0, 0, 1, 1)]:
        for row in values[top::down, left::right].astype(">u2" if bits == 16 else "u1"):
            if len(row):
                rows += b"\0" + row.tobytes()
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], bits, kind, 0, 0, interlaced)
    parts = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
