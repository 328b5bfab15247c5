"""Copy a file or a download to a private temporary file that nothing else can change."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

import fsspec
import httpx

from heymilo_prefect.sheets.google import GoogleLink, google_link, local_path, name_of_link
from heymilo_prefect.sheets.kinds import START, refuse_other_kinds
from heymilo_prefect.sheets.sheet import SheetError
from heymilo_prefect.wording import LONGEST_PATH, one_line, quoted

MAX_BYTES = 200 * 1024 * 1024
_PART = 1024 * 1024
_TIMEOUT_SECONDS = 60


def open_source(
    source: str | os.PathLike[str], worksheet: str | None = None
) -> tuple[str, BinaryIO]:
    """Copy a sheet to a temporary file; return its display name and the copy, yours to close.

    A link may be http(s), a Google Sheets or Drive link from the browser's address bar, or one
    that fsspec supports, such as `s3://bucket/applicants.xlsx`.

    Args:
        source: A path or a link. A download waits at most 60 s for each response and chunk.
        worksheet: The worksheet that will be read. With one, a Google sheet is downloaded as XLSX.

    Raises:
        SheetError: It doesn't exist, can't be read, is empty, is larger than 200 MB, or isn't a
            sheet.
    """
    path = local_path(source)
    if path is not None:
        return spool(one_line(os.path.basename(path), LONGEST_PATH), _read(path))
    url = str(source)
    google = google_link(url)
    if google is not None:
        return spool(google.name, _download(google.download(worksheet), google.name, google))
    name = name_of_link(url)
    web = url.lower().startswith(("http://", "https://")) and "::" not in url
    return spool(name, _download(url, name) if web else _fetch(url, name))


def spool(name: str, chunks: Iterable[bytes]) -> tuple[str, BinaryIO]:
    """Copy the chunks of a sheet to a temporary file, like `open_source`.

    Raises:
        SheetError: It is empty, larger than 200 MB, or isn't a sheet.
    """
    file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the sheet closes it
    try:
        for chunk in chunks:
            file.write(chunk)
            if file.tell() > MAX_BYTES:
                raise SheetError(f'"{name}" is larger than {MAX_BYTES // 1024**2} MB. Split it up.')
        file.seek(0)
        start = file.read(START)
        file.seek(0)
        if not start.strip():
            raise SheetError(f'"{name}" is empty.')
        refuse_other_kinds(start, name)
    except BaseException:
        file.close()
        raise
    return name, file


def _read(path: str) -> Iterator[bytes]:
    try:
        with open(path, "rb") as file:
            before = os.fstat(file.fileno())
            while part := file.read(_PART):
                yield part
            after = os.fstat(file.fileno())
    except FileNotFoundError:
        raise SheetError(f"There is no file {_shown(path)}. Check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path isn't valid"
        raise SheetError(f"{_shown(path)} can't be opened: {reason}.") from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SheetError(f"{_shown(path)} was changed while it was being read. Run again.")


def _shown(path: str) -> str:
    return quoted(path, LONGEST_PATH)


def _fetch(url: str, name: str) -> Iterator[bytes]:
    try:
        files, path = file_system(url)
        with files.open(path, "rb") as file:
            while part := file.read(_PART):
                yield part
    except SheetError:
        raise
    except Exception as error:
        raise SheetError(
            f'"{name}" can\'t be read ({describe_error(error)}). Check the link, and whether this '
            "machine has access to it."
        ) from None


def _download(url: str, name: str, google: GoogleLink | None = None) -> Iterator[bytes]:
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=_TIMEOUT_SECONDS) as response:
            _check_response(response, name, google)
            yield from response.iter_bytes()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Neither the error's text nor its chain: both may show the link's query.
        reason = type(error).__name__
        raise SheetError(f'"{name}" can\'t be downloaded ({reason}). Check the link.') from None


def _check_response(response: httpx.Response, name: str, google: GoogleLink | None) -> None:
    """Raise SheetError if the status and headers show that the response isn't the file."""
    page = response.headers.get("Content-Type", "").startswith("text/html")
    denied = response.status_code in (401, 403) or (response.is_success and page)
    if _asks_to_sign_in(response.url) or (google is not None and denied):
        fix = "Use a link that needs no sign-in"
        if google is not None and google.kind == "published":
            fix = "Use the link in the address bar together with google_credentials"
        elif google is not None:
            fix = 'Share it with "Anyone with the link", or pass google_credentials'
        raise SheetError(f'"{name}" is private: Google requires signing in. {fix}.')
    if not response.is_success:
        raise SheetError(
            f'"{name}" can\'t be downloaded: the server returned status {response.status_code}. '
            "Check that the link is correct, hasn't expired and needs no sign-in."
        )


def _asks_to_sign_in(url: httpx.URL) -> bool:
    return url.host == "accounts.google.com" or "ServiceLogin" in url.path


_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "abfs": "azure", "az": "azure"}


def file_system(url: str) -> tuple[Any, str]:
    """Return a link's fsspec file system and the path in it.

    Raises:
        SheetError: The scheme is unknown, or needs a package that isn't installed.
    """
    for link in url.split("::"):
        protocol, separator, _ = link.partition("://")
        if separator or protocol in fsspec.available_protocols():
            _check(protocol)
    # A cached instance may hold a closed connection, or a listing from before the file existed.
    file_system, path = fsspec.url_to_fs(url, skip_instance_cache=True)
    return file_system, path


def describe_error(error: Exception) -> str:
    """Describe an error without its text, which may contain the link."""
    if isinstance(error, FileNotFoundError):
        return "it doesn't exist"
    if isinstance(error, PermissionError):
        return "access is denied"
    return type(error).__name__


def _check(protocol: str) -> None:
    try:
        fsspec.get_filesystem_class(protocol)
    except ValueError:
        raise SheetError(
            f'"{protocol}://" links aren\'t supported. Use a path, https://, s3://, gs://, '
            "abfs:// or another scheme that fsspec supports."
        ) from None
    except ImportError as error:
        extra = _EXTRAS.get(protocol)
        fix = f'pip install "heymilo-prefect[{extra}]"' if extra else str(error)
        raise SheetError(f'"{protocol}://" needs a package that isn\'t installed: {fix}.') from None
