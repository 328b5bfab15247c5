"""Delivers a message to Slack at most once, and tells a failure from an outcome that nobody knows.

Which messages to post, and whether one was posted before, is for others to know.
"""

import logging
import re
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp import ClientConnectorError, InvalidURL
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from heymilo_prefect.api.wire import is_loopback

SLACK_API_URL = "https://slack.com/api/"

_TIMEOUT_SECONDS = 30
_RATE_LIMIT_RETRIES = 3
_CODE = re.compile(r"[a-z0-9_]{1,60}")
_MAY_HAVE_ACTED = {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
_SENTENCES = {
    "not_in_channel": "The Slack app isn't in {channel}: invite the app to {channel}.",
    "channel_not_found": "Slack shows the app no channel {channel}: check it, or invite the app.",
    "is_archived": "The Slack channel {channel} is archived: unarchive it or choose another.",
    "channel_is_archived": "The Slack channel of the webhook is archived: choose another.",
    "restricted_action": "Slack lets no app post to {channel}: ask an admin.",
    "not_authed": "Slack got no token: set the app's bot token (xoxb-...).",
    "invalid_auth": "Slack doesn't know this token: set the app's bot token (xoxb-...).",
    "token_revoked": "The Slack token was revoked: install the app again and set its new token.",
    "token_expired": "The Slack token has expired: install the app again and set its new token.",
    "account_inactive": "The Slack app was removed: install it again and set its new token.",
    "missing_scope": "The Slack app lacks the scope {scope}: add it and install the app again.",
    "ratelimited": "Slack asks to post less often to {channel}: run again in {wait}.",
    "no_service": "The Slack webhook doesn't exist any more: make a new one and set its URL.",
    "invalid_token": "Slack doesn't know this webhook: make a new one and set its URL.",
    "action_prohibited": "The Slack workspace forbids the webhook to post: ask an admin.",
    "unreachable": "Slack can't be reached, nothing was posted to {channel}: check the network.",
}

OF_THE_APP = frozenset(
    {
        *("not_authed", "invalid_auth", "token_revoked", "token_expired", "account_inactive"),
        *("missing_scope", "unreachable"),
    }
)
"""Codes of what is wrong with the app or the network, whichever channel is posted to."""

# slack_sdk logs requests whole at DEBUG, and candidates' data with them, so its logger stays above.
_transport_log = logging.getLogger("heymilo_prefect.slack.transport")
_transport_log.setLevel(logging.WARNING)


class Message(Protocol):
    """What can be posted: `blocks` are what people see, `text` is for notifications."""

    @property
    def text(self) -> str: ...  # noqa: D102 - the class says it

    @property
    def blocks(self) -> list[dict[str, Any]]: ...  # noqa: D102 - the class says it


class SlackError(Exception):
    """The message wasn't posted, for sure. Says why, without the message, the token or the URL."""

    def __init__(self, sentence: str, error: str = "", retry_after: float | None = None) -> None:
        """Say in a sentence what happened.

        Args:
            sentence: For people.
            error: Slack's code, such as `not_in_channel`; `unreachable` when nothing was sent.
            retry_after: How many seconds Slack asks to wait, where it does.
        """
        super().__init__(sentence)
        self.error = error
        self.retry_after = retry_after


class SlackOutcomeUnknownError(SlackError):
    """The message was sent and the answer was lost: it may be in the channel."""


def slack_client(token: str, api_url: str = SLACK_API_URL) -> AsyncWebClient:
    """Make a client that waits when Slack asks it to (429), and never sends anything a second time.

    Args:
        token: The app's bot token.
        api_url: Where the Web API is; `https`, except on loopback.

    Raises:
        ValueError: `api_url` would send the token unencrypted.
    """
    client = AsyncWebClient(
        token=token,
        base_url=checked_url(api_url, "The Slack API's URL"),
        timeout=_TIMEOUT_SECONDS,
        retry_handlers=_retry_handlers(),
        logger=_transport_log,
    )
    if _local(api_url):
        client.proxy = (
            None  # slack_sdk takes the proxy of the environment, which can't know loopback
        )
    return client


async def post(
    client: AsyncWebClient,
    channel: str,
    message: Message,
    metadata: dict[str, Any] | None = None,
    thread_ts: str | None = None,
) -> str:
    """Post a message with `chat.postMessage`, and give its `ts`, which names it in the channel.

    Args:
        client: As `slack_client` makes it: slack_sdk's own default posts again after a lost answer.
        channel: The channel's `#name` or id.
        message: What to post.
        metadata: Message metadata, `{"event_type": ..., "event_payload": {...}}`, unseen by people.
        thread_ts: The `ts` of the message to reply to, in its thread.

    Raises:
        SlackError: Slack refused, or can't be reached: not posted.
        SlackOutcomeUnknownError: The answer was lost: maybe posted.

    Example:
        ```python
        ts = await post(slack_client(token), "#hiring", render_summary(interview))
        ```
    """
    try:
        answer = await client.chat_postMessage(
            channel=channel,
            text=message.text,
            blocks=message.blocks,
            metadata=metadata,
            thread_ts=thread_ts,
            unfurl_links=False,
            unfurl_media=False,
        )
        if isinstance(ts := answer["ts"], str):
            return ts
        failure: SlackError = _unknown(channel)
    except SlackApiError as refused:
        failure = _failure_of(refused, channel)
    except (ClientConnectorError, InvalidURL):
        failure = _failure("unreachable", channel)
    except Exception:  # whatever slack_sdk makes of an answer that it can't read
        failure = _unknown(channel)
    # Out of the handlers, so that the error carries no cause that quotes the request.
    raise failure


async def post_to_webhook(url: str, message: Message) -> None:
    """Post a message to an incoming webhook, which knows its channel.

    Args:
        url: The webhook's URL, a secret; `https`, except on loopback.
        message: What to post.

    Raises:
        ValueError: `url` isn't one that a message may be sent to.
        SlackError: Slack refused, or can't be reached: not posted.
        SlackOutcomeUnknownError: The answer was lost: maybe posted.
    """
    client = AsyncWebhookClient(
        checked_url(url, "The Slack webhook's URL"),
        timeout=_TIMEOUT_SECONDS,
        retry_handlers=_retry_handlers(),
        logger=_transport_log,
    )
    if _local(url):
        client.proxy = None
    channel = "the webhook's channel"
    try:
        answer = await client.send(
            text=message.text, blocks=message.blocks, unfurl_links=False, unfurl_media=False
        )
        status, body = answer.status_code, answer.body.strip()
        if status == 200 and body == "ok":
            return
        code = "ratelimited" if status == 429 else body
        if 400 <= status < 500:
            failure = _failure(code, channel, status=status, headers=answer.headers)
        else:
            failure = _unknown(channel)
    except (ClientConnectorError, InvalidURL):
        failure = _failure("unreachable", channel)
    except Exception:
        failure = _unknown(channel)
    raise failure


def _retry_handlers() -> list[Any]:
    return [AsyncRateLimitErrorRetryHandler(max_retry_count=_RATE_LIMIT_RETRIES)]


def _failure_of(refused: SlackApiError, channel: str) -> SlackError:
    response: Any = refused.response
    # An unreadable body leaves the bare HTTP response in the error: a `status`, and no `data`.
    status = getattr(response, "status_code", getattr(response, "status", 0))
    data = getattr(response, "data", None)
    body = data if isinstance(data, dict) else {}
    code = str(body.get("error", ""))
    if status == 429:
        return _failure("ratelimited", channel, headers=response.headers)
    if status >= 500 or code in _MAY_HAVE_ACTED or (status == 200 and not _CODE.fullmatch(code)):
        return _unknown(channel)
    return _failure(code, channel, status=status, scope=str(body.get("needed", "that it needs")))


def _failure(
    code: str, channel: str, status: int = 0, scope: str = "", headers: Any = None
) -> SlackError:
    if not _CODE.fullmatch(code):
        code = f"http_{status}"
    retry_after = None
    if code == "ratelimited":
        given = str((headers or {}).get("Retry-After", ""))
        retry_after = float(given) if given.isdecimal() else None
    sentence = _SENTENCES.get(code, "Slack refused to post to {channel}: {code}.").format(
        channel=channel,
        code=code,
        scope=scope,
        wait="a minute" if retry_after is None else f"{retry_after:.0f} s",
    )
    return SlackError(sentence, code, retry_after)


def _unknown(channel: str) -> SlackOutcomeUnknownError:
    sentence = f"Slack's answer was lost: the message may be in {channel} or not. Look there first."
    return SlackOutcomeUnknownError(sentence, "outcome_unknown")


def checked_url(url: str, what: str) -> str:
    """Return a URL that a message may be sent to; raises ValueError for one in the open."""
    parts = urlsplit(url)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and _local(url))):
        return url
    raise ValueError(f"{what} must start with https:// (http:// is for this machine only).")


def _local(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname)
