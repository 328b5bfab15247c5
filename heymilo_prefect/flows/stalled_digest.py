"""Post the digest of stalled candidates: each is mentioned once, until a reminder is due.

What was mentioned is one record per channel and workspace, its history. Before a digest is posted,
a plan is added to the record: the digest's id, and the history as it will be afterwards. Slack
keeps the id in the message's metadata, so that the next run can find out how a plan ended:

    the channel has the complete digest     the plan becomes the history
    the channel doesn't have it             the history stays
    its thread is incomplete                the digest is deleted, the history stays
    the channel can't be read               the plan becomes the history, `unknown` has its ids

Where the history stays, the next digest mentions these candidates, with that run's data. A digest
is never continued: no record has its text, and the next run may read other postings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from heymilo_prefect.durations import rounded_text
from heymilo_prefect.flows.stall_scan import StallScan
from heymilo_prefect.slack import SlackError, SlackMessage
from heymilo_prefect.stalled import Stalled, StallHistory
from heymilo_prefect.state.post_log import PostLog
from heymilo_prefect.state.posts import STALLED, MessageKey
from heymilo_prefect.state.store import Snapshot, StateStore, StateUnavailableError, state_key
from heymilo_prefect.summaries import StalledGroup, StalledItem, render_stalled_digest
from heymilo_prefect.templating import Template, TemplateError

_MAX_NAMES = 50


@dataclass
class DigestResult:
    """What a digest did: whether it was posted, and the ids of the interviews it mentions.

    `unknown` are the interviews that a digest may have mentioned, this one or an earlier one.
    """

    is_posted: bool = False
    mentioned: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class StalledDigest:
    """Posts the digest of a workspace's stalled candidates to a channel.

    Attributes:
        posts: What was posted to the channel.
        store: Where the history is.
        base_url: The workspace; each has a history of its own.
        template: The digest's template.
        remind_after: When a candidate who stays stalled is mentioned again; None for never.
        post_when_clear: Whether to post if there is no candidate to mention.
    """

    posts: PostLog
    store: StateStore
    base_url: str
    template: Template
    remind_after: timedelta | None
    post_when_clear: bool

    async def post(self, scan: StallScan) -> DigestResult:
        """Mention the stalled candidates that the channel doesn't know of."""
        result = DigestResult()
        if not (scan.stalled or self.post_when_clear):
            return result
        try:
            async with self.posts:
                await self._post(scan, result)
        except (SlackError, StateUnavailableError, TemplateError) as error:
            result.errors.append(str(error))
        if result.unknown:
            result.errors.append(
                "Slack's response was lost, so a digest may be in "
                f"{self.posts.target.name} or not. Check there; it isn't posted again."
            )
        return result

    async def _post(self, scan: StallScan, result: DigestResult) -> None:
        stalled = scan.longest_first()
        history = Snapshot(self.store, state_key("stalled", self.posts.records.key, self.base_url))
        known = await self._recover(await history.read() or {}, result)
        before = StallHistory.load(known)
        new, due = before.classify(stalled, scan.now, self.remind_after)
        resumed = scan.resumed(before)
        mentioned = sorted([*new, *due], key=lambda item: item.last_activity)
        after = before.record(mentioned, resumed, stalled, scan.now).dump()
        if mentioned or self.post_when_clear:
            reminders = {item.interview_id for item in due}
            message = self._render(scan, mentioned, reminders, len(resumed))
            ids = [item.interview_id for item in mentioned]
            key = MessageKey(STALLED, uuid4().hex)
            plan = {"id": key.subject, "at": scan.now.timestamp(), "ids": ids}
            await history.write({"mentions": known, "plan": plan | {"mentions": after}})
            if await self.posts.put(key, message) == "unknown":
                result.unknown += ids
            else:
                result.is_posted, result.mentioned = True, ids
        await history.write({"mentions": after})

    async def _recover(self, history: Mapping[str, Any], result: DigestResult) -> Any:
        """Return what was mentioned, after finding out how the last digest ended."""
        plan = history.get("plan")
        if plan is None:
            return history.get("mentions")
        key = MessageKey(STALLED, plan["id"])
        await self.posts.load([key], since=plan["at"])
        posted = self.posts.record_of(key)
        if key in self.posts.unknown or posted.final_state == "unknown":
            result.unknown += plan["ids"]
        elif posted.is_partial:
            await self.posts.delete(key)
        return history["mentions"] if self.posts.record_of(key).is_new else plan["mentions"]

    def _render(
        self, scan: StallScan, mentioned: Sequence[Stalled], reminders: set[str], resumed: int
    ) -> SlackMessage:
        return render_stalled_digest(
            _grouped(mentioned[:_MAX_NAMES], scan.names, reminders),
            total=len(mentioned),
            not_listed=max(0, len(mentioned) - _MAX_NAMES),
            already_reported=len(scan.stalled) - len(mentioned),
            resumed=resumed,
            template=self.template,
        )


def _grouped(
    items: Sequence[Stalled], names: Mapping[str, str], reminders: set[str]
) -> list[StalledGroup]:
    """Group by posting, the posting with the longest wait first."""
    groups: dict[str, list[StalledItem]] = {}
    for item in items:
        title = item.posting_title or item.posting_id or "No posting"
        groups.setdefault(title, []).append(
            StalledItem(
                name=names.get(item.interview_id, item.interview_id),
                interview_id=item.interview_id,
                kind=item.kind,
                step=item.step,
                idle=rounded_text(item.idle),
                waiting_on=item.waiting_on,
                is_reminder=item.interview_id in reminders,
            )
        )
    return [StalledGroup(title, listed) for title, listed in groups.items()]
