"""An export's file is read as it arrives: no key goes there, and nothing bad is believed."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from heymilo_prefect.api import AsyncHeyMiloClient, exports
from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.api.exports import ExportStream
from heymilo_prefect.api.models import Export
from heymilo_prefect.sandbox import World, faults
from heymilo_prefect.sandbox.faults import Fault


def read(world: World) -> list[str]:
    return asyncio.run(reading(world, []))


async def reading(world: World, found: list[str]) -> list[str]:
    client = AsyncHeyMiloClient(world.api_key, world.url, requests_per_minute=99_999)
    export = await client.export_interviews(world.posting_ids[0])
    async for interview in ExportStream(export):
        assert interview.workflow_status is not None
        found.append(interview.interview_id)
    return found


def listed(world: World) -> list[str]:
    return [one.interview_id for one in reversed(world.interviews_by_age(world.posting_ids[0]))]


def file_of(content: Any) -> Fault:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Fault(lambda answer: replace(answer, body=body), acted=True)


@pytest.mark.parametrize("count", [0, 1, 150])
@pytest.mark.parametrize("reading", [None, "export_file_object", "export_by_get"])
def test_every_candidate_in_the_file_is_read_once_and_the_key_is_not_sent(
    world: World, reading: str | None, count: int
) -> None:
    """Notes 4 and 5."""
    world.variants.update([reading] if reading else [])
    world.add_candidates(world.posting_ids[0], count)
    assert read(world) == listed(world)
    (request,) = world.requests_to("export_file")
    assert "x-api-key" not in request.headers
    assert world.api_key not in str(request)


def test_interviews_come_before_the_file_has_ended(world: World) -> None:
    world.add_candidates(world.posting_ids[0], 300)
    world.inject(faults.cut_body(acted=True), on="export_file")
    found: list[str] = []
    with pytest.raises(HeyMiloError, match="The download of the export"):
        asyncio.run(reading(world, found))
    assert found and found == listed(world)[: len(found)]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (file_of({"columns": ["interview"], "rows": [{"interview_id": "i"}]}), "unknown shape"),
        (file_of({"rows": ["x" * 100_000]}), "unknown shape"),
        (file_of([1, 2]), "unknown shape"),
        (file_of([{"id": 1}]), "unknown shape"),
        (file_of("text"), "unknown shape"),
        (file_of({"candidates": {}}), "unknown shape"),
        (file_of(b""), "is empty"),
        (file_of(b"  "), "is empty"),
        (file_of(b"[{]"), "isn't JSON"),
        (file_of(b'[{"interview_id": "i"'), "incomplete"),
        (faults.html(acted=True), "unknown shape"),
        (faults.status(500), "for the export's file"),
        (faults.status(404), "doesn't know the export's file"),
        (faults.redirect("https://example.com/"), "redirected"),
        (faults.reset(), "The download of the export"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(world: World, fault: Fault, sentence: str) -> None:
    world.inject(fault, on="export_file")
    with pytest.raises(HeyMiloError, match=sentence) as raised:
        read(world)
    assert len(world.requests_to("export_file")) == 1
    assert "candidates-" not in str(raised.value)


def test_a_file_that_is_too_long_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add_candidates(world.posting_ids[0], 50)
    monkeypatch.setattr(exports, "_MAX_BYTES", 20_000)
    with pytest.raises(HeyMiloError, match="longer than 20,000 bytes"):
        read(world)


@pytest.mark.parametrize("url", [None, "", "http://example.com/file.json", "ftp://127.0.0.1/x"])
def test_only_https_and_loopback_urls_are_requested(url: str | None) -> None:
    async def read_it() -> None:
        async for _ in ExportStream(Export(file_url=url, status="success")):
            pass

    with pytest.raises(ValueError, match=r"no file|https"):
        asyncio.run(read_it())
