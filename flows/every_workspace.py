"""Run one deployment for many workspaces, each with its own blocks, at the same time."""

import asyncio
from typing import Any

from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.utilities.urls import url_for

from heymilo_prefect.flows import UnfinishedError

CREDENTIALS, CHANNEL = "heymilo-credentials", "heymilo-slack-channel"


@flow(name="every-workspace", persist_result=False)
async def every_workspace(
    deployment: str,
    workspaces: list[str] | None = None,
    parameters: dict[str, Any] | None = None,
) -> dict[str, str]:
    """Run a deployment once per workspace, and wait for all runs, whether or not some fail.

    Each run gets the workspace's `heymilo-credentials` block. If the flow has a parameter `slack`,
    it gets the `heymilo-slack-channel` block of the same name, unless `parameters` has one.

    Args:
        deployment: The deployment, such as `post-interview-summaries/workspace`.
        workspaces: The names of the workspaces' blocks; by default all saved ones.
        parameters: Further parameters of each run.

    Returns:
        The name of each workspace's run, by workspace.

    Raises:
        ValueError: The deployment doesn't exist, there is no workspace, or the deployment's
            concurrency limit would cancel runs. Nothing was run.
        UnfinishedError: A workspace's run didn't complete; the message says which, and why.
    """
    async with get_client() as client:
        found = await _deployment(client, deployment)
        names = await _saved(client) if workspaces is None else list(dict.fromkeys(workspaces))
        if not names:
            raise ValueError("There is no workspace. Save its blocks: see docs/deploying.md.")
        _check_limit(found, deployment, len(names))
        runs = [_run(client, found, deployment, name, parameters or {}) for name in names]
        results = await asyncio.gather(*runs, return_exceptions=True)
    completed: dict[str, str] = {}
    failed: list[str] = []
    for name, result in zip(names, results, strict=True):
        if isinstance(result, str):
            completed[name] = result
        elif isinstance(result, Exception):
            failed.append(f"{name}: {result}")
        else:
            raise result
    get_run_logger().info("%d of %d workspaces completed.", len(completed), len(names))
    if failed:
        raise UnfinishedError(
            f"{len(failed)} of {len(names)} workspaces failed: {'; '.join(failed)}", completed
        )
    return completed


async def _run(
    client: PrefectClient,
    found: DeploymentResponse,
    deployment: str,
    name: str,
    more: dict[str, Any],
) -> str:
    """Run it for one workspace, and return the run's name."""
    parameters = dict(more, heymilo_credentials=await _reference(client, CREDENTIALS, name))
    if "slack" not in more and "slack" in _fields(found):
        parameters["slack"] = await _reference(client, CHANNEL, name)
    run = await arun_deployment(
        deployment,
        client=client,
        parameters=parameters,
        flow_run_name=f"{name} {flow_run.name}",
        tags=[f"workspace:{name}"],
    )
    if run.state is None or not run.state.is_completed():
        state = "without a state" if run.state is None else f"as {run.state.name}"
        url = url_for(run)
        raise RuntimeError(f'run "{run.name}" ended {state}{f", {url}" if url else ""}')
    return run.name


async def _reference(client: PrefectClient, kind: str, name: str) -> dict[str, Any]:
    """Return a parameter's reference to a block, without reading its secrets."""
    try:
        document = await client.read_block_document_by_name(name, kind, include_secrets=False)
    except ObjectNotFound:
        raise ValueError(f"Prefect has no block {kind}/{name}") from None
    return {"$ref": {"block_document_id": str(document.id)}}


async def _deployment(client: PrefectClient, deployment: str) -> DeploymentResponse:
    try:
        return await client.read_deployment_by_name(deployment)
    except (ObjectNotFound, ValueError):
        raise ValueError(
            f'Prefect has no deployment "{deployment}". Name it as <flow>/<deployment>.'
        ) from None


async def _saved(client: PrefectClient) -> list[str]:
    try:
        documents = await client.read_block_documents_by_type(CREDENTIALS, include_secrets=False)
    except ObjectNotFound:  # the block type isn't registered yet
        return []
    return sorted(document.name for document in documents if document.name)


def _check_limit(found: DeploymentResponse, deployment: str, runs: int) -> None:
    limit, options = found.global_concurrency_limit, found.concurrency_options
    if limit and options and options.collision_strategy == "CANCEL_NEW" and limit.limit < runs:
        raise ValueError(
            f'The deployment "{deployment}" runs {limit.limit} at a time and cancels the rest, '
            f"and there are {runs} workspaces. Use one without a concurrency limit."
        )


def _fields(found: DeploymentResponse) -> dict[str, Any]:
    return dict((found.parameter_openapi_schema or {}).get("properties", {}))
