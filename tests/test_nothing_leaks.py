"""What the other tests left behind holds neither the key nor a candidate's address."""

import base64
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from heymilo_prefect.flows import (
    UnfinishedError,
    ingest_sheet,
    post_interview_summaries,
    report_stalled_candidates,
)
from heymilo_prefect.sandbox import World, faults
from tests.leaks import decoded

MARKER = "marker.person"
PATIENCE_SECONDS = 300


def cells(database: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (table,) in tables.fetchall():
            for row in connection.execute(f'select * from "{table}"'):
                for cell in row:
                    yield table, cell if isinstance(cell, bytes) else str(cell).encode()


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All files below a folder, and all cells of the databases among them."""
    for path in folder.rglob("*"):
        if path.suffix == ".db":
            yield from cells(path)
        if path.is_file():
            yield path.name, path.read_bytes()


def wait_for_other_workers(folder: Path) -> None:
    """Let the tests that are still running end; none begins after these, which are the last."""
    me = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    workers = {f"gw{n}" for n in range(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))}
    end = time.monotonic() + PATIENCE_SECONDS
    while not all((folder / other / "finished").exists() for other in workers - {me}):
        assert time.monotonic() < end, "another worker has not finished, or crashed"
        time.sleep(0.1)


def test_the_key_and_the_marker_are_nowhere(
    world: World, prefect_server: None, left_behind: Path, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Covers the Prefect home, the log and the server's database of every worker of this run."""
    sheet = tmp_path / "a.csv"
    sheet.write_text(
        "Name,Email,Note\n"
        + "".join(f"Marker Person,{MARKER}{n}@example.com,secret words\n" for n in range(5))
        + f"Marker Person,{MARKER}@,bad\n"
    )
    credentials, slack = world.heymilo_credentials, world.slack
    posting = "Senior Frontend Developer"
    echo = f"{MARKER}1@example.com is no good, Marker Person"
    world.inject(faults.status(500, detail=echo), on="ingest_candidates", times=5)
    with pytest.raises(UnfinishedError):
        ingest_sheet(credentials, str(sheet), posting)
    world.inject(faults.status(422, detail=echo), on="ingest_candidates")
    ingest_sheet(credentials, str(sheet), posting)
    world.inject(faults.html(acted=True), on="ingest_candidates", times=5)
    with pytest.raises(UnfinishedError):
        ingest_sheet(credentials, str(sheet), posting, retake=True)
    report_stalled_candidates(credentials, slack=slack)
    post_interview_summaries(credentials, slack, since=None)

    wait_for_other_workers(left_behind)
    servers = set(left_behind.glob("*/server"))
    assert {database.parents[1] for database in left_behind.rglob("*.db")} == servers != set()
    looked_at = 0
    for name, content in [*everything(left_behind), ("log", caplog.text.encode())]:
        for text in decoded(content):
            looked_at += len(text)
            for secret in (world.api_key, world.slack_token, MARKER, "Marker Person"):
                assert secret.encode() not in text, f"{secret} is in {name}"
    assert looked_at > 100_000


def test_the_scan_finds_the_posted_messages(tmp_path: Path) -> None:
    hidden = base64.b64encode(b"somewhere in here is marker.person1@example.com")
    assert any(MARKER.encode() in text for text in decoded(b'{"result": "' + hidden + b'"}'))
