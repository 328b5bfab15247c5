"""Slack clients that wait when Slack's rate limit asks for it, and retry nothing else.

Source: https://docs.slack.dev/apis/web-api/rate-limits.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from heymilo_prefect._net import is_local_url, require_secure_url
from heymilo_prefect.testing import waiting

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
    url = require_secure_url(api_url, "The Slack API's URL")
    return _without_proxy(AsyncWebClient(token=token, base_url=url, **_client_options()), url)


def webhook_client(url: str) -> AsyncWebhookClient:
    """Make a client of an incoming webhook, which conducts itself like `slack_client`'s."""
    return _without_proxy(
        AsyncWebhookClient(require_secure_url(url, "The Slack webhook's URL"), **_client_options()),
        url,
    )


class _RateLimitRetry(AsyncRateLimitErrorRetryHandler):
    """Waits each time as long as Slack asks to, and gives up after some minutes of that."""

    async def _can_retry_async(self, *, state: RetryState, **about: Any) -> bool:
        known = state.custom_values = state.custom_values or {}
        now = time.monotonic()
        waited = now - known.setdefault("first_asked_at", now)
        return waited < _PATIENCE_SECONDS and await super()._can_retry_async(state=state, **about)


def _client_options() -> dict[str, Any]:
    return {
        "timeout": _TIMEOUT_SECONDS,
        "retry_handlers": [_RateLimitRetry(_MOST_RETRIES)],
        "logger": _transport_log,
    }


def _without_proxy(client: _Client, url: str) -> _Client:
    if is_local_url(url):
        client.proxy = None  # slack_sdk takes the environment's, which can't know loopback
    return client


_SECONDS_BETWEEN = 1.0
_JITTER_SECONDS = 0.01  # by which one message may be quicker on its way than the one before
_REMEMBERED = 1_000
_ON_ITS_WAY_SECONDS = 10.0

_free_at: dict[str, float] = {}
_lock = threading.Lock()


@asynccontextmanager
async def throttled(channel: str) -> AsyncIterator[None]:
    """Wait until a message may go to a channel, and let the next one wait for it."""
    if not waiting:
        yield
        return
    await asyncio.sleep(_reserve(channel))
    sent = time.monotonic()
    yield
    answered = time.monotonic()
    if answered - sent > _SECONDS_BETWEEN:  # Slack had it wait, and counts from then
        with _lock:
            _free_at[channel] = answered + _SECONDS_BETWEEN


async def wait_for_delivery(sent_at: float | None) -> bool:
    """Wait until a message whose answer was lost is in the channel, or won't be.

    Args:
        sent_at: When it was sent, in epoch seconds; None for just now.

    Returns:
        Whether there was anything to wait for.
    """
    past = 0.0 if sent_at is None else max(0.0, time.time() - sent_at)
    left = _ON_ITS_WAY_SECONDS - past
    if left <= 0 or not waiting:
        return False
    await asyncio.sleep(left)
    return True


def _reserve(channel: str) -> float:
    """Take the next free moment; returns how many seconds it is away."""
    with _lock:
        now = time.monotonic()
        if len(_free_at) > _REMEMBERED:
            for past in [name for name, moment in _free_at.items() if moment <= now]:
                del _free_at[past]
        moment = max(now, _free_at.get(channel, now))
        _free_at[channel] = moment + _SECONDS_BETWEEN + _JITTER_SECONDS
        return moment - now
