"""Receive HeyMilo's webhook calls and emit Prefect events for them."""

from heymilo_prefect.webhooks.receiver import receiver

__all__ = [
    "receiver",
]
