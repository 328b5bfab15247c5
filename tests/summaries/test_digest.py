"""A digest lists many interviews by posting, best first, and reads well whatever is missing."""

import json
from pathlib import Path
from typing import Any

import pytest

from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.sandbox.people.corpus import HOSTILE
from heymilo_prefect.sandbox.slack.messages import content_of
from heymilo_prefect.slack import SlackMessage
from heymilo_prefect.slack.html import message_html
from heymilo_prefect.summaries import load_digest_template, render_digest
from heymilo_prefect.templating import TemplateError
from tests.summaries import shown
from tests.summaries.test_injection import elements

ENGINEER = Posting(posting_id="posting_1", title="Engineer")
NURSE = Posting(posting_id="posting_2", title="Nurse")
ASSOCIATE = Posting(posting_id="posting_3", title="Associate")


def interview(name: str | None = None, score: float | None = None, **more: Any) -> Interview:
    details = {"name": name, "score": score} | more.pop("details", {})
    return Interview.model_validate({"interview_id": "int_1", "details": details} | more)


def lines(message: SlackMessage) -> list[str]:
    return shown([message.blocks, *message.thread]).replace("\u200e", "").splitlines()


def test_an_interview_is_a_line_with_what_is_known_of_it() -> None:
    ada = interview(
        "Ada",
        78.5,
        details={"status": "knocked_out"},
        agentic_data={
            "web_interview_info": {"video_recording_link": "https://example.com/ada.mp4"},
            "resume_interview_info": {"resume_link": "https://example.com/ada.pdf"},
        },
    )
    message = render_digest([(ada, ENGINEER), (interview("Ben"), ENGINEER)])
    assert lines(message) == [
        "2 interview reports",
        "Engineer",
        "• Ada · 78.5 / 100 · knocked out · Recording(https://example.com/ada.mp4)"
        " · Resume(https://example.com/ada.pdf)",
        "• Ben",
    ]
    bold = [
        part["text"] for part in elements(message.blocks) if part.get("style") == {"bold": True}
    ]
    assert bold == ["Engineer", "Ada", "Ben"]


def test_links_that_only_the_details_have_are_shown() -> None:
    metadata = {
        "web_interview": {"audio_recording_link": "https://example.com/ada.mp3"},
        "resume": {"file_link": "https://example.com/ada.pdf"},
    }
    message = render_digest([(interview("Ada", details={"metadata": metadata}), None)])
    assert lines(message)[-1] == (
        "• Ada · Recording(https://example.com/ada.mp3) · Resume(https://example.com/ada.pdf)"
    )


def test_the_posting_with_the_most_interviews_is_first_and_ties_go_by_title() -> None:
    postings = (NURSE, ENGINEER, ASSOCIATE, None, ENGINEER)
    message = render_digest([(interview("Ada"), posting) for posting in postings])
    titles = [line for line in lines(message)[1:] if not line.startswith("•")]
    assert titles == ["Engineer", "Associate", "Nurse", "Untitled posting"]
    assert message.text == "5 interview reports: Engineer, Associate, Nurse"


def test_an_interview_names_its_posting_if_that_is_unknown() -> None:
    told = interview("Ada", posting_id="posting_1", posting_title="Engineer (told)")
    assert lines(render_digest([(told, None)]))[1] == "Engineer (told)"
    assert lines(render_digest([(told, None), (interview("Ben"), ENGINEER)])) == [
        "2 interview reports",
        "Engineer",
        "• Ada",
        "• Ben",
    ]


def test_the_best_score_is_first_and_those_without_one_are_last_in_the_order_given() -> None:
    scores = {"a": None, "b": 0, "c": 71.5, "d": float("nan"), "e": 100, "f": 71.5, "g": None}
    message = render_digest([(interview(name, score), None) for name, score in scores.items()])
    assert [line[2] for line in lines(message)[2:]] == list("ecfbadg")


def test_one_report_is_singular() -> None:
    message = render_digest([(interview("Ada"), ENGINEER)], deferred=1)
    assert message.text == "1 interview report: Engineer"
    assert lines(message) == [
        "1 interview report",
        "Engineer",
        "• Ada",
        "1 more follows with the next runs.",
    ]


def test_deferred_interviews_are_an_italic_last_line_if_there_are_any() -> None:
    found = [(interview("Ada"), ENGINEER)]
    message = render_digest(found, deferred=7)
    assert lines(message)[-1] == "7 more follow with the next runs."
    italic = [part for part in elements(message.blocks) if part.get("style") == {"italic": True}]
    assert "".join(part["text"] for part in italic) == lines(message)[-1]
    assert lines(render_digest(found))[-1] == "• Ada"


def test_nothing_at_all_still_makes_a_message() -> None:
    message = render_digest([])
    assert (message.text, lines(message)) == ("No interview reports", ["No interview reports"])


@pytest.mark.parametrize("nothing", [None, "", "  ", "\u200b\u202e"])
def test_what_is_missing_is_not_shown(nothing: str | None) -> None:
    details = {"status": nothing, "metadata": {"resume": {"file_link": nothing}}}
    empty = interview(nothing, details=details, posting_title=nothing)
    message = render_digest([(empty, Posting(posting_id="posting_1", title=nothing))])
    assert message.text == "1 interview report"
    assert lines(message) == ["1 interview report", "Untitled posting", "• A candidate"]
    assert "None" not in json.dumps(message.blocks)
    same = render_digest([(Interview(interview_id="int_1"), None)])
    assert lines(same) == lines(message)


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_people_typed_is_text_on_one_line(typed: str) -> None:
    def digest(words: str) -> SlackMessage:
        posting = Posting(posting_id="posting_1", title=words)
        return render_digest(
            [(interview(words, 5, details={"status": words}), posting)], deferred=1
        )

    def kinds(message: SlackMessage) -> list[str]:
        return [element["type"] for element in elements(message.blocks)]

    message = digest(typed)
    assert kinds(message) == kinds(digest("harmless"))
    _, title, line, _ = lines(message)
    harmless = typed.replace("\u202e", "").replace("\u202c", "").replace("\u200b", "")
    beginning = " ".join(harmless.split())[:20]
    assert title.startswith(beginning) and line.startswith(f"• {beginning}")
    drawn = message_html({"text": message.text, "blocks": message.blocks})
    assert "<a " not in drawn and "mention" not in drawn and "<script" not in drawn
    assert not set("<>*_~`\n") & set(message.text.replace("&lt;", "").replace("&gt;", ""))
    assert content_of({"text": message.text, "blocks": message.blocks})


def test_a_score_after_a_name_from_right_to_left_keeps_its_order() -> None:
    message = render_digest([(interview("محمد العلي", 64.25), None)])
    assert "محمد العلي\u200e · 64.25 / 100" in shown(message.blocks)


def test_three_hundred_interviews_fit_and_the_rest_is_in_the_thread() -> None:
    links = {
        "web_interview_info": {"video_recording_link": "https://example.com/" + "r" * 200},
        "resume_interview_info": {"resume_link": "https://example.com/" + "c" * 200},
    }
    names = [f"Candidate {number:03}" for number in range(300)]
    found = [
        (interview(name, 50, details={"status": "completed"}, agentic_data=links), posting)
        for name, posting in zip(names, (ENGINEER, NURSE) * 150, strict=True)
    ]
    message = render_digest(found, deferred=4)
    assert message.thread
    for blocks in (message.blocks, *message.thread):
        assert content_of({"text": message.text, "blocks": blocks})
    said = lines(message)
    assert said[0] == "300 interview reports" and said[-1] == "4 more follow with the next runs."
    assert [line[2:15] for line in said if line.startswith("•")] == names[::2] + names[1::2]


def test_the_notification_stays_short_however_many_postings_there_are() -> None:
    postings = [Posting(posting_id=f"{n}", title=f"Shift <{n}> & more") for n in range(200)]
    text = render_digest([(interview("Ada"), posting) for posting in postings]).text
    assert text.startswith("200 interview reports: Shift &lt;0&gt; &amp; more, Shift &lt;100&gt;")
    assert len(text) < 300 and text.endswith("…")


def test_two_postings_of_one_title_are_two_groups_and_one_word_of_the_notification() -> None:
    postings = (ENGINEER, Posting(posting_id="posting_9", title="Engineer"))
    message = render_digest([(interview("Ada"), posting) for posting in postings])
    assert lines(message)[1:] == ["Engineer", "• Ada"] * 2
    assert message.text == "2 interview reports: Engineer"


def test_the_packaged_template_is_called_digest() -> None:
    found = [(interview("Ada"), ENGINEER)]
    assert load_digest_template("digest") is load_digest_template()
    by_name = render_digest(found, template="digest")
    assert by_name == render_digest(found) == render_digest(found, 0, load_digest_template())


def test_a_template_of_ones_own_sees_the_report(tmp_path: Path) -> None:
    file = tmp_path / "mine.md.j2"
    file.write_text("""\
{{ report.total }} and {{ report.deferred }}
{% for group in report.groups %}
- {{ group.posting_title }} {{ group.posting.posting_id }} {% for interview in group.interviews %}
{{- interview.details.name }}{% endfor %}

{% endfor %}
""")
    told = interview("Cy", posting_title="Told")
    found = [(interview("Ada"), ENGINEER), (interview("Ben", 1), ENGINEER), (told, None)]
    message = render_digest(found, 4, load_digest_template(file))
    assert lines(message) == ["3 and 4", "• Engineer posting_1 BenAda", "• Told  Cy"]


EACH = "{% for group in report.groups %}{% for interview in group.interviews %}\n"


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        (
            "{{ interview.details.name }}",
            ", line 1: there is no 'interview' here. A template sees report",
        ),
        ("x\n{{ report.totl }}", ", line 2: Report has no 'totl'. It has deferred, groups, total"),
        ("{{ report.groups[0].title }}", ", line 1: Group has no 'title'. It has interviews, post"),
        ("{{ report.groups[0].posting.titel }}", ", line 1: Posting has no 'titel'. It has"),
        (
            EACH + "{{ interview.details.nmae }}{% endfor %}{% endfor %}",
            ", line 2: InterviewDetails has no 'nmae'. It has",
        ),
        (
            EACH + "{% if not interview.details %}{{ interview.detials }}{% endif %}"
            "{% endfor %}{% endfor %}",
            ", line 2: Interview has no 'detials'. It has",
        ),
        (
            "{% if report.deferred %}\n{{ report.defer }}{% endif %}",
            ", line 2: Report has no 'defer'",
        ),
        (EACH + "{{ loop }", ", line 2: "),
    ],
)
def test_a_mistake_is_found_before_there_is_data(
    template: str, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.md.j2"
    file.write_text(template)
    with pytest.raises(TemplateError) as raised:
        load_digest_template(file)
    assert str(raised.value).startswith(f"{file}{sentence}")


def test_a_summarys_template_is_none_of_a_digest() -> None:
    with pytest.raises(TemplateError, match=r"full.md.j2, line 1: there is no 'interview' here"):
        load_digest_template("full")


def test_a_digest_of_block_kit() -> None:
    template = """\
{"blocks": [{% for group in report.groups %}
  {"type": "section", "text": {"type": "mrkdwn", "text": "*{{ group.posting_title }}*"}},
{% endfor %} {"type": "divider"}], "text": "{{ report.total }} of them"}
"""
    message = render_digest([(interview("Ada"), ENGINEER)], 0, load_digest_template(template))
    assert message.text == "1 of them"
    assert [block["type"] for block in message.blocks] == ["section", "divider"]
