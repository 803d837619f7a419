"""`ports.queue.WorkQueue` in memory: it keeps what was sent, and when it is to be delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.lanes import Lane
    from shared.ports.clock import Clock
    from shared.ports.queue import Hint


@dataclass(slots=True)
class SentMessage:
    """One message: delivered to a receiver from `visible_at` on, until it is deleted."""

    lane: Lane
    hint: Hint
    visible_at: datetime
    receipt: str


@dataclass
class MemoryWorkQueue:
    """`receive` hands out what is visible and hides it for `visibility_seconds`; `delete` ends a message."""

    clock: Clock
    visibility_seconds: int = 180
    messages: list[SentMessage] = field(default_factory=list)
    _sent: int = 0

    def send(self, lane: Lane, batch: Sequence[tuple[Hint, int]]) -> list[int]:
        for hint, delay_seconds in batch:
            self._sent += 1
            visible_at = self.clock.now() + timedelta(seconds=delay_seconds)
            self.messages.append(SentMessage(lane, hint, visible_at, receipt=str(self._sent)))
        return []

    def depth(self, lane: Lane) -> int:
        now = self.clock.now()
        return sum(one.lane is lane and one.visible_at <= now for one in self.messages)

    def give_back(self, lane: Lane, receipt: str, seconds: int) -> None:
        for message in self.messages:
            if message.lane is lane and message.receipt == receipt:
                message.visible_at = self.clock.now() + timedelta(seconds=seconds)

    def receive(self, lane: Lane, limit: int = 10) -> list[SentMessage]:
        now = self.clock.now()
        visible = [one for one in self.messages if one.lane is lane and one.visible_at <= now][:limit]
        for message in visible:
            message.visible_at = now + timedelta(seconds=self.visibility_seconds)
        return visible

    def delete(self, receipt: str) -> None:
        self.messages = [one for one in self.messages if one.receipt != receipt]
