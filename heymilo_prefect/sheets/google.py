"""Read Google Sheets and Drive files, by public link or with credentials."""

import os
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlencode, urlsplit
from urllib.request import url2pathname

from heymilo_prefect.sheets.sheet import SheetError
from heymilo_prefect.wording import LONGEST_PATH, one_line

if TYPE_CHECKING:
    import gspread
    from google.auth.credentials import Credentials

GOOGLE_DOCS = "https://docs.google.com"
GOOGLE_DRIVE = "https://drive.google.com"

_LINK = re.compile(r"[a-z][a-z0-9+.-]*(?:://|::)", re.I)
_SHEET_PATH = re.compile(r"/(?:a/[^/]+/)?spreadsheets/(?:u/\d+/)?d/(e/)?([\w-]+)(?:/|$)")
_DRIVE_PATH = re.compile(r"/(?:a/[^/]+/)?file/(?:u/\d+/)?d/([\w-]+)(?:/|$)")


@dataclass(frozen=True, slots=True)
class GoogleLink:
    """A link to Google's own page about a file.

    `kind` is "sheet", "published" (by File > Share > Publish to web) or "drive"; `gid` is the
    number of the worksheet that the link points to, if any.
    """

    kind: Literal["sheet", "published", "drive"]
    file_id: str
    gid: str | None = None
    resource_key: str | None = None

    @property
    def name(self) -> str:
        """Return a display name without the file's id, which may be enough to read the file."""
        return "the Google Drive file" if self.kind == "drive" else "the Google sheet"

    def download(self, worksheet: str | None) -> str:
        """Return the download URL: CSV holds one worksheet, so a named one needs XLSX."""
        query = {"resourcekey": self.resource_key}
        if self.kind == "drive":
            query |= {"export": "download", "id": self.file_id}
            return f"{GOOGLE_DRIVE}/uc?{_query(query)}"
        kind = "xlsx" if worksheet is not None else "csv"
        if worksheet is None:
            query["gid"] = self.gid
        path = f"{GOOGLE_DOCS}/spreadsheets/d"
        if self.kind == "published":
            single = "true" if self.gid and worksheet is None else None
            return f"{path}/e/{self.file_id}/pub?{_query(query, output=kind, single=single)}"
        return f"{path}/{self.file_id}/export?{_query(query, format=kind)}"


def google_link(source: object) -> GoogleLink | None:
    """Parse a Google Sheets or Drive link as copied from the address bar; None for other links."""
    parts = _split(source) if isinstance(source, str) else None
    if parts is None or parts.scheme not in ("http", "https"):
        return None
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    key = query.get("resourcekey")
    if parts.hostname == "docs.google.com" and (found := _SHEET_PATH.match(parts.path)):
        # The fragment names the worksheet on the screen; a "gid" in the query may be older.
        shown = parse_qs(parts.fragment).get("gid", [None])[-1] or query.get("gid")
        return GoogleLink("published" if found[1] else "sheet", found[2], shown, key)
    if parts.hostname == "drive.google.com":
        if found := _DRIVE_PATH.match(parts.path):
            return GoogleLink("drive", found[1], None, key)
        if parts.path in ("/open", "/uc") and "id" in query:
            return GoogleLink("drive", query["id"], None, key)
    return None


def local_path(source: str | os.PathLike[str]) -> str | None:
    """Return the path on this machine, also of a `file://` link; None for other links."""
    if not isinstance(source, str) or not _LINK.match(source):
        return os.path.expanduser(source)
    if "::" not in source and (parts := _split(source)) and parts.scheme in ("file", "local"):
        return url2pathname(parts.netloc.removeprefix("localhost") + parts.path)
    return None


def name_of_link(url: str) -> str:
    """Return a link's host and last path segment; the segments between may be secret."""
    # In a chain such as zip://a.csv::s3://bucket/b.zip the first link with a host is the file.
    first = next((link for link in url.split("::") if "://" in link), "")
    parts = _split(first)
    if parts is None:
        return "the link"
    last = unquote(PurePosixPath(parts.path).name)
    return one_line(f"{parts.hostname or ''}/{last}".strip("/"), LONGEST_PATH) or "the link"


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.hostname
    except ValueError:
        return None
    return parts


def _query(query: dict[str, str | None], **more: str | None) -> str:
    return urlencode({key: value for key, value in {**more, **query}.items() if value is not None})


_TIMEOUT_SECONDS = 60
_TOO_OFTEN = {"rateLimitExceeded", "userRateLimitExceeded"}
_DISABLED = {"accessNotConfigured", "SERVICE_DISABLED"}


def read_private(
    link: GoogleLink, credentials: "Credentials", worksheet: str | None = None
) -> tuple[bytes, str | None]:
    """Read a Google sheet as XLSX, or a file on Google Drive as it is.

    Args:
        link: A "sheet" or a "drive" one.
        credentials: A service account's, say; they are narrowed to reading.
        worksheet: The name of a worksheet.

    Returns:
        The bytes, and the worksheet to read in them: the one that was asked for, or the one that
        the link shows.

    Raises:
        SheetError: The sheet isn't shared with the account, is larger than the 10 MB that Google
            exports, or Google can't be asked.
    """
    try:
        import gspread
    except ImportError:
        raise SheetError(
            "Private Google sheets need a package that isn't installed: "
            'pip install "heymilo-prefect[google]".'
        ) from None
    name = link.name
    try:
        client = gspread.authorize(_reading(credentials))
        client.set_timeout(_TIMEOUT_SECONDS)
        return _read(client, link, worksheet)
    except SheetError:
        raise
    except gspread.exceptions.APIError as error:
        raise SheetError(
            f'"{name}" can\'t be read: {_describe_api_error(error, credentials)}.'
        ) from None
    except Exception as error:
        raise SheetError(
            f'"{name}" can\'t be read: {type(error).__name__}. Check google_credentials, and that '
            "this machine can reach Google."
        ) from None


def _reading(credentials: "Credentials") -> "Credentials":
    from google.auth.credentials import Scoped
    from gspread.auth import READONLY_SCOPES

    # prefect-gcp's credentials have Google Cloud's scope, which doesn't include sheets.
    if isinstance(credentials, Scoped):
        scoped: Credentials = credentials.with_scopes(READONLY_SCOPES)  # type: ignore[no-untyped-call]
        return scoped
    return credentials


def _read(
    client: "gspread.Client", link: GoogleLink, worksheet: str | None
) -> tuple[bytes, str | None]:
    from gspread.exceptions import APIError
    from gspread.utils import ExportFormat

    if link.kind == "drive":
        return _file(client, link), worksheet
    try:
        content = client.export(link.file_id, ExportFormat.EXCEL)
    except APIError as error:
        if "fileNotExportable" not in _reasons(error):
            raise
        if worksheet is None and link.gid is not None:
            raise SheetError(
                f'"{link.name}" is an uploaded workbook, in which a link can\'t select a '
                "worksheet. Pass worksheet."
            ) from None
        return _file(client, link), worksheet
    if worksheet is None and link.gid is not None:
        worksheet = _title(client, link)
    return content, worksheet


def _file(client: "gspread.Client", link: GoogleLink) -> bytes:
    from gspread.urls import DRIVE_FILES_API_V3_URL

    url = f"{DRIVE_FILES_API_V3_URL}/{link.file_id}"
    content: bytes = client.http_client.request("get", url, params={"alt": "media"}).content
    return content


def _title(client: "gspread.Client", link: GoogleLink) -> str:
    """Return the name of the worksheet that the link points to: XLSX doesn't contain gids."""
    metadata = client.http_client.fetch_sheet_metadata(
        link.file_id, {"fields": "sheets.properties(sheetId,title)"}
    )
    for sheet in metadata["sheets"]:
        if str(sheet["properties"]["sheetId"]) == link.gid:
            return str(sheet["properties"]["title"])
    raise SheetError(
        f'"{link.name}" has no worksheet with gid={link.gid} any more. Copy the link again.'
    )


def _describe_api_error(error: "gspread.exceptions.APIError", credentials: "Credentials") -> str:
    status, reasons = error.response.status_code, _reasons(error)
    if "exportSizeLimitExceeded" in reasons:
        return (
            "it is larger than the 10 MB that Google exports. Split it, or pass the path of a "
            "downloaded XLSX"
        )
    if reasons & _DISABLED:
        return "enable the Google Drive and Google Sheets APIs in the account's Cloud project"
    if status == 429 or reasons & _TOO_OFTEN:
        return "Google's rate limit is exceeded. Run again in a minute"
    if status in (401, 403, 404):
        account = getattr(credentials, "service_account_email", "the account of the credentials")
        return f"share it with {account}, as a viewer"
    return f"Google returned status {status}. Run again later"


def _reasons(error: "gspread.exceptions.APIError") -> set[str]:
    entries = [*error.error.get("errors", []), *error.error.get("details", [])]
    return {entry.get("reason", "") for entry in entries}
