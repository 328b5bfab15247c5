"""Editors complete, check and document the public API, whichever type checker they use."""

import ast
import inspect
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from heymilo_prefect import flows, tasks

HERE = Path(__file__).parent
RUNNABLE = [
    pytest.param(getattr(module, name), id=name)
    for module in (flows, tasks)
    for name in module.__all__
    if hasattr(getattr(module, name), "fn")
]


def test_pyright_accepts_right_calls_and_rejects_wrong_ones() -> None:
    command = [sys.executable, "-m", "basedpyright", "--project", str(HERE), "--outputjson"]
    command += ["--pythonpath", sys.executable]
    result = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
    assert result["summary"]["filesAnalyzed"] == 1
    assert [found["message"] for found in result["generalDiagnostics"]] == []


@pytest.mark.parametrize("runnable", RUNNABLE)
def test_a_public_flow_or_task_has_its_own_signature_and_docstring(runnable: Any) -> None:
    assert inspect.getdoc(runnable.fn)
    assert "args" not in inspect.signature(runnable.fn).parameters


@pytest.mark.parametrize("runnable", RUNNABLE)
def test_a_search_for_the_definition_of_a_public_flow_or_task_finds_it(runnable: Any) -> None:
    name, module = runnable.fn.__name__, inspect.getmodule(runnable.fn)
    assert module is not None
    defined = ast.parse(inspect.getsource(module)).body
    functions = [it for it in defined if isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef)]
    written = {it.name: ast.get_docstring(it) for it in functions}
    described = {
        target.id
        for assignment, text in pairwise(defined)
        if isinstance(assignment, ast.Assign) and isinstance(text, ast.Expr)
        for target in assignment.targets
        if isinstance(target, ast.Name)
    }
    assert written.get(name) or name in described
