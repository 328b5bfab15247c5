"""Post one channel's summaries: select what is due, defer the rest, post each exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from prefect.logging import get_run_logger

from heymilo_prefect import __version__
from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.flows.reports import SummaryReport
from heymilo_prefect.slack import Mention, SlackError, SlackMessage, plain_message
from heymilo_prefect.slack.errors import APP_ERRORS, MESSAGE_ERRORS
from heymilo_prefect.state.post_log import PostLog
from heymilo_prefect.state.posts import NOTICE, SUMMARY, THREAD, MessageKey
from heymilo_prefect.state.store import StateUnavailableError
from heymilo_prefect.summaries import redacted, render_digest, render_summary
from heymilo_prefect.templating import Template, TemplateError

ThreadBy = Literal["posting"]
Found = tuple[Interview, Posting | None]

_TOGETHER = 50  # interviews in a digest, whose links may be long


@dataclass
class SummaryOptions:
    """How summaries are posted, whichever the channel; `refused` is set when no channel takes any.

    Attributes:
        template: For a summary, or with `digest` for a digest.
        mention: Whom each message calls.
        max_messages: How many new ones to post to a channel at most.
        digest: Whether one message lists many.
        thread_by: What has one thread a day.
        looks_at_all: Whether every interview is looked at that an earlier run may have left.
        tells_who_waits: Whether to say in the channel how many wait.
    """

    template: Template
    mention: Mention | None = None
    max_messages: int = 20
    digest: bool = False
    thread_by: ThreadBy | None = None
    looks_at_all: bool = False
    tells_who_waits: bool = True
    refused: SlackError | None = None

    @property
    def look(self) -> str:
        """What makes a message look so, other than the interview."""
        called = self.mention.written if self.mention else ""
        return "\n".join((__version__, self.template.mark, called))

    def summary(self, interview: Interview, posting: Posting | None) -> SlackMessage:
        """Write the summary of an interview."""
        return self._calling(render_summary(interview, posting, self.template))

    def digest_of(self, found: Sequence[Found], waiting: int = 0) -> SlackMessage:
        """Write the digest of several."""
        return self._calling(render_digest(found, waiting, self.template))

    def _calling(self, message: SlackMessage) -> SlackMessage:
        return message if self.mention is None else self.mention.on(message)


class ChannelQueue:
    """The interviews whose summaries go to one channel; `found` is to be filled, oldest first."""

    def __init__(self, ledger: PostLog, options: SummaryOptions) -> None:
        self.name = ledger.target.name
        self.found: list[Found] = []
        self._ledger = ledger
        self._options = options
        self._waiting: list[str] = []

    async def look(self) -> list[str]:
        """Return the interviews that earlier runs left for later ones; Slack isn't asked."""
        await self._ledger.records.look()
        return self._left_by_earlier()

    async def preview(self, report: SummaryReport) -> list[tuple[str, SlackMessage]]:
        """Write what would be posted, in which nobody can be told; says of what each is."""
        await self._ledger.read(map(_about, self._ids()))
        due = self._due(report)
        report.would_post += [interview.interview_id for interview, _ in due]
        blots = [(redacted(interview), posting) for interview, posting in due]
        if self._options.digest:
            pages = self._pages(blots)
            return [(f"{len(page)} interviews", self._options.digest_of(page)) for page in pages]
        return [(one.interview_id, self._options.summary(one, posting)) for one, posting in blots]

    async def post(self, report: SummaryReport) -> SlackError | StateUnavailableError | None:
        """Post what is due, and change what stands there otherwise; returns why not all of it.

        Each interview ends in the report.
        """
        why: SlackError | StateUnavailableError | None = self._options.refused
        if why is None:
            try:
                async with self._ledger as ledger:
                    why = await self._post(ledger, report)
            except (SlackError, StateUnavailableError) as error:
                why = error
        if isinstance(why, SlackError) and why.error in APP_ERRORS:
            self._options.refused = why
        if why is not None:
            for interview_id in set(self._ids()) - report.accounted_for:
                report.failed[interview_id] = str(why)
        return why

    def _left_by_earlier(self) -> list[str]:
        return list(self._ledger.records.state.get("waiting", ()))

    def _ids(self) -> list[str]:
        return [interview.interview_id for interview, _ in self.found]

    def _due(self, report: SummaryReport) -> list[Found]:
        """Return those of which nothing was posted, as many as may be now; the others wait."""
        new = []
        for interview, posting in self.found:
            about = _about(interview.interview_id)
            if about in self._ledger.unknown:
                report.unknown.append(interview.interview_id)
            elif self._ledger.of(about).is_new:
                new.append((interview, posting))
            else:
                report.already_posted.append(interview.interview_id)
        most = self._options.max_messages
        if self._options.digest:
            most = sum(map(len, self._pages(new)[:most]))
        self._waiting = [interview.interview_id for interview, _ in new[most:]]
        report.deferred += self._waiting
        return new[:most]

    def _pages(self, found: Sequence[Found]) -> list[Sequence[Found]]:
        """Share interviews out to digests, each of which fits into one message."""
        most = _TOGETHER
        if len(found) > 1 and self._options.digest_of(found[:most], len(found)).thread:
            most = (min(most, len(found)) + 1) // 2
        if len(found) <= most:
            return [found] if found else []
        return [*self._pages(found[:most]), *self._pages(found[most:])]

    async def _post(self, ledger: PostLog, report: SummaryReport) -> SlackError | None:
        """Post until the channel takes no more; returns why it doesn't."""
        await ledger.load([_about(interview_id) for interview_id in self._ids()])
        due = self._due(report)
        why = None
        try:
            if self._options.digest:
                await self._post_digests(ledger, due, report)
            else:
                await self._post_each(ledger, {one.interview_id for one, _ in due}, report)
        except SlackError as error:
            why = error
        done = {*report.posted, *report.unknown}
        left = [one.interview_id for one, _ in due if one.interview_id not in done]
        waiting = [*self._left_by_others(), *self._waiting]
        await ledger.records.write(waiting=[*left, *waiting])
        if due:
            get_run_logger().info(
                "%s: %d of %d new summaries posted.", self.name, len(due) - len(left), len(due)
            )
        if why is None and self._options.tells_who_waits and not self._options.digest:
            await self._tell_who_waits(ledger, len(waiting))
        return why

    def _left_by_others(self) -> list[str]:
        """Return what was left by runs that look at interviews at which this one doesn't."""
        if self._options.looks_at_all:
            return []
        found = set(self._ids())
        return [left for left in self._left_by_earlier() if left not in found]

    async def _post_each(self, ledger: PostLog, due: set[str], report: SummaryReport) -> None:
        threads: dict[str, str | None] = {}
        standing = set(report.already_posted)
        for interview, posting in self.found:
            interview_id = interview.interview_id
            if interview_id not in due and interview_id not in standing:
                continue
            if self._options.refused is not None:
                raise self._options.refused
            thread = None
            if interview_id in due and self._options.thread_by == "posting" and posting:
                if posting.posting_id not in threads:
                    threads[posting.posting_id] = await _thread_of(ledger, posting)
                thread = threads[posting.posting_id]
            try:
                message = self._options.summary(interview, posting)
                fate = await ledger.put(_about(interview_id), message, self._options.look, thread)
            except (TemplateError, SlackError) as error:
                _keep_or_raise(error)
                report.failed[interview_id] = str(error)
                continue
            report.note(interview_id, fate)

    async def _post_digests(
        self, ledger: PostLog, due: Sequence[Found], report: SummaryReport
    ) -> None:
        pages = self._pages(due)
        for page in pages:
            if self._options.refused is not None:
                raise self._options.refused
            ids = [interview.interview_id for interview, _ in page]
            is_last = page is pages[-1]
            try:
                message = self._options.digest_of(page, len(self._waiting) if is_last else 0)
                fate = await ledger.put_digest(map(_about, ids), replace(message, thread=[]))
            except (TemplateError, SlackError) as error:
                _keep_or_raise(error)
                report.failed |= dict.fromkeys(ids, str(error))
                continue
            for interview_id in ids:
                report.note(interview_id, fate)

    async def _tell_who_waits(self, ledger: PostLog, count: int) -> None:
        """Say in the channel how many wait, once, and keep that true while they do."""
        state: dict[str, Any] = ledger.records.state
        told, number = state.get("told", False), state.get("backlog", 0)
        if not (count or told):
            return
        if not told:
            number += 1
        each = self._options.max_messages
        said = "All interview summaries that waited are posted."
        if count:
            summaries = "summary waits" if count == 1 else "summaries wait"
            said = (
                f"{count} more interview {summaries} for the next runs, which post {each} each, "
                "oldest first. Raise max_messages to get more at once."
            )
        await ledger.put(MessageKey(NOTICE, f"backlog {number}"), plain_message(said))
        await ledger.records.write(backlog=number, told=bool(count))
        if count:
            get_run_logger().info(
                "%s: %d more wait for the next run (max_messages).", self.name, count
            )


def _keep_or_raise(error: TemplateError | SlackError) -> None:
    """Raise an error that isn't about one message only."""
    if isinstance(error, SlackError) and error.error not in MESSAGE_ERRORS:
        raise error


def _about(interview_id: str) -> MessageKey:
    return MessageKey(SUMMARY, interview_id)


async def _thread_of(ledger: PostLog, posting: Posting) -> str | None:
    """Return the `ts` of the message that begins a posting's thread of this day, in UTC."""
    today = datetime.now(UTC)
    title = posting.title or "Untitled posting"
    about = MessageKey(THREAD, f"{posting.posting_id} {today:%Y-%m-%d}")
    await ledger.put(about, plain_message("", f"{title}, {today:%d %B %Y}"))
    return ledger.of(about).ts
