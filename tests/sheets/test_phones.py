"""Phone numbers as people type them."""

import pytest

from heymilo_prefect.sheets.phones import (
    NO_EXTENSION,
    PHONE_AS_TYPED,
    SEVERAL_PHONES,
    check_region,
    read_phone,
)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+12025550123", "+12025550123"),
        ("+1 (202) 555-0123", "+12025550123"),
        ("tel:+1-202-555-0123", "+12025550123"),
        ("\uff0b44 7700 900123", "+447700900123"),
        ("+44 (0)7700 900123", "+447700900123"),
        ("(+44) 7700 900123", "+447700900123"),
        ("0044 7700 900123", "+447700900123"),
        ("61491570156", "+61491570156"),
        ("1-202-555-0123", "+12025550123"),
        ("12025550123", "+12025550123"),
        ("12025550123.0", "+12025550123"),
        ("1.2025550123E+10", "+12025550123"),
        ("Mobile (home): +1 202 555 0123", "+12025550123"),
        ("+49 170 1234567 mob", "+491701234567"),
        ("+49 170/1234567", "+491701234567"),
        ("+39 06 698 1234", "+39066981234"),
        ("\uff0b\uff11 202 555 0123", "+12025550123"),
        ("+1\u00a0202\u2011555\u20130123\u200e", "+12025550123"),
        ("+1 202 555 0123 / +1 (202) 555-0123", "+12025550123"),
    ],
)
def test_a_number_whose_country_is_known_is_normalized(typed: str, number: str) -> None:
    assert read_phone(typed) == (number, "")


@pytest.mark.parametrize(
    "typed",
    [
        "+1234567890",
        "+999123456789",
        "+",
        "07700 900123",
        "07700900123",
        "(202) 555-0123",
        "2025550123",
        "555 0143",
        "10000000000",
        "1.55512E+10",
        "202 555 0123 / 202 555 0124",
        "+1 202 555 012O",
        "O+12025550123",
        "+49 170 12345ab",
        "+1 202 555 0123 after 6",
        "+49 89 1234567/68",
        "+49 (0)2234 / 7654321",
        "+1" + " " * 300 + "2025550123",
        "call after 6pm",
        "00",
    ],
)
def test_any_other_number_is_sent_as_typed_with_a_warning(typed: str) -> None:
    assert read_phone(typed) == (typed, PHONE_AS_TYPED)


@pytest.mark.parametrize(
    ("region", "typed", "number"),
    [
        ("US", "(202) 555-0123", "+12025550123"),
        ("us", "202.555.0123", "+12025550123"),
        ("US", "12025550123", "+12025550123"),
        ("US", "+49 170 1234567", "+491701234567"),
        ("US", "0049 170 1234567", "+491701234567"),
        ("GB", "020 7946 0018", "+442079460018"),
        ("DE", "0170 / 1234567", "+491701234567"),
        ("DE", "0170/1234567", "+491701234567"),
        ("DE", "1701234567", "+491701234567"),
        ("BR", "(11) 98765-4321", "+5511987654321"),
        ("BR", "5511987654321", "+5511987654321"),
    ],
)
def test_a_number_without_its_country_is_of_the_default_region(
    region: str, typed: str, number: str
) -> None:
    assert read_phone(typed, region) == (number, "")


@pytest.mark.parametrize(
    ("region", "typed"),
    [("US", "555 0143"), ("US", "447700900123"), ("DE", "491701234567"), ("DE", "+999123456")],
)
def test_a_number_that_is_none_of_the_region_or_may_be_two_is_sent_as_typed(
    region: str, typed: str
) -> None:
    assert read_phone(typed, region) == (typed, PHONE_AS_TYPED)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+1 202 555 0123 / +1 202 555 0124", "+12025550123"),
        ("+12025550123 +12025550124", "+12025550123"),
        ("M: +1 202 555 0123; H: +1 202 555 0124", "+12025550123"),
        ("12025550123 or 12025550124", "+12025550123"),
        ("202 555 0123, +1 202 555 0124", "+12025550124"),
        ("+43 1 234567 / 7654321", "+431234567"),
    ],
)
def test_of_several_numbers_the_first_full_one_is_sent_with_a_note(typed: str, number: str) -> None:
    assert read_phone(typed) == (number, SEVERAL_PHONES)


@pytest.mark.parametrize(
    "extension", [" x123", "x123", " ext. 123", ", ext 123", ";ext=123", " #1"]
)
def test_an_extension_is_left_out_with_a_note(extension: str) -> None:
    assert read_phone(f"+1 202 555 0123{extension}") == ("+12025550123", NO_EXTENSION)


@pytest.mark.parametrize("region", ["UK", "USA", "", "Germany", "001"])
def test_an_unknown_region_is_an_error_that_says_what_to_write(region: str) -> None:
    for check in (check_region, lambda region: read_phone("202 555 0123", region)):
        with pytest.raises(ValueError, match='Use two letters of ISO 3166, such as "US"'):
            check(region)
