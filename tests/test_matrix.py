"""matrix.py runs what has changed, on every set that README and the workflow name, and says what is missing."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest

from tools.book import Book, read_notebook
from tools.pages import matrix

ROOT = Book().root


def written(words="Look.", code="print(1)", tags=(), output="1\n"):
    """A notebook of two cells, as text."""
    shown = {"output_type": "stream", "name": "stdout", "text": output}
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": words},
        {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": code, "outputs": [shown]},
    ]
    return json.dumps({"cells": cells})


def test_readme_names_the_oldest_versions():
    """Those that the set "oldest" runs on."""
    pins = dict(
        re.findall(r"^([\w-]+)==(\d+\.\d+)", (ROOT / matrix.SETS["oldest"].pins).read_text(), re.MULTILINE)
    )
    (sentence,) = re.findall(r"need (Keras .*?) at least", (ROOT / "README.md").read_text("utf-8"))
    named = re.findall(r"(\w+) (\d+\.\d+)", sentence)
    assert len(named) == 3 and all(pins[package.lower()] == version for package, version in named)


@pytest.fixture
def copy(tmp_path):
    """A small clone: two notebooks, a data file, the pins."""
    for name in ("notebooks/01_one.ipynb", "notebooks/02_two.ipynb", "data/datasets/a.npz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(written())
    for wanted in matrix.SETS.values():
        (tmp_path / wanted.pins).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / wanted.pins).write_text("keras==3.7.0\n")
    (tmp_path / "tests/sanitize.cfg").write_text("")
    return tmp_path


def prints(copy):
    return [matrix.fingerprint("3.13", copy / f"notebooks/{n}.ipynb", copy) for n in ("01_one", "02_two")]


@pytest.mark.parametrize("changed", ["data/datasets/a.npz", "requirements.txt", "tests/sanitize.cfg"])
def test_a_change_brings_back_what_depends_on_it(copy, changed):
    before = prints(copy)
    assert prints(copy) == before
    (copy / changed).write_text("something else")
    assert not set(prints(copy)) & set(before)


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({"code": "print(2)"}, True),
        ({"output": "2\n"}, True),
        ({"tags": ["nbval-ignore-output"]}, True),
        ({"tags": ["raises-exception"]}, True),
        ({"tags": ["hide-input"]}, False),
        ({"words": "Look again."}, False),
    ],
)
def test_what_nbval_reads_brings_a_notebook_back_and_words_do_not(copy, change, again):
    before = prints(copy)
    (copy / "notebooks/01_one.ipynb").write_text(written(**change))
    first, second = prints(copy)
    assert (first != before[0]) == again and second == before[1]


def test_outputs_that_nbval_ignores_may_change(copy):
    found = set()
    for output in ("1\n", "2\n"):
        (copy / "notebooks/01_one.ipynb").write_text(written(tags=["nbval-ignore-output"], output=output))
        found.add(prints(copy)[0])
    assert len(found) == 1


@pytest.fixture
def played(copy, monkeypatch):
    """matrix.run on the small clone, with runs that are only noted and fail if they are told to."""
    noted, failing = [], set()
    chapters = sorted((copy / "notebooks").glob("*.ipynb"))
    monkeypatch.setattr(matrix, "Book", lambda: SimpleNamespace(root=copy, chapters=chapters))
    monkeypatch.setattr(matrix, "environment", lambda name, place, root: place / "python")

    def run(command, **settings):
        noted.append(command[-1])
        return SimpleNamespace(returncode=int(command[-1] in failing))

    monkeypatch.setattr(matrix.subprocess, "run", run)
    (copy / "_build/matrix/3.13").mkdir(parents=True)
    return noted, failing, lambda again=False: matrix.run("3.13", copy, again)


def test_what_failed_is_run_again_and_what_passed_is_not(played):
    noted, failing, run = played
    failing.add("notebooks/02_two.ipynb")
    assert run() == {"01_one": "passed", "02_two": "failed"}
    failing.clear()
    assert run() == {"01_one": "passed before", "02_two": "passed"}
    assert noted == ["notebooks/01_one.ipynb", "notebooks/02_two.ipynb", "notebooks/02_two.ipynb"]
    assert set(run(again=True).values()) == {"passed"}


def test_a_python_that_is_not_there_is_named(copy, monkeypatch, capsys):
    monkeypatch.setattr(matrix, "python_of", lambda version: None)
    (copy / "_config.yml").write_text((ROOT / "_config.yml").read_text("utf-8"))
    chapters = sorted((copy / "notebooks").glob("*.ipynb"))
    monkeypatch.setattr(matrix, "Book", lambda: SimpleNamespace(root=copy, chapters=chapters))
    assert matrix.main(["3.13"]) == 0
    assert "no Python 3.13" in capsys.readouterr().out
    assert matrix.main(["3.13", "--strict"]) == 1


def test_this_python_is_found_and_no_other_is_taken_for_it():
    here = "{}.{}".format(*sys.version_info)
    said = subprocess.run(
        [matrix.python_of(here), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
    ).stdout
    assert said.strip() == here
    assert matrix.python_of("3.99") is None


def test_an_unknown_set_is_named(capsys):
    with pytest.raises(SystemExit):
        matrix.main(["3.9"])
    assert "There is no set 3.9; there are 3.10" in capsys.readouterr().err


def test_in_the_empty_folder_a_download_is_the_clones_file_or_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(urllib.request, "urlretrieve", urllib.request.urlretrieve)
    exec(matrix.ANSWERS.format(data=str(ROOT / "data")), {})
    urllib.request.urlretrieve("https://somewhere/photographs.npz", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == (ROOT / "data/datasets/photographs.npz").read_bytes()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlretrieve("https://somewhere/else.npz", tmp_path / "x")


def test_the_workflow_runs_every_set():
    import yaml

    flow = yaml.safe_load((ROOT / ".github/workflows/matrix.yml").read_text("utf-8"))
    (job,) = flow["jobs"].values()
    asked = {each["set"]: each["python"] for each in job["strategy"]["matrix"]["include"]}
    assert asked == {name: wanted.python for name, wanted in matrix.SETS.items()}


def test_each_package_that_a_chapter_imports_is_installed():
    """A chapter says which of its packages is missing and goes on, so the matrix would not notice."""
    import ast

    installed = {"PIL": "pillow", "skimage": "scikit-image", "sklearn": "scikit-learn"}
    installed["tensorflow"] = matrix.TENSORFLOW
    # What comes with those that are named.
    brought = {"IPython", "matplotlib_inline", "threadpoolctl"}
    asked = set()
    for path in Book().chapters:
        for cell in read_notebook(path).cells:
            if cell.cell_type == "code":
                for node in ast.walk(ast.parse(cell.source)):
                    names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
                    names += [node.module] if isinstance(node, ast.ImportFrom) else []
                    asked |= {name.split(".")[0] for name in names}
    asked -= set(sys.stdlib_module_names) | brought
    assert {"av", "soundfile"} <= asked
    assert {installed.get(name, name) for name in asked} <= set(matrix.PACKAGES)
