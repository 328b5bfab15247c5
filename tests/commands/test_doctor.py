"""heymilo-prefect doctor: each kind of broken set-up is one line with its fix."""

from collections.abc import Callable

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentUpdate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOCAL_STORAGE_PATH,
    temporary_settings,
)
from prefect_slack import SlackCredentials
from pydantic import SecretStr

from heymilo_prefect.automations import LOST_RUNS
from heymilo_prefect.sandbox import World
from tests.commands import Done

pytestmark = pytest.mark.usefixtures("prefect_server")

Command = Callable[..., Done]


@pytest.fixture
def doctor(command: Command, world: World) -> Callable[..., dict[str, tuple[str, str]]]:
    """Run it on a sandbox's blocks; the verdict and the sentence of each check."""
    assert command("setup", "--sandbox", world.url, "--name", "checked").code == 0

    def run(name: str = "checked", code: int = 1) -> dict[str, tuple[str, str]]:
        done = command("doctor", "--name", name)
        assert done.code == code, done
        assert world.api_key not in done.out and world.slack_token not in done.out
        lines = [line for line in done.out.splitlines()[:-1] if line]
        return {line[6:22].strip(): (line[:6].strip(), line[22:]) for line in lines}

    return run


Doctor = Callable[..., dict[str, tuple[str, str]]]


def failed(found: dict[str, tuple[str, str]]) -> list[str]:
    return [sentence for verdict, sentence in found.values() if verdict == "FAIL"]


def test_a_set_up_that_works_has_no_failure(doctor: Doctor) -> None:
    found = doctor(code=0)
    assert {*found} == {
        "versions", "Prefect server", "lease storage", "result storage", "automations",
        "HeyMilo block", "HeyMilo key", "limit", "Slack block", "Slack app", "Slack channel",
        "schedules",
    }  # fmt: skip
    assert not failed(found)
    assert found["limit"][1] == "heymilo-checked is shared by all processes."


def test_without_a_server_the_rest_is_left_out(doctor: Doctor) -> None:
    with temporary_settings({PREFECT_API_URL: None}):
        found = doctor()
    [sentence] = failed(found)
    assert "PREFECT_API_URL isn't set" in sentence and "prefect server start" in sentence


def test_missing_blocks_are_named_with_the_command(doctor: Doctor) -> None:
    assert failed(doctor("missing")) == [
        f"{kind}/missing isn't saved. Run `heymilo-prefect setup --name missing`."
        for kind in ("heymilo-credentials", "heymilo-slack-channel")
    ]


def test_a_wrong_key_a_wrong_url_and_a_wrong_token(doctor: Doctor, world: World) -> None:
    wrong = {"api_key": SecretStr("hm_wrong")}
    world.heymilo_credentials.model_copy(update=wrong).save("checked", overwrite=True)
    token = SlackCredentials(token=SecretStr("xoxb-wrong"))
    world.slack.model_copy(update={"credentials": token}).save("checked", overwrite=True)
    key, slack = failed(doctor())
    assert "HeyMilo rejected the API key" in key and "Slack doesn't know this token" in slack
    gone = {"base_url": "http://127.0.0.1:1"}
    world.heymilo_credentials.model_copy(update=gone).save("checked", overwrite=True)
    assert "HeyMilo can't be reached" in failed(doctor())[0]


def test_a_limit_that_is_missing_or_not_named(doctor: Doctor, world: World) -> None:
    with get_client(sync_client=True) as client:
        client.delete_global_concurrency_limit_by_name("heymilo-checked")
    [sentence] = failed(doctor())
    assert "no global concurrency limit 'heymilo-checked'" in sentence
    world.heymilo_credentials.save("checked", overwrite=True)
    assert doctor(code=0)["limit"][0] == "note"


@pytest.mark.parametrize("scope", ["chat:write", "channels:read", "channels:history"])
def test_each_missing_scope_is_named(doctor: Doctor, world: World, scope: str) -> None:
    world.slack_workspace.scopes.discard(scope)
    [sentence] = failed(doctor())
    assert scope in sentence


def test_a_channel_without_the_app(doctor: Doctor, world: World) -> None:
    world.slack_workspace.channels["#hiring"].is_member = False
    [sentence] = failed(doctor())
    assert "Invite it" in sentence


def test_a_folder_for_results_that_cannot_be_written(doctor: Doctor) -> None:
    with temporary_settings({PREFECT_LOCAL_STORAGE_PATH: "/proc/nowhere"}):
        [sentence] = failed(doctor())
    assert "PREFECT_RESULTS_LOCAL_STORAGE_PATH" in sentence


def test_the_automation_for_lost_runs_missing_active_or_paused(
    doctor: Doctor, command: Command
) -> None:
    with get_client(sync_client=True) as client:
        for automation in client.read_automations_by_name(LOST_RUNS):
            client.delete_automation(automation.id)
        found = doctor(code=0)["automations"]
        assert found[0] == "note" and "heymilo-prefect automations lost-runs" in found[1]
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: 30}):
            command("automations", "lost-runs")
        assert doctor(code=0)["automations"][0] == "ok"
        client.pause_automation(client.read_automations_by_name(LOST_RUNS)[0].id)
        assert "is paused" in doctor(code=0)["automations"][1]


def test_an_active_schedule_that_starts_nothing(
    doctor: Doctor, deployed: dict[str, DeploymentResponse]
) -> None:
    assert doctor(code=0)["schedules"][1].startswith("none is active, in ")
    deployment = deployed["stalled"]
    with get_client(sync_client=True) as client:
        [schedule] = deployment.schedules
        client.update_deployment_schedule(deployment.id, schedule.id, active=True)
        try:
            verdict, sentence = doctor(code=0)["schedules"]
            assert verdict == "note" and "prefect worker start --pool heymilo" in sentence
            client.send_worker_heartbeat("heymilo", "a-worker", heartbeat_interval_seconds=30)
            assert "has an active schedule and no run to come" in doctor(code=0)["schedules"][1]
        finally:
            client.update_deployment_schedule(deployment.id, schedule.id, active=False)


def test_blocks_of_other_fields_are_named_without_their_content(doctor: Doctor) -> None:
    with get_client(sync_client=True) as client:
        document = client.read_block_document_by_name("checked", "heymilo-credentials")
        client.update_block_document(
            document.id, BlockDocumentUpdate(data={"other": "secret"}, merge_existing_data=False)
        )
    [sentence] = failed(doctor())
    assert "can't be loaded" in sentence and "secret" not in sentence
