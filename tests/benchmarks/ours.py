"""Our side: the flow that ingests a sheet, and the client that reads a listing."""

import asyncio
import sys

from prefect.settings import PREFECT_API_URL
from prefect.testing.utilities import prefect_test_harness
from pydantic import SecretStr

from heymilo_prefect import HeyMiloCredentials
from heymilo_prefect.flows import ingest_sheet
from tests.benchmarks import PAGE, Stopwatch
from tests.benchmarks.empty import measure


def ingest(heymilo_credentials: HeyMiloCredentials, url_key: str, sheet: str) -> None:
    """Run the flow, and tell what it needed."""
    measure(
        lambda: ingest_sheet(heymilo_credentials, sheet, url_key=url_key),
        lambda report: report.counts["ingested"],
        given=heymilo_credentials,
    )


async def read(heymilo_credentials: HeyMiloCredentials, posting_id: str) -> None:
    """Iterate over a posting's interviews, and tell what it needed."""
    watch = Stopwatch()
    client = heymilo_credentials.get_async_client()
    done = 0
    async for _ in client.iter_interviews(posting_id, PAGE):
        done += 1
    watch.tell(done)


def serve() -> None:
    """Serve Prefect's API to the other children, until standard input ends."""
    with prefect_test_harness(server_startup_timeout=120):
        print(PREFECT_API_URL.value(), flush=True)
        sys.stdin.read()


def main(what: str, url: str, api_key: str, *about: str) -> None:
    """Do one of the two, with a limit of requests that doesn't bind."""
    block = HeyMiloCredentials(api_key=SecretStr(api_key), base_url=url, requests_per_minute=1e8)
    if what == "ingest":
        ingest(block, *about)
    else:
        asyncio.run(read(block, *about))


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        main(*sys.argv[1:])
