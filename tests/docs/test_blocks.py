"""Every block of README and of the docs does what it says, and none is left out."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from prefect import Flow

from heymilo_prefect.summaries import (
    load_digest_template,
    load_stalled_template,
    load_summary_template,
)
from tests.docs import DOCS, Block, all_blocks, blocks_of
from tests.docs.conftest import Stage
from tests.docs.deployments import check_yaml, deployed_for
from tests.docs.shell import check_commands, check_console, check_dockerfile
from tests.webhooks import receiving

CALLS: dict[str, Callable[[Stage], dict[str, Any]]] = {
    "monday": lambda _: {"sheet": "applicants.xlsx"},
    "scores": lambda stage: {
        "heymilo_credentials": stage.world.heymilo_credentials,
        "posting_id": stage.world.posting_ids[0],
    },
    "follow-up": lambda stage: {
        "heymilo_credentials": stage.world.heymilo_credentials,
        "interview_ids": stage.finished,
    },
    "invite": lambda stage: {
        "url_key": stage.world.postings[stage.world.posting_ids[0]].url_key,
        "candidates": [{"name": "Ann Bell", "email": "ann@example.com"}],
    },
    "ask-for-a-decision": lambda stage: {"interview_id": stage.finished[0]},
    "all-teams": lambda _: {"workspaces": ["production", "acme"]},
    "remind-candidate": lambda stage: {
        "heymilo_credentials": stage.world.heymilo_credentials,
        "interview_id": next(
            it.interview_id for it in stage.world.interviews() if it.timeline.persona == "stalls_in"
        ),
    },
}
"""How each flow that a block defines is called."""

KINDS = "HeyMiloCredentials", "SlackChannel"
RECEIVER = "http://127.0.0.1:8766/<secret>"


@pytest.mark.parametrize("block", list(all_blocks()), ids=str)
def test_the_block_does_what_it_says(
    block: Block, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    for other in blocks_of(block.page):
        if other.title:
            (stage.folder / other.title).parent.mkdir(exist_ok=True)
            (stage.folder / other.title).write_text(other.source)
    match block.language:
        case "python":
            _run(block, stage, capsys)
        case "":
            check_commands(block.source, stage)
        case "yaml":
            check_yaml(block, stage)
        case "jinja":
            _render(block)
        case "json":
            json.loads(block.source)
        case "console":
            check_console(block.source)
        case "dockerfile":
            check_dockerfile(block.source)
        case other_language:
            raise AssertionError(f"{block}: nothing runs {other_language!r}")


@pytest.mark.long
def test_the_tests_that_the_docs_show_pass_in_a_process_of_their_own(tmp_path: Path) -> None:
    files = [block for block in blocks_of(DOCS / "how-to" / "testing.md") if block.title]
    for block in files:
        (tmp_path / block.title).write_text(block.source)
    count = sum(block.source.count("\ndef test_") for block in files)
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path / "prefect")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], cwd=tmp_path, env=environment, text=True,
        capture_output=True,
    )  # fmt: skip
    assert count and f"{count} passed" in done.stdout, done.stdout + done.stderr


def _run(block: Block, stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    if "def test_" in block.source or "@pytest.fixture" in block.source:
        compile(block.source, str(block), "exec")  # the page's `pytest` runs it
        return
    saved = {
        (kind, name)
        for kind, name in re.findall(r'(\w+)\.load\("([\w-]+)"\)', block.source)
        if f'.save("{name}"' not in block.source
    }
    if ".load(name)" in block.source:
        saved |= {(kind, name) for kind in KINDS for name in ("production", "acme")}
    for kind, name in saved:
        stage.save(kind, name)
    file = Path(block.title or "block.py")
    source = block.source
    with ExitStack() as stack:
        stack.enter_context(deployed_for(source))
        if RECEIVER in source:
            source = source.replace(RECEIVER, stack.enter_context(receiving()))
        file.write_text(source)
        namespace: dict[str, Any] = {"__name__": file.stem, "__file__": str(file.absolute())}
        capsys.readouterr()
        exec(compile(file.read_text(), str(file.absolute()), "exec"), namespace)
    if block.prints is not None:
        assert capsys.readouterr().out == block.prints
    for value in list(namespace.values()):
        if isinstance(value, Flow) and value.fn.__globals__ is namespace:
            value(**CALLS[value.name](stage))
            if value.name == "remind-candidate":
                assert [mail["To"] for mail in stage.mails] != []


def _render(block: Block) -> None:
    if "body." in block.source:
        return  # Prefect Cloud's, which tests/webhooks/test_cloud_template.py renders
    if block.title:
        template: str | Path = Path(block.title)
    else:
        template = block.source
    if "report." not in block.source:
        load_summary_template(template)
    elif ".items" in block.source:
        load_stalled_template(template)
    else:
        load_digest_template(template)
