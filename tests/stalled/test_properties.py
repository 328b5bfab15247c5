"""Whatever an interview looks like: time only ever turns it stalled, progress turns it back."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from heymilo_prefect.api.models import Interview
from heymilo_prefect.stalled import Stalled, StallRules, Undetermined
from tests.stalled import evaluate

NOW = datetime(2025, 6, 30, 12, tzinfo=UTC)

moments = st.one_of(
    st.none(),
    st.floats(NOW.timestamp() - 30 * 86400, NOW.timestamp() + 5 * 86400),
    st.integers(int(NOW.timestamp()) - 30 * 86400, int(NOW.timestamp())).map(lambda s: s * 1000),
    st.just("1750000000"),
)
flags = st.sampled_from([True, False, None])
steps = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["resume_upload", "web_interview", "sms", None]),
        "order": st.sampled_from([1, 2, 3, None]),
        "required": flags,
        "started": flags,
        "complete": flags,
        "is_analyzing_call": flags,
        "last_updated_timestamp": moments,
    }
)
workflows = st.fixed_dictionaries(
    {
        "step_by_step": st.lists(steps, max_size=4),
        "all_complete": flags,
        "last_engagement": moments,
    }
)
bodies = st.fixed_dictionaries(
    {
        "interview_id": st.just("int_1"),
        "details": st.fixed_dictionaries(
            {
                "status": st.sampled_from(
                    ["pending", "in_progress", "evaluating", "completed", "new", None]
                ),
                "workflow_status": st.none() | workflows,
            }
        ),
        "workflow": st.none() | workflows,
    }
)
hours = st.integers(1, 13 * 24).map(lambda hours: timedelta(hours=hours))
rules_of = st.builds(
    StallRules,
    not_started=hours,
    in_progress=hours,
    between_steps=hours,
    analysis_stuck=hours,
    steps=st.dictionaries(st.sampled_from(["sms", "web_interview"]), hours),
    skip_weekends=st.booleans(),
    time_zone=st.sampled_from(["UTC", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"]),
)
later = st.integers(0, 60 * 24 * 40).map(lambda minutes: timedelta(minutes=minutes))


@given(bodies, rules_of, later)
def test_time_alone_only_ever_turns_not_stalled_into_stalled(
    body: dict[str, Any], rules: StallRules, by: timedelta
) -> None:
    interview = Interview.model_validate(body)
    before, after = evaluate(interview, rules, NOW), evaluate(interview, rules, NOW + by)
    if isinstance(before, Stalled):
        assert isinstance(after, Stalled)
        assert after.kind == before.kind and after.step == before.step and after.idle >= before.idle
    elif isinstance(before, Undetermined):
        assert after == before
    else:
        assert not isinstance(after, Undetermined)


@st.composite
def stalled_bodies(draw: Any) -> dict[str, Any]:
    """An interview that has been waiting for 20 days at least, with one copy of its workflow."""
    long_ago = st.floats(NOW.timestamp() - 60 * 86400, NOW.timestamp() - 20 * 86400)
    listed = draw(st.lists(steps, min_size=1, max_size=4))
    for one in listed:
        one["last_updated_timestamp"] = draw(st.none() | long_ago)
    draw(st.sampled_from(listed)).update(complete=False, required=True)
    workflow = {"step_by_step": listed, "all_complete": None, "last_engagement": draw(long_ago)}
    status = draw(st.sampled_from(["pending", "in_progress", "evaluating", "new", None]))
    return {"interview_id": "int_1", "details": {"status": status}, "workflow": workflow}


@given(stalled_bodies(), rules_of, st.data())
def test_any_progress_turns_it_back(body: dict[str, Any], rules: StallRules, data: Any) -> None:
    interview = Interview.model_validate(body)
    assert isinstance(evaluate(interview, rules, NOW), Stalled)
    workflow = body["workflow"]
    if data.draw(st.booleans()):
        changed = data.draw(st.sampled_from(workflow["step_by_step"]))
        changed["last_updated_timestamp"] = NOW.timestamp()
        changed[data.draw(st.sampled_from(["started", "complete"]))] = True
    else:
        workflow["last_engagement"] = NOW.timestamp()
    assert not isinstance(evaluate(Interview.model_validate(body), rules, NOW), Stalled)
