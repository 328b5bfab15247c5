"""A deployment for automations to run."""

from typing import Any
from uuid import UUID, uuid4

from prefect import Flow
from prefect.client.orchestration import get_client


async def deployed(flow: Flow[Any, Any], **parameters: Any) -> tuple[str, UUID]:
    """Deploy a flow under a new name; its whole name and its id."""
    name = f"{flow.name}-{uuid4().hex[:8]}"
    async with get_client() as client:
        made = await client.create_deployment(
            await client.create_flow(flow),
            name,
            parameters=parameters,
            parameter_openapi_schema=flow.parameters.model_dump(),
            entrypoint=f"x.py:{flow.fn.__name__}",
        )
    return f"{flow.name}/{name}", made
