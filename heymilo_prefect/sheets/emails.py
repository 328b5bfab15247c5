"""Normalize e-mail addresses as people type them."""

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from heymilo_prefect.sheets.text import AND_OR, without_invisible

SEVERAL_EMAILS = "the cell holds several e-mail addresses: the first valid one is used"

_IN_BRACKETS = re.compile(r"[^<>]*<([^<>]*)>")
_LABEL = re.compile(r"(?:mailto|e-?mail|mail)\s*:", re.I)
_BEFORE = " \t\r\n,;:\"'`\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb<>()[]"
_AFTER = _BEFORE + "."
_LABELLED = re.compile(r"[^@:()\[\]]*:(.*)", re.S)
_BETWEEN = re.compile(rf"[\s,;|/&()\[\]]+(?:(?:{AND_OR})\s+)?", re.I)
_AT_MOST = 64
_LONGEST_CELL = 400
# Nearly all addresses match this, 30 times as fast as email-validator, which accepts them all.
_USUAL_EMAIL = re.compile(
    r"[A-Za-z0-9_]+(?:[.+-][A-Za-z0-9_]+)*@((?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,})"
)
_SPECIAL_DOMAIN = re.compile(
    rf"(?:.*\.)?(?:{'|'.join(map(re.escape, SPECIAL_USE_DOMAIN_NAMES))})", re.I
)


def read_email(text: str) -> tuple[str, str]:
    """Read an e-mail address, also `Name <a@example.com>`, `mailto:a@example.com`, or the first.

    The domain isn't looked up. Half of an address is never taken for an address: "ann
    lee@example.com" isn't valid.

    Returns:
        The address, and a note or `""`; or `""`, and the reason why it isn't valid. Neither text
        contains what was typed.
    """
    text = without_invisible(text)
    bracketed = _IN_BRACKETS.fullmatch(text)
    address = _bare(bracketed[1] if bracketed else text)
    if not address:
        return "", "no e-mail address"
    valid, problem = _validated(address)
    if not problem:
        return valid, ""
    pieces = _pieces(text)
    for piece in pieces:
        valid, invalid = _validated(piece)
        if not invalid:
            return valid, SEVERAL_EMAILS if len({each.casefold() for each in pieces}) > 1 else ""
    return "", problem


def is_address(text: str) -> bool:
    """Return whether a text is an e-mail address, also behind a label: `Recruiter: a@b.com`.

    A longer text that mentions one isn't: "Email (ann@example.com if unsure)" is a header.
    """
    if "@" not in text or len(text) > _LONGEST_CELL:
        return False
    labelled = _LABELLED.match(text)
    return bool(read_email(labelled[1] if labelled else text)[0])


def _bare(text: str) -> str:
    """Remove quotes, brackets, a label and punctuation around an address."""
    text = text.lstrip(_BEFORE)
    if label := _LABEL.match(text):
        text = text[label.end() :].partition("?")[0].lstrip(_BEFORE)
    return text.rstrip(_AFTER)


def _pieces(text: str) -> list[str]:
    """Split a cell into its addresses; return none if a part isn't one, as it may be a half."""
    parts = re.split("[<>]", text)
    kept = (part for place, part in enumerate(parts) if place % 2 or "@" in part)
    pieces = [bare for piece in _BETWEEN.split(" ".join(kept)) if (bare := _bare(piece))]
    return pieces if all("@" in piece for piece in pieces) else []


def _validated(address: str) -> tuple[str, str]:
    """Return the normalized address, or the reason why it isn't valid."""
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


def _without_values(message: str) -> str:
    """Return email-validator's message without the part that quotes the address."""
    sentence = re.split(r": | \(", message.replace("@-sign", "@"))[0].rstrip(".")
    return sentence[:1].lower() + sentence[1:]
