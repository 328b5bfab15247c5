"""Normalize phone numbers as people type them: to E.164 if the country is known."""

import re
import unicodedata
from functools import cache

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
)

from heymilo_prefect.sheets.text import AND_OR, without_float, without_invisible
from heymilo_prefect.wording import quoted

PHONE_AS_TYPED = (
    "the phone number is sent as typed: it isn't a full one, with + and the country code"
)
SEVERAL_PHONES = "the cell holds several phone numbers: the first full one is sent"
NO_EXTENSION = "the phone number is sent without its extension"

_AT_MOST = 250
_DIGITS_OF_A_NUMBER = 7
_BETWEEN = re.compile(rf"[/;,|&\n]|(?<=[\d)])\s+(?=\+)|\s(?:{AND_OR})\s", re.IGNORECASE)
_EXTENSION = re.compile(
    r"(?<=[\d\s).,;])(?:ext(?:n|ension)?|x|#|durchwahl|dw|poste|anexo|ramal)[.:=\s]*\d{1,7}\s*$",
    re.IGNORECASE,
)
# The text around a number has no digit, and no letter that touches one: that might belong to the
# number, as in "012O".
_NUMBER = re.compile(
    r"(?:[^\d+(]|\((?!\s*[+\d]))*"
    r"(?<!\w)(?P<number>\(?\s*\+?\s*[\d(][\d\s().\u2010-\u2015\u2212-]*)(?!\w)"
    r"[^\d+]*"
)
_COMMA_FLOAT = re.compile(r"(\+?\d{7,}),0+")


def check_region(default_region: str | None) -> str | None:
    """Return a region code in capitals, or None for None.

    Raises:
        ValueError: There is no such region.
    """
    if default_region is None:
        return None
    region = default_region.upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(
            f"default_region {quoted(default_region)} isn't a region. Use two letters of ISO "
            '3166, such as "US", "GB" or "DE".'
        )
    return region


def read_phone(text: str, default_region: str | None = None) -> tuple[str, str]:
    """Read a phone number: as E.164 if its country is known, otherwise as typed.

    With a `+` it must have a possible length. Without one it must be a valid number: of
    `default_region` if there is one, else an international one of 11 digits or more, for with 10
    digits one American number in twenty would turn Malaysian.

    Args:
        text: What was typed: one number, or several, of which the first full one is read.
        default_region: Where a number without `+` is from, ISO 3166, two letters.

    Returns:
        The number, and `""` or what to know about it, without what was typed.

    Raises:
        ValueError: There is no such region.

    Example:
        >>> read_phone("(202) 555-0123", "US")
        ('+12025550123', '')
    """
    if _is_plain_e164(text):
        return text, ""
    region = check_region(default_region)
    if len(text) > _AT_MOST:
        return text, PHONE_AS_TYPED
    numbers = _numbers(unicodedata.normalize("NFKC", without_invisible(text)))
    # Splitting may cut a number: the part must be a valid number, not just one of possible length.
    is_cut = len(numbers) > 1
    read = [_e164(_EXTENSION.sub("", each), region, must_be_valid=is_cut) for each in numbers]
    for typed, number in zip(numbers, read, strict=True):
        if number:
            notes = [SEVERAL_PHONES] if len(set(read)) > 1 else []
            notes += [NO_EXTENSION] if _EXTENSION.search(typed) else []
            return number, "; ".join(notes)
    return text, PHONE_AS_TYPED


def _numbers(text: str) -> list[str]:
    """Split a cell into its numbers; a slash may also follow an area code."""
    parts = [part for part in _BETWEEN.split(text) if part.strip()]
    lengths = [sum(map(str.isdigit, part)) for part in parts]
    if lengths and min(lengths) >= _DIGITS_OF_A_NUMBER:
        return parts
    is_area_code = lengths[:1] and lengths[0] < _DIGITS_OF_A_NUMBER
    return [text.replace("/", " ") if is_area_code else text]


def _e164(text: str, region: str | None, must_be_valid: bool) -> str:
    """Return a number as E.164, or `""` if its country is unknown or it isn't possible there."""
    typed = text.strip()
    whole = _COMMA_FLOAT.fullmatch(typed)
    found = _NUMBER.fullmatch(whole[1] if whole else without_float(typed))
    if found is None:
        return ""
    full = found["number"]
    digits = "".join(filter(str.isdigit, full))
    has_code = "+" in full or digits.startswith("00")
    if not has_code and region is None:
        if len(digits) < 11:
            return ""
        full = f"+{digits}"
    elif "+" not in full and has_code:
        full = f"+{digits[2:]}"
    number = _parsed(full, region)
    if number is None:
        return ""
    # With a +, a possible length is enough. Without one the number must be in the numbering plan,
    # because its first digits may not be a country code.
    if has_code and not must_be_valid:
        reason = phonenumbers.is_possible_number_with_reason(number)
        is_good = reason == ValidationResult.IS_POSSIBLE
    else:
        is_good = phonenumbers.is_valid_number(number)
        is_good = is_good and (has_code or not _has_two_readings(digits, number))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if is_good else ""


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _has_two_readings(digits: str, national: PhoneNumber) -> bool:
    """Return whether a national number is also valid with its country code: 491701234567."""
    if not digits.startswith(str(national.country_code)):
        return False
    full = _parsed(f"+{digits}", None)
    return full is not None and full != national and phonenumbers.is_valid_number(full)


def _is_plain_e164(text: str) -> bool:
    """Return whether phonenumbers would return this text unchanged; much faster than asking it."""
    if not (text[:1] == "+" and text[1:].isdecimal() and text.isascii()):
        return False
    pattern = _plain_e164(text[1:4])
    return pattern is not None and pattern.fullmatch(text) is not None


@cache
def _plain_e164(start: str) -> re.Pattern[str] | None:
    """Return a pattern of E.164 numbers with this start that phonenumbers returns unchanged.

    Their length is possible, and they don't start with a possible national prefix.
    """
    if start[0] == "0":
        return None
    for code in (int(start[:end]) for end in (1, 2, 3)):
        region = phonenumbers.region_code_for_country_code(code)
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        if metadata and metadata.general_desc:
            prefix = metadata.national_prefix_for_parsing
            lengths = metadata.general_desc.possible_length
            national = "|".join(f"[0-9]{{{length}}}" for length in lengths)
            return re.compile(rf"\+{code}{f'(?!{prefix})' if prefix else ''}(?:{national})")
    return None
