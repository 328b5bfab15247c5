"""Slack errors: what a rejected request or a lost response means, in sentences for people."""

import re
from typing import Any

from slack_sdk.errors import SlackApiError

from heymilo_prefect.errors import HeyMiloPrefectError

APP_ERRORS = frozenset(
    {
        *("not_authed", "invalid_auth", "token_revoked", "token_expired", "account_inactive"),
        *("missing_scope", "unreachable"),
    }
)
"""Slack's codes for errors of the app or the network, which concern every channel."""

MESSAGE_ERRORS = frozenset(
    {
        *("invalid_blocks", "invalid_blocks_format", "invalid_metadata_format", "no_text"),
        *("metadata_too_large", "msg_blocks_too_long", "msg_too_long", "invalid_arguments"),
    }
)
"""Slack's codes for errors of one message, whose channel accepts others."""

_CODE = re.compile(r"[a-z0-9_]{1,60}")
_MAY_HAVE_ACTED = {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
_SENTENCES = {
    "not_in_channel": "The Slack app isn't in {channel}. Invite the app to {channel}.",
    "channel_not_found": "The Slack app can't find {channel}. Check the name, or invite the app to "
    "the channel.",
    "is_archived": "The Slack channel {channel} is archived. Unarchive it, or choose another.",
    "channel_is_archived": "The Slack channel of the webhook is archived. Choose another.",
    "restricted_action": "Slack allows no app to post to {channel}. Ask an admin.",
    "not_authed": "Slack received no token. Set the app's bot token (xoxb-...).",
    "invalid_auth": "Slack doesn't know this token. Set the app's bot token (xoxb-...).",
    "token_revoked": "The Slack token was revoked. Install the app again, and set its new token.",
    "token_expired": "The Slack token has expired. Install the app again, and set its new token.",
    "account_inactive": "The Slack app was removed. Install it again, and set its new token.",
    "missing_scope": "The Slack app lacks the scope {scope}. Add it, and install the app again.",
    "ratelimited": "Slack accepts no more messages in {channel} for now. Run again in {wait}.",
    "no_service": "The Slack webhook no longer exists. Create a new one, and set its URL.",
    "invalid_token": "Slack doesn't know this webhook. Create a new one, and set its URL.",
    "action_prohibited": "The Slack workspace doesn't allow the webhook to post. Ask an admin.",
    "unreachable": "Slack can't be reached, so nothing was posted to {channel}. Check the network.",
}


class SlackError(HeyMiloPrefectError):
    """A request to Slack failed, and certainly had no effect.

    The message says why, without the content, the token or the URL.
    """

    def __init__(self, sentence: str, error: str = "", retry_after: float | None = None) -> None:
        """Create the error.

        Args:
            sentence: What happened, for people.
            error: Slack's code, such as `not_in_channel`; `unreachable` if nothing was sent.
            retry_after: The seconds that Slack asks to wait, if it does.
        """
        super().__init__(sentence)
        self.error = error
        self.retry_after = retry_after


class SlackOutcomeUnknownError(SlackError):
    """The message was sent and Slack's response was lost: it may be in the channel."""


def error_for_code(
    code: str, channel: str, status: int = 0, scope: str = "", headers: Any = None
) -> SlackError:
    """Return the error for one of Slack's codes."""
    if not _CODE.fullmatch(code):
        code = f"http_{status}"
    retry_after = None
    if code == "ratelimited":
        given = str((headers or {}).get("Retry-After", ""))
        retry_after = float(given) if given.isdecimal() else None
    sentence = _SENTENCES.get(code, "Slack rejected the request for {channel} ({code}).").format(
        channel=channel,
        code=code,
        scope=scope,
        wait="a minute" if retry_after is None else f"{retry_after:.0f} s",
    )
    return SlackError(sentence, code, retry_after)


def error_from_sdk(refused: SlackApiError, channel: str) -> SlackError:
    """Return the error for an exception of slack_sdk: a rejection, or an unknown outcome."""
    response: Any = refused.response
    # An unreadable body leaves the bare HTTP response in the error: a `status`, and no `data`.
    status = getattr(response, "status_code", getattr(response, "status", 0))
    data = getattr(response, "data", None)
    body = data if isinstance(data, dict) else {}
    code = str(body.get("error", ""))
    if status == 429:
        return error_for_code("ratelimited", channel, headers=response.headers)
    is_slacks = _CODE.fullmatch(code) is not None  # not a gateway's
    if may_have_acted(status, code) or (status < 400 and not is_slacks):
        return outcome_unknown(channel)
    return error_for_code(code, channel, status=status, scope=str(body.get("needed", "it needs")))


def may_have_acted(status: int, code: str) -> bool:
    """Return whether the request may have been processed, by its HTTP status and Slack's code."""
    return status >= 500 or status == 408 or code in _MAY_HAVE_ACTED


def outcome_unknown(channel: str) -> SlackOutcomeUnknownError:
    """Return the error for a lost response."""
    sentence = (
        f"Slack's response was lost, so the message may be in {channel} or not. Check there first."
    )
    return SlackOutcomeUnknownError(sentence, "outcome_unknown")
