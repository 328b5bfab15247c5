"""The workspace that the runs work on, and what must be true of it in the end."""

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from heymilo_prefect.sandbox import World, sandbox
from heymilo_prefect.state.posts import SUMMARY

ROWS = 5_000
DUE = 100
"""Interviews whose summary is to be posted."""

_POSTINGS, _BEFORE = 40, 1_000  # interviews of long ago in each, for the runs to read
_STALLED = 30
_SURNAME = "Quillfeather"  # of everybody in the sheets, to be looked for
CHANNEL = "#hiring"


class Workspace:
    """The sandbox, two sheets for two of its postings, and the interviews that have a report."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.into = world.posting_ids[:2]
        self.sheets = [str(_write_sheet(folder / f"{n}.csv", n)) for n in range(2)]
        for posting_id in world.posting_ids[2:]:
            world.add_candidates(posting_id, _BEFORE, age=timedelta(days=90), persona="finishes")
        last = world.posting_ids[-1]
        world.add_candidates(last, _STALLED, age=timedelta(days=9), persona="never_starts")
        self.due = world.add_candidates(last, DUE, age=timedelta(days=3), persona="finishes")
        self._names = [world.interview(interview_id).name for interview_id in self.due]

    def made(self) -> list[int]:
        """How many interviews the sheets' postings have."""
        return [len(self.world.interviews_by_age(posting_id)) for posting_id in self.into]

    def lost_and_doubled(self) -> Iterator[str]:
        """Say of each candidate and summary that isn't there exactly once."""
        for posting_id in self.into:
            emails = Counter(one.email for one in self.world.interviews_by_age(posting_id))
            if len(emails) != ROWS or max(emails.values()) > 1:
                yield f"{len(emails)} of {ROWS} candidates, {emails.most_common(1)} in a posting"
        posted = self.posted()
        if set(posted) != set(self.due):
            yield f"summaries of {len(posted)} interviews, and not of {DUE}"
        yield from (f"{n} summaries of {one}" for one, n in posted.items() if n > 1)
        digests = len(self._messages()) - posted.total()
        if digests != 1:
            yield f"{digests} messages beside the summaries, and not 1"

    def posted(self) -> Counter[str]:
        """How many summaries of each interview stand in the channel."""
        about = [message.get("metadata") or {} for message in self._messages()]
        return Counter(
            str(one["event_payload"]["interview_id"])
            for one in about
            if one.get("event_type") == SUMMARY
        )

    def personal(self) -> list[bytes]:
        """What may be in nothing that Prefect keeps."""
        secrets = (self.world.api_key, self.world.slack_token)
        return [word.encode() for word in ("@example.com", _SURNAME, *self._names, *secrets)]

    def _messages(self) -> list[dict[str, Any]]:
        return self.world.slack_workspace.messages(CHANNEL)


@contextmanager
def workspace(folder: Path) -> Iterator[Workspace]:
    """Serve one, with HeyMilo's real limit of 300 requests in any 60 seconds."""
    titles = [f"Posting {n}" for n in range(_POSTINGS + 2)]
    with sandbox(postings=titles, strict_pace=True, channels=[CHANNEL]) as world:
        yield Workspace(world, folder)


def _write_sheet(path: Path, n: int) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Name", "Email", "Phone"])
        for row in range(ROWS):
            number = f"+1212555{row:04d}"
            writer.writerow([f"Ada {_SURNAME} {row}", f"ada.{n}.{row}@example.com", number])
    return path
