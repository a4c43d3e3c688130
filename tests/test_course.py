"""Reading times and the set of notebooks for a class."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import reading
from tools.book import Book, read_notebook, tags
from tools.pages import student

BOOK = Book()


def code(lines, *names, image=False):
    """A code cell of so many lines."""
    metadata = {"tags": list(names)} | ({"mystnb": {"image": {"alt": "It rises."}}} if image else {})
    return new_code_cell("\n".join(["x = 1"] * lines), metadata=metadata)


def test_reading_time_follows_its_rule():
    """Words, lines that are open, figures; questions and exercises apart."""
    notebook = new_notebook(cells=[new_markdown_cell("word " * 1600)])
    assert reading.minutes(notebook) == (10, 0)
    notebook.cells += [code(20), code(20, "hide-input"), code(20, "check-1-1", "remove-cell")]
    assert reading.minutes(notebook) == (11, 0)
    notebook.cells.append(code(20, "hide-input", image=True))
    assert reading.minutes(notebook) == (11.25, 0)
    notebook.cells += [code(3, "exercise-1-1"), new_markdown_cell("**Question.** " + "word " * 500)]
    assert reading.minutes(notebook) == (11.25, 8.5)
    assert reading.line(notebook) == "**Time:** about 10 minutes to read, about 10 for quiz and exercises."


@pytest.mark.parametrize(("minutes", "told"), [(0.1, 5), (7.4, 5), (7.5, 10), (12, 10), (58, 60)])
def test_rounding(minutes, told):
    assert reading.nearest_five(minutes) == told


def test_line_is_written_and_stays():
    """Freshening twice changes nothing more."""
    notebook = new_notebook(cells=[new_markdown_cell("Before.\n\n**Time:** about 999 minutes.\n\nAfter.")])
    reading.freshen(notebook)
    assert notebook.cells[0].source == "Before.\n\n**Time:** about 5 minutes to read.\n\nAfter."


@pytest.mark.parametrize("path", BOOK.chapters, ids=lambda path: path.stem)
def test_chapters_tell_their_time(path):
    notebook = read_notebook(path)
    told = [cell.source for cell in notebook.cells if "**Time:**" in cell.source]
    assert len(told) == 1 and reading.line(notebook) in told[0], "`make sync`"


def test_student_set(tmp_path):
    """All chapters without a solution; everything else is there, and the data beside it."""
    assert student.main([str(tmp_path)]) == 0
    for path in BOOK.chapters:
        made = nbformat.read(tmp_path / "notebooks" / path.name, as_version=4)
        nbformat.validate(made)
        whole = read_notebook(path).cells
        assert [c.id for c in made.cells] == [
            c.id for c in whole if not any(tag.startswith("solution-") for tag in tags(c))
        ]
        text = "\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
        assert "solution" not in text.lower().split("## exercises")[1].split("## where")[0]
    assert (tmp_path / "data" / "datasets" / "photographs.npz").exists()
