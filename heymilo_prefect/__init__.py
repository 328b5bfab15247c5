"""HeyMilo for Prefect: blocks, tasks and flows for HeyMilo, the AI interviewer."""

from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel, SummaryTemplate

__version__ = "0.1.0"

__all__ = ["HeyMiloCredentials", "SlackChannel", "SummaryTemplate"]
