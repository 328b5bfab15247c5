"""Hint at likely mistakes in a template, with their place: a line, or a JSON pointer."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from heymilo_prefect.slack.block_kit import BlockError
from heymilo_prefect.templating.placeholders import (
    NOTHING,
    Lines,
    has_placeholder,
    without_placeholder_characters,
)

_SLACK_LINK = re.compile(r"<https?://[^<>|\s]*\|[^<>]*>|<\{\{[^<>]*\}\}\|[^<>]*>")
_LINE = re.compile(r"[^\n]+")
_WORD = re.compile(r"[^\W_]")


def about_links(text: str, name: str) -> Iterator[str]:
    """Hint at mrkdwn links in a Markdown template, where they show as text."""
    for number, line in enumerate(text.splitlines(), start=1):
        if _SLACK_LINK.search(line):
            yield (
                f"{name}, line {number}: <url|text> is Slack's mrkdwn, and shows as text here. "
                "Write [text](url)."
            )


def about_words(places: Collection[int | str], name: str) -> Iterator[str]:
    """Hint at lines, or JSON pointers, that keep their words when all their values are missing."""
    if places:
        yield (
            f"{name}, {_listed(places)}: the words stay when the values are missing. Put them "
            'into {% if %}, or write a default, such as {{ value or "unknown" }}.'
        )


def about_types(unknown: Collection[BlockError], name: str) -> Iterator[str]:
    """Hint at types of blocks and elements that only Slack may know."""
    for error in sorted(unknown, key=lambda error: error.pointer):
        kind = error.reason.rpartition(" ")[2]
        yield (
            f"{name}, {error.pointer}: the type '{kind}' isn't known here. It is posted as it is, "
            "and Slack may refuse it."
        )


def lines_of_words(rendered: Lines) -> set[int]:
    """Return the lines of a Markdown template that show words while all values are missing."""
    return {
        rendered.at(line.start())
        for line in _LINE.finditer(rendered.text)
        if _is_only_words(line[0])
    }


def pointers_to_words(value: Any, pointer: str = "") -> set[int | str]:
    """Return pointers to the texts in Block Kit JSON that show words while all values are missing.

    A pointer starts at the message's blocks, as in Slack's errors: `/blocks/0/text`.
    """
    if isinstance(value, list):
        at_top = "" if pointer else "/blocks"
        inner = [(f"{pointer}{at_top}/{index}", it) for index, it in enumerate(value)]
    elif isinstance(value, dict):
        inner = [(f"{pointer}/{name}", it) for name, it in value.items()]
        text = value.get("text")
        if isinstance(text, str) and any(map(_is_only_words, text.split("\n"))):
            return {pointer or "/text"}
    else:
        return set()
    return set().union(*(pointers_to_words(it, at) for at, it in inner))


def _is_only_words(line: str) -> bool:
    if NOTHING not in line or has_placeholder(line.replace(NOTHING, "")):
        return False
    return _WORD.search(without_placeholder_characters(line)) is not None


def _listed(places: Collection[int | str]) -> str:
    kind = "line" if all(isinstance(place, int) for place in places) else ""
    *others, last = map(str, sorted(places))
    if not others:
        return f"{kind} {last}".lstrip()
    return f"{kind + 's' if kind else ''} {', '.join(others)} and {last}".lstrip()
