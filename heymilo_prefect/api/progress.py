"""How far a candidate is: the part of an interview that a verdict on it needs.

The whole `Interview` extends it; a scan of many interviews reads no more than this of each.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict

from heymilo_prefect.api.fields import LENIENT, Flag, Id, Text, Timestamp, Whole

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
