"""Runs as a process of its own: the path of a workbook -> a worksheet's rows on its output.

The reader is native code that takes whatever a file asks for: a repeated row, one cell in the last
corner or a zip bomb is gigabytes, then an abort. Here that ends this process and no other. Nothing
of the package is imported, so that starting takes hundredths of a second.
"""

import gc
import marshal
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

_AT_ONCE = 500


def main(megabytes: int, path: Path, worksheet: str | None = None) -> None:
    """Write what came of it, then lists of `(row number, texts)` of the rows that aren't blank.

    What came of it is `("rows", [])`, `("password", [])`, `("large", [])`, `("broken", [])`, or
    `("names", [...])` when there is no such worksheet. Each value is preceded by its length.
    """
    _limit(megabytes * 1024**2)
    gc.disable()  # nothing here has cycles, and it looks at every list
    try:
        for value in _read(path, worksheet):
            _write(value)
    except PasswordError:
        _write(("password", []))
    except MemoryError:
        _write(("large", []))
    except zipfile.BadZipFile:
        _write(("broken", []))
    except CalamineError as error:
        _write(("large" if "limit" in str(error).lower() else "broken", []))


def _write(value: Any) -> None:
    content = marshal.dumps(value)
    sys.stdout.buffer.write(len(content).to_bytes(8, "big") + content)


def _limit(size: int) -> None:
    """Bound the memory, where the system can: Windows has no such limit."""
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def _read(path: Path, worksheet: str | None) -> Iterator[Any]:
    workbook = _open(path)
    names, chosen = _choose(workbook, worksheet)
    if chosen is None:
        yield "names", names
        return
    sheet = workbook.get_sheet_by_name(chosen)
    yield "rows", []
    rows = enumerate(sheet.iter_rows() if sheet.start else [], 1)
    while part := list(islice(rows, _AT_ONCE)):
        yield [
            (number, [cell if type(cell) is str else _text_of(cell) for cell in cells])
            for number, cells in part
            if cells.count("") < len(cells)
        ]


def _open(path: Path) -> CalamineWorkbook:
    """Open it under a name with the right ending, by which the reader tells what it is."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        ending = ".ods" if "content.xml" in names else ".xlsx"
        if "xl/workbook.bin" in names:
            ending = ".xlsb"
        return load_workbook(path.rename(path.with_suffix(ending)))
    # A protected XLSX file is in the container that an XLS file is in.
    protected = path.rename(path.with_suffix(".xlsx"))
    try:
        return load_workbook(protected)
    except PasswordError:
        raise
    except CalamineError:
        return load_workbook(protected.rename(path.with_suffix(".xls")))


def _choose(workbook: CalamineWorkbook, worksheet: str | None) -> tuple[list[str], str | None]:
    sheets = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    names = [each.name for each in sheets]
    if worksheet is not None:
        return names, worksheet if worksheet in names else None
    visible = [each.name for each in sheets if each.visible == SheetVisibleEnum.Visible]
    return names, next(iter(visible or names), None)


@lru_cache(10_000, typed=True)
def _text_of(value: Any) -> str:
    """Write a number, a boolean, a date or a time as the spreadsheet program may show it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # 15 digits are what a program keeps: 3.3000000000000003 is shown as 3.3.
        whole = value.is_integer() and abs(value) < 2**53
        return str(int(value)) if whole else f"{value:.15g}"
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return value.isoformat() if isinstance(value, date | time) else str(value)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
