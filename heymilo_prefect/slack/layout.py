"""Split blocks into messages that respect Slack's size limits."""

import re
from collections.abc import Iterator
from typing import Any

from heymilo_prefect.slack.message import (
    MAX_BLOCK_TEXT,
    MAX_BLOCKS,
    MAX_FIELD,
    MAX_FIELDS,
    MAX_HEADER,
    MAX_MESSAGES,
    MAX_ROWS,
    MAX_SECTION,
)

Block = dict[str, Any]

_MAX_OWN_BLOCKS = MAX_BLOCKS - 1  # the last one is for a mention
_ELEMENT_COST = 10  # added to each element's characters, so that many tiny ones are limited too
_UNBROKEN = re.compile(r"<[^<>\n]*>|\s+|[^\s<]+|<")  # a link is never split


def split_into_messages(parts: list[list[Block]]) -> list[list[Block]]:
    """Distribute the blocks of each part over as many messages as they need.

    Messages after the first `MAX_MESSAGES` are dropped, and an ellipsis is added.
    """
    messages = [message for blocks in parts if blocks for message in _distribute(blocks)]
    if len(messages) > MAX_MESSAGES:
        ellipsis = {"type": "rich_text_section", "elements": [{"type": "text", "text": "…"}]}
        last = messages[MAX_MESSAGES - 1][: _MAX_OWN_BLOCKS - 1]
        messages[MAX_MESSAGES - 1 :] = [[*last, {"type": "rich_text", "elements": [ellipsis]}]]
    return messages


def _distribute(blocks: list[Block]) -> list[list[Block]]:
    if _is_small(blocks):
        return [blocks]
    messages: list[list[Block]] = []
    remaining = 0
    for block in blocks:
        for part in _parts(block):
            cost = _cost(part)
            if not messages or cost > remaining or len(messages[-1]) == _MAX_OWN_BLOCKS:
                messages.append([])
                remaining = MAX_BLOCK_TEXT
            messages[-1].append(part)
            remaining -= cost
    return messages


def _is_small(blocks: list[Block]) -> bool:
    return (
        len(blocks) <= _MAX_OWN_BLOCKS
        and all(map(_needs_no_split, blocks))
        and _cost(blocks) <= MAX_BLOCK_TEXT
    )


def _needs_no_split(block: Block) -> bool:
    if block.get("type") == "header":
        return len(block["text"]["text"]) <= MAX_HEADER
    return block.get("type") in ("rich_text", "divider")


def _cost(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_cost, value))
    if not isinstance(value, dict):
        return 0
    total = _ELEMENT_COST if "text" in value or "name" in value else 0
    texts = (value.get("text"), value.get("url"))
    total += sum(len(text) for text in texts if isinstance(text, str))
    return total + sum(_cost(inner) for inner in value.values())


def _parts(block: Block) -> Iterator[Block]:
    match block.get("type"):
        case "rich_text":
            for elements in _chunks(block["elements"], MAX_BLOCK_TEXT):
                yield block | {"elements": elements}
        case "section":
            yield from _sections(block)
        case "context":
            for elements in _groups(block["elements"], MAX_SECTION):
                yield block | {"elements": elements}
        case "header":
            yield block | {"text": _shortened(block["text"], MAX_HEADER)}
        case "markdown":
            for text in split(block["text"], MAX_BLOCK_TEXT - _ELEMENT_COST):
                yield block | {"text": text}
        case "table":
            yield from _tables(block)
        case _:
            yield block


def _chunks(elements: list[Block], limit: int) -> Iterator[list[Block]]:
    batch: list[Block] = []
    remaining = limit
    for element in elements:
        for part in _split_element(element, limit):
            cost = _cost(part)
            if batch and cost > remaining:
                yield batch
                batch, remaining = [], limit
            batch.append(part)
            remaining -= cost
    if batch:
        yield batch


def _split_element(element: Block, limit: int) -> Iterator[Block]:
    if _cost(element) <= limit:
        yield element
    elif isinstance(inner := element.get("elements"), list):
        for batch in _chunks(inner, limit):
            yield element | {"elements": batch}
    else:
        for text in split(element["text"], limit // 2):
            yield element | {"text": text}


def _sections(block: Block) -> Iterator[Block]:
    text = block.get("text") or {}
    fields = list(_groups(block.get("fields", []), MAX_FIELD))
    pieces = [part for part in split(text["text"], MAX_SECTION) if part.strip()] if text else []
    rest = {key: value for key, value in block.items() if key not in ("text", "fields")}
    for index in range(max(len(pieces), len(fields))):
        of_text = {"text": text | {"text": pieces[index].strip()}} if pieces[index:] else {}
        of_fields = {"fields": fields[index]} if fields[index:] else {}
        yield (rest if index == 0 else {"type": "section"}) | of_text | of_fields


def _tables(block: Block) -> Iterator[Block]:
    """Distribute a table's rows over as many tables as they need, each with the first row."""
    head, *rows = [_row(row) for row in block["rows"]]
    part, remaining = [head], MAX_BLOCK_TEXT - _cost(head)
    for row in rows:
        if len(part) > 1 and (len(part) == MAX_ROWS or _cost(row) > remaining):
            yield block | {"rows": part}
            part, remaining = [head], MAX_BLOCK_TEXT - _cost(head)
        part.append(row)
        remaining -= _cost(row)
    yield block | {"rows": part}


def _row(cells: list[Block]) -> list[Block]:
    limit = MAX_BLOCK_TEXT // 2 // max(len(cells), 1) - _ELEMENT_COST
    return cells if _cost(cells) <= MAX_BLOCK_TEXT // 2 else [_cell(it, limit) for it in cells]


def _cell(cell: Block, limit: int) -> Block:
    if cell.get("elements"):
        return cell | {"elements": next(_chunks(cell["elements"], limit))}
    return _shortened(cell, limit)


def _groups(texts: list[Block], limit: int) -> Iterator[list[Block]]:
    for group in _chunks([_shortened(text, limit) for text in texts], MAX_BLOCK_TEXT // 2):
        for start in range(0, len(group), MAX_FIELDS):
            yield group[start : start + MAX_FIELDS]


def _shortened(text: Block, limit: int) -> Block:
    if len(text.get("text", "")) <= limit:
        return text
    return text | {"text": shortened(text["text"], limit)}


def shortened(text: str, limit: int) -> str:
    """Shorten a text to `limit` characters, between words and never within a link."""
    return text if len(text) <= limit else next(split(text, limit - 1)).rstrip() + "…"


def split(text: str, limit: int) -> Iterator[str]:
    """Split a text into parts of up to `limit` characters, between words where possible.

    A link in Slack's mrkdwn is never split.
    """
    part = ""
    for word in _UNBROKEN.findall(text):
        if len(part) + len(word) > limit and part:
            yield part
            part = ""
        part += word
        while len(part) > limit:
            yield part[:limit]
            part = part[limit:]
    if part:
        yield part
