"""Which rows earlier runs sent to a posting: an append-only log, one record per request.

A record is a chunk's, under the next number; none is ever changed, so that a crash can cut only
the last ones. A summary of the first records makes many of them quick to read, and may be missing.
Rows are in them as HMACs, and what leads to an interview is sealed, under a secret of the team's
own: whoever sees the storage learns nothing about a candidate.
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

_READ_AHEAD = 32  # more than the records that are written at once, so that no gap ends the reading
_UNSUMMED = 64
_OPENED = 200  # chunks whose links are held readable, 20 KB each


@dataclass(frozen=True, slots=True)
class PriorSend:
    """What an earlier run did with a row; `known` is False where the answer was lost."""

    on: date
    known: bool
    interview_id: str | None = None
    interview_link: str | None = field(default=None, repr=False)


class SentRowsLog:
    """What was sent to one posting: the rows with `retake`, or those without."""

    def __init__(
        self, memory: StateStore, seal: TeamSecret, key: str, resend: bool = False
    ) -> None:
        self._memory = memory
        self._seal = seal
        self._key = key
        self._resend = resend
        self._entries: list[dict[str, Any]] = []
        self._links: dict[int, list[list[str | None]]] = {}
        self._written = 0
        self._sent: dict[bytes, tuple[int, int]] = {}
        self._intended: dict[bytes, date] = {}
        self._summed = 0
        self._anew = False
        self.records = 0

    async def read(self) -> None:
        """Read what the runs before recorded.

        Raises:
            StateUnavailableError: It can't be read, or is under another secret.
        """
        summary = await self._memory.get(f"{self._key}-summary")
        if summary is not None:
            self.records = self._written = self._summed = summary["records"]
            for entry in summary["entries"]:
                self._take(entry)
        found = True
        while found:
            numbers = range(self.records, self.records + _READ_AHEAD)
            recalled = await asyncio.gather(*(self._memory.get(self._at(n)) for n in numbers))
            found = any(entry is not None for entry in recalled)
            for number, entry in zip(numbers, recalled, strict=True):
                if entry is not None:
                    self._take(entry)
                    self.records = self._written = number + 1

    def find(self, tag: bytes) -> PriorSend | None:
        """Return what became of a row in an earlier run; None if it's to be sent."""
        if self._resend:
            return None
        if tag in self._intended:
            return PriorSend(self._intended[tag], known=False)
        if tag not in self._sent:
            return None
        number, place = self._sent[tag]
        entry = self._entries[number]
        if number not in self._links:
            if len(self._links) >= _OPENED:
                self._links.clear()
            self._links[number] = self._seal.decrypt(entry["links"])
        return PriorSend(date.fromisoformat(entry["on"]), True, *self._links[number][place])

    async def intend(self, rows: Iterable[CandidateRow]) -> None:
        """Record that these rows are about to be sent, and mustn't be again without an answer."""
        await self._record(intended=_joined(row.tag for row in rows))

    async def settle(self, rows: Sequence[CandidateRow], outcomes: Sequence[RowOutcome]) -> None:
        """Record what became of rows; `unknown` ones stay intended."""
        tags = {row.row: row.tag for row in rows}
        sent = [one for one in outcomes if one.outcome == "ingested"]
        undone = [tags[one.row] for one in outcomes if one.outcome in ("rejected", "failed")]
        free = [tag for tag in undone if tag in self._intended]
        if sent or free:
            await self._record(
                sent=_joined(tags[one.row] for one in sent),
                links=self._seal.encrypt([[one.interview_id, one.interview_link] for one in sent]),
                free=_joined(free),
            )

    async def sum_up(self) -> None:
        """Write the summary, once it spares the next run enough reading, or what can't be read."""
        if self._anew or self.records - self._summed >= _UNSUMMED:
            summary = {"records": self.records, "entries": self._entries}
            await self._memory.put(f"{self._key}-summary", summary)

    def _at(self, number: int) -> str:
        return f"{self._key}-{number}"

    async def _record(self, **entry: Any) -> None:
        entry |= {"on": datetime.now(UTC).date().isoformat(), "under": self._seal.key_id}
        number, self.records = self.records, self.records + 1
        await self._memory.put(self._at(number), entry)
        self._written = max(self._written, number + 1)
        self._take(entry)

    def _take(self, entry: dict[str, Any]) -> None:
        if entry["under"] != self._seal.key_id:
            if self._resend:
                self._anew = True
                return
            raise StateUnavailableError(
                "What was sent to this posting before is recorded under another secret: restore "
                f'the Prefect Secret block "{SECRET_BLOCK}", or run with resend=True, which sends '
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
    """The rows with `retake`: only one run at a time sends them to a posting.

    A Prefect variable holds how many records there must be, so that a storage that was lost or
    exchanged is an error, and not the news that nothing was sent.
    """

    def __init__(
        self, memory: StateStore, seal: TeamSecret, key: str, resend: bool = False
    ) -> None:
        super().__init__(memory, seal, key, resend)
        self._variable = key.replace("-", "_")
        self._turn = RunLock(f"{self._variable}_turn", "sends retake rows to this posting")
        self._told = False
        self._telling = asyncio.Lock()

    async def wait(self, stack: AsyncExitStack) -> None:
        """Wait until no other run sends `retake` rows to the posting, and keep them waiting."""
        await stack.enter_async_context(self._turn)

    async def read(self) -> None:
        """Read what the runs before recorded; also raises when some of it is missing."""
        await super().read()
        with prefect_server():
            needed = int(str(await Variable.aget(self._variable, "0")))
        if self.records < needed:
            if not self._resend:
                raise StateUnavailableError(
                    "Prefect's result storage no longer holds what was sent to this posting "
                    "before: give the run the storage that earlier runs had, or run with "
                    "resend=True, which sends all rows again."
                )
            self.records, self._anew = needed, True

    async def intend(self, rows: Iterable[CandidateRow]) -> None:
        """Record that these rows are about to be sent, and mustn't be again without an answer."""
        self._turn.ensure_held()
        await super().intend(rows)
        async with self._telling:
            if not self._told:
                with prefect_server():
                    await Variable.aset(self._variable, str(self._written), overwrite=True)
                self._told = True


class SentRowsIndex:
    """What a run knows of earlier ones: read posting by posting, as its rows need it."""

    def __init__(
        self, memory: StateStore, seal: TeamSecret, origin: str, resend: bool, dry_run: bool
    ):
        self.tag = seal.fingerprint
        self._memory = memory
        self._seal = seal
        self._origin = origin
        self._resend = resend
        self._dry_run = dry_run
        self._opened: dict[tuple[str, bool], SentRowsLog | StateUnavailableError] = {}
        self._turns = AsyncExitStack()

    @classmethod
    async def open(
        cls, origin: str, resend: bool = False, dry_run: bool = False
    ) -> "SentRowsIndex":
        """Open the memory that the runs of this deployment share.

        Args:
            origin: HeyMilo's address.
            resend: Forget which rows were sent, but not what this run sends.
            dry_run: Only look: nothing is going to be sent.

        Raises:
            StateUnavailableError: Prefect's result storage can't be used.
        """
        return cls(await StateStore.open(), await TeamSecret.load(), origin, resend, dry_run)

    async def of(self, url_key: str, retake: bool) -> SentRowsLog:
        """Return what was sent to a posting; with `retake`, no other run sends such rows now."""
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
        rows = kind(self._memory, self._seal, key, self._resend)
        if isinstance(rows, RetakeLog) and not self._dry_run:
            await rows.wait(self._turns)
        await rows.read()
        return rows

    async def sum_up(self) -> None:
        """Make the records quick to read for the next run."""
        for rows in self._opened.values():
            if isinstance(rows, SentRowsLog):
                await rows.sum_up()

    async def __aenter__(self) -> "SentRowsIndex":
        await self._turns.__aenter__()
        return self

    async def __aexit__(self, *why: Any) -> bool | None:
        """Let other runs send to the postings."""
        return await self._turns.__aexit__(*why)


def _joined(tags: Iterable[bytes]) -> str:
    return base64.b64encode(b"".join(tags)).decode()


def _split(joined: str) -> Iterator[bytes]:
    tags = base64.b64decode(joined)
    return (
        tags[start : start + FINGERPRINT_BYTES] for start in range(0, len(tags), FINGERPRINT_BYTES)
    )
