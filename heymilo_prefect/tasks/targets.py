"""Turns the blocks that say where messages go into what posts there."""

from heymilo_prefect.blocks import SlackChannel, SlackTarget
from heymilo_prefect.slack import Channel, Webhook


def target_of(slack: SlackTarget) -> Channel | Webhook:
    """Return what posts to a channel, or through an incoming webhook."""
    if isinstance(slack, SlackChannel):
        return Channel(slack.get_client(), slack.channel)
    return Webhook(slack.url.get_secret_value())
