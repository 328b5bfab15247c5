"""Template filters for scores, dates, durations, links, lists and quotations.

A filter that writes markup returns `SafeMarkup`, in which each value is a placeholder.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context
from pydantic import BaseModel

from heymilo_prefect.durations import rounded_text
from heymilo_prefect.slack.message import clean_text, truncate
from heymilo_prefect.templating.limits import TemplateMistake
from heymilo_prefect.templating.placeholders import (
    NOTHING,
    SafeMarkup,
    current,
    format_number,
    to_text,
)


class Markdown:
    """How filters write markup in a Markdown template.

    A list or quotation without items is one that shows nothing, so that its place in the text is
    parsed in the same way.
    """

    def link(self, url: str, words: str) -> str:
        """Write a link."""
        return f"[{words}](<{url}>)"

    def bullets(self, items: Sequence[str]) -> str:
        """Write a list, one item per line."""
        return "\n" + "".join(f"- {item}\n" for item in items or [NOTHING])

    def quote(self, lines: Sequence[str]) -> str:
        """Write a block quotation."""
        return "\n" + "".join(f"> {line}\n" for line in lines or [NOTHING])


class Mrkdwn:
    """How filters write markup within a JSON string of a Block Kit template."""

    def link(self, url: str, words: str) -> str:
        """Write a link."""
        return f"<{url}|{words}>"

    def bullets(self, items: Sequence[str]) -> str:
        """Write lines that begin with a bullet."""
        return "\\n".join(f"• {item}" for item in items) or NOTHING

    def quote(self, lines: Sequence[str]) -> str:
        """Write quoted lines."""
        return "\\n".join(f"> {line}" for line in lines) or NOTHING


Dialect = Markdown | Mrkdwn

_MAX_DECIMALS = 10
_MAX_BULLETS = 100
_MAX_LINES = 20


@pass_context
def replace(context: Context, text: Any, old: str, new: str, count: int = -1) -> str:
    """Replace `old` by `new` in a text."""
    full, old, new = to_text(text), to_text(old), to_text(new)
    current().count_characters(len(full) + full.count(old) * len(new))
    return full.replace(old, new, count)


@pass_context
def join(
    context: Context, values: Iterable[Any], separator: str = "", attribute: str | None = None
) -> str:
    """Join values, or an attribute of each."""
    rendering, texts, separator = current(), [], to_text(separator)
    for value in values:
        item = context.environment.getitem(value, attribute) if attribute else value
        texts.append(_text(item))
        rendering.count_steps()
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
    """Write a score with its assumed scale: `85 / 100`.

    A score outside 0 to `scale` must be on another scale, so it is written alone: `130`.
    """
    points, highest = _number(value, "a number"), _number(scale, "a number as its scale")
    text = format_number(points)
    return f"{text} / {format_number(highest)}" if 0 <= points <= highest else text


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
    """Write a duration, or a number of seconds, in words: `12 min`."""
    if isinstance(value, timedelta):
        return rounded_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TemplateMistake(f"'duration' takes seconds or a duration, not {kind_of(value)}")
    try:
        return rounded_text(timedelta(seconds=value))
    except (OverflowError, ValueError):
        raise TemplateMistake("'duration' got a number that is too large") from None


@pass_context
def shorten(context: Context, value: Any, limit: int = 200) -> str:
    """Truncate a text to `limit` characters, at the end of a word, with an ellipsis."""
    return truncate(" ".join(clean_text(_text(value)).split()), _count(limit, "shorten"))


@pass_context
def link(context: Context, url: Any, words: Any = "") -> Any:
    """Write a link to a URL; without a URL, nothing."""
    target = _protected(url)
    if not target:
        return ""
    return SafeMarkup(_dialect(context).link(target, _protected(words) or target))


@pass_context
def bullets(context: Context, values: Iterable[Any], limit: int = _MAX_BULLETS) -> Any:
    """Write the first `limit` values as a list."""
    values = [values] if isinstance(values, str) else list(values)
    items = [item for item in map(_one_line, values[: _count(limit, "bullets")]) if item]
    return SafeMarkup(_dialect(context).bullets(items), shows=bool(items))


@pass_context
def quote(context: Context, values: Any, limit: int = _MAX_LINES) -> Any:
    """Quote a text, or the first `limit` utterances of a transcript, each with its speaker."""
    utterances = [values] if isinstance(values, str | BaseModel | Mapping) else list(values)
    quoted = (_quoted(context, utterance) for utterance in utterances[: _count(limit, "quote")])
    lines = [line for line in quoted if line]
    return SafeMarkup(_dialect(context).quote(lines), shows=bool(lines))


def _quoted(context: Context, utterance: Any) -> str:
    if isinstance(utterance, str):
        return _one_line(utterance)
    get = context.environment.getattr
    speaker, text = (_text(get(utterance, name)) for name in ("speaker", "text"))
    speaker = _one_line(speaker.capitalize() + ":") if speaker else ""
    return " ".join(filter(None, (speaker, _one_line(text)))) if text else ""


def _one_line(value: Any) -> str:
    return _protected(value if isinstance(value, SafeMarkup) else " ".join(_text(value).split()))


def _protected(value: Any) -> str:
    current().count_steps()
    return value.written if isinstance(value, SafeMarkup) else current().protect(_text(value))


def _text(value: Any) -> str:
    return to_text(None if isinstance(value, Undefined) else value)


def _number(value: Any, expected: str) -> float:
    """Read a number, or a text that is one, rounded as `format_number` writes it."""
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
        raise TemplateMistake(f"'{name}' takes a date with a time, not {kind_of(value)}")
    try:
        return value.astimezone(ZoneInfo(tz))
    except (KeyError, ValueError, OSError):
        raise TemplateMistake(f"'{name}' doesn't know the time zone '{tz}'") from None


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TemplateMistake(f"'{name}' takes a whole number of 1 or more")
    return value


def kind_of(value: Any) -> str:
    """Describe the type of a value to a template's author."""
    if isinstance(value, Undefined):
        return "missing data"
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
