"""What holds for every sheet and every text, tried on generated ones."""

import phonenumbers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from heymilo_prefect.sheets import Row, Sheet, SheetError, map_columns, read_candidates
from heymilo_prefect.sheets.emails import read_email
from heymilo_prefect.sheets.phones import PHONE_AS_TYPED, read_phone
from tests.sheets import ReadRow, read_rows

some = settings(deadline=None, derandomize=True, max_examples=200)
many = settings(deadline=None, derandomize=True, max_examples=300)

MARK = "zqx"
"""Stands in every cell of letters, and in no sentence of ours."""

texts = st.text(max_size=20)
headers = st.one_of(
    texts,
    st.sampled_from(
        [
            *("Name", "Vorname", "Nom", "Apellidos", "Phone", "Mobile", "Retake", "Posting"),
            *("City", "metadata.source", "E-mail", "Notes", "Name (full)", "Email (work)"),
        ]
    ),
)
addresses = st.builds(
    "{}{}@{}".format,
    st.sampled_from(["ann", "Ann", "bob"]),
    st.just(MARK),
    st.sampled_from(["example.com", "EXAMPLE.com"]),
)
cells = st.one_of(
    st.just(""),
    texts,
    st.sampled_from(["yes", "nein", "0", "Total", "Summe", "12.5", "cook", "+12025550123", "x"]),
    st.builds(lambda text: f"{text} {MARK}", texts),
    st.builds("{}{}{}".format, addresses, st.sampled_from(["", ", ", " <", " "]), addresses),
    st.just(f"{MARK}@example"),
    st.from_regex(r"[+0-9()/x.,;\- ]{1,24}", fullmatch=True),
)
rows = st.one_of(
    st.lists(cells, max_size=7),
    st.builds(
        lambda name, address, others: [f"{name} {MARK}", address, *others],
        texts,
        addresses,
        st.lists(cells, max_size=5),
    ),
)
sheets = st.tuples(
    st.lists(headers, max_size=4).map(lambda others: ["Name", "Email", *others]),
    st.lists(rows, max_size=12),
    st.sampled_from([None, "US", "DE"]),
)


def resolve_posting(text: str) -> str:
    if MARK in text:
        raise ValueError("there is no such posting")
    return text[:1]


def parse(
    headers: list[str], rows: list[list[str]], region: str | None
) -> tuple[list[Row], list[ReadRow]] | None:
    try:
        columns = map_columns(headers)
    except SheetError:
        return None
    numbered = [Row(number, row) for number, row in enumerate(rows, 2)]
    sheet = Sheet("a.csv", headers, iter(numbered))
    return numbered, read_rows(
        read_candidates(sheet, columns, resolve_posting, default_region=region)
    )


@some
@given(sheets)
def test_every_row_of_every_sheet_is_accounted_for_once(
    sheet: tuple[list[str], list[list[str]], str | None],
) -> None:
    if not (found := parse(*sheet)):
        return
    rows, parsed = found
    assert [row.number for row in parsed] == [row.number for row in rows]
    ready: dict[int, tuple[str, str]] = {}
    for row in parsed:
        assert (row.candidate is None) == (row.outcome is not None)
        assert MARK not in row.reason + row.shown
        assert row.outcome is None or row.reason
        assert (row.duplicate_of is not None) == (row.outcome == "duplicate")
        if row.candidate is not None:
            key = (row.url_key, row.candidate.email.casefold())
            assert key not in ready.values()
            ready[row.number] = key
        elif row.duplicate_of is not None:
            assert row.duplicate_of in ready
            assert row.duplicate_of < row.number


@some
@given(st.lists(headers, max_size=8))
def test_headers_are_mapped_each_to_one_thing_or_the_sheet_says_why(headers: list[str]) -> None:
    try:
        columns = map_columns(headers)
    except SheetError as error:
        assert "column_map={" in str(error)
        return
    mapped = [*columns.fields.values(), *columns.metadata.values(), *columns.data.values()]
    assert sorted(mapped) == [index for index, header in enumerate(headers) if header.split()]
    assert len(columns.mapping) == len(mapped)


@many
@given(st.one_of(st.text(), cells), st.sampled_from([None, "US", "DE", "BR"]))
@example("\ud800@example.com", None)
@example("1" * 300, "US")
@example("+" * 3, None)
def test_no_text_is_too_strange_for_a_phone_number_or_an_e_mail_address(
    text: str, region: str | None
) -> None:
    number, note = read_phone(text, region)
    assert (number == text) if note == PHONE_AS_TYPED else phonenumbers.parse(number)
    address, why = read_email(text)
    assert address or why
    assert MARK not in note + why


def by_phonenumbers(text: str) -> tuple[str, str]:
    try:
        number = phonenumbers.parse(text)
    except NumberParseException:
        return text, PHONE_AS_TYPED
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return text, PHONE_AS_TYPED
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), ""


def agrees(text: str) -> bool:
    return read_phone(text) == by_phonenumbers(text)


@many
@given(
    st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)),
    st.from_regex(r"[0-9]{1,16}", fullmatch=True),
)
def test_a_plain_number_is_read_as_phonenumbers_reads_it(code: int, national: str) -> None:
    assert agrees(f"+{code}{national}")


def test_a_plain_number_of_any_calling_code_is_read_as_phonenumbers_reads_it() -> None:
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        for first in range(0, 100, 3):
            for length in (4, 5, 7, 8, 9, 10, 11):
                assert agrees(f"+{code}{f'{first:02}98765432109'[:length]}")


@many
@given(st.from_regex(r"\+[0-9]{1,18}", fullmatch=True))
def test_a_number_of_no_country_is_read_as_phonenumbers_reads_it(text: str) -> None:
    assert agrees(text)
