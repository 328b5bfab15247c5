"""Prefect blocks for credentials, Slack channels and summary templates."""

from heymilo_prefect.blocks.heymilo import HeyMiloCredentials
from heymilo_prefect.blocks.slack import SlackChannel, SlackTarget
from heymilo_prefect.blocks.template import SummaryTemplate

__all__ = [
    "HeyMiloCredentials",
    "SlackChannel",
    "SlackTarget",
    "SummaryTemplate",
]
