"""What became of each row: beside the row's own cells, whole or not at all, and inert."""

import csv
import io
import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
import openpyxl  # type: ignore[import-untyped]
import pytest

from heymilo_prefect.sheets import (
    Row,
    Sheet,
    SheetError,
    map_columns,
    read_candidates,
    read_sheet,
    results,
)
from heymilo_prefect.sheets.results import check_results_path, write_results

HEADERS = ["Name", "Email"]
ADDED = ["Row", "Outcome", "Reason", "Interview ID", "Interview link"]
UNSEEN = ("Cc", "Cf", "Zl", "Zp", "Zs")
ANN, BOB = ["Ann", "ann@example.com"], ["Bob", "bob@example.com"]


@dataclass
class Said:
    outcome: str
    reason: str = ""
    interview_id: str | None = None
    interview_link: str | None = None


RESULTS = {3: Said("ingested", "", "int_1", "https://example.com/i/1"), 4: Said("rejected", "why")}
BECAME = [
    ["3", "ingested", "", "int_1", "https://example.com/i/1"],
    ["4", "rejected", "why", "", ""],
    ["7", "not sent", "", "", ""],
]


def sheet_of(*rows: list[str], headers: list[str] | None = None) -> Sheet:
    numbered = [Row(number, cells) for number, cells in zip((3, 4, 7), rows, strict=False)]
    return Sheet("a.csv", headers or HEADERS, iter(numbered))


def read(path: Path | str) -> list[list[str]]:
    with fsspec.open(str(path), "rb") as file:
        content = file.read()
    if content.startswith(b"PK"):
        rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
        return [[value or "" for value in row] for row in rows]
    assert content.startswith(b"\xef\xbb\xbf"), "Excel takes it for another encoding"
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def refusal(refused: Callable[..., None], *args: Any) -> str:
    with pytest.raises(SheetError) as error:
        refused(*args)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None
    assert "secret" not in str(error.value)
    return str(error.value)


# --- what is written


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "A.XLSX", "sub/folder/a.csv"])
def test_the_sheet_s_own_columns_then_each_row_s_result(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    check_results_path(str(path))
    write_results(str(path), sheet_of(ANN, BOB, ["Zoë"]), RESULTS.get)
    assert read(path) == [
        [*HEADERS, *ADDED],
        [*ANN, *BECAME[0]],
        [*BOB, *BECAME[1]],
        ["Zoë", "", *BECAME[2]],
    ]
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_sheet_without_rows_still_has_its_headers(tmp_path: Path, name: str) -> None:
    write_results(str(tmp_path / name), sheet_of(), RESULTS.get)
    assert read(tmp_path / name) == [[*HEADERS, *ADDED]]


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+15551234567",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u00a0+1",
        "\u200b=1",
        "\ufeff-1",
        "\x00@A",
        "\uff1d1",
    ],
)
def test_no_cell_runs_as_a_formula(tmp_path: Path, cell: str) -> None:
    sheet, said = sheet_of([cell, cell], headers=[cell, "Email"]), Said(cell, cell, cell, cell)
    write_results(str(tmp_path / "a.csv"), sheet, lambda number: said)
    text = f"'{cell}"
    assert read(tmp_path / "a.csv")[0][0] == text
    assert read(tmp_path / "a.csv")[1] == [text, text, "3", text, text, text, text]

    sheet = sheet_of([cell, cell], headers=[cell, "Email"])
    write_results(str(tmp_path / "a.xlsx"), sheet, lambda number: said)
    cells = openpyxl.load_workbook(tmp_path / "a.xlsx").active[2]
    assert {each.data_type for each in cells} == {"s"}


def test_no_formula_hides_behind_what_cannot_be_seen(tmp_path: Path) -> None:
    unseen = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in UNSEEN]
    rows = [Row(number, [f"{char} {char}=1"]) for number, char in enumerate(unseen)]
    write_results(str(tmp_path / "a.csv"), Sheet("a", ["Email"], rows), RESULTS.get)
    assert len(unseen) > 200
    assert {row[0][0] for row in read(tmp_path / "a.csv")[1:]} == {"'"}


@pytest.mark.parametrize("cell", ["Ann", "a=b", "'=1", "https://example.com", "5551234567", "007"])
def test_other_cells_stay_as_they_are(tmp_path: Path, cell: str) -> None:
    for name in ("a.csv", "a.xlsx"):
        write_results(str(tmp_path / name), sheet_of([cell, ""]), RESULTS.get)
        assert read(tmp_path / name)[1][0] == cell


def test_a_cell_of_a_workbook_is_text_also_after_it_is_edited(tmp_path: Path) -> None:
    write_results(str(tmp_path / "a.xlsx"), sheet_of(["=1+1", ""]), RESULTS.get)
    cells = openpyxl.load_workbook(tmp_path / "a.xlsx").active[2]
    assert {cell.number_format for cell in cells} == {"@"}
    assert (cells[0].value, cells[0].data_type) == ("=1+1", "s")


def test_a_workbook_s_limits_lose_no_row_and_no_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "_XLSX_ROWS", 3)
    long = "\U0001f600" * 20_000
    write_results(str(tmp_path / "a.xlsx"), sheet_of(["a", long], ["b"], ["c"]), RESULTS.get)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    first, second = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
    assert [row[0] for row in first] == ["Name", "a", "b"]
    assert [row[0] for row in second] == ["Name", "c"]
    assert first[1][1] == long[:16_000] + " ... (cut: an XLSX cell holds no more)"


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_character_that_no_file_holds_does_not_cost_the_rest(tmp_path: Path, name: str) -> None:
    write_results(str(tmp_path / name), sheet_of(["A\ud800n\x07", ""], BOB), RESULTS.get)
    assert [row[0] for row in read(tmp_path / name)][0::2] == ["Name", "Bob"]


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_results_that_are_sent_again_have_one_outcome_a_row(tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    phone = "+15551234567"
    sheet = sheet_of([*ANN, phone, "mine"], headers=[*HEADERS, "Phone", "Outcome"])
    write_results(path, sheet, RESULTS.get)
    with read_sheet(path) as again:
        write_results(path, again, {2: Said("duplicate")}.get)
    header, row = read(path)
    assert header == [*HEADERS, "Phone", "Outcome", *ADDED]
    assert row[3:] == ["mine", "2", "duplicate", "", "", ""]
    assert row[2].strip("'") == phone


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_results_that_are_read_as_a_sheet_give_the_same_candidates(
    tmp_path: Path, name: str
) -> None:
    path = str(tmp_path / name)
    headers = ["Name", "Email", "Phone", "City"]
    sheet = sheet_of(["=Ann", "ann@example.com", "+15551234567", "@home"], headers=headers)
    write_results(path, sheet, RESULTS.get)
    with read_sheet(path) as again:
        columns = map_columns(again.headers)
        (row,) = read_candidates(again, columns, lambda text: "key")
    assert row.candidate is not None
    assert row.candidate.model_dump(exclude_defaults=True) == {
        "name": "=Ann", "email": "ann@example.com", "phone_number": "+15551234567",
        "data": {"City": "@home"},
    }  # fmt: skip
    assert [columns.mapping[added] for added in ADDED] == [None] * 5


def test_columns_that_only_look_like_ours_are_the_sheet_s_own(tmp_path: Path) -> None:
    sheet = sheet_of(["1", "mine"], headers=["Row", "Outcome"])
    write_results(str(tmp_path / "a.csv"), sheet, RESULTS.get)
    assert read(tmp_path / "a.csv") == [["Row", "Outcome", *ADDED], ["1", "mine", *BECAME[0]]]


# --- whole or not at all


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_what_breaks_midway_leaves_the_good_file(tmp_path: Path, name: str) -> None:
    def rows() -> Iterator[Row]:
        yield Row(2, ANN)
        raise SheetError("The sheet ended.")

    path = tmp_path / name
    path.write_bytes(b"good")
    with pytest.raises(SheetError, match="The sheet ended"):
        write_results(str(path), Sheet("a", HEADERS, rows()), RESULTS.get)
    assert os.listdir(tmp_path) == [name]
    assert path.read_bytes() == b"good"


def test_only_the_owner_may_read_it_unless_it_was_decided(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_results(str(path), sheet_of(ANN), RESULTS.get)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    write_results(str(path), sheet_of(ANN), RESULTS.get)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_to_a_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "b.csv").symlink_to(tmp_path / "a.csv")
    write_results(str(tmp_path / "b.csv"), sheet_of(ANN), RESULTS.get)
    assert (tmp_path / "b.csv").is_symlink()
    assert read(tmp_path / "a.csv")[1] == [*ANN, *BECAME[0]]


# --- file systems


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_results_go_where_fsspec_writes(ftp: Any, tmp_path: Path, name: str) -> None:
    for url, path in (
        (f"memory://results/{name}", f"memory://results/{name}"),
        ((tmp_path / name).as_uri(), tmp_path / name),
        (ftp.link(f"June/{name}"), ftp.root / "June" / name),
        (ftp.link(f"June/{name}"), ftp.root / "June" / name),
    ):
        check_results_path(url)
        write_results(url, sheet_of(ANN), RESULTS.get)
        assert read(path) == [[*HEADERS, *ADDED], [*ANN, *BECAME[0]]]
    assert not [left for left in os.listdir(ftp.root / "June") if "part" in left]


def test_an_upload_that_fails_leaves_the_good_file(ftp: Any) -> None:
    (ftp.root / "b.csv").write_bytes(b"good")
    said = refusal(write_results, ftp.link("b.csv", "reader"), sheet_of(ANN), RESULTS.get)
    assert said.startswith('The results can\'t be written to "127.0.0.1/b.csv" (error_perm). Check')
    assert (ftp.root / "b.csv").read_bytes() == b"good"


# --- found before anything is sent


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("a.txt", '"a.txt": its name must end in .csv or .xlsx'),
        ("s3://bucket/secret/a", '"bucket/a": its name must end in .csv or .xlsx'),
        ("https://example.com/secret/a.csv?k=secret", 'written to "example.com/a.csv": give a'),
        ("zip://a.csv::s3://bucket/secret.zip", "its name must end in"),
        ("simplecache::s3://bucket/a.csv", "give a path, or a link such as"),
        ("s4://bucket/secret/a.csv", '"s4://" links aren\'t supported'),
        ("ftp://ann:secret@127.0.0.1:1/a.csv", '"127.0.0.1/a.csv" (ConnectionRefusedError). Check'),
        ("a\0.csv", "the path isn't valid"),
        ("{folder}/folder.csv", "it is a folder"),
        ("{folder}/file/a.csv", "exists"),
        ("/proc/a.csv", "can't be written"),
    ],
)
def test_an_unwritable_results_path_is_an_error_before_anything_is_sent(
    tmp_path: Path, path: str, says: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").touch()
    assert says in refusal(check_results_path, path.replace("{folder}", str(tmp_path)))


def test_a_package_that_is_missing_is_named() -> None:
    try:
        fsspec.get_filesystem_class("s3")
    except ImportError:
        said = refusal(check_results_path, "s3://bucket/secret/a.csv")
        assert said.endswith('pip install "heymilo-prefect[s3]".')
    else:
        pytest.skip("it is installed here")


def test_the_sheet_itself_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"Email\n")
    (tmp_path / "b.csv").symlink_to(path)
    same = "is the sheet itself. Write the results to another file."
    for where, source in (
        (str(path), path),
        (path.as_uri(), path),
        (str(tmp_path / "b.csv"), path),
    ):
        assert refusal(check_results_path, where, source).endswith(same)
    assert refusal(check_results_path, "memory://a.csv", "memory://a.csv").endswith(same)
    check_results_path(str(tmp_path / "c.csv"), path)
    check_results_path(str(path), "https://example.com/a.csv")


def test_a_later_failure_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "a.csv"
    check_results_path(str(path))
    path.parent.rmdir()
    said = refusal(write_results, str(path), sheet_of(ANN), RESULTS.get)
    assert said == f'The results can\'t be written to "{path}": No such file or directory.'
