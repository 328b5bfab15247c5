"""The flow that posts each interview's summary to Slack, once."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from prefect.logging import get_run_logger

from heymilo_prefect.api.endpoints import get_interview, list_interviews
from heymilo_prefect.api.models import EARLIEST, Interview, Posting
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel, SlackTarget, SummaryTemplate
from heymilo_prefect.durations import DurationParameter, duration
from heymilo_prefect.flows._run import UnfinishedError, read_all_interviews
from heymilo_prefect.flows._twins import async_twin, coroutine_flow
from heymilo_prefect.flows.channel_queue import ChannelQueue, SummaryOptions, ThreadBy
from heymilo_prefect.flows.reports import SummaryReport, publish_summary_report, show_preview
from heymilo_prefect.postings import PostingError, find_posting, select_postings
from heymilo_prefect.slack import Mention
from heymilo_prefect.state.post_log import PostLog
from heymilo_prefect.state.secret import TeamSecret
from heymilo_prefect.state.store import StateStore
from heymilo_prefect.summaries import (
    InterviewFilter,
    load_digest_template,
    load_summary_template,
)
from heymilo_prefect.tasks.interviews import InterviewReader, read_postings
from heymilo_prefect.templating import Template

_LEAD = timedelta(days=1)  # by which Slack's clock and an interview's moment may differ


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
    thread_by: ThreadBy | None = None,
) -> SummaryReport:
    """Post a summary of each interview that has a report, once for an interview and a channel.

    A summary whose report changed since is edited in place.

    Args:
        heymilo_credentials: The workspace.
        slack: The channel.
        posting_ids: The postings to look at; all that aren't archived without it.
        template: A Jinja template: a `SummaryTemplate` block, a file's path, an https URL, the text
            itself, or a packaged one: `full`, which is the default, or `compact`. It sees
            `interview` and `posting`, with `digest` it sees `report`. It is tried before anything
            is fetched.
        since: How far back interviews are taken from now, as "7 days", or from which moment on;
            None for all.
        max_messages: How many new ones to post to a channel at most. The next runs go on with the
            rest, oldest first, and the channel is told how many wait.
        dry_run: Post nothing, and show in an artifact what would be posted, names blotted out.
        min_score: Take interviews with this score or more, 0-100.
        statuses: Take interviews of these statuses, such as completed or shortlisted.
        completed_steps: Take interviews in which all of these steps are complete, by their ids.
        routes: The channel of a posting, by its id or exact title; the block's own channel for the
            others. The app has to be in each.
        mention: Whom each message calls: `<@U0123ABCD>`, or `<!subteam^S0123ABCD>` for a group.
        digest: Post one message that lists the new ones, instead of one each.
        thread_by: "posting" puts the summaries of a posting and day into one thread.

    Returns:
        A `SummaryReport`.

    Raises:
        TemplateError: the template can't be used; nothing was fetched.
        PostingError: there is no posting that was named.
        StateUnavailableError: Prefect's result storage can't be used.
        UnfinishedError: a posting wasn't read, or a summary not posted; `.report` has the rest.
        HeyMiloError: the postings can't be listed.
    """
    log = get_run_logger()
    if max_messages < 1:
        raise ValueError(f"max_messages is {max_messages}: it starts at 1.")
    if thread_by and (digest or not isinstance(slack, SlackChannel)):
        other = "a digest is one message" if digest else "a webhook knows no threads"
        raise ValueError(f"thread_by needs a SlackChannel and a message each: {other}.")
    options = SummaryOptions(
        _tried(template, digest), _mention(mention), max_messages, digest, thread_by
    )
    first = _first_moment(since)
    overdue = set[str]()
    choice = InterviewFilter(first, min_score, statuses, completed_steps or (), overdue)
    channels = await _Channels.open(slack, options, first)
    everything = await read_postings(heymilo_credentials)
    channels.route(everything, routes or {})
    overdue |= await channels.left_by_earlier()
    report = SummaryReport()
    found: list[tuple[Interview, Posting]] = []

    def visit(posting: Posting, interview: Interview) -> None:
        if choice(interview):
            found.append((interview, posting))

    reader = InterviewReader[Interview](list_interviews, lambda posting: partial(visit, posting))
    postings = select_postings(everything, posting_ids)
    _, report.unread_postings, report.left_out = await read_all_interviews(
        heymilo_credentials, postings, reader, "heymilo-summaries-progress"
    )
    options.looks_at_all = (
        not report.unread_postings and choice.is_unrestricted and posting_ids is None
    )
    for interview, posting in sorted(found, key=lambda pair: pair[0].took_place_at or EARLIEST):
        channels.of(posting).found.append((interview, posting))
    if dry_run:
        await show_preview(
            [
                (what, channel.name, message)
                for channel in channels.busy
                for what, message in await channel.preview(report)
            ]
        )
        log.info("Nothing is posted: %d would be.", len(report.would_post))
        return report
    return await _finished(channels, report)


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
    """Post the summary of one interview, once for the channel: what an automation calls.

    It and `post_interview_summaries` know of one another. A summary whose report changed since is
    edited in place.

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
        TemplateError: the template can't be used; nothing was fetched.
        NotFoundError: HeyMilo doesn't know the id.
        StateUnavailableError: Prefect's result storage can't be used.
        UnfinishedError: the interview has no report yet, or it wasn't posted.
        HeyMiloError: the interview can't be read.

    Source: `GET /api/interview/{interview_id}`.
    """
    options = SummaryOptions(
        _tried(template, digest=False), _mention(mention), tells_who_waits=False
    )
    client = heymilo_credentials.get_async_client()
    interview = await client.send(get_interview(interview_id))
    report = SummaryReport()
    if not interview.has_report:
        raise UnfinishedError(
            f"Interview {interview_id} has no report yet: run again when HeyMilo has written it.",
            report,
        )
    moment = interview.took_place_at or datetime.now(UTC) - timedelta(days=7)
    channels = await _Channels.open(slack, options, moment)
    everything = await read_postings(heymilo_credentials)
    channels.route(everything, routes or {})
    posting = next((it for it in everything if it.posting_id == interview.posting_id), None)
    channels.of(posting).found.append((interview, posting))
    return await _finished(channels, report)


apost_interview_summary = async_twin(post_interview_summary)
"""`post_interview_summary` for async callers."""


async def _finished(channels: "_Channels", report: SummaryReport) -> SummaryReport:
    """Post to all channels at once, and say how it went."""
    async with asyncio.TaskGroup() as posting:
        posts = [posting.create_task(channel.post(report)) for channel in channels.busy]
    await publish_summary_report(report)
    get_run_logger().info("Summaries: %s.", report)
    undone = [*report.unread_postings.values()]
    undone += dict.fromkeys(
        [*(str(why) for post in posts if (why := post.result())), *report.failed.values()]
    )
    if report.unknown:
        undone.append(f"{len(report.unknown)} may stand in the channel already: look there.")
    if undone:
        raise UnfinishedError.of(report, undone)
    return report


class _Channels:
    """The channels that summaries go to: the block's own, and those that postings lead to."""

    def __init__(
        self,
        slack: SlackTarget,
        options: SummaryOptions,
        oldest: float,
        memory: StateStore,
        seal: TeamSecret,
    ) -> None:
        self._slack = slack
        self._options = options
        self._about = memory, seal, oldest
        self._by_posting: dict[str, str] = {}
        self._own = self._channel(slack)
        self._by_name = {self._own.name: self._own}

    @classmethod
    async def open(
        cls, slack: SlackTarget, options: SummaryOptions, first: datetime
    ) -> "_Channels":
        oldest = 0.0 if first == EARLIEST else (first - _LEAD).timestamp()
        return cls(slack, options, oldest, await StateStore.open(), await TeamSecret.of_team())

    def route(self, postings: Sequence[Posting], routes: Mapping[str, str]) -> None:
        """Lead postings, by id or exact title, to channels of their own."""
        slack = self._slack
        if routes and not isinstance(slack, SlackChannel):
            raise ValueError(
                "routes needs a SlackChannel: a webhook posts to its one channel only."
            )
        for named, channel in routes.items():
            try:
                posting = find_posting(postings, named)
            except PostingError as error:
                raise PostingError(f"routes: {error}") from None
            assert isinstance(slack, SlackChannel)
            fields = {"credentials": slack.credentials, "api_url": slack.api_url}
            target = SlackChannel(channel=channel, **fields)
            self._by_posting[posting.posting_id] = target.channel
            self._by_name.setdefault(target.channel, self._channel(target))

    async def left_by_earlier(self) -> set[str]:
        """Return the interviews that earlier runs left."""
        return {left for one in self._by_name.values() for left in await one.look()}

    def of(self, posting: Posting | None) -> ChannelQueue:
        """Return the channel of a posting."""
        name = self._by_posting.get(posting.posting_id) if posting else None
        return self._own if name is None else self._by_name[name]

    @property
    def busy(self) -> list[ChannelQueue]:
        """Those for which something was found."""
        return [channel for channel in self._by_name.values() if channel.found]

    def _channel(self, slack: SlackTarget) -> ChannelQueue:
        return ChannelQueue(PostLog(slack, *self._about), self._options)


def _tried(template: SummaryTemplate | str | Path | None, digest: bool) -> Template:
    if isinstance(template, SummaryTemplate):
        if digest:
            raise ValueError("A digest's template is a file, a URL or a text, and no block.")
        sound = template.get_template()
    else:
        sound = (load_digest_template if digest else load_summary_template)(template)
    for hint in sound.hints:
        get_run_logger().warning("%s", hint)
    return sound


def _mention(mention: str | None) -> Mention | None:
    return None if mention is None else Mention(mention)


def _first_moment(since: timedelta | str | datetime | None) -> datetime:
    if since is None:
        return EARLIEST
    if not isinstance(since, datetime):
        return datetime.now(UTC) - duration(since)
    return since if since.tzinfo else since.replace(tzinfo=UTC)
