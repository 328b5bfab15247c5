"""Read the rows of a workbook in a child process with bounded time and memory."""

import marshal
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, cast

from heymilo_prefect.sheets.sheet import Row, SheetError
from heymilo_prefect.sheets.spooled import SpooledRows, reader_at_start
from heymilo_prefect.sheets.text import clean_row
from heymilo_prefect.wording import listed, quoted

MAX_MEGABYTES = 250
"""Memory that reading a workbook may take; 100,000 rows of 20 columns take 220 MB."""

MAX_SECONDS = 30
"""Time that reading a workbook may take; 100,000 rows of 20 columns take 2 s."""

_COPY_TABLE = "Copy its table into a spreadsheet program, and save it as XLSX"
_PROBLEMS = {
    "password": "is protected by a password. Save it without one",
    "cut": "is incomplete, it was cut short. Download it again, or save it again as XLSX",
    "broken": (
        "is a workbook that can't be read. Open it in a spreadsheet program, and save it as XLSX"
    ),
    "document": f"is a text document, not a workbook. {_COPY_TABLE}",
    "presentation": f"is a presentation, not a workbook. {_COPY_TABLE}",
    "office": f"is an office document, but not a workbook. {_COPY_TABLE}",
    "iwork": (
        "is a document of Numbers, Pages or Keynote. Open it in Numbers, and export it to Excel"
    ),
    "message": "is an e-mail message, not a workbook. Save the file attached to it, and use that",
    "archive": "is a ZIP archive, not a workbook. Unpack it, and use the sheet in it",
}
_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_CHILD = Path(__file__).with_name("child.py")


def is_workbook(file: BinaryIO) -> bool:
    """Return whether the first bytes are a workbook's; the file name may be wrong."""
    return reader_at_start(file).read(8).startswith(_STARTS)


def read_workbook(file: BinaryIO, name: str, worksheet: str | None) -> SpooledRows:
    """Read a worksheet of an XLSX, XLS, XLSB or ODS file; the first visible one by default.

    The rows are written to another temporary file; `file` may be closed afterwards.

    Raises:
        SheetError: The file is broken, protected or too large, or has no such worksheet.
    """
    rows = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - `SpooledRows` closes it
    stored = SpooledRows(rows, _rows)
    kind, details = _run_child(file, rows, worksheet)
    if kind == "rows":
        stored.worksheet = details["worksheet"]
        stored.other_worksheets = tuple(details["other_worksheets"])
        stored.hidden_columns = frozenset(details["hidden_columns"])
        stored.merged = tuple(details["merged"])
        return stored
    stored.close()
    if kind == "names" and worksheet is not None and details:
        problem = f"has no worksheet {quoted(worksheet)}. Its worksheets are {listed(details)}"
    elif kind == "names":
        problem = "has no worksheet. Save the sheet as XLSX or as CSV UTF-8"
    elif kind == "large":
        problem = (
            f"needs more than {MAX_MEGABYTES} MB of memory or {MAX_SECONDS} seconds to be read. "
            "Save the sheet as CSV UTF-8, or split it"
        )
    else:
        problem = _PROBLEMS[kind]
    raise SheetError(f'"{name}" {problem}.')


def _run_child(file: BinaryIO, rows: BinaryIO, worksheet: str | None) -> tuple[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "workbook")
        with path.open("wb") as copy:
            shutil.copyfileobj(reader_at_start(file), copy)
        command = [sys.executable, "-I", str(_CHILD), str(MAX_MEGABYTES), str(path)]
        try:
            # Its stderr is discarded: it may contain a cell.
            done = subprocess.run(
                command if worksheet is None else [*command, worksheet],
                stdin=subprocess.DEVNULL,
                stdout=rows,
                stderr=subprocess.DEVNULL,
                timeout=MAX_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return "large", None
    if done.returncode:
        return "broken" if done.returncode == 1 else "large", None
    return cast(tuple[str, Any], next(_values(reader_at_start(rows))))


def _rows(stream: BufferedReader) -> Iterator[Row]:
    values = _values(stream)
    next(values)
    for part in values:
        for number, cells, hidden, uncalculated in part:
            texts = clean_row(cells)
            if uncalculated or any(texts):
                yield Row(number, texts, hidden, uncalculated)


def _values(stream: BufferedReader) -> Iterator[Any]:
    while length := stream.read(8):
        yield marshal.loads(stream.read(int.from_bytes(length, "big")))
