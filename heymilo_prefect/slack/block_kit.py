"""Validate a message's blocks against the rules that Slack documents.

A type that isn't in the table is checked by slack_sdk's model of it. One that slack_sdk doesn't
know either is reported as `Unknown`: it may be newer than both, or nothing at all.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple

from heymilo_prefect.slack.block_kit_rules import (
    BLOCKS,
    KINDS,
    PARTS,
    AnyBlock,
    Anything,
    Choice,
    Flag,
    Items,
    Kind,
    OneOf,
    Part,
    String,
    Takes,
    Text,
    Whole,
)
from heymilo_prefect.slack.message import MAX_BLOCKS

_ALIKE = 0.85  # "sektion" is a section, "data_table" isn't a table


class BlockError(NamedTuple):
    """What is wrong, in Slack's words, and where: a JSON pointer such as `/blocks/0/text`."""

    why: str
    pointer: str


class Unknown(BlockError):
    """A type that neither the table nor slack_sdk knows. Slack may."""

    __slots__ = ()


Complaints = Iterator[BlockError]


def validate_blocks(blocks: Any) -> list[BlockError]:
    """Return what Slack would refuse in a message's blocks."""
    if not isinstance(blocks, list):
        return [BlockError("must provide an array", "/blocks")]
    found: list[BlockError] = []
    if len(blocks) > MAX_BLOCKS:
        found.append(BlockError(f"no more than {MAX_BLOCKS} items allowed", "/blocks"))
    for index, block in enumerate(blocks):
        found += _block(block, f"/blocks/{index}")
    return found


def kind_of(value: dict[str, Any], takes: Takes | None = None) -> Kind | None:
    """Return the table's entry for an object, which stands where `takes` is expected."""
    if isinstance(takes, Part):
        return PARTS[takes.name]
    kind = value.get("type")
    if not isinstance(kind, str):
        return None
    # An image is a block and an element; a block's fields are all that an element has.
    return BLOCKS.get(kind) or KINDS.get(kind)


def _block(block: Any, place: str) -> Complaints:
    if not isinstance(block, dict):
        yield BlockError("must provide an object", place)
    elif isinstance(name := block.get("type"), str) and name in BLOCKS:
        without_id = {key: value for key, value in block.items() if key != "block_id"}
        if "block_id" in block:
            yield from _string(block["block_id"], 255, f"{place}/block_id")
        yield from _object(without_id, BLOCKS[name], place, {"type"})
    else:
        yield from _other(block, "Block", tuple(BLOCKS), place)


def _object(
    value: dict[str, Any],
    kind: Kind,
    place: str,
    more: set[str] = frozenset(),  # type: ignore[assignment]
) -> Complaints:
    fields = kind.fields
    unknown = sorted(map(str, value.keys() - fields.keys() - more))
    if unknown and not kind.is_open:
        yield BlockError(f"no additional properties allowed: {', '.join(unknown)}", place)
    given = sum(name in value for name in kind.either)
    if kind.either and (given == 0 or (given > 1 and kind.is_exclusive)):
        names = " or ".join(f"`{name}`" for name in kind.either)
        yield BlockError(f"must define either {names}", place)
    for name, takes in fields.items():
        if name in value or name in kind.required:
            yield from _value(value.get(name), takes, f"{place}/{name}")


def _value(value: Any, takes: Takes, place: str) -> Complaints:
    match takes:
        case String(most=most):
            yield from _string(value, most, place)
        case Text():
            yield from _text(value, takes, place)
        case Choice(words=words):
            if value not in words:
                yield BlockError("must be a valid enum value", place)
        case Flag():
            if not isinstance(value, bool):
                yield BlockError("must be a boolean", place)
        case Whole():
            yield from _whole(value, takes, place)
        case Items():
            yield from _items(value, takes, place)
        case AnyBlock():
            yield from _block(value, place)
        case OneOf():
            yield from _one_of(value, takes, place)
        case Part(name=name):
            if isinstance(value, dict):
                yield from _object(value, PARTS[name], place)
            else:
                yield BlockError("must provide an object", place)
        case Anything():
            if value is None:
                yield BlockError("missing required field", place)


def _string(value: Any, most: int | None, place: str) -> Complaints:
    if not isinstance(value, str):
        yield BlockError("must be a string", place)
    elif not value:
        yield BlockError("must be more than 0 characters", place)
    elif most is not None and len(value) > most:
        yield BlockError(f"must be less than {most + 1} characters", place)


def _text(value: Any, takes: Text, place: str) -> Complaints:
    if not isinstance(value, dict):
        yield BlockError("missing required field: text", place)
    elif value.get("type") not in takes.kinds:
        yield BlockError(f"must be one of {list(takes.kinds)}", f"{place}/type")
    else:
        text = {"text": String(takes.most)}
        kind = KINDS[value["type"]]
        yield from _object(value, Kind(kind.page, text, kind.optional), place, {"type"})


def _whole(value: Any, takes: Whole, place: str) -> Complaints:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or value < takes.least or (takes.most is not None and value > takes.most):
        upto = "on" if takes.most is None else f"to {takes.most}"
        yield BlockError(f"must be an integer from {takes.least} {upto}", place)


def _items(values: Any, takes: Items, place: str) -> Complaints:
    if not isinstance(values, list):
        yield BlockError("must provide an array", place)
        return
    if len(values) < takes.least:
        yield BlockError(f"no fewer than {takes.least} items allowed", place)
    if takes.most is not None and len(values) > takes.most:
        yield BlockError(f"no more than {takes.most} items allowed", place)
    for index, value in enumerate(values):
        yield from _value(value, takes.of, f"{place}/{index}")


def _one_of(value: Any, takes: OneOf, place: str) -> Complaints:
    name = value.get("type") if isinstance(value, dict) else None
    if name in takes.types:
        kind = KINDS.get(name) or BLOCKS[name]
        more = {"type", "block_id"} if name not in KINDS else {"type"}
        yield from _object(value, kind, place, more)
    elif len(takes.types) == 1 and takes.is_closed:
        yield BlockError(f"must be a {takes.types[0]}", f"{place}/type")
    elif takes.is_closed or not isinstance(name, str) or name in KINDS or name in BLOCKS:
        yield BlockError(f"unsupported type: {name}", f"{place}/type")
    else:
        yield from _other(value, "BlockElement", takes.types, place)


def _other(value: dict[str, Any], base: str, known: tuple[str, ...], place: str) -> Complaints:
    """Check an object whose type isn't in the table."""
    name = value.get("type")
    if not isinstance(name, str):
        yield BlockError(f"unsupported type: {name}", f"{place}/type")
    elif model := _models(base).get(name):
        yield from _by_slack_sdk(value, model, place)
    elif alike := get_close_matches(name, known, 1, _ALIKE):
        yield BlockError(f"unsupported type: {name} (is it {alike[0]}?)", f"{place}/type")
    else:
        yield Unknown(f"unsupported type: {name}", f"{place}/type")


@cache
def _models(base: str) -> dict[str, Any]:
    from slack_sdk.models import blocks  # takes a while, and is rarely needed

    found: dict[str, Any] = {}
    classes = [getattr(blocks, base)]
    while classes:
        model = classes.pop()
        classes += model.__subclasses__()
        if isinstance(name := vars(model).get("type"), str):
            found[name] = model
    return found


def _by_slack_sdk(value: dict[str, Any], model: Any, place: str) -> Complaints:
    from slack_sdk.errors import SlackObjectFormationError

    fields = {key: _masked(inner, key) for key, inner in value.items() if key != "type"}
    try:
        model(**fields).to_dict()
    except SlackObjectFormationError as error:
        yield BlockError(str(error), place)
    except Exception:  # its constructors fail in many ways on what they don't expect
        yield BlockError(f"slack_sdk doesn't take it as {model.__name__}", place)


def _masked(value: Any, key: str) -> Any:
    """Return a copy without texts that may be data: slack_sdk logs what it doesn't understand."""
    if isinstance(value, dict):
        return {name: _masked(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, key) for inner in value]
    return "x" * len(value) if isinstance(value, str) and key in _shown() else value


@cache
def _shown() -> set[str]:
    kinds = (*BLOCKS.values(), *KINDS.values(), *PARTS.values())
    fields = (field for kind in kinds for field in kind.fields.items())
    return {name for name, takes in fields if isinstance(takes, String) and takes.shows}
