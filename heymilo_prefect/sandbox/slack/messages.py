"""Validate messages as Slack does, with its error codes.

Blocks are checked by `slack.block_kit`, which also checks templates. A type that
neither its table nor slack_sdk knows is refused here; a template's is posted, for Slack to decide.
"""

import copy
import json
import re
from typing import Any
from urllib.parse import parse_qsl

from heymilo_prefect.slack.block_kit import validate_blocks

Arguments = dict[str, Any]

_MOST_MESSAGE_TEXT = 40_000
_MOST_METADATA = 16_384
_MOST_BLOCK_TEXT = 12_000  # in all: Slack documents no figure, people measured 11,000 to 13,000


class Refused(Exception):
    """What Slack answers when it doesn't act: `error` is its code, `body` all of the answer."""

    def __init__(self, error: str, **details: Any) -> None:
        """Refuse with an error's code, and what Slack tells beside it."""
        self.body = {"ok": False, "error": error, **details}
        self.error = error


def arguments_of(content_type: str, body: bytes, query: bytes) -> Arguments | None:
    """Read what slack_sdk may send: JSON, a form whose lists are JSON strings, or a query."""
    found: Arguments = dict(parse_qsl(query.decode(), keep_blank_values=True))
    try:
        if "json" in content_type:
            read = json.loads(body or b"{}")
            if not isinstance(read, dict):
                return None
            return found | read
        found |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        if "payload" in found:
            return dict(json.loads(found["payload"]))
    except (ValueError, TypeError):
        return None
    return found


def content_of(arguments: Arguments) -> dict[str, Any]:
    """Read the text, blocks and metadata of a message.

    Raises:
        Refused: Slack wouldn't take them.
    """
    text = arguments.get("text") or ""
    blocks = _parsed(arguments, "blocks", "invalid_blocks_format")
    metadata = _parsed(arguments, "metadata", "invalid_metadata_format")
    if not isinstance(text, str) or not (text or blocks):
        raise Refused("no_text")
    if len(text) > _MOST_MESSAGE_TEXT:
        raise Refused("msg_too_long")
    complaints = validate_blocks(blocks or [])
    if complaints:
        found = [f"[ERROR] {why} [json-pointer:{pointer}]" for why, pointer in complaints]
        details = {"errors": found, "response_metadata": {"messages": found}}
        raise Refused("invalid_blocks", **details)
    if _text_length(blocks) > _MOST_BLOCK_TEXT:
        raise Refused("msg_blocks_too_long")
    content: dict[str, Any] = {"text": text, "blocks": blocks or []}
    if metadata is not None:
        _check_metadata(metadata)
        content["metadata"] = metadata
    return content


def _parsed(arguments: Arguments, name: str, error: str) -> Any:
    value = arguments.get(name)
    if not isinstance(value, str):
        return copy.deepcopy(value)
    try:
        return json.loads(value) if value else None
    except ValueError:
        raise Refused(error) from None


def _check_metadata(metadata: Any) -> None:
    if not isinstance(metadata, dict) or metadata.keys() - {"event_type", "event_payload"}:
        raise Refused("invalid_metadata_format")
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(event_type, str) or not re.fullmatch(r"[\w.:-]{1,255}", event_type):
        raise Refused("invalid_metadata_format")
    if not isinstance(payload, dict):
        raise Refused("invalid_metadata_format")
    if len(json.dumps(metadata)) > _MOST_METADATA:
        raise Refused("metadata_too_large")


def _text_length(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_text_length, value))
    if not isinstance(value, dict):
        return 0
    return sum(
        len(inner) if key in ("text", "url") and isinstance(inner, str) else _text_length(inner)
        for key, inner in value.items()
    )
