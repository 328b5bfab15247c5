"""Make a task for sync flows, and its twin for async flows, of one definition.

A public task is an ordinary `def` with its own parameters and docstring, so that editors and type
checkers see what users call; a decorator turns it into the task:

    @request_task                      # returns the call to send, or the steps to carry out
    def get_webhook(heymilo_credentials: HeyMiloCredentials, webhook_id: str) -> Call[Webhook]:
        ...

    aget_webhook = async_twin(get_webhook)

`coroutine_task` does the same for an `async def` that does its own I/O. Results are neither cached
nor stored. The client retries what is safe to repeat, so `retries` is 0; retries that a user adds
never follow a write whose response was lost.
"""

import functools
from collections.abc import Callable, Coroutine, Generator, Mapping
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.utilities.asyncutils import run_coro_as_sync

from heymilo_prefect.api.endpoints import Call
from heymilo_prefect.api.errors import OutcomeUnknownError
from heymilo_prefect.api.fields import Items
from heymilo_prefect.api.models import Page
from heymilo_prefect.api.transport import Steps
from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.tasks.interviews import warn_left_out

P = ParamSpec("P")
T = TypeVar("T")


def _may_retry(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    error = getattr(state.data, "result", state.data)
    return not isinstance(error, OutcomeUnknownError)


def plain_task(function: Callable[P, T]) -> Task[P, T]:
    """Make a task with the settings that all tasks here have, and no twin."""
    made: Any = task(
        retries=0,
        retry_condition_fn=_may_retry,
        cache_policy=NO_CACHE,
        persist_result=False,
    )(function)
    return cast(Task[P, T], made)


def request_task(function: Callable[P, Call[T] | Steps[T]]) -> Task[P, T]:
    """Make a task that carries out the call, or the steps, which a function returns.

    The function's first parameter is the `HeyMiloCredentials` block, whose client is used.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        request = function(*args, **kwargs)
        client = _block(args, kwargs).get_client()
        if isinstance(request, Generator):
            return client.run(request)
        return _warn(request, client.send(request))

    @functools.wraps(function)
    async def arun(*args: P.args, **kwargs: P.kwargs) -> T:
        request = function(*args, **kwargs)
        client = _block(args, kwargs).get_async_client()
        if isinstance(request, Generator):
            return await client.run(request)
        return _warn(request, await client.send(request))

    return _twins(run, arun, function.__name__)


def coroutine_task(function: Callable[P, Coroutine[Any, Any, T]]) -> Task[P, T]:
    """Make a sync task of a coroutine function."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return cast(T, run_coro_as_sync(function(*args, **kwargs)))

    @functools.wraps(function)
    async def arun(*args: P.args, **kwargs: P.kwargs) -> T:
        return await function(*args, **kwargs)

    return _twins(run, arun, function.__name__)


def async_twin(sync_task: Task[P, T]) -> Task[P, Coroutine[Any, Any, T]]:
    """Return the task of the same definition that async flows await; its name begins with `a`."""
    return cast(Task[P, Coroutine[Any, Any, T]], _async_twins[id(sync_task)])


_async_twins: dict[int, Any] = {}


def _twins(run: Callable[P, T], arun: Callable[P, Any], name: str) -> Task[P, T]:
    arun.__name__ = arun.__qualname__ = f"a{name}"
    for function in (run, arun):
        # The annotation is the definition's own: what it gives to the client, not what comes back.
        function.__annotations__ = {**function.__annotations__, "return": Any}
    sync_task = cast(Task[P, T], plain_task(run))
    _async_twins[id(sync_task)] = plain_task(arun)
    return sync_task


def _block(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> HeyMiloCredentials:
    return cast(HeyMiloCredentials, args[0] if args else kwargs["heymilo_credentials"])


def _warn(call: Call[T], result: T) -> T:
    """Return a result, after a warning if items of it were left out."""
    if isinstance(result, Page | Items):
        warn_left_out(result.malformed, call.subject)
    return result
