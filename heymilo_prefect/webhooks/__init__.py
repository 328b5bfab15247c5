"""Takes HeyMilo's calls and makes them Prefect events: `python -m heymilo_prefect.webhooks`."""

from heymilo_prefect.webhooks.receiver import receiver

__all__ = [
    "receiver",
]
