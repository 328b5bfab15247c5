"""Turn the rows of a sheet into candidates that are ready to be sent, or rejected rows."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from heymilo_prefect.api.models import Candidate
from heymilo_prefect.ingestion import CandidateRow, RowOutcome
from heymilo_prefect.sheets.columns import Columns, check_name_column
from heymilo_prefect.sheets.emails import read_email
from heymilo_prefect.sheets.headers import is_placeholder, is_totals_row, parse_bool
from heymilo_prefect.sheets.phones import check_region, read_phone
from heymilo_prefect.sheets.sheet import Row, Sheet
from heymilo_prefect.sheets.text import fold_case, is_garbled
from heymilo_prefect.wording import listed

HiddenRows = Literal["send", "reject"]
HIDDEN = "the row is hidden in the sheet"
GARBLED = "the name's accents are garbled by a wrong encoding: correct the name"

_A_DIGIT = re.compile("[1-9]")
_NO_NAME = re.compile(r"[\d\s.,]*")  # a number, such as the 0 of a formula that isn't calculated
# A reference or a call makes a formula; "=Ann" and "=1+1" are texts.
_FORMULA = re.compile(r"=.*(?:[(!&]|[A-Za-z]\$?\d)", re.S)
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
# A row without one of these would be sent to nobody, by half a name, or to another posting.
_REQUIRED_VALUES = {
    "email": "e-mail",
    "name": "name",
    "first_name": "first name",
    "last_name": "last name",
    "posting": "posting",
    "retake": "retake answer",
}


def read_candidates(
    sheet: Sheet,
    columns: Columns,
    resolve_posting: Callable[[str], str],
    *,
    retake: bool = False,
    default_region: str | None = None,
    hidden_rows: HiddenRows = "send",
) -> Iterator[CandidateRow | RowOutcome]:
    """Read the rows of a sheet, lazily and in order: a `CandidateRow` for each sendable row.

    Every other row is a `RowOutcome`, `rejected` or `duplicate`; no row is dropped. Of rows with
    the same posting and e-mail address, whatever its case, the first that isn't rejected is the
    candidate. A phone number alone never rejects a row. Neither a row's repr nor its reason
    contains anything that was typed in the sheet.

    Args:
        sheet: A sheet.
        columns: The meaning of its columns, from `map_columns`.
        resolve_posting: Returns the `url_key` for the text of a row's posting cell, `""` if it is
            empty or there is no such column. A ValueError rejects the row, and its message is the
            reason, which must not contain the cell.
        retake: Whether a candidate who has an interview gets another one, for rows without a value
            in a retake column.
        default_region: The region of phone numbers without `+`, ISO 3166, two letters.
        hidden_rows: Whether rows that are hidden or filtered out in the spreadsheet program are
            read like the others or rejected. Either way their reason mentions it.

    Raises:
        SheetError: No column is the name or a part of it.
        ValueError: There is no such region.
    """
    region = check_region(default_region)
    check_name_column(columns)
    read = _Reader(
        columns,
        resolve_posting,
        retake,
        region,
        hidden_rows == "reject",
        len(sheet.headers),
        sheet.delimiter,
    ).read
    return _without_duplicates(sheet, columns, read)


def _without_duplicates(
    sheet: Sheet, columns: Columns, read: Callable[[Row], CandidateRow | RowOutcome]
) -> Iterator[CandidateRow | RowOutcome]:
    what = "posting and e-mail address" if "posting" in columns.fields else "e-mail address"
    first_row: dict[tuple[str, str], tuple[int, str, bool]] = {}
    for row in sheet.rows:
        parsed = read(row)
        if isinstance(parsed, CandidateRow):
            candidate = parsed.candidate
            key = (parsed.url_key, candidate.email.casefold())
            seen = (row.number, candidate.name, candidate.retake)
            first, name, retake = first_row.setdefault(key, seen)
            if first != row.number:
                reason = f"same {what} as row {first}"
                if not _same_name(candidate.name, name):
                    reason += ", but the names differ: check that they are one person"
                if candidate.retake != retake:
                    reason += ", but the retake values differ"
                parsed = RowOutcome(row.number, "duplicate", reason, duplicate_of=first)
        if row.hidden:
            if isinstance(parsed, CandidateRow):
                parsed.note = _joined(parsed.note, HIDDEN)
            elif parsed.reason != HIDDEN:
                parsed.reason = _joined(parsed.reason, HIDDEN)
        yield parsed


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns a row of a sheet into a candidate or an outcome."""

    columns: Columns
    resolve_posting: Callable[[str], str]
    retake: bool
    region: str | None
    rejects_hidden: bool
    width: int
    delimiter: str

    def read(self, row: Row) -> CandidateRow | RowOutcome:
        columns, cells = self.columns, row.cells
        if row.hidden and self.rejects_hidden:
            return _rejected(row, HIDDEN)
        if self.delimiter and len(cells) > self.width and any(cells[self.width :]):
            return _rejected(row, self._too_wide(cells))
        typed = _cells(row, columns.fields)
        note = ""
        if row.uncalculated or "=" in "".join(typed.values()):
            problem, note = self._formulas(row, typed)
            if problem:
                return _rejected(row, problem)
        email, email_note = read_email(typed.get("email", ""))
        if not email:
            if is_totals_row(cells):
                return _rejected(row, "a totals row, not a candidate")
            is_empty = is_placeholder(typed.get("email", ""), "email")
            return _rejected(row, "no e-mail address" if is_empty else email_note)
        typed_name = typed.get("name", "")
        if _NO_NAME.fullmatch(typed_name) or is_placeholder(typed_name, "name"):
            typed_name = _full_name(_value(typed, "first_name"), _value(typed, "last_name"))
        name = " ".join(typed_name.split())
        if _NO_NAME.fullmatch(name):
            return _rejected(row, "no name")
        if is_garbled(name):
            return _rejected(row, GARBLED)
        retake = self.retake
        if typed_retake := typed.get("retake"):
            answer = parse_bool(typed_retake)
            if answer is not None:
                retake = answer
            elif not is_placeholder(typed_retake, "retake"):
                return _rejected(row, "retake must be yes or no")
        try:
            url_key = self.resolve_posting(_value(typed, "posting").strip())
        except ValueError as error:
            return _rejected(row, str(error))
        typed_phone = typed.get("phone_number")
        # A cell with a digit can't be a placeholder word.
        if typed_phone and not _A_DIGIT.search(typed_phone):
            typed_phone = _value(typed, "phone_number") or None
        phone, phone_note = read_phone(typed_phone, self.region) if typed_phone else (None, "")
        candidate = Candidate(
            name=name,
            email=email,
            phone_number=phone,
            metadata=_cells(row, columns.metadata),
            data=_cells(row, columns.data),
            retake=retake,
        )
        normalized: tuple[str, ...] = ()
        if name != typed_name or email != typed["email"] or phone != typed_phone:
            shown = {"name": typed_name, "email": typed["email"], "phone_number": typed_phone}
            sent = {"name": name, "email": email, "phone_number": phone}
            normalized = tuple(field for field in sent if sent[field] != shown[field])
        if email_note or phone_note:
            note = _joined(email_note, phone_note, note)
        return CandidateRow(row.number, candidate, note, url_key, normalized)

    def _too_wide(self, cells: list[str]) -> str:
        filled = max(index for index, cell in enumerate(cells, 1) if cell)
        delimiter = _DELIMITERS.get(self.delimiter, f'"{self.delimiter}"')
        return (
            f"has {filled} cells under {self.width} headers: put quotes around a value that "
            f"contains a {delimiter}"
        )

    def _formulas(self, row: Row, typed: dict[str, str]) -> tuple[str, str]:
        """Return a reason to reject a row with uncalculated formulas, or a note on what it lacks.

        A text file may contain the formula itself, which isn't a value either.
        """
        columns = self.columns
        without = set(row.uncalculated)
        without |= {columns.fields[field] for field, text in typed.items() if _FORMULA.match(text)}
        for key, what in _REQUIRED_VALUES.items():
            if columns.fields.get(key) in without:
                return (
                    f"the {what} is a formula without a stored value: open the file in a "
                    "spreadsheet program and save it"
                ), ""
        if columns.fields.get("phone_number") in without:
            typed.pop("phone_number", None)
        sent = {*columns.fields.values(), *columns.metadata.values(), *columns.data.values()}
        lacking = listed(columns.titles[index] for index in sorted(without & sent))
        return "", f"formulas without a stored value aren't sent: {lacking}" if lacking else ""


def _value(typed: dict[str, str], field: str) -> str:
    """Return a field's text, or `""` for a placeholder such as "n/a"."""
    text = typed.get(field)
    return text if text and not is_placeholder(text, field) else ""


def _same_name(one: str, other: str) -> bool:
    """Return whether two names have the same words, ignoring order, case and punctuation."""
    return one == other or _words(one) == _words(other)


def _words(name: str) -> list[str]:
    return sorted(re.findall(r"[^\W_]+", fold_case(name)))


def _joined(*reasons: str) -> str:
    return "; ".join(filter(None, reasons))


def _full_name(first: str, last: str) -> str:
    """Join first and last name, unless one of the columns holds the full name."""
    if first and last.casefold().startswith(f"{first} ".casefold()):
        return last
    if last and first.casefold().endswith(f" {last}".casefold()):
        return first
    return " ".join(filter(None, (first, last)))


def _cells(row: Row, columns: dict[str, int]) -> dict[str, str]:
    """Return the cells of these columns that aren't empty."""
    if not columns:
        return {}
    cells = row.cells
    return {
        key: cells[index] for key, index in columns.items() if index < len(cells) and cells[index]
    }


def _rejected(row: Row, reason: str) -> RowOutcome:
    return RowOutcome(row.number, "rejected", reason)
