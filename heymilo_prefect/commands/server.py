"""Find the Prefect server that the commands use, or say how to get one."""

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from heymilo_prefect.errors import SetupError


def require_server() -> str:
    """Return the URL of the Prefect server's API, which responds.

    Raises:
        SetupError: PREFECT_API_URL isn't set, or nothing responds there. Without it, Prefect would
            start a temporary server.
    """
    url: str | None = PREFECT_API_URL.value()
    if not url:
        raise SetupError(
            "PREFECT_API_URL isn't set, so deployments have no server. Start one with "
            "`prefect server start`, then run "
            "`prefect config set PREFECT_API_URL=http://127.0.0.1:4200/api`; "
            "or run `prefect cloud login`."
        )
    with get_client(sync_client=True) as client:
        problem = client.api_healthcheck()
    if problem is not None:
        kind = type(problem).__name__
        raise SetupError(
            f"Prefect's server at {url} can't be reached ({kind}). "
            "Start it with `prefect server start`, or correct PREFECT_API_URL."
            if isinstance(problem, httpx.TransportError)
            else f"Prefect's server at {url} isn't ready ({kind}). Check PREFECT_API_URL."
        )
    return url
