"""Our side: the prebuilt flows, and the client."""

import asyncio
import sys

from prefect.settings import PREFECT_API_URL
from prefect.testing.utilities import prefect_test_harness
from prefect_slack import SlackCredentials
from pydantic import SecretStr

from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.flows import ingest_sheet, post_interview_summaries, report_stalled_candidates
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


def stalled(heymilo_credentials: HeyMiloCredentials, source: str) -> None:
    """Run the flow that looks for stalled candidates, and tell what it needed."""
    measure(
        lambda: report_stalled_candidates(heymilo_credentials, source=source),
        lambda report: report.interviews_read,
        given=heymilo_credentials,
    )


def post(
    heymilo_credentials: HeyMiloCredentials, url: str, token: str, template: str, *routes: str
) -> None:
    """Run the flow that posts summaries, 50 to each channel, and tell what it needed."""
    leads = dict(route.split("=") for route in routes)
    own, *_ = leads.values()
    slack = SlackChannel(
        credentials=SlackCredentials(token=SecretStr(token)), channel=own, api_url=url
    )
    measure(
        lambda: post_interview_summaries(
            heymilo_credentials, slack, template=template, routes=leads, since=None, max_messages=50
        ),
        lambda report: len(report.posted),
        given=heymilo_credentials,
    )


def serve() -> None:
    """Serve Prefect's API to the other children, until standard input ends."""
    with prefect_test_harness(server_startup_timeout=120):
        print(PREFECT_API_URL.value(), flush=True)
        sys.stdin.read()


def main(what: str, url: str, api_key: str, *about: str) -> None:
    """Do one of them, with a limit of requests that doesn't bind unless one is given."""
    block = HeyMiloCredentials(api_key=SecretStr(api_key), base_url=url, requests_per_minute=1e8)
    if what == "ingest":
        ingest(block, *about)
    elif what == "post":
        post(block, *about)
    elif what == "stalled":
        source, per_minute = about
        stalled(block.model_copy(update={"requests_per_minute": float(per_minute)}), source)
    else:
        asyncio.run(read(block, *about))


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        main(*sys.argv[1:])
