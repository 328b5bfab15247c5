"""What editors and type checkers see of the public API; `make lint` checks it with mypy.

Each wrong call is marked `type: ignore` with its error: mypy reports a mark that isn't needed.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import assert_type

from prefect.blocks.system import Secret

from heymilo_prefect.api import Candidate
from heymilo_prefect.api.models import Health, Ingestion, Interview, InterviewPage, PostingPage
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel, SummaryTemplate
from heymilo_prefect.flows import (
    IngestReport,
    StallReport,
    SummaryReport,
    WebhookReport,
    aingest_sheet,
    apost_interview_summaries,
    areport_stalled_candidates,
    ensure_webhooks,
    ingest_sheet,
    post_interview_summaries,
    post_interview_summary,
    report_stalled_candidates,
)
from heymilo_prefect.slack import SlackMessage
from heymilo_prefect.stalled import Stalled, StallRules
from heymilo_prefect.tasks import (
    PostedMessage,
    aiter_interviews,
    alist_postings,
    apost_message,
    await_for_interviews,
    check_health,
    find_stalled,
    get_interview,
    ingest_candidates,
    iter_interviews,
    list_interviews,
    list_postings,
    post_message,
    render_summary,
    wait_for_interview,
    wait_for_interviews,
)


def tasks(c: HeyMiloCredentials, slack: SlackChannel) -> None:
    assert_type(check_health(c), Health)
    assert_type(list_postings(c), PostingPage)
    assert_type(list_postings(heymilo_credentials=c), PostingPage)
    assert_type(list_postings(heymilo_credentials=c, page=2, limit=20), PostingPage)
    assert_type(list_interviews(c, posting_id="posting_1"), InterviewPage)
    assert_type(get_interview(c, "int_1"), Interview)
    candidate = Candidate(name="Ann Bell", email="ann@example.com")
    assert_type(ingest_candidates(c, url_key="key", candidates=[candidate]), Ingestion)
    assert_type(wait_for_interview(c, interview_id="int_1", until="report"), Interview)
    assert_type(wait_for_interviews(c, ["int_1"], timeout=timedelta(hours=1)), list[Interview])
    assert_type(iter_interviews(heymilo_credentials=c), Iterator[Interview])
    message = render_summary(get_interview(c, "int_1"), template="compact")
    assert_type(message, SlackMessage)
    assert_type(post_message(slack=slack, message=message, key="a"), PostedMessage)
    assert_type(find_stalled([]), tuple[list[Stalled], dict[str, str]])


async def async_tasks(c: HeyMiloCredentials, slack: SlackChannel) -> None:
    assert_type(await alist_postings(heymilo_credentials=c, page=1), PostingPage)
    assert_type(await await_for_interviews(c, ["int_1"], until="started"), list[Interview])
    assert_type(await apost_message(slack, "Hello", key="a"), PostedMessage)
    assert_type(aiter_interviews(c), AsyncIterator[Interview])


def flows(
    c: HeyMiloCredentials, slack: SlackChannel, template: SummaryTemplate, receiver: Secret[str]
) -> None:
    assert_type(ingest_sheet(c, "a.csv", posting="Engineer"), IngestReport)
    assert_type(ingest_sheet(heymilo_credentials=c, sheet="a.csv", dry_run=True), IngestReport)
    rules = StallRules(not_started=timedelta(days=4))
    assert_type(report_stalled_candidates(c, slack=slack, rules=rules), StallReport)
    assert_type(post_interview_summaries(c, slack, template=template), SummaryReport)
    assert_type(post_interview_summary(c, slack, interview_id="int_1"), SummaryReport)
    assert_type(ensure_webhooks(c, url=receiver), WebhookReport)


async def async_flows(c: HeyMiloCredentials, slack: SlackChannel) -> None:
    assert_type(await aingest_sheet(heymilo_credentials=c, sheet="a.csv"), IngestReport)
    assert_type(await areport_stalled_candidates(c), StallReport)
    assert_type(await apost_interview_summaries(c, slack, digest=True), SummaryReport)


def wrong(c: HeyMiloCredentials) -> None:
    list_postings()  # type: ignore[call-overload]
    list_postings(c, pages=2)  # type: ignore[call-overload]
    list_postings(c, page="2")  # type: ignore[call-overload]
    wait_for_interview(c, "int_1", until="done")  # type: ignore[call-overload]
    ingest_sheet(c)  # type: ignore[call-overload]
    ingest_sheet(c, "a.csv", hidden_rows="drop")  # type: ignore[call-overload]


def properties(interview: Interview) -> None:
    assert_type(interview.name, str | None)
    assert_type(interview.status, str)
    assert_type(interview.score, float | None)
    assert_type(interview.is_completed, bool)
