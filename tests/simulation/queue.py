"""The work queues, as SQS standard queues are: messages come late, twice, in any order or never, are hidden while they
are in flight, and leave for the dead-letter queue when they were received too often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.model.lanes import Lane
from tests.simulation.faults import MINUTE, SECOND, Faults, Mishap, Weather

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.ports.queue import Hint
    from tests.simulation.kernel import Kernel

MAX_RECEIVES: Final = 10
_DELIVERY_MS: Final = (5, 250)


def visibility_ms(lane: Lane) -> int:
    """The function's timeout and a minute, as in `infra/lanes.py`."""
    return (16 if lane is Lane.LONG else 3) * MINUTE


@dataclass(slots=True, eq=False)
class Message:
    lane: Lane
    hint: Hint
    receipt: str
    visible_at: int
    receives: int = 0


class SimulatedQueue:
    """`on_visible` is told the lane and when a message of it can be received."""

    def __init__(self, kernel: Kernel, faults: Faults, on_visible: Callable[[Lane, int], None]) -> None:
        self._kernel = kernel
        self._faults = faults
        self._on_visible = on_visible
        self._messages: dict[str, Message] = {}
        self._sent = 0
        self.dead = 0

    def send(self, lane: Lane, batch: Sequence[tuple[Hint, int]]) -> list[int]:
        refused = []
        for position, (hint, delay_seconds) in enumerate(batch):
            match self._mishap():
                case Mishap.LATE:
                    self._add(lane, hint, delay_seconds * SECOND + self._faults.amount(hint.job_id, 0, 10 * MINUTE))
                case Mishap.REPEATED:
                    for copy in range(self._faults.amount(hint.job_id, 2, 5)):
                        self._add(lane, hint, delay_seconds * SECOND + copy * 700)
                case Mishap.REFUSED:
                    refused.append(position)
                case None:
                    self._add(lane, hint, delay_seconds * SECOND)
        return refused

    def depth(self, lane: Lane) -> int:
        return sum(one.lane is lane and one.visible_at <= self._kernel.now for one in self._messages.values())

    def give_back(self, lane: Lane, receipt: str, seconds: int) -> None:
        message = self._messages.get(receipt)
        if message is not None:
            self._show_at(message, self._kernel.now + seconds * SECOND)

    def receive(self, lane: Lane, limit: int) -> list[Message]:
        """Up to so many visible messages, hidden from now on. None while the queues are away."""
        now = self._kernel.now
        if self._faults.is_weather(Weather.QUEUE_AWAY, now):
            return []
        received: list[Message] = []
        for message in [one for one in self._messages.values() if one.lane is lane and one.visible_at <= now]:
            if message.receives >= MAX_RECEIVES:
                del self._messages[message.receipt]
                self.dead += 1
            elif len(received) < limit:
                message.receives += 1
                received.append(message)
                self._show_at(message, now + visibility_ms(lane))
        return received

    def delete(self, receipt: str) -> None:
        self._messages.pop(receipt, None)

    def _mishap(self) -> Mishap | None:
        if self._faults.is_weather(Weather.MESSAGES_LOST, self._kernel.now):
            return Mishap.LOST
        return self._faults.of_message()

    def _add(self, lane: Lane, hint: Hint, delay_ms: int) -> None:
        self._sent += 1
        receipt = str(self._sent)
        message = self._messages[receipt] = Message(lane, hint, receipt, 0)
        low, high = _DELIVERY_MS
        self._show_at(message, self._kernel.now + delay_ms + low + self._sent * 37 % (high - low))

    def _show_at(self, message: Message, time: int) -> None:
        message.visible_at = time
        self._on_visible(message.lane, time)
