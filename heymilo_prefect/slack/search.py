"""Finds what of ours stands in a channel: the channel is the memory that nobody can lose."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from heymilo_prefect.slack.about import THREAD, TOGETHER, About, subjects_of
from heymilo_prefect.slack.channel import Channel
from heymilo_prefect.slack.errors import SlackError

UNREADABLE = frozenset(
    {"missing_scope", "not_in_channel", "channel_not_found", "not_allowed_token_type"}
)
"""Slack's codes for a channel that the app may post to, and can't read."""

REMOVED = frozenset({"message_not_found", "thread_not_found"})
"""Slack's codes for a message that was deleted."""

Part = tuple[str | None, str | None]
"""A message's `ts` and what tells its content, each None where that isn't known."""


@dataclass
class Found:
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


Standing = dict[About, Found]


async def search(channel: Channel, oldest: float, threads: Iterable[str] = ()) -> Standing:
    """Read the channel since a moment, the threads of our own making, and some others.

    Args:
        channel: The channel; its id is known.
        oldest: The moment, in epoch seconds.
        threads: The `ts` of the other threads' messages.

    Raises:
        SlackError: It can't be read; for want of a scope when `.error` is in `UNREADABLE`.
    """
    standing: Standing = {}
    wanted = dict.fromkeys(threads)
    async for message in channel.history(oldest):
        abouts = _take(standing, message)
        if message.get("reply_count") and any(about.event_type == THREAD for about in abouts):
            wanted[message["ts"]] = None
    for ts in wanted:
        await _take_thread(standing, channel, ts)
    return standing


async def search_thread(channel: Channel, ts: str) -> Standing:
    """Read one thread, its first message with it. Raises what `search` raises."""
    standing: Standing = {}
    await _take_thread(standing, channel, ts)
    return standing


async def _take_thread(standing: Standing, channel: Channel, ts: str) -> None:
    """Read one thread. Of a deleted message Slack shows the replies alone, or knows no thread."""
    try:
        async for message in channel.replies(ts):
            _take(standing, message)
    except SlackError as error:
        if error.error not in REMOVED:
            raise


def _take(standing: Standing, message: dict[str, Any]) -> list[About]:
    abouts, payload = subjects_of(message.get("metadata"))
    part = payload.get("part")
    for about in abouts if isinstance(part, int) else ():
        found = standing.setdefault(about, Found())
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
