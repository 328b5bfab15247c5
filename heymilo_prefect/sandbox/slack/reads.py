"""Slack's methods that read: pages of messages, threads and channels."""

import copy
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from heymilo_prefect.sandbox.slack.messages import Arguments, SlackProblem

Message = dict[str, Any]


def history(stored: Sequence[Message], arguments: Arguments) -> dict[str, Any]:
    """Respond to `conversations.history`: messages that aren't replies, newest first."""
    is_within = _range(arguments)
    shown = sorted([*stored, *_tombstones(stored)], key=lambda message: float(message["ts"]))
    newest_first = [m for m in reversed(shown) if not is_reply(m) and is_within(m)]
    return _messages(newest_first, stored, arguments) | {"pin_count": 0}


def replies(stored: Sequence[Message], arguments: Arguments) -> dict[str, Any]:
    """Respond to `conversations.replies`: the parent, and its replies within the range.

    With the `ts` of a reply, only that reply.
    """
    ts = arguments.get("ts")
    shown = [*stored, *_tombstones(stored)]
    message = next((message for message in shown if message["ts"] == ts), None)
    if message is None:
        raise SlackProblem("thread_not_found")
    is_within = _range(arguments)
    replies_in_thread = [m for m in stored if is_reply(m) and m["thread_ts"] == ts and is_within(m)]
    return _messages([message, *replies_in_thread], stored, arguments)


def channels(objects: Sequence[Any], arguments: Arguments, max_limit: int) -> dict[str, Any]:
    """Respond with channels, without archived ones if `exclude_archived` is set."""
    hide_archived = _true(arguments.get("exclude_archived"))
    shown = [channel for channel in objects if not (hide_archived and channel["is_archived"])]
    page, cursor = _page(shown, arguments, max_limit)
    return {"channels": page} | _next(cursor)


def is_reply(message: Message) -> bool:
    """Return whether a message is in the thread of another."""
    return bool(message.get("thread_ts", message["ts"]) != message["ts"])


def _tombstones(stored: Sequence[Message]) -> list[Message]:
    """Return what Slack shows in place of deleted messages that have replies."""
    existing = {message["ts"] for message in stored}
    threads = dict.fromkeys(message["thread_ts"] for message in stored if is_reply(message))
    fixed = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "hidden": True}
    text = "This message was deleted."
    return [fixed | {"text": text, "ts": ts} for ts in threads if ts not in existing]


def _messages(
    found: Sequence[Message], stored: Sequence[Message], arguments: Arguments
) -> dict[str, Any]:
    page, cursor = _page(found, arguments, max_limit=999)
    threads: defaultdict[str, list[Message]] = defaultdict(list)
    for message in filter(is_reply, stored):
        threads[message["thread_ts"]].append(message)
    shown = [copy.deepcopy(message) | _thread(message, threads) for message in page]
    if not _true(arguments.get("include_all_metadata")):
        for message in shown:
            message.pop("metadata", None)
    return {"messages": shown, "has_more": bool(cursor)} | _next(cursor)


def _thread(parent: Message, threads: dict[str, list[Message]]) -> dict[str, Any]:
    replies_in_thread = threads.get(parent["ts"])
    if not replies_in_thread:
        return {}
    users = list(dict.fromkeys(reply["user"] for reply in replies_in_thread))
    return {
        "thread_ts": parent["ts"],
        "reply_count": len(replies_in_thread),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": replies_in_thread[-1]["ts"],
    }


def _range(arguments: Arguments) -> Callable[[Message], bool]:
    inclusive = _true(arguments.get("inclusive"))
    oldest, latest = (_seconds(arguments.get(name)) for name in ("oldest", "latest"))

    def is_within(message: Message) -> bool:
        at = float(message["ts"])
        after = oldest is None or at > oldest or (inclusive and at == oldest)
        before = latest is None or at < latest or (inclusive and at == latest)
        return after and before

    return is_within


def _page(items: Sequence[Any], arguments: Arguments, max_limit: int) -> tuple[list[Any], str]:
    try:
        limit = int(arguments.get("limit") or 100)
        start = int(b64decode(arguments.get("cursor") or "", validate=True) or 0)
    except (NotBase64, ValueError):
        raise SlackProblem(
            "invalid_cursor" if arguments.get("cursor") else "invalid_limit"
        ) from None
    if not 1 <= limit <= max_limit:
        raise SlackProblem("invalid_limit")
    end = start + limit
    return list(items[start:end]), b64encode(b"%d" % end).decode() if end < len(items) else ""


def _next(cursor: str) -> dict[str, Any]:
    return {"response_metadata": {"next_cursor": cursor}}


def _true(value: Any) -> bool:
    return str(value).lower() in ("true", "1")


def _seconds(value: Any) -> float | None:
    try:
        return float(value) if value else None
    except (TypeError, ValueError):
        raise SlackProblem("invalid_arguments") from None
