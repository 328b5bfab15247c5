"""Convert plain text to a message, and a message to plain text."""

import re
from collections.abc import Iterator
from typing import Any

from heymilo_prefect._net import is_web_link
from heymilo_prefect.slack.layout import split_into_messages
from heymilo_prefect.slack.message import (
    MAX_HEADER,
    SlackMessage,
    clean_text,
    notification_text,
    truncate,
)

_URL = re.compile(r"(https?://[^\s<>|\"\\]*[^\s<>|\"\\.,;:!?)\]}'])")


def plain_message(body: str, subject: str | None = None) -> SlackMessage:
    """Return a message with a text, whose URLs become links, and an optional heading.

    Nothing in the text is read as Slack's markup.
    """
    blocks: list[dict[str, Any]] = []
    if subject and subject.strip():
        title = {"type": "plain_text", "text": truncate(clean_text(subject).strip(), MAX_HEADER)}
        blocks.append({"type": "header", "text": title | {"emoji": False}})
    elements = [_element(part) for part in _URL.split(clean_text(body).strip()) if part]
    if elements:
        section = {"type": "rich_text_section", "elements": elements}
        blocks.append({"type": "rich_text", "elements": [section]})
    text = notification_text(" ".join(filter(None, (subject, body)))) or "A notification"
    return SlackMessage.of(split_into_messages([blocks]), text)


def _element(part: str) -> dict[str, Any]:
    if part.startswith("http") and is_web_link(part):
        return {"type": "link", "url": part}
    return {"type": "text", "text": part}


_TEXT_FIELDS = {"title", "alt_text", "caption"}  # fields with a text that isn't a text object


def plain_text(message: SlackMessage) -> str:
    """Return a message's text, one line per text, item or quotation; replies are indented."""
    lines = list(_lines(message.blocks))
    for reply in message.thread:
        lines += [f"    {line}" for line in _lines(reply)]
    return "\n".join(lines)


def lines_of(block: dict[str, Any]) -> Iterator[str]:
    """Return a block's text line by line, whatever its type."""
    return _lines(block)


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _lines(inner)
    elif isinstance(value, dict):
        kind, inner = str(value.get("type")), value.get("elements", [])
        if kind == "rich_text_list":
            yield from (f"• {line}" for line in _lines(inner))
        elif kind.startswith("rich_text_"):
            yield from "".join(map(_inline, inner)).splitlines()
        elif isinstance(text := value.get("text"), str):
            yield from text.splitlines()
        else:
            for key, within in value.items():
                if key == "rows":
                    yield from (
                        " | ".join(" ".join(_lines(cell)) for cell in row) for row in within
                    )
                elif isinstance(within, str) and key in _TEXT_FIELDS:
                    yield from within.splitlines()
                elif key != "confirm":
                    yield from _lines(within)


def _inline(element: dict[str, Any]) -> str:
    return str(element.get("text") or f":{element.get('name', '')}:")
