"""A message as the text that people read, for places that know no blocks."""

from collections.abc import Iterator
from typing import Any

from heymilo_prefect.summaries.message import SlackMessage


def plain_text(message: SlackMessage) -> str:
    """Write a message, its replies indented; a line for each text, item or quotation."""
    lines = list(_lines(message.blocks))
    for reply in message.thread:
        lines += [f"    {line}" for line in _lines(reply)]
    return "\n".join(lines)


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
            for key in ("text", "fields", "elements", "accessory"):
                yield from _lines(value.get(key))


def _inline(element: dict[str, Any]) -> str:
    return str(element.get("text") or f":{element.get('name', '')}:")
