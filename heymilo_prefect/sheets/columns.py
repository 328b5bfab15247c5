"""Which column of a sheet holds what: recognised by its header, or said by a `column_map`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from heymilo_prefect.sheets.values import SheetError

FIELDS = ("name", "first_name", "last_name", "email", "phone_number", "retake")
"""What a column can be, besides `metadata.<key>` and `data.<key>`."""

_HEADERS = {
    "name": "name, full name, complete name, name surname, first and last name, candidate, "
    "candidates, applicant, applicants",
    "first_name": "first name, given name, given names, forename, fname",
    "last_name": "last name, surname, family name, lname",
    "email": "email, email address, email addr, email id, emails, mail, mail address, mail id, "
    "personal email, personal email address, work email, work email address, primary email, "
    "primary email address, contact email, contact email address",
    "phone_number": "phone, phone number, phone no, phone nr, telephone, telephone number, tel, "
    "tel no, mobile, mobile number, mobile no, mobile phone, mobile phone number, cell, "
    "cell phone, cell phone number, cell number, contact number, contact no, contact phone, "
    "contact phone number, whatsapp number, home phone, work phone, primary phone",
    "retake": "retake",
}
_FIELD_OF = {
    header.replace(" ", ""): field_name
    for field_name, headers in _HEADERS.items()
    for header in headers.split(", ")
}
_WHOSE = re.compile(r"^\W*(?:(?:candidate|applicant)(?:['\u2019]?s)?|your)\W+(?=\w)")
_ASIDE = re.compile(r"\(.*?\)|\[.*?\]")
_METADATA = re.compile(r"metadata\.(.+)", re.I)
_KEYED = re.compile(r"(metadata|data)\.(.+)")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things are in a row: the index of the column, counted from 0.

    `fields` has some of `FIELDS`, `email` always; `metadata` and `data` are by the key under
    which the cell is sent.
    """

    fields: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, int] = field(default_factory=dict)
    data: dict[str, int] = field(default_factory=dict)


def map_columns(
    headers: Sequence[str], column_map: Mapping[str, str | None] | None = None
) -> Columns:
    """Say what each column of a sheet is.

    Usual English headers are recognised, whatever their case and punctuation: "E-mail",
    "Candidate Name", "Phone Number (with country code)". A `metadata.source` header is sent as
    metadata, every other one as data under its own title. A column without a header is left out;
    of two columns with the same header, the second is called "... (2)".

    Args:
        headers: The cells of the header row.
        column_map: What isn't recognised, or differs: a header, and the field that it is (one of
            `FIELDS`, `metadata.<key>` or `data.<key>`); None for a column that isn't sent.

    Raises:
        SheetError: There is no e-mail column, two columns seem to be the same field, or
            `column_map` names a header or a field that doesn't exist.

    Example:
        >>> map_columns(["Name", "E-mail", "City"]).data
        {'City': 2}
        >>> map_columns(["Who", "Mail"], {"Who": "name", "Mail": "email"}).fields
        {'name': 0, 'email': 1}
    """
    titles = _unique(headers)
    said = _by_title(column_map, titles)
    columns = Columns()
    taken: dict[str, str] = {}
    for index, (header, title) in enumerate(zip(headers, titles, strict=True)):
        target = said[title] if title in said else _recognise(header, title, said.values())
        if not title or target is None:
            continue
        if target in taken:
            raise SheetError(_two_columns(target, taken[target], title))
        taken[target] = title
        kind, _, key = target.partition(".")
        if not key:
            columns.fields[target] = index
        else:
            (columns.metadata if kind == "metadata" else columns.data)[key] = index
    if "email" not in columns.fields:
        raise SheetError(
            f"No e-mail column: the columns are {listed(titles)}; say which one it is with "
            'column_map={"<header>": "email"}.'
        )
    return columns


def is_header(cells: Sequence[str], column_map: Mapping[str, str | None] | None) -> bool:
    """Say whether this row, among a sheet's first, is its header: it has an e-mail column."""
    said = {_same(title): what for title, what in (column_map or {}).items()}
    return any(
        said.get(_same(title), _field(cell)) == "email"
        for cell, title in zip(cells, _unique(cells), strict=True)
        if title
    )


def listed(titles: Iterable[str]) -> str:
    """Write headers for people: quoted, without the empty ones."""
    return ", ".join(f'"{title}"' for title in titles if title)


def _recognise(header: str, title: str, said: Iterable[str | None]) -> str:
    """Say what a header is that isn't in `column_map`; a field that is said there is taken."""
    guess = _field(header)
    if guess and guess not in said:
        return guess
    metadata = _METADATA.fullmatch(title)
    return f"metadata.{metadata[1]}" if metadata else f"data.{title}"


def _field(header: str) -> str | None:
    """Give the field that a header is a usual name of."""
    plain = _WHOSE.sub("", _ASIDE.sub(" ", header.casefold().replace("_", " ")))
    return _FIELD_OF.get("".join(re.findall(r"\w+", plain)))


def _by_title(
    column_map: Mapping[str, str | None] | None, titles: Sequence[str]
) -> dict[str, str | None]:
    """Check a `column_map`, and key it by the sheet's own titles."""
    title_of = {_same(title): title for title in titles if title}
    said = {}
    for header, target in (column_map or {}).items():
        if _same(header) not in title_of:
            raise SheetError(
                f'column_map names "{header}", which isn\'t a column; '
                f"the columns are {listed(titles)}."
            )
        if target is not None and target not in FIELDS and not _KEYED.fullmatch(target):
            raise SheetError(
                f'column_map says that "{header}" is "{target}", which isn\'t a field; write one '
                f"of {', '.join(FIELDS)}, metadata.<key>, data.<key>, or None to leave it out."
            )
        said[title_of[_same(header)]] = target
    return said


def _two_columns(target: str, first: str, second: str) -> str:
    return (
        f'Two columns seem to be {target}: "{first}" and "{second}"; say which one it is with '
        f'column_map={{"{first}": "{target}"}}, or leave one out with '
        f'column_map={{"{second}": None}}.'
    )


def _unique(headers: Iterable[str]) -> list[str]:
    """Titles of one line each, a repeated one numbered: "Notes", "Notes (2)"."""
    titles: list[str] = []
    used: set[str] = set()
    for header in headers:
        plain = title = " ".join(header.split())
        numbers = count(2)
        while title and title in used:
            title = f"{plain} ({next(numbers)})"
        used.add(title)
        titles.append(title)
    return titles


def _same(title: str) -> str:
    return " ".join(title.split()).casefold()
