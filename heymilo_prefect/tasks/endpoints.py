"""A thin task for each endpoint: the block first, then the endpoint's own parameters.

Retries live in the client, which knows what may be repeated; results are neither cached nor stored.
"""

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from heymilo_prefect.api import endpoints
from heymilo_prefect.api import exports as export
from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import OutcomeUnknownError
from heymilo_prefect.api.fields import Items
from heymilo_prefect.api.models import Page
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.tasks.interviews import warn_left_out

P = ParamSpec("P")
T = TypeVar("T")


def _may_go_again(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    """Say whether retries that a user added may follow: not on a write whose answer was lost."""
    error = getattr(state.data, "result", state.data)
    return not isinstance(error, OutcomeUnknownError)


_task = functools.partial(
    task,
    retries=0,
    retry_condition_fn=_may_go_again,
    cache_policy=NO_CACHE,
    persist_result=False,
)

SyncTask = Task[Concatenate[HeyMiloCredentials, P], T]
AsyncTask = Task[Concatenate[HeyMiloCredentials, P], Coroutine[Any, Any, T]]


def _endpoint_tasks(endpoint: Callable[P, Call[T]]) -> tuple[SyncTask[P, T], AsyncTask[P, T]]:
    """Make an endpoint's task and its async twin, with the endpoint's parameters and docstring."""

    def ask(heymilo_credentials: HeyMiloCredentials, *args: P.args, **kwargs: P.kwargs) -> T:
        call = endpoint(*args, **kwargs)
        return _warned(call, heymilo_credentials.get_client().send(call))

    async def aask(heymilo_credentials: HeyMiloCredentials, *args: P.args, **kwargs: P.kwargs) -> T:
        call = endpoint(*args, **kwargs)
        return _warned(call, await heymilo_credentials.get_async_client().send(call))

    return (
        cast(SyncTask[P, T], _task(_named(ask, endpoint, ""))),
        cast(AsyncTask[P, T], _task(_named(aask, endpoint, "a"))),
    )


def _warned(call: Call[T], answer: T) -> T:
    """Return an answer, after a warning if items of it were left out."""
    if isinstance(answer, Page | Items):
        warn_left_out(answer.malformed, call.subject)
    return answer


def _named(ask: Callable[..., Any], endpoint: Callable[..., Any], prefix: str) -> Any:
    """Give a task's function the endpoint's name, signature and docstring."""
    signature = inspect.signature(endpoint)
    block = inspect.Parameter(
        "heymilo_credentials",
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        annotation=HeyMiloCredentials,
    )
    ask.__name__ = ask.__qualname__ = prefix + endpoint.__name__
    ask.__doc__ = (endpoint.__doc__ or "").replace(
        "    Args:\n", "    Args:\n        heymilo_credentials: The workspace's block.\n"
    )
    ask.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[block, *signature.parameters.values()],
        return_annotation=inspect.Signature.empty,
    )
    return ask


check_health, acheck_health = _endpoint_tasks(endpoints.check_health)
list_postings, alist_postings = _endpoint_tasks(endpoints.list_postings)
get_interview, aget_interview = _endpoint_tasks(endpoints.get_interview)
list_interviews, alist_interviews = _endpoint_tasks(endpoints.list_interviews)
export_interviews, aexport_interviews = _endpoint_tasks(endpoints.export_interviews)
create_webhook, acreate_webhook = _endpoint_tasks(endpoints.create_webhook)
get_webhook, aget_webhook = _endpoint_tasks(endpoints.get_webhook)
list_webhooks, alist_webhooks = _endpoint_tasks(endpoints.list_webhooks)
deactivate_webhook, adeactivate_webhook = _endpoint_tasks(endpoints.deactivate_webhook)
ingest_candidate, aingest_candidate = _endpoint_tasks(endpoints.ingest_candidate)
ingest_candidates, aingest_candidates = _endpoint_tasks(endpoints.ingest_candidates)

read_export = _task(export.read_export)
aread_export = _task(export.aread_export)
