"""Which messages Slack takes, and what it says about the text, blocks and metadata of others."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Arguments = dict[str, Any]
Complaints = Iterator[str]

_MOST_MESSAGE_TEXT = 40_000
_MOST_METADATA = 16_384
_MOST_BLOCKS = 50
_MOST_BLOCK_TEXT = 12_000  # in all: Slack documents no figure, people measured 11,000 to 13,000
_STYLES = {"bold", "italic", "strike", "code"}
_INLINE = {
    "text": {"text", "style"},
    "link": {"url", "text", "unsafe", "style"},
    "emoji": {"name", "unicode", "skin_tone", "style"},
    "user": {"user_id", "style"},
    "usergroup": {"usergroup_id", "style"},
    "channel": {"channel_id", "style"},
    "broadcast": {"range", "style"},
    "date": {"timestamp", "format", "url", "fallback", "style"},
    "color": {"value", "style"},
}
_REQUIRED = {
    "text": "text",
    "link": "url",
    "emoji": "name",
    "user": "user_id",
    "usergroup": "usergroup_id",
    "channel": "channel_id",
    "broadcast": "range",
    "date": "format",
    "color": "value",
}


class Refused(Exception):
    """What Slack answers when it doesn't act: `error` is its code, `body` all of the answer."""

    def __init__(self, error: str, **details: Any) -> None:
        """Refuse with an error's code, and what Slack tells beside it."""
        self.body = {"ok": False, "error": error, **details}
        self.error = error


def content_of(arguments: Arguments) -> dict[str, Any]:
    """Read the text, blocks and metadata of a message.

    Raises:
        Refused: Slack wouldn't take them.
    """
    text = arguments.get("text") or ""
    blocks = _parsed(arguments, "blocks", "invalid_blocks_format")
    metadata = _parsed(arguments, "metadata", "invalid_metadata_format")
    if not isinstance(text, str) or not (text or blocks):
        raise Refused("no_text")
    if len(text) > _MOST_MESSAGE_TEXT:
        raise Refused("msg_too_long")
    found = _complaints(blocks or [])
    if found:
        details = {"errors": found, "response_metadata": {"messages": found}}
        raise Refused("invalid_blocks", **details)
    if _text_length(blocks) > _MOST_BLOCK_TEXT:
        raise Refused("msg_blocks_too_long")
    content: dict[str, Any] = {"text": text, "blocks": blocks or []}
    if metadata is not None:
        _check_metadata(metadata)
        content["metadata"] = metadata
    return content


def _parsed(arguments: Arguments, name: str, error: str) -> Any:
    value = arguments.get(name)
    if not isinstance(value, str):
        return copy.deepcopy(value)
    try:
        return json.loads(value) if value else None
    except ValueError:
        raise Refused(error) from None


def _check_metadata(metadata: Any) -> None:
    if not isinstance(metadata, dict) or metadata.keys() - {"event_type", "event_payload"}:
        raise Refused("invalid_metadata_format")
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(event_type, str) or not re.fullmatch(r"[\w.:-]{1,255}", event_type):
        raise Refused("invalid_metadata_format")
    if not isinstance(payload, dict):
        raise Refused("invalid_metadata_format")
    if len(json.dumps(metadata)) > _MOST_METADATA:
        raise Refused("metadata_too_large")


def _complaints(blocks: Any) -> list[str]:
    if not isinstance(blocks, list):
        return [_error("must provide an array", "/blocks")]
    found = []
    if len(blocks) > _MOST_BLOCKS:
        found.append(_error(f"no more than {_MOST_BLOCKS} items allowed", "/blocks"))
    for index, block in enumerate(blocks):
        found += _block(block, f"/blocks/{index}")
    return found


def _text_length(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_text_length, value))
    if not isinstance(value, dict):
        return 0
    return sum(
        len(inner) if key in ("text", "url") and isinstance(inner, str) else _text_length(inner)
        for key, inner in value.items()
    )


def _error(message: str, place: str) -> str:
    return f"[ERROR] {message} [json-pointer:{place}]"


def _block(block: Any, place: str) -> Complaints:
    if not isinstance(block, dict):
        yield _error("must provide an object", place)
        return
    kind = block.get("type")
    check = _BLOCKS.get(kind) if isinstance(kind, str) else None
    if check is None:
        yield _error(f"unsupported type: {kind}", f"{place}/type")
        return
    if "block_id" in block:
        yield from _string(block["block_id"], 255, f"{place}/block_id")
    yield from check({key: block[key] for key in block.keys() - {"block_id"}}, place)


def _header(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type", "text"}, place)
    yield from _text_object(block.get("text"), 150, f"{place}/text", plain=True)


def _section(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type", "text", "fields", "accessory", "expand"}, place)
    if "text" not in block and "fields" not in block:
        yield _error("must define either `text` or `fields`", place)
    if "text" in block:
        yield from _text_object(block["text"], 3000, f"{place}/text")
    if "fields" in block:
        yield from _items(block["fields"], 10, f"{place}/fields", _field)
    if "accessory" in block:
        yield from _element(block["accessory"], f"{place}/accessory")


def _field(field: Any, place: str) -> Complaints:
    yield from _text_object(field, 2000, place)


def _context(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type", "elements"}, place)
    yield from _items(block.get("elements"), 10, f"{place}/elements", _context_element)


def _context_element(element: Any, place: str) -> Complaints:
    if isinstance(element, dict) and element.get("type") == "image":
        yield from _image(element, place)
    else:
        yield from _text_object(element, 3000, place)


def _divider(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type"}, place)


def _image(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type", "image_url", "alt_text", "title"}, place)
    yield from _string(block.get("image_url"), 3000, f"{place}/image_url")
    yield from _string(block.get("alt_text"), 2000, f"{place}/alt_text")
    if "title" in block:
        yield from _text_object(block["title"], 2000, f"{place}/title", plain=True)


def _actions(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type", "elements"}, place)
    yield from _items(block.get("elements"), 25, f"{place}/elements", _element)


def _element(element: Any, place: str) -> Complaints:
    if not isinstance(element, dict):
        yield _error("must provide an object", place)
    elif element.get("type") == "image":
        yield from _image(element, place)
    elif element.get("type") == "button":
        allowed = {"type", "text", "url", "value", "action_id", "style", "accessibility_label"}
        yield from _only(element, allowed, place)
        yield from _text_object(element.get("text"), 75, f"{place}/text", plain=True)
        for name, most in (("url", 3000), ("value", 2000), ("action_id", 255)):
            if name in element:
                yield from _string(element[name], most, f"{place}/{name}")
        if element.get("style", "primary") not in ("primary", "danger"):
            yield _error("must be a valid enum value", f"{place}/style")
    else:
        yield _error(f"unsupported type: {element.get('type')}", f"{place}/type")


def _rich_text(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type", "elements"}, place)
    yield from _items(block.get("elements"), None, f"{place}/elements", _rich_part)


def _rich_part(part: Any, place: str) -> Complaints:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "rich_text_list":
        yield from _only(part, {"type", "elements", "style", "indent", "offset", "border"}, place)
        if part.get("style") not in ("bullet", "ordered"):
            yield _error("must be a valid enum value", f"{place}/style")
        for name, most in (("indent", 8), ("offset", 10_000), ("border", 1)):
            value = part.get(name, 0)
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
                yield _error(f"must be an integer from 0 to {most}", f"{place}/{name}")
        yield from _items(part.get("elements"), None, f"{place}/elements", _rich_section)
    elif kind in ("rich_text_section", "rich_text_quote"):
        yield from _rich_inline(part, place, _INLINE)
    elif kind == "rich_text_preformatted":
        yield from _rich_inline(part, place, {"text", "link"}, extra={"border", "language"})
    else:
        yield _error(f"unsupported type: {kind}", f"{place}/type")


def _rich_section(part: Any, place: str) -> Complaints:
    if not isinstance(part, dict) or part.get("type") != "rich_text_section":
        yield _error("must be a rich_text_section", f"{place}/type")
    else:
        yield from _rich_inline(part, place, _INLINE)


def _rich_inline(
    part: dict[str, Any],
    place: str,
    kinds: set[str] | dict[str, set[str]],
    extra: set[str] = frozenset(),  # type: ignore[assignment]
) -> Complaints:
    yield from _only(part, {"type", "elements"} | extra, place)

    def inline(element: Any, place: str) -> Complaints:
        kind = element.get("type") if isinstance(element, dict) else None
        if kind not in kinds or kind is None:
            yield _error(f"unsupported type: {kind}", f"{place}/type")
            return
        yield from _only(element, {"type"} | _INLINE[kind], place)
        required = _REQUIRED[kind]
        yield from _string(element.get(required), None, f"{place}/{required}")
        if kind == "link":
            yield from _string(element.get("text", "-"), None, f"{place}/text")
        if kind == "broadcast" and element.get("range") not in ("here", "channel", "everyone"):
            yield _error("must be a valid enum value", f"{place}/range")
        style = element.get("style", {})
        if not isinstance(style, dict):
            yield _error("must provide an object", f"{place}/style")
            return
        yield from _only(style, _STYLES, f"{place}/style")
        if not all(isinstance(value, bool) for value in style.values()):
            yield _error("must be a boolean", f"{place}/style")

    yield from _items(part.get("elements"), None, f"{place}/elements", inline)


def _text_object(value: Any, most: int, place: str, plain: bool = False) -> Complaints:
    if not isinstance(value, dict):
        yield _error("missing required field: text", place)
        return
    kinds = {"plain_text": {"emoji"}} | ({} if plain else {"mrkdwn": {"verbatim"}})
    kind = value.get("type")
    if kind not in kinds or kind is None:
        yield _error(f"must be one of {sorted(kinds)}", f"{place}/type")
        return
    yield from _only(value, {"type", "text"} | kinds[kind], place)
    yield from _string(value.get("text"), most, f"{place}/text")


def _string(value: Any, most: int | None, place: str) -> Complaints:
    if not isinstance(value, str):
        yield _error("must be a string", place)
    elif not value:
        yield _error("must be more than 0 characters", place)
    elif most is not None and len(value) > most:
        yield _error(f"must be less than {most + 1} characters", place)


def _items(
    values: Any, most: int | None, place: str, check: Callable[[Any, str], Complaints]
) -> Complaints:
    if not isinstance(values, list):
        yield _error("must provide an array", place)
        return
    if not values:
        yield _error("no fewer than 1 items allowed", place)
    if most is not None and len(values) > most:
        yield _error(f"no more than {most} items allowed", place)
    for index, value in enumerate(values):
        yield from check(value, f"{place}/{index}")


def _only(value: dict[str, Any], allowed: set[str], place: str) -> Complaints:
    unknown = sorted(map(str, value.keys() - allowed))
    if unknown:
        yield _error(f"no additional properties allowed: {', '.join(unknown)}", place)


_BLOCKS: dict[str, Callable[[dict[str, Any], str], Complaints]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "divider": _divider,
    "image": _image,
    "actions": _actions,
    "rich_text": _rich_text,
}
