"""Whether a piece of `prefect.yaml` deploys: merged into ours, its keys, blocks and parameters."""

import asyncio
import importlib
import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml  # type: ignore[import-untyped]
from prefect import flow
from prefect.cli.deploy._models import (
    ConcurrencyLimitSpec,
    DeploymentConfig,
    PrefectYamlModel,
    RawScheduleConfig,
    WorkPoolConfig,
)
from prefect.client.orchestration import get_client
from prefect.deployments.steps.core import run_steps
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.schema_tools import validate
from prefect.utilities.templating import apply_values

from tests.docs import ROOT, Block
from tests.docs.conftest import Stage

_OURS = {"definitions"}


@contextmanager
def deployed_for(source: str) -> Iterator[None]:
    """Have the deployment that a block's automation runs; delete the automations it makes."""
    with get_client(sync_client=True) as client:
        before = {automation.id for automation in client.read_automations()}
        if named := re.search(r'save\("([\w-]+)/([\w-]+)"', source):

            @flow(name=named[1])
            def deployed(interview_id: str) -> None: ...

            deployed.to_deployment(named[2]).apply()
        yield
        for automation in client.read_automations():
            if automation.id not in before:
                client.delete_automation(automation.id)


def check_yaml(block: Block, stage: Stage) -> None:
    """Merge a piece into our prefect.yaml, and do what `prefect deploy` does up to the server."""
    piece = yaml.safe_load(block.source)
    _check_keys(piece, PrefectYamlModel, _OURS)
    whole = yaml.safe_load((ROOT / "prefect.yaml").read_text())
    pool = piece.get("definitions", {}).get("pool")
    for one in whole["deployments"] if pool else ():
        one["work_pool"] = pool
    whole |= piece
    PrefectYamlModel.model_validate(whole)
    for step in whole["build"]:
        for blocks in step.values():
            for named in blocks.values():
                kind, _, name = named.partition("/")
                if name:
                    stage.save(kind, name)
    saved = asyncio.run(run_steps(whole["build"]))
    for step in piece.get("pull", ()):
        [(name, inputs)] = step.items()
        module, _, function = name.rpartition(".")
        inspect.signature(getattr(importlib.import_module(module), function)).bind(**inputs)
    for one in whole["deployments"]:
        _check_deployment(apply_values(one, saved), stage)


def _check_deployment(one: dict[str, Any], stage: Stage) -> None:
    _check_keys(one, DeploymentConfig)
    _check_keys(one["work_pool"], WorkPoolConfig)
    _check_keys(one.get("concurrency_limit", {}), ConcurrencyLimitSpec)
    for schedule in one.get("schedules", ()):
        RawScheduleConfig.model_validate(schedule)
    entrypoint = one["entrypoint"]
    if ":" in entrypoint:
        folder = stage.folder if (stage.folder / entrypoint.partition(":")[0]).exists() else ROOT
        entrypoint = str(folder / entrypoint)
    flow = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
    schema = flow.parameters.model_dump_for_openapi()
    given = one.get("parameters", {})
    assert given.keys() <= schema["properties"].keys()
    validate(given, schema, raise_on_error=True, ignore_required=True)


def _check_keys(given: dict[str, Any], model: Any, ours: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    known = {name for name in model.model_fields} | ours
    assert given.keys() <= known, given.keys() - known
