"""Detect the kind of a ZIP or OLE file: a workbook, or another kind of document."""

import re
from typing import TYPE_CHECKING
from zipfile import ZipFile

if TYPE_CHECKING:
    from olefile import OleFileIO

WORKBOOKS = ("xlsx", "xlsb", "ods", "xls")
"""The kinds that can be read, which are also how their names end."""

_OPENDOCUMENT = re.compile(r"application/vnd\.(?:oasis\.opendocument|sun\.xml)\.(\w+)")
_OF_OPENDOCUMENT = {
    "spreadsheet": "ods",
    "calc": "ods",
    "text": "document",
    "writer": "document",
    "presentation": "presentation",
    "impress": "presentation",
}
_OF_NAMES = {
    r"(?:.*/)?workbook\d*\.bin": "xlsb",
    r"(?:.*/)?workbook\d*\.xml": "xlsx",
    r"word/.*": "document",
    r"ppt/.*": "presentation",
    r"xl/.*": "xlsx",
    r".*\.iwa|(?:.*/)?index\.zip": "iwork",
    r"content\.xml": "ods",
    r"\[content_types\]\.xml": "office",
}
_OF_STREAMS = {
    "EncryptedPackage": "password",
    "Workbook": "xls",
    "Book": "xls",
    "WordDocument": "document",
    "PowerPoint Document": "presentation",
    "__properties_version1.0": "message",
}
_FREE = 0xFFFFFFFF


def kind_of_zip(archive: ZipFile) -> str:
    """Return one of `WORKBOOKS`, or "document", "presentation", "iwork", "office" or "archive"."""
    names = {name.replace("\\", "/").strip("/").lower(): name for name in archive.namelist()}
    if "mimetype" in names:
        with archive.open(names["mimetype"]) as file:
            found = _OPENDOCUMENT.match(file.read(100).decode("latin-1"))
        if found:
            return _OF_OPENDOCUMENT.get(found[1], "office")
    for pattern, kind in _OF_NAMES.items():
        if any(re.fullmatch(pattern, name) for name in names):
            return kind
    return "archive"


def kind_of_ole(file: "OleFileIO") -> str:
    """Return "xls", "password", "document", "presentation", "message" or "office"."""
    for stream, kind in _OF_STREAMS.items():
        if file.exists(stream):
            return kind
    return "office"


def is_cut(file: "OleFileIO") -> bool:
    """Return whether an OLE file refers to sectors beyond its end."""
    used = (at for at, following in enumerate(file.fat) if following != _FREE)
    return bool(max(used, default=-1) >= file.nb_sect)
