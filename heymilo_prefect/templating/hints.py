"""Suggest likely corrections of mistakes in a template, with line numbers."""

import re
from collections.abc import Collection, Iterator
from operator import itemgetter
from typing import Any

from heymilo_prefect.templating.placeholders import (
    NOTHING,
    Lines,
    has_token,
    without_token_characters,
)

_SLACK_LINK = re.compile(r"<https?://[^<>|\s]*\|[^<>]*>|<\{\{[^<>]*\}\}\|[^<>]*>")
_LINE = re.compile(r"[^\n]+")
_WORD = re.compile(r"[^\W_]")


def about_links(text: str, name: str) -> Iterator[str]:
    """Find links of Slack's mrkdwn in the text of a Markdown template."""
    for number, line in enumerate(text.splitlines(), start=1):
        if _SLACK_LINK.search(line):
            yield (
                f"{name}, line {number}: <url|text> is Slack's mrkdwn and shows as text here: "
                "write [text](url)."
            )


def about_words(lines: Collection[int], name: str) -> Iterator[str]:
    """Say which lines of a template keep their words when all their values are missing."""
    if lines:
        yield (
            f"{name}, {_listed(lines)}: the words stay when the values are missing. Put the line "
            'into {% if %}, or write a default, such as {{ value or "unknown" }}.'
        )


def about_types(found: Collection[tuple[str, int]], name: str) -> Iterator[str]:
    """Name the types of blocks and elements that only Slack may know, with their lines."""
    for unsupported, line in sorted(found, key=itemgetter(1)):
        kind = unsupported.rpartition(" ")[2]
        yield (
            f"{name}, line {line}: the type '{kind}' isn't known here. It is posted as it is, and "
            "Slack may refuse it."
        )


def lines_of_words(rendered: Lines) -> set[int]:
    """Return the template's lines that show words, and nothing of their values, in Markdown."""
    return {
        rendered.at(line.start())
        for line in _LINE.finditer(rendered.text)
        if _is_words_alone(line[0])
    }


def objects_of_words(value: Any, rendered: Lines) -> set[int]:
    """Return the template's lines with objects that show words alone, in Block Kit."""
    found: set[int] = set()
    if isinstance(value, dict):
        text = value.get("text")
        if isinstance(text, str) and any(map(_is_words_alone, text.split("\n"))):
            found.add(rendered.at(getattr(value, "at", 0)))
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found.union(*(objects_of_words(it, rendered) for it in inner))


def _is_words_alone(line: str) -> bool:
    if NOTHING not in line or has_token(line.replace(NOTHING, "")):
        return False
    return _WORD.search(without_token_characters(line)) is not None


def _listed(lines: Collection[int]) -> str:
    *most, last = map(str, sorted(lines))
    return f"lines {', '.join(most)} and {last}" if most else f"line {last}"
