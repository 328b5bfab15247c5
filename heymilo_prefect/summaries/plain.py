"""A message as the text that people read, for places that know no blocks."""

from collections.abc import Iterator
from typing import Any

from heymilo_prefect.summaries.message import SlackMessage

_SHOWN = {"title", "alt_text", "caption"}  # texts that aren't in text objects


def plain_text(message: SlackMessage) -> str:
    """Write a message, its replies indented; a line for each text, item or quotation."""
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
                elif isinstance(within, str) and key in _SHOWN:
                    yield from within.splitlines()
                elif key != "confirm":
                    yield from _lines(within)


def _inline(element: dict[str, Any]) -> str:
    return str(element.get("text") or f":{element.get('name', '')}:")
