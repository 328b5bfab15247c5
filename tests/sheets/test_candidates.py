"""Every row becomes a candidate, or says why it doesn't."""

from collections.abc import Iterator, Mapping

import pytest

from heymilo_prefect.api.models import Candidate
from heymilo_prefect.sheets import ParsedRow, Row, Sheet, map_columns, read_candidates
from heymilo_prefect.sheets.emails import SEVERAL_EMAILS
from heymilo_prefect.sheets.phones import PHONE_AS_TYPED


def posting_of(text: str) -> str:
    if text == "unknown":
        raise ValueError("there is no such posting")
    return text.lower() or "engineer"


def parse(
    headers: list[str],
    *rows: list[str],
    retake: bool = False,
    default_region: str | None = None,
    column_map: Mapping[str, str | None] | None = None,
) -> list[ParsedRow]:
    sheet = Sheet("a.csv", headers, (Row(number, cells) for number, cells in enumerate(rows, 2)))
    columns = map_columns(headers, column_map)
    return list(
        read_candidates(sheet, columns, posting_of, retake=retake, default_region=default_region)
    )


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
        url_key="engineer",
        normalized=("name", "phone_number"),
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
        ("", "Ann", "Ann Lee", "Ann Lee"),
        ("", "ann lee", "Lee", "ann lee"),
        ("", "Ann", "Anna", "Ann Anna"),
        ("", "Lee", "Lee", "Lee Lee"),
    ],
)
def test_a_name_is_given_whole_or_in_two(name: str, first: str, last: str, expected: str) -> None:
    headers = ["Name", "First name", "Last name", "Email"]
    [row] = parse(headers, [name, first, last, "ann@example.com"])
    assert row.candidate is not None
    assert row.candidate.name == expected
    assert row.normalized == ()


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
        *(
            (cell, True)
            for cell in ("yes", "Y", "TRUE", "1", "1.0", "x", "✓", "Ja", "oui", "sí", "sim")
        ),
        *((cell, False) for cell in ("No", "n", "false", "0", "nein", "non", "NÃO", "FAUX")),
        *((cell, None) for cell in ("", "-", "N/A")),
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


def test_a_duplicate_whose_retake_differs_says_so() -> None:
    _, row = parse(
        ["Name", "Email", "Retake"],
        ["Ann", "ann@example.com", "no"],
        ["Ann", "ann@example.com", "x"],
    )
    assert row.reason == "same e-mail address as row 2, but the retake values differ"


def test_the_same_address_for_two_postings_is_two_candidates() -> None:
    rows = parse(
        ["Name", "Email", "Posting"],
        ["Ann", "ann@example.com", "Cook"],
        ["Ann", "ann@example.com", ""],
        ["Ann", "ANN@example.com", "cook"],
        ["Ann", "ann@example.com", "unknown"],
    )
    assert [(row.url_key, row.outcome, row.of_row, row.reason) for row in rows] == [
        ("cook", None, None, ""),
        ("engineer", None, None, ""),
        ("", "duplicate", 2, "same posting and e-mail address as row 2"),
        ("", "rejected", None, "there is no such posting"),
    ]


def test_a_posting_column_is_not_sent_as_data() -> None:
    [row] = parse(
        ["Name", "Email", "Job"], ["Ann", "ann@example.com", "Cook"], column_map={"Job": "posting"}
    )
    assert (row.url_key, row.candidate and row.candidate.data) == ("cook", {})


@pytest.mark.parametrize(
    "cells",
    [
        ["Total", "", "", "60"],
        ["Total: 60"],
        ["", "", "Summe", "1.234,50", "12 %"],
        ["", "Gesamt"],
        ["Total général", "", "$ 1,000"],
        ["Grand total", "60", "Total", "3"],
    ],
)
def test_a_totals_row_is_rejected_as_one(cells: list[str]) -> None:
    [row] = parse(["Name", "Email", "City", "Years"], cells)
    assert (row.outcome, row.reason) == ("rejected", "a totals row, not a candidate")


@pytest.mark.parametrize("cells", [["Total Recall"], ["Suma", "", "Paris"], ["12"]])
def test_a_row_that_only_resembles_a_sum_says_what_it_lacks(cells: list[str]) -> None:
    [row] = parse(["Name", "Email", "City"], cells)
    assert (row.outcome, row.reason) == ("rejected", "no e-mail address")


def test_a_person_called_total_is_a_candidate() -> None:
    [row] = parse(["Name", "Email"], ["Total", "total@example.com"])
    assert row.candidate is not None


def test_what_is_not_sent_as_the_cell_shows_it_is_named_and_notes_are_joined() -> None:
    rows = parse(
        ["Name", "Email", "Phone"],
        ["Ann Lee", "ann@example.com", "+12025550123"],
        ["Ann  Lee", "<bob@example.com>", "(202) 555-0123"],
        ["Cy", "cy@example.com; di@example.com", "ask him"],
        default_region="us",
    )
    assert [row.normalized for row in rows] == [
        (),
        ("name", "email", "phone_number"),
        ("email",),
    ]
    assert rows[1].candidate is not None
    assert rows[1].candidate.phone_number == "+12025550123"
    assert [row.reason for row in rows] == ["", "", f"{SEVERAL_EMAILS}; {PHONE_AS_TYPED}"]


def test_an_unknown_region_is_an_error_before_any_row_is_read() -> None:
    sheet = Sheet("a.csv", ["Email"], iter([]))
    with pytest.raises(ValueError, match="default_region"):
        read_candidates(sheet, map_columns(sheet.headers), posting_of, default_region="UK")


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
    parsed = read_candidates(sheet, map_columns(sheet.headers), posting_of)
    next(parsed)
    assert read == [2]
