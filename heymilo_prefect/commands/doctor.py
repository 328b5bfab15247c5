"""`heymilo-prefect doctor`: check whether the flows can run, and say what to fix."""

import asyncio
from collections.abc import Iterator
from enum import Enum
from importlib.metadata import version
from tempfile import TemporaryFile
from typing import NamedTuple

import httpx
from prefect import __version__ as prefect_version
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.settings import get_current_settings
from rich.console import Console
from rich.text import Text

from heymilo_prefect import __version__
from heymilo_prefect.api.errors import HeyMiloError
from heymilo_prefect.automations import LOST_RUNS, TAG
from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.commands.server import (
    BlockT,
    explain_server_error,
    load_block,
    require_server,
)
from heymilo_prefect.errors import SetupError
from heymilo_prefect.slack import SlackError
from heymilo_prefect.wording import counted
from heymilo_prefect.workspace import check_heymilo, check_slack


class Verdict(Enum):
    """How a check ended; the value is the mark in front of its line."""

    OK = "ok"
    ADVICE = "note"
    FAILED = "FAIL"


_COLORS = {Verdict.OK: "green", Verdict.ADVICE: "yellow", Verdict.FAILED: "bold red"}


class Finding(NamedTuple):
    """The result of a check: what was checked, and a sentence with the fix if there is one."""

    verdict: Verdict
    subject: str
    sentence: str


def doctor(*, name: str = "production") -> int:
    """Check whether the flows can run, and what to fix.

    Exits with 1 if something is wrong that keeps the flows from running. A note is advice.

    Parameters
    ----------
    name
        The name of the blocks to check.
    """
    console = Console(highlight=False, soft_wrap=True)
    failed = 0
    for finding in findings(name):
        failed += finding.verdict is Verdict.FAILED
        mark = Text(f"{finding.verdict.value:<6}", style=_COLORS[finding.verdict])
        console.print(mark, Text(f"{finding.subject:<16}"), Text(finding.sentence), sep="")
    if failed:
        console.print(f"\n{failed} to fix before the flows can run.")
        return 1
    console.print("\nThe flows can run.")
    return 0


def findings(name: str) -> Iterator[Finding]:
    """Yield the findings; checks that depend on a failed one are left out."""
    yield Finding(
        Verdict.OK,
        "versions",
        f"heymilo-prefect {__version__}, Prefect {prefect_version}, "
        f"prefect-slack {version('prefect-slack')}.",
    )
    try:
        url = require_server()
    except SetupError as error:
        yield Finding(Verdict.FAILED, "Prefect server", str(error))
        return
    with get_client(sync_client=True) as client:
        try:
            yield _server(client, url)
        except httpx.HTTPError as error:
            yield Finding(Verdict.FAILED, "Prefect server", str(explain_server_error(error)))
            return
        yield _lease_storage(client)
        yield _result_storage(client)
        yield _lost_runs(client)
        yield _schedules(client)
    yield from _heymilo(name)
    yield from _slack(name)


def _server(client: SyncPrefectClient, url: str) -> Finding:
    response = client.request("GET", "/admin/version")
    response.raise_for_status()
    server = str(response.json())
    if server.split(".")[:2] != prefect_version.split(".")[:2] and "cloud" not in url:
        return Finding(
            Verdict.ADVICE,
            "Prefect server",
            f"{url} runs Prefect {server}, and this machine {prefect_version}. "
            "Use the same minor version.",
        )
    return Finding(Verdict.OK, "Prefect server", f"{url} responds, Prefect {server}.")


def _lease_storage(client: SyncPrefectClient) -> Finding:
    subject = "lease storage"
    try:
        settings = client.request("GET", "/admin/settings").raise_for_status().json()
        storage = str(settings["server"]["concurrency"]["lease_storage"])
    except (httpx.HTTPError, KeyError, TypeError):
        return Finding(Verdict.OK, subject, "kept by the server, which doesn't say how.")
    if storage.endswith(".memory"):
        return Finding(
            Verdict.ADVICE,
            subject,
            "in memory: a restart of the server ends active runs. Start it with "
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE="
            "prefect.server.concurrency.lease_storage.filesystem.",
        )
    return Finding(Verdict.OK, subject, f"{storage.rpartition('.')[2]}, which survives a restart.")


def _result_storage(client: SyncPrefectClient) -> Finding:
    subject = "result storage"
    results = get_current_settings().results
    if results.default_storage_block:
        return Finding(Verdict.OK, subject, f"{results.default_storage_block}.")
    try:
        if client.read_server_default_result_storage().default_result_storage_block_id:
            return Finding(Verdict.OK, subject, "the server's default block.")
    except (httpx.HTTPError, ValueError):
        pass  # a server that has no default storage
    path = results.local_storage_path
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            pass
    except OSError:
        return Finding(
            Verdict.FAILED,
            subject,
            f"{path} can't be written. Name another folder in PREFECT_RESULTS_LOCAL_STORAGE_PATH.",
        )
    return Finding(
        Verdict.ADVICE,
        subject,
        "a folder of this machine. Workers on several machines need shared storage, or they post "
        "twice: set PREFECT_DEFAULT_RESULT_STORAGE_BLOCK.",
    )


def _lost_runs(client: SyncPrefectClient) -> Finding:
    create = "Create it with `heymilo-prefect automations lost-runs`."
    try:
        found = client.read_automations_by_name(LOST_RUNS)
    except httpx.HTTPError as error:
        return Finding(Verdict.ADVICE, "automations", f"can't be read ({_status(error)}).")
    if not found:
        return Finding(
            Verdict.ADVICE,
            "automations",
            f"{LOST_RUNS} is missing: a run whose process is gone blocks later ones. {create}",
        )
    if not found[0].enabled:
        return Finding(
            Verdict.ADVICE, "automations", f"{LOST_RUNS} is paused. Resume it in Prefect's UI."
        )
    return Finding(Verdict.OK, "automations", f"{LOST_RUNS} is active.")


def _schedules(client: SyncPrefectClient) -> Finding:
    """Find active schedules whose runs won't start: none is planned, or no worker takes them."""
    subject = "schedules"
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    deployments = client.read_deployments(deployment_filter=tagged)
    active = [it for it in deployments if not it.paused and any(s.active for s in it.schedules)]
    if not active:
        return Finding(
            Verdict.OK,
            subject,
            f"none is active, in {counted(len(deployments), 'deployment')}.",
        )
    for deployment in active:
        pool = deployment.work_pool_name
        if pool and not _has_worker(client, pool):
            return Finding(
                Verdict.ADVICE,
                subject,
                f"no worker of the work pool {pool} is online, so no scheduled run starts. "
                f"Run `prefect worker start --pool {pool}`.",
            )
        planned = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
            ),
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])),
            limit=1,
        )
        if not planned:
            return Finding(
                Verdict.ADVICE,
                subject,
                f"the deployment {deployment.name} has an active schedule and no run to come. A "
                "new schedule needs a minute; after that, see the log of Prefect's server.",
            )
    return Finding(Verdict.OK, subject, f"{counted(len(active), 'deployment')} with runs to come.")


def _has_worker(client: SyncPrefectClient, pool: str) -> bool:
    return any(worker.status == "ONLINE" for worker in client.read_workers_for_work_pool(pool))


def _heymilo(name: str) -> Iterator[Finding]:
    block, finding = _saved(HeyMiloCredentials, "HeyMilo block", name)
    yield finding
    if block is None:
        return
    try:
        yield Finding(Verdict.OK, "HeyMilo key", check_heymilo(block))
    except HeyMiloError as error:
        yield Finding(Verdict.FAILED, "HeyMilo key", str(error))
        return
    if not block.concurrency_limit:
        yield Finding(
            Verdict.ADVICE,
            "limit",
            "the block names no concurrency limit, so each process sends as many requests as the "
            f"key allows in all. Run `heymilo-prefect setup --name {name}`.",
        )
        return
    try:
        block.get_client().list_postings(limit=1)  # through the limit
    except HeyMiloError as error:
        yield Finding(Verdict.FAILED, "limit", str(error))
    else:
        yield Finding(Verdict.OK, "limit", f"{block.concurrency_limit} is shared by all processes.")


def _slack(name: str) -> Iterator[Finding]:
    block, finding = _saved(SlackChannel, "Slack block", name)
    yield finding
    if block is None:
        return
    try:
        account, channel = asyncio.run(check_slack(block))
    except SlackError as error:
        yield Finding(Verdict.FAILED, "Slack", str(error))
        return
    yield Finding(Verdict.OK, "Slack app", account)
    yield Finding(Verdict.OK, "Slack channel", channel)


def _saved(kind: type[BlockT], subject: str, name: str) -> tuple[BlockT | None, Finding]:
    """Return the saved block, if it can be loaded, and the finding about it."""
    try:
        block = load_block(kind, name)
    except SetupError as error:
        return None, Finding(Verdict.FAILED, subject, str(error))
    return block, Finding(Verdict.OK, subject, f"{kind.get_block_type_slug()}/{name} is saved.")


def _status(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"status {error.response.status_code}"
    return type(error).__name__
