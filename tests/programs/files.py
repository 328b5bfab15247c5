"""The files that the programs save, and in which cells each differs from the source, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .programs import Format
from .source import HEADERS, MERGED_POSTINGS, PEOPLE, Person, level

Text = Callable[[Person], str]


@dataclass(frozen=True)
class Difference:
    """A column whose cells have another text than in a workbook, for a reason outside of us."""

    header: str
    why: str
    text: Text


@dataclass(frozen=True)
class File:
    """A file: the programs that opened and saved it one after another, each in a format."""

    steps: tuple[tuple[str, Format], ...]
    differences: tuple[Difference, ...] = ()
    lost: str = ""
    """Why hidden rows aren't hidden in the file."""

    @property
    def name(self) -> str:
        return " > ".join(f"{program} {form.name}" for program, form in self.steps)

    @property
    def is_workbook(self) -> bool:
        return self.steps[-1][1].ending != "csv"


WORKBOOK: dict[str, Text] = {
    "First name": lambda person: person.first,
    "Last name": lambda person: person.last,
    "Name": lambda person: f"{person.first} {person.last}",
    "Email": lambda person: person.email,
    "Phone": lambda person: (
        f"{person.phone:010}" if isinstance(person.phone, int) else person.phone
    ),
    "Posting": lambda person: person.posting,
    "Applied on": lambda person: person.applied.isoformat(),
    "Interview": lambda person: person.interview.isoformat(),
    "Starts at": lambda person: person.starts.isoformat(),
    "Match": lambda person: f"{person.match:g}",
    "Expected salary": lambda person: f"{person.salary:g}",
    "Internal salary": lambda person: f"{person.internal}",
    "ZIP": lambda person: f"{person.zip:05}",
    "Employee no.": lambda person: person.number,
    "Relocate": lambda person: f"{person.relocate}".upper(),
    "Profile": lambda person: person.profile,
    "Score": lambda person: f"{person.points[0] / person.points[1]:.15g}",
    "Level": level,
    "Notes": lambda person: person.notes,
}
"""What a cell of each column reads as: the stored value, with the zeros that the format shows."""
assert [*WORKBOOK] == HEADERS


def expected(file: File) -> dict[int, dict[str, str]]:
    """Return the texts of a file's cells, by row and header."""
    texts = WORKBOOK | {each.header: each.text for each in file.differences}
    return {
        person.row: {header: text(person) for header, text in texts.items()} for person in PEOPLE
    }


def _first_of_merged(person: Person) -> str:
    first, _ = MERGED_POSTINGS.get(person.posting, (person.row, person.row))
    return person.posting if person.row == first else ""


def _without_zeros(person: Person) -> str:
    return str(person.phone)


def _serial(moment: datetime) -> float:
    return (moment - datetime(1899, 12, 30)).total_seconds() / 86_400


_FILTER = "Gnumeric shows the rows that a filter hides in an ODS file of LibreOffice"
_MERGED = Difference("Posting", "CSV has no merged cells", _first_of_merged)
_FORMATTED = "saved as its number format shows it"
_STORED = "saved without its number format"
_EUROS = "€ {:,.2f}"

SHOWN = (
    _MERGED,
    Difference("Interview", _FORMATTED, lambda it: f"{it.interview:%d/%m/%Y %H:%M}"),
    Difference("Match", _FORMATTED, lambda it: f"{it.match:.1%}"),
    Difference("Expected salary", _FORMATTED, lambda it: _EUROS.format(it.salary)),
    Difference("Internal salary", _FORMATTED, lambda it: f"{it.internal:,}"),
)
STORED = (
    _MERGED,
    Difference("Phone", _STORED, _without_zeros),
    Difference("ZIP", _STORED, lambda it: str(it.zip)),
)
LIBREOFFICE_XLS = tuple(
    Difference(header, "a formula with a text as its result is stored as 0", lambda _: "0")
    for header in ("Name", "Level")
)
LIBREOFFICE_ODS = (
    Difference(
        "Relocate", "a boolean of an XLSX file is stored as 1 or 0", lambda it: f"{it.relocate:d}"
    ),
)
WITHOUT_TABS = (
    Difference(
        "Notes", "LibreOffice drops a tab when it opens ODS", lambda it: it.notes.replace("\t", "")
    ),
)
GNUMERIC_SHOWN = (
    *SHOWN,
    Difference(
        "Score",
        "saved with the digits that its column has room for",
        lambda it: f"{it.points[0] / it.points[1]:.7g}",
    ),
)
LIBREOFFICE_STORED = (
    *STORED,
    Difference("Interview", "saved in the locale", lambda it: f"{it.interview:%m/%d/%Y %H:%M:%S}"),
    Difference("Starts at", "saved in the locale", lambda it: f"{it.starts:%I:%M:%S %p}"),
    Difference("Match", "saved in the locale", lambda it: f"{it.match * 100:g}%"),
)
GNUMERIC_STORED = (
    *STORED,
    Difference("Applied on", "saved in its own format", lambda it: f"{it.applied:%Y/%m/%d}"),
    Difference(
        "Interview", "saved in its own format", lambda it: f"{it.interview:%Y/%m/%d %H:%M:%S}"
    ),
    Difference(
        "Score",
        "saved with 17 digits",
        lambda it: f"{it.points[0] / it.points[1]!r}".removesuffix(".0"),
    ),
)


def _libreoffice_csv(
    name: str, separator: str, charset: int, *, quote_all: bool = False, as_shown: bool = True
) -> tuple[str, Format]:
    """A CSV file; the numbers are those of LibreOffice's filter options for CSV."""
    options = [
        str(ord(separator)), "34", str(charset), "1", "", "0", str(quote_all).lower(), "true",
        str(as_shown).lower(), "false", "false", "0",
    ]  # fmt: skip
    words = f"csv:Text - txt - csv (StarCalc):{','.join(options)}"
    return "LibreOffice", Format(f"CSV, {name}", "csv", words)


def _gnumeric_csv(name: str, options: str) -> tuple[str, Format]:
    words = f"Gnumeric_stf:stf_assistant sheet=Applicants {options}"
    return "Gnumeric", Format(f"CSV, {name}", "csv", words)


UTF_8, WINDOWS_1252, MAC_ROMAN, LATIN_9, UTF_16 = 76, 1, 2, 22, 65535

LO_XLSX = "LibreOffice", Format("XLSX", "xlsx", "xlsx:Calc MS Excel 2007 XML")
LO_XLS = "LibreOffice", Format("XLS", "xls", "xls:MS Excel 97")
LO_ODS = "LibreOffice", Format("ODS", "ods", "ods:calc8")
GN_XLSX = "Gnumeric", Format("XLSX", "xlsx", "Gnumeric_Excel:xlsx2")
GN_XLS = "Gnumeric", Format("XLS", "xls", "Gnumeric_Excel:excel_biff8")
GN_ODS = "Gnumeric", Format("ODS", "ods", "Gnumeric_OpenCalc:odf")
UTF_16_CSV = _libreoffice_csv("UTF-16, tabs", "\t", UTF_16)
MAC_CSV = _gnumeric_csv("Mac Roman, CR", "charset=MACINTOSH eol=mac format=preserve")

FILES = [
    File((LO_XLSX,)),
    File((LO_XLS,), LIBREOFFICE_XLS),
    File((LO_ODS,), LIBREOFFICE_ODS),
    File((GN_XLSX,)),
    File((("Gnumeric", Format("XLSX of 2006", "xlsx", "Gnumeric_Excel:xlsx")),)),
    File((GN_XLS,)),
    File((("Gnumeric", Format("XLS of 1995", "xls", "Gnumeric_Excel:excel_biff7")),)),
    File((("Gnumeric", Format("XLS of 1995 and 1997", "xls", "Gnumeric_Excel:excel_dsf")),)),
    File((GN_ODS,)),
    File((("Gnumeric", Format("strict ODS", "ods", "Gnumeric_OpenCalc:openoffice")),)),
    File((LO_XLSX, GN_XLSX)),
    File((GN_XLSX, LO_XLSX)),
    File((LO_XLS, LO_ODS, LO_XLSX), WITHOUT_TABS),
    File((GN_XLS, LO_ODS, GN_XLSX), lost=_FILTER),
    File((LO_ODS, GN_ODS), lost=_FILTER),
    File((_libreoffice_csv("UTF-8", ",", UTF_8),), SHOWN),
    File((_libreoffice_csv("UTF-8, stored values", "\t", UTF_8, as_shown=False),),
         LIBREOFFICE_STORED),
    File((_libreoffice_csv("Windows-1252, in quotes", ";", WINDOWS_1252, quote_all=True),), SHOWN),
    File((_libreoffice_csv("Mac Roman", ",", MAC_ROMAN),), SHOWN),
    File((_libreoffice_csv("ISO 8859-15", ";", LATIN_9),), SHOWN),
    File((UTF_16_CSV,), SHOWN),
    File((("Gnumeric", Format("CSV", "csv", "Gnumeric_stf:stf_csv")),), GNUMERIC_STORED),
    File((_gnumeric_csv("bars", "separator=| format=preserve"),), GNUMERIC_SHOWN),
    File((_gnumeric_csv("Windows-1252, CRLF, all in quotes",
                        "separator=; charset=WINDOWS-1252 eol=windows quoting-mode=always "
                        "format=preserve"),), GNUMERIC_SHOWN),
    File((MAC_CSV,), GNUMERIC_SHOWN),
    File((_gnumeric_csv("UTF-16, tabs", "separator='\t' charset=UTF-16 format=preserve"),),
         GNUMERIC_SHOWN),
    File((_gnumeric_csv("UTF-16LE without a mark", "charset=UTF-16LE format=preserve"),),
         GNUMERIC_SHOWN),
]  # fmt: skip
