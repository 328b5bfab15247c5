"""What a template makes can be looked at without posting it, and without knowing who it is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BODY = (Path(__file__).parents[1] / "bodies" / "get_interview.response.json").read_text("utf-8")


def preview(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "heymilo_prefect", "preview", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def test_the_page_shows_the_message_next_to_its_json(tmp_path: Path) -> None:
    done = preview("full", folder=tmp_path)
    assert done.stdout == "One message and 1 in its thread: summary.html\n"
    page = (tmp_path / "summary.html").read_text("utf-8")
    assert "<h3>Ada Example, Senior Frontend Developer</h3>" in page
    assert "&quot;rich_text&quot;" in page and "None" not in page


def test_an_interview_of_ones_own_and_a_hint(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(BODY)
    (tmp_path / "mine.md.j2").write_text("{{ interview.posting_title }} <https://example.com|x>")
    done = preview("mine.md.j2", "--interview", "one.json", "--out", "x.html", folder=tmp_path)
    assert "Hint: mine.md.j2, line 1: <url|text> is Slack's mrkdwn" in done.stdout
    assert json.loads(BODY)["posting_title"] in (tmp_path / "x.html").read_text("utf-8")


def test_a_digest_previews_several_interviews_beside_the_example(tmp_path: Path) -> None:
    body = json.loads(BODY)
    for name in ("one", "two"):
        (tmp_path / name).write_text(json.dumps(body | {"details": {"name": name.title()}}))
    several = ("--interview", "one", "--interview", "two")
    done = preview("digest", *several, folder=tmp_path)
    assert done.stdout == "One message: summary.html\n"
    page = (tmp_path / "summary.html").read_text("utf-8")
    assert "3 interview reports" in page and "<b>Two</b>" in page and "Ada Example" in page
    (tmp_path / "mine.md.j2").write_text("{{ report.total }} in all")
    assert preview("mine.md.j2", "--digest", *several, folder=tmp_path).returncode == 0
    assert "3 in all" in (tmp_path / "summary.html").read_text("utf-8")
    for arguments, sentence in (
        (("mine.md.j2",), "there is no 'report' here"),
        (("full", *several), "A summary takes one --interview. Use --digest for several"),
        (("full", "--digest"), "there is no 'interview' here. A template sees report"),
    ):
        done = preview(*arguments, folder=tmp_path)
        assert done.returncode and sentence in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gone.md.j2"], "gone.md.j2: the file doesn't exist."),
        (["full", "--interview", "gone.json"], "gone.json: the file can't be read"),
        (["full", "--interview", "other.json"], "other.json: this isn't the JSON of an interview"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"x": 1}')
    done = preview(*arguments, folder=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith(sentence)
    assert len(done.stderr.splitlines()) == 1 and not (tmp_path / "summary.html").exists()
