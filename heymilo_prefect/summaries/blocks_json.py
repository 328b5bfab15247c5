"""Turns rendered Block Kit JSON into blocks, putting values in as text that nothing acts upon.

The JSON is read with tokens in it, so that no value can end a string. Then each string gets its
values in the way of its place: literal in plain text and rich text, harmless in mrkdwn.
"""

import json
import re
from collections.abc import Iterator
from json.decoder import JSONObject  # type: ignore[attr-defined]
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from heymilo_prefect.summaries.literals import (
    NOTHING,
    Misuse,
    expanded,
    has_token,
    pieces,
    shown,
)
from heymilo_prefect.summaries.urls import is_web

Block = dict[str, Any]

_FOR_VALUES = {"text", "url", "image_url", "alt_text", "value", "fallback"}
_LINKS = {"url", "image_url"}
_SPECIAL = re.compile(r"<([^<>|\n]*)(?:\|([^<>\n]*))?>")
_EMOJI = re.compile(r":(?=[\w+'-]+:)")
_LINE_START = re.compile(r"^(\s*)(?:&gt;)+", re.MULTILINE)
_MARKED = re.compile(r"(```)(.+?)```|(?<!\w)([*_~`])((?:(?!\3)[^\n])+)\3", re.DOTALL)
_HARMLESS = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "*": "∗", "~": "∼", "`": "ˋ"}  # noqa: RUF001
)


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

    A block that is left without a text, and a button or an image without a web address, is left
    out; a link without one becomes text.

    Raises:
        Misuse: It is something else, or a value stands where Slack takes none.
    """
    if isinstance(value, list):
        value = {"blocks": value}
    known = {"blocks", "thread", "text"}
    if not isinstance(value, dict) or not isinstance(value.get("blocks"), list):
        raise Misuse('a blocks template gives a list of blocks, or {"blocks": [...]}')
    if unknown := set(value) - known:
        raise Misuse(f"there is no '{min(unknown)}' here; there is {', '.join(sorted(known))}")
    thread = value.get("thread", [])
    if not isinstance(thread, list) or not all(isinstance(reply, list) for reply in thread):
        raise Misuse("'thread' is a list of replies, and each a list of blocks")
    text = value.get("text", "")
    if not isinstance(text, str):
        raise Misuse("'text' is a text")
    filler = _Filler(literals)
    replies = [blocks for reply in thread if (blocks := filler.all(reply))]
    return Parsed(filler.all(value["blocks"]), replies, harmless_mrkdwn(text, literals))


class _Filler:
    def __init__(self, literals: list[str]) -> None:
        self._literals = literals

    def all(self, values: list[Any]) -> list[Any]:
        filled = [self._filled(value) for value in values]
        return [value for value in filled if value is not None]

    def _filled(self, value: Any) -> Any:
        if isinstance(value, list):
            return self.all(value)
        if isinstance(value, str):
            _refuse_value(value, "here")
            return value
        if not isinstance(value, dict):
            return value
        kind = value.get("type")
        filled = {key: self._member(kind, key, inner) for key, inner in value.items()}
        return self._whole(kind, value, {key: it for key, it in filled.items() if it is not None})

    def _member(self, kind: Any, key: str, value: Any) -> Any:
        _refuse_value(key, "in a field's name")
        if not isinstance(value, str):
            return self._filled(value)
        if not has_token(value):
            return value
        if key not in _FOR_VALUES:
            raise Misuse(f"a value can't be in '{key}': Slack reads no text there")
        if key in _LINKS:
            return expanded(value, self._literals).strip()
        if kind == "mrkdwn" and key == "text":
            return harmless_mrkdwn(value, self._literals)
        if kind == "plain_text":
            value = _without_empty_lines(value)
        return "".join(map(shown, pieces(value, self._literals)))

    def _whole(self, kind: Any, given: Block, filled: Block) -> Any:
        has_value = isinstance(given.get("text"), str) and has_token(given["text"])
        match kind:
            case "mrkdwn" | "plain_text" if not filled.get("text", "").strip():
                return None
            case "mrkdwn" if has_value:
                return filled | {"verbatim": True}  # else Slack makes links of what looks like one
            case "plain_text" if has_value and _EMOJI.search(filled["text"]):
                return filled | {"emoji": False}
            case "link" if not is_web(filled.get("url", "")):
                style = {"style": filled["style"]} if "style" in filled else {}
                text = filled.get("text", "")
                return {"type": "text", "text": text} | style if text else None
            case "text" if not filled.get("text"):
                return None
            case "button" if "url" in given and not is_web(filled.get("url", "")):
                return None
            case "image" if not is_web(filled.get("image_url", "")):
                return None
            case "section" if not (filled.get("text") or filled.get("fields")):
                return None
            case "header" if not filled.get("text"):
                return None
            case "context" | "actions" | "rich_text" if not filled.get("elements"):
                return None
            case "button" if not filled.get("text"):
                return None
        if "elements" in given and not filled["elements"] and str(kind).startswith("rich_text"):
            return None
        return {key: it for key, it in filled.items() if key != "fields" or it}


def _refuse_value(text: str, where: str) -> None:
    """Refuse a value where it isn't text that people read."""
    if has_token(text):
        raise Misuse(f"a value can't be {where}: put it into a text")


def harmless_mrkdwn(text: str, literals: list[str]) -> str:
    """Put values into mrkdwn: escaped, and with look-alikes for what would format them.

    `<url|words>` stays a link when the author wrote it and the URL is of the web. Marks around
    values that are missing, and lines of nothing else, are left out.
    """
    text = _without_empty_lines(_without_empty_marks(text), "> \t")
    return "".join(_mrkdwn_parts(text, literals))


def _without_empty_marks(text: str) -> str:
    if NOTHING not in text:
        return text

    def left(found: re.Match[str]) -> str:
        mark, inside = found[1] or found[3], _without_empty_marks(found[2] or found[4])
        if NOTHING not in inside:
            return found[0]
        inside = inside.replace(NOTHING, "").strip()  # Slack formats nothing next to a space
        return f"{mark}{inside}{mark}" if inside else NOTHING

    return _MARKED.sub(left, text)


def _without_empty_lines(text: str, blank: str = " \t") -> str:
    if NOTHING not in text:
        return text
    lines = text.split("\n")
    kept = [it for it in lines if NOTHING not in it or it.replace(NOTHING, "").strip(blank)]
    return "\n".join(kept)


def _mrkdwn_parts(text: str, literals: list[str]) -> Iterator[str]:
    end = 0
    for special in _SPECIAL.finditer(text):
        if not has_token(special[0]):
            continue
        yield _harmless(text[end : special.start()], literals)
        url, words = expanded(special[1], literals).strip(), special[2] or special[1]
        said = _harmless(words, literals).replace("|", "¦").replace("\n", " ")
        words_of_link = said if said.strip() else _harmless(special[1], literals)
        yield f"<{url.replace('&', '&amp;')}|{words_of_link}>" if is_web(url) else said
        end = special.end()
    yield _harmless(text[end:], literals)


def _harmless(text: str, literals: list[str]) -> str:
    written = ""
    for piece in pieces(text, literals):
        if not piece.is_value:
            written += piece.text
            continue
        value = _EMOJI.sub("∶", shown(piece)).translate(_HARMLESS)  # noqa: RUF001
        value = re.sub(r"(?<!\w)_|_(?!\w)", "ˍ", value)
        if not written or written.endswith("\n"):
            value = _LINE_START.sub(r"\1›", value)  # noqa: RUF001
        else:
            head, newline, rest = value.partition("\n")
            value = head + newline + _LINE_START.sub(r"\1›", rest)  # noqa: RUF001
        written += value
    return written
