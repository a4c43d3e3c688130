"""Which names a cell binds, reads, and needs from other cells; the rules on exercises ask."""

from __future__ import annotations

import ast
import builtins
import symtable


def names_bound(source: str) -> set[str]:
    """The names that a cell binds at its top level."""
    found = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif not isinstance(node, ast.Expr):
            found |= {
                each.id
                for each in ast.walk(node)
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            }
    return found


def names_at_top(tree: ast.AST) -> set[str]:
    """The names that code binds in the notebook, not inside its functions and comprehensions."""
    table = symtable.symtable(ast.unparse(tree), "cell", "exec")
    return {
        symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()
    }


def names_read(tree: ast.AST) -> set[str]:
    """The names that code takes from the notebook, also from inside its functions."""
    found: set[str] = set()
    tables = [symtable.symtable(ast.unparse(tree), "cell", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (table.get_type() == "module" or symbol.is_global()):
                found.add(symbol.get_name())
    return found - set(dir(builtins))


def names_needed(tree: ast.Module) -> set[str]:
    """The names that a cell reads before it binds them: another cell must have done it."""
    needed: set[str] = set()
    later: set[str] = set()  # read by functions, when they are called
    bound: set[str] = set()

    def walk(statements) -> None:
        for node in statements:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                later.update(names_read(node))
                bound.add(node.name)
            elif isinstance(node, ast.For | ast.While | ast.If | ast.With | ast.Try):
                items = getattr(node, "items", [])
                heads = [getattr(node, "iter", None), getattr(node, "test", None)]
                for head in heads + [item.context_expr for item in items]:
                    needed.update((names_read(head) if head else set()) - bound)
                for target in [getattr(node, "target", None)] + [item.optional_vars for item in items]:
                    if target:
                        bound.update(each.id for each in ast.walk(target) if isinstance(each, ast.Name))
                handlers = getattr(node, "handlers", [])
                bound.update(handler.name for handler in handlers if handler.name)
                for block in (node, *handlers):
                    for part in ("body", "orelse", "finalbody"):
                        walk(getattr(block, part, []))
            else:
                read = names_read(node)
                if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                    read = read | {node.target.id}
                needed.update(read - bound)
                bound.update(names_at_top(node))

    walk(tree.body)
    return needed | later - bound
