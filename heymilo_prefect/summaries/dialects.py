"""How filters write markup in a template's form: as Markdown, or as Slack's mrkdwn within JSON.

What they are given are tokens and the author's text, never values.
"""

from collections.abc import Sequence
from typing import Protocol

from heymilo_prefect.summaries.literals import NOTHING


class Dialect(Protocol):
    """What the two forms write in their own ways."""

    def link(self, url: str, words: str) -> str:
        """Write a link."""

    def bullets(self, items: Sequence[str]) -> str:
        """Write a list, one item per line; without items, one that shows nothing."""

    def quote(self, lines: Sequence[str]) -> str:
        """Write a quotation; without lines, one that shows nothing."""


class Markdown:
    """The form `*.md.j2`."""

    def link(self, url: str, words: str) -> str:
        """Write a link."""
        return f"[{words}](<{url}>)"

    def bullets(self, items: Sequence[str]) -> str:
        """Write a list on lines of its own."""
        return "\n" + "".join(f"- {item}\n" for item in items or [NOTHING])

    def quote(self, lines: Sequence[str]) -> str:
        """Write a quotation as a block of its own."""
        return "\n" + "".join(f"> {line}\n" for line in lines or [NOTHING])


class Mrkdwn:
    """The form `*.blocks.json.j2`: within a JSON string."""

    def link(self, url: str, words: str) -> str:
        """Write a link."""
        return f"<{url}|{words}>"

    def bullets(self, items: Sequence[str]) -> str:
        """Write lines that begin with a bullet."""
        return "\\n".join(f"• {item}" for item in items) or NOTHING

    def quote(self, lines: Sequence[str]) -> str:
        """Write a quotation, which begins a line."""
        return "\\n".join(f"> {line}" for line in lines) or NOTHING
