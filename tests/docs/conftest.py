"""The stage of the docs' blocks: what they name is there, and nothing beyond it is reached."""

import email.message
import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]
from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from prefect_gcp import GcpCredentials

from heymilo_prefect._net import is_loopback
from heymilo_prefect.blocks import SummaryTemplate
from heymilo_prefect.flows import sheet_source as sheets
from heymilo_prefect.sandbox import World
from tests.docs import ROOT

SHEET = Path(str(files("heymilo_prefect.sandbox") / "applicants.xlsx"))
CHANNELS = ("#hiring", "#hiring-leads", "#warehouse-hiring", "#decisions", "#acme")
CHANNEL_OF = {
    "production": "#hiring", "hiring": "#hiring", "decisions": "#decisions", "acme": "#acme",
}  # fmt: skip
SECRET_OF = {"mail-password": "a-password-of-the-docs"}
ENVIRONMENT = {
    "HEYMILO_WEBHOOK_SECRET": "a-secret-path-of-the-docs",
    "MAIL_PASSWORD": "a-password-of-the-docs",
}


@cache
def account() -> dict[str, str]:
    """A Google service account's key, of nobody's."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return {
        "type": "service_account",
        "project_id": "docs",
        "private_key": made.private_bytes(serialization.Encoding.PEM, *form).decode(),
        "client_email": "flows@example.com",
        "token_uri": "https://example.com",
    }


class S3(MemoryFileSystem):  # type: ignore[misc]
    """Stands for the buckets that the docs name."""

    protocol = ("s3",)
    store: dict[str, Any] = {}  # noqa: RUF012
    pseudo_dirs = [""]  # noqa: RUF012


class Mail:
    """Stands for `smtplib.SMTP`; `sent` is what was sent."""

    sent: list[email.message.EmailMessage]

    def __init__(self, host: str, port: int) -> None:
        assert host.endswith("example.com")

    def __enter__(self) -> "Mail":
        return self

    def __exit__(self, *why: object) -> None: ...

    def starttls(self) -> None: ...

    def login(self, user: str, password: str) -> None: ...

    def send_message(self, message: email.message.EmailMessage) -> None:
        self.sent.append(message)


@dataclass
class Stage:
    """A sandbox whose blocks are saved, and the current folder, in which the docs' files are."""

    world: World
    folder: Path
    mails: list[email.message.EmailMessage] = field(default_factory=list)

    @property
    def finished(self) -> list[str]:
        """Interviews that are over, and reported on."""
        everything = self.world.interviews(self.world.posting_ids[0])
        return [it.interview_id for it in everything if it.timeline.persona == "finishes"]

    def save(self, kind: str, name: str) -> None:
        """Save a block that the docs name."""
        block: Block
        match kind:
            case "HeyMiloCredentials" | "heymilo-credentials":
                block = self.world.heymilo_credentials
            case "SlackChannel" | "heymilo-slack-channel":
                block = self.world.slack.model_copy(update={"channel": CHANNEL_OF[name]})
            case "SummaryTemplate" | "heymilo-summary-template":
                block = SummaryTemplate(template="{{ interview.details.name }}")
            case "GcpCredentials" | "gcp-credentials":
                block = GcpCredentials(service_account_info=account())
            case "Secret":
                block = Secret(value=SECRET_OF[name])
            case _:
                raise AssertionError(f"what is a {kind}?")
        block.save(name, overwrite=True)


@pytest.fixture
def stage(
    world: World, prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    world.channels = CHANNELS
    world.reset()
    nine_days = timedelta(days=9)
    for posting_id in world.posting_ids:
        world.add_candidates(posting_id, 3, age=nine_days, persona="finishes")
        world.add_candidates(posting_id, 2, age=nine_days, persona="stalls_in")
    stage = Stage(world, tmp_path)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    shutil.copy(SHEET, tmp_path / "applicants.xlsx")
    (tmp_path / "service-account.json").write_text(json.dumps(account()))
    shutil.copy(ROOT / "tests/bodies/get_interview.response.json", tmp_path / "interview.json")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    fsspec.register_implementation("s3", S3, clobber=True)
    S3(skip_instance_cache=True).pipe("s3://recruiting/applicants.xlsx", SHEET.read_bytes())
    monkeypatch.setattr(sheets, "read_private", lambda *_: (SHEET.read_bytes(), None))
    monkeypatch.setattr(Mail, "sent", stage.mails, raising=False)
    monkeypatch.setattr("smtplib.SMTP", Mail)
    monkeypatch.setattr(socket, "getaddrinfo", _only_here(socket.getaddrinfo))
    before = set(sys.modules)
    yield stage
    for name in set(sys.modules) - before:  # the docs' own, which the next page may name alike
        file = getattr(sys.modules[name], "__file__", None) or ""
        if os.path.dirname(file).startswith(str(tmp_path)):
            del sys.modules[name]


def _only_here(resolve: Any) -> Any:
    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and not is_loopback(name):
            raise AssertionError(f"the docs' blocks reach for {name}")
        return resolve(host, *args, **options)

    return getaddrinfo
