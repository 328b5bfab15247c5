"""The layout of a worksheet: hidden rows and columns, merged cells, zero-padded formats."""

import re
from collections.abc import Iterable, Iterator
from typing import IO
from xml.parsers import expat

UNCALCULATED = 255
"""The mark of a cell with a formula and no stored value."""

UNSURE = 254
"""The mark of a cell with a formula and a stored 0, which may be a placeholder."""

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
"""What a worksheet can have: an index beyond it is an attack, and takes no memory."""

Range = tuple[int, int, int, int]
"""Merged cells: first row, first column, last row, last column, each counted from 0."""

_LONGEST = 20
_TOO_LARGE = 2**53  # from here on a float holds no exact number
_OVERLAP = 4096  # a marker that the end of a part cuts is searched again with the next part
_TOKEN = re.compile(r'"([^"]*)"|\\(.)|[_*].|(\[[^\]]*\])|(.)', re.S)
_LITERAL = re.compile(r"[-+ ./()0]*")


class Layout:
    """The layout of a worksheet. Rows and columns are counted from 0.

    `marks` holds, for each column that has any, one byte per row: `UNCALCULATED`, or the number
    of one of `patterns`, or 0. Bytes keep this small on sheets where every row has a mark.
    `numbers` holds, by row and column, numbers that the reader takes for dates.
    """

    __slots__ = ("hidden_columns", "hidden_rows", "marks", "merged", "numbers", "patterns")

    def __init__(self) -> None:
        self.hidden_columns: set[int] = set()
        self.hidden_rows = bytearray()
        self.merged: list[Range] = []
        self.patterns: list[str] = [""]
        self.marks: dict[int, bytearray] = {}
        self.numbers: dict[int, dict[int, float]] = {}

    @property
    def rows(self) -> int:
        """The number of rows up to the last one with a mark."""
        return max(map(len, self.marks.values()), default=0)

    def hide_columns(self, first: int, last: int) -> None:
        """Record that these columns are hidden."""
        self.hidden_columns.update(range(first, min(last + 1, MAX_COLUMNS)))

    def hide_rows(self, first: int, repeated: int = 1) -> None:
        """Record that this row and its repetitions are hidden."""
        _fill(self.hidden_rows, 1, first, repeated)

    def mark(self, mark: int, row: int, column: int, rows: int = 1, columns: int = 1) -> None:
        """Mark a cell and its repetitions."""
        for each in range(column, min(column + columns, MAX_COLUMNS)):
            _fill(self.marks.setdefault(each, bytearray()), mark, row, rows)

    def mark_of(self, pattern: str) -> int:
        """Return the mark for a pattern, 0 if there are too many patterns."""
        if pattern not in self.patterns:
            if len(self.patterns) == UNSURE:
                return 0
            self.patterns.append(pattern)
        return self.patterns.index(pattern)

    def settle(self, calculated: bool) -> None:
        """Resolve the cells marked `UNSURE`: they hold real values if `calculated`."""
        for marks in self.marks.values():
            marks[:] = marks.replace(bytes([UNSURE]), bytes([0 if calculated else UNCALCULATED]))


def zero_pattern(code: str) -> str:
    r"""Return what a number format of zeros shows, `""` for every other number format.

    In the pattern, each `#` stands for a digit.

    Example:
        >>> zero_pattern("00000"), zero_pattern('000"-"00\\-0000;@'), zero_pattern("0.00")
        ('#####', '###-##-####', '')
    """
    pattern, zeros = "", False
    for quoted, escaped, brackets, plain in _TOKEN.findall(code):
        if plain == ";" and not brackets:
            break  # what follows is for negative numbers and texts
        if brackets[:2] in ("[<", "[>", "[="):
            return ""
        if plain and plain in "0#":
            zeros = zeros or plain == "0"
            if not zeros and "0" not in pattern:
                return ""  # "#" shows a zero only to the right of one
            pattern += "#"
        elif plain and plain not in "-+ ()":
            return ""
        else:
            pattern += quoted or escaped or plain
    before, place, after = pattern.partition("#")
    shows_zeros = place and ((zeros and "#" in after) or "0" in before) and "0" not in after
    literal = _LITERAL.fullmatch(pattern.replace("#", ""))
    return pattern if shows_zeros and literal and len(pattern) <= _LONGEST else ""


def padded(pattern: str, value: float) -> str:
    """Write a number as a pattern of `zero_pattern` shows it, `""` if it isn't a whole number.

    Example:
        >>> padded("#####", 2138), padded("###-##-####", 12345678), padded("0#", 612345678)
        ('02138', '012-34-5678', '0612345678')
    """
    if not (0 <= value < _TOO_LARGE and value == int(value)):
        return ""
    digits = str(int(value)).rjust(pattern.count("#"), "0")
    more = len(digits) - pattern.count("#")
    before, place, after = pattern.partition("#")
    rest = iter(digits[more:])
    places = (next(rest) if each == "#" else each for each in place + after)
    return before + digits[:more] + "".join(places)


def parts_of(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield a file in chunks of a megabyte, and close it."""
    with stream:
        while part := stream.read(1024 * 1024):
            yield part


def is_marked(stream: IO[bytes], markers: Iterable[re.Pattern[bytes]], begin: bytes = b"<") -> bool:
    """Return whether one of the markers occurs in a file after `begin`."""
    end = b""
    for part in parts_of(stream):
        text = end + part
        at = 0 if end else max(text.find(begin), 0)
        if any(marker.search(text, at) for marker in markers):
            return True
        end = text[-_OVERLAP:]
    return False


def elements(stream: IO[bytes]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the name and attributes of each start tag, without namespaces."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda tag, attributes: found.append(
        (
            tag.rpartition(" ")[2],
            {name.rpartition(" ")[2]: value for name, value in attributes.items()},
        )
    )
    for part in parts_of(stream):
        parser.Parse(part, False)
        yield from found
        found.clear()


def _fill(flags: bytearray, value: int, first: int, repeated: int) -> None:
    last = min(first + repeated, MAX_ROWS)
    if len(flags) < last:
        flags.extend(bytes(last - len(flags)))
    flags[first:last] = bytes([value]) * (last - first)
