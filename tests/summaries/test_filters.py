"""The filters that a summary is written with."""

import pytest

from heymilo_prefect.api.models import Interview
from heymilo_prefect.summaries import render_summary
from heymilo_prefect.templating import TemplateError
from tests.summaries import shown

INTERVIEW = Interview.model_validate(
    {
        "interview_id": "int_1",
        "details": {
            "name": "Ada Lovelace",
            "score": 85.5,
            "interviewed_on": 1768525200.0,
            "metadata": {"seconds": 754, "link": "https://example.com/a_b?c=*d*"},
        },
        "agentic_data": {
            "web_interview_info": {
                "summary": {"highlights": ["one", "two\n- three", "*four*", "five"]},
                "transcript": {
                    "transcript": [
                        {"speaker": "interviewer", "text": "Welcome."},
                        {"speaker": "candidate", "text": "> Thank\nyou <!channel>"},
                        {"speaker": "candidate", "text": None},
                        {"speaker": None, "text": "Bye"},
                    ]
                },
            }
        },
    }
)
SETS = (
    "{% set d = interview.details %}{% set m = d.metadata %}"
    "{% set w = interview.agentic_data.web_interview_info %}"
)
LOOK_ALIKES = {0x2217: "*", 0x203A: ">"}  # what Slack would act upon is written with these
WRITTEN = [
    ("{{ d.score|score(100) }}", "85.5 / 100"),
    ("{{ d.interviewed_on|date }}", "16 January 2026"),
    ("{{ d.interviewed_on|date('America/New_York') }}", "15 January 2026"),
    ("{{ d.interviewed_on|time('America/New_York') }}", "20:00 EST"),
    ("{{ m.seconds|duration }}", "12 min"),
    ("{{ d.name|shorten(5) }}", "Ada…"),
    ("{{ m.link|link('Recording of ' ~ d.name) }}", "Recording of Ada Lovelace(https://example.com/a_b?c=*d*)"),
    ("{{ m.link|link }}", "https://example.com/a_b?c=*d*(https://example.com/a_b?c=*d*)"),
    ("{{ 'javascript:alert(1)'|link('Report') }}", "Report"),
    ("{{ w.summary.highlights|bullets(3) }}", "• one\n• two - three\n• *four*"),
    (
        "{{ w.transcript.transcript|quote(4) }}",
        "Interviewer: Welcome.\nCandidate: > Thank you <!channel>\nBye",
    ),
    ("{{ d.name|quote }}", "Ada Lovelace"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), WRITTEN)
def test_a_filter_writes_in_markdown(template: str, expected: str) -> None:
    message = render_summary(INTERVIEW, None, SETS + "\n" + template)
    assert shown(message.blocks) == expected


@pytest.mark.parametrize(("template", "expected"), WRITTEN)
def test_a_filter_writes_the_same_in_rich_text_and_mrkdwn(template: str, expected: str) -> None:
    block = '{"type": "section", "text": {"type": "mrkdwn", "text": "X"}}'
    message = render_summary(INTERVIEW, None, f"[{SETS}{block.replace('X', template)}]")
    said = "\n".join(line.removeprefix("> ") for line in shown(message.blocks).splitlines())
    assert said.translate(LOOK_ALIKES) == expected


@pytest.mark.parametrize(
    "template",
    [
        *(f"{{{{ interview.details.email|{name} }}}}" for name in ("date", "time", "duration")),
        "{{ interview.posting_title|shorten }}{{ interview.posting_title|link('x') }}",
        "{{ interview.workflow_status.step_by_step|bullets }}",
        "{{ interview.agentic_data.resume_interview_info.resume_link|link('Resume') }}",
        "{{ interview.posting_title|quote }}",
    ],
)
def test_what_is_missing_stays_away(template: str) -> None:
    assert shown(render_summary(INTERVIEW, None, "a" + template).blocks) == "a"


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{{ interview.interview_id|date }}", "'date' takes a date with a time, not a text"),
        ("{{ d.interviewed_on|time('Mars') }}", "'time' doesn't know the time zone 'Mars'"),
        ("{{ d.name|duration }}", "'duration' takes seconds or a duration, not a text"),
        ("{{ (10 * 10**1)|duration }}", "can't be used here"),
        ("{{ 99999999999999999|duration }}", "a number that is too large"),
        ("{{ d.name|shorten(0) }}", "'shorten' takes a whole number of 1 or more"),
        ("{{ [1]|bullets('x') }}", "'bullets' takes a whole number of 1 or more"),
        ("{{ d.name|score(d.name) }}", "'score' takes a number"),
    ],
)
def test_a_filters_error_says_what_it_accepts(template: str, sentence: str) -> None:
    with pytest.raises(TemplateError, match="line 2") as raised:
        render_summary(INTERVIEW, None, SETS + "\n" + template)
    assert sentence in str(raised.value)
