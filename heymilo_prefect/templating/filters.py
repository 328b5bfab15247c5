"""Template filters for scores, dates, durations, links, lists and quotations.

What they are given are tokens and the author's text, never values.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context
from pydantic import BaseModel

from heymilo_prefect.durations import rounded_text
from heymilo_prefect.slack.message import clean_text, truncate
from heymilo_prefect.templating.placeholders import (
    NOTHING,
    SafeMarkup,
    TemplateMistake,
    as_text,
    current,
    number,
)


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


_MAX_DECIMALS = 10
_MAX_BULLETS = 100
_MAX_LINES = 20


@pass_context
def replace(context: Context, text: Any, old: str, new: str, count: int = -1) -> str:
    """Replace a text in a text."""
    whole, old, new = as_text(text), as_text(old), as_text(new)
    current().count_characters(len(whole) + whole.count(old) * len(new))
    return whole.replace(old, new, count)


@pass_context
def join(
    context: Context, values: Iterable[Any], separator: str = "", attribute: str | None = None
) -> str:
    """Put values together."""
    rendering, texts, separator = current(), [], as_text(separator)
    for value in values:
        item = context.environment.getitem(value, attribute) if attribute else value
        texts.append(_text(item))
        rendering.step()
        rendering.count_characters(len(texts[-1]) + len(separator))
    return separator.join(texts)


@pass_context
def round_(context: Context, value: float, precision: int = 0) -> float:
    """Round a number."""
    if not 0 <= precision <= _MAX_DECIMALS:
        raise TemplateMistake(f"'round' takes 0 to {_MAX_DECIMALS} decimals")
    return round(value, precision)


@pass_context
def score(context: Context, value: float, scale: float) -> str:
    """Write a score with the scale that it is assumed to be on: `85 / 100`.

    One that isn't from 0 to `scale` is on another scale, so it is written without one: `7`.
    """
    points, most = _number(value, "a number"), _number(scale, "a number as its scale")
    return f"{number(points)} / {number(most)}" if 0 <= points <= most else number(points)


@pass_context
def date(context: Context, value: datetime, tz: str = "UTC") -> str:
    """Write the day in a time zone: `15 February 2023`."""
    local = _local(value, tz, "date")
    return f"{local.day} {local:%B %Y}"


@pass_context
def time(context: Context, value: datetime, tz: str = "UTC") -> str:
    """Write the time of day in a time zone: `14:05 EST`."""
    return f"{_local(value, tz, 'time'):%H:%M %Z}"


@pass_context
def duration(context: Context, value: float | timedelta) -> str:
    """Write a duration, or a number of seconds, as people do: `12 min`."""
    if isinstance(value, timedelta):
        return rounded_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TemplateMistake(f"'duration' takes seconds or a duration, not {kind_of(value)}")
    try:
        return rounded_text(timedelta(seconds=value))
    except (OverflowError, ValueError):
        raise TemplateMistake("'duration' got a number that is no duration") from None


@pass_context
def shorten(context: Context, value: Any, most: int = 200) -> str:
    """Cut a text at the end of a word, with a mark."""
    return truncate(" ".join(clean_text(_text(value)).split()), _count(most, "shorten"))


@pass_context
def link(context: Context, url: Any, words: Any = "") -> Any:
    """Write a link to where the value leads; nothing when there is no value."""
    target = _marked(url)
    return SafeMarkup(_dialect(context).link(target, _marked(words) or target)) if target else ""


@pass_context
def bullets(context: Context, values: Iterable[Any], most: int = _MAX_BULLETS) -> Any:
    """Write a list of the first values."""
    values = [values] if isinstance(values, str) else list(values)
    chosen = values[: _count(most, "bullets")]
    items = [token for token in map(_one_line, chosen) if token]
    return SafeMarkup(_dialect(context).bullets(items), shows=bool(items))


@pass_context
def quote(context: Context, values: Any, most: int = _MAX_LINES) -> Any:
    """Quote a text, or the first utterances of a transcript, each with its speaker."""
    said = [values] if isinstance(values, str | BaseModel | Mapping) else list(values)
    lines = [line for item in said[: _count(most, "quote")] if (line := _said(context, item))]
    return SafeMarkup(_dialect(context).quote(lines), shows=bool(lines))


def _said(context: Context, utterance: Any) -> str:
    if isinstance(utterance, str):
        return _one_line(utterance)
    get = context.environment.getattr
    speaker, text = (_text(get(utterance, name)) for name in ("speaker", "text"))
    speaker = _one_line(speaker.capitalize() + ":") if speaker else ""
    return " ".join(filter(None, (speaker, _one_line(text)))) if text else ""


def _one_line(value: Any) -> str:
    return _marked(value if isinstance(value, SafeMarkup) else " ".join(_text(value).split()))


def _marked(value: Any) -> str:
    current().step()
    return value.written if isinstance(value, SafeMarkup) else current().mark(_text(value))


def _text(value: Any) -> str:
    return as_text(None if isinstance(value, Undefined) else value)


def _number(value: Any, expected: str) -> float:
    """Read a number, or a text that is one, as `number` writes it."""
    if isinstance(value, Undefined):
        return math.nan
    try:
        if not isinstance(value, bool):
            return round(float(value), 2)
    except (TypeError, ValueError, OverflowError):
        pass
    raise TemplateMistake(f"'score' takes {expected}, not {kind_of(value)}")


def _dialect(context: Context) -> Any:
    return context.environment.dialect  # type: ignore[attr-defined]


def _local(value: datetime, tz: str, name: str) -> datetime:
    if not isinstance(value, datetime):
        raise TemplateMistake(f"'{name}' takes a moment, not {kind_of(value)}")
    try:
        return value.astimezone(ZoneInfo(tz))
    except (KeyError, ValueError, OSError):
        raise TemplateMistake(f"'{name}' knows no time zone '{tz}'") from None


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TemplateMistake(f"'{name}' takes a whole number from 1 on")
    return value


def kind_of(value: Any) -> str:
    """Name a value's kind for a template's author."""
    if isinstance(value, Undefined):
        return "what is missing"
    words: dict[Any, str] = {str: "a text", list: "a list", int | float: "a number"}
    return next((word for kind, word in words.items() if isinstance(value, kind)), "this")


FILTERS = {
    "bullets": bullets,
    "date": date,
    "duration": duration,
    "join": join,
    "link": link,
    "quote": quote,
    "replace": replace,
    "round": round_,
    "score": score,
    "shorten": shorten,
    "time": time,
}
