"""A message to Slack is delivered once, and its fate is told truly, in words for people."""

import asyncio
import logging
import pickle
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
import uvicorn
from slack_sdk.web.async_client import AsyncWebClient

from heymilo_prefect.sandbox.slack.app import Slack
from heymilo_prefect.slack import (
    Channel,
    IncomingWebhook,
    SlackError,
    SlackOutcomeUnknownError,
    slack_client,
)

TOKEN = "xoxb-sandbox-token"
SECRET_WORDS = "Ada Lovelace plays chess"


BLOCKS = [{"type": "divider"}]


@dataclass
class Served:
    slack: Slack
    url: str

    @property
    def client(self) -> AsyncWebClient:
        return slack_client(TOKEN, f"{self.url}/api/")

    @property
    def hook(self) -> str:
        return f"{self.url}/hooks/hook-secret-hiring"


@pytest.fixture
def served() -> Iterator[Served]:
    slack = Slack(now=lambda: datetime.now(UTC), token=TOKEN)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        slack.asgi, interface="asgi3", log_level="critical", proxy_headers=False
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield Served(slack, f"http://127.0.0.1:{listening.getsockname()[1]}")
    server.should_exit = server.force_exit = True
    thread.join(10)
    listening.close()


def posted(served: Served, **how: Any) -> str:
    channel = Channel(served.client, how.get("channel", "#hiring"))
    return asyncio.run(channel.post(SECRET_WORDS, BLOCKS, how.get("metadata")))


def hooked(served: Served, url: str | None = None) -> None:
    asyncio.run(IncomingWebhook(url or served.hook).post(SECRET_WORDS, BLOCKS))


def posts(served: Served) -> int:
    return sum(request.method in ("chat.postMessage", "hooks") for request in served.slack.requests)


def test_a_posted_message_is_in_the_channel_with_its_metadata(served: Served) -> None:
    metadata = {"event_type": "heymilo_summary", "event_payload": {"interview_id": "int_1"}}
    ts = posted(served, metadata=metadata)
    (message,) = served.slack.messages("#hiring")
    assert message["ts"] == ts
    assert (message["text"], message["blocks"]) == (SECRET_WORDS, [{"type": "divider"}])
    assert message["metadata"] == metadata
    sent = served.slack.requests[-1].arguments
    assert sent["unfurl_links"] is False and sent["unfurl_media"] is False


def test_a_webhook_posts_to_its_channel(served: Served) -> None:
    hooked(served)
    (message,) = served.slack.messages("#hiring")
    assert message["text"] == SECRET_WORDS


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("not_in_channel", "Invite the app to #hiring"),
        ("channel_not_found", "can't find #hiring"),
        ("is_archived", "#hiring is archived"),
        ("restricted_action", "Ask an admin"),
        ("invalid_auth", "doesn't know this token"),
        ("not_authed", "no token"),
        ("token_revoked", "revoked"),
        ("missing_scope", "lacks the scope chat:write"),
        ("something_new", "something_new"),
    ],
)
def test_a_rejection_is_certain_and_says_what_to_do(served: Served, error: str, words: str) -> None:
    served.slack.inject(error)
    with pytest.raises(SlackError, match=words) as caught:
        posted(served)
    assert type(caught.value) is SlackError
    assert caught.value.error == error
    assert not served.slack.messages("#hiring")


LOST = [
    *("reset_after", "reset_before", "500", "500_html", "502_html", "503", "504_html", "408_html"),
    *("202_html", "204_html", "fatal_error", "internal_error", "service_unavailable"),
]


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("send", [posted, hooked])
def test_a_lost_response_is_unknown_and_not_sent_again(
    served: Served, fault: str, send: Any
) -> None:
    served.slack.inject(fault)
    with pytest.raises(SlackOutcomeUnknownError, match="may be in"):
        send(served)
    assert posts(served) == 1


def test_a_lost_response_is_unknown(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heymilo_prefect.slack.client._TIMEOUT_SECONDS", 0.5)
    served.slack.inject("timeout", times=2)
    for send in (posted, hooked):
        with pytest.raises(SlackOutcomeUnknownError):
            send(served)
    assert len(served.slack.messages("#hiring")) == 2


def test_a_rate_limit_is_waited_for(served: Served) -> None:
    served.slack.inject("ratelimited")
    posted(served)
    assert posts(served) == 2
    assert len(served.slack.messages("#hiring")) == 1


def test_a_rate_limit_without_end_is_an_error_with_its_wait(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heymilo_prefect.slack.client._MAX_WAIT_SECONDS", 0)
    served.slack.inject("ratelimited", times=2)
    for send in (posted, hooked):
        with pytest.raises(SlackError, match="no more messages") as caught:
            send(served)
        assert (caught.value.error, caught.value.retry_after) == ("ratelimited", 1.0)


@pytest.mark.parametrize(
    ("error", "words"),
    [("no_service", "no longer exists"), ("channel_is_archived", "is archived")],
)
def test_a_webhooks_refusal_is_sure(served: Served, error: str, words: str) -> None:
    served.slack.inject(error)
    with pytest.raises(SlackError, match=words) as caught:
        hooked(served)
    assert type(caught.value) is SlackError


def test_a_slack_that_cannot_be_reached_is_a_sure_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gone = Served(Slack(lambda: datetime.now(UTC), TOKEN), f"http://127.0.0.1:{port}")
    for send in (posted, hooked):
        with pytest.raises(SlackError, match="can't be reached") as caught:
            send(gone)
        assert type(caught.value) is SlackError


@pytest.mark.parametrize(
    "url", ["http://slack.example.com/api/", "ftp://127.0.0.1/", "slack.com/api", "https://", ""]
)
def test_no_token_goes_out_unencrypted(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        slack_client(TOKEN, url)
    with pytest.raises(ValueError, match="https") as caught:
        IncomingWebhook(url)
    assert len(url) < 9 or url not in str(caught.value)


@pytest.mark.parametrize("fault", ["not_in_channel", "500_html", "reset_after", "invalid_blocks"])
@pytest.mark.parametrize("send", [posted, hooked])
def test_no_error_or_log_contains_a_token_a_url_or_a_message(
    served: Served, fault: str, send: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    served.slack.inject(fault)
    with pytest.raises(SlackError) as caught:
        send(served)
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.error, str(error)) == (caught.value.error, str(caught.value))
    assert error.__cause__ is None and caught.value.__context__ is None
    told = caplog.text + repr(vars(error)) + repr(error)
    assert not any(secret in told for secret in (TOKEN, "hook-secret", "Ada"))
