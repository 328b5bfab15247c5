"""What tests of the stall rules share."""

from datetime import datetime

from heymilo_prefect.api.models import InterviewProgress, Posting
from heymilo_prefect.stalled import StallDetector, StallRules
from heymilo_prefect.stalled.detect import StallResult


def evaluate(
    interview: InterviewProgress, rules: StallRules, now: datetime, posting: Posting | None = None
) -> StallResult:
    return StallDetector(rules, now, posting)(interview)
