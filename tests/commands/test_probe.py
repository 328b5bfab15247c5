"""heymilo-prefect probe: what a key holder runs once: each note answered, and no content."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from heymilo_prefect.commands.probe.shapes import Shape
from heymilo_prefect.sandbox import World, faults
from tests.commands import Done

Command = Callable[..., Done]
NINE_DAYS = timedelta(days=9)


@pytest.fixture
def probe(
    command: Command, world: World, environment: Callable[[dict[str, str]], None]
) -> Callable[..., Done]:
    for posting_id in world.posting_ids:
        world.add_candidates(posting_id, 14, age=NINE_DAYS, hostile=True)
        world.add_candidates(posting_id, 1, age=timedelta(hours=1), hostile=True)
    environment({"HEYMILO_API_KEY": world.api_key, "HEYMILO_BASE_URL": world.url})
    return lambda *arguments: command("probe", *arguments)


def answers(done: Done) -> dict[str, str]:
    """The line to paste, as a dict."""
    assert done.code == 0, done
    line = done.out.splitlines()[-1]
    assert line.startswith("heymilo-probe ")
    return dict(part.split("=", 1) for part in line.split()[2:])


def test_as_documented_each_note_has_its_answer(probe: Callable[..., Done]) -> None:
    found = answers(probe())
    scores, v2_scores = found.pop("12"), found.pop("25")
    assert found == {
        "pages": "agree", "1": "api", "2": "api", "3": "root", "4": "post", "5": "list",
        "6": "list", "7": "not-asked", "8": "all-15", "9": "not-asked", "10": "same",
        "11": "neither+type", "13": "seconds-number", "14": "documented",
        "15": "x-ratelimit-limit+x-ratelimit-remaining+x-ratelimit-reset",
        "16": "0-undocumented", "17": "not-asked", "18": "not-asked", "19": "known",
        "20": "not-asked", "21": "accepted", "22": "same,same", "23": "agree",
        "24": "newest-first", "26": "workflow", "27": "all,all", "28": "not-asked",
        "29": "none", "30": "x-ratelimit-limit+x-ratelimit-remaining+x-ratelimit-reset",
    }  # fmt: skip
    least, most = map(float, re.search(r"evaluation_score:([\d.]+)\.\.([\d.]+)", scores).groups())
    assert 1 <= least <= most <= 5
    assert float(re.search(r"scorecard.score:[\d.]+\.\.([\d.]+)", v2_scores)[1]) > 5


@pytest.mark.parametrize(
    ("variant", "number", "answer"),
    [
        ("health_under_api", "3", "api"),
        ("export_by_get", "4", "get"),
        ("export_file_object", "5", "candidates"),
        ("export_file_unknown", "5", "other-object"),
        ("webhooks_under_webhooks", "6", "webhooks"),
        ("webhooks_under_data", "6", "data"),
        ("workflows_differ", "10", "differ-30"),
        ("milliseconds", "13", "milliseconds-integer"),
        ("fastapi_errors", "14", "documented+list"),
        ("error_objects", "14", "object"),
        ("errors_as_text", "14", "text"),
        ("errors_as_html", "14", "html"),
        ("no_rate_limit_headers", "15", "none"),
        ("unknown_status", "19", "on_hold"),
        ("small_pages", "pages", "differ"),
        ("one_total_page", "pages", "agree"),
        ("no_total_count", "23", "none"),
        ("not_ready_bare", "26", "bare"),
    ],
)
def test_each_other_behaviour_is_recognised(
    probe: Callable[..., Done], world: World, variant: str, number: str, answer: str
) -> None:
    world.variants.add(variant)
    assert answers(probe("--no-shapes"))[number] == answer


def test_other_behaviours_of_many_fields_are_recognised(
    probe: Callable[..., Done], world: World
) -> None:
    world.variants.add("unknown_fields")
    assert int(answers(probe("--no-shapes"))["16"].partition("-")[0]) > 10
    world.variants.clear()
    world.variants.add("other_scales")
    scores = answers(probe("--no-shapes"))["12"]
    assert float(re.search(r"evaluation_score:[\d.]+\.\.([\d.]+)", scores)[1]) > 5
    world.variants.clear()
    world.variants.add("status_as_words")
    assert "*" in answers(probe("--no-shapes"))["19"]


@pytest.mark.parametrize(
    "variant", ["null_fields", "missing_fields", "malformed_items", "null_lists", "half_emojis",
                "scores_not_numbers", "zero_for_never", "endless_listings", "errors_with_params"],
)  # fmt: skip
def test_nothing_that_heymilo_may_send_stops_it(
    probe: Callable[..., Done], world: World, variant: str
) -> None:
    world.variants.add(variant)
    assert answers(probe())["1"] == "api"


def test_it_prints_no_name_no_text_and_no_id_and_changes_nothing(
    probe: Callable[..., Done], world: World
) -> None:
    world.variants.add("unknown_fields")
    out = probe().out
    for interview in world.interviews():
        assert interview.interview_id not in out and interview.email not in out
        assert interview.name not in out
    for posting in world.postings.values():
        assert posting.title not in out and posting.posting_id not in out
    assert world.api_key not in out
    writes = {"create_webhook", "deactivate_webhook", "ingest_candidate", "ingest_candidates"}
    assert not writes & world.counts.keys() and sum(world.counts.values()) < 40
    assert all(request.method == "GET" or request.endpoint == "export_interviews" 
               for request in world.requests)  # fmt: skip
    assert all("x-api-key" not in request.headers for request in world.requests_to("export_file"))


def test_names_that_may_be_content_are_not_shown() -> None:
    lines = [*Shape([{"Why us?": "Because", "ada_lovelace": 1, "score": 2}]).lines()]
    assert lines == ["(body): object 1", "score: integer 1 (2 to 2)", "{key}: integer 1, text 1"]


def test_a_wrong_key_and_no_key_are_one_sentence(
    command: Command, world: World, environment: Callable[[dict[str, str]], None],
    prefect_server: None,
) -> None:  # fmt: skip
    environment({"HEYMILO_API_KEY": "hm_wrong", "HEYMILO_BASE_URL": world.url})
    done = command("probe")
    assert done.code == 1 and "status 401" in done.out and "hm_wrong" not in done.out
    environment({"HEYMILO_API_KEY": "hm_wrong", "HEYMILO_BASE_URL": "http://127.0.0.1:1"})
    assert "HeyMilo can't be reached" in command("probe").err
    environment({})
    assert "Set HEYMILO_API_KEY" in command("probe", "--name", "nobody").err


def test_v2_can_be_left_out_and_may_refuse_the_key(
    probe: Callable[..., Done], world: World
) -> None:
    assert "21" not in answers(probe("--no-v2"))
    assert not any(request.path.startswith("/api/v2") for request in world.requests)
    world.inject(faults.status(401), times=99, when=lambda it: it.path.startswith("/api/v2"))
    found = answers(probe())
    assert found["21"] == "refused-401" and "22" not in found


def test_a_saved_block_is_enough(command: Command, world: World, prefect_server: None) -> None:
    world.heymilo_credentials.save("probed", overwrite=True)
    assert answers(command("probe", "--name", "probed"))["1"] == "api"
