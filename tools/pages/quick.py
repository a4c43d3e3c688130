"""Run what a change can have affected; remember what passed, outside git.

    python -m tools.pages.quick [options for pytest]   what `make quick` does
    python -m tools.pages.quick building               said by `make book` before it builds: prints --all where it must
    python -m tools.pages.quick built                  said by `make book` after it has built

What may be left out is decided by contents alone. tests/reads.py names what each test file reads; the
code that a test file imports is found by reading it. From the contents of all these, of the lock and of
what every test leans on (ALWAYS), from the Python, the installed packages, the browser and the settings
of the environment follows one fingerprint. A part of a test file is left out if it has passed, whole,
with this very fingerprint. What passed stands in _build/quick.json, written by tests/remember.py; without
that file, or with a damaged one, everything runs.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
import os
import platform
import posixpath
import re
import runpy
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from tools.files import WHOLE_CELL, tracked

ROOT = Path(__file__).resolve().parents[2]
FORMAT = 1
# What every test leans on, with what these import.
ALWAYS = ("tests/conftest.py", "pytest.ini", "requirements.txt")
# Settings of the environment that a test or a tool can see.
SETTINGS = re.compile(
    r"KERAS|TF_|OMP_|XLA|PYTHON|MPL|JUPYTER|CHROME_PATH|FIREFOX_PATH|BOOK_HTML|LIVE_SEED|MUTANTS|SOURCE_"
)
FINDS_THE_BROWSER = "site_checks"  # asked where the browser is; what else it holds is not for every test
EVERYTHING = ("**", "site:**")  # what a file is taken to read that tests/reads.py does not name

# The fast checks that pytest does not run, as `make check` does: command, what it reads.
CODE = ("**.py", "**.ipynb", "**.toml", ".gitignore")
COMMANDS = {
    "ruff check": (["ruff", "check", "."], CODE),
    "ruff format": (["ruff", "format", "--check", "--quiet", "."], CODE),
    "sync": (
        ["python", "-m", "tools.pages.sync", "--check"],
        ("notebooks/**", "_config.yml", "_toc.yml", "README.md", "tools/**", "data/**"),
    ),
}
# What the site is built from. Sphinx writes those pages again whose text has changed; when
# anything else has, or a title, which stands on every page, all pages are written again.
PAGES = ("book/**.md", "notebooks/**.ipynb")
FRAME = (
    "book/_ext/**",
    "book/_static/**",
    "book/_templates/**",
    "_config.yml",
    "_toc.yml",
    "requirements.txt",
)
TITLES = ("book/**.md#title", "notebooks/**.ipynb#title")
SITE = ("book/**", *PAGES, *FRAME)
BUILD = ["jupyter-book", "build", ".", "-W", "-n", "--keep-going"]


# ---- What is there ------------------------------------------------------------------------------


def sha(data: bytes) -> str:
    """A digest."""
    return hashlib.sha256(data).hexdigest()


def of(value) -> str:
    """The digest of anything that JSON can write."""
    return sha(json.dumps(value, sort_keys=True).encode())


def environment() -> dict[str, str]:
    """What is no file of the book and still decides how a test ends."""
    sys.path.append(str(ROOT / "tests"))
    finds = importlib.import_module(FINDS_THE_BROWSER)
    found = [Path(path).resolve() for path in (finds.find_browser(), finds.find_firefox()) if path]
    found = [(path, path.stat()) for path in found if path.exists()]
    packages = Path(sysconfig.get_paths()["purelib"]).glob("*.dist-info")
    return {
        "the Python": f"{sys.version} {platform.system()} {platform.machine()}",
        "the installed packages": of(sorted(each.name for each in packages)),
        "the browser": " ".join(f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in found)
        or "none",
        "the environment": of({key: value for key, value in os.environ.items() if SETTINGS.match(key)}),
    }


# An address in a page: (place, anchor).
ADDRESS = re.compile(r"""["']([\w./%-]+\.\w+)(?:\?[^"'#]*)?(?:#([^"']*))?["']""")
HEADING = re.compile(r"(?s)<h[1-6][ >].*?</h[1-6]>")
# Whatever looks like an import, also in a string: rather more modules than are meant.
IMPORT = re.compile(r"\b(?:from\s+([\w.]+)\s+)?import(?:_module|orskip)?\b([^\n(]*(?:\([^)]*\))?[^\n]*)")
NAME = re.compile(r"\w+")
COMMENT = re.compile(r"#.*")  # one in brackets may hold a closing bracket


@functools.cache
def pattern(glob: str) -> re.Pattern:
    """A glob as a pattern: * stays within a folder, ** does not."""
    meant = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(meant.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*)", glob)))


def code_cells(notebook: dict) -> list[dict]:
    """The code cells of a notebook."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def code_of(cell: dict) -> list:
    """What a tool that runs a cell reads of it."""
    return [cell.get("id"), cell["metadata"].get("tags", []), "".join(cell["source"])]


class Snapshot:
    """The files of the book and of the built site, by digest, as they are now."""

    def __init__(self, root: Path = ROOT, html: Path | None = None, digests=None, around=None):
        self.root = Path(root)
        self.html = Path(html or os.environ.get("BOOK_HTML") or self.root / "_build" / "html")
        self.around = around or environment()
        self.digests = digests or {**self.of_book(), **self.of_site()}
        self.kept: dict = {}

    def of_book(self) -> dict[str, str]:
        """What git would commit, and all of data/: Keras reads there what git ignores, too."""
        data = (path for path in (self.root / "data").rglob("*") if path.name != "keras.json")
        names = {*tracked(self.root), *(path.relative_to(self.root).as_posix() for path in data)}
        return {name: sha((self.root / name).read_bytes()) for name in names if (self.root / name).is_file()}

    def of_site(self) -> dict[str, str]:
        """The built site."""
        files = (path for path in sorted(self.html.rglob("*")) if path.is_file())
        return {f"site:{path.relative_to(self.html).as_posix()}": sha(path.read_bytes()) for path in files}

    def bytes(self, name: str) -> bytes:
        """The content of a file by its name."""
        path = self.html / name[5:] if name.startswith("site:") else self.root / name
        return path.read_bytes()

    def text(self, name: str) -> str:
        """The same as text."""
        return self.bytes(name).decode("utf-8", "replace")

    def matching(self, glob: str) -> list[str]:
        """The names that a glob fits; those of the site only if the glob says so."""
        site = glob.startswith("site:")
        fits = pattern(glob).fullmatch
        return [name for name in self.digests if name.startswith("site:") is site and fits(name)]

    def expand(self, glob: str) -> dict[str, str]:
        """Name -> digest of what a line of tests/reads.py means."""
        if ("glob", glob) not in self.kept:
            self.kept["glob", glob] = self._expand(glob) or {glob: "nothing"}
        return self.kept["glob", glob]

    def _expand(self, glob: str) -> dict[str, str]:
        if glob.startswith("~"):  # opened, and without a say in the result
            return {}
        kind, _, rest = glob.partition(":")
        if kind in ("page", "links"):
            found = {}
            for name in self.matching(f"site:{rest}"):
                found |= self.page(name) if kind == "page" else self.links(name)
            return found
        glob, _, part = glob.partition("#")
        names = self.matching(glob)
        return {f"{name}#{part}" if part else name: self.digest(name, part) for name in names}

    def digest(self, name: str, part: str = "") -> str:
        """The digest of a file, or of the part of it that matters to some test."""
        try:
            return PARTS[part](self, name) if part else self.digests[name]
        except (ValueError, KeyError, TypeError, AttributeError):  # no notebook: all of it matters
            return self.digests[name]

    # ---- Parts of a file, by the sign behind its name

    def notebook(self, name: str) -> list[dict]:
        """The code cells of a notebook, read once."""
        digest = self.digests[name]
        if digest not in READ:
            READ[digest] = code_cells(json.loads(self.bytes(name)))
        return READ[digest]

    def run(self, name: str) -> str:
        """What nbval reads: code, tags, ids and outputs; and the sources of the shared cells."""
        cells = self.notebook(name)
        shared = {tag[7:] for cell in cells for tag in code_of(cell)[1] if tag.startswith("shared-")}
        files = {f"tools/shared/{each}.py" for each in shared}
        for file in [each for each in files if each in self.digests]:  # one may begin with another one
            files |= {f"tools/shared/{each}.py" for each in WHOLE_CELL.findall(self.text(file))}
        sources = [self.digests.get(file, "missing") for file in sorted(files)]
        return of([[*code_of(cell), cell["outputs"], cell["execution_count"]] for cell in cells] + sources)

    def form(self, name: str) -> str:
        """All of a notebook but the words below its first section: there only headings, code, outputs, ids and tags."""
        notebook, opening = json.loads(self.bytes(name)), True
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                text = "".join(cell["source"])
                opening = opening and not re.search(r"(?m)^## ", text)
                cell["source"] = text if opening else re.findall(r"(?m)^#+ .*", text)
        return of(notebook)

    def cells(self, name: str) -> str:
        """Which cells a notebook has, and whole its opening, its headings, its set-up and what is shared; no output."""
        notebook, opening, kept = json.loads(self.bytes(name)), True, []
        for cell in notebook["cells"]:
            text, tags = "".join(cell["source"]), cell["metadata"].get("tags", [])
            if cell["cell_type"] == "markdown":
                opening = opening and not re.search(r"(?m)^## ", text)
                text = text if opening else re.findall(r"(?m)^#+ .*", text)
            elif not any(tag.startswith(("setup", "shared-")) for tag in tags):
                text = ""
            kept.append([cell["cell_type"], cell.get("id"), tags, text])
        return of([kept, notebook["nbformat"], notebook["nbformat_minor"]])

    def folded(self, name: str) -> str:
        """The code cells that the site folds; of those between, which part folds, tags and whether they print."""
        found = []
        for cell in self.notebook(name):
            kept, hidden = code_of(cell), any(tag.startswith("hide-") for tag in code_of(cell)[1])
            found.append([kept if hidden else kept[1], bool(cell["outputs"])])
        return of(found)

    def frame(self, name: str) -> str:
        """Of a page its head, headings, anchors and links; of the search's index no text; of copies nothing."""
        if name == SEARCHED:
            index = json.loads(self.text(name).removeprefix("window.bookIndex = ").rstrip().removesuffix(";"))
            return of(
                [index["pages"], [[entry[:3] for entry in index[kind]] for kind in ("sections", "terms")]]
            )
        if name.startswith(
            ("site:_sources/", "site:offline/")
        ):  # copies, and made from the pages: only handed on
            return ""
        if not name.endswith(".html"):
            return self.digests[name]
        head, end, _ = self.text(name).partition("</head>")
        stands = [head if end else "", HEADING.findall(self.text(name)), sorted(self.anchors(name))]
        return of([*stands, sorted(self.addresses(name))])

    def code(self, name: str) -> str:
        """The code cells, for tests that run some of them."""
        return of([code_of(cell) for cell in self.notebook(name)])

    def exercises(self, name: str) -> str:
        """The cells of the exercises with those that they need; the tags of all."""
        kinds = ("setup", "shared-", "exercise-", "check-", "solution-")
        cells = [code_of(cell) for cell in self.notebook(name)]
        return of([cell if any(tag.startswith(kinds) for tag in cell[1]) else cell[1] for cell in cells])

    def exporter(self, name: str) -> str:
        """The cells of chapter 5 that write a network into a file."""
        return of([code_of(cell) for cell in self.notebook(name) if cell["id"].startswith("live-05-")])

    def title(self, name: str) -> str:
        """The lines that a title can stand in."""
        text = self.text(name)
        if name.endswith(".ipynb"):
            cells = json.loads(text)["cells"]
            text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        return of(re.findall(r"(?m)^# .*|^.*\n=+$", text))

    def nbval(self, name: str) -> str:
        """How the Makefile asks for the notebooks to be run."""
        return of(re.findall(r"(?m)^NBVAL.*|^\t.*pytest.*", self.text(name)))

    def addresses(self, name: str) -> set[tuple[str, str]]:
        """(name, anchor) of whatever the addresses in a page can mean; the page itself is left out."""
        if ("addresses", name) not in self.kept:
            folder, found = posixpath.dirname(name[5:]), set()
            for place, anchor in set(ADDRESS.findall(self.text(name))):
                found.add(("site:" + posixpath.normpath(posixpath.join(folder, place)), anchor))
            self.kept["addresses", name] = {each for each in found if each[0] != name}
        return self.kept["addresses", name]

    def page(self, name: str) -> dict[str, str]:
        """A page of the site as a browser loads it: with styles, scripts and the files that it names."""
        if ("page", name) not in self.kept:
            names = {other for other, _ in self.addresses(name) if not other.endswith(".html")}
            found = {name: self.digests[name], **self.expand("site:_static/**")}
            found.pop(SEARCHED, None)  # every text changes it, and it is loaded when a reader searches
            found |= {other: self.digests[other] for other in names & self.digests.keys()}
            led = re.search(r'http-equiv="refresh" content="\d+; url=([^"]+)"', self.text(name))
            onward = f"site:{led[1]}" if led else name
            found |= self.page(onward) if onward != name and onward in self.digests else {}
            self.kept["page", name] = found
        return self.kept["page", name]

    def links(self, name: str) -> dict[str, str]:
        """Whether the links of a page lead somewhere; nothing else of the pages behind them."""
        found = {}
        for other, anchor in self.addresses(name):
            there = other in self.digests
            if there and anchor and other.endswith(".html"):
                there = anchor in self.anchors(other)
            found[f"{other}#{anchor}"] = "is there" if there else "is not there"
        return found

    def anchors(self, name: str) -> set[str]:
        """The places in a page to which a link can lead."""
        if ("anchors", name) not in self.kept:
            self.kept["anchors", name] = set(re.findall(r'\b(?:id|name)="([^"]*)"', self.text(name)))
        return self.kept["anchors", name]

    # ---- Code

    def imported(self, name: str) -> set[str]:
        """A module of the book with all modules of the book that it imports, also inside functions."""
        found, left = set(), [name]
        while left:
            name = left.pop()
            if name not in found and name in self.digests:
                found.add(name)
                left += self.imports(name)
        return found

    def imports(self, name: str) -> list[str]:
        """The modules of the book that a module can mean by its imports, wherever they lie."""
        if not name.endswith(".py"):
            return []
        digest = self.digests[name]
        if digest not in READ:
            found = IMPORT.findall(COMMENT.sub("", self.text(name)).replace("\\\n", " "))
            READ[digest] = {each for parts in found for part in parts for each in NAME.findall(part)}
        if "modules" not in self.kept:
            modules = [each for each in self.digests if each.endswith(".py") and not each.startswith("site:")]
            self.kept["modules"] = {}
            for each in modules:
                path = Path(each)
                stem = path.parent.name if path.stem == "__init__" else path.stem
                self.kept["modules"].setdefault(stem, []).append(each)
        return [each for stem in READ[digest] for each in self.kept["modules"].get(stem, ())]

    # ---- Fingerprints

    def labels(self, reads, code: str = "") -> dict[str, str]:
        """Everything that a result leans on: name -> digest."""
        found = dict(self.around)
        for each in (*ALWAYS, code) if code.endswith(".py") else ALWAYS if code else ():
            found |= {name: self.digests[name] for name in self.imported(each)}
        for glob in reads:
            found |= self.expand(glob)
        return found

    def fingerprint(self, reads, code: str = "") -> str:
        """One digest of all that."""
        asked = sorted(set(reads))
        if code and ("code", code) not in self.kept:
            self.kept["code", code] = of(self.labels((), code))
        for glob in asked:
            if ("digest", glob) not in self.kept:
                self.kept["digest", glob] = of(self.expand(glob))
        return of(
            [
                FORMAT,
                self.kept["code", code] if code else of(self.around),
                asked,
                [self.kept["digest", glob] for glob in asked],
            ]
        )


SEARCHED = "site:_static/search-index.js"
READ: dict = {}  # what was read in files, by their digests: names that are imported, cells of notebooks
PARTS = {
    "run": Snapshot.run,
    "form": Snapshot.form,
    "cells": Snapshot.cells,
    "folded": Snapshot.folded,
    "frame": Snapshot.frame,
    "code": Snapshot.code,
    "exercises": Snapshot.exercises,
    "exporter": Snapshot.exporter,
    "title": Snapshot.title,
    "nbval": Snapshot.nbval,
}


# ---- What each test file reads --------------------------------------------------------------------


class Table:
    """tests/reads.py: which parts a test file has, and what each of them reads."""

    def __init__(self, root: Path = ROOT):
        self.reads = runpy.run_path(str(Path(root) / "tests" / "reads.py"))["READS"]

    def parts(self, file: str) -> list[dict]:
        """The parts of a test file or notebook; one part that reads everything where it is not named."""
        name = "notebooks/*.ipynb" if re.fullmatch(r"notebooks/[^/]+\.ipynb", file) else file
        return self.reads.get(name) or [{"tests": ".*", "by": None, "reads": EVERYTHING}]

    def part(self, file: str, test: str, values: dict) -> tuple[str, tuple[str, ...]]:
        """(name, what it reads) of the part that a test belongs to; values are the test's parameters."""
        for part in self.parts(file):
            if re.fullmatch(part["tests"], test):
                key = part["by"](values) if part["by"] else None
                name = file if part["tests"] == ".*" else f"{file}: {part['tests']}"
                name += f" [{key}]" if part["by"] else ""
                named = {"{file}": file, "{}": str(key), "{stem}": str(key).removesuffix(".html")}
                return name, tuple(filled(each, named) for each in part["reads"])
        return f"{file}: {test}", EVERYTHING

    def whole(self, file: str) -> tuple[str, ...]:
        """All that any part of a file reads."""
        reads = {each for part in self.parts(file) for each in part["reads"]}
        return tuple(sorted(filled(each, {"{file}": file, "{}": "**", "{stem}": "**"}) for each in reads))


def filled(glob: str, named: dict[str, str]) -> str:
    """A line of tests/reads.py with what its brackets stand for."""
    for brackets, words in named.items():
        glob = glob.replace(brackets, words)
    return glob


def files_with_tests(names) -> list[str]:
    """The notebooks and test files among these names."""
    fits = re.compile(r"notebooks/[^/]+\.ipynb|tests/(?:.*/)?test_[^/]*\.py").fullmatch
    return sorted(name for name in names if fits(name))


# ---- What passed -------------------------------------------------------------------------------------


EMPTY = {"passed": {}, "whole": {}, "seconds": {}, "site": {}}


class Memory:
    """_build/quick.json: what passed, with which fingerprint, and how long it took."""

    def __init__(self, root: Path = ROOT):
        self.path = Path(root) / "_build" / "quick.json"
        self.trouble = ""
        self.kept = self.read()

    def read(self) -> dict:
        """What the file says; nothing at all where it is missing, old or damaged."""
        try:
            written = json.loads(self.path.read_text("utf-8"))
            if written["format"] == FORMAT and written["digest"] == of(written["kept"]):
                return {**{key: {} for key in EMPTY}, **written["kept"]}
            self.trouble = "is of another make"
        except FileNotFoundError:
            self.trouble = "is not there yet"
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.trouble = "is damaged"
        return {key: {} for key in EMPTY}

    def write(self) -> None:
        """Replace the file, all at once."""
        self.path.parent.mkdir(exist_ok=True)
        partial = self.path.with_suffix(f".{os.getpid()}.partial")
        partial.write_text(
            json.dumps({"format": FORMAT, "digest": of(self.kept), "kept": self.kept}), "utf-8"
        )
        os.replace(partial, self.path)

    def has_passed(self, part: str, fingerprint: str) -> bool:
        """Whether this part passed with this fingerprint, the last time that it ran."""
        return self.kept["passed"].get(part) == fingerprint

    def why(self, file: str, snapshot: Snapshot, reads, code: str = "") -> str:
        """Why a whole file or command has to run again; empty where it has not."""
        kept, now = self.kept["whole"].get(file), snapshot.labels(reads, code)
        if not kept:
            return "not passed yet"
        if kept["fingerprint"] == snapshot.fingerprint(reads, code):
            return ""
        before = kept["labels"]
        changed = [name for name in now if name in before and before[name] != now[name][:10]]
        changed += [f"{name} (new)" for name in now if name not in before]
        changed += [f"{name} (gone)" for name in before if name not in now]
        changed = list(dict.fromkeys(name.split("#")[0] for name in changed)) or ["what it reads"]
        return ", ".join(changed[:2]) + (f" and {len(changed) - 2} more" if len(changed) > 2 else "")

    def keep_whole(self, file: str, snapshot: Snapshot, reads, code: str = "") -> None:
        """All of a file or command has passed."""
        labels = {name: digest[:10] for name, digest in snapshot.labels(reads, code).items()}
        self.kept["whole"][file] = {"fingerprint": snapshot.fingerprint(reads, code), "labels": labels}


# ---- The site -------------------------------------------------------------------------------------------


def site_state(snapshot: Snapshot) -> dict[str, str]:
    """Fingerprints of what the site is made from, and of its frame alone."""
    return {"made_from": snapshot.fingerprint(SITE), "frame": snapshot.fingerprint((*FRAME, *TITLES))}


def site_stands(memory: Memory, snapshot: Snapshot) -> bool:
    """Whether the site is the one that was built from these very files, untouched since."""
    kept = memory.kept["site"]
    return bool(kept) and kept == site_state(snapshot) | {"made": of(snapshot.of_site())}


def site_options(memory: Memory, snapshot: Snapshot) -> list[str]:
    """--all, unless nothing but the text of pages has changed since the site was built, and the site stands."""
    kept = memory.kept["site"]
    same = kept and kept["frame"] == site_state(snapshot)["frame"] and kept["made"] == of(snapshot.of_site())
    return [] if same else ["--all"]


def keep_site(memory: Memory, before: dict[str, str], root: Path = ROOT) -> bool:
    """Remember a site that was built, if what it is made from has stayed the same meanwhile."""
    now = Snapshot(root)
    memory.kept["site"] = before | {"made": of(now.of_site())} if site_state(now) == before else {}
    memory.write()
    return bool(memory.kept["site"])


# ---- The run ----------------------------------------------------------------------------------------------


def tool(command: list[str]) -> list[str]:
    """A command with the tool of this very environment."""
    here = Path(sys.executable).parent
    return [sys.executable if command[0] == "python" else str(here / command[0]), *command[1:]]


def plan(memory: Memory, snapshot: Snapshot, table: Table) -> dict[str, str]:
    """Test file -> why it has to run; empty where every part of it has passed as it is."""
    return {
        file: memory.why(file, snapshot, table.whole(file), file)
        for file in files_with_tests(snapshot.digests)
    }


def say(title: str, lines) -> None:
    """A heading with lines below it, if there are any."""
    lines = list(lines)
    if lines:
        print(f"{title}\n" + "\n".join(f"  {line}" for line in lines), flush=True)


def fast_checks(memory: Memory, snapshot: Snapshot) -> bool:
    """Run the checks that are no tests, where they have to; whether all went well."""
    fine = True
    for name, (command, reads) in COMMANDS.items():
        why = memory.why(name, snapshot, reads)
        if why:
            print(f"Runs {name}: {why}", flush=True)
            passed = subprocess.run(tool(command), cwd=ROOT).returncode == 0
            memory.kept["whole"].pop(name, None)
            if passed:
                memory.keep_whole(name, snapshot, reads)
            fine = fine and passed
    return fine


def build(memory: Memory, snapshot: Snapshot):
    """Begin to build the site, if it has to be; a function that waits for it and says whether it was built."""
    if site_stands(memory, snapshot):
        return lambda: True
    options, before = site_options(memory, snapshot), site_state(snapshot)
    print(f"Builds the site{', every page' if options else ', changed pages'}.", flush=True)
    memory.kept["site"] = {}
    made = subprocess.Popen(
        tool([*BUILD, *options]), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )

    def wait() -> bool:
        said, _ = made.communicate()
        if made.returncode:
            print(said)
        return made.returncode == 0 and keep_site(memory, before)

    return wait


def main(arguments: list[str]) -> int:
    """Run what has to run; 1 if anything failed."""
    memory, note = Memory(), ROOT / "_build" / "quick.building"
    if arguments == ["building"]:
        snapshot = Snapshot()
        note.parent.mkdir(exist_ok=True)
        note.write_text(json.dumps(site_state(snapshot)), "utf-8")
        print(*site_options(memory, snapshot))
        return 0
    if arguments == ["built"]:
        keep_site(memory, json.loads(note.read_text("utf-8")))
        return 0
    started, snapshot = time.perf_counter(), Snapshot()
    if memory.trouble:
        print(f"{memory.path.relative_to(ROOT)}, which says what passed, {memory.trouble}: everything runs.")
    waiting = build(memory, snapshot)
    fine = fast_checks(memory, snapshot)
    built = waiting()
    memory.write()
    snapshot, table = Snapshot(around=snapshot.around), Table()
    why = plan(memory, snapshot, table)
    if not built:
        print("The site was not built, so that no test of it runs.")
        for file in why:
            if any(each.startswith(("site:", "page:")) for each in table.whole(file)):
                why[file] = ""
    runs = [file for file, reason in why.items() if reason]
    say("Runs, since something that they read has changed:", (f"{file}: {why[file]}" for file in runs))
    left = [file for file in why if file not in runs]
    if built:
        say(
            "Left out, passed with all that they read as it is:",
            [f"{len(left)} of {len(why)} files"] if left else [],
        )
    code = 0
    if runs:
        # A file outside tests/ alone would leave tests/conftest.py unread.
        always = [] if any(file.startswith("tests/") for file in runs) else ["tests/test_quick.py"]
        command = tool(["python", "-m", "pytest", *arguments, *runs, *always])
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, "BOOK_MEMORY": "use"}).returncode
    print(f"{time.perf_counter() - started:.0f} s.")
    return 0 if fine and built and code in (0, 5) else 1  # 5: every test was left out


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
