"""Map the columns of a sheet to candidate fields, by their headers or a `column_map`."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from heymilo_prefect.sheets.emails import is_address
from heymilo_prefect.sheets.headers import field_of, is_bare_name, may_be_name
from heymilo_prefect.sheets.sheet import SheetError
from heymilo_prefect.sheets.text import without_invisible
from heymilo_prefect.wording import LONGEST_NAME, bounded_list, listed, one_line, quoted

FIELDS = ("name", "first_name", "last_name", "email", "phone_number", "retake", "posting")
"""The fields of a column, besides `metadata.<key>` and `data.<key>`."""

_NAMES = ("name", "first_name", "last_name")
_METADATA = re.compile(r"metadata\.(.+)", re.I)
_KEYED = re.compile(r"(metadata|data)\.(.+)")

RESULT_HEADERS = ("Row", "Outcome", "Reason", "Interview ID", "Interview link")
"""The columns that a results file adds to the sheet's own."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The meaning of each column of a sheet, by the column's index, counted from 0.

    `fields` maps names of `FIELDS` to indexes, always including `email`; `metadata` and `data` map
    the key under which a cell is sent. `mapping` maps each column's title, in order, to its
    meaning as a `column_map` would write it, None for a column that isn't sent. `titles` are all
    titles by index, `""` for a column without a header; `hidden` are the titles of the columns
    that are hidden in the spreadsheet program.
    """

    fields: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, int] = field(default_factory=dict)
    data: dict[str, int] = field(default_factory=dict)
    mapping: dict[str, str | None] = field(default_factory=dict)
    titles: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


def map_columns(
    headers: Sequence[str],
    column_map: Mapping[str, str | None] | None = None,
    hidden_columns: Collection[int] = (),
) -> Columns:
    """Map each column of a sheet to a candidate field, metadata or data.

    Usual English, German, French, Spanish and Portuguese headers are recognised, whatever their
    case, accents and punctuation: "E-mail", "Candidate Name", "Numéro de téléphone (avec
    indicatif)". A bare "Name" next to only one half of a name is the other half, as in "Vorname",
    "Name". A `metadata.source` header is sent as metadata, every other one as data under its own
    title. A column without a header isn't sent, and neither are the columns that a results file
    adds; of two columns with the same header, the second is called "... (2)". A hidden column is
    only sent if its header is recognised as one of `FIELDS` or `column_map` names it.

    Args:
        headers: The cells of the header row.
        column_map: For headers that aren't recognised or mean something else: a header, and its
            field (one of `FIELDS`, `metadata.<key>` or `data.<key>`); None to leave it out.
        hidden_columns: The indexes of hidden columns, see `Sheet.hidden_columns`.

    Raises:
        SheetError: There is no e-mail column, two columns seem to hold the same field, or
            `column_map` names a header or a field that doesn't exist.

    Example:
        >>> map_columns(["Name", "E-mail", "City"]).data
        {'City': 2}
        >>> map_columns(["Who", "Mail"], {"Who": "name", "Mail": "email"}).fields
        {'name': 0, 'email': 1}
    """
    titles = _unique(headers)
    overrides = _overrides_by_title(column_map, titles)
    hidden = tuple(titles[index] for index in sorted(hidden_columns) if index < len(titles))
    columns = Columns(titles=tuple(titles), hidden=tuple(filter(None, hidden)))
    taken: dict[str, str] = {}
    targets = _targets(headers, titles, overrides, hidden_columns)
    for index, (title, target) in enumerate(zip(titles, targets, strict=True)):
        if not title:
            continue
        columns.mapping[title] = target
        if target is None:
            continue
        if target in taken:
            raise SheetError(_two_columns(target, taken[target], title, columns.hidden))
        taken[target] = title
        kind, _, key = target.partition(".")
        if not key:
            columns.fields[target] = index
        else:
            (columns.metadata if kind == "metadata" else columns.data)[key] = index
    if "email" not in columns.fields:
        raise SheetError(
            f"No e-mail column is recognised; the columns are {listed(titles)}. Pass the right "
            'one as column_map={"<header>": "email"}.'
        )
    return columns


def check_name_column(columns: Columns) -> None:
    """Raise early if every row would lack a name.

    Raises:
        SheetError: No column is the name or a part of it; the message suggests a `column_map`.
    """
    if columns.fields.keys().isdisjoint(_NAMES):
        likely = (
            title for title in columns.mapping if len(title) <= LONGEST_NAME and may_be_name(title)
        )
        name = quoted(next(likely, "<header>"))
        raise SheetError(
            f"No name column is recognised; the columns are {listed(columns.titles)}. "
            f'Pass the right one as column_map={{{name}: "name"}}.'
        )


def is_header(cells: Sequence[str], column_map: Mapping[str, str | None] | None) -> bool:
    """Return whether this is the header row.

    A header row has an e-mail column and no e-mail address: `Email | recruiter@example.com` is a
    note above the header. A cell that `column_map` names counts as a header in any case.
    """
    overrides = {_same(title): what for title, what in (column_map or {}).items()}
    has_email = False
    for cell, title in zip(cells, _unique(cells), strict=True):
        same = _same(title)
        if title and overrides.get(same, field_of(cell)) == "email":
            has_email = True
        elif same not in overrides and is_address(cell):
            return False
    return has_email


def original_columns(headers: Sequence[str]) -> list[int]:
    """Return the indexes of the sheet's own columns, without those of a results file.

    These are recognised when all five are present; of two with the same header the last one is
    the results file's.
    """
    if not set(RESULT_HEADERS) <= set(headers):
        return list(range(len(headers)))
    last = {header: index for index, header in enumerate(headers)}
    added = {last[header] for header in RESULT_HEADERS}
    return [index for index in range(len(headers)) if index not in added]


def hidden_text(columns: Columns) -> str:
    """List the hidden columns and whether each is sent: `"Salary" (not sent)`."""
    return bounded_list(
        f"{quoted(title)} ({f'sent as {one_line(target)}' if target else 'not sent'})"
        for title in columns.hidden
        for target in [columns.mapping[title]]
    )


def _targets(
    headers: Sequence[str],
    titles: Sequence[str],
    overrides: Mapping[str, str | None],
    hidden: Collection[int],
) -> list[str | None]:
    """Return the meaning of each column; `column_map` takes precedence over the headers."""
    own = set(original_columns(headers))
    targets = [
        overrides[title]
        if title in overrides
        else _recognise(header, title, overrides.values(), index in hidden)
        if index in own
        else None
        for index, (header, title) in enumerate(zip(headers, titles, strict=True))
    ]
    halves = {"first_name", "last_name"}
    missing = halves - set(targets)
    if len(missing) == 1:
        [other_half] = missing
        for index, (header, title) in enumerate(zip(headers, titles, strict=True)):
            if targets[index] == "name" and title not in overrides and is_bare_name(header):
                targets[index] = other_half
    return targets


def _recognise(
    header: str, title: str, overrides: Iterable[str | None], is_hidden: bool
) -> str | None:
    """Return the meaning of a header that isn't in `column_map`, which may use up its field."""
    guess = field_of(header)
    if guess and guess not in overrides:
        return guess
    if is_hidden:
        return None
    metadata = _METADATA.fullmatch(title)
    return f"metadata.{metadata[1]}" if metadata else f"data.{title}"


def _overrides_by_title(
    column_map: Mapping[str, str | None] | None, titles: Sequence[str]
) -> dict[str, str | None]:
    """Validate a `column_map`, and key it by the sheet's own titles."""
    title_of = {_same(title): title for title in titles if title}
    overrides = {}
    for header, target in (column_map or {}).items():
        if _same(header) not in title_of:
            raise SheetError(
                f"column_map names {quoted(header)}, which isn't a column. "
                f"The columns are {listed(titles)}."
            )
        if target is not None and target not in FIELDS and not _KEYED.fullmatch(target):
            raise SheetError(
                f"column_map maps {quoted(header)} to {quoted(target)}, which isn't a field. "
                f"Use one of {', '.join(FIELDS)}, metadata.<key>, data.<key>, or None to leave "
                "it out."
            )
        overrides[title_of[_same(header)]] = target
    return overrides


def _two_columns(target: str, first: str, second: str, hidden: Collection[str]) -> str:
    both = " and ".join(
        f"{quoted(title)}{' (hidden)' if title in hidden else ''}" for title in (first, second)
    )
    what = one_line(target)
    return (
        f"Two columns are recognised as {what}: {both}. Choose one with "
        f'column_map={{{quoted(first)}: "{what}"}}, or leave one out with '
        f"column_map={{{quoted(second)}: None}}."
    )


def _unique(headers: Iterable[str]) -> list[str]:
    """Make one-line titles, and number repeated ones: "Notes", "Notes (2)"."""
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
    return " ".join(without_invisible(title).split()).casefold()
