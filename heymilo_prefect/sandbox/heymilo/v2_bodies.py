"""HeyMilo's JSON in the API v2, made from the same simulated postings and interviews as v1's.

The scales differ from v1's: questions 1-10, resumes 0-100, criteria 0-10. A transcript's times
count from its first line.
"""

from collections.abc import Mapping
from typing import Any

from heymilo_prefect.sandbox.people.behaviour import Step
from heymilo_prefect.sandbox.people.interviews import COMPANY_ID, Interview, Posting

_SHORT = {
    "web_interview": "vi",
    "resume": "re",
    "conversational_sms": "sms",
    "form": "fo",
}
_SMS_QUESTION = "Can you start within four weeks?"


def step_id(order: int, kind: str) -> str:
    """Return a step's id, such as `agent_vi_002`."""
    return f"agent_{_SHORT.get(kind, 'xx')}_{order:03}"


def posting_body(posting: Posting, now: float) -> dict[str, Any]:
    """Return a `PostingResponse`."""
    v1 = posting.body()
    expired = posting.deadline is not None and posting.deadline < now
    status = "archived" if posting.archived else "expired" if expired else "active"
    texts = ("instructions", "company_overview", "job_overview", "interview_process_overview")
    return {
        **summary_body(posting),
        "object": "posting",
        "company_id": COMPANY_ID,
        "description": v1["description"],
        "status": status,
        "finalized": True,
        "archived": posting.archived,
        "test_posting": posting.test,
        "workflow": [
            {
                "id": step_id(order, step["type"]),
                "type": step["type"],
                "order": order,
                "config": step["config"],
            }
            for order, step in enumerate(v1["agentic_workflow"], 1)
        ],
        "urls": {
            "candidate_url": f"https://candidates.example.com/heymiloai/{v1['name']}",
            "ingestion_url_key": posting.url_key,
            "review_url": f"https://admin.example.com/w/{COMPANY_ID}/{posting.posting_id}",
        },
        "deadline": posting.deadline,
        "language": v1["root_level_configs"]["language"],
        "interviewer_name": v1["root_level_configs"]["interviewer_name"],
        **{name: v1["root_level_configs"][name] for name in texts},
        "created_at": posting.created,
        "updated_at": posting.created,
    }


def summary_body(posting: Posting) -> dict[str, Any]:
    """Return a `PostingSummary`."""
    return {
        "object": "posting_summary",
        "id": posting.posting_id,
        "title": posting.title,
        "name": "-".join(posting.title.lower().split()),
    }


def candidate_body(interview: Interview, now: float) -> dict[str, Any]:
    """Return a `CandidateResponse`, which a listing contains."""
    v1, state = interview.body(now), interview.state(now)
    return {
        **_common(interview, v1, now),
        "object": "candidate",
        "status": state.status,
        "workflow": _workflow(interview, now),
        "interview_url": interview.link,
        "agent_summary": _agent_summary(v1["agentic_data"]),
        "shortlisted": state.status == "shortlisted",
        "dismissed": state.status == "dismissed",
        "interviewed_at": state.interviewed_on,
        "created_at": interview.created,
    }


def data_body(interview: Interview, now: float, bare: bool = False) -> dict[str, Any]:
    """Return an `InterviewDataResponse`; with `bare`, nothing but who it is before the end."""
    v1, state = interview.body(now), interview.state(now)
    ready = state.reported or state.status in ("knocked_out", "dismissed", "shortlisted")
    body = {
        **_common(interview, v1, now),
        "object": "interview_data",
        "status": state.status if ready else "not_ready",
    }
    if bare and not ready:
        return body
    report: Mapping[str, Any] = v1["agentic_data"]
    sms = next((it for it in state.steps if it.type == "conversational_sms"), None)
    return {
        **body,
        "workflow": _workflow(interview, now),
        "web_interview": _web_interview(interview.interview_id, report.get("web_interview_info")),
        "resume": _resume(interview.interview_id, report.get("resume_interview_info")),
        "sms": _sms(interview.interview_id, sms) if sms and report else None,
        "form": None,
        "cheat_detection": None,
    }


def _common(interview: Interview, v1: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {
        "interview_id": interview.interview_id,
        "candidate_id": v1["details"]["candidate_id"],
        "posting_id": interview.posting_id,
        "name": interview.name,
        "email": interview.email,
        "score": v1["details"]["score"],
        "metadata": dict(interview.metadata),
        "data": (interview.ingested or {}).get("data"),
    }


def _workflow(interview: Interview, now: float) -> dict[str, Any]:
    state = interview.state(now)
    is_out = state.status == "knocked_out"
    is_started = any(step.started for step in state.steps)
    pending = next((it for it in state.steps if not it.complete), None)
    return {
        "steps": [
            _step(order, step, is_out and step is pending)
            for order, step in enumerate(state.steps, 1)
        ],
        "all_complete": state.all_complete,
        "last_activity_at": state.last_engagement if is_started else None,
    }


def _step(order: int, step: Step, knocked_out: bool) -> dict[str, Any]:
    status = "completed" if step.complete else "in_progress" if step.started else "not_started"
    return {
        "step_id": step_id(order, step.type),
        "order": order,
        "status": "knocked_out" if knocked_out else status,
        "started": step.started,
        "completed": step.complete,
        "knocked_out": knocked_out,
        "last_updated_at": step.updated,
    }


def _agent_summary(report: Mapping[str, Any]) -> dict[str, Any]:
    web, resume = report.get("web_interview_info"), report.get("resume_interview_info")
    return {
        "web_interview": web
        and {
            "score": float(web["summary"]["match_score"]),
            "highlights": web["summary"]["highlights"],
            "audio_recording_link": web["audio_recording_link"],
            "video_recording_link": web["video_recording_link"],
        },
        "resume": resume
        and {
            "resume_score": round(20 * resume["score_criteria"]["overall_score"], 1),
            "is_eligible": resume["eligibility_criteria"]["is_eligible"],
            "resume_link": resume["resume_link"],
        },
    }


def _web_interview(interview_id: str, web: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if web is None:
        return None
    lines = web["transcript"]["transcript"]
    began = lines[0]["timestamp"] if lines else 0.0
    return {
        "object": "web_interview_result",
        "interview_id": interview_id,
        "match_score": web["summary"]["match_score"],
        "highlights": web["summary"]["highlights"],
        "lowlights": web["summary"]["lowlights"],
        "scorecard": [_question(question, began) for question in web["scorecard"]["questions"]],
        "speech_score": web["communication"]["speech_score"],
        "transcript": [_line(line, began) for line in lines],
        "audio_recording_url": web["audio_recording_link"],
        "video_recording_url": web["video_recording_link"],
        "tags": web["scorecard"]["tags"],
    }


def _question(question: Mapping[str, Any], began: float) -> dict[str, Any]:
    return {
        "question_id": question["question_id"],
        "question_text": question["question"],
        "score": 2 * question["evaluation_score"],
        "score_weight": question["score_weight"],
        "evaluation_summary": question["evaluation_summary"],
        "evaluation_criteria": question["evaluation_criteria"],
        "not_scored": question["not_scored"],
        "rank": question["rank"],
        "transcript": [_line(line, began) for line in question["chat_transcript"]],
    }


def _line(line: Mapping[str, Any], began: float) -> dict[str, Any]:
    seconds = round(line["timestamp"] - began, 1)
    return {
        "speaker": line["speaker"].capitalize(),
        "text": line["text"],
        "timestamp": seconds,
        "timestamp_str": f"{int(seconds) // 60:02}:{int(seconds) % 60:02}",
    }


def _resume(interview_id: str, resume: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if resume is None:
        return None
    return {
        "object": "resume_result",
        "interview_id": interview_id,
        "overall_score": round(20 * resume["score_criteria"]["overall_score"], 1),
        "is_eligible": resume["eligibility_criteria"]["is_eligible"],
        "score_criteria": [
            {
                "criteria_id": criterion["criteria_id"],
                "criteria_text": criterion["criteria_text"],
                "score": round(2 * criterion["score"], 1),
                "confidence": criterion["confidence_score"],
                "reasons": criterion["reasons"],
            }
            for criterion in resume["score_criteria"]["criteria"]
        ],
        "eligibility_criteria": [
            {
                "criteria_id": criterion["criteria_id"],
                "criteria_text": criterion["criteria_text"],
                "passed": criterion["pass_criteria"],
                "confidence": criterion["confidence_score"],
                "reasons": criterion["reasons"],
            }
            for criterion in resume["eligibility_criteria"]["criteria"]
        ],
        "resume_url": resume["resume_link"],
    }


def _sms(interview_id: str, step: Step) -> dict[str, Any]:
    return {
        "object": "sms_result",
        "interview_id": interview_id,
        "is_eligible": True,
        "confidence": 0.88,
        "criteria": [
            {
                "criteria_id": "sms1",
                "criteria_text": _SMS_QUESTION,
                "passed": True,
                "confidence": 0.88,
                "is_dealbreaker": True,
                "reasons": ["They said yes"],
            }
        ],
        "transcript": [
            {"role": "agent", "text": _SMS_QUESTION, "timestamp": step.updated},
            {"role": "candidate", "text": "Yes, I can.", "timestamp": step.updated},
        ],
        "messages_sent": 1,
        "messages_received": 1,
    }
