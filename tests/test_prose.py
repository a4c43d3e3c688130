"""What counts as a numeral and what holds it (tools/rules/numerals.py)."""

import nbformat
import pytest

from tools import prose
from tools.rules.numerals import is_held, literals, loose_numerals, numerals


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It has 1,413,834 weights.", ["1,413,834"]),
        ("A 3x3 filter on a 512x300 picture", ["512", "300"]),
        ("in 2018, chapter 4 and question 7", []),
        ("either 0 or 1", []),
        ("from 0.25 to 91.5 %", ["0.25", "91.5 %"]),
        ("Conv2D gives x1 and 2x", []),
        ("the sum is -12, not \u221213", ["-12", "-13"]),
        ("between 3-5 of them", ["3", "5"]),
        ("1. First\n2. Second", []),
        ("It ends with 42.", ["42"]),
        ("4,3", ["4"]),
    ],
)
def test_numerals(text, found):
    assert [written for written, *_ in numerals(text)] == found


@pytest.mark.parametrize(
    ("latex", "found"),
    [
        ("$w_1 x_1 + 2 \\cdot 55 = z^{12}$", ["2", "55"]),
        ("$1{,}413{,}834$", ["1,413,834"]),
        ("$a_{34} - 7$ and $(-8)$", ["7", "-8"]),
    ],
)
def test_formulas(latex, found):
    assert [written for written, *_ in numerals(prose.words(latex))] == found


def test_addresses_and_markup_are_no_numerals():
    text = "[the paper](https://doi.org/10.1000/182) <!-- 77 --> `x[5]`"
    assert [written for written, *_ in numerals(prose.words(text))] == ["5"]


@pytest.mark.parametrize(
    ("value", "decimals", "percent", "held", "expected"),
    [
        (0.91, 2, False, {0.9137}, True),
        (0.92, 2, False, {0.9137}, False),
        (91, 0, False, {91.37}, False),
        (91.4, 1, True, {0.9137}, True),
        (91.4, 1, False, {0.9137}, False),
        (5, 0, False, {-5.0}, True),
        (-5, 0, False, {5.0}, False),
    ],
)
def test_held(value, decimals, percent, held, expected):
    assert is_held(value, decimals, percent, held) is expected


def test_literals_keep_their_sign():
    assert literals("a = [-3, 4.5]\nassert a == 7") == {3, -3, 4.5, 7}


def test_sections_are_cut_at_h2_even_inside_a_cell():
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("lead\n\n## A?\n\ntext 17\n\n## B?\n\nmore 18")]
    )
    assert [section.title for section in prose.sections(notebook)] == [prose.LEAD, "A?", "B?"]
    assert [written for _, written, _ in loose_numerals(notebook)] == ["17", "18"]


def test_a_measured_table_holds_its_section_and_no_other():
    mark = "Measured by `make bench` (benchmarks/results/some.json, part `networks`):"
    table = "| network | accuracy |\n|---|--:|\n| ours | 91.64 % |"
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(f"## A?\n\n{mark}\n\n{table}\n\nSo it is 91.6 %, not 91.8 %."),
            nbformat.v4.new_markdown_cell("## B?\n\nIt was 91.6 %."),
            nbformat.v4.new_markdown_cell(f"## C?\n\nMeasured:\n\n{table}"),
        ]
    )
    loose = [(title, written) for _, written, title in loose_numerals(notebook)]
    assert loose == [("A?", "91.8 %"), ("B?", "91.6 %"), ("C?", "91.64 %")]
