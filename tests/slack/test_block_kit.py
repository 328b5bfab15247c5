"""Blocks are checked by a table of what Slack documents, and by slack_sdk where the table ends."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models import blocks as models
from slack_sdk.models.basic_objects import JsonObject

from heymilo_prefect.slack.block_kit import UnknownType, validate_blocks
from heymilo_prefect.slack.block_kit_rules import (
    BLOCKS,
    DOCS,
    KINDS,
    PARTS,
    AnyBlock,
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

TABLE = [(BLOCKS, name) for name in BLOCKS] + [(KINDS, name) for name in KINDS]
TABLE += [(PARTS, name) for name in PARTS]
URL = "https://example.com/"


def subclasses(base: Any) -> Iterator[Any]:
    for model in base.__subclasses__():
        yield model
        yield from subclasses(model)


def of_slack_sdk() -> Iterator[tuple[Any, dict[str, Kind], str]]:
    """slack_sdk's models, each with its place in the table."""
    for base, kinds in ((models.Block, BLOCKS), (models.BlockElement, KINDS)):
        for model in subclasses(base):
            if isinstance(name := vars(model).get("type"), str) and name in kinds:
                yield model, kinds, name
    for part in vars(models.RichTextElementParts).values():
        if isinstance(part, type) and getattr(part, "type", None) in KINDS:
            yield part, KINDS, part.type  # type: ignore[attr-defined]
    yield models.ConfirmObject, PARTS, "confirm"
    yield models.Option, PARTS, "option"
    yield models.OptionGroup, PARTS, "option_group"
    yield models.TableBlockColumnSettings, PARTS, "column"


SLACK_SDK = list(of_slack_sdk())


def names(found: Any) -> str:
    return found.__name__ if isinstance(found, type) else found if isinstance(found, str) else ""


# Minimal objects, made from the table.


def minimal(kinds: dict[str, Kind], name: str) -> dict[str, Any]:
    kind = kinds[name]
    fields = list(kind.required) + list(kind.either[:1])
    made = {field: sample(kind.fields[field]) for field in fields}
    return made if kinds is PARTS else {"type": name} | made


def sample(rule: Rule, size: int = 1) -> Any:
    match rule:
        case String(shows="url"):
            return URL + "x" * max(size - len(URL), 0)
        case String():
            return "x" * size
        case Text(kinds=kinds):
            return {"type": kinds[-1], "text": "x" * size}
        case Choice(words=words):
            return words[0]
        case Boolean():
            return True
        case Integer(minimum=minimum):
            return max(minimum, size)
        case Items(of=of):
            return [sample(of) for _ in range(size)]
        case Part(name=name):
            return minimal(PARTS, name)
        case OneOf(types=(name, *_)):
            return minimal(KINDS if name in KINDS else BLOCKS, name)
        case AnyBlock():
            return {"type": "divider"}
    return {}


def hosted(kinds: dict[str, Kind], name: str, value: Any) -> list[dict[str, Any]]:
    """Blocks with this object in them, wherever the table lets it be."""
    if kinds is BLOCKS:
        return [value]
    for hosts, host in TABLE:
        for field, rule in hosts[host].fields.items():
            if (within := wrapped(rule, kinds, name, value)) is not None and host != name:
                return with_one(hosts, host, field, within)
    raise AssertionError(f"no rule accepts {name}")


def wrapped(rule: Rule, kinds: dict[str, Kind], name: str, value: Any) -> Any:
    match rule:
        case Items(of=of):
            inner = wrapped(of, kinds, name, value)
            return None if inner is None else [inner]
        case OneOf(types=types) if kinds is KINDS and name in types:
            return value
        case Part(name=part) if kinds is PARTS and part == name:
            return value
    return None


@pytest.mark.parametrize(("kinds", "name"), TABLE, ids=names)
def test_each_entry_names_its_page(kinds: dict[str, Kind], name: str) -> None:
    page = r"(blocks|block-elements|composition-objects)/[a-z-]+-(block|element|object)"
    assert re.fullmatch(re.escape(DOCS) + page, kinds[name].source)


@pytest.mark.parametrize(("kinds", "name"), TABLE, ids=names)
def test_the_least_of_each_kind_is_taken(kinds: dict[str, Kind], name: str) -> None:
    if name not in ("data_table", "data_visualization"):
        assert not validate_blocks(hosted(kinds, name, minimal(kinds, name)))


@pytest.mark.parametrize(("kinds", "name"), TABLE, ids=names)
def test_what_is_required_is_required_and_what_is_unknown_is_refused(
    kinds: dict[str, Kind], name: str
) -> None:
    minimum, kind = minimal(kinds, name), kinds[name]
    for field in (*kind.required, *kind.either[:1]):
        without = {key: value for key, value in minimum.items() if key != field}
        assert validate_blocks(hosted(kinds, name, without)), field
    more = validate_blocks(hosted(kinds, name, minimum | {"colour": "red"}))
    refused = any("no additional properties allowed: colour" in why for why, _ in more)
    assert refused != kind.is_open


def with_one(kinds: dict[str, Kind], name: str, field: str, value: Any) -> list[dict[str, Any]]:
    kind, minimum = kinds[name], minimal(kinds, name)
    if kind.is_exclusive and field in kind.either:
        minimum = {key: inner for key, inner in minimum.items() if key not in kind.either}
    return hosted(kinds, name, minimum | {field: value})


LIMITS = [
    (kinds, name, field, rule)
    for kinds, name in TABLE
    for field, rule in kinds[name].fields.items()
    if getattr(rule, "maximum", None) is not None
]


@pytest.mark.parametrize(("kinds", "name", "field", "rule"), LIMITS, ids=names)
def test_a_limit_is_taken_and_one_more_is_refused(
    kinds: dict[str, Kind], name: str, field: str, rule: Any
) -> None:
    def of(size: int) -> list[dict[str, Any]]:
        return with_one(kinds, name, field, sample(rule, size))

    assert not validate_blocks(of(rule.maximum))
    (error,) = validate_blocks(of(rule.maximum + 1))
    assert f"/{field}" in error.pointer
    assert str(rule.maximum) in error.reason or str(rule.maximum + 1) in error.reason


def test_rows_of_a_table_and_a_blocks_id_have_limits_too() -> None:
    cell = {"type": "raw_text", "text": "x"}
    for cells, refused in ((20, False), (21, True)):
        assert bool(validate_blocks([{"type": "table", "rows": [[cell] * cells]}])) == refused
    for length, refused in ((255, False), (256, True)):
        block = {"type": "divider", "block_id": "x" * length}
        assert bool(validate_blocks([block])) == refused


# slack_sdk's base classes have these for all elements, Slack's pages for some.
OF_ALL = {"type", "block_id", "alt_text", "confirm", "placeholder"}


@pytest.mark.parametrize(("model", "kinds", "name"), SLACK_SDK, ids=names)
def test_the_table_agrees_with_slack_sdk(model: Any, kinds: dict[str, Kind], name: str) -> None:
    kind = kinds[name]
    for constant in (it for it in dir(model) if it.endswith("_max_length")):
        field = constant.removesuffix("_max_length")
        field = "text" if (model, field) == (models.Option, "label") else field
        if field == "block_id":
            assert getattr(model, constant) == 255
            continue
        if field in kind.fields or field not in OF_ALL:
            rule: Any = kind.fields[field]
            is_exclusive = name == "video"  # "must be less than"
            assert rule.maximum == getattr(model, constant) - is_exclusive, constant
    if isinstance(getattr(model, "attributes", None), property):
        attributes = model.__new__(model).attributes
        assert attributes - OF_ALL <= kind.fields.keys()


@pytest.mark.parametrize(("model", "kinds", "name"), SLACK_SDK, ids=names)
def test_slack_sdk_names_the_same_page(model: Any, kinds: dict[str, Kind], name: str) -> None:
    pages = re.findall(re.escape(DOCS) + r"[a-z/-]+", model.__init__.__doc__ or "")
    if name != "datetimepicker":  # it names the page of the date picker
        assert not pages or kinds[name].source in [page.rstrip("/") for page in pages]


@pytest.mark.parametrize(("kinds", "name", "field", "rule"), LIMITS, ids=names)
def test_slack_sdk_accepts_what_is_at_a_limit(
    kinds: dict[str, Kind], name: str, field: str, rule: Any
) -> None:
    (block,) = with_one(kinds, name, field, sample(rule, rule.maximum))
    try:
        model = models.Block.parse(block)
    except TypeError:  # a model without this field
        return
    if isinstance(model, JsonObject):
        model.to_dict()


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


OPTION = {"text": plain("One"), "value": "1"}
CONFIRM = {name: plain("x") for name in ("title", "text", "confirm", "deny")}
BUTTON = {"type": "button", "text": plain("Go"), "action_id": "go"}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "markdown", "text": "**bold** and | a | table |"},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 2] * 2,
         "column_settings": [{"align": "right"}, {"is_wrapped": True}]},
        {"type": "video", "title": plain("x"), "alt_text": "x", "video_url": URL,
         "thumbnail_url": URL, "title_url": URL},
        {"type": "card", "title": {"type": "mrkdwn", "text": "*x*"}, "actions": [BUTTON]},
        {"type": "carousel", "elements": [{"type": "card", "body": plain("x")}]},
        {"type": "context_actions", "elements": [
            {"type": "icon_button", "icon": "trash", "text": plain("Delete")},
            {"type": "feedback_buttons",
             "positive_button": {"text": plain("Good"), "value": "1"},
             "negative_button": {"text": plain("Bad"), "value": "0"}}]},
        {"type": "input", "label": plain("Why?"),
         "element": {"type": "plain_text_input", "multiline": True}},
        {"type": "actions", "elements": [
            BUTTON | {"confirm": CONFIRM},
            {"type": "static_select", "placeholder": plain("Who"), "options": [OPTION]},
            {"type": "overflow", "options": [OPTION | {"url": URL}]},
            {"type": "radio_buttons", "options": [OPTION]},
            {"type": "users_select"}]},
        {"type": "section", "text": plain("x"), "accessory": {"type": "datepicker"}},
        {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "x"},
        {"type": "context", "elements": [
            {"type": "image", "slack_file": {"url": URL}, "alt_text": "x"}]},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
            {"type": "text", "text": "x", "style": {"underline": True, "highlight": True}},
            {"type": "team", "team_id": "T1"},
            {"type": "tag", "anything": 1}]}]},
        {"type": "plan", "title": "x", "tasks": [
            {"type": "task_card", "task_id": "1", "title": "x", "status": "complete"}]},
        {"type": "container", "title": plain("x"), "child_blocks": [{"type": "divider"}]},
        {"type": "data_table", "caption": "x", "rows": []},
        # Not in the table: slack_sdk knows them.
        {"type": "alert", "text": plain("x"), "level": "info"},
        {"type": "file", "external_id": "x", "source": "remote"},
        {"type": "call", "call_id": "R1"},
    ],
    ids=lambda block: block["type"],
)  # fmt: skip
def test_what_slack_accepts_today_is_accepted(block: dict[str, Any]) -> None:
    assert validate_blocks([block]) == []


@pytest.mark.parametrize(
    ("block", "why", "pointer"),
    [
        ({"type": "alert", "text": plain("x"), "level": "loud"}, "level must be a valid", ""),
        ({"type": "call"}, "slack_sdk refuses it as CallBlock", ""),
        ({"type": "shout"}, "unsupported type: shout", "/type"),
        ({"type": "markdwon", "text": "x"}, "markdwon (is it markdown?)", "/type"),
        ({"type": None}, "unsupported type: None", "/type"),
        ({"type": "actions", "elements": [{"type": "image"}]}, "unsupported type: image",
         "/elements/0/type"),
        ({"type": "actions", "elements": [{"type": "buton"}]}, "is it button?", "/elements/0/type"),
        ({"type": "carousel", "elements": [{"type": "divider"}]}, "must be a card",
         "/elements/0/type"),
        ({"type": "card", "subtitle": plain("x")}, "must define either `hero_image` or", ""),
        ({"type": "actions", "elements": [BUTTON | {"confirm": CONFIRM | {"style": "x"}}]},
         "must be a valid enum value", "/elements/0/confirm/style"),
        ({"type": "input", "label": {"type": "mrkdwn", "text": "x"},
          "element": {"type": "datepicker"}}, "must be one of ['plain_text']", "/label/type"),
        ({"type": "container", "title": plain("x"), "child_blocks": [{"type": "header"}]},
         "missing required field: text", "/child_blocks/0/text"),
    ],
)  # fmt: skip
def test_what_slack_would_refuse_is_refused(block: dict[str, Any], why: str, pointer: str) -> None:
    (error,) = validate_blocks([block])
    assert why in error.reason and error.pointer == f"/blocks/0{pointer}"
    assert isinstance(error, UnknownType) == (block["type"] == "shout")


def test_slack_sdk_never_sees_what_people_typed(caplog: pytest.LogCaptureFixture) -> None:
    secret = "Ada ada@example.com"
    text = {"type": "mrkdwn", "text": secret}
    blocks = [
        {"type": "alert", "text": text, "level": "loud"},
        {"type": "auth_provider", "value": "x", "name": plain(secret), "is_connected": True,
         "accessory": {"type": "shout", "text": text}},
    ]  # fmt: skip
    with caplog.at_level(logging.DEBUG):
        validate_blocks(blocks)
    assert "Ada" not in caplog.text


def test_slack_sdk_refuses_what_its_models_refuse() -> None:
    with pytest.raises(SlackObjectFormationError):
        models.AlertBlock(text="x", level="loud").to_dict()
