"""The write-ahead log of posts: each message is posted once, and recovered after a crash.

An intent is recorded before each post. One without an end means that a run was killed or an answer
lost: then the channel itself is read before anything is posted there. It is read too where there
are no records of it at all, as on a new worker. Records hold no text.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, Protocol, Self

from prefect.logging import get_run_logger

from heymilo_prefect.blocks import SlackTarget
from heymilo_prefect.blocks.slack import target_of
from heymilo_prefect.slack import Channel, IncomingWebhook, SlackError, SlackOutcomeUnknownError
from heymilo_prefect.slack.client import wait_for_delivery
from heymilo_prefect.state.lock import RunLock
from heymilo_prefect.state.posts import (
    CANNOT_READ_ERRORS,
    REMOVED,
    ChannelContents,
    FoundMessage,
    MessageKey,
    PostRecord,
    content_of,
    scan_channel,
    scan_thread,
    together,
)
from heymilo_prefect.state.secret import TeamSecret
from heymilo_prefect.state.store import Snapshot, StateStore, state_key


class ChannelRecords:
    """The records of a target: `key` tells them from other targets', once they are found.

    A channel's name and its id lead to the same records, as soon as Slack has told which id it is.
    """

    def __init__(self, target: Channel | IncomingWebhook, memory: StateStore) -> None:
        self.key = ""
        self.state: dict[str, Any] = {}
        self._target = target
        self._memory = memory
        self._snapshots: Snapshot

    async def look(self) -> None:
        """Read what earlier runs left; Slack isn't asked."""
        pointer = await self._pointer()
        await self._open(self._key_by(pointer))

    async def find(self) -> None:
        """Find the records, and make sure by Slack which channel is meant."""
        target = self._target
        pointer = await self._pointer()
        if isinstance(target, Channel) and target.id is None:
            by_name = pointer
            if await target.look_up() is not None:
                pointer = await self._pointer()
                if pointer is None and by_name and by_name["id"] in (None, target.id):
                    pointer = by_name
            elif pointer is not None:
                target.id = pointer["id"]
        self.key = self._key_by(pointer)

    async def read(self) -> None:
        """Read what earlier runs left, once they are found."""
        await self._open(self.key)

    async def write(self, **state: Any) -> None:
        """Leave something for later runs."""
        if self.state | state != self.state:
            self.state = self.state | state
            await self._snapshots.write(self.state)

    async def point(self) -> None:
        """Let the channel's name and its id lead here."""
        target = self._target
        if isinstance(target, Channel):
            pointer = {"key": self.key, "id": target.id}
            for name in filter(None, (target.id, target.name)):
                if await self._memory.get(self._place(name)) != pointer:
                    await self._memory.record(self._place(name), pointer)

    async def _open(self, key: str) -> None:
        self.key = key
        self._snapshots = Snapshot(self._memory, f"{key}-state")
        self.state = await self._snapshots.read() or {}

    async def _pointer(self) -> Any:
        target = self._target
        if not isinstance(target, Channel):
            return None
        return await self._memory.get(self._place(target.id or target.name))

    def _key_by(self, pointer: Any) -> str:
        if pointer is not None:
            return str(pointer["key"])
        target = self._target
        origin, name = target.place
        return state_key("posted", origin, (isinstance(target, Channel) and target.id) or name)

    def _place(self, name: str) -> str:
        return state_key("channel", self._target.place[0], name.removeprefix("#"))


PostResult = Literal["posted", "edited", "standing", "unknown"]
"""`posted` now; `edited` in place; `standing` as it was; `unknown`: it may be there."""

Blocks = list[dict[str, Any]]
Piece = tuple[str, Blocks]

_READS_AT_ONCE = 16
_TRIES = 2
_CLOCKS_DIFFER_SECONDS = 3600
_NOT_EDITABLE = {"cant_update_message", "edit_window_closed", "cant_delete_message"}
_IN_FLIGHT = {"posting": 0}  # what a record means that was cut short


class Message(Protocol):
    """What can be posted: a message, and the replies that go into its thread."""

    @property
    def text(self) -> str: ...  # noqa: D102 - the class says it

    @property
    def blocks(self) -> Blocks: ...  # noqa: D102 - the class says it

    @property
    def thread(self) -> list[Blocks]: ...  # noqa: D102 - the class says it


class PostLog:
    """What was posted to one target; while it is entered, no other run posts there.

    Args:
        slack: The target.
        memory: Where the records are.
        seal: The team's secret.
        oldest: How far back the channel is read when there are no records, in epoch seconds.

    Raises:
        StateUnavailableError: On entering: the records or Prefect's server can't be reached, or
            another run posts there for 10 minutes.
        SlackError: On entering: Slack can't be asked.
    """

    def __init__(
        self, slack: SlackTarget, memory: StateStore, seal: TeamSecret, oldest: float
    ) -> None:
        self.target = target_of(slack)
        self.records = ChannelRecords(self.target, memory)
        self.unknown: set[MessageKey] = set()
        """What may have been posted, as this run found out."""
        self._memory = memory
        self._seal = seal
        self._oldest = oldest
        self._known: dict[MessageKey, PostRecord] = {}
        self._turn: RunLock

    async def __aenter__(self) -> Self:
        await self.records.find()
        name = self.records.key.replace("-", "_")
        self._turn = RunLock(name, f"posts to {self.target.name}")
        await self._turn.__aenter__()
        try:
            await self.records.read()
            searched = self.records.state.get("searched")
            if isinstance(self.target, Channel) and (searched is None or self._oldest < searched):
                await self._learn(self.target, is_new=searched is None)
        except BaseException:
            await self._turn.__aexit__()
            raise
        return self

    async def __aexit__(self, *why: Any) -> None:
        """Let other runs post there."""
        await self._turn.__aexit__()

    async def load(self, abouts: Sequence[MessageKey], since: float | None = None) -> None:
        """Read what is known of these, and recover posts whose result is unknown.

        Args:
            abouts: Which.
            since: When they were posted at the earliest, in epoch seconds, if they were. It counts
                where a record was cut short, and is `oldest` by default.
        """
        await self.read(abouts)
        in_flight = [about for about in abouts if self._known[about].posting is not None]
        if in_flight:
            await self._settle(in_flight, since)

    async def read(self, abouts: Iterable[MessageKey]) -> None:
        """Read what is known of these."""
        gate = asyncio.Semaphore(_READS_AT_ONCE)

        async def read(about: MessageKey) -> None:
            async with gate:
                record = await self._memory.get(self._place(about), _IN_FLIGHT)
                self._known[about] = PostRecord.load(record)

        new = [about for about in dict.fromkeys(abouts) if about not in self._known]
        await asyncio.gather(*map(read, new))

    def of(self, about: MessageKey) -> PostRecord:
        """Return what is known of something that was loaded."""
        return self._known[about]

    async def put(
        self, about: MessageKey, message: Message, look: str = "", thread: str | None = None
    ) -> PostResult:
        """Make the channel show a message: post it or change it, with its thread, or leave it.

        Args:
            about: What it is about.
            message: The message. A webhook gets it without its thread, and can't change it.
            look: What makes it look so, other than its data: where that changed since, what stands
                is left as it is.
            thread: The `ts` of the message in whose thread it goes, when it isn't posted yet.

        Raises:
            SlackError: It isn't posted, or not all of it; the next `put` goes on.
            StateUnavailableError: The records can't be used.
        """
        await self.load([about])
        posted = self._known[about]
        if about in self.unknown:
            return "unknown"
        if posted.end is not None or (posted.parts and not isinstance(self.target, Channel)):
            return "standing"
        replies = message.thread if isinstance(self.target, Channel) else []
        pieces = [(message.text, blocks) for blocks in (message.blocks, *replies)]
        look = self._seal.mark_of(look.encode())
        contents = [self._seal.mark_of(content_of(*piece)) for piece in pieces]
        if posted.is_new:
            posted = PostRecord(thread=thread, look=look)
        elif posted.look != look:
            posted = await self._keep(about, posted.taken_as_it_is(contents, look))
        self._known[about] = replace(posted, of=len(pieces))
        was_there = bool(posted.parts)
        is_changed = False
        for part, (piece, content) in enumerate(zip(pieces, contents, strict=True)):
            parts = self._known[about].parts
            if part == len(parts):
                if was_there and not await self._has_thread(about):
                    return "standing"
                await self._add(about, piece, content)
                if about in self.unknown:
                    return "unknown"
            elif parts[part][1] not in (None, content):
                is_changed = True
                await self._change(about, part, piece, content)
                if self._known[about].end is not None:
                    return "standing"
        if len(self._known[about].parts) > len(pieces):
            is_changed = True
            await self.delete(about, keep=len(pieces))
        return "posted" if not was_there else "edited" if is_changed else "standing"

    async def put_digest(self, about: Iterable[MessageKey], message: Message) -> PostResult:
        """Post one message, without a thread, about many things of which none was posted.

        Raises what `put` raises.
        """
        abouts = list(about)
        await self.load(abouts)
        piece = message.text, message.blocks

        def done(_: PostRecord, ts: str | None) -> PostRecord:
            return PostRecord().ended("together", ts)

        await self._send(abouts, piece, together(abouts), None, done)
        return "unknown" if abouts[0] in self.unknown else "posted"

    async def delete(self, about: MessageKey, keep: int = 0) -> None:
        """Delete the parts of a message but the first `keep`, the last one first.

        What a person deleted is as good as deleted, and what Slack lets no app delete stays there.

        Raises what `put` raises.
        """
        assert isinstance(self.target, Channel)
        posted = await self._with_replies(about)
        for ts, _ in reversed(posted.parts[keep:]):
            self._turn.check()
            try:
                if ts is not None:
                    await self.target.delete(ts)
            except SlackError as error:
                if error.error in _NOT_EDITABLE:
                    get_run_logger().warning("A message stays as it was: %s", error)
                elif error.error not in REMOVED:
                    raise
        await self._keep(about, posted.cut_to(keep))

    async def _add(self, about: MessageKey, piece: Piece, content: str) -> None:
        """Post the next part."""
        before = self._known[about]
        part = len(before.parts)
        metadata = about.metadata(part, before.of, content, before.look)
        thread = before.where if part else before.thread

        def done(posted: PostRecord, ts: str | None) -> PostRecord:
            return posted.done(ts, content)

        await self._send([about], piece, metadata, thread, done)

    async def _send(
        self,
        abouts: Sequence[MessageKey],
        piece: Piece,
        metadata: dict[str, Any],
        thread: str | None,
        done: Callable[[PostRecord, str | None], PostRecord],
    ) -> None:
        """Post once, again only when the channel shows that it isn't there; record what came of it.

        `done` says what is known of each thing once it stands there.
        """
        before = {about: self._known[about] for about in abouts}
        for tries_left in reversed(range(_TRIES)):
            now = time.time()
            for about in abouts:
                await self._keep(about, before[about].begun(now))
            try:
                ts = await self._post(*piece, metadata, thread)
            except SlackOutcomeUnknownError:
                await self._settle(abouts)
                if self._known[abouts[0]] != before[abouts[0]]:
                    return  # it is there, or nobody can tell
                if not tries_left:
                    raise SlackError(
                        f"Slack's answers were lost, and {self.target.name} shows that the message "
                        "isn't there: run again.",
                        "answers_lost",
                    ) from None
            except SlackError:
                for about in abouts:
                    await self._keep(about, before[about])
                raise
            else:
                for about in abouts:
                    await self._keep(about, done(before[about], ts))
                return

    async def _change(self, about: MessageKey, part: int, piece: Piece, content: str) -> None:
        """Edit a part in place; a message that a person deleted stays so."""
        assert isinstance(self.target, Channel)
        posted = await self._with_replies(about)
        ts = posted.parts[part][0]
        if ts is not None:
            self._turn.check()
            metadata = about.metadata(part, posted.of, content, posted.look)
            try:
                await self.target.edit(ts, *piece, metadata)
            except SlackError as error:
                if error.error in REMOVED:
                    ts = None
                elif error.error in _NOT_EDITABLE:
                    get_run_logger().warning("A message stays as it was: %s", error)
                else:
                    raise
        is_gone = ts is None and part == 0
        await self._keep(
            about, posted.ended("gone") if is_gone else posted.changed(part, ts, content)
        )

    async def _has_thread(self, about: MessageKey) -> bool:
        """Make sure that a person didn't delete the message: Slack would show its replies alone."""
        where = self._known[about].where
        if where is None or not isinstance(self.target, Channel) or self.target.id is None:
            return True
        try:
            standing = await scan_thread(self.target, where)
        except SlackError as error:
            if error.error not in CANNOT_READ_ERRORS:
                raise
            return True
        is_there = any(found.ts == where for found in standing.values())
        if not is_there:
            await self._keep(about, PostRecord().ended("gone"))
        return is_there

    async def _with_replies(self, about: MessageKey) -> PostRecord:
        """Learn which replies there are, where the record doesn't say."""
        posted = self._known[about]
        if posted.where is None or all(ts for ts, _ in posted.parts):
            return posted
        assert isinstance(self.target, Channel)
        standing = await scan_thread(self.target, posted.where)
        return await self._keep(about, posted.with_replies(standing.get(about, FoundMessage())))

    async def _post(
        self, text: str, blocks: Blocks, metadata: dict[str, Any], thread: str | None
    ) -> str | None:
        self._turn.check()
        if not isinstance(self.target, Channel):
            await self.target.post(text, blocks)
            return None
        known = self.target.id
        ts = await self.target.post(text, blocks, metadata, thread)
        if known is None:
            await self.records.point()
        return ts

    async def _settle(self, abouts: Sequence[MessageKey], since: float | None = None) -> None:
        """Find out what became of posts whose end nobody saw."""
        before = [self._known[about] for about in abouts]
        times = [posted.at for posted in before if posted.at is not None]
        is_known = len(times) == len(before)
        earliest = min(times) if is_known else since
        oldest = self._oldest if earliest is None else earliest - _CLOCKS_DIFFER_SECONDS
        threads = {posted.where for posted in before if posted.where}
        standing = await self._search(oldest, threads)
        lacks = standing is not None and any(
            posted.posting not in standing.get(about, FoundMessage()).parts
            for about, posted in zip(abouts, before, strict=True)
        )
        if lacks and await wait_for_delivery(max(times) if is_known else None):
            standing = await self._search(oldest, threads)
        for about, posted in zip(abouts, before, strict=True):
            if standing is None:
                await self._keep(about, posted.settled_blindly())
                self.unknown.add(about)
            else:
                await self._keep(about, await self._settled(posted, standing.get(about), about))

    async def _settled(
        self, posted: PostRecord, found: FoundMessage | None, about: MessageKey
    ) -> PostRecord:
        """Settle a post by what was found; its replies are read unless they needn't be."""
        assert isinstance(self.target, Channel)
        if found is not None and 0 in found.parts and not found.together and not found.thread:
            ts = found.parts[0][0]
            if found.is_whole:
                found.parts = dict.fromkeys(range(1, found.of), (None, None)) | found.parts
            elif found.has_thread and ts is not None and not posted.parts:  # else it was read
                found.parts |= (await scan_thread(self.target, ts)).get(about, FoundMessage()).parts
        return posted.settled(found)

    async def _search(self, oldest: float, threads: Iterable[str] = ()) -> ChannelContents | None:
        """Read the channel; returns None when it can't be read."""
        if not isinstance(self.target, Channel) or self.target.id is None:
            return None
        try:
            return await scan_channel(self.target, oldest, threads)
        except SlackError as error:
            if error.error not in CANNOT_READ_ERRORS:
                raise
        return None

    async def _learn(self, channel: Channel, is_new: bool) -> None:
        """Read from the channel what was posted there, where there are no records of it."""
        standing = await self._search(self._oldest)
        if standing is None and is_new:
            get_run_logger().warning(
                "%s can't be read: what was posted there before is known from Prefect's result "
                "storage alone. Invite the app, and give it the scopes channels:read and "
                "channels:history (groups:read and groups:history where the channel is private).",
                channel.name,
            )
        await self.read(standing or ())
        for about, found in (standing or {}).items():
            posted = self._known[about]
            if posted.is_new and posted.posting is None and 0 in found.parts:
                await self._keep(about, await self._settled(posted, found, about))
        await self.records.write(searched=self._oldest)
        await self.records.point()

    async def _keep(self, about: MessageKey, posted: PostRecord) -> PostRecord:
        """Record what is known now."""
        self._known[about] = posted
        await self._memory.record(self._place(about), posted.dump())
        return posted

    def _place(self, about: MessageKey) -> str:
        return state_key("post", self.records.key, about.event_type, about.subject)
