"""Represent values from the API by placeholders, which no parser interprets.

`Rendering.protect` stores a value in a table and returns a placeholder: private-use characters that
neither Markdown nor Slack interprets. So nothing in a value is ever parsed. `restored` puts the
values back after parsing.

A missing value has a placeholder too, `NOTHING`, so that the text around it is parsed as if a value
were there: `**{{ missing }}**` is emphasis around nothing, not the line of asterisks that Markdown
reads as a divider. What has no text after parsing is dropped then.
"""

import math
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from typing import NamedTuple, Self

from heymilo_prefect._net import MAX_URL
from heymilo_prefect.slack.message import MAX_LITERAL, clean_text, truncate
from heymilo_prefect.templating.limits import Budget, TemplateMistake

_OPEN, _CLOSE, _ZERO = "\U000f0000", "\U000f0001", 0xF0010
THREAD = "\U000f0002"
"""What `{% thread %}` writes."""
NOTHING = _OPEN + _CLOSE
"""The placeholder of a value that is missing or blank."""
_LINE = "\U000f0003"
_PLACEHOLDER = re.compile(f"{_OPEN}([{chr(_ZERO)}-{chr(_ZERO + 9)}]*){_CLOSE}")
_LINE_MARK = re.compile(_PLACEHOLDER.pattern.replace(_OPEN, _LINE))
_PLACEHOLDER_CHARACTERS = re.compile(r"[\U000f0000-\U000f001f]")
_TO_PLACEHOLDER = {ord("0") + digit: _ZERO + digit for digit in range(10)}
_FROM_PLACEHOLDER = {character: digit for digit, character in _TO_PLACEHOLDER.items()}


class SafeMarkup(str):
    """Text of the template's author in which all values are placeholders: it may be Markdown.

    `written` is what is output. The string itself, which expressions in the template see, has no
    `NOTHING` in it: a `set` block around a missing value is empty, and false.
    """

    __slots__ = ("written",)
    written: str

    def __new__(cls, written: str, *, shows: bool = True) -> Self:
        """Keep the text; if it `shows` nothing, expressions see an empty string."""
        markup = super().__new__(cls, written.replace(NOTHING, "") if shows else "")
        markup.written = written
        return markup


class Rendering(Budget):
    """One rendering of a template: its table of values, and its budget.

    As a context manager it is the rendering that `current()` returns.
    """

    def __init__(self) -> None:
        """Start with an empty table."""
        super().__init__()
        self.literals: list[str] = []

    def __enter__(self) -> Self:
        """Become the current rendering."""
        self._previous: Token[Rendering] = _current.set(self)
        return self

    def __exit__(self, *exception: object) -> None:
        """Restore the previous one."""
        _current.reset(self._previous)

    def protect(self, text: str) -> str:
        """Store a value's text and return its placeholder, or "" if the text is blank."""
        # One character more than a URL may have, so that a URL that is too long is still noticed.
        literal = clean_text(self._without_placeholders(text))[: MAX_URL + 1]
        if not literal.strip():
            return ""
        self.literals.append(literal)
        return _OPEN + str(len(self.literals) - 1).translate(_TO_PLACEHOLDER) + _CLOSE

    def _without_placeholders(self, text: str) -> str:
        # A filter over rendered text leaves its placeholders in a plain string, which is a value
        # too.
        if _OPEN not in text:
            return text
        full = restored(text, self.literals)
        self.count_characters(len(full))
        return full


_current: ContextVar[Rendering] = ContextVar("rendering")


def current() -> Rendering:
    """Return the rendering that is in progress."""
    return _current.get()


class Segment(NamedTuple):
    """A part of a text: written by the template's author, or a value."""

    text: str
    is_value: bool


def segments(text: str, literals: list[str]) -> Iterator[Segment]:
    """Split a text with placeholders into the author's parts and the values."""
    end_of_last = 0
    for found in _PLACEHOLDER.finditer(text):
        if authored := without_placeholder_characters(text[end_of_last : found.start()]):
            yield Segment(authored, False)
        index = int(found[1].translate(_FROM_PLACEHOLDER)) if found[1] else len(literals)
        yield Segment(literals[index] if index < len(literals) else "", True)
        end_of_last = found.end()
    if authored := without_placeholder_characters(text[end_of_last:]):
        yield Segment(authored, False)


def line_mark(line: int) -> str:
    """Return the mark that says from which line of the template the text after it comes."""
    return _LINE + str(line).translate(_TO_PLACEHOLDER) + _CLOSE


class Lines:
    """A rendered text without its line marks, and the template's line of each position in it."""

    def __init__(self, marked: str) -> None:
        """Remove the marks and remember where they were."""
        parts = _LINE_MARK.split(marked)
        self.text = parts[0]
        self._starts = [(0, 1)]
        for line, part in zip(parts[1::2], parts[2::2], strict=True):
            self._starts.append((len(self.text), int(line.translate(_FROM_PLACEHOLDER))))
            self.text += part

    def at(self, position: int) -> int:
        """Return the template's line that the text at this position comes from."""
        start, line = max(pair for pair in self._starts if pair[0] <= position)
        return line + self.text.count("\n", start, position)


def has_placeholder(text: str) -> bool:
    """Whether a text contains a value, present or missing."""
    return _PLACEHOLDER.search(text) is not None


def restored(text: str, literals: list[str]) -> str:
    """Replace the placeholders in a text by their values, in full length."""
    return "".join(segment.text for segment in segments(text, literals))


def shown(segment: Segment) -> str:
    """Return a segment as people see it: a long value is truncated."""
    return truncate(segment.text, MAX_LITERAL) if segment.is_value else segment.text


def without_placeholder_characters(text: str) -> str:
    """Remove the characters that placeholders are made of."""
    return text if text.isascii() else _PLACEHOLDER_CHARACTERS.sub("", text)


def to_text(value: object) -> str:
    """Return a value as a person would write it.

    Raises:
        TemplateMistake: It has several fields, or isn't a value.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return format_number(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, list | tuple | set | range | Iterator):
        return ", ".join(filter(None, map(to_text, _counted(value))))
    raise TemplateMistake(f"{type(value).__name__} has several fields: name the one to show")


def format_number(value: float) -> str:
    """Write a number with up to two decimals, without trailing zeros; "" if it isn't finite."""
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return ""
    return f"{round(value, 2) + 0:.2f}".rstrip("0").rstrip(".")  # + 0: there is no "-0"


def _counted(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        current().count_steps()
        yield value
