"""What a message is about: Slack keeps it beside the message, unseen by people, as its metadata."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SUMMARY = "heymilo_summary"
THREAD = "heymilo_thread"
MESSAGE = "heymilo_message"
NOTICE = "heymilo_notice"
STALLED = "heymilo_stalled"
TOGETHER = "interview_ids"

_FIELDS = dict.fromkeys((THREAD, MESSAGE, NOTICE, STALLED), "key") | {SUMMARY: "interview_id"}
_QUERY = re.compile(r'(https?://[^\s"<>|?#]+)[?#][^\s"<>|]*')


@dataclass(frozen=True)
class About:
    """What a message is about: an interview's summary by the interview's id, others by a key."""

    event_type: str
    subject: str

    def metadata(self, part: int, parts: int, content: str, look: str) -> dict[str, Any]:
        """Write the metadata of one of its parts: 0 is the message, the others are replies.

        Args:
            part: Which.
            parts: How many there are to be.
            content: What tells this part's content from another one.
            look: What made it look so, other than its data.
        """
        payload: dict[str, Any] = {_FIELDS[self.event_type]: self.subject, "part": part}
        payload |= {"parts": parts, "content": content, "look": look}
        return {"event_type": self.event_type, "event_payload": payload}


def together(abouts: Sequence[About]) -> dict[str, Any]:
    """Write the metadata of one message about many interviews."""
    payload = {TOGETHER: [about.subject for about in abouts], "part": 0}
    return {"event_type": SUMMARY, "event_payload": payload}


def subjects_of(metadata: Any) -> tuple[list[About], dict[str, Any]]:
    """Read what a message is about, and the rest of its metadata; nothing when it isn't ours."""
    if not isinstance(metadata, dict):
        return [], {}
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if event_type not in _FIELDS or not isinstance(payload, dict):
        return [], {}
    many = payload.get(TOGETHER)
    if isinstance(many, list):
        return [About(event_type, str(one)) for one in many], payload
    one = payload.get(_FIELDS[event_type])
    return ([About(event_type, str(one))] if one else []), payload


def content_of(text: str, blocks: list[dict[str, Any]]) -> bytes:
    """Return what makes a part's content: links count without their query, which signs them anew.

    HeyMilo's links to files may be signed, and then differ each time they are asked for.
    """
    written = json.dumps([text, blocks], sort_keys=True, ensure_ascii=False)
    return _QUERY.sub(r"\1", written).encode()
