"""What goes wrong x when x how summaries are posted: after two runs each stands there once.

`tests.faults.killed_summaries` kills runs, and begins several at once.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from unittest.mock import patch

from prefect.filesystems import LocalFileSystem

from heymilo_prefect.flows import SummaryReport, UnfinishedError, post_interview_summaries
from heymilo_prefect.sandbox import World
from tests.faults import AFTER, BEFORE, Tally
from tests.summaries import shown

SCORE = "{{ interview.details.score|score(100) }}"
TEMPLATE = f"{SCORE}{{% thread %}}{SCORE}"
_SCORE, _NEW_SCORE = 40, 77
_READ = "channels:history"


@dataclass(frozen=True)
class Manner:
    """How summaries are posted; `moments` are its requests to Slack, `on` which method they use."""

    name: str
    moments: tuple[str, ...]
    how: dict[str, Any] = field(default_factory=lambda: {"template": TEMPLATE})
    interviews: int = 2
    on: str = "chat.postMessage"

    @property
    def edits(self) -> bool:
        """Whether all stands there, with another score."""
        return self.on == "chat.update"

    @property
    def score(self) -> int:
        """The score that all that stands has to show."""
        return _NEW_SCORE if self.edits else _SCORE


_OF_TWO = ("1st message", "its reply", "2nd message")
_BY_POSTING = {"template": TEMPLATE, "thread_by": "posting"}
MESSAGES = Manner("a message each", _OF_TWO)
THREAD = Manner("a posting's thread", ("its head", *_OF_TWO), _BY_POSTING)
DIGEST = Manner("digest", ("1st message", "2nd message"), {"digest": True}, interviews=60)
EDIT = Manner("edit", _OF_TWO, on="chat.update")
EDIT_THREAD = Manner("edit in a thread", _OF_TWO, _BY_POSTING, on="chat.update")
MANNERS = [MESSAGES, THREAD, DIGEST, EDIT]


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


_EVERY_TIME = 10**6
_RESETS = ((BEFORE, "reset_before"), (AFTER, "reset_after"))
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
    Trouble("500", BEFORE, "500"),
    Trouble("500 with an HTML page", BEFORE, "500_html"),
    Trouble("429", BEFORE, "ratelimited"),
    Trouble("429, four times", BEFORE, "ratelimited", times=4),
    *(Trouble(code, BEFORE, code) for code in ("not_in_channel", "invalid_auth", "msg_too_long")),
    Trouble("a record isn't written", BEFORE, of_edits=False),
    Trouble("a record isn't written", AFTER),
    Trouble("no record any more", BEFORE, times=_EVERY_TIME, of_edits=False),
    Trouble("no record any more", AFTER, times=_EVERY_TIME),
]


def cells() -> Iterator[Cell]:
    """All that can be played without an end of the process."""
    for manner, trouble in product(MANNERS, TROUBLES):
        if trouble.of_edits or not manner.edits:
            for moment in range(len(manner.moments)):
                yield Cell(manner, moment, trouble)


class Piece(NamedTuple):
    """A message: what it is about and which part, in whose thread, and its text where it counts."""

    about: str
    part: int
    within: str | None
    text: str = ""


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

    A digest has a record for each of its interviews: of these the second.
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
            is_intent = b"posting" in content
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


def run(world: World, manner: Manner, flow: Any = post_interview_summaries) -> SummaryReport:
    """Run the flow; its report, also when it failed."""
    try:
        report = flow(world.heymilo_credentials, world.slack, **manner.how)
    except UnfinishedError as error:
        report = error.report
    assert isinstance(report, SummaryReport)
    return report


def prepare(world: World, manner: Manner, flow: Any = post_interview_summaries) -> list[str]:
    """Add the interviews; for an edit, post them and change their reports."""
    ids = world.add_candidates(
        world.posting_ids[0], manner.interviews, age=timedelta(days=3), persona="finishes"
    )
    for interview_id in ids:
        world.rescore(interview_id, _SCORE)
    if manner.edits:
        assert len(run(world, manner, flow).posted) == len(ids)
        for interview_id in ids:
            world.rescore(interview_id, _NEW_SCORE)
    return ids


def play(world: World, cell: Cell, folder: Path) -> Tally:
    """In a fresh world, run into the trouble, run again without it, and count."""
    manner, trouble = cell.manner, cell.trouble
    slack = world.slack_workspace
    storage = Storage(basepath=str(folder))
    storage.save("faults", overwrite=True)
    flow = post_interview_summaries.with_options(result_storage=storage)
    Storage.fails = staticmethod(lambda name, content: False)
    if not trouble.may_read:
        slack.scopes.discard(_READ)
    ids = prepare(world, manner, flow)
    if trouble.reads_fail:
        slack.play("500", on="conversations.history", skip=1)
    if trouble.kind is not None:
        slack.play(trouble.kind, on=manner.on, times=trouble.times, skip=cell.moment)
    so_far = _asked(world, manner)
    Storage.fails = failures = _Failures(so_far, cell)
    with patch("heymilo_prefect.slack.client._TIMEOUT_SECONDS", _patience(trouble)):
        first = run(world, manner, flow)
    assert failures.begun if trouble.kind is None else so_far() > cell.moment, "all went well"
    Storage.fails = staticmethod(lambda name, content: False)
    last = run(world, manner, flow)
    return count(world, manner, ids, {*first.unknown, *last.unknown}, trouble.may_read)


def count(
    world: World, manner: Manner, ids: list[str], unknown: set[str], may_read: bool = True
) -> Tally:
    """Compare what stands in the channel with what is to stand there.

    Lost is what doesn't stand there, unless its interview was reported as unknown; doubled is all
    that stands there beside what is to. Where the app may not read, a thread may have no head that
    is known: summaries count wherever they stand then, and heads don't.
    """
    wanted, stands = set(_wanted(world, manner, ids)), Counter(_standing(world))
    if not may_read:
        wanted = {piece._replace(within=None) for piece in wanted if piece.about in ids}
        stands = Counter(
            piece._replace(within=None) for piece in stands.elements() if piece.about in ids
        )
    return Tally(
        wanted=len(wanted),
        made=stands.total(),
        doubled=stands.total() - len(wanted & stands.keys()),
        lost=sum(piece.about not in unknown for piece in wanted - stands.keys()),
        unknown=len(unknown),
    )


def asked(world: World, manner: Manner) -> int:
    """Count the manner's requests to Slack."""
    return sum(request.method == manner.on for request in list(world.slack_workspace.requests))


def _asked(world: World, manner: Manner) -> Callable[[], int]:
    before = asked(world, manner)
    return lambda: asked(world, manner) - before


def _patience(trouble: Trouble) -> float:
    """Give the seconds after which an answer doesn't come any more: few only where none comes."""
    return 0.5 if str(trouble.kind).startswith("timeout") else 30.0


def _wanted(world: World, manner: Manner, ids: list[str]) -> Iterator[Piece]:
    if manner.how.get("digest"):
        yield from (Piece(interview_id, 0, None) for interview_id in ids)
        return
    head = world.posting_ids[0] if manner.how.get("thread_by") else None
    if head:
        yield Piece(head, 0, None)
    for interview_id in ids:
        yield Piece(interview_id, 0, head, f"{manner.score} / 100")
        yield Piece(interview_id, 1, head or interview_id, f"{manner.score} / 100")


def _standing(world: World) -> Iterator[Piece]:
    messages = world.slack_workspace.messages("#hiring", replies=True)
    payloads = {message["ts"]: message["metadata"]["event_payload"] for message in messages}
    for message in messages:
        payload = payloads[message["ts"]]
        parent = message.get("thread_ts")
        within = None if parent is None else _about(payloads.get(parent, {}))
        if "interview_ids" in payload:
            yield from (Piece(one, 0, within) for one in payload["interview_ids"])
        else:
            text = shown(message["blocks"]) if "interview_id" in payload else ""
            yield Piece(_about(payload), int(payload["part"]), within, text)


def _about(payload: dict[str, Any]) -> str:
    """Return an interview's id, or of a thread's head the posting's."""
    return str(payload.get("interview_id") or payload.get("key", "deleted").partition(" ")[0])
