"""What goes wrong x when, for a flow that posts to Slack: the troubles, and how each is played.

`tests.faults.summaries` and `tests.faults.digest` say what the flows post, and count it.
`tests.faults.killed_posting` kills runs, and starts several at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

from prefect.filesystems import LocalFileSystem

from heymilo_prefect import flows
from heymilo_prefect.sandbox import World
from tests.faults import AFTER, BEFORE, Tally

_READ = "channels:history"
_EVERY_TIME = 10**6


@dataclass(frozen=True)
class Manner(ABC):
    """How a flow posts; `moments` are its requests to Slack, `on` which method they use."""

    name: str
    moments: tuple[str, ...]
    how: dict[str, Any] = field(default_factory=dict)
    on: str = "chat.postMessage"
    flow_name: ClassVar[str]

    @property
    def flow(self) -> Any:
        """Return the flow."""
        return getattr(flows, self.flow_name)

    @property
    def edits(self) -> bool:
        """Whether all stands there, and is changed."""
        return self.on == "chat.update"

    @property
    def reads(self) -> bool:
        """Whether the channel can be read."""
        return self.on != "hooks"

    @abstractmethod
    def prepare(self, world: World, flow: Any) -> list[str]:
        """Add what is to be posted; returns the interviews' ids."""

    def add_more(self, world: World) -> list[str]:
        """Add what only the last run posts."""
        return []

    def slack(self, world: World, is_last: bool = False) -> Any:
        """Return the target; of the last run, the one that it is given."""
        return world.slack

    @abstractmethod
    def count(self, world: World, ids: list[str], unknown: set[str], may_read: bool) -> Tally:
        """Compare what stands in the channel with what is to stand there."""

    def run_beside(self, world: World, ids: list[str]) -> None:
        """Run what else may run at the same time."""
        self.run(world)

    def run(self, world: World, flow: Any = None, is_last: bool = False) -> Any:
        """Run the flow; its report, also when it failed."""
        slack = self.slack(world, is_last)
        try:
            return (flow or self.flow)(world.heymilo_credentials, slack=slack, **self.how)
        except flows.UnfinishedError as error:
            return error.report


@dataclass(frozen=True)
class Trouble:
    """What goes wrong: in Slack, of that `kind`, or, without one, with the records."""

    what: str
    when: str
    kind: str | None = None
    times: int = 1
    of_edits: bool = True
    reads_fail: bool = False
    may_read: bool = True

    def is_of(self, manner: Manner) -> bool:
        """Say whether it can happen to a manner."""
        is_about_reading = self.reads_fail or not self.may_read
        return (self.of_edits or not manner.edits) and (manner.reads or not is_about_reading)


@dataclass(frozen=True)
class Cell:
    """A trouble with the nth of a manner's requests."""

    manner: Manner
    moment: int
    trouble: Trouble

    @property
    def what(self) -> str:
        """What goes wrong."""
        return self.trouble.what

    @property
    def when(self) -> str:
        """Say the moment."""
        return f"{self.manner.moments[self.moment]}, {self.trouble.when}"

    def __str__(self) -> str:
        """Name the cell."""
        return f"{self.manner.name}: {self.what}, {self.when}"


_RESETS = ((BEFORE, "reset_before"), (AFTER, "reset_after"))
_LOST = {"500": "500", "502 with an HTML page": "502_html", "fatal_error": "fatal_error"}
TROUBLES = [
    *(Trouble("connection reset", when, kind) for when, kind in _RESETS),
    Trouble("connection reset, twice", BEFORE, "reset_before", times=2, of_edits=False),
    *(
        Trouble("connection reset, then no reading", when, kind, of_edits=False, reads_fail=True)
        for when, kind in _RESETS
    ),
    *(
        Trouble("connection reset, no scope to read", when, kind, may_read=False)
        for when, kind in _RESETS
    ),
    Trouble("no answer", BEFORE, "timeout_before"),
    Trouble("no answer", AFTER, "timeout"),
    *(
        Trouble(what, when, kind + suffix)
        for what, kind in _LOST.items()
        for when, suffix in ((BEFORE, ""), (AFTER, "_after"))
    ),
    # An edit isn't repeated within a run: after three 500s in three runs nothing is edited yet.
    Trouble("500, three times", BEFORE, "500", times=3, of_edits=False),
    Trouble("429", BEFORE, "ratelimited"),
    Trouble("429, four times", BEFORE, "ratelimited", times=4),
    *(Trouble(code, BEFORE, code) for code in ("not_in_channel", "invalid_auth", "msg_too_long")),
    Trouble("a record isn't written", BEFORE, of_edits=False),
    Trouble("a record isn't written", AFTER),
    Trouble("no record any more", BEFORE, times=_EVERY_TIME, of_edits=False),
    Trouble("no record any more", AFTER, times=_EVERY_TIME),
]


def cells(manners: Sequence[Manner]) -> Iterator[Cell]:
    """All that can be played without an end of the process."""
    for manner, trouble in product(manners, TROUBLES):
        if trouble.is_of(manner):
            for moment in range(len(manner.moments)):
                yield Cell(manner, moment, trouble)


class Storage(LocalFileSystem):
    """A result storage of a cell's own, some of whose writes fail."""

    _block_type_slug = "failing-summaries-file-system"
    fails: ClassVar[Callable[[str, bytes], bool]]

    async def awrite_path(self, path: str, content: bytes) -> None:
        """Write, or fail."""
        if Storage.fails(Path(path).name, content):
            raise OSError("no space left on device")
        await super().awrite_path(path, content)


class _Failures:
    """The writes that fail, from the one on that is about the cell's request.

    A digest of summaries has a record for each of its interviews: of these the second.
    """

    def __init__(self, so_far: Callable[[], int], cell: Cell) -> None:
        self.begun = 0
        self._so_far = so_far
        self._cell = cell
        self._skip = int(bool(cell.manner.how.get("digest")))

    def __call__(self, name: str, content: bytes) -> bool:
        trouble = self._cell.trouble
        if trouble.kind is not None or not name.startswith("heymilo-"):
            return False
        if not self.begun:
            is_after = trouble.when == AFTER
            is_intent = b"in_flight" in content
            if (
                not name.startswith("heymilo-post-")
                or is_intent == is_after
                or self._so_far() != self._cell.moment + is_after
            ):
                return False
            if self._skip:
                self._skip -= 1
                return False
        self.begun += 1
        return self.begun <= trouble.times


def play(world: World, cell: Cell, folder: Path) -> Tally:
    """In a fresh world, run into the trouble, run again without it, and count."""
    manner, trouble = cell.manner, cell.trouble
    slack = world.slack_workspace
    storage = Storage(basepath=str(folder))
    storage.save("faults", overwrite=True)
    flow = manner.flow.with_options(result_storage=storage)
    Storage.fails = staticmethod(lambda name, content: False)
    if not trouble.may_read:
        slack.scopes.discard(_READ)
    ids = manner.prepare(world, flow)
    if trouble.reads_fail:
        slack.inject("500", on="conversations.history", skip=1)
    if trouble.kind is not None:
        slack.inject(trouble.kind, on=manner.on, times=trouble.times, skip=cell.moment)
    before = asked(world, manner)

    def so_far() -> int:
        return asked(world, manner) - before

    Storage.fails = failures = _Failures(so_far, cell)
    with patch("heymilo_prefect.slack.client._TIMEOUT_SECONDS", _patience(trouble)):
        first = manner.run(world, flow)
    assert failures.begun if trouble.kind is None else so_far() > cell.moment, "all went well"
    Storage.fails = staticmethod(lambda name, content: False)
    ids += manner.add_more(world)
    reports = [first, manner.run(world, flow, is_last=True)]
    if trouble.times == 3:  # the fault may have lasted for both runs
        reports.append(manner.run(world, flow, is_last=True))
    unknown = {interview_id for report in reports for interview_id in report.unknown}
    return manner.count(world, ids, unknown, trouble.may_read)


def asked(world: World, manner: Manner) -> int:
    """Count the manner's requests to Slack."""
    return sum(request.method == manner.on for request in list(world.slack_workspace.requests))


def _patience(trouble: Trouble) -> float:
    """Give the seconds after which an answer doesn't come any more: few only where none comes."""
    return 0.5 if str(trouble.kind).startswith("timeout") else 30.0
