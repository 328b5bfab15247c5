"""What is known of a message that was posted, or is to be: a value that each step replaces."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

from heymilo_prefect.slack.search import Found, Part

End = Literal["unknown", "gone", "together"]
_NOBODY_KNOWS: Part = (None, None)


@dataclass(frozen=True)
class Posted:
    """A message and its replies, as they stand in a channel. It holds no text.

    Attributes:
        parts: The message, then its replies.
        of: How many parts there were to be.
        look: What made it look so, other than its data.
        thread: The `ts` of the message in whose thread all of it is.
        posting: The part that is being posted: its end wasn't seen.
        at: Since when, in epoch seconds.
        end: Why nothing is done about it any more: `unknown`, it may be there; `gone`, a person
            deleted it; `together`, it is in one message with others.
    """

    parts: tuple[Part, ...] = ()
    of: int = 1
    look: str = ""
    thread: str | None = None
    posting: int | None = None
    at: float | None = None
    end: End | None = None

    @classmethod
    def load(cls, record: Any) -> Self:
        """Make it of a record; of None when there is none."""
        record = record or {}
        return cls(**record | {"parts": tuple((ts, mark) for ts, mark in record.get("parts", ()))})

    def dump(self) -> dict[str, Any]:
        """Make a record of it."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def is_new(self) -> bool:
        """Whether nothing was posted."""
        return not self.parts and self.end is None

    @property
    def is_partial(self) -> bool:
        """Whether some of its parts were posted, and others are still to be."""
        return self.end is None and 0 < len(self.parts) < self.of

    @property
    def ts(self) -> str | None:
        """What names the message in the channel."""
        return self.parts[0][0] if self.parts else None

    @property
    def where(self) -> str | None:
        """The `ts` of the message in whose thread its replies are."""
        return self.thread or self.ts

    def begun(self, now: float) -> Self:
        """Before its next part is posted."""
        return replace(self, posting=len(self.parts), at=now)

    def done(self, ts: str | None, content: str | None) -> Self:
        """After its next part was posted."""
        return replace(self.undone(), parts=(*self.parts, (ts, content)))

    def undone(self) -> Self:
        """After its next part was refused."""
        return replace(self, posting=None, at=None)

    def ended(self, end: End, ts: str | None = None) -> Self:
        """When nothing is to be done about it any more."""
        return type(self)(parts=((ts, None),) if ts else (), end=end)

    def changed(self, part: int, ts: str | None, content: str) -> Self:
        """After a part was edited."""
        return replace(self, parts=(*self.parts[:part], (ts, content), *self.parts[part + 1 :]))

    def cut_to(self, count: int) -> Self:
        """After replies were taken back."""
        return replace(self, parts=self.parts[:count])

    def taken_as_it_is(self, contents: Sequence[str], look: str) -> Self:
        """When it would look otherwise now for other reasons than its data: so be it."""
        parts: list[Part] = [
            (ts, mark) for (ts, _), mark in zip(self.parts, contents, strict=False)
        ]
        if len(self.parts) >= self.of:
            parts += [_NOBODY_KNOWS] * (len(contents) - len(parts))
        return replace(self, parts=tuple(parts), look=look)

    def with_replies(self, found: Found) -> Self:
        """When its thread was read."""
        parts = [
            found.parts.get(part, known) if known[0] is None else known
            for part, known in enumerate(self.parts)
        ]
        return replace(self, parts=tuple(parts))

    def settled_blindly(self) -> Self:
        """When a post's end wasn't seen, and the channel can't be read."""
        if self.posting == 0:
            return self.ended("unknown")
        return self.done(*_NOBODY_KNOWS)

    def settled(self, found: Found | None) -> Self:
        """When a post's end wasn't seen, and the channel was read."""
        if found is None or (0 not in found.parts and not self.parts):
            return self.undone()
        if found.together:
            return self.ended("together", found.parts[0][0])
        parts = dict(enumerate(self.parts)) | found.parts
        whole = [parts.get(part, _NOBODY_KNOWS) for part in range(max(parts) + 1)]
        return replace(
            self.undone(),
            parts=tuple(whole),
            of=max(self.of, found.of),
            look=self.look or found.look,
            thread=self.thread or found.thread,
        )
