"""Files in any encoding: names are read as they were written, or the file is refused."""

import codecs
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from heymilo_prefect.sheets import SheetError, read_sheet
from tests.sheets.encodings_set import cases, result_of
from tests.sheets.files import book, write

PEOPLE = ["Ann Bell", "Ben Carter", "Cara Dunn"]


def sheet(*names: str, end: str = "\r\n") -> str:
    lines = [f"{name},p{at}@example.com" for at, name in enumerate(names, 1)]
    return end.join(["Name,Email", *lines, ""])


def names(path: Path, **options: Any) -> list[str]:
    with read_sheet(path, **options) as opened:
        return [row.cells[0] for row in opened.rows]


def problem(path: Path, **options: Any) -> str:
    with pytest.raises(SheetError) as error:
        read_sheet(path, **options)
    assert error.value.__cause__ is None
    assert "\n" not in str(error.value)
    return str(error.value)


def test_files_in_26_encodings_are_read_right_or_refused_and_never_garbled(tmp_path: Path) -> None:
    results = Counter(result_of(case, tmp_path) for case in cases("held out", per_language=1))
    assert results["garbled"] == 0
    assert results["refused"] <= results.total() // 10


WESTERN = """
    José Weiß Müller Zoë François Chloé Noël Søren Åse Muñoz João Simões Hélène Jérôme Björn Jürgen
    Köhler Schäfer Groß Núñez Peña Gómez Inês Gonçalo Kåre Øyvind Åström Renée Anaïs Benoît Éric
    Óscar Sofía Agnès Élodie Côté Siobhán Niccolò Citroën O’Brien D’Angelo Ångström Übelacker
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_single_western_name_is_enough(tmp_path: Path, end: str) -> None:
    for name in WESTERN.split():
        text = sheet(name, *PEOPLE, end=end)
        assert names(write(tmp_path / "a.csv", text, "cp1252")) == [name, *PEOPLE]


@pytest.mark.parametrize(
    ("encoding", "end", "name"),
    [
        ("mac_roman", "\r", "Zoë Bell"),
        ("mac_roman", "\n", "José Núñez"),
        ("cp850", "\r\n", "Jürgen Weiß"),
        ("cp1250", "\r\n", "Łukasz"),
        ("cp1250", "\r\n", "Jiří Dvořák"),
        ("cp1254", "\r\n", "Ayşe Yıldız"),
        ("cp1257", "\r\n", "Rūta Šimkutė"),
        ("koi8_r", "\n", "Дмитрий Щербаков"),
        ("cp1252", "\r\n", "Renée • “Rae” – 50 € ½"),
        ("iso2022_jp", "\n", "山田太郎"),
        ("gb18030", "\r\n", "郑爽"),  # valid UTF-8 too, by chance
        ("cp1258", "\r\n", "Trâ\u0300n Văn"),
        ("cp874", "\r\n", "สมชาย"),
    ],
)
def test_names_are_read_as_written(tmp_path: Path, encoding: str, end: str, name: str) -> None:
    text = sheet(*PEOPLE, name, end=end)
    assert names(write(tmp_path / "a.csv", text, encoding)) == [*PEOPLE, name]


@pytest.mark.parametrize(
    "name", ["José", "郑爽", "김민수", "สมชาย", "राम", "Հակոբ", "😀", "→", "“Ann”", "Đặng"]
)
def test_short_utf_8_stays_utf_8(tmp_path: Path, name: str) -> None:
    assert names(write(tmp_path / "a.csv", sheet(name))) == [name]


def test_a_letter_late_in_the_file_decides_too(tmp_path: Path) -> None:
    people = [f"José {number}" for number in range(300)] + ["Łukasz Wałęsa"]
    assert names(write(tmp_path / "a.csv", sheet(*people), "cp1250")) == people


def test_what_can_be_read_in_two_ways_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", sheet("Žagars", *PEOPLE), "cp1257")  # or "Þagars"
    said = problem(path)
    assert said.startswith('The encoding of "a.csv" can\'t be determined: it may be cp1')
    assert "Save the sheet as XLSX or as CSV UTF-8, or pass encoding=" in said
    assert names(path, encoding="cp1257") == ["Žagars", *PEOPLE]


def test_what_is_in_no_known_encoding_is_refused(tmp_path: Path) -> None:
    said = problem(write(tmp_path / "a.csv", sheet("Jürgen Weiß"), "cp500"))
    assert said.startswith('The encoding of "a.csv" can\'t be determined.')


def test_files_that_mix_code_pages_are_refused(tmp_path: Path) -> None:
    western = sheet("José", "Hélène", "Jérôme", "Björn", "Müller").encode("cp1252")
    path = write(tmp_path / "a.csv", western + "Łukasz Wałęsa,l@example.com\r\n".encode("cp1250"))
    assert "can't be determined: it may be cp125" in problem(path)


# --- the parameter


def test_a_given_encoding_is_used(tmp_path: Path) -> None:
    for encoding in ("mac_roman", "Mac-Roman", "MACROMAN"):
        path = write(tmp_path / "a.csv", sheet("Zoë"), "mac_roman")
        assert names(path, encoding=encoding) == ["Zoë"]
    path = write(tmp_path / "b.csv", sheet("Żółć"), "utf-16-be")
    assert names(path, encoding="utf-16-be") == ["Żółć"]


@pytest.mark.parametrize("encoding", ["latin-99", "", "hex", "rot13", "a\0b", "undefined"])
def test_what_is_no_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    said = problem(write(tmp_path / "a.csv", sheet("Zoë")), encoding=encoding)
    assert said.startswith(f'"{encoding}" isn\'t a text encoding.')


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "shift_jis"])
def test_a_given_encoding_that_does_not_decode_the_file_names_the_row(
    tmp_path: Path, encoding: str
) -> None:
    path = write(tmp_path / "a.csv", sheet("Ann", '"Ben\n(2)"', "José", "Zoë"), "cp1252")
    said = problem(path, encoding=encoding)
    assert said == (
        f'"a.csv" isn\'t all in {encoding}, see row 4. Pass another encoding, or save the sheet '
        "as XLSX or as CSV UTF-8."
    )


def test_a_file_that_shows_its_own_encoding_is_never_garbled_by_another(tmp_path: Path) -> None:
    marked = write(tmp_path / "a.csv", sheet("Zoë"), "utf-8-sig")
    assert names(marked, encoding="cp1250") == ["Zoë"]
    said = problem(write(tmp_path / "b.csv", sheet("Zoë")), encoding="cp1250")
    assert said == '"b.csv" is in UTF-8, not in cp1250. Leave out encoding.'
    assert names(write(tmp_path / "c.csv", sheet(*PEOPLE)), encoding="cp1250") == PEOPLE


def test_a_workbook_with_an_encoding_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", book("xlsx", ["Email"], ["ann@example.com"]))
    assert problem(path, encoding="cp1250") == (
        '"a.xlsx" is a workbook, which stores its own encoding. Leave out encoding.'
    )


# --- marks and control characters


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"],
)
def test_unicode_is_read_with_and_without_a_mark(tmp_path: Path, encoding: str) -> None:
    people = ["José Müller", "王小明", "Łukasz"]
    assert names(write(tmp_path / "a.csv", sheet(*people), encoding)) == people


MARKS = [
    codecs.BOM_UTF8,
    *(codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    *(codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
]


@pytest.mark.parametrize("mark", MARKS, ids=bytes.hex)
def test_a_mark_with_nothing_after_it_is_an_empty_file(tmp_path: Path, mark: bytes) -> None:
    encoding = {2: "utf-16", 3: "utf-8-sig", 4: "utf-32"}[len(mark)]
    blank = " \r\n\t".encode(encoding + {"utf-8-sig": ""}.get(encoding, "-le"))
    if mark in (codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE):
        blank = " \r\n\t".encode(encoding + "-be")
    blank = blank.removeprefix(codecs.BOM_UTF8)
    for content in (mark, mark + blank):
        assert problem(write(tmp_path / "a.csv", content)) == '"a.csv" is empty.'


def test_a_second_mark_belongs_to_no_cell(tmp_path: Path) -> None:
    text = '\ufeff\ufeff"Name","Email"\r\n"Ann","a@example.com"\r\n\ufeff"Ben","b@example.com"\r\n'
    assert names(write(tmp_path / "a.csv", text)) == ["Ann", "Ben"]


def test_the_end_of_file_of_dos_is_no_row(tmp_path: Path) -> None:
    for end in ("\x1a", "\r\n\x1a"):
        path = write(tmp_path / "a.csv", sheet("Ann").strip() + end)
        with read_sheet(path) as opened:
            assert [row.cells for row in opened.rows] == [["Ann", "p1@example.com"]]


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028"])
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_only_line_ends_end_a_row(tmp_path: Path, separator: str, end: str) -> None:
    path = write(tmp_path / "a.csv", sheet(f"Ann{separator}Bell", "Ben", end=end))
    with read_sheet(path) as opened:
        assert [(row.number, row.cells[0]) for row in opened.rows] == [
            (2, f"Ann{separator}Bell"),
            (3, "Ben"),
        ]


# --- files that are no sheet


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('{"url": "https://docs.google.com/open?id=1", "doc_id": "1"}', "a shortcut to a Google"),
        ('{"":"WARNING! DO NOT EDIT","doc_id":"1","email":"ann@example.com"}', "a shortcut to a G"),
        ("[InternetShortcut]\r\nURL=https://example.com", "a shortcut"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1", "a Git LFS pointer"),
        ('MIME-Version: 1.0\nContent-Type: multipart/related; boundary="a"', "a web archive"),
        (
            "From: <Saved>\nSubject: a\nMIME-Version: 1.0\nContent-Type: multipart/related",
            "a web a",
        ),
        ("Received: from example.com\nFrom: ann@example.com", "an e-mail"),
        ("{\\rtf1\\ansi Email", "an RTF document"),
        ("%PDF-1.7\nEmail", "a PDF document"),
        ("  <table><tr><td>Email", "a web page"),
        ('<html xmlns:x="urn:schemas-microsoft-com:office:excel">Email', "a web page"),
        ('<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>', "an XML spreadsheet"),
        ('<?xml version="1.0"?><candidates>', "an XML file"),
        ('[{"Email": "ann@example.com"}]', "a JSON file"),
        ("BEGIN:VCARD\r\nEMAIL:ann@example.com", "a contact card"),
        ("-----BEGIN PGP MESSAGE-----", "an encrypted file"),
        ("ID;PWXL;N;E\r\nP;PGeneral", "a SYLK spreadsheet"),
        ("\x1f\x8b\x08\0", "a compressed file"),
        ("7z\xbc\xaf\x27\x1c", "a compressed file"),
        ("\x89PNG\r\n\x1a\n", "a picture"),
        ("SQLite format 3\0", "a database"),
        ("PAR1\x15\x04", "a Parquet file"),
        ("\x09\x08\x06\x00\x00\x00", "a workbook of Excel 4 or older"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_with_what_to_do(
    tmp_path: Path, content: str, kind: str
) -> None:
    written = [content.encode("latin-1")]
    if content.isascii() and content.isprintable():
        written += [content.encode("utf-8-sig"), content.encode("utf-16")]
    for each in written:
        said = problem(write(tmp_path / "a.xls", each))
        assert said.startswith(f'"a.xls" is {kind}')
        assert ", not a sheet. " in said
        assert "example.com" not in said


@pytest.mark.parametrize(
    "header", ["ID;Phone;Email", "{Name},Email", "[Name],Email", "From: who,Email", "PARTNER,Email"]
)
def test_a_header_that_looks_like_another_kind_is_read(tmp_path: Path, header: str) -> None:
    delimiter = ";" if ";" in header else ","
    cells = ["ann@example.com" if each == "Email" else "1" for each in header.split(delimiter)]
    path = write(tmp_path / "a.csv", f"{header}\n{delimiter.join(cells)}\n")
    with read_sheet(path) as opened:
        assert [row.cells for row in opened.rows] == [cells]
