"""The quiz: questions in the one form that the site turns into radio buttons."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools import prose
from tools.rules.rule import Chapter, Problem, chapter_rule

QUESTION = re.compile(
    r"\*\*Question\.\*\* (?P<asked>[^\n]+)\n\n"
    r"(?P<options>(?:- [A-D]\. [^\n]+\n)+)\n"
    r"<details><summary>Show the answer</summary>\n\n"
    r"(?P<answers>(?:- [A-D]\. (?:Right|No)\. [^\n]+\n)+)\n</details>"
)


@chapter_rule
def quiz_shape(chapter: Chapter) -> Iterator[Problem]:
    """Five to eight questions, each in the one form that the site turns into radio buttons."""
    parts = [part for part in prose.sections(chapter.notebook) if part.title == "Quiz"]
    asked = [(n, text) for part in parts for n, text in part.texts if "**Question.**" in text]
    if parts and not 5 <= len(asked) <= 8:
        yield chapter.problem(parts[0].texts[0][0], f"{len(asked)} questions.", "ask five to eight.")
    right = []
    for n, text in asked:
        found = QUESTION.fullmatch(text.strip())
        if not found:
            yield chapter.problem(
                n,
                "It is not in the form of a question.",
                "**Question.** ...?, then '- A. ...' lines, then <details> with '- A. Right. ...' "
                "or '- A. No. ...' for each (QUESTION in tools/rules/quiz.py).",
            )
            continue
        letters = re.findall(r"(?m)^- ([A-D])\.", found["options"])
        verdicts = re.findall(r"(?m)^- ([A-D])\. (Right|No)\.", found["answers"])
        right.append("".join(letter for letter, verdict in verdicts if verdict == "Right"))
        if letters != [letter for letter, _ in verdicts] or letters != list("ABCD"[: len(letters)]):
            yield chapter.problem(n, "Options and answers do not pair up.", "letter both A, B, C in order.")
        if len(letters) < 3 or len(right[-1]) != 1:
            yield chapter.problem(n, "Not one right option of three or four.", "mark one with 'Right.'.")
        if not found["asked"].endswith("?") or "](" in found["options"]:
            yield chapter.problem(
                n, "It asks nothing, or links in an option.", "end with ?; link in the answers."
            )
    if len(right) > 3 and len(set(right)) < 3:
        yield chapter.problem(asked[0][0], f"The right options are {right}.", "let their places vary.")
