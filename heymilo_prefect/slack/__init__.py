"""Slack over HTTP, the message model, and Block Kit validation and layout.

A post is sent at most once, and an error tells a refusal from a lost response. Which messages to
post, and whether one was posted before, is decided in `heymilo_prefect.state`.
"""

from heymilo_prefect.slack.client import SLACK_API_URL, slack_client
from heymilo_prefect.slack.errors import SlackError, SlackOutcomeUnknownError
from heymilo_prefect.slack.message import Mention, SlackMessage
from heymilo_prefect.slack.plain import plain_message, plain_text
from heymilo_prefect.slack.targets import Channel, IncomingWebhook

__all__ = [
    "SLACK_API_URL",
    "Channel",
    "IncomingWebhook",
    "Mention",
    "SlackError",
    "SlackMessage",
    "SlackOutcomeUnknownError",
    "plain_message",
    "plain_text",
    "slack_client",
]
