"""A text without what doesn't change what it says: accents, case, punctuation, the invisible."""

import re
import unicodedata

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


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
