"""A large workspace, faults in one of a hundred answers: nobody is missed, nobody made up."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from heymilo_prefect.flows import report_stalled_candidates
from heymilo_prefect.sandbox import RecordedRequest, World, faults, sandbox
from heymilo_prefect.stalled import StallRules
from heymilo_prefect.testing import no_waiting

pytestmark = pytest.mark.usefixtures("prefect_server")

RULES = StallRules()
FAULTS = [
    faults.status(500), faults.status(503), faults.reset(), faults.html(), faults.cut_json(True),
    faults.cut_body(True), faults.status(429, headers={"Retry-After": "0"}),
]  # fmt: skip


def truth(world: World, now: datetime) -> dict[str, str]:
    """Who is stalled, by what the sandbox knows of its candidates' lives, and how."""
    found = {}
    for interview in world.interviews():
        state = interview.state(now.timestamp())
        awaited = next((step for step in state.steps if not step.complete), None)
        if state.status in RULES.ignored_statuses:
            continue
        if state.status == "evaluating" or (awaited and awaited.analyzing):
            kind = "analysis_stuck"
        elif awaited is None:
            continue
        elif awaited.started:
            kind = "in_progress"
        else:
            begun = any(step.started for step in state.steps)
            kind = "between_steps" if begun else "not_started"
        last = max([state.last_engagement, *(step.updated or 0 for step in state.steps)])
        if now.timestamp() - last >= getattr(RULES, kind).total_seconds():
            found[interview.interview_id] = kind
    return found


@pytest.mark.parametrize(
    ("postings", "candidates", "share"),
    [(8, 60, 0.1), pytest.param(100, 500, 0.01, marks=pytest.mark.long)],
)
def test_faults_skip_no_interview(postings: int, candidates: int, share: float) -> None:
    titles = [f"Posting {number}" for number in range(postings)]
    with sandbox(
        postings=titles, candidates=candidates, requests_per_minute=10**8
    ) as world, no_waiting():  # fmt: skip
        for fault in FAULTS:
            world.inject(fault, on="list_interviews", rate=share / len(FAULTS))
        began = world.clock.now()
        report = report_stalled_candidates(world.heymilo_credentials, max_events=0)
        certain, at_the_end = truth(world, began), truth(world, world.clock.now())
        refused = [r for r in world.requests_to("list_interviews") if r.status != 200]
    assert report.interviews_read == postings * candidates
    assert not report.unread_postings and not report.not_judged
    assert refused, "no fault was played"
    found = {item.interview_id: item.kind for item in report.stalled}
    assert len(found) == len(report.stalled)
    both = {key: kind for key, kind in certain.items() if at_the_end.get(key) == kind}
    assert both.items() <= found.items()
    assert found.items() <= (certain.items() | at_the_end.items())


def drift(world: World) -> Callable[[RecordedRequest], bool]:
    """Between pages, somebody comes, goes or moves."""
    calls = [0]

    def move(request: RecordedRequest) -> bool:
        calls[0] += 1
        posting_id = request.path.rsplit("/", 1)[1]
        oldest_first = world.interviews_by_age(posting_id)
        match calls[0] % 5:
            case 1:
                days = timedelta(days=0)
                world.add_candidates(posting_id, 1, age=days, persona="never_starts")
            case 2:
                world.remove(oldest_first[-2].interview_id)
            case 3:
                oldest_first.append(oldest_first.pop(1))
        return False

    return move


def test_changes_while_pages_are_read_neither_skip_nor_repeat_a_candidate(
    world: World,
) -> None:
    for posting_id in world.posting_ids:
        world.add_candidates(posting_id, 450, age=timedelta(days=9), persona="never_starts")
    world.inject(faults.status(500), on="list_interviews", when=drift(world))
    report = report_stalled_candidates(world.heymilo_credentials, max_events=0)
    found = [item.interview_id for item in report.stalled]
    still_there = {
        interview.interview_id
        for interview in world.interviews()
        if world.clock.now().timestamp() - interview.created > 86400
    }
    assert len(found) == len(set(found))
    assert still_there <= set(found)
