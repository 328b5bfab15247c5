"""The write-ahead log of posts: each message is posted once, edited in place, and recovered.

Before each post, an intent is recorded; after it, the result. An intent without a result means that
the run was killed or that Slack's response was lost. Then the channel is read, and the post is
repeated only if the channel doesn't have it. The channel is read too where there are no records of
it, as on a new worker: it is the fallback that can't be lost. A target that can't be read, such as
an incoming webhook, relies on its records alone; there, a lost response leaves the message
`unknown`, and it is never posted again.

Only one run at a time posts to a channel; the others wait for its lock.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

from prefect.logging import get_run_logger

from heymilo_prefect.blocks import SlackTarget
from heymilo_prefect.blocks.slack import target_of
from heymilo_prefect.slack import SlackError, SlackMessage, SlackOutcomeUnknownError
from heymilo_prefect.slack.client import wait_for_delivery
from heymilo_prefect.slack.targets import Target
from heymilo_prefect.state.lock import RunLock
from heymilo_prefect.state.posts import (
    CANNOT_READ_ERRORS,
    DELETED_ERRORS,
    ChannelContents,
    FoundMessage,
    MessageKey,
    Part,
    PostRecord,
    comparable_content,
    digest_metadata,
    scan_channel,
    scan_thread,
)
from heymilo_prefect.state.secret import TeamSecret
from heymilo_prefect.state.store import Snapshot, StateStore, state_key

PostResult = Literal["posted", "edited", "unchanged", "unknown"]
"""What `put` did: `posted` or `edited` the message, left it `unchanged`; `unknown` if it may be in
the channel or not."""

Blocks = list[dict[str, Any]]
Content = tuple[str, Blocks]

_READS_AT_ONCE = 16
_ATTEMPTS = 2
_CLOCKS_DIFFER_SECONDS = 3600
_NOT_EDITABLE = {"cant_update_message", "edit_window_closed", "cant_delete_message"}
_IN_FLIGHT = {"in_flight": 0}  # what an incomplete record counts as


class ChannelRecords:
    """Where the records of a channel are, and what its runs leave for later ones.

    A channel can be given by name or by id, and be renamed. So its records have a key of their own,
    to which both its name and its id point once Slack has told which id the name has.

    Attributes:
        key: The key, once `find` or `peek` was called.
        state: What earlier runs left, once `load` or `peek` was called.
    """

    def __init__(self, target: Target, store: StateStore) -> None:
        self.key = ""
        self.state: dict[str, Any] = {}
        self._target = target
        self._store = store
        self._snapshot: Snapshot

    async def peek(self) -> None:
        """Read what earlier runs left, without calling Slack."""
        self.key = self._key_by(await self._read_pointer())
        await self.load()

    async def find(self) -> None:
        """Find the records; calls Slack to find out which channel is meant."""
        target = self._target
        pointer = await self._read_pointer()
        if target.can_read and target.id is None:
            by_name = pointer
            if await target.look_up() is not None:
                pointer = await self._read_pointer()
                if pointer is None and by_name and by_name["id"] in (None, target.id):
                    pointer = by_name
            elif pointer is not None:
                target.id = pointer["id"]
        self.key = self._key_by(pointer)

    async def load(self) -> None:
        """Read what earlier runs left."""
        self._snapshot = Snapshot(self._store, f"{self.key}-state")
        self.state = await self._snapshot.read() or {}

    async def save(self, **state: Any) -> None:
        """Leave something for later runs."""
        if self.state | state != self.state:
            self.state = self.state | state
            await self._snapshot.write(self.state)

    async def link_name_and_id(self) -> None:
        """Make the channel's name and its id point to these records."""
        target = self._target
        if target.can_read:
            pointer = {"key": self.key, "id": target.id}
            for name in filter(None, (target.id, target.name)):
                if await self._store.get(self._pointer_key(name)) != pointer:
                    await self._store.put(self._pointer_key(name), pointer)

    async def _read_pointer(self) -> Any:
        target = self._target
        if not target.can_read:
            return None
        return await self._store.get(self._pointer_key(target.id or target.name))

    def _key_by(self, pointer: Any) -> str:
        if pointer is not None:
            return str(pointer["key"])
        origin, name = self._target.identity
        return state_key("posted", origin, self._target.id or name)

    def _pointer_key(self, name: str) -> str:
        return state_key("channel", self._target.identity[0], name.removeprefix("#"))


class PostLog:
    """What was posted to one target. While it is entered, no other run posts there.

    Args:
        slack: The target's block.
        store: Where the records are.
        secret: The team's secret.
        oldest: How far back the channel is read if there are no records, in epoch seconds.

    Raises:
        StateUnavailableError: On entering: the records or Prefect's server can't be reached, or
            another run posts there for 10 minutes.
        SlackError: On entering: Slack can't be reached.
    """

    def __init__(
        self, slack: SlackTarget, store: StateStore, secret: TeamSecret, oldest: float
    ) -> None:
        self.target = target_of(slack)
        self.records = ChannelRecords(self.target, store)
        self.unknown: set[MessageKey] = set()
        """The messages that may have been posted, as this run found out."""
        self._store = store
        self._secret = secret
        self._oldest = oldest
        self._known: dict[MessageKey, PostRecord] = {}
        self._lock: RunLock

    async def __aenter__(self) -> Self:
        await self.records.find()
        name = self.records.key.replace("-", "_")
        self._lock = RunLock(name, f"posts to {self.target.name}")
        await self._lock.__aenter__()
        try:
            await self.records.load()
            searched = self.records.state.get("searched")
            if self.target.can_read and (searched is None or self._oldest < searched):
                await self._import_from_channel(is_first=searched is None)
        except BaseException:
            await self._lock.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: Any) -> None:
        """Release the lock."""
        await self._lock.__aexit__()

    async def load(self, keys: Sequence[MessageKey], since: float | None = None) -> None:
        """Read the records of messages, and recover posts whose result isn't known.

        Args:
            keys: The messages.
            since: When they were posted at the earliest, in epoch seconds, if at all. It counts for
                records that were cut short, and is `oldest` by default.
        """
        await self.prefetch(keys)
        in_flight = [key for key in keys if self._known[key].in_flight is not None]
        if in_flight:
            await self._recover(in_flight, since)

    async def prefetch(self, keys: Iterable[MessageKey]) -> None:
        """Read the records of messages, several at a time."""
        gate = asyncio.Semaphore(_READS_AT_ONCE)

        async def read(key: MessageKey) -> None:
            async with gate:
                record = await self._store.get(self._record_key(key), _IN_FLIGHT)
                self._known[key] = PostRecord.load(record)

        await asyncio.gather(*(read(key) for key in dict.fromkeys(keys) if key not in self._known))

    def record_of(self, key: MessageKey) -> PostRecord:
        """Return the record of a message that was loaded."""
        return self._known[key]

    async def put(
        self, key: MessageKey, message: SlackMessage, style: str = "", thread_ts: str | None = None
    ) -> PostResult:
        """Make the channel show a message and its thread: post it, edit it, or leave it.

        Args:
            key: What it is about.
            message: The message. A target without threads gets it without its replies, and one
                that can't edit keeps it as it was posted.
            style: What determines its look other than its data. If that has changed since the
                message was posted, the message is left as it is.
            thread_ts: The `ts` of the message in whose thread to post it, if it isn't posted yet.

        Raises:
            SlackError: The message, or a part of it, wasn't posted; the next `put` continues.
            StateUnavailableError: The records can't be used.
        """
        await self.load([key])
        record = self._known[key]
        if key in self.unknown:
            return "unknown"
        if record.final_state is not None or (record.parts and not self.target.can_edit):
            return "unchanged"
        replies = message.thread if self.target.can_thread else []
        contents = [(message.text, blocks) for blocks in (message.blocks, *replies)]
        hashes = [self._secret.keyed_hash(comparable_content(*content)) for content in contents]
        style_hash = self._secret.keyed_hash(style.encode())
        if record.is_new:
            record = PostRecord(thread_ts=thread_ts, style_hash=style_hash)
        elif record.style_hash != style_hash:
            record = await self._save(key, record.accept_as_is(hashes, style_hash))
        self._known[key] = replace(record, expected_parts=len(contents))
        was_posted, is_edited = bool(record.parts), False
        for part, (content, content_hash) in enumerate(zip(contents, hashes, strict=True)):
            parts = self._known[key].parts
            if part == len(parts):
                if was_posted and not await self._has_thread(key):
                    return "unchanged"
                await self._add_part(key, content, content_hash)
                if key in self.unknown:
                    return "unknown"
            elif parts[part][1] not in (None, content_hash):
                is_edited = True
                await self._edit_part(key, part, content, content_hash)
                if self._known[key].final_state is not None:
                    return "unchanged"
        if len(self._known[key].parts) > len(contents):
            is_edited = True
            await self.delete(key, keep=len(contents))
        return "posted" if not was_posted else "edited" if is_edited else "unchanged"

    async def put_digest(self, keys: Iterable[MessageKey], message: SlackMessage) -> PostResult:
        """Post one message, without a thread, about many interviews of which none was posted.

        Raises what `put` raises.
        """
        keys = list(keys)
        await self.load(keys)

        def finish(_: PostRecord, ts: str | None) -> PostRecord:
            return PostRecord().close("in_digest", ts)

        await self._post_once(
            keys, (message.text, message.blocks), digest_metadata(keys), None, finish
        )
        return "unknown" if keys[0] in self.unknown else "posted"

    async def delete(self, key: MessageKey, keep: int = 0) -> None:
        """Delete the parts of a message after the first `keep`, the last one first.

        A part that a person deleted counts as deleted, and one that Slack lets no app delete stays.

        Raises what `put` raises.
        """
        record = await self._with_replies(key)
        for ts, _ in reversed(record.parts[keep:]):
            if ts is not None:
                self._lock.ensure_held()
                await self._unless_not_editable(self.target.delete(ts))
        await self._save(key, record.with_parts(record.parts[:keep]))

    async def _unless_not_editable(self, request: Any) -> bool:
        """Edit or delete; returns False if a person deleted the message before."""
        try:
            await request
        except SlackError as error:
            if error.error in DELETED_ERRORS:
                return False
            if error.error not in _NOT_EDITABLE:
                raise
            get_run_logger().warning("A message stays as it is: %s", error)
        return True

    async def _add_part(self, key: MessageKey, content: Content, content_hash: str) -> None:
        """Post the next part."""
        before = self._known[key]
        part = len(before.parts)
        metadata = key.metadata(part, before.expected_parts, content_hash, before.style_hash)
        thread_ts = before.replies_ts if part else before.thread_ts

        def finish(record: PostRecord, ts: str | None) -> PostRecord:
            return record.finish_part(ts, content_hash)

        await self._post_once([key], content, metadata, thread_ts, finish)

    async def _post_once(
        self,
        keys: Sequence[MessageKey],
        content: Content,
        metadata: dict[str, Any],
        thread_ts: str | None,
        finish: Callable[[PostRecord, str | None], PostRecord],
    ) -> None:
        """Post, and post again only if the channel shows that the message isn't there.

        `finish` returns the record of a message that was posted, given the one before.
        """
        before = {key: self._known[key] for key in keys}
        for attempts_left in reversed(range(_ATTEMPTS)):
            self._lock.ensure_held()  # an intent without a post would look like a lost response
            now = time.time()
            for key in keys:
                await self._save(key, before[key].start_part(now))
            try:
                ts = await self._post(*content, metadata, thread_ts)
            except SlackOutcomeUnknownError:
                await self._recover(keys)
                if self._known[keys[0]] != before[keys[0]]:
                    return  # it is there, or its result can't be found out
                if not attempts_left:
                    raise SlackError(
                        f"Slack's responses were lost, and the message isn't in "
                        f"{self.target.name}. Run again.",
                        "answers_lost",
                    ) from None
            except SlackError:
                for key in keys:
                    await self._save(key, before[key])
                raise
            else:
                for key in keys:
                    await self._save(key, finish(before[key], ts))
                return

    async def _post(
        self, text: str, blocks: Blocks, metadata: dict[str, Any], thread_ts: str | None
    ) -> str | None:
        self._lock.ensure_held()
        had_id = self.target.id is not None
        ts = await self.target.post(text, blocks, metadata, thread_ts)
        if self.target.can_read and not had_id:
            await self.records.link_name_and_id()
        return ts

    async def _edit_part(
        self, key: MessageKey, part: int, content: Content, content_hash: str
    ) -> None:
        """Edit a part in place; a message that a person deleted stays deleted."""
        record = await self._with_replies(key)
        ts = record.parts[part][0]
        if ts is not None:
            self._lock.ensure_held()
            metadata = key.metadata(part, record.expected_parts, content_hash, record.style_hash)
            if not await self._unless_not_editable(self.target.edit(ts, *content, metadata)):
                ts = None
        if ts is None and part == 0:
            await self._save(key, record.close("gone"))
        else:
            parts: list[Part] = list(record.parts)
            parts[part] = (ts, content_hash)
            await self._save(key, record.with_parts(parts))

    async def _has_thread(self, key: MessageKey) -> bool:
        """Return whether the message is there for replies: Slack would show them without it."""
        ts = self._known[key].replies_ts
        if ts is None or not self._can_read():
            return True
        try:
            contents = await scan_thread(self.target, ts)
        except SlackError as error:
            if error.error not in CANNOT_READ_ERRORS:
                raise
            return True
        is_there = any(found.ts == ts for found in contents.values())
        if not is_there:
            await self._save(key, PostRecord().close("gone"))
        return is_there

    async def _with_replies(self, key: MessageKey) -> PostRecord:
        """Return the record with the `ts` of each reply, which is read where it isn't known."""
        record = self._known[key]
        if record.replies_ts is None or all(ts for ts, _ in record.parts):
            return record
        contents = await scan_thread(self.target, record.replies_ts)
        found = contents.get(key, FoundMessage()).parts
        parts = enumerate(record.parts)
        return await self._save(
            key,
            record.with_parts(
                found.get(part, known) if known[0] is None else known for part, known in parts
            ),
        )

    async def _recover(self, keys: Sequence[MessageKey], since: float | None = None) -> None:
        """Find out the results of posts in flight.

        The channel is read from the earliest of them on. A message may take a moment until it is in
        the channel, so the channel is read again after a wait if one is missing.
        """
        before = [self._known[key] for key in keys]
        times = [it.in_flight_since for it in before if it.in_flight_since is not None]
        are_known = len(times) == len(before)
        earliest = min(times) if are_known else since
        oldest = self._oldest if earliest is None else earliest - _CLOCKS_DIFFER_SECONDS
        threads = {record.replies_ts for record in before if record.replies_ts}
        contents = await self._scan(oldest, threads)
        is_missing = contents is not None and any(
            record.in_flight not in contents.get(key, FoundMessage()).parts
            for key, record in zip(keys, before, strict=True)
        )
        if is_missing and await wait_for_delivery(max(times) if are_known else None):
            contents = await self._scan(oldest, threads)
        for key, record in zip(keys, before, strict=True):
            if contents is None:
                await self._save(key, record.recover_unread())
                self.unknown.add(key)
            else:
                await self._save(key, await self._recovered(key, record, contents.get(key)))

    async def _recovered(
        self, key: MessageKey, record: PostRecord, found: FoundMessage | None
    ) -> PostRecord:
        """Return the record after recovery; the message's replies are read unless they needn't."""
        if found is not None and 0 in found.parts and not (found.in_digest or found.thread_ts):
            if found.has_all_replies:
                replies = range(1, found.expected_parts)
                found.parts = dict.fromkeys(replies, (None, None)) | found.parts
            elif found.has_thread and found.ts is not None and not record.parts:  # else it was read
                contents = await scan_thread(self.target, found.ts)
                found.parts |= contents.get(key, FoundMessage()).parts
        return record.recover(found)

    def _can_read(self) -> bool:
        return self.target.can_read and self.target.id is not None

    async def _scan(self, oldest: float, threads: Iterable[str] = ()) -> ChannelContents | None:
        """Read the channel; returns None if it can't be read."""
        if not self._can_read():
            return None
        try:
            return await scan_channel(self.target, oldest, threads)
        except SlackError as error:
            if error.error not in CANNOT_READ_ERRORS:
                raise
        return None

    async def _import_from_channel(self, is_first: bool) -> None:
        """Record what the channel has, where there are no records of it."""
        contents = await self._scan(self._oldest)
        if contents is None and is_first:
            get_run_logger().warning(
                "%s can't be read, so only Prefect's result storage shows what was posted there. "
                "Invite the app, and add the scopes channels:read and channels:history "
                "(groups:read and groups:history for a private channel).",
                self.target.name,
            )
        await self.prefetch(contents or ())
        for key, found in (contents or {}).items():
            record = self._known[key]
            if record.is_new and record.in_flight is None and 0 in found.parts:
                await self._save(key, await self._recovered(key, record, found))
        await self.records.save(searched=self._oldest)
        await self.records.link_name_and_id()

    async def _save(self, key: MessageKey, record: PostRecord) -> PostRecord:
        self._known[key] = record
        await self._store.put(self._record_key(key), record.dump())
        return record

    def _record_key(self, key: MessageKey) -> str:
        return state_key("post", self.records.key, key.event_type, key.subject)
