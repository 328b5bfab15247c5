"""The automations as code: made once, then changed, and only for a deployment that there is."""

import asyncio
from types import ModuleType

import pytest
from prefect import flow
from prefect.client.orchestration import get_client

from blocks import report_automation, stalled_automation
from tests.blocks.deployed import deployed

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    pytest.mark.parametrize("automation", [report_automation, stalled_automation]),
]


@flow
def look_into(interview_id: str) -> None:
    """Look into an interview."""


def test_it_is_made_once_and_then_changed(automation: ModuleType) -> None:
    first, _ = asyncio.run(deployed(look_into))
    second, deployment_id = asyncio.run(deployed(look_into))
    automation.save(first)
    said = automation.save(second)
    assert said == f'Automation "{automation.NAME}" was changed: it runs "{second}".'
    with get_client(sync_client=True) as client:
        (made,) = client.read_automations_by_name(automation.NAME)
    assert made.actions[0].deployment_id == deployment_id


@pytest.mark.parametrize("name", ["no-such/deployment", "nonsense"])
def test_a_deployment_that_is_not_there_is_named(automation: ModuleType, name: str) -> None:
    with pytest.raises(SystemExit, match=f'Prefect has no deployment "{name}"'):
        automation.save(name)
