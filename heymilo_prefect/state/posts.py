"""The record of a posted message, and the search for a channel's own messages.

A message has parts: the message itself, part 0, and the replies in its thread. Its record is in one
of these states:

               start_part                  finish_part, more parts follow
        new ─────────────> in flight ───────────────────────────> partial
         ^                  │  │                                     │ start_part
         │    fail_part     │  │ finish_part, the last part          v
         └──────────────────┘  └──────────────> posted           in flight ...

    in flight, and the run was killed or Slack's response was lost:
        recover ── the channel has the part ────────────> posted or partial
                ── the channel doesn't have it ─────────> as before start_part
                ── the channel can't be read ───────────> closed as `unknown`

    close ──> `unknown`      it may be in the channel; nothing is posted again
              `gone`         a person deleted it; it stays deleted
              `in_digest`    it is part of one message about many interviews

A record contains timestamps and keyed hashes, never text.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self

from heymilo_prefect.slack.errors import SlackError
from heymilo_prefect.slack.targets import Target

SUMMARY = "heymilo_summary"
THREAD = "heymilo_thread"
MESSAGE = "heymilo_message"
NOTICE = "heymilo_notice"
STALLED = "heymilo_stalled"

_DIGEST_IDS = "interview_ids"
_FIELDS = dict.fromkeys((THREAD, MESSAGE, NOTICE, STALLED), "key") | {SUMMARY: "interview_id"}
_QUERY = re.compile(r'(https?://[^\s"<>|?#]+)[?#][^\s"<>|]*')

CANNOT_READ_ERRORS = frozenset(
    {"missing_scope", "not_in_channel", "channel_not_found", "not_allowed_token_type"}
)
"""Slack's codes for a channel that the app may post to, but can't read."""

DELETED_ERRORS = frozenset({"message_not_found", "thread_not_found"})
"""Slack's codes for a message that was deleted."""

Part = tuple[str | None, str | None]
"""The `ts` of a message and the hash of its content, each None if it isn't known."""
FinalState = Literal["unknown", "gone", "in_digest"]

_UNKNOWN_PART: Part = (None, None)


@dataclass(frozen=True)
class MessageKey:
    """What a message is about: a summary by its interview's id, other messages by a key.

    Slack keeps it with the message, as metadata that people don't see.
    """

    event_type: str
    subject: str

    def metadata(self, part: int, parts: int, content: str, style: str) -> dict[str, Any]:
        """Return the metadata of a part.

        Args:
            part: 0 for the message, others for its replies.
            parts: How many parts there will be.
            content: The hash of this part's content.
            style: The hash of what determines its look other than its data.
        """
        payload: dict[str, Any] = {_FIELDS[self.event_type]: self.subject, "part": part}
        payload |= {"parts": parts, "content": content, "look": style}
        return {"event_type": self.event_type, "event_payload": payload}


def digest_metadata(keys: Sequence[MessageKey]) -> dict[str, Any]:
    """Return the metadata of one message about many interviews."""
    payload = {_DIGEST_IDS: [key.subject for key in keys], "part": 0}
    return {"event_type": SUMMARY, "event_payload": payload}


def _parse_metadata(metadata: Any) -> tuple[list[MessageKey], dict[str, Any]]:
    """Return the keys in a message's metadata, and its payload; nothing if it isn't our own."""
    if not isinstance(metadata, dict):
        return [], {}
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if event_type not in _FIELDS or not isinstance(payload, dict):
        return [], {}
    many = payload.get(_DIGEST_IDS)
    if isinstance(many, list):
        return [MessageKey(event_type, str(subject)) for subject in many], payload
    subject = payload.get(_FIELDS[event_type])
    return ([MessageKey(event_type, str(subject))] if subject else []), payload


def comparable_content(text: str, blocks: list[dict[str, Any]]) -> bytes:
    """Return the content that decides whether a part has changed: links without their queries.

    HeyMilo's links to files may be signed, and then have another query each time.
    """
    written = json.dumps([text, blocks], sort_keys=True, ensure_ascii=False)
    return _QUERY.sub(r"\1", written).encode()


@dataclass
class FoundMessage:
    """What a channel has of a message.

    Attributes:
        parts: Its parts by number.
        expected_parts: How many parts there were to be.
        style_hash: The hash of what determines its look other than its data.
        thread_ts: The `ts` of the message whose thread has part 0, if it is a reply.
        in_digest: Whether the message is about other interviews too.
        has_thread: Whether it has replies.
        has_all_replies: Whether it has all its replies and no others, so that they needn't be
            read.
    """

    parts: dict[int, Part] = field(default_factory=dict)
    expected_parts: int = 1
    style_hash: str = ""
    thread_ts: str | None = None
    in_digest: bool = False
    has_thread: bool = False
    has_all_replies: bool = False

    @property
    def ts(self) -> str | None:
        """The `ts` of the message itself."""
        return self.parts[0][0] if 0 in self.parts else None


ChannelContents = dict[MessageKey, FoundMessage]


async def scan_channel(
    target: Target, oldest: float, threads: Iterable[str] = ()
) -> ChannelContents:
    """Find our own messages in a channel, the fallback where stored records are missing.

    Reads the channel's messages, the threads that our own messages start, and some others.

    Args:
        target: A channel that can be read; its id is known.
        oldest: How far back to read, in epoch seconds.
        threads: The `ts` of other messages whose threads to read.

    Raises:
        SlackError: The channel can't be read; for lack of a scope or of an invitation if `.error`
            is in `CANNOT_READ_ERRORS`.
    """
    contents: ChannelContents = {}
    wanted = dict.fromkeys(threads)
    async for message in target.history(oldest):
        keys = _add(contents, message)
        if message.get("reply_count") and any(key.event_type == THREAD for key in keys):
            wanted[message["ts"]] = None
    for ts in wanted:
        await _add_thread(contents, target, ts)
    return contents


async def scan_thread(target: Target, ts: str) -> ChannelContents:
    """Find our own messages in one thread. Raises what `scan_channel` raises."""
    contents: ChannelContents = {}
    await _add_thread(contents, target, ts)
    return contents


async def _add_thread(contents: ChannelContents, target: Target, ts: str) -> None:
    # Of a deleted message Slack returns only the replies, or no thread at all.
    try:
        async for message in target.replies(ts):
            _add(contents, message)
    except SlackError as error:
        if error.error not in DELETED_ERRORS:
            raise


def _add(contents: ChannelContents, message: dict[str, Any]) -> list[MessageKey]:
    keys, payload = _parse_metadata(message.get("metadata"))
    part = payload.get("part")
    for key in keys if isinstance(part, int) else ():
        found = contents.setdefault(key, FoundMessage())
        found.parts.setdefault(int(part or 0), (message["ts"], payload.get("content")))
        found.in_digest = _DIGEST_IDS in payload
        if part == 0:
            found.expected_parts = int(payload.get("parts") or 1)
            found.style_hash = str(payload.get("look") or "")
            found.has_thread = bool(message.get("reply_count"))
            writers = message.get("reply_users") or []
            alone = writers == [message.get("user")] if found.expected_parts > 1 else True
            replies = int(message.get("reply_count") or 0)
            found.has_all_replies = alone and replies == found.expected_parts - 1
            thread = message.get("thread_ts")
            found.thread_ts = thread if thread != message["ts"] else None
    return keys


@dataclass(frozen=True)
class PostRecord:
    """The record of a message and its replies; each transition returns the next record.

    Attributes:
        parts: The message, then its replies, as far as they were posted.
        expected_parts: How many parts there will be.
        style_hash: The hash of what determines its look other than its data.
        thread_ts: The `ts` of the message whose thread has all of it.
        in_flight: The part that is being posted; its result isn't known.
        in_flight_since: Since when, in epoch seconds.
        final_state: Why nothing is done about the message any more.
    """

    parts: tuple[Part, ...] = ()
    expected_parts: int = 1
    style_hash: str = ""
    thread_ts: str | None = None
    in_flight: int | None = None
    in_flight_since: float | None = None
    final_state: FinalState | None = None

    @classmethod
    def load(cls, record: Any) -> Self:
        """Read what `dump` returned; None is a new message."""
        record = record or {}
        return cls(**record | {"parts": tuple((ts, part) for ts, part in record.get("parts", ()))})

    def dump(self) -> dict[str, Any]:
        """Return the record as JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def is_new(self) -> bool:
        """Whether nothing was posted."""
        return not self.parts and self.final_state is None

    @property
    def is_partial(self) -> bool:
        """Whether some of its parts were posted, and others remain."""
        return self.final_state is None and 0 < len(self.parts) < self.expected_parts

    @property
    def ts(self) -> str | None:
        """The `ts` of the message itself."""
        return self.parts[0][0] if self.parts else None

    @property
    def replies_ts(self) -> str | None:
        """The `ts` of the message whose thread has its replies."""
        return self.thread_ts or self.ts

    def start_part(self, now: float) -> Self:
        """Record the intent to post the next part."""
        return replace(self, in_flight=len(self.parts), in_flight_since=now)

    def finish_part(self, ts: str | None, content: str | None) -> Self:
        """Record that the part was posted."""
        return replace(self.fail_part(), parts=(*self.parts, (ts, content)))

    def fail_part(self) -> Self:
        """Record that the part wasn't posted."""
        return replace(self, in_flight=None, in_flight_since=None)

    def with_parts(self, parts: Iterable[Part]) -> Self:
        """Record parts that were edited, deleted or read."""
        return replace(self, parts=tuple(parts))

    def close(self, final_state: FinalState, ts: str | None = None) -> Self:
        """Record that the message is final."""
        return type(self)(parts=((ts, None),) if ts else (), final_state=final_state)

    def accept_as_is(self, contents: Sequence[str], style_hash: str) -> Self:
        """Keep the message as posted: its template or mention has changed, but not its data.

        Args:
            contents: The hashes that its parts would have now.
            style_hash: The style that it would have now.
        """
        known = zip(self.parts, contents, strict=False)
        parts: list[Part] = [(ts, content) for (ts, _), content in known]
        if len(self.parts) >= self.expected_parts:
            parts += [_UNKNOWN_PART] * (len(contents) - len(parts))
        return replace(self, parts=tuple(parts), style_hash=style_hash)

    def recover(self, found: FoundMessage | None) -> Self:
        """Record the result of a part in flight, after the channel was read.

        Args:
            found: What the channel has of the message, None if it has nothing.
        """
        if found is None or (0 not in found.parts and not self.parts):
            return self.fail_part()
        if found.in_digest:
            return self.close("in_digest", found.parts[0][0])
        parts = dict(enumerate(self.parts)) | found.parts
        return replace(
            self.fail_part(),
            parts=tuple(parts.get(part, _UNKNOWN_PART) for part in range(max(parts) + 1)),
            expected_parts=max(self.expected_parts, found.expected_parts),
            style_hash=self.style_hash or found.style_hash,
            thread_ts=self.thread_ts or found.thread_ts,
        )

    def recover_unread(self) -> Self:
        """Record that the result of a part in flight can't be found out.

        A reply counts as posted, so that it isn't posted twice.
        """
        return self.close("unknown") if self.in_flight == 0 else self.finish_part(*_UNKNOWN_PART)
