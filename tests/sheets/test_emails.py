"""E-mail addresses as people type them."""

import re

import pytest
from email_validator import EmailNotValidError, validate_email

from heymilo_prefect.sheets.emails import SEVERAL_EMAILS, read_email


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("ann@example.com", "ann@example.com"),
        ("Ann.Lee+jobs@example.com", "Ann.Lee+jobs@example.com"),
        ("ANN@EXAMPLE.COM", "ANN@example.com"),
        ("Ann Lee <ann@example.com>", "ann@example.com"),
        ("Núñez, José <jose@example.com>", "jose@example.com"),
        ("<ann@example.com>", "ann@example.com"),
        ("mailto:ann@example.com", "ann@example.com"),
        ("MAILTO:ann@example.com?subject=Hi", "ann@example.com"),
        ("Ann <mailto:ann@example.com>", "ann@example.com"),
        ("ann\u200b@exam\u200bple.com", "ann@example.com"),
        ("josé@example.com", "josé@example.com"),
        ("jose\u0301@example.com", "josé@example.com"),
        ("ann@sub.example.com", "ann@sub.example.com"),
        ("o'hara@example.com", "o'hara@example.com"),
        ("'ann@example.com'", "ann@example.com"),
        ("\u201cann@example.com\u201d", "ann@example.com"),
        ("ann@example.com.", "ann@example.com"),
        ("ann@example.com;", "ann@example.com"),
        ("(ann@example.com)", "ann@example.com"),
        ("E-Mail: ann@example.com", "ann@example.com"),
        ("<ann@example.com> (work)", "ann@example.com"),
        ("[ann@example.com](mailto:ann@example.com)", "ann@example.com"),
        ("ann@example.com, Ann@Example.com", "ann@example.com"),
    ],
)
def test_an_address_is_read(typed: str, address: str) -> None:
    assert read_email(typed) == (address, "")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "no e-mail address"),
        ("<>", "no e-mail address"),
        ("mailto:", "no e-mail address"),
        ("@example.com", "e-mail address isn't valid: there must be something before the @"),
        ("ann@", "e-mail address isn't valid: there must be something after the @"),
        ("secretann", "must have an @"),
        ("secretann@example", "It should have a period"),
        ("secret ann@example.com", "invalid characters before the @"),
        ("secret lee@example.com", "invalid characters before the @"),
        ("secret, ann@example.com", "invalid characters before the @"),
        ("o hara@example.com", "invalid characters before the @"),
        ("secret(at)example.com", "must have an @"),
        ("ann@example, secret@example", "invalid characters"),
        ("secretann@x.test", "special-use"),
        ("secretann@xn--zz.com", "IDNA"),
        ("ann@secret\u2019name.com", "the part after the @ is invalid"),
        ("x" * 300 + "@example.com", "too long"),
    ],
)
def test_a_rejected_address_has_a_reason_that_does_not_quote_it(typed: str, why: str) -> None:
    address, reason = read_email(typed)
    assert address == ""
    assert why in reason
    assert "secret" not in reason
    assert not re.search(r"[:,] '|[^\x20-\x7e]", reason)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("ann@example.com; bob@example.com", "ann@example.com"),
        ("ann@example.com,bob@example.com", "ann@example.com"),
        ("ann@example.com / bob@example.com", "ann@example.com"),
        ("ann@example.com bob@example.com", "ann@example.com"),
        ("ann@example.com\nbob@example.com", "ann@example.com"),
        ("ann@example.com or bob@example.com", "ann@example.com"),
        ("ann@example.com (bob@example.com)", "ann@example.com"),
        ("Ann <ann@example.com>, Bob <bob@example.com>", "ann@example.com"),
        ("Lee, Ann <ann@example.com>; bob@example.com", "ann@example.com"),
        ("ann@example, bob@example.com", "bob@example.com"),
    ],
)
def test_of_several_addresses_the_first_valid_one_is_used_with_a_note(
    typed: str, address: str
) -> None:
    assert read_email(typed) == (address, SEVERAL_EMAILS)


LOCALS = ["a", "a.b", "a..b", ".a", "a.", "a-b", "-a", "a+b", "a_b", "_a", "a" * 64, "a" * 65, "A"]
DOMAINS = [
    *("example.com", "a.example.com", "example", "ex_ample.com", "-x.com", "x-.com", "x--y.com"),
    *("xn--zz.com", "ab--c.com", "x..com", ".com", "x.c", "x.c0m", "x.123", "1.2.3.4"),
    *("x.test", "x.local", "a.x.invalid", "localhost", "x.localhost", "x.onion", "x.arpa"),
    *("a" * 63 + ".com", "a" * 64 + ".com", "test.com", "local.example.com", "X.COM"),
]


@pytest.mark.parametrize("domain", DOMAINS)
def test_nothing_is_accepted_that_the_library_rejects(domain: str) -> None:
    for local in LOCALS:
        typed = f"{local}@{domain}"
        try:
            expected = validate_email(typed, check_deliverability=False).normalized
        except EmailNotValidError:
            expected = ""
        assert read_email(typed)[0] == expected
