"""What Slack takes as blocks, and what it says about others: its own words, and where."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from heymilo_prefect.summaries.message import MAX_BLOCKS, MAX_HEADER, MAX_URL


class Complaint(NamedTuple):
    """What is wrong, in Slack's words, and where: a JSON pointer such as `/blocks/0/text`."""

    why: str
    pointer: str


Complaints = Iterator[Complaint]

MAX_SECTION = 3_000
"""Characters of a section's text."""
MAX_FIELD = 2_000
"""Characters of a section's field."""
MAX_FIELDS = 10
"""Fields of a section, and elements of a context."""

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


def complaints_about(blocks: Any) -> list[Complaint]:
    """Say what Slack would refuse in a message's blocks."""
    if not isinstance(blocks, list):
        return [Complaint("must provide an array", "/blocks")]
    found: list[Complaint] = []
    if len(blocks) > MAX_BLOCKS:
        found.append(Complaint(f"no more than {MAX_BLOCKS} items allowed", "/blocks"))
    for index, block in enumerate(blocks):
        found += _block(block, f"/blocks/{index}")
    return found


def _block(block: Any, place: str) -> Complaints:
    if not isinstance(block, dict):
        yield Complaint("must provide an object", place)
        return
    kind = block.get("type")
    check = _BLOCKS.get(kind) if isinstance(kind, str) else None
    if check is None:
        yield Complaint(f"unsupported type: {kind}", f"{place}/type")
        return
    if "block_id" in block:
        yield from _string(block["block_id"], 255, f"{place}/block_id")
    yield from check({key: block[key] for key in block.keys() - {"block_id"}}, place)


def _header(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type", "text"}, place)
    yield from _text_object(block.get("text"), MAX_HEADER, f"{place}/text", plain=True)


def _section(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type", "text", "fields", "accessory", "expand"}, place)
    if "text" not in block and "fields" not in block:
        yield Complaint("must define either `text` or `fields`", place)
    if "text" in block:
        yield from _text_object(block["text"], MAX_SECTION, f"{place}/text")
    if "fields" in block:
        yield from _items(block["fields"], MAX_FIELDS, f"{place}/fields", _field)
    if "accessory" in block:
        yield from _element(block["accessory"], f"{place}/accessory")


def _field(field: Any, place: str) -> Complaints:
    yield from _text_object(field, MAX_FIELD, place)


def _context(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type", "elements"}, place)
    yield from _items(block.get("elements"), MAX_FIELDS, f"{place}/elements", _context_element)


def _context_element(element: Any, place: str) -> Complaints:
    if isinstance(element, dict) and element.get("type") == "image":
        yield from _image(element, place)
    else:
        yield from _text_object(element, 3000, place)


def _divider(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type"}, place)


def _image(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type", "image_url", "alt_text", "title"}, place)
    yield from _string(block.get("image_url"), MAX_URL, f"{place}/image_url")
    yield from _string(block.get("alt_text"), 2000, f"{place}/alt_text")
    if "title" in block:
        yield from _text_object(block["title"], 2000, f"{place}/title", plain=True)


def _actions(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type", "elements"}, place)
    yield from _items(block.get("elements"), 25, f"{place}/elements", _element)


def _element(element: Any, place: str) -> Complaints:
    if not isinstance(element, dict):
        yield Complaint("must provide an object", place)
    elif element.get("type") == "image":
        yield from _image(element, place)
    elif element.get("type") == "button":
        allowed = {"type", "text", "url", "value", "action_id", "style", "accessibility_label"}
        yield from _only(element, allowed, place)
        yield from _text_object(element.get("text"), 75, f"{place}/text", plain=True)
        for name, most in (("url", MAX_URL), ("value", 2000), ("action_id", 255)):
            if name in element:
                yield from _string(element[name], most, f"{place}/{name}")
        if element.get("style", "primary") not in ("primary", "danger"):
            yield Complaint("must be a valid enum value", f"{place}/style")
    else:
        yield Complaint(f"unsupported type: {element.get('type')}", f"{place}/type")


def _rich_text(block: dict[str, Any], place: str) -> Complaints:
    yield from _only(block, {"type", "elements"}, place)
    yield from _items(block.get("elements"), None, f"{place}/elements", _rich_part)


def _rich_part(part: Any, place: str) -> Complaints:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "rich_text_list":
        yield from _only(part, {"type", "elements", "style", "indent", "offset", "border"}, place)
        if part.get("style") not in ("bullet", "ordered"):
            yield Complaint("must be a valid enum value", f"{place}/style")
        for name, most in (("indent", 8), ("offset", 10_000), ("border", 1)):
            value = part.get(name, 0)
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
                yield Complaint(f"must be an integer from 0 to {most}", f"{place}/{name}")
        yield from _items(part.get("elements"), None, f"{place}/elements", _rich_section)
    elif kind in ("rich_text_section", "rich_text_quote"):
        yield from _rich_inline(part, place, _INLINE)
    elif kind == "rich_text_preformatted":
        yield from _rich_inline(part, place, {"text", "link"}, extra={"border", "language"})
    else:
        yield Complaint(f"unsupported type: {kind}", f"{place}/type")


def _rich_section(part: Any, place: str) -> Complaints:
    if not isinstance(part, dict) or part.get("type") != "rich_text_section":
        yield Complaint("must be a rich_text_section", f"{place}/type")
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
            yield Complaint(f"unsupported type: {kind}", f"{place}/type")
            return
        yield from _only(element, {"type"} | _INLINE[kind], place)
        required = _REQUIRED[kind]
        yield from _string(element.get(required), None, f"{place}/{required}")
        if kind == "link":
            yield from _string(element.get("text", "-"), None, f"{place}/text")
        if kind == "broadcast" and element.get("range") not in ("here", "channel", "everyone"):
            yield Complaint("must be a valid enum value", f"{place}/range")
        style = element.get("style", {})
        if not isinstance(style, dict):
            yield Complaint("must provide an object", f"{place}/style")
            return
        yield from _only(style, _STYLES, f"{place}/style")
        if not all(isinstance(value, bool) for value in style.values()):
            yield Complaint("must be a boolean", f"{place}/style")

    yield from _items(part.get("elements"), None, f"{place}/elements", inline)


def _text_object(value: Any, most: int, place: str, plain: bool = False) -> Complaints:
    if not isinstance(value, dict):
        yield Complaint("missing required field: text", place)
        return
    kinds = {"plain_text": {"emoji"}} | ({} if plain else {"mrkdwn": {"verbatim"}})
    kind = value.get("type")
    if kind not in kinds or kind is None:
        yield Complaint(f"must be one of {sorted(kinds)}", f"{place}/type")
        return
    yield from _only(value, {"type", "text"} | kinds[kind], place)
    yield from _string(value.get("text"), most, f"{place}/text")


def _string(value: Any, most: int | None, place: str) -> Complaints:
    if not isinstance(value, str):
        yield Complaint("must be a string", place)
    elif not value:
        yield Complaint("must be more than 0 characters", place)
    elif most is not None and len(value) > most:
        yield Complaint(f"must be less than {most + 1} characters", place)


def _items(
    values: Any, most: int | None, place: str, check: Callable[[Any, str], Complaints]
) -> Complaints:
    if not isinstance(values, list):
        yield Complaint("must provide an array", place)
        return
    if not values:
        yield Complaint("no fewer than 1 items allowed", place)
    if most is not None and len(values) > most:
        yield Complaint(f"no more than {most} items allowed", place)
    for index, value in enumerate(values):
        yield from check(value, f"{place}/{index}")


def _only(value: dict[str, Any], allowed: set[str], place: str) -> Complaints:
    unknown = sorted(map(str, value.keys() - allowed))
    if unknown:
        yield Complaint(f"no additional properties allowed: {', '.join(unknown)}", place)


_BLOCKS: dict[str, Callable[[dict[str, Any], str], Complaints]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "divider": _divider,
    "image": _image,
    "actions": _actions,
    "rich_text": _rich_text,
}
