"""The examples in docstrings, which the reference shows, do what they say."""

import doctest
import importlib
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import heymilo_prefect
from heymilo_prefect.api.models import Posting
from heymilo_prefect.tasks import get_interview
from tests.docs import ROOT
from tests.docs.conftest import Stage
from tests.docs.deployments import deployed_for

PACKAGE = Path(heymilo_prefect.__file__).parent
_EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)
_LOAD = re.compile(r'(\w+)\.load\("BLOCK_NAME"\)')


def _module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def examples() -> list[Any]:
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        source = file.read_text()
        for example in _EXAMPLE.finditer(source):
            line = source.count("\n", 0, example.start()) + 1
            name = f"{file.relative_to(PACKAGE)}:{line}"
            found.append(pytest.param(_module(file), dedent(example[1].rstrip(" ")), id=name))
    return found


@pytest.mark.parametrize(("module", "example"), examples())
def test_the_example_runs(module: str, example: str, stage: Stage) -> None:
    world = stage.world
    for kind in _LOAD.findall(example):
        stage.save(kind, "production")
    given = {
        **vars(importlib.import_module(module)),
        "heymilo_credentials": world.heymilo_credentials,
        "interview": get_interview(world.heymilo_credentials, stage.finished[0]),
        "posting": Posting(posting_id=world.posting_ids[0]),
    }
    with deployed_for(example):
        exec(example.replace("BLOCK_NAME", "production"), given)


def doctested() -> list[str]:
    return [
        _module(file)
        for file in sorted(PACKAGE.rglob("*.py"))
        if re.search(r"^\s*>>> ", file.read_text(), re.MULTILINE)
    ]


@pytest.mark.parametrize("name", doctested())
def test_a_shells_output_is_read_up_to_the_prompt(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module)
    assert not result.failed
