"""What a refusal says about the request, and what it costs to read one of many candidates."""

import json
import time
from typing import Any

import pytest

from heymilo_prefect.api.endpoints import ingest_candidates
from heymilo_prefect.api.errors import FieldError, InvalidRequestError
from heymilo_prefect.api.models import Candidate
from heymilo_prefect.api.responses import Response, parse_response

PLACES = {
    "data[3].email": ("data", 3, "email"),
    "data.3.email": ("data", 3, "email"),
    "/data/3/email": ("data", 3, "email"),
    "#/data/3/email": ("data", 3, "email"),
    "$.data[3].email": ("data", 3, "email"),
    "$['data'][3]['email']": ("data", 3, "email"),
    'data[3]["email"]': ("data", 3, "email"),
    "body.data.3.email": ("body", "data", 3, "email"),
    "[3].email": (3, "email"),
    "candidates[3]": ("candidates", 3),
    "email": ("email",),
    "data": ("data",),
    "": (),
}


def refused(body: Any, rows: int = 5) -> InvalidRequestError:
    people = [{"name": "Ann Bell", "email": "ann@example.com"}] * rows
    answer = Response(422, {}, json.dumps(body).encode())
    with pytest.raises(InvalidRequestError) as raised:
        parse_response(ingest_candidates("key", people), answer)
    return raised.value


@pytest.mark.parametrize(("param", "location"), PLACES.items())
def test_an_error_of_the_newer_api_names_the_field(param: str, location: tuple[Any, ...]) -> None:
    complaint = {"code": "invalid_email", "message": "ann@example.com is bad", "param": param}
    error = {"type": "validation_error", "code": "invalid", "message": "No", "errors": [complaint]}
    refusal = refused({"error": error})
    assert refusal.fields == (FieldError(location, "… is bad", "invalid_email"),)
    assert (refusal.error_type, str(refusal)) == (
        "validation_error",
        "HeyMilo rejected the 5 candidates (status 422): No. Fix the data and try again.",
    )


@pytest.mark.parametrize(
    ("body", "locations"),
    [
        ({"error": {"message": "no", "param": "data[1].email"}}, [("data", 1, "email")]),
        ({"error": {"message": "no", "param": None, "errors": None}}, []),
        ({"error": {"message": "no", "errors": [None, "x", {"param": 3}, {}]}}, [(), ()]),
        ({"errors": [{"message": "no", "param": "data.2"}]}, [("data", 2)]),
        ({"detail": "no", "errors": [{"msg": "no", "loc": ["body", "data", 0]}]},
         [("body", "data", 0)]),
        ({"detail": [{"msg": "no", "loc": ["body", "data", 0]}]}, [("body", "data", 0)]),
        ({"error": "no"}, []),
        ({"error": {"errors": {"data": "no"}}}, []),
    ],
)  # fmt: skip
def test_complaints_are_found_wherever_they_are_listed(
    body: Any, locations: list[tuple[Any, ...]]
) -> None:
    assert [field.location for field in refused(body).fields] == locations


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
    answer = Response(422, {}, json.dumps({"detail": detail}).encode())
    began = time.perf_counter()
    with pytest.raises(InvalidRequestError) as raised:
        parse_response(call, answer)
    took = time.perf_counter() - began
    assert [field.message for field in raised.value.fields] == ["… is at …"] * rows
    return took


def test_a_422_that_names_a_hundred_rows_costs_little_more_a_row_than_one_of_ten() -> None:
    few = min(seconds_to_read_a_refusal_of(10) for _ in range(3))
    many = min(seconds_to_read_a_refusal_of(100) for _ in range(3))
    assert many / few < 200
