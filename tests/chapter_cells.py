"""Functions of a chapter, as a reader who runs its cells gets them."""

from pathlib import Path

from tools.book import read_notebook


def defined(path: Path, beginnings, space: dict) -> dict:
    """Run the code cells of a notebook that begin with these words, one each, in a space of names."""
    code = [cell.source for cell in read_notebook(path).cells if cell.cell_type == "code"]
    for beginning in beginnings:
        (source,) = [source for source in code if source.startswith(beginning)]
        exec(source, space)
    return space
