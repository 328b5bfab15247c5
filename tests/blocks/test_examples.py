"""The files of blocks/, which are there to be copied."""

from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client

from blocks import automations, workspaces
from heymilo_prefect.automations import KINDS, LOST_RUNS

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_the_automations_are_created() -> None:
    @flow(name="post-interview-summary")
    def deployed(interview_id: str) -> None: ...

    deployed.to_deployment("summary").apply()
    automations.main()
    with get_client(sync_client=True) as client:
        for name in (KINDS["report"].name, LOST_RUNS):
            [automation] = client.read_automations_by_name(name)
            client.delete_automation(automation.id)


def test_each_workspace_is_saved_with_its_own_key_and_channel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = []

    def save(name: str, heymilo_credentials: Any, slack: Any) -> list[str]:
        saved.append((name, heymilo_credentials.api_key.get_secret_value(), slack.channel))
        return []

    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-example")
    for name in workspaces.CHANNELS:
        monkeypatch.setenv(f"HEYMILO_API_KEY_{name}", f"hm_{name}")
    monkeypatch.setattr(workspaces, "save_workspace", save)
    workspaces.main()
    assert saved == [("acme", "hm_acme", "#acme-hiring"), ("globex", "hm_globex", "#globex-hiring")]
