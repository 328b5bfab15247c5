"""Files as people have them: read whole, with the rows' own numbers, or refused with the mend."""

import gc
import io
import warnings
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest

from heymilo_prefect.sheets import Row, Sheet, SheetError, map_columns, read_sheet


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def workbook(*rows: list[Any], title: str = "Sheet") -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    worksheet = book.create_sheet(title)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            worksheet.cell(number, column, value)
    return book


def xlsx(*rows: list[Any]) -> bytes:
    content = io.BytesIO()
    workbook(*rows).save(content)
    return content.getvalue()


def rows_of(path: Path | str, **options: Any) -> list[tuple[int, list[str]]]:
    return [(row.number, row.cells) for row in read_sheet(path, **options).rows]


def problem(path: Path | str, **options: Any) -> str:
    with pytest.raises(SheetError) as error:
        read_sheet(path, **options)
    assert error.value.__cause__ is None
    return str(error.value)


# --- CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_usual_delimiter_and_line_ending(tmp_path: Path, delimiter: str, ending: str) -> None:
    lines = ["Name;Email;Phone", "Ann;ann@example.com;1", ";;", "", "Bob;bob@example.com;2"]
    text = ending.join(lines).replace(";", delimiter)
    sheet = read_sheet(write(tmp_path / "a.csv", text))
    assert sheet.headers == ["Name", "Email", "Phone"]
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (2, ["Ann", "ann@example.com", "1"]),
        (5, ["Bob", "bob@example.com", "2"]),
    ]


def test_the_delimiter_is_the_header_s_not_the_most_frequent(tmp_path: Path) -> None:
    text = "Jobs, in Lyon, for nurses, 2025\n\nName;Email\nLee, Ann, RN;ann@example.com\n"
    assert rows_of(write(tmp_path / "a.csv", text)) == [(4, ["Lee, Ann, RN", "ann@example.com"])]


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8", "José Müller|王小明|Łukasz"),
        ("utf-8-sig", "José Müller|王小明|Łukasz"),
        ("utf-16", "José Müller|王小明|Łukasz"),
        ("cp1252", "José Müller|Zoë O\u2019Brien|Søren Kjær"),
        ("cp1252", "José|Ann|Bob"),
        ("cp1252", "José|£500 a day|50 ¢|¿Qué?"),
        ("cp1250", "Łukasz|Ann"),
        ("cp1250", "Michał Wójcik|Ewa"),
        ("utf-16-le", "José Müller|王小明|Łukasz"),
        ("utf-16-be", "José Müller|王小明|Łukasz"),
        ("cp1251", "Иван Петров|Мария Сидорова|Олег"),
        ("cp1251", "Иван Петров|Мария"),
        ("cp1252", "Zoë O\u2019Brien|Søren Kjær"),
        ("cp932", "山田太郎|佐藤花子|鈴木一郎"),
    ],
)
def test_the_encodings_that_spreadsheet_programs_write(
    tmp_path: Path, encoding: str, names: str
) -> None:
    people = names.split("|")
    lines = [f"{name},p{number}@example.com" for number, name in enumerate(people)]
    path = write(tmp_path / "a.csv", "\r\n".join(["Name,Email", *lines]), encoding)
    assert [cells[0] for _, cells in rows_of(path)] == people


def test_a_quoted_cell_with_line_breaks_is_one_row(tmp_path: Path) -> None:
    text = '"Phone\n(mobile)",Email\n"1\n2",ann@example.com\n3,"b""ob@example.com"\n'
    sheet = read_sheet(write(tmp_path / "a.csv", text))
    assert sheet.headers == ["Phone\n(mobile)", "Email"]
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (2, ["1\n2", "ann@example.com"]),
        (3, ["3", 'b"ob@example.com']),
    ]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("15551234567.0", "15551234567"),
        ("1.5551234567E+10", "15551234567"),
        ('"1,5551234567e10"', "15551234567"),
        ("1.55512E+10", "1.55512E+10"),
        ("2.0", "2.0"),
        ("\u00a0Ann\u200b ", "Ann"),
        ("\ufeff\u202aAnn\u202c", "Ann"),
        ("a\u200db", "a\u200db"),
        ("007", "007"),
        ("2025-07-01 00:00:00", "2025-07-01 00:00:00"),
        ("#N/A", ""),
        ("#REF!", ""),
        ("#1 choice", "#1 choice"),
    ],
)
def test_a_cell_loses_what_a_program_added_and_nothing_else(
    tmp_path: Path, typed: str, text: str
) -> None:
    path = write(tmp_path / "a.csv", f"Email,Any\nann@example.com,{typed}\n")
    assert rows_of(path) == [(2, ["ann@example.com", text])]


@pytest.mark.parametrize("said", ["sep=;", "sep=|", '"sep=^"', "SEP=\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_excels_sep_line_sets_the_delimiter_and_is_not_a_row(
    tmp_path: Path, said: str, encoding: str
) -> None:
    delimiter = said.strip('"')[-1]
    text = f"{said}\r\nName;Email\r\nLee, Ann;ann@example.com\r\n".replace(";", delimiter)
    text = text.replace(said.replace(";", delimiter), said)
    sheet = read_sheet(write(tmp_path / "a.csv", text, encoding))
    assert (sheet.headers, sheet.header_row) == (["Name", "Email"], 1)
    assert [(row.number, row.cells) for row in sheet.rows] == [(2, ["Lee, Ann", "ann@example.com"])]


def test_encodings_that_are_mixed_are_refused_rather_than_garbled(tmp_path: Path) -> None:
    people = [f"Zoë {number},z{number}@example.com".encode() for number in range(20)]
    people[9] = "José,j@example.com".encode("cp1252")
    path = write(tmp_path / "a.csv", b"\n".join([b'"Name\n(whole)",Email', *people]))
    assert '"a.csv" isn\'t all in utf-8, see row 11. Check the accented' in problem(path)


def test_a_long_cell_is_read_and_one_without_an_end_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"Email,Note\nann@example.com,{'a' * 900_000}\n")
    assert [len(cells[1]) for _, cells in rows_of(path)] == [900_000]
    lines = "\n".join(f"ann{number}@example.com" for number in range(100_000))
    path = write(tmp_path / "b.csv", f'Email\n"{lines}')
    assert '"b.csv" has more than 1,000,000 characters in row 2' in problem(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", '"a.csv" is empty.'),
        (b" \n\n ", '"a.csv" is empty.'),
        (b",,\n,,\n", 'The first 20 rows of "a.csv" are blank'),
        (b"Name,Email\nAnn\0,a@example.com\n", "neither a workbook nor text"),
        (b"\xff\xfeN", "neither a workbook nor text"),
        (b'Name,Email\nAnn,a@example.com\n"Bob,b@example.com\nC,c@example.com\n', "in row 3"),
        (b'Name,Email\n"Bob" B,b@example.com\n', "row 2"),
        (b"\xef\xbb\xbf \n<!DOCTYPE HTML><html>Email", '"a.csv" is a web page, not a sheet'),
        (b"<html><body>Sign in", "is a web page"),
        (b"Name,City\nAnn,Paris\n", 'the headers seen are "Name", "City"'),
        (b"Ann,ann@example.com\nBob,bob@example.com\n", "it starts with candidates"),
        (b"\n" * 20 + b"Name,Email\n", "The first 20 rows of"),
    ],
)
def test_a_csv_that_cannot_be_read_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, says: str
) -> None:
    said = problem(write(tmp_path / "a.csv", content))
    assert says in said
    assert "ann" not in said.lower()


def test_what_is_broken_near_the_end_is_found_before_the_first_row_is_given(
    tmp_path: Path,
) -> None:
    lines = [f"Ann,ann{number}@example.com" for number in range(5000)]
    path = write(tmp_path / "a.csv", "\n".join(["Name,Email", *lines, '"Bob,bob@example.com']))
    assert "in row 5002" in problem(path)


# --- the header


def test_a_title_and_blank_rows_above_the_header_are_skipped_and_counted(tmp_path: Path) -> None:
    text = "Applicants (ask hr@example.com)\n\n,,\nName,E-mail\n , \nAnn,ann@example.com\n"
    sheet = read_sheet(write(tmp_path / "a.csv", text))
    assert sheet.headers == ["Name", "E-mail"]
    assert [row.number for row in sheet.rows] == [6]


def test_the_header_may_be_two_lines_high(tmp_path: Path) -> None:
    text = 'Person,,Contact\n"Full\nname",City,"E-mail\naddress"\nAnn,Paris,ann@example.com\n'
    sheet = read_sheet(write(tmp_path / "a.csv", text))
    assert (sheet.headers, sheet.header_row) == (["Full\nname", "City", "E-mail\naddress"], 2)
    assert map_columns(sheet.headers).fields == {"name": 0, "email": 2}
    assert [row.number for row in sheet.rows] == [3]


def test_columns_without_a_header_or_with_the_same_one_stay_where_they_are(tmp_path: Path) -> None:
    text = "\ufeff\u200bEmail\u00a0,,Note,Note\nann@example.com,x,1,2\nTotal,,3,4\n"
    sheet = read_sheet(write(tmp_path / "a.csv", text))
    assert sheet.headers == ["Email", "", "Note", "Note"]
    assert [row.number for row in sheet.rows] == [2, 3]


def test_a_column_map_s_names_are_headers_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "People\nWho;Where to\nAnn;ann@example.com\n")
    column_map = {"Who": "name", "where to": "email"}
    assert read_sheet(path, column_map=column_map).headers == ["Who", "Where to"]
    assert 'column_map={"<header>": "email"}' in problem(path)


# --- XLSX


def test_a_workbook_s_cells_read_as_a_person_reads_them(tmp_path: Path) -> None:
    given = [15551234567, 15551234567.0, 1.5, True, date(2025, 7, 1), datetime(2025, 7, 1, 9, 30)]
    given += [time(9, 30), "\u00a0x ", "15551234567.0", None]
    book = xlsx(["Title"], [], ["Email", *"abcdefghij"], [], ["ann@example.com", *given])
    path = write(tmp_path / "a.xlsx", book)
    read = ["15551234567", "15551234567", "1.5", "TRUE", "2025-07-01", "2025-07-01T09:30:00"]
    read += ["09:30:00", "x", "15551234567", ""]
    assert rows_of(path) == [(5, ["ann@example.com", *read])]


def test_rows_keep_their_numbers_where_a_sheet_begins_lower(tmp_path: Path) -> None:
    book = xlsx([], [], [], [None, None, "Email"], [], [None, None, "ann@example.com"])
    assert rows_of(write(tmp_path / "a.xlsx", book)) == [(6, ["ann@example.com"])]


def test_the_content_determines_the_format_not_the_name(tmp_path: Path) -> None:
    book = write(tmp_path / "a.csv", xlsx(["Email"], ["ann@example.com"]))
    text = write(tmp_path / "b.xlsx", "Email\nann@example.com\n")
    assert rows_of(book) == rows_of(text) == [(2, ["ann@example.com"])]


def test_a_worksheet_is_the_one_named_or_the_first_visible(tmp_path: Path) -> None:
    book = workbook(["Email"], ["hidden@example.com"], title="Hidden")
    book.worksheets[0].sheet_state = "hidden"
    for title in ("June", "July"):
        worksheet = book.create_sheet(title)
        worksheet.append(["Email"])
        worksheet.append([f"{title}@example.com"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert rows_of(path) == [(2, ["June@example.com"])]
    assert rows_of(path, worksheet="July") == [(2, ["July@example.com"])]
    assert rows_of(path, worksheet="Hidden") == [(2, ["hidden@example.com"])]
    assert 'no worksheet "May". Its worksheets are "Hidden", "June", "July"' in problem(
        path, worksheet="May"
    )


def test_a_csv_has_no_worksheet(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Email\nann@example.com\n")
    assert "is a CSV file" in problem(path, worksheet="June")


def test_an_empty_workbook_has_no_rows(tmp_path: Path) -> None:
    assert "are blank" in problem(write(tmp_path / "a.xlsx", xlsx([])))


# --- paths


def test_a_path_that_leads_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    assert problem(path) == f'There is no file "{path}". Check the path.'
    assert "can't be opened" in problem(tmp_path)
    assert "can't be opened" in problem("a\0b.csv")


def test_rows_are_read_as_they_are_asked_for_and_the_file_is_closed(tmp_path: Path) -> None:
    lines = [f"Ann,ann{number}@example.com" for number in range(50_000)]
    path = write(tmp_path / "a.csv", "\n".join(["Name,Email", *lines]))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", ResourceWarning)
        sheet = read_sheet(path)
        assert [row.number for row in islice(sheet.rows, 2)] == [2, 3]
        del sheet
        gc.collect()
        assert len(rows_of(path)) == 50_000
    # Other tests' sockets may be collected here too.
    assert [str(warning.message) for warning in seen if str(path) in str(warning.message)] == []


def test_rows_are_read_again_from_the_same_bytes_until_the_sheet_is_closed(tmp_path: Path) -> None:
    lines = [f"Ann,ann{number}@example.com" for number in range(5000)]
    text = "\n".join(["People", "Name,Email", *lines])
    book = xlsx(["People"], ["Name", "Email"], *[line.split(",") for line in lines])
    for path in (write(tmp_path / "a.csv", text), write(tmp_path / "a.xlsx", book)):
        with read_sheet(path) as sheet:
            path.unlink()
            first, second = iter(sheet.rows), iter(sheet.rows)
            assert [row.number for row in islice(first, 2000)] == list(range(3, 2003))
            assert [row.number for row in second] == list(range(3, 5003))
            assert [row.number for row in first] == list(range(2003, 5003))
        with pytest.raises(ValueError, match="closed file"):
            next(iter(sheet.rows))


def test_a_sheet_of_plain_values_needs_no_file() -> None:
    with Sheet("a.csv", ["Email"], [Row(2, ["ann@example.com"])]) as sheet:
        assert list(sheet.rows) == list(sheet.rows)


# --- Headers and delimiters


@pytest.mark.parametrize(
    "above",
    [
        "Email,recruiter@example.com",
        "E-mail:,Ann Bell <recruiter@example.com>,,",
        "Email;x@example.com",
    ],
)
def test_a_note_with_an_address_above_the_table_is_no_header(tmp_path: Path, above: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{above}\n\nName,Email,City\nAnn,ann@example.com,Paris\n")
    with read_sheet(path) as sheet:
        assert (sheet.headers, sheet.header_row) == (["Name", "Email", "City"], 3)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^"])
def test_a_text_file_s_sheet_knows_its_delimiter_and_a_workbook_s_has_none(
    tmp_path: Path, delimiter: str
) -> None:
    text = f"Name{delimiter}Email\nAnn{delimiter}ann@example.com\n"
    path = tmp_path / "a.csv"
    path.write_text(f"sep={delimiter}\n{text}" if delimiter == "^" else text)
    assert read_sheet(path).delimiter == delimiter
    path.write_bytes(xlsx(["Name", "Email"], ["Ann", "ann@example.com"]))
    assert read_sheet(path).delimiter == ""


@pytest.mark.parametrize("name", ["missing\nfile\x1b.csv", "m" * 250, "dir/" * 200 + "a.csv"])
def test_an_error_quotes_a_path_on_one_bounded_line(tmp_path: Path, name: str) -> None:
    said = problem(str(tmp_path / name))
    assert len(said) < 300 and said.isprintable()
    with pytest.raises(SheetError) as error:
        read_sheet(tmp_path, worksheet=name)
    assert len(str(error.value)) < 300


def test_an_error_quotes_worksheets_on_one_bounded_line(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx(["Email"]))
    said = problem(path, worksheet="Candidates\n" * 100)
    assert len(said) < 300 and said.isprintable() and '"Candidates Candidates' in said
