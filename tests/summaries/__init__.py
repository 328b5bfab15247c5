"""What tests of messages share."""

from collections.abc import Iterator
from typing import Any


def shown(value: Any) -> str:
    """What people read: a line for each text, bullet or quotation; a link as `words(url)`."""
    return "\n".join(_lines(value)).strip()


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _lines(inner)
    elif isinstance(value, dict):
        inner = value.get("elements", [])
        if value.get("type") in ("rich_text_section", "rich_text_quote", "rich_text_preformatted"):
            yield "".join(map(_inline, inner))
        elif value.get("type") == "rich_text_list":
            yield from (f"• {line}" for line in _lines(inner))
        elif isinstance(text := value.get("text"), str):
            yield _mrkdwn(text) if value.get("type") == "mrkdwn" else text
        else:
            for key in ("text", "fields", "elements", "accessory"):
                yield from _lines(value.get(key))


def _inline(element: dict[str, Any]) -> str:
    text = element.get("text", "")
    return f"{text}({element['url']})" if element["type"] == "link" else str(text)


def _mrkdwn(text: str) -> str:
    import re
    from html import unescape

    linked = re.sub(r"<(https?://[^|>]*)\|([^>]*)>", r"\2(\1)", text)
    return unescape(linked)
