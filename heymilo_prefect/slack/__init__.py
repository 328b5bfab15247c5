"""Slack: one message delivered at most once, and a failure told from what nobody knows.

Which messages to post, and whether one was posted before, is for others to know.
"""

from heymilo_prefect.slack.about import (
    MESSAGE,
    NOTICE,
    STALLED,
    SUMMARY,
    THREAD,
    About,
    content_of,
    together,
)
from heymilo_prefect.slack.channel import Channel
from heymilo_prefect.slack.client import SLACK_API_URL, checked_url, slack_client
from heymilo_prefect.slack.errors import (
    OF_THE_APP,
    OF_THE_MESSAGE,
    SlackError,
    SlackOutcomeUnknownError,
)
from heymilo_prefect.slack.pace import no_pace, until_arrived
from heymilo_prefect.slack.webhook import Webhook

__all__ = [
    "MESSAGE",
    "NOTICE",
    "OF_THE_APP",
    "OF_THE_MESSAGE",
    "SLACK_API_URL",
    "STALLED",
    "SUMMARY",
    "THREAD",
    "About",
    "Channel",
    "SlackError",
    "SlackOutcomeUnknownError",
    "Webhook",
    "checked_url",
    "content_of",
    "no_pace",
    "slack_client",
    "together",
    "until_arrived",
]
