"""What is known of one posted message, and how messages are found in a channel."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self

from heymilo_prefect.slack.errors import SlackError
from heymilo_prefect.slack.targets import Channel

SUMMARY = "heymilo_summary"
THREAD = "heymilo_thread"
MESSAGE = "heymilo_message"
NOTICE = "heymilo_notice"
STALLED = "heymilo_stalled"
TOGETHER = "interview_ids"

_FIELDS = dict.fromkeys((THREAD, MESSAGE, NOTICE, STALLED), "key") | {SUMMARY: "interview_id"}
_QUERY = re.compile(r'(https?://[^\s"<>|?#]+)[?#][^\s"<>|]*')


@dataclass(frozen=True)
class MessageKey:
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


def together(abouts: Sequence[MessageKey]) -> dict[str, Any]:
    """Write the metadata of one message about many interviews."""
    payload = {TOGETHER: [about.subject for about in abouts], "part": 0}
    return {"event_type": SUMMARY, "event_payload": payload}


def subjects_of(metadata: Any) -> tuple[list[MessageKey], dict[str, Any]]:
    """Read what a message is about, and the rest of its metadata; nothing when it isn't ours."""
    if not isinstance(metadata, dict):
        return [], {}
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if event_type not in _FIELDS or not isinstance(payload, dict):
        return [], {}
    many = payload.get(TOGETHER)
    if isinstance(many, list):
        return [MessageKey(event_type, str(one)) for one in many], payload
    one = payload.get(_FIELDS[event_type])
    return ([MessageKey(event_type, str(one))] if one else []), payload


def content_of(text: str, blocks: list[dict[str, Any]]) -> bytes:
    """Return what makes a part's content: links count without their query, which signs them anew.

    HeyMilo's links to files may be signed, and then differ each time they are asked for.
    """
    written = json.dumps([text, blocks], sort_keys=True, ensure_ascii=False)
    return _QUERY.sub(r"\1", written).encode()


CANNOT_READ_ERRORS = frozenset(
    {"missing_scope", "not_in_channel", "channel_not_found", "not_allowed_token_type"}
)
"""Slack's codes for a channel that the app may post to, and can't read."""

REMOVED = frozenset({"message_not_found", "thread_not_found"})
"""Slack's codes for a message that was deleted."""

Part = tuple[str | None, str | None]
"""A message's `ts` and what tells its content, each None where that isn't known."""


@dataclass
class FoundMessage:
    """What stands in the channel about something.

    Attributes:
        parts: The message as 0, its replies from 1 on.
        of: How many parts there were to be.
        look: What made it look so, other than its data.
        thread: The `ts` of the message in whose thread the first part is, if it is in one.
        together: Whether the message is about others too.
        has_thread: Whether there are replies to it.
        is_whole: Whether as many replies are there as were to be, and nobody else wrote any:
            then they needn't be read.
    """

    parts: dict[int, Part] = field(default_factory=dict)
    of: int = 1
    look: str = ""
    thread: str | None = None
    together: bool = False
    has_thread: bool = False
    is_whole: bool = False

    @property
    def ts(self) -> str | None:
        """What names the message in the channel."""
        return self.parts[0][0] if 0 in self.parts else None


ChannelContents = dict[MessageKey, FoundMessage]


async def scan_channel(
    channel: Channel, oldest: float, threads: Iterable[str] = ()
) -> ChannelContents:
    """Read the channel since a moment, the threads of our own making, and some others.

    Args:
        channel: The channel; its id is known.
        oldest: The moment, in epoch seconds.
        threads: The `ts` of the other threads' messages.

    Raises:
        SlackError: It can't be read; for want of a scope when `.error` is in `CANNOT_READ_ERRORS`.
    """
    standing: ChannelContents = {}
    wanted = dict.fromkeys(threads)
    async for message in channel.history(oldest):
        abouts = _take(standing, message)
        if message.get("reply_count") and any(about.event_type == THREAD for about in abouts):
            wanted[message["ts"]] = None
    for ts in wanted:
        await _take_thread(standing, channel, ts)
    return standing


async def scan_thread(channel: Channel, ts: str) -> ChannelContents:
    """Read one thread, its first message with it. Raises what `scan_channel` raises."""
    standing: ChannelContents = {}
    await _take_thread(standing, channel, ts)
    return standing


async def _take_thread(standing: ChannelContents, channel: Channel, ts: str) -> None:
    """Read one thread. Of a deleted message Slack shows the replies alone, or knows no thread."""
    try:
        async for message in channel.replies(ts):
            _take(standing, message)
    except SlackError as error:
        if error.error not in REMOVED:
            raise


def _take(standing: ChannelContents, message: dict[str, Any]) -> list[MessageKey]:
    abouts, payload = subjects_of(message.get("metadata"))
    part = payload.get("part")
    for about in abouts if isinstance(part, int) else ():
        found = standing.setdefault(about, FoundMessage())
        found.parts.setdefault(int(part or 0), (message["ts"], payload.get("content")))
        found.together = TOGETHER in payload
        if part == 0:
            found.of = int(payload.get("parts") or 1)
            found.look = str(payload.get("look") or "")
            found.has_thread = bool(message.get("reply_count"))
            writers = message.get("reply_users") or []
            alone = writers == [message.get("user")] if found.of > 1 else True
            found.is_whole = alone and int(message.get("reply_count") or 0) == found.of - 1
            thread = message.get("thread_ts")
            found.thread = thread if thread != message["ts"] else None
    return abouts


End = Literal["unknown", "gone", "together"]
_NOBODY_KNOWS: Part = (None, None)


@dataclass(frozen=True)
class PostRecord:
    """A message and its replies, as they stand in a channel. It holds no text.

    Attributes:
        parts: The message, then its replies.
        of: How many parts there were to be.
        look: What made it look so, other than its data.
        thread: The `ts` of the message in whose thread all of it is.
        posting: The part that is being posted: its end wasn't seen.
        at: Since when, in epoch seconds.
        end: Why nothing is done about it any more: `unknown`, it may be there; `gone`, a person
            deleted it; `together`, it is in one message with others.
    """

    parts: tuple[Part, ...] = ()
    of: int = 1
    look: str = ""
    thread: str | None = None
    posting: int | None = None
    at: float | None = None
    end: End | None = None

    @classmethod
    def load(cls, record: Any) -> Self:
        """Make it of a record; of None when there is none."""
        record = record or {}
        return cls(**record | {"parts": tuple((ts, mark) for ts, mark in record.get("parts", ()))})

    def dump(self) -> dict[str, Any]:
        """Make a record of it."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def is_new(self) -> bool:
        """Whether nothing was posted."""
        return not self.parts and self.end is None

    @property
    def is_partial(self) -> bool:
        """Whether some of its parts were posted, and others are still to be."""
        return self.end is None and 0 < len(self.parts) < self.of

    @property
    def ts(self) -> str | None:
        """What names the message in the channel."""
        return self.parts[0][0] if self.parts else None

    @property
    def where(self) -> str | None:
        """The `ts` of the message in whose thread its replies are."""
        return self.thread or self.ts

    def begun(self, now: float) -> Self:
        """Before its next part is posted."""
        return replace(self, posting=len(self.parts), at=now)

    def done(self, ts: str | None, content: str | None) -> Self:
        """After its next part was posted."""
        return replace(self.undone(), parts=(*self.parts, (ts, content)))

    def undone(self) -> Self:
        """After its next part was refused."""
        return replace(self, posting=None, at=None)

    def ended(self, end: End, ts: str | None = None) -> Self:
        """When nothing is to be done about it any more."""
        return type(self)(parts=((ts, None),) if ts else (), end=end)

    def changed(self, part: int, ts: str | None, content: str) -> Self:
        """After a part was edited."""
        return replace(self, parts=(*self.parts[:part], (ts, content), *self.parts[part + 1 :]))

    def cut_to(self, count: int) -> Self:
        """After replies were taken back."""
        return replace(self, parts=self.parts[:count])

    def taken_as_it_is(self, contents: Sequence[str], look: str) -> Self:
        """When it would look otherwise now for other reasons than its data: so be it."""
        parts: list[Part] = [
            (ts, mark) for (ts, _), mark in zip(self.parts, contents, strict=False)
        ]
        if len(self.parts) >= self.of:
            parts += [_NOBODY_KNOWS] * (len(contents) - len(parts))
        return replace(self, parts=tuple(parts), look=look)

    def with_replies(self, found: FoundMessage) -> Self:
        """When its thread was read."""
        parts = [
            found.parts.get(part, known) if known[0] is None else known
            for part, known in enumerate(self.parts)
        ]
        return replace(self, parts=tuple(parts))

    def settled_blindly(self) -> Self:
        """When a post's end wasn't seen, and the channel can't be read."""
        if self.posting == 0:
            return self.ended("unknown")
        return self.done(*_NOBODY_KNOWS)

    def settled(self, found: FoundMessage | None) -> Self:
        """When a post's end wasn't seen, and the channel was read."""
        if found is None or (0 not in found.parts and not self.parts):
            return self.undone()
        if found.together:
            return self.ended("together", found.parts[0][0])
        parts = dict(enumerate(self.parts)) | found.parts
        whole = [parts.get(part, _NOBODY_KNOWS) for part in range(max(parts) + 1)]
        return replace(
            self.undone(),
            parts=tuple(whole),
            of=max(self.of, found.of),
            look=self.look or found.look,
            thread=self.thread or found.thread,
        )
