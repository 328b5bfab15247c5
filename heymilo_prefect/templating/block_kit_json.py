"""Convert rendered Block Kit JSON to blocks; values from the API are inserted as inert text.

The JSON is read with tokens in it, so that no value can end a string. Then each string gets its
values in the way of its place: literal in plain text and rich text, harmless in mrkdwn and
Markdown, and nowhere in what this package doesn't know.
"""

import json
from dataclasses import replace
from json.decoder import JSONObject  # type: ignore[attr-defined]
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from heymilo_prefect._net import is_web_link
from heymilo_prefect.slack.block_kit import kind_of
from heymilo_prefect.slack.block_kit_rules import Items, Kind, String, Takes, Text
from heymilo_prefect.slack.layout import shortened
from heymilo_prefect.templating.escaping import (
    EMOJI,
    harmless_markdown,
    harmless_mrkdwn,
    without_empty_lines,
)
from heymilo_prefect.templating.placeholders import (
    TemplateMistake,
    has_token,
    restored,
    segments,
    shown,
)

Block = dict[str, Any]


class Located(dict[str, Any]):
    """An object of the JSON, and where in the text it begins."""

    at = 0


class Parsed(NamedTuple):
    """Blocks of a message and of the replies in its thread; `text` is the author's, if any."""

    blocks: list[Block]
    thread: list[list[Block]]
    text: str


def parsed(text: str) -> Any:
    """Read JSON whose objects know where they begin.

    Raises:
        json.JSONDecodeError: It isn't JSON.
    """
    decoder = json.JSONDecoder()

    def parse_object(start: tuple[str, int], *options: Any) -> tuple[Located, int]:
        pairs, end = JSONObject(start, *options)
        found = Located(pairs)
        found.at = start[1] - 1
        return found, end

    decoder.parse_object = parse_object  # type: ignore[attr-defined]
    decoder.scan_once = py_make_scanner(decoder)  # type: ignore[attr-defined]
    return decoder.decode(text)


def to_parsed(value: Any, literals: list[str]) -> Parsed:
    """Make blocks of what was read: a list of blocks, or `{"blocks": [...], "thread": [[...]]}`.

    What is left without something that Slack requires is left out, and so is a button or an image
    without a web address; a link without one becomes text. A table's cell stays, empty.

    Raises:
        Misuse: It is something else, or a value stands where Slack takes none.
    """
    if isinstance(value, list):
        value = {"blocks": value}
    known = {"blocks", "thread", "text"}
    if not isinstance(value, dict) or not isinstance(value.get("blocks"), list):
        raise TemplateMistake('a blocks template gives a list of blocks, or {"blocks": [...]}')
    if unknown := set(value) - known:
        raise TemplateMistake(
            f"there is no '{min(unknown)}' here; there is {', '.join(sorted(known))}"
        )
    thread = value.get("thread", [])
    if not isinstance(thread, list) or not all(isinstance(reply, list) for reply in thread):
        raise TemplateMistake("'thread' is a list of replies, and each a list of blocks")
    text = value.get("text", "")
    if not isinstance(text, str):
        raise TemplateMistake("'text' is a text")
    filler = _Filler(literals)
    replies = [blocks for reply in thread if (blocks := filler.all(reply))]
    return Parsed(filler.all(value["blocks"]), replies, harmless_mrkdwn(text, literals))


class _Filler:
    """Puts the values in, as the table of Block Kit says for their places."""

    def __init__(self, literals: list[str]) -> None:
        self._literals = literals

    def all(self, values: list[Any], takes: Takes | None = None) -> list[Any]:
        of, empty = (takes.of, takes.empty) if isinstance(takes, Items) else (None, None)
        filled = (self._filled(value, of) for value in values)
        return [empty if value is None else value for value in filled if value is not None or empty]

    def _filled(self, value: Any, takes: Takes | None) -> Any:
        """Return a value as it is posted, or None when nothing is left of it."""
        if isinstance(value, list):
            filled = self.all(value, takes)
            return filled if filled or takes is None else None
        if isinstance(value, str):
            return self._text(value, takes)
        return self._object(value, takes) if isinstance(value, dict) else value

    def _object(self, value: Block, takes: Takes | None) -> Block | None:
        kind = kind_of(value, takes)
        fields = kind.fields if kind else {}
        filled: Block = {}
        for name, inner in value.items():
            field = fields.get(name)
            if has_token(name):
                raise TemplateMistake("a value can't be in a field's name: put it into a text")
            if isinstance(inner, str) and has_token(inner) and not _shows(field):
                raise TemplateMistake(f"a value can't be in '{name}': Slack reads no text there")
            if isinstance(takes, Text) and isinstance(field, String):
                field = replace(field, most=None if takes.is_split else takes.most)
            made = self._filled(inner, field)
            if made is not None:
                filled[name] = made
        if kind is None:  # what it needs isn't known: it stays when all of it is there
            return filled if filled.keys() == value.keys() else None
        return _left_of(value, filled, kind)

    def _text(self, value: str, takes: Takes | None) -> str | None:
        if not isinstance(takes, String) or not takes.shows:
            if has_token(value):
                raise TemplateMistake("a value can't be here: put it into a text")
            return value
        if takes.shows == "url":
            url = restored(value, self._literals).strip()
            return url if is_web_link(url) else None
        if not has_token(value):
            made = value
        elif takes.shows == "text":
            value = value if takes.is_run else without_empty_lines(value)
            made = "".join(map(shown, segments(value, self._literals)))
        else:
            put = harmless_mrkdwn if takes.shows == "mrkdwn" else harmless_markdown
            made = put(value, self._literals)
        if has_token(value) and takes.most is not None and takes.shows != "markdown":
            made = shortened(made, takes.most)
        return made if made.strip() or (made and takes.is_run) else takes.default or None


def _left_of(given: Block, filled: Block, kind: Kind) -> Block | None:
    """Return what is left of an object: None without what it needs."""
    lost = given.keys() - filled.keys()
    name, text = given.get("type"), filled.get("text")
    if name == "link" and "url" in lost:
        style = {"style": filled["style"]} if "style" in filled else {}
        return {"type": "text", "text": text} | style if text else None
    vital = {field for field, takes in kind.fields.items() if getattr(takes, "is_vital", False)}
    if lost & (kind.required.keys() | vital):
        return None
    if lost & set(kind.either) and not filled.keys() & set(kind.either):
        return None
    if has_token(str(given.get("text"))):
        if name == "mrkdwn":
            return filled | {"verbatim": True}  # else Slack makes links of what looks like one
        if name == "plain_text" and EMOJI.search(str(text)):
            return filled | {"emoji": False}
    return filled


def _shows(takes: Takes | None) -> bool:
    return isinstance(takes, String) and takes.shows is not None
