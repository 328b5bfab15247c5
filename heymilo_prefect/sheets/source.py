"""A path or a link -> the file's bytes, opened."""

import os
import re
import tempfile
from pathlib import PurePosixPath
from typing import BinaryIO, cast
from urllib.parse import unquote, urlsplit

import httpx

from heymilo_prefect.sheets.values import SheetError

MAX_BYTES = 200 * 1024 * 1024
_TIMEOUT_SECONDS = 60
_WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|!--)", re.I)


def open_source(source: str | os.PathLike[str]) -> tuple[str, BinaryIO]:
    """Open a path or an http(s) link: a name for people, and the file, which is yours to close.

    A download has an end: `MAX_BYTES`, and 60 s without an answer or a byte.

    Raises:
        SheetError: It isn't there, can't be read, is empty, or is a web page.
    """
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        name = _name_of_link(source)
        file = _download(source, name)
    else:
        name = os.path.basename(source)
        file = _open(source)
    start = file.read(1024)
    file.seek(0)
    if not start.strip():
        problem = f'"{name}" is empty.'
    elif _WEB_PAGE.match(start):
        problem = (
            f'"{name}" is a web page, not a sheet: export it as CSV or XLSX; a link must lead to '
            "the file itself, without signing in."
        )
    else:
        return name, file
    file.close()
    raise SheetError(problem)


def _open(path: str | os.PathLike[str]) -> BinaryIO:
    try:
        return open(path, "rb")
    except FileNotFoundError:
        raise SheetError(f'There is no file "{path}": check the path.') from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "the path isn't valid"
        raise SheetError(f'"{path}" can\'t be opened: {why}.') from None


def _download(url: str, name: str) -> BinaryIO:
    file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the rows close it
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=_TIMEOUT_SECONDS) as answer:
            if not answer.is_success:
                raise SheetError(
                    f'"{name}" can\'t be downloaded: the host answered {answer.status_code}; check '
                    "that the link is right, hasn't expired and needs no sign-in."
                )
            size = 0
            for part in answer.iter_bytes():
                size += len(part)
                if size > MAX_BYTES:
                    raise SheetError(
                        f'"{name}" is larger than {MAX_BYTES // 1024**2} MB: split the sheet.'
                    )
                file.write(part)
        file.seek(0)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        file.close()
        # Neither the error's text nor its chain: both may show the link's query.
        why = type(error).__name__
        raise SheetError(f'"{name}" can\'t be downloaded: {why}; check the link.') from None
    except BaseException:
        file.close()
        raise
    return file


def _name_of_link(url: str) -> str:
    """Name the host and the end of the path: what lies between may be as secret as a query."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "the link"
    return f"{host}/{unquote(PurePosixPath(parts.path).name)}".rstrip("/") or "the link"
