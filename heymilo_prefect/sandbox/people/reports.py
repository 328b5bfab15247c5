"""Simulated reports of completed interviews, in HeyMilo's documented shape."""

from random import Random
from typing import Any

from heymilo_prefect.sandbox.people.behaviour import State, Timeline
from heymilo_prefect.sandbox.people.corpus import HIGHLIGHTS, HOSTILE, LOWLIGHTS, QUESTIONS, TAGS


def score(timeline: Timeline) -> float:
    """Return the interview's score, 0-100."""
    return round(100 * timeline.quality, 1)


def interview_metadata(interview_id: str, timeline: Timeline, state: State) -> dict[str, Any]:
    """Return `details.metadata`: the files that exist by now."""
    complete = {step.type for step in state.steps if step.complete}
    metadata: dict[str, Any] = {}
    if "resume" in complete:
        metadata["resume"] = {"file_link": _resume(interview_id)}
    if "web_interview" in complete:
        metadata["web_interview"] = {
            "final_score": score(timeline),
            "skill_highlights": ["Communication", "Problem Solving"],
            **_recordings(interview_id),
        }
    return metadata


def agentic_data(
    interview_id: str, name: str, timeline: Timeline, state: State, hostile: bool
) -> dict[str, Any]:
    """Return the report; with `hostile`, its answers try to act on whatever shows them."""
    types = {step.type for step in state.steps}
    random = Random(f"{interview_id}:report")
    asked_at = state.interviewed_on or state.last_engagement
    report: dict[str, Any] = {}
    if "web_interview" in types:
        report["web_interview_info"] = _web_interview(
            interview_id, name, timeline.quality, asked_at, random, hostile
        )
    if "resume" in types:
        report["resume_interview_info"] = _resume_interview(interview_id, timeline.quality, random)
    return report


def _web_interview(
    interview_id: str, name: str, quality: float, at: float, random: Random, hostile: bool
) -> dict[str, Any]:
    highlights = random.sample(HIGHLIGHTS, 1 + round(2 * quality))
    lowlights = random.sample(LOWLIGHTS, 1 + round(2 * (1 - quality)))
    if hostile:
        highlights.append(random.choice(HOSTILE))
        lowlights.append(random.choice(HOSTILE))
    questions = []
    greeting = [
        _utterance("interviewer", "Welcome. Can you introduce yourself?", at, 0),
        _utterance("candidate", f"Hi, I'm {name}, thank you for having me.", at, 10),
    ]
    transcript = list(greeting)
    for rank, (question, criterion, strong, weak, praise, doubt) in enumerate(QUESTIONS, 1):
        graded = max(1, min(5, round(1 + 4 * quality + random.uniform(-1, 1))))
        answer = strong if graded > 2 else weak
        if hostile:
            answer = f"{answer} {random.choice(HOSTILE)}"
        exchange = [
            _utterance("interviewer", question, at, 100 * rank),
            _utterance("candidate", answer, at, 100 * rank + 10),
        ]
        transcript += exchange
        questions.append(
            {
                "question_id": f"q{rank}",
                "question": question,
                "evaluation_summary": praise if graded > 2 else doubt,
                "evaluation_criteria": criterion,
                "preview_timestamp": at + 100 * rank,
                "evaluation_score": graded,
                "rank": rank,
                "chat_transcript": exchange,
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
            "tags": random.sample(TAGS, 3),
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


def _resume_interview(interview_id: str, quality: float, random: Random) -> dict[str, Any]:
    confidence = round(random.uniform(0.6, 0.98), 2)
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
            "highlights": random.sample(HIGHLIGHTS, 1),
            "improvement_areas": random.sample(LOWLIGHTS, 1),
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
            "skill_gaps": random.sample(TAGS, 2),
        },
        "resume_link": _resume(interview_id),
    }


def _utterance(speaker: str, text: str, start: float, seconds: int) -> dict[str, Any]:
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
