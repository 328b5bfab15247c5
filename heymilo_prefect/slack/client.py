"""slack_sdk's clients as we need them: they wait when Slack asks to, and repeat nothing else."""

import logging
import time
from typing import Any, TypeVar
from urllib.parse import urlsplit

from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from heymilo_prefect.api.wire import is_loopback, is_unreadable_on_the_way

SLACK_API_URL = "https://slack.com/api/"

_TIMEOUT_SECONDS = 30
_PATIENCE_SECONDS = 300.0  # another process may post to the channel as fast as Slack lets it
_MOST_RETRIES = 99  # of a request that slack_sdk sends 100 times at most

_Client = TypeVar("_Client", AsyncWebClient, AsyncWebhookClient)

# slack_sdk logs requests whole at DEBUG, and candidates' data with them, so its logger stays above.
_transport_log = logging.getLogger("heymilo_prefect.slack.transport")
_transport_log.setLevel(logging.WARNING)


def slack_client(token: str, api_url: str = SLACK_API_URL) -> AsyncWebClient:
    """Make a client that waits when Slack asks it to (429), and never sends anything a second time.

    Args:
        token: The app's bot token.
        api_url: Where the Web API is; `https`, except on loopback.

    Raises:
        ValueError: `api_url` would send the token unencrypted.
    """
    url = checked_url(api_url, "The Slack API's URL")
    return _direct(AsyncWebClient(token=token, base_url=url, **_conduct()), url)


def webhook_client(url: str) -> AsyncWebhookClient:
    """Make a client of an incoming webhook, which conducts itself like `slack_client`'s."""
    return _direct(
        AsyncWebhookClient(checked_url(url, "The Slack webhook's URL"), **_conduct()), url
    )


def checked_url(url: str, what: str) -> str:
    """Return a URL that a message may be sent to; raises ValueError for one in the open."""
    if is_unreadable_on_the_way(url):
        return url
    raise ValueError(f"{what} must start with https:// (http:// is for this machine only).")


class _Patient(AsyncRateLimitErrorRetryHandler):
    """Waits each time as long as Slack asks to, and gives up after some minutes of that."""

    async def _can_retry_async(self, *, state: RetryState, **about: Any) -> bool:
        known = state.custom_values = state.custom_values or {}
        now = time.monotonic()
        waited = now - known.setdefault("first_asked_at", now)
        return waited < _PATIENCE_SECONDS and await super()._can_retry_async(state=state, **about)


def _conduct() -> dict[str, Any]:
    return {
        "timeout": _TIMEOUT_SECONDS,
        "retry_handlers": [_Patient(_MOST_RETRIES)],
        "logger": _transport_log,
    }


def _direct(client: _Client, url: str) -> _Client:
    if _is_local(url):
        client.proxy = None  # slack_sdk takes the environment's, which can't know loopback
    return client


def _is_local(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname)
