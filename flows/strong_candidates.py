"""Post strong candidates to one channel, and ask for a decision on each in another."""

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
    """Post the summaries of strong candidates, and ask once for a decision on each.

    Args:
        heymilo_credentials: The workspace.
        slack: The channel that gets the summaries.
        decisions: The channel that is asked to decide.
        min_score: The lowest score of a strong candidate, 0-100.
        mention: The person or group who decides: `<@U0123ABCD>` or `<!subteam^S0123ABCD>`.
    """
    posted = post_interview_summaries(heymilo_credentials, slack, min_score=min_score)
    questions = post_interview_summaries(
        heymilo_credentials, decisions, template=DECISION, min_score=min_score, mention=mention
    )
    return posted, questions
