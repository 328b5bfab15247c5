"""The child process: read a worksheet of a workbook and write its rows to stdout.

The reader is native code that allocates what a file asks for: a repeated row, one cell in the last
corner or a zip bomb takes gigabytes, then aborts. Here that ends only this process. Nothing
outside this folder is imported, so that it starts in hundredths of a second.
"""

import gc
import marshal
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial
from itertools import chain, islice, repeat
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

if __name__ == "__main__":
    # The package's own `__init__` would import Prefect, which takes seconds.
    for _name, _folder in (("heymilo_prefect", "../.."), ("heymilo_prefect.sheets", "..")):
        sys.modules[_name] = ModuleType(_name)
        sys.modules[_name].__path__ = [str(Path(__file__).parent / _folder)]

from heymilo_prefect.sheets.workbooks.container import WORKBOOKS, is_cut, kind_of_ole, kind_of_zip
from heymilo_prefect.sheets.workbooks.layout import UNCALCULATED, Layout, Range, padded

_AT_ONCE = 500
_HEADER_WITHIN = 20

ReadLayout = Callable[[str], Layout]
"""Reads the layout of the worksheet with this name."""


class Unreadable(Exception):
    """The file isn't a readable workbook; the argument is the kind that it is instead."""


def main(megabytes: int, path: Path, worksheet: str | None = None) -> None:
    """Write the result, then batches of `(row number, texts, hidden, uncalculated)`.

    The result is `("rows", details)`, or `("names", names)` if there is no such worksheet, or
    the kind of file, such as `("password", None)`. Each value is preceded by its length.
    """
    _limit(megabytes * 1024**2)
    gc.disable()  # nothing here has cycles, and it looks at every list
    try:
        for value in _read(path, worksheet):
            _write(value)
    except PasswordError:
        _write(("password", None))
    except MemoryError:
        _write(("large", None))
    except Unreadable as error:
        _write((str(error), None))
    except (zipfile.BadZipFile, CalamineError) as error:
        _write(("large" if "limit" in str(error).lower() else "broken", None))


def _write(value: Any) -> None:
    content = marshal.dumps(value)
    sys.stdout.buffer.write(len(content).to_bytes(8, "big") + content)


def _limit(size: int) -> None:
    """Limit the memory of this process, except on Windows, which has no such limit."""
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def _read(path: Path, worksheet: str | None) -> Iterator[Any]:
    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK"
    workbook, read_layout = (_open_zip if is_zip else _open_ole)(path)
    names, visible = _worksheets(workbook)
    chosen = worksheet if worksheet is not None else next(iter(visible or names), None)
    if chosen not in names:
        yield "names", names
        return
    # The reader works without Python's lock, so that the two share the time.
    layout = _Alongside(partial(read_layout, chosen))
    sheet = workbook.get_sheet_by_name(chosen)
    shown = layout.result()
    merged = [*shown.merged, *((*first, *last) for first, last in sheet.merged_cell_ranges or [])]
    details = {
        "hidden_columns": sorted(shown.hidden_columns),
        "merged": [each for each in merged if each[0] < _HEADER_WITHIN],
        "other_worksheets": [each for each in visible if each != chosen],
        "worksheet": chosen,
    }
    yield "rows", details
    rows = _rows(sheet, shown, merged)
    while part := list(islice(rows, _AT_ONCE)):
        yield part


def _open_zip(path: Path) -> tuple[CalamineWorkbook, ReadLayout]:
    """Rename the file to the suffix of its format, by which the reader recognises it."""
    try:
        with zipfile.ZipFile(path) as archive:
            kind = kind_of_zip(archive)
    except zipfile.BadZipFile:
        raise Unreadable("cut") from None
    if kind not in WORKBOOKS:
        raise Unreadable(kind)
    path = path.rename(path.with_suffix(f".{kind}"))
    if kind == "ods":
        from heymilo_prefect.sheets.workbooks import ods

        workbook, path = _open_ods(path)
        return workbook, partial(ods.read_layout, zipfile.ZipFile(path))
    workbook = load_workbook(path)
    if kind == "xlsb":
        return workbook, lambda _: Layout()
    from heymilo_prefect.sheets.workbooks import xlsx

    return workbook, partial(xlsx.read_layout, zipfile.ZipFile(path))


def _open_ods(path: Path) -> tuple[CalamineWorkbook, Path]:
    """Open an ODS file, or a rewritten copy if the reader can't parse the original."""
    from heymilo_prefect.sheets.workbooks.tidy_ods import has_breaks, tidy

    try:
        workbook = load_workbook(path)
        with zipfile.ZipFile(path) as archive:
            if workbook.sheet_names and not has_breaks(archive):
                return workbook, path
    except PasswordError:
        raise
    except CalamineError as error:
        if "limit" in str(error).lower():
            raise
    tidied = path.with_name("tidied.ods")
    with zipfile.ZipFile(path) as archive:
        tidy(archive, tidied)
    return load_workbook(tidied), tidied


def _open_ole(path: Path) -> tuple[CalamineWorkbook, ReadLayout]:
    from olefile import OleFileIO

    try:
        with OleFileIO(path) as file:
            kind, cut = kind_of_ole(file), is_cut(file)
    except OSError:
        raise Unreadable("cut") from None
    if kind not in WORKBOOKS:
        raise Unreadable(kind)
    path = path.rename(path.with_suffix(f".{kind}"))
    try:
        workbook = load_workbook(path)
    except PasswordError:
        raise
    except CalamineError:
        raise Unreadable("cut" if cut else "broken") from None
    from heymilo_prefect.sheets.workbooks import xls

    names = workbook.sheet_names  # not available while the reader reads in another thread

    def read_layout(name: str) -> Layout:
        with OleFileIO(path) as file:
            return xls.read_layout(file, names.index(name))

    return workbook, read_layout


def _worksheets(workbook: CalamineWorkbook) -> tuple[list[str], list[str]]:
    """Return the names of all worksheets, and of the visible ones."""
    sheets = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    visible = [each.name for each in sheets if each.visible == SheetVisibleEnum.Visible]
    return [each.name for each in sheets], visible


class _Alongside(Thread):
    """Runs a function in its own thread, and returns its result on `join`."""

    def __init__(self, function: Callable[[], Layout]) -> None:
        super().__init__(daemon=True)
        self._function = function
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:
            self._error = error

    def result(self) -> Layout:
        self.join()
        if self._error is not None:
            raise self._error
        return self._result


_Entry = tuple[int, list[str], bool, tuple[int, ...]]


def _rows(sheet: CalamineSheet, layout: Layout, merged: list[Range]) -> Iterator[_Entry]:
    hidden, filling = layout.hidden_rows, _Filling(merged)
    values = sheet.iter_rows() if sheet.start else iter(())
    # Below the reader's last row there may be formulas without any value.
    height = sheet.end[0] + 1 if sheet.end else 0
    numbered = enumerate(chain(values, repeat([], max(layout.rows - height, 0))))
    plain = not (layout.marks or filling)
    for at, cells in numbered:
        for column, number in layout.numbers.get(at, {}).items():
            cells[column] = number
        texts = [cell if type(cell) is str else _text_of(cell) for cell in cells]
        uncalculated = [] if plain else _apply_marks(at, cells, texts, layout)
        if not plain:
            filling.fill(at, texts, uncalculated)
        if uncalculated or texts.count("") < len(texts):
            is_hidden = at < len(hidden) and hidden[at] > 0
            yield at + 1, texts, is_hidden, tuple(sorted(uncalculated))


def _apply_marks(at: int, cells: list[Any], texts: list[str], layout: Layout) -> list[int]:
    """Add the zeros that formats show, and return the columns of uncalculated formulas."""
    uncalculated = []
    for column, marks in layout.marks.items():
        mark = marks[at] if at < len(marks) else 0
        if not mark:
            continue
        value: Any = cells[column] if column < len(cells) else ""
        if mark == UNCALCULATED and value in ("", 0):
            texts.extend([""] * (column + 1 - len(texts)))
            texts[column] = ""
            uncalculated.append(column)
        elif mark != UNCALCULATED and type(value) in (int, float):
            texts[column] = padded(layout.patterns[mark], value) or texts[column]
    return uncalculated


class _Filling:
    """Repeats a merged cell in each of its rows that has other content.

    A row with only merged cells is the lower half of a tall row, and stays blank. Across columns
    nothing is repeated: an address under "Phone" would be worse than no value.
    """

    def __init__(self, merged: list[Range]) -> None:
        self._begin: dict[int, list[tuple[int, int]]] = {}
        for first, column, last, _ in merged:
            if last > first:
                self._begin.setdefault(first, []).append((column, last))
        self._open: dict[int, tuple[int, str, bool]] = {}

    def __bool__(self) -> bool:
        return bool(self._begin)

    def fill(self, at: int, texts: list[str], uncalculated: list[int]) -> None:
        self._open = {each: value for each, value in self._open.items() if value[0] >= at}
        if uncalculated or "".join(texts).strip():
            for column, (_, text, is_missing) in self._open.items():
                texts.extend([""] * (column + 1 - len(texts)))
                if is_missing and column not in uncalculated:
                    uncalculated.append(column)
                texts[column] = texts[column] or text
        for column, last in self._begin.get(at, ()):
            text = texts[column] if column < len(texts) else ""
            self._open[column] = last, text, column in uncalculated


@lru_cache(10_000, typed=True)
def _text_of(value: Any) -> str:
    """Format a number, boolean, date or time as a spreadsheet program shows it."""
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
