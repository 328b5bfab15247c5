"""Strong candidates to one channel, and the decision on each asked for in another."""

from prefect import flow

from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.flows import SummaryReport, post_interview_summaries

DECISION = """\
# Invite {{ interview.details.name or "this candidate" }} to the next round?

{{ interview.posting_title }}, {{ interview.details.score|score(100) }}.
:+1: invites, :-1: declines.
"""


@flow(name="strong-candidates", persist_result=False)
def strong_candidates(
    heymilo_credentials: HeyMiloCredentials,
    slack: SlackChannel,
    decisions: SlackChannel,
    min_score: float = 80,
    mention: str | None = None,
) -> tuple[SummaryReport, SummaryReport]:
    """Post the summaries of strong candidates, and ask for a decision on each, once.

    Args:
        heymilo_credentials: The workspace.
        slack: The channel that gets the summaries.
        decisions: The channel in which to decide.
        min_score: From which score on a candidate is strong, 0-100.
        mention: Who decides: `<@U0123ABCD>`, or `<!subteam^S0123ABCD>` for a group.
    """
    posted = post_interview_summaries(heymilo_credentials, slack, min_score=min_score)
    asked = post_interview_summaries(
        heymilo_credentials, decisions, template=DECISION, min_score=min_score, mention=mention
    )
    return posted, asked
