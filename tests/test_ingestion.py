"""Rows become requests, and every row gets exactly one outcome."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from uuid import uuid4

import pytest

from heymilo_prefect.api import Candidate, HeyMiloClient
from heymilo_prefect.api.errors import FieldError, InvalidRequestError
from heymilo_prefect.api.models import IngestedInterview, Ingestion
from heymilo_prefect.api.request_flow import RetryPolicy
from heymilo_prefect.ingestion import (
    BatchBuilder,
    BatchLimit,
    CandidateRow,
    RowOutcome,
    ingest_batch,
    row_fingerprint,
)
from heymilo_prefect.sandbox import World, faults, sandbox
from heymilo_prefect.sandbox.faults import Fault
from heymilo_prefect.testing import no_waiting


@pytest.fixture(scope="module")
def served() -> Iterator[World]:
    """One sandbox for all, emptied for each test."""
    with (
        sandbox(postings=["Warehouse Associate"], requests_per_minute=100_000) as world,
        no_waiting(),
    ):
        yield world


@pytest.fixture
def world(served: World) -> World:
    """Nobody there yet, and a key that no other test has."""
    served.reset()
    served.api_key = f"key-{uuid4().hex}"
    return served


def ready(count: int, bad: Sequence[int] = (), retakes: Sequence[int] = ()) -> list[CandidateRow]:
    """Rows as a sheet numbers them, from 2."""
    return [
        CandidateRow(
            n + 2,
            Candidate(
                name=f"Person {n}",
                email="nobody" if n in bad else f"person.{n}@example.com",
                retake=n in retakes,
            ),
            note="as typed",
        )
        for n in range(count)
    ]


def ingest(
    world: World, rows: Sequence[CandidateRow], limit: BatchLimit | None = None
) -> dict[int, RowOutcome]:
    """Drive the steps by a client; the outcomes by row, each row once."""
    client = HeyMiloClient(world.api_key, world.url, retry_policy=RetryPolicy(attempts=2))
    url_key = next(iter(world.postings.values())).url_key
    steps = ingest_batch(url_key, rows, limit or BatchLimit())
    outcomes = client.run(steps)
    assert sorted(one.row for one in outcomes) == [one.row for one in rows]
    return {one.row: one for one in outcomes}


def counted(outcomes: dict[int, RowOutcome]) -> dict[str, int]:
    return dict(Counter(one.outcome for one in outcomes.values()))


def check_pairs(
    world: World, rows: Sequence[CandidateRow], outcomes: dict[int, RowOutcome]
) -> None:
    """Each interview that an outcome names is that row's candidate's."""
    for row in rows:
        if (interview_id := outcomes[row.row].interview_id) is not None:
            interview = world.interview(interview_id)
            assert interview is not None and interview.email == row.candidate.email
            assert outcomes[row.row].interview_link


def test_rows_are_collected_into_requests_by_posting_and_retake() -> None:
    """Note 8, and note 9: a lost answer leaves only the retake rows unknown."""
    batches = BatchBuilder(BatchLimit(2))
    rows = ready(5, retakes=[2])
    first, second, retake, other, third = rows
    for row in rows:
        row.url_key = "b" if row is other else "a"
    assert batches.add(first) == []
    assert batches.add(other) == []
    assert batches.add(retake) == []
    assert batches.add(second) == [first, second]
    assert batches.add(third) == []
    assert list(batches.rest()) == [[other], [retake], [third]]
    assert list(batches.rest()) == []


def test_a_row_is_the_same_row_while_all_that_is_sent_is() -> None:
    row = Candidate(name="A", email="a@example.com", metadata={"x": "1", "y": "2"})
    same = Candidate(name="A", email="a@example.com", metadata={"y": "2", "x": "1"})
    assert row_fingerprint("key", row) == row_fingerprint("key", same)
    assert row_fingerprint("other", row) != row_fingerprint("key", row)
    for changed in ({"name": "B"}, {"metadata": {"x": "1"}}, {"data": {"z": ""}}, {"retake": True}):
        assert row_fingerprint("key", row.model_copy(update=changed)) != row_fingerprint("key", row)


def test_a_retake_is_the_same_while_posting_and_address_are() -> None:
    row = Candidate(name="A", email="a@example.com", retake=True)
    same = Candidate(name="B", email="A@Example.com", data={"x": "1"}, retake=True)
    assert row_fingerprint("key", row) == row_fingerprint("key", same)
    assert row_fingerprint("other", row) != row_fingerprint("key", row)


def test_no_rows_are_no_request(world: World) -> None:
    assert ingest(world, []) == {}
    assert world.requests == []


def test_100_good_rows_are_one_request_and_keep_their_notes(world: World) -> None:
    rows = ready(100)
    outcomes = ingest(world, rows)
    assert counted(outcomes) == {"ingested": 100}
    assert {one.reason for one in outcomes.values()} == {"as typed"}
    check_pairs(world, rows, outcomes)
    assert len(world.requests) == 1


@pytest.mark.parametrize("reading", ["fastapi_errors", "errors_with_params"])
@pytest.mark.parametrize("bad", [[37], [0], [99], [0, 50, 99]])
def test_rows_that_a_422_names_take_one_more_request(
    world: World, bad: list[int], reading: str
) -> None:
    world.variants.add(reading)
    rows = ready(100, bad)
    outcomes = ingest(world, rows)
    rejected = {row: one.reason for row, one in outcomes.items() if one.outcome == "rejected"}
    assert list(rejected) == [n + 2 for n in bad]
    assert all("email" in why and "nobody" not in why for why in rejected.values())
    check_pairs(world, rows, outcomes)
    assert len(world.requests) == 2


@pytest.mark.parametrize(
    "param",
    ["data[3].email", "data.3.email", "/data/3/email", "$.data[3].email", "[3].email",
     "candidates[3]", "body.data[3]"],
)  # fmt: skip
def test_a_row_that_a_param_names_is_settled_without_bisection(world: World, param: str) -> None:
    error = {"type": "validation_error", "code": "invalid", "message": "1 row is invalid"}
    error |= {"errors": [{"code": "bad", "message": "isn't an address", "param": param}]}  # type: ignore[dict-item]
    world.inject(faults.status(422, body=json.dumps({"error": error})))
    outcomes = ingest(world, ready(100))
    assert counted(outcomes) == {"ingested": 99, "rejected": 1}
    assert outcomes[5].outcome == "rejected" and "isn't an address" in outcomes[5].reason
    assert len(world.requests) == 2


@pytest.mark.parametrize("retakes", [[], [0, 3]])
def test_a_malformed_item_of_a_bulk_response_affects_only_its_row(
    world: World, retakes: list[int]
) -> None:
    """Note 7."""
    world.variants.add("malformed_items")
    rows = ready(20, retakes=retakes)
    outcomes = ingest(world, rows)
    assert counted(outcomes) == {"ingested": 20}
    check_pairs(world, rows, outcomes)
    assert [row for row, one in outcomes.items() if one.interview_id is None] == [2][: len(retakes)]
    assert len(world.interviews()) == 20
    assert len(world.requests) == (1 if retakes else 2)


@pytest.mark.parametrize("bad", [[37], [0], [99], [0, 50, 99]])
def test_an_anonymous_422_is_bisected_to_the_bad_row(world: World, bad: list[int]) -> None:
    rows = ready(100, bad)
    outcomes = ingest(world, rows)
    assert [row for row, one in outcomes.items() if one.outcome == "rejected"] or bad == []
    assert {row - 2 for row, one in outcomes.items() if one.outcome == "rejected"} == set(bad)
    assert counted(outcomes)["ingested"] == 100 - len(bad)
    assert len(world.interviews()) == 100 - len(bad)
    check_pairs(world, rows, outcomes)
    assert len(world.requests) <= 15 * len(bad)


def test_a_422_that_names_rows_takes_two_requests(world: World) -> None:
    """Note 14."""
    world.variants.add("fastapi_errors")
    rows = ready(100, bad=[3, 70])
    outcomes = ingest(world, rows)
    assert {row - 2 for row, one in outcomes.items() if one.outcome == "rejected"} == {3, 70}
    assert "rejected email" in outcomes[5].reason and "nobody" not in outcomes[5].reason
    assert len(world.requests) == 2
    check_pairs(world, rows, outcomes)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            '{"detail": [{"loc": ["body", "email"], "msg": "no", "type": "x"}]}',
            "rejected email: no",
        ),
        ('{"detail": [{"loc": ["body"], "msg": "no", "type": "x"}]}', "rejected the row: no"),
        ('{"detail": [{"loc": ["body", "data", 7], "msg": "no"}]}', "status 422"),
        ("{}", "status 422"),
    ],
)
def test_a_single_row_s_422_is_its_own(world: World, body: str, reason: str) -> None:
    world.inject(faults.status(422, body=body))
    (outcome,) = ingest(world, ready(1)).values()
    assert outcome.outcome == "rejected" and reason in outcome.reason


@pytest.mark.parametrize("reading", ["largest_bulk_413", "largest_bulk_422"])
@pytest.mark.parametrize("fastapi", [False, True])
def test_a_chunk_that_is_too_large_is_halved(world: World, reading: str, fastapi: bool) -> None:
    """Note 8."""
    world.variants.update([reading], ["fastapi_errors"] if fastapi else [])
    rows = ready(100)
    outcomes = ingest(world, rows)
    assert counted(outcomes) == {"ingested": 100}
    assert [len(one.body["data"]) for one in world.requests] == [100, 50, 50]
    check_pairs(world, rows, outcomes)


def test_what_is_too_large_stays_halved_for_the_run(world: World) -> None:
    """Note 8."""
    world.variants.add("largest_bulk_413")
    limit = BatchLimit(100)
    assert counted(ingest(world, ready(100), limit)) == {"ingested": 100}
    assert counted(ingest(world, ready(100), limit)) == {"ingested": 100}
    assert [len(one.body["data"]) for one in world.requests] == [100, 50, 50, 50, 50]


@pytest.mark.parametrize("reading", ["bulk_details_short", "bulk_details_shuffled"])
def test_interviews_that_can_not_be_paired_are_looked_up_and_never_guessed(
    world: World, reading: str
) -> None:
    """Note 7."""
    world.variants.add(reading)
    rows = ready(6, retakes=[4])
    outcomes = ingest(world, rows)
    assert counted(outcomes) == {"ingested": 6}
    check_pairs(world, rows, outcomes)
    assert outcomes[6].interview_id is None and "didn't return" in outcomes[6].reason
    assert len(world.requests_to("ingest_candidate")) == 5
    assert len(world.interviews()) == 6


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (faults.status(422), "rejected"),
        (faults.status(500), "failed"),
        (faults.status(404), "failed"),
        (faults.status(200, body='{"message": "ok"}'), "failed"),
        (faults.status(200, body='{"interview_details": [{"nobody": 1}]}'), "failed"),
    ],
)
def test_a_look_up_that_fails_is_that_row_s_outcome(
    world: World, fault: Fault, outcome: str
) -> None:
    world.variants.add("bulk_details_short")
    world.inject(fault, on="ingest_candidate", times=99, when=lambda r: "person.1@" in str(r.body))
    outcomes = ingest(world, ready(3))
    assert [one.outcome for one in outcomes.values()] == ["ingested", outcome, "ingested"]


@pytest.mark.parametrize("acted", [False, True])
def test_a_retake_with_a_lost_response_is_unknown_and_the_others_are_sent_again(
    world: World, acted: bool
) -> None:
    """Note 9."""
    world.inject(faults.reset(acted=acted))
    rows = ready(10, retakes=[2, 5])
    outcomes = ingest(world, rows)
    assert {row - 2 for row, one in outcomes.items() if one.outcome == "unknown"} == {2, 5}
    assert counted(outcomes) == {"unknown": 2, "ingested": 8}
    assert len(world.interviews()) == (10 if acted else 8)
    check_pairs(world, rows, outcomes)
    again = world.requests[1].body["data"]
    assert not any(row.get("retake") for row in again)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.status(401), "rejected the API key"),
        (faults.status(404), "Check the id"),
        (faults.status(500), "Try again later"),
        (faults.status(429, headers={"Retry-After": "9999"}), "too many requests"),
    ],
)
def test_what_no_row_can_help_fails_all_of_them(world: World, fault: Fault, said: str) -> None:
    world.inject(fault, times=99)
    outcomes = ingest(world, ready(4))
    assert counted(outcomes) == {"failed": 4}
    assert all(said in one.reason for one in outcomes.values())


@pytest.mark.parametrize("reading", [None, "fastapi_errors", "bulk_details_short"])
def test_every_row_has_one_outcome_whatever_goes_wrong(world: World, reading: str | None) -> None:
    world.variants.update([reading] if reading else [])
    for fault in (faults.reset(), faults.reset(acted=True), faults.status(503), faults.cut_json()):
        world.inject(fault, rate=0.2, times=6)
    rows = ready(40, bad=[3, 11, 30], retakes=[5, 30, 39])
    outcomes = ingest(world, rows)
    assert {outcomes[5].outcome, outcomes[13].outcome} <= {"rejected", "failed"}
    check_pairs(world, rows, outcomes)
    assert len([one for one in world.interviews() if one.email == "person.5@example.com"]) <= 1


def test_a_row_does_not_show_its_candidate() -> None:
    assert "example.com" not in repr(ready(1))


@pytest.mark.parametrize(
    ("location", "place", "what"),
    [
        (("body", "data", 3, "email"), 3, "email"),
        (("data", 3, "email"), 3, "email"),
        ((3, "email"), 3, "email"),
        (("candidates", 3, "data", "City"), 3, "data.City"),
        (("body", "data", 3), 3, "the row"),
    ],
)
def test_a_location_that_names_a_row_settles_it_without_bisection(
    location: tuple[str | int, ...], place: int, what: str
) -> None:
    rows = ready(100)
    steps = ingest_batch("key", rows, BatchLimit())
    next(steps)
    refusal = InvalidRequestError(
        "no", status=422, fields=[FieldError(location=location, message="isn't valid", type=None)]
    )
    call = steps.send(refusal)
    assert isinstance(call.body, dict) and len(call.body["data"]) == 99
    details = [
        IngestedInterview(interview_id=str(n), interview_link="https://example.com")
        for n in range(99)
    ]
    with pytest.raises(StopIteration) as end:
        steps.send(Ingestion(interview_details=details))
    [rejected] = [one for one in end.value.value if one.outcome == "rejected"]
    assert (rejected.row, rejected.reason) == (
        place + 2,
        f"HeyMilo rejected {what}: isn't valid; as typed",
    )


def test_a_single_candidate_is_not_counted_in_a_sentence(world: World) -> None:
    world.inject(faults.status(422))
    (outcome,) = ingest(world, ready(1)).values()
    assert " the candidate (status 422)" in outcome.reason
    assert "1 candidates" not in outcome.reason


@pytest.mark.parametrize("fault", [faults.status(422), faults.status(401), faults.reset()])
def test_a_row_s_note_is_in_its_reason_whatever_its_outcome(world: World, fault: Fault) -> None:
    world.inject(fault, times=99)
    outcomes = ingest(world, ready(2, retakes=[1]))
    assert all(one.reason.endswith("; as typed") for one in outcomes.values())
