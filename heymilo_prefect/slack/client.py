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
_MAX_WAIT_SECONDS = 300.0  # another process may use up the channel's rate limit
_MAX_RETRIES = 99  # slack_sdk sends a request at most 100 times

_Client = TypeVar("_Client", AsyncWebClient, AsyncWebhookClient)

# At DEBUG slack_sdk logs whole requests, and candidates' data with them, so its logger stays above.
_transport_log = logging.getLogger("heymilo_prefect.slack.transport")
_transport_log.setLevel(logging.WARNING)


def slack_client(token: str, api_url: str = SLACK_API_URL) -> AsyncWebClient:
    """Create a client that waits as long as a 429 response says, and retries nothing else.

    Args:
        token: The app's bot token.
        api_url: The Web API's URL; `https`, except on loopback.

    Raises:
        ValueError: `api_url` would send the token unencrypted.
    """
    url = require_secure_url(api_url, "The Slack API's URL")
    return _without_proxy(AsyncWebClient(token=token, base_url=url, **_client_options()), url)


def webhook_client(url: str) -> AsyncWebhookClient:
    """Create a client for an incoming webhook that waits and retries as `slack_client`'s does."""
    return _without_proxy(
        AsyncWebhookClient(require_secure_url(url, "The Slack webhook's URL"), **_client_options()),
        url,
    )


class _RateLimitRetry(AsyncRateLimitErrorRetryHandler):
    """Waits as long as each 429 response says, and gives up after `_MAX_WAIT_SECONDS` in total."""

    async def _can_retry_async(self, *, state: RetryState, **request: Any) -> bool:
        values = state.custom_values = state.custom_values or {}
        now = time.monotonic()
        waited = now - values.setdefault("first_limited_at", now)
        return waited < _MAX_WAIT_SECONDS and await super()._can_retry_async(state=state, **request)


def _client_options() -> dict[str, Any]:
    return {
        "timeout": _TIMEOUT_SECONDS,
        "retry_handlers": [_RateLimitRetry(_MAX_RETRIES)],
        "logger": _transport_log,
    }


def _without_proxy(client: _Client, url: str) -> _Client:
    if is_local_url(url):
        client.proxy = None  # slack_sdk uses the environment's proxy, which can't reach loopback
    return client


_SECONDS_BETWEEN = 1.0
_JITTER_SECONDS = 0.01  # by which a message may travel faster than the one before
_MAX_CHANNELS = 1_000
_IN_TRANSIT_SECONDS = 10.0

_free_at: dict[str, float] = {}
_lock = threading.Lock()


@asynccontextmanager
async def throttled(channel: str) -> AsyncIterator[None]:
    """Wait until a message may be posted to a channel: one per second, as Slack asks for."""
    if not waiting:
        yield
        return
    await asyncio.sleep(_reserve(channel))
    sent = time.monotonic()
    yield
    responded = time.monotonic()
    if responded - sent > _SECONDS_BETWEEN:  # Slack made it wait, and counts from then
        with _lock:
            _free_at[channel] = responded + _SECONDS_BETWEEN


async def wait_for_delivery(sent_at: float | None) -> bool:
    """Wait until a message whose response was lost either is in the channel or never will be.

    Args:
        sent_at: When it was sent, in epoch seconds; None for just now.

    Returns:
        Whether it waited.
    """
    passed = 0.0 if sent_at is None else max(0.0, time.time() - sent_at)
    remaining = _IN_TRANSIT_SECONDS - passed
    if remaining <= 0 or not waiting:
        return False
    await asyncio.sleep(remaining)
    return True


def _reserve(channel: str) -> float:
    """Reserve the channel's next free moment, and return the seconds until then."""
    with _lock:
        now = time.monotonic()
        if len(_free_at) > _MAX_CHANNELS:
            for free in [name for name, moment in _free_at.items() if moment <= now]:
                del _free_at[free]
        moment = max(now, _free_at.get(channel, now))
        _free_at[channel] = moment + _SECONDS_BETWEEN + _JITTER_SECONDS
        return moment - now
