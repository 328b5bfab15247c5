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

_MOST_BLOCKS = MAX_BLOCKS - 1  # one is left for a mention
_ELEMENT_COST = 10  # what an element counts beside its text, so that many tiny ones end too
_UNBROKEN = re.compile(r"<[^<>\n]*>|\s+|[^\s<]+|<")  # a link isn't broken in two


def split_into_messages(parts: list[list[Block]]) -> list[list[Block]]:
    """Share blocks out to messages, each part to as many as it needs.

    Past `MAX_MESSAGES` in all a mark ends it.
    """
    messages = [message for blocks in parts if blocks for message in _shared_out(blocks)]
    if len(messages) > MAX_MESSAGES:
        more = {"type": "rich_text_section", "elements": [{"type": "text", "text": "…"}]}
        last = messages[MAX_MESSAGES - 1][: _MOST_BLOCKS - 1]
        messages[MAX_MESSAGES - 1 :] = [[*last, {"type": "rich_text", "elements": [more]}]]
    return messages


def _shared_out(blocks: list[Block]) -> list[list[Block]]:
    if _is_small(blocks):
        return [blocks]
    messages: list[list[Block]] = []
    left = 0
    for block in blocks:
        for part in _parts(block):
            cost = _cost(part)
            if not messages or cost > left or len(messages[-1]) == _MOST_BLOCKS:
                messages.append([])
                left = MAX_BLOCK_TEXT
            messages[-1].append(part)
            left -= cost
    return messages


def _is_small(blocks: list[Block]) -> bool:
    return (
        len(blocks) <= _MOST_BLOCKS
        and all(map(_is_as_slack_takes_it, blocks))
        and _cost(blocks) <= MAX_BLOCK_TEXT
    )


def _is_as_slack_takes_it(block: Block) -> bool:
    if block.get("type") == "header":
        return len(block["text"]["text"]) <= MAX_HEADER
    return block.get("type") in ("rich_text", "divider")


def _cost(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_cost, value))
    if not isinstance(value, dict):
        return 0
    own = _ELEMENT_COST if "text" in value or "name" in value else 0
    texts = (value.get("text"), value.get("url"))
    own += sum(len(text) for text in texts if isinstance(text, str))
    return own + sum(_cost(inner) for inner in value.values())


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


def _chunks(elements: list[Block], most: int) -> Iterator[list[Block]]:
    batch: list[Block] = []
    left = most
    for element in elements:
        for part in _smaller(element, most):
            cost = _cost(part)
            if batch and cost > left:
                yield batch
                batch, left = [], most
            batch.append(part)
            left -= cost
    if batch:
        yield batch


def _smaller(element: Block, most: int) -> Iterator[Block]:
    if _cost(element) <= most:
        yield element
    elif isinstance(inner := element.get("elements"), list):
        for batch in _chunks(inner, most):
            yield element | {"elements": batch}
    else:
        for text in split(element["text"], most // 2):
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
    """Share a table's rows out to as many tables as they need, each with the first row."""
    head, *rows = [_row(row) for row in block["rows"]]
    part, left = [head], MAX_BLOCK_TEXT - _cost(head)
    for row in rows:
        if len(part) > 1 and (len(part) == MAX_ROWS or _cost(row) > left):
            yield block | {"rows": part}
            part, left = [head], MAX_BLOCK_TEXT - _cost(head)
        part.append(row)
        left -= _cost(row)
    yield block | {"rows": part}


def _row(cells: list[Block]) -> list[Block]:
    most = MAX_BLOCK_TEXT // 2 // max(len(cells), 1) - _ELEMENT_COST
    return cells if _cost(cells) <= MAX_BLOCK_TEXT // 2 else [_cell(it, most) for it in cells]


def _cell(cell: Block, most: int) -> Block:
    if cell.get("elements"):
        return cell | {"elements": next(_chunks(cell["elements"], most))}
    return _shortened(cell, most)


def _groups(texts: list[Block], most: int) -> Iterator[list[Block]]:
    for group in _chunks([_shortened(text, most) for text in texts], MAX_BLOCK_TEXT // 2):
        for start in range(0, len(group), MAX_FIELDS):
            yield group[start : start + MAX_FIELDS]


def _shortened(text: Block, most: int) -> Block:
    if len(text.get("text", "")) <= most:
        return text
    return text | {"text": shortened(text["text"], most)}


def shortened(text: str, most: int) -> str:
    """Cut a text to `most` characters, between words and not within a link."""
    return text if len(text) <= most else next(split(text, most - 1)).rstrip() + "…"


def split(text: str, most: int) -> Iterator[str]:
    """Split a text into parts of `most` characters at most, between words where that is possible.

    A link of Slack's mrkdwn stays in one piece.
    """
    part = ""
    for word in _UNBROKEN.findall(text):
        if len(part) + len(word) > most and part:
            yield part
            part = ""
        part += word
        while len(part) > most:
            yield part[:most]
            part = part[most:]
    if part:
        yield part
