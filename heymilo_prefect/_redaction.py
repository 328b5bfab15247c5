"""Remove personal data from text: patterns for what looks like it, and what a request sent."""

import re
from collections.abc import Mapping
from typing import Any

EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
PHONE = re.compile(r"\+?\d[\d\s().-]{6,}\d")

_MAX_LENGTH = 200
_MATCHES_NOTHING = r"(?!)"


def redact_text(text: str, sent: re.Pattern[str]) -> str:
    """Replace what was sent, e-mail addresses and phone numbers with `…`, on one line, cut."""
    text = PHONE.sub("…", EMAIL.sub("…", sent.sub("…", text)))
    text = " ".join(text.split())
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"


def personal_texts(body: Any) -> re.Pattern[str]:
    """Compile a pattern that matches every text in a request's body, the longest first."""
    found: set[str] = set()

    def walk(part: Any, key: str = "") -> None:
        if isinstance(part, str):
            words = part.split() if key == "name" else []
            found.update(text for text in (part.strip(), *words) if len(text) > 2)
        elif isinstance(part, Mapping):
            for inner_key, inner in part.items():
                walk(inner, inner_key)
        elif isinstance(part, list):
            for inner in part:
                walk(inner)

    walk(body)
    longest_first = sorted(found, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or _MATCHES_NOTHING, re.IGNORECASE)
