"""The sandbox's state: postings, interviews, webhooks, exports, clock and requests."""

import asyncio
import threading
from bisect import insort
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from math import ceil
from typing import TYPE_CHECKING, Any, Literal

from heymilo_prefect.sandbox.faults import Fault, FaultQueue
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
    "ingest_candidates", "export_file", "list_posting_summaries", "get_posting",
    "get_posting_stats", "get_interview_metadata", "set_interview_metadata",
    "delete_interview_metadata", "*",
]  # fmt: skip


class Clock:
    """A clock with an offset from the real time."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        """Start `offset` away from now."""
        self._offset = offset

    def now(self) -> datetime:
        """Return the sandbox's time, in UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> None:
        """Move the clock forward; with a negative `by`, back."""
        self._offset += by


class RateLimit:
    """A sliding window over arrivals, in seconds of the monotonic clock."""

    def __init__(self, requests: int, window: float) -> None:
        """Accept `requests` within any `window` seconds."""
        self.requests = requests
        self.window = window
        self.busiest = 0
        self.refused = 0
        self._arrived: deque[float] = deque()
        self._admitted: deque[float] = deque()

    def arrive(self, at: float) -> None:
        """Count a request, accepted or not."""
        self._forget(self._arrived, at)
        self._arrived.append(at)
        self.busiest = max(self.busiest, len(self._arrived))

    def admit(self, at: float) -> bool:
        """Whether the request is within the limit."""
        self._forget(self._admitted, at)
        if len(self._admitted) >= self.requests:
            self.refused += 1
            return False
        self._admitted.append(at)
        return True

    def headers(self, at: float) -> dict[str, str]:
        """Return the rate limit headers; `Reset` is in seconds from now."""
        remaining = max(0, self.requests - len(self._admitted))
        return {
            "X-RateLimit-Limit": str(self.requests),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(self._seconds_until_free(at)),
        }

    def retry_after(self, at: float) -> str:
        """Return the seconds, as an integer, until a request is accepted again."""
        return str(max(1, self._seconds_until_free(at)))

    def _seconds_until_free(self, at: float) -> int:
        return ceil(self._admitted[0] + self.window - at) if self._admitted else 0

    def _forget(self, times: deque[float], at: float) -> None:
        while times and times[0] <= at - self.window:
            times.popleft()


class World:
    """A HeyMilo and a Slack workspace, created and served by `sandbox()`.

    Every method may be called from any thread.
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
        """Create the workspaces; see `sandbox` for the parameters."""
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
        """Return to the initial state: the same postings and candidates, and no requests."""
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
            self._created = 0
            for title in self._titles:
                posting_id = self.add_posting(title=title)
                for number in range(self._prefilled, 0, -1):
                    age = _PREFILLED_OVER * number / self._prefilled
                    self.add_candidates(posting_id, 1, age=age)

    def add_posting(
        self,
        *,
        title: str,
        archived: bool = False,
        deadline: datetime | None = None,
        steps: Iterable[str] = _STEPS,
        test: bool = False,
    ) -> str:
        """Add a posting with steps of these types, and return its id; `test` is v2's flag."""
        with self.lock:
            posting = Posting(
                posting_id=self.new_id("posting").upper(),
                url_key=f"key-{self.new_id('url_key')}",
                title=title,
                created=self.clock.now().timestamp() - 30 * 86400,
                archived=archived,
                deadline=deadline.timestamp() if deadline else None,
                steps=tuple(steps),
                test=test,
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
        """Add candidates, and return the ids of their interviews.

        Args:
            posting_id: The posting.
            n: How many.
            age: How long ago they were invited.
            persona: How they behave; random by default.
            hostile: Whether their names and answers try to act on whatever shows them.
        """
        with self.lock:
            now = self.clock.now().timestamp()
            added = []
            for _ in range(n):
                nth = self._created
                first = FIRST_NAMES[(nth * 7 + self.seed) % len(FIRST_NAMES)]
                last = LAST_NAMES[(nth // len(FIRST_NAMES) + nth * 5) % len(LAST_NAMES)]
                name = f"{first} {last}"
                if hostile:
                    name = HOSTILE[nth % len(HOSTILE)]
                added.append(
                    self._create(
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
        """Create the candidate's interview, or without `retake` return the existing one."""
        with self.lock:
            existing = self._by_email[posting.posting_id, candidate["email"].casefold()]
            if existing and not candidate.get("retake"):
                return existing[-1]
            created = (self.clock.now() - self.head_start).timestamp()
            return self._create(
                posting,
                name=candidate["name"],
                email=candidate["email"],
                created=created,
                ingested=candidate,
            )

    def _create(self, posting: Posting, **fields: Any) -> Interview:
        self._created += 1
        interview = Interview(
            interview_id=f"int_{self.new_id('interview')}",
            posting=posting,
            seed=self.seed,
            **fields,
        )
        self._interviews[interview.interview_id] = interview
        insort(
            self._by_posting[posting.posting_id], interview, key=lambda interview: interview.created
        )
        self._by_email[posting.posting_id, interview.email.casefold()].append(interview)
        return interview

    def set_score(self, interview_id: str, score: float) -> None:
        """Change an interview's report, with this score (0-100)."""
        with self.lock:
            self._interviews[interview_id].set_quality(score / 100)

    def add_webhook(
        self, posting_id: str, url: str, event_type: str, http_method: str = "post"
    ) -> dict[str, Any]:
        """Add a webhook, and return it."""
        now = self.clock.now().timestamp()
        webhook_id = f"webhook_{self.new_id('webhook')}"
        webhook: dict[str, Any] = {
            "webhook_id": webhook_id,
            "posting_id": posting_id,
            "url": url,
            "event_type": event_type,
            "http_method": http_method,
            "is_active": True,
            "created_at": now,
            "updated_at": now,
        }
        self.webhooks[webhook_id] = webhook
        return webhook

    def deliver_webhooks(self, again: bool = False) -> list[WebhookCall]:
        """Call the active webhooks for each event since their creation, once.

        With `again`, also for the events whose call failed.
        """
        with self.lock:
            due = self.deliveries.due(
                self.webhooks.values(), self.interviews(), self.clock.now().timestamp(), again
            )
        return self.deliveries.send(due)

    def remove(self, interview_id: str) -> None:
        """Erase an interview."""
        with self.lock:
            interview = self._interviews.pop(interview_id)
            self._by_posting[interview.posting_id].remove(interview)
            self._by_email[interview.posting_id, interview.email.casefold()].remove(interview)

    def interviews(self, posting_id: str | None = None) -> list[Interview]:
        """Return all interviews, or those of a posting, in the order of their creation."""
        with self.lock:
            interviews = list(self._interviews.values())
        return [it for it in interviews if posting_id in (None, it.posting_id)]

    def interview(self, interview_id: str) -> Interview | None:
        """Return an interview, or None."""
        return self._interviews.get(interview_id)

    def interviews_by_age(self, posting_id: str) -> list[Interview]:
        """Return a posting's interviews, oldest first; the list itself, not a copy."""
        return self._by_posting[posting_id]

    @property
    def posting_ids(self) -> list[str]:
        """The postings' ids, in the order of their creation."""
        return list(self.postings)

    def new_id(self, kind: str) -> str:
        """Return a unique id; the same seed gives the same ids in the same order."""
        self._ids += 1
        return blake2b(f"{self.seed}:{kind}:{self._ids}".encode(), digest_size=5).hexdigest()

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
        """Make requests to HeyMilo fail.

        Args:
            fault: A fault of `heymilo_prefect.sandbox.faults`.
            on: The endpoint, such as `ingest_candidates`; `*` for any.
            times: How many requests fail: 1 by default, or with a `rate` all of that share.
            skip: How many requests succeed before.
            when: Only requests for which this returns True fail or count.
            rate: The share of requests that fail, 0-1, selected by the seed.
        """
        count = times if times is not None else 1 if rate is None else float("inf")
        share = 1.0 if rate is None else rate
        with self.lock:
            self.faults.add(fault, on, times=count, skip=skip, when=when, rate=share)

    def record(self, request: RecordedRequest) -> None:
        """Count a request, and keep it unless `record` is off."""
        with self.lock:
            self.counts[request.endpoint] += 1
            if self.keeps_requests:
                self.requests.append(request)

    def requests_to(self, endpoint: str) -> list[RecordedRequest]:
        """Return the requests to an endpoint, such as `list_postings`, in order of arrival."""
        with self.lock:
            return [request for request in self.requests if request.endpoint == endpoint]

    @property
    def busiest_window(self) -> int:
        """The largest number of requests within any window, including those that got a 429."""
        return self.rate_limit.busiest

    @property
    def refused_by_rate(self) -> int:
        """The number of requests that got a 429 because of the rate limit."""
        return self.rate_limit.refused

    def store_export(self, posting_id: str, content: bytes) -> str:
        """Store an export's file, and return its path."""
        day = f"{self.clock.now():%Y-%m-%d-%H-%M}"
        name = f"candidates-{posting_id}-{day}-{self.new_id('export')}.json"
        path = f"/exports/json/{COMPANY_ID}/{posting_id}/{name}"
        self.exports[path] = content
        return path

    @property
    def slack_url(self) -> str:
        """The URL of Slack's Web API."""
        return f"{self.url}/slack/api/"

    @property
    def slack_webhook_url(self) -> str:
        """The incoming webhook of the first channel, `#hiring` by default."""
        return f"{self.url}/slack/hooks/{next(iter(self.slack_workspace.hooks))}"

    @property
    def heymilo_credentials(self) -> "HeyMiloCredentials":
        """A block for this HeyMilo."""
        from pydantic import SecretStr

        from heymilo_prefect.blocks import HeyMiloCredentials

        return HeyMiloCredentials(
            api_key=SecretStr(self.api_key),
            base_url=self.url,
            requests_per_minute=self.requests_per_minute,
        )

    @property
    def slack(self) -> "SlackChannel":
        """A block for the first channel, `#hiring` by default."""
        from prefect_slack import SlackCredentials
        from pydantic import SecretStr

        from heymilo_prefect.blocks import SlackChannel

        return SlackChannel(
            credentials=SlackCredentials(token=SecretStr(self.slack_token)),
            channel=self.channels[0],
            api_url=self.slack_url,
        )
