"""heymilo-prefect setup: checked first, all or nothing, and repeatable."""

import getpass
import sys
from collections.abc import Callable

import pytest
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, temporary_settings

from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.sandbox import World
from heymilo_prefect.workspace import BLOCK_TYPES
from tests.commands import Done
from tests.deployments import finished, production_environment

pytestmark = pytest.mark.usefixtures("prefect_server")

KINDS = "heymilo-credentials", "slack-credentials", "heymilo-slack-channel"
Command = Callable[..., Done]
Environment = Callable[[dict[str, str]], None]


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
    world: World, command: Command, environment: Environment
) -> None:
    environment(production_environment(world))
    assert command("setup", "--name", "acme") == Done(
        0,
        f"heymilo-credentials/acme: {world.url} accepts the key, 2 postings.\n"
        "global concurrency limit heymilo-acme: shared by all processes that use the key.\n"
        "slack-credentials/acme: it posts as heymilo in Sandbox.\n"
        "heymilo-slack-channel/acme: #hiring (C00000001), which the app can read.\n",
        "",
    )
    assert HeyMiloCredentials.load("acme").get_client().check_health().status == 200
    assert SlackChannel.load("acme").credentials._block_document_name == "acme"
    with get_client(sync_client=True) as client:
        for block in BLOCK_TYPES:
            assert client.read_block_type_by_slug(block.get_block_type_slug())


def test_run_again_it_changes_them_and_deployments_still_refer_to_them(
    world: World, command: Command, environment: Environment
) -> None:
    environment(production_environment(world))
    command("setup", "--name", "again")
    first = saved("again")
    environment(production_environment(world) | {"SLACK_CHANNEL": "#hiring-leads"})
    command("setup", "--name", "again")
    assert saved("again") == first and len(first) == 3
    assert SlackChannel.load("again").channel == "#hiring-leads"


def test_every_missing_variable_is_named_at_once_where_nobody_can_be_asked() -> None:
    code, printed = finished("python", "-m", "heymilo_prefect", "setup")
    assert code == 1
    for variable in ("HEYMILO_API_KEY", "SLACK_BOT_TOKEN", "SLACK_CHANNEL"):
        assert variable in printed
    assert "Traceback" not in printed


def test_on_a_terminal_it_asks_for_what_is_missing_and_hides_secrets(
    world: World, command: Command, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = production_environment(world)
    environment({name: values[name] for name in ("HEYMILO_BASE_URL", "SLACK_API_URL")})
    hidden, shown = [], []

    def ask_hidden(question: str) -> str:
        hidden.append(question)
        return world.api_key if "HeyMilo" in question else world.slack_token

    def ask(question: str) -> str:
        shown.append(question)
        return "#hiring"

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(getpass, "getpass", ask_hidden)
    monkeypatch.setattr("builtins.input", ask)
    assert command("setup", "--name", "asked").code == 0
    assert len(hidden) == 2 and len(shown) == 1
    assert len(saved("asked")) == 3


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
    world: World,
    command: Command,
    environment: Environment,
    changed: dict[str, str],
    said: list[str],
) -> None:
    environment(production_environment(world) | changed)
    done = command("setup", "--name", "unsaved")
    assert done.code == 1 and done.err.endswith("Nothing was saved.\n") and not done.out
    assert all(words in done.err for words in said)
    assert not any(secret in done.err for secret in ("hm_wrong", "xoxb-wrong", "sandbox-token"))
    assert not saved("unsaved")


def test_the_channel_has_to_be_one_that_the_app_may_read_and_post_to(
    world: World, command: Command, environment: Environment
) -> None:
    environment(production_environment(world) | {"SLACK_CHANNEL": "C00000001"})

    def told(prepare: Callable[[], None]) -> str:
        prepare()
        return command("setup").err

    channel = world.slack_workspace.channels["#hiring"]
    assert "Invite the app to C00000001" in told(lambda: setattr(channel, "is_member", False))
    channel.is_member = True
    lacking = told(lambda: world.slack_workspace.scopes.discard("channels:history"))
    assert "lacks the scope channels:history" in lacking
    lacking = told(lambda: world.slack_workspace.scopes.discard("chat:write"))
    assert "lacks the scope chat:write" in lacking


def test_a_running_sandbox_is_saved_under_the_name_that_deployments_use(
    world: World, command: Command
) -> None:
    assert command("setup", "--sandbox", f"{world.url}/").code == 0
    assert SlackChannel.load("production").channel == "#hiring"
    assert HeyMiloCredentials.load("production").base_url == world.url


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://127.0.0.1:1", "can't be reached"),
        ("localhost:8765", "--sandbox: it must be a complete URL"),
        ("http://example.com", "--sandbox: it must start with https://"),
    ],
)
def test_an_address_without_a_sandbox_is_one_sentence(
    command: Command, url: str, sentence: str
) -> None:
    done = command("setup", "--sandbox", url, "--name", "unsaved")
    assert done.code == 1 and sentence in done.err
    assert not saved("unsaved")


def test_a_name_that_prefect_refuses_is_named(world: World, command: Command) -> None:
    done = command("setup", "--sandbox", world.url, "--name", "Acme Inc")
    assert done.code == 1 and "Use lowercase letters, digits and dashes" in done.err


@pytest.mark.parametrize(
    ("url", "sentence"),
    [(None, "PREFECT_API_URL isn't set"), ("http://127.0.0.1:1/api", "can't be reached")],
)
def test_without_a_server_nothing_is_saved_to_a_temporary_one(
    command: Command, url: str | None, sentence: str
) -> None:
    with temporary_settings({PREFECT_API_URL: url}):
        done = command("setup", "--sandbox", "http://127.0.0.1:1")
    assert done.code == 1 and sentence in done.err and "prefect server start" in done.err
