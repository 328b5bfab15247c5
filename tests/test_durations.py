"""Durations are read and shown as people write them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prefect import flow
from pydantic import BaseModel, ValidationError

from heymilo_prefect.durations import (
    Duration,
    DurationParameter,
    duration,
    duration_field,
    duration_text,
    rounded_text,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2 days", 2 * DAY),
        ("1 day", DAY),
        ("2d", 2 * DAY),
        ("36 h", 36 * HOUR),
        ("36h", 36 * HOUR),
        (" 36 Hours ", 36 * HOUR),
        ("1.5 hours", 1.5 * HOUR),
        ("1,5 h", 1.5 * HOUR),
        ("90 min", 1.5 * HOUR),
        ("30 secs.", timedelta(seconds=30)),
        ("1 week", 7 * DAY),
        ("1 day 12 h", 1.5 * DAY),
        ("1 day, 12 hours and 30 min", 1.5 * DAY + HOUR / 2),
        ("1d12h", 1.5 * DAY),
        ("0 s", timedelta(0)),
        ("P2D", 2 * DAY),
        ("PT36H", 36 * HOUR),
        ("p1dt12h", 1.5 * DAY),
        (2 * DAY, 2 * DAY),
        (3600, HOUR),
        (0.5, timedelta(seconds=0.5)),
    ],
)
def test_a_duration_is_read(written: Any, meant: timedelta) -> None:
    assert duration(written) == meant


@pytest.mark.parametrize(
    "written",
    ["", "two days", "2", "2 dayz", "days", "2 days ago", "P", "PX", "1e9 days", "999999999 weeks",
     None, True, float("nan"), float("inf"), [], "2 days;"],
)  # fmt: skip
def test_what_is_no_duration_is_refused_with_how_to_write_one(written: Any) -> None:
    with pytest.raises(ValueError, match='Write it as "2 days" or "36 h"'):
        duration(written)


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        duration(timedelta(seconds=-1))


@pytest.mark.parametrize(
    ("exact", "text"),
    [
        (DAY, "1 day"), (3 * DAY, "3 days"), (36 * HOUR, "36 h"), (6 * HOUR, "6 h"),
        (1.5 * HOUR, "90 min"), (timedelta(seconds=90), "90 s"), (timedelta(seconds=1.5), "1.5 s"),
        (timedelta(0), "0 s"),
    ],
)  # fmt: skip
def test_a_duration_is_written_as_it_is_read(exact: timedelta, text: str) -> None:
    assert duration_text(exact) == text
    assert duration(text) == exact


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
def test_a_time_that_went_by_is_rounded_down(idle: timedelta, text: str) -> None:
    assert rounded_text(idle) == text


class Given(BaseModel):
    wait: Duration = duration_field(2 * DAY, "How long")


@flow
def waits(wait: DurationParameter = "2 days", since: DurationParameter | datetime = "1 h") -> None:
    """Wait."""


def test_a_models_form_shows_words_and_takes_them_back() -> None:
    shown = Given.model_json_schema()["properties"]["wait"]
    assert (shown["type"], shown["default"]) == ("string", "2 days")
    assert shown["description"] == "How long: 2 days by default."
    assert Given.model_validate_json(Given(wait="36 h").model_dump_json()).wait == 36 * HOUR
    with pytest.raises(ValidationError, match="wait"):
        Given.model_validate({"wait": "soon"})


def test_a_flows_form_shows_words() -> None:
    properties = waits.parameters.properties
    assert properties["wait"]["default"] == "2 days"
    assert properties["wait"]["type"] == "string"
    kinds = [(kind["type"], kind.get("format")) for kind in properties["since"]["anyOf"]]
    assert kinds == [("string", None), ("string", "date-time")]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2 days", 2 * DAY),
        (2 * DAY, 2 * DAY),
        (172800.0, 2 * DAY),
        ("2025-06-30", datetime(2025, 6, 30)),
        ("2025-06-30T12:00:00Z", datetime(2025, 6, 30, 12, tzinfo=UTC)),
    ],
)
def test_a_flow_accepts_a_duration_or_a_date(given: Any, meant: Any) -> None:
    assert waits.validate_parameters({"wait": "1 h", "since": given})["since"] == meant
