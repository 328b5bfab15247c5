"""The models of HeyMilo's API v1: what its endpoints return and take.

They are tolerant, so that a change at HeyMilo never fails a flow. Only identifiers are required: a
missing or null field is None, and so is a value of another type than documented, NaN and infinity.
An unknown field is kept, and an unknown enum value stays a string. Malformed items are left out of
lists, except where an item's position has a meaning. Numbers keep the scale that HeyMilo uses; each
class names it.

`InterviewProgress` is the part of an interview that the stall rules need; `Interview` extends it.
Scanning many interviews reads only that part.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from heymilo_prefect.api.fields import (
    TOLERANT,
    Id,
    Items,
    OptBool,
    OptDict,
    OptFloat,
    OptInt,
    OptStr,
    OptStrList,
    Several,
    Timestamp,
)

EARLIEST = datetime.min.replace(tzinfo=UTC)
"""A time before any other."""

_WORDS = re.compile(r"[\s_-]+|(?<=[a-z])(?=[A-Z])")  # separators of the words of a status


class TolerantModel(BaseModel):
    """The tolerant base: other fields are ignored, and errors never show data."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, coerce_numbers_to_str=True)

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        """Show identifiers only, since a repr may be logged and candidates' data must not be."""
        for name, value in super().__repr_args__():
            if name is not None and name.endswith("_id"):
                yield name, value


class StepProgress(TolerantModel):
    """The progress of one step; `id` names it, `order` counts from 1."""

    complete: OptBool = None
    required: OptBool = None
    order: OptInt = None
    id: OptStr = None
    started: OptBool = None
    is_analyzing_call: OptBool = None
    last_updated_timestamp: Timestamp = None


class WorkflowProgress(TolerantModel):
    """The progress of all steps, and when the candidate was last engaged."""

    step_by_step: Annotated[list[StepProgress] | None, TOLERANT] = None
    all_complete: OptBool = None
    last_engagement: Timestamp = None


class DetailsProgress(TolerantModel):
    """The candidate's name and the interview's `status`: `completed` and others."""

    status: OptStr = None
    name: OptStr = None
    workflow_status: Annotated[WorkflowProgress | None, TOLERANT] = None


class InterviewProgress(TolerantModel):
    """How far a candidate's interview is."""

    interview_id: Id
    details: Annotated[DetailsProgress | None, TOLERANT] = None
    workflow: Annotated[WorkflowProgress | None, TOLERANT] = None
    posting_id: OptStr = None
    posting_title: OptStr = None

    @property
    def name(self) -> str | None:
        """The candidate's name."""
        return self.details.name if self.details else None

    @property
    def status(self) -> str:
        """The status in snake case, as HeyMilo documents it: `knocked_out`; empty without one."""
        return normalize_status(self.details.status if self.details else None)

    @property
    def workflow_status(self) -> WorkflowProgress | None:
        """The workflow: HeyMilo sends two copies, and the one with the later engagement counts."""
        return most_recent([self.workflow, self.details.workflow_status if self.details else None])

    @property
    def steps(self) -> Sequence[StepProgress]:
        """The workflow's steps."""
        workflow = self.workflow_status
        return (workflow.step_by_step if workflow else None) or []

    @property
    def pending_step(self) -> StepProgress | None:
        """The first step that is required and not complete; a step is required unless it says no.

        None if there is none.
        """
        pending = [step for step in self.steps if not step.complete and step.required is not False]
        return min(pending, key=lambda step: (step.order is None, step.order or 0), default=None)

    @property
    def is_started(self) -> bool:
        """Whether the candidate has started or completed a step."""
        return any(step.started or step.complete for step in self.steps)

    @property
    def is_completed(self) -> bool:
        """Whether the status says so, or all required steps are complete."""
        if self.status in ("completed", "shortlisted"):
            return True
        required = [step for step in self.steps if step.required is not False]
        if required:
            return all(step.complete for step in required)
        workflow = self.workflow_status
        return bool(workflow and workflow.all_complete)

    @property
    def is_closed(self) -> bool:
        """Whether the candidate was dismissed or knocked out, so that nothing more is expected."""
        return self.status in ("dismissed", "knocked_out")

    @property
    def last_activity(self) -> datetime | None:
        """The latest time at which anything happened, in UTC; None if none is known."""
        workflow = self.workflow_status
        times = [step.last_updated_timestamp for step in self.steps]
        times.append(workflow.last_engagement if workflow else None)
        return max((time for time in times if time is not None), default=None)


@lru_cache(maxsize=256)
def normalize_status(status: str | None) -> str:
    """Return a status in snake case: `knocked_out` for "Knocked Out" and "KnockedOut" too."""
    return "_".join(_WORDS.sub(" ", status or "").casefold().split())


Copy = TypeVar("Copy", bound=WorkflowProgress)


def most_recent(copies: Iterable[Copy | None]) -> Copy | None:
    """Return the copy with the latest engagement; the first one if several have the same."""
    present = [copy for copy in copies if copy is not None]
    return max(present, key=lambda copy: copy.last_engagement or EARLIEST, default=None)


class Model(TolerantModel):
    """The tolerant base that keeps undocumented fields."""

    model_config = ConfigDict(extra="allow")


class Health(Model):
    """Response of `GET /health`."""

    message: OptStr = None
    status: OptInt = None


class RootLevelConfigs(Model):
    """The settings of all steps of a posting."""

    instructions: OptStr = None
    company_overview: OptStr = None
    job_overview: OptStr = None
    interview_process_overview: OptStr = None
    language: OptStr = None
    interviewer_name: OptStr = None


class WorkflowStepConfig(Model):
    """A step of a posting: `type` is `resume`, `web_interview`, `conversational_sms`, ..."""

    type: OptStr = None
    unique_id: OptStr = None
    config: OptDict = None


class Posting(Model):
    """A job posting. Candidates are ingested under its `url_key`."""

    posting_id: Id
    title: OptStr = None
    name: OptStr = None
    description: OptStr = None
    company_id: OptStr = None
    created_at: Timestamp = None
    last_updated: Timestamp = None
    archived: OptBool = None
    deadline: Timestamp = None
    finalized: OptBool = None
    phone_number_id: OptStr = None
    root_level_configs: Annotated[RootLevelConfigs | None, TOLERANT] = None
    agentic_workflow: Annotated[list[WorkflowStepConfig] | None, TOLERANT] = None
    url_key: OptStr = None


class Page(Model):
    """A page of a listing with `total` items, `limit` per page; pages count from 1."""

    total: OptInt = None
    page: OptInt = None
    limit: OptInt = None
    total_pages: OptInt = None

    @property
    def malformed(self) -> int:
        """How many items of the page couldn't be read, and are left out."""
        return sum(found.malformed for found in vars(self).values() if isinstance(found, Items))


class PostingPage(Page):
    """Response of `GET /api/postings`."""

    postings: Items[Posting]


class InterviewStep(StepProgress, Model):
    """The progress of one step; `id` names it, `order` counts from 1."""

    details: OptDict = None


class WorkflowStatus(WorkflowProgress, Model):
    """The progress of all steps, and when the candidate was last engaged."""

    interview_id: OptStr = None
    step_by_step: Annotated[list[InterviewStep] | None, TOLERANT] = None  # type: ignore[assignment]


class InterviewDetails(DetailsProgress, Model):
    """The candidate and the result: `score` 0-100, `status` `completed` and others."""

    interview_id: OptStr = None
    candidate_id: OptStr = None
    interviewed_on: Timestamp = None
    score: OptFloat = None
    email: OptStr = None
    actions: OptDict = None
    workflow_status: Annotated[WorkflowStatus | None, TOLERANT] = None
    metadata: OptDict = None


class Utterance(Model):
    """A line of a transcript; `speaker` is `interviewer` or `candidate`."""

    speaker: OptStr = None
    text: OptStr = None
    timestamp: Timestamp = None
    timestamp_str: OptStr = None


class Question(Model):
    """A question and the rating of its answer: `evaluation_score` 1-5, weight `score_weight`."""

    question_id: OptStr = None
    question: OptStr = None
    evaluation_summary: OptStr = None
    evaluation_criteria: OptStr = None
    preview_timestamp: Timestamp = None
    evaluation_score: OptFloat = None
    rank: OptInt = None
    chat_transcript: Several[Utterance] = None
    score_weight: OptFloat = None
    not_scored: OptBool = None


class InterviewSummary(Model):
    """The report's summary: `match_score` 0-100."""

    interview_id: OptStr = None
    highlights: OptStrList = None
    lowlights: OptStrList = None
    match_score: OptFloat = None


class Scorecard(Model):
    """The questions, with their scores."""

    interview_id: OptStr = None
    match_details: OptStrList = None
    questions: Several[Question] = None
    tags: OptStrList = None


class Remark(Model):
    """A remark on how the candidate speaks, with the line of the transcript it refers to."""

    details: OptStr = None
    transcript_reference: Annotated[Utterance | None, TOLERANT] = None


class CommunicationEvaluation(Model):
    """A rating of the candidate's communication: `score` 0-5."""

    score: OptFloat = None
    remarks: Several[Remark] = None


class Communication(Model):
    """How the candidate speaks: `speech_score` 0-5."""

    interview_id: OptStr = None
    speech_score: OptFloat = None
    evaluations: Several[CommunicationEvaluation] = None


class Transcript(Model):
    """The transcript of an interview."""

    interview_id: OptStr = None
    transcript: Several[Utterance] = None


class WebInterviewInfo(Model):
    """The report on the web interview."""

    summary: Annotated[InterviewSummary | None, TOLERANT] = None
    scorecard: Annotated[Scorecard | None, TOLERANT] = None
    communication: Annotated[Communication | None, TOLERANT] = None
    transcript: Annotated[Transcript | None, TOLERANT] = None
    audio_recording_link: OptStr = None
    video_recording_link: OptStr = None


class ScoredCriterion(Model):
    """A criterion of the resume's score: `score` 0-5, `confidence_score` 0-1."""

    criteria_id: OptStr = None
    criteria_text: OptStr = None
    score: OptFloat = None
    confidence_score: OptFloat = None
    reasons: OptStrList = None
    standout_parts: OptStrList = None


class ScoreCriteria(Model):
    """The resume's score: `overall_score` 0-5, `confidence_score` 0-1."""

    interview_id: OptStr = None
    overall_score: OptFloat = None
    confidence_score: OptFloat = None
    criteria: Several[ScoredCriterion] = None
    highlights: OptStrList = None
    improvement_areas: OptStrList = None


class EligibilityCriterion(Model):
    """A criterion that is passed or not: `confidence_score` 0-1."""

    criteria_id: OptStr = None
    criteria_text: OptStr = None
    pass_criteria: OptBool = None
    confidence_score: OptFloat = None
    reasons: OptStrList = None


class EligibilityCriteria(Model):
    """Whether the candidate is eligible: `confidence_score` 0-1."""

    interview_id: OptStr = None
    is_eligible: OptBool = None
    confidence_score: OptFloat = None
    criteria: Several[EligibilityCriterion] = None
    skill_gaps: OptStrList = None


class ResumeInterviewInfo(Model):
    """The report on the resume."""

    score_criteria: Annotated[ScoreCriteria | None, TOLERANT] = None
    eligibility_criteria: Annotated[EligibilityCriteria | None, TOLERANT] = None
    resume_link: OptStr = None


class AgenticData(Model):
    """The report that HeyMilo's agents write about a candidate."""

    web_interview_info: Annotated[WebInterviewInfo | None, TOLERANT] = None
    resume_interview_info: Annotated[ResumeInterviewInfo | None, TOLERANT] = None


class Interview(InterviewProgress, Model):
    """A candidate's interview for a posting, from `GET /api/interview/{interview_id}`."""

    details: Annotated[InterviewDetails | None, TOLERANT] = None
    workflow: Annotated[WorkflowStatus | None, TOLERANT] = None
    agentic_data: Annotated[AgenticData | None, TOLERANT] = None
    company_name: OptStr = None
    company_image: OptStr = None
    posting_interview_type: OptStr = None

    @property
    def workflow_status(self) -> WorkflowStatus | None:
        """The workflow: HeyMilo sends two copies, and the one with the later engagement counts."""
        return most_recent([self.workflow, self.details.workflow_status if self.details else None])

    @property
    def score(self) -> float | None:
        """The interview's score, 0-100."""
        score = self.details.score if self.details else None
        return score if score is not None and math.isfinite(score) else None

    @property
    def took_place_at(self) -> datetime | None:
        """When the interview took place, or else when the candidate was last engaged, in UTC."""
        if self.details and self.details.interviewed_on:
            return self.details.interviewed_on
        return self.workflow_status.last_engagement if self.workflow_status else None

    @property
    def has_report(self) -> bool:
        """Whether HeyMilo has written a report, or a part of it."""
        report = self.agentic_data
        if report is None:
            return False
        return any((report.web_interview_info, report.resume_interview_info, report.model_extra))


class InterviewPage(Page):
    """Response of `GET /api/interviews/{posting_id}`."""

    candidates: Items[Interview]


class ProgressPage(Page):
    """The same response, with only the progress of each interview."""

    candidates: Items[InterviewProgress]


class Export(Model):
    """Response of the export: `file_url` has the interviews as JSON, on another host."""

    job_id: OptStr = None
    status: OptStr = None
    file_url: OptStr = None


class Webhook(Model):
    """A webhook: HeyMilo calls `url` at each `event_type` of the posting."""

    webhook_id: Id
    posting_id: OptStr = None
    url: OptStr = None
    event_type: OptStr = None
    http_method: OptStr = None
    is_active: OptBool = None
    created_at: Timestamp = None
    updated_at: Timestamp = None


class WebhookDeactivation(Model):
    """Response of the deactivation, which isn't documented: a webhook, a message, or nothing."""

    webhook_id: OptStr = None
    message: OptStr = None
    is_active: OptBool = None


class IngestedInterview(Model):
    """The interview of an ingested candidate, and the link that the candidate opens."""

    interview_id: Id
    interview_link: OptStr = None


class Ingestion(Model):
    """Response of both ingest endpoints; a malformed item of `interview_details` is None."""

    message: OptStr = None
    ingestion_id: OptStr = None
    interview_details: Annotated[
        list[Annotated[IngestedInterview | None, TOLERANT]] | None, TOLERANT
    ] = None


class Candidate(BaseModel):
    """A candidate to ingest: `retake=True` always creates a new interview, False reuses one."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str = Field(repr=False)
    email: str = Field(repr=False)
    phone_number: str | None = Field(default=None, repr=False)
    metadata: dict[str, Any] = Field(default_factory=dict, repr=False)
    data: dict[str, Any] = Field(default_factory=dict, repr=False)
    retake: bool = False
