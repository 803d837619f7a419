"""How due jobs get onto the queues: the one piece of code that the populator's ticks, its stream and the watcher's
sweep all send through."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from shared.model.errors import StoreUnavailable
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from shared.model.lanes import Lane
    from shared.ports.clock import Clock
    from shared.ports.queue import Hint, WorkQueue
    from shared.ports.telemetry import Telemetry

LOOK_AHEAD_SECONDS: Final = 150
"""How far ahead a tick sends: two periods and a half, so that a tick may come late or be missed once."""

INDEX_LAG_SECONDS: Final = 60
"""The assumed bound on how far the due index lags behind the table. Whatever wakes within the look-ahead and this is
sent from the stream, since a tick may have passed its place before the index showed it."""

_BATCH: Final = 10
_MAX_DELAY_SECONDS: Final = 900
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Dispatch:
    """How hints get onto the queues."""

    queue: WorkQueue
    clock: Clock
    telemetry: Telemetry

    def __call__(self, lane: Lane, hints: Sequence[Hint]) -> list[int]:
        """Send `hints` through `lane`, each to be delivered when its time has come, or up to a second before.

        Returns the positions of those that could not be sent, in order.
        """
        unsent: list[int] = []
        for batch in _batched(range(len(hints)), _BATCH):
            unsent += self._send(lane, hints, batch)
        if len(unsent) < len(hints):
            self.telemetry.measure(Metric.DISPATCHED, len(hints) - len(unsent))
        if unsent:
            self.telemetry.measure(Metric.DISPATCH_FAILED, len(unsent))
        return unsent

    def _send(self, lane: Lane, hints: Sequence[Hint], batch: list[int]) -> list[int]:
        for _ in range(_TRIES):
            now = self.clock.now()
            delayed = [(hints[position], delay_seconds(hints[position].wake_at, now)) for position in batch]
            try:
                batch = [batch[index] for index in self.queue.send(lane, delayed)]
            except StoreUnavailable as error:
                self.telemetry.warn("send_failed", lane=lane, error=str(error), hints=len(batch))
            if not batch:
                break
        return batch


def delay_seconds(wake_at: datetime, now: datetime) -> int:
    """Whole seconds, rounded down: the executor waits out the rest. Rounding up would make every job late by half a
    second at the median."""
    return min(max(math.floor((wake_at - now).total_seconds()), 0), _MAX_DELAY_SECONDS)


def _batched(positions: Iterable[int], size: int) -> Iterable[list[int]]:
    iterator = iter(positions)
    while batch := list(islice(iterator, size)):
        yield batch
