"""Represent values from the API by placeholders, which no parser interprets.

A value becomes a literal in a table, and in the text an opaque token stands for it: characters that
neither Markdown nor Slack know. So nothing in a value is ever parsed. `restored` puts it back.

A value that is missing has a token too, `NOTHING`, so that the text is parsed as if it were there:
`**{{ missing }}**` is emphasis around nothing, and never the line of asterisks that is a divider.
What is left without any text is dropped after parsing.
"""

import math
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, Self

from heymilo_prefect._net import MAX_URL
from heymilo_prefect.slack.message import MAX_LITERAL, clean_text, truncate

MAX_STEPS = 20_000
"""Turns of loops, calls and list items filtered, in one rendering."""
MAX_CHARACTERS = 1_000_000
"""Characters that a rendering may put together in all, on its way to the output."""

_OPEN, _CLOSE, _ZERO = "\U000f0000", "\U000f0001", 0xF0010
THREAD = "\U000f0002"
"""What `{% thread %}` writes."""
NOTHING = _OPEN + _CLOSE
"""The token of a value that is missing, or blank."""
_LINE = "\U000f0003"
_TOKEN = re.compile(f"{_OPEN}([{chr(_ZERO)}-{chr(_ZERO + 9)}]*){_CLOSE}")
_LINE_MARK = re.compile(_TOKEN.pattern.replace(_OPEN, _LINE))
_TOKEN_CHARACTERS = re.compile(r"[\U000f0000-\U000f001f]")
_TO_TOKEN = {ord("0") + digit: _ZERO + digit for digit in range(10)}
_FROM_TOKEN = {token: digit for digit, token in _TO_TOKEN.items()}


class TemplateMistake(Exception):
    """A template does what it can't do; the sentence tells, and its place is added later."""


class SafeMarkup(str):
    """Text of the template's author in which all values are tokens: it may be Markdown.

    `written` is what is put out. The string, which the template's expressions see, has no `NOTHING`
    in it: a `set` block around a missing value is empty, and false.
    """

    __slots__ = ("written",)
    written: str

    def __new__(cls, written: str, *, shows: bool = True) -> Self:
        """Keep the text; one that shows nothing is empty for expressions."""
        made = super().__new__(cls, written.replace(NOTHING, "") if shows else "")
        made.written = written
        return made


@dataclass
class Rendering:
    """One rendering of a template: its literals, and what it may still spend."""

    literals: list[str] = field(default_factory=list)
    steps: int = MAX_STEPS
    characters: int = MAX_CHARACTERS

    def mark(self, text: str) -> str:
        """Put a value's text into the table, and give its token; blank text has none."""
        # One character more than a URL may have, so that one that is too long is still noticed.
        literal = clean_text(self._without_tokens(text))[: MAX_URL + 1]
        if not literal.strip():
            return ""
        self.literals.append(literal)
        return _OPEN + str(len(self.literals) - 1).translate(_TO_TOKEN) + _CLOSE

    def step(self, count: int = 1) -> None:
        """Spend steps."""
        self.steps -= count
        if self.steps < 0:
            raise TemplateMistake(f"it takes more than {MAX_STEPS:,} steps")

    def count_characters(self, characters: int) -> None:
        """Spend characters."""
        self.characters -= characters
        if self.characters < 0:
            raise TemplateMistake(f"it makes more than {MAX_CHARACTERS:,} characters of text")

    def _without_tokens(self, text: str) -> str:
        # A filter over rendered text leaves its tokens in a plain string, which is literal too.
        if _OPEN not in text:
            return text
        whole = restored(text, self.literals)
        self.count_characters(len(whole))
        return whole


_current: ContextVar[Rendering] = ContextVar("rendering")


def current() -> Rendering:
    """Give the rendering that is under way."""
    return _current.get()


def begin(rendering: Rendering) -> object:
    """Make a rendering the current one; `end` takes what comes back."""
    return _current.set(rendering)


def end(begun: object) -> None:
    """Restore what was current before `begin`."""
    _current.reset(begun)  # type: ignore[arg-type]


class Piece(NamedTuple):
    """A part of a text: the author's, or a value."""

    text: str
    is_value: bool


def segments(text: str, literals: list[str]) -> Iterator[Piece]:
    """Split a text with tokens into the author's parts and the values."""
    end_of_last = 0
    for token in _TOKEN.finditer(text):
        if authored := without_token_characters(text[end_of_last : token.start()]):
            yield Piece(authored, False)
        index = int(token[1].translate(_FROM_TOKEN)) if token[1] else len(literals)
        yield Piece(literals[index] if index < len(literals) else "", True)
        end_of_last = token.end()
    if authored := without_token_characters(text[end_of_last:]):
        yield Piece(authored, False)


def line_mark(line: int) -> str:
    """Write what says that the text after it is from this line of the template."""
    return _LINE + str(line).translate(_TO_TOKEN) + _CLOSE


class Lines:
    """Text without the marks of its lines, and where each line of the template begins in it."""

    def __init__(self, marked: str) -> None:
        """Take the marks out."""
        parts = _LINE_MARK.split(marked)
        self.text = parts[0]
        self._starts = [(0, 1)]
        for line, part in zip(parts[1::2], parts[2::2], strict=True):
            self._starts.append((len(self.text), int(line.translate(_FROM_TOKEN))))
            self.text += part

    def at(self, position: int) -> int:
        """Return the template's line that a position in the text comes from."""
        start, line = max(pair for pair in self._starts if pair[0] <= position)
        return line + self.text.count("\n", start, position)


def has_token(text: str) -> bool:
    """Whether a value stands in a text, or would if it weren't missing."""
    return _TOKEN.search(text) is not None


def restored(text: str, literals: list[str]) -> str:
    """Put the values back into a text with tokens, whole."""
    return "".join(piece.text for piece in segments(text, literals))


def shown(piece: Piece) -> str:
    """Write a part as people see it: a value that is too long is cut."""
    return truncate(piece.text, MAX_LITERAL) if piece.is_value else piece.text


def without_token_characters(text: str) -> str:
    """Take out the characters that tokens are made of."""
    return text if text.isascii() else _TOKEN_CHARACTERS.sub("", text)


def as_text(value: object) -> str:
    """Write a value as a person would.

    Raises:
        Misuse: It holds several fields, or isn't a value.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, list | tuple | set | range | Iterator):
        return ", ".join(filter(None, map(as_text, _bounded(value))))
    raise TemplateMistake(f"{type(value).__name__} isn't a value to show: name one of its fields")


def number(value: float) -> str:
    """Write a number with two decimals at most, without trailing zeros; none that isn't finite."""
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return ""
    return f"{round(value, 2) + 0:.2f}".rstrip("0").rstrip(".")  # + 0: there is no "-0"


def _bounded(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        current().step()
        yield value
