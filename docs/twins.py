"""Shows the reference what static analysis doesn't see: the flows, tasks and methods that are made.

One function is written, and two are made of it, for sync callers and for async ones. Here each gets
the parameters and the docstring of the one that is written. A field of a pydantic model gets its
description as docstring.
"""

import ast
from collections.abc import Iterator
from typing import Any

from griffe import (
    Class,
    Docstring,
    ExprName,
    Extension,
    Function,
    Module,
    Parameter,
    ParameterKind,
    Parameters,
)

MADE_BY = {"twin_flows", "_endpoint_tasks", "_task", "_sync", "_async"}
METHODS = {"_sync", "_async"}
GIVES_CALLS = {"_endpoint_tasks", *METHODS}
BLOCK = "    heymilo_credentials: The workspace's block.\n"


class Twins(Extension):
    """Adds what `MADE_BY` makes, and the descriptions of fields."""

    def on_package(self, *, pkg: Module, **_: Any) -> None:
        """Go through the package."""
        for module in _modules(pkg):
            tree = ast.parse(module.source)
            fields = {
                name: statement.value
                for scope, statement in _statements(module, tree.body)
                for name in _names(statement)
                if scope is module
            }
            for scope, statement in _statements(module, tree.body):
                call = getattr(statement, "value", None)
                if isinstance(call, ast.Name):  # a field that several models have
                    call = fields.get(call.id)
                if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                    continue
                if call.func.id in MADE_BY and len(call.args) == 1 and not call.keywords:
                    first, _, rest = ast.unparse(call.args[0]).partition(".")
                    path = ".".join(filter(None, (module.resolve(first), rest)))
                    written = pkg[path.removeprefix(f"{pkg.name}.")]
                    for name in _names(statement):
                        _add(scope, name, call.func.id, written, statement.lineno)
                elif text := _description(call):
                    for name in _names(statement):
                        member = scope.members[name]
                        member.docstring = member.docstring or Docstring(text, parent=member)


def _modules(module: Module) -> Iterator[Module]:
    yield module
    for member in module.members.values():
        if not member.is_alias and isinstance(member, Module):
            yield from _modules(member)


def _statements(
    scope: Module | Class, body: list[ast.stmt]
) -> Iterator[tuple[Module | Class, ast.Assign | ast.AnnAssign]]:
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            inner = scope.members[statement.name]
            assert isinstance(inner, Class)
            yield from _statements(inner, statement.body)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            yield scope, statement


def _names(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    nodes = [node for target in targets for node in ast.walk(target)]
    return [node.id for node in nodes if isinstance(node, ast.Name)]


def _description(call: ast.Call) -> str:
    """Return what a field's call says that it is."""
    assert isinstance(call.func, ast.Name)
    if call.func.id == "duration_field":
        return f"{ast.literal_eval(call.args[1])}."
    if call.func.id == "Field":
        for keyword in call.keywords:
            if keyword.arg == "description":
                return str(ast.literal_eval(keyword.value))
    return ""


def _add(scope: Module | Class, name: str, maker: str, written: Function, line: int) -> None:
    """Add a function that is documented as the one that is written."""
    parameters = list(written.parameters)
    docstring = written.docstring or Docstring("")
    text = docstring.value
    returns: Any = written.returns
    if maker == "_endpoint_tasks":
        block = ExprName("HeyMiloCredentials", parent=scope)
        parameters.insert(0, _parameter("heymilo_credentials", block))
        text = text.replace("Args:\n", f"Args:\n{BLOCK}")
    if maker in METHODS:
        parameters.insert(0, _parameter("self", None))
    if maker in GIVES_CALLS:
        returns = returns.slice  # the `Call` of it is for the client to send
    made = Function(name, parameters=Parameters(*parameters), returns=returns, lineno=line)
    if maker == "_async" or (maker not in METHODS and name.startswith("a")):
        made.labels.add("async")
    made.docstring = Docstring(text, parent=made, lineno=line, parser=docstring.parser)
    scope.set_member(name, made)


def _parameter(name: str, annotation: ExprName | None) -> Parameter:
    return Parameter(name, annotation=annotation, kind=ParameterKind.positional_or_keyword)
