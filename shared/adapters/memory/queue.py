"""`ports.queue.WorkQueue` in memory: it keeps what was sent, and when it is to be delivered."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from heapq import heappop, heappush
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


class MemoryWorkQueue:
    """`receive` hands out what is visible and hides it for `visibility_seconds`; `delete` ends a message.

    Every call is atomic, and none looks at all messages but `depth` and `messages`.
    """

    def __init__(self, clock: Clock, visibility_seconds: int = 180) -> None:
        self._clock = clock
        self._hidden_for = timedelta(seconds=visibility_seconds)
        self._messages: dict[str, SentMessage] = {}
        # Per lane when which message is visible; an entry is void when its message is gone or has another time by now.
        self._order: dict[Lane, list[tuple[datetime, int]]] = defaultdict(list)
        self._sent = 0
        self._lock = threading.Lock()

    @property
    def messages(self) -> list[SentMessage]:
        """What was sent and not deleted, in order."""
        with self._lock:
            return list(self._messages.values())

    def send(self, lane: Lane, batch: Sequence[tuple[Hint, int]]) -> list[int]:
        with self._lock:
            now = self._clock.now()
            for hint, delay_seconds in batch:
                self._sent += 1
                message = SentMessage(lane, hint, now, receipt=str(self._sent))
                self._messages[message.receipt] = message
                self._show(message, now + timedelta(seconds=delay_seconds))
        return []

    def depth(self, lane: Lane) -> int:
        now = self._clock.now()
        return sum(one.lane is lane and one.visible_at <= now for one in self.messages)

    def give_back(self, lane: Lane, receipt: str, seconds: int) -> None:
        with self._lock:
            message = self._messages.get(receipt)
            if message is not None and message.lane is lane:
                self._show(message, self._clock.now() + timedelta(seconds=seconds))

    def receive(self, lane: Lane, limit: int = 10) -> list[SentMessage]:
        received: list[SentMessage] = []
        with self._lock:
            now, order = self._clock.now(), self._order[lane]
            while order and order[0][0] <= now and len(received) < limit:
                visible_at, number = heappop(order)
                message = self._messages.get(str(number))
                if message is not None and message.visible_at == visible_at:
                    received.append(message)
                    self._show(message, now + self._hidden_for)
        return received

    def delete(self, receipt: str) -> None:
        with self._lock:
            self._messages.pop(receipt, None)

    def _show(self, message: SentMessage, at: datetime) -> None:
        message.visible_at = at
        heappush(self._order[message.lane], (at, int(message.receipt)))
