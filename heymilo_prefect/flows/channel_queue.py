"""Post one channel's summaries: select what is due, defer the rest, post each exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from prefect.logging import get_run_logger

from heymilo_prefect import __version__
from heymilo_prefect._redaction import redacted
from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.slack import Mention, SlackError, SlackMessage, plain_message
from heymilo_prefect.slack.errors import APP_ERRORS, MESSAGE_ERRORS
from heymilo_prefect.state.post_log import PostLog, PostResult
from heymilo_prefect.state.posts import NOTICE, SUMMARY, THREAD, MessageKey
from heymilo_prefect.state.store import StateUnavailableError
from heymilo_prefect.summaries import render_digest, render_summary
from heymilo_prefect.templating import Template, TemplateError

Found = tuple[Interview, Posting | None]

_DIGEST_INTERVIEWS = 50  # in one message, since their links may be long


@dataclass(frozen=True)
class SummaryOptions:
    """How summaries are posted, in every channel.

    Attributes:
        template: The template of a summary, or with `digest` of a digest.
        mention: Whom each message mentions.
        max_messages: How many new messages to post to a channel at most.
        digest: Whether one message lists many interviews.
        thread_per_posting: Whether the summaries of a posting and day share a thread.
        announce_backlog: Whether to post how many summaries are deferred.
    """

    template: Template
    mention: Mention | None = None
    max_messages: int = 20
    digest: bool = False
    thread_per_posting: bool = False
    announce_backlog: bool = True

    @property
    def style(self) -> str:
        """What determines a message's look other than the interview's data."""
        mention = self.mention.written if self.mention else ""
        return "\n".join((__version__, self.template.fingerprint, mention))

    def render_summary(self, interview: Interview, posting: Posting | None) -> SlackMessage:
        """Render the summary of an interview."""
        return self._with_mention(render_summary(interview, posting, self.template))

    def render_digest(self, found: Sequence[Found], deferred: int = 0) -> SlackMessage:
        """Render the digest of several interviews."""
        return self._with_mention(render_digest(found, deferred, self.template))

    def _with_mention(self, message: SlackMessage) -> SlackMessage:
        return message if self.mention is None else self.mention.on(message)


class StopSignal:
    """Tells the queues of all channels that Slack rejects the app, so that none posts any more."""

    def __init__(self) -> None:
        self.error: SlackError | None = None

    def set(self, error: SlackError) -> None:
        """Stop the queues before their next message."""
        self.error = self.error or error

    def check(self) -> None:
        """Raise the error that was set, if any."""
        if self.error is not None:
            raise self.error


@dataclass
class ChannelResult:
    """What happened to the summaries of one channel; the fields are those of a SummaryReport.

    `error` is why the channel took no more messages, None if it took all that were due.
    """

    posted: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    already_posted: list[str] = field(default_factory=list)
    deferred: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    would_post: list[str] = field(default_factory=list)
    error: SlackError | StateUnavailableError | None = None

    def add(self, interview_id: str, result: PostResult) -> None:
        """Add what happened to a summary; one that was left unchanged is in `already_posted`."""
        lists = {"posted": self.posted, "edited": self.edited, "unknown": self.unknown}
        if result in lists:
            lists[result].append(interview_id)

    def missing(self, found: Sequence[Found]) -> list[str]:
        """Return the interviews that no list has."""
        known = {*self.posted, *self.already_posted, *self.deferred, *self.failed, *self.unknown}
        return [one.interview_id for one, _ in found if one.interview_id not in known]


class ChannelQueue:
    """The queue of summaries for one channel.

    What a run doesn't post, because of `max_messages` or an error, is recorded as deferred, and
    later runs post it even if it is older than they look back.

    Args:
        posts: What was posted to the channel.
        options: How summaries are posted.
        stop: Shared by the queues of a run.
    """

    def __init__(self, posts: PostLog, options: SummaryOptions, stop: StopSignal) -> None:
        self.name = posts.target.name
        self._posts = posts
        self._options = options
        self._stop = stop

    async def deferred_ids(self) -> list[str]:
        """Return the interviews that earlier runs deferred; Slack isn't called."""
        await self._posts.records.peek()
        return self._deferred_earlier()

    async def preview(
        self, found: Sequence[Found]
    ) -> tuple[ChannelResult, list[tuple[str, str, SlackMessage]]]:
        """Render what would be posted, with personal data redacted.

        Args:
            found: The interviews, oldest first.

        Returns:
            The result, and for each message what it is about, the channel and the message.
        """
        await self._posts.prefetch([_key(one.interview_id) for one, _ in found])
        result = ChannelResult()
        due = self._select_due(found, result)
        result.would_post = [interview.interview_id for interview, _ in due]
        safe = [(redacted(interview, interview.name), posting) for interview, posting in due]
        options = self._options
        if options.digest:
            return result, [
                (f"{len(page)} interviews", self.name, options.render_digest(page))
                for page in self._pages(safe)
            ]
        return result, [
            (interview.interview_id, self.name, options.render_summary(interview, posting))
            for interview, posting in safe
        ]

    async def post(self, found: Sequence[Found], is_complete_scan: bool) -> ChannelResult:
        """Post the summaries that are due, and edit those whose report has changed.

        Args:
            found: The interviews, oldest first.
            is_complete_scan: Whether `found` has every interview that earlier runs may have
                deferred, so that the others need no longer be remembered.
        """
        result = ChannelResult(error=self._stop.error)
        if result.error is None:
            try:
                async with self._posts:
                    await self._post(found, result, is_complete_scan)
            except (SlackError, StateUnavailableError) as error:
                result.error = error
        if isinstance(result.error, SlackError) and result.error.error in APP_ERRORS:
            self._stop.set(result.error)
        if result.error is not None:
            result.failed |= dict.fromkeys(result.missing(found), str(result.error))
        return result

    async def _post(
        self, found: Sequence[Found], result: ChannelResult, is_complete_scan: bool
    ) -> None:
        await self._posts.load([_key(one.interview_id) for one, _ in found])
        due = self._select_due(found, result)
        try:
            if self._options.digest:
                await self._post_digests(due, result)
            else:
                await self._post_summaries(found, {one.interview_id for one, _ in due}, result)
        except SlackError as error:
            result.error = error
        done = {*result.posted, *result.unknown}
        not_posted = [one.interview_id for one, _ in due if one.interview_id not in done]
        ids = {one.interview_id for one, _ in found}
        not_read = (
            [] if is_complete_scan else [it for it in self._deferred_earlier() if it not in ids]
        )
        await self._posts.records.save(waiting=[*not_posted, *not_read, *result.deferred])
        if due:
            get_run_logger().info(
                "%s: %d of %d new summaries posted.",
                self.name,
                len(due) - len(not_posted),
                len(due),
            )
        if result.error is None and self._options.announce_backlog and not self._options.digest:
            await self._announce_backlog(len(not_read) + len(result.deferred))

    def _deferred_earlier(self) -> list[str]:
        return list(self._posts.records.state.get("waiting", ()))

    def _select_due(self, found: Sequence[Found], result: ChannelResult) -> Sequence[Found]:
        """Return the new interviews, as many as may be posted now; the others are deferred."""
        new = []
        for interview, posting in found:
            key = _key(interview.interview_id)
            if key in self._posts.unknown:
                result.unknown.append(interview.interview_id)
            elif self._posts.record_of(key).is_new:
                new.append((interview, posting))
            else:
                result.already_posted.append(interview.interview_id)
        limit = self._options.max_messages
        if self._options.digest:
            limit = sum(map(len, self._pages(new)[:limit]))
        result.deferred = [interview.interview_id for interview, _ in new[limit:]]
        return new[:limit]

    def _pages(self, found: Sequence[Found]) -> list[Sequence[Found]]:
        """Divide interviews into digests that fit into one message each."""
        size = _DIGEST_INTERVIEWS
        if len(found) > 1 and self._options.render_digest(found[:size], len(found)).thread:
            size = (min(size, len(found)) + 1) // 2
        if len(found) <= size:
            return [found] if found else []
        return [*self._pages(found[:size]), *self._pages(found[size:])]

    async def _post_summaries(
        self, found: Sequence[Found], due: set[str], result: ChannelResult
    ) -> None:
        threads: dict[str, str | None] = {}
        editable = set(result.already_posted)
        for interview, posting in found:
            interview_id = interview.interview_id
            if interview_id not in due and interview_id not in editable:
                continue
            self._stop.check()
            thread = None
            if interview_id in due and self._options.thread_per_posting and posting:
                if posting.posting_id not in threads:
                    threads[posting.posting_id] = await self._thread_of(posting)
                thread = threads[posting.posting_id]
            try:
                message = self._options.render_summary(interview, posting)
                key, style = _key(interview_id), self._options.style
                result.add(interview_id, await self._posts.put(key, message, style, thread))
            except (TemplateError, SlackError) as error:
                _raise_unless_of_message(error)
                result.failed[interview_id] = str(error)

    async def _post_digests(self, due: Sequence[Found], result: ChannelResult) -> None:
        pages = self._pages(due)
        for page in pages:
            self._stop.check()
            ids = [interview.interview_id for interview, _ in page]
            deferred = len(result.deferred) if page is pages[-1] else 0
            try:
                message = replace(self._options.render_digest(page, deferred), thread=[])
                posted = await self._posts.put_digest(map(_key, ids), message)
            except (TemplateError, SlackError) as error:
                _raise_unless_of_message(error)
                result.failed |= dict.fromkeys(ids, str(error))
                continue
            for interview_id in ids:
                result.add(interview_id, posted)

    async def _thread_of(self, posting: Posting) -> str | None:
        """Return the `ts` of the message that starts a posting's thread of this day, in UTC."""
        today = datetime.now(UTC)
        title = posting.title or "Untitled posting"
        key = MessageKey(THREAD, f"{posting.posting_id} {today:%Y-%m-%d}")
        await self._posts.put(key, plain_message("", f"{title}, {today:%d %B %Y}"))
        return self._posts.record_of(key).ts

    async def _announce_backlog(self, count: int) -> None:
        """Post how many summaries are deferred, and keep that message up to date until none is."""
        state: dict[str, Any] = self._posts.records.state
        is_announced, number = state.get("announced", False), state.get("backlog", 0)
        if not (count or is_announced):
            return
        if not is_announced:
            number += 1
        text = "All deferred interview summaries are posted."
        if count:
            noun = "summary follows" if count == 1 else "summaries follow"
            text = (
                f"{count} more interview {noun} with the next runs, {self._options.max_messages} "
                "per run, oldest first. Raise max_messages to get more at once."
            )
        await self._posts.put(MessageKey(NOTICE, f"backlog {number}"), plain_message(text))
        await self._posts.records.save(backlog=number, announced=bool(count))
        if count:
            get_run_logger().info(
                "%s: %d more are deferred to the next runs (max_messages).", self.name, count
            )


def _raise_unless_of_message(error: TemplateError | SlackError) -> None:
    """Raise an error that would come up again with the channel's next message."""
    if isinstance(error, SlackError) and error.error not in MESSAGE_ERRORS:
        raise error


def _key(interview_id: str) -> MessageKey:
    return MessageKey(SUMMARY, interview_id)
