"""What is served and what is deployed is the same, since both read `prefect.yaml`."""

import pytest
from prefect.client.schemas.responses import DeploymentResponse

from tests.deployments import ROOT, load_file


def test_what_is_served_is_what_is_deployed(
    deployed: dict[str, DeploymentResponse], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    served = {one.name: one for one in load_file("serve").deployments()}
    assert served.keys() == deployed.keys()
    for name, theirs in deployed.items():
        ours = served[name]
        assert ours.entrypoint == theirs.entrypoint
        assert ours.description == theirs.description
        assert ours.tags == theirs.tags
        assert ours.parameters == theirs.parameters
        assert ours.enforce_parameter_schema == theirs.enforce_parameter_schema
        limit = theirs.global_concurrency_limit
        assert ours.concurrency_limit == (limit.limit if limit else None)
        assert ours.concurrency_options == theirs.concurrency_options
        assert [(it.schedule, it.active, it.slug) for it in ours.schedules or ()] == [
            (it.schedule, it.active, it.slug) for it in theirs.schedules
        ]
