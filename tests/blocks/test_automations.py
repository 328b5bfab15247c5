"""The automations as code: made once, then changed, and only for a deployment that there is."""

import asyncio

import pytest
from prefect import flow
from prefect.client.orchestration import get_client

from heymilo_prefect import automations
from heymilo_prefect.errors import SetupError
from tests.blocks.deployed import deployed

pytestmark = [
    pytest.mark.usefixtures("prefect_server"),
    pytest.mark.parametrize("kind", list(automations.KINDS)),
]


@flow
def look_into(interview_id: str) -> None:
    """Look into an interview."""


def test_it_is_created_once_and_then_updated(kind: str) -> None:
    first, _ = asyncio.run(deployed(look_into))
    second, deployment_id = asyncio.run(deployed(look_into))
    automations.save(first, automations.automation_of(kind))
    said = automations.save(second, automations.automation_of(kind))
    assert said == f'Automation "{automations.KINDS[kind].name}" was updated: it runs "{second}".'
    with get_client(sync_client=True) as client:
        (made,) = client.read_automations_by_name(automations.KINDS[kind].name)
    assert made.actions[0].deployment_id == deployment_id


@pytest.mark.parametrize("name", ["no-such/deployment", "nonsense"])
def test_a_missing_deployment_is_named(kind: str, name: str) -> None:
    with pytest.raises(SetupError, match=f'Prefect has no deployment "{name}"'):
        automations.save(name, automations.automation_of(kind))
