"""The sandbox's state: postings, interviews, webhooks, exports, clock and recorded requests."""

import asyncio
import threading
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal

from heymilo_prefect.sandbox.faults import Fault, FaultQueue
from heymilo_prefect.sandbox.heymilo.rate_limit import RateLimit
from heymilo_prefect.sandbox.heymilo.variants import ApiVariants
from heymilo_prefect.sandbox.heymilo.webhook_calls import WebhookCall, WebhookCalls
from heymilo_prefect.sandbox.people.behaviour import Persona
from heymilo_prefect.sandbox.people.corpus import FIRST_NAMES, HOSTILE, LAST_NAMES
from heymilo_prefect.sandbox.people.interviews import COMPANY_ID, Interview, Posting
from heymilo_prefect.sandbox.slack.app import Slack
from heymilo_prefect.sandbox.transport import RecordedRequest

if TYPE_CHECKING:
    from heymilo_prefect.blocks import HeyMiloCredentials, SlackChannel

_STEPS = ("resume", "web_interview", "conversational_sms")
_PREFILLED_OVER = timedelta(days=9)

On = Literal[
    "check_health", "list_postings", "get_interview", "list_interviews", "export_interviews",
    "create_webhook", "get_webhook", "list_webhooks", "deactivate_webhook", "ingest_candidate",
    "ingest_candidates", "export_file", "*",
]  # fmt: skip


class Clock:
    """Real time, and an offset that moves when asked."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        """Start `offset` away from now."""
        self._offset = offset

    def now(self) -> datetime:
        """Tell the sandbox's time, in UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> None:
        """Move on; a negative `by` moves back."""
        self._offset += by


class World:
    """A HeyMilo workspace and a Slack one, and all that happened in them.

    Made by `heymilo_prefect.sandbox.sandbox`, which also serves it. Every method may be called from
    any thread.
    """

    api_key = "sandbox-key"
    slack_token = "xoxb-sandbox-token"

    def __init__(
        self,
        *,
        seed: int,
        postings: Iterable[str],
        candidates: int,
        started_ago: timedelta,
        head_start: timedelta,
        requests_per_minute: int,
        window_seconds: float,
        delay: float,
        channels: Iterable[str],
        strict_pace: bool,
        record: bool,
    ) -> None:
        """Fill a workspace; `sandbox` says what the parameters mean."""
        self.seed = seed
        self.head_start = head_start
        self.requests_per_minute = requests_per_minute
        self.window_seconds = window_seconds
        self.delay = delay
        self.channels = tuple(channels)
        self.strict_pace = strict_pace
        self.keeps_requests = record
        self.variants = ApiVariants()
        self.url = ""
        self.lock = threading.RLock()
        self.closing = asyncio.Event()
        self._titles = tuple(postings)
        self._prefilled = candidates
        self._started_ago = started_ago
        self.reset()

    def reset(self) -> None:
        """Go back to how the world began: same postings and candidates, nothing asked yet."""
        with self.lock:
            self.clock = Clock(-self._started_ago)
            self.slack_workspace = Slack(
                now=self.clock.now,
                token=self.slack_token,
                channels=self.channels,
                strict_pace=self.strict_pace,
            )
            self.slack_workspace.closing = self.closing
            self.postings: dict[str, Posting] = {}
            self.webhooks: dict[str, dict[str, Any]] = {}
            self.deliveries = WebhookCalls()
            self.exports: dict[str, bytes] = {}
            self.requests: list[RecordedRequest] = []
            self.counts: Counter[str] = Counter()
            self.rate_limit = RateLimit(self.requests_per_minute, self.window_seconds)
            self.variants.clear()
            self.largest_bulk = 50
            self.largest_page = 10
            self.faults = FaultQueue(self.seed)
            self._interviews: dict[str, Interview] = {}
            self._by_posting: dict[str, list[Interview]] = {}
            self._by_email: defaultdict[tuple[str, str], list[Interview]] = defaultdict(list)
            self._ids = 0
            self._made = 0
            for title in self._titles:
                posting_id = self.add_posting(title=title)
                for left in range(self._prefilled, 0, -1):
                    self.add_candidates(posting_id, 1, age=_PREFILLED_OVER * left / self._prefilled)

    # -- what the world is made of

    def add_posting(
        self,
        *,
        title: str,
        archived: bool = False,
        deadline: datetime | None = None,
        steps: Iterable[str] = _STEPS,
    ) -> str:
        """Add a posting with steps of these types; its id comes back."""
        with self.lock:
            posting = Posting(
                posting_id=self.new_id("posting").upper(),
                url_key=f"key-{self.new_id('url_key')}",
                title=title,
                created=self.clock.now().timestamp() - 30 * 86400,
                archived=archived,
                deadline=deadline.timestamp() if deadline else None,
                steps=tuple(steps),
            )
            self.postings[posting.posting_id] = posting
            self._by_posting[posting.posting_id] = []
            return posting.posting_id

    def add_candidates(
        self,
        posting_id: str,
        n: int,
        *,
        age: timedelta = timedelta(0),
        persona: Persona | str | None = None,
        hostile: bool = False,
    ) -> list[str]:
        """Add `n` candidates who were invited `age` ago.

        What they do is drawn from the seed, unless a `persona` is given. With `hostile`, their
        names and answers try to act on whatever shows them. Their interviews' ids come back.
        """
        with self.lock:
            now = self.clock.now().timestamp()
            added = []
            for _ in range(n):
                nth = self._made
                first = FIRST_NAMES[(nth * 7 + self.seed) % len(FIRST_NAMES)]
                last = LAST_NAMES[(nth // len(FIRST_NAMES) + nth * 5) % len(LAST_NAMES)]
                name = f"{first} {last}"
                if hostile:
                    name = HOSTILE[nth % len(HOSTILE)]
                added.append(
                    self._make(
                        self.postings[posting_id],
                        name=name,
                        email=f"candidate.{nth + 1}@example.com",
                        created=now - age.total_seconds(),
                        persona=Persona(persona) if persona else None,
                        hostile=hostile,
                    ).interview_id
                )
            return added

    def ingest(self, posting: Posting, candidate: dict[str, Any]) -> Interview:
        """Make the candidate's interview, or without `retake` find the one that there is."""
        with self.lock:
            known = self._by_email[posting.posting_id, candidate["email"].casefold()]
            if known and not candidate.get("retake"):
                return known[-1]
            created = (self.clock.now() - self.head_start).timestamp()
            return self._make(
                posting,
                name=candidate["name"],
                email=candidate["email"],
                created=created,
                taken=candidate,
            )

    def _make(self, posting: Posting, **fields: Any) -> Interview:
        self._made += 1
        interview = Interview(
            interview_id=f"int_{self.new_id('interview')}",
            posting=posting,
            seed=self.seed,
            **fields,
        )
        self._interviews[interview.interview_id] = interview
        insort(self._by_posting[posting.posting_id], interview, key=lambda known: known.created)
        self._by_email[posting.posting_id, interview.email.casefold()].append(interview)
        return interview

    def set_score(self, interview_id: str, score: float) -> None:
        """Let HeyMilo write an interview's report anew, with this score (0-100)."""
        with self.lock:
            self._interviews[interview_id].judge(score / 100)

    def deliver_webhooks(self, again: bool = False) -> list[WebhookCall]:
        """Call the active webhooks for what has happened since each was made, or its last call.

        With `again`, also for what was refused or not answered before.
        """
        with self.lock:
            due = self.deliveries.due(
                self.webhooks.values(), self.interviews(), self.clock.now().timestamp(), again
            )
        return self.deliveries.send(due)

    def remove(self, interview_id: str) -> None:
        """Take an interview away, as if it had never been."""
        with self.lock:
            interview = self._interviews.pop(interview_id)
            self._by_posting[interview.posting_id].remove(interview)
            self._by_email[interview.posting_id, interview.email.casefold()].remove(interview)

    def interviews(self, posting_id: str | None = None) -> list[Interview]:
        """List every interview that there is, in the order in which they were made."""
        with self.lock:
            everything = list(self._interviews.values())
        return [one for one in everything if posting_id in (None, one.posting_id)]

    def interview(self, interview_id: str) -> Interview | None:
        """Find an interview."""
        return self._interviews.get(interview_id)

    def interviews_by_age(self, posting_id: str) -> list[Interview]:
        """List a posting's interviews, oldest first: the list itself, not a copy."""
        return self._by_posting[posting_id]

    @property
    def posting_ids(self) -> list[str]:
        """The postings' ids, in the order in which they were added."""
        return list(self.postings)

    def new_id(self, kind: str) -> str:
        """Make an id that nothing else has; the same seed gives the same ids in the same order."""
        self._ids += 1
        return blake2b(f"{self.seed}:{kind}:{self._ids}".encode(), digest_size=5).hexdigest()

    # -- what goes wrong, and what was asked

    def inject(
        self,
        fault: Fault,
        on: On = "*",
        *,
        times: int | None = None,
        skip: int = 0,
        when: Callable[[RecordedRequest], bool] | None = None,
        rate: float | None = None,
    ) -> None:
        """Play a fault on the next `times` requests (1) to an endpoint, after letting `skip` by.

        Only requests for which `when` holds count. With a `rate` (0-1), a seeded share of the
        requests gets it, `times` of them or without end.
        """
        left = times if times is not None else 1 if rate is None else float("inf")
        share = 1.0 if rate is None else rate
        with self.lock:
            self.faults.add(fault, on, left=left, skip=skip, when=when, rate=share)

    def record(self, request: RecordedRequest) -> None:
        """Count a request, and keep it when the world records."""
        with self.lock:
            self.counts[request.endpoint] += 1
            if self.keeps_requests:
                self.requests.append(request)

    def requests_to(self, endpoint: str) -> list[RecordedRequest]:
        """List the requests to one endpoint, by its name, in the order of their arrival."""
        with self.lock:
            return [request for request in self.requests if request.endpoint == endpoint]

    @property
    def busiest_window(self) -> int:
        """The most requests that came within any window, the refused ones counted too."""
        return self.rate_limit.busiest

    @property
    def refused_by_rate(self) -> int:
        """How many requests were answered 429 because they were too many."""
        return self.rate_limit.refused

    def keep_export(self, posting_id: str, content: bytes) -> str:
        """Keep an export's file; its path comes back."""
        day = f"{self.clock.now():%Y-%m-%d-%H-%M}"
        name = f"candidates-{posting_id}-{day}-{self.new_id('export')}.json"
        path = f"/exports/json/{COMPANY_ID}/{posting_id}/{name}"
        self.exports[path] = content
        return path

    # -- ready to use

    @property
    def slack_url(self) -> str:
        """The base URL of Slack's web API."""
        return f"{self.url}/slack/api/"

    @property
    def slack_webhook_url(self) -> str:
        """The incoming webhook of the first channel, `#hiring` unless you say otherwise."""
        return f"{self.url}/slack/hooks/{next(iter(self.slack_workspace.hooks))}"

    @property
    def heymilo_credentials(self) -> "HeyMiloCredentials":
        """A block that reaches this HeyMilo."""
        from pydantic import SecretStr

        from heymilo_prefect.blocks import HeyMiloCredentials

        return HeyMiloCredentials(
            api_key=SecretStr(self.api_key),
            base_url=self.url,
            requests_per_minute=self.requests_per_minute,
        )

    @property
    def slack(self) -> "SlackChannel":
        """A block that posts to the first channel, `#hiring` unless you say otherwise."""
        from prefect_slack import SlackCredentials
        from pydantic import SecretStr

        from heymilo_prefect.blocks import SlackChannel

        return SlackChannel(
            credentials=SlackCredentials(token=SecretStr(self.slack_token)),
            channel=self.channels[0],
            api_url=self.slack_url,
        )
