"""A value that is missing leaves nothing behind, and never changes what the rest means."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from heymilo_prefect.api.models import Interview
from heymilo_prefect.slack import SlackMessage
from heymilo_prefect.summaries import (
    load_digest_template,
    load_summary_template,
    render_digest,
    render_summary,
)
from heymilo_prefect.templating.template import example_of
from tests.summaries import shown

X = "{{ interview.details.email }}"
NOTHINGS = [None, "", "  ", "\n", "\u200b\u2060"]


def of(value: Any, template: str) -> SlackMessage:
    body = {"interview_id": "int_1", "details": {"email": value}}
    return render_summary(Interview.model_validate(body), None, template.replace("X", X))


def kinds(message: SlackMessage) -> list[str]:
    """Each block's type; for rich text those of its parts, with their styles."""
    return [kind for block in message.blocks for kind in _kinds(block)]


def _kinds(block: dict[str, Any]) -> Iterator[str]:
    if block["type"] != "rich_text":
        yield block["type"]
        return
    for part in block["elements"]:
        styles = {style for element in part["elements"] for style in element.get("style", {})}
        yield " ".join([part["type"].removeprefix("rich_text_"), *sorted(styles)])


@pytest.mark.parametrize("nothing", NOTHINGS)
@pytest.mark.parametrize(
    "around",
    [
        "X", "**X**", "*X*", "_X_", "__X__", "~~X~~", "`X`", "``X``", "***X***", "**_X_**",
        "_**`X`**_", "**X X**", "# X", "## **X**", "# X X", "- X", "- **X**", "1. X", "* - X",
        "> X", "> **X**", "> - X", "```\nX\n```", "![X](X)", "[X](X)", "X\nX", "**X**\n\n# X",
        "{{ [X]|bullets }}".replace("X", X[3:-3]), "{{ Q|quote }}".replace("Q", X[3:-3]),
        "{{ Q|link('words') }}".replace("Q", X[3:-3]),
        "{% set s %}**X**{% endset %}{{ s }}",
        "{% macro m(v) %}# {{ v }}{% endmacro %}{{ m(Q) }}".replace("Q", X[3:-3]),
    ],
)  # fmt: skip
def test_markup_around_nothing_disappears(around: str, nothing: Any) -> None:
    message = of(nothing, f"before\n\n{around}\n\nafter")
    assert shown(message.blocks) == "before\nafter"
    assert kinds(message) == ["section", "section"]


@pytest.mark.parametrize("nothing", NOTHINGS)
@pytest.mark.parametrize(
    ("template", "text", "expected"),
    [
        ("**X**, 1 March 2025", ", 1 March 2025", ["section"]),
        ("**Email: X**", "Email:", ["section bold"]),
        ("**Email:** X", "Email:", ["section bold"]),
        ("# **X**, Engineer", ", Engineer", ["header"]),
        ("X - X", "-", ["section"]),
        ("--X-", "---", ["section"]),
        ("*X*X*", "*", ["section"]),
        ("X. one", ". one", ["section"]),
        ("X# one", "# one", ["section"]),
        ("X> one", "> one", ["section"]),
        ("X```\none", "```\none", ["section"]),
        ("X    one", "one", ["section"]),
        ("X\n===\none", "===\none", ["section"]),
        ("X\n---\none", "one", ["divider", "section"]),
        ("one\nX\ntwo", "one\ntwo", ["section"]),
        ("one\nX  \ntwo", "one\ntwo", ["section"]),
        ("- X\n- one", "• one", ["list"]),
        ("- one\n  - X\n    - two", "• one\n• two", ["list", "list"]),
        ("> X\n> one", "one", ["quote"]),
        ("| X | X |", "|  |  |", ["section"]),
        (":X:", "::", ["section"]),
        ("\\X*one*", "\\one", ["section italic"]),
        ("[one](X)", "one", ["section"]),
        ("[X](https://example.com)", "https://example.com(https://example.com)", ["section"]),
        ("one\n{{ Q|bullets }}\ntwo", "one\ntwo", ["section", "section"]),
        ("one\n{{ Q|quote }}\ntwo", "one\ntwo", ["section", "section"]),
        ("{% set s %}X{% endset %}{{ 'yes' if s|trim else 'no' }}", "no", ["section"]),
        ("{{ Q|bullets or 'no' }} {{ Q|bullets|length }} {{ Q|quote == '' }}", "no 0 yes",
         ["section"]),
        ("{{ Q|default('-') }} {{ Q or '-' }} {{ '*' ~ Q ~ '*' }}", "- - **", ["section"]),
    ],
)  # fmt: skip
def test_the_rest_means_what_it_would(
    template: str, text: str, expected: list[str], nothing: Any
) -> None:
    template = template.replace("Q", X[3:-3])
    if nothing and "Q|default" in template:
        pytest.skip("blank text is a value for `default`")
    message = of(None if "default" in template else nothing, template)
    assert shown(message.blocks) == text
    assert kinds(message) == expected


# In random templates `w1` is the author's word, and `v1` a value, or nothing.
CONSTRUCTS = [
    "**V**, W", "***V***", "**_V_** W", "__V__ W", "_V_", "~~V~~ W", "# V", "# **V** W", "#V W",
    "**W: V**", "`V` W", "```\nV\nW\n```", "```V\nW\n```", "V```", "- V", "- W V\n  - V\n    - W",
    "1. V\n2. W", "> V\n> W", "> - V\n> - W", "V - V", "--V-", "*V*V*", "V. W", "V\n---", "V\n===",
    "| V | V |", "W\nV\nW", "V  \nW", "V\\\nW", "![V](V)", "[W](V)", "<V>", "\\V W", ":V:", "V",
    "{% set s %}V{% endset %}{{ s }} W", "{{ [V]|bullets }}", "{{ V|quote }}",
    "W\n{{ [V, V]|bullets }}\nW", "{% set s %}- V\n- W{% endset %}{{ s }}", "* * V *", "V V\n***",
]  # fmt: skip
WORD = re.compile(r"\b[vw]\d+\b")


def contexts(message: SlackMessage) -> dict[str, Any]:
    """How each word is shown: in which block, part, list level and style."""
    found: dict[str, Any] = {}
    for blocks in (message.blocks, *message.thread):
        for block in blocks:
            if block["type"] == "header":
                found |= dict.fromkeys(WORD.findall(block["text"]["text"]), "header")
            for part in block.get("elements", []):
                about = part["type"], part.get("style"), part.get("indent")
                sections = part["elements"] if about[0] == "rich_text_list" else [part]
                for element in (element for it in sections for element in it["elements"]):
                    words = WORD.findall(element.get("text", ""))
                    style = str(element.get("style"))
                    found |= dict.fromkeys(words, (*about, element["type"], style))
    return found


def letters(message: SlackMessage) -> str:
    return "".join(shown([message.blocks, *message.thread]).replace("•", "").split())


@st.composite
def templates(draw: st.DrawFn) -> tuple[str, dict[str, str], set[str]]:
    chosen = draw(st.lists(st.sampled_from(CONSTRUCTS), min_size=1, max_size=6))
    text = draw(st.sampled_from(["\n", "\n\n"])).join(chosen)
    values: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        name = f"{found[0].lower()}{numbered.count}"  # type: ignore[attr-defined]
        numbered.count += 1  # type: ignore[attr-defined]
        if found[0] == "W":
            return name
        values[name] = name
        within = text[: found.start()].rpartition("{{")[2]
        is_expression = "{{" in text[: found.start()] and "}}" not in within
        path = f"interview.details.metadata.{name}"
        return path if is_expression else f"{{{{ {path} }}}}"

    numbered.count = 0  # type: ignore[attr-defined]
    template = re.sub(r"[VW]", numbered, text)
    missing = draw(st.sets(st.sampled_from(sorted(values)))) if values else set()
    return template, values, missing


@settings(
    derandomize=True, max_examples=400, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(drawn=templates(), nothing=st.sampled_from(NOTHINGS))
def test_any_template_shows_the_rest_as_if_nothing_were_missing(
    drawn: tuple[str, dict[str, str], set[str]], nothing: Any
) -> None:
    template, values, missing = drawn

    def rendered(values: dict[str, Any]) -> SlackMessage:
        body = {"interview_id": "int_1", "details": {"metadata": values}}
        return render_summary(Interview.model_validate(body), None, template)

    complete, rest = rendered(values), rendered(values | dict.fromkeys(missing, nothing))
    expected = contexts(complete)
    assert contexts(rest) == {word: expected[word] for word in expected if word not in missing}
    assert kinds(rest).count("divider") == kinds(complete).count("divider")
    gone = re.compile("|".join(rf"{word}(?!\d)" for word in missing) or "(?!)")
    assert letters(rest) == gone.sub("", letters(complete))


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list):
            yield from leaves(inner, (*at, key))
        else:
            yield (*at, key)


def changed(body: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        body = body[key]
    body[path[-1]] = value


def of_distinct_words(model: type[BaseModel]) -> Any:
    """The data of a model in which each text is a word of its own."""
    body = example_of(model).model_dump(mode="json", warnings=False)
    for number, path in enumerate(leaves(body)):
        if "link" in str(path[-1]):
            changed(body, path, f"https://example.com/{number}")
        elif body and isinstance(_at(body, path), str) and "_on" not in str(path[-1]):
            changed(body, path, f"v{number}")
    return body


def _at(body: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        body = body[key]
    return body


BODY = of_distinct_words(Interview)
PATHS = [path for path in leaves(BODY) if path != ("interview_id",)]


@pytest.mark.parametrize("template", ["full", "compact", "digest"])
@settings(
    derandomize=True, max_examples=100, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(missing=st.sets(st.sampled_from(PATHS)), nothing=st.sampled_from(NOTHINGS))
def test_the_packaged_templates_show_the_rest_as_if_nothing_were_missing(
    template: str, missing: set[tuple[Any, ...]], nothing: Any
) -> None:
    def rendered(body: Any) -> SlackMessage:
        interview = Interview.model_validate(body)
        if template == "digest":
            return render_digest([(interview, None)])
        return render_summary(interview, None, template)

    body = json.loads(json.dumps(BODY))
    for path in missing:
        changed(body, path, nothing)
    complete, rest = contexts(rendered(BODY)), contexts(rendered(body))
    assert len(complete) >= 3
    assert {word: rest[word] for word in rest if word in complete}.items() <= complete.items()
    assert not set("*_~`#") & set(letters(rendered(body)))
    assert "divider" not in kinds(rendered(body))


@pytest.mark.parametrize("nothing", NOTHINGS)
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("*X*, one", ", one"),
        ("*Email: X*", "*Email:*"),
        ("one *_X_* `X` ```X``` ~X~", "one"),
        ("one\nX\n> X\n*X*\ntwo", "one\ntwo"),
        ("*one* X *two*", "*one*  *two*"),
        ("<X|one>", "one"),
        ("<https://example.com|X>", "<https://example.com|https://example.com>"),
        ("one {{ Q|bullets }}{{ Q|quote }}", "one"),
    ],
)
def test_so_it_is_in_the_mrkdwn_of_blocks(written: str, text: str, nothing: Any) -> None:
    written = written.replace("Q", X[3:-3])
    block = {"type": "section", "text": {"type": "mrkdwn", "text": written}}
    (section,) = of(nothing, json.dumps([block])).blocks
    assert section["text"]["text"].strip() == text


@pytest.mark.parametrize("text", ["X", "*X*", "`X`", "> X", "*X* _X_\nX"])
def test_a_text_of_nothing_leaves_no_block(text: str) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    assert of(None, json.dumps([block])).blocks == []


@pytest.mark.parametrize(
    ("template", "places"),
    [
        ("one\n**Email: X**\n\n- Phone X", "lines 2 and 4"),
        ("[Recording](X)", "line 1"),
        ("{% if posting %}\n{{ posting.title }} is open\n{% endif %}", None),
        ("Score {{ interview.details.score|score(100) }}", "line 1"),
        ("**X**\n# X\nX - X\n{{ interview.company_name or 'none' }} x", None),
        ("{% if interview.company_name %}For {{ interview.company_name }}{% endif %}", None),
        ('[{"type": "divider"},\n{"type": "section", "text": {"type": "mrkdwn",\n"text": "A: X"}}]',
         "/blocks/1/text"),
        ('[{"type": "section", "text": {"type": "mrkdwn", "text": "A:\\n*X*"}}]', None),
    ],
)  # fmt: skip
def test_a_line_whose_words_stay_alone_is_hinted_at(template: str, places: str | None) -> None:
    hints = load_summary_template(template.replace("X", X)).hints
    assert len(hints) == (1 if places else 0)
    assert not places or f"the template, {places}: the words stay when the values are" in hints[0]


def test_the_packaged_templates_leave_no_words_alone() -> None:
    assert load_summary_template("full").hints == load_summary_template("compact").hints == ()
    assert load_digest_template().hints == ()


def test_so_it_is_in_a_digest() -> None:
    template = "{% for g in report.groups %}\n- {{ g.posting_title }} is open\n{% endfor %}"
    (hint,) = load_digest_template(template).hints
    assert "the template, line 2: the words stay when the values are missing" in hint
