"""What Slack refused, or what became of an answer that was lost, in words for people."""

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
"""Codes of what is wrong with the app or the network, whichever channel is posted to."""

MESSAGE_ERRORS = frozenset(
    {
        *("invalid_blocks", "invalid_blocks_format", "invalid_metadata_format", "no_text"),
        *("metadata_too_large", "msg_blocks_too_long", "msg_too_long", "invalid_arguments"),
    }
)
"""Codes of what is wrong with one message, whose channel takes others."""

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


class SlackError(HeyMiloPrefectError):
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


def error_for_code(
    code: str, channel: str, status: int = 0, scope: str = "", headers: Any = None
) -> SlackError:
    """Say in people's words what Slack's code means for this channel."""
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


def error_from_sdk(refused: SlackApiError, channel: str) -> SlackError:
    """Say what slack_sdk's error means: a refusal, or that nobody knows."""
    response: Any = refused.response
    # An unreadable body leaves the bare HTTP response in the error: a `status`, and no `data`.
    status = getattr(response, "status_code", getattr(response, "status", 0))
    data = getattr(response, "data", None)
    body = data if isinstance(data, dict) else {}
    code = str(body.get("error", ""))
    if status == 429:
        return error_for_code("ratelimited", channel, headers=response.headers)
    is_slacks = _CODE.fullmatch(code) is not None  # and no gateway's
    if may_have_acted(status, code) or (status < 400 and not is_slacks):
        return outcome_unknown(channel)
    return error_for_code(
        code, channel, status=status, scope=str(body.get("needed", "that it needs"))
    )


def may_have_acted(status: int, code: str) -> bool:
    """Tell whether an HTTP status with Slack's code leaves open if the request was carried out."""
    return status >= 500 or status == 408 or code in _MAY_HAVE_ACTED


def outcome_unknown(channel: str) -> SlackOutcomeUnknownError:
    """Say that nobody knows whether the message is there."""
    sentence = f"Slack's answer was lost: the message may be in {channel} or not. Look there first."
    return SlackOutcomeUnknownError(sentence, "outcome_unknown")
