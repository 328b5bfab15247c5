"""The sandbox's own routes: its page, and its control by other processes."""

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from heymilo_prefect.sandbox.page import page

if TYPE_CHECKING:
    from heymilo_prefect.sandbox.world import World


def admin_app(world: "World") -> Starlette:
    """Return the ASGI app for `/` and `/sandbox/...`."""

    def now() -> Response:
        return JSONResponse({"now": world.clock.now().isoformat()})

    async def show(_: Request) -> Response:
        return HTMLResponse(page(world))

    async def move_clock(request: Request) -> Response:
        body = (await request.body()).decode()
        by_form = not request.headers.get("content-type", "").startswith("application/json")
        try:
            values = dict(parse_qsl(body)) if by_form else json.loads(body)
            by = timedelta(seconds=float(values["advance_seconds"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            return JSONResponse({"detail": "advance_seconds is missing or not a number"}, 422)
        world.clock.advance(by)
        return RedirectResponse("/", 303) if by_form else now()

    async def state(_: Request) -> Response:
        with world.lock:
            interviews = Counter(interview.posting_id for interview in world.interviews())
            return JSONResponse(
                {
                    "now": world.clock.now().isoformat(),
                    "requests": sum(world.counts.values()),
                    "counts": dict(world.counts),
                    "busiest_window": world.busiest_window,
                    "refused_by_rate": world.refused_by_rate,
                    "slack_messages": {
                        name: len(world.slack_workspace.messages(name, replies=True))
                        for name in world.slack_workspace.channels
                    },
                    "slack_requests": dict(
                        Counter(request.method for request in world.slack_workspace.requests)
                    ),
                    "interviews": {
                        posting_id: interviews[posting_id] for posting_id in world.posting_ids
                    },
                    "url_keys": {key: posting.url_key for key, posting in world.postings.items()},
                }
            )

    async def reset(_: Request) -> Response:
        world.reset()
        return now()

    return Starlette(
        routes=[
            Route("/", show),
            Route("/sandbox/clock", move_clock, methods=["POST"]),
            Route("/sandbox/state", state),
            Route("/sandbox/reset", reset, methods=["POST"]),
        ]
    )
