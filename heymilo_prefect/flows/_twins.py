"""Make a flow for sync callers, and its twin for async callers, of one coroutine function.

A public flow is an ordinary `async def` with its own parameters and docstring, so that editors and
type checkers see what users call:

    @coroutine_flow
    async def ingest_sheet(heymilo_credentials: HeyMiloCredentials, sheet: str) -> IngestReport:
        ...

    aingest_sheet = async_twin(ingest_sheet)
"""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Flow, flow
from prefect.context import AsyncClientContext
from prefect.utilities.asyncutils import run_coro_as_sync

from heymilo_prefect.flows._run import gc_frozen

P = ParamSpec("P")
T = TypeVar("T")

_async_twins: dict[int, Any] = {}


def coroutine_flow(function: Callable[P, Coroutine[Any, Any, T]]) -> Flow[P, T]:
    """Make a sync flow of a coroutine function, named after it with `-` for `_`."""

    async def in_one_client(*args: P.args, **kwargs: P.kwargs) -> T:
        with gc_frozen():
            # One client for all task runs; otherwise each would set up TLS again.
            async with AsyncClientContext.get_or_create():
                return await function(*args, **kwargs)

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return cast(T, run_coro_as_sync(in_one_client(*args, **kwargs)))

    @functools.wraps(function)
    async def arun(*args: P.args, **kwargs: P.kwargs) -> T:
        return await in_one_client(*args, **kwargs)

    name = function.__name__
    sync_flow = cast(Flow[P, T], _flow(run, name))
    _async_twins[id(sync_flow)] = _flow(arun, f"a{name}")
    return sync_flow


def async_twin(sync_flow: Flow[P, T]) -> Flow[P, Coroutine[Any, Any, T]]:
    """Return the flow of the same definition that async callers await; its name begins with `a`."""
    return cast(Flow[P, Coroutine[Any, Any, T]], _async_twins[id(sync_flow)])


def _flow(function: Any, name: str) -> Any:
    function.__name__ = function.__qualname__ = name
    return flow(name=name.replace("_", "-"), persist_result=False)(function)
