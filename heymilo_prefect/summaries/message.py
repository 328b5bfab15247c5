"""A message for Slack as a value, and the sizes that Slack takes."""

import re
from dataclasses import dataclass, field
from typing import Any

MAX_BLOCKS = 50
"""Blocks in a message."""
MAX_HEADER = 150
"""Characters of a header block."""
MAX_SECTION = 3_000
"""Characters of a section's text, and of a text in a context."""
MAX_FIELD = 2_000
"""Characters of a section's field."""
MAX_FIELDS = 10
"""Fields of a section, and elements of a context."""
MAX_MARKDOWN = 12_000
"""Characters of a markdown block."""
MAX_ROWS = 100
"""Rows of a table."""
MAX_URL = 3_000
"""Characters of a link's URL."""
MAX_MESSAGES = 20
"""Messages that one summary may take, its thread included: our own bound."""
MAX_LITERAL = 2_000
"""Characters that one value of the data may take: our own bound."""
MAX_BLOCK_TEXT = 10_000
"""Characters of all blocks together. Slack documents no figure; it refused 11,341 once."""

_LAST_WORD = re.compile(r"\s+\S*$")


@dataclass(frozen=True)
class SlackMessage:
    """A message: `blocks` are what people see, `text` is for notifications and old clients.

    `thread` are the blocks of each reply to it. Its repr shows no contents, which are a candidate's
    data.
    """

    text: str = field(repr=False)
    blocks: list[dict[str, Any]] = field(repr=False)
    thread: list[list[dict[str, Any]]] = field(default_factory=list, repr=False)

    @classmethod
    def of(cls, messages: list[list[dict[str, Any]]], text: str) -> "SlackMessage":
        """Make the first of several messages' blocks the message, and the others its thread."""
        first, *thread = messages or [[]]
        return cls(text=text, blocks=first, thread=thread)


def cut(text: str, most: int) -> str:
    """Shorten a text to `most` characters, at the end of a word where there is one near."""
    if len(text) <= most:
        return text
    head = text[: max(most - 1, 0)]
    at_word = _LAST_WORD.sub("", head[-200:])
    return (head[:-200] + at_word if at_word else head).rstrip() + "…"
