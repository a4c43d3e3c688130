"""tools/pages/sync.py, tools/pages/run_notebooks.py and the canonical form (tools/book.py)."""

import base64
import copy
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import yaml
from PIL import Image

from tools.book import Book, canonicalise, read_notebook, sha256, smaller_picture, write_notebook
from tools.files import text_files
from tools.pages.sync import fresh_notebook, stale


def tool(root, name, *arguments):
    """Run a tool of a copy of the book; (exit code, everything it said)."""
    done = subprocess.run(
        [sys.executable, "-m", f"tools.pages.{name}", *arguments],
        capture_output=True,
        text=True,
        cwd=root,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_new_address_reaches_every_copy(copy_of_the_book):
    """Set in _config.yml, carried by --write; no trace of the old one, no output outdated."""
    root = copy_of_the_book
    old = Book(root).slug
    config = root / "_config.yml"
    config.write_text(config.read_text("utf-8").replace(old, "somebody/their-book"), "utf-8")
    code, said = tool(root, "sync", "--check")
    assert code == 1 and "make sync" in said
    code, said = tool(root, "sync", "--write")
    assert code == 0, said
    assert tool(root, "sync", "--check")[0] == 0
    left = [path.name for path in text_files(root) if old in path.read_text("utf-8")]
    assert left == []
    assert "somebody/their-book" in (root / "README.md").read_text("utf-8")


def test_write_twice_changes_nothing(copy_of_the_book):
    assert tool(copy_of_the_book, "sync", "--write")[0] == 0
    code, said = tool(copy_of_the_book, "sync", "--write")
    assert (code, said.strip()) == (0, "Every copy agrees with its source.")


def test_outdated_outputs_are_named_and_left(copy_of_the_book):
    book = Book(copy_of_the_book)
    path = book.chapters[0]
    notebook = read_notebook(path)
    notebook.cells[-1].source += ""
    next(cell for cell in notebook.cells if "setup" in cell.metadata.get("tags", [])).source += "\nx = 1"
    write_notebook(path, notebook)
    before = path.read_bytes()
    code, said = tool(copy_of_the_book, "sync", "--write")
    assert code == 1 and f"make notebooks NB={path.stem}" in said
    assert path.read_bytes() == before


def test_digests_of_data_are_written(copy_of_the_book):
    """In a cell of a chapter's own as in a shared one; a file that is not of the book keeps the digest it has."""
    book = Book(copy_of_the_book)
    (path,) = [path for path in book.chapters if path.stem.startswith("06")]
    before = path.read_text("utf-8")
    digest = sha256(book.root / "data/datasets/stamps.zip")
    assert before.count(digest) == 1
    path.write_text(before.replace(digest, 64 * "0"), "utf-8", newline="\n")
    said = dict(stale(book))
    assert set(said) == {f"notebooks/{path.name}"} and "a digest" in said[f"notebooks/{path.name}"]
    assert write_notebook(path, fresh_notebook(book, path)) and path.read_text("utf-8") == before
    elsewhere = f'fetched("models/not_here.h5", (\n    "{64 * "1"}"))'
    assert book.with_digests(elsewhere) == elsewhere


def test_a_cell_that_begins_with_another_one(copy_of_the_book):
    """tools/shared/start.py names home, and its cell holds it."""
    book = Book(copy_of_the_book)
    home = book.root / "tools/shared/home.py"
    home.write_text(home.read_text("utf-8") + "print(1)\n", "utf-8")
    shared = book.shared()
    assert shared["shared-home"].endswith("\nprint(1)")
    assert shared["shared-start"].startswith(shared["shared-home"] + "\nRAW = ")


def small_book(root, *sources):
    """A book of one notebook with these code cells, for the tools that execute."""
    (root / "_config.yml").write_text("repository: {url: https://github.com/a/b, branch: main}\n")
    toc = {"root": "intro", "chapters": [{"file": "notebooks/01_small"}]}
    (root / "_toc.yml").write_text(yaml.safe_dump(toc))
    (root / "tools" / "shared").mkdir(parents=True)
    (root / "tools" / "pages").mkdir()
    for name in ("book.py", "drawings.py", "files.py", "pages/run_notebooks.py"):
        origin = Path(__file__).resolve().parents[1] / "tools" / name
        (root / "tools" / name).write_text(origin.read_text("utf-8"), "utf-8")
    path = root / "notebooks" / "01_small.ipynb"
    path.parent.mkdir()
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    write_notebook(path, nbformat.v4.new_notebook(cells=cells))
    return path


def test_execute_twice_without_a_difference(tmp_path):
    path = small_book(tmp_path, "print(1)\nprint(2)", "{'b': 1, 'a': 2}")
    code, said = tool(tmp_path, "run_notebooks", "01_small")
    assert code == 0 and "changed" in said, said
    first = path.read_text("utf-8")
    assert [cell.execution_count for cell in read_notebook(path).cells] == [1, 2]
    assert "execute_input" not in first and "code_digest" in first
    code, said = tool(tmp_path, "run_notebooks")
    assert code == 0 and "as before" in said, said
    assert path.read_text("utf-8") == first


def test_a_failing_notebook_stays_as_it_was(tmp_path):
    path = small_book(tmp_path, "print(1)", "1 / 0")
    before = path.read_bytes()
    code, said = tool(tmp_path, "run_notebooks")
    assert code == 1 and "stays as it was" in said and "ZeroDivisionError" in said
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_an_unknown_name_gets_one_sentence(tmp_path):
    small_book(tmp_path, "1")
    assert tool(tmp_path, "run_notebooks", "07_nothing") == (
        1,
        "No chapter 07_nothing in _toc.yml; there are 01_small.\n",
    )


def test_a_damaged_notebook_gets_one_sentence(tmp_path):
    path = small_book(tmp_path, "1")
    path.write_text("{ this is no notebook")
    code, said = tool(tmp_path, "run_notebooks")
    assert code == 1 and "git checkout" in said and "Traceback" not in said


def noisy_notebook():
    """A notebook with everything that editors and runs leave behind."""
    cell = nbformat.v4.new_code_cell("print(1)  \n", execution_count=7)
    cell.metadata = nbformat.from_dict(
        {"execution": {"iopub.status.busy": "now"}, "collapsed": True, "tags": ["setup"], "id": "x"}
    )
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="a"),
        nbformat.v4.new_output("stream", name="stdout", text="b"),
        nbformat.v4.new_output("stream", name="stderr", text="I0000 00:00:1.5    1 port.cc:153] oneDNN on\n"),
    ]
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [cell, copy.deepcopy(cell)]  # two cells with one id
    notebook.metadata = nbformat.from_dict({"colab": {"x": 1}, "language_info": {"version": "3.1"}})
    return notebook


def test_the_canonical_form():
    notebook = noisy_notebook()
    canonicalise(notebook)
    cell, twin = notebook.cells
    assert cell.source == "print(1)" and dict(cell.metadata) == {"tags": ["setup"]}
    assert [output.text for output in cell.outputs] == ["ab"]
    assert cell.id != twin.id
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    again = copy.deepcopy(notebook)
    canonicalise(again)
    assert again == notebook


def picture(frames=1):
    """A PNG in base64: a white frame around 1,000 random colours, still or moving."""
    colours = np.random.default_rng(0).integers(0, 256, (frames, 32, 32, 3), dtype=np.uint8)
    images = [
        Image.fromarray(np.pad(each, ((9, 9), (9, 9), (0, 0)), constant_values=255)) for each in colours
    ]
    target = io.BytesIO()
    images[0].save(target, "PNG", save_all=frames > 1, append_images=images[1:])
    return base64.b64encode(target.getvalue()).decode()


def test_pictures_become_smaller_and_stay_themselves():
    before = picture()
    after = smaller_picture(before)
    assert len(after) < len(before) and smaller_picture(after) == after
    pixels = [np.asarray(Image.open(io.BytesIO(base64.b64decode(p))).convert("RGB")) for p in (before, after)]
    assert np.all(pixels[1][0] == 255)
    assert np.abs(pixels[0].astype(int) - pixels[1]).mean() < 16
    assert smaller_picture(picture(frames=3)) == picture(frames=3)


def test_a_real_message_on_stderr_is_kept():
    notebook = noisy_notebook()
    notebook.cells[0].outputs[2].text += "UserWarning: look here\n"
    canonicalise(notebook)
    assert notebook.cells[0].outputs[1].text == "UserWarning: look here\n"


NBVAL = ["--nbval", "--nbval-current-env", "-p", "no:cacheprovider", "-q", "-rA", "-c", os.devnull]
# source, output that is stored, tag, whether it passes
COMPARED = {
    "same.ipynb": ("print(2)", "2\n", None, True),
    "another_output.ipynb": ("print(2)", "3\n", None, False),
    "ignored_output.ipynb": ("print(2)\nassert True", "3\n", "nbval-ignore-output", True),
    "broken_bound.ipynb": ("print(2)\nassert False", "2\n", "nbval-ignore-output", False),
}


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """What nbval says of these notebooks, run in one go: name -> passed?"""
    folder = tmp_path_factory.mktemp("compared")
    for name, (source, stored, tag, _) in COMPARED.items():
        cell = nbformat.v4.new_code_cell(source, execution_count=1)
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=stored)]
        cell.metadata["tags"] = [tag] if tag else []
        write_notebook(folder / name, nbformat.v4.new_notebook(cells=[cell]))
    command = [sys.executable, "-m", "pytest", *NBVAL, *COMPARED]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    verdicts = re.findall(r"(?m)^(PASSED|FAILED) (\w+\.ipynb)", done.stdout)
    assert len(verdicts) == len(COMPARED), done.stdout
    return {name: verdict == "PASSED" for verdict, name in verdicts}


@pytest.mark.parametrize("name", COMPARED)
def test_nbval_compares_what_is_published(name, compared):
    """The tests of the notebooks can fail: by another output, and by an assert."""
    assert compared[name] is COMPARED[name][3]


def test_every_digest_in_a_chapter_is_that_of_a_file_of_the_book():
    """Or of the one file that is fetched from elsewhere; so a rebuilt file shows where its digest stands by hand."""
    data = {sha256(path) for path in (Book().root / "data").rglob("*") if path.is_file()}
    elsewhere = {
        "dbdb03ee2a22fd895301636cd328b234bb3a9952358f436d82f46b81e0d5b0bf"
    }  # MobileNet, ImageNet's weights
    for path in Book().chapters:
        for cell in read_notebook(path).cells:
            if cell.cell_type == "code":
                joined = re.sub(r'"\s*\n\s*"', "", cell.source)  # a digest in two pieces
                wrong = set(re.findall(r"\b[0-9a-f]{64}\b", joined)) - data - elsewhere
                assert not wrong, f"{path.name}: put the digest of the file that is there in place of {wrong}"
