"""What the other tools know about the book: where things lie, and how a notebook is written.

Nothing here changes a file except `write_notebook`, which replaces it whole.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
from pathlib import Path

import nbformat
import yaml
from PIL import Image

from tools import drawings
from tools.files import WHOLE_CELL

ROOT = Path(__file__).resolve().parents[1]

# The title and the badge that open every chapter on GitHub and in Colab.
BADGE = (
    "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    "(https://colab.research.google.com/github/{slug}/blob/{branch}/notebooks/{name}.ipynb)"
)

# Lines that TensorFlow's C++ side writes at start-up on some machines. They say
# nothing about the book and would differ from machine to machine.
START_UP_NOISE = re.compile(
    r"^(WARNING: All log messages before absl|[IWE]\d{4} [\d:.]+ +\d+ \w+\.cc:\d+\]"
    r"|To enable the following instructions|\d{4}-\d\d-\d\d [\d:.]+: [IWE] )"
)


# A file of data/ that a cell fetches, and its digest.
FETCHED = re.compile(r'(?P<before>\bfetched\("(?P<path>[^"]+)", \(\s*")(?P<digest>[0-9a-f]{64})(?=")')


class Book:
    """A copy of the book: its configuration, its chapters, its addresses."""

    def __init__(self, root: Path = ROOT):
        self.root = Path(root)
        self.config = yaml.safe_load((self.root / "_config.yml").read_text("utf-8"))
        self.toc = yaml.safe_load((self.root / "_toc.yml").read_text("utf-8"))

    @property
    def address(self) -> str:
        """The repository's address, without a slash at the end."""
        return self.config["repository"]["url"].rstrip("/")

    @property
    def slug(self) -> str:
        """owner/name, as Colab and GitHub's raw host want it."""
        return self.address.removeprefix("https://github.com/")

    @property
    def raw(self) -> str:
        """Where GitHub serves the repository's files from, with a slash at the end."""
        branch = self.config["repository"]["branch"]
        return f"https://raw.githubusercontent.com/{self.slug}/{branch}/"

    def badge(self, name: str) -> str:
        """The Colab badge of notebooks/<name>.ipynb, as Markdown."""
        return BADGE.format(slug=self.slug, branch=self.config["repository"]["branch"], name=name)

    @property
    def pages(self) -> list[str]:
        """Every document of _toc.yml in reading order, without its ending."""
        found = [self.toc["root"]]
        for part in self.toc.get("parts", [self.toc]):
            found += [entry["file"] for entry in part.get("chapters", [])]
        return [
            str(Path(page).with_suffix("")) if page.endswith((".md", ".ipynb")) else page for page in found
        ]

    @property
    def chapters(self) -> list[Path]:
        """The notebooks of _toc.yml in reading order."""
        pages = [page for page in self.pages if page.startswith("notebooks/")]
        return [self.root / f"{page}.ipynb" for page in pages]

    def shared(self) -> dict[str, str]:
        """Tag of a shared cell -> its source, with addresses, digests and the cells that it begins with filled in."""
        folder = self.root / "tools" / "shared"

        def source(name: str) -> str:
            text = (folder / f"{name}.py").read_text("utf-8").strip("\n").replace("@RAW@", self.raw)
            text = re.sub(r"@SHA256 (\S+?)@", lambda found: sha256(self.root / found[1]), text)
            return WHOLE_CELL.sub(lambda found: source(found[1]), text)

        return {f"shared-{path.stem}": source(path.stem) for path in sorted(folder.glob("*.py"))}

    def with_digests(self, source: str) -> str:
        """A cell's source in which each fetched("folder/file", ("digest")) has the digest of that file under data/."""

        def digest(found) -> str:
            path = self.root / "data" / found["path"]
            return found["before"] + (sha256(path) if path.is_file() else found["digest"])

        return FETCHED.sub(digest, source)

    def code_digest(self, notebook) -> str:
        """SHA-256 of all code cells; the repository's address does not count."""
        code = [cell.source.replace(self.raw, "@RAW@") for cell in notebook.cells if cell.cell_type == "code"]
        return hashlib.sha256("\0".join(code).encode()).hexdigest()


def exporter_cells() -> list[str]:
    """The cells of chapter 5 that write a network into a file; save_network is the last."""
    cells = read_notebook(Book().root / "notebooks" / "05_dense_classifier.ipynb").cells
    code = [cell for cell in cells if cell.cell_type == "code" and cell.id.startswith("live-05-")]
    last = next(place for place, cell in enumerate(code) if "def save_network(" in cell.source)
    return [cell.source for cell in code[: last + 1]]


def exporter():
    """save_network(model, path, classes=(), pixels=None), as chapter 5 hands it to its readers."""
    import keras
    import numpy as np

    names = {"json": json, "keras": keras, "np": np, "Path": Path}
    for source in exporter_cells():
        exec(compile(source, "save_network", "exec", dont_inherit=True), names)
    return names["save_network"]


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def tags(cell) -> list[str]:
    """The tags of a cell; an empty list where it has none."""
    return list(cell.metadata.get("tags", []))


def read_notebook(path: Path):
    """Read a notebook of format 4; one clear sentence where it is damaged."""
    try:
        return nbformat.reads(Path(path).read_text("utf-8"), as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, AttributeError) as error:
        raise SystemExit(
            f"{path} is no notebook that can be read ({error}); restore it with `git checkout -- {path}`."
        ) from error


def write_notebook(path: Path, notebook) -> bool:
    """Write a notebook in its canonical form; True if the file changed."""
    canonicalise(notebook)
    text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    path = Path(path)
    if path.exists() and path.read_text("utf-8") == text:
        return False
    partial = path.with_suffix(".partial")
    partial.write_text(text, "utf-8", newline="\n")
    os.replace(partial, path)
    return True


def canonicalise(notebook) -> None:
    """Bring a notebook into the one form in which it is committed, in place.

    No timestamps and no traces of an editor; cell ids that stay; streams in one
    piece; the same metadata on every machine; pictures of 256 colours.
    """
    kept = {key: notebook.metadata[key] for key in ("book", "myst") if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            **kept,
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: set[str] = set()
    for cell in notebook.cells:
        cell.source = "\n".join(line.rstrip() for line in cell.source.rstrip().split("\n"))
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in ("mystnb", "tags") if cell.metadata.get(key)}
        )
        fold(cell)
        if not re.fullmatch(r"[\w-]{1,64}", cell.get("id", "")) or cell.id in seen:
            digest = hashlib.sha256(f"{len(seen)} {cell.source}".encode()).hexdigest()
            cell.id = digest[:8]
        seen.add(cell.id)
        if cell.cell_type == "code":
            cell.outputs = [_clean(output) for output in _merged(cell.outputs)]
            cell.outputs = [output for output in cell.outputs if output.get("text") != ""]


def fold(cell) -> None:
    """Close the cells of an exercise that a reader opens last: in Jupyter, in Colab, on the site."""
    parts = [re.fullmatch(r"(shared-check|check|solution)(?:-\d+-\d+)?", tag) for tag in tags(cell)]
    kinds = {part[1] for part in parts if part}
    if kinds:
        cell.metadata["jupyter"] = {"source_hidden": True}
        cell.metadata["cellView"] = "form"
    if "solution" in kinds:
        prompts = {"code_prompt_show": "Show a solution", "code_prompt_hide": "Hide the solution"}
        cell.metadata["mystnb"] = {**cell.metadata.get("mystnb", {}), **prompts}


def _merged(outputs):
    """Join pieces of the same stream that follow one another."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last["text"] += output.text
        else:
            joined.append(output)
    return joined


def smaller_picture(encoded: str) -> str:
    """A PNG (base64) with 256 colours of its own choice, at about a third of the size.

    Animated pictures and pictures that have a palette already stay as they are,
    so that doing it twice changes nothing. White stays white and black black.
    """
    picture = Image.open(io.BytesIO(base64.b64decode(encoded)))
    if picture.mode == "P" or getattr(picture, "n_frames", 1) > 1:
        return encoded
    picture = picture.convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    packed = Image.alpha_composite(paper, picture).convert("RGB").quantize(256, kmeans=2)
    palette = packed.getpalette()
    for index in range(0, len(palette), 3):
        entry = palette[index : index + 3]
        if min(entry) > 250 or max(entry) < 5:
            palette[index : index + 3] = [255 if min(entry) > 250 else 0] * 3
    packed.putpalette(palette)
    target = io.BytesIO()
    packed.save(target, "PNG", optimize=True)
    return base64.b64encode(target.getvalue()).decode() + "\n"


def _clean(output):
    """Drop what differs from run to run: noise at start-up, metadata; make pictures smaller."""
    if output.output_type == "stream" and output.name == "stderr":
        lines = output.text.splitlines(keepends=True)
        output.text = "".join(line for line in lines if not START_UP_NOISE.match(line))
    if "metadata" in output:
        output.metadata = nbformat.from_dict({})
    if "image/png" in output.get("data", {}):
        output.data["image/png"] = smaller_picture(output.data["image/png"])
    if "image/svg+xml" in output.get("data", {}):
        output.data["image/svg+xml"] = drawings.smaller(output.data["image/svg+xml"])
    return output
