"""Whatever an interview holds, Slack takes each packaged summary, and nothing in it acts."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from heymilo_prefect.api.models import Interview
from heymilo_prefect.sandbox.slack.messages import content_of
from heymilo_prefect.slack import SlackMessage
from heymilo_prefect.slack.html import message_html
from heymilo_prefect.summaries import render_digest, render_summary
from heymilo_prefect.templating.template import example_of
from tests.summaries.test_injection import NASTY, elements

TEXTS = st.one_of(st.text(max_size=40), st.sampled_from(NASTY), st.just("long " * 2_000))
ODD = st.one_of(st.none(), TEXTS, st.integers(), st.floats(), st.booleans(), st.just([]))


def shaped(value: Any) -> st.SearchStrategy[Any]:
    if isinstance(value, BaseModel):
        fields = {name: shaped(inner) for name, inner in value}
        return st.fixed_dictionaries({}, optional=fields)
    if isinstance(value, list):
        return st.lists(shaped(value[0]), max_size=5)
    if isinstance(value, str):
        return st.one_of(TEXTS, ODD)
    if isinstance(value, bool):
        return st.one_of(st.booleans(), ODD)
    if isinstance(value, int | float):
        return st.one_of(st.floats(-1e9, 1e12), ODD)
    return ODD


INTERVIEWS = shaped(example_of(Interview)).map(
    lambda body: Interview.model_validate(body | {"interview_id": "int_1"})
)


def message_of(interview: Interview, template: str) -> SlackMessage:
    if template == "digest":
        return render_digest([(interview, None)] * 3, deferred=1)
    return render_summary(interview, None, template)


@pytest.mark.parametrize("template", ["full", "compact", "digest"])
@settings(derandomize=True, max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(interview=INTERVIEWS)
def test_slack_accepts_every_summary_and_nothing_in_it_acts(
    template: str, interview: Interview
) -> None:
    message = message_of(interview, template)
    assert message.text and message.blocks
    for blocks in (message.blocks, *message.thread):
        assert content_of({"text": message.text, "blocks": blocks})
        kinds = {element["type"] for element in elements(blocks)}
        assert not kinds & {"mrkdwn", "user", "broadcast", "channel", "usergroup", "emoji"}
        assert "mention" not in message_html({"text": message.text, "blocks": blocks})
