"""What a spreadsheet program shows: hidden rows and columns, merged cells, zeros, formulas."""

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
import xlsxwriter
import xlwt  # type: ignore[import-untyped]

from heymilo_prefect.sheets import Sheet, read_sheet

from .files import book, ods, ods_row, write, xlsx_parts, zipped

FIXTURES = Path(__file__).with_name("fixtures")


def opened(path: Path, **options: Any) -> tuple[Sheet, list[list[str]]]:
    with read_sheet(path, **options) as sheet:
        return sheet, [row.cells for row in sheet.rows]


def hidden_rows(path: Path) -> list[int]:
    with read_sheet(path) as sheet:
        return [row.number for row in sheet.rows if row.hidden]


def uncalculated(path: Path) -> dict[int, tuple[int, ...]]:
    with read_sheet(path) as sheet:
        return {row.number: row.uncalculated for row in sheet.rows if row.uncalculated}


@pytest.mark.parametrize(
    "name",
    ["libreoffice.ods", "libreoffice.xls", "libreoffice.xlsx", "gnumeric.ods", "gnumeric.xlsx"],
)
def test_a_sheet_reads_as_the_program_that_saved_it_shows_it(name: str) -> None:
    with read_sheet(FIXTURES / name) as sheet:
        rows = list(sheet.rows)
    assert sheet.headers == ["Email", "Name", "", "Posting", "ZIP", "Phone", "Salary"]
    assert sheet.hidden_columns == {6}
    assert [row.number for row in rows if row.hidden] == [5, 7, 8]
    assert [row.cells[1] for row in rows][:3] == ["Ann Bell", "Bob Cole", "Cem Demir"]
    assert [row.cells[3] for row in rows] == ["Engineer"] * 3 + [""] * 4
    assert rows[0].cells[4:6] == ["02138", "06 12 34 56 70"]


def test_an_xls_file_with_a_zip_file_at_its_end_is_an_xls_file() -> None:
    path = FIXTURES / "excel.xls"
    assert zipfile.is_zipfile(path)
    sheet, rows = opened(path, column_map={"Not Merged": "email"})
    assert sheet.headers == ["Row Merge", "", "Not Merged"]
    assert rows == [["Column Merge Chunk Merged", "", ""]]


# --- hidden rows and columns


def inline(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


def xlsx(rows: str, above: str = "") -> bytes:
    return zipped(xlsx_parts(f"{above}<sheetData>{rows}</sheetData>"))


HEADER = f"<row>{inline('Email')}{inline('Salary')}{inline('City')}</row>"
ANN = f"{inline('ann@example.com')}{inline('1')}{inline('Paris')}"


@pytest.mark.parametrize(
    ("row", "hidden"),
    [
        ('<row hidden="1">', True),
        ('<row r="2" spans="1:3" hidden="true" collapsed="1">', True),
        ("<row\n  r='2'\n  hidden = '1'>", True),
        ('<row ht="0" customHeight="1">', True),
        ('<row r="2" ht="0.0">', True),
        ('<row hidden="0" ht="10">', False),
        ('<row hidden="false" ht="0.75">', False),
        ('<row collapsed="1" outlineLevel="1">', False),
    ],
)
def test_xlsx_rows_are_hidden_as_the_file_has_it(tmp_path: Path, row: str, hidden: bool) -> None:
    text = inline("hidden=&quot;1&quot;")  # a cell's text is no mark
    path = write(tmp_path / "a.xlsx", xlsx(f"{HEADER}{row}{ANN}</row><row>{ANN}{text}</row>"))
    assert hidden_rows(path) == ([2] if hidden else [])


@pytest.mark.parametrize(
    ("columns", "hidden"),
    [
        ('<cols><col min="2" max="2" hidden="1"/></cols>', {1}),
        ('<cols><col min="2" max="3" width="0" customWidth="1"/></cols>', {1, 2}),
        ("<cols><col max='2' min='2' hidden='true' width='9'/></cols>", {1}),
        ('<cols><col min="4" max="16384" hidden="1"/></cols>', set(range(3, 16384))),
        ('<cols><col min="2" max="2" width="9" hidden="false" collapsed="1"/></cols>', set()),
        ('<sheetFormatPr zeroHeight="1"/>', set()),
    ],
)
def test_xlsx_columns_are_hidden_as_the_file_has_it(
    tmp_path: Path, columns: str, hidden: set[int]
) -> None:
    path = write(tmp_path / "a.xlsx", xlsx(f"{HEADER}<row>{ANN}</row>", columns))
    assert opened(path)[0].hidden_columns == hidden
    assert hidden_rows(path) == []


def test_a_hidden_row_far_below_is_found(tmp_path: Path) -> None:
    shown, hidden = f"<row>{ANN}</row>", f'<row hidden="1">{ANN}</row>'
    rows = HEADER + (shown * 8999 + hidden) * 2
    assert hidden_rows(write(tmp_path / "a.xlsx", xlsx(rows))) == [9001, 18001]


def test_the_rows_that_a_filter_hides_in_an_excel_table_are_hidden(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        worksheet = workbook.add_worksheet()
        people = [[f"p{number}@example.com", number % 2] for number in range(4)]
        columns = [{"header": "Email"}, {"header": "Hired"}]
        worksheet.add_table("A1:B5", {"data": people, "columns": columns})
        worksheet.set_row(2, None, None, {"hidden": True})
        worksheet.set_row(4, None, None, {"hidden": True})
    assert hidden_rows(path) == [3, 5]


def rewritten(content: bytes, how: Any) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return zipped({name: how(archive.read(name)) for name in archive.namelist()})


def strict(part: bytes) -> bytes:
    for old, new in (
        (b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"spreadsheetml/main"),
        (b"http://schemas.openxmlformats.org/officeDocument/2006/", b"officeDocument/"),
    ):
        part = part.replace(old, b"http://purl.oclc.org/ooxml/" + new)
    return part


def prefixed(part: bytes) -> bytes:
    if b"spreadsheetml/2006/main" not in part:
        return part
    for tag in b"worksheet sheetFormatPr cols col sheetData row c v is t f mergeCells".split():
        for start in (b"<", b"</"):
            for end in (b" ", b">", b"/"):
                part = part.replace(start + tag + end, start + b"x:" + tag + end)
    return part.replace(b"<x:worksheet xmlns=", b"<x:worksheet xmlns:x=")


@pytest.mark.parametrize("how", [strict, prefixed])
def test_strict_and_prefixed_xml_reads_the_same(tmp_path: Path, how: Any) -> None:
    content = rewritten(
        xlsx(
            f'{HEADER}<row hidden="1">{ANN}</row><row>{ANN}<c><f>A1</f></c></row>',
            '<cols><col min="2" max="2" hidden="1"/></cols>',
        ),
        how,
    )
    path = write(tmp_path / "a.xlsx", content)
    assert opened(path)[0].hidden_columns == {1}
    assert hidden_rows(path) == [2]
    assert uncalculated(path) == {3: (3,)}


def ods_of(columns: str, rows: str) -> bytes:
    return ods(("Other", ods_row("x")), ("People", columns + rows), ("Last", ods_row("y")))


@pytest.mark.parametrize(
    ("row", "end", "hidden"),
    [
        ('<table:table-row table:visibility="collapse">', "", [3]),
        (
            '<table:table-row table:visibility="filter" table:number-rows-repeated="3">',
            "",
            [3, 4, 5],
        ),
        (
            '<table:table-row-group table:display="false"><table:table-row-group>'
            '<table:table-row table:number-rows-repeated="2">',
            "</table:table-row-group></table:table-row-group>",
            [3, 4],
        ),
        ('<table:table-row table:visibility="visible">', "", []),
        ("<table:table-row-group><table:table-row>", "</table:table-row-group>", []),
    ],
)
def test_ods_rows_are_hidden_as_the_file_has_it(
    tmp_path: Path, row: str, end: str, hidden: list[int]
) -> None:
    ann = ods_row("ann@example.com").partition(">")[2]
    rows = ods_row() + ods_row("Email") + row + ann + end + ods_row("bob@example.com")
    path = write(tmp_path / "a.ods", ods_of("", rows))
    with read_sheet(path, "People") as sheet:
        assert [each.number for each in sheet.rows if each.hidden] == hidden


@pytest.mark.parametrize(
    ("column", "end", "hidden"),
    [
        ('<table:table-column table:visibility="collapse"/>', "", {2}),
        (
            '<table:table-column table:visibility="filter" table:number-columns-repeated="3"/>',
            "",
            {2, 3, 4},
        ),
        (
            '<table:table-column-group table:display="false"><table:table-column/>',
            "</table:table-column-group>",
            {2},
        ),
        ('<table:table-column table:style-name="none"/>', "", {2}),
        ('<table:table-column table:style-name="shown"/>', "", set()),
    ],
)
def test_ods_columns_are_hidden_as_the_file_has_it(
    tmp_path: Path, column: str, end: str, hidden: set[int]
) -> None:
    columns = '<table:table-column table:number-columns-repeated="2"/>' + column + end
    styles = '<style:style style:name="none" style:family="table-column">'
    styles += '<style:table-column-properties style:column-width="0cm"/></style:style>'
    rows = ods_row("Email", *"BCDEF") + ods_row("ann@example.com", *"bcdef")
    content = rewritten(
        ods_of(columns + "<table:table-column/>", rows),
        lambda part: part.replace(
            b"</office:automatic-styles>", styles.encode() + b"</office:automatic-styles>"
        ),
    )
    path = write(tmp_path / "a.ods", content)
    assert opened(path, worksheet="People")[0].hidden_columns == hidden


def test_xls_rows_and_columns_are_hidden_as_the_file_has_it(tmp_path: Path) -> None:
    workbook = xlwt.Workbook()
    workbook.add_sheet("Other").write(0, 0, "x")
    worksheet = workbook.add_sheet("People")
    for number in range(5):
        worksheet.write(number, 0, f"p{number}@example.com" if number else "Email")
        worksheet.write(number, 1, number if number else "Salary")
    worksheet.row(2).hidden = worksheet.row(4).hidden = worksheet.col(1).hidden = True
    workbook.save(tmp_path / "a.xls")
    with read_sheet(tmp_path / "a.xls", "People") as sheet:
        assert [row.number for row in sheet.rows if row.hidden] == [3, 5]
        assert sheet.hidden_columns == {1}


# --- merged cells


def merged(kind: str, rows: list[list[Any]], *ranges: str, hidden: str = "") -> bytes:
    """Write rows with merged cells; what is in covered cells is kept, as some programs do."""
    places = [openpyxl.utils.range_boundaries(each) for each in ranges]
    content = io.BytesIO()
    if kind == "xls":
        workbook = xlwt.Workbook()
        worksheet = workbook.add_sheet("Sheet")
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    worksheet.write(at, column, value)
        for left, top, right, bottom in places:
            worksheet.merged_ranges.append((top - 1, bottom - 1, left - 1, right - 1))
        workbook.save(content)
        return content.getvalue()
    if kind == "xlsx":
        workbook = openpyxl.load_workbook(io.BytesIO(book("xlsx", *rows)))
        for each in ranges:
            workbook.active.merged_cells.add(each)
        for letter in hidden:
            workbook.active.column_dimensions[letter].hidden = True
        workbook.save(content)
        return content.getvalue()
    lines = [ods_row(*row).split("<table:table-cell") for row in rows]
    for left, top, right, bottom in places:
        lines[top - 1][left] = (
            f' table:number-columns-spanned="{right - left + 1}" '
            f'table:number-rows-spanned="{bottom - top + 1}"{lines[top - 1][left]}'
        )
    return ods(("Sheet", "".join("<table:table-cell".join(line) for line in lines)))


every_format = pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])


@every_format
def test_a_merged_cell_holds_for_all_its_rows(tmp_path: Path, kind: str) -> None:
    rows = [
        ["Email", "Posting", "City"],
        ["ann@example.com", "Engineer", "Paris"],
        ["bob@example.com", None, None],
        ["cem@example.com", "Designer", None],
        [None, None, None],
        ["dia@example.com", None, None],
    ]
    path = write(tmp_path / "a", merged(kind, rows, "B2:B6", "C2:C3"))
    assert opened(path)[1] == [
        ["ann@example.com", "Engineer", "Paris"],
        ["bob@example.com", "Engineer", "Paris"],
        ["cem@example.com", "Designer", ""],  # a covered cell that isn't empty keeps its text
        ["dia@example.com", "Engineer", ""],  # row 5 has nothing of its own
    ]


@every_format
def test_a_merged_cell_among_the_candidates_holds_for_its_first_column(
    tmp_path: Path, kind: str
) -> None:
    rows = [["Email", "Phone", "City"], ["ann@example.com", None, None], ["b@example.com", 1, "x"]]
    path = write(tmp_path / "a", merged(kind, rows, "A2:C2"))
    assert opened(path)[1] == [["ann@example.com", "", ""], ["b@example.com", "1", "x"]]


@every_format
def test_a_header_that_is_merged_over_columns_is_the_header_of_all(
    tmp_path: Path, kind: str
) -> None:
    rows = [
        ["Applicants of June", None, None, None],
        ["Email", "Name", None, "City"],
        ["ann@example.com", "Ann", "Bell", "Paris"],
        ["bob@example.com", None, "Cole", None],
    ]
    path = write(tmp_path / "a", merged(kind, rows, "A1:D1", "B2:C2"))
    sheet, cells = opened(path)
    assert (sheet.headers, sheet.header_row) == (["Email", "Name", "", "City"], 2)
    assert cells == [
        ["ann@example.com", "Ann Bell", "", "Paris"],
        ["bob@example.com", "Cole", "", ""],
    ]


@pytest.mark.parametrize(
    ("rows", "ranges", "headers", "header_row"),
    [
        # "Name" has columns of its own below it, "Email" hasn't.
        (
            [["Email", "Name", None], [None, "First name", "Last name"]],
            ["A1:A2", "B1:C1"],
            ["Email", "First name", "Last name"],
            2,
        ),
        (
            [["Email", "Name", None], [None, None, None]],
            ["A1:A2", "B1:C2"],
            ["Email", "Name", ""],
            1,
        ),
        (
            [["Email", "Home", None, None], [None, "Street", None, "City"]],
            ["A1:A2", "B1:D1"],
            ["Email", "Street", "", "City"],
            2,
        ),
        ([["Who", "Contact"], [None, "Email"]], ["A1:A2"], ["Who", "Email"], 2),
        ([["Email", "City"], [None, None]], ["A1:A9"], ["Email", "City"], 1),
    ],
)
def test_a_header_of_several_rows_is_one(
    tmp_path: Path,
    rows: list[list[Any]],
    ranges: list[str],
    headers: list[str],
    header_row: int,
) -> None:
    people = [["ann@example.com", "Ann", "Bell", "x"][: len(rows[0])]]
    sheet, cells = opened(write(tmp_path / "a.xlsx", merged("xlsx", rows + people, *ranges)))
    assert (sheet.headers, sheet.header_row) == (headers, header_row)
    assert "".join(cells[0]).replace(" ", "") == "".join(people[0])
    assert len(cells) == 1


@pytest.mark.parametrize(
    ("hidden", "headers", "cells"),
    [
        ("C", ["Email", "Name", "", "City"], ["ann@example.com", "Ann", "internal", "Paris"]),
        ("B", ["Email", "", "Name", "City"], ["ann@example.com", "Ann", "internal", "Paris"]),
    ],
)
def test_a_merged_header_does_not_include_a_hidden_column(
    tmp_path: Path, hidden: str, headers: list[str], cells: list[str]
) -> None:
    rows = [["Email", "Name", None, "City"], ["ann@example.com", "Ann", "internal", "Paris"]]
    path = write(tmp_path / "a.xlsx", merged("xlsx", rows, "B1:C1", hidden=hidden))
    sheet, read = opened(path)
    assert (sheet.headers, read) == (headers, [cells])


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_cells_merged_to_the_last_corner_take_no_memory(tmp_path: Path, kind: str) -> None:
    rows = [["All of it", None], ["Email", "City"], ["ann@example.com", "Paris"]]
    path = write(tmp_path / "a", merged(kind, rows, "A1:XFD1048576"))
    assert opened(path)[1] == [["ann@example.com", "Paris"]]


# --- number formats


def with_formats(kind: str, *cells: tuple[float, str]) -> bytes:
    content = io.BytesIO()
    workbook: Any
    if kind == "xls":
        workbook = xlwt.Workbook()
        worksheet = workbook.add_sheet("Sheet")
        worksheet.write(0, 0, "Email")
        for at, (value, code) in enumerate(cells, 1):
            worksheet.write(at, 0, "ann@example.com")
            worksheet.write(at, 1, value, xlwt.easyxf(num_format_str=code))
    else:
        workbook = openpyxl.Workbook()
        workbook.active.append(["Email"])
        for at, (value, code) in enumerate(cells, 2):
            workbook.active.append(["ann@example.com", value])
            workbook.active.cell(at, 2).number_format = code
    workbook.save(content)
    return content.getvalue()


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_the_zeros_that_a_number_format_shows_are_read(tmp_path: Path, kind: str) -> None:
    shown = [
        (2138, "00000", "02138"),
        (2138.0, "[$-409]00000;@", "02138"),
        (21381234, "00000\\-0000", "02138-1234"),
        (12345678, '000"-"00"-"0000', "012-34-5678"),
        (612345678, "0000000000", "0612345678"),
        (612345678, '0#" "##" "##" "##" "##', "06 12 34 56 78"),
        (612345678, '"0"#', "0612345678"),
        (123456, "00000", "123456"),
        (0, "000", "000"),
        # Everything else stays the number.
        (2138.5, "00000", "2138.5"),
        (-7, "00000", "-7"),
        (5, "0", "5"),
        (5, '0" years"', "5"),
        (5, "#,##0", "5"),
        (5, "00.00", "5"),
        (0.5, "00%", "0.5"),
        (5, "00E+00", "5"),
        (5, '00" EUR"', "5"),
        (5, "General", "5"),
    ]
    path = write(tmp_path / "a", with_formats(kind, *((value, code) for value, code, _ in shown)))
    assert [cells[1] for cells in opened(path)[1]] == [text for *_, text in shown]


# --- formulas


@pytest.mark.parametrize(
    ("cell", "is_missing"),
    [
        ("<c><f>A1</f></c>", True),
        ("<c><f>A1</f><v/></c>", True),
        ('<c t="str"><f>A1</f></c>', True),
        ('<c r="B2"><f>A1&amp;"x"</f>\n  <v></v>\n</c>', True),
        ('<c><f t="shared" si="0"/></c>', True),
        ('<c><f t="array" ref="B2">A1</f><v/></c>', True),
        ('<c t="str"><f>A1</f><v>x</v></c>', False),
        ('<c t="str"><f>""</f><v></v></c>', False),  # a formula whose value is no text
        ('<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', False),
        ('<c><f t="shared" si="0"/><v>5</v></c>', False),
        ("<c><f>A1</f><v>0</v></c>", False),
        ("<c><v/></c>", False),
    ],
)
def test_a_formula_without_a_stored_value_differs_from_an_empty_cell(
    tmp_path: Path, cell: str, is_missing: bool
) -> None:
    row = f"<row>{inline('ann@example.com')}{cell}</row>"
    path = write(tmp_path / "a.xlsx", xlsx(f"{HEADER}{row}"))
    assert uncalculated(path) == ({2: (1,)} if is_missing else {})


def test_what_openpyxl_writes_has_no_stored_values(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for row in (
        ["Email", "Name", "First", "Last", None],
        ["ann@example.com", '=C2&" "&D2', "Ann", "Bell", "=1+1"],
        ['="bob@example.com"', "=C2"],  # below this there is no value at all
    ):
        workbook.active.append(row)
    workbook.save(tmp_path / "a.xlsx")
    with read_sheet(tmp_path / "a.xlsx") as sheet:
        rows = list(sheet.rows)
    assert [row.uncalculated for row in rows] == [(1, 4), (0, 1)]
    assert [row.cells[1] for row in rows] == ["", ""]


@pytest.mark.parametrize(("value", "missing"), [(None, {2: (1,), 3: (1,)}), ("Ann 1", {})])
def test_cached_zeros_are_recognised_by_all_being_zero(
    tmp_path: Path, value: str | None, missing: dict[int, tuple[int, ...]]
) -> None:
    """XlsxWriter stores 0 for a formula, unless it is given the value."""
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as workbook:
        worksheet = workbook.add_worksheet()
        worksheet.write_row(0, 0, ["Email", "Name"])
        worksheet.write_column(1, 0, ["ann@example.com", "bob@example.com"])
        worksheet.write_formula(1, 1, "=A2", None, *filter(None, [value]))
        worksheet.write_formula(2, 1, "=LEN(C3)")
    assert uncalculated(tmp_path / "a.xlsx") == missing


def test_a_merged_formula_without_a_value_has_none_in_any_row(tmp_path: Path) -> None:
    rows = [["Email", "Posting"], ["ann@example.com", "=C1"], ["bob@example.com", None]]
    path = write(tmp_path / "a.xlsx", merged("xlsx", rows, "B2:B3"))
    assert uncalculated(path) == {2: (1,), 3: (1,)}


def test_ods_formulas_without_a_value_differ_from_those_with_one(tmp_path: Path) -> None:
    cells = '<table:table-cell table:formula="of:=[.A1]"/>'
    cells += (
        '<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"/>'
    )
    ann = ods_row("ann@example.com").replace("</table:table-row>", cells + "</table:table-row>")
    path = write(tmp_path / "a.ods", ods(("Sheet", ods_row("Email", "B", "C") + ann)))
    assert uncalculated(path) == {2: (1,)}
    assert opened(path)[1] == [["ann@example.com", "", "2"]]


@pytest.mark.parametrize(
    ("inside", "text"),
    [("<text:tab/>", "Ann Bell"), ("<text:line-break/>", "Ann\nBell"), ("<text:s/>", "Ann Bell")],
)
def test_a_tab_or_a_line_break_in_an_ods_cell_separates_words(
    tmp_path: Path, inside: str, text: str
) -> None:
    rows = ods_row("Name", "Email") + ods_row("Ann-Bell", "ann@example.com")
    path = write(tmp_path / "a.ods", ods(("People", rows.replace("Ann-Bell", f"Ann{inside}Bell"))))
    assert opened(path)[1] == [[text, "ann@example.com"]]
