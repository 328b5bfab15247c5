"""HeyMilo for Prefect: blocks, tasks and flows for HeyMilo, the AI interviewer."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel, SummaryTemplate

__version__ = "0.1.0"

__all__ = ["HeyMiloCredentials", "SlackChannel", "SummaryTemplate"]


def __getattr__(name: str) -> Any:
    # The blocks import Prefect, which takes seconds. The command's help and the pytest plugin don't
    # need it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from heymilo_prefect import blocks

    return getattr(blocks, name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
