"""What a template makes can be looked at without posting it, and without knowing who it is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from heymilo_prefect._redaction import redacted
from heymilo_prefect.api.models import Interview
from heymilo_prefect.slack import plain_text
from heymilo_prefect.summaries import render_summary
from heymilo_prefect.templating import TemplateError, load_template

BODY = (Path(__file__).parents[1] / "bodies" / "get_interview.response.json").read_text("utf-8")
QUOTING = """{{ interview.details.name }} {{ interview.details.email }}
{{ interview.agentic_data.web_interview_info.transcript.transcript|quote }}
{{ interview.agentic_data.web_interview_info.video_recording_link }}
{{ interview.agentic_data.web_interview_info.summary.highlights|bullets }}
{{ interview.details.score|score(100) }}"""


def preview(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "heymilo_prefect.summaries", *arguments]
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
        (("full", *several), "a summary takes one --interview. Use --digest for several"),
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


def test_a_redacted_interview_identifies_nobody() -> None:
    interview = Interview.model_validate_json(BODY)
    details = interview.details
    assert details and details.name and details.email
    body = json.loads(BODY)
    body["agentic_data"]["web_interview_info"]["summary"]["highlights"] = [
        f"{details.name.split()[0]} is calm", f"Write to {details.email} or +1 415 555 0100",
    ]  # fmt: skip
    interview = Interview.model_validate(body)
    message = render_summary(redacted(interview, interview.name), None, QUOTING)
    shown = plain_text(message)
    for personal in (*details.name.split(), details.email, "415 555", "recordings", "introduce"):
        assert personal not in shown
    assert "is calm" in shown and f"{details.score} / 100" in shown
    assert "Interviewer:" in shown or "interviewer" in shown.lower()


def test_a_template_is_fetched_from_https_or_this_machine_only(world_url: str) -> None:
    for url, sentence in (
        ("http://example.com/a.md.j2?token=secret", "a.md.j2: the URL must start with https://"),
        (f"{world_url}/nothing.md.j2?token=secret", "nothing.md.j2: the URL returned status 404"),
        ("http://127.0.0.1:9/a.md.j2", "a.md.j2: it can't be downloaded (ConnectError)"),
    ):
        with pytest.raises(TemplateError) as raised:
            load_template(url)
        assert sentence in str(raised.value) and "secret" not in str(raised.value)
    assert load_template(f"{world_url}/mine.md.j2").name == "mine.md.j2"
    assert load_template(f"{world_url}/mine.blocks.json.j2").form == "blocks"
