"""The rules: which threshold counts, what a form shows, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from heymilo_prefect.api.models import Posting
from heymilo_prefect.stalled import KINDS, Stalled, StallRules
from tests.stalled import evaluate

from .test_detect import ANALYZED, BEGUN, DONE, NEXT, ago, interview, step

NOW = datetime(2025, 6, 30, 12, tzinfo=UTC)
SMS = step("conversational_sms", 2, started=True)
POSTING = Posting.model_validate(
    {
        "posting_id": "post_1",
        "title": "Nurse",
        "agentic_workflow": [
            {"type": "resume", "unique_id": "resume_screen_1"},
            {"type": "web_interview", "unique_id": "tech_interview_1"},
        ],
    }
)
HOURS_3 = dict(last=ago(hours=3))

THRESHOLDS = [
    ("a kind's own", {"in_progress": "2 h"}, interview(DONE, BEGUN, **HOURS_3), True),
    (
        "another kind's doesn't count",
        {"not_started": "2 h"},
        interview(DONE, BEGUN, **HOURS_3),
        False,
    ),
    ("a step's, by its id", {"steps": {"web_interview": "2 h"}}, interview(BEGUN, **HOURS_3), True),
    ("another step's doesn't count", {"steps": {"sms": "2 h"}}, interview(BEGUN, **HOURS_3), False),
    (
        "a step's, for one kind",
        {"steps": {"web_interview": {"in_progress": "2 h"}}},
        interview(BEGUN, **HOURS_3),
        True,
    ),
    (
        "a step's for another kind doesn't count",
        {"steps": {"web_interview": {"between_steps": "2 h"}}},
        interview(BEGUN, **HOURS_3),
        False,
    ),
    (
        "a step's duration is for the candidate's turn, not HeyMilo's",
        {"steps": {"web_interview": "2 h"}},
        interview(ANALYZED, **HOURS_3),
        False,
    ),
    (
        "HeyMilo's turn is named",
        {"steps": {"web_interview": {"analysis_stuck": "2 h"}}},
        interview(ANALYZED, **HOURS_3),
        True,
    ),
    (
        "a coding task has days",
        {"steps": {"web_interview": "9 days"}},
        interview(BEGUN, last=ago(days=8)),
        False,
    ),
    (
        "a step's, by its unique_id in the posting",
        {"steps": {"tech_interview_1": "2 h"}},
        interview(BEGUN, **HOURS_3),
        True,
    ),
    (
        "a step's, by its type: resume_upload is the resume, by its place",
        {"steps": {"resume": "2 h"}},
        interview(step("resume_upload", 1, started=True), **HOURS_3),
        True,
    ),
    (
        "a step beyond the posting's has its id only",
        {"steps": {"web_interview": "2 h"}},
        interview(step("survey", 9, started=True), **HOURS_3),
        False,
    ),
    (
        "a posting's, by its id",
        {"postings": {"post_1": {"in_progress": "2 h"}}},
        interview(BEGUN, **HOURS_3),
        True,
    ),
    (
        "a posting's, by its title",
        {"postings": {" nurse": {"in_progress": "2 h"}}},
        interview(BEGUN, **HOURS_3),
        True,
    ),
    (
        "another posting's doesn't count",
        {"postings": {"post_2": {"in_progress": "2 h"}}},
        interview(BEGUN, **HOURS_3),
        False,
    ),
    (
        "a step's counts before a posting's",
        {"steps": {"web_interview": "9 h"}, "postings": {"post_1": {"in_progress": "2 h"}}},
        interview(BEGUN, **HOURS_3),
        False,
    ),
    (
        "a posting's step counts before a step's",
        {
            "steps": {"web_interview": "9 h"},
            "postings": {"post_1": {"steps": {"web_interview": "2 h"}}},
        },
        interview(BEGUN, **HOURS_3),
        True,
    ),
    (
        "a status of one's own is never stalled",
        {"ignored_statuses": ["on hold"]},
        interview(NEXT, last=ago(days=9), status="on_hold"),
        False,
    ),
    (
        "a usual status, once it's left out",
        {"ignored_statuses": []},
        interview(NEXT, last=ago(days=9), status="completed"),
        True,
    ),
]


@pytest.mark.parametrize(
    ("rules", "given", "stalled"),
    [row[1:] for row in THRESHOLDS],
    ids=[row[0] for row in THRESHOLDS],
)
def test_the_threshold_that_counts_is(rules: dict[str, Any], given: Any, stalled: bool) -> None:
    verdict = evaluate(given, StallRules.model_validate(rules), NOW, POSTING)
    assert isinstance(verdict, Stalled) == stalled


# 2025-06-27 is a Friday
FRIDAY_NOON = datetime(2025, 6, 27, 12, tzinfo=UTC)
MONDAY_NOON = FRIDAY_NOON + timedelta(days=3)
WEEKENDS = [
    ("a weekend between doesn't count", {}, FRIDAY_NOON, MONDAY_NOON - timedelta(minutes=1), False),
    ("a working day has gone by", {}, FRIDAY_NOON, MONDAY_NOON, True),
    (
        "without skipping it counts",
        {"skip_weekends": False},
        FRIDAY_NOON,
        FRIDAY_NOON + timedelta(days=1),
        True,
    ),
    (
        "within a weekend no time goes by",
        {"in_progress": "1 min"},
        FRIDAY_NOON + timedelta(days=1),
        FRIDAY_NOON + timedelta(days=2),
        False,
    ),
    (
        "two weeks are ten days",
        {"in_progress": "10 days"},
        FRIDAY_NOON,
        FRIDAY_NOON + timedelta(days=14),
        True,
    ),
    (
        "two weeks aren't eleven days",
        {"in_progress": "11 days"},
        FRIDAY_NOON,
        FRIDAY_NOON + timedelta(days=14),
        False,
    ),
    # in Auckland it is Saturday from Friday 12:00 UTC on, and Monday from Sunday 12:00 UTC on
    (
        "weekends are the time zone's",
        {"time_zone": "Pacific/Auckland", "in_progress": "1 h"},
        FRIDAY_NOON,
        FRIDAY_NOON + timedelta(days=2),
        False,
    ),
    (
        "and end there too",
        {"time_zone": "Pacific/Auckland", "in_progress": "1 h"},
        FRIDAY_NOON,
        FRIDAY_NOON + timedelta(days=2, hours=1),
        True,
    ),
]


@pytest.mark.parametrize(
    ("rules", "since", "now", "stalled"),
    [row[1:] for row in WEEKENDS],
    ids=[row[0] for row in WEEKENDS],
)
def test_weekends_are_skipped_when_asked(
    rules: dict[str, Any], since: datetime, now: datetime, stalled: bool
) -> None:
    given = StallRules.model_validate({"skip_weekends": True, **rules})
    verdict = evaluate(interview(BEGUN, last=since.timestamp()), given, now)
    assert isinstance(verdict, Stalled) == stalled
    if isinstance(verdict, Stalled):
        assert verdict.idle == now - since


def test_heymilos_analysis_does_not_rest_at_weekends() -> None:
    saturday = FRIDAY_NOON + timedelta(days=1)
    rules = StallRules(skip_weekends=True)
    given = interview(ANALYZED, last=saturday.timestamp())
    assert isinstance(evaluate(given, rules, saturday + timedelta(hours=6)), Stalled)


@pytest.mark.parametrize("value", [timedelta(seconds=-1), timedelta(0), "soon", "0 h", None])
@pytest.mark.parametrize("name", KINDS)
def test_a_wrong_threshold_is_an_error_that_names_the_field(name: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=name):
        StallRules.model_validate({name: value})


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"not_stared": "1 day"}, "not_stared"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "/etc/passwd"}, "time_zone"),
        ({"steps": {"sms": "soon"}}, "steps.sms"),
        ({"steps": {"sms": {"in_progres": "1 h"}}}, "in_progres"),
        ({"postings": {"Nurse": {"in_progress": "0 h"}}}, "postings.Nurse.in_progress"),
        ({"ignored_statuses": "completed"}, "ignored_statuses"),
    ],
)
def test_a_wrong_rule_is_an_error_that_names_it(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        StallRules.model_validate(given)


def test_a_form_describes_every_rule_with_its_default_and_shows_durations_as_words() -> None:
    properties = StallRules.model_json_schema()["properties"]
    assert set(properties) == set(StallRules.model_fields)
    assert all("by default" in each["description"] for each in properties.values())
    shown = [properties[kind]["default"] for kind in KINDS]
    assert shown == ["3 days", "1 day", "2 days", "6 h"]


def test_rules_come_back_from_json_as_they_were() -> None:
    rules = StallRules.model_validate(
        {
            "in_progress": "36 h",
            "steps": {"sms": "6 h", "web_interview": {"between_steps": "5 days"}},
            "postings": {"Nurse": {"not_started": "1 day", "steps": {"sms": "1 h"}}},
        }
    )
    assert StallRules.model_validate_json(rules.model_dump_json()) == rules
    assert '"36 h"' in rules.model_dump_json()
