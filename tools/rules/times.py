"""Times: a notebook prints what it measured with a clock, and never asserts it.

How long something takes depends on the machine and on what else it does, so an assertion about it, or about a ratio
of two times, fails by chance. What a chapter says of times is held on the committed outputs, by tests/test_results.py.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.rules.rule import Chapter, Problem, chapter_rule

KEEPERS = {"append", "extend", "update", "add", "insert"}  # methods that keep what they are given
CLOCKS = {"perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time", "time_ns"}


def is_timed(node: ast.AST, timed: set[str]) -> bool:
    """Whether an expression reads a clock, or a name that holds what came of one."""
    if isinstance(node, ast.Attribute) and (node.attr in CLOCKS or ast.unparse(node) == "time.time"):
        return True
    if isinstance(node, ast.Name):
        return node.id in timed or node.id in CLOCKS
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "len":
        return False  # how many were measured is no time
    if isinstance(node, ast.Lambda):
        timed = timed - {each.arg for each in node.args.args}
    for loop in getattr(node, "generators", []):  # its names are its own
        if is_timed(loop.iter, timed):
            return True
        timed = timed - set(names_of(loop.target))
    return any(is_timed(each, timed) for each in ast.iter_child_nodes(node))


def names_of(target: ast.AST) -> list[str]:
    """The names that an assignment to this target changes: of each[size], each."""
    if isinstance(target, ast.Tuple | ast.List):
        return [name for each in target.elts for name in names_of(each)]
    while isinstance(target, ast.Subscript | ast.Attribute | ast.Starred):
        target = target.value
    return [target.id] if isinstance(target, ast.Name) else []


def follow(body: list[ast.stmt], timed: set[str]) -> Iterator[ast.Assert]:
    """Run through statements in their order, keep in `timed` the names that hold times; yield asserts about them."""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            inner = [name for each in ast.walk(node) if isinstance(each, ast.Assign) for t in each.targets
                     for name in names_of(t)]  # fmt: skip
            inside = timed - {each.arg for each in node.args.args + node.args.kwonlyargs} - set(inner)
            yield from follow(node.body, inside)
            results = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
            timed.discard(node.name)
            if any(is_timed(each, inside) for each in results):
                timed.add(node.name)
        elif isinstance(node, ast.Assert) and is_timed(node.test, timed):
            yield node
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for name in names_of(target):
                    if is_timed(node.value, timed):
                        timed.add(name)
                    elif isinstance(node, ast.Assign) and isinstance(target, ast.Name):
                        timed.discard(name)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            keeps = isinstance(called, ast.Attribute) and called.attr in KEEPERS
            if keeps and any(is_timed(each, timed) for each in node.value.args):
                timed.update(names_of(called.value))
        elif isinstance(node, ast.For):
            change = timed.update if is_timed(node.iter, timed) else timed.difference_update
            change(names_of(node.target))
        for part in ("body", "orelse", "finalbody"):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield from follow(getattr(node, part, []), timed)


def cells_with_times(chapter: Chapter) -> set[int]:
    """Numbers of the cells that read a clock, or work with what came of one."""
    timed: set[str] = set()
    found = set()
    for number, _, tree in chapter.own_code():
        list(follow(tree.body, timed))
        if any(is_timed(each, timed) for each in tree.body):
            found.add(number)
    return found


@chapter_rule
def no_asserts_of_times(chapter: Chapter) -> Iterator[Problem]:
    """No assert depends on a clock, as far as assignments, loops, functions and KEEPERS carry what it said."""
    timed: set[str] = set()
    for number, _, tree in chapter.own_code():
        for found in follow(tree.body, timed):
            yield chapter.problem(
                number,
                f"It asserts a time: `{ast.unparse(found.test)[:60]}`.",
                "print it, and hold the prose on the committed output in tests/test_results.py.",
            )
