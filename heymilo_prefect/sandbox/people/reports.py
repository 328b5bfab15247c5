"""Simulated reports on finished interviews, in the documented shape."""

from random import Random
from typing import Any

from heymilo_prefect.sandbox.people.behaviour import Life, Progress
from heymilo_prefect.sandbox.people.corpus import HIGHLIGHTS, HOSTILE, LOWLIGHTS, QUESTIONS, TAGS


def score(life: Life) -> float:
    """Score the interview, 0-100."""
    return round(100 * life.quality, 1)


def interview_metadata(interview_id: str, life: Life, state: Progress) -> dict[str, Any]:
    """`details.metadata`: the files that exist by now."""
    complete = {step.type for step in state.steps if step.complete}
    metadata: dict[str, Any] = {}
    if "resume" in complete:
        metadata["resume"] = {"file_link": _resume(interview_id)}
    if "web_interview" in complete:
        metadata["web_interview"] = {
            "final_score": score(life),
            "skill_highlights": ["Communication", "Problem Solving"],
            **_recordings(interview_id),
        }
    return metadata


def agentic_data(
    interview_id: str, name: str, life: Life, state: Progress, hostile: bool
) -> dict[str, Any]:
    """Write the report. With `hostile`, the candidate's answers and what quotes them try to act."""
    types = {step.type for step in state.steps}
    draw = Random(f"{interview_id}:report")
    asked_at = state.interviewed_on or state.last_engagement
    report: dict[str, Any] = {}
    if "web_interview" in types:
        report["web_interview_info"] = _web_interview(
            interview_id, name, life.quality, asked_at, draw, hostile
        )
    if "resume" in types:
        report["resume_interview_info"] = _resume_interview(interview_id, life.quality, draw)
    return report


def _web_interview(
    interview_id: str, name: str, quality: float, at: float, draw: Random, hostile: bool
) -> dict[str, Any]:
    highlights = draw.sample(HIGHLIGHTS, 1 + round(2 * quality))
    lowlights = draw.sample(LOWLIGHTS, 1 + round(2 * (1 - quality)))
    if hostile:
        highlights.append(draw.choice(HOSTILE))
        lowlights.append(draw.choice(HOSTILE))
    questions = []
    greeting = [
        _said("interviewer", "Welcome. Can you introduce yourself?", at, 0),
        _said("candidate", f"Hi, I'm {name}, thank you for having me.", at, 10),
    ]
    transcript = list(greeting)
    for rank, (question, criterion, strong, weak, praise, doubt) in enumerate(QUESTIONS, 1):
        graded = max(1, min(5, round(1 + 4 * quality + draw.uniform(-1, 1))))
        answer = strong if graded > 2 else weak
        if hostile:
            answer = f"{answer} {draw.choice(HOSTILE)}"
        said = [
            _said("interviewer", question, at, 100 * rank),
            _said("candidate", answer, at, 100 * rank + 10),
        ]
        transcript += said
        questions.append(
            {
                "question_id": f"q{rank}",
                "question": question,
                "evaluation_summary": praise if graded > 2 else doubt,
                "evaluation_criteria": criterion,
                "preview_timestamp": at + 100 * rank,
                "evaluation_score": graded,
                "rank": rank,
                "chat_transcript": said,
                "score_weight": 2 if rank == 1 else 1,
                "not_scored": False,
            }
        )
    return {
        "summary": {
            "interview_id": interview_id,
            "highlights": highlights,
            "lowlights": lowlights,
            "match_score": round(100 * quality),
        },
        "scorecard": {
            "interview_id": interview_id,
            "match_details": ["Good fit for the role" if quality > 0.6 else "A partial fit"],
            "questions": questions,
            "tags": draw.sample(TAGS, 3),
        },
        "communication": {
            "interview_id": interview_id,
            "speech_score": round(5 * quality, 1),
            "evaluations": [
                {
                    "score": max(1, round(5 * quality)),
                    "remarks": [
                        {
                            "details": "Clear and concise" if quality > 0.5 else "Hard to follow",
                            "transcript_reference": transcript[-1],
                        }
                    ],
                }
            ],
        },
        "transcript": {"interview_id": interview_id, "transcript": transcript},
        **_recordings(interview_id),
    }


def _resume_interview(interview_id: str, quality: float, draw: Random) -> dict[str, Any]:
    confidence = round(draw.uniform(0.6, 0.98), 2)
    years = 1 + round(9 * quality)
    return {
        "score_criteria": {
            "interview_id": interview_id,
            "overall_score": round(5 * quality, 1),
            "confidence_score": confidence,
            "criteria": [
                {
                    "criteria_id": "c1",
                    "criteria_text": "Comparable work",
                    "score": round(5 * quality, 1),
                    "confidence_score": confidence,
                    "reasons": [f"{years} years in comparable work"],
                    "standout_parts": ["Trained three new colleagues"],
                }
            ],
            "highlights": draw.sample(HIGHLIGHTS, 1),
            "improvement_areas": draw.sample(LOWLIGHTS, 1),
        },
        "eligibility_criteria": {
            "interview_id": interview_id,
            "is_eligible": years >= 3,
            "confidence_score": confidence,
            "criteria": [
                {
                    "criteria_id": "e1",
                    "criteria_text": "At least three years of comparable work",
                    "pass_criteria": years >= 3,
                    "confidence_score": confidence,
                    "reasons": [f"{years} years in comparable work"],
                }
            ],
            "skill_gaps": draw.sample(TAGS, 2),
        },
        "resume_link": _resume(interview_id),
    }


def _said(speaker: str, text: str, start: float, seconds: int) -> dict[str, Any]:
    return {
        "speaker": speaker,
        "text": text,
        "timestamp": start + seconds,
        "timestamp_str": f"00:{seconds // 60:02}:{seconds % 60:02}",
    }


def _recordings(interview_id: str) -> dict[str, str]:
    return {
        "audio_recording_link": f"https://example.com/recordings/{interview_id}.mp3",
        "video_recording_link": f"https://example.com/recordings/{interview_id}.mp4",
    }


def _resume(interview_id: str) -> str:
    return f"https://example.com/resumes/{interview_id}.pdf"
