"""Requests that all processes share: a Prefect global concurrency limit hands them out.

Prefect lets so many slots of the limit become free each second. It rounds that down to whole slots
at each change, and a refusal starts the counting anew: so a request is many slots, and slots are
asked for only when they must be there.
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
"""Slots of the limit that a request takes."""

_AT_ONCE = 3
_ON_THE_WAY_SECONDS = 1.0  # from when a request is allowed until HeyMilo counts it
_HELD_SECONDS = 0.5
_IDLE_SECONDS = 2.0
_POLL_SECONDS = 0.02
_MOMENT_SECONDS = 0.1
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 5.0
_CALIBRATED_SECONDS = 60.0
_FOR_A_MOMENT = {
    HTTPStatus.LOCKED,
    HTTPStatus.SERVICE_UNAVAILABLE,
}  # others were faster; SQLite is busy


class TokenBucket(NamedTuple):
    """A global concurrency limit's two numbers, in slots."""

    limit: int
    slot_decay_per_second: float

    @classmethod
    def of(cls, requests: float, seconds: float = 60.0) -> "TokenBucket":
        """Choose them so that no `seconds` ever hold more than so many requests."""
        at_once = min(2.0 * _AT_ONCE, max(1.0, requests / 2))
        each_second = (requests - at_once) / (seconds + _ON_THE_WAY_SECONDS)
        return cls(int(at_once * SLOTS), each_second * SLOTS)


class PrefectQuota:
    """Slots for requests, as Prefect gives them, for all threads and event loops of this process.

    A thread of its own asks for them, while somebody wants some. What isn't used is given back.

    Args:
        name: The global concurrency limit's.
        requests_per_minute: What it must not exceed.
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
        """Take a slot and return 0.0, or return the seconds after which to ask again.

        Raises:
            HeyMiloError: Prefect has no such limit, or it allows too much.
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
                context = contextvars.copy_context()  # Prefect's settings are in it
                threading.Thread(
                    target=context.run, args=(self._ask,), name="heymilo-slots", daemon=True
                ).start()
            return _POLL_SECONDS

    def refund(self) -> None:
        """Give back a slot that was taken, and not used."""
        with self._lock:
            self._free += 1

    def _ask(self) -> None:
        """Ask Prefect for slots until nobody wants any; runs in a thread."""
        wait = _FIRST_WAIT_SECONDS
        while True:
            try:
                # Settings of its own keep Prefect from lending this thread the run's client.
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
                        "Prefect's server can't be asked for requests of the limit %r (%s): they "
                        "wait until it can.", self._name, type(error).__name__,
                    )  # fmt: skip
                time.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
            except Exception as error:  # nobody is to wait for ever
                what = f"Prefect can't be asked for requests ({type(error).__name__}): {error}"
                self._stop(HeyMiloError(what))
                return

    def _is_at_work(self, client: SyncPrefectClient) -> bool:
        """Do one thing; returns False when nothing is left to do, and the thread is to end."""
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
        """Get some slots if they are there by now, or sleep until they may be."""
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
                f"Prefect's global concurrency limit {self._name!r} isn't one of "
                f"{self._allowed:g} requests a minute, {SLOTS:,} slots each: {_MEND}"
            )
        if not bucket.slot_decay_per_second:
            raise HeyMiloError(f"Prefect's limit {self._name!r} has no slot decay: {_MEND}")
        return bucket

    def _missing(self) -> HeyMiloError:
        return HeyMiloError(f"Prefect has no global concurrency limit {self._name!r}: {_MEND}")

    def _stop(self, error: HeyMiloError) -> None:
        with self._lock:
            self._error = error
            self._is_asking = False


_MEND = "make it anew by the block's create_concurrency_limit()."


class _ServersClock:
    """Tells how long ago the limit was changed; the server's clock may differ from ours."""

    def __init__(self) -> None:
        self._ahead: float | None = None
        self._set_at = 0.0
        self._seen: tuple[Any, float] = (None, 0.0)

    @property
    def is_uncertain(self) -> bool:
        return self._ahead is None or time.monotonic() - self._set_at > _CALIBRATED_SECONDS

    def set(self, bucket: GlobalConcurrencyLimitResponse, at: float) -> None:
        """Learn from a change of our own, made at a moment of `time.monotonic`."""
        if bucket.updated is not None:
            self._ahead = bucket.updated.timestamp() - at
            self._set_at = at

    def age_of(self, bucket: GlobalConcurrencyLimitResponse) -> float:
        """Return the seconds since it was changed, or fewer where that isn't known."""
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
    """Return the slots that all clients of this process share."""
    with _known_lock:
        about = PREFECT_API_URL.value(), name, requests_per_minute
        return _known.setdefault(about, PrefectQuota(name, requests_per_minute))
