"""The flow that posts each interview's summary to Slack, once."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.logging import get_run_logger
from prefect_slack import SlackWebhook

from heymilo_prefect.api.endpoints import list_interviews
from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel, SummaryTemplate
from heymilo_prefect.durations import DurationParameter, duration
from heymilo_prefect.flows.errors import UnfinishedError
from heymilo_prefect.flows.scan import scan
from heymilo_prefect.flows.twins import twin_flows
from heymilo_prefect.postings import chosen
from heymilo_prefect.slack import SlackError, SlackOutcomeUnknownError
from heymilo_prefect.summaries import (
    SlackMessage,
    Template,
    blotted,
    load_summary_template,
    plain_text,
    render_summary,
)
from heymilo_prefect.tasks.deliver import deliver, deliver_reply, target_of
from heymilo_prefect.tasks.memory import Memory, memory_key
from heymilo_prefect.tasks.read import Reader, read_postings

_EARLIEST = datetime.min.replace(tzinfo=UTC)


class SummaryReport:
    """What was posted: interview ids, oldest interview first.

    `posted` now; `already` posted by an earlier run; `waiting` for the next run, since
    `max_messages` was reached; `failed` (id to reason), which the next run tries again; `unknown`:
    Slack's answer was lost, so it may stand there, and isn't posted again. `unread` are postings
    that couldn't be read (id to reason); `would_post` are those that a dry run found.
    """

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.already: list[str] = []
        self.waiting: list[str] = []
        self.failed: dict[str, str] = {}
        self.unknown: list[str] = []
        self.unread: dict[str, str] = {}
        self.would_post: list[str] = []

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
    template: SummaryTemplate | str | Path | None = None,
    since: DurationParameter | datetime | None = "7 days",
    max_messages: int = 20,
    dry_run: bool = False,
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
        max_messages: How many to post at most; the next run goes on with the rest.
        dry_run: Post nothing, and show in an artifact what would be posted, names blotted out.

    Returns:
        A `SummaryReport`.

    Raises:
        TemplateError: the template can't be used; nothing was fetched.
        PostingError: there is no posting with an id that was given.
        UnfinishedError: a posting wasn't read, or a summary not posted; `.report` has the rest.
        HeyMiloError: the postings can't be listed.
    """
    log = get_run_logger()
    chosen_template = _tried(template)
    for hint in chosen_template.hints:
        log.warning("%s", hint)
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
    if dry_run:
        chosen_ones = [pair for pair in found if await _is_new(memory, slack, pair[0])]
        report.would_post = [interview.interview_id for interview, _ in chosen_ones]
        await _preview(chosen_ones[:max_messages], chosen_template)
        log.info("Nothing is posted: %d would be.", len(chosen_ones))
        return report
    poster = _Poster(slack, chosen_template, memory, report)
    for interview, posting in found:
        await poster.post(interview, posting, may_begin=len(report.posted) < max_messages)
    stopped = poster.stopped
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


class _Poster:
    """Posts summaries to one target until it refuses one."""

    def __init__(
        self,
        slack: SlackChannel | SlackWebhook,
        template: Template,
        memory: Memory,
        report: SummaryReport,
    ) -> None:
        self.stopped = ""
        self._slack, self._template = slack, template
        self._memory, self._report = memory, report

    async def post(self, interview: Interview, posting: Posting, may_begin: bool) -> None:
        """Post a summary and its thread, or what an earlier run left of them."""
        interview_id = interview.interview_id
        key = _key(self._slack, interview_id)
        record = await self._memory.recall(key)
        if record is not None and not record.get("left"):
            self._report.already.append(interview_id)
        elif self.stopped:
            self._report.failed[interview_id] = self.stopped
        elif record is None and not may_begin:
            self._report.waiting.append(interview_id)
        else:
            message = render_summary(interview, posting, self._template)
            try:
                if record is None:
                    record = await self._begin(key, interview_id, message)
                    self._report.posted.append(interview_id)
                else:
                    self._report.already.append(interview_id)
                await self._go_on(key, interview_id, message, record)
            except SlackOutcomeUnknownError:
                self._report.unknown.append(interview_id)
                await self._memory.record(key, {"unknown": True})
            except SlackError as error:
                self.stopped = self._report.failed[interview_id] = str(error)

    async def _begin(self, key: str, interview_id: str, message: SlackMessage) -> dict[str, Any]:
        ts = await deliver(self._slack, message, _about(interview_id, 0))
        left = len(message.thread) if ts else 0  # a webhook knows no threads
        record = {"ts": ts, "replies": 0, "left": left}
        await self._memory.record(key, record)
        return record

    async def _go_on(
        self, key: str, interview_id: str, message: SlackMessage, record: dict[str, Any]
    ) -> None:
        if not isinstance(self._slack, SlackChannel):
            return
        for index in range(record["replies"], len(message.thread)):
            about = _about(interview_id, index + 1)
            with suppress(SlackOutcomeUnknownError):  # it may stand there: not posted again
                await deliver_reply(self._slack, message, index, record["ts"], about)
            left = len(message.thread) - index - 1
            await self._memory.record(key, record | {"replies": index + 1, "left": left})


async def _is_new(memory: Memory, slack: SlackChannel | SlackWebhook, interview: Interview) -> bool:
    return await memory.recall(_key(slack, interview.interview_id)) is None


def _key(slack: SlackChannel | SlackWebhook, interview_id: str) -> str:
    return memory_key("summary", *target_of(slack), interview_id)


async def _preview(found: Sequence[tuple[Interview, Posting]], template: Template) -> None:
    shown = [
        f"### {interview.interview_id}\n````text\n"
        + plain_text(render_summary(blotted(interview), posting, template)).replace("`", "'")
        + "\n````"
        for interview, posting in found
    ]
    markdown = "\n\n".join(shown) or "Nothing would be posted."
    await acreate_markdown_artifact(
        markdown, key="heymilo-summaries-preview", description="What would be posted to Slack."
    )


def _tried(template: SummaryTemplate | str | Path | None) -> Template:
    if isinstance(template, SummaryTemplate):
        return template.get_template()
    return load_summary_template(template)


def _about(interview_id: str, part: int) -> dict[str, Any]:
    payload = {"interview_id": interview_id, "part": part}
    return {"event_type": "heymilo_summary", "event_payload": payload}


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
