"""Validate a message's blocks against the rules that Slack documents.

A type that `block_kit_rules` doesn't have is validated by slack_sdk's model of it. A type that
slack_sdk doesn't have either is an `UnknownType`: it may be newer than both, or a mistake.
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
    Boolean,
    Choice,
    Integer,
    Items,
    Kind,
    OneOf,
    Part,
    Rule,
    String,
    Text,
)
from heymilo_prefect.slack.message import MAX_BLOCKS

_SIMILARITY = 0.85  # "sektion" is taken for a section, "data_table" not for a table


class BlockError(NamedTuple):
    """Slack's reason to refuse blocks, and a JSON pointer to them, such as `/blocks/0/text`."""

    reason: str
    pointer: str


class UnknownType(BlockError):
    """A type that neither the rules nor slack_sdk have; Slack may accept it."""

    __slots__ = ()


Errors = Iterator[BlockError]


def validate_blocks(blocks: Any) -> list[BlockError]:
    """Return an error for each part of a message's blocks that Slack would refuse."""
    if not isinstance(blocks, list):
        return [BlockError("must provide an array", "/blocks")]
    found: list[BlockError] = []
    if len(blocks) > MAX_BLOCKS:
        found.append(BlockError(f"no more than {MAX_BLOCKS} items allowed", "/blocks"))
    for index, block in enumerate(blocks):
        found += _block(block, f"/blocks/{index}")
    return found


def kind_of(value: dict[str, Any], rule: Rule | None = None) -> Kind | None:
    """Return the rules for an object, which that is expected to follow `rule`."""
    if isinstance(rule, Part):
        return PARTS[rule.name]
    kind = value.get("type")
    if not isinstance(kind, str):
        return None
    # An image is a block and an element. The block has all fields that the element has.
    return BLOCKS.get(kind) or KINDS.get(kind)


def _block(block: Any, pointer: str) -> Errors:
    if not isinstance(block, dict):
        yield BlockError("must provide an object", pointer)
    elif isinstance(name := block.get("type"), str) and name in BLOCKS:
        without_id = {key: value for key, value in block.items() if key != "block_id"}
        if "block_id" in block:
            yield from _string(block["block_id"], 255, f"{pointer}/block_id")
        yield from _object(without_id, BLOCKS[name], pointer, {"type"})
    else:
        yield from _other(block, "Block", tuple(BLOCKS), pointer)


def _object(
    value: dict[str, Any],
    kind: Kind,
    pointer: str,
    extra: set[str] = frozenset(),  # type: ignore[assignment]
) -> Errors:
    fields = kind.fields
    unknown = sorted(map(str, value.keys() - fields.keys() - extra))
    if unknown and not kind.is_open:
        yield BlockError(f"no additional properties allowed: {', '.join(unknown)}", pointer)
    given = sum(name in value for name in kind.either)
    if kind.either and (given == 0 or (given > 1 and kind.is_exclusive)):
        names = " or ".join(f"`{name}`" for name in kind.either)
        yield BlockError(f"must define either {names}", pointer)
    for name, rule in fields.items():
        if name in value or name in kind.required:
            yield from _value(value.get(name), rule, f"{pointer}/{name}")


def _value(value: Any, rule: Rule, pointer: str) -> Errors:
    match rule:
        case String(maximum=maximum):
            yield from _string(value, maximum, pointer)
        case Text():
            yield from _text(value, rule, pointer)
        case Choice(words=words):
            if value not in words:
                yield BlockError("must be a valid enum value", pointer)
        case Boolean():
            if not isinstance(value, bool):
                yield BlockError("must be a boolean", pointer)
        case Integer():
            yield from _integer(value, rule, pointer)
        case Items():
            yield from _items(value, rule, pointer)
        case AnyBlock():
            yield from _block(value, pointer)
        case OneOf():
            yield from _one_of(value, rule, pointer)
        case Part(name=name):
            if isinstance(value, dict):
                yield from _object(value, PARTS[name], pointer)
            else:
                yield BlockError("must provide an object", pointer)
        case Anything():
            if value is None:
                yield BlockError("missing required field", pointer)


def _string(value: Any, maximum: int | None, pointer: str) -> Errors:
    if not isinstance(value, str):
        yield BlockError("must be a string", pointer)
    elif not value:
        yield BlockError("must be more than 0 characters", pointer)
    elif maximum is not None and len(value) > maximum:
        yield BlockError(f"must be less than {maximum + 1} characters", pointer)


def _text(value: Any, rule: Text, pointer: str) -> Errors:
    if not isinstance(value, dict):
        yield BlockError("missing required field: text", pointer)
    elif value.get("type") not in rule.kinds:
        yield BlockError(f"must be one of {list(rule.kinds)}", f"{pointer}/type")
    else:
        text = {"text": String(rule.maximum)}
        kind = KINDS[value["type"]]
        yield from _object(value, Kind(kind.page, text, kind.optional), pointer, {"type"})


def _integer(value: Any, rule: Integer, pointer: str) -> Errors:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or value < rule.minimum or (rule.maximum is not None and value > rule.maximum):
        upto = "on" if rule.maximum is None else f"to {rule.maximum}"
        yield BlockError(f"must be an integer from {rule.minimum} {upto}", pointer)


def _items(values: Any, rule: Items, pointer: str) -> Errors:
    if not isinstance(values, list):
        yield BlockError("must provide an array", pointer)
        return
    if len(values) < rule.minimum:
        yield BlockError(f"no fewer than {rule.minimum} items allowed", pointer)
    if rule.maximum is not None and len(values) > rule.maximum:
        yield BlockError(f"no more than {rule.maximum} items allowed", pointer)
    for index, value in enumerate(values):
        yield from _value(value, rule.of, f"{pointer}/{index}")


def _one_of(value: Any, rule: OneOf, pointer: str) -> Errors:
    name = value.get("type") if isinstance(value, dict) else None
    if name in rule.types:
        kind = KINDS.get(name) or BLOCKS[name]
        extra = {"type", "block_id"} if name not in KINDS else {"type"}
        yield from _object(value, kind, pointer, extra)
    elif len(rule.types) == 1 and rule.is_closed:
        yield BlockError(f"must be a {rule.types[0]}", f"{pointer}/type")
    elif rule.is_closed or not isinstance(name, str) or name in KINDS or name in BLOCKS:
        yield BlockError(f"unsupported type: {name}", f"{pointer}/type")
    else:
        yield from _other(value, "BlockElement", rule.types, pointer)


def _other(value: dict[str, Any], base: str, known: tuple[str, ...], pointer: str) -> Errors:
    """Validate an object whose type the rules don't have."""
    name = value.get("type")
    if not isinstance(name, str):
        yield BlockError(f"unsupported type: {name}", f"{pointer}/type")
    elif model := _models(base).get(name):
        yield from _validate_with_slack_sdk(value, model, pointer)
    elif similar := get_close_matches(name, known, 1, _SIMILARITY):
        yield BlockError(f"unsupported type: {name} (is it {similar[0]}?)", f"{pointer}/type")
    else:
        yield UnknownType(f"unsupported type: {name}", f"{pointer}/type")


@cache
def _models(base: str) -> dict[str, Any]:
    from slack_sdk.models import blocks  # slow to import, and rarely needed

    found: dict[str, Any] = {}
    classes = [getattr(blocks, base)]
    while classes:
        model = classes.pop()
        classes += model.__subclasses__()
        if isinstance(name := vars(model).get("type"), str):
            found[name] = model
    return found


def _validate_with_slack_sdk(value: dict[str, Any], model: Any, pointer: str) -> Errors:
    from slack_sdk.errors import SlackObjectFormationError

    fields = {key: _masked(inner, key) for key, inner in value.items() if key != "type"}
    try:
        model(**fields).to_dict()
    except SlackObjectFormationError as error:
        yield BlockError(str(error), pointer)
    except Exception:  # its constructors raise many kinds for input that they don't expect
        yield BlockError(f"slack_sdk refuses it as {model.__name__}", pointer)


def _masked(value: Any, key: str) -> Any:
    """Return a copy with texts masked, as slack_sdk logs fields that it doesn't know."""
    if isinstance(value, dict):
        return {name: _masked(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, key) for inner in value]
    return "x" * len(value) if isinstance(value, str) and key in _shown() else value


@cache
def _shown() -> set[str]:
    kinds = (*BLOCKS.values(), *KINDS.values(), *PARTS.values())
    fields = (field for kind in kinds for field in kind.fields.items())
    return {name for name, rule in fields if isinstance(rule, String) and rule.shows}
