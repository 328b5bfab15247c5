"""The bare program: httpx, csv and json, 8 requests in flight, and nothing else.

It checks no row, retries nothing, keeps to no limit and reports to nobody.
"""

import asyncio
import csv
import json
import sys
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from typing import Any

import httpx

from tests.benchmarks import IN_FLIGHT, PAGE, Stopwatch


async def ingest(client: httpx.AsyncClient, url_key: str, sheet: str) -> int:
    """Send the rows of a CSV file, 100 a request; returns how many interviews came back."""
    interviews: list[tuple[str, str]] = []

    async def send(rows: list[list[str]]) -> None:
        candidates = [
            {
                "name": name,
                "email": email,
                "phone_number": phone,
                "metadata": {},
                "data": {"City": city},
                "retake": False,
            }
            for name, email, phone, city in rows
        ]
        answer = await client.post(f"/api/ingest/x/bulk/{url_key}", json={"data": candidates})
        answer.raise_for_status()
        for made in json.loads(answer.content)["interview_details"]:
            interviews.append((made["interview_id"], made["interview_link"]))

    with open(sheet, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        await _each(iter(lambda: list(islice(rows, 100)), []), send)
    return len(interviews)


async def read(client: httpx.AsyncClient, posting_id: str) -> int:
    """Read a posting's interviews, 100 a page; returns how many there were."""
    count = 0

    async def page(number: int) -> int:
        nonlocal count
        query = {"page": number, "limit": PAGE}
        answer = await client.get(f"/api/interviews/{posting_id}", params=query)
        answer.raise_for_status()
        body = json.loads(answer.content)
        count += len(body["candidates"])
        return int(body["total_pages"])

    last = await page(1)
    await _each(range(2, last + 1), page)
    return count


async def stalled(client: httpx.AsyncClient, *_: str) -> int:
    """Read the interviews of all postings, 100 a page; returns how many there were."""
    count = 0
    answer = await client.get("/api/postings", params={"page": 1, "limit": PAGE})
    answer.raise_for_status()

    async def posting(posting_id: str) -> None:
        nonlocal count
        page, last = 1, 1
        while page <= last:
            query = {"page": page, "limit": PAGE}
            answer = await client.get(f"/api/interviews/{posting_id}", params=query)
            answer.raise_for_status()
            body = json.loads(answer.content)
            count += len(body["candidates"])
            page, last = page + 1, int(body["total_pages"])

    ids = [posting["posting_id"] for posting in json.loads(answer.content)["postings"]]
    await _each(ids, posting)
    return count


async def _each(things: Iterable[Any], do: Callable[[Any], Awaitable[Any]]) -> None:
    """Do something with each thing, so many at a time."""
    left = iter(things)

    async def work() -> None:
        for thing in left:
            await do(thing)

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))


async def main(what: str, url: str, api_key: str, *about: str) -> None:
    """Do one of the three, and tell what it needed."""
    watch = Stopwatch()
    headers = {"X-API-KEY": api_key}
    async with httpx.AsyncClient(
        base_url=url, headers=headers, timeout=30.0, trust_env=False
    ) as client:
        done = await {"ingest": ingest, "read": read, "stalled": stalled}[what](client, *about)
    watch.tell(done)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
