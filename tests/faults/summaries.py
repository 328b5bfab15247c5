"""What goes wrong x when x how summaries are posted: after two runs each stands there once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple

from heymilo_prefect.flows import post_interview_summary
from heymilo_prefect.sandbox import World
from tests.faults import AFTER, BEFORE, Tally
from tests.faults.killed_posting import PACED, TOLD_TO_WAIT, Kill, Race
from tests.faults.posting import Manner
from tests.summaries import shown

SCORE = "{{ interview.details.score|score(100) }}"
TEMPLATE = f"{SCORE}{{% thread %}}{SCORE}"
_SCORE, _NEW_SCORE = 40, 77


class Piece(NamedTuple):
    """A message: what it is about and which part, in whose thread, and its text where it counts."""

    about: str
    part: int
    within: str | None
    text: str = ""


@dataclass(frozen=True)
class Summaries(Manner):
    """How summaries are posted."""

    how: dict[str, Any] = field(default_factory=lambda: {"template": TEMPLATE})
    interviews: int = 2
    flow_name: ClassVar[str] = "post_interview_summaries"

    @property
    def score(self) -> int:
        """The score that all that stands has to show."""
        return _NEW_SCORE if self.edits else _SCORE

    def prepare(self, world: World, flow: Any) -> list[str]:
        """Add the interviews; for an edit, post them and change their reports."""
        ids = world.add_candidates(
            world.posting_ids[0], self.interviews, age=timedelta(days=3), persona="finishes"
        )
        for interview_id in ids:
            world.set_score(interview_id, _SCORE)
        if self.edits:
            assert len(self.run(world, flow).posted) == len(ids)
            for interview_id in ids:
                world.set_score(interview_id, _NEW_SCORE)
        return ids

    def run_beside(self, world: World, ids: list[str]) -> None:
        """Post the first and the last one's alone."""
        for interview_id in (ids[0], ids[-1]):
            post_interview_summary(world.heymilo_credentials, world.slack, interview_id, TEMPLATE)

    def count(
        self, world: World, ids: list[str], unknown: set[str], may_read: bool = True
    ) -> Tally:
        """Compare what stands in the channel with what is to stand there.

        Lost is what doesn't stand there, unless its interview was reported as unknown; doubled is
        all that stands there beside what is to. Where the app may not read, a thread may have no
        head that is known: summaries count wherever they stand then, and heads don't.
        """
        wanted, stands = set(self._wanted(world, ids)), Counter(_standing(world))
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

    def _wanted(self, world: World, ids: list[str]) -> Iterator[Piece]:
        if self.how.get("digest"):
            yield from (Piece(interview_id, 0, None) for interview_id in ids)
            return
        head = world.posting_ids[0] if self.how.get("thread_per_posting") else None
        if head:
            yield Piece(head, 0, None)
        for interview_id in ids:
            yield Piece(interview_id, 0, head, f"{self.score} / 100")
            yield Piece(interview_id, 1, head or interview_id, f"{self.score} / 100")


_OF_TWO = ("1st message", "its reply", "2nd message")
_BY_POSTING = {"template": TEMPLATE, "thread_per_posting": True}
MESSAGES = Summaries("a message each", _OF_TWO)
THREAD = Summaries("a posting's thread", ("its head", *_OF_TWO), _BY_POSTING)
DIGEST = Summaries("digest", ("1st message", "2nd message"), {"digest": True}, interviews=60)
EDIT = Summaries("edit", _OF_TWO, on="chat.update")
EDIT_THREAD = Summaries("edit in a thread", _OF_TWO, _BY_POSTING, on="chat.update")
MANNERS = [MESSAGES, THREAD, DIGEST, EDIT]
KILLS = [
    *(Kill(MESSAGES, moment, at) for moment in range(3) for at in (BEFORE, AFTER)),
    *(Kill(MESSAGES, 1, at) for at in (PACED, TOLD_TO_WAIT)),
    Kill(MESSAGES, 2, PACED),
    Kill(MESSAGES, 0, AFTER, others=2),
    *(Kill(THREAD, 0, at) for at in (BEFORE, AFTER)),
    Kill(THREAD, 2, AFTER),
    *(Kill(DIGEST, 0, at) for at in (BEFORE, AFTER)),
    *(Kill(EDIT, 0, at) for at in (BEFORE, AFTER)),
    Kill(EDIT_THREAD, 1, AFTER),
]
RACES = [Race(manner) for manner in (MESSAGES, THREAD, DIGEST, EDIT)]


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
