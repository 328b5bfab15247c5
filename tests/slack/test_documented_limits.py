"""Slack's documented limits hold, by the numbers on its pages: neither side's own table counts."""

from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import pytest

from heymilo_prefect.sandbox import World
from heymilo_prefect.slack.block_kit import validate_blocks

DOCS = "https://docs.slack.dev/reference/block-kit/"
Blocks = list[dict[str, Any]]


class Limit(NamedTuple):
    what: str
    page: str
    largest: int
    blocks: Callable[[int], Blocks]


def plain(length: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": "x" * length}


def section(**parts: Any) -> Blocks:
    return [{"type": "section", **parts}]


def button(at: int = 0, **parts: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(2), "action_id": f"b{at}", **parts}


def actions(*elements: dict[str, Any]) -> Blocks:
    return [{"type": "actions", "elements": list(elements)}]


def words(length: int) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": "x" * length}


def address(length: int) -> str:
    return "https://example.com/".ljust(length, "a")


LIMITS = [
    Limit("blocks of a message", "blocks", 50, lambda n: [{"type": "divider"}] * n),
    Limit(
        "header text", "blocks/header-block", 150, lambda n: [{"type": "header", "text": plain(n)}]
    ),
    Limit("section text", "blocks/section-block", 3000, lambda n: section(text=words(n))),
    Limit("section fields", "blocks/section-block", 10, lambda n: section(fields=[words(1)] * n)),
    Limit("a field's text", "blocks/section-block", 2000, lambda n: section(fields=[words(n)])),
    Limit(
        "context elements",
        "blocks/context-block",
        10,
        lambda n: [{"type": "context", "elements": [words(1)] * n}],
    ),
    Limit(
        "actions elements", "blocks/actions-block", 25, lambda n: actions(*map(button, range(n)))
    ),
    Limit(
        "block_id",
        "blocks/divider-block",
        255,
        lambda n: [{"type": "divider", "block_id": "x" * n}],
    ),
    Limit(
        "button text",
        "block-elements/button-element",
        75,
        lambda n: actions(button() | {"text": plain(n)}),
    ),
    Limit(
        "action_id",
        "block-elements/button-element",
        255,
        lambda n: actions(button() | {"action_id": "x" * n}),
    ),
    Limit(
        "button URL",
        "block-elements/button-element",
        3000,
        lambda n: actions(button(url=address(n))),
    ),
    Limit(
        "button value",
        "block-elements/button-element",
        2000,
        lambda n: actions(button(value="x" * n)),
    ),
    Limit(
        "image alt text",
        "blocks/image-block",
        2000,
        lambda n: [{"type": "image", "image_url": address(30), "alt_text": "x" * n}],
    ),
    Limit(
        "image title",
        "blocks/image-block",
        2000,
        lambda n: [{"type": "image", "image_url": address(30), "alt_text": "x", "title": plain(n)}],
    ),
    Limit(
        "markdown text",
        "blocks/markdown-block",
        12000,
        lambda n: [{"type": "markdown", "text": "x" * n}],
    ),
]


def accepts(world: World, blocks: Blocks) -> bool:
    channel = next(iter(world.slack_workspace.channels))
    body = {"channel": channel, "text": "x", "blocks": blocks}
    headers = {"Authorization": f"Bearer {world.slack_token}"}
    answer = httpx.post(f"{world.slack_url}chat.postMessage", json=body, headers=headers)
    return bool(answer.json()["ok"])


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.what)
def test_a_message_at_a_documented_limit_is_valid_and_one_above_it_is_not(
    limit: Limit, world: World
) -> None:
    at_limit, above = limit.blocks(limit.largest), limit.blocks(limit.largest + 1)
    page = DOCS + limit.page
    assert not list(validate_blocks(at_limit)), page
    assert list(validate_blocks(above)), page
    assert not accepts(world, above), page
    if limit.what != "markdown text":  # all text of a message has a limit of its own
        assert accepts(world, at_limit), page
