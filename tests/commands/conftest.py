"""The environment that the command reads."""

from collections.abc import Callable

import pytest

from tests.commands import Done, run
from tests.deployments.conftest import deployed, secrets, work_pool

__all__ = ["deployed", "secrets", "work_pool"]

VARIABLES = (
    "HEYMILO_API_KEY", "HEYMILO_BASE_URL", "SLACK_BOT_TOKEN", "SLACK_CHANNEL", "SLACK_API_URL",
    "HEYMILO_WEBHOOK_SECRET",
)  # fmt: skip


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    """Set these of the command's variables, and no others."""

    def set_only(values: dict[str, str]) -> None:
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    set_only({})
    return set_only


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run the command in this process."""
    return lambda *arguments: run(capsys, *arguments)
