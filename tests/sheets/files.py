"""Writes the files that tests read: one grid as XLSX, XLS, XLSB or ODS, and raw parts of each."""

import io
import struct
import zipfile
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl  # type: ignore[import-untyped]
import xlwt  # type: ignore[import-untyped]

FORMATS = ("xlsx", "xls", "xlsb", "ods")
Grid = list[list[Any]]

_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def book(kind: str, *rows: list[Any], **worksheets: Grid) -> bytes:
    """Write a workbook of the rows, or of worksheets by name; "Hidden" ones are hidden."""
    sheets = dict(worksheets) if worksheets else {"Sheet": list(rows)}
    return {"xlsx": _xlsx, "xls": _xls, "xlsb": _xlsb, "ods": _ods}[kind](sheets)


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for path, part in parts.items():
            file.writestr(path, part)
    return content.getvalue()


# --- XLSX


def _xlsx(sheets: Mapping[str, Grid]) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for title, rows in sheets.items():
        worksheet = workbook.create_sheet(title)
        worksheet.sheet_state = "hidden" if title == "Hidden" else "visible"
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                worksheet.cell(number, column, value)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def xlsx_parts(sheet: str | bytes, strings: str = "<sst/>") -> dict[str, str | bytes]:
    """Give the parts of an XLSX file whose `sheetData` is the given one, whatever it is."""
    start = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    inner = sheet.encode() if isinstance(sheet, str) else sheet
    return _office_parts("xml") | {
        "xl/workbook.xml": f'<workbook xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Sheet" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": start + inner + b"</worksheet>",
        "xl/sharedStrings.xml": strings,
    }


def _office_parts(ending: str, sheets: int = 1) -> dict[str, str | bytes]:
    worksheets = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" '
        f'Target="worksheets/sheet{number}.{ending}"/>'
        for number in range(1, sheets + 1)
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.{ending}"/></Relationships>',
        f"xl/_rels/workbook.{ending}.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'{worksheets}<Relationship Id="rId99" Type="{_OFFICE}/sharedStrings" '
        f'Target="sharedStrings.{ending}"/></Relationships>',
    }


# --- XLS


def _xls(sheets: Mapping[str, Grid]) -> bytes:
    workbook = xlwt.Workbook()
    shown_as = {date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm", time: "hh:mm:ss"}
    styles = {kind: xlwt.easyxf(num_format_str=text) for kind, text in shown_as.items()}
    for title, rows in sheets.items():
        worksheet = workbook.add_sheet(title)
        worksheet.visibility = int(title == "Hidden")
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if value == "#N/A":
                    worksheet.row(number).set_cell_error(column, 0x2A)
                elif value is not None:
                    style = styles.get(type(value), xlwt.Style.default_style)
                    worksheet.write(number, column, value, style)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


# --- XLSB: records of a type, a length (both in sevenths of a byte) and a body


def record(kind: int, body: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = len(body), b""
    while size >= 0x80:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return head + length + bytes([size]) + body


def xlsb_parts(*sheets: bytes, titles: tuple[str, ...] = ("Sheet",)) -> dict[str, str | bytes]:
    """Give the parts of an XLSB file with these row and cell records."""
    bundle = b"".join(
        record(
            0x9C,
            struct.pack("<II", int(title == "Hidden"), number)
            + _wide(f"rId{number}")
            + _wide(title),
        )
        for number, title in enumerate(titles, 1)
    )
    # The formats of cells: a number, a date, a date with a time, a time.
    cell_formats = [struct.pack("<HH12x", 0xFFFF, code) for code in (0, 14, 22, 21)]
    before = record(0x81) + record(0x94, bytes(16)) + record(0x91)
    after = record(0x92) + record(0x82)
    return (
        _office_parts("bin", len(titles))
        | {
            "xl/workbook.bin": record(0x83) + record(0x8F) + bundle + record(0x90) + record(0x84),
            "xl/styles.bin": record(0x116)
            + record(0x269, struct.pack("<I", len(cell_formats)))
            + b"".join(record(0x2F, each) for each in cell_formats)
            + record(0x26A),
        }
        | {
            f"xl/worksheets/sheet{number}.bin": before + sheet + after
            for number, sheet in enumerate(sheets, 1)
        }
    )


def xlsb_row(number: int, *cells: bytes) -> bytes:
    return record(0x00, struct.pack("<I13x", number - 1)) + b"".join(cells)


def xlsb_cell(column: int, value: Any) -> bytes:
    def cell(kind: int, body: bytes, style: int = 0) -> bytes:
        return record(kind, struct.pack("<II", column, style) + body)

    if value == "#N/A":
        return cell(0x03, b"\x2a")
    if isinstance(value, str):
        return cell(0x06, _wide(value))
    if isinstance(value, bool):
        return cell(0x04, bytes([value]))
    if isinstance(value, int | float):
        return cell(0x05, struct.pack("<d", value))
    if isinstance(value, time):
        day = datetime.combine(date(1899, 12, 30), value)
        return cell(0x05, struct.pack("<d", _days(day)), 3)
    style = 2 if isinstance(value, datetime) else 1
    return cell(0x05, struct.pack("<d", _days(datetime(*value.timetuple()[:6]))), style)


def _xlsb(sheets: Mapping[str, Grid]) -> bytes:
    bodies = [
        b"".join(
            xlsb_row(
                number, *(xlsb_cell(at, each) for at, each in enumerate(row) if each is not None)
            )
            for number, row in enumerate(rows, 1)
        )
        for rows in sheets.values()
    ]
    return zipped(xlsb_parts(*bodies, titles=tuple(sheets)))


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _days(moment: datetime) -> float:
    return (moment - datetime(1899, 12, 30)).total_seconds() / 86400


# --- ODS


def ods(*tables: tuple[str, str]) -> bytes:
    """Write an ODS file of tables, each a name and the XML of its rows."""
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table">'
        f'<style:table-properties table:display="{shown}"/></style:style>'
        for name, shown in (("shown", "true"), ("hidden", "false"))
    )
    body = "".join(
        f'<table:table table:name="{name}" '
        f'table:style-name="{"hidden" if name == "Hidden" else "shown"}">{rows}</table:table>'
        for name, rows in tables
    )
    spaces = " ".join(
        f'xmlns:{short}="{_ODF}:{short}:1.0"' for short in ("office", "style", "table", "text")
    )
    return zipped(
        {
            "mimetype": _ODS,
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0"/>',
            "content.xml": f"<office:document-content {spaces}><office:automatic-styles>{styles}"
            "</office:automatic-styles><office:body><office:spreadsheet>"
            f"{body}</office:spreadsheet></office:body></office:document-content>",
        }
    )


def ods_row(*values: Any, repeated: int = 1) -> str:
    cells = "".join(map(_ods_cell, values))
    return f'<table:table-row table:number-rows-repeated="{repeated}">{cells}</table:table-row>'


def _ods_cell(value: Any) -> str:
    if value is None:
        return "<table:table-cell/>"
    shown = f"<text:p>{escape(str(value))}</text:p>"
    if isinstance(value, bool):
        kind = f'boolean" office:boolean-value="{str(value).lower()}'
    elif isinstance(value, int | float):
        kind = f'float" office:value="{value}'
    elif isinstance(value, date):
        kind = f'date" office:date-value="{value.isoformat()}'
    elif isinstance(value, time):
        kind = f'time" office:time-value="PT{value:%HH%MM%SS}'
    elif value == "#N/A":
        kind = 'string" table:formula="of:=NA()'
    else:
        kind = "string"
    return f'<table:table-cell office:value-type="{kind}">{shown}</table:table-cell>'


def _ods(sheets: Mapping[str, Grid]) -> bytes:
    return ods(*((title, "".join(ods_row(*row) for row in rows)) for title, rows in sheets.items()))
