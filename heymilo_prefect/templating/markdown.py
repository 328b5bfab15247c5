"""Convert rendered Markdown to Slack blocks; values from the API are inserted as inert text."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from heymilo_prefect._net import is_web_link
from heymilo_prefect.slack.message import MAX_HEADER, truncate
from heymilo_prefect.templating.placeholders import NOTHING, restored, segments, shown

Element = dict[str, Any]

_MAX_INDENT = 8
_EMOJI = re.compile(r"(?<![\w:]):((?=[a-z0-9_+-]*[a-z+-])[a-z0-9_+'-]+|100):(?![\w:])")
_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}


def to_blocks(text: str, literals: list[str]) -> list[dict[str, Any]]:
    """Convert headings, paragraphs, lists, quotations, code and dividers to blocks.

    Values are inserted as text. A link becomes a link if its URL is http or https, and text
    otherwise. Emphasis, a line, an item, a quotation or a heading that has only missing values is
    left out.
    """
    return _Writer(literals).write(_tokens(text))


@lru_cache(maxsize=64)
def _tokens(text: str) -> list[Token]:
    # Interviews of the same shape render to the same text, since values are placeholders in it.
    return _parser().parse(text)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
    parser.disable(["autolink", "html_block", "html_inline", "code", "lheading", "reference"])
    # Placeholders in a URL must stay as they are; `_link` checks the URL with its values.
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return parser


class _Writer:
    def __init__(self, literals: list[str]) -> None:
        self._literals = literals
        self._blocks: list[dict[str, Any]] = []
        self._last_line = -1  # where a paragraph ended: what directly follows belongs to it

    def write(self, tokens: list[Token]) -> list[dict[str, Any]]:
        at = 0
        while at < len(tokens):
            end = _end_of(tokens, at)
            self._write_block(tokens[at], tokens[at + 1 : end])
            at = end + 1
        return self._blocks

    def _write_block(self, opening: Token, inner: list[Token]) -> None:
        kind = opening.type.removesuffix("_open")
        if kind == "heading":
            self._write_header(inner[0])
        elif kind == "hr":
            self._blocks.append({"type": "divider"})
        elif kind == "paragraph":
            self._add(opening, [_section(self._inline(inner[0]))])
        elif kind in ("bullet_list", "ordered_list"):
            self._add(opening, self._list(opening, inner, 0))
        elif kind == "blockquote":
            quote = {"type": "rich_text_quote", "elements": self._flat(inner)}
            self._add(opening, [quote])
        elif kind == "fence":
            code = _merged(self._texts(opening.content.rstrip("\n"), {}))
            self._add(opening, [{"type": "rich_text_preformatted", "elements": code}])

    def _write_header(self, inline: Token) -> None:
        words = "".join(
            restored(token.content, self._literals) if token.content else " "
            for token in inline.children or []
            if token.type in ("text", "code_inline", "image", "softbreak", "hardbreak")
        )
        text = truncate(" ".join(words.split()), MAX_HEADER)
        if text:
            title = {"type": "plain_text", "text": text, "emoji": False}
            self._blocks.append({"type": "header", "text": title})

    def _add(self, token: Token, parts: list[Element]) -> None:
        parts = [part for part in parts if part["elements"]]
        first, last = token.map or (0, 0)
        if not parts:
            return
        if self._last_line == first and self._blocks[-1]["type"] == "rich_text":
            self._blocks[-1]["elements"] += parts
        else:
            self._blocks.append(_rich(parts))
        # A list's range includes the empty line after it, so it doesn't show what belongs to it.
        self._last_line = last if token.type == "paragraph_open" else -1

    def _list(self, opening: Token, inner: list[Token], indent: int) -> list[Element]:
        style = "ordered" if opening.type == "ordered_list_open" else "bullet"
        number = int(opening.attrs.get("start", 1)) - 1
        parts: list[Element] = []
        at = 0
        while at < len(inner):
            end = _end_of(inner, at)
            words, nested = self._item(inner[at + 1 : end], indent)
            if words:
                last = parts[-1] if parts else {}
                if (last.get("style"), last.get("indent")) != (style, indent):
                    parts.append(
                        {"type": "rich_text_list", "style": style, "indent": indent, "elements": []}
                    )
                    if style == "ordered" and number > 0:
                        parts[-1]["offset"] = min(number, 10_000)
                parts[-1]["elements"].append(_section(words))
                number += 1
            parts += nested
            at = end + 1
        return parts

    def _item(self, inner: list[Token], indent: int) -> tuple[list[Element], list[Element]]:
        words: list[Token] = []
        nested: list[Element] = []
        at = 0
        own: list[Element] = []
        while at < len(inner):
            end = _end_of(inner, at)
            if inner[at].type in ("bullet_list_open", "ordered_list_open"):
                own, words = own + self._flat(words), []
                deeper = min(indent + 1, _MAX_INDENT)
                nested += self._list(inner[at], inner[at + 1 : end], deeper)
            else:
                words += inner[at : end + 1]
            at = end + 1
        return own + self._flat(words), nested

    def _flat(self, tokens: list[Token]) -> list[Element]:
        """Write blocks as lines of one element, where Slack doesn't nest blocks."""
        lines: list[list[Element]] = []
        bullet = ""
        for token in tokens:
            if token.type == "list_item_open":
                bullet = "• "
            elif token.type == "inline":
                if line := self._inline(token):
                    lines.append(self._texts(bullet, {}) + line)
                    bullet = ""
            elif token.type == "fence":
                lines.append(_merged(self._texts(token.content.rstrip("\n"), {"code": True})))
        written: list[Element] = []
        for line in filter(None, lines):
            if written:
                written += self._texts("\n", {})
            written += line
        return _merged(written)

    def _inline(self, inline: Token) -> list[Element]:
        styles: Counter[str] = Counter()
        written: list[Element] = []
        starts = [0]  # of lines
        children = inline.children or []
        at = 0
        while at < len(children):
            token = children[at]
            style = {name: True for name in sorted(styles) if styles[name] > 0}
            kind, _, edge = token.type.rpartition("_")
            if kind in _STYLES:
                styles[_STYLES[kind]] += 1 if edge == "open" else -1
            elif token.type == "text":
                written += self._texts(token.content, style, emoji=True)
            elif token.type == "code_inline":
                written += self._texts(token.content, style | {"code": True})
            elif token.type in ("softbreak", "hardbreak"):
                starts.append(len(written))
                written += self._texts("\n", style)
            elif token.type == "image":
                written += self._link(token.content, str(token.attrs.get("src", "")), style)
            elif token.type == "link_open":
                end = _end_of(children, at)
                inside = children[at + 1 : end]
                words = "".join(part.content or " " * (part.type == "softbreak") for part in inside)
                inner = {_STYLES[kind]: True for kind in _opened(inside) if kind in _STYLES}
                written += self._link(words, str(token.attrs.get("href", "")), style | inner)
                at = end
            at += 1
        if NOTHING in inline.content:
            written = _without_empty_lines(written, starts)
        return _merged(written)

    def _link(self, words: str, url: str, style: Element) -> list[Element]:
        url = restored(url, self._literals)
        if not is_web_link(url):
            return self._texts(words, style)
        text = "".join(map(shown, segments(words, self._literals)))
        text = text if text.strip() else url
        return [{"type": "link", "url": url, "text": text} | ({"style": style} if style else {})]

    def _texts(self, text: str, style: Element, emoji: bool = False) -> list[Element]:
        return list(self._text_elements(text, style, emoji))

    def _text_elements(self, text: str, style: Element, emoji: bool) -> Iterator[Element]:
        dress = {"style": style} if style else {}
        for segment in segments(text, self._literals):
            if segment.is_value:  # a missing one too: an empty text, for `_without_missing`
                yield {"type": "text", "text": shown(segment)} | dress
                continue
            for index, part in enumerate(_EMOJI.split(segment.text) if emoji else [segment.text]):
                if index % 2:
                    yield {"type": "emoji", "name": part}
                elif part:
                    yield {"type": "text", "text": part} | dress


def _end_of(tokens: list[Token], at: int) -> int:
    depth = 0
    for index in range(at, len(tokens)):
        depth += tokens[index].nesting
        if depth == 0:
            return index
    return len(tokens) - 1


def _opened(tokens: list[Token]) -> list[str]:
    return [token.type.removesuffix("_open") for token in tokens if token.nesting == 1]


def _without_empty_lines(elements: list[Element], starts: list[int]) -> list[Element]:
    """Remove lines that have only missing values; a line starts with its break, but the first."""
    kept: list[Element] = []
    for number, (start, end) in enumerate(pairwise([*starts, len(elements)])):
        line = elements[start:end]
        line_break = [line.pop(0)] if number else []
        if present := _without_missing(line):
            kept += line_break + present if kept else present
    return kept


def _without_missing(line: list[Element]) -> list[Element]:
    """Return a line without its missing values and the spaces that they leave at its ends."""
    if all(element.get("text") != "" for element in line):
        return line
    present = _merged(line)
    for end, stripped in ((0, str.lstrip), (-1, str.rstrip)):
        while present and present[end]["type"] == "text":
            if text := stripped(present[end]["text"]):
                present[end] = present[end] | {"text": text}
                break
            del present[end]
    return present


def _merged(elements: list[Element]) -> list[Element]:
    merged: list[Element] = []
    for element in elements:
        if element.get("text") == "":
            continue
        last = merged[-1] if merged else {}
        both_text = element["type"] == last.get("type") == "text"
        if both_text and element.get("style") == last.get("style"):
            merged[-1] = last | {"text": last["text"] + element["text"]}
        else:
            merged.append(element)
    return merged


def _section(elements: list[Element]) -> Element:
    return {"type": "rich_text_section", "elements": elements}


def _rich(parts: list[Element]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": parts}
