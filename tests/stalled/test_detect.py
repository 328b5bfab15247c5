"""Who is stalled: a truth table, each row with why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heymilo_prefect.api.models import Interview
from heymilo_prefect.stalled import Stalled, StallRules, Undetermined, find_stalled
from tests.stalled import evaluate

NOW = datetime(2025, 6, 30, 12, tzinfo=UTC)
RULES = StallRules()


def ago(**how_long: float) -> float:
    return (NOW - timedelta(**how_long)).timestamp()


def step(id: str | None = "web_interview", order: Any = 1, **fields: Any) -> dict[str, Any]:
    return {"id": id, "order": order, "required": True, "complete": False, **fields}


def interview(
    *steps: dict[str, Any],
    last: Any = None,
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

NEVER = [0, 0.0, "0", -1, -62135596800, "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]


@pytest.mark.parametrize("never", NEVER)
def test_never_is_no_moment(never: Any) -> None:
    began = ago(days=4)
    of_step = interview(step(last_updated_timestamp=began), last=never)
    of_engagement = interview(step(last_updated_timestamp=never), last=began)
    for one in (of_step, of_engagement):
        verdict = evaluate(one, RULES, NOW)
        assert isinstance(verdict, Stalled) and verdict.idle == timedelta(days=4)
    neither = evaluate(interview(step(last_updated_timestamp=never), last=never), RULES, NOW)
    assert neither == Undetermined("int_1", "no time of any activity")


@pytest.mark.parametrize(
    "status", ["knocked_out", "Knocked Out", "KNOCKED-OUT", "KnockedOut", "knockedOut",
               " knocked  out ", "DISMISSED", "Completed", "shortlisted"]
)  # fmt: skip
def test_a_status_counts_however_it_is_written(status: str) -> None:
    over = interview(NEXT, last=ago(days=30), status=status)
    assert over.status in ("knocked_out", "dismissed", "completed", "shortlisted")
    assert evaluate(over, RULES, NOW) is None


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
    (
        "all steps are done, HeyMilo is still evaluating",
        interview(DONE, last=ago(hours=7), status="evaluating"),
        ("analysis_stuck", None),
    ),
    (
        "evaluating for less than 6 h",
        interview(DONE, last=ago(hours=5), status="evaluating", all_complete=True),
        None,
    ),
    # statuses
    *(
        (
            f"{status} is final however it's written",
            interview(NEXT, last=ago(days=9), status=status),
            None,
        )
        for status in ("Knocked Out", "knocked-out", "COMPLETED")
    ),
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
    (
        "milliseconds are read as such",
        interview(NEXT, last=ago(days=4) * 1000),
        ("not_started", "web_interview"),
    ),
    (
        "numbers as text are read",
        interview(step("web_interview", "2"), last=str(ago(days=4))),
        ("not_started", "web_interview"),
    ),
    (
        "a moment that can't be read is none",
        interview({**BEGUN, "last_updated_timestamp": "yesterday"}, last=ago(days=1)),
        ("in_progress", "web_interview"),
    ),
    (
        "a step that is complete though nobody started it is complete",
        interview(step("resume_upload", 1, complete=True, started=False), NEXT, last=ago(days=2)),
        ("between_steps", "web_interview"),
    ),
    (
        "steps out of order: the first that isn't complete is waited for",
        interview(step("resume_upload", 1), step("sms", 2, complete=True), last=ago(days=2)),
        ("between_steps", "resume_upload"),
    ),
    (
        "not all complete, though every step is: the candidate has nothing to do",
        interview(DONE, last=ago(days=99), status="in_progress", all_complete=False),
        None,
    ),
    # what isn't judged
    ("no time", interview(NEXT), Undetermined("int_1", "no time of any activity")),
    ("no steps", interview(last=ago(days=99)), Undetermined("int_1", "no steps")),
    ("no steps, all complete", interview(last=ago(days=99), all_complete=True), None),
    (
        "no workflow",
        Interview.model_validate({"interview_id": "int_1"}),
        Undetermined("int_1", "no steps"),
    ),
    (
        "all complete, a required step isn't",
        interview(DONE, NEXT, last=ago(days=99), all_complete=True),
        Undetermined("int_1", "all steps complete, yet a required one isn't"),
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
    verdict = evaluate(given, RULES, NOW)
    if isinstance(verdict, Stalled):
        assert (verdict.kind, verdict.step) == expected
    else:
        assert verdict == expected


def test_a_stalled_interview_has_its_step_and_time() -> None:
    assert evaluate(interview(DONE, NEXT, last=ago(days=5)), RULES, NOW) == Stalled(
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
    assert evaluate(two, RULES, NOW) is None


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_workflows_alike_in_time_the_interviews_own_is_judged(turned: bool) -> None:
    two = interview(DONE, NEXT, last=ago(days=3))
    assert two.details is not None
    two.details.workflow_status = interview(DONE, BEGUN, last=ago(days=3)).workflow
    if turned:
        two.workflow, two.details.workflow_status = two.details.workflow_status, two.workflow
    verdict = evaluate(two, RULES, NOW)
    assert isinstance(verdict, Stalled)
    assert verdict.kind == ("in_progress" if turned else "between_steps")


@pytest.mark.parametrize(
    ("given", "turn"),
    [
        (interview(NEXT, last=ago(days=9)), "candidate"),
        (interview(ANALYZED, last=ago(days=9)), "HeyMilo"),
    ],
)
def test_it_says_who_has_to_act(given: Interview, turn: str) -> None:
    verdict = evaluate(given, RULES, NOW)
    assert isinstance(verdict, Stalled) and verdict.waiting_on == turn


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
    assert not_judged == {"int_0": "no steps", "int_4": "no time of any activity"}
