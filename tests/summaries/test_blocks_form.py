"""A template that writes Block Kit: checked before there is data, and no way in for a value."""

import json
import re
from typing import Any

import pytest
from markdown_it import MarkdownIt

from heymilo_prefect._net import is_web_link
from heymilo_prefect.api.models import Interview
from heymilo_prefect.sandbox.slack.messages import content_of
from heymilo_prefect.slack import SlackMessage, plain_text
from heymilo_prefect.slack.html import message_html
from heymilo_prefect.summaries import load_summary_template, render_summary
from heymilo_prefect.templating import TemplateError, load_template
from tests.summaries import shown
from tests.summaries.test_injection import NASTY, elements


def of(value: Any, template: str) -> SlackMessage:
    interview = Interview.model_validate(
        {"interview_id": "int_1", "details": {"name": value, "metadata": {"url": value}}}
    )
    return render_summary(interview, None, template)


def section(text: str, kind: str = "mrkdwn") -> str:
    return json.dumps([{"type": "section", "text": {"type": kind, "text": text}}])


NAME = "{{ interview.details.name }}"
URL = "{{ interview.details.metadata.url }}"
RICH = json.dumps(
    [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": f"{NAME}: {NAME}", "style": {"bold": True}},
                        {"type": "link", "url": URL, "text": NAME},
                    ],
                }
            ],
        }
    ]
)


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


WEB = "https://example.com/"
OPTION = {"text": plain(NAME), "value": NAME}
CONFIRM = {name: plain(NAME) for name in ("title", "confirm", "deny")} | {"text": mrkdwn(NAME)}
TEXT_CELL = {"type": "raw_text", "text": NAME}
RICH_CELL = json.loads(RICH)[0]
A_CELL = {"type": "raw_text", "text": "a"}
EMPTY_CELL = {"type": "rich_text", "elements": [
    {"type": "rich_text_section", "elements": [{"type": "text", "text": NAME}]}]}  # fmt: skip
NEWER_BLOCKS: list[dict[str, Any]] = [
    {"type": "markdown", "text": f"# {NAME}\n**{NAME}** _{NAME}_ `{NAME}` [{NAME}]({NAME})\n\n"
     f"{NAME}\n- {NAME}\n\n> {NAME}\n\n<{NAME}|{NAME}> {NAME}{NAME}"},
    {"type": "table", "rows": [[TEXT_CELL, TEXT_CELL], [TEXT_CELL, RICH_CELL]]},
    {"type": "video", "title": plain(NAME), "alt_text": NAME, "video_url": WEB,
     "thumbnail_url": WEB, "author_name": NAME, "description": plain(NAME)},
    {"type": "card", "title": mrkdwn(NAME), "subtitle": mrkdwn(f"*{NAME}*"), "body": plain(NAME)},
    {"type": "carousel", "elements": [{"type": "card", "body": mrkdwn(NAME)}]},
    {"type": "context_actions", "elements": [
        {"type": "icon_button", "icon": "trash", "text": plain(NAME), "value": NAME}]},
    {"type": "input", "label": plain(NAME), "hint": plain(NAME),
     "element": {"type": "plain_text_input", "placeholder": plain(NAME)}},
    {"type": "actions", "elements": [
        {"type": "button", "text": plain(NAME), "confirm": CONFIRM},
        {"type": "static_select", "placeholder": plain(NAME), "options": [OPTION]},
        {"type": "overflow", "options": [OPTION]}]},
    {"type": "image", "slack_file": {"id": "F1"}, "alt_text": NAME, "title": plain(NAME)},
    {"type": "task_card", "task_id": "1", "title": NAME, "status": "complete",
     "details": RICH_CELL},
    {"type": "container", "title": plain(NAME), "child_blocks": [
        {"type": "section", "text": mrkdwn(NAME)}, {"type": "markdown", "text": NAME}]},
    {"type": "alert", "text": mrkdwn(NAME), "level": "info"},
    {"type": "shiny", "parts": [mrkdwn(NAME), {"type": "raw_text", "text": NAME}]},
]  # fmt: skip
PLACES = [
    section(NAME),
    section(f"*Name* {NAME}\n> {NAME}\n{NAME} and _{NAME}_ `{NAME}`"),
    section(f"{NAME}{NAME}"),
    section(f"<{NAME}|{NAME}> <@{NAME}> <!{NAME}> <https://example.com/{NAME}|{NAME}>"),
    section(NAME, "plain_text"),
    json.dumps([{"type": "header", "text": {"type": "plain_text", "text": NAME}}]),
    json.dumps([{"type": "section", "fields": [{"type": "mrkdwn", "text": f"*A*\n{NAME}"}] * 12}]),
    json.dumps([{"type": "context", "elements": [{"type": "mrkdwn", "text": NAME}] * 9}]),
    RICH,
    section("{{ interview.details.name|upper|lower }} {{ [interview.details.name]|bullets }}"),
    section("{{ interview.details.name|quote }}"),
    section("{{ interview.details.name|link(interview.details.name) }}"),
    *(json.dumps([block]) for block in NEWER_BLOCKS if block["type"] != "shiny"),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "nasty",
    [
        *NASTY,
        '", "x": "',
        '"}}, {"type": "divider"}, {"a": {"b": "',
        "\\",
        "\\u003c!channel\\u003e",
        "a\n> b\n&gt; c\n*d* _e_",
        "\u202e\u200bx",
        "x" * 100_000,
    ],
)
def test_what_a_candidate_typed_is_text_and_nothing_else(nasty: str, place: str) -> None:
    message = of(nasty, place)
    assert content_of({"text": message.text, "blocks": message.blocks})
    found = list(elements(message.blocks))
    assert not {e["type"] for e in found} & {"user", "broadcast", "channel", "usergroup", "emoji"}
    links = [e["url"] for e in found if e["type"] == "link"]
    assert all(url == nasty.strip() for url in links)
    drawn = message_html({"blocks": message.blocks})
    assert "mention" not in drawn and "<script" not in drawn
    authored = message_html({"blocks": of("x", place).blocks})
    for tag in ("<b>", "<i>", "<s>", "<code>", "<pre>", "<blockquote>"):
        once = drawn.replace(f"{tag.replace('<', '</')}{tag}", "")  # a long text goes on
        assert once.count(tag) <= authored.count(tag) * (1 + len(message.thread)), tag
    for target in ("evil.example.com", "javascript:"):
        hidden = f'href="{target}' in drawn or f'href="https://{target}' in drawn
        assert not hidden or nasty.strip() in ("https://evil.example.com",)


MARKDOWN = [
    "X", "# X", "a X b", "**X** _X_ ~~X~~ `X`", "- X\n- X", "1. X", "> X", "X\nX", "a\nX\nb",
    "[X](https://example.com/)", "[a](X)", "| X | X |\n|---|---|\n| X | X |", "XX X", "a\n\n    X",
    "| X | X |\n| X | X |", "{{ X|link(X) }}", "{{ X|upper }}",
    "\\X", "!X", "[X", "<X>", "&X;", "X)", "X. a", "-X-",
]  # fmt: skip
ACTING = re.compile(r"<[!@#]|://|www\.|:[a-z_]+:|[^ ]@[^ ]", re.IGNORECASE)


@pytest.mark.parametrize("place", MARKDOWN)
@pytest.mark.parametrize(
    "nasty",
    [
        *NASTY,
        *("---", "===", "- x", "+ x", "1. x", "12) x", "    x", "a | b", "| a |", ":-:"),
        *("www.evil.example.com", "\\", "_", "*", "`", "~", "[", "](", "&lt;", "&#42;", "x\n\n# y"),
        "ada@example.com",
    ],
)
def test_in_a_markdown_block_a_value_is_a_word(nasty: str, place: str) -> None:
    def parsed(value: str) -> tuple[str, list[str]]:
        name = "interview.details.name"
        written = re.sub(r"{{.*?}}", lambda found: found[0].replace("X", name), place)
        written = written if "{{" in place else place.replace("X", NAME)
        (block,) = of(value, json.dumps([{"type": "markdown", "text": written}])).blocks
        tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(block["text"])
        return block["text"], [token.type for it in tokens for token in (it, *(it.children or []))]

    text, structure = parsed(nasty)
    assert structure == parsed("https://example.com/" if is_web_link(nasty.strip()) else "word")[1]
    # Where the author has a link, a value that is an address of the web is where it goes.
    outside_links = re.sub(r"\]\([^)]*\)", "]", text)
    assert not ACTING.search(outside_links)


def test_a_link_in_a_markdown_block_goes_where_the_value_says() -> None:
    for written in (f"[Open]({URL})", f"<{URL}|Open>",
                    "{{ interview.details.metadata.url|link('Open') }}"):  # fmt: skip
        template = json.dumps([{"type": "markdown", "text": f"{written} x"}])
        (block,) = of("https://example.com/a_(b)?c=*d*", template).blocks
        assert block["text"] == "[Open](https://example.com/a_%28b%29?c=*d*) x"
        assert of("javascript:x", template).blocks[0]["text"] == "Open x"
        shown = of(None, template).blocks[0]["text"].strip("\u2060 ")
        assert shown == ("x" if "|link" in written else "Open x")


@pytest.mark.parametrize("block", NEWER_BLOCKS, ids=lambda block: block["type"])
def test_slack_accepts_the_newer_blocks_with_any_value(block: dict[str, Any]) -> None:
    for value in ("Ada", "word " * 20_000, "<!channel>", None, "  "):
        message = of(value, json.dumps([block, {"type": "divider"}]))
        for blocks in (message.blocks, *message.thread):
            if block["type"] != "shiny":
                assert content_of({"text": "x", "blocks": blocks})
            assert message_html({"blocks": blocks})
        assert message.blocks[-1]["type"] == "divider" or message.thread
        if value == "Ada":
            assert "Ada" in plain_text(message) and "Ada" in message_html(
                {"blocks": message.blocks}
            )


@pytest.mark.parametrize(
    ("block", "left"),
    [
        (NEWER_BLOCKS[0], None),
        ({"type": "table", "rows": [[TEXT_CELL, EMPTY_CELL], [A_CELL, A_CELL]]},
         {"type": "table", "rows": [[{"type": "raw_text", "text": " "}] * 2, [A_CELL, A_CELL]]}),
        (NEWER_BLOCKS[2], None),
        ({"type": "video", "title": plain("a"), "alt_text": NAME, "video_url": WEB,
          "thumbnail_url": WEB, "title_url": URL, "author_name": NAME},
         {"type": "video", "title": plain("a"), "alt_text": "video", "video_url": WEB,
          "thumbnail_url": WEB}),
        ({"type": "card", "title": mrkdwn(NAME), "body": plain("a")},
         {"type": "card", "body": plain("a")}),
        ({"type": "card", "title": mrkdwn(NAME), "subtitle": plain("a")}, None),
        ({"type": "input", "label": plain("a"), "hint": plain(NAME),
          "element": {"type": "static_select", "options": [OPTION]}}, None),
        ({"type": "actions", "elements": [
            {"type": "button", "text": plain("Delete"), "confirm": CONFIRM},
            {"type": "overflow", "options": [{"text": plain("a"), "value": "a", "url": URL}]},
            {"type": "button", "text": plain("a"), "value": NAME}]},
         {"type": "actions", "elements": [{"type": "button", "text": plain("a")}]}),
        (NEWER_BLOCKS[8], {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "image"}),
        ({"type": "alert", "text": mrkdwn(NAME)}, None),
        ({"type": "shiny", "text": mrkdwn(NAME), "level": 1}, None),
    ],
)  # fmt: skip
def test_what_loses_what_it_needs_is_left_out(
    block: dict[str, Any], left: dict[str, Any] | None
) -> None:
    message = of(None, json.dumps([block, {"type": "divider"}]))
    assert message.blocks == [*([left] if left else []), {"type": "divider"}]


def test_a_value_is_cut_to_its_places_limit() -> None:
    (actions, label, card) = of(
        "word " * 300,
        json.dumps([NEWER_BLOCKS[7], NEWER_BLOCKS[6], NEWER_BLOCKS[3]]),
    ).blocks
    button, select, _ = actions["elements"]
    for text, most in (
        (button["text"]["text"], 75),
        (button["confirm"]["title"]["text"], 100),
        (button["confirm"]["text"]["text"], 300),
        (select["placeholder"]["text"], 150),
        (select["options"][0]["text"]["text"], 75),
        (select["options"][0]["value"], 150),
        (card["title"]["text"], 150),
        (card["body"]["text"], 200),
    ):
        assert most - 10 < len(text) <= most and text.endswith("word…")
    assert len(label["label"]["text"]) <= 2_000


def test_a_long_table_goes_on_in_tables_with_the_same_head() -> None:
    row = '[{"type": "raw_text", "text": "NAME"}, {"type": "raw_text", "text": "x"}]'
    rows = f"{{% for n in range(250) %}}, {row.replace('NAME', 'row {{ n }}')}{{% endfor %}}"
    template = f'[{{"type": "table", "rows": [{row.replace("NAME", "Head")}{rows}]}}]'
    message = of("Ada", template)
    found = [block for blocks in (message.blocks, *message.thread) for block in blocks]
    assert {block["type"] for block in found} == {"table"} and len(found) == 3
    assert all(block["rows"][0][0]["text"] == "Head" for block in found)
    assert [len(block["rows"]) for block in found] == [100, 100, 53]
    names = [row[0]["text"] for block in found for row in block["rows"][1:]]
    assert names == [f"row {n}" for n in range(250)]
    for blocks in (message.blocks, *message.thread):
        assert content_of({"text": "x", "blocks": blocks})


def test_a_long_markdown_block_is_split() -> None:
    message = of("word " * 380, json.dumps([{"type": "markdown", "text": NAME * 9}]))
    assert message.thread
    written = [block["text"] for blocks in (message.blocks, *message.thread) for block in blocks]
    assert "".join(written).count("word") == 9 * 380


def test_an_unknown_type_is_posted_with_a_hint() -> None:
    template = '[\n{"type": "shiny", "title": {"type": "plain_text", "text": "A"}},\n' \
        '{"type": "actions", "elements": [\n{"type": "knob", "turns": 3}]}]'  # fmt: skip
    sound = load_summary_template(template)
    assert sound.hints == tuple(
        f"the template, /blocks/{place}/type: the type '{kind}' isn't known here. It is posted as "
        "it is, and Slack may refuse it."
        for place, kind in (("0", "shiny"), ("1/elements/0", "knob"))
    )
    assert [block["type"] for block in of("Ada", template).blocks] == ["shiny", "actions"]
    with pytest.raises(
        TemplateError, match="a value can't be in 'text', where Slack reads no text"
    ):
        load_summary_template(json.dumps([{"type": "shiny", "text": NAME}]))


def test_a_value_shows_as_it_is_typed_where_slack_has_literal_text() -> None:
    message = of("a <b> & *c* :d: {e}", RICH)
    (text, link) = message.blocks[0]["elements"][0]["elements"]
    assert text["text"] == "a <b> & *c* :d: {e}: a <b> & *c* :d: {e}"
    assert link["type"] == "text", "there is no web address in a name"


def test_a_link_is_one_when_the_url_is_of_the_web() -> None:
    url = "https://example.com/a?b=1&c=2"
    for template in (
        section(f"<{URL}|Open *it*>"),
        section("{{ interview.details.metadata.url|link('Open *it*') }}"),
    ):
        (block,) = of(url, template).blocks
        assert block["text"]["text"].startswith("<https://example.com/a?b=1&amp;c=2|Open ")
    button = {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": URL}
    actions = json.dumps([{"type": "actions", "elements": [button]}, {"type": "divider"}])
    assert of(url, actions).blocks[0]["elements"][0]["url"] == url
    for wrong in ("javascript:alert(1)", "data:text/html,x", "", None):
        assert [block["type"] for block in of(wrong, actions).blocks] == ["divider"]


def test_what_stays_empty_is_left_out() -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": NAME}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "Hello"},
         "fields": [{"type": "mrkdwn", "text": NAME}]},
        {"type": "context", "elements": [{"type": "plain_text", "text": NAME}]},
    ]  # fmt: skip
    (left,) = of(None, json.dumps(blocks)).blocks
    assert left == {"type": "section", "text": {"type": "mrkdwn", "text": "Hello"}}


def test_a_thread_and_a_notification_text_are_the_authors_to_write() -> None:
    template = {
        "text": "A summary",
        "blocks": json.loads(section("main")),
        "thread": [json.loads(section("one")), json.loads(section(NAME))],
    }
    message = of("two", json.dumps(template))
    assert message.text == "A summary"
    assert [shown(blocks) for blocks in (message.blocks, *message.thread)] == ["main", "one", "two"]


def test_a_value_in_the_notification_text_is_text_too() -> None:
    template = json.dumps({"text": f"*New:* {NAME}", "blocks": json.loads(section("x"))})
    assert of("Ada", template).text == "*New:* Ada"
    for nasty in NASTY:
        drawn = message_html({"text": of(nasty, template).text})
        assert "mention" not in drawn and "<a " not in drawn and "<script" not in drawn
        assert drawn.count("<b>") == 1
        assert not {"<i>", "<s>", "<code>", "<pre>"} & set(re.findall(r"<\w+>", drawn))


def test_a_template_that_is_nested_too_deeply_is_one_sentence() -> None:
    with pytest.raises(TemplateError, match="the template: it is nested too deeply"):
        load_summary_template('[{"elements": ' + "[" * 20_000 + "]" * 20_000 + "}]")


def test_a_long_header_is_cut_and_a_long_field_too() -> None:
    header = {"type": "header", "text": {"type": "plain_text", "text": NAME}}
    fields = {"type": "section", "fields": [{"type": "plain_text", "text": NAME * 2}]}
    cut, section = of("word " * 380, json.dumps([header, fields])).blocks
    assert len(cut["text"]["text"]) <= 150 and cut["text"]["text"].endswith("word…")
    assert len(section["fields"][0]["text"]) <= 2_000
    (alone,) = of("word " * 380, json.dumps([header])).blocks
    assert alone == cut


def test_a_long_section_is_split() -> None:
    message = of("word " * 300, section(NAME * 9))
    assert len(message.blocks) == 3
    said = " ".join(shown(blocks) for blocks in (message.blocks, *message.thread))
    assert said.split().count("word") == 9 * 300


@pytest.mark.parametrize(
    ("place", "wrong", "sentence"),
    [
        ("/blocks/1/type:", '{"type": "sektion"}', "unsupported type: sektion"),
        ("/blocks/1:", '{"type": "divider", "colour": "red"}',
         "no additional properties allowed: colour"),
        ("/blocks/1/text/type:", '{"type": "section", "text": {"type": "html", "text": "x"}}',
         "must be one of"),
        ("/blocks/1/text/type:", '{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}',
         "must be one of"),
        ("line 3:", '{"type": {{ interview.details.score }}}', "the rendered text isn't JSON"),
        ("line 3:", '{"type" "divider"}', "the rendered text isn't JSON"),
        ("line 3:",
         '{"type": "header", "text": {"type": "plain_text", "text": "{{ interview.nme }}"}}',
         "Interview has no 'nme'"),
        ("the template:", '{"type": "divider", "block_id": "{{ interview.interview_id }}"}',
         "a value can't be in 'block_id'"),
    ],
)  # fmt: skip
def test_an_impossible_template_is_refused_before_there_is_data(
    place: str, wrong: str, sentence: str
) -> None:
    template = '[{% if true %}\n  {"type": "divider"},\n  ' + wrong + "{% endif %}\n]"
    with pytest.raises(TemplateError) as raised:
        load_summary_template(template)
    assert sentence in str(raised.value)
    assert place in str(raised.value)


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ('{"blocks": 1}', "renders a list of blocks"),
        ('{"blocks": [], "threads": []}', "there is no 'threads' here. A message has blocks, text"),
        ('{"blocks": [], "thread": [{}]}', "a list of replies"),
        ('{"blocks": [], "text": 1}', "'text' must be a string"),
    ],
)
def test_another_json_shape_is_an_error(template: str, sentence: str) -> None:
    with pytest.raises(TemplateError, match="the template:") as raised:
        load_summary_template(template)
    assert sentence in str(raised.value)


def test_the_form_is_determined_by_the_name_or_the_text() -> None:
    for text in (section("x"), "{% set a = 1 %}\n" + section("x"), '{"blocks": []}'):
        assert load_template(text).form == "blocks"
    for text in ("[a](https://example.com)", "{{ interview.interview_id }}", "# x", "[{ x"):
        assert load_template(text).form == "markdown"
    assert load_template("{{ interview }}", form="blocks").form == "blocks"
