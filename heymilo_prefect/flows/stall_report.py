"""Who is stalled: what a scan finds, the report that a run returns, and its artifact."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from prefect.artifacts import acreate_table_artifact

from heymilo_prefect.api.models import Posting
from heymilo_prefect.api.progress import InterviewProgress
from heymilo_prefect.durations import rounded_text
from heymilo_prefect.stalls import Judge, Mentions, Stalled, StallRules

_ROWS_SHOWN = 500


class StallReport:
    """Who is stalled.

    Attributes:
        stalled: All that are, longest first.
        new: Those of them that no run before found there.
        resumed: Ids of interviews that a run before found stalled, and that go on.
        not_judged: Interviews that can't be judged, id to reason.
        unread: Postings that couldn't be read, id to reason.
        left_out: How many interviews of a posting couldn't be read, by its id: HeyMilo sent them
            malformed, or only counts them.
        read: How many interviews were read.
        mentioned: Ids of the interviews that the channel was told of: new to it, or due again.
        unknown: Ids of the interviews that the channel may have been told of: Slack's response was
            lost, and the channel can't be read. They are mentioned again after `remind_after` only.
        said: Whether a digest was posted.
    """

    def __init__(self) -> None:
        self.stalled: list[Stalled] = []
        self.new: list[Stalled] = []
        self.resumed: list[str] = []
        self.not_judged: dict[str, str] = {}
        self.unread: dict[str, str] = {}
        self.left_out: dict[str, int] = {}
        self.read = 0
        self.mentioned: list[str] = []
        self.unknown: list[str] = []
        self.said = False

    def __str__(self) -> str:
        """Say the counts."""
        kinds = Counter(item.kind for item in self.stalled)
        left_out = sum(self.left_out.values())
        by_kind = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        return (
            f"{len(self.stalled)} stalled{f' ({by_kind})' if by_kind else ''}, "
            f"{len(self.new)} of them newly, {len(self.resumed)} resumed, "
            f"{len(self.not_judged)} not judged"
            f"{f', {left_out} left out as malformed' if left_out else ''}"
            f"{f', {len(self.unknown)} maybe mentioned' if self.unknown else ''}"
        )

    def __repr__(self) -> str:
        """Show the counts."""
        return f"<StallReport: {self}>"


class Findings:
    """What interviews show as they are read: the report, and the names that it mustn't hold.

    Attributes:
        report: The report.
        now: The moment that interviews are judged at.
        names: The names of stalled candidates, by interview id.
        seen: Ids of all interviews that were read.
    """

    def __init__(self, rules: StallRules, now: datetime) -> None:
        self.report = StallReport()
        self.now = now
        self.names: dict[str, str] = {}
        self.seen: set[str] = set()
        self._rules = rules
        self._unmet = rules.step_names()

    def visitor(self, posting: Posting) -> Callable[[InterviewProgress], None]:
        """Return what judges each interview of a posting."""
        judge = Judge(self._rules, self.now, posting)

        def visit(interview: InterviewProgress) -> None:
            interview_id = interview.interview_id
            self.seen.add(interview_id)
            if self._unmet and interview.workflow_status:
                self._unmet -= {step.id for step in interview.workflow_status.step_by_step or ()}
            verdict = judge(interview)
            if verdict is None:
                return
            if isinstance(verdict, Stalled):
                self.report.stalled.append(verdict)
                if interview.details and interview.details.name:
                    self.names[interview_id] = interview.details.name
            else:
                self.report.not_judged[interview_id] = verdict.reason

        return visit

    def unmet_steps(self, postings: Sequence[Posting]) -> list[str]:
        """Return the steps that the rules name, and neither a posting nor an interview has."""
        configured = [step for posting in postings for step in posting.agentic_workflow or ()]
        known = {name for step in configured for name in (step.unique_id, step.type)}
        return sorted(self._unmet - known)

    def resumed(self, before: Mentions) -> list[str]:
        """Return the interviews that were mentioned before, and are no longer stalled."""
        still = {item.interview_id for item in self.report.stalled} | set(self.report.not_judged)
        return before.resumed(self.seen, still, self.now)


async def show(report: StallReport, names: Mapping[str, str]) -> None:
    """Leave a table of ids; of names too, where there are any in `names`."""
    new = {item.interview_id for item in report.new}
    table: list[dict[str, str | None]] = [
        {
            "interview": item.interview_id,
            "kind": item.kind,
            "idle": rounded_text(item.idle),
            "new": "yes" if item.interview_id in new else "",
            "step": item.step,
            "turn": item.turn,
            "posting": item.posting_title or item.posting_id,
        }
        for item in report.stalled[:_ROWS_SHOWN]
    ]
    if names:
        table = [{"name": names.get(row["interview"] or ""), **row} for row in table]
    room = _ROWS_SHOWN - len(table)
    table += [
        {"interview": interview_id, "kind": f"not judged: {reason}"}
        for interview_id, reason in list(report.not_judged.items())[:room]
    ]
    found = len(report.stalled) + len(report.not_judged)
    more = f" The first {_ROWS_SHOWN} of {found}:" if found > _ROWS_SHOWN else ""
    description = f"{report}.{more}"
    await acreate_table_artifact(table=table, key="heymilo-stalled", description=description)
