"""Whatever the vendor sends is read: what can't be is None, and nothing raises."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from heymilo_prefect.api.models import Candidate, Interview, Model, Posting, Webhook

from .test_bodies import ANSWERS, documented

STRANGE = [None, "text", "", 7, 7.5, -1, True, [], {}, [1], [None], [{}], {"a": 1}, 1e300, "1e300",
           float("nan"), float("inf"), 10**30]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a body but the identifiers that its object requires."""
    found = [path] if path and not str(path[-1]).endswith("_id") else []
    inside = value.items() if isinstance(value, dict) else []
    if isinstance(value, list):
        inside = list(enumerate(value))[:1]
    for key, inner in inside:
        found += places(inner, (*path, key))
    return found


@pytest.mark.parametrize("strange", STRANGE, ids=repr)
def test_no_field_of_a_wrong_type_raises(strange: Any) -> None:
    """Note 16."""
    for name in ("get_interview.response", "get_webhook.response", "export_interviews.response"):
        for path in places(documented(name)):
            body = documented(name)
            spot = body
            for key in path[:-1]:
                spot = spot[key]
            spot[path[-1]] = strange
            read = ANSWERS[name].model_validate(body)
            json.loads(read.model_dump_json(exclude_unset=True))
            if isinstance(read, Interview):
                assert read.has_report in (True, False)
                assert read.workflow_status is None or read.workflow_status.model_dump()


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (NOON.timestamp(), NOON),
        (int(NOON.timestamp() * 1000), NOON),
        (str(NOON.timestamp()), NOON),
        (NOON.timestamp() + 0.25, NOON.replace(microsecond=250_000)),
        ("2026-01-01T12:00:00Z", NOON),
        ("2026-01-01T12:00:00", NOON),
        ("2026-01-01T14:00:00+02:00", NOON),
        ("0001-01-01T00:00:00+02:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00", None),
        ("1970-01-01T00:00:00Z", None),
        ("1970-01-01", None),
        (0, None),
        (0.0, None),
        (-0.0, None),
        ("0", None),
        ("0.0", None),
        (-1, None),
        (-62135596800, None),
        (-62135596800000, None),
        (False, None),
        ("noon", None),
        ("nan", None),
        (1e300, None),
        (True, None),
        ([], None),
        (None, None),
    ],
)
def test_a_moment_is_read_from_all_that_it_is_sent_as(sent: Any, read: datetime | None) -> None:
    """Note 13."""
    assert Posting.model_validate({"posting_id": "P", "created_at": sent}).created_at == read


def test_numbers_as_text_and_text_as_numbers_are_read() -> None:
    interview = Interview.model_validate(
        {"interview_id": 12, "posting_id": 7, "details": {"score": "85.5", "status": "on_hold"}}
    )
    assert (interview.interview_id, interview.posting_id) == ("12", "7")
    assert interview.details is not None
    assert (interview.details.score, interview.details.status) == (85.5, "on_hold")


@pytest.mark.parametrize(
    ("report", "there"),
    [
        (None, False),
        ({}, False),
        ({"web_interview_info": None}, False),
        ({"web_interview_info": {}}, True),
        ({"sms_info": {"summary": "short"}}, True),
    ],
)
def test_a_report_exists_once_something_was_recorded(report: Any, there: bool) -> None:
    assert (
        Interview.model_validate({"interview_id": "i", "agentic_data": report}).has_report is there
    )


@pytest.mark.parametrize("name", ANSWERS)
def test_a_repr_shows_ids_only(name: str) -> None:
    shown = repr(ANSWERS[name].model_validate(documented(name)))
    for word in ("@", "http", "Tanaka", "title", "message", "score"):
        assert word not in shown


def test_identifiers_are_shown_and_needed() -> None:
    hook = Webhook(webhook_id="webhook_1", url="https://hooks.example.com/secret")
    assert repr(hook) == "Webhook(webhook_id='webhook_1', posting_id=None)"
    with pytest.raises(ValueError) as raised:
        Webhook.model_validate({"url": "https://hooks.example.com/secret"})
    assert "secret" not in str(raised.value)


def test_a_candidates_repr_hides_the_person_and_unknown_fields_are_refused() -> None:
    assert "ada" not in repr(Candidate(name="Ada", email="ada@example.com")).lower()
    with pytest.raises(ValueError) as raised:
        Candidate(name="Ada", email="ada@example.com", retakes="ada@example.com")  # type: ignore[call-arg]
    assert "example" not in str(raised.value)


def test_all_models_are_tolerant() -> None:
    def below(model: type[Model]) -> list[type[Model]]:
        return [model, *(found for sub in model.__subclasses__() for found in below(sub))]

    for model in below(Model):
        ids = {name: "x" for name, field in model.model_fields.items() if field.annotation is str}
        lists = {name: [] for name in ("postings", "candidates") if name in model.model_fields}
        read = model.model_validate({**ids, **lists, "new": 1})
        assert read.model_extra == {"new": 1}
