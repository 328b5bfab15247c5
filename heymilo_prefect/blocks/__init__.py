"""The blocks: what a team saves once in Prefect, and every flow refers to."""

from heymilo_prefect.blocks.heymilo import HeyMiloCredentials
from heymilo_prefect.blocks.slack import SlackChannel, SlackTarget
from heymilo_prefect.blocks.template import SummaryTemplate

__all__ = [
    "HeyMiloCredentials",
    "SlackChannel",
    "SlackTarget",
    "SummaryTemplate",
]
