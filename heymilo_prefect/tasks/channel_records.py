"""Where a channel's records are, however it is named, and what its runs leave for later ones."""

from typing import Any

from heymilo_prefect.slack import Channel, Webhook
from heymilo_prefect.tasks.memory import Memory, memory_key
from heymilo_prefect.tasks.snapshots import Snapshots


class ChannelRecords:
    """The records of a target: `key` tells them from other targets', once they are found.

    A channel's name and its id lead to the same records, as soon as Slack has told which id it is.
    """

    def __init__(self, target: Channel | Webhook, memory: Memory) -> None:
        self.key = ""
        self.state: dict[str, Any] = {}
        self._target = target
        self._memory = memory
        self._snapshots: Snapshots

    async def look(self) -> None:
        """Read what earlier runs left; Slack isn't asked."""
        pointer = await self._pointer()
        await self._open(self._key_by(pointer))

    async def find(self) -> None:
        """Find the records, and make sure by Slack which channel is meant."""
        target = self._target
        pointer = await self._pointer()
        if isinstance(target, Channel) and target.id is None:
            by_name = pointer
            if await target.look_up() is not None:
                pointer = await self._pointer()
                if pointer is None and by_name and by_name["id"] in (None, target.id):
                    pointer = by_name
            elif pointer is not None:
                target.id = pointer["id"]
        self.key = self._key_by(pointer)

    async def read(self) -> None:
        """Read what earlier runs left, once they are found."""
        await self._open(self.key)

    async def write(self, **state: Any) -> None:
        """Leave something for later runs."""
        if self.state | state != self.state:
            self.state = self.state | state
            await self._snapshots.write(self.state)

    async def point(self) -> None:
        """Let the channel's name and its id lead here."""
        target = self._target
        if isinstance(target, Channel):
            pointer = {"key": self.key, "id": target.id}
            for name in filter(None, (target.id, target.name)):
                if await self._memory.recall(self._place(name)) != pointer:
                    await self._memory.record(self._place(name), pointer)

    async def _open(self, key: str) -> None:
        self.key = key
        self._snapshots = Snapshots(self._memory, f"{key}-state")
        self.state = await self._snapshots.read() or {}

    async def _pointer(self) -> Any:
        target = self._target
        if not isinstance(target, Channel):
            return None
        return await self._memory.recall(self._place(target.id or target.name))

    def _key_by(self, pointer: Any) -> str:
        if pointer is not None:
            return str(pointer["key"])
        target = self._target
        origin, name = target.place
        return memory_key("posted", origin, (isinstance(target, Channel) and target.id) or name)

    def _place(self, name: str) -> str:
        return memory_key("channel", self._target.place[0], name.removeprefix("#"))
