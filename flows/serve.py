"""Serves the deployments of `prefect.yaml` without a work pool: `python flows/serve.py`.

What they are is said there, once; `prefect deploy` reads it as well.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # Prefect brings it, and no types of it
from prefect import serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.deployments.runner import RunnerDeployment
from prefect.deployments.steps.core import run_steps
from prefect.schedules import Schedule
from prefect.utilities.templating import apply_values

ROOT = Path(__file__).parents[1]


def deployments() -> list[RunnerDeployment]:
    """Read the deployments, with references to the blocks that are saved.

    The current folder is `ROOT`.

    Raises:
        StepExecutionError: A block isn't saved yet.
    """
    described = yaml.safe_load(Path("prefect.yaml").read_text(encoding="utf-8"))
    found = asyncio.run(run_steps(described["build"]))
    return [_deployment(one) for one in apply_values(described["deployments"], found)]


def _deployment(described: dict[str, Any]) -> RunnerDeployment:
    limit = described.get("concurrency_limit")
    made: RunnerDeployment = RunnerDeployment.from_entrypoint(
        described["entrypoint"],
        described["name"],
        description=described["description"],
        tags=described["tags"],
        parameters=described.get("parameters"),
        schedules=[Schedule(**schedule) for schedule in described.get("schedules", ())],
        concurrency_limit=ConcurrencyLimitConfig(**limit) if limit else None,
    )
    return made


if __name__ == "__main__":
    os.chdir(ROOT)
    serve(*deployments())
