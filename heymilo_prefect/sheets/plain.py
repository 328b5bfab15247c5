"""A text without what doesn't change what it says: accents, case, punctuation, the invisible."""

import re
import unicodedata

INVISIBLE = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
    "\u2066\u2067\u2068\u2069\ufeff"
)
"""Zero-width characters, and marks that turn the direction of text."""

AND_OR = "and|or|und|oder|et|ou|y|o|e"
"""The words between two things in one cell, for a pattern."""

_INVISIBLE = re.compile(f"[{INVISIBLE}]")


def folded(text: str) -> str:
    """Take away case and accents: "Prénom" and "PRENOM" are one."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each)).casefold()


def squeezed(text: str) -> str:
    """Keep the letters and digits of a folded text: "E-mail" and "e_mail" are one."""
    return "".join(each for each in folded(text) if each.isalnum())


def without_invisible(text: str) -> str:
    """Take away zero-width characters and marks that turn the direction of text."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def is_garbled(text: str) -> bool:
    """Return whether a program read this text in a wrong encoding before it saved it.

    UTF-8 that was read as Windows-1252 or Latin-1 is UTF-8 again when it is turned back, which
    real text practically never is.

    Example:
        >>> is_garbled("Zo\u00c3\u00ab"), is_garbled("Zo\ufffd"), is_garbled("Zo\u00eb")
        (True, True, False)
    """
    if text.isascii():
        return False
    for encoding in ("cp1252", "latin-1"):
        try:
            text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return True
    return "\ufffd" in text
