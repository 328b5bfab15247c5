"""Redact an interview: names, e-mail addresses, phone numbers, links and transcript text."""

import re
from typing import Any

from heymilo_prefect._redaction import EMAIL, PHONE
from heymilo_prefect.api.models import Interview

_BLOCK = "█"
_PERSONAL = {"name", "email", "phone", "phone_number", "candidate_id"}
_UTTERANCE = {"speaker", "text"}
_LINK = re.compile(r"(https?://)[^\s<>\"]+")


def redacted(interview: Interview) -> Interview:
    """Return a copy with personal data blacked out in its length; scores and dates stay."""
    name = interview.name or ""
    words = sorted({re.escape(word) for word in name.split() if len(word) > 1}, key=len)
    names = re.compile("|".join(reversed(words)) or r"(?!)", re.IGNORECASE)

    def redact(value: Any, is_personal: bool = False) -> Any:
        if isinstance(value, dict):
            personal = _PERSONAL | ({"text"} if value.keys() >= _UTTERANCE else set())
            return {key: redact(inner, key in personal) for key, inner in value.items()}
        if isinstance(value, list):
            return [redact(inner, is_personal) for inner in value]
        if not isinstance(value, str):
            return value
        if is_personal:
            return _blacked_out(value)
        value = _LINK.sub(rf"\1{_BLOCK * 3}", value)
        for pattern in (EMAIL, PHONE, names):
            value = pattern.sub(lambda found: _blacked_out(found[0]), value)
        return value

    return Interview.model_validate(redact(interview.model_dump()))


def _blacked_out(text: str) -> str:
    return re.sub(r"\S", _BLOCK, text)
