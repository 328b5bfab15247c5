"""A Slack message, Slack's size limits, and mentions."""

import re
from dataclasses import dataclass, field, replace
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


def truncate(text: str, most: int) -> str:
    """Shorten a text to `most` characters, at the end of a word where there is one near."""
    if len(text) <= most:
        return text
    head = text[: max(most - 1, 0)]
    at_word = _LAST_WORD.sub("", head[-200:])
    return (head[:-200] + at_word if at_word else head).rstrip() + "…"


# Bidi controls turn text around, zero-width characters hide in it; neither belongs in a name. The
# two joiners stay inside a word that isn't ASCII: Persian names and emoji are written with them.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    r"\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    r"\U000e0000-\U000e007f\U000f0000-\U000f001f]"
    r"|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x85]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"} | dict.fromkeys("*_~`"))
_ONE = re.compile(r"<(?:@(?P<user>[UW][A-Z0-9]+)|!subteam\^(?P<group>S[A-Z0-9]+))(?:\|[^<>]*)?>")


def clean_text(text: str) -> str:
    """Remove characters that can't be seen, and make every line end a newline.

    Characters of the private use area, of which templates make placeholders, are among them.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))


def notification_text(value: str | None) -> str:
    """Write a value on one line for a message's `text`, where Slack would read markup in it."""
    line = " ".join(clean_text(value or "").split())
    return truncate(line, MAX_HEADER).translate(_ESCAPES)


class Mention:
    """People and groups to call at the start of a message.

    Args:
        written: As Slack writes them, `<@U0123ABCD>` or `<!subteam^S0123ABCD>`; several with
            spaces between.

    Raises:
        ValueError: It is written otherwise.
    """

    def __init__(self, written: str) -> None:
        self.written = written
        words = written.split()
        found = [_ONE.fullmatch(word) for word in words]
        if not words or not all(found):
            raise ValueError(
                f"mention is {written[:60]!r}: write it as <@U0123ABCD>, or <!subteam^S0123ABCD> "
                "for a group; Slack shows the id under the profile's or group's ⋮."
            )
        self._elements: list[dict[str, Any]] = []
        for one in filter(None, found):
            if self._elements:
                self._elements.append({"type": "text", "text": " "})
            self._elements.append(
                {"type": "user", "user_id": one["user"]}
                if one["user"]
                else {"type": "usergroup", "usergroup_id": one["group"]}
            )

    def on(self, message: SlackMessage) -> SlackMessage:
        """Return the message with the mention before it."""
        section = {"type": "rich_text_section", "elements": self._elements}
        called: dict[str, Any] = {"type": "rich_text", "elements": [section]}
        return replace(message, blocks=[called, *message.blocks])
