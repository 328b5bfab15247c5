"""The models of HeyMilo's API v1: what it returns and takes, tolerant of what it may add.

The whole `Interview` extends it; a scan of many interviews reads no more than this of each.

Only identifiers are required. A missing or null field is None, a field that the documentation
doesn't name is kept, an unknown enum value stays the string it is, and a value that isn't of the
documented type reads as None, as do NaN and infinity: a change at the vendor's never fails a flow.
Malformed items are left out of lists, except where the position of an item means something.
Numbers keep the scale they come in; each class says which.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from heymilo_prefect.api.fields import (
    LENIENT,
    Flag,
    Id,
    Items,
    Mapping,
    Number,
    Several,
    Text,
    Texts,
    Timestamp,
    Whole,
)

_NEVER = datetime.min.replace(tzinfo=UTC)
_WORDS = re.compile(r"[\s_-]+|(?<=[a-z])(?=[A-Z])")  # what stands between the words of a status


class Lean(BaseModel):
    """The tolerant base: fields that aren't named are left out, and errors never show data."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, coerce_numbers_to_str=True)

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        """Show identifiers only: a repr may end in a log, and a candidate's data must not."""
        for name, value in super().__repr_args__():
            if name is not None and name.endswith("_id"):
                yield name, value


class StepProgress(Lean):
    """Where a candidate is with one step; `id` names it, `order` counts from 1."""

    complete: Flag = None
    required: Flag = None
    order: Whole = None
    id: Text = None
    started: Flag = None
    is_analyzing_call: Flag = None
    last_updated_timestamp: Timestamp = None


class WorkflowProgress(Lean):
    """How far a candidate is: a step each, and the last time anything happened."""

    step_by_step: Annotated[list[StepProgress] | None, LENIENT] = None
    all_complete: Flag = None
    last_engagement: Timestamp = None


class DetailsProgress(Lean):
    """Whose interview it is, and its `status`: `completed` and others."""

    status: Text = None
    name: Text = None
    workflow_status: Annotated[WorkflowProgress | None, LENIENT] = None


class InterviewProgress(Lean):
    """How far the interview of a candidate is."""

    interview_id: Id
    details: Annotated[DetailsProgress | None, LENIENT] = None
    workflow: Annotated[WorkflowProgress | None, LENIENT] = None
    posting_id: Text = None
    posting_title: Text = None

    @property
    def status(self) -> str:
        """`details.status` as HeyMilo's documentation writes it, `knocked_out`; empty without."""
        return status_key(self.details.status if self.details else None)

    @property
    def workflow_status(self) -> WorkflowProgress | None:
        """The workflow to believe: the vendor sends two copies, and the later one wins."""
        return later([self.workflow, self.details.workflow_status if self.details else None])


@lru_cache(maxsize=256)
def status_key(status: str | None) -> str:
    """Return a status in snake case: `knocked_out` for "Knocked Out" and "KnockedOut" too."""
    return "_".join(_WORDS.sub(" ", status or "").casefold().split())


Copy = TypeVar("Copy", bound=WorkflowProgress)


def later(copies: Iterable[Copy | None]) -> Copy | None:
    """Return the copy of a workflow with the later engagement; the first of two that are alike."""
    present = [copy for copy in copies if copy is not None]
    return max(present, key=lambda copy: copy.last_engagement or _NEVER, default=None)


class Model(Lean):
    """The tolerant base that keeps fields which the documentation doesn't name."""

    model_config = ConfigDict(extra="allow")


class Health(Model):
    """Answer of `GET /health`."""

    message: Text = None
    status: Whole = None


class RootLevelConfigs(Model):
    """A posting's settings for all its steps."""

    instructions: Text = None
    company_overview: Text = None
    job_overview: Text = None
    interview_process_overview: Text = None
    language: Text = None
    interviewer_name: Text = None


class WorkflowStepConfig(Model):
    """A posting's step: `type` is `resume`, `web_interview`, `conversational_sms`, ..."""

    type: Text = None
    unique_id: Text = None
    config: Mapping = None


class Posting(Model):
    """A job posting. `url_key` is where its candidates are ingested."""

    posting_id: Id
    title: Text = None
    name: Text = None
    description: Text = None
    company_id: Text = None
    created_at: Timestamp = None
    last_updated: Timestamp = None
    archived: Flag = None
    deadline: Timestamp = None
    finalized: Flag = None
    phone_number_id: Text = None
    root_level_configs: Annotated[RootLevelConfigs | None, LENIENT] = None
    agentic_workflow: Annotated[list[WorkflowStepConfig] | None, LENIENT] = None
    url_key: Text = None


class Page(Model):
    """Where a page stands in its listing: `total` items, `limit` a page, pages counted from 1."""

    total: Whole = None
    page: Whole = None
    limit: Whole = None
    total_pages: Whole = None

    @property
    def malformed(self) -> int:
        """How many items of the page couldn't be read, and aren't in its list."""
        return sum(found.malformed for found in vars(self).values() if isinstance(found, Items))


class PostingPage(Page):
    """Answer of `GET /api/postings`."""

    postings: Items[Posting]


class InterviewStep(StepProgress, Model):
    """Where a candidate is with one step; `id` names it, `order` counts from 1."""

    details: Mapping = None


class WorkflowStatus(WorkflowProgress, Model):
    """How far a candidate is: a step each, and the last time anything happened."""

    interview_id: Text = None
    step_by_step: Annotated[list[InterviewStep] | None, LENIENT] = None  # type: ignore[assignment]


class InterviewDetails(DetailsProgress, Model):
    """Who is interviewed, with what result: `score` 0-100, `status` `completed` and others."""

    interview_id: Text = None
    candidate_id: Text = None
    interviewed_on: Timestamp = None
    score: Number = None
    email: Text = None
    actions: Mapping = None
    workflow_status: Annotated[WorkflowStatus | None, LENIENT] = None
    metadata: Mapping = None


class Utterance(Model):
    """One thing said: `speaker` is `interviewer` or `candidate`, `timestamp_str` is `hh:mm:ss`."""

    speaker: Text = None
    text: Text = None
    timestamp: Timestamp = None
    timestamp_str: Text = None


class Question(Model):
    """A question and how it was answered: `evaluation_score` 1-5, weight `score_weight`."""

    question_id: Text = None
    question: Text = None
    evaluation_summary: Text = None
    evaluation_criteria: Text = None
    preview_timestamp: Timestamp = None
    evaluation_score: Number = None
    rank: Whole = None
    chat_transcript: Several[Utterance] = None
    score_weight: Number = None
    not_scored: Flag = None


class InterviewSummary(Model):
    """The report's summary: `match_score` 0-100."""

    interview_id: Text = None
    highlights: Texts = None
    lowlights: Texts = None
    match_score: Number = None


class Scorecard(Model):
    """The questions, with their scores."""

    interview_id: Text = None
    match_details: Texts = None
    questions: Several[Question] = None
    tags: Texts = None


class Remark(Model):
    """A remark on how the candidate speaks, with the words that it is about."""

    details: Text = None
    transcript_reference: Annotated[Utterance | None, LENIENT] = None


class CommunicationEvaluation(Model):
    """A judgement of the candidate's communication: `score` 0-5."""

    score: Number = None
    remarks: Several[Remark] = None


class Communication(Model):
    """How the candidate speaks: `speech_score` 0-5."""

    interview_id: Text = None
    speech_score: Number = None
    evaluations: Several[CommunicationEvaluation] = None


class Transcript(Model):
    """All that was said."""

    interview_id: Text = None
    transcript: Several[Utterance] = None


class WebInterviewInfo(Model):
    """The report on the web interview."""

    summary: Annotated[InterviewSummary | None, LENIENT] = None
    scorecard: Annotated[Scorecard | None, LENIENT] = None
    communication: Annotated[Communication | None, LENIENT] = None
    transcript: Annotated[Transcript | None, LENIENT] = None
    audio_recording_link: Text = None
    video_recording_link: Text = None


class ScoredCriterion(Model):
    """A criterion for the resume: `score` 0-5, `confidence_score` 0-1."""

    criteria_id: Text = None
    criteria_text: Text = None
    score: Number = None
    confidence_score: Number = None
    reasons: Texts = None
    standout_parts: Texts = None


class ScoreCriteria(Model):
    """How the resume scores: `overall_score` 0-5, `confidence_score` 0-1."""

    interview_id: Text = None
    overall_score: Number = None
    confidence_score: Number = None
    criteria: Several[ScoredCriterion] = None
    highlights: Texts = None
    improvement_areas: Texts = None


class EligibilityCriterion(Model):
    """A criterion that is passed or not: `confidence_score` 0-1."""

    criteria_id: Text = None
    criteria_text: Text = None
    pass_criteria: Flag = None
    confidence_score: Number = None
    reasons: Texts = None


class EligibilityCriteria(Model):
    """Whether the candidate is eligible: `confidence_score` 0-1."""

    interview_id: Text = None
    is_eligible: Flag = None
    confidence_score: Number = None
    criteria: Several[EligibilityCriterion] = None
    skill_gaps: Texts = None


class ResumeInterviewInfo(Model):
    """The report on the resume."""

    score_criteria: Annotated[ScoreCriteria | None, LENIENT] = None
    eligibility_criteria: Annotated[EligibilityCriteria | None, LENIENT] = None
    resume_link: Text = None


class AgenticData(Model):
    """The report: what HeyMilo's agents made of the candidate."""

    web_interview_info: Annotated[WebInterviewInfo | None, LENIENT] = None
    resume_interview_info: Annotated[ResumeInterviewInfo | None, LENIENT] = None


class Interview(InterviewProgress, Model):
    """A candidate's interview for a posting, as `GET /api/interview/{interview_id}` answers it."""

    details: Annotated[InterviewDetails | None, LENIENT] = None
    workflow: Annotated[WorkflowStatus | None, LENIENT] = None
    agentic_data: Annotated[AgenticData | None, LENIENT] = None
    company_name: Text = None
    company_image: Text = None
    posting_interview_type: Text = None

    @property
    def workflow_status(self) -> WorkflowStatus | None:
        """The workflow to believe: the vendor sends two copies, and the later one wins."""
        return later([self.workflow, self.details.workflow_status if self.details else None])

    @property
    def has_report(self) -> bool:
        """Whether HeyMilo's agents have said anything about the candidate yet."""
        report = self.agentic_data
        if report is None:
            return False
        said = (report.web_interview_info, report.resume_interview_info, report.model_extra)
        return any(said)


class InterviewPage(Page):
    """Answer of `GET /api/interviews/{posting_id}`."""

    candidates: Items[Interview]


class ProgressPage(Page):
    """The same answer, with no more of each interview than how far it is."""

    candidates: Items[InterviewProgress]


class Export(Model):
    """Answer of the export: `file_url` holds the interviews as JSON, on another host."""

    job_id: Text = None
    status: Text = None
    file_url: Text = None


class Webhook(Model):
    """A webhook: HeyMilo calls `url` at each `event_type` of the posting."""

    webhook_id: Id
    posting_id: Text = None
    url: Text = None
    event_type: Text = None
    http_method: Text = None
    is_active: Flag = None
    created_at: Timestamp = None
    updated_at: Timestamp = None


class WebhookDeactivation(Model):
    """Answer of the deactivation, which isn't documented: a webhook, a message, or nothing."""

    webhook_id: Text = None
    message: Text = None
    is_active: Flag = None


class IngestedInterview(Model):
    """The interview that an ingested candidate got, and the link that the candidate opens."""

    interview_id: Id
    interview_link: Text = None


class Ingestion(Model):
    """Answer of both ingest endpoints; a malformed item of `interview_details` is None."""

    message: Text = None
    ingestion_id: Text = None
    interview_details: Annotated[
        list[Annotated[IngestedInterview | None, LENIENT]] | None, LENIENT
    ] = None


class Candidate(BaseModel):
    """A candidate to ingest: `retake=True` always makes a new interview, False finds the old."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str = Field(repr=False)
    email: str = Field(repr=False)
    phone_number: str | None = Field(default=None, repr=False)
    metadata: dict[str, Any] = Field(default_factory=dict, repr=False)
    data: dict[str, Any] = Field(default_factory=dict, repr=False)
    retake: bool = False
