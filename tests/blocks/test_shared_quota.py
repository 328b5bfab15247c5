"""All processes share the requests of a key through Prefect, and none bursts when it is away."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.blocks.shared_quota import TokenBucket
from heymilo_prefect.flows import UnfinishedError, ingest_sheet
from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.testing import no_waiting
from tests.deployments import ROOT

pytestmark = pytest.mark.usefixtures("prefect_server")

WINDOW = 6.0
REQUESTS = 60


def made(name: str, bucket: TokenBucket) -> None:
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(name, *bucket)


@pytest.fixture
def name() -> str:
    return f"heymilo-{uuid4().hex[:8]}"


def block(world: World, name: str, requests_per_minute: float = 1e5) -> HeyMiloCredentials:
    changes = {"concurrency_limit": name, "requests_per_minute": requests_per_minute}
    return world.heymilo_credentials.model_copy(update=changes)


def test_its_two_numbers_never_let_a_minute_hold_more_than_the_limit() -> None:
    for requests in (1, 2, 10, 300, 1_000):
        bucket = TokenBucket.of(requests)
        assert bucket.limit + 60 * bucket.slot_decay_per_second <= requests * 1_000
    assert 60 * TokenBucket.of(300).slot_decay_per_second >= 0.95 * 300 * 1_000


def test_many_share_it_and_no_window_holds_more(name: str) -> None:
    made(name, TokenBucket.of(REQUESTS, WINDOW))
    with sandbox(requests_per_minute=REQUESTS, window_seconds=WINDOW) as world, no_waiting():
        # Blocks that differ share nothing in this process: as good as two processes.
        ours = [block(world, name, requests) for requests in (1e5, 2e5)]
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(lambda n: ours[n % 2].get_client().check_health(), range(90)))
        assert world.counts["check_health"] == 90
        assert world.refused_by_rate == 0 and world.busiest_window <= REQUESTS
        came = sorted(request.at for request in world.requests)
    least = (90 - 6) / (TokenBucket.of(REQUESTS, WINDOW).slot_decay_per_second / 1_000)
    assert came[-1] - came[0] >= 0.95 * least


async def test_event_loops_share_it_too(world: World, name: str) -> None:
    credentials = block(world, name)
    credentials.requests_per_minute = 6_000
    assert await credentials.acreate_concurrency_limit() == name
    client = credentials.get_async_client()
    for _ in range(5):
        assert (await client.check_health()).status == 200


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        (None, "Prefect has no global concurrency limit"),
        (TokenBucket(6_000, 10_000.0), "doesn't have 300 requests per minute"),
        (TokenBucket(6, 4.8), "doesn't have 300 requests per minute"),
        (TokenBucket(6_000, 0.0), "has no slot decay"),
    ],
)
def test_a_limit_that_is_missing_or_wrong_is_an_error_that_says_how_to_make_it(
    world: World, name: str, bucket: TokenBucket | None, expected: str
) -> None:
    if bucket is not None:
        made(name, bucket)
    with pytest.raises(HeyMiloError, match=expected) as raised:
        block(world, name, 300).get_client().check_health()
    assert "create_concurrency_limit()" in str(raised.value)
    assert not world.requests
    block(world, name, 300).create_concurrency_limit()
    assert block(world, name, 300).get_client().check_health().status == 200


def test_a_flow_without_its_limit_sends_nothing_and_says_why(
    world: World, name: str, tmp_path: object
) -> None:
    sheet = f"{tmp_path}/people.csv"
    with open(sheet, "w") as file:
        file.write("Name,Email\nA B,a@example.com\n")
    with pytest.raises(UnfinishedError) as raised:
        ingest_sheet(
            block(world, name, 300), sheet, url_key=world.postings[world.posting_ids[0]].url_key
        )
    assert "has no global concurrency limit" in raised.value.report.rows[0].reason
    assert not world.requests


def test_a_block_without_a_name_is_an_error_that_names_it(world: World) -> None:
    with pytest.raises(ValueError, match="concurrency_limit is empty"):
        world.heymilo_credentials.create_concurrency_limit()


class Way:
    """A way to Prefect's server that can be closed."""

    def __init__(self, to: str) -> None:
        address = urlsplit(to)
        self._to = (address.hostname, address.port)
        self.is_open = False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}{address.path}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if not self.is_open:
                client.close()
                continue
            server = socket.create_connection(self._to)
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass(one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        finally:
            other.close()

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def way() -> Iterator[Way]:
    way = Way(PREFECT_API_URL.value() or "")
    yield way
    way.close()


def test_while_prefect_cannot_be_reached_requests_wait_and_then_go_on(
    world: World, name: str, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    block(world, name, 300).create_concurrency_limit()
    with ThreadPoolExecutor(1) as pool, temporary_settings({PREFECT_API_URL: way.url}):
        client = block(world, name, 300).get_client()
        waiting = pool.submit(_in_settings(client.check_health))
        time.sleep(0.7)
        assert not waiting.done() and not world.requests
        way.is_open = True
        assert waiting.result(timeout=30).status == 200
    assert "Can't reach the Prefect API" in caplog.text


def _in_settings(function: object) -> object:
    import contextvars

    context = contextvars.copy_context()
    return lambda: context.run(function)  # type: ignore[arg-type]


@pytest.mark.long
def test_processes_use_95_percent_of_the_real_limit_and_never_more_than_all(name: str) -> None:
    with sandbox() as world:
        credentials = block(world, name, 300)
        credentials.create_concurrency_limit()
        server = f"PREFECT_API_URL={PREFECT_API_URL.value()}"
        command = ["env", server, sys.executable, "-m", "tests.asking", world.url, name, "115"]
        children = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
        assert [child.wait(300) for child in children] == [0, 0, 0]
        came = sorted(request.at for request in world.requests)
        assert world.refused_by_rate == 0 and world.busiest_window <= 300
    working = [at for at in came if came[0] + 10 <= at <= came[0] + 100]
    assert len(working) >= 0.95 * 300 * 90 / 60
