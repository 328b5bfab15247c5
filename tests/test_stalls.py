"""Who is stalled: a truth table, each row with why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from heymilo_prefect.api.models import Interview
from heymilo_prefect.stalls import (
    NotJudged,
    Stalled,
    StallRules,
    find_stalled,
    idle_text,
    judge,
)

NOW = datetime(2025, 6, 30, 12, tzinfo=UTC)
RULES = StallRules()


def ago(**how_long: float) -> float:
    return (NOW - timedelta(**how_long)).timestamp()


def step(id: str | None = "web_interview", order: int | None = 1, **fields: Any) -> dict[str, Any]:
    return {"id": id, "order": order, "required": True, "complete": False, **fields}


def interview(
    *steps: dict[str, Any],
    last: float | None = None,
    status: str | None = "pending",
    **workflow: Any,
) -> Interview:
    return Interview.model_validate(
        {
            "interview_id": "int_1",
            "posting_id": "post_1",
            "posting_title": "Nurse",
            "details": {"status": status},
            "workflow": {"step_by_step": list(steps), "last_engagement": last, **workflow},
        }
    )


DONE = step("resume_upload", 1, complete=True, started=True)
NEXT = step("web_interview", 2)
BEGUN = step("web_interview", 2, started=True)
ANALYZED = step("web_interview", 2, started=True, is_analyzing_call=True)

VERDICTS = [
    # each kind, just before its time and at it
    ("invited, not yet 3 days", interview(NEXT, last=ago(days=2.99)), None),
    ("invited, 3 days", interview(NEXT, last=ago(days=3)), ("not_started", "web_interview")),
    ("begun, not yet a day", interview(DONE, BEGUN, last=ago(hours=23.9)), None),
    ("begun, a day", interview(DONE, BEGUN, last=ago(days=1)), ("in_progress", "web_interview")),
    ("next step, not yet 2 days", interview(DONE, NEXT, last=ago(days=1.99)), None),
    ("next, 2 days", interview(DONE, NEXT, last=ago(days=2)), ("between_steps", "web_interview")),
    ("analyzed, not yet 6 h", interview(DONE, ANALYZED, last=ago(hours=5.9)), None),
    (
        "analyzed, 6 h",
        interview(DONE, ANALYZED, last=ago(hours=6)),
        ("analysis_stuck", "web_interview"),
    ),
    (
        "evaluating is HeyMilo's turn, whatever the step says",
        interview(DONE, NEXT, last=ago(hours=7), status="evaluating"),
        ("analysis_stuck", "web_interview"),
    ),
    # statuses
    *(
        (f"{status} is final", interview(NEXT, last=ago(days=99), status=status), None)
        for status in ("completed", "dismissed", "shortlisted", "knocked_out")
    ),
    (
        "a final status needs no workflow",
        Interview.model_validate({"interview_id": "int_1", "details": {"status": "completed"}}),
        None,
    ),
    *(
        (
            f"status {status} is judged by the steps",
            interview(NEXT, last=ago(days=3), status=status),
            ("not_started", "web_interview"),
        )
        for status in ("pending", "in_progress", "brand_new", None)
    ),
    # which step is waited for
    (
        "an optional step isn't waited for",
        interview(DONE, step("survey", 2, required=False), last=ago(days=99)),
        None,
    ),
    (
        "an optional step that was started shows that the candidate began",
        interview(step("survey", 1, required=False, started=True), NEXT, last=ago(days=2)),
        ("between_steps", "web_interview"),
    ),
    (
        "a step that doesn't say whether it's required is",
        interview(step("survey", required=None), last=ago(days=3)),
        ("not_started", "survey"),
    ),
    (
        "a step that doesn't say whether it's complete isn't",
        interview(step("survey", complete=None), last=ago(days=3)),
        ("not_started", "survey"),
    ),
    (
        "steps go by their order, not as they came",
        interview(step("third", 3), step("second", 2), last=ago(days=3)),
        ("not_started", "second"),
    ),
    (
        "steps without an order come last, as they came",
        interview(step("a", None), step("b", None), step("c", 7), last=ago(days=3)),
        ("not_started", "c"),
    ),
    (
        "steps of one order stay as they came",
        interview(step("a", 1), step("b", 1), last=ago(days=3)),
        ("not_started", "a"),
    ),
    ("a step may have no id", interview(step(None), last=ago(days=3)), ("not_started", None)),
    (
        "all is complete, the status lags behind",
        interview(DONE, last=ago(days=99), status="in_progress"),
        None,
    ),
    # since when
    (
        "a step's own time will do",
        interview({**BEGUN, "last_updated_timestamp": ago(days=1)}),
        ("in_progress", "web_interview"),
    ),
    (
        "later activity elsewhere starts the time anew: another step",
        interview(
            {**DONE, "last_updated_timestamp": ago(hours=1)},
            {**BEGUN, "last_updated_timestamp": ago(days=9)},
        ),
        None,
    ),
    (
        "later activity elsewhere starts the time anew: an engagement",
        interview({**BEGUN, "last_updated_timestamp": ago(days=9)}, last=ago(hours=1)),
        None,
    ),
    (
        "a step's time later than the engagement counts",
        interview({**BEGUN, "last_updated_timestamp": ago(hours=1)}, last=ago(days=9)),
        None,
    ),
    ("a moment in the future counts as now", interview(NEXT, last=ago(days=-5)), None),
    # what isn't judged
    ("no time", interview(NEXT), NotJudged("int_1", "no time of any activity")),
    ("no steps", interview(last=ago(days=99)), NotJudged("int_1", "no steps")),
    ("no steps, all complete", interview(last=ago(days=99), all_complete=True), None),
    (
        "no workflow",
        Interview.model_validate({"interview_id": "int_1"}),
        NotJudged("int_1", "no steps"),
    ),
    (
        "all complete, a required step isn't",
        interview(DONE, NEXT, last=ago(days=99), all_complete=True),
        NotJudged("int_1", "all complete, yet a required step isn't"),
    ),
    (
        "all complete, an optional step isn't",
        interview(DONE, step("survey", 2, required=False), last=ago(days=99), all_complete=True),
        None,
    ),
]


@pytest.mark.parametrize(
    ("given", "expected"), [row[1:] for row in VERDICTS], ids=[row[0] for row in VERDICTS]
)
def test_the_verdict_is(given: Interview, expected: Any) -> None:
    verdict = judge(given, RULES, NOW)
    if isinstance(verdict, Stalled):
        assert (verdict.kind, verdict.step) == expected
    else:
        assert verdict == expected


def test_a_stalled_interview_says_where_and_since_when() -> None:
    assert judge(interview(DONE, NEXT, last=ago(days=5)), RULES, NOW) == Stalled(
        interview_id="int_1",
        posting_id="post_1",
        posting_title="Nurse",
        kind="between_steps",
        step="web_interview",
        last_activity=NOW - timedelta(days=5),
        idle=timedelta(days=5),
    )


def test_the_later_of_the_two_workflows_is_judged() -> None:
    two = interview(DONE, NEXT, last=ago(days=9))
    assert two.details is not None
    two.details.workflow_status = interview(DONE, BEGUN, last=ago(hours=2)).workflow
    assert judge(two, RULES, NOW) is None


def test_the_rules_decide_how_long_is_too_long() -> None:
    given = interview(NEXT, last=ago(hours=2))
    assert judge(given, StallRules(not_started=timedelta(hours=3)), NOW) is None
    assert isinstance(judge(given, StallRules(not_started=timedelta(hours=2)), NOW), Stalled)


def test_many_interviews_give_the_stalled_and_the_ids_not_judged_in_their_order() -> None:
    several = [
        interview(),
        interview(NEXT, last=ago(days=4)),
        interview(DONE, NEXT, last=ago(days=4)),
        interview(NEXT, last=ago(hours=1)),
        interview(NEXT),
    ]
    numbered = (
        one.model_copy(update={"interview_id": f"int_{number}"})
        for number, one in enumerate(several)
    )
    stalled, not_judged = find_stalled(numbered, RULES, NOW)
    assert [(one.interview_id, one.kind) for one in stalled] == [
        ("int_1", "not_started"),
        ("int_2", "between_steps"),
    ]
    assert not_judged == ["int_0", "int_4"]


@pytest.mark.parametrize("name", list(StallRules.model_fields))
def test_a_negative_rule_is_an_error_that_names_the_field(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        StallRules.model_validate({name: timedelta(seconds=-1)})


def test_an_unknown_rule_is_an_error() -> None:
    with pytest.raises(ValidationError, match="not_stared"):
        StallRules.model_validate({"not_stared": timedelta(days=1)})


def test_every_rule_is_described_in_a_schema_that_forms_can_draw() -> None:
    properties = StallRules.model_json_schema()["properties"]
    assert {each["format"] for each in properties.values()} == {"duration"}
    assert all("by default" in each["description"] for each in properties.values())


@pytest.mark.parametrize(
    ("idle", "text"),
    [
        (timedelta(days=3), "3 days"),
        (timedelta(days=3, hours=23), "3 days"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=1, hours=23, minutes=59), "47 h"),
        (timedelta(hours=36), "36 h"),
        (timedelta(hours=2), "2 h"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(minutes=45, seconds=59), "45 min"),
        (timedelta(0), "0 min"),
        (timedelta(seconds=-1), "0 min"),
    ],
)
def test_a_time_reads(idle: timedelta, text: str) -> None:
    assert idle_text(idle) == text
