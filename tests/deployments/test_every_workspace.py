"""A run for each workspace, with its own blocks, beside the others; one that fails stops none."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.sorting import FlowRunSort
from pydantic import SecretStr

from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.flows import UnfinishedError
from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.testing import no_waiting
from tests.deployments import load_file

pytestmark = pytest.mark.usefixtures("deployed")

SUMMARIES = "post-interview-summaries/workspace"


def run(deployment: str, workspaces: list[str] | None, **more: Any) -> dict[str, str]:
    ended: dict[str, str] = asyncio.run(
        load_file("every_workspace").every_workspace(deployment, workspaces, **more)
    )
    return ended


def save(name: str, world: World) -> None:
    world.heymilo_credentials.save(name, overwrite=True)
    world.slack.credentials.save(name, overwrite=True)
    world.slack.save(name, overwrite=True)


def runs_for(name: str) -> list[Any]:
    tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=[f"workspace:{name}"]))
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(flow_run_filter=tagged, sort=FlowRunSort.ID_DESC, limit=9)


def test_a_missing_deployment_is_named() -> None:
    with pytest.raises(ValueError, match='Prefect has no deployment "no-such/deployment"'):
        run("no-such/deployment", ["acme"])


def test_no_workspace_is_no_success() -> None:
    with pytest.raises(ValueError, match="There is no workspace"):
        run(SUMMARIES, [])


def test_a_deployment_that_would_cancel_runs_is_refused_and_all_saved_are_meant() -> None:
    for name in ("one", "two"):
        HeyMiloCredentials(api_key="hm_1").save(name, overwrite=True)
    with get_client(sync_client=True) as client:
        saved = client.read_block_documents_by_type("heymilo-credentials", include_secrets=False)
    assert len(saved) >= 2
    with pytest.raises(ValueError, match=f"cancels the rest, and there are {len(saved)} workspa"):
        run("post-interview-summaries/summaries", None)
    assert not runs_for("one")


def test_nobodys_summaries_go_to_the_channel_of_another() -> None:
    HeyMiloCredentials(api_key="hm_1").save("channelless", overwrite=True)
    with pytest.raises(UnfinishedError) as raised:
        run(SUMMARIES, ["nobody", "channelless"])
    assert str(raised.value) == (
        "2 of 2 workspaces failed: nobody: Prefect has no block heymilo-credentials/nobody; "
        "channelless: Prefect has no block heymilo-slack-channel/channelless"
    )
    assert not runs_for("channelless")


@pytest.mark.long
@pytest.mark.usefixtures("worker")
def test_one_that_fails_stops_no_other_and_is_named_with_its_run(world: World) -> None:
    with sandbox(requests_per_minute=100_000, candidates=4) as other, no_waiting():
        for each in (world, other):
            each.add_candidates(each.posting_ids[0], 2, age=timedelta(days=3), persona="finishes")
        save("sound", world)
        save("broken", other)
        other.heymilo_credentials.model_copy(update={"api_key": SecretStr("hm_wrong")}).save(
            "broken", overwrite=True
        )
        with pytest.raises(UnfinishedError) as raised:
            run(SUMMARIES, ["broken", "sound"], parameters={"since": None})
        posted = [it.slack_workspace.messages("#hiring") for it in (world, other)]
    assert len(posted[0]) == 2 and not posted[1]
    (sound,), (broken,) = runs_for("sound"), runs_for("broken")
    assert raised.value.report == {"sound": sound.name}
    told = str(raised.value)
    assert told.startswith(f'1 of 2 workspaces failed: broken: run "{broken.name}" ended as Failed')
    assert max(sound.created, broken.created) < min(sound.end_time, broken.end_time)  # side by side
    for ended in (sound, broken):
        stored = ended.model_dump_json()
        assert not any(secret in stored for secret in ("hm_wrong", world.api_key, "xoxb-"))
        assert ended.parameters["since"] is None
