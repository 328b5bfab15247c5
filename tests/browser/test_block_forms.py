"""The forms by which blocks are made in Prefect's UI."""

import re

import pytest
from playwright.sync_api import Page, expect
from prefect.blocks.core import Block

from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel, SummaryTemplate
from tests.browser.conftest import SECRETS, Browse, Picture
from tests.browser.pages import chosen_block, description, field, offered_blocks

pytestmark = pytest.mark.browser

PICTURES = {HeyMiloCredentials: "block-heymilo", SlackChannel: "block-slack"}


def form(block_type: type[Block]) -> str:
    return f"/blocks/catalog/{block_type.get_block_type_slug()}/create"


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile("/blocks/block/"))


@pytest.mark.parametrize("block_type", [HeyMiloCredentials, SlackChannel, SummaryTemplate])
def test_every_field_has_its_title_and_description(
    block_type: type[Block], saved_blocks: None, browse: Browse, picture: Picture
) -> None:
    schema = block_type.model_json_schema()
    with browse(form(block_type)) as page:
        for name, about in schema["properties"].items():
            shown = field(page, about["title"], name in schema["required"])
            expect(description(shown)).to_have_text(about["description"])
        logo = page.locator(f'img[src="{block_type._logo_url}"]')
        expect(logo.first).to_be_visible()
        if block_type is HeyMiloCredentials:
            expect(field(page, "Concurrency limit", False).get_by_role("textbox")).to_be_visible()
        if block_type is SlackChannel:
            expect(chosen_block(field(page, "Slack app"))).to_be_visible()
        if block_type in PICTURES:
            picture(page, PICTURES[block_type], page.get_by_role("button", name="Save"))


def test_the_key_that_somebody_types_is_masked_saved_and_never_shown_again(
    registered: None, browse: Browse
) -> None:
    key = "hm-typed-into-the-form"
    with browse(form(HeyMiloCredentials)) as page:
        page.get_by_label("Name", exact=True).fill("typed")
        typed = field(page, "API key").get_by_role("textbox")
        expect(typed).to_have_attribute("type", "password")
        typed.fill(key)
        save(page)
        expect(page.get_by_role("main")).to_contain_text("****")
        assert key not in page.content()
    assert HeyMiloCredentials.load("typed").api_key.get_secret_value() == key


def test_a_channel_accepts_a_saved_slack_credentials_block(
    saved_blocks: None, browse: Browse
) -> None:
    with browse(form(SlackChannel)) as page:
        page.get_by_label("Name", exact=True).fill("typed")
        offered = offered_blocks(field(page, "Slack app"))
        expect(offered.filter(has_text="production")).to_be_visible()
        offered.filter(has_text="acme").click()
        expect(chosen_block(field(page, "Slack app"))).to_have_text("acme")
        field(page, "Channel").get_by_role("textbox").fill("#hiring-leads")
        save(page)
        expect(page.get_by_role("main")).to_contain_text("#hiring-leads")
        assert SECRETS[1] not in page.content()
    slack = SlackChannel.load("typed")
    assert slack.channel == "#hiring-leads"
    assert slack.credentials.token.get_secret_value() == SECRETS[1]
