"""A template that writes Block Kit: checked before there is data, and no way in for a value."""

import json
import re
from typing import Any

import pytest

from heymilo_prefect.api.models import Interview
from heymilo_prefect.sandbox.slack_messages import content_of
from heymilo_prefect.summaries import (
    SlackMessage,
    TemplateError,
    load_summary_template,
    load_template,
    render_summary,
)
from heymilo_prefect.summaries.draw import draw_message
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
    drawn = draw_message({"blocks": message.blocks})
    assert "mention" not in drawn and "<script" not in drawn
    authored = draw_message({"blocks": of("x", place).blocks})
    for tag in ("<b>", "<i>", "<s>", "<code>", "<pre>", "<blockquote>"):
        assert drawn.count(tag) <= authored.count(tag) * (1 + len(message.thread)), tag
    for target in ("evil.example.com", "javascript:"):
        hidden = f'href="{target}' in drawn or f'href="https://{target}' in drawn
        assert not hidden or nasty.strip() in ("https://evil.example.com",)


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
        drawn = draw_message({"text": of(nasty, template).text})
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
    ("line", "wrong", "sentence"),
    [
        (3, '{"type": "sektion"}', "unsupported type: sektion"),
        (3, '{"type": "divider", "colour": "red"}', "no additional properties allowed: colour"),
        (3, '{"type": "section", "text": {"type": "html", "text": "x"}}', "must be one of"),
        (3, '{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}', "must be one of"),
        (3, '{"type": {{ interview.details.score }}}', "it isn't JSON"),
        (3, '{"type" "divider"}', "it isn't JSON"),
        (3, '{"type": "header", "text": {"type": "plain_text", "text": "{{ interview.nme }}"}}',
         "Interview has no 'nme'"),
        (None, '{"type": "divider", "block_id": "{{ interview.interview_id }}"}',
         "a value can't be in 'block_id'"),
    ],
)  # fmt: skip
def test_an_impossible_template_is_refused_before_there_is_data(
    line: int | None, wrong: str, sentence: str
) -> None:
    template = '[{% if true %}\n  {"type": "divider"},\n  ' + wrong + "{% endif %}\n]"
    with pytest.raises(TemplateError) as raised:
        load_summary_template(template)
    assert sentence in str(raised.value)
    assert (f"line {line}" if line else "the template:") in str(raised.value)


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ('{"blocks": 1}', "gives a list of blocks"),
        ('{"blocks": [], "threads": []}', "there is no 'threads' here; there is blocks, text"),
        ('{"blocks": [], "thread": [{}]}', "a list of replies"),
        ('{"blocks": [], "text": 1}', "'text' is a text"),
    ],
)
def test_another_shape_is_told(template: str, sentence: str) -> None:
    with pytest.raises(TemplateError, match="the template:") as raised:
        load_summary_template(template)
    assert sentence in str(raised.value)


def test_the_form_is_told_by_the_name_or_the_text() -> None:
    for text in (section("x"), "{% set a = 1 %}\n" + section("x"), '{"blocks": []}'):
        assert load_template(text).form == "blocks"
    for text in ("[a](https://example.com)", "{{ interview.interview_id }}", "# x", "[{ x"):
        assert load_template(text).form == "markdown"
    assert load_template("{{ interview }}", form="blocks").form == "blocks"
