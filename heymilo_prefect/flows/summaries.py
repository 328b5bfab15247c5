"""The flows that post interview summaries to Slack, each exactly once."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from prefect.logging import get_run_logger

from heymilo_prefect.api.endpoints import get_interview, list_interviews
from heymilo_prefect.api.models import EARLIEST, Interview, Posting
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel, SlackTarget, SummaryTemplate
from heymilo_prefect.blocks.slack import target_of
from heymilo_prefect.durations import DurationParameter, duration
from heymilo_prefect.flows._run import ReadResult, async_twin, coroutine_flow, read_all_interviews
from heymilo_prefect.flows.channel_queue import (
    ChannelQueue,
    ChannelResult,
    Found,
    StopSignal,
    SummaryOptions,
)
from heymilo_prefect.flows.reports import (
    SummaryReport,
    UnfinishedError,
    publish_preview,
    publish_summary_report,
)
from heymilo_prefect.postings import PostingError, find_posting, select_postings
from heymilo_prefect.slack import Mention
from heymilo_prefect.state.post_log import PostLog
from heymilo_prefect.state.secret import TeamSecret
from heymilo_prefect.state.store import StateStore
from heymilo_prefect.summaries import InterviewFilter, load_digest_template, load_summary_template
from heymilo_prefect.tasks.interviews import InterviewReader, read_postings
from heymilo_prefect.templating import Template

_CLOCK_DIFFERENCE = timedelta(days=1)  # between Slack's clock and HeyMilo's, at most


@coroutine_flow
async def post_interview_summaries(
    heymilo_credentials: HeyMiloCredentials,
    slack: SlackTarget,
    posting_ids: list[str] | None = None,
    template: SummaryTemplate | str | Path | None = None,
    since: DurationParameter | datetime | None = "7 days",
    max_messages: int = 20,
    dry_run: bool = False,
    min_score: float | None = None,
    statuses: list[str] | None = None,
    completed_steps: list[str] | None = None,
    routes: dict[str, str] | None = None,
    mention: str | None = None,
    digest: bool = False,
    thread_per_posting: bool = False,
) -> SummaryReport:
    """Post a summary of each interview that has a report, once per interview and channel.

    A summary whose report has changed since is edited in place.

    Args:
        heymilo_credentials: The workspace.
        slack: The channel.
        posting_ids: The postings to read; by default, all that aren't archived.
        template: A Jinja template: a `SummaryTemplate` block, a file's path, an https URL, the text
            itself, or a packaged one: `full`, which is the default, or `compact`. It uses
            `interview` and `posting`, or with `digest` `report`. It is checked before anything
            is read.
        since: How far back from now interviews are read, such as "7 days", or a time; None for
            all.
        max_messages: How many new messages to post to a channel at most. The next runs post the
            rest, oldest first, and a notice in the channel counts the deferred ones.
        dry_run: Post nothing, and create an artifact of what would be posted, with personal data
            redacted.
        min_score: Post interviews with this score or a higher one, 0-100.
        statuses: Post interviews with one of these statuses, such as completed or shortlisted.
        completed_steps: Post interviews in which all of these steps are complete, by their ids.
        routes: The channel of a posting, by its id or exact title; other postings use the block's
            channel. The app has to be in each.
        mention: Whom each message mentions: `<@U0123ABCD>`, or `<!subteam^S0123ABCD>` for a group.
        digest: Post one message that lists the new interviews, instead of one message each.
        thread_per_posting: Post the summaries of a posting and day into one thread.

    Returns:
        A `SummaryReport`.

    Raises:
        TemplateError: the template can't be used; nothing was read.
        PostingError: HeyMilo doesn't have a posting that was named.
        StateUnavailableError: Prefect's result storage can't be used.
        UnfinishedError: a posting wasn't read, or a summary wasn't posted; see `.report`.
        HeyMiloError: the postings can't be listed.
    """
    if max_messages < 1:
        raise ValueError(f"max_messages is {max_messages}. It must be 1 or more.")
    if thread_per_posting and (digest or not isinstance(slack, SlackChannel)):
        reason = "a digest is one message" if digest else "a webhook has no threads"
        raise ValueError(f"thread_per_posting needs a SlackChannel and no digest: {reason}.")
    options = SummaryOptions(
        template=_load_template(template, digest),
        mention=_mention(mention),
        max_messages=max_messages,
        digest=digest,
        thread_per_posting=thread_per_posting,
    )
    first = _first_time(since)
    wanted = InterviewFilter(first, min_score, statuses, completed_steps or ())
    opened = await _OpenedState.open()
    everything = await read_postings(heymilo_credentials)
    router = ChannelRouter(slack, routes or {}, everything)
    queues = opened.queues(router, options, first)
    deferred = {one for queue in queues.values() for one in await queue.deferred_ids()}
    found, read = await _read_wanted(
        heymilo_credentials,
        select_postings(everything, posting_ids),
        wanted.including(deferred),
    )
    by_channel = router.group(found)
    if dry_run:
        previews = [await queues[name].preview(items) for name, items in by_channel.items()]
        await publish_preview(message for _, messages in previews for message in messages)
        report = _report_of([result for result, _ in previews], read)
        get_run_logger().info("Nothing is posted: %d would be.", len(report.would_post))
        return report
    is_complete_scan = not read.unread_postings and wanted.is_unrestricted and posting_ids is None
    return await _post_all(queues, by_channel, is_complete_scan, read)


apost_interview_summaries = async_twin(post_interview_summaries)
"""`post_interview_summaries` for async callers."""


@coroutine_flow
async def post_interview_summary(
    heymilo_credentials: HeyMiloCredentials,
    slack: SlackTarget,
    interview_id: str,
    template: SummaryTemplate | str | Path | None = None,
    routes: dict[str, str] | None = None,
    mention: str | None = None,
) -> SummaryReport:
    """Post the summary of one interview, once per channel; meant to be started by automations.

    It shares its records with `post_interview_summaries`, so that neither posts what the other
    posted. A summary whose report has changed since is edited in place.

    Args:
        heymilo_credentials: The workspace.
        slack: The channel.
        interview_id: The interview's id.
        template: As in `post_interview_summaries`.
        routes: As in `post_interview_summaries`.
        mention: As in `post_interview_summaries`.

    Returns:
        A `SummaryReport`.

    Raises:
        TemplateError: the template can't be used; nothing was read.
        NotFoundError: HeyMilo doesn't know the id.
        StateUnavailableError: Prefect's result storage can't be used.
        UnfinishedError: the interview has no report yet, or the summary wasn't posted.
        HeyMiloError: the interview can't be read.

    Source: `GET /api/interview/{interview_id}`.
    """
    options = SummaryOptions(
        _load_template(template, digest=False), _mention(mention), announce_backlog=False
    )
    client = heymilo_credentials.get_async_client()
    interview = await client.send(get_interview(interview_id))
    if not interview.has_report:
        raise UnfinishedError(
            f"Interview {interview_id} has no report yet. Run again when HeyMilo has written it.",
            SummaryReport(),
        )
    first = interview.took_place_at or datetime.now(UTC) - timedelta(days=7)
    opened = await _OpenedState.open()
    everything = await read_postings(heymilo_credentials)
    router = ChannelRouter(slack, routes or {}, everything)
    queues = opened.queues(router, options, first)
    posting = next((it for it in everything if it.posting_id == interview.posting_id), None)
    return await _post_all(queues, router.group([(interview, posting)]), False, None)


apost_interview_summary = async_twin(post_interview_summary)
"""`post_interview_summary` for async callers."""


class ChannelRouter:
    """Decides to which channel a posting's summaries go: the block's own, or a route's.

    Args:
        slack: The block.
        routes: Channels by a posting's id or exact title.
        postings: The workspace's postings.

    Attributes:
        targets: The channels, by name.

    Raises:
        PostingError: HeyMilo doesn't have a posting that was named.
        ValueError: There are routes, and `slack` is a webhook.
    """

    def __init__(
        self, slack: SlackTarget, routes: Mapping[str, str], postings: Sequence[Posting]
    ) -> None:
        self._default = target_of(slack).name
        self._by_posting: dict[str, str] = {}
        self.targets: dict[str, SlackTarget] = {self._default: slack}
        if routes and not isinstance(slack, SlackChannel):
            raise ValueError("routes needs a SlackChannel: a webhook posts to a single channel.")
        for named, channel in routes.items():
            try:
                posting = find_posting(postings, named)
            except PostingError as error:
                raise PostingError(f"routes: {error}") from None
            assert isinstance(slack, SlackChannel)
            target = SlackChannel(
                channel=channel, credentials=slack.credentials, api_url=slack.api_url
            )
            self._by_posting[posting.posting_id] = target.channel
            self.targets.setdefault(target.channel, target)

    def group(self, found: Iterable[Found]) -> dict[str, list[Found]]:
        """Group interviews by channel, the oldest first within each."""
        by_channel: dict[str, list[Found]] = {name: [] for name in self.targets}
        for interview, posting in sorted(found, key=lambda pair: pair[0].took_place_at or EARLIEST):
            name = self._by_posting.get(posting.posting_id) if posting else None
            by_channel[name or self._default].append((interview, posting))
        return {name: found for name, found in by_channel.items() if found}


class _OpenedState(NamedTuple):
    """The run's state, which is opened before HeyMilo is called: without it, nothing is posted."""

    store: StateStore
    secret: TeamSecret

    @classmethod
    async def open(cls) -> "_OpenedState":
        return cls(await StateStore.open(), await TeamSecret.load())

    def queues(
        self, router: ChannelRouter, options: SummaryOptions, first: datetime
    ) -> dict[str, ChannelQueue]:
        """Return a queue for each channel; channels are read back to a day before `first`."""
        oldest = 0.0 if first == EARLIEST else (first - _CLOCK_DIFFERENCE).timestamp()
        stop = StopSignal()
        return {
            name: ChannelQueue(PostLog(slack, self.store, self.secret, oldest), options, stop)
            for name, slack in router.targets.items()
        }


async def _read_wanted(
    heymilo_credentials: HeyMiloCredentials, postings: Sequence[Posting], wanted: InterviewFilter
) -> tuple[list[Found], ReadResult]:
    found: list[Found] = []

    def visit(posting: Posting, interview: Interview) -> None:
        if wanted(interview):
            found.append((interview, posting))

    reader = InterviewReader[Interview](list_interviews, lambda posting: partial(visit, posting))
    read = await read_all_interviews(
        heymilo_credentials, postings, reader, "heymilo-summaries-progress"
    )
    return found, read


async def _post_all(
    queues: Mapping[str, ChannelQueue],
    by_channel: Mapping[str, Sequence[Found]],
    is_complete_scan: bool,
    read: ReadResult | None,
) -> SummaryReport:
    """Post to all channels at once; a channel that fails doesn't stop the others."""
    async with asyncio.TaskGroup() as group:
        posts = [
            group.create_task(queues[name].post(found, is_complete_scan))
            for name, found in by_channel.items()
        ]
    report = _report_of([post.result() for post in posts], read)
    await publish_summary_report(report)
    get_run_logger().info("Summaries: %s.", report)
    report.raise_if_unfinished()
    return report


def _report_of(results: Sequence[ChannelResult], read: ReadResult | None) -> SummaryReport:
    report = SummaryReport()
    if read is not None:
        report.unread_postings, report.left_out = read.unread_postings, read.left_out
    for result in results:
        report.posted += result.posted
        report.edited += result.edited
        report.already_posted += result.already_posted
        report.deferred += result.deferred
        report.failed |= result.failed
        report.unknown += result.unknown
        report.would_post += result.would_post
        if result.error is not None:
            report.errors.append(str(result.error))
    return report


def _load_template(template: SummaryTemplate | str | Path | None, digest: bool) -> Template:
    if isinstance(template, SummaryTemplate):
        if digest:
            raise ValueError("digest takes no template block. Pass a file, a URL or the text.")
        loaded = template.get_template()
    else:
        loaded = (load_digest_template if digest else load_summary_template)(template)
    for hint in loaded.hints:
        get_run_logger().warning("%s", hint)
    return loaded


def _mention(mention: str | None) -> Mention | None:
    return None if mention is None else Mention(mention)


def _first_time(since: timedelta | str | datetime | None) -> datetime:
    if since is None:
        return EARLIEST
    if not isinstance(since, datetime):
        return datetime.now(UTC) - duration(since)
    return since if since.tzinfo else since.replace(tzinfo=UTC)
