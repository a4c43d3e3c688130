"""An `assert` of a chapter must be able to fail: some kinds that cannot are found without running anything.

Found are, in the cells of all notebooks: (1) a comparison whose two sides are the same expression, also
after a name is replaced by what the cell gave it once; (2) a test that says nothing: a bare constant, a
tuple, a constant beside itself; (3) a size or a magnitude that is compared with 0 and cannot be below it;
(4) a number that a loop counts up by 1 and does nothing else: such a loop is the formula written again.
Pencil arithmetic (`assert 1 * 4 - 2 == 2`) computes something and may stand.
"""

import ast

import pytest

from tools.book import Book, read_notebook, tags

BOOK = Book()
EQUALS = {"array_equal", "allclose", "isclose", "array_equiv"}  # functions of NumPy that compare two things
COUNTED = {"range", "np.ndindex", "itertools.product", "product"}  # loops whose length is known before
# Asked twice on purpose: the same file has to give the same answer each time.
TWICE = {"`assert my_file or np.array_equal(read(mine), read(mine))`"}


def given_once(tree: ast.Module) -> dict[str, ast.expr]:
    """Name -> expression, for names that a cell binds exactly once, by a plain assignment at its top level."""
    stored = [
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
        and stored.count(node.targets[0].id) == 1
    }


class Replaced(ast.NodeTransformer):
    """Write out the names that stand for one expression."""

    def __init__(self, given):
        self.given = given

    def visit_Name(self, node):
        value = self.given.get(node.id)
        if value is None:
            return node
        rest = {name: other for name, other in self.given.items() if name != node.id}
        return Replaced(rest).visit(ast.parse(ast.unparse(value), mode="eval").body)


def compared(test: ast.expr):
    """(one side, other side, operator or None) of every comparison in a test."""
    for node in ast.walk(test):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            yield from zip(sides[:-1], sides[1:], node.ops, strict=True)
        elif isinstance(node, ast.Call) and len(node.args) >= 2:
            name = ast.unparse(node.func).split(".")[-1]
            if name in EQUALS:
                yield node.args[0], node.args[1], ast.Eq()


def tautologies(test: ast.expr):
    """What is wrong with a test by itself."""
    if isinstance(test, ast.Constant | ast.Tuple | ast.JoinedStr):
        yield "it is a bare constant or a tuple, which is always true"
    for one, other, operator in compared(test):
        if isinstance(operator, ast.GtE) and isinstance(other, ast.Constant) and other.value == 0:
            if isinstance(one, ast.Call) and ast.unparse(one.func) in {"len", "abs", "np.abs"}:
                yield "a size is never below 0"


def same_sides(test: ast.expr, given: dict[str, ast.expr]):
    """Comparisons whose two sides are the same expression."""
    for one, other, operator in compared(test):
        if not isinstance(operator, ast.NotEq | ast.NotIn | ast.IsNot | ast.Lt | ast.Gt):
            written = [ast.unparse(each) for each in (one, other)]
            full = [ast.unparse(Replaced(given).visit(ast.parse(each, mode="eval").body)) for each in written]
            if full[0] == full[1]:
                yield f"both sides are {full[0]}"


def idle_counts(tree: ast.Module) -> set[str]:
    """Names that loops of a known length do nothing with but add a constant to them."""
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.For):
            continue
        inner, loops = node, [node]
        while len(inner.body) == 1 and isinstance(inner.body[0], ast.For):
            inner = inner.body[0]
            loops.append(inner)
        if not all(
            isinstance(each.iter, ast.Call) and ast.unparse(each.iter.func) in COUNTED for each in loops
        ):
            continue
        step = inner.body[0]
        if (
            len(inner.body) == 1
            and isinstance(step, ast.AugAssign)
            and isinstance(step.target, ast.Name)
            and isinstance(step.value, ast.Constant)
        ):
            found.add(step.target.id)
    return found


def faults(source: str) -> list[str]:
    """The asserts of a cell that cannot fail, each with the reason."""
    tree = ast.parse(source)
    given, idle = given_once(tree), idle_counts(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            reasons = [*tautologies(node.test), *same_sides(node.test, given)]
            reasons += [
                f"{each.id} is counted by a loop that does nothing else"
                for each in ast.walk(node.test)
                if isinstance(each, ast.Name) and each.id in idle
            ]
            found += [f"`{ast.unparse(node)}`: {reason}" for reason in reasons]
    return found


@pytest.mark.parametrize("path", BOOK.chapters, ids=lambda path: path.stem)
def test_every_assert_can_fail(path):
    """No assert of a chapter is of a kind that cannot fail."""
    found = [
        f"{path.name}, cell {number}: {fault}"
        for number, cell in enumerate(read_notebook(path).cells)
        if cell.cell_type == "code" and not any(tag.startswith("shared-") for tag in tags(cell))
        for fault in faults(cell.source)
        if fault.split(": ")[0] not in TWICE
    ]
    assert not found, "\n".join(found)


PLANTED = {
    "the same expression": "assert a.sum() == a.sum()",
    "the same, within a chain": "assert 3 == f(x) == f(x)",
    "the same, by NumPy": "assert np.allclose(a + b, a + b)",
    "what it was just given": "size = n - k + 1\nassert size == n - k + 1",
    "given through two names": "a = n - k\nb = a + 1\nassert b == n - k + 1",
    "two names for one thing": "a = f(x)\nb = f(x)\nassert np.array_equal(a, b)",
    "at most itself": "assert loss <= loss",
    "a constant": "assert True",
    "a constant beside itself": "assert 1800 == 1800",
    "a tuple": "assert (a == b, 'they differ')",
    "a length": "assert len(found) >= 0",
    "a magnitude": "assert abs(gap) >= 0",
    "a loop that is the formula": (
        "count = 0\nfor place in range(25):\n    for weight in np.ndindex(k, k):\n        count += 1\n"
        "assert count == cost(5, 3)"
    ),
    "inside a function": "def check():\n    assert x.shape == x.shape",
}
SOUND = {
    "pencil arithmetic": "assert 1 * 4 - 2 * 1 == 2",
    "two ways to one number": "a = x.sum()\nassert a == np.add.reduce(x)",
    "the same call with other inputs": "assert cost(64) == 4 * cost(32)",
    "a name that is bound twice": "a = f(x)\na = g(a)\nassert a == f(x)",
    "something that must differ": "assert f(x) != f(x)",
    "a loop that looks": "count = 0\nfor x in xs:\n    if x > 0:\n        count += 1\nassert count == 3",
    "a loop that may be stopped": "read = 0\nfor batch in reader:\n    read += 1\nassert read < 4",
    "strictly above": "assert len(found) > 0",
}


@pytest.mark.parametrize("source", PLANTED.values(), ids=PLANTED)
def test_planted_faults_are_found(source):
    """Each planted assert cannot fail, and is told."""
    assert faults(source)


@pytest.mark.parametrize("source", SOUND.values(), ids=SOUND)
def test_sound_asserts_pass(source):
    """Asserts that can fail, or show a sum, are left alone."""
    assert not faults(source)
