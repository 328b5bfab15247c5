"""The commands that save a workspace's blocks: tried first, whole or not at all, and repeatable."""

from collections.abc import Callable

import pytest
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from blocks import production
from blocks import sandbox as of_sandbox
from blocks.workspace import BLOCK_TYPES
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.sandbox import World
from tests.deployments import finished, production_environment

pytestmark = pytest.mark.usefixtures("prefect_server")

KINDS = "heymilo-credentials", "slack-credentials", "heymilo-slack-channel"


def environment(world: World, **changed: str) -> dict[str, str]:
    return production_environment(world) | changed


def saved(name: str) -> list[str]:
    """The ids of the blocks of a name, those that there are."""
    ids = []
    with get_client(sync_client=True) as client:
        for kind in KINDS:
            try:
                ids.append(str(client.read_block_document_by_name(name, kind).id))
            except ObjectNotFound:
                continue
    return ids


def test_all_blocks_and_types_are_saved_and_work(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    production.main(["--name", "acme"], environment(world))
    assert capsys.readouterr().out == (
        f"heymilo-credentials/acme: {world.url} accepts the key, 2 postings.\n"
        "global concurrency limit heymilo-acme: shared by all processes that use the key.\n"
        "slack-credentials/acme: it posts as heymilo in Sandbox.\n"
        "heymilo-slack-channel/acme: #hiring (C00000001), which the app can read.\n"
    )
    assert HeyMiloCredentials.load("acme").get_client().check_health().status == 200
    assert SlackChannel.load("acme").credentials._block_document_name == "acme"
    with get_client(sync_client=True) as client:
        for block in BLOCK_TYPES:
            assert client.read_block_type_by_slug(block.get_block_type_slug())


def test_run_again_it_changes_them_and_deployments_still_refer_to_them(world: World) -> None:
    production.main(["--name", "again"], environment(world))
    first = saved("again")
    production.main(["--name", "again"], environment(world, SLACK_CHANNEL="#hiring-leads"))
    assert saved("again") == first and len(first) == 3
    assert SlackChannel.load("again").channel == "#hiring-leads"


def test_every_missing_variable_is_named_at_once() -> None:
    code, printed = finished("python", "-m", "blocks.production")
    assert code == 1
    for variable in ("HEYMILO_API_KEY", "SLACK_BOT_TOKEN", "SLACK_CHANNEL"):
        assert variable in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"HEYMILO_API_KEY": "hm_wrong"}, ["HeyMilo rejected the API key"]),
        ({"HEYMILO_API_KEY": "hm_wrong\nhm_wrong"}, ["HEYMILO_API_KEY: ", "Copy the complete key"]),
        (
            {"HEYMILO_BASE_URL": "http://example.com"},
            ["HEYMILO_BASE_URL: ", "must start with https://"],
        ),
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, ["Slack doesn't know this token"]),
        ({"SLACK_CHANNEL": "#nowhere"}, ["The app isn't in #nowhere"]),
        ({"SLACK_CHANNEL": "C99999999"}, ["The Slack app can't find C99999999"]),
        ({"SLACK_CHANNEL": "#"}, ["SLACK_CHANNEL: channel is empty"]),
        ({"SLACK_API_URL": "http://127.0.0.1:1/api/"}, ["Slack can't be reached"]),
        (
            {"HEYMILO_API_KEY": "hm_wrong", "SLACK_BOT_TOKEN": "xoxb-wrong"},
            ["HeyMilo rejected the API key", "Slack doesn't know this token"],
        ),
    ],
)
def test_errors_are_listed_and_nothing_is_saved(
    world: World, changed: dict[str, str], said: list[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        production.main(["--name", "unsaved"], environment(world, **changed))
    told = str(raised.value)
    assert told.endswith("Nothing was saved.")
    assert all(words in told for words in said)
    assert not any(secret in told for secret in ("hm_wrong", "xoxb-wrong", "sandbox-token"))
    assert not saved("unsaved")


def test_the_channel_has_to_be_one_that_the_app_may_read(world: World) -> None:
    def told(prepare: Callable[[], None]) -> str:
        prepare()
        with pytest.raises(SystemExit) as raised:
            production.main([], environment(world, SLACK_CHANNEL="C00000001"))
        return str(raised.value)

    channel = world.slack_workspace.channels["#hiring"]
    assert "Invite the app to C00000001" in told(lambda: setattr(channel, "is_member", False))
    channel.is_member = True
    lacking = told(lambda: world.slack_workspace.scopes.discard("channels:history"))
    assert "lacks the scope channels:history" in lacking


def test_a_sandbox_that_runs_gets_its_blocks(world: World) -> None:
    of_sandbox.main([world.url, "--name", "of-sandbox", "--channel", "#hiring-leads"])
    of_sandbox.main([f"{world.url}/", "--name", "of-sandbox"])
    assert SlackChannel.load("of-sandbox").channel == "#hiring"
    assert len(saved("of-sandbox")) == 3


def test_an_address_without_a_sandbox_is_an_error() -> None:
    with pytest.raises(SystemExit, match="can't be reached"):
        of_sandbox.main(["http://127.0.0.1:1", "--name", "unsaved"])
    assert not saved("unsaved")


@pytest.mark.parametrize(
    "arguments", [["--name", "Acme Inc"], ["localhost:8765"], ["http://example.com"]]
)
def test_a_wrong_option_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        of_sandbox.main(arguments)
    assert "error: argument" in capsys.readouterr().err
