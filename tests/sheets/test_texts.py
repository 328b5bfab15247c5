"""A cell's text is what a person reads in it."""

from pathlib import Path

import pytest

from heymilo_prefect.sheets import map_columns, read_candidates, read_sheet
from heymilo_prefect.sheets.text import clean_cell, clean_row


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ('="0612345678"', "0612345678"),
        ('= "0612345678"', "0612345678"),
        ("=0612345678", "0612345678"),
        ("=+15551234567", "+15551234567"),
        ("=-1.5", "-1.5"),
        ("'0612345678", "0612345678"),
        ("'+33 6 12 34 56 78", "+33 6 12 34 56 78"),
        ("'(020) 1234-567", "(020) 1234-567"),
        ("\u20190612345678", "0612345678"),
        ("'0612345678'", "0612345678"),
        ('="ann@example.com"', "ann@example.com"),
        ('=" Ann ""Bee"" Bell "', 'Ann "Bee" Bell'),
        ('=""', ""),
        ('="15551234567.0"', "15551234567"),
        ("'=1+1", "=1+1"),
        ('="=1+1"', "=1+1"),
        *((text, text) for text in ("=1+1", "=A2", '="a"&"b"', "=SUM(1)", "=Ann", "=")),
        *((text, text) for text in ("'t Hooft", "'Aisha", "'90s kid", "'", "O'Neill", "5'10")),
    ],
)
def test_the_value_is_inside_the_marks_that_keep_zeros(typed: str, value: str) -> None:
    assert clean_cell(typed) == value
    assert clean_row(["Ann", typed, "Zoë"]) == ["Ann", value, "Zoë"]
    assert clean_row(["Ann", typed])[1] == value


@pytest.mark.parametrize(
    ("phone", "email"),
    [
        ('="0612345678"', '="ann@example.com"'),
        ('"=""0612345678"""', '"=""ann@example.com"""'),
        ("'0612345678", "'ann@example.com"),
        ("=0612345678", '="Ann <ann@example.com>"'),
    ],
)
def test_an_export_that_keeps_zeros_is_read_in_every_column(
    tmp_path: Path, phone: str, email: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        f'="Name",="Email",Phone,Zip,metadata.id\n="Ann",{email},{phone},="02138",\'007'
    )
    with read_sheet(path) as sheet:
        columns = map_columns(sheet.headers)
        [row] = read_candidates(sheet, columns, lambda _: "key", default_region="FR")
    assert row.candidate is not None
    assert (row.candidate.name, row.candidate.email) == ("Ann", "ann@example.com")
    assert row.candidate.phone_number == "+33612345678"
    assert (row.candidate.data, row.candidate.metadata) == ({"Zip": "02138"}, {"id": "007"})
