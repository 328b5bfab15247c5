"""The step that posts interviews' summaries to one target, each once."""

from contextlib import suppress
from typing import Any

from heymilo_prefect.blocks import SlackTarget
from heymilo_prefect.slack import SlackOutcomeUnknownError
from heymilo_prefect.summaries import SlackMessage
from heymilo_prefect.tasks.deliver import deliver, deliver_reply, target_of
from heymilo_prefect.tasks.memory import Memory, memory_key


class SummaryRecord:
    """What is remembered of an interview's summary in one target: no text, but what was posted."""

    def __init__(self, memory: Memory, slack: SlackTarget, interview_id: str) -> None:
        self._memory, self._slack = memory, slack
        self._interview_id = interview_id
        self._key = memory_key("summary", *target_of(slack), interview_id)
        self._known: dict[str, Any] | None = None

    async def load(self) -> None:
        """Read it."""
        self._known = await self._memory.recall(self._key)

    @property
    def is_new(self) -> bool:
        """Whether nothing was posted yet."""
        return self._known is None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to be posted, thread and all."""
        return self._known is not None and not self._known.get("left")

    async def post(self, message: SlackMessage) -> None:
        """Post the message, or what an earlier run left of its thread.

        Raises:
            SlackError: It wasn't posted, or not all of its thread.
            SlackOutcomeUnknownError: Nobody knows; it isn't posted again.
        """
        if self._known is None:
            try:
                ts = await deliver(self._slack, message, self._about(0))
            except SlackOutcomeUnknownError:
                await self._record({"unknown": True})
                raise
            left = len(message.thread) if ts else 0  # a webhook knows no threads
            await self._record({"ts": ts, "replies": 0, "left": left})
        await self._go_on(message)

    async def _go_on(self, message: SlackMessage) -> None:
        known = self._known or {}
        if not known.get("left"):
            return
        for index in range(known["replies"], len(message.thread)):
            about = self._about(index + 1)
            with suppress(SlackOutcomeUnknownError):  # it may stand there: not posted again
                await deliver_reply(self._slack, message, index, known["ts"], about)
            left = len(message.thread) - index - 1
            await self._record({"ts": known["ts"], "replies": index + 1, "left": left})
        # A thread that got shorter since has nothing left.
        await self._record({"ts": known["ts"], "replies": len(message.thread), "left": 0})

    async def _record(self, known: dict[str, Any]) -> None:
        if known != self._known:
            self._known = known
            await self._memory.record(self._key, known)

    def _about(self, part: int) -> dict[str, Any]:
        payload = {"interview_id": self._interview_id, "part": part}
        return {"event_type": "heymilo_summary", "event_payload": payload}
