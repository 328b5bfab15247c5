"""A score is shown with its scale when it can be on it, and not at all when it is no number."""

import json
from typing import Any

import pytest

from heymilo_prefect.api.models import Interview
from heymilo_prefect.summaries import InterviewFilter, render_digest, render_summary
from heymilo_prefect.templating import TemplateError
from tests.summaries import shown

SCORE = "interview.details.metadata.score"


def of(score: Any, template: str) -> str:
    details = {"metadata": {"score": score, "scores": [score]}, "score": score}
    interview = Interview.model_validate({"interview_id": "int_1", "details": details})
    return shown(render_summary(interview, None, template).blocks)


@pytest.mark.parametrize(
    ("score", "scale", "text"),
    [
        (4, 5, "4 / 5"),
        (0, 5, "0 / 5"),
        (5, 5, "5 / 5"),
        (4.666, 5, "4.67 / 5"),
        (5.001, 5, "5 / 5"),
        (5.01, 5, "5.01"),
        (7, 5, "7"),
        (78.5, 5, "78.5"),
        (101, 100, "101"),
        (-1, 100, "-1"),
        (-0.001, 100, "0 / 100"),
        (0.85, 1, "0.85 / 1"),
        ("7", 10, "7 / 10"),
        ("7.5 ", 5, "7.5"),
        (1e300, 5, f"{1e300:.0f}"),
    ],
)
def test_a_score_outside_its_scale_is_shown_without_a_scale(
    score: Any, scale: int, text: str
) -> None:
    assert of(score, f"{{{{ {SCORE}|score({scale}) }}}}") == text


def test_a_scale_may_be_data_and_missing() -> None:
    assert of(7, "{{ 7|score(interview.details.metadata.scale) }}") == "7"
    assert of(7, f"{{{{ 5|score({SCORE}) }}}}") == "5 / 7"


@pytest.mark.parametrize("no_number", [float("nan"), float("inf"), float("-inf"), None])
@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ S }}", "x"),
        ("{{ S|score(100) }}", "x"),
        ("{{ S|score(100)|default('-') }}", "-x"),
        ("{{ S|default('-') }}", "-x"),
        ("{{ S|round(1) }}{{ S|int }}{{ S|abs }}{{ S|duration }}{{ S|string }}", "x"),
        ("{{ 'there' if S is defined else 'gone' }}", "gonex"),
        ("{{ 'there' if S is not none else 'gone' }}", "gonex"),
        ("{{ 'good' if S > 50 else 'no' }} {{ 'bad' if S < 50 else 'no' }}", "no nox"),
        ("{{ S + 1 }}{{ S * 100 }}{{ -S }}", "x"),
        ("**Points {{ S|score(100) }}**, ", "Points , x"),
        ("**{{ S|score(100) }}**", "x"),
        ("{{ L }}{{ L|join(', ') }}{{ L|first }}", "x"),
        ("{{ L|bullets }}\n", "x"),
        ("{% for s in L %}{{ s }}{{ s|round }}{{ 'no' if s is not defined }}{% endfor %}", "nox"),
    ],
)
def test_a_number_that_is_not_finite_is_missing(no_number: Any, template: str, text: str) -> None:
    template = template.replace("L", "interview.details.metadata.scores")
    for path in (SCORE, "interview.details.score"):
        assert of(no_number, template.replace("S", path) + "x") == text


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("'Ada'|score(5)", "'score' takes a number, not a text"),
        ("true|score(5)", "'score' takes a number, not"),
        ("[1]|score(5)", "'score' takes a number, not a list"),
        ("4|score('five')", "'score' takes a number as its scale, not a text"),
    ],
)
def test_a_score_that_is_no_number_is_an_error(expression: str, sentence: str) -> None:
    with pytest.raises(TemplateError, match=sentence):
        of(1, f"{{{{ {expression} }}}}")


def body(**scores: Any) -> Interview:
    question = {"question": "Why?", "evaluation_score": scores.get("question")}
    criterion = {"criteria_text": "Shops", "score": scores.get("criterion")}
    return Interview.model_validate(
        {
            "interview_id": "int_1",
            "details": {"name": "Ada", "score": scores.get("score")},
            "agentic_data": {
                "web_interview_info": {
                    "scorecard": {"questions": [question]},
                    "communication": {"speech_score": scores.get("speech")},
                },
                "resume_interview_info": {
                    "score_criteria": {
                        "overall_score": scores.get("resume"),
                        "criteria": [criterion],
                    }
                },
            },
        }
    )


def packaged(interview: Interview) -> str:
    full = render_summary(interview)
    others = render_summary(interview, None, "compact").blocks, render_digest([(interview, None)])
    written = [full.blocks, *full.thread, others[0], others[1].blocks]
    return shown(written).replace("\u200e", "")


def test_the_packaged_templates_assume_no_scale_that_a_score_is_above() -> None:
    scores = {"score": 120, "resume": 78.5, "question": 7, "speech": 9.5, "criterion": 8}
    text = packaged(body(**scores))
    assert "/" not in text
    for part in ("Score 120 · Resume 78.5", "Why? 7", "Communication 9.5", "• Shops 8"):
        assert part in text
    assert "Ada · 120" in text and "• Ada · 120" in text
    usual = packaged(body(score=78.5, resume=4, question=3, speech=5, criterion=0))
    for part in ("Score 78.5 / 100 · Resume 4 / 5", "Why? 3 / 5", "Communication 5 / 5",
                 "• Shops 0 / 5", "• Ada · 78.5 / 100"):  # fmt: skip
        assert part in usual


@pytest.mark.parametrize("no_number", [float("nan"), float("inf"), float("-inf"), "nan"])
def test_the_packaged_templates_show_no_score_that_is_no_number(no_number: Any) -> None:
    names = ("score", "resume", "question", "speech", "criterion")
    without = packaged(body())
    assert packaged(body(**dict.fromkeys(names, no_number))) == without
    assert "Score" not in without and "nan" not in without.lower()
    message = render_summary(body(**dict.fromkeys(names, no_number)))
    assert "NaN" not in json.dumps(message.blocks)


@pytest.mark.parametrize("no_number", [float("nan"), float("inf"), float("-inf"), None])
def test_a_score_that_is_no_number_reaches_no_minimum(no_number: Any) -> None:
    interview = body(score=no_number, question=3)
    assert interview.has_report
    assert InterviewFilter()(interview)
    assert not InterviewFilter(min_score=0)(interview)
    assert InterviewFilter(min_score=70)(body(score=70, question=3))
    with pytest.raises(ValueError, match="min_score is nan"):
        InterviewFilter(min_score=float("nan"))


def test_in_a_digest_scores_that_are_no_numbers_are_last() -> None:
    scores = [float("inf"), 20, float("-inf"), 90, float("nan")]
    found = [(body(score=score).model_copy(update={"interview_id": str(score)}), None)
             for score in scores]  # fmt: skip
    template = "{% for g in report.groups %}{% for i in g.interviews %}{{ i.interview_id }} " \
        "{% endfor %}{% endfor %}"  # fmt: skip
    message = render_digest(found, template=template)
    assert shown(message.blocks).split() == ["90", "20", "inf", "-inf", "nan"]
