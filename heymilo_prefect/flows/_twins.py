"""One async body becomes two flows: one for sync callers, one to be awaited."""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Flow, flow
from prefect.context import AsyncClientContext
from prefect.utilities.asyncutils import run_coro_as_sync

from heymilo_prefect.flows._run import gc_frozen

P = ParamSpec("P")
T = TypeVar("T")


def twin_flows(
    body: Callable[P, Coroutine[Any, Any, T]],
) -> tuple[Flow[P, T], Flow[P, Coroutine[Any, Any, T]]]:
    """Make `_name` the flows `name` and `aname`, with its parameters and docstring."""
    name = body.__name__.removeprefix("_")

    async def in_one_client(*args: P.args, **kwargs: P.kwargs) -> T:
        with gc_frozen():
            async with AsyncClientContext.get_or_create():  # else each task run sets TLS up anew
                return await body(*args, **kwargs)

    @functools.wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return cast(T, run_coro_as_sync(in_one_client(*args, **kwargs)))

    @functools.wraps(body)
    async def arun(*args: P.args, **kwargs: P.kwargs) -> T:
        return await in_one_client(*args, **kwargs)

    return _flow(run, name), _flow(arun, f"a{name}")


def _flow(function: Any, name: str) -> Any:
    function.__name__ = function.__qualname__ = name
    return flow(name=name.replace("_", "-"), persist_result=False)(function)
