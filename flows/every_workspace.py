"""One deployment for many workspaces: a run each, side by side, with that workspace's blocks."""

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
    """Run a deployment once for each workspace, and wait for all; one's failure stops no other.

    A run gets the workspace's `heymilo-credentials` block. A flow that takes `slack` gets the
    workspace's own `heymilo-slack-channel` block, of the same name, unless `parameters` names one.

    Args:
        deployment: What to run, as `post-interview-summaries/workspace`.
        workspaces: The names of the workspaces' blocks; all that are saved without it.
        parameters: What else each run gets.

    Returns:
        Each workspace and its run's name.

    Raises:
        ValueError: There is no such deployment or no workspace, or the deployment's concurrency
            limit would cancel runs: nothing was run.
        UnfinishedError: A workspace's run didn't complete: says which, and why.
    """
    async with get_client() as client:
        meant = await _deployment(client, deployment)
        names = await _saved(client) if workspaces is None else list(dict.fromkeys(workspaces))
        if not names:
            raise ValueError("There is no workspace: save its blocks, as docs/deploying.md says.")
        _check_limit(meant, deployment, len(names))
        given = parameters or {}
        runs = {name: _run(client, meant, deployment, name, given) for name in names}
        ended = await asyncio.gather(*runs.values(), return_exceptions=True)
    done: dict[str, str] = {}
    undone: list[str] = []
    for name, end in zip(names, ended, strict=True):
        if isinstance(end, str):
            done[name] = end
        elif isinstance(end, Exception):
            undone.append(f"{name}: {end}")
        else:
            raise end
    get_run_logger().info("%d of %d workspaces are done.", len(done), len(names))
    if undone:
        raise UnfinishedError(
            f"{len(undone)} of {len(names)} workspaces failed: {'; '.join(undone)}", done
        )
    return done


async def _run(
    client: PrefectClient,
    meant: DeploymentResponse,
    deployment: str,
    name: str,
    given: dict[str, Any],
) -> str:
    """Run it for one workspace, and give the run's name."""
    parameters = dict(given, heymilo_credentials=await _reference(client, CREDENTIALS, name))
    if "slack" not in given and "slack" in _fields(meant):
        parameters["slack"] = await _reference(client, CHANNEL, name)
    ended = await arun_deployment(
        deployment,
        client=client,
        parameters=parameters,
        flow_run_name=f"{name} {flow_run.name}",
        tags=[f"workspace:{name}"],
    )
    if ended.state is None or not ended.state.is_completed():
        how = "" if ended.state is None else ended.state.name
        where = url_for(ended)
        raise RuntimeError(f'run "{ended.name}" ended {how}{f", {where}" if where else ""}')
    return ended.name


async def _reference(client: PrefectClient, kind: str, name: str) -> dict[str, Any]:
    """Give what a parameter holds instead of a block: nothing secret is read."""
    try:
        found = await client.read_block_document_by_name(name, kind, include_secrets=False)
    except ObjectNotFound:
        raise ValueError(f"Prefect has no block {kind}/{name}") from None
    return {"$ref": {"block_document_id": str(found.id)}}


async def _deployment(client: PrefectClient, deployment: str) -> DeploymentResponse:
    try:
        return await client.read_deployment_by_name(deployment)
    except (ObjectNotFound, ValueError):
        raise ValueError(
            f'Prefect has no deployment "{deployment}": name it as <flow>/<deployment>.'
        ) from None


async def _saved(client: PrefectClient) -> list[str]:
    try:
        found = await client.read_block_documents_by_type(CREDENTIALS, include_secrets=False)
    except ObjectNotFound:  # nobody ever saved one
        return []
    return sorted(document.name for document in found if document.name)


def _check_limit(meant: DeploymentResponse, deployment: str, runs: int) -> None:
    limit, options = meant.global_concurrency_limit, meant.concurrency_options
    if limit and options and options.collision_strategy == "CANCEL_NEW" and limit.limit < runs:
        raise ValueError(
            f'The deployment "{deployment}" runs {limit.limit} at a time and cancels the rest, '
            f"and there are {runs} workspaces: give one without a concurrency limit."
        )


def _fields(meant: DeploymentResponse) -> dict[str, Any]:
    return dict((meant.parameter_openapi_schema or {}).get("properties", {}))
