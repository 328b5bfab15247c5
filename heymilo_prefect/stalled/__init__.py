"""Interview + rules + now -> is the candidate stalled, where, since when, and is that news."""

from heymilo_prefect.stalled.detect import Judge, NotJudged, Stalled, find_stalled, judge, place_of
from heymilo_prefect.stalled.history import Mentions
from heymilo_prefect.stalled.rules import KINDS, PostingRules, StallKind, StallRules, StepRules

__all__ = [
    "KINDS",
    "Judge",
    "Mentions",
    "NotJudged",
    "PostingRules",
    "StallKind",
    "StallRules",
    "Stalled",
    "StepRules",
    "find_stalled",
    "judge",
    "place_of",
]
