"""The sandbox's Slack takes what Slack takes, refuses what it refuses, and forgets nothing."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.sandbox.slack.app import Slack

TOKEN = "xoxb-sandbox-token"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HIRING = "C00000001"
METADATA = {"event_type": "summary_posted", "event_payload": {"interview_id": "int_1"}}

App = Callable[..., Any]


@pytest.fixture
def slack() -> Slack:
    return Slack(now=lambda: NOW, token=TOKEN)


def app_of(world: World) -> App:
    """Make what calls a method of slack_sdk's client, and gives Slack's answer, a refusal too."""
    patience = [AsyncRateLimitErrorRetryHandler(max_retry_count=3)]
    client = AsyncWebClient(world.slack_token, world.slack_url, retry_handlers=patience)
    client.proxy = None

    def call_method(method: str, **arguments: Any) -> Any:
        try:
            return asyncio.run(getattr(client, method)(**arguments)).data
        except SlackApiError as refused:
            return refused.response.data

    return call_method


@pytest.fixture
def app(world: World) -> App:
    return app_of(world)


@pytest.fixture
def workspace(world: World) -> Slack:
    return world.slack_workspace


def sent(slack: Slack, path: str, verb: str = "POST", **request: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(slack.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="http://slack") as client:
            return await client.request(verb, path, **request)

    return asyncio.run(send())


def call(slack: Slack, method: str, token: str | None = TOKEN, **arguments: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return sent(slack, f"/api/{method}", json=arguments, headers=headers).json()


def post(slack: Slack, **arguments: Any) -> Any:
    return call(slack, "chat.postMessage", **{"channel": "#hiring", "text": "x"} | arguments)


def section(*elements: Any) -> Any:
    part = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [part]}


def plain(text: str) -> Any:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Any:
    return {"type": "mrkdwn", "text": text}


def test_a_message_is_kept_as_it_was_sent(slack: Slack) -> None:
    blocks = [{"type": "header", "text": plain("Hello")}]
    metadata = {"event_type": "summary_posted", "event_payload": {"interview_id": "int_1"}}
    answer = post(slack, blocks=blocks, metadata=metadata)
    (message,) = slack.messages("#hiring")
    assert answer["ok"] and answer["channel"] == HIRING and answer["ts"] == message["ts"]
    assert (message["text"], message["blocks"], message["metadata"]) == ("x", blocks, metadata)
    assert answer["message"] == message
    assert datetime.fromtimestamp(float(message["ts"]), UTC) == NOW
    assert slack.messages(HIRING) == [message] and slack.messages("#hiring-leads") == []


def test_a_form_with_its_lists_as_json_is_the_same(slack: Slack) -> None:
    form = {"token": TOKEN, "channel": HIRING, "text": "x"}
    form["blocks"] = json.dumps([{"type": "divider"}])
    form["metadata"] = json.dumps({"event_type": "a", "event_payload": {}})
    assert sent(slack, "/api/chat.postMessage", data=form).json()["ok"]
    assert slack.messages("#hiring")[0]["blocks"] == [{"type": "divider"}]
    assert "token" not in slack.requests[0].arguments


def test_no_two_messages_have_the_same_ts(slack: Slack) -> None:
    stamps = [post(slack)["ts"] for _ in range(3)]
    assert sorted(set(stamps)) == stamps


def test_a_message_can_be_changed(slack: Slack) -> None:
    ts = post(slack)["ts"]
    assert call(slack, "chat.update", channel=HIRING, ts=ts, text="y")["ts"] == ts
    (message,) = slack.messages("#hiring")
    assert message["text"] == "y" and message["edited"]["ts"] > ts
    answer = call(slack, "chat.update", channel=HIRING, ts="1.0", text="y")
    assert answer["error"] == "message_not_found"


@pytest.mark.parametrize(
    ("token", "error"), [(None, "not_authed"), ("xoxb-another", "invalid_auth")]
)
def test_only_the_bots_token_is_let_in(slack: Slack, token: str | None, error: str) -> None:
    for method in ("auth.test", "chat.postMessage", "conversations.history"):
        assert call(slack, method, token=token, channel="#hiring", text="x")["error"] == error
    assert not slack.messages("#hiring")
    assert call(slack, "auth.test")["ok"]


def test_a_channel_must_exist_be_open_and_be_joined(slack: Slack) -> None:
    assert post(slack, channel="#nowhere")["error"] == "channel_not_found"
    slack.channels["#hiring"].is_member = False
    assert post(slack)["error"] == "not_in_channel"
    assert call(slack, "conversations.history", channel=HIRING)["error"] == "not_in_channel"
    slack.channels["#hiring"].is_archived = True
    assert post(slack)["error"] == "is_archived"
    assert call(slack, "conversations.info", channel=HIRING)["channel"]["is_archived"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": None}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": "not json"}, "invalid_blocks_format"),
        ({"blocks": [section({"type": "text", "text": "x" * 2_000})] * 7}, "msg_blocks_too_long"),
        ({"metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        ({"metadata": {"event_type": "a b", "event_payload": {}}}, "invalid_metadata_format"),
        (
            {"metadata": {"event_type": "a", "event_payload": {}, "more": 1}},
            "invalid_metadata_format",
        ),
        ({"metadata": [1]}, "invalid_metadata_format"),
        (
            {"metadata": {"event_type": "a", "event_payload": {"a": "x" * 20_000}}},
            "metadata_too_large",
        ),
    ],
)
def test_a_message_that_slack_would_not_take_is_refused(
    slack: Slack, arguments: dict[str, Any], error: str
) -> None:
    assert post(slack, **arguments)["error"] == error
    assert not slack.messages("#hiring")


@pytest.mark.parametrize(
    ("blocks", "reason"),
    [
        ({"type": "divider"}, "must provide an array [json-pointer:/blocks]"),
        ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        ([{"type": "shout"}], "unsupported type: shout"),
        (["x"], "must provide an object"),
        ([{"type": "header", "text": mrkdwn("x")}], "must be one of ['plain_text']"),
        ([{"type": "header", "text": plain("x" * 151)}], "must be less than 151 characters"),
        ([{"type": "header", "text": plain("")}], "must be more than 0 characters"),
        ([{"type": "section"}], "must define either `text` or `fields`"),
        ([{"type": "section", "text": mrkdwn("x" * 3_001)}], "less than 3001"),
        ([{"type": "section", "fields": [mrkdwn("x")] * 11}], "no more than 10 items"),
        ([{"type": "section", "fields": [mrkdwn("x" * 2_001)]}], "less than 2001"),
        ([{"type": "section", "text": mrkdwn("x"), "color": "red"}], "additional properties"),
        ([{"type": "context", "elements": [mrkdwn("x")] * 11}], "no more than 10 items"),
        ([{"type": "context", "elements": []}], "no fewer than 1"),
        ([{"type": "image", "image_url": "https://example.com/x"}], "/blocks/0/alt_text"),
        (
            [
                {
                    "type": "actions",
                    "elements": [
                        {"type": "button", "text": plain("x"), "url": "https://" + "x" * 3_000}
                    ],
                }
            ],
            "[json-pointer:/blocks/0/elements/0/url]",
        ),
        ([{"type": "rich_text", "elements": []}], "no fewer than 1"),
        ([{"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}], "unsupported type"),
        ([section({"type": "text", "text": ""})], "must be more than 0 characters"),
        ([section({"type": "text", "text": "x", "style": {"big": True}})], "additional properties"),
        ([section({"type": "link", "url": ""})], "/elements/0/elements/0/url"),
        ([section({"type": "link", "url": "https://example.com", "text": ""})], "0/text]"),
        ([section({"type": "broadcast", "range": "all"})], "valid enum value"),
        (
            [
                {
                    "type": "rich_text",
                    "elements": [{"type": "rich_text_list", "style": "x", "elements": [1]}],
                }
            ],
            "must be a rich_text_section",
        ),
    ],
)
def test_blocks_are_refused_with_the_reason_and_the_place(
    slack: Slack, blocks: Any, reason: str
) -> None:
    answer = post(slack, blocks=blocks)
    assert answer["error"] == "invalid_blocks"
    assert any(reason in message for message in answer["response_metadata"]["messages"])
    assert not slack.messages("#hiring")


def test_history_comes_in_pages_newest_first_and_with_metadata_when_asked(slack: Slack) -> None:
    for number in range(5):
        post(slack, text=str(number), metadata={"event_type": "n", "event_payload": {"n": number}})
    post(slack, text="a reply", thread_ts=slack.messages("#hiring")[0]["ts"])
    texts, cursor = [], ""
    while True:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        query = {"channel": HIRING, "limit": 2, "cursor": cursor, "include_all_metadata": 1}
        page = sent(
            slack, "/api/conversations.history", "GET", params=query, headers=headers
        ).json()
        texts += [message["text"] for message in page["messages"]]
        assert all(message["metadata"]["event_type"] == "n" for message in page["messages"])
        cursor = page["response_metadata"]["next_cursor"]
        assert page["has_more"] == bool(cursor)
        if not cursor:
            break
    assert texts == ["4", "3", "2", "1", "0"]
    second = slack.messages("#hiring")[1]["ts"]
    after = call(slack, "conversations.history", channel=HIRING, oldest=second)["messages"]
    assert [message["text"] for message in after] == ["4", "3", "2"]
    assert "metadata" not in after[0]
    from_it = call(slack, "conversations.history", channel=HIRING, oldest=second, inclusive=True)
    assert len(from_it["messages"]) == 4
    bad = call(slack, "conversations.history", channel=HIRING, cursor="nonsense!")
    assert bad["error"] == "invalid_cursor"
    by_name = call(slack, "conversations.history", channel="#hiring")
    assert by_name["error"] == "channel_not_found"


def test_channels_are_listed(slack: Slack) -> None:
    answer = call(slack, "conversations.list", limit=1)
    assert [channel["name"] for channel in answer["channels"]] == ["hiring"]
    cursor = answer["response_metadata"]["next_cursor"]
    answer = call(slack, "conversations.list", limit=1, cursor=cursor)
    assert [channel["name"] for channel in answer["channels"]] == ["hiring-leads"]
    assert call(slack, "users.list")["error"] == "unknown_method"


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"json": {"text": "x"}}, 200, "ok"),
        ({"data": {"payload": '{"text": "x"}'}}, 200, "ok"),
        ({"json": {}}, 400, "no_text"),
        ({"json": []}, 400, "invalid_payload"),
        (
            {"content": b"{", "headers": {"content-type": "application/json"}},
            400,
            "invalid_payload",
        ),
        ({"json": {"blocks": [{"type": "x"}]}}, 400, "invalid_blocks"),
    ],
)
def test_an_incoming_webhook_responds_in_plain_text(
    slack: Slack, body: dict[str, Any], status: int, text: str
) -> None:
    answer = sent(slack, "/hooks/hook-secret-hiring", **body)
    assert (answer.status_code, answer.text) == (status, text)
    assert len(slack.messages("#hiring")) == (status == 200)
    assert "hook-secret" not in repr(slack.requests)


def test_a_webhook_knows_its_secret_and_an_archived_channel(slack: Slack) -> None:
    assert sent(slack, "/hooks/guess", json={"text": "x"}).status_code == 404
    slack.channels["#hiring"].is_archived = True
    answer = sent(slack, "/hooks/hook-secret-hiring", json={"text": "x"})
    assert (answer.status_code, answer.text) == (410, "channel_is_archived")


def test_a_strict_pace_is_one_message_a_second_and_channel() -> None:
    slack = Slack(now=lambda: NOW, token=TOKEN, strict_pace=True)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"channel": "#hiring", "text": "x"}
    assert post(slack)["ok"] and post(slack, channel="#hiring-leads")["ok"]
    answer = sent(slack, "/api/chat.postMessage", json=body, headers=headers)
    assert answer.status_code == 429 and answer.headers["Retry-After"] == "1"
    assert answer.json() == {"ok": False, "error": "ratelimited"}
    slack.strict_pace = False
    assert post(slack)["ok"]


def test_faults_hit_posts_after_those_that_pass(slack: Slack) -> None:
    slack.inject("not_in_channel", times=2, skip=1)
    slack.inject("missing_scope", on="conversations.list")
    assert call(slack, "auth.test")["ok"]
    answers = [post(slack) for _ in range(4)]
    assert [answer.get("error") for answer in answers] == [
        None,
        "not_in_channel",
        "not_in_channel",
        None,
    ]
    assert call(slack, "conversations.list")["needed"] == "chat:write"
    assert len(slack.messages("#hiring")) == 2
    assert [request.method for request in slack.requests].count("chat.postMessage") == 4


@pytest.mark.parametrize("acted", [False, True])
@pytest.mark.parametrize(
    ("kind", "status", "start"),
    [("500", 500, '{"ok"'), ("502_html", 502, "<html>"), ("fatal_error", 400, "fatal_error")],
)
def test_a_server_error_leaves_the_outcome_unknown(
    slack: Slack, kind: str, status: int, start: str, acted: bool
) -> None:
    slack.inject(kind + "_after" * acted)
    answer = sent(slack, "/hooks/hook-secret-hiring", json={"text": "x"})
    assert answer.status_code == status and answer.text.startswith(start)
    assert len(slack.messages("#hiring")) == acted


def posted(app: App, text: str = "x", **arguments: Any) -> str:
    return str(app("chat_postMessage", channel="#hiring", text=text, **arguments)["ts"])


def paged(app: App, method: str, what: str, **arguments: Any) -> list[list[Any]]:
    pages, cursor = [], ""
    while True:
        answer = app(method, cursor=cursor, **arguments)
        pages.append(answer[what])
        if not (cursor := answer["response_metadata"]["next_cursor"]):
            return pages


def texts(messages: list[Any]) -> list[str]:
    return [message["text"] for message in messages]


def test_the_apps_own_channels_are_listed_in_pages(app: App, workspace: Slack) -> None:
    pages = paged(app, "users_conversations", "channels", limit=1)
    assert [[channel["name"] for channel in page] for page in pages] == [
        ["hiring"],
        ["hiring-leads"],
    ]
    assert "is_member" not in pages[0][0]
    workspace.channels["#hiring"].is_archived = True
    (shown,) = app("users_conversations", exclude_archived=True)["channels"]
    assert shown["name"] == "hiring-leads"
    workspace.channels["#hiring-leads"].is_member = False
    (shown,) = app("users_conversations", limit=999)["channels"]
    assert (shown["id"], shown["is_archived"]) == (HIRING, True)
    assert app("users_conversations", limit=1000)["error"] == "invalid_limit"


def test_a_thread_is_its_parent_and_then_the_replies_oldest_first(app: App) -> None:
    parent = posted(app, "parent", metadata=METADATA)
    posted(app, "beside it")
    first, second, _ = (posted(app, text, thread_ts=parent) for text in ("1", "2", "3"))

    def thread(**arguments: Any) -> list[Any]:
        arguments = {"channel": HIRING, "ts": parent} | arguments
        return list(app("conversations_replies", **arguments)["messages"])

    pages = paged(app, "conversations_replies", "messages", channel=HIRING, ts=parent, limit=3)
    assert [texts(page) for page in pages] == [["parent", "1", "2"], ["3"]]
    assert texts(thread(oldest=first)) == ["parent", "2", "3"]
    assert texts(thread(oldest=first, latest=second, inclusive=True)) == ["parent", "1", "2"]
    assert texts(thread(ts=second)) == ["2"]
    assert "metadata" not in thread()[0]
    assert thread(include_all_metadata=True)[0]["metadata"] == METADATA


def test_a_thread_must_exist_and_its_channel_be_joined(app: App, workspace: Slack) -> None:
    arguments = {"channel": HIRING, "ts": "1.000000"}
    assert app("conversations_replies", **arguments)["error"] == "thread_not_found"
    by_name = app("conversations_replies", **arguments | {"channel": "#hiring"})
    assert by_name["error"] == "channel_not_found"
    workspace.channels["#hiring"].is_member = False
    assert app("conversations_replies", **arguments)["error"] == "not_in_channel"


def test_a_parent_message_counts_its_replies(app: App, workspace: Slack) -> None:
    parent, alone = posted(app), posted(app)
    posted(app, thread_ts=parent)
    workspace.say("#hiring", "thanks", thread_ts=parent)
    last = posted(app, thread_ts=parent)
    told = {
        "thread_ts": parent,
        "reply_count": 3,
        "reply_users": ["U0HEYMILO", "U0PERSON"],
        "reply_users_count": 2,
        "latest_reply": last,
    }
    unthreaded, in_history = app("conversations_history", channel=HIRING)["messages"]
    in_thread, *answers = app("conversations_replies", channel=HIRING, ts=parent)["messages"]
    assert in_history.items() >= told.items() and in_thread.items() >= told.items()
    assert all("reply_count" not in answer for answer in answers)
    assert unthreaded["ts"] == alone and not unthreaded.keys() & told.keys()


def test_the_app_deletes_its_own_message_and_the_replies_stay(app: App, workspace: Slack) -> None:
    parent = posted(app)
    posted(app, "a reply", thread_ts=parent)
    gone = {"ok": True, "channel": HIRING, "ts": parent}
    assert app("chat_delete", channel=HIRING, ts=parent) == gone
    assert app("chat_delete", channel=HIRING, ts=parent)["error"] == "message_not_found"
    assert workspace.messages("#hiring") == []
    (reply,) = workspace.messages("#hiring", replies=True)
    (tombstone,) = app("conversations_history", channel=HIRING)["messages"]
    assert (tombstone["ts"], tombstone["subtype"]) == (parent, "tombstone")
    thread = app("conversations_replies", channel=HIRING, ts=parent)
    assert texts(thread["messages"]) == ["This message was deleted.", "a reply"]
    assert app("chat_delete", channel=HIRING, ts=reply["ts"])["ok"]
    assert app("conversations_history", channel=HIRING)["messages"] == []
    thread = app("conversations_replies", channel=HIRING, ts=parent)
    assert thread["error"] == "thread_not_found"


def test_a_persons_message_is_theirs(app: App, workspace: Slack) -> None:
    ts = workspace.say("#hiring", "hello", user="U0ADA")
    (message,) = app("conversations_history", channel=HIRING, include_all_metadata=True)["messages"]
    assert (message["ts"], message["user"], message["text"]) == (ts, "U0ADA", "hello")
    assert not message.keys() & {"bot_id", "metadata"}
    changed = app("chat_update", channel=HIRING, ts=ts, text="y")
    assert changed["error"] == "cant_update_message"
    assert app("chat_delete", channel=HIRING, ts=ts)["error"] == "cant_delete_message"
    assert workspace.messages("#hiring")[0]["text"] == "hello"


def test_a_person_deletes_a_message_of_the_apps(app: App, workspace: Slack) -> None:
    ts = posted(app)
    workspace.remove("#hiring", ts)
    assert workspace.messages("#hiring") == []
    assert app("chat_update", channel=HIRING, ts=ts, text="y")["error"] == "message_not_found"


def test_a_change_keeps_replaces_or_removes_the_metadata(app: App, workspace: Slack) -> None:
    ts = posted(app, metadata=METADATA)
    other = {"event_type": "other", "event_payload": {}}
    for given, kept in (({}, METADATA), ({"metadata": other}, other), ({"metadata": {}}, None)):
        assert app("chat_update", channel=HIRING, ts=ts, text="y", **given)["ok"]
        assert workspace.messages("#hiring")[0].get("metadata") == kept


@pytest.mark.parametrize(
    ("method", "scope"),
    [
        ("chat_postMessage", "chat:write"),
        ("chat_update", "chat:write"),
        ("chat_delete", "chat:write"),
        ("conversations_list", "channels:read"),
        ("conversations_info", "channels:read"),
        ("users_conversations", "channels:read"),
        ("conversations_history", "channels:history"),
        ("conversations_replies", "channels:history"),
    ],
)
def test_a_method_needs_its_scope(app: App, workspace: Slack, method: str, scope: str) -> None:
    ts = posted(app)
    arguments: dict[str, Any] = {"channel": HIRING}
    if method in ("chat_update", "chat_delete", "conversations_replies"):
        arguments["ts"] = ts
    if method in ("chat_postMessage", "chat_update"):
        arguments["text"] = "y"
    workspace.scopes.discard(scope)
    refusal = app(method, **arguments)
    assert (refusal["error"], refusal["needed"]) == ("missing_scope", scope)
    assert set(refusal["provided"].split(",")) == workspace.scopes
    assert texts(workspace.messages("#hiring")) == ["x"]
    workspace.scopes.add(scope)
    assert app(method, **arguments)["ok"]


def test_a_request_records_when_it_arrived(app: App, workspace: Slack) -> None:
    before = time.monotonic()
    posted(app)
    between = time.monotonic()
    posted(app)
    first, second = (request.at for request in workspace.requests)
    assert before <= first <= between <= second <= time.monotonic()


def status_of_post(url: str, token: str, **body: Any) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    body = {"channel": "#hiring", "text": "x"} | body
    return httpx.post(f"{url}chat.postMessage", json=body, headers=headers).status_code


def test_a_sandbox_keeps_a_strict_pace_also_after_a_reset() -> None:
    with sandbox(strict_pace=True) as world:
        for _ in range(2):
            assert status_of_post(world.slack_url, world.slack_token) == 200
            assert status_of_post(world.slack_url, world.slack_token) == 429
            assert httpx.post(world.slack_webhook_url, json={"text": "x"}).status_code == 429
            assert (
                status_of_post(world.slack_url, world.slack_token, channel="#hiring-leads") == 200
            )
            world.reset()


def test_a_strict_pace_lets_a_post_through_a_second_after_the_last_that_was_taken() -> None:
    with sandbox(strict_pace=True) as world:
        app = app_of(world)
        ts = posted(app)
        for text in ("y", "z"):
            assert app("chat_update", channel=HIRING, ts=ts, text=text)["ok"]
        posted(app, "waits, and is then taken")
        first, *_, refused, taken = world.slack_workspace.requests
        assert refused.method == taken.method == "chat.postMessage"
        assert refused.at - first.at < 1 <= taken.at - first.at


def test_the_command_keeps_a_strict_pace() -> None:
    command = [sys.executable, "-m", "heymilo_prefect", "sandbox", "--port", "0", "--json"]
    with subprocess.Popen([*command, "--strict-pace"], stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout
        told = json.loads(served.stdout.readline())
        statuses = [status_of_post(told["slack_url"], told["slack_token"]) for _ in range(2)]
        served.send_signal(signal.SIGINT)
    assert statuses == [200, 429]
