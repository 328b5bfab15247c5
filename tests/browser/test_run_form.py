"""The form by which a deployment is run in Prefect's UI."""

from uuid import UUID

import pytest
from playwright.sync_api import expect
from prefect.client.orchestration import get_client
from prefect.client.schemas.responses import DeploymentResponse

from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel
from heymilo_prefect.stalled import StallRules
from tests.browser.conftest import SECRETS, Browse, Picture
from tests.browser.pages import chosen_block, description, field, offered_blocks

pytestmark = pytest.mark.browser

Deployed = dict[str, DeploymentResponse]


@pytest.fixture
def form(deployed: Deployed) -> str:
    return f"/deployments/deployment/{deployed['stalled'].id}/run"


def test_the_saved_blocks_are_chosen_and_others_offered(form: str, browse: Browse) -> None:
    with browse(form) as page:
        for of in (field(page, "heymilo_credentials"), field(page, "slack", required=False)):
            expect(chosen_block(of)).to_have_text("production")
            offered = offered_blocks(of)
            for name in ("production", "acme"):
                expect(offered.filter(has_text=name)).to_be_visible()
            page.keyboard.press("Escape")
            expect(offered).to_have_count(0)


def test_each_kind_of_slack_target_has_a_name_of_its_own(form: str, browse: Browse) -> None:
    with browse(form) as page:
        kinds = field(page, "slack", required=False).get_by_role("tab")
        expect(kinds).to_have_text(
            ["HeyMilo Slack Channel", "Slack Incoming Webhook", "Slack Webhook", "None"]
        )


def test_the_rules_are_a_form(form: str, browse: Browse, picture: Picture) -> None:
    with browse(form) as page:
        rules = field(page, "rules", required=False)
        for about in StallRules.model_json_schema()["properties"].values():
            shown = field(rules, about["title"], required=False)
            expect(description(shown)).to_have_text(about["description"])
        not_started = field(rules, "Not Started", required=False).get_by_role("textbox")
        expect(not_started).to_have_value("3 days")
        expect(chosen_block(field(page, "heymilo_credentials"))).to_have_text("production")
        picture(page, "run-form", field(rules, "Ignored Statuses", required=False))


def test_what_is_chosen_is_run_and_no_secret_is_in_it(form: str, browse: Browse) -> None:
    with browse(form) as page:
        offered_blocks(field(page, "heymilo_credentials")).filter(has_text="acme").click()
        rules = field(page, "rules", required=False)
        field(rules, "In Progress", required=False).get_by_role("textbox").fill("36 h")
        page.get_by_role("button", name="Submit").click()
        made = page.get_by_role("link", name="View run").get_attribute("href") or ""
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(made.rpartition("/")[2]))
        chosen = {
            "heymilo_credentials": (HeyMiloCredentials, "acme"),
            "slack": (SlackChannel, "production"),
        }
        for parameter, (block_type, name) in chosen.items():
            block = client.read_block_document_by_name(name, block_type.get_block_type_slug())
            assert run.parameters[parameter] == {"$ref": {"block_document_id": str(block.id)}}
    assert run.parameters["rules"]["in_progress"] == "36 h"
    assert not any(secret in run.model_dump_json() for secret in SECRETS)
