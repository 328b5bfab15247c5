"""Read the layout of a worksheet from the XML of an ODS file."""

import re
from collections.abc import Iterable
from xml.parsers import expat
from zipfile import ZipFile

from heymilo_prefect.sheets.workbooks.layout import (
    MAX_COLUMNS,
    UNCALCULATED,
    Layout,
    is_marked,
    parts_of,
    zero_pattern,
)

_GROUPS = ("table:table-row-group", "table:table-column-group")
_NO_SIZE = re.compile(r"0+(?:\.0*)?[a-z]*")

# What asks for parsing the cells. Each pattern begins with a literal, so that searching is quick;
# the reader takes no file with other prefixes than these.
_MARKERS = (
    re.compile(rb"""table:visibility\s*=\s*["'][cf]"""),
    re.compile(rb"""-spanned\s*=\s*["'](?!1["'])"""),
    re.compile(rb"""table:display\s*=\s*["']false"""),
    re.compile(rb"""column-width\s*=\s*["']0+(?:\.0*)?[a-z"']"""),
    re.compile(rb"""row-height\s*=\s*["']0+(?:\.0*)?[a-z"']"""),
    re.compile(rb"""min-integer-digits\s*=\s*["'](?![01]["'])"""),
    re.compile(rb"number:text>0"),
    re.compile(rb"""table:formula\s*=\s*(?:"[^"]*"|'[^']*')(?![^<>]*office:value-type)"""),
)


def read_layout(archive: ZipFile, worksheet: str) -> Layout:
    """Read the layout of a worksheet; the cells are parsed only if a marker requires it.

    Raises:
        ExpatError: The XML is broken.
    """
    layout = Layout()
    parts = [part for part in ("styles.xml", "content.xml") if part in archive.namelist()]
    if any(is_marked(archive.open(part), _MARKERS) for part in parts):
        scan = _Scan(layout, worksheet)
        for part in parts:
            scan.parse(parts_of(archive.open(part)))
    return layout


class _Scan:
    """Parses the styles, then one worksheet."""

    def __init__(self, layout: Layout, worksheet: str) -> None:
        self._layout = layout
        self._worksheet = worksheet
        self._formats = _Formats()
        self._marks: dict[str | None, int] = {}
        self._column_marks: dict[int, int] = {}
        self._row = self._column = 0
        self._rows = self._columns = 0
        self._row_mark = 0
        self._hidden_groups = 0

    def parse(self, parts: Iterable[bytes]) -> None:
        """Parse a document."""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._outside
        for part in parts:
            self._parser.Parse(part, False)

    def _outside(self, tag: str, attributes: dict[str, str]) -> None:
        if tag != "table:table":
            self._formats.start(self._parser, tag, attributes)
        elif attributes.get("table:name") == self._worksheet:
            self._parser.StartElementHandler = self._inside

    def _inside(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in ("table:table-cell", "table:covered-table-cell"):
            self._column += self._columns
            self._columns = 1
            if attributes:
                self._cell(attributes)
        elif tag == "table:table-row":
            self._row += self._rows
            self._rows = _repeated(attributes, "rows")
            self._column = self._columns = 0
            self._row_mark = self._mark_of(attributes.get("table:default-cell-style-name"))
            if self._is_hidden(attributes):
                self._layout.hide_rows(self._row, self._rows)
        elif tag == "table:table-column":
            columns = _repeated(attributes, "columns")
            mark = self._mark_of(attributes.get("table:default-cell-style-name"))
            if mark:
                last = min(self._column + columns, MAX_COLUMNS)
                self._column_marks |= dict.fromkeys(range(self._column, last), mark)
            if self._is_hidden(attributes):
                self._layout.hide_columns(self._column, self._column + columns - 1)
            self._column += columns
        elif tag in _GROUPS:
            if self._hidden_groups or attributes.get("table:display") == "false":
                self._hidden_groups += 1
                self._parser.EndElementHandler = self._end_group
        elif tag == "table:table":
            self._parser.StartElementHandler = None

    def _end_group(self, tag: str) -> None:
        if tag in _GROUPS:
            self._hidden_groups -= 1
            if not self._hidden_groups:
                self._parser.EndElementHandler = None

    def _is_hidden(self, attributes: dict[str, str]) -> bool:
        return (
            self._hidden_groups > 0
            or attributes.get("table:visibility") in ("collapse", "filter")
            or attributes.get("table:style-name") in self._formats.no_size
        )

    def _cell(self, attributes: dict[str, str]) -> None:
        self._columns = _repeated(attributes, "columns")
        kind = attributes.get("office:value-type")
        mark = 0
        if kind is None:
            mark = UNCALCULATED if "table:formula" in attributes else 0
        elif kind == "float":
            style = attributes.get("table:style-name")
            default = self._row_mark or self._column_marks.get(self._column, 0)
            mark = default if style is None else self._mark_of(style)
        if mark:
            self._layout.mark(mark, self._row, self._column, self._rows, self._columns)
        columns = int(attributes.get("table:number-columns-spanned", 1))
        rows = int(attributes.get("table:number-rows-spanned", 1))
        if columns > 1 or rows > 1:
            last = self._row + rows - 1, self._column + columns - 1
            self._layout.merged.append((self._row, self._column, *last))

    def _mark_of(self, style: str | None) -> int:
        if style not in self._marks:
            pattern = self._formats.pattern_of(style)
            self._marks[style] = self._layout.mark_of(pattern) if pattern else 0
        return self._marks[style]


class _Formats:
    """The number formats of cell styles, and the row and column styles of size zero."""

    def __init__(self) -> None:
        self.no_size: set[str | None] = set()
        self._styles: dict[str | None, tuple[str | None, str | None]] = {}
        self._patterns: dict[str | None, str] = {}
        self._style: str | None = None
        self._code: list[str] = []
        self._text: list[str] = []
        self._position = 0

    def pattern_of(self, style: str | None) -> str:
        """Return the zero pattern of a cell style, or of a style that it is based on."""
        for _ in range(10):
            number_format, style = self._styles.get(style, (None, None))
            if number_format is not None:
                return self._patterns.get(number_format, "")
        return ""

    def start(self, parser: expat.XMLParserType, tag: str, attributes: dict[str, str]) -> None:
        """Handle a start tag before the worksheets."""
        if tag == "style:style":
            self._style = attributes.get("style:name")
            inherited = attributes.get("style:parent-style-name")
            self._styles[self._style] = attributes.get("style:data-style-name"), inherited
        elif tag == "style:table-column-properties":
            self._note_size(attributes.get("style:column-width"))
        elif tag == "style:table-row-properties":
            self._note_size(attributes.get("style:row-height"))
        elif tag == "number:number-style":
            self._style = attributes.get("style:name")
            self._code.clear()
            parser.EndElementHandler = lambda tag: self._end(parser, tag)
            parser.CharacterDataHandler = self._text.append
        elif tag == "number:number":
            self._code += self._digits(attributes)
        elif tag in ("number:text", "number:embedded-text"):
            self._text.clear()
            self._position = int(attributes.get("number:position", 0))

    def _note_size(self, size: str | None) -> None:
        if size is not None and _NO_SIZE.fullmatch(size):
            self.no_size.add(self._style)

    def _end(self, parser: expat.XMLParserType, tag: str) -> None:
        """Build a number format as XLSX writes it, tag by tag."""
        if tag in ("number:text", "number:embedded-text"):
            literal = "".join(f"\\{each}" for each in "".join(self._text))
            self._code.insert(len(self._code) - self._position, literal)
        elif tag == "number:number-style":
            self._patterns[self._style] = zero_pattern("".join(self._code))
            parser.EndElementHandler = parser.CharacterDataHandler = None
        elif tag not in ("number:number", "style:text-properties", "style:map"):
            self._code.append("?")  # a fraction, a currency, an exponent

    @staticmethod
    def _digits(attributes: dict[str, str]) -> list[str]:
        if attributes.get("number:decimal-places", "0") != "0":
            return ["?"]
        if attributes.get("number:grouping") == "true":
            return ["?"]
        return ["0"] * min(int(attributes.get("number:min-integer-digits", 0)), 99) or ["#"]


def _repeated(attributes: dict[str, str], what: str) -> int:
    return int(attributes.get(f"table:number-{what}-repeated", 1))
