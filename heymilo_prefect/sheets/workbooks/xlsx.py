"""Read the layout of a worksheet from the XML of an XLSX file."""

import posixpath
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import IO
from xml.parsers import expat
from zipfile import ZipFile

from heymilo_prefect.sheets.workbooks.layout import (
    UNCALCULATED,
    UNSURE,
    Layout,
    elements,
    is_marked,
    parts_of,
    zero_pattern,
)

_TRUE = ("1", "true", "on")
_ROWS = b"sheetData"

# What in the rows asks for parsing them. Each pattern begins with a literal: with that, searching
# 15 MB takes some hundredths of a second, where parsing takes half a second.
_NO_VALUE = rb"\s*(?:</c>|<v\s*/>|<v[^<>]*>0?</v>)"
_MARKERS = (
    re.compile(rb"""hidden\s*=\s*["'](?:1|true|on)["']"""),
    re.compile(rb"""ht\s*=\s*["']0*(?:\.0*)?["']"""),
    re.compile(rb"</f>" + _NO_VALUE),
    re.compile(rb"<f[\s/][^<>]*/>" + _NO_VALUE),
)


def read_layout(archive: ZipFile, worksheet: str) -> Layout:
    """Read the layout of a worksheet; its rows are parsed only if a marker requires it.

    Raises:
        ExpatError: The XML is broken.
        LookupError: A part is missing.
    """
    package = _Package(archive)
    workbook = next(iter(package.related("", "officeDocument")), "xl/workbook.xml")
    layout, part, recalculated = Layout(), "", False
    for tag, attributes in elements(package.open(workbook)):
        if tag == "sheet" and attributes.get("name") == worksheet:
            part = package.related(workbook, attributes["id"])[0]
        elif tag == "calcPr":
            recalculated = attributes.get("fullCalcOnLoad") in _TRUE
    marks: dict[str, int] = {}
    for styles in package.related(workbook, "styles"):
        marks = _marks_of_styles(elements(package.open(styles)), layout)
    head = _head(package, part)
    scan = _Scan(layout, marks)
    # A worksheet whose tags have a prefix isn't searched: the markers are written without one.
    if marks or b"<" + _ROWS not in head or is_marked(package.open(part), _MARKERS, _ROWS):
        scan.parse(parts_of(package.open(part)))
        layout.settle(calculated=scan.calculated or not recalculated)
    else:
        scan.parse([head[: head.index(_ROWS)]])
    return layout


class _Package:
    """The parts of a package, found despite backslashes or capitals in their names."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._names = {_plain(name): name for name in archive.namelist()}

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(self._names.get(_plain(name), name))

    def related(self, name: str, which: str) -> list[str]:
        """Return the parts that a part references by this id or type."""
        folder, base = posixpath.split(name)
        relations = posixpath.join(folder, "_rels", f"{base}.rels")
        if _plain(relations) not in self._names:
            return []
        return [
            posixpath.normpath(posixpath.join("/", folder, attributes["Target"]))
            for tag, attributes in elements(self.open(relations))
            if tag == "Relationship"
            and which in (attributes.get("Id"), attributes.get("Type", "").rpartition("/")[2])
        ]


def _plain(name: str) -> str:
    return name.replace("\\", "/").strip("/").lower()


def _marks_of_styles(tags: Iterable[tuple[str, dict[str, str]]], layout: Layout) -> dict[str, int]:
    """Return the marks of zero-padding cell styles, by style number."""
    patterns, styles, within = {}, [], ""
    for tag, attributes in tags:
        if tag in ("numFmts", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs"):
            within = tag
        elif tag == "numFmt" and within == "numFmts":
            patterns[attributes.get("numFmtId")] = zero_pattern(attributes.get("formatCode", ""))
        elif tag == "xf" and within == "cellXfs":
            styles.append(patterns.get(attributes.get("numFmtId")))
    return {str(at): layout.mark_of(pattern) for at, pattern in enumerate(styles) if pattern}


def _head(package: _Package, part: str) -> bytes:
    head = b""
    for each in parts_of(package.open(part)):
        head += each
        if _ROWS in head:
            break
    return head


class _Scan:
    """Parses a worksheet's XML. A cell without a reference follows the previous one."""

    def __init__(self, layout: Layout, marks: dict[str, int]) -> None:
        self.calculated = False
        self._layout = layout
        self._marks = marks
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._root
        self._row = -1
        self._place, self._right = "", 0
        self._kind: str | None = None
        self._value: str | None = None

    def parse(self, parts: Iterable[bytes]) -> None:
        """Parse these chunks, which may end early."""
        for part in parts:
            self._parser.Parse(part, False)

    def _root(self, tag: str, attributes: dict[str, str]) -> None:
        prefix = tag.removesuffix("worksheet")
        self._cell, self._formula, self._stored = (prefix + name for name in "cfv")
        self._rows, self._columns = prefix + "row", prefix + "col"
        self._parser.StartElementHandler = self._start

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == self._cell:
            place = attributes.get("r")
            if place:
                self._place, self._right = place, 0
            else:
                self._right += 1
            self._kind = attributes.get("t")
            if self._marks and (mark := self._marks.get(attributes.get("s", "0"))):
                self._layout.mark(mark, self._row, self._column())
        elif tag == self._rows:
            self._row = int(attributes.get("r") or self._row + 2) - 1
            self._place, self._right = "", 0
            if attributes.get("hidden") in _TRUE or _is_zero(attributes.get("ht")):
                self._layout.hide_rows(self._row)
        elif tag == self._formula:
            self._value = None
            self._parser.EndElementHandler = self._end
        elif tag == self._stored and self._parser.EndElementHandler:
            self._value = ""
            self._parser.CharacterDataHandler = self._text
        elif tag == self._columns and (
            attributes.get("hidden") in _TRUE or _is_zero(attributes.get("width"))
        ):
            self._layout.hide_columns(int(attributes["min"]) - 1, int(attributes["max"]) - 1)

    def _text(self, text: str) -> None:
        self._value = (self._value or "") + text

    def _end(self, tag: str) -> None:
        """Handle the end of a cell with a formula, then remove the temporary handlers."""
        self._parser.CharacterDataHandler = None
        if tag != self._cell:
            return
        self._parser.EndElementHandler = None
        # A text's stored value may be empty: ="" is one.
        if not self._value and not (self._kind == "str" and self._value is not None):
            self._layout.mark(UNCALCULATED, self._row, self._column())
        elif self._value == "0" and self._kind in (None, "n"):
            self._layout.mark(UNSURE, self._row, self._column())
        else:
            self.calculated = True

    def _column(self) -> int:
        return _column_of(self._place.rstrip("0123456789")) + self._right


@lru_cache(1000)
def _column_of(letters: str) -> int:
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return column - 1


def _is_zero(size: str | None) -> bool:
    return size is not None and not size.strip("0.")
