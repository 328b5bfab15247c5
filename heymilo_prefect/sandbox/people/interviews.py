"""Simulated postings and interviews, and HeyMilo's JSON for them at any time."""

import json
from collections.abc import Iterable, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import Any

from heymilo_prefect.sandbox.heymilo.variants import ApiVariant, apply_variants
from heymilo_prefect.sandbox.people.behaviour import (
    Persona,
    State,
    Step,
    Timeline,
    random_timeline,
    state_after,
)
from heymilo_prefect.sandbox.people.reports import agentic_data, interview_metadata, score

COMPANY_ID = "comp_67890"
COMPANY_NAME = "Example Corp"
_STEP_IDS = {"resume": "resume_upload"}


@dataclass
class Posting:
    """A job posting; times are in epoch seconds, `steps` are types such as `web_interview`."""

    posting_id: str
    url_key: str
    title: str
    created: float
    archived: bool = False
    deadline: float | None = None
    steps: tuple[str, ...] = ("resume", "web_interview", "conversational_sms")
    test: bool = False

    def body(self) -> dict[str, Any]:
        """Return the documented body."""
        return {
            "posting_id": self.posting_id,
            "title": self.title,
            "name": "-".join(self.title.lower().split()),
            "description": f"We are looking for a {self.title} to join our team.",
            "company_id": COMPANY_ID,
            "created_at": self.created,
            "last_updated": self.created,
            "archived": self.archived,
            "deadline": self.deadline,
            "finalized": True,
            "phone_number_id": "pn_12345",
            "root_level_configs": {
                "instructions": "Be friendly, and ask one thing at a time.",
                "company_overview": f"{COMPANY_NAME} makes examples.",
                "job_overview": f"The {self.title} makes examples work.",
                "interview_process_overview": f"There are {len(self.steps)} steps.",
                "language": "en",
                "interviewer_name": "Alex",
            },
            "agentic_workflow": [
                {"type": step, "unique_id": f"{step}_{order}", "config": _config(step)}
                for order, step in enumerate(self.steps, 1)
            ],
            "url_key": self.url_key,
        }


def _config(step: str) -> dict[str, Any]:
    if step == "web_interview":
        return {
            "instructions": "Ask about recent work, then about the team.",
            "interviewer_name": "Alex",
            "video": True,
            "voice_id": "voice-2",
            "web_interview_config": {
                "backdrop_image_url": "https://example.com/backdrop.jpg",
                "avatar_image_url": "https://example.com/avatar.jpg",
                "show_transcript": True,
                "vapi_call_config": {
                    "end_call_message": "Thank you, the interview is over.",
                    "idle_message_max_spoken_count": 3,
                    "idle_timeout_seconds": 10,
                    "wait_seconds": 2.4,
                    "backoff_seconds": 2,
                },
            },
        }
    if step == "resume":
        return {
            "instructions": "Look for comparable work.",
            "knockout_enabled": True,
            "min_evaluation_score": 0.7,
            "mandatory": True,
        }
    return {"instructions": "Ask when they can start.", "knockout_enabled": True}


@dataclass(eq=False)
class Interview:
    """A candidate's interview for a posting.

    Attributes:
        interview_id: Its id.
        posting: The posting.
        name: The candidate's name.
        email: Their e-mail address.
        created: When it was created, in epoch seconds.
        seed: The seed of the candidate's behaviour.
        persona: How the candidate behaves; None for a random persona.
        hostile: Whether their answers try to act on whatever shows them.
        ingested: The candidate as it was sent; None if the sandbox added them.
        metadata: The metadata that the API v2 reads and writes.
    """

    interview_id: str
    posting: Posting
    name: str
    email: str
    created: float
    seed: int
    persona: Persona | None = None
    hostile: bool = False
    ingested: dict[str, Any] | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    _encoded: tuple[Any, bytes] = field(default=(None, b""), repr=False)

    @property
    def posting_id(self) -> str:
        """The posting's id."""
        return self.posting.posting_id

    @property
    def link(self) -> str:
        """Where the candidate takes the interview."""
        return f"https://candidates.example.com/heymiloai/i/{self.interview_id}"

    @cached_property
    def timeline(self) -> Timeline:
        """What the candidate will do: the same for the same seed and interview id."""
        random = Random(f"{self.seed}:{self.interview_id}")
        return random_timeline(self.posting.steps, random, self.persona)

    def set_quality(self, quality: float) -> None:
        """Change how well the candidate does, 0-1."""
        self.__dict__["timeline"] = replace(self.timeline, quality=quality)
        self._encoded = (None, b"")

    def state(self, now: float) -> State:
        """Return its state at `now`, in epoch seconds."""
        count = self.timeline.events_until(now - self.created)
        return state_after(count, self.timeline, self.posting.steps, self.created)

    def encoded(self, now: float, variants: Set[ApiVariant]) -> bytes:
        """Return the documented body as JSON, which is cached until it changes."""
        key = (self.timeline.events_until(now - self.created), variants)
        if self._encoded[0] != key:
            self._encoded = (key, encode(self.body(now), variants))
        return self._encoded[1]

    def body(self, now: float) -> dict[str, Any]:
        """Return the documented body at `now`, in epoch seconds."""
        state = self.state(now)
        workflow = {
            "interview_id": self.interview_id,
            "step_by_step": [_step(order, step) for order, step in enumerate(state.steps, 1)],
            "all_complete": state.all_complete,
            "last_engagement": state.last_engagement,
        }
        return {
            "interview_id": self.interview_id,
            "details": {
                "interview_id": self.interview_id,
                "candidate_id": f"cand_{self.interview_id.removeprefix('int_')}",
                "interviewed_on": state.interviewed_on,
                "score": score(self.timeline) if state.reported else None,
                "name": self.name,
                "email": self.email,
                "actions": {"can_view": True, "can_download": state.reported},
                "status": state.status,
                "workflow_status": workflow,
                "metadata": interview_metadata(self.interview_id, self.timeline, state),
            },
            "workflow": workflow,
            "agentic_data": (
                agentic_data(self.interview_id, self.name, self.timeline, state, self.hostile)
                if state.reported
                else {}
            ),
            "company_name": COMPANY_NAME,
            "company_image": "https://example.com/logos/example-corp.png",
            "posting_title": self.posting.title,
            "posting_interview_type": "web",
            "posting_id": self.posting_id,
        }


def _step(order: int, step: Step) -> dict[str, Any]:
    body: dict[str, Any] = {
        "complete": step.complete,
        "required": True,
        "order": order,
        "id": _STEP_IDS.get(step.type, step.type),
        "started": step.started,
    }
    if step.type == "web_interview":
        body["is_analyzing_call"] = step.analyzing
    elif step.type == "resume":
        done = "Resume uploaded and analyzed" if step.complete else "Waiting for the resume"
        body["details"] = {"details": done}
    return {**body, "last_updated_timestamp": step.updated}


def encode(body: dict[str, Any], variants: Iterable[ApiVariant] = ()) -> bytes:
    """Return a body as JSON, changed by the variants."""
    changed = apply_variants(body, variants) if variants else body
    return json.dumps(changed, separators=(",", ":")).encode()
