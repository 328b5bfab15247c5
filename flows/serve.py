"""Serve the deployments of `prefect.yaml` without a work pool: `python flows/serve.py`."""

import asyncio
import os
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # installed by Prefect, without types
from prefect import serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.deployments.runner import RunnerDeployment
from prefect.deployments.steps.core import run_steps
from prefect.schedules import Schedule
from prefect.utilities.templating import apply_values

ROOT = Path(__file__).parents[1]


def deployments() -> list[RunnerDeployment]:
    """Read the deployments, with references to the saved blocks.

    The current folder must be `ROOT`.

    Raises:
        StepExecutionError: A block isn't saved yet.
    """
    project = yaml.safe_load(Path("prefect.yaml").read_text(encoding="utf-8"))
    references = asyncio.run(run_steps(project["build"]))
    return [_deployment(it) for it in apply_values(project["deployments"], references)]


def _deployment(config: dict[str, Any]) -> RunnerDeployment:
    limit = config.get("concurrency_limit")
    deployment: RunnerDeployment = RunnerDeployment.from_entrypoint(
        config["entrypoint"],
        config["name"],
        description=config["description"],
        tags=config["tags"],
        parameters=config.get("parameters"),
        schedules=[Schedule(**schedule) for schedule in config.get("schedules", ())],
        concurrency_limit=ConcurrencyLimitConfig(**limit) if limit else None,
    )
    return deployment


if __name__ == "__main__":
    os.chdir(ROOT)
    serve(*deployments())
