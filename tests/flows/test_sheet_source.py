"""Opening a sheet for a flow: by a path, from a saved block, and from a private Google sheet."""

import asyncio
import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import fsspec  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from prefect import flow, task
from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from prefect.filesystems import LocalFileSystem, RemoteFileSystem
from prefect.utilities.asyncutils import run_coro_as_sync
from prefect.utilities.schema_tools.validation import validate

from heymilo_prefect.blocks.parameters import GoogleCredentials, Storage
from heymilo_prefect.flows.sheet_source import open_sheet
from heymilo_prefect.sheets import Sheet, SheetError
from tests.sheets.files import book

SHEET = b"Name,Email\nAnn,ann@example.com\n"
LINK = "https://docs.google.com/spreadsheets/d/secret-id/edit"
ACCOUNT = "flows@example.com"


def workbook() -> bytes:
    header = ["Name", "Email"]
    june, july = ([header, [month, f"{month}@example.com"]] for month in ("June", "July"))
    return book("xlsx", June=june, July=july)


def names(sheet: Sheet) -> list[str]:
    with sheet:
        return [row.cells[0] for row in sheet.rows]


async def problem(*args: Any, **options: Any) -> str:
    with pytest.raises(SheetError) as error:
        await open_sheet(*args, **options)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None
    assert "secret" not in str(error.value)
    return str(error.value)


# --- paths and storage


async def test_a_path_is_opened_with_its_worksheet_and_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook())
    sheet = await open_sheet(str(path), "July", {"Name": "name"})
    assert (sheet.name, sheet.headers, names(sheet)) == ("a.xlsx", ["Name", "Email"], ["July"])


async def test_storage_gives_the_path_in_it(tmp_path: Path) -> None:
    (tmp_path / "June").mkdir()
    (tmp_path / "June" / "a.csv").write_bytes(SHEET)
    fsspec.filesystem("memory").pipe("/bucket/June/a.csv", SHEET)
    for storage in (
        LocalFileSystem(basepath=str(tmp_path)),
        RemoteFileSystem(basepath="memory://bucket"),
    ):
        sheet = await open_sheet("June/a.csv", storage=storage)
        assert (sheet.name, names(sheet)) == ("a.csv", ["Ann"])


async def test_an_encoding_is_used_wherever_the_file_is(tmp_path: Path) -> None:
    content = "Name,Email\nBrontë,b@example.com\n".encode("mac_roman")
    (tmp_path / "a.csv").write_bytes(content)
    fsspec.filesystem("memory").pipe("/bucket/a.csv", content)
    for options in (
        {"sheet": str(tmp_path / "a.csv")},
        {"sheet": "memory://bucket/a.csv"},
        {"sheet": "a.csv", "storage": LocalFileSystem(basepath=str(tmp_path))},
    ):
        assert names(await open_sheet(**options, encoding="mac_roman")) == ["Brontë"]


@pytest.mark.usefixtures("prefect_server")
def test_storage_is_read_in_flows_and_tasks_of_both_kinds(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(SHEET)
    storage = LocalFileSystem(basepath=str(tmp_path))

    @task(persist_result=False)
    async def in_task() -> list[str]:
        return names(await open_sheet("a.csv", storage=storage))

    @flow
    async def in_flow() -> list[str]:
        return [*names(await open_sheet("a.csv", storage=storage)), *(await in_task())]

    @flow
    def in_sync_flow() -> list[str]:
        return names(run_coro_as_sync(open_sheet("a.csv", storage=storage)))

    assert asyncio.run(in_flow()) == ["Ann", "Ann"]
    assert in_sync_flow() == ["Ann"]


async def test_a_path_that_storage_cannot_read_is_an_error_without_its_settings(
    tmp_path: Path,
) -> None:
    storage = LocalFileSystem(basepath=str(tmp_path / "secret"))
    for path in ("secret/none.csv", "../none.csv"):
        said = await problem(path, storage=storage)
        assert said == (
            '"none.csv" can\'t be read from the Local File System block (ValueError). Check the '
            "path, and whether the block has access to it."
        )


async def test_an_unsuitable_block_is_an_error_at_once(tmp_path: Path) -> None:
    other, files = Secret(value="secret"), LocalFileSystem(basepath=str(tmp_path))
    assert "storage is a Secret block, which can't read" in await problem("a.csv", storage=other)
    assert "is a Secret block. Use a GCP Cred" in await problem(LINK, google_credentials=other)
    both = await problem(LINK, storage=files, google_credentials=other)
    assert both == "Pass either storage or google_credentials, not both."
    for sheet in ("a.csv", LINK.replace("/d/", "/d/e/")):
        said = await problem(sheet, google_credentials=other)
        assert said.startswith("google_credentials need the link to a Google sheet")


# --- what Prefect's form offers


@pytest.mark.usefixtures("prefect_server")
def test_saved_blocks_of_any_type_are_offered_and_accepted(tmp_path: Path) -> None:
    @flow
    def reads(storage: Storage | None = None, google: GoogleCredentials | None = None) -> None: ...

    schema = reads.parameters.model_dump()
    slugs = {made["block_type_slug"] for made in schema["definitions"].values()}
    assert slugs == {
        "azure-blob-storage-container",
        "gcp-credentials",
        "gcs-bucket",
        "local-file-system",
        "remote-file-system",
        "s3-bucket",
    }
    for block in (
        LocalFileSystem(basepath=str(tmp_path)),
        RemoteFileSystem(basepath="memory://a/"),
        Secret(value="stands for the block of a package that isn't here"),
    ):
        saved = {"$ref": {"block_document_id": str(block.save("sheets", overwrite=True))}}
        parameters = {"storage": saved, "google": saved}
        assert validate(parameters, schema) == []
        given = reads.validate_parameters(parameters)
        assert [type(given["storage"]), type(given["google"])] == [type(block)] * 2
    assert validate({"storage": None, "google": None}, schema) == []


# --- a private Google sheet


class _Google(BaseHTTPRequestHandler):
    """Google's token, Drive and Sheets endpoints; `refuses` says what the next one answers."""

    refuses: dict[str, tuple[int, Any]]
    scopes: set[str]

    def do_POST(self) -> None:
        from google.auth import jwt

        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        claims = jwt.decode(parse_qs(body)["assertion"][0], verify=False)
        self.scopes.update(claims["scope"].split())
        self._answer("token", {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"})

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == "Bearer t"
        parts = urlsplit(self.path)
        if parts.path.endswith("/export"):
            self._answer("export", workbook())
        elif parse_qs(parts.query).get("alt") == ["media"]:
            self._answer("media", workbook())
        else:
            sheets = [{"sheetId": 0, "title": "June"}, {"sheetId": 7, "title": "July"}]
            self._answer("sheets", {"sheets": [{"properties": sheet} for sheet in sheets]})

    def _answer(self, what: str, answer: Any) -> None:
        status, answer = self.refuses.get(what, (200, answer))
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    return key.private_bytes(*form, serialization.NoEncryption()).decode()


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch, private_key: str) -> Iterator[Block]:
    gspread = pytest.importorskip("gspread")
    prefect_gcp = pytest.importorskip("prefect_gcp")
    _Google.refuses, _Google.scopes = {}, set()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Google) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_port}"
        for module in (gspread.http_client, gspread.urls):
            monkeypatch.setattr(module, "DRIVE_FILES_API_V3_URL", f"{origin}/drive")
            monkeypatch.setattr(module, "SPREADSHEET_URL", f"{origin}/sheets/%s")
        account = {
            "type": "service_account",
            "project_id": "secret",
            "private_key_id": "1",
            "private_key": private_key,
            "client_email": ACCOUNT,
            "token_uri": f"{origin}/token",
        }
        yield prefect_gcp.GcpCredentials(service_account_info=account)
        server.shutdown()


@pytest.mark.parametrize(
    ("link", "worksheet", "name"),
    [
        (LINK, None, "June"),
        (LINK, "July", "July"),
        (f"{LINK}?gid=7#gid=7", None, "July"),
        (f"{LINK}#gid=7", "June", "June"),
        ("https://drive.google.com/file/d/secret-id/view", None, "June"),
    ],
)
async def test_a_private_google_sheet_is_read_at_the_worksheet_that_is_meant(
    google: Block, link: str, worksheet: str | None, name: str
) -> None:
    sheet = await open_sheet(link, worksheet, google_credentials=google)
    assert names(sheet) == [name]
    assert "secret" not in repr(sheet)
    assert _Google.scopes == {
        "https://www.googleapis.com/auth/drive.readonly",
        "https://www.googleapis.com/auth/spreadsheets.readonly",
    }


NOT_EXPORTABLE = (403, {"error": {"code": 403, "errors": [{"reason": "fileNotExportable"}]}})


async def test_an_uploaded_workbook_is_read_as_it_is(google: Block) -> None:
    _Google.refuses = {"export": NOT_EXPORTABLE}
    assert names(await open_sheet(LINK, google_credentials=google)) == ["June"]
    assert names(await open_sheet(f"{LINK}#gid=7", "July", google_credentials=google)) == ["July"]
    said = await problem(f"{LINK}#gid=7", google_credentials=google)
    assert said.endswith("a link can't select a worksheet. Pass worksheet.")


def refusal(status: int, reason: str = "", key: str = "errors") -> tuple[int, Any]:
    said = {"code": status, "message": "secret", key: [{"reason": reason}]}
    return status, {"error": said}


@pytest.mark.parametrize(
    ("refuses", "says"),
    [
        ({"export": refusal(401)}, f"share it with {ACCOUNT}, as a viewer."),
        ({"export": refusal(403, "forbidden")}, f"share it with {ACCOUNT}, as a viewer."),
        ({"export": refusal(404, "notFound")}, f"share it with {ACCOUNT}, as a viewer."),
        ({"export": refusal(403, "exportSizeLimitExceeded")}, "larger than the 10 MB that Google"),
        ({"export": refusal(403, "accessNotConfigured")}, "enable the Google Drive and Google Sh"),
        ({"sheets": refusal(403, "SERVICE_DISABLED", "details")}, "enable the Google Drive and "),
        ({"export": refusal(403, "userRateLimitExceeded")}, "rate limit is exceeded. Run again in"),
        ({"export": refusal(429)}, "rate limit is exceeded. Run again in a minute"),
        ({"export": refusal(500)}, "Google returned status 500. Run again later"),
        ({"export": (502, b"secret")}, "Google returned status 502. Run again later"),
        ({"export": (403, {"error": "secret"})}, "Check google_credentials"),
        ({"sheets": (200, {"sheets": []})}, "no worksheet with gid=7 any more. Copy the link"),
        ({"token": (400, {"error": "invalid_grant"})}, "RefreshError. Check google_credentials"),
        ({"export": (200, b"")}, "is empty"),
    ],
)
async def test_googles_errors_say_what_to_do(
    google: Block, refuses: dict[str, tuple[int, Any]], says: str
) -> None:
    _Google.refuses = refuses
    said = await problem(f"{LINK}#gid=7", google_credentials=google)
    assert said.startswith('"the Google sheet"')
    assert says in said


async def test_credentials_without_a_usable_account_are_an_error(google: Any) -> None:
    google.service_account_info = None
    google.service_account_file = "/secret/none.json"
    said = await problem(LINK, google_credentials=google)
    assert "google_credentials contain no usable account (FileNotFoundError). Check" in said


async def test_a_person_s_own_credentials_are_used_as_they_are(google: Block) -> None:
    from google.oauth2.credentials import Credentials

    class Person(Block):
        def get_credentials_from_service_account(self) -> Credentials:
            return Credentials(token="t")

    assert names(await open_sheet(LINK, google_credentials=Person())) == ["June"]
    _Google.refuses = {"export": refusal(404)}
    said = await problem(LINK, google_credentials=Person())
    assert said.endswith("share it with the account of the credentials, as a viewer.")


async def test_a_package_that_is_missing_is_named(
    google: Block, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gspread", None)
    said = await problem(LINK, google_credentials=google)
    assert said.endswith('pip install "heymilo-prefect[google]".')
