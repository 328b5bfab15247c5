"""The template for Prefect Cloud's webhooks, in the docs, makes the receiver's events."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from prefect.events import Event

from heymilo_prefect.events import interview_event
from heymilo_prefect.webhooks.receiver import EVENTS, UNKNOWN_EVENT
from tests.webhooks import said

DOCS = Path(__file__).parents[2] / "docs" / "webhooks.md"


def rendered(body: Any) -> dict[str, Any]:
    """The event that Prefect Cloud makes of a body."""
    found = re.search(r"```jinja\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    made = json.loads(Environment().from_string(found[1]).render(body=body, method="POST"))
    Event.model_validate(made)
    assert isinstance(made, dict)
    return made


@pytest.mark.parametrize("event_type", [*EVENTS, "something_new"])
def test_it_emits_the_same_event(event_type: str) -> None:
    made = rendered(said(event_type=event_type))
    same = interview_event(EVENTS.get(event_type, UNKNOWN_EVENT), "int_1", "POSTING1", {}, [])
    assert (made["event"], made["resource"]) == (same["event"], same["resource"])
    assert made["related"] == same["related"]
    assert made["payload"] and "arker" not in json.dumps(made)


@pytest.mark.parametrize(
    "body",
    [None, "", "text", [], {}, {"event_type": "report_available"}, {"interview_id": '"}{{ 7 }}'},
     {"interview_id": 7, "event_type": ["x"]}, {"event_type": None, "posting_id": None}],
)  # fmt: skip
def test_it_fails_at_no_body_since_cloud_would_store_that(body: Any) -> None:
    assert rendered(body)["event"] == UNKNOWN_EVENT
