"""The command as a whole: help at once, exit codes, and no traceback for what a user can cause."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    temporary_settings,
)

from heymilo_prefect import __version__
from heymilo_prefect.commands import app
from tests.commands import Done

Command = Callable[..., Done]
SUBCOMMANDS = (
    "demo", "init", "slack-manifest", "setup", "doctor", "probe", "preview", "sandbox", "webhooks",
    "automations",
)  # fmt: skip


def test_the_help_lists_every_subcommand_and_imports_no_prefect() -> None:
    program = (
        "import sys\n"
        "from heymilo_prefect.commands import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print('prefect' in sys.modules, 'httpx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.endswith("False False\n") and not done.stderr
    assert all(f" {name} " in done.stdout for name in SUBCOMMANDS)


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_each_subcommand_explains_its_parameters(command: Command, name: str) -> None:
    done = command(name, "--help")
    assert done.code == 0 and f"heymilo-prefect {name}" in done.out
    assert name in {name for name in app if not name.startswith("-")}


def test_the_help_of_a_subcommand_is_all_that_its_docstring_says(command: Command) -> None:
    shown = " ".join(command("setup", "--help").out.split())
    assert "HEYMILO_BASE_URL and SLACK_API_URL are optional" in shown
    assert "HEYMILO_WEBHOOK_SECRET" in command("webhooks", "--help").out
    assert "FLOW/DEPLOYMENT" in command("automations", "report", "--help").out


def test_the_version_is_that_of_the_package(command: Command) -> None:
    assert command("--version").out == f"{__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["demo", "--bogus"],
        ["preview"],
        ["sandbox", "--port", "x"],
        ["sandbox", "--port", "99999"],
        ["sandbox", "--candidates", "-1"],
        ["sandbox", "--delay", "inf"],
        ["sandbox", "--variant", "unheard_of"],
        ["webhooks", "--port", "-1"],
        ["automations", "lost-runs", "--minutes", "nan"],
    ],
)
def test_a_wrong_call_ends_with_2(command: Command, arguments: list[str]) -> None:
    done = command(*arguments)
    assert done.code == 2 and "Traceback" not in done.out + done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["automations", "lost-runs"],
        ["automations", "report", "flow/deployment"],
        ["setup"],
        ["doctor"],
        ["probe"],
    ],
)
def test_a_server_that_is_gone_is_one_sentence(command: Command, arguments: list[str]) -> None:
    nowhere = {PREFECT_API_URL: "http://127.0.0.1:1/api", PREFECT_FLOWS_HEARTBEAT_FREQUENCY: 30}
    with temporary_settings(nowhere):
        done = command(*arguments)
    assert done.code == 1 and "http://127.0.0.1:1/api can't be reached" in done.out + done.err


def test_a_file_that_cannot_be_written_is_one_sentence(command: Command) -> None:
    done = command("preview", "full", "--out", "/proc/nowhere/page.html")
    assert done.code == 1 and done.err == "/proc/nowhere/page.html: No such file or directory.\n"


def test_a_port_that_is_taken_is_one_sentence(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEYMILO_WEBHOOK_SECRET", "a-secret-of-enough-letters")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        sentence = f"Port {port} can't be used: another program uses it. Choose another one"
        assert sentence in command("sandbox", "--port", port).err
        with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
            assert sentence in command("webhooks", "--port", port).err


def test_webhooks_need_a_server_and_a_secret(command: Command) -> None:
    with temporary_settings({PREFECT_API_URL: None}):
        assert "PREFECT_API_URL isn't set" in command("webhooks").err
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        assert "Set HEYMILO_WEBHOOK_SECRET" in command("webhooks").err


def test_the_slack_manifest_has_the_scopes_that_setup_requires(command: Command) -> None:
    done = command("slack-manifest")
    scopes = json.loads(done.out)["oauth_config"]["scopes"]["bot"]
    assert {"chat:write", "channels:read", "channels:history"} <= {*scopes}
    assert "/invite @heymilo" in done.err
