"""The flow that posts each interview's summary to Slack, once."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from prefect.artifacts import acreate_table_artifact
from prefect.logging import get_run_logger
from prefect_slack import SlackWebhook

from heymilo_prefect.api.endpoints import list_interviews
from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.durations import DurationParameter, duration
from heymilo_prefect.flows.errors import UnfinishedError
from heymilo_prefect.flows.scan import scan
from heymilo_prefect.flows.twins import twin_flows
from heymilo_prefect.postings import chosen
from heymilo_prefect.slack import SlackError, SlackOutcomeUnknownError
from heymilo_prefect.summaries import load_template, render_summary
from heymilo_prefect.tasks.deliver import deliver, target_of
from heymilo_prefect.tasks.memory import Memory, memory_key
from heymilo_prefect.tasks.read import Reader, read_postings

_EARLIEST = datetime.min.replace(tzinfo=UTC)


class SummaryReport:
    """What was posted: interview ids, oldest interview first.

    `posted` now; `already` posted by an earlier run; `waiting` for the next run, since
    `max_messages` was reached; `failed` (id to reason), which the next run tries again; `unknown`:
    Slack's answer was lost, so it may stand there, and isn't posted again. `unread` are postings
    that couldn't be read (id to reason).
    """

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.already: list[str] = []
        self.waiting: list[str] = []
        self.failed: dict[str, str] = {}
        self.unknown: list[str] = []
        self.unread: dict[str, str] = {}

    def __str__(self) -> str:
        """Say the counts."""
        said = [f"{len(self.posted)} posted", f"{len(self.already)} posted before"]
        said += [
            f"{len(ids)} {what}"
            for what in ("waiting", "failed", "unknown")
            if (ids := getattr(self, what))
        ]
        return ", ".join(said)

    def __repr__(self) -> str:
        """Show the counts."""
        return f"<SummaryReport: {self}>"


async def _post_interview_summaries(
    heymilo_credentials: HeyMiloCredentials,
    slack: SlackChannel | SlackWebhook,
    posting_ids: list[str] | None = None,
    template: str | Path | None = None,
    since: DurationParameter | datetime | None = "7 days",
    max_messages: int = 20,
) -> SummaryReport:
    """Post a summary of each interview that has a report, once for an interview and a channel.

    Args:
        heymilo_credentials: The workspace.
        slack: The channel.
        posting_ids: The postings to look at; all that aren't archived without it.
        template: A Jinja template in Markdown: a file's path, or the text itself; the packaged
            one without it. It sees `interview` and `posting`.
        since: How far back interviews are taken from now, as "7 days", or from which moment on;
            None for all.
        max_messages: How many to post at most; the next run goes on with the rest.

    Returns:
        A `SummaryReport`.

    Raises:
        TemplateError: the template can't be used; nothing was fetched.
        PostingError: there is no posting with an id that was given.
        UnfinishedError: a posting wasn't read, or a summary not posted; `.report` has the rest.
        HeyMiloError: the postings can't be listed.
    """
    log = get_run_logger()
    chosen_template = load_template(template)
    if max_messages < 1:
        raise ValueError(f"max_messages is {max_messages}: it starts at 1.")
    memory = await Memory.open()
    first = _first_moment(since)
    report = SummaryReport()
    found: list[tuple[Interview, Posting]] = []

    def visit(posting: Posting, interview: Interview) -> None:
        when = _when(interview)
        if interview.has_report and (when is None or when >= first):
            found.append((interview, posting))

    reader = Reader[Interview](list_interviews, lambda posting: partial(visit, posting))
    postings = chosen(await read_postings(heymilo_credentials), posting_ids)
    _, report.unread = await scan(
        heymilo_credentials, postings, reader, "heymilo-summaries-progress"
    )
    found.sort(key=lambda pair: _when(pair[0]) or _EARLIEST)
    stopped = ""
    for interview, posting in found:
        interview_id = interview.interview_id
        key = memory_key("summary", *target_of(slack), interview_id)
        if await memory.recall(key) is not None:
            report.already.append(interview_id)
        elif stopped:
            report.failed[interview_id] = stopped
        elif len(report.posted) >= max_messages:
            report.waiting.append(interview_id)
        else:
            message = render_summary(interview, posting, chosen_template)
            about = {
                "event_type": "heymilo_summary",
                "event_payload": {"interview_id": interview_id},
            }
            try:
                ts = await deliver(slack, message, about)
            except SlackOutcomeUnknownError:
                report.unknown.append(interview_id)
                await memory.record(key, {"unknown": True})
            except SlackError as error:
                stopped = report.failed[interview_id] = str(error)
            else:
                report.posted.append(interview_id)
                await memory.record(key, {"ts": ts})
    await _show(report)
    log.info("Summaries: %s.", report)
    if report.waiting:
        log.info("%d more wait for the next run (max_messages).", len(report.waiting))
    undone = [f"posting {posting_id}: {why}" for posting_id, why in report.unread.items()]
    undone += [stopped] if stopped else []
    if report.unknown:
        undone.append(f"{len(report.unknown)} may stand in the channel already: look there.")
    if undone:
        raise UnfinishedError(f"{report}; left undone: {' '.join(undone)}", report)
    return report


def _first_moment(since: timedelta | str | datetime | None) -> datetime:
    if since is None:
        return _EARLIEST
    if not isinstance(since, datetime):
        return datetime.now(UTC) - duration(since)
    return since if since.tzinfo else since.replace(tzinfo=UTC)


def _when(interview: Interview) -> datetime | None:
    """Return when an interview took place, or else when anything last happened in it."""
    if interview.details and interview.details.interviewed_on:
        return interview.details.interviewed_on
    return interview.workflow_status.last_engagement if interview.workflow_status else None


async def _show(report: SummaryReport) -> None:
    rows = [{"interview": interview_id, "summary": "posted"} for interview_id in report.posted]
    rows += [{"interview": i, "summary": "unknown"} for i in report.unknown]
    rows += [{"interview": i, "summary": f"failed: {why}"} for i, why in report.failed.items()]
    await acreate_table_artifact(table=rows, key="heymilo-summaries", description=f"{report}.")


post_interview_summaries, apost_interview_summaries = twin_flows(_post_interview_summaries)
