"""Convert rendered Block Kit JSON to blocks; values from the API are inserted as inert text.

The JSON is parsed with placeholders in it, so that no value can end a string. Then the values are
inserted: literally in plain text and rich text, escaped in mrkdwn and Markdown, and nowhere in
fields that this package doesn't know.
"""

from dataclasses import replace
from typing import Any, NamedTuple

from heymilo_prefect._net import is_web_link
from heymilo_prefect.slack.block_kit import kind_of
from heymilo_prefect.slack.block_kit_rules import Items, Kind, Rule, String, Text
from heymilo_prefect.slack.layout import shortened
from heymilo_prefect.templating.escaping import (
    EMOJI,
    escape_markdown,
    escape_mrkdwn,
    without_empty_lines,
)
from heymilo_prefect.templating.limits import TemplateMistake
from heymilo_prefect.templating.placeholders import (
    has_placeholder,
    restored,
    segments,
    shown,
)

Block = dict[str, Any]


class JsonMessage(NamedTuple):
    """The blocks of a message and of its replies, and its notification text or ""."""

    blocks: list[Block]
    thread: list[list[Block]]
    text: str


def to_message(value: Any, literals: list[str]) -> JsonMessage:
    """Convert parsed JSON: a list of blocks, or `{"blocks": [...], "thread": [[...]]}`.

    What lacks a field that Slack requires, because its value is missing, is left out, and so is a
    button or an image without a web address. A link without an address becomes text. A table's cell
    stays, empty.

    Raises:
        TemplateMistake: It is something else, or a value is where Slack reads no text.
    """
    if isinstance(value, list):
        value = {"blocks": value}
    fields = {"blocks", "thread", "text"}
    if not isinstance(value, dict) or not isinstance(value.get("blocks"), list):
        raise TemplateMistake('a blocks template renders a list of blocks, or {"blocks": [...]}')
    if unknown := set(value) - fields:
        raise TemplateMistake(
            f"there is no '{min(unknown)}' here. A message has {', '.join(sorted(fields))}"
        )
    thread = value.get("thread", [])
    if not isinstance(thread, list) or not all(isinstance(reply, list) for reply in thread):
        raise TemplateMistake("'thread' must be a list of replies, each a list of blocks")
    text = value.get("text", "")
    if not isinstance(text, str):
        raise TemplateMistake("'text' must be a string")
    filler = _Filler(literals)
    replies = [blocks for reply in thread if (blocks := filler.fill_all(reply))]
    return JsonMessage(filler.fill_all(value["blocks"]), replies, escape_mrkdwn(text, literals))


class _Filler:
    """Inserts values as the rules of Block Kit say for each field."""

    def __init__(self, literals: list[str]) -> None:
        self._literals = literals

    def fill_all(self, values: list[Any], rule: Rule | None = None) -> list[Any]:
        of, empty = (rule.of, rule.empty) if isinstance(rule, Items) else (None, None)
        filled = (self._fill(value, of) for value in values)
        return [empty if value is None else value for value in filled if value is not None or empty]

    def _fill(self, value: Any, rule: Rule | None) -> Any:
        """Return a value as it is posted, or None if it is left out."""
        if isinstance(value, list):
            filled = self.fill_all(value, rule)
            return filled if filled or rule is None else None
        if isinstance(value, str):
            return self._fill_text(value, rule)
        return self._fill_object(value, rule) if isinstance(value, dict) else value

    def _fill_object(self, value: Block, rule: Rule | None) -> Block | None:
        kind = kind_of(value, rule)
        fields = kind.fields if kind else {}
        filled: Block = {}
        for name, inner in value.items():
            field = fields.get(name)
            if has_placeholder(name):
                raise TemplateMistake("a value can't be in a field's name. Put it into a text")
            if isinstance(inner, str) and has_placeholder(inner) and not _shows(field):
                raise TemplateMistake(f"a value can't be in '{name}', where Slack reads no text")
            if isinstance(rule, Text) and isinstance(field, String):
                field = replace(field, maximum=None if rule.is_split else rule.maximum)
            filled_inner = self._fill(inner, field)
            if filled_inner is not None:
                filled[name] = filled_inner
        if kind is None:  # its required fields aren't known, so it needs all that it has
            return filled if filled.keys() == value.keys() else None
        return _remaining(value, filled, kind)

    def _fill_text(self, value: str, rule: Rule | None) -> str | None:
        if not isinstance(rule, String) or not rule.shows:
            if has_placeholder(value):
                raise TemplateMistake("a value can't be here. Put it into a text")
            return value
        if rule.shows == "url":
            url = restored(value, self._literals).strip()
            return url if is_web_link(url) else None
        if not has_placeholder(value):
            text = value
        elif rule.shows == "text":
            value = value if rule.is_run else without_empty_lines(value)
            text = "".join(map(shown, segments(value, self._literals)))
        else:
            escape = escape_mrkdwn if rule.shows == "mrkdwn" else escape_markdown
            text = escape(value, self._literals)
        if has_placeholder(value) and rule.maximum is not None and rule.shows != "markdown":
            text = shortened(text, rule.maximum)
        return text if text.strip() or (text and rule.is_run) else rule.default or None


def _remaining(given: Block, filled: Block, kind: Kind) -> Block | None:
    """Return an object as it is posted, or None if it lacks a field that it needs."""
    lost = given.keys() - filled.keys()
    name, text = given.get("type"), filled.get("text")
    if name == "link" and "url" in lost:
        style = {"style": filled["style"]} if "style" in filled else {}
        return {"type": "text", "text": text} | style if text else None
    vital = {field for field, rule in kind.fields.items() if getattr(rule, "is_vital", False)}
    if lost & (kind.required.keys() | vital):
        return None
    if lost & set(kind.either) and not filled.keys() & set(kind.either):
        return None
    if has_placeholder(str(given.get("text"))):
        if name == "mrkdwn":
            return filled | {"verbatim": True}  # otherwise Slack links what looks like a URL
        if name == "plain_text" and EMOJI.search(str(text)):
            return filled | {"emoji": False}
    return filled


def _shows(rule: Rule | None) -> bool:
    return isinstance(rule, String) and rule.shows is not None
