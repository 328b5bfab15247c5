"""What a link means: its name for people, the path it holds, the download behind a Google page."""

import os
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlencode, urlsplit
from urllib.request import url2pathname

from heymilo_prefect.wording import LONGEST_PATH, one_line

GOOGLE_DOCS = "https://docs.google.com"
GOOGLE_DRIVE = "https://drive.google.com"

_LINK = re.compile(r"[a-z][a-z0-9+.-]*(?:://|::)", re.I)
_SHEET_PATH = re.compile(r"/(?:a/[^/]+/)?spreadsheets/(?:u/\d+/)?d/(e/)?([\w-]+)(?:/|$)")
_DRIVE_PATH = re.compile(r"/(?:a/[^/]+/)?file/(?:u/\d+/)?d/([\w-]+)(?:/|$)")


@dataclass(frozen=True, slots=True)
class GoogleLink:
    """A link to Google's own page about a file.

    `kind` is "sheet", "published" (with File > Share > Publish to web) or "drive"; `gid` is the
    number of the worksheet that the page shows, where the link says it.
    """

    kind: Literal["sheet", "published", "drive"]
    file_id: str
    gid: str | None = None
    resource_key: str | None = None

    @property
    def name(self) -> str:
        """Name it for people: who knows its id may be able to read it."""
        return "the Google Drive file" if self.kind == "drive" else "the Google sheet"

    def download(self, worksheet: str | None) -> str:
        """Give the address of the bytes: CSV holds one worksheet, so a named one needs XLSX."""
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
    """Recognise a Google Sheets or Drive link, as people copy it from the address bar."""
    parts = _split(source) if isinstance(source, str) else None
    if parts is None or parts.scheme not in ("http", "https"):
        return None
    said = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    key = said.get("resourcekey")
    if parts.hostname == "docs.google.com" and (found := _SHEET_PATH.match(parts.path)):
        # What follows the "#" is the worksheet on the screen; a "gid" before it may be older.
        shown = parse_qs(parts.fragment).get("gid", [None])[-1] or said.get("gid")
        return GoogleLink("published" if found[1] else "sheet", found[2], shown, key)
    if parts.hostname == "drive.google.com":
        if found := _DRIVE_PATH.match(parts.path):
            return GoogleLink("drive", found[1], None, key)
        if parts.path in ("/open", "/uc") and "id" in said:
            return GoogleLink("drive", said["id"], None, key)
    return None


def local_path(source: str | os.PathLike[str]) -> str | None:
    """Give the path on this machine, also of a `file://` link; None when it leads elsewhere."""
    if not isinstance(source, str) or not _LINK.match(source):
        return os.path.expanduser(source)
    if "::" not in source and (parts := _split(source)) and parts.scheme in ("file", "local"):
        return url2pathname(parts.netloc.removeprefix("localhost") + parts.path)
    return None


def name_of_link(url: str) -> str:
    """Name the host and the end of the path: what lies between may be as secret as a query."""
    # In a chain such as zip://a.csv::s3://bucket/b.zip the first with an address is the file.
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
