"""Answers to the exercises, as learners give them; the files answers_N.py hold them by chapter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "data" / "datasets" / "photographs.npz"

WRONG: list[Answer] = []
RIGHT: list[Answer] = []


@dataclass
class Later:
    """An answer that is made when it is needed, from the names of the notebook."""

    make: object


@dataclass
class Answer:
    """One answer to one exercise, and the words that the check must say about it."""

    exercise: str
    value: object
    words: tuple[str, ...] = ()
    label: str = ""


def wrong(exercise: str, *words: str, label: str = ""):
    """wrong("1.2", "bias")(answer): this answer is wrong, and the check says so in these words."""

    def keep(value):
        WRONG.append(Answer(exercise, value, words, label or " ".join(words)))
        return value

    return keep


def right(exercise: str, style: str):
    """right("1.2", "loops")(answer): this answer is right, written in this style."""

    def keep(value):
        RIGHT.append(Answer(exercise, value, (), style))
        return value

    return keep
