"""Templates from the network, and interviews that identify nobody."""

import json
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
