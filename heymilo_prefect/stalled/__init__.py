"""Detect stalled candidates by rules, and track which ones were reported."""

from heymilo_prefect.stalled.detect import (
    StallDetector,
    Stalled,
    Undetermined,
    describe_progress,
    find_stalled,
)
from heymilo_prefect.stalled.history import StallHistory
from heymilo_prefect.stalled.rules import KINDS, PostingRules, StallKind, StallRules, StepRules

__all__ = [
    "KINDS",
    "PostingRules",
    "StallDetector",
    "StallHistory",
    "StallKind",
    "StallRules",
    "Stalled",
    "StepRules",
    "Undetermined",
    "describe_progress",
    "find_stalled",
]
