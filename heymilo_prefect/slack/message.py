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
"""Messages per summary, its thread included; our own limit."""
MAX_LITERAL = 2_000
"""Characters shown per value; our own limit."""
MAX_BLOCK_TEXT = 10_000
"""Characters of all blocks in a message. Slack documents no figure; it once refused 11,341."""

_LAST_WORD = re.compile(r"\s+\S*$")


@dataclass(frozen=True)
class SlackMessage:
    """A message and the replies in its thread.

    Its repr has no contents, which are a candidate's data.

    Attributes:
        text: The text for notifications and old clients.
        blocks: What people see.
        thread: The blocks of each reply.
    """

    text: str = field(repr=False)
    blocks: list[dict[str, Any]] = field(repr=False)
    thread: list[list[dict[str, Any]]] = field(default_factory=list, repr=False)

    @classmethod
    def of(cls, messages: list[list[dict[str, Any]]], text: str) -> "SlackMessage":
        """Build it from several messages' blocks: the first is the message, the others replies."""
        first, *thread = messages or [[]]
        return cls(text=text, blocks=first, thread=thread)


def truncate(text: str, limit: int) -> str:
    """Shorten a text to `limit` characters with an ellipsis, after a whole word if one ends near.

    "Near" is within the last 200 characters.
    """
    if len(text) <= limit:
        return text
    head = text[: max(limit - 1, 0)]
    at_word = _LAST_WORD.sub("", head[-200:])
    return (head[:-200] + at_word if at_word else head).rstrip() + "…"


# Bidi controls reverse text and zero-width characters hide in it; neither belongs in a name. The
# two joiners stay inside a word that isn't ASCII: Persian names and emoji need them.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    r"\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    r"\U000e0000-\U000e007f\U000f0000-\U000f001f]"
    r"|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x85]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"} | dict.fromkeys("*_~`"))
_MENTION = re.compile(
    r"<(?:@(?P<user>[UW][A-Z0-9]+)|!subteam\^(?P<group>S[A-Z0-9]+))(?:\|[^<>]*)?>"
)


def clean_text(text: str) -> str:
    """Remove invisible characters, and replace every kind of line end by a newline.

    The private-use characters that placeholders in templates are made of are removed too.
    """
    if text.isascii() and text.isprintable():
        return text
    return _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))


def notification_text(value: str | None) -> str:
    """Return a value as one escaped line for a message's `text`, in which Slack reads markup."""
    line = " ".join(clean_text(value or "").split())
    return truncate(line, MAX_HEADER).translate(_ESCAPES)


class Mention:
    """People and groups to notify at the start of a message.

    Args:
        written: `<@U0123ABCD>` for a person or `<!subteam^S0123ABCD>` for a group, as Slack writes
            them; separated by spaces.

    Raises:
        ValueError: It has another form.
    """

    def __init__(self, written: str) -> None:
        self.written = written
        words = written.split()
        found = [_MENTION.fullmatch(word) for word in words]
        if not words or not all(found):
            raise ValueError(
                f"mention is {written[:60]!r}. Write <@U0123ABCD> for a person, or "
                "<!subteam^S0123ABCD> for a group. Slack shows the id in the ⋮ menu of the profile "
                "or group."
            )
        self._elements: list[dict[str, Any]] = []
        for match in filter(None, found):
            if self._elements:
                self._elements.append({"type": "text", "text": " "})
            self._elements.append(
                {"type": "user", "user_id": match["user"]}
                if match["user"]
                else {"type": "usergroup", "usergroup_id": match["group"]}
            )

    def on(self, message: SlackMessage) -> SlackMessage:
        """Return the message with the mention as its first block."""
        section = {"type": "rich_text_section", "elements": self._elements}
        block: dict[str, Any] = {"type": "rich_text", "elements": [section]}
        return replace(message, blocks=[block, *message.blocks])
