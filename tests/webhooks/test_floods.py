"""What comes from the open internet neither stops the receiver nor fills its memory."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from heymilo_prefect.webhooks import receiver  # noqa: F401 - its module is patched below
from heymilo_prefect.webhooks import server as serving
from tests.waiting import until
from tests.webhooks import SECRET, PrefectApi, closed_port, said

receiver_module = sys.modules["heymilo_prefect.webhooks.receiver"]
KB = 1024
START_SECONDS = 90


async def connected(hook: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    url = httpx.URL(hook)
    return await asyncio.open_connection(url.host, url.port)


def head(size: int, path: str = f"/{SECRET}", more: str = "") -> bytes:
    return f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n{more}\r\n".encode()


async def answered(reader: asyncio.StreamReader) -> int:
    """The status of an answer, 0 for a connection that ended without one."""
    try:
        first = await reader.readline()
        size = 0
        while (line := await reader.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        await reader.readexactly(size)
    except (OSError, asyncio.IncompleteReadError):
        return 0
    return int(first.split()[1]) if first else 0


@pytest.mark.parametrize(("size", "status"), [(256 * KB, 202), (256 * KB + 1, 413), (8 << 20, 413)])
def test_a_body_beyond_256_kb_is_refused(
    hook: str, prefect_api: PrefectApi, size: int, status: int
) -> None:
    body = json.dumps(said()).encode()
    body += b" " * (size - len(body))
    assert httpx.post(hook, content=body).status_code == status

    def chunks() -> Iterator[bytes]:
        for start in range(0, size, 64 * KB):
            yield body[start : start + 64 * KB]

    assert httpx.post(hook, content=chunks()).status_code == status
    assert len(prefect_api.events) == (1 if status == 202 else 0)


async def test_a_body_that_trickles_in_is_cut_off(
    hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver_module, "_BODY_SECONDS", 0.3)
    reader, writer = await connected(hook)
    writer.write(head(1000) + b"{")
    began = time.monotonic()
    assert await answered(reader) == 408
    assert time.monotonic() - began < 2
    assert await reader.read() == b""
    writer.close()


async def test_headers_that_do_not_come_are_not_waited_for(
    hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_HEADER_SECONDS", 0.3)
    for sent in (b"", b"POST / HTTP/1.1\r\nhost:"):
        reader, writer = await connected(hook)
        writer.write(sent)
        assert await asyncio.wait_for(reader.read(), 3) == b""
        writer.close()


async def test_headers_without_end_are_refused(hook: str) -> None:
    reader, writer = await connected(hook)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n" + b"x: " + b"y" * 40 * KB)
    assert await answered(reader) in (400, 0)
    writer.close()


async def test_a_body_without_the_secret_is_not_read(hook: str) -> None:
    reader, writer = await connected(hook)
    writer.write(head(10**9, path="/wrong"))
    assert await asyncio.wait_for(answered(reader), 3) == 404
    assert await asyncio.wait_for(reader.read(), 3) == b""
    writer.close()


async def test_all_bodies_together_have_a_bound(hook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver_module, "_MAX_BUFFERED", 200 * KB)
    held = await connected(hook)
    held[1].write(head(150 * KB) + b" " * 100 * KB)
    await asyncio.sleep(0.2)
    late = await connected(hook)
    late[1].write(head(120 * KB) + b" " * 120 * KB)
    assert await answered(late[0]) == 503
    held[1].write(b" " * 50 * KB)
    assert await answered(held[0]) == 202
    for _, writer in (held, late):
        writer.close()


@pytest.fixture
def program(prefect_api: PrefectApi) -> Iterator[tuple[str, int]]:
    """The receiver as a program: where HeyMilo calls, and the process."""
    port = closed_port()
    command = [sys.executable, "-m", "heymilo_prefect", "webhooks", "--port", str(port)]
    settings = {"HEYMILO_WEBHOOK_SECRET": SECRET, "PREFECT_API_URL": prefect_api.url}
    with subprocess.Popen(
        command, env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    ) as process:  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        until(lambda: is_up(url), START_SECONDS)
        yield f"{url}/{SECRET}", process.pid
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=30)
    assert f"{url}/<secret>" in printed and "Calls: " in printed
    assert SECRET not in printed and "int_" not in printed


def is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").is_success
    except httpx.TransportError:
        return False


def megabytes(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/status").read_text()
    resident = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert resident
    return int(resident[1]) / KB


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
async def test_10000_concurrent_calls_get_responses_in_bounded_memory(
    program: tuple[str, int], prefect_api: PrefectApi
) -> None:
    hook, process_id = program
    statuses: Counter[int] = Counter()
    numbers = iter(range(10_000))

    async def call() -> None:
        reader, writer = await connected(hook)
        for number in numbers:
            body = json.dumps(said(f"int_{number}")).encode()
            writer.write(head(len(body)) + body)
            statuses[await answered(reader)] += 1
        writer.close()

    async def hold() -> None:
        """Send as much of a body as is allowed, and then no more."""
        reader, writer = await connected(hook)
        writer.write(head(8 << 20) + b"x" * 300 * KB)
        assert await answered(reader) in (413, 0)
        writer.close()

    await asyncio.gather(*(call() for _ in range(10)))
    before, asked = megabytes(process_id), statuses.total()
    assert asked == 10_000
    numbers = iter(range(10_000, 20_000))
    await asyncio.gather(*(call() for _ in range(200)), *(hold() for _ in range(100)))
    assert set(statuses) <= {202, 503}
    assert statuses[202] == len(prefect_api.events)
    assert statuses[202] > 15_000
    assert megabytes(process_id) < before * 1.5
    assert httpx.post(hook, json=said("int_last")).status_code == 202


def test_the_program_names_missing_settings() -> None:
    def ended(**settings: str) -> str:
        command = [sys.executable, "-m", "heymilo_prefect", "webhooks"]
        env = {name: value for name, value in os.environ.items() if "PREFECT_API" not in name}
        ran = subprocess.run(
            command, env={**env, **settings}, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 1
        return ran.stderr

    assert "PREFECT_API_URL isn't set. Set it" in ended(HEYMILO_WEBHOOK_SECRET=SECRET)
    missing = ended(PREFECT_API_URL="http://127.0.0.1:1/api", HEYMILO_WEBHOOK_SECRET="short-one")
    assert "at least 16 letters" in missing and "Set HEYMILO_WEBHOOK_SECRET" in missing
    assert "short-one" not in missing
