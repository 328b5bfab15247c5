"""Where sheets are: copied whole from there, or refused with the mend and none of its secrets."""

import io
import os
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import fsspec  # type: ignore[import-untyped]
import pytest

from heymilo_prefect.sheets import SheetError, source
from heymilo_prefect.sheets import google as links
from heymilo_prefect.sheets.google import google_link
from heymilo_prefect.sheets.source import open_source, spool

SHEET = b"Name,Email\nAnn,ann@example.com\n"
WORKBOOK = b"PK\x03\x04 a workbook"
PAGE = b"<!doctype html><title>Sign in</title>"


def content(where: str | os.PathLike[str], worksheet: str | None = None) -> tuple[str, bytes]:
    name, file = open_source(where, worksheet)
    with file:
        return name, file.read()


def problem(where: str | os.PathLike[str], worksheet: str | None = None) -> str:
    with pytest.raises(SheetError) as error:
        open_source(where, worksheet)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None
    assert "secret" not in str(error.value)
    return str(error.value)


# --- paths


def test_a_path_is_opened_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "June 1.csv"
    path.write_bytes(SHEET)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for where in (path, str(path), path.name, f"~/{path.name}", path.as_uri()):
        assert content(where) == ("June 1.csv", SHEET)
    assert content(f"file://localhost{path}") == ("June 1.csv", SHEET)


def test_what_is_saved_while_a_run_reads_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(SHEET)
    _, file = open_source(path)
    path.write_bytes(b"Name,Email\nBob,bob@example.com\n")
    with file:
        assert file.read() == SHEET


def test_a_sheet_that_is_being_saved_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(SHEET * 1_000_000)
    saved = Event()

    def save() -> None:
        with path.open("ab") as file:
            while not saved.is_set():
                file.write(SHEET)
                file.flush()

    saving = Thread(target=save)
    saving.start()
    try:
        assert "was changed while it was being read. Run again" in problem(path)
    finally:
        saved.set()
        saving.join()


def test_a_path_that_leads_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    assert problem(path) == f'There is no file "{path}". Check the path.'
    assert "can't be opened" in problem(tmp_path)
    assert "can't be opened" in problem("a\0b.csv")


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([], '"a.csv" is empty.'),
        ([b" \n", b"\n "], '"a.csv" is empty.'),
        ([b"\xef\xbb\xbf \n", b"<!DOCTYPE HTML><html>"], '"a.csv" is a web page, not a sheet'),
        ([b"Email\n"] * 3, '"a.csv" is larger than 0 MB. Split it up.'),
    ],
)
def test_what_is_no_sheet_is_refused(
    parts: list[bytes], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "larger" in says:
        monkeypatch.setattr(source, "MAX_BYTES", 10)
    with pytest.raises(SheetError) as error:
        spool("a.csv", parts)
    assert says in str(error.value)


# --- links to web hosts


class _Host(BaseHTTPRequestHandler):
    """A host of files that also plays Google's pages."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path = self.path.partition("?")[0]
        if path.startswith("/moved"):
            self._answer(302, to="file:///a.csv" if "file" in path else "/x/a.csv")
        elif "private" in path and "/d/" in path:
            self._answer(307, to="/v3/ServiceLogin?continue=secret")
        elif "ServiceLogin" in path or "page" in path:
            self._answer(200, PAGE, "text/html; charset=utf-8")
        elif "denied" in path or "gone" in path or "broken" in path:
            status = 401 if "denied" in path else 404 if "gone" in path else 500
            self._answer(status, PAGE, "text/html")
        elif "a.zip" in path:
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w") as file:
                file.writestr("June/a.csv", SHEET)
            self._answer(200, archive.getvalue(), "application/zip")
        else:
            self._answer(200, WORKBOOK if "xlsx" in self.path else SHEET)

    do_HEAD = do_GET

    def _answer(self, status: int, body: bytes = b"", kind: str = "", to: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind or "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        if to:
            self.send_header("Location", to)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Host) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def asked() -> list[str]:
    _Host.asked = []
    return _Host.asked


@pytest.mark.parametrize("path", ["x/a.csv", "moved"])
def test_a_link_is_downloaded_also_where_it_leads_on(host: str, path: str) -> None:
    name = f"127.0.0.1/{path.split('/')[-1]}"
    assert content(f"http://user:secret@{host}/{path}?token=secret") == (name, SHEET)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/secret/page", '"127.0.0.1/page" is a web page, not a sheet'),
        ("/secret/denied.csv", "the server returned status 401"),
        ("/moved-to-file", "can't be downloaded (UnsupportedProtocol"),
        ("/v3/ServiceLogin", "requires signing in. Use a link that needs no sign-in"),
    ],
)
def test_a_link_without_a_sheet_is_an_error_without_its_secrets(
    host: str, path: str, says: str
) -> None:
    assert says in problem(f"http://user:secret@{host}{path}?token=secret")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/secret/a.csv?k=secret",
        "http://[secret/a.csv?k=secret",
        "simplecache::http://[secret/a.csv",
        "file://[secret/a.csv",
    ],
)
def test_a_dead_link_is_an_error_without_its_secrets(url: str) -> None:
    assert "Check the link" in problem(url)


def test_a_download_has_an_end(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 10)
    assert "is larger than" in problem(f"http://{host}/x/a.csv")


# --- Google


@pytest.fixture
def google(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "GOOGLE_DOCS", f"http://{host}")
    monkeypatch.setattr(links, "GOOGLE_DRIVE", f"http://{host}")


SHEETS = "https://docs.google.com/spreadsheets"


@pytest.mark.usefixtures("google")
@pytest.mark.parametrize(
    ("link", "downloads"),
    [
        (f"{SHEETS}/d/i-D_1/edit?gid=7#gid=7", "/spreadsheets/d/i-D_1/export?format=csv&gid=7"),
        (f"{SHEETS}/d/iD/edit?gid=0#gid=7", "/spreadsheets/d/iD/export?format=csv&gid=7"),
        (f"{SHEETS}/d/iD/edit#gid=7&range=A1", "/spreadsheets/d/iD/export?format=csv&gid=7"),
        (f"{SHEETS}/d/iD?gid=7", "/spreadsheets/d/iD/export?format=csv&gid=7"),
        (f"{SHEETS}/d/iD/export?format=csv&gid=7", "/spreadsheets/d/iD/export?format=csv&gid=7"),
        (f"{SHEETS}/d/iD/edit?usp=sharing", "/spreadsheets/d/iD/export?format=csv"),
        (f"{SHEETS}/d/iD/view#heading=1", "/spreadsheets/d/iD/export?format=csv"),
        (f"{SHEETS}/d/iD/htmlview", "/spreadsheets/d/iD/export?format=csv"),
        (f"{SHEETS}/d/iD", "/spreadsheets/d/iD/export?format=csv"),
        (f"{SHEETS}/u/0/d/iD/edit", "/spreadsheets/d/iD/export?format=csv"),
        (
            f"{SHEETS}/d/iD/edit?resourcekey=0-k#gid=7",
            "/spreadsheets/d/iD/export?format=csv&resourcekey=0-k&gid=7",
        ),
        (
            "http://docs.google.com/a/example.com/spreadsheets/d/iD/edit",
            "/spreadsheets/d/iD/export?format=csv",
        ),
        (f"{SHEETS}/d/e/2PACX-1/pubhtml", "/spreadsheets/d/e/2PACX-1/pub?output=csv"),
        (
            f"{SHEETS}/d/e/2PACX-1/pub?gid=7&single=true&output=tsv",
            "/spreadsheets/d/e/2PACX-1/pub?output=csv&single=true&gid=7",
        ),
        ("https://drive.google.com/file/d/iD/view?usp=drive_link", "/uc?export=download&id=iD"),
        ("https://drive.google.com/file/u/0/d/iD/edit", "/uc?export=download&id=iD"),
        ("https://drive.google.com/open?id=iD", "/uc?export=download&id=iD"),
    ],
)
def test_a_google_link_is_read_as_people_copy_it(
    link: str, downloads: str, asked: list[str]
) -> None:
    name, sheet = content(link)
    assert sheet == SHEET
    assert name in ("the Google sheet", "the Google Drive file")
    assert asked == [downloads]


@pytest.mark.usefixtures("google")
@pytest.mark.parametrize(
    ("link", "downloads"),
    [
        (f"{SHEETS}/d/iD/edit#gid=7", "/spreadsheets/d/iD/export?format=xlsx"),
        (f"{SHEETS}/d/e/2P/pub?gid=7&output=csv", "/spreadsheets/d/e/2P/pub?output=xlsx"),
    ],
)
def test_a_worksheet_by_name_needs_the_complete_workbook(
    link: str, downloads: str, asked: list[str]
) -> None:
    assert content(link, worksheet="June") == ("the Google sheet", WORKBOOK)
    assert asked == [downloads]


@pytest.mark.usefixtures("google")
@pytest.mark.parametrize(
    ("link", "says"),
    [
        (f"{SHEETS}/d/private-secret/edit", 'with "Anyone with the link", or pass google_cred'),
        (f"{SHEETS}/d/page-secret/edit", 'with "Anyone with the link", or pass google_credentia'),
        (f"{SHEETS}/d/denied-secret/edit", 'with "Anyone with the link", or pass google_credent'),
        (f"{SHEETS}/d/e/private-secret/pub", "the address bar together with google_credentials"),
        (f"{SHEETS}/d/gone-secret/edit", "the server returned status 404. Check that the link is"),
        (f"{SHEETS}/d/broken-secret/edit", "the server returned status 500"),
    ],
)
def test_a_google_sheet_that_cannot_be_read_says_how_to_share_it(link: str, says: str) -> None:
    said = problem(link)
    assert said.startswith('"the Google sheet"')
    assert says in said


@pytest.mark.parametrize(
    "link",
    [
        "https://docs.google.com/document/d/iD/edit",
        "https://docs.google.com.example.com/spreadsheets/d/iD/edit",
        "https://example.com/spreadsheets/d/iD/edit",
        "https://drive.google.com/drive/folders/iD",
        "ftp://docs.google.com/spreadsheets/d/iD",
        "https://[docs.google.com/spreadsheets/d/iD",
        "spreadsheets/d/iD",
        Path("a.csv"),
    ],
)
def test_other_links_are_not_taken_for_google_sheets(link: object) -> None:
    assert google_link(link) is None


# --- file systems


def test_a_file_system_of_fsspec_is_read(host: str, ftp: Any) -> None:
    fsspec.filesystem("memory").pipe("/June/a.csv", SHEET)
    assert content("memory://June/a.csv") == ("june/a.csv", SHEET)
    (ftp.root / "a.csv").write_bytes(SHEET)
    assert content(ftp.link("a.csv")) == ("127.0.0.1/a.csv", SHEET)
    link = f"zip://June/a.csv::simplecache::http://{host}/secret/a.zip"
    assert content(link) == ("june/a.csv", SHEET)


def test_an_archive_on_this_disk_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", SHEET)
    assert content(f"zip://a.csv::{path}") == ("a.csv", SHEET)


def test_a_missing_file_is_one_sentence(ftp: Any, host: str) -> None:
    unread = (
        '"127.0.0.1/b.csv" can\'t be read ({}). Check the link, and whether this machine has '
        "access to it."
    )
    missing = unread.format("it doesn't exist")
    assert problem(ftp.link("secret/b.csv")) == missing
    assert problem(f"simplecache::http://{host}/secret/gone/b.csv") == missing
    refused = problem(ftp.link("secret/b.csv", user="stranger"))
    assert refused == unread.format("error_perm")


def test_a_file_without_permission_is_one_sentence(tmp_path: Path) -> None:
    class Locked(fsspec.AbstractFileSystem):  # type: ignore[misc]
        def open(self, path: str, mode: str) -> None:
            raise PermissionError(f"secret {path}")

    fsspec.register_implementation("locked", Locked, clobber=True)
    assert "(access is denied). Check the link" in problem("locked://bucket/secret/a.csv")


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("s3://bucket/secret/a.csv", 'installed: pip install "heymilo-prefect[s3]".'),
        ("abfs://secret/a.csv", 'installed: pip install "heymilo-prefect[azure]".'),
        ("simplecache::gs://b/secret/a.csv", 'installed: pip install "heymilo-prefect[gcs]".'),
        ("dropbox://secret/a.csv", '"dropboxdrivefs"'),
        ("s4://bucket/secret/a.csv", '"s4://" links aren\'t supported. Use a'),
    ],
)
def test_a_scheme_that_cannot_be_used_says_what_to_do(link: str, says: str) -> None:
    protocol = link.rpartition("::")[2].partition("://")[0]
    try:
        fsspec.get_filesystem_class(protocol)
    except (ImportError, ValueError):
        assert says in problem(link)
    else:
        pytest.skip("its package is installed here")
