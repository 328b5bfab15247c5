"""The flow that posts each interview's summary to Slack, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from prefect.logging import get_run_logger

from heymilo_prefect.api.endpoints import list_interviews
from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel, SlackTarget, SummaryTemplate
from heymilo_prefect.durations import DurationParameter, duration
from heymilo_prefect.flows.errors import UnfinishedError
from heymilo_prefect.flows.scan import scan
from heymilo_prefect.flows.summary_report import SummaryReport, show, show_preview
from heymilo_prefect.flows.twins import twin_flows
from heymilo_prefect.postings import PostingError, chosen, find_posting
from heymilo_prefect.slack import OF_THE_APP, SlackError, SlackOutcomeUnknownError
from heymilo_prefect.summaries import (
    EARLIEST,
    Choice,
    Mention,
    SlackMessage,
    Template,
    blotted,
    load_summary_template,
    moment_of,
    render_summary,
)
from heymilo_prefect.tasks.memory import Memory
from heymilo_prefect.tasks.post_summary import SummaryRecord
from heymilo_prefect.tasks.read import Reader, read_postings


async def _post_interview_summaries(
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
) -> SummaryReport:
    """Post a summary of each interview that has a report, once for an interview and a channel.

    Args:
        heymilo_credentials: The workspace.
        slack: The channel.
        posting_ids: The postings to look at; all that aren't archived without it.
        template: A Jinja template: a `SummaryTemplate` block, a file's path, an https URL, the text
            itself, or a packaged one: `full`, which is the default, or `compact`. It sees
            `interview` and `posting`, and is tried before anything is fetched.
        since: How far back interviews are taken from now, as "7 days", or from which moment on;
            None for all.
        max_messages: How many to post to a channel at most; the next run goes on with the rest.
        dry_run: Post nothing, and show in an artifact what would be posted, names blotted out.
        min_score: Take interviews with this score or more, 0-100.
        statuses: Take interviews of these statuses, such as completed or shortlisted.
        completed_steps: Take interviews in which all of these steps are complete, by their ids.
        routes: The channel of a posting, by its id or exact title; the block's own channel for the
            others. The app has to be in each.
        mention: Whom each message calls: `<@U0123ABCD>`, or `<!subteam^S0123ABCD>` for a group.

    Returns:
        A `SummaryReport`.

    Raises:
        TemplateError: the template can't be used; nothing was fetched.
        PostingError: there is no posting that was named.
        UnfinishedError: a posting wasn't read, or a summary not posted; `.report` has the rest.
        HeyMiloError: the postings can't be listed.
    """
    log = get_run_logger()
    tried = _tried(template)
    for hint in tried.hints:
        log.warning("%s", hint)
    if max_messages < 1:
        raise ValueError(f"max_messages is {max_messages}: it starts at 1.")
    writer = _Writer(tried, None if mention is None else Mention(mention))
    choice = Choice(_first_moment(since), min_score, statuses, completed_steps or ())
    memory = await Memory.open()
    report = SummaryReport()
    found: list[tuple[Interview, Posting]] = []

    def visit(posting: Posting, interview: Interview) -> None:
        if choice(interview):
            found.append((interview, posting))

    everything = await read_postings(heymilo_credentials)
    channels = _channels(slack, everything, routes or {})
    reader = Reader[Interview](list_interviews, lambda posting: partial(visit, posting))
    postings = chosen(everything, posting_ids)
    _, report.unread = await scan(
        heymilo_credentials, postings, reader, "heymilo-summaries-progress"
    )
    found.sort(key=lambda pair: moment_of(pair[0]) or EARLIEST)
    lines: dict[str, _Line] = {}
    for interview, posting in found:
        target = channels.get(posting.posting_id, slack)
        name = target.channel if isinstance(target, SlackChannel) else "the webhook's channel"
        line = lines.setdefault(name, _Line(target, name))
        await line.add(interview, posting, memory, report, max_messages)
    if dry_run:
        await show_preview(
            (interview.interview_id, line.name, writer.write(blotted(interview), posting))
            for line in lines.values()
            for interview, posting, _ in line.todo
        )
        todo = [interview for line in lines.values() for interview, _, _ in line.todo]
        report.would_post = [interview.interview_id for interview in todo]
        log.info("Nothing is posted: %d would be.", len(todo))
        return report
    undone = [f"posting {posting_id}: {why}" for posting_id, why in report.unread.items()]
    stopped: SlackError | None = None
    for line in lines.values():
        is_hopeless = stopped is not None and stopped.error in OF_THE_APP
        stopped = await line.post(writer, report, stopped if is_hopeless else None)
        if stopped is not None and str(stopped) not in undone:
            undone.append(str(stopped))
    await show(report)
    log.info("Summaries: %s.", report)
    if report.waiting:
        log.info("%d more wait for the next run (max_messages).", len(report.waiting))
    if report.unknown:
        undone.append(f"{len(report.unknown)} may stand in the channel already: look there.")
    if undone:
        raise UnfinishedError(f"{report}; left undone: {' '.join(undone)}", report)
    return report


@dataclass
class _Writer:
    template: Template
    mention: Mention | None

    def write(self, interview: Interview, posting: Posting) -> SlackMessage:
        message = render_summary(interview, posting, self.template)
        return message if self.mention is None else self.mention.on(message)


@dataclass
class _Line:
    """The summaries that are to be posted to one channel, oldest interview first."""

    slack: SlackTarget
    name: str
    todo: list[tuple[Interview, Posting, SummaryRecord]] = field(default_factory=list)

    async def add(
        self,
        interview: Interview,
        posting: Posting,
        memory: Memory,
        report: SummaryReport,
        max_messages: int,
    ) -> None:
        record = SummaryRecord(memory, self.slack, interview.interview_id)
        await record.load()
        if not record.is_new:
            report.already.append(interview.interview_id)
        begun = sum(record.is_new for _, _, record in self.todo)
        if record.is_whole:
            return
        if record.is_new and begun >= max_messages:
            report.waiting.append(interview.interview_id)
        else:
            self.todo.append((interview, posting, record))

    async def post(
        self, writer: _Writer, report: SummaryReport, stopped: SlackError | None
    ) -> SlackError | None:
        """Post until Slack refuses one, and return that; nothing when it is `stopped` before."""
        for interview, posting, record in self.todo:
            interview_id = interview.interview_id
            is_new = record.is_new
            try:
                if stopped is None:
                    await record.post(writer.write(interview, posting))
            except SlackOutcomeUnknownError:
                report.unknown.append(interview_id)
                continue
            except SlackError as error:
                stopped = error
            if stopped is not None:
                report.failed[interview_id] = str(stopped)
            elif is_new:
                report.posted.append(interview_id)
        return stopped


def _tried(template: SummaryTemplate | str | Path | None) -> Template:
    if isinstance(template, SummaryTemplate):
        return template.get_template()
    return load_summary_template(template)


def _channels(
    slack: SlackTarget, postings: Sequence[Posting], routes: Mapping[str, str]
) -> dict[str, SlackChannel]:
    if not routes:
        return {}
    if not isinstance(slack, SlackChannel):
        raise ValueError("routes needs a SlackChannel: a webhook posts to its one channel only.")
    channels: dict[str, SlackChannel] = {}
    for named, channel in routes.items():
        try:
            posting = find_posting(postings, named)
        except PostingError as error:
            raise PostingError(f"routes: {error}") from None
        fields = {"credentials": slack.credentials, "api_url": slack.api_url, "channel": channel}
        channels[posting.posting_id] = SlackChannel(**fields)
    return channels


def _first_moment(since: timedelta | str | datetime | None) -> datetime:
    if since is None:
        return EARLIEST
    if not isinstance(since, datetime):
        return datetime.now(UTC) - duration(since)
    return since if since.tzinfo else since.replace(tzinfo=UTC)


post_interview_summaries, apost_interview_summaries = twin_flows(_post_interview_summaries)
