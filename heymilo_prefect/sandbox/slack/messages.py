"""Validate messages as Slack does, with its error codes.

Blocks are validated by `heymilo_prefect.slack.block_kit`, as templates are. A type that it doesn't
know is rejected here, although templates may post it.
"""

import copy
import json
import re
from typing import Any
from urllib.parse import parse_qsl

from heymilo_prefect.slack.block_kit import validate_blocks

Arguments = dict[str, Any]

_MAX_MESSAGE_TEXT = 40_000
_MAX_METADATA = 16_384
_MAX_BLOCK_TEXT = 12_000  # in total; Slack documents no figure, people measured 11,000 to 13,000


class SlackProblem(Exception):
    """An error response of Slack: `error` is its code, `details` its other fields."""

    def __init__(self, error: str, **details: Any) -> None:
        """Set the error's code and the other fields of the response."""
        super().__init__(error)
        self.error = error
        self.details = details


def arguments_of(content_type: str, body: bytes, query: bytes) -> Arguments | None:
    """Return the arguments in JSON, in a form whose lists are JSON strings, or in a query.

    None if the body can't be read.
    """
    arguments: Arguments = dict(parse_qsl(query.decode(), keep_blank_values=True))
    try:
        if "json" in content_type:
            value = json.loads(body or b"{}")
            return arguments | value if isinstance(value, dict) else None
        arguments |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        if "payload" in arguments:
            return dict(json.loads(arguments["payload"]))
    except (ValueError, TypeError):
        return None
    return arguments


def content_of(arguments: Arguments) -> dict[str, Any]:
    """Return the text, blocks and metadata of a message.

    Raises:
        SlackProblem: Slack rejects them.
    """
    text = arguments.get("text") or ""
    blocks = _parsed(arguments, "blocks", "invalid_blocks_format")
    metadata = _parsed(arguments, "metadata", "invalid_metadata_format")
    if not isinstance(text, str) or not (text or blocks):
        raise SlackProblem("no_text")
    if len(text) > _MAX_MESSAGE_TEXT:
        raise SlackProblem("msg_too_long")
    if errors := validate_blocks(blocks or []):
        messages = [f"[ERROR] {reason} [json-pointer:{pointer}]" for reason, pointer in errors]
        details = {"errors": messages, "response_metadata": {"messages": messages}}
        raise SlackProblem("invalid_blocks", **details)
    if _text_length(blocks) > _MAX_BLOCK_TEXT:
        raise SlackProblem("msg_blocks_too_long")
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
        raise SlackProblem(error) from None


def _check_metadata(metadata: Any) -> None:
    if not isinstance(metadata, dict) or metadata.keys() - {"event_type", "event_payload"}:
        raise SlackProblem("invalid_metadata_format")
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(event_type, str) or not re.fullmatch(r"[\w.:-]{1,255}", event_type):
        raise SlackProblem("invalid_metadata_format")
    if not isinstance(payload, dict):
        raise SlackProblem("invalid_metadata_format")
    if len(json.dumps(metadata)) > _MAX_METADATA:
        raise SlackProblem("metadata_too_large")


def _text_length(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_text_length, value))
    if not isinstance(value, dict):
        return 0
    return sum(
        len(inner) if key in ("text", "url") and isinstance(inner, str) else _text_length(inner)
        for key, inner in value.items()
    )
