"""Nothing that a candidate typed acts in Slack, wherever a template puts it."""

from collections.abc import Iterator
from typing import Any

import pytest

from heymilo_prefect.api.models import Interview
from heymilo_prefect.sandbox.slack.messages import content_of
from heymilo_prefect.slack import SlackMessage
from heymilo_prefect.slack.html import message_html
from heymilo_prefect.summaries import StalledGroup, StalledItem, render_stalled_digest
from heymilo_prefect.summaries import render_summary as render

NASTY = [
    "<!channel>",
    "<!here> <@U012AB3CD> <#C012AB3CD> <!subteam^S012AB3CD>",
    "@channel @here @everyone",
    "*bold* _italic_ ~gone~ `code`",
    "**bold** __bold__ ~~gone~~ ```code```",
    "<https://evil.example.com|HeyMilo report>",
    "https://evil.example.com",
    "<https://evil.example.com>",
    "[HeyMilo report](https://evil.example.com)",
    "![x](https://evil.example.com)",
    "x](https://evil.example.com) [y",
    ":tada: :white_check_mark:",
    "# heading",
    "line\n# heading\n- item\n1. item\n> quote\n---\n    code\n\n\nend",
    "\r\n```\r\nfence",
    "<script>alert(1)</script> &lt;b&gt; &amp; &#42;x&#42;",
    "{{ interview }} {% raw %} {# c #}",
    "\\*x\\* \\",
    "\U000f0000\U000f0010\U000f0001*x*",
    "|a|b|\n|-|-|\n|c|d|",
]

PLACES = [
    "{{ x }}",
    "# {{ x }}",
    "a **{{ x }}** _{{ x }}_ ~~{{ x }}~~",
    "- {{ x }}\n  1. {{ x }}",
    "> {{ x }}",
    "```\n{{ x }}\n```",
    "`{{ x }}`",
    "[{{ x }}](ftp://example.com)",
    "{{ x }}{{ x }}",
    "{% macro m(v) %}**{{ v }}** {{ caller() }}{% endmacro %}{% call m(x) %}{{ x }}{% endcall %}",
    "{% set s %}_{{ x }}_{% endset %}{{ s }} {{ s|upper|lower }} {{ s ~ x }}",
    "{{ [x, x]|join('\n') }} {{ [x] }} {{ x|replace('z', x) }}",
    "{% for c in [x] %}{{ loop.index }} {{ c }}{% endfor %}",
    "{% set s|replace('Q', x) %}Q{% endset %}{{ s }}",
    "{% for c in [[x]] recursive %}{{ c if c is string else loop(c) }}{% endfor %}",
]


def elements(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "type" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from elements(inner)


def visible(message: SlackMessage) -> str:
    found = (element.get("text") for element in elements(message.blocks))
    return "".join(text for text in found if isinstance(text, str))


def of(name: str, template: str) -> SlackMessage:
    interview = Interview.model_validate({"interview_id": "int_1", "details": {"name": name}})
    return render(interview, None, "{% set x = interview.details.name %}" + template)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("nasty", NASTY)
def test_what_a_candidate_typed_is_text_and_nothing_else(nasty: str, place: str) -> None:
    message = of(nasty, place)
    plain = of("harmless", place)

    def shape(message: SlackMessage) -> list[str]:
        return [element["type"] for element in elements(message.blocks)]

    assert shape(message) == shape(plain)
    kinds = set(shape(message))
    assert not kinds & {"link", "user", "broadcast", "channel", "usergroup", "emoji", "mrkdwn"}
    seen = "".join(visible(message).split()).lower()
    typed = nasty.replace("\U000f0000\U000f0010\U000f0001", "")
    assert "".join(typed.split()).lower() in seen
    drawn = message_html({"text": message.text, "blocks": message.blocks})
    assert "<a " not in drawn and "mention" not in drawn and "<script" not in drawn


@pytest.mark.parametrize("nasty", NASTY)
def test_the_notification_is_text_too(nasty: str) -> None:
    message = of(nasty, "x")
    assert message.text.startswith("Interview summary: ")
    assert not set("<>*_~`\n") & set(message.text)
    assert "mention" not in message_html({"text": message.text})


@pytest.mark.parametrize("nasty", NASTY)
def test_a_digests_names_are_text(nasty: str) -> None:
    def digest(name: str) -> SlackMessage:
        item = StalledItem("int_1", name=name, kind=name, step=name, idle=name)
        return render_stalled_digest([StalledGroup(name, [item])], total=1)

    found = [element["type"] for element in elements(digest(nasty).blocks)]
    assert found == [element["type"] for element in elements(digest("harmless").blocks)]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "slack://open",
        "//example.com",
        "http://",
        "https://example.com|<!channel>",
        "https://example.com/a b",
        "https://example.com/\nx",
        "https://example.com/" + "a" * 3_000,
        "nothing",
        "<!channel>",
    ],
)
def test_a_link_that_is_not_of_the_web_is_text(url: str) -> None:
    message = of(url, "[Recording]({{ x }}) ![Picture]({{ x }})")
    assert "link" not in {element["type"] for element in elements(message.blocks)}
    assert visible(message) == "Recording Picture"


def test_a_link_of_the_web_is_a_link_with_literal_words() -> None:
    message = of("int_1 *x* <!channel>", "[see **{{ x }}**](https://example.com/a_b_c?x=(1)&y=*)")
    (link,) = (element for element in elements(message.blocks) if element["type"] == "link")
    assert link["url"] == "https://example.com/a_b_c?x=(1)&y=*"
    assert link["text"] == "see int_1 *x* <!channel>"


def test_a_urls_value_cannot_end_the_link() -> None:
    message = of("x) [y](https://evil.example.com", "[Open](https://example.com/{{ x }})")
    urls = [element["url"] for element in elements(message.blocks) if element["type"] == "link"]
    assert all(url.startswith("https://example.com/") for url in urls)


def test_the_authors_mentions_are_text_and_emoji_are_emoji() -> None:
    message = of("Ada", "<!channel> <@U012AB3CD> :tada: at 10:30:45 `:tada:`")
    found = list(elements(message.blocks))
    assert [element["name"] for element in found if element["type"] == "emoji"] == ["tada"]
    assert "mention" not in message_html({"blocks": message.blocks})
    assert visible(message) == "<!channel> <@U012AB3CD>  at 10:30:45 :tada:"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("A\u202eda\u2066\u200b\ufeff", "Ada"),
        ("a\u00add\u2060a\x00\x1b", "ada"),
        ("A\u200dda", "Ada"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("👩\u200d💻", "👩\u200d💻"),
        ("José Ñandú 李", "José Ñandú 李"),
    ],
)
def test_what_cannot_be_seen_is_taken_out(typed: str, shown: str) -> None:
    message = of(typed, "{{ x }}")
    assert visible(message) == shown
    assert message.text.endswith(shown)


def test_slack_accepts_each_message() -> None:
    for nasty in NASTY:
        for place in PLACES:
            message = of(nasty, place)
            assert content_of({"text": message.text, "blocks": message.blocks})
