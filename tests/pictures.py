"""Draws the packaged templates on six very different interviews: `make pictures`."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.slack import SlackMessage
from heymilo_prefect.slack.html import PAGE_STYLE, channel_html
from heymilo_prefect.summaries import (
    StalledGroup,
    StalledItem,
    render_digest,
    render_stalled_digest,
    render_summary,
)
from heymilo_prefect.summaries.summary import TEMPLATES

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
WIDTH = 860
_CHROMIUM = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def example(**changes: Any) -> Interview:
    """The made-up interview of the previews, with other details."""
    text = (TEMPLATES / "example.json").read_text(encoding="utf-8")
    body = Interview.model_validate_json(text).model_dump()
    details = changes.pop("details", {})
    return Interview.model_validate(body | changes | {"details": body["details"] | details})


def drawn_message(message: SlackMessage, channel: str) -> str:
    replies = [{"thread_ts": "0", "blocks": blocks} for blocks in message.thread]
    return channel_html(channel, [{"text": message.text, "blocks": message.blocks}, *replies])


def interviews() -> dict[str, Interview]:
    """Six that have little in common."""
    strong = example()
    report = strong.model_dump()["agentic_data"]
    resume, web = report["resume_interview_info"], report["web_interview_info"]
    unfit = resume | {
        "eligibility_criteria": {
            "is_eligible": False,
            "criteria": [
                {
                    "criteria_text": "At least three years of experience",
                    "pass_criteria": False,
                    "reasons": ["Eight months in a comparable job"],
                }
            ],
        }
    }
    under_way = [
        {"order": 1, "id": "resume_upload", "complete": True, "started": True},
        {"order": 2, "id": "conversational_sms", "started": True},
        {"order": 3, "id": "web_interview"},
    ]
    typed = "*Hire me* <!channel> <https://evil.example.com|HeyMilo report> :tada: `rm -rf`"
    answers = [{"question": "Why us? " * 40, "evaluation_summary": "Thorough. " * 60}] * 3
    return {
        "Strong": strong,
        "Knocked out": example(
            details={"name": "Ben Example", "status": "knocked_out", "score": 31.0},
            agentic_data={"resume_interview_info": unfit},
        ),
        "Only the resume so far": example(
            details={"name": "Chloé Exemple", "status": "in_progress", "score": None},
            agentic_data={"resume_interview_info": resume},
            workflow={"step_by_step": under_way, "last_engagement": 1768471200},
        ),
        "Typed to do harm": example(
            details={"name": typed},
            agentic_data={
                "web_interview_info": web
                | {"summary": {"highlights": [typed, "> quoted"], "lowlights": ["# not a heading"]}}
            },
        ),
        "Hardly anything known": Interview(interview_id="int_example"),
        "Long, and not in Latin letters": example(
            details={"name": "محمد العلي", "score": 64.25},
            posting_title="Lead Engineer for Very Long Titles That Say Everything " * 4,
            agentic_data={
                "web_interview_info": web
                | {
                    "summary": {"highlights": ["Explains every decision at length. " * 9] * 5},
                    "scorecard": {"questions": answers},
                }
            },
        ),
    }


def many() -> SlackMessage:
    """The six in two postings."""
    developer = Posting(posting_id="posting_1", title="Senior Frontend Developer")
    associate = Posting(posting_id="posting_2", title="Warehouse Associate")
    elsewhere = ("Hardly anything known", "Long, and not in Latin letters")
    found = [
        (interview, associate if about in elsewhere else developer)
        for about, interview in interviews().items()
    ]
    return render_digest(found, deferred=8)


def digest() -> SlackMessage:
    """Candidates who are stalled in two postings."""
    start = ("not_started", "resume_upload", "9 days", "candidate")
    finish = ("in_progress", "web_interview", "3 days", "candidate")
    analyze = ("analysis_stuck", "web_interview", "8 h", "HeyMilo")
    waits = [
        *((name, *start) for name in ("Ada Example", "Ben Example", "Cleo Example")),
        ("Dan Example", *start[:2], "4 days", "candidate"),
        *((name, *finish) for name in ("Eve Example", "Finn Example")),
        ("Chloé Exemple", *analyze),
    ]
    items = [StalledItem(f"int_{at}", *wait) for at, wait in enumerate(waits)]
    groups = [
        StalledGroup("Senior Frontend Developer", items[:6]),
        StalledGroup("Warehouse Associate", items[6:]),
    ]
    return render_stalled_digest(groups, total=7, already_reported=4, resumed=2)


def pages() -> dict[str, str]:
    """A page of HTML for each picture."""
    drawn = {
        template: "".join(
            drawn_message(render_summary(interview, None, template), about)
            for about, interview in interviews().items()
        )
        for template in ("full", "compact")
    }
    drawn["digest"] = drawn_message(many(), "Six interviews in one message")
    drawn["stalled"] = drawn_message(digest(), "The digest of stalled candidates")
    summary = render_summary(interviews()["Strong"], None, "full")
    posted = (("1768471200", summary), ("1768550400", digest()))
    drawn["channel"] = channel_html(
        "hiring", [{"text": it.text, "blocks": it.blocks, "ts": ts} for ts, it in posted]
    )
    head = f'<meta charset="utf-8"><style>{PAGE_STYLE} .slack {{ margin: 0 auto 24px }}</style>'
    return {name: f"<!doctype html>{head}{body}" for name, body in drawn.items()}


def main() -> None:
    """Write the pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No Chromium here: install the package chromium.")
    PICTURES.mkdir(exist_ok=True)
    for name, page in pages().items():
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "page.html")
            file.write_text(page, encoding="utf-8")
            options = [
                *_CHROMIUM,
                f"--user-data-dir={folder}",
                f"--screenshot={PICTURES}/{name}.png",
            ]
            height = {"full": 3150, "compact": 900, "digest": 380, "stalled": 330, "channel": 680}[
                name
            ]
            command = [chromium, *options, f"--window-size={WIDTH},{height}", file.as_uri()]
            subprocess.run(command, check=True, capture_output=True)
        print(PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
