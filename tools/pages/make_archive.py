"""Put the whole built site into one archive, for readers without a network.

python -m tools.pages.make_archive         into _build/html/offline, linked on the introduction
python -m tools.pages.make_archive FILE    into another file
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from tools.pages.articles import command, replacing, take_away

FOLDER = "from-patch-to-prediction"
ORIGIN = (1980, 1, 1, 0, 0, 0)  # the same site is the same file
STORED = {".png", ".webp", ".woff2"}  # packed already
READ_ME = """From Patch to Prediction, the whole site, for reading without a network

Unpack the archive and open index.html in a browser.

The live figures need a web server, because browsers load no module from a file.
If Python is installed, open a terminal in this folder, run

    python3 -m http.server --bind 127.0.0.1 8000

(on Windows: py -m http.server --bind 127.0.0.1 8000) and go to http://127.0.0.1:8000/.
The chapters' notebooks lie in _sources/notebooks.
"""


def make(site: Path, target: Path) -> int:
    """Make the archive; the number of its files. The line about the other files is left out."""
    paths = take_away.site_files(site)
    with replacing(target) as path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            files = {"READ-ME.txt": READ_ME.encode()}
            files |= {found.relative_to(site).as_posix(): take_away.content(site, found) for found in paths}
            for name, data in files.items():
                entry = zipfile.ZipInfo(f"{FOLDER}/{name}", ORIGIN)
                packed = Path(name).suffix in STORED
                entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, data)
    return len(files)


def main(arguments: list[str] | None = None) -> int:
    """Make the archive and say where it is."""

    def told(site: Path, target: Path) -> dict:
        return {"files": make(site, target)}

    done = "The whole site is in {target}: {files} files, {size}."
    return command("zip", told, done, __doc__.splitlines()[0], arguments)


if __name__ == "__main__":
    sys.exit(main())
