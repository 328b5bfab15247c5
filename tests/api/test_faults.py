"""Every way an answer goes wrong, for what may be repeated and for what may not."""

import pickle
from typing import Any

import pytest

from heymilo_prefect.api import Candidate
from heymilo_prefect.api.errors import (
    AuthenticationError,
    FieldError,
    HeyMiloError,
    InvalidRequestError,
    InvalidResponseError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    ServerError,
    TooLargeError,
    TransportError,
)
from heymilo_prefect.api.request_flow import RetryPolicy
from heymilo_prefect.sandbox import World, faults

from .conftest import Ask

TRIES = 3
ALWAYS = 99
NOBODY = "http://127.0.0.1:9/"

# fault, what it means, whether it is tried again, whether HeyMilo certainly did nothing
FAULTS = {
    "reset": (faults.reset(), TransportError, True, False),
    "reset, done": (faults.reset(acted=True), TransportError, True, False),
    "timeout": (faults.timeout(), TransportError, True, False),
    "timeout, done": (faults.timeout(acted=True), TransportError, True, False),
    "cut body": (faults.cut_body(), TransportError, True, False),
    "cut body, done": (faults.cut_body(acted=True), TransportError, True, False),
    "cut JSON": (faults.cut_json(), InvalidResponseError, True, False),
    "cut JSON, done": (faults.cut_json(acted=True), InvalidResponseError, True, False),
    "page": (faults.html(200), InvalidResponseError, True, False),
    "page, done": (faults.html(200, acted=True), InvalidResponseError, True, False),
    "302": (faults.redirect(NOBODY), InvalidResponseError, False, False),
    "307": (faults.redirect(NOBODY, 307), InvalidResponseError, False, False),
    "400": (faults.status(400), InvalidRequestError, False, True),
    "401": (faults.status(401), AuthenticationError, False, True),
    "403": (faults.status(403), AuthenticationError, False, True),
    "404": (faults.status(404), NotFoundError, False, True),
    "408": (faults.status(408), ServerError, True, False),
    "413": (faults.status(413), TooLargeError, False, True),
    "422": (faults.status(422), InvalidRequestError, False, True),
    "429": (faults.status(429), RateLimitError, True, True),
    "500": (faults.status(500), ServerError, True, False),
    "500, done": (faults.status(500, acted=True), ServerError, True, False),
    "502 page": (faults.html(502), ServerError, True, False),
    "503": (faults.status(503, headers={"Retry-After": "0.05"}), ServerError, True, False),
    "504, done": (faults.html(504, acted=True), ServerError, True, False),
}
SILENT = [FAULTS["timeout"][0], FAULTS["timeout, done"][0]]
KINDS = ["read", "repeatable write", "retake write"]


def carry_out(world: World, ask: Ask, kind: str, fault: faults.Fault) -> Any:
    options = {
        "retry_policy": RetryPolicy(attempts=TRIES),
        "timeout_seconds": 0.3 if fault in SILENT else 20,
    }
    if kind == "read":
        return ask(world, "list_postings", **options)
    who = Candidate(name="Ada Lovelace", email="ada@example.com", retake=kind == "retake write")
    url_key = next(iter(world.postings.values())).url_key
    return ask(world, "ingest_candidate", url_key, who, **options)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fault", "error", "again", "nothing_done"), FAULTS.values(), ids=FAULTS.keys()
)
def test_a_lasting_fault_is_reported_after_the_safe_number_of_attempts(
    world: World,
    ask: Ask,
    kind: str,
    fault: faults.Fault,
    error: type[HeyMiloError],
    again: bool,
    nothing_done: bool,
) -> None:
    before = len(world.interviews())
    world.inject(fault, times=ALWAYS)
    lost = kind == "retake write" and not nothing_done
    with pytest.raises(OutcomeUnknownError if lost else error) as raised:
        carry_out(world, ask, kind, fault)
    assert type(raised.value) is (OutcomeUnknownError if lost else error)
    assert len(world.requests) == (TRIES if again and not lost else 1)
    assert len(world.interviews()) - before == (1 if fault.acted and kind != "read" else 0)
    assert raised.value.not_processed is nothing_done


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fault", "nothing_done"),
    [(fault, nothing) for fault, _, again, nothing in FAULTS.values() if again],
    ids=[name for name, (_, _, again, _) in FAULTS.items() if again],
)
def test_a_fault_that_passes_is_not_noticed_unless_a_retake_may_be_done(
    world: World, ask: Ask, kind: str, fault: faults.Fault, nothing_done: bool
) -> None:
    before = len(world.interviews())
    world.inject(fault)
    if kind == "retake write" and not nothing_done:
        with pytest.raises(OutcomeUnknownError):
            carry_out(world, ask, kind, fault)
        assert len(world.requests) == 1
        assert len(world.interviews()) - before == int(fault.acted)
        return
    answer = carry_out(world, ask, kind, fault)
    assert len(world.requests) == 2
    assert len(world.interviews()) - before == (0 if kind == "read" else 1)
    if kind != "read":
        assert answer.interview_details[0].interview_id == world.interviews()[-1].interview_id


def test_a_lost_response_with_retake_is_unknown_and_not_sent_again(world: World, ask: Ask) -> None:
    """Note 9."""
    world.inject(faults.reset(acted=True))
    rows = [
        Candidate(name="Ada Lovelace", email="ada@example.com"),
        Candidate(name="Alan Turing", email="alan@example.com", retake=True),
    ]
    url_key = next(iter(world.postings.values())).url_key
    with pytest.raises(OutcomeUnknownError, match="the 2 candidates was lost"):
        ask(world, "ingest_candidates", url_key, rows)
    assert len(world.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 413, 422])
def test_a_lasting_error_is_requested_once(world: World, ask: Ask, status: int) -> None:
    world.inject(faults.status(status), times=ALWAYS)
    with pytest.raises(HeyMiloError):
        ask(world, "list_postings")
    assert len(world.requests) == 1


def test_the_budget_ends_the_tries(world: World, ask: Ask) -> None:
    world.inject(faults.status(503, headers={"Retry-After": "0.2"}), times=ALWAYS)
    with pytest.raises(ServerError):
        ask(world, "list_postings", retry_policy=RetryPolicy(attempts=50, timeout=0.5))
    assert 1 < len(world.requests) <= 3


@pytest.mark.parametrize(
    "error",
    [
        HeyMiloError("It failed."),
        InvalidRequestError("No.", status=422, fields=[FieldError(("body", 3), "bad", "missing")]),
        RateLimitError("Wait.", status=429, retry_after=2.5, error_type="rate_limit_exceeded"),
        TransportError("Refused.", not_processed=True),
        InvalidResponseError("A page.", status=302, transient=False),
        OutcomeUnknownError("Lost.", status=500),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_pickling(error: HeyMiloError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
    assert (copy.transient, copy.not_processed) == (error.transient, error.not_processed)


@pytest.mark.parametrize("body", ["[]", "null", '"no"', "{", "[" * 100_000, "\ufeff{}", ""])
def test_a_strange_error_body_is_still_its_status(world: World, ask: Ask, body: str) -> None:
    world.inject(faults.status(422, body=body))
    with pytest.raises(InvalidRequestError) as raised:
        ask(world, "list_postings")
    assert raised.value.fields == ()


PAGE = "<!DOCTYPE html><html><body>Ann Bell may not pass</body></html>"
FROM_BETWEEN = {
    "a login page": (faults.html(200), InvalidResponseError, "sign in"),
    "a login page of no type": (faults.status(200, body=PAGE), InvalidResponseError, "sign in"),
    "a login page after a mark": (
        faults.status(200, body="\ufeff\n" + PAGE), InvalidResponseError, "sign in"
    ),
    "a redirect to one": (
        faults.redirect("https://portal.example.com/?who=ann"),
        InvalidResponseError,
        "portal.example.com",
    ),
    "a redirect to nowhere": (
        faults.redirect("https://[portal"), InvalidResponseError, "another address"
    ),
    "401 page": (faults.html(401), AuthenticationError, "gateway or proxy"),
    "403 page": (faults.html(403), AuthenticationError, "gateway or proxy"),
    "403 page of no type": (faults.status(403, body=PAGE), AuthenticationError, "gateway or proxy"),
    "403 text": (
        faults.status(403, body="error code: 1020", content_type="text/plain"),
        AuthenticationError,
        "gateway or proxy",
    ),
    "404 page": (faults.html(404), NotFoundError, "base URL"),
    "407": (faults.status(407, body=b""), AuthenticationError, "HTTPS_PROXY"),
    "407 page": (faults.html(407), AuthenticationError, "HTTPS_PROXY"),
    "400 page": (faults.html(400), InvalidRequestError, "gateway or proxy"),
    "406 page": (faults.html(406), InvalidRequestError, "gateway or proxy"),
    "413 page": (faults.html(413), TooLargeError, "gateway or proxy"),
    "429 page": (faults.html(429), RateLimitError, "gateway or proxy"),
    "502 page": (faults.html(502), ServerError, "gateway or proxy"),
    "503 page": (faults.html(503), ServerError, "gateway or proxy"),
    "511 page": (faults.html(511), ServerError, "sign-in"),
}  # fmt: skip
ASKED: dict[str, tuple[Any, ...]] = {
    "check_health": (),
    "list_postings": (),
    "get_interview": ("int_1",),
    "list_interviews": ("POSTING",),
    "export_interviews": ("POSTING",),
    "create_webhook": ("POSTING", "https://hooks.example.com/x", "report_available"),
    "get_webhook": ("webhook_1",),
    "list_webhooks": (),
    "deactivate_webhook": ("webhook_1",),
    "ingest_candidate": ("key", Candidate(name="Ann Bell", email="ann@example.com")),
    "ingest_candidates": ("key", [Candidate(name="Ann Bell", email="ann@example.com")]),
}


@pytest.mark.parametrize("method", ASKED)
@pytest.mark.parametrize(("fault", "error", "says"), FROM_BETWEEN.values(), ids=FROM_BETWEEN)
def test_a_gateways_or_proxys_response_is_named_as_such(
    world: World, ask: Ask, fault: faults.Fault, error: type[HeyMiloError], says: str, method: str
) -> None:
    world.inject(fault, times=ALWAYS)
    with pytest.raises((error, OutcomeUnknownError)) as raised:
        ask(world, method, *ASKED[method], retry_policy=RetryPolicy(attempts=1))
    if isinstance(raised.value, OutcomeUnknownError):
        assert method == "create_webhook"
        return
    said = str(raised.value)
    assert says.casefold() in said.casefold()
    assert "Ann" not in said and "who=" not in said and "\n" not in said
    assert "check the key in" not in said and "Fix the" not in said


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, None, "rejected the API key"),
        (403, None, "rejected the API key"),
        (403, "", "rejected the API key"),
        (403, '{"message": "Forbidden"}', "rejected the API key"),
        (422, None, "HeyMilo rejected the candidate (status 422): Unprocessable"),
        (422, "", "HeyMilo rejected the candidate (status 422). Fix the data and try again."),
        (502, None, "HeyMilo returned status 502 for the candidate"),
    ],
)
def test_heymilos_own_errors_are_not_put_down_to_a_gateway(
    world: World, ask: Ask, status: int, body: str | None, says: str
) -> None:
    world.inject(faults.status(status, body=body))
    with pytest.raises(HeyMiloError) as raised:
        ask(world, "ingest_candidates", *ASKED["ingest_candidates"], retry_policy=RetryPolicy(1))
    assert says in str(raised.value)


@pytest.mark.parametrize("body", ["[]", "null", "{}", "{", "[" * 100_000, '{"postings": 3}', ""])
@pytest.mark.parametrize("method", ["list_postings", "list_webhooks"])
def test_a_malformed_response_is_an_error(world: World, ask: Ask, method: str, body: str) -> None:
    if (method, body) == ("list_webhooks", "[]"):
        pytest.skip("that is a list of no webhooks")
    world.inject(faults.status(200, body=body), times=ALWAYS)
    with pytest.raises(InvalidResponseError, match="can't be read"):
        ask(world, method)
    assert len(world.requests) == RetryPolicy().attempts
