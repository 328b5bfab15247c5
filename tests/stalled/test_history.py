"""What is news, what is due again, who goes on."""

from datetime import UTC, datetime, timedelta
from typing import Any

from heymilo_prefect.stalled import Stalled, StallHistory

NOW = datetime(2025, 6, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def stalled(interview_id: str = "i1", **fields: Any) -> Stalled:
    about: dict[str, Any] = {
        "posting_id": "p1",
        "posting_title": "Nurse",
        "kind": "in_progress",
        "step": "web_interview",
        "last_activity": NOW - 9 * DAY,
        "idle": 9 * DAY,
    }
    return Stalled(interview_id=interview_id, **{**about, **fields})


def told(*items: Stalled, at: datetime = NOW) -> StallHistory:
    return StallHistory().record(items, [], items, at)


def test_who_was_never_mentioned_is_new() -> None:
    assert StallHistory().classify([stalled()], NOW, 3 * DAY) == ([stalled()], [])


def test_who_stays_stalled_is_due_again_only_after_remind_after() -> None:
    before, item = told(stalled()), stalled()
    assert before.classify([item], NOW + 3 * DAY - timedelta(seconds=1), 3 * DAY) == ([], [])
    assert before.classify([item], NOW + 3 * DAY, 3 * DAY) == ([], [item])
    assert before.classify([item], NOW + 999 * DAY, None) == ([], [])


def test_another_step_or_kind_is_reported_as_new() -> None:
    for item in (stalled(step="sms"), stalled(kind="analysis_stuck")):
        assert told(stalled()).classify([item], NOW + DAY, None) == ([item], [])


def test_who_continued_and_stalled_again_is_new() -> None:
    item = stalled(last_activity=NOW + DAY)
    assert told(stalled()).classify([item], NOW + 3 * DAY, None) == ([item], [])


def test_who_is_no_longer_stalled_has_resumed() -> None:
    before = told(stalled("i1"), stalled("i2"), stalled("i3"))
    assert before.resumed({"i1", "i2", "i4"}, {"i2"}, NOW + DAY) == ["i1"]
    after = before.record([], ["i1"], [stalled("i2")], NOW + DAY)
    assert after.resumed({"i1"}, set(), NOW + 2 * DAY) == []
    assert after.classify([stalled("i1")], NOW + 2 * DAY, None)[0]


def test_a_message_of_another_run_after_the_scan_is_kept() -> None:
    assert told(stalled(), at=NOW + DAY).resumed({"i1"}, set(), NOW) == []


def test_a_mention_survives_its_record_and_is_forgotten_90_days_after_it_was_last_seen() -> None:
    before = StallHistory.load(told(stalled("i1"), stalled("i2")).dump())
    assert before.classify([stalled("i1")], NOW, None) == ([], [])
    later = before.record([], [], [stalled("i1")], NOW + 80 * DAY)
    later = later.record([], [], [], NOW + 100 * DAY)
    assert later.classify([stalled("i1")], NOW + 100 * DAY, None) == ([], [])
    assert later.classify([stalled("i2")], NOW + 100 * DAY, None)[0]


def test_a_record_holds_ids_and_moments_only() -> None:
    assert told(stalled()).dump() == {
        "i1": ["in_progress", "web_interview", NOW.timestamp(), NOW.timestamp()]
    }
    assert StallHistory.load(None).dump() == {}
