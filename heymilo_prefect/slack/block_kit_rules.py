"""Slack's rules for the blocks of a message, each with its documentation page below `DOCS`.

A limit is the largest accepted length or count. Where Slack's page gives no limit, there is none
here, and Slack decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from heymilo_prefect._net import MAX_URL
from heymilo_prefect.slack.message import (
    MAX_FIELD,
    MAX_FIELDS,
    MAX_HEADER,
    MAX_MARKDOWN,
    MAX_ROWS,
    MAX_SECTION,
)

DOCS = "https://docs.slack.dev/reference/block-kit/"


@dataclass(frozen=True)
class String:
    """A string.

    Attributes:
        maximum: The maximum length.
        shows: How a template's values are inserted: literally, as a link's address, or escaped for
            mrkdwn or Markdown. None if no value may be here.
        default: What replaces a missing value, where Slack refuses an empty string.
        is_vital: Whether the object is left out if this is empty, though Slack would accept it.
        is_run: Whether it is a part of a line, whose spaces matter.
    """

    maximum: int | None = None
    shows: Literal["text", "url", "mrkdwn", "markdown"] | None = None
    default: str = ""
    is_vital: bool = False
    is_run: bool = False


@dataclass(frozen=True)
class Text:
    """A text object, `{"type": ..., "text": ...}`.

    Attributes:
        maximum: The maximum length of its text.
        kinds: The accepted types.
        is_split: Whether a text that is too long continues in the next block; others are truncated.
    """

    maximum: int = MAX_SECTION
    kinds: tuple[str, ...] = ("mrkdwn", "plain_text")
    is_split: bool = False


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Boolean:
    """True or false."""


@dataclass(frozen=True)
class Integer:
    """An integer."""

    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True)
class Anything:
    """Any value; Slack decides."""


@dataclass(frozen=True)
class Part:
    """An object without a type, named in `PARTS`."""

    name: str
    is_vital: bool = False


@dataclass(frozen=True)
class OneOf:
    """An object of one of these types; or of an unknown type, if not `is_closed`."""

    types: tuple[str, ...]
    is_closed: bool = True


@dataclass(frozen=True)
class AnyBlock:
    """A block."""


@dataclass(frozen=True)
class Items:
    """A list; an item without any text is left out, or becomes `empty`."""

    of: "Rule"
    maximum: int | None = None
    minimum: int = 1
    empty: dict[str, str] | None = field(default=None, hash=False)


Rule = String | Text | Choice | Boolean | Integer | Anything | AnyBlock | Part | OneOf | Items


_Fields = dict[str, Rule]


@dataclass(frozen=True)
class Kind:
    """The rules for a type of object.

    Attributes:
        page: Its documentation page.
        required: The fields that it must have.
        optional: The fields that it may have.
        either: The fields of which it must have at least one.
        is_exclusive: Whether it may have only one of `either`.
        is_open: Whether other fields are accepted.
    """

    page: str
    required: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)
    either: tuple[str, ...] = ()
    is_exclusive: bool = False
    is_open: bool = False

    @property
    def source(self) -> str:
        """The page's URL."""
        return DOCS + self.page

    @property
    def fields(self) -> dict[str, Rule]:
        """All fields."""
        return {**self.required, **self.optional}


_ACTION_ID: _Fields = {"action_id": String(255)}
_PLAIN = ("plain_text",)
_STYLE = Choice(("primary", "danger"))
_SHOWN = String(shows="text")
_URL = String(MAX_URL, "url")
_CONFIRM = Part("confirm", is_vital=True)
_IMAGE: _Fields = {
    "image_url": _URL,
    "slack_file": Part("slack_file"),
}
_ALT_TEXT: _Fields = {"alt_text": String(2_000, "text", default="image")}
_INPUT: _Fields = _ACTION_ID | {"focus_on_load": Boolean()}
_MENU: _Fields = _INPUT | {"confirm": _CONFIRM, "placeholder": Text(150, _PLAIN)}
_ENTRY: _Fields = _INPUT | {
    "placeholder": Text(150, _PLAIN),
    "dispatch_action_config": Anything(),
    "initial_value": Anything(),
}
_FEW_OPTIONS = Items(Part("option"), 10)
_OPTIONS: _Fields = {
    "options": Items(Part("option"), 100),
    "option_groups": Items(Part("option_group"), 100),
}
_MULTI: _Fields = _MENU | {"max_selected_items": Integer(1)}
_EITHER = ("options", "option_groups")
_IDS = Items(String())
_CHANNELS: _Fields = {"default_to_current_conversation": Boolean(), "filter": Anything()}
_RESPONSE: _Fields = {"response_url_enabled": Boolean()}
_RICH_STYLE: _Fields = {"style": Part("style")}

_MENUS = (
    *("static_select", "external_select", "users_select", "conversations_select"),
    *("channels_select", "multi_static_select", "multi_external_select", "multi_users_select"),
    *("multi_conversations_select", "multi_channels_select"),
)
_PICKERS = ("checkboxes", "datepicker", "datetimepicker", "radio_buttons", "timepicker")
_ENTRIES = (
    *("email_text_input", "file_input", "number_input", "plain_text_input", "rich_text_input"),
    "url_text_input",
)
_BUTTONS = ("button", "overflow", "workflow_button")
_INLINE = (
    *("broadcast", "channel", "color", "date", "emoji", "link", "team", "text", "user"),
    *("usergroup", "attachment_mention", "canvas", "canvas_message_unfurl", "canvas_user_mention"),
    *("citation", "file", "list_record", "message_mention", "salesforce_data_field", "tag"),
    *("work_object_mention", "workflow_mention"),
)
_RICH_PARTS = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")
_RICH = OneOf(("rich_text",))
_CELLS = OneOf(("raw_text", "raw_number", "rich_text"))
_ROW = Items(_CELLS, 20, empty={"type": "raw_text", "text": " "})

BLOCKS = {
    "actions": Kind(
        "blocks/actions-block",
        {"elements": Items(OneOf((*_BUTTONS, *_MENUS, *_PICKERS, "rich_text_input"), False), 25)},
    ),
    "card": Kind(
        "blocks/card-block",
        optional={
            "hero_image": OneOf(("image",)),
            "icon": OneOf(("image",)),
            "slack_icon": Anything(),
            "title": Text(150),
            "subtitle": Text(150),
            "body": Text(200),
            "subtext": Text(200),
            "actions": Items(OneOf(("button",), False)),
        },
        either=("hero_image", "title", "actions", "body"),
    ),
    "carousel": Kind("blocks/carousel-block", {"elements": Items(OneOf(("card",)), 10)}),
    "container": Kind(
        "blocks/container-block",
        {"child_blocks": Items(AnyBlock(), 10)},
        {
            "title": Text(150, _PLAIN),
            "rich_text_title": _RICH,
            "subtitle": Text(150),
            "width": Choice(("narrow", "standard", "wide", "full")),
            "icon": OneOf(("image",)),
            "is_collapsible": Boolean(),
            "default_collapsed": Boolean(),
            "has_header_divider": Boolean(),
        },
        either=("title", "rich_text_title"),
    ),
    "context": Kind(
        "blocks/context-block",
        {"elements": Items(OneOf(("image", "mrkdwn", "plain_text")), MAX_FIELDS)},
    ),
    "context_actions": Kind(
        "blocks/context-actions-block",
        {"elements": Items(OneOf(("feedback_buttons", "icon_button"), False), 5)},
    ),
    "data_table": Kind("blocks/data-table-block", is_open=True),
    "data_visualization": Kind("blocks/data-visualization-block", is_open=True),
    "divider": Kind("blocks/divider-block"),
    "header": Kind("blocks/header-block", {"text": Text(MAX_HEADER, _PLAIN)}),
    "image": Kind(
        "blocks/image-block",
        _ALT_TEXT,
        _IMAGE | {"title": Text(2_000, _PLAIN)},
        either=("image_url", "slack_file"),
    ),
    "input": Kind(
        "blocks/input-block",
        {
            "label": Text(2_000, _PLAIN),
            "element": OneOf((*_MENUS, *_PICKERS, *_ENTRIES), False),
        },
        {"hint": Text(2_000, _PLAIN), "optional": Boolean(), "dispatch_action": Boolean()},
    ),
    "markdown": Kind("blocks/markdown-block", {"text": String(MAX_MARKDOWN, "markdown")}),
    "plan": Kind("blocks/plan-block", {"title": _SHOWN}, {"tasks": Items(OneOf(("task_card",)))}),
    "rich_text": Kind("blocks/rich-text-block", {"elements": Items(OneOf(_RICH_PARTS))}),
    "section": Kind(
        "blocks/section-block",
        optional={
            "text": Text(MAX_SECTION, is_split=True),
            "fields": Items(Text(MAX_FIELD), MAX_FIELDS),
            "accessory": OneOf(("image", *_BUTTONS, *_MENUS, *_PICKERS), False),
            "expand": Boolean(),
        },
        either=("text", "fields"),
    ),
    "table": Kind(
        "blocks/table-block",
        {"rows": Items(_ROW, MAX_ROWS)},
        {"column_settings": Items(Part("column"), 20)},
    ),
    "task_card": Kind(
        "blocks/task-card-block",
        {
            "task_id": String(),
            "title": _SHOWN,
            "status": Choice(("pending", "in_progress", "complete", "error")),
        },
        {"details": _RICH, "output": _RICH, "sources": Items(OneOf(("url",)))},
    ),
    "video": Kind(
        "blocks/video-block",
        {
            "alt_text": String(shows="text", default="video"),
            "title": Text(199, _PLAIN),  # "less than 200"
            "thumbnail_url": String(shows="url"),
            "video_url": String(shows="url"),
        },
        {
            "author_name": String(49, "text"),  # "less than 50"
            "description": Text(kinds=_PLAIN),
            "provider_icon_url": String(shows="url"),
            "provider_name": _SHOWN,
            "title_url": String(shows="url"),
        },
    ),
}
"""The blocks, by their type."""

_ELEMENTS = "block-elements/"
_MENU_PAGE = _ELEMENTS + "select-menu-element"
_MULTI_PAGE = _ELEMENTS + "multi-select-menu-element"

KINDS = {
    "button": Kind(
        _ELEMENTS + "button-element",
        {"text": Text(75, _PLAIN)},
        _ACTION_ID
        | {
            "url": String(MAX_URL, "url", is_vital=True),
            "value": String(2_000, "text"),
            "style": _STYLE,
            "confirm": _CONFIRM,
            "accessibility_label": String(75, "text"),
            "agent_prompt": String(4_000),
            "agent_prompt_display": String(),
            "visible_to_user_ids": Items(String()),
        },
    ),
    "checkboxes": Kind(
        _ELEMENTS + "checkboxes-element",
        {"options": _FEW_OPTIONS},
        _MENU | {"initial_options": _FEW_OPTIONS},
    ),
    "datepicker": Kind(
        _ELEMENTS + "date-picker-element", optional=_MENU | {"initial_date": String()}
    ),
    "datetimepicker": Kind(
        _ELEMENTS + "datetime-picker-element", optional=_MENU | {"initial_date_time": Integer()}
    ),
    "email_text_input": Kind(_ELEMENTS + "email-input-element", optional=_ENTRY),
    "feedback_buttons": Kind(
        _ELEMENTS + "feedback-buttons-element",
        {"positive_button": Part("feedback"), "negative_button": Part("feedback")},
        _ACTION_ID,
    ),
    "file_input": Kind(
        _ELEMENTS + "file-input-element",
        optional=_INPUT | {"filetypes": Items(String()), "max_files": Integer(1, 10)},
    ),
    "icon_button": Kind(
        _ELEMENTS + "icon-button-element",
        {"icon": String(), "text": Text(kinds=_PLAIN)},
        _ACTION_ID
        | {
            "value": String(2_000, "text"),
            "confirm": _CONFIRM,
            "accessibility_label": String(75, "text"),
            "visible_to_user_ids": Items(String()),
        },
    ),
    "image": Kind(
        _ELEMENTS + "image-element", _ALT_TEXT, _IMAGE, either=("image_url", "slack_file")
    ),
    "number_input": Kind(
        _ELEMENTS + "number-input-element",
        {"is_decimal_allowed": Boolean()},
        _ENTRY | {"min_value": Anything(), "max_value": Anything()},
    ),
    "overflow": Kind(
        _ELEMENTS + "overflow-menu-element",
        {"options": Items(Part("option"), 5)},
        _ACTION_ID | {"confirm": _CONFIRM},
    ),
    "plain_text_input": Kind(
        _ELEMENTS + "plain-text-input-element",
        optional=_ENTRY
        | {"multiline": Boolean(), "min_length": Integer(0, 3_000), "max_length": Integer(1)},
    ),
    "radio_buttons": Kind(
        _ELEMENTS + "radio-button-group-element",
        {"options": _FEW_OPTIONS},
        _MENU | {"initial_option": Part("option")},
    ),
    "rich_text_input": Kind(
        _ELEMENTS + "rich-text-input-element",
        optional=_ENTRY | {"min_lines": Integer(1, 100), "max_lines": Integer(1, 100)},
    ),
    "timepicker": Kind(
        _ELEMENTS + "time-picker-element",
        optional=_MENU | {"initial_time": String(), "timezone": String()},
    ),
    "url": Kind(_ELEMENTS + "url-source-element", {"url": _URL, "text": _SHOWN}),
    "url_text_input": Kind(_ELEMENTS + "url-input-element", optional=_ENTRY),
    "workflow_button": Kind(
        _ELEMENTS + "workflow-button-element",
        {"text": Text(75, _PLAIN), "workflow": Anything()},
        _ACTION_ID | {"style": _STYLE, "accessibility_label": String(75, "text")},
    ),
    "static_select": Kind(
        _MENU_PAGE,
        optional=_MENU | _OPTIONS | {"initial_option": Part("option")},
        either=_EITHER,
        is_exclusive=True,
    ),
    "external_select": Kind(
        _MENU_PAGE,
        optional=_MENU | {"initial_option": Part("option"), "min_query_length": Integer()},
    ),
    "users_select": Kind(_MENU_PAGE, optional=_MENU | {"initial_user": String()}),
    "conversations_select": Kind(
        _MENU_PAGE, optional=_MENU | _CHANNELS | _RESPONSE | {"initial_conversation": String()}
    ),
    "channels_select": Kind(_MENU_PAGE, optional=_MENU | _RESPONSE | {"initial_channel": String()}),
    "multi_static_select": Kind(
        _MULTI_PAGE,
        optional=_MULTI | _OPTIONS | {"initial_options": Items(Part("option"))},
        either=_EITHER,
        is_exclusive=True,
    ),
    "multi_external_select": Kind(
        _MULTI_PAGE,
        optional=_MULTI | {"initial_options": Items(Part("option")), "min_query_length": Integer()},
    ),
    "multi_users_select": Kind(_MULTI_PAGE, optional=_MULTI | {"initial_users": _IDS}),
    "multi_conversations_select": Kind(
        _MULTI_PAGE, optional=_MULTI | _CHANNELS | {"initial_conversations": _IDS}
    ),
    "multi_channels_select": Kind(_MULTI_PAGE, optional=_MULTI | {"initial_channels": _IDS}),
    # Texts and cells.
    "mrkdwn": Kind(
        "composition-objects/text-object",
        {"text": String(MAX_SECTION, "mrkdwn")},
        {"verbatim": Boolean()},
    ),
    "plain_text": Kind(
        "composition-objects/text-object",
        {"text": String(MAX_SECTION, "text")},
        {"emoji": Boolean()},
    ),
    "raw_text": Kind("blocks/table-block", {"text": String(None, "text", default=" ")}),
    "raw_number": Kind(
        "blocks/table-block", {"value": Anything(), "text": String(None, "text", default=" ")}
    ),
    # Rich text.
    "rich_text_list": Kind(
        _ELEMENTS + "rich-text-list-element",
        {
            "elements": Items(OneOf(("rich_text_section",))),
            "style": Choice(("bullet", "ordered")),
        },
        {"indent": Integer(0, 8), "offset": Integer(0, 10_000), "border": Integer(0, 1)},
    ),
    "rich_text_preformatted": Kind(
        _ELEMENTS + "rich-text-preformatted-element",
        {"elements": Items(OneOf(("text", "link")))},
        {"border": Integer(0, 1), "language": String()},
    ),
    "rich_text_quote": Kind(
        _ELEMENTS + "rich-text-quote-element",
        {"elements": Items(OneOf(_INLINE, False))},
        {"border": Integer(0, 1)},
    ),
    "rich_text_section": Kind(
        _ELEMENTS + "rich-text-section-element", {"elements": Items(OneOf(_INLINE, False))}
    ),
    "broadcast": Kind(
        _ELEMENTS + "broadcast-element",
        {"range": Choice(("here", "channel", "everyone"))},
        _RICH_STYLE,
    ),
    "channel": Kind(_ELEMENTS + "channel-element", {"channel_id": String()}, _RICH_STYLE),
    "color": Kind(_ELEMENTS + "color-element", {"value": String()}, _RICH_STYLE),
    "date": Kind(
        _ELEMENTS + "date-element",
        {"timestamp": Integer(), "format": String()},
        _RICH_STYLE | {"url": String(shows="url"), "fallback": _SHOWN},
    ),
    "emoji": Kind(
        _ELEMENTS + "emoji-element",
        {"name": String()},
        _RICH_STYLE | {"unicode": String(), "url": String(), "skin_tone": Integer(1, 6)},
    ),
    "link": Kind(
        _ELEMENTS + "link-element",
        {"url": String(shows="url")},
        _RICH_STYLE | {"text": _SHOWN, "unsafe": Boolean()},
    ),
    "team": Kind(_ELEMENTS + "team-element", {"team_id": String()}, _RICH_STYLE),
    "text": Kind(
        _ELEMENTS + "text-element", {"text": String(shows="text", is_run=True)}, _RICH_STYLE
    ),
    "user": Kind(_ELEMENTS + "user-element", {"user_id": String()}, _RICH_STYLE),
    "usergroup": Kind(_ELEMENTS + "user-group-element", {"usergroup_id": String()}, _RICH_STYLE),
    **{
        name: Kind(_ELEMENTS + "rich-text-section-element", is_open=True)
        for name in _INLINE[_INLINE.index("attachment_mention") :]
    },
}
"""The elements and texts within blocks, by their type."""

_OBJECTS = "composition-objects/"

PARTS = {
    "column": Kind(
        "blocks/table-block",
        optional={"align": Choice(("left", "center", "right")), "is_wrapped": Boolean()},
    ),
    "confirm": Kind(
        _OBJECTS + "confirmation-dialog-object",
        {
            "title": Text(100, _PLAIN),
            "text": Text(300),
            "confirm": Text(30, _PLAIN),
            "deny": Text(30, _PLAIN),
        },
        {"style": _STYLE},
    ),
    "feedback": Kind(
        _ELEMENTS + "feedback-buttons-element",
        {"text": Text(75, _PLAIN), "value": String(2_000, "text")},
        {"accessibility_label": String(75, "text")},
    ),
    "option": Kind(
        _OBJECTS + "option-object",
        {"text": Text(75), "value": String(150, "text")},
        {"description": Text(75), "url": String(MAX_URL, "url", is_vital=True)},
    ),
    "option_group": Kind(
        _OBJECTS + "option-group-object",
        {"label": Text(75, _PLAIN), "options": Items(Part("option"), 100)},
    ),
    "slack_file": Kind(
        _OBJECTS + "slack-file-object",
        optional={"id": String(), "url": String()},
        either=("id", "url"),
        is_exclusive=True,
    ),
    "style": Kind(
        _ELEMENTS + "text-element",
        optional={
            style: Boolean()
            for style in (
                *("bold", "italic", "strike", "code", "underline"),
                *("highlight", "client_highlight", "unlink"),
            )
        },
    ),
}
"""Objects that have no type, by what they are."""
