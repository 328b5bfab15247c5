"""The Prefect server and the saved blocks that the commands use; errors say how to get them."""

from typing import TypeVar, cast

import httpx
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from heymilo_prefect.errors import SetupError

BlockT = TypeVar("BlockT", bound=Block)


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
            explain_server_error(problem)
            or f"Prefect's server at {url} isn't ready ({kind}). Check PREFECT_API_URL."
        )
    return url


def explain_server_error(error: Exception) -> str | None:
    """Return what an error of Prefect's client says and what to do; None for any other error."""
    url = PREFECT_API_URL.value()
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        if status in (401, 403):
            return (
                f"Prefect's server at {url} rejected the request (status {status}). "
                "Run `prefect cloud login`, or check PREFECT_API_KEY."
            )
        return f"Prefect's server at {url} returned status {status}. See its log."
    if isinstance(error, httpx.HTTPError) or "Failed to reach API" in str(error):
        return (
            f"Prefect's server at {url} can't be reached ({type(error).__name__}). "
            "Start it with `prefect server start`, or correct PREFECT_API_URL."
        )
    return None


def load_block(kind: type[BlockT], name: str) -> BlockT:
    """Return a saved block.

    Raises:
        SetupError: It isn't saved, or can't be loaded; the message has nothing of its content.
    """
    slug = kind.get_block_type_slug()
    run = f"Run `heymilo-prefect setup --name {name}`."
    try:
        return cast(BlockT, kind.load(name))
    except ValueError as error:
        if "Unable to find block document" in str(error):
            raise SetupError(f"{slug}/{name} isn't saved. {run}") from None
    except Exception:
        pass
    raise SetupError(f"{slug}/{name} can't be loaded: it was saved with other fields. {run}")
