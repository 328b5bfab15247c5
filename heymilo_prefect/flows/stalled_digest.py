"""The digest of stalled candidates in one channel: each is mentioned there once, until due again.

What the channel was told is one record for each channel and workspace, its history. Before a digest
is posted, a plan joins the history: the digest's id, and the history as it will be. Slack keeps the
id with the message as its metadata, so the next run can tell how a plan ended that has no end:

    the channel has all of the digest       the plan is the history
    the channel has none of it              the history holds
    its thread is incomplete                it is deleted, and the history holds
    the channel can't be read               the plan is the history, the candidates are `unknown`

Where the history holds, the candidates are still to be mentioned, and the digest of that run does
it with the data of that run. A digest is never continued: no record has its text, and the next run
may look at other postings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from heymilo_prefect.durations import rounded_text
from heymilo_prefect.flows.reports import Findings
from heymilo_prefect.slack import SlackError, SlackMessage
from heymilo_prefect.stalled import Stalled, StallHistory
from heymilo_prefect.state.post_log import PostLog
from heymilo_prefect.state.posts import STALLED, MessageKey
from heymilo_prefect.state.store import Snapshot, StateStore, state_key
from heymilo_prefect.summaries import StalledGroup, StalledItem, render_stalled_digest
from heymilo_prefect.templating import Template, TemplateError

_ITEMS_NAMED = 50


@dataclass(frozen=True)
class StalledDigest:
    """Posts the digest of a workspace's stalled candidates to a channel.

    Attributes:
        ledger: What was posted to the channel.
        memory: Where the history is.
        base_url: The workspace; two workspaces have a history each.
        template: The digest's.
        remind_after: When a candidate who stays stalled is mentioned again; None for never.
        post_when_clear: Whether to post when there is nobody to mention.
    """

    ledger: PostLog
    memory: StateStore
    base_url: str
    template: Template
    remind_after: timedelta | None
    post_when_clear: bool

    async def post(self, found: Findings) -> list[str]:
        """Mention the stalled candidates whom the channel doesn't know, and fill the report.

        Returns:
            Sentences about what couldn't be posted.

        Raises:
            StateUnavailableError: The records can't be used.
        """
        if not (found.report.stalled or self.post_when_clear):
            return []
        unknown: list[MessageKey] = []
        undone = []
        try:
            async with self.ledger:
                await self._post(found, unknown)
        except (SlackError, TemplateError) as error:
            undone.append(str(error))
        if unknown:
            undone.append(
                f"A digest may be in {self.ledger.target.name} or not: look there. It isn't posted "
                "again."
            )
        return undone

    async def _post(self, found: Findings, unknown: list[MessageKey]) -> None:
        report = found.report
        key = state_key("stalled", self.ledger.records.key, self.base_url)
        history = Snapshot(self.memory, key)
        known = await self._settled(await history.read() or {}, found, unknown)
        before = StallHistory.load(known)
        new, due = before.classify(report.stalled, found.now, self.remind_after)
        resumed = found.resumed(before)
        mentioned = sorted([*new, *due], key=lambda item: item.last_activity)
        after = before.record(mentioned, resumed, report.stalled, found.now).dump()
        if mentioned or self.post_when_clear:
            again = {item.interview_id for item in due}
            message = self._message(found, mentioned, again, len(resumed))
            ids = [item.interview_id for item in mentioned]
            about = MessageKey(STALLED, uuid4().hex)
            plan = {"id": about.subject, "at": found.now.timestamp(), "ids": ids}
            await history.write({"mentions": known, "plan": plan | {"mentions": after}})
            fate = await self.ledger.put(about, message)
            if fate == "unknown":
                unknown.append(about)
                report.unknown += ids
            else:
                report.digest_posted = True
                report.mentioned = ids
        await history.write({"mentions": after})

    async def _settled(
        self, history: Mapping[str, Any], found: Findings, unknown: list[MessageKey]
    ) -> Any:
        """Return what the channel was told, after finding out how the last digest ended."""
        plan = history.get("plan")
        if plan is None:
            return history.get("mentions")
        about = MessageKey(STALLED, plan["id"])
        await self.ledger.load([about], since=plan["at"])
        posted = self.ledger.of(about)
        if about in self.ledger.unknown or posted.end == "unknown":
            unknown.append(about)
            found.report.unknown += plan["ids"]
        elif posted.is_partial:
            await self.ledger.delete(about)
        return history["mentions"] if self.ledger.of(about).is_new else plan["mentions"]

    def _message(
        self, found: Findings, mentioned: Sequence[Stalled], again: set[str], resumed: int
    ) -> SlackMessage:
        return render_stalled_digest(
            _grouped(mentioned[:_ITEMS_NAMED], found.names, again),
            total=len(mentioned),
            not_listed=max(0, len(mentioned) - _ITEMS_NAMED),
            already_reported=len(found.report.stalled) - len(mentioned),
            resumed=resumed,
            template=self.template,
        )


def _grouped(
    items: Sequence[Stalled], names: Mapping[str, str], again: set[str]
) -> list[StalledGroup]:
    """Group by posting; the posting with the longest wait comes first."""
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
                is_reminder=item.interview_id in again,
            )
        )
    return [StalledGroup(title, listed) for title, listed in groups.items()]
