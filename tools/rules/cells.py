"""Cells: short, with known tags, shared ones alike, draws seeded, no stray files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.book import tags
from tools.rules.rule import Chapter, Problem, chapter_rule
from tools.rules.times import cells_with_times

TAGS = re.compile(
    r"remove-cell|hide-input|hide-cell|setup|shared-[\w-]+|exercise-[\w-]+|check-[\w-]+"
    r"|solution-[\w-]+|downloads|nbval-ignore-output|raises-exception"
)
SHARED_AT_MOST = 4


@chapter_rule
def cells_short(chapter: Chapter) -> Iterator[Problem]:
    """Code cells: 25 lines at most, 79 columns, none empty, no `;` at a line's end.

    Folded cells that nobody has to read may be longer: a shared one 40, a check 60, their machinery 415.
    """
    for n, cell in enumerate(chapter.cells):
        if not cell.source.strip():
            yield chapter.problem(n, "An empty cell.", "delete it.")
    for n, cell in chapter.code:
        lines = cell.source.split("\n")
        kinds = {tag.split("-")[0] for tag in tags(cell)}
        most = 60 if "check" in kinds else 40 if "shared" in kinds else 25
        most = 415 if "shared-check" in tags(cell) else most
        if len(lines) > most:
            yield chapter.problem(n, f"{len(lines)} lines.", f"split it; {most} at most, one idea each.")
        for line in lines:
            if len(line) > 79 and "https://" not in line:
                yield chapter.problem(n, f"A line of {len(line)} columns.", "break it; 79 at most.")
            if line.rstrip().endswith(";"):
                yield chapter.problem(n, "A `;` at the end of a line.", "end plots with plt.show().")


@chapter_rule
def tags_known(chapter: Chapter) -> Iterator[Problem]:
    """Only tags of the closed list."""
    for n, cell in enumerate(chapter.cells):
        for tag in tags(cell):
            if not TAGS.fullmatch(tag):
                yield chapter.problem(
                    n, f"Unknown tag {tag!r}.", "use one of HOUSE's closed list in tools/rules/cells.py."
                )


@chapter_rule
def shared_cells(chapter: Chapter) -> Iterator[Problem]:
    """A shared cell is the same in every notebook, and a notebook has few of them."""
    sources = chapter.book.shared()
    mine = [tag for cell in chapter.cells for tag in tags(cell) if tag.startswith("shared-")]
    if len(mine) > SHARED_AT_MOST:
        yield chapter.problem(None, f"{len(mine)} shared cells.", f"{SHARED_AT_MOST} at most.")
    for n, cell in chapter.code:
        for tag in tags(cell):
            if tag.startswith("shared-") and cell.source != sources.get(tag):
                yield chapter.problem(
                    n, f"{tag} differs from tools/shared.", "change it there, then `make sync`."
                )


@chapter_rule
def random_draws_seeded(chapter: Chapter) -> Iterator[Problem]:
    """Every random draw names its seed beside it."""
    legacy = re.compile(r"\bnp\.random\.(?!default_rng|Generator)\w+|(?<![\w.])random\.\w+\(")
    for n, cell in chapter.code:
        if re.search(r"default_rng\(\s*\)", cell.source):
            yield chapter.problem(n, "default_rng() has no seed.", "write default_rng(0).")
        if legacy.search(cell.source):
            yield chapter.problem(n, "A draw from a global generator.", "use np.random.default_rng(0).")


@chapter_rule
def reads_no_stray_file(chapter: Chapter) -> Iterator[Problem]:
    """Data come by get_file with a digest; no path into the repository, no file of another chapter."""
    for n, cell in chapter.code:
        for call in re.finditer(r"get_file\(", cell.source):
            if "file_hash" not in cell.source[call.start() :]:
                yield chapter.problem(n, "get_file without a digest.", 'add file_hash="<SHA-256>".')
    for n, _, tree in chapter.own_code():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if re.match(r"(\.{0,2}/|~|data/)\w", node.value):
                    yield chapter.problem(
                        n, f"The path {node.value!r}.", "fetch it with keras.utils.get_file."
                    )


@chapter_rule
def ignored_output_asserts(chapter: Chapter) -> Iterator[Problem]:
    """A cell whose output nbval ignores asserts a bound on what it measured; times are held in test_results.py."""
    timed, held = cells_with_times(chapter), chapter.book.root / "tests" / "test_results.py"
    named = set(re.findall(r'"([\w-]+)"', held.read_text("utf-8")))
    for n, cell in chapter.code:
        if "nbval-ignore-output" in tags(cell) and not (n in timed and cell["id"] in named):
            if not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(cell.source))):
                yield chapter.problem(n, "Its output is ignored and nothing is asserted.", "assert a bound.")
