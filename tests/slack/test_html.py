"""What is drawn looks as it does in Slack: what acts there is seen to act, all else is text."""

from typing import Any

import pytest

from heymilo_prefect.slack.html import channel_html, message_html


def rich(*parts: Any) -> str:
    return message_html({"blocks": [{"type": "rich_text", "elements": list(parts)}]})


def section(*elements: Any) -> Any:
    return {"type": "rich_text_section", "elements": list(elements)}


def mrkdwn(text: str) -> str:
    return message_html({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]})


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~no~", "<b>bold</b> <i>it</i> <s>no</s>"),
        ("2*3*4 a_b_c", "2*3*4 a_b_c"),
        ("`*code*`", "<code>*code*</code>"),
        ("```a < b```", "<pre>a &lt; b</pre>"),
        ("&lt;b&gt; &amp; <", "&lt;b&gt; &amp; &lt;"),
        ("<!channel>", '<span class="mention">@channel</span>'),
        ("<!subteam^S1|@team>", '<span class="mention">@team</span>'),
        ("hi <@U1>", 'hi <span class="mention">@U1</span>'),
        ("*<https://example.com|a link>*", ">a link</a></b>"),
        ("<javascript:alert(1)|x>", ">x<"),
        ("&gt; quoted\nnot", "<blockquote>quoted</blockquote>not"),
        (":tada: :unknown:", "🎉 :unknown:"),
        ("<script>alert(1)</script>", "script"),
    ],
)
def test_mrkdwn_is_read_as_slack_reads_it(text: str, html: str) -> None:
    drawn = mrkdwn(text)
    assert html in drawn
    assert "<script" not in drawn and "javascript:" not in drawn.replace("x", "")


def test_rich_text_is_literal_but_for_its_elements() -> None:
    drawn = rich(
        section(
            {"type": "text", "text": "<!channel> *x* :tada: <b>"},
            {"type": "text", "text": "y", "style": {"bold": True, "strike": True}},
            {"type": "emoji", "name": "wave"},
            {"type": "link", "url": "https://example.com/?a=1&b=2", "text": "<l>"},
        )
    )
    assert "&lt;!channel&gt; *x* :tada: &lt;b&gt;<s><b>y</b></s>👋" in drawn
    assert 'href="https://example.com/?a=1&amp;b=2"' in drawn and ">&lt;l&gt;</a>" in drawn
    assert "mention" not in drawn


def test_a_mention_is_highlighted() -> None:
    for element in (
        {"type": "broadcast", "range": "channel"},
        {"type": "user", "user_id": "U1"},
        {"type": "usergroup", "usergroup_id": "S1"},
    ):
        assert '<span class="mention">@' in rich(section(element))


def test_lists_quotes_and_code_are_drawn() -> None:
    item = section({"type": "text", "text": "one"})
    bullets = {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [item]}
    numbers = {"type": "rich_text_list", "style": "ordered", "offset": 2, "elements": [item]}
    text = {"type": "text", "text": "one"}
    quote = {"type": "rich_text_quote", "elements": [text]}
    code = {"type": "rich_text_preformatted", "elements": [text]}
    drawn = rich(bullets, numbers, quote, code)
    for part in ('class="level1"', 'start="3"', "<blockquote>one</blockquote>", "<pre>one</pre>"):
        assert part in drawn


def test_every_block_is_drawn() -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "style": "primary"}
    link = button | {"url": "https://example.com"}
    text = {"type": "mrkdwn", "text": "*words*"}
    image = {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "A picture"}
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "<Head>", "emoji": False}},
        {"type": "divider"},
        {"type": "section", "fields": [text, text], "accessory": link},
        {"type": "context", "elements": [text, image]},
        {"type": "actions", "elements": [button, link]},
        image,
        {"type": "unknown"},
    ]
    drawn = message_html({"blocks": blocks, "ts": "1676452800.000100", "edited": {}})
    for part in ("<h3>&lt;Head&gt;</h3>", "<hr>", "<b>words</b>", "A picture</a>", ">09:20<"):
        assert part in drawn
    assert drawn.count("button primary") == 3 and drawn.count("<b>words</b>") == 3


def plain(text: str) -> Any:
    return {"type": "plain_text", "text": text}


CELL = {"type": "raw_text", "text": "<b>"}
BOLD = section({"type": "text", "text": "x", "style": {"bold": True, "underline": True}})
RICH_CELL = {"type": "rich_text", "elements": [BOLD]}


@pytest.mark.parametrize(
    ("block", "parts"),
    [
        ({"type": "markdown", "text": "# Head\n**x** <!channel>\n- [a](https://example.com)"},
         ["<h1>Head</h1>", "<strong>x</strong> &lt;!channel&gt;", "<li", ">a</a>"]),
        ({"type": "table", "rows": [[CELL, CELL], [CELL, RICH_CELL]]},
         ["<table><tr><th>&lt;b&gt;</th>", "<td>&lt;b&gt;</td>", "<u><b>x</b></u>"]),
        ({"type": "video", "title": plain("Ada"), "alt_text": "x", "description": plain("One"),
          "video_url": "https://example.com/v", "thumbnail_url": "https://example.com/t"},
         ['href="https://example.com/v"', "Ada</a>", "One"]),
        ({"type": "carousel", "elements": [
            {"type": "card", "title": plain("Ada"), "body": {"type": "mrkdwn", "text": "*x*"},
             "hero_image": {"type": "image", "alt_text": "A picture"},
             "actions": [{"type": "button", "text": plain("Go")}]}]},
         ["<b>Ada</b>", "<b>x</b>", "A picture", 'class="button">Go']),
        ({"type": "context_actions", "elements": [
            {"type": "icon_button", "icon": "trash", "text": plain("Delete")}]}, ["Delete"]),
        ({"type": "input", "label": plain("Why?"), "hint": plain("Be short"),
          "element": {"type": "plain_text_input"}},
         ["<b>Why?</b>", "plain_text_input", "Be short"]),
        ({"type": "actions", "elements": [
            {"type": "static_select", "placeholder": plain("Who"), "options": [
                {"text": plain("Ada"), "value": "1"}]}]}, ["Who · Ada ▾"]),
        ({"type": "image", "slack_file": {"id": "F1"}, "alt_text": "A picture"}, ["A picture"]),
        ({"type": "shiny", "title": "<script>", "parts": [plain("One")]},
         ["<i>shiny</i>", "&lt;script&gt;", "One"]),
    ],
    ids=lambda it: it["type"] if isinstance(it, dict) else "",
)  # fmt: skip
def test_the_newer_blocks_are_drawn_and_others_by_their_text(block: Any, parts: list[str]) -> None:
    drawn = message_html({"blocks": [block]})
    for part in parts:
        assert part in drawn
    assert "mention" not in drawn and "<script" not in drawn


def test_a_message_without_blocks_shows_its_text() -> None:
    assert "<b>x</b>" in message_html({"text": "*x*", "ts": "nonsense"})


def test_a_channel_shows_its_messages_or_that_there_are_none() -> None:
    assert "No messages yet" in channel_html("#hiring", [])
    drawn = channel_html("#a<b", [{"text": "first"}, {"text": "second", "edited": {"ts": "1"}}])
    assert "# a&lt;b" in drawn and "(edited)" in drawn
    assert drawn.index("first") < drawn.index("second")
