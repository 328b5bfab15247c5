"""Recognize files that aren't sheets by their first bytes, so that the error can name them."""

import re
from typing import NamedTuple

from heymilo_prefect.sheets.sheet import SheetError

START = 4096
"""Bytes of a file that are examined."""


class _Kind(NamedTuple):
    name: str
    pattern: re.Pattern[bytes]
    advice: str


_SAVE = "Open it in a spreadsheet program and save it as XLSX."
_EXPORT = "Export the candidates as XLSX or CSV from the program that wrote it."


def _kind(name: str, pattern: bytes, advice: str = _SAVE) -> _Kind:
    return _Kind(name, re.compile(pattern, re.I | re.S), advice)


_BINARY = [
    _kind("a PDF document", rb"%PDF-", _EXPORT),
    _kind(
        "a compressed file",
        rb"\x1f\x8b|BZh[1-9]|\xfd7zXZ\x00|\x28\xb5\x2f\xfd|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07"
        rb"|.{257}ustar",
        "Unpack it, and use the sheet inside.",
    ),
    _kind(
        "a picture",
        rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|II\*\x00|MM\x00\*|.{4}ftyp(heic|heix|mif1|avif)",
        _EXPORT,
    ),
    _kind("a database", rb"SQLite format 3\x00|\x00\x01\x00\x00Standard (Jet|ACE) DB", _EXPORT),
    _kind("a Parquet file", rb"PAR1", _EXPORT),
    _kind("a workbook of Excel 4 or older", rb"\x09[\x00\x02\x04\x08][\x04\x06\x08]\x00"),
    _kind("a Lotus 1-2-3 workbook", rb"\x00\x00\x02\x00|\x00\x00\x1a\x00"),
    _kind(
        "a shortcut",
        rb"bplist00|L\x00\x00\x00\x01\x14\x02\x00",
        "Use the file or link that it leads to.",
    ),
]

# Matched after a byte-order mark, leading blanks and the NULs of UTF-16 are removed.
_TEXT = [
    _kind(
        "a shortcut to a Google sheet",
        rb'\{.{0,500}"(doc_id"|url"\s*:\s*"https?://(docs|drive)\.google\.com)',
        "Use the link in the browser's address bar, or download the sheet as XLSX.",
    ),
    _kind(
        "a shortcut",
        rb"\[InternetShortcut\]|<\?xml.{0,100}<!DOCTYPE plist",
        "Use the file or link that it leads to.",
    ),
    _kind("a Git LFS pointer", rb"version https://git-lfs", "Fetch the file with git lfs pull."),
    _kind("an XML spreadsheet", rb"<\?xml.{0,1000}(Excel\.Sheet|office:spreadsheet)"),
    _kind(
        "a web archive (MHTML)",
        rb"(MIME-Version:|(From|Content-Type|Snapshot-Content-Location|X-\w+):"
        rb".{0,1000}MIME-Version:).{0,2000}multipart/related",
    ),
    _kind("an e-mail", rb"(MIME-Version|Return-Path|Received|Delivered-To):\s", _EXPORT),
    _kind("an RTF document", rb"\{\\rtf", _EXPORT),
    _kind(
        "a web page",
        rb"<(!doctype\s+html|html|head|body|meta|table|div|style|script|!--)",
        f"{_SAVE[:-1]}; a link must lead to the file itself, without signing in.",
    ),
    _kind("an XML file", rb"<[?!a-z]", _EXPORT),
    _kind("a JSON file", rb'(\[\s*)?\{\s*("|\})|\[\s*(\[|"[^"]*"\s*[],])', _EXPORT),
    _kind("a contact card or calendar", rb"BEGIN:V(CARD|CALENDAR)", _EXPORT),
    _kind("an encrypted file", rb"-----BEGIN PGP MESSAGE", "Decrypt it first."),
    _kind("a SYLK spreadsheet", rb"ID;P\w*(;[NE])*\s*[\r\n][\r\n]?[PFBCO];"),
    _kind("a DIF spreadsheet", rb"TABLE\s*[\r\n]+0,1\s*[\r\n]"),
]
_EDGE = re.compile(rb"^(\xef\xbb\xbf|\xff\xfe|\xfe\xff|\s)+")


def refuse_other_kinds(start: bytes, name: str) -> None:
    """Raise SheetError if a file is of a known kind other than a sheet.

    Args:
        start: The file's first `START` bytes.
        name: Its name in errors.

    Raises:
        SheetError: Its message names the kind of file and the fix.
    """
    text = _EDGE.sub(b"", start.replace(b"\x00", b""))
    for kinds, content in ((_BINARY, start), (_TEXT, text)):
        for kind in kinds:
            if kind.pattern.match(content):
                raise SheetError(f'"{name}" is {kind.name}, not a sheet. {kind.advice}')
