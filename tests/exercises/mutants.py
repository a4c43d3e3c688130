"""Make wrong answers of a right one by rule, as learners slip: a check must reject each that is wrong.

    mutants(function, names, cases, every) -> (words, answer), ...

`function` is the syntax tree of a right answer (a def, or an assignment of a lambda), `names` what it
may use, `cases` the inputs of its check. The rules: integers off by one, signs and operands changed,
swapped or left out, calls, keywords, indices and statements left out, names put in one another's
place, a return or a table's kind too early, inputs frozen, rounded, bounded, turned, cut or changed in
place, results rounded, bounded, turned or cut. tests/exercises/test_mutants.py runs them.
"""

from __future__ import annotations

import ast
import copy
import functools
import itertools
from collections.abc import Callable, Iterator

import numpy as np

TURNS = 20_000  # of one loop: more is a loop that never ends

OPERATORS = {
    ast.Add: [ast.Sub, ast.Mult],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Add, ast.Div],
    ast.Div: [ast.Mult, ast.FloorDiv],
    ast.FloorDiv: [ast.Div],
    ast.Mod: [ast.FloorDiv],
    ast.Pow: [ast.Mult],
    ast.MatMult: [ast.Mult],
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.Eq],
    ast.Gt: [ast.GtE, ast.Lt, ast.NotEq],
    ast.GtE: [ast.Gt],
    ast.Eq: [ast.NotEq, ast.LtE, ast.GtE],
    ast.NotEq: [ast.Eq],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
}
# A function and those that are taken for it.
MISTAKEN = {
    "max": ["min", "sum"],
    "min": ["max"],
    "argmax": ["argmin"],
    "argmin": ["argmax"],
    "sum": ["max", "mean"],
    "mean": ["sum", "max"],
    "any": ["all"],
    "all": ["any"],
    "std": ["var"],
    "zeros": ["ones"],
    "ones": ["zeros"],
    "zeros_like": ["ones_like"],
    "maximum": ["minimum", "add"],
    "minimum": ["maximum"],
    "ceil": ["floor"],
    "floor": ["ceil", "round"],
    "dot": ["multiply"],
}
KINDS = ("zeros", "ones", "full", "asarray", "array", "astype", "zeros_like")


def each_of(value, change: Callable) -> object:
    """Change every table or number of an answer, tuples and lists of tables piece by piece."""
    if isinstance(value, tuple) or isinstance(value, list) and any(isinstance(v, np.ndarray) for v in value):
        return tuple(change(np.asarray(piece)) for piece in value)
    return change(np.asarray(value))


# What becomes of a result, or of an input.
BOUNDS: dict[str, Callable] = {
    "as integers": lambda t: t.astype(float).astype(int),
    "rounded": lambda t: np.round(t.astype(float)),
    "rounded to one digit": lambda t: np.round(t.astype(float), 1),
    "as bytes": lambda t: t.astype(float).astype(int).astype("uint8"),
    "as small integers": lambda t: t.astype(float).astype(int).astype("int8"),
    "not below 0": lambda t: np.maximum(t, 0),
    "not above 0": lambda t: np.minimum(t, 0),
    "not above 1": lambda t: np.minimum(t, 1),
    "not above 6": lambda t: np.minimum(t, 6),
    "not above 100": lambda t: np.minimum(t, 100),
    "not above 255": lambda t: np.minimum(t, 255),
    "not below -1": lambda t: np.maximum(t, -1),
    "not below -100": lambda t: np.maximum(t, -100),
    "not below -255": lambda t: np.maximum(t, -255),
    "without signs": np.abs,
}
SHAPES: dict[str, Callable] = {
    "turned on its diagonal": lambda t: t.swapaxes(0, 1) if t.ndim > 1 else t[::-1],
    "upside down": lambda t: t[::-1],
    "left side right": lambda t: t[:, ::-1],
    "without its first row": lambda t: t[1:],
    "without its last row": lambda t: t[:-1],
    "without its last column": lambda t: t[:, :-1],
    "its first row alone": lambda t: t[:1],
    "cut to a square": lambda t: t[: min(t.shape[:2]), : min(t.shape[:2])],
    "without its last axis": lambda t: t[..., 0],
    "its first channel everywhere": lambda t: np.broadcast_to(t[..., :1], t.shape),
    "its first value everywhere": lambda t: np.full(t.shape, t.flat[0]),
    "repeated values once": lambda t: np.unique(t),
    "its first three rows": lambda t: t[:3],
    "sorted": lambda t: np.sort(t, axis=None).reshape(t.shape),
}
NUMBERS: dict[str, Callable] = {
    "one more": lambda n: n + 1,
    "one less": lambda n: n - 1,
    "at least 1": lambda n: max(n, 1),
    "at least 2": lambda n: max(n, 2),
    "at most 0": lambda n: min(n, 0),
    "at most 1": lambda n: min(n, 1),
    "at most 2": lambda n: min(n, 2),
    "at most 3": lambda n: min(n, 3),
    "as a whole number": int,
    "its sign turned": lambda n: -n,
    "an odd number": lambda n: n // 2 * 2 + 1,
}


class Endless(Exception):
    """A loop of a mutant turned too often."""


class Guard(ast.NodeTransformer):
    """Count the turns of every loop, so that none is endless."""

    def visit_While(self, node):
        self.generic_visit(node)
        node.body.insert(0, ast.parse("_turn_()").body[0])
        return node

    visit_For = visit_While


def compiled(function: ast.stmt | str, names: dict) -> Callable:
    """The function that a tree, or its source, defines."""
    source = function if isinstance(function, str) else ast.unparse(ast.fix_missing_locations(function))
    module = ast.fix_missing_locations(Guard().visit(ast.parse(source)))
    turns = [0]

    def turn():
        turns[0] += 1
        if turns[0] > TURNS:
            raise Endless("too many turns of a loop")

    space = {**names, "_turn_": turn}
    exec(compile(module, "a mutant", "exec"), space)
    first = module.body[0]
    made = space[first.name if isinstance(first, ast.FunctionDef) else first.targets[0].id]

    def answer(*inputs):
        turns[0] = 0
        return made(*inputs)

    return answer


def parts(function: ast.stmt) -> list[tuple[ast.AST, str, int | None]]:
    """Every place of a tree that holds another node: (its holder, field, number in a list or None)."""
    found = []
    for node in ast.walk(function):
        for name, value in ast.iter_fields(node):
            if name in ("decorator_list", "returns", "annotation", "targets", "args") and isinstance(
                node, (ast.FunctionDef, ast.Assign, ast.Lambda)
            ):
                continue
            if isinstance(value, ast.AST):
                found.append((node, name, None))
            elif isinstance(value, list):
                found += [(node, name, n) for n, piece in enumerate(value) if isinstance(piece, ast.AST)]
    return found


def replacements(node: ast.AST, names: list[str]) -> Iterator[ast.AST | None]:
    """Nodes that a slip would put in the place of this one; None leaves it out."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        number = node.value
        steps = (number + 1, number - 1, 0) if isinstance(number, int) else (number * 2, 0.0)
        for other in dict.fromkeys(steps):
            if other != number:
                yield ast.Constant(other)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        yield from (ast.Name(other, ast.Load()) for other in names if other != node.id)
    elif isinstance(node, ast.BinOp):
        yield from (ast.BinOp(node.left, op(), node.right) for op in OPERATORS.get(type(node.op), []))
        yield node.left
        yield node.right
        if not isinstance(node.op, (ast.Add, ast.Mult)):
            yield ast.BinOp(node.right, node.op, node.left)
        if isinstance(node.op, ast.FloorDiv):
            lost = ast.UnaryOp(ast.USub(), node.left)
            yield ast.UnaryOp(ast.USub(), ast.BinOp(lost, ast.FloorDiv(), node.right))
            yield ast.Call(ast.Name("int", ast.Load()), [ast.BinOp(node.left, ast.Div(), node.right)], [])
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for op in OPERATORS.get(type(node.ops[0]), []):
            yield ast.Compare(node.left, [op()], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(OPERATORS[type(node.op)][0](), node.values)
        yield from node.values
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
        yield from (ast.Subscript(node.value, other, node.ctx) for other in indices(node.slice))
    elif isinstance(node, ast.Subscript):
        yield from (ast.Subscript(node.value, other, node.ctx) for other in indices(node.slice))
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Call):
        yield from calls(node)
    elif isinstance(node, (ast.Tuple, ast.List)) and isinstance(node.ctx, ast.Load) and len(node.elts) == 2:
        yield type(node)(node.elts[::-1], node.ctx)
        yield type(node)([node.elts[0]] * 2, node.ctx)
        yield type(node)([node.elts[1]] * 2, node.ctx)


def indices(index: ast.AST) -> Iterator[ast.AST]:
    """Another index: two axes swapped, a bound left out or off by one."""
    if isinstance(index, ast.Tuple):
        if len(index.elts) > 1:
            yield ast.Tuple([index.elts[1], index.elts[0], *index.elts[2:]], ast.Load())
        for n, piece in enumerate(index.elts):
            for other in indices(piece):
                yield ast.Tuple([*index.elts[:n], other, *index.elts[n + 1 :]], ast.Load())
    elif isinstance(index, ast.Slice):
        bounds = {"lower": index.lower, "upper": index.upper, "step": index.step}
        for name, bound in bounds.items():
            if bound is not None:
                yield ast.Slice(**(bounds | {name: None}))
                if name != "step":
                    for sign in (ast.Add(), ast.Sub()):
                        yield ast.Slice(**(bounds | {name: ast.BinOp(bound, sign, ast.Constant(1))}))
    elif not isinstance(index, ast.Constant):
        for sign in (ast.Add(), ast.Sub()):
            yield ast.BinOp(index, sign, ast.Constant(1))


def calls(node: ast.Call) -> Iterator[ast.AST]:
    """Another call: left out, another function, arguments swapped or left out, another kind of number."""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    yield from node.args[:1]
    if isinstance(node.func, ast.Attribute):
        if not isinstance(node.func.value, ast.Name) or node.func.value.id not in ("np", "math", "keras"):
            yield node.func.value
        for other in MISTAKEN.get(name, []):
            yield ast.Call(ast.Attribute(node.func.value, other, ast.Load()), node.args, node.keywords)
    elif name in ("max", "min", "sum", "any", "all"):
        for other in MISTAKEN[name]:
            if other != "mean":
                yield ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords)
    if len(node.args) > 1:
        yield ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)
        for n in range(len(node.args)):
            yield ast.Call(node.func, node.args[:n] + node.args[n + 1 :], node.keywords)
    for n in range(len(node.keywords)):
        yield ast.Call(node.func, node.args, node.keywords[:n] + node.keywords[n + 1 :])
    if name == "range":
        last = min(1, len(node.args) - 1)
        for sign in (ast.Add(), ast.Sub()):
            changed = list(node.args)
            changed[last] = ast.BinOp(changed[last], sign, ast.Constant(1))
            yield ast.Call(node.func, changed, [])
        if len(node.args) == 1:
            yield ast.Call(node.func, [ast.Constant(1), *node.args], [])
    if name in KINDS:
        others = [each for each in node.keywords if each.arg != "dtype"]
        plain = [a for a in node.args if not (isinstance(a, ast.Name) and a.id in ("float", "int"))]
        plain = [a for a in plain if not (isinstance(a, ast.Constant) and isinstance(a.value, str))]
        for kind in ("int", "uint8", "int8", "bool"):
            if name == "astype":
                yield ast.Call(node.func, [ast.Constant(kind)], others)
            else:
                yield ast.Call(node.func, plain, [*others, ast.keyword("dtype", ast.Constant(kind))])


def statements(body: list[ast.stmt], result: ast.Return | None) -> Iterator[list[ast.stmt]]:
    """Other bodies: a statement left out, a sum replaced, the return in the loop above it."""
    for n, statement in enumerate(body):
        rest = body[:n], body[n + 1 :]
        if not isinstance(statement, ast.Return) and len(body) > 1:
            yield [*rest[0], *rest[1]]
        if isinstance(statement, ast.AugAssign):
            yield [*rest[0], ast.Assign([statement.target], statement.value), *rest[1]]
            for op in OPERATORS.get(type(statement.op), []):
                yield [*rest[0], ast.AugAssign(statement.target, op(), statement.value), *rest[1]]
        if isinstance(statement, (ast.For, ast.While)) and result is not None:
            early = copy.deepcopy(statement)
            early.body.append(copy.deepcopy(result))
            yield [*rest[0], early, *rest[1]]
        if isinstance(statement, ast.If):
            yield [*rest[0], *statement.body, *rest[1]]
            yield [*rest[0], *statement.orelse, *rest[1]] if statement.orelse else [*rest[0], *rest[1]]


def sources(function: ast.stmt) -> Iterator[tuple[str, str]]:
    """All changed sources of a function, each once: (words, source)."""
    names = sorted(
        {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
        | {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    )
    own = ast.unparse(function)
    seen = {own}

    def written(change: Callable, undo: Callable) -> str:
        """The source with a change, "" where that makes no new program."""
        change()
        try:
            source = ast.unparse(ast.fix_missing_locations(function))
        except (AttributeError, TypeError, ValueError):
            source = ""
        undo()
        if source in seen:
            return ""
        seen.add(source)
        return source

    for holder, name, place in parts(function):
        fields = vars(holder) if place is None else getattr(holder, name)
        key = name if place is None else place
        node = fields[key]
        for new in list(replacements(node, names)):
            words = f"{ast.unparse(node)} -> {ast.unparse(ast.fix_missing_locations(copy.deepcopy(new)))}"
            put = functools.partial(fields.__setitem__, key)
            if source := written(functools.partial(put, new), functools.partial(put, node)):
                yield f"line {getattr(node, 'lineno', 0) - function.lineno + 1}: {words}", source
    last = function.body[-1] if isinstance(function, ast.FunctionDef) else None
    result = last if isinstance(last, ast.Return) else None
    for block in list(ast.walk(function)):
        for field in ("body", "orelse"):
            old = getattr(block, field, None)
            for body in list(statements(old, result)) if isinstance(old, list) else ():
                put = functools.partial(setattr, block, field)
                new = body or [ast.Pass()]
                if source := written(functools.partial(put, new), functools.partial(put, old)):
                    gone = [line.strip() for line in own.split("\n") if line not in source.split("\n")]
                    yield f"a statement: {' / '.join(gone) or 'a return too early'}", source


def wrapped(answer: Callable, place: int | None, change: Callable) -> Callable:
    """An answer whose result (place None) or input number `place` is changed."""

    def other(*inputs):
        if place is None:
            return each_of(answer(*inputs), change)
        return answer(*inputs[:place], change(inputs[place]), *inputs[place + 1 :])

    return other


def spoiled(answer: Callable, place: int) -> Callable:
    """An answer that changes its input number `place` in place."""

    def other(*inputs):
        value = answer(*inputs)
        inputs[place][...] = inputs[place] + 1
        return value

    return other


def swapped(answer: Callable, one: int, two: int) -> Callable:
    """An answer that takes two of its inputs for one another."""

    def other(*inputs):
        inputs = list(inputs)
        inputs[one], inputs[two] = inputs[two], inputs[one]
        return answer(*inputs)

    return other


def around(answer: Callable, cases: list[tuple]) -> Iterator[tuple[str, Callable]]:
    """Slips that stand before or behind an answer, whatever its code."""
    for words, change in {**BOUNDS, **SHAPES}.items():
        yield f"result: {words}", wrapped(answer, None, change)
    for place, first in enumerate(cases[0]):
        what = f"input {place + 1}"
        if isinstance(first, np.ndarray):
            for words, change in {**BOUNDS, **SHAPES}.items():
                yield f"{what}: {words}", wrapped(answer, place, change)
            yield f"{what}: changed in place", spoiled(answer, place)
        elif isinstance(first, (int, float)):
            for words, change in NUMBERS.items():
                yield f"{what}: {words}", wrapped(answer, place, change)
        seen = []
        for case in cases:
            if repr(case[place]) not in seen and len(seen) < 4:
                seen.append(repr(case[place]))
                yield (
                    f"{what}: always {' '.join(seen[-1].split())[:40]}",
                    wrapped(answer, place, lambda _, fixed=case[place]: copy.deepcopy(fixed)),
                )
        for other in range(place + 1, len(cases[0])):
            yield f"inputs {place + 1} and {other + 1} swapped", swapped(answer, place, other)


def mutants(
    function: ast.stmt, names: dict, cases: list[tuple], every: int = 1
) -> Iterator[tuple[str, Callable]]:
    """Wrong answers made of a right one: (words, answer); one of `every`.

    Some are right again: see whether they differ.
    """
    for words, source in itertools.islice(sources(function), 0, None, every):
        try:
            yield words, compiled(source, names)
        except (SyntaxError, TypeError, ValueError):  # a change that makes no program
            continue
    yield from itertools.islice(around(compiled(function, names), cases), 0, None, every)
