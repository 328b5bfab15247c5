"""The automation of docs/how-to/failed-runs.md: a failed run is told to the Slack channel."""

import time
from pathlib import Path

import pytest
from prefect import flow, tags
from prefect.client.orchestration import get_client

from heymilo_prefect.sandbox import World
from tests.docs import DOCS, blocks_of
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("prefect_server")
PATIENCE_SECONDS = 60


@flow
def fails() -> None:
    raise ValueError("ada@example.com")


@pytest.mark.long
def test_a_failed_run_is_told_without_what_failed(world: World) -> None:
    world.slack.save("production", overwrite=True)
    [block] = [it for it in blocks_of(Path(DOCS, "how-to", "failed-runs.md")) if it.title]
    exec(block.source, {})
    try:
        time.sleep(3)  # the server takes a moment to watch for a new automation
        with tags("heymilo"), pytest.raises(ValueError):
            fails()
        until(lambda: bool(world.slack_workspace.messages("#hiring")), PATIENCE_SECONDS)
        [message] = world.slack_workspace.messages("#hiring")
        assert "fails failed" in str(message) and "ada@" not in str(message)
    finally:
        with get_client(sync_client=True) as client:
            for automation in client.read_automations_by_name("heymilo-failed-runs"):
                client.delete_automation(automation.id)
