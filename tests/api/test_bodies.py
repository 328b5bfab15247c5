"""Every body that the documentation prints passes through the models and loses nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from heymilo_prefect.api import Candidate, Interview
from heymilo_prefect.api.endpoints import (
    check_health,
    create_webhook,
    export_interviews,
    ingest_candidate,
    ingest_candidates,
)
from heymilo_prefect.api.errors import InvalidRequestError
from heymilo_prefect.api.models import (
    Export,
    Health,
    Ingestion,
    InterviewPage,
    Model,
    PostingPage,
    Webhook,
)
from heymilo_prefect.api.responses import Response, parse_response

ROOT = Path(__file__).parents[2]
DOCUMENTED = ROOT.parent / "shared" / "heymilo-api" / "examples"
FOLDER = DOCUMENTED if DOCUMENTED.exists() else ROOT / "tests" / "bodies"

ANSWERS: dict[str, type[Model]] = {
    "create_webhook.response": Webhook,
    "export_interviews.response": Export,
    "get_interview.response": Interview,
    "get_webhook.response": Webhook,
    "health.response": Health,
    "ingest_candidate.response": Ingestion,
    "ingest_candidates.response": Ingestion,
    "list_interviews.response": InterviewPage,
    "list_postings.response": PostingPage,
}
REQUESTS = {
    "create_webhook.request": lambda body: create_webhook(**body),
    "export_interviews.request": lambda body: export_interviews(**body),
    "ingest_candidate.request": lambda body: ingest_candidate("key", Candidate(**body)),
    "ingest_candidates.request": lambda body: ingest_candidates(
        "key", [Candidate(**row) for row in body["data"]]
    ),
}


def documented(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def test_no_documented_body_is_left_out() -> None:
    tested = {*ANSWERS, *REQUESTS, "error.response"}
    assert {file.stem for file in FOLDER.glob("*.json")} == tested


@pytest.mark.parametrize("name", ANSWERS)
def test_a_response_survives_parsing_and_dumping(name: str) -> None:
    body = documented(name)
    read = ANSWERS[name].model_validate(body)
    assert json.loads(read.model_dump_json(exclude_unset=True)) == body
    assert ANSWERS[name].model_validate_json(read.model_dump_json(exclude_unset=True)) == read


@pytest.mark.parametrize("name", REQUESTS)
def test_a_documented_request_is_what_is_sent(name: str) -> None:
    body = documented(name)
    sent = REQUESTS[name](body).body
    rows = zip(sent["data"], body["data"], strict=True) if "data" in sent else [(sent, body)]
    if name == "ingest_candidate.request":
        rows = [(sent, body)]
    for ours, theirs in rows:
        assert theirs.items() <= ours.items()


def test_the_documented_error_says_its_status_and_type() -> None:
    body = documented("error.response")
    answer = Response(422, {}, json.dumps(body).encode())
    with pytest.raises(InvalidRequestError) as raised:
        parse_response(check_health(), answer)
    assert (raised.value.status, raised.value.error_type) == (422, body["error_type"])
    assert body["detail"] in str(raised.value)
