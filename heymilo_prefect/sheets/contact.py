"""How to reach a candidate: an e-mail address or phone number as typed -> as it is sent."""

import re

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

PHONE_AS_TYPED = (
    "the phone number is sent as typed: it isn't a full one, with + and the country code"
)

_IN_BRACKETS = re.compile(r"[^<>]*<([^<>]*)>")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_AT_MOST = 64
# The addresses that nearly everybody has, and email-validator accepts, 30 times as fast.
_USUAL_EMAIL = re.compile(
    r"[A-Za-z0-9_]+(?:[.+-][A-Za-z0-9_]+)*@((?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,})"
)
_SPECIAL_DOMAIN = re.compile(
    rf"(?:.*\.)?(?:{'|'.join(map(re.escape, SPECIAL_USE_DOMAIN_NAMES))})", re.I
)
_ONLY_DIGITS = re.compile(r"[\d\s().\-/]+")


def read_email(text: str) -> tuple[str, str]:
    """Read an e-mail address, also `Name <a@example.com>` or `mailto:a@example.com`.

    The domain isn't looked up.

    Returns:
        The address and `""`, or `""` and why there is none, without what was typed.
    """
    address = text
    if bracketed := _IN_BRACKETS.fullmatch(address):
        address = bracketed[1].strip()
    if address[:7].lower() == "mailto:":
        address = address[7:].partition("?")[0].strip()
    if not address.isascii():
        address = _INVISIBLE.sub("", address)
    if not address:
        return "", "no e-mail address"
    if (
        len(address) <= _AT_MOST
        and (usual := _USUAL_EMAIL.fullmatch(address))
        and not _SPECIAL_DOMAIN.fullmatch(usual[1])
    ):
        return address, ""
    try:
        return validate_email(address, check_deliverability=False).normalized, ""
    except EmailNotValidError as error:
        return "", f"e-mail address isn't valid: {_without_values(str(error))}"


def read_phone(text: str) -> tuple[str, str]:
    """Read a phone number: in E.164 where its country is known, otherwise as typed.

    Returns:
        The number, and `""` or a warning.
    """
    if "+" in text or "\uff0b" in text:
        full, checked = text, False
    elif not _ONLY_DIGITS.fullmatch(text):
        return text, PHONE_AS_TYPED
    else:
        digits = re.sub(r"\D", "", text)
        checked = not digits.startswith("00")
        if checked and len(digits) < 11:
            return text, PHONE_AS_TYPED
        full = "+" + digits.removeprefix("00")
    try:
        number = phonenumbers.parse(full, None)
    except NumberParseException:
        return text, PHONE_AS_TYPED
    # A number with its + is believed when its length fits; one without must be in the numbering
    # plan, for its first digits may be no country code at all.
    if checked:
        is_good = phonenumbers.is_valid_number(number)
    else:
        reason = phonenumbers.is_possible_number_with_reason(number)
        is_good = reason == ValidationResult.IS_POSSIBLE
    if not is_good:
        return text, PHONE_AS_TYPED
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), ""


def _without_values(message: str) -> str:
    """email-validator's sentence, cut where it begins to quote the address."""
    sentence = re.split(r": | \(", message.replace("@-sign", "@"))[0].rstrip(".")
    return sentence[:1].lower() + sentence[1:]
