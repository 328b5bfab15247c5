"""What the other tests left behind holds neither the key nor a candidate's address."""

import base64
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

from heymilo_prefect.flows import (
    UnfinishedError,
    ingest_sheet,
    post_interview_summaries,
    report_stalled_candidates,
)
from heymilo_prefect.sandbox import World, faults

MARKER = "marker.person"
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")


def everything(home: Path, database: Path) -> Iterator[tuple[str, bytes]]:
    """All files below Prefect's home, and all cells of the server's database, decoded too."""
    for path in home.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()
    with sqlite3.connect(database) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (table,) in tables.fetchall():
            for row in connection.execute(f'select * from "{table}"'):
                for cell in row:
                    yield table, cell if isinstance(cell, bytes) else str(cell).encode()


def decoded(content: bytes) -> Iterator[bytes]:
    yield content
    for run in _BASE64.findall(content.replace(b"\\n", b"")):
        yield base64.b64decode(run[: len(run) // 4 * 4])


def test_the_key_and_the_marker_are_nowhere(
    world: World, prefect_server: None, prefect_home: Path, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    sheet = tmp_path / "a.csv"
    sheet.write_text(
        "Name,Email,Note\n"
        + "".join(f"Marker Person,{MARKER}{n}@example.com,secret words\n" for n in range(5))
        + f"Marker Person,{MARKER}@,bad\n"
    )
    credentials, slack = world.heymilo_credentials, world.slack
    posting = "Senior Frontend Developer"
    echo = f"{MARKER}1@example.com is no good, Marker Person"
    world.play(faults.status(500, detail=echo), on="ingest_candidates", times=5)
    with pytest.raises(UnfinishedError):
        ingest_sheet(credentials, str(sheet), posting)
    world.play(faults.status(422, detail=echo), on="ingest_candidates")
    ingest_sheet(credentials, str(sheet), posting)
    world.play(faults.html(acted=True), on="ingest_candidates", times=5)
    with pytest.raises(UnfinishedError):
        ingest_sheet(credentials, str(sheet), posting, retake=True)
    report_stalled_candidates(credentials, slack=slack)
    post_interview_summaries(credentials, slack, since=None)

    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    assert url
    database = Path(urlsplit(str(url)).path.replace("//", "/"))
    assert database.exists()
    looked_at = 0
    for name, content in [*everything(prefect_home, database), ("log", caplog.text.encode())]:
        for text in decoded(content):
            looked_at += len(text)
            for secret in (world.api_key, world.slack_token, MARKER, "Marker Person"):
                assert secret.encode() not in text, f"{secret} is in {name}"
    assert looked_at > 100_000


def test_the_search_itself_finds_what_is_there(tmp_path: Path) -> None:
    hidden = base64.b64encode(b"somewhere in here is marker.person1@example.com")
    assert any(MARKER.encode() in text for text in decoded(b'{"result": "' + hidden + b'"}'))
