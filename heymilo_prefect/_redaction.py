"""Remove personal data: from error messages, and from an interview that is previewed."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)

_EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_PHONE = re.compile(r"\+?\d[\d\s().-]{6,}\d")

_MAX_LENGTH = 200
_MATCHES_NOTHING = r"(?!)"
_BLOCK = "█"
_PERSONAL = {"name", "email", "phone", "phone_number", "candidate_id"}
_UTTERANCE = {"speaker", "text"}
_LINK = re.compile(r"(https?://)[^\s<>\"]+")


def redact_text(text: str, sent: re.Pattern[str]) -> str:
    """Replace what was sent, e-mail addresses and phone numbers by `…`; returns one short line."""
    text = _PHONE.sub("…", _EMAIL.sub("…", sent.sub("…", text)))
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


def redacted(interview: M, name: str | None) -> M:
    """Return a copy of an interview with personal data blacked out; scores and dates stay.

    Redacted are the candidate's `name` wherever it occurs, e-mail addresses, phone numbers, links
    and the text of transcripts. The length of each text stays.
    """
    name = name or ""
    words = sorted({re.escape(word) for word in name.split() if len(word) > 1}, key=len)
    names = re.compile("|".join(reversed(words)) or _MATCHES_NOTHING, re.IGNORECASE)

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
        for pattern in (_EMAIL, _PHONE, names):
            value = pattern.sub(lambda found: _blacked_out(found[0]), value)
        return value

    return type(interview).model_validate(redact(interview.model_dump()))


def _blacked_out(text: str) -> str:
    return re.sub(r"\S", _BLOCK, text)
