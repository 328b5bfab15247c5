"""What runs remember: an unreadable memory is an error, never "nothing was done"."""

from datetime import timedelta
from pathlib import Path

import pytest
from prefect.filesystems import LocalFileSystem

from heymilo_prefect.flows import post_interview_summaries
from heymilo_prefect.sandbox import World
from heymilo_prefect.tasks.memory import MemoryUnavailableError, memory_key

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_without_its_memory_the_run_posts_nothing(world: World, tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("where a folder should be")
    storage = LocalFileSystem(basepath=str(blocked))
    storage.save("blocked", overwrite=True)
    world.add_candidates(world.posting_ids[0], 1, age=timedelta(days=3), persona="finishes")
    flow = post_interview_summaries.with_options(result_storage=storage)
    with pytest.raises(MemoryUnavailableError, match="result storage can't be written"):
        flow(world.heymilo_credentials, world.slack)
    assert not world.slack_workspace.messages("#hiring")


def test_a_key_tells_nothing_of_what_it_is_about() -> None:
    key = memory_key("summary", "https://hooks.example.com/secret", "int_1")
    assert key.startswith("heymilo-summary-")
    assert "secret" not in key
    assert key != memory_key("summary", "https://hooks.example.com/secret", "int_2")
