"""The bytes of a workbook -> its rows, read by a child process that may need only so much."""

import marshal
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, cast

from heymilo_prefect.sheets.stored import Stored, from_start
from heymilo_prefect.sheets.texts import plain_row
from heymilo_prefect.sheets.values import Row, SheetError
from heymilo_prefect.wording import listed, quoted

MAX_MEGABYTES = 250
"""Memory that reading a workbook may need; 100,000 rows of 20 columns need 220."""

MAX_SECONDS = 30
"""Time that reading a workbook may take; 100,000 rows of 20 columns take 2."""

_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_CHILD = Path(__file__).with_name("calamine_child.py")


def is_workbook(file: BinaryIO) -> bool:
    """Say whether a file is a workbook, by its first bytes: a name may be wrong."""
    return from_start(file).read(8).startswith(_STARTS)


def read_workbook(file: BinaryIO, name: str, worksheet: str | None) -> Stored:
    """Read a worksheet of an XLSX, XLS, XLSB or ODS file, or the first one that is visible.

    The rows are kept in a file of their own; `file` isn't needed afterwards.

    Raises:
        SheetError: The file is broken, protected or too large, or has no such worksheet.
    """
    rows = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - `Stored` closes it
    stored = Stored(rows, _rows)
    kind, names = _run_child(file, rows, worksheet)
    if kind == "rows":
        return stored
    stored.close()
    if kind == "password":
        problem = "is protected by a password: save it without one"
    elif kind == "names" and worksheet is not None:
        problem = f"has no worksheet {quoted(worksheet)}; its worksheets are {listed(names)}"
    elif kind == "names":
        problem = "has no worksheet: save the sheet as XLSX or as CSV UTF-8"
    elif kind == "large":
        problem = (
            f"needs more than {MAX_MEGABYTES} MB of memory or {MAX_SECONDS} seconds to be read: "
            "save the sheet as CSV UTF-8, or split it"
        )
    else:
        problem = (
            "isn't a whole workbook (XLSX, XLS, XLSB or ODS), it may be cut short: download it "
            "again, or save it as XLSX"
        )
    raise SheetError(f'"{name}" {problem}.')


def _run_child(file: BinaryIO, rows: BinaryIO, worksheet: str | None) -> tuple[str, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "workbook")
        with path.open("wb") as copy:
            shutil.copyfileobj(from_start(file), copy)
        command = [sys.executable, "-I", str(_CHILD), str(MAX_MEGABYTES), str(path)]
        try:
            # What it says as it dies may hold a cell.
            done = subprocess.run(
                command if worksheet is None else [*command, worksheet],
                stdin=subprocess.DEVNULL,
                stdout=rows,
                stderr=subprocess.DEVNULL,
                timeout=MAX_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return "large", []
    if done.returncode:
        return "broken" if done.returncode == 1 else "large", []
    return cast(tuple[str, list[str]], next(_values(from_start(rows))))


def _rows(stream: BufferedReader) -> Iterator[Row]:
    values = _values(stream)
    next(values)
    for part in values:
        for number, cells in part:
            texts = plain_row(cells)
            if any(texts):
                yield Row(number, texts)


def _values(stream: BufferedReader) -> Iterator[Any]:
    while length := stream.read(8):
        yield marshal.loads(stream.read(int.from_bytes(length, "big")))
