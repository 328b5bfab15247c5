"""Files made to do harm, or broken ones: one sentence, within seconds and 300 MB, or read whole."""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import msoffcrypto  # type: ignore[import-untyped]
import pytest
import xlwt  # type: ignore[import-untyped]
from msoffcrypto.format.ooxml import OOXMLFile  # type: ignore[import-untyped]
from xlwt.CompoundDoc import XlsDoc  # type: ignore[import-untyped]

from heymilo_prefect.sheets import SheetError, read_sheet

from .files import (
    book,
    ods,
    ods_row,
    record,
    write,
    xlsb_cell,
    xlsb_parts,
    xlsb_row,
    xlsx_parts,
    zipped,
)

MEGABYTE = 1024**2
LONG = pytest.mark.long
_READ = """
import json, re, resource, sys
from heymilo_prefect.sheets import SheetError, read_sheet
try:
    with read_sheet(sys.argv[1]) as sheet:
        said = ["rows", sum(1 for _ in sheet.rows)]
except SheetError as error:
    said = ["error", str(error)]
own = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
most = max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
print(json.dumps([*said, most // 1024]))
"""


def measured(path: Path) -> tuple[str, str | int]:
    """Read a sheet in a process of its own, and hold it to its time and its memory."""
    # Measuring coverage would be measured too.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", _READ, path],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
        env=env,
    )
    kind, result, megabytes = json.loads(done.stdout)
    assert megabytes < 300
    assert done.stderr == ""
    return kind, result


def filled(path: Path, parts: dict[str, str | bytes], big: str, *pieces: tuple[bytes, int]) -> None:
    """Write a zip of which the part called `big` is pieces, each so many times."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in parts.items():
            if name != big:
                archive.writestr(name, part)
        with archive.open(big, "w", force_zip64=True) as file:
            for piece, times in pieces:
                for _ in range(times):
                    file.write(piece)


def inline(at: str, text: str) -> str:
    return f'<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>'


_SHEET = "xl/worksheets/sheet1.xml"
_HEADER = f'<row r="1">{inline("A1", "Email")}</row>'
_ANN = f'<row r="2">{inline("A2", "ann@example.com")}</row>'
_START = b"<worksheet><sheetData>" + _HEADER.encode()
_END = b"</sheetData></worksheet>"


def xlsx_inflating_cell(path: Path) -> None:
    cell = b'<row r="2"><c r="A2" t="inlineStr"><is><t>'
    letters = (b"a" * MEGABYTE, 600)
    filled(path, xlsx_parts(""), _SHEET, (_START + cell, 1), letters, (_END, 1))


def xlsx_inflating_strings(path: Path) -> None:
    letters = (b"a" * MEGABYTE, 600)
    strings = "xl/sharedStrings.xml"
    parts = xlsx_parts(f"<sheetData>{_HEADER}</sheetData>")
    filled(path, parts, strings, (b"<sst><si><t>", 1), letters, (b"</t></si></sst>", 1))


def xlsx_cell_of_200_megabytes(path: Path) -> None:
    cell = b'<row r="2"><c r="A2" t="inlineStr"><is><t>'
    end = b"</t></is></c></row>" + _END
    filled(path, xlsx_parts(""), _SHEET, (_START + cell, 1), (b"a" * MEGABYTE, 200), (end, 1))


def xlsx_one_string_in_every_cell(path: Path) -> None:
    cells = b'<c t="s"><v>0</v></c>' * 100
    strings = f"<sst><si><t>{'a' * 30_000}</t></si></sst>"
    rows = (b"<row>" + cells + b"</row>", 1000)
    filled(path, xlsx_parts("", strings), _SHEET, (_START, 1), rows, (_END, 1))


def xlsx_cell_in_the_last_corner(path: Path) -> None:
    corner = f'<row r="1048576">{inline("XFD1048576", "x")}</row>'
    write(path, zipped(xlsx_parts(f"<sheetData>{_HEADER}{corner}</sheetData>")))


def xls_cell_in_the_last_corner(path: Path) -> None:
    workbook = xlwt.Workbook()
    worksheet = workbook.add_sheet("Sheet")
    worksheet.write(0, 0, "Email")
    worksheet.write(65_535, 255, "x")
    workbook.save(path)


def xlsb_cell_in_the_last_corner(path: Path) -> None:
    header = xlsb_row(1, xlsb_cell(0, "Email"))
    write(path, zipped(xlsb_parts(header + xlsb_row(1_048_576, xlsb_cell(16_383, "x")))))


def xlsb_cell_of_200_megabytes(path: Path) -> None:
    sheet = xlsb_row(1, xlsb_cell(0, "Email")) + xlsb_row(2, xlsb_cell(0, "a" * 100 * MEGABYTE))
    write(path, zipped(xlsb_parts(sheet)))


def ods_repeated(path: Path) -> None:
    cell = '<table:table-cell table:number-columns-repeated="16384" office:value-type="string">'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}<text:p>x</text:p>'
    rows = f"{ods_row('Email')}{row}</table:table-cell></table:table-row>"
    write(path, ods(("Sheet", rows)))


def ods_one_string_in_every_row(path: Path) -> None:
    write(path, ods(("Sheet", ods_row("Email") + ods_row("a" * 30_000, repeated=100_000))))


def ods_row_far_below(path: Path) -> None:
    wide = ods_row("Email", *[None] * 1000, "x")
    write(path, ods(("Sheet", wide + ods_row(repeated=1_000_000) + ods_row("ann@example.com"))))


def xlsx_ten_million_merged_cells(path: Path) -> None:
    start = _START + _ANN.encode() + b"</sheetData><mergeCells>"
    ranges = (b'<mergeCell ref="A1:B9"/>' * 1000, 10_000)
    end = b"</mergeCells></worksheet>"
    filled(path, xlsx_parts(""), _SHEET, (start, 1), ranges, (end, 1))


def ods_formula_in_every_cell(path: Path) -> None:
    cell = '<table:table-cell table:number-columns-repeated="16384" table:formula="of:=1"/>'
    row = f'<table:table-row table:number-rows-repeated="1048575">{cell}</table:table-row>'
    write(path, ods(("Sheet", ods_row("Email") + row)))


@pytest.mark.parametrize(
    ("ending", "make"),
    [
        pytest.param("xlsx", xlsx_inflating_cell, marks=LONG),
        ("xlsx", xlsx_inflating_strings),
        pytest.param("xlsx", xlsx_cell_of_200_megabytes, marks=LONG),
        pytest.param("xlsx", xlsx_one_string_in_every_cell, marks=LONG),
        ("xlsx", xlsx_cell_in_the_last_corner),
        ("xls", xls_cell_in_the_last_corner),
        pytest.param("xlsb", xlsb_cell_in_the_last_corner, marks=LONG),
        pytest.param("xlsb", xlsb_cell_of_200_megabytes, marks=LONG),
        pytest.param("xlsx", xlsx_ten_million_merged_cells, marks=LONG),
        ("ods", ods_repeated),
        ("ods", ods_formula_in_every_cell),
        pytest.param("ods", ods_one_string_in_every_row, marks=LONG),
        pytest.param("ods", ods_row_far_below, marks=LONG),
    ],
)
def test_a_workbook_that_would_take_all_memory_is_one_sentence(
    tmp_path: Path, ending: str, make: Callable[[Path], None]
) -> None:
    path = tmp_path / f"a.{ending}"
    make(path)
    assert measured(path) == (
        "error",
        f'"a.{ending}" needs more than 250 MB of memory or 30 seconds to be read. Save the sheet '
        "as CSV UTF-8, or split it.",
    )


# --- large, but sound


def xlsx_formatted_to_the_last_row(path: Path) -> None:
    people = "".join(
        f'<row r="{at}">{inline(f"A{at}", f"p{at}@example.com")}</row>' for at in range(2, 52)
    )
    cells = "".join(f'<c r="{column}%d" s="0"/>' for column in "ABCD")
    empty = "".join(f'<row r="{at}">{cells % ((at,) * 4)}</row>' for at in range(52, 1_048_577))
    write(path, zipped(xlsx_parts(f"<sheetData>{_HEADER}{people}{empty}</sheetData>")))


def xlsx_dimension_of_all_cells(path: Path) -> None:
    dimension = '<dimension ref="A1:XFD1048576"/>'
    write(path, zipped(xlsx_parts(f"{dimension}<sheetData>{_HEADER}{_ANN}</sheetData>")))


def xlsx_five_million_empty_rows(path: Path) -> None:
    start = (_START + _ANN.encode(), 1)
    filled(path, xlsx_parts(""), _SHEET, start, (b"<row/>" * 1000, 5000), (_END, 1))


def xls_formatted_to_the_last_row(path: Path) -> None:
    workbook = xlwt.Workbook()
    worksheet = workbook.add_sheet("Sheet")
    worksheet.write(0, 0, "Email")
    worksheet.write(1, 0, "ann@example.com")
    for number in range(2, 65_536):
        worksheet.row(number).set_cell_blank(0)
    workbook.save(path)


def xlsb_formatted_to_the_last_row(path: Path) -> None:
    people = xlsb_row(1, xlsb_cell(0, "Email")) + xlsb_row(2, xlsb_cell(0, "ann@example.com"))
    blank = record(0x01, bytes(8))
    empty = b"".join(xlsb_row(number, blank) for number in range(3, 1_048_577))
    write(path, zipped(xlsb_parts(people + empty)))


def ods_formatted_to_the_last_row(path: Path) -> None:
    empty = '<table:table-row table:number-rows-repeated="1048574"><table:table-cell '
    empty += 'table:style-name="ce1" table:number-columns-repeated="16384"/></table:table-row>'
    write(path, ods(("Sheet", ods_row("Email") + ods_row("ann@example.com") + empty)))


def csv_five_million_empty_rows(path: Path) -> None:
    with path.open("w") as file:
        file.write("Email,Name,City,Note\nann@example.com,Ann,,\n")
        file.writelines(",,,\n" * 1000 for _ in range(5000))


@pytest.mark.parametrize(
    ("ending", "make", "rows"),
    [
        pytest.param("xlsx", xlsx_formatted_to_the_last_row, 50, marks=LONG),
        ("xlsx", xlsx_dimension_of_all_cells, 1),
        ("xlsx", xlsx_five_million_empty_rows, 1),
        pytest.param("xls", xls_formatted_to_the_last_row, 1, marks=LONG),
        pytest.param("xlsb", xlsb_formatted_to_the_last_row, 1, marks=LONG),
        ("ods", ods_formatted_to_the_last_row, 1),
        pytest.param("csv", csv_five_million_empty_rows, 1, marks=LONG),
    ],
)
def test_a_million_empty_rows_below_the_people_are_no_matter(
    tmp_path: Path, ending: str, make: Callable[[Path], None], rows: int
) -> None:
    path = tmp_path / f"a.{ending}"
    make(path)
    assert measured(path) == ("rows", rows)


# --- text


@pytest.mark.parametrize(
    ("start", "piece", "says"),
    [
        pytest.param("", ",,,\n", "The first 20 rows of", marks=LONG),
        ('Email\nann@example.com\n"', "a", "has more than 1,000,000 characters in row 3"),
        pytest.param(
            'Email\nann@example.com\n"',
            "a\n",
            "has more than 1,000,000 characters in row 3",
            marks=LONG,
        ),
        pytest.param(
            "Email\nann@example.com\n",
            "a",
            "has more than 1,000,000 characters in row 3",
            marks=LONG,
        ),
        pytest.param(
            'Email\nann@example.com\n"',
            "é",
            "has more than 1,000,000 characters in row 3",
            marks=LONG,
        ),
        pytest.param("", "a", "has more than 1,000,000 characters in row 1", marks=LONG),
        pytest.param("", "\0", "is neither a workbook nor text", marks=LONG),
        pytest.param("Email\n", "a\0b\n", "is neither a workbook nor text", marks=LONG),
    ],
)
def test_a_text_of_180_megabytes_is_one_sentence_too(
    tmp_path: Path, start: str, piece: str, says: str
) -> None:
    path = tmp_path / "a.csv"
    times = 180 if piece != ",,,\n" else 20
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(start)
        file.writelines(piece * (MEGABYTE // len(piece.encode())) for _ in range(times))
    kind, said = measured(path)
    assert kind == "error"
    assert says in str(said)


# --- broken or protected


def problem(path: Path) -> str:
    with pytest.raises(SheetError) as error:
        read_sheet(path)
    assert "\n" not in str(error.value)
    return str(error.value)


_CUT = "is incomplete, it was cut short. Download it again"
_UNREADABLE = "is a workbook that can't be read. Open it in a spreadsheet program"


@pytest.mark.parametrize("kind", ["xlsx", "xls", "xlsb", "ods"])
@pytest.mark.parametrize("kept", [0.002, 0.1, 0.5, 0.97])
def test_a_truncated_workbook_is_one_sentence(tmp_path: Path, kind: str, kept: float) -> None:
    whole = book(kind, ["Email"], *[[f"ann{number}@example.com"] for number in range(2000)])
    path = write(tmp_path / f"a.{kind}", whole[: int(len(whole) * kept)])
    assert _CUT in problem(path)


def test_a_part_that_is_cut_within_a_whole_zip_is_one_sentence(tmp_path: Path) -> None:
    xlsx = zipped(xlsx_parts(f'<sheetData>{_HEADER}<row r="2"><c r="A2"><v>'))
    assert _UNREADABLE in problem(write(tmp_path / "a.xlsx", xlsx))
    xlsb = zipped(xlsb_parts(xlsb_row(1, xlsb_cell(0, "Email")) + b"\x06\x7f"))
    assert _UNREADABLE in problem(write(tmp_path / "a.xlsb", xlsb))


def test_entities_that_grow_without_end_are_one_sentence(tmp_path: Path) -> None:
    entities = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {name} "{("&" + inner + ";") * 50}">'
        for name, inner in zip("bcdefg", "abcdef", strict=True)
    )
    hidden = f'<row hidden="1"><c t="str"><f>&g;</f><v>&g;</v></c>{inline("B2", "&g;")}</row>'
    parts = xlsx_parts(f"<sheetData>{_HEADER}{hidden}</sheetData>")
    parts[_SHEET] = f"<!DOCTYPE worksheet [{entities}]>".encode() + bytes(parts[_SHEET])
    path = write(tmp_path / "a.xlsx", zipped(parts))
    assert measured(path) == ("error", f'"a.xlsx" {_UNREADABLE}, and save it as XLSX.')


def protected_xlsx() -> bytes:
    content = io.BytesIO()
    OOXMLFile(io.BytesIO(book("xlsx", ["Email"]))).encrypt("secret", content)
    assert msoffcrypto.OfficeFile(content).is_encrypted()
    return content.getvalue()


def protected_xls() -> bytes:
    workbook = xlwt.Workbook()
    workbook.add_sheet("Sheet").write(0, 0, "Email")
    stream, content = workbook.get_biff_data(), io.BytesIO()
    file_pass = bytes.fromhex("2f000600010001000100")
    begin = 4 + int.from_bytes(stream[2:4], "little")
    XlsDoc().save(content, stream[:begin] + file_pass + stream[begin:])
    return content.getvalue()


def protected_ods() -> bytes:
    plain = zipfile.ZipFile(io.BytesIO(ods(("Sheet", ods_row("Email")))))
    entry = '<manifest:file-entry manifest:full-path="content.xml">'
    manifest = f"<manifest:manifest>{entry}<manifest:encryption-data/></manifest:file-entry>"
    parts: dict[str, str | bytes] = {name: plain.read(name) for name in plain.namelist()}
    return zipped(parts | {"META-INF/manifest.xml": manifest, "content.xml": bytes(range(256))})


@pytest.mark.parametrize(
    ("ending", "content"),
    [("xlsx", protected_xlsx()), ("xls", protected_xls()), ("ods", protected_ods())],
    ids=["xlsx", "xls", "ods"],
)
def test_a_protected_workbook_is_one_sentence(tmp_path: Path, ending: str, content: bytes) -> None:
    said = problem(write(tmp_path / f"a.{ending}", content))
    assert said == f'"a.{ending}" is protected by a password. Save it without one.'


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html><html><body><table><tr><td>Email",
        "<html xmlns:x='urn:schemas-microsoft-com:office:excel'><td>Email",
        "<table border=1><tr><td>Email</td></tr>",
        "\n  <meta charset=utf-8><table><tr><td>Email",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_web_page_named_xls_is_one_sentence(tmp_path: Path, text: str, encoding: str) -> None:
    assert '"a.xls" is a web page' in problem(write(tmp_path / "a.xls", text, encoding))
