"""XLSX, XLS, XLSB and ODS say the same: the same texts, worksheets and row numbers."""

import io
import re
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from xlwt.CompoundDoc import XlsDoc  # type: ignore[import-untyped]

from heymilo_prefect.sheets import SheetError, read_sheet
from heymilo_prefect.sheets.workbooks import reader

from .files import FORMATS, book, ods, ods_row, write, xlsx_parts, zipped

every_format = pytest.mark.parametrize("kind", FORMATS)


def rows_of(path: Path, worksheet: str | None = None) -> list[tuple[int, list[str]]]:
    with read_sheet(path, worksheet) as sheet:
        return [(row.number, row.cells) for row in sheet.rows]


@every_format
def test_the_content_determines_the_kind_of_workbook_not_the_name(
    tmp_path: Path, kind: str
) -> None:
    path = write(tmp_path / "a.csv", book(kind, ["Email"], ["ann@example.com"]))
    assert rows_of(path) == [(2, ["ann@example.com"])]


CELLS: list[tuple[Any, str]] = [
    (15551234567, "15551234567"),
    (15551234567.0, "15551234567"),
    ("15551234567.0", "15551234567"),
    ("1.5551234567E+10", "15551234567"),
    (9007199254740991, "9007199254740991"),
    (1e20, "1e+20"),
    (42, "42"),
    (1.5, "1.5"),
    (3.3000000000000003, "3.3"),
    ("007", "007"),
    (True, "TRUE"),
    (False, "FALSE"),
    (date(2025, 7, 1), "2025-07-01"),
    (datetime(2025, 7, 1), "2025-07-01"),
    (datetime(2025, 7, 1, 9, 30), "2025-07-01T09:30:00"),
    (time(9, 30), "09:30:00"),
    ("#N/A", ""),
    ("\u00a0Zo\u00eb\u200b ", "Zo\u00eb"),
    ("two\nlines", "two\nlines"),
]


@every_format
def test_a_cell_reads_as_a_person_reads_it(tmp_path: Path, kind: str) -> None:
    rows = [["ann@example.com", typed, "x"] for typed, _ in CELLS]
    path = write(tmp_path / "a", book(kind, ["Email", "Any"], *rows))
    assert [cells for _, cells in rows_of(path)] == [
        ["ann@example.com", text, "x"] for _, text in CELLS
    ]


@every_format
def test_rows_have_the_numbers_that_the_program_shows(tmp_path: Path, kind: str) -> None:
    right_and_below = [[], [None], [], [None, None, "Email"], [], [None, None, "ann@example.com"]]
    assert rows_of(write(tmp_path / "a", book(kind, *right_and_below))) == [
        (6, ["ann@example.com"])
    ]
    rows = [["People"], [], ["Email"], [], ["ann@example.com"], [], [" "], ["bob@example.com"]]
    assert rows_of(write(tmp_path / "b", book(kind, *rows))) == [
        (5, ["ann@example.com"]),
        (8, ["bob@example.com"]),
    ]


def test_rows_that_ods_repeats_are_each_counted(tmp_path: Path) -> None:
    rows = ods_row(None, repeated=3) + ods_row("Email", "Note") + ods_row(repeated=4)
    rows += ods_row("ann@example.com", "x", repeated=2) + ods_row(None, repeated=1_048_566)
    assert rows_of(write(tmp_path / "a.ods", ods(("Sheet", rows)))) == [
        (9, ["ann@example.com", "x"]),
        (10, ["ann@example.com", "x"]),
    ]


def test_an_xlsx_file_s_rows_need_no_numbers_and_no_order(tmp_path: Path) -> None:
    def cell(text: str) -> str:
        return f'<c t="inlineStr"><is><t>{text}</t></is></c>'

    rows = f'<row r="5">{cell("b@example.com")}</row><row r="2">{cell("Email")}</row>'
    rows += f"<row>{cell('a@example.com')}</row>"
    path = write(tmp_path / "a.xlsx", zipped(xlsx_parts(f"<sheetData>{rows}</sheetData>")))
    assert rows_of(path) == [(3, ["a@example.com"]), (5, ["b@example.com"])]


def test_a_duration_is_hours_minutes_and_seconds(tmp_path: Path) -> None:
    parts = xlsx_parts(
        '<sheetData><row><c t="inlineStr"><is><t>Email</t></is></c></row>'
        '<row><c s="1"><v>1.5</v></c></row></sheetData>'
    )
    parts["xl/styles.xml"] = (
        '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="46"/></cellXfs></styleSheet>'
    )
    assert rows_of(write(tmp_path / "a.xlsx", zipped(parts))) == [(2, ["36:00:00"])]


@every_format
def test_a_worksheet_is_the_one_named_or_the_first_visible(tmp_path: Path, kind: str) -> None:
    sheets = {
        title: [["Email"], [f"{title.lower()}@example.com"]] for title in ("Hidden", "June", "July")
    }
    path = write(tmp_path / "a.xls", book(kind, **sheets))
    assert rows_of(path) == rows_of(path, "June") == [(2, ["june@example.com"])]
    assert rows_of(path, "July") == [(2, ["july@example.com"])]
    assert rows_of(path, "Hidden") == [(2, ["hidden@example.com"])]
    with pytest.raises(SheetError) as error:
        read_sheet(path, "May")
    names = '"Hidden", "June", "July"'
    assert str(error.value) == f'"a.xls" has no worksheet "May". Its worksheets are {names}.'


@every_format
def test_the_error_on_a_cover_page_names_the_other_worksheets(tmp_path: Path, kind: str) -> None:
    people = [["Email"], ["ann@example.com"]]
    path = write(
        tmp_path / "a", book(kind, Cover=[["Hello", "June"]], People=people, Hidden=people)
    )
    with pytest.raises(SheetError) as error:
        read_sheet(path)
    assert str(error.value) == (
        '"a" has no header with an e-mail column, such as "Email", in the first 20 rows of '
        '"Cover": the headers seen are "Hello", "June". Pass worksheet="People" to read the other '
        'worksheet, or pass column_map={"<header>": "email"}.'
    )
    assert rows_of(path, "People") == [(2, ["ann@example.com"])]


@every_format
def test_the_error_on_an_empty_first_worksheet_names_the_others(tmp_path: Path, kind: str) -> None:
    people = [["Email"], ["ann@example.com"]]
    path = write(tmp_path / "a", book(kind, Blank=[], June=people, July=people))
    with pytest.raises(SheetError) as error:
        read_sheet(path)
    assert str(error.value) == (
        '"a" has no data in the first 20 rows of "Blank". Pass worksheet="<name>" to read another '
        'worksheet ("June", "July").'
    )


def test_a_selected_worksheet_is_not_questioned(tmp_path: Path) -> None:
    path = write(tmp_path / "a", book("xlsx", Cover=[["Hello"]], People=[["Email"]]))
    with pytest.raises(SheetError) as error:
        read_sheet(path, "Cover")
    assert "People" not in str(error.value)
    assert "column_map" in str(error.value)


def test_a_workbook_without_worksheets_says_so(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match=r"has no worksheet\. Save the sheet as"):
        read_sheet(write(tmp_path / "a.ods", ods()))


def test_a_workbook_that_takes_too_long_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_SECONDS", 0)
    with pytest.raises(SheetError, match="needs more than 250 MB of memory or 0 seconds"):
        read_sheet(write(tmp_path / "a.xlsx", book("xlsx", ["Email"])))


# --- what the reader can't parse, and what isn't a workbook


def rewritten(content: bytes, *replaced: tuple[bytes, bytes]) -> bytes:
    """Replace patterns in all parts of a ZIP file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for pattern, text in replaced:
        parts = {name: re.sub(pattern, text, part) for name, part in parts.items()}
    return zipped(parts)


OTHER_PREFIXES = [(rb"(</?|\s)table:", rb"\1t:"), (rb"xmlns:table=", b"xmlns:t=")]


@pytest.mark.parametrize(
    "replaced",
    [
        [(rb"(<table:|</table:|<text:p)", rb"\n    \1")],
        [(rb"<table:table-cell", b"<!-- a comment --><table:table-cell")],
        OTHER_PREFIXES,
        [(rb"opendocument\.spreadsheet", b"opendocument.spreadsheet-template\n")],
    ],
    ids=["indented", "with comments", "other prefixes", "template"],
)
def test_ods_is_read_however_its_xml_is_written(
    tmp_path: Path, replaced: list[tuple[bytes, bytes]]
) -> None:
    row = ods_row("ann@example.com", "Ann  <Bell> & Co", "two\nlines", 5, True, date(2025, 7, 1))
    tables = ("Hidden", ods_row("x")), ("People", ods_row("Email", *"BCDEF") + row)
    path = write(tmp_path / "a.ods", rewritten(ods(*tables), *replaced))
    cells = ["ann@example.com", "Ann  <Bell> & Co", "two\nlines", "5", "TRUE", "2025-07-01"]
    assert rows_of(path) == [(2, cells)]


def test_an_indented_ods_file_is_shown_as_any_other(tmp_path: Path) -> None:
    rows = ods_row("Email") + ods_row("ann@example.com").replace(
        "<table:table-row", '<table:table-row table:visibility="collapse"'
    )
    path = write(tmp_path / "a.ods", rewritten(ods(("People", rows)), (rb"><", b">\n<")))
    with read_sheet(path) as sheet:
        assert [row.hidden for row in sheet.rows] == [True]


def ole(stream: str, content: bytes = bytes(5000)) -> bytes:
    """Write an OLE file with one stream of this name."""
    file = io.BytesIO()
    XlsDoc().save(file, content)
    name, old = (each.encode("utf-16-le") for each in (stream, "Workbook"))
    written = file.getvalue()
    at = written.index(old)
    size = (len(name) + 2).to_bytes(2, "little")
    return written[:at] + name.ljust(64, b"\0") + size + written[at + 66 :]


TYPES = "[Content_Types].xml"
PACKAGE = {TYPES: "<Types/>", "_rels/.rels": "<Relationships/>"}
OPENDOCUMENT = "application/vnd.oasis.opendocument."


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (zipped(PACKAGE | {"word/document.xml": "<w:document/>"}), "is a text document"),
        (
            zipped(PACKAGE | {"word/document.xml": "", "word/embeddings/a.xlsx": "PK"}),
            "is a text document",
        ),
        (zipped({"mimetype": OPENDOCUMENT + "text", "content.xml": ""}), "is a text document"),
        (ole("WordDocument"), "is a text document"),
        (zipped(PACKAGE | {"ppt/presentation.xml": ""}), "is a presentation"),
        (
            zipped({"mimetype": OPENDOCUMENT + "presentation", "content.xml": ""}),
            "is a presentation",
        ),
        (ole("PowerPoint Document"), "is a presentation"),
        (zipped(PACKAGE | {"visio/document.xml": ""}), "is an office document, but not a workbook"),
        (
            zipped({"mimetype": OPENDOCUMENT + "graphics", "content.xml": ""}),
            "is an office document, but not a workbook",
        ),
        (ole("VisioDocument"), "is an office document, but not a workbook"),
        (ole("__properties_version1.0"), "is an e-mail message"),
        (zipped({"Index/Document.iwa": "", "Metadata/a.plist": ""}), "is a document of Numbers"),
        (zipped({"a.numbers/Index.zip": "PK"}), "is a document of Numbers"),
        (zipped({"applicants.csv": "Email\nann@example.com\n"}), "is a ZIP archive"),
        (zipped({"june/applicants.xlsx": "PK", "june/cv.pdf": "%PDF"}), "is a ZIP archive"),
        (zipped({}), "is a ZIP archive"),
    ],
)
@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_file_that_is_no_workbook_is_called_what_it_is(
    tmp_path: Path, content: bytes, says: str, ending: str
) -> None:
    with pytest.raises(SheetError) as error:
        read_sheet(write(tmp_path / f"a.{ending}", content))
    assert str(error.value).startswith(f'"a.{ending}" {says}')
    assert "\n" not in str(error.value)
    assert "download" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        rewritten(book("xlsx", ["Email"]), (rb"</row>.*", b"<row")),
        rewritten(book("ods", ["Email"]), (rb"</table:table-row>", b"</table:row>")),
        zipped({"xl/workbook.xml": "<workbook/>"}),
        zipped({"content.xml": "<a/>", "mimetype": OPENDOCUMENT + "spreadsheet"}),
        ole("Workbook"),
    ],
    ids=["xlsx", "ods", "no parts", "no tables", "xls"],
)
def test_a_complete_file_that_cannot_be_read_is_not_blamed_on_the_download(
    tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(SheetError) as error:
        read_sheet(write(tmp_path / "a", content))
    assert "download" not in str(error.value)
    assert "ave" in str(error.value)
    assert "as XLSX" in str(error.value)
