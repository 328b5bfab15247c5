"""Everything can be walked, and judged."""

from datetime import UTC, datetime, timedelta

import pytest
from prefect import flow

from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.postings import PostingError
from heymilo_prefect.sandbox import World
from heymilo_prefect.stalled import StallRules
from heymilo_prefect.tasks import aiter_interviews, find_stalled, iter_interviews

pytestmark = pytest.mark.usefixtures("prefect_server")


async def test_every_interview_of_every_posting_is_read_once(world: World) -> None:
    world.add_posting(title="Old", archived=True)
    for posting_id in world.posting_ids:
        world.add_candidates(posting_id, 3)
    first, second, _ = world.posting_ids
    open_ones = [it.interview_id for it in world.interviews() if it.posting_id in (first, second)]
    walked = [it.interview_id for it in iter_interviews(world.heymilo_credentials)]
    assert sorted(walked) == sorted(open_ones)
    assert [it.interview_id async for it in aiter_interviews(world.heymilo_credentials)] == walked
    chosen = iter_interviews(world.heymilo_credentials, [second])
    assert {it.posting_id for it in chosen} == {second}
    with pytest.raises(PostingError, match="nobody-knows"):
        list(iter_interviews(world.heymilo_credentials, ["nobody-knows"]))


async def test_what_was_walked_can_be_judged_in_a_flow_of_ones_own(world: World) -> None:
    (mine,) = world.add_candidates(
        world.posting_ids[0], 1, age=timedelta(days=2), persona="never_starts"
    )

    @flow
    def stuck(heymilo_credentials: HeyMiloCredentials) -> list[str]:
        rules = StallRules.model_validate({"steps": {"resume": "1 day"}})
        postings = heymilo_credentials.get_client().list_postings().postings
        interviews = list(iter_interviews(heymilo_credentials))
        stalled, not_judged = find_stalled(interviews, rules, datetime.now(UTC), postings)
        assert not_judged == {}
        assert find_stalled(interviews) == ([], {})
        return [item.interview_id for item in stalled]

    assert stuck(world.heymilo_credentials) == [mine]
    interviews = [it async for it in aiter_interviews(world.heymilo_credentials)]
    assert find_stalled(interviews) == ([], {})
