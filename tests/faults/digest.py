"""What goes wrong x when, for the digest of the stalled: after two runs each is mentioned once."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from prefect_slack import SlackWebhook
from pydantic import SecretStr

from heymilo_prefect.blocks import SlackChannel
from heymilo_prefect.sandbox import World
from tests.faults import AFTER, BEFORE, Tally
from tests.faults.killed_posting import PACED, TOLD_TO_WAIT, Kill, Race
from tests.faults.posting import Manner
from tests.summaries import shown

_WHO = """{{ report.total }} stalled
{% for group in report.groups %}
{% for item in group.items %}
- {{ item.interview_id }}
{% endfor %}
{% endfor %}
"""
TEMPLATE = f"{_WHO}{{% thread %}}{_WHO}"
_CLEAR = "0 stalled"


@dataclass(frozen=True)
class Digests(Manner):
    """How a digest is posted; before the last run, one more candidate becomes stalled.

    Attributes:
        interviews: How many are stalled in the first run.
        moves: Whether the last run is given the channel's id instead of its name.
    """

    how: dict[str, Any] = field(default_factory=lambda: {"template": TEMPLATE})
    interviews: int = 2
    moves: bool = False
    flow_name: ClassVar[str] = "report_stalled_candidates"

    def prepare(self, world: World, flow: Any) -> list[str]:
        """Add stalled candidates."""
        return _stalled(world, self.interviews)

    def add_more(self, world: World) -> list[str]:
        """Add one more."""
        return _stalled(world, 1)

    def slack(self, world: World, is_last: bool = False) -> Any:
        """Return the channel, or its webhook."""
        if not self.reads:
            return SlackWebhook(url=SecretStr(world.slack_webhook_url))
        return by_id(world) if is_last and self.moves else world.slack

    def run_beside(self, world: World, ids: list[str]) -> None:
        """Run with the channel's id."""
        self.flow(world.heymilo_credentials, slack=by_id(world), **self.how)

    def count(
        self, world: World, ids: list[str], unknown: set[str], may_read: bool = True
    ) -> Tally:
        """Count who is mentioned in messages, and who in their threads.

        That nobody is stalled needn't stand there, and may once.
        """
        parts = (0,) if not self.reads else (0, 1)
        wanted = {(interview_id, part) for interview_id in ids for part in parts}
        stands = mentions(world)
        clear = Counter({said: n for said, n in stands.items() if said[0] == _CLEAR})
        stands -= clear
        return Tally(
            wanted=len(wanted),
            made=stands.total(),
            doubled=stands.total()
            - len(wanted & stands.keys())
            + (clear - Counter(set(clear))).total(),
            lost=sum(one not in unknown for one, _ in wanted - stands.keys()),
            unknown=len(unknown),
        )


def mentions(world: World, channel: str = "#hiring") -> Counter[tuple[str, int]]:
    """Return what a channel shows: how often an interview's id is in messages, 0, and replies, 1.

    "0 stalled" stands for a digest that mentions nobody.
    """
    return Counter(
        (said, int("thread_ts" in message))
        for message in world.slack_workspace.messages(channel, replies=True)
        for said in re.findall(rf"int_\w+|^{_CLEAR}", shown(message["blocks"]))
    )


def by_id(world: World) -> SlackChannel:
    """Return the channel, given by its id."""
    slack = world.slack
    fields = slack.model_dump() | {"credentials": slack.credentials}
    return SlackChannel(**fields | {"channel": world.slack_workspace.channels[slack.channel].id})


_PARTS = ("its message", "its reply")
DIGEST = Digests("digest", _PARTS)
MOVED = Digests("digest, then by the channel's id", _PARTS, moves=True)
CLEAR = Digests(
    "post_when_clear", _PARTS, {"template": TEMPLATE, "post_when_clear": True}, interviews=0
)
WEBHOOK = Digests("digest by a webhook", _PARTS[:1], on="hooks")
MANNERS = [DIGEST, MOVED, CLEAR, WEBHOOK]
KILLS = [
    *(Kill(DIGEST, moment, at) for moment in range(2) for at in (BEFORE, AFTER)),
    *(Kill(DIGEST, 1, at) for at in (PACED, TOLD_TO_WAIT)),
    Kill(DIGEST, 0, AFTER, others=2),
    *(Kill(MOVED, 0, at) for at in (BEFORE, AFTER)),
    *(Kill(WEBHOOK, 0, at) for at in (BEFORE, AFTER)),
]
RACES = [Race(DIGEST)]


def _stalled(world: World, n: int) -> list[str]:
    return world.add_candidates(
        world.posting_ids[0], n, age=timedelta(days=4), persona="never_starts"
    )
