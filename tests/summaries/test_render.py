"""A summary shows what is there, fits in a message, and reads well whatever is missing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.sandbox.slack.messages import content_of
from heymilo_prefect.slack import SlackMessage
from heymilo_prefect.summaries import (
    StalledGroup,
    StalledItem,
    load_stalled_template,
    render_stalled_digest,
    render_summary,
)

BODY = json.loads(
    (Path(__file__).parents[1] / "bodies" / "get_interview.response.json").read_text("utf-8")
)
POSTING = Posting(posting_id="posting_123", title="Platform Engineer")


def lines(message: SlackMessage) -> list[str]:
    """What people see, a line a paragraph or item; links as words (url)."""

    def inline(element: dict[str, Any]) -> str:
        if element["type"] == "link":
            return f"{element['text']} ({element['url']})"
        return str(element.get("text", f":{element.get('name')}:"))

    def of(part: dict[str, Any]) -> Iterator[str]:
        if part["type"] == "rich_text_list":
            for item in part["elements"]:
                yield "  " * part["indent"] + "- " + "".join(map(inline, item["elements"]))
        else:
            yield "".join(map(inline, part["elements"]))

    found = []
    for block in message.blocks:
        if block["type"] == "header":
            found.append("# " + block["text"]["text"])
        elif block["type"] == "divider":
            found.append("---")
        else:
            for part in block["elements"]:
                found += of(part)
    return found


def all_lines(message: SlackMessage) -> list[str]:
    """The lines of a message, and of its thread."""
    return [
        line
        for blocks in (message.blocks, *message.thread)
        for line in lines(SlackMessage("", blocks))
    ]


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        yield (*at, key)
        yield from paths(inner, (*at, key))


def changed(path: tuple[Any, ...], value: Any) -> Any:
    body = json.loads(json.dumps(BODY))
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return body


def is_taken(message: SlackMessage) -> bool:
    return all(
        content_of({"text": message.text, "blocks": blocks})
        for blocks in (message.blocks, *message.thread)
    )


def test_the_packaged_summary_of_the_documented_interview() -> None:
    body = json.loads(json.dumps(BODY))
    body["details"] |= {"name": "Ada Lovelace", "score": 85.5, "interviewed_on": 1676452800}
    body["details"]["status"] = "in_progress"
    web = body["agentic_data"]["web_interview_info"]
    web["summary"] |= {"highlights": ["Calm", "Exact"], "lowlights": ["Late"]}
    web["video_recording_link"] = "https://example.com/recordings/1.mp4"
    resume = body["agentic_data"]["resume_interview_info"]
    resume["score_criteria"]["overall_score"] = 4.2
    resume["resume_link"] = "https://example.com/resumes/1.pdf"
    message = render_summary(Interview.model_validate(body), POSTING)
    assert message.text == "Interview summary: Ada Lovelace, Platform Engineer"
    assert lines(message) == [
        "# Ada Lovelace, Platform Engineer",
        "Score 85.5 / 100 · Resume 4.2 / 5 · In progress · 15 February 2023",
        "Resume upload ✓ · Web interview ✓",
        "Eligible",
        "Highlights",
        "- Calm",
        "- Exact",
        "Lowlights",
        "- Late",
        "Recording (https://example.com/recordings/1.mp4)"
        " · Resume (https://example.com/resumes/1.pdf)",
    ]
    (details,) = message.thread
    question, criterion = web["scorecard"]["questions"][0], resume["score_criteria"]["criteria"][0]
    assert lines(SlackMessage("", details)) == [
        f"{question['question']} {question['evaluation_score']} / 5\n"
        f"{question['evaluation_summary']}",
        f"Communication {web['communication']['speech_score']} / 5",
        f"- {web['communication']['evaluations'][0]['remarks'][0]['details']}",
        "Resume",
        f"- {criterion['criteria_text']} {criterion['score']} / 5: "
        + "; ".join(criterion["reasons"]),
    ]
    assert is_taken(message)


def test_a_knocked_out_candidate_is_reported_with_the_reason() -> None:
    path = ("agentic_data", "resume_interview_info", "eligibility_criteria")
    eligibility = {
        "is_eligible": False,
        "criteria": [
            {"criteria_text": "Three years", "pass_criteria": False, "reasons": ["One year"]},
            {"criteria_text": "A licence", "pass_criteria": True, "reasons": ["Has one"]},
            {"criteria_text": "Nights", "pass_criteria": False},
            {"criteria_text": "Weekends"},
        ],
    }
    body = changed(path, eligibility)
    for status, said in (("completed", "Not eligible"), ("knocked_out", "Knocked out")):
        body["details"]["status"] = status
        shown = lines(render_summary(Interview.model_validate(body)))
        at = shown.index(said)
        assert shown[at : at + 4] == [said, "- Three years: One year", "- Nights", "Highlights"]


def test_a_steps_state_is_described() -> None:
    steps = [
        {"order": 2, "id": "coding_task", "started": True},
        {"order": 1, "id": "conversational_sms", "complete": True},
        {"order": 4, "id": "reference_check"},
        {"order": 3, "id": "web_interview", "started": True, "is_analyzing_call": True},
    ]
    workflow = {"step_by_step": steps, "last_engagement": 1900000000}
    body = BODY | {"workflow": workflow}
    assert (
        "Conversational SMS ✓ · Coding task in progress · Web interview is analyzed"
        " · Reference check not started"
    ) in lines(render_summary(Interview.model_validate(body)))


def test_the_compact_summary_is_one_line() -> None:
    (line,) = lines(render_summary(Interview.model_validate(BODY), POSTING, "compact"))
    details = BODY["details"]
    assert line.startswith(f"{details['name']}, Platform Engineer · {details['score']} / 100")
    assert "Recording (https://" in line and "Resume (https://" in line
    (empty,) = lines(render_summary(Interview(interview_id="int_1"), None, "compact"))
    assert empty == "A candidate"


def test_the_resumes_highlights_stand_in_for_the_interviews() -> None:
    body = changed(("agentic_data", "web_interview_info"), None)
    expected = BODY["agentic_data"]["resume_interview_info"]["score_criteria"]["highlights"][0]
    assert f"- {expected}" in lines(render_summary(Interview.model_validate(body)))


def test_a_long_link_to_a_recording_is_not_cut() -> None:
    url = "https://example.com/recordings/" + "a" * 2_500
    body = changed(("agentic_data", "web_interview_info", "video_recording_link"), url)
    assert f"Recording ({url})" in lines(render_summary(Interview.model_validate(body)))[-1]


def test_three_highlights_at_most() -> None:
    path = ("agentic_data", "web_interview_info", "summary", "highlights")
    body = changed(path, [f"number {n}" for n in range(9)])
    shown = lines(render_summary(Interview.model_validate(body)))
    assert sum("number" in line for line in shown) == 3


@pytest.mark.parametrize("value", [None, [], {}, "", "text", 7, True, ["x"], {"x": {"y": None}}])
def test_no_missing_or_odd_field_fails_a_summary_or_shows_as_none(value: Any) -> None:
    for path in paths(BODY):
        if path != ("interview_id",):
            message = render_summary(Interview.model_validate(changed(path, value)), None)
            assert "None" not in json.dumps(message.blocks) + message.text
            assert "}" not in "".join(lines(message))
            assert is_taken(message)


def test_an_empty_interview_still_makes_a_message() -> None:
    message = render_summary(Interview(interview_id="int_1"))
    assert (message.text, lines(message)) == ("Interview summary", ["# A candidate"])


def test_a_name_of_a_hundred_thousand_characters_fits() -> None:
    name = "Ada " * 25_000
    body = changed(("details", "name"), name)
    message = render_summary(Interview.model_validate(body))
    assert is_taken(message)
    header = message.blocks[0]["text"]["text"]
    assert len(header) <= 150 and header.endswith("Ada…")
    assert len(message.text) < 400
    long = render_summary(Interview.model_validate(body), None, "{{ interview.details.name }}")
    assert lines(long)[0].endswith("Ada…") and len(lines(long)[0]) <= 2_000


@pytest.mark.parametrize(
    "template",
    [
        "{% for n in range(900) %}\n# {{ n }}\n{% endfor %}",
        "{% for n in range(900) %}\nparagraph {{ n }}\n\n{% endfor %}",
        "{% for n in range(900) %}{{ interview.details.name }} {% endfor %}",
        "{% for n in range(900) %}\n- **{{ n }}** {{ interview.details.name }}\n{% endfor %}",
        "{% for n in range(900) %}[a](https://example.com/{{ posting.title }}{{ n }}) {% endfor %}",
        "{% for n in range(900) %}`x` {% endfor %}{% for n in range(900) %}:x: {% endfor %}",
        "```\n{% for n in range(900) %}{{ interview.details.name }}{% endfor %}\n```",
        "{% for n in range(99) %}{{ '  ' * n }}- {{ n }}\n{% endfor %}",
        "> " * 50 + "x",
    ],
)
def test_a_message_stays_within_slacks_limits_and_shows_that_it_was_cut(template: str) -> None:
    body = changed(("details", "name"), "a" * 1_900)
    message = render_summary(Interview.model_validate(body), None, template)
    assert is_taken(message)


def test_what_does_not_fit_goes_on_in_the_thread_and_ends_in_an_ellipsis() -> None:
    template = "{% for n in range(COUNT) %}\nparagraph {{ n }}\n\n{% endfor %}"
    for count, messages, last in ((900, 19, "paragraph 899"), (1_200, 20, "…")):
        whole = render_summary(
            Interview(interview_id="int_1"), None, template.replace("COUNT", f"{count}")
        )
        assert 1 + len(whole.thread) == messages
        said = all_lines(whole)
        assert said[-1] == last
        assert said[:-1] == [f"paragraph {n}" for n in range(len(said) - 1)]


def test_a_thread_of_too_many_replies_ends_in_an_ellipsis_too() -> None:
    template = "main{% for n in range(30) %}{% thread %}reply {{ n }}{% endfor %}"
    whole = render_summary(Interview(interview_id="int_1"), None, template)
    assert len(whole.thread) == 19
    assert all_lines(whole)[-2:] == ["reply 18", "…"]


def test_a_long_text_is_split_between_words() -> None:
    words = " ".join(f"word{n}" for n in range(3_000))
    whole = render_summary(Interview(interview_id="int_1"), None, f"> {words}")
    said = all_lines(whole)
    assert len(said) > 2
    assert " ".join(said).split() == words.split()


MARKDOWN = """\
## Heading
One **bold** and _italic_ and ~~gone~~ and `code`,
next line.

1. one
   - deeper
   - deeper still
2. two

   more of two
3. three

> quoted
> - item

```
code *as is*
```
***
<b>html</b> <https://example.com> https://example.com
"""


def test_markdown_becomes_slacks_own_blocks() -> None:
    message = render_summary(Interview(interview_id="int_1"), None, MARKDOWN)
    assert lines(message) == [
        "# Heading",
        "One bold and italic and gone and code,\nnext line.",
        "- one",
        "  - deeper",
        "  - deeper still",
        "- two\nmore of two",
        "- three",
        "quoted\n• item",
        "code *as is*",
        "---",
        "<b>html</b> <https://example.com> https://example.com",
    ]
    styles = [element.get("style") for element in message.blocks[1]["elements"][0]["elements"]]
    assert [style for style in styles if style] == [
        {"bold": True},
        {"italic": True},
        {"strike": True},
        {"code": True},
    ]
    ordered = [p for p in message.blocks[2]["elements"] if p.get("style") == "ordered"]
    assert [part.get("offset", 0) for part in ordered] == [0, 1]
    assert is_taken(message)


def test_a_paragraph_and_the_list_right_below_it_stay_together() -> None:
    together = render_summary(Interview(interview_id="int_1"), None, "**Facts**\n- one\n\nafter")
    assert [len(block["elements"]) for block in together.blocks] == [2, 1]


def test_macros_and_set_blocks_keep_their_markdown() -> None:
    template = """\
{% macro fact(label, value) %}**{{ label }}:** {{ value }}{% endmacro %}
{% set both %}{{ fact("Name", interview.details.name) }}, _twice_{% endset %}
{{ both }}
"""
    body = changed(("details", "name"), "*Ada*")
    message = render_summary(Interview.model_validate(body), None, template)
    (section,) = message.blocks[0]["elements"]
    assert [(e["text"], e.get("style")) for e in section["elements"]] == [
        ("Name:", {"bold": True}),
        (" *Ada*, ", None),
        ("twice", {"italic": True}),
    ]


GROUPS = [
    StalledGroup(
        "Engineer",
        [
            StalledItem("int_1", "Ada", kind="not_started", step="web_interview", idle="3 days"),
            StalledItem("int_2"),
        ],
    ),
    StalledGroup(None, [StalledItem("int_3", "Grace", idle="5 hours")]),
]


def test_the_packaged_digest() -> None:
    message = render_stalled_digest(GROUPS, total=5, not_listed=2)
    assert message.text == "5 stalled candidates"
    assert lines(message) == [
        "# 5 stalled candidates",
        "Engineer",
        "- Waiting for candidates to start web interview: 3 days · Ada",
        "- int_2",
        "Untitled posting",
        "- 5 hours · Grace",
        "And 2 more.",
    ]
    assert is_taken(message)


def test_a_digest_groups_candidates_by_what_is_waited_for_the_longest_wait_first() -> None:
    waits = [
        ("Ada", "not_started", "resume_upload", "9 days", "candidate", True),
        ("Ben", "not_started", "resume_upload", "9 days", "candidate", False),
        ("Cleo", "analysis_stuck", "web_interview", "4 days", "HeyMilo", False),
        ("Dan", "not_started", "resume_upload", "3 days", "candidate", False),
        ("Eve", "in_progress", "web_interview", "2 days", "candidate", False),
        ("Finn", "between_steps", "web_interview", "2 days", "candidate", False),
    ]
    items = [StalledItem(f"int_{at}", *wait) for at, wait in enumerate(waits)]
    message = render_stalled_digest([StalledGroup("Engineer", items)], total=6)
    assert lines(message) == [
        "# 6 stalled candidates",
        "Engineer",
        "- Waiting for candidates to start resume upload: 9 days · Ada (again), Ben; 3 days · Dan",
        "- Waiting for HeyMilo to analyze web interview: 4 days · Cleo",
        "- Waiting for candidates to finish web interview: 2 days · Eve",
        "- Waiting for candidates to go on with web interview: 2 days · Finn",
    ]


def test_a_digest_of_29_candidates_fits_on_a_phone() -> None:
    kinds = ["not_started"] * 12 + ["in_progress"] * 9 + ["between_steps"] * 6
    kinds += ["analysis_stuck"] * 2
    items = [
        StalledItem(f"int_{at}", "Candidate Example", kind, "web_interview", f"{9 - at // 8} days")
        for at, kind in enumerate(kinds)
    ]
    shown = lines(render_stalled_digest([StalledGroup("Engineer", items)], total=29))
    characters_per_line = 40  # of a phone that is 390 px wide
    assert sum(1 + len(line) // characters_per_line for line in shown) <= 30


def test_a_digest_of_one_is_in_the_singular() -> None:
    message = render_stalled_digest([StalledGroup("A", [StalledItem("int_1")])], total=1)
    assert lines(message)[0] == "# 1 stalled candidate"
    assert message.text == "1 stalled candidate"


def test_a_digest_accepts_a_custom_template() -> None:
    template = load_stalled_template(
        "{% for g in report.groups %}{{ g.posting_title }}{% endfor %}"
    )
    assert lines(render_stalled_digest(GROUPS, 3, template=template)) == ["Engineer"]


def test_a_messages_repr_hides_the_candidate() -> None:
    message = render_summary(Interview.model_validate(BODY), POSTING)
    assert BODY["details"]["name"] not in repr(message) and "Highlights" not in repr(message)
    assert "Ada" not in repr(GROUPS)


@pytest.mark.parametrize("name", [" ", "\u200b\u2060", "\n"])
@pytest.mark.parametrize("template", ["full", "compact"])
def test_a_name_of_nothing_visible_is_no_name(template: str, name: str) -> None:
    body = changed(("details", "name"), name)
    first = lines(render_summary(Interview.model_validate(body), None, template))[0]
    assert first.removeprefix("# ").startswith("A candidate")
