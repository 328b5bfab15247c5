"""A schedule that was made active runs its deployment, on a server as people run it."""

from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort

from tests.deployments import ROOT, deploy_all, make_work_pool, save_blocks, whole_server
from tests.waiting import until

PATIENCE_SECONDS = 180


def is_due(deployment: DeploymentResponse) -> bool:
    wanted = DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(deployment_filter=wanted, sort=FlowRunSort.ID_DESC, limit=1)
    return any(run.auto_scheduled for run in runs)


@pytest.mark.long
def test_each_schedule_that_is_active_has_runs_to_come_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "prefect.yaml"
    file.write_text((ROOT / "prefect.yaml").read_text().replace("active: false", "active: true"))
    with whole_server():
        make_work_pool()
        save_blocks("production", "hm-scheduled", "xoxb-scheduled")
        deployed = deploy_all(file)
        scheduled = [one for one in deployed.values() if one.schedules]
        until(lambda: all(map(is_due, scheduled)), PATIENCE_SECONDS)
        assert {one.name for one in deployed.values() if is_due(one)} == {
            "sheet", "stalled", "summaries", "workspaces"
        }  # fmt: skip
