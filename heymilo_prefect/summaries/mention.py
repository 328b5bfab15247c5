"""Whom a message calls: what the operator wrote, which is trusted, unlike data."""

import re
from dataclasses import replace
from typing import Any

from heymilo_prefect.summaries.message import SlackMessage

_ONE = re.compile(r"<(?:@(?P<user>[UW][A-Z0-9]+)|!subteam\^(?P<group>S[A-Z0-9]+))(?:\|[^<>]*)?>")


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
