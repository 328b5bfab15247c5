"""Every row becomes a candidate, or says why it doesn't."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from heymilo_prefect.api.models import Candidate
from heymilo_prefect.sheets import Row, Sheet, SheetError, map_columns, read_candidates
from heymilo_prefect.sheets.candidates import HIDDEN
from heymilo_prefect.sheets.emails import SEVERAL_EMAILS
from heymilo_prefect.sheets.phones import PHONE_AS_TYPED
from tests.sheets import ReadRow, read_rows


def resolve_posting(text: str) -> str:
    if text == "unknown":
        raise ValueError("there is no such posting")
    return text.lower() or "engineer"


def parse(
    headers: list[str],
    *rows: list[str],
    retake: bool = False,
    default_region: str | None = None,
    column_map: Mapping[str, str | None] | None = None,
    delimiter: str = "",
) -> list[ReadRow]:
    numbered = [Row(number, cells) for number, cells in enumerate(rows, 2)]
    sheet = Sheet("a.csv", headers, iter(numbered), delimiter=delimiter)
    columns = map_columns(headers, column_map)
    return read_rows(
        read_candidates(
            sheet, columns, resolve_posting, retake=retake, default_region=default_region
        )
    )


def parse_row(headers: list[str], row: Row, **options: Any) -> ReadRow:
    sheet = Sheet("a.xlsx", headers, [row])
    [parsed] = read_rows(read_candidates(sheet, map_columns(headers), resolve_posting, **options))
    return parsed


def test_a_row_is_a_candidate_with_its_metadata_and_data_and_without_empty_cells() -> None:
    [row] = parse(
        ["Name", "Email", "Phone", "City", "Years", "", "metadata.source", "metadata.job"],
        ["Ann  Lee", "ann@example.com", "+1 202 555 0123", "Paris", "", "?", "board", ""],
    )
    assert row == ReadRow(
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


def test_a_row_of_a_workbook_may_be_shorter_or_longer_than_the_header() -> None:
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
def test_a_name_is_one_column_or_two(name: str, first: str, last: str, expected: str) -> None:
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
def test_a_row_that_cannot_be_sent_is_rejected_with_a_reason(cells: list[str], reason: str) -> None:
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
    assert [(row.outcome, row.duplicate_of) for row in rows] == [
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
    assert [(row.url_key, row.outcome, row.duplicate_of, row.reason) for row in rows] == [
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
        read_candidates(sheet, map_columns(sheet.headers), resolve_posting, default_region="UK")


def test_a_phone_number_alone_never_rejects_a_row() -> None:
    rows = parse(
        ["Name", "Email", "Phone"],
        ["Ann", "ann@example.com", "ask her"],
        ["Bob", "bob@example.com", ""],
    )
    assert [row.reason for row in rows] == [PHONE_AS_TYPED, ""]
    assert [row.candidate and row.candidate.phone_number for row in rows] == ["ask her", None]


@pytest.mark.parametrize("name", ["0", "12345", "1.5", "1,5"])
def test_a_number_is_no_name(name: str) -> None:
    headers = ["Name", "First name", "Last name", "Email"]
    lone, halves = parse(
        headers, [name, "", "", "a@example.com"], [name, "Ann", "Bell", "b@example.com"]
    )
    assert (lone.outcome, lone.reason) == ("rejected", "no name")
    assert halves.candidate is not None
    assert halves.candidate.name == "Ann Bell"


@pytest.mark.parametrize("name", ["Zoë", "Weiß", "José", "Łukasz", "Иван", "山田", "Ñandú"])
def test_a_name_that_was_garbled_before_it_was_saved_is_never_sent(name: str) -> None:
    garbled = name.encode().decode("cp1252", "replace")
    rows = parse(["Name", "Email"], [garbled, "a@example.com"], [name, "b@example.com"])
    assert [row.outcome for row in rows] == ["rejected", None]
    assert "garbled" in rows[0].reason
    assert garbled not in rows[0].reason


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
    parsed = read_candidates(sheet, map_columns(sheet.headers), resolve_posting)
    next(parsed)
    assert read == [2]


FORMULA = "is a formula without a stored value: open the file in a spreadsheet program and save it"


@pytest.mark.parametrize(
    ("headers", "cells", "delimiter", "reason"),
    [
        (
            ["Email", "Name", "City", "Score"],
            ["ann@example.com", "Bell", "Ann", "Paris", "7"],
            ",",
            "has 5 cells under 4 headers: put quotes around a value that contains a comma",
        ),
        (["Name", "Email"], ["Bell", "Ann", "ann@example.com"], ",", "has 3 cells under 2 headers"),
        (["Name", "Email"], ["Bell", "Jr", "Ann", "a@example.com"], ";", "contains a semicolon"),
        (["Name", "Email"], ["Bell", "Ann", "ann@example.com"], "\t", "contains a tab"),
        (["Name", "Email"], ["Bell", "Ann", "ann@example.com"], "|", "contains a pipe"),
        (["Name", "Email"], ["Bell", "Ann", "ann@example.com"], "^", 'contains a "^"'),
        (["Email", "Name"], ["ann@example.com", "Ann", "", "7", ""], ",", "has 4 cells under 2"),
        (["Name", "Email"], ["Exported Monday", "3 March", "by Ann"], ",", "has 3 cells under 2"),
    ],
)
def test_a_row_of_a_text_file_with_more_cells_than_headers_is_rejected(
    headers: list[str], cells: list[str], delimiter: str, reason: str
) -> None:
    [row] = parse(headers, cells, delimiter=delimiter)
    assert (row.candidate, row.outcome) == (None, "rejected")
    assert reason in row.reason


@pytest.mark.parametrize(
    ("headers", "cells", "delimiter"),
    [
        (["Email", "Name"], ["ann@example.com", "Ann", "", ""], ","),
        (["Email", "Name"], ["ann@example.com", "Ann", "", ""], "\t"),
        (["Email", "Name", "", ""], ["ann@example.com", "Ann", "", "called on Monday"], ","),
        (["Email", "Name"], ["ann@example.com", "Ann", "", "called on Monday"], ""),
    ],
)
def test_trailing_delimiters_and_remarks_at_the_side_reject_nobody(
    headers: list[str], cells: list[str], delimiter: str
) -> None:
    [row] = parse(headers, cells, delimiter=delimiter)
    assert row.candidate == Candidate(name="Ann", email="ann@example.com")


@pytest.mark.parametrize("hidden_rows", ["send", "reject"])
@pytest.mark.parametrize(
    ("cells", "outcome", "reason"),
    [
        (["Ann", "ann@example.com"], None, ""),
        (["Ann", "ann@example.com, bob@example.com"], None, f"{SEVERAL_EMAILS}; "),
        (["Ann", ""], "rejected", "no e-mail address; "),
    ],
)
def test_a_hidden_row_is_marked_and_rejected_if_asked(
    cells: list[str], outcome: str | None, reason: str, hidden_rows: str
) -> None:
    row = parse_row(["Name", "Email"], Row(2, cells, hidden=True), hidden_rows=hidden_rows)
    expected = (outcome, reason + HIDDEN) if hidden_rows == "send" else ("rejected", HIDDEN)
    assert (row.outcome, row.reason) == expected
    assert (row.candidate is None) == (row.outcome is not None)


def test_a_rejected_hidden_row_makes_no_duplicates() -> None:
    headers, cells = ["Name", "Email"], ["Ann", "ann@example.com"]
    rows = [Row(2, cells, hidden=True), Row(3, cells), Row(4, cells, hidden=True)]
    columns = map_columns(headers)
    for hidden_rows, outcomes in (
        ("reject", ["rejected", None, "rejected"]),
        ("send", [None, "duplicate", "duplicate"]),
    ):
        sheet = Sheet("a.xlsx", headers, rows)
        parsed = read_rows(
            read_candidates(sheet, columns, resolve_posting, hidden_rows=hidden_rows)
        )  # type: ignore[arg-type]
        assert [row.outcome for row in parsed] == outcomes
        assert [HIDDEN in row.reason for row in parsed] == [True, False, True]


FORMULA_HEADERS = ["Name", "Email", "Phone", "Posting", "Retake", "City", "metadata.id", "", "Job"]
FORMULA_CELLS = ["Ann", "ann@example.com", "+12025550123", "cook", "no", "Rome", "7", "?", "Chef"]


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        (0, f"the name {FORMULA}"),
        (1, f"the e-mail {FORMULA}"),
        (3, f"the posting {FORMULA}"),
        (4, f"the retake answer {FORMULA}"),
    ],
)
def test_a_row_without_the_value_of_a_formula_that_it_needs_is_rejected(
    index: int, reason: str
) -> None:
    cells = ["" if at == index else cell for at, cell in enumerate(FORMULA_CELLS)]
    row = parse_row(FORMULA_HEADERS, Row(2, cells, uncalculated=(index,)))
    assert (row.candidate, row.outcome, row.reason) == (None, "rejected", reason)


def test_other_formulas_without_a_value_are_left_out_and_named() -> None:
    cells = [cell if at in (0, 1, 3, 4, 8) else "" for at, cell in enumerate(FORMULA_CELLS)]
    row = parse_row(FORMULA_HEADERS, Row(2, cells, uncalculated=(2, 5, 6, 7)))
    assert row.candidate == Candidate(name="Ann", email="ann@example.com", data={"Job": "Chef"})
    assert row.reason == (
        'formulas without a stored value aren\'t sent: "Phone", "City", "metadata.id"'
    )


@pytest.mark.parametrize("half", ["First name", "Last name"])
def test_half_a_name_is_not_sent_for_want_of_the_other_s_value(half: str) -> None:
    headers = ["First name", "Last name", "Email"]
    row = parse_row(headers, Row(2, ["", "", "ann@example.com"], uncalculated=(0, 1)))
    assert row.reason == f"the first name {FORMULA}"
    index = headers.index(half)
    cells = ["Ann", "Bell", "ann@example.com"]
    cells[index] = ""
    row = parse_row(headers, Row(2, cells, uncalculated=(index,)))
    assert row.reason == f"the {half.lower()} {FORMULA}"


@pytest.mark.parametrize("formula", ["=A2&B2", '=CONCAT(A2," ",B2)', "=A2", "=Names!A2", "=$A$2"])
def test_the_text_of_a_formula_is_no_value(formula: str) -> None:
    headers = ["Name", "Email", "Phone", "City"]
    name, email, phone, city = parse(
        headers,
        [formula, "ann@example.com", "", ""],
        ["Ann", formula, "", ""],
        ["Ann", "ann@example.com", formula, ""],
        ["Bob", "bob@example.com", "", formula],
    )
    assert (name.reason, email.reason) == (f"the name {FORMULA}", f"the e-mail {FORMULA}")
    assert phone.candidate is not None and phone.candidate.phone_number is None
    assert phone.reason == 'formulas without a stored value aren\'t sent: "Phone"'
    assert city.candidate is not None and city.candidate.data == {"City": formula}


@pytest.mark.parametrize(
    ("first", "second", "differ"),
    [
        ("Ann Bell", "Ben Bell", True),
        ("Ann", "Anna", True),
        ("Ann Bell", "Ann Bell", False),
        ("Ann Bell", "ANN  bell", False),
        ("Ann Bell", "Bell, Ann", False),
        ("Zoë O'Neill", "zoe o\u2019neill", False),
        ("Anne-Marie Bell", "Anne Marie Bell", False),
    ],
)
def test_a_duplicate_with_another_name_asks_for_a_check(
    first: str, second: str, differ: bool
) -> None:
    _, row = parse(["Name", "Email"], [first, "ab@example.com"], [second, "AB@example.com"])
    assert (row.outcome, row.duplicate_of) == ("duplicate", 2)
    names = ", but the names differ: check that they are one person" if differ else ""
    assert row.reason == f"same e-mail address as row 2{names}"


EMPTY_PHONES = """
    n/a, N/A, n.a., na, -, --, \u2013, \u2014, ?, ..., none, None, TBD, tbc, unknown, null, nil,
    xxx, XXX-XXX-XXXX, 0, 000, 000-000-0000, +, #N/A, no phone, No mobile phone, not provided,
    (none);
    keine, k.A., keine Angabe, kein Telefon, keine Handynummer, ohne, unbekannt, entfällt;
    aucun, néant, pas de téléphone, sans téléphone, non renseigné, inconnu, n.c.;
    ninguno, sin teléfono, no tiene, desconocido, no aplica, s/n;
    nenhum, não tem, sem telefone, NÃO INFORMADO, desconhecido
"""


@pytest.mark.parametrize("phone", [each.strip() for each in re.split("[,;]", EMPTY_PHONES)])
def test_a_word_for_nothing_is_no_phone_number(phone: str) -> None:
    [row] = parse(["Name", "Email", "Phone"], ["Ann", "ann@example.com", phone])
    assert row.candidate == Candidate(name="Ann", email="ann@example.com")
    assert (row.reason, row.normalized) == ("", ())


@pytest.mark.parametrize("email", ["n/a", "-", "none", "keine", "pas d'e-mail", "sin correo", "?"])
def test_a_word_for_nothing_is_no_e_mail_address(email: str) -> None:
    [row] = parse(["Name", "Email"], ["Ann", email])
    assert row.reason == "no e-mail address"


@pytest.mark.parametrize(
    "name", ["n/a", "-", "--", "?", "TBD", "#N/A", "none", "no name", "sin nombre", "xxx", "0"]
)
def test_a_placeholder_is_not_a_name(name: str) -> None:
    [row] = parse(["Name", "Email"], [name, "ann@example.com"])
    assert row.reason == "no name"
    [row] = parse(["First name", "Last name", "Email"], ["Ann", name, "ann@example.com"])
    assert row.candidate is not None and row.candidate.name == "Ann"


@pytest.mark.parametrize(
    "name",
    [
        *("Na", "NA", "Nil", "Null", "Nan", "Nada", "Sin", "Non", "No Min-ho", "Noel", "Ka", "So"),
        *("Sans", "Ohne", "Sem", "X", "Xx", "Semyon", "Blank", "'t Hooft", "'Aisha", "李", "Ł."),
    ],
)
def test_a_person_with_such_a_name_is_a_candidate(name: str) -> None:
    [row] = parse(["Name", "Email"], [name, "ann@example.com"])
    assert row.candidate is not None and row.candidate.name == name


@pytest.mark.parametrize("retake", ["n/a", "-", "keine Angabe", "?", "tbd"])
def test_a_word_for_nothing_leaves_retake_and_data_as_they_are(retake: str) -> None:
    headers = ["Name", "Email", "Retake", "City", "metadata.id"]
    [row] = parse(headers, ["Ann", "ann@example.com", retake, "n/a", "-"], retake=True)
    assert row.candidate is not None and row.candidate.retake
    assert (row.candidate.data, row.candidate.metadata) == ({"City": "n/a"}, {"id": "-"})


@pytest.mark.parametrize(
    ("posting", "url_key"),
    [("n/a", "engineer"), ("-", "engineer"), ("none", "engineer"), ("TBD", "tbd"), ("?", "?")],
)
def test_a_posting_to_be_determined_is_not_the_posting_of_rows_that_name_none(
    posting: str, url_key: str
) -> None:
    [row] = parse(["Name", "Email", "Posting"], ["Ann", "ann@example.com", posting])
    assert row.url_key == url_key


@pytest.mark.parametrize(
    ("headers", "column_map", "written"),
    [
        (["Email", "Participant", "City"], {}, 'column_map={"Participant": "name"}'),
        (["Email", "City", "Preferred name (nickname)"], {}, '"Preferred name (nickname)": "name"'),
        (["Email", "Company name", "Who"], {}, 'column_map={"Who": "name"}'),
        (["Email", "Company name", "City"], {}, 'column_map={"<header>": "name"}'),
        (["Email", "Name"], {"Name": None}, 'the columns are "Email", "Name"'),
        (["Email", "Name of " + "person " * 40], {}, 'column_map={"<header>": "name"}'),
    ],
)
def test_a_sheet_without_a_name_column_is_one_error_with_the_column_map_to_write(
    headers: list[str], column_map: dict[str, str | None], written: str
) -> None:
    sheet = Sheet("a.csv", headers, [])
    with pytest.raises(SheetError) as error:
        read_candidates(sheet, map_columns(headers, column_map), resolve_posting)
    assert "No name column is recognised" in str(error.value)
    assert written in str(error.value)


@pytest.mark.parametrize("half", ["First name", "Nachname"])
def test_half_a_name_is_enough(half: str) -> None:
    [row] = parse([half, "Email"], ["Ann", "ann@example.com"])
    assert row.candidate is not None and row.candidate.name == "Ann"
