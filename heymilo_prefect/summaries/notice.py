"""A plain text as a message, for notifications."""

import re
from typing import Any

from heymilo_prefect.summaries.fit import fitted
from heymilo_prefect.summaries.literals import cleaned
from heymilo_prefect.summaries.message import MAX_HEADER, SlackMessage, cut
from heymilo_prefect.summaries.render import notification_text
from heymilo_prefect.summaries.urls import is_web

_ADDRESS = re.compile(r"(https?://[^\s<>|\"\\]*[^\s<>|\"\\.,;:!?)\]}'])")


def notice(body: str, subject: str | None = None) -> SlackMessage:
    """Make a message of a text, which is literal but for its web addresses, and of a heading."""
    blocks: list[dict[str, Any]] = []
    if subject and subject.strip():
        title = {"type": "plain_text", "text": cut(cleaned(subject).strip(), MAX_HEADER)}
        blocks.append({"type": "header", "text": title | {"emoji": False}})
    elements = [_element(part) for part in _ADDRESS.split(cleaned(body).strip()) if part]
    if elements:
        section = {"type": "rich_text_section", "elements": elements}
        blocks.append({"type": "rich_text", "elements": [section]})
    text = notification_text(" ".join(filter(None, (subject, body)))) or "A notification"
    return SlackMessage.of(fitted([blocks]), text)


def _element(part: str) -> dict[str, Any]:
    if part.startswith("http") and is_web(part):
        return {"type": "link", "url": part}
    return {"type": "text", "text": part}
