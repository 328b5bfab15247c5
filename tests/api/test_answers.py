"""What an answer costs to read: a refusal of a whole chunk mustn't hold the event loop up."""

import json
import time

import pytest

from heymilo_prefect.api.answers import Answer, read_answer
from heymilo_prefect.api.endpoints import ingest_candidates
from heymilo_prefect.api.errors import InvalidRequestError
from heymilo_prefect.api.models import Candidate


def seconds_to_read_a_refusal_of(rows: int) -> float:
    call = ingest_candidates(
        "key",
        [
            Candidate(
                name=f"First{n} Last{n}",
                email=f"p{n}@example.com",
                data={f"k{k}": f"value {n} {k}" for k in range(5)},
            )
            for n in range(rows)
        ],
    )
    detail = [
        {"loc": ["body", "data", n, "email"], "msg": f"First{n} is at p{n}@example.com"}
        for n in range(rows)
    ]
    answer = Answer(422, {}, json.dumps({"detail": detail}).encode())
    began = time.perf_counter()
    with pytest.raises(InvalidRequestError) as raised:
        read_answer(call, answer)
    took = time.perf_counter() - began
    assert [field.message for field in raised.value.fields] == ["… is at …"] * rows
    return took


def test_a_422_that_names_a_hundred_rows_costs_little_more_a_row_than_one_of_ten() -> None:
    few = min(seconds_to_read_a_refusal_of(10) for _ in range(3))
    many = min(seconds_to_read_a_refusal_of(100) for _ in range(3))
    assert many / few < 200
