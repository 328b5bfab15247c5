"""Requests that all processes share, through a Prefect global concurrency limit.

Prefect's server releases a fixed number of the limit's slots per second. On every update it rounds
the released slots down to whole ones, and a denied request resets the timer without crediting the
time that has passed (`ConcurrencyLimitV2.updated` has `onupdate=now()`, and a denial updates the
row). So plain `rate_limit()` starves when several processes compete. Here a request takes 1,000
slots, so that rounding loses little, and slots are requested only when enough of them must be free,
which is computed from the limit's last update and the server's clock.

    acquire ──> a slot is here: send
            └─> none: ask the thread, and try again soon
    thread: read the limit ──> too few slots yet: sleep until they must be free
                           └─> enough: take up to 3 requests' worth; what isn't used is returned
"""

import contextvars
import random
import threading
import time
from http import HTTPStatus
from typing import Any, NamedTuple

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import GlobalConcurrencyLimitResponse
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_logger
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from heymilo_prefect.api.errors import HeyMiloError

SLOTS = 1_000
"""Slots of the limit that one request takes."""

_AT_ONCE = 3
_ON_THE_WAY_SECONDS = 1.0  # between a request's permission and its arrival at HeyMilo, at most
_HELD_SECONDS = 0.5
_IDLE_SECONDS = 2.0
_POLL_SECONDS = 0.02
_MOMENT_SECONDS = 0.1
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 5.0
_CALIBRATED_SECONDS = 60.0
_FOR_A_MOMENT = {
    HTTPStatus.LOCKED,
    HTTPStatus.SERVICE_UNAVAILABLE,
}  # another process took the slots; SQLite is busy


class TokenBucket(NamedTuple):
    """A global concurrency limit's two numbers, in slots."""

    limit: int
    slot_decay_per_second: float

    @classmethod
    def of(cls, requests: float, seconds: float = 60.0) -> "TokenBucket":
        """Choose them so that any `seconds` have at most `requests` requests."""
        at_once = min(2.0 * _AT_ONCE, max(1.0, requests / 2))
        each_second = (requests - at_once) / (seconds + _ON_THE_WAY_SECONDS)
        return cls(int(at_once * SLOTS), each_second * SLOTS)


class PrefectQuota:
    """The requests that Prefect grants to all threads and event loops of this process.

    A thread acquires slots while requests are waiting, and returns what isn't used.

    Args:
        name: The global concurrency limit.
        requests_per_minute: What the limit must not exceed.
    """

    def __init__(self, name: str, requests_per_minute: float) -> None:
        self._name = name
        self._allowed = requests_per_minute
        self._lock = threading.Lock()
        self._free = 0
        self._granted_at = 0.0
        self._wanted_at = 0.0
        self._is_asking = False
        self._error: HeyMiloError | None = None
        self._clock = _ServersClock()

    def acquire(self) -> float:
        """Take a request and return 0.0, or return the seconds after which to ask again.

        Raises:
            HeyMiloError: Prefect has no such limit, or the limit allows too many requests.
        """
        with self._lock:
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            if self._free:
                self._free -= 1
                return 0.0
            self._wanted_at = time.monotonic()
            if not self._is_asking:
                self._is_asking = True
                context = contextvars.copy_context()  # it has Prefect's settings
                threading.Thread(
                    target=context.run, args=(self._ask,), name="heymilo-slots", daemon=True
                ).start()
            return _POLL_SECONDS

    def refund(self) -> None:
        """Give back a request that was taken and not used."""
        with self._lock:
            self._free += 1

    def _ask(self) -> None:
        """Acquire slots from Prefect as long as requests wait; runs in a thread."""
        wait = _FIRST_WAIT_SECONDS
        while True:
            try:
                # With settings of its own, this thread doesn't share the run's client.
                settings = {"timeout": httpx.Timeout(30.0)}
                with (
                    temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}),
                    get_client(httpx_settings=settings, sync_client=True) as client,
                ):
                    while self._is_at_work(client):
                        wait = _FIRST_WAIT_SECONDS
                return
            except HeyMiloError as error:
                self._stop(error)
                return
            except (httpx.HTTPError, OSError, RuntimeError) as error:
                if wait == _FIRST_WAIT_SECONDS:
                    get_logger("heymilo_prefect").warning(
                        "Can't reach the Prefect API to acquire slots of the concurrency limit %r "
                        "(%s). Requests are paused until it responds.",
                        self._name,
                        type(error).__name__,
                    )
                time.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
            except Exception as error:  # otherwise requests would wait forever
                self._stop(
                    HeyMiloError(
                        f"Prefect's concurrency limit {self._name!r} can't be used "
                        f"({type(error).__name__}): {error}"
                    )
                )
                return

    def _is_at_work(self, client: SyncPrefectClient) -> bool:
        """Do one step; returns False if nothing is left to do, so that the thread ends."""
        now = time.monotonic()
        with self._lock:
            unused = self._free if now - self._granted_at > _HELD_SECONDS else 0
            self._free -= unused
            is_wanted = not self._free and self._wanted_at > self._granted_at
            is_idle = (
                not self._free and now - max(self._wanted_at, self._granted_at) > _IDLE_SECONDS
            )
            if is_idle and not unused:
                self._is_asking = False
                return False
        try:
            if unused:
                client.release_concurrency_slots([self._name], unused * SLOTS, _HELD_SECONDS)
            elif is_wanted:
                self._fetch(client)
            else:
                time.sleep(_POLL_SECONDS)
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in _FOR_A_MOMENT:
                raise
            time.sleep(random.uniform(0, _MOMENT_SECONDS))
        return True

    def _fetch(self, client: SyncPrefectClient) -> None:
        """Acquire slots if enough must be free by now; otherwise sleep until they may be."""
        bucket = self._read(client)
        slots = min(_AT_ONCE, bucket.limit // SLOTS) * SLOTS
        missing = bucket.active_slots + slots - bucket.limit
        age = self._clock.age_of(bucket)
        wait = missing / bucket.slot_decay_per_second - age
        if wait > 0:
            time.sleep(wait + random.uniform(0, _POLL_SECONDS))
            return
        began = time.monotonic()
        answer = client.increment_concurrency_slots([self._name], slots, "rate_limit")
        if not answer.json():
            raise self._missing()
        with self._lock:
            self._free += slots // SLOTS
            self._granted_at = time.monotonic()
        if self._clock.is_uncertain:
            self._clock.set(self._read(client), (began + self._granted_at) / 2)

    def _read(self, client: SyncPrefectClient) -> GlobalConcurrencyLimitResponse:
        try:
            bucket = client.read_global_concurrency_limit_by_name(self._name)
        except ObjectNotFound:
            raise self._missing() from None
        each_minute = (bucket.limit + 60 * bucket.slot_decay_per_second) / SLOTS
        if not bucket.active or bucket.limit < SLOTS or each_minute > self._allowed:
            raise HeyMiloError(
                f"Prefect's global concurrency limit {self._name!r} doesn't have "
                f"{self._allowed:g} requests per minute, {SLOTS:,} slots each. {_FIX}"
            )
        if not bucket.slot_decay_per_second:
            raise HeyMiloError(f"Prefect's limit {self._name!r} has no slot decay. {_FIX}")
        return bucket

    def _missing(self) -> HeyMiloError:
        return HeyMiloError(f"Prefect has no global concurrency limit {self._name!r}. {_FIX}")

    def _stop(self, error: HeyMiloError) -> None:
        with self._lock:
            self._error = error
            self._is_asking = False


_FIX = "Create it with the block's create_concurrency_limit()."


class _ServersClock:
    """Returns how long ago the limit was updated, although the server's clock may differ."""

    def __init__(self) -> None:
        self._ahead: float | None = None
        self._set_at = 0.0
        self._seen: tuple[Any, float] = (None, 0.0)

    @property
    def is_uncertain(self) -> bool:
        return self._ahead is None or time.monotonic() - self._set_at > _CALIBRATED_SECONDS

    def set(self, bucket: GlobalConcurrencyLimitResponse, at: float) -> None:
        """Calibrate with an update of our own, made at a time of `time.monotonic`."""
        if bucket.updated is not None:
            self._ahead = bucket.updated.timestamp() - at
            self._set_at = at

    def age_of(self, bucket: GlobalConcurrencyLimitResponse) -> float:
        """Return the seconds since the limit was updated, or fewer if that isn't known."""
        now = time.monotonic()
        if bucket.updated != self._seen[0]:
            self._seen = bucket.updated, now
        since_seen = now - self._seen[1]
        if self._ahead is None or bucket.updated is None:
            return since_seen
        return max(since_seen, now - (bucket.updated.timestamp() - self._ahead))


_known: dict[tuple[str | None, str, float], PrefectQuota] = {}
_known_lock = threading.Lock()


def quota_for(name: str, requests_per_minute: float) -> PrefectQuota:
    """Return the quota that all clients of this process share."""
    with _known_lock:
        about = PREFECT_API_URL.value(), name, requests_per_minute
        return _known.setdefault(about, PrefectQuota(name, requests_per_minute))
