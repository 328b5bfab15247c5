"""Write the sheet back with the outcome of each row, completely or not at all."""

import csv
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from heymilo_prefect.ingestion import RowOutcome
from heymilo_prefect.sheets.columns import RESULT_HEADERS, original_columns
from heymilo_prefect.sheets.google import local_path, name_of_link
from heymilo_prefect.sheets.sheet import Sheet, SheetError
from heymilo_prefect.sheets.source import describe_error, file_system
from heymilo_prefect.wording import LONGEST_PATH, one_line

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_SIGNS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")  # the wide ones come from Japanese keyboards
_XLSX_ROWS = 1_048_576
_XLSX_SURE_OF = 16_000  # half of the 32,767 characters that a cell holds, as some count twice
_CUT = " ... (cut: an XLSX cell holds no more)"
_TOO_LONG = -2  # XlsxWriter's return value for a cell that it cut
_IN_PLACE = ("ftp:", "sftp:", "ssh:")  # elsewhere an object appears only when it is complete


def check_results_path(path: str, source: str | os.PathLike[str] | None = None) -> None:
    """Check that the results can be written, before anything is sent.

    Args:
        path: Where `write_results` will write; its folder is created.
        source: The sheet that is read, which must not be replaced.

    Raises:
        SheetError: Its suffix is neither `.csv` nor `.xlsx`, it is the sheet itself, its folder
            can't be written to, its scheme can't be used, or it needs the extra `excel`.
    """
    if _ending(path) == ".xlsx" and find_spec("xlsxwriter") is None:
        raise SheetError(
            "Results as .xlsx need a package that isn't installed: "
            'pip install "heymilo-prefect[excel]". Or let the name end in .csv.'
        )
    target = local_path(path)
    same = path == source
    if target is None:
        if "::" in path or path.lower().startswith(("http://", "https://")):
            raise SheetError(
                f'Results can\'t be written to "{name_of_link(path)}": give a path, or a link such '
                "as s3://bucket/results.xlsx."
            )
        _reach(path)
    else:
        _check_folder(target)
        read = local_path(source) if source is not None else None
        with suppress(OSError, ValueError):
            same = same or (read is not None and os.path.samefile(target, read))
    if same:
        raise SheetError(f'"{_name(path)}" is the sheet itself. Write the results to another file.')


def write_results(path: str, sheet: Sheet, result_of: Callable[[int], RowOutcome | None]) -> None:
    """Write the sheet's own columns and each row's outcome, as CSV or XLSX by the path's suffix.

    The file is replaced atomically. A cell that a spreadsheet program
    would run as a formula is written as text. A results file that is read as a sheet gets new
    results in place of its old ones.

    Args:
        path: A path, or one of fsspec's links, such as `s3://bucket/results.xlsx`.
        sheet: The sheet that was read.
        result_of: Returns a row's outcome by its number; None is written as "not sent".

    Raises:
        SheetError: The file can't be written.
    """
    write = _write_xlsx if _ending(path) == ".xlsx" else _write_csv
    lines = _lines(sheet, result_of)
    target = local_path(path)
    try:
        if target is not None:
            _replace(os.path.realpath(target), lambda file: write(file, lines))
            return
        with tempfile.NamedTemporaryFile() as whole:
            write(cast(BinaryIO, whole), lines)
            whole.flush()
            _upload(whole.name, path)
    except (OSError, _XlsxError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise SheetError(f'The results can\'t be written to "{_name(path)}": {reason}.') from None


def _lines(sheet: Sheet, result_of: Callable[[int], RowOutcome | None]) -> Iterator[list[str]]:
    own = original_columns(sheet.headers)
    yield [*(sheet.headers[index] for index in own), *RESULT_HEADERS]
    for row in sheet.rows:
        width = len(row.cells)
        cells = [row.cells[index] if index < width else "" for index in own]
        found = result_of(row.number)
        if found is None:
            added = ["not sent", "", "", ""]
        else:
            ids = [found.interview_id or "", found.interview_link or ""]
            added = [found.outcome, found.reason, *ids]
        yield [*cells, str(row.number), *added]


def _write_csv(file: BinaryIO, lines: Iterator[list[str]]) -> None:
    with open(
        file.fileno(), "w", newline="", encoding="utf-8-sig", errors="replace", closefd=False
    ) as text:
        writer = csv.writer(text)
        for line in lines:
            writer.writerow(map(_as_text, line))


def _as_text(cell: str) -> str:
    # A spreadsheet program trims invisible characters before it looks for a formula.
    seen = (char for char in cell if char.isprintable() and not char.isspace())
    runs = next(seen, None) in _SIGNS or cell.startswith(("\t", "\r", "\n"))
    return f"'{cell}" if runs else cell


class _XlsxError(Exception):
    """XlsxWriter couldn't write the workbook."""


def _write_xlsx(file: BinaryIO, lines: Iterator[list[str]]) -> None:
    import xlsxwriter

    try:
        with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
            book.use_zip64()
            # Otherwise editing "=1+1" and pressing Enter would turn it into a formula.
            text = book.add_format({"num_format": "@"})
            header = next(lines)
            worksheet, at = _worksheet(book, header, text), 1
            for line in lines:
                if at == _XLSX_ROWS:
                    worksheet, at = _worksheet(book, header, text), 1
                _write_row(worksheet, at, line, text)
                at += 1
    except xlsxwriter.exceptions.XlsxWriterException as error:
        raise _XlsxError(type(error).__name__) from None


def _worksheet(book: "xlsxwriter.Workbook", header: list[str], text: "Format") -> "Worksheet":
    worksheet = book.add_worksheet()
    worksheet.freeze_panes(1, 0)
    _write_row(worksheet, 0, header, text)
    return worksheet


def _write_row(worksheet: "Worksheet", at: int, line: list[str], text: "Format") -> None:
    for column, cell in enumerate(line):
        valid = cell.encode(errors="replace").decode()
        if worksheet.write_string(at, column, valid, text) == _TOO_LONG:
            worksheet.write_string(at, column, valid[:_XLSX_SURE_OF] + _CUT, text)


def _replace(target: str, write: Callable[[BinaryIO], None]) -> None:
    """Write to a temporary file next to the target, and rename it when it is on the disk."""
    handle, part = tempfile.mkstemp(prefix=".results-", suffix=".part", dir=os.path.dirname(target))
    try:
        with open(handle, "w+b") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):  # keep its permissions; a new file is the owner's only
            shutil.copymode(target, part)
        os.replace(part, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise


def _upload(whole: str, url: str) -> None:
    files, path = _reach(url)
    try:
        if url.lower().startswith(_IN_PLACE):
            files.put_file(whole, f"{path}.part")
            files.mv(f"{path}.part", path)
        else:
            files.put_file(whole, path)
    except Exception as error:
        raise _unwritable(url, error) from None


def _reach(url: str) -> tuple[Any, str]:
    try:
        return file_system(url)
    except SheetError:
        raise
    except Exception as error:
        raise _unwritable(url, error) from None


def _unwritable(url: str, error: Exception) -> SheetError:
    return SheetError(
        f'The results can\'t be written to "{name_of_link(url)}" ({describe_error(error)}). Check '
        "the link, and whether this machine may write there."
    )


def _check_folder(target: str) -> None:
    try:
        folder = os.path.dirname(os.path.realpath(target))
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        problem = "it is a folder" if os.path.isdir(target) else None
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or "the path isn't valid"
    if problem:
        raise SheetError(f'Results can\'t be written to "{_name(target)}": {problem}.')


def _ending(path: str) -> str:
    ending = PurePosixPath(path.partition("?")[0]).suffix.lower()
    if ending not in (".csv", ".xlsx"):
        raise SheetError(
            f'Results can\'t be written to "{_name(path)}": its name must end in .csv or .xlsx.'
        )
    return ending


def _name(path: str) -> str:
    return name_of_link(path) if local_path(path) is None else one_line(path, LONGEST_PATH)
