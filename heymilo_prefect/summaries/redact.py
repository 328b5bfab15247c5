"""Redact an interview: names, e-mail addresses, phone numbers, links and transcript text."""

import re
from typing import Any

from heymilo_prefect._redaction import EMAIL, PHONE
from heymilo_prefect.api.models import Interview

_BLOT = "█"
_PERSONAL = {"name", "email", "phone", "phone_number", "candidate_id"}
_UTTERANCE = {"speaker", "text"}
_LINK = re.compile(r"(https?://)[^\s<>\"]+")


def redacted(interview: Interview) -> Interview:
    """Return a copy with blots of the same length; scores, states and dates stay."""
    name = interview.name or ""
    words = sorted({re.escape(word) for word in name.split() if len(word) > 1}, key=len)
    names = re.compile("|".join(reversed(words)) or r"(?!)", re.IGNORECASE)

    def blot(value: Any, whole: bool = False) -> Any:
        if isinstance(value, dict):
            personal = _PERSONAL | ({"text"} if value.keys() >= _UTTERANCE else set())
            return {key: blot(inner, key in personal) for key, inner in value.items()}
        if isinstance(value, list):
            return [blot(inner, whole) for inner in value]
        if not isinstance(value, str):
            return value
        if whole:
            return _all(value)
        value = _LINK.sub(rf"\1{_BLOT * 3}", value)
        for pattern in (EMAIL, PHONE, names):
            value = pattern.sub(lambda found: _all(found[0]), value)
        return value

    return Interview.model_validate(blot(interview.model_dump()))


def _all(text: str) -> str:
    return re.sub(r"\S", _BLOT, text)
