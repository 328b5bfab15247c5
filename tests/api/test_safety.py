"""The key and the candidate's data stay where they belong."""

import copy
import json
import pickle

import pytest

from heymilo_prefect.api import AsyncHeyMiloClient, Candidate, HeyMiloClient, read_export
from heymilo_prefect.api import endpoints as api
from heymilo_prefect.api.errors import HeyMiloError, InvalidResponseError, NotFoundError
from heymilo_prefect.api.models import Export
from heymilo_prefect.sandbox import World, faults, sandbox

from .conftest import Ask, own_key


def test_the_key_goes_in_its_header_and_nowhere_else(world: World, client: HeyMiloClient) -> None:
    world.inject(faults.status(500))
    list(client.iter_postings())
    client.export_interviews(world.posting_ids[0])
    for request in world.requests:
        assert request.headers["x-api-key"] == world.api_key
        elsewhere = {name: v for name, v in request.headers.items() if name != "x-api-key"}
        assert world.api_key not in f"{elsewhere}{request.path}{request.query}{request.body}"


@pytest.mark.parametrize("kind", [HeyMiloClient, AsyncHeyMiloClient])
def test_a_client_shows_no_key_and_is_not_pickled(world: World, kind: type) -> None:
    client = kind(world.api_key, world.url)
    assert world.api_key not in f"{client!r} {client} {vars(client)!r}"
    assert world.url in repr(client)
    for take in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="contains the API key"):
            take(client)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(world: World, ask: Ask, code: int) -> None:
    with sandbox() as elsewhere:
        world.inject(faults.redirect(f"{elsewhere.url}/api/postings", code))
        with pytest.raises(InvalidResponseError, match="redirected") as raised:
            ask(world, "list_postings")
        assert elsewhere.requests == []
    assert not raised.value.transient and len(world.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://api.heymilo.network", "http://127.0.0.1.example.com", "http://localhost.example.com",
        "http://10.0.0.1", "ftp://example.com", "api.heymilo.network", "", "https://",
        "https://user@example.com", "https://user:word@example.com", "https://example.com?a=b",
        "https://example.com/#there",
    ],
)  # fmt: skip
def test_an_unsafe_base_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        HeyMiloClient("key", url)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://api.heymilo.network/api", "https://api.heymilo.network"),
        (" https://api.heymilo.network/api/ ", "https://api.heymilo.network"),
        ("https://example.com/proxy/", "https://example.com/proxy"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000/api", "http://[::1]:8000"),
    ],
)
def test_a_base_url_may_end_in_api(url: str, base: str) -> None:
    assert HeyMiloClient("key", url).base_url == base


@pytest.mark.parametrize("key", ["", "  ", "kéy", "key\nX-Other: 1", "key\n"])
def test_what_is_no_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match="from HeyMilo's settings"):
        HeyMiloClient(key)


@pytest.mark.parametrize("name", ["timeout_seconds", "requests_per_minute", "_window_seconds"])
def test_a_limit_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="above 0"):
        HeyMiloClient("key", **{name: 0})


IDS = ["../x", "../../postings", "a/b?c=d", "a#b", "a b", "%2e%2e", "..;/x", "é", "x\r\ny"]


@pytest.mark.parametrize("strange", IDS)
def test_an_id_stays_in_its_place(world: World, client: HeyMiloClient, strange: str) -> None:
    with pytest.raises(NotFoundError):
        client.get_interview(strange)
    (request,) = world.requests
    assert request.path == f"/api/interview/{strange}"
    assert request.query == {}
    assert request.endpoint in ("get_interview", "unknown")


@pytest.mark.parametrize("nothing", ["", ".", "..", "..."])
@pytest.mark.parametrize(
    "ask",
    [
        api.get_interview, api.list_interviews, api.get_webhook, api.deactivate_webhook,
        lambda key: api.ingest_candidates(key, []),
        lambda key: api.ingest_candidate(key, Candidate(name="Ada", email="ada@example.com")),
    ],
)  # fmt: skip
def test_what_is_no_id_is_refused_before_anything_is_sent(ask: object, nothing: str) -> None:
    with pytest.raises(ValueError, match="isn't an id"):
        ask(nothing)  # type: ignore[operator]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429, 500])
@pytest.mark.parametrize("listed", [False, True])
def test_no_sentence_holds_what_was_sent(world: World, ask: Ask, status: int, listed: bool) -> None:
    who = Candidate(
        name="Ada Lovelace",
        email="ada@example.com",
        phone_number="+49 151 23456789",
        data={"Why": ["I wrote the first program"]},
    )
    echo = (
        f"ADA lovelace, Ms. Lovelace <ada@example.com>, other@example.com, +49 (151) 2345-6789, "
        f"I wrote the first program, {world.api_key}"
    )
    detail = [{"loc": ["body", echo], "msg": echo, "type": "x"}] if listed else echo
    headers = {"Retry-After": "9999"}
    world.inject(
        faults.status(status, body=json.dumps({"detail": detail}), headers=headers), times=9
    )
    with pytest.raises(HeyMiloError) as raised:
        ask(world, "ingest_candidate", "key", who)
    said = f"{raised.value}{raised.value!r}{raised.value.fields}".lower()
    for word in ("lovelace", "ada", "@", "2345", "program", world.api_key):
        assert word not in said
    assert raised.value.__cause__ is None


def test_a_long_explanation_is_cut(world: World, ask: Ask) -> None:
    world.inject(faults.status(422, detail="too long " * 100))
    with pytest.raises(HeyMiloError) as raised:
        ask(world, "list_postings")
    assert len(str(raised.value)) < 320


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (None, "Export again"),
        ("nowhere", "Export again"),
        ("http://files.example.com/a", "https"),
        ("ftp://127.0.0.1/a", "https"),
    ],
)
def test_an_export_without_a_safe_file_is_refused(url: str | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_export(Export(status="failed", file_url=url))


def test_a_file_that_is_gone_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError, match="export's file"):
        read_export(Export(file_url=f"{own_key(world).url}/exports/none.json?signature=abc"))
