"""The text: plain Markdown, no banned word, known labels and terms, a description."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools import prose
from tools.book import tags
from tools.rules.rule import Chapter, Problem, chapter_rule

BANNED = re.compile(r"\b(simply|just|easy|easily|easier|easiest|obvious|obviously)\b", re.IGNORECASE)
LABELS = {"Predict.", "Seen.", "You need:", "You will learn:", "Time:", "Next:", "Question."}


@chapter_rule
def markdown_plain(chapter: Chapter) -> Iterator[Problem]:
    """CommonMark, $math$, links and <details>; Colab shows anything else as raw text."""
    markup = {
        r"(?m)^\s*(:::|```\{)": "a MyST directive",
        r"(?<!`)\{[a-z:-]+\}`": "a MyST role",
        r"(?m)^\([\w-]+\)=": "a MyST label",
    }
    inline = {
        r"!\[": "an image in Markdown",
        r"<(?!/?(details|summary)\b|https?:)/?[a-zA-Z][^>]*>": "HTML other than details and summary",
    }
    for n, cell in chapter.texts:
        if "remove-cell" in tags(cell):
            continue
        no_math = re.sub(r"(?s)\$\$.*?\$\$|\$[^$]*\$", "", cell.source)
        no_code = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", no_math)
        for text, patterns in ((no_math, markup), (no_code, inline)):
            for pattern, name in patterns.items():
                if re.search(pattern, text):
                    yield chapter.problem(n, f"It holds {name}.", "say it in CommonMark.")
        if cell.source.count("<details>") != cell.source.count("</details>"):
            yield chapter.problem(n, "A <details> is not closed in its cell.", "close it there.")


@chapter_rule
def words_banned(chapter: Chapter) -> Iterator[Problem]:
    """No word that tells a reader who struggles that it should not be hard."""
    for n, cell in enumerate(chapter.cells):
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        for word in BANNED.findall(cell.source + " " + alt):
            yield chapter.problem(n, f"The word {word!r}.", "cut it.")


@chapter_rule
def labels_known(chapter: Chapter) -> Iterator[Problem]:
    """Bold is for the run-in labels alone."""
    for n, cell in chapter.texts:
        for found in re.findall(
            r"\*\*(.+?)\*\*", re.sub(r"(?s)\$\$.*?\$\$|`[^`\n]*`|\$[^$]*\$", "", cell.source)
        ):
            if found not in LABELS:
                yield chapter.problem(n, f"Bold on {found!r}.", f"keep bold for {sorted(LABELS)}.")


@chapter_rule
def terms_in_glossary(chapter: Chapter) -> Iterator[Problem]:
    """A word in italics introduces a term, and every term has its entry in the glossary."""
    known = glossary_terms(chapter.book.root)
    for n, cell in chapter.texts:
        found = list(prose.tokens(cell.source))
        for position, token in enumerate(found):
            if token.type != "em_open":
                continue
            term = found[position + 1].content.strip(".,:;").lower()
            if not ({term, term.removesuffix("s"), term.removesuffix("es")} & known):
                yield chapter.problem(
                    n, f"The term *{term}* is not in book/glossary.md.", "add its entry, or drop the italics."
                )


def glossary_terms(root: Path) -> set[str]:
    """The terms of book/glossary.md in small letters, synonyms included."""
    path = root / "book" / "glossary.md"
    text = path.read_text("utf-8") if path.exists() else ""
    terms: set[str] = set()
    for block in re.findall(r"```\{glossary\}.*?```|:::+\{glossary\}.*?:::+", text, re.DOTALL):
        for line in block.split("\n")[1:-1]:
            if line and not line.startswith((" ", ":", "`")):
                terms.add(line.strip().lower())
    return terms


@chapter_rule
def description(chapter: Chapter) -> Iterator[Problem]:
    """The page has a description for search engines and previews."""
    meta = chapter.notebook.metadata.get("myst", {}).get("html_meta", {}).get("description", "")
    if not 60 <= len(meta) <= 200:
        yield chapter.problem(
            None,
            f"Its description has {len(meta)} characters, not 60 to 200.",
            'set the notebook metadata {"myst": {"html_meta": {"description": "..."}}}.',
        )
