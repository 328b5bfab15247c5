"""Our side: the flow that ingests a sheet, and the client that reads a listing."""

import asyncio
import sys
from statistics import median

from prefect import flow
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.testing.utilities import prefect_test_harness
from pydantic import SecretStr

from heymilo_prefect import HeyMiloCredentials
from heymilo_prefect.flows import ingest_sheet
from tests.benchmarks import PAGE, Stopwatch


@flow(persist_result=False)
def empty(heymilo_credentials: HeyMiloCredentials) -> None:
    """Do nothing: what Prefect needs for any flow."""


def ingest(heymilo_credentials: HeyMiloCredentials, url_key: str, sheet: str) -> None:
    """Run the flow, and tell what it needed above an empty flow.

    The heartbeat is off, since the end of a sync flow waits up to a second for it.
    """
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        empty(heymilo_credentials)  # the first flow imports what Prefect left for later
        less = median(_seconds_of_empty(heymilo_credentials) for _ in range(3))
        watch = Stopwatch()
        report = ingest_sheet(heymilo_credentials, sheet, url_key=url_key)
        watch.tell(report.counts["ingested"], less)


def _seconds_of_empty(heymilo_credentials: HeyMiloCredentials) -> float:
    watch = Stopwatch()
    empty(heymilo_credentials)
    return watch.seconds()


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
