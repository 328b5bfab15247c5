"""`prefect.yaml` deploys as it is, paused, and holds no word of what the blocks hold."""

from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments import run_deployment
from prefect.server.schemas.schedules import CronSchedule
from prefect.utilities.schema_tools import validate

from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.sandbox import World
from tests.deployments import DESCRIBED, ROOT, finished, load_flow

Deployed = dict[str, DeploymentResponse]

ASKED_FOR = {
    "sheet": "candidates.csv",
    "posting": "Senior Frontend Developer",
    "interview_id": "int_1",
}


def test_all_are_deployed_to_the_pool(deployed: Deployed) -> None:
    assert {deployment.work_pool_name for deployment in deployed.values()} == {"heymilo"}
    for one in DESCRIBED:
        deployment = deployed[one["name"]]
        assert deployment.description == one["description"]
        assert deployment.tags == one["tags"]
        assert deployment.entrypoint == one["entrypoint"]


async def test_prefects_server_can_plan_every_schedule() -> None:
    """With some versions of its dependencies it can't, and logs that once a minute."""
    schedules = [schedule for one in DESCRIBED for schedule in one.get("schedules", ())]
    for schedule in schedules:
        planned = CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
        assert len(await planned.get_dates(3)) == 3
    assert len(schedules) == 4


def test_parameters_fit_the_flow_and_bring_the_saved_blocks(
    deployed: Deployed, secrets: tuple[str, str]
) -> None:
    for name, deployment in deployed.items():
        schema = deployment.parameter_openapi_schema or {}
        validate(deployment.parameters, schema, raise_on_error=True, ignore_required=True)
        if "heymilo_credentials" in deployment.parameters:
            flow = load_flow(deployment.entrypoint or "")
            lacking = set(schema["required"]) - deployment.parameters.keys()
            given = {field: ASKED_FOR[field] for field in lacking - {"decisions"}}
            if "decisions" in lacking:
                given["decisions"] = deployment.parameters["slack"]
            read = flow.validate_parameters({**deployment.parameters, **given})
            assert read["heymilo_credentials"].api_key.get_secret_value() == secrets[0], name


def test_every_schedule_is_paused_and_leaves_a_late_run_out(deployed: Deployed) -> None:
    scheduled = [deployment for deployment in deployed.values() if deployment.schedules]
    assert {one["name"] for one in DESCRIBED if "schedules" in one} == {it.name for it in scheduled}
    for deployment in scheduled:
        assert not any(schedule.active for schedule in deployment.schedules)
        assert deployment.global_concurrency_limit and deployment.concurrency_options
        assert deployment.global_concurrency_limit.limit == 1
        assert deployment.concurrency_options.collision_strategy == "CANCEL_NEW"


def test_a_run_that_an_automation_starts_waits_for_the_lock(deployed: Deployed) -> None:
    deployment = deployed["summary"]
    assert deployment.global_concurrency_limit and deployment.concurrency_options
    assert deployment.concurrency_options.collision_strategy == "ENQUEUE"


def test_no_deployment_holds_a_secret(deployed: Deployed, secrets: tuple[str, str]) -> None:
    for deployment in deployed.values():
        stored = deployment.model_dump_json()
        assert not any(secret in stored for secret in secrets)
        for name in ("heymilo_credentials", "slack"):
            if name in deployment.parameters:
                # The form for a run shows a block that is referred to by its id, and by no other.
                assert list(deployment.parameters[name]["$ref"]) == ["block_document_id"]


def test_a_block_that_is_not_saved_is_named(deployed: Deployed, tmp_path: Any) -> None:
    other = tmp_path / "prefect.yaml"
    written = (ROOT / "prefect.yaml").read_text()
    other.write_text(written.replace("heymilo-slack-channel/production", "heymilo-slack-channel/a"))
    code, printed = finished(
        "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(other)
    )
    assert code == 1
    assert "Prefect has no block heymilo-slack-channel/a. Save it first" in printed
    assert "Traceback" not in printed


@pytest.mark.long
def test_a_worker_runs_one_with_the_saved_blocks(world: World, deployed: Deployed) -> None:
    world.add_candidates(world.posting_ids[0], 6)
    world.heymilo_credentials.save("production", overwrite=True)
    world.slack.credentials.save("production", overwrite=True)
    world.slack.save("production", overwrite=True)
    assert HeyMiloCredentials.load("production").base_url == world.url
    started = run_deployment("report-stalled-candidates/stalled", timeout=0)
    code, printed = finished(
        "prefect", "worker", "start", "--pool", "heymilo", "--type", "process", "--run-once"
    )
    assert code == 0, printed
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(started.id)
    assert run.state and run.state.is_completed(), run.state
    assert world.requests_to("list_interviews")
    assert world.api_key not in run.model_dump_json() + printed
