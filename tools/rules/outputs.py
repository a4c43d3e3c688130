"""Outputs: from the code that stands there, without errors, in the one form that is committed."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

from tools.book import canonicalise, tags
from tools.rules.rule import Chapter, Problem, chapter_rule

LARGEST = 400_000


@chapter_rule
def outputs_current(chapter: Chapter) -> Iterator[Problem]:
    """Outputs belong to the code that stands there, from one run from top to bottom."""
    kept = chapter.notebook.metadata.get("book", {}).get("code_digest")
    if kept != chapter.book.code_digest(chapter.notebook):
        yield chapter.problem(None, "Its outputs are older than its code.", chapter.rerun)
    counts = [cell.execution_count for _, cell in chapter.code]
    if counts != list(range(1, len(counts) + 1)):
        yield chapter.problem(None, "It was not run once from top to bottom.", chapter.rerun)


@chapter_rule
def outputs_clean(chapter: Chapter) -> Iterator[Problem]:
    """No error (unless the cell is tagged raises-exception), nothing on stderr, nothing left out for want of a file."""
    for n, cell in chapter.code:
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in tags(cell):
                yield chapter.problem(
                    n, f"It fails with {output.ename}.", "mend the code, then " + chapter.rerun
                )
            if output.get("name") == "stderr":
                yield chapter.problem(n, "It writes to stderr.", "remove the cause of the warning.")
            if "was not fetched" in output.get("text", ""):
                yield chapter.problem(
                    n,
                    "Its output lacks what a file gives.",
                    "with a network, or the file at hand, " + chapter.rerun,
                )


@chapter_rule
def written_canonically(chapter: Chapter) -> Iterator[Problem]:
    """The file is byte for byte what make notebooks writes: no timestamps, stable order and ids."""
    text, notebook = chapter.path.read_text("utf-8"), copy.deepcopy(chapter.notebook)
    canonicalise(notebook)
    if text != json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n":
        yield chapter.problem(None, "It is not in its canonical form.", "`make sync`.")
    if len(text.encode()) > LARGEST:
        yield chapter.problem(None, f"{len(text.encode()):,} bytes.", "smaller figures; 400,000 at most.")
