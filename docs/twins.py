"""Shows in the reference what static analysis doesn't see.

A task's definition returns the `Call` or the `Steps` that its decorator carries out, where users
get their result. A client's methods are made of `heymilo_prefect.api.endpoints`. A field of a
pydantic model gets its description as docstring.
"""

import ast
from collections.abc import Iterator
from typing import Any

from griffe import (
    Class,
    Docstring,
    Extension,
    Function,
    Module,
    Parameter,
    ParameterKind,
    Parameters,
)

METHODS = {"_sync", "_async"}
DEFERRED = {"Call", "Steps"}


class Twins(Extension):
    """Adds the clients' methods, the tasks' results and the descriptions of fields."""

    def on_package(self, *, pkg: Module, **_: Any) -> None:
        """Go through the package."""
        for module in _modules(pkg):
            for member in module.members.values():
                if not member.is_alias and isinstance(member, Function):
                    _show_result(member)
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
                if call.func.id in METHODS and len(call.args) == 1 and not call.keywords:
                    first, _, rest = ast.unparse(call.args[0]).partition(".")
                    path = ".".join(filter(None, (module.resolve(first), rest)))
                    written = pkg[path.removeprefix(f"{pkg.name}.")]
                    for name in _names(statement):
                        _add(scope, name, call.func.id, written, statement.lineno)
                elif text := _description(call):
                    for name in _names(statement):
                        member = scope.members[name]
                        member.docstring = member.docstring or Docstring(text, parent=member)


def _show_result(function: Function) -> None:
    returns: Any = function.returns
    is_task = any("request_task" in str(it.value) for it in function.decorators)
    if is_task and getattr(returns, "canonical_name", "") in DEFERRED:
        function.returns = returns.slice


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
    """Add a client's method, documented as its endpoint."""
    parameters = [Parameter("self", kind=ParameterKind.positional_or_keyword), *written.parameters]
    returns: Any = written.returns
    made = Function(name, parameters=Parameters(*parameters), returns=returns.slice, lineno=line)
    if maker == "_async":
        made.labels.add("async")
    docstring = written.docstring or Docstring("")
    made.docstring = Docstring(docstring.value, parent=made, lineno=line, parser=docstring.parser)
    scope.set_member(name, made)
