"""A private Google sheet -> its bytes, read with credentials that it is shared with."""

from typing import TYPE_CHECKING

from heymilo_prefect.sheets.links import GoogleLink
from heymilo_prefect.sheets.values import SheetError

if TYPE_CHECKING:
    import gspread
    from google.auth.credentials import Credentials

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
            'A private Google sheet needs a package that is missing: pip install "heymilo-prefect'
            '[google]".'
        ) from None
    name = link.name
    try:
        client = gspread.authorize(_reading(credentials))
        client.set_timeout(_TIMEOUT_SECONDS)
        return _read(client, link, worksheet)
    except SheetError:
        raise
    except gspread.exceptions.APIError as error:
        raise SheetError(f'"{name}" can\'t be read: {_why(error, credentials)}.') from None
    except Exception as error:
        raise SheetError(
            f'"{name}" can\'t be read: {type(error).__name__}; check google_credentials, and that '
            "this machine reaches Google."
        ) from None


def _reading(credentials: "Credentials") -> "Credentials":
    from google.auth.credentials import Scoped
    from gspread.auth import READONLY_SCOPES

    # prefect-gcp's are for Google Cloud, whose scope doesn't open a sheet.
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
                f'"{link.name}" is an uploaded workbook, in which a link can\'t point to a '
                "worksheet: name the worksheet."
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
    """Give the name of the worksheet that the link shows: XLSX doesn't have Google's numbers."""
    said = client.http_client.fetch_sheet_metadata(
        link.file_id, {"fields": "sheets.properties(sheetId,title)"}
    )
    for sheet in said["sheets"]:
        if str(sheet["properties"]["sheetId"]) == link.gid:
            return str(sheet["properties"]["title"])
    raise SheetError(
        f'"{link.name}" has no worksheet with gid={link.gid} any more: copy the link again.'
    )


def _why(error: "gspread.exceptions.APIError", credentials: "Credentials") -> str:
    status, reasons = error.response.status_code, _reasons(error)
    if "exportSizeLimitExceeded" in reasons:
        return (
            "it is larger than the 10 MB that Google exports; split it, or give the path of a "
            "downloaded XLSX"
        )
    if reasons & _DISABLED:
        return "enable the Google Drive and Google Sheets APIs in the account's Cloud project"
    if status == 429 or reasons & _TOO_OFTEN:
        return "Google is asked too often; run again in a minute"
    if status in (401, 403, 404):
        account = getattr(credentials, "service_account_email", "the account of the credentials")
        return f"share it with {account}, as a viewer"
    return f"Google answered {status}; run again later"


def _reasons(error: "gspread.exceptions.APIError") -> set[str]:
    said = [*error.error.get("errors", []), *error.error.get("details", [])]
    return {entry.get("reason", "") for entry in said}
