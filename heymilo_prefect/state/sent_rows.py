"""Which rows earlier runs sent to a posting: an append-only log, one numbered record per request.

A record is never modified, so a crash can cut only the last ones short. An optional summary of the
first records makes a long log fast to read. Rows are recorded as HMACs, and interview ids and links
encrypted, with the team's secret: the storage alone reveals nothing about a candidate.

    intent (retake rows only) ──> request ──> outcomes

An intent without outcomes means that the run was killed, or that the response was lost. A `retake`
row with such an intent is `unknown`, and is never sent again. Rows without `retake` need no intent,
since HeyMilo returns the existing interview if they are sent twice.
"""

import asyncio
import base64
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from prefect.variables import Variable

from heymilo_prefect.ingestion import CandidateRow, RowOutcome
from heymilo_prefect.state.lock import RunLock
from heymilo_prefect.state.secret import FINGERPRINT_BYTES, SECRET_BLOCK, TeamSecret
from heymilo_prefect.state.store import StateStore, StateUnavailableError, prefect_server, state_key

_READ_AHEAD = 32  # more than the records written at a time, so that a gap doesn't end the log
_UNCOMPACTED = 64
_DECRYPTED = 200  # records whose links are kept decrypted, 20 KB each


@dataclass(frozen=True, slots=True)
class PriorSend:
    """What an earlier run did with a row; `is_known` is False if the response was lost."""

    on: date
    is_known: bool
    interview_id: str | None = None
    interview_link: str | None = field(default=None, repr=False)


class SentRowsLog:
    """The rows that were sent to one posting: those with `retake`, or those without."""

    def __init__(
        self, store: StateStore, secret: TeamSecret, key: str, resend: bool = False
    ) -> None:
        self._store = store
        self._secret = secret
        self._key = key
        self._resend = resend
        self._entries: list[dict[str, Any]] = []
        self._links: dict[int, list[list[str | None]]] = {}
        self._written = 0
        self._sent: dict[bytes, tuple[int, int]] = {}
        self._intended: dict[bytes, date] = {}
        self._compacted = 0
        self._must_rewrite = False
        self.records = 0

    async def read(self) -> None:
        """Read the log.

        Raises:
            StateUnavailableError: It can't be read, or was written with another secret.
        """
        summary = await self._store.get(f"{self._key}-summary")
        if summary is not None:
            self.records = self._written = self._compacted = summary["records"]
            for entry in summary["entries"]:
                self._take(entry)
        found = True
        while found:
            numbers = range(self.records, self.records + _READ_AHEAD)
            recalled = await asyncio.gather(*(self._store.get(self._at(n)) for n in numbers))
            found = any(entry is not None for entry in recalled)
            for number, entry in zip(numbers, recalled, strict=True):
                if entry is not None:
                    self._take(entry)
                    self.records = self._written = number + 1

    def find(self, tag: bytes) -> PriorSend | None:
        """Return what an earlier run did with a row; None if the row is to be sent."""
        if self._resend:
            return None
        if tag in self._intended:
            return PriorSend(self._intended[tag], is_known=False)
        if tag not in self._sent:
            return None
        number, place = self._sent[tag]
        entry = self._entries[number]
        if number not in self._links:
            if len(self._links) >= _DECRYPTED:
                self._links.clear()
            self._links[number] = self._secret.decrypt(entry["links"])
        return PriorSend(date.fromisoformat(entry["on"]), True, *self._links[number][place])

    async def record_intent(self, rows: Iterable[CandidateRow]) -> None:
        """Record that rows are about to be sent, and must not be sent again without a result."""
        await self._record(intended=_joined(row.fingerprint for row in rows))

    async def record_outcomes(
        self, rows: Sequence[CandidateRow], outcomes: Sequence[RowOutcome]
    ) -> None:
        """Record the outcomes of rows; for `unknown` ones the intent stays."""
        fingerprints = {row.row: row.fingerprint for row in rows}
        sent = [one for one in outcomes if one.outcome == "ingested"]
        not_sent = [
            fingerprints[one.row] for one in outcomes if one.outcome in ("rejected", "failed")
        ]
        free = [tag for tag in not_sent if tag in self._intended]
        if sent or free:
            await self._record(
                sent=_joined(fingerprints[one.row] for one in sent),
                links=self._secret.encrypt(
                    [[one.interview_id, one.interview_link] for one in sent]
                ),
                free=_joined(free),
            )

    async def compact(self) -> None:
        """Write the summary if the log has grown enough, or has records that can't be read."""
        if self._must_rewrite or self.records - self._compacted >= _UNCOMPACTED:
            summary = {"records": self.records, "entries": self._entries}
            await self._store.put(f"{self._key}-summary", summary)

    def _at(self, number: int) -> str:
        return f"{self._key}-{number}"

    async def _record(self, **entry: Any) -> None:
        entry |= {"on": datetime.now(UTC).date().isoformat(), "under": self._secret.key_id}
        number, self.records = self.records, self.records + 1
        await self._store.put(self._at(number), entry)
        self._written = max(self._written, number + 1)
        self._take(entry)

    def _take(self, entry: dict[str, Any]) -> None:
        if entry["under"] != self._secret.key_id:
            if self._resend:
                self._must_rewrite = True
                return
            raise StateUnavailableError(
                "What was sent to this posting is recorded with another secret. Restore the "
                f'Prefect Secret block "{SECRET_BLOCK}", or run with resend=True, which sends '
                "all rows again."
            )
        number, on = len(self._entries), date.fromisoformat(entry["on"])
        self._entries.append(entry)
        for tag in _split(entry.get("intended", "")):
            self._intended[tag] = on
        for place, tag in enumerate(_split(entry.get("sent", ""))):
            self._intended.pop(tag, None)
            self._sent[tag] = number, place
        for tag in _split(entry.get("free", "")):
            self._intended.pop(tag, None)


class RetakeLog(SentRowsLog):
    """The rows with `retake`. Only one run at a time sends such rows to a posting.

    A Prefect variable holds how many records there must be, so that a storage that was lost or
    replaced is an error, and doesn't look as if nothing had been sent.
    """

    def __init__(
        self, store: StateStore, secret: TeamSecret, key: str, resend: bool = False
    ) -> None:
        super().__init__(store, secret, key, resend)
        self._variable = key.replace("-", "_")
        self._lock = RunLock(f"{self._variable}_turn", "sends retake rows to this posting")
        self._is_written = False
        self._writing = asyncio.Lock()

    async def wait(self, stack: AsyncExitStack) -> None:
        """Hold the lock on the posting's `retake` rows until the stack is closed."""
        await stack.enter_async_context(self._lock)

    async def read(self) -> None:
        """Read the log; also raises if a part of it is missing."""
        await super().read()
        with prefect_server():
            needed = int(str(await Variable.aget(self._variable, "0")))
        if self.records < needed:
            if not self._resend:
                raise StateUnavailableError(
                    "Prefect's result storage no longer has what was sent to this posting. Use the "
                    "storage of earlier runs, or run with resend=True, which sends all rows again."
                )
            self.records, self._must_rewrite = needed, True

    async def record_intent(self, rows: Iterable[CandidateRow]) -> None:
        """Record that rows are about to be sent, and must not be sent again without a result."""
        self._lock.ensure_held()
        await super().record_intent(rows)
        async with self._writing:
            if not self._is_written:
                with prefect_server():
                    await Variable.aset(self._variable, str(self._written), overwrite=True)
                self._is_written = True


class SentRowsIndex:
    """The logs of all postings, each read when a row needs it."""

    def __init__(
        self, store: StateStore, secret: TeamSecret, origin: str, resend: bool, dry_run: bool
    ):
        self.fingerprint = secret.fingerprint
        self._store = store
        self._secret = secret
        self._origin = origin
        self._resend = resend
        self._dry_run = dry_run
        self._opened: dict[tuple[str, bool], SentRowsLog | StateUnavailableError] = {}
        self._locks = AsyncExitStack()

    @classmethod
    async def open(
        cls, origin: str, resend: bool = False, dry_run: bool = False
    ) -> "SentRowsIndex":
        """Open the state that the runs of a workspace share.

        Args:
            origin: HeyMilo's base URL.
            resend: Ignore which rows earlier runs sent.
            dry_run: Read only; nothing is going to be sent.

        Raises:
            StateUnavailableError: Prefect's result storage can't be used.
        """
        return cls(await StateStore.open(), await TeamSecret.load(), origin, resend, dry_run)

    async def of(self, url_key: str, retake: bool) -> SentRowsLog:
        """Return a posting's log; with `retake`, no other run sends such rows until the end."""
        if (url_key, retake) not in self._opened:
            try:
                self._opened[url_key, retake] = await self._open(url_key, retake)
            except StateUnavailableError as error:
                self._opened[url_key, retake] = error
        opened = self._opened[url_key, retake]
        if isinstance(opened, StateUnavailableError):
            raise opened
        return opened

    async def _open(self, url_key: str, retake: bool) -> SentRowsLog:
        kind = RetakeLog if retake else SentRowsLog
        key = state_key("retake" if retake else "ingest", self._origin, url_key)
        rows = kind(self._store, self._secret, key, self._resend)
        if isinstance(rows, RetakeLog) and not self._dry_run:
            await rows.wait(self._locks)
        await rows.read()
        return rows

    async def compact(self) -> None:
        """Write summaries where the next run needs them."""
        for rows in self._opened.values():
            if isinstance(rows, SentRowsLog):
                await rows.compact()

    async def __aenter__(self) -> "SentRowsIndex":
        await self._locks.__aenter__()
        return self

    async def __aexit__(self, *why: Any) -> bool | None:
        """Release the locks."""
        return await self._locks.__aexit__(*why)


def _joined(tags: Iterable[bytes]) -> str:
    return base64.b64encode(b"".join(tags)).decode()


def _split(joined: str) -> Iterator[bytes]:
    tags = base64.b64decode(joined)
    return (
        tags[start : start + FINGERPRINT_BYTES] for start in range(0, len(tags), FINGERPRINT_BYTES)
    )
