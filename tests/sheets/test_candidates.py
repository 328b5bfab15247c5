"""Every row becomes a candidate, or says why it doesn't."""

from collections.abc import Iterator, Mapping

import pytest

from heymilo_prefect.api.models import Candidate
from heymilo_prefect.sheets import ParsedRow, Row, Sheet, map_columns, read_candidates
from heymilo_prefect.sheets.contact import PHONE_AS_TYPED


def parse(
    headers: list[str],
    *rows: list[str],
    retake: bool = False,
    column_map: Mapping[str, str | None] | None = None,
) -> list[ParsedRow]:
    sheet = Sheet("a.csv", headers, (Row(number, cells) for number, cells in enumerate(rows, 2)))
    return list(read_candidates(sheet, map_columns(headers, column_map), retake=retake))


def test_a_row_is_a_candidate_with_its_metadata_and_data_and_without_empty_cells() -> None:
    [row] = parse(
        ["Name", "Email", "Phone", "City", "Years", "", "metadata.source", "metadata.job"],
        ["Ann  Lee", "ann@example.com", "+1 202 555 0123", "Paris", "", "?", "board", ""],
    )
    assert row == ParsedRow(
        2,
        Candidate(
            name="Ann Lee",
            email="ann@example.com",
            phone_number="+12025550123",
            metadata={"source": "board"},
            data={"City": "Paris"},
        ),
    )


def test_a_row_may_be_shorter_or_longer_than_the_header() -> None:
    short, long = parse(
        ["Email", "Name", "City"],
        ["ann@example.com", "Ann"],
        ["bob@example.com", "Bob", "Rome", "left over"],
    )
    assert short.candidate == Candidate(name="Ann", email="ann@example.com")
    assert long.candidate == Candidate(name="Bob", email="bob@example.com", data={"City": "Rome"})


@pytest.mark.parametrize(
    ("name", "first", "last", "expected"),
    [
        ("Ann Lee", "", "", "Ann Lee"),
        ("", "Ann", "Lee", "Ann Lee"),
        ("", "Ann", "", "Ann"),
        ("", "", "Lee", "Lee"),
        ("Ann Lee", "Anna", "Leeson", "Ann Lee"),
    ],
)
def test_a_name_is_given_whole_or_in_two(name: str, first: str, last: str, expected: str) -> None:
    headers = ["Name", "First name", "Last name", "Email"]
    [row] = parse(headers, [name, first, last, "ann@example.com"])
    assert row.candidate is not None
    assert row.candidate.name == expected


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["Ann", "", ""], "no e-mail address"),
        (["Exported 60 rows"], "no e-mail address"),
        (["Ann", "@example.com", ""], "e-mail address isn't valid: there must be something before"),
        (["", "ann@example.com", ""], "no name"),
        (["Ann", "ann@example.com", "perhaps"], "retake must be yes or no"),
    ],
)
def test_a_row_that_cannot_be_sent_is_rejected_with_why(cells: list[str], reason: str) -> None:
    [row] = parse(["Name", "Email", "Retake"], cells)
    assert (row.candidate, row.outcome, row.number) == (None, "rejected", 2)
    assert row.reason.startswith(reason)


@pytest.mark.parametrize("otherwise", [True, False])
@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        *((cell, True) for cell in ("yes", "Y", "TRUE", "1", "x")),
        *((cell, False) for cell in ("No", "n", "false", "0")),
        ("", None),
    ],
)
def test_a_retake_cell_decides_and_an_empty_one_leaves_it_to_the_caller(
    cell: str, expected: bool | None, otherwise: bool
) -> None:
    cells = ["Ann", "ann@example.com", cell]
    [row] = parse(["Name", "Email", "Retake"], cells, retake=otherwise)
    assert row.candidate is not None
    assert row.candidate.retake is (otherwise if expected is None else expected)


def test_the_first_row_of_an_address_wins_whatever_the_case() -> None:
    rows = parse(
        ["Name", "Email"],
        ["", "ann@example.com"],
        ["Ann", "Ann@Example.com"],
        ["Bob", "bob@example.com"],
        ["Ann", "Ann Lee <ANN@EXAMPLE.COM>"],
        ["Anna", "ann@example.com"],
    )
    assert [(row.outcome, row.of_row) for row in rows] == [
        ("rejected", None),
        (None, None),
        (None, None),
        ("duplicate", 3),
        ("duplicate", 3),
    ]
    assert rows[3].reason == "same e-mail address as row 3"


def test_a_phone_number_alone_never_rejects_a_row() -> None:
    rows = parse(
        ["Name", "Email", "Phone"],
        ["Ann", "ann@example.com", "ask her"],
        ["Bob", "bob@example.com", ""],
    )
    assert [row.reason for row in rows] == [PHONE_AS_TYPED, ""]
    assert [row.candidate and row.candidate.phone_number for row in rows] == ["ask her", None]


def test_nothing_that_was_typed_shows_in_a_repr_or_a_reason() -> None:
    headers = ["Name", "Email", "Phone", "City", "metadata.note", "Retake"]
    rows = parse(
        headers,
        ["Secret", "secret@example.com", "secret", "secret", "secret", ""],
        ["Secret", "secret@example.com", "secret", "secret", "secret", ""],
        ["Secret", "secret", "", "", "", ""],
        ["Secret", "secret@example.com", "", "", "", "secret"],
    )
    assert {row.outcome for row in rows} == {None, "duplicate", "rejected"}
    shown = "".join(map(repr, rows)) + repr(Row(1, ["secret"])) + "".join(r.reason for r in rows)
    assert "secret" not in shown.lower()


def test_rows_are_read_one_at_a_time() -> None:
    read: list[int] = []

    def lazily() -> Iterator[Row]:
        for number in range(2, 5):
            read.append(number)
            yield Row(number, ["Ann", f"ann{number}@example.com"])

    sheet = Sheet("a.csv", ["Name", "Email"], lazily())
    parsed = read_candidates(sheet, map_columns(sheet.headers))
    next(parsed)
    assert read == [2]
