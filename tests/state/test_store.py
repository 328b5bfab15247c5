"""What runs remember: an unreadable memory is an error, never "nothing was done"."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.filesystems import LocalFileSystem

from heymilo_prefect.flows import UnfinishedError, ingest_sheet, post_interview_summaries
from heymilo_prefect.sandbox import World
from heymilo_prefect.state.store import StateUnavailableError, state_key

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_without_its_memory_the_run_posts_nothing(world: World, tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("where a folder should be")
    storage = LocalFileSystem(basepath=str(blocked))
    storage.save("blocked", overwrite=True)
    world.add_candidates(world.posting_ids[0], 1, age=timedelta(days=3), persona="finishes")
    flow = post_interview_summaries.with_options(result_storage=storage)
    with pytest.raises(StateUnavailableError, match="result storage can't be written"):
        flow(world.heymilo_credentials, world.slack)
    assert not world.slack_workspace.messages("#hiring")


def test_a_key_reveals_nothing_about_its_record() -> None:
    key = state_key("summary", "https://hooks.example.com/secret", "int_1")
    assert key.startswith("heymilo-summary-")
    assert "secret" not in key
    assert key != state_key("summary", "https://hooks.example.com/secret", "int_2")


class Failing(LocalFileSystem):
    """A storage that stops answering reads, or says of each read something else."""

    _block_type_slug = "failing-file-system"
    down: bool = False

    async def aread_path(self, path: str) -> bytes:
        if self.down and "heymilo-ingest" in path:
            raise ConnectionError(f"no route to the store of {path}, request {uuid4()}")
        if not Path(self.basepath or "", path).exists():
            raise KeyError(f"NoSuchKey {path} (request {uuid4()}, 2026-01-01T00:00:{uuid4().hex})")
        return Path(self.basepath or "", path).read_bytes()


def test_a_storage_that_fails_does_not_count_as_nothing_sent(world: World, tmp_path: Path) -> None:
    sheet = tmp_path / "people.csv"
    sheet.write_text("Name,Email\nA B,a@example.com\n")
    storage = Failing(basepath=str(tmp_path / "store"))
    storage.save("failing", overwrite=True)
    options = {"posting": world.posting_ids[0]}
    flow = ingest_sheet.with_options(result_storage=storage)
    assert flow(world.heymilo_credentials, str(sheet), **options).counts["ingested"] == 1
    assert flow(world.heymilo_credentials, str(sheet), **options).sent_earlier == 1
    storage.down = True
    storage.save("failing", overwrite=True)
    world.requests.clear()
    with pytest.raises(UnfinishedError) as raised:
        flow(world.heymilo_credentials, str(sheet), **options)
    (row,) = raised.value.report.rows
    assert (row.outcome, "can't be read" in row.reason) == ("failed", True)
    assert not world.requests_to("ingest_candidates")
