"""What happened, put on the event bus."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from functions.watcher.journal.memory import Memory
from shared.model.lifecycle_event import event_of
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.model.job_change import JobChange
    from shared.model.lifecycle_event import LifecycleEvent
    from shared.ports.event_bus import EventBus
    from shared.ports.telemetry import Telemetry

# What a bus takes in one call.
_AT_ONCE: Final = 10
_MOST_REMEMBERED: Final = 4_000


@dataclass(frozen=True, slots=True)
class PublishEvents:
    """`types`, or families of them (`job.*`), are wanted on the bus. Each event costs money: EventBridge bills by the
    million.

    An event that comes twice has the id that it had: whoever must not act twice remembers the ids. Of events that are
    to be told again, since the bus did not take all, the process tells those that it has not got rid of.
    """

    bus: EventBus
    telemetry: Telemetry
    types: frozenset[str]
    _told: Memory = field(default_factory=lambda: Memory(_MOST_REMEMBERED), init=False, compare=False)

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Raises `StoreUnavailable` when the bus did not take all."""
        self.tell(event for event in map(event_of, changes) if event is not None)

    def tell(self, events: Iterable[LifecycleEvent]) -> None:
        """Put those that are wanted on the bus. Raises `StoreUnavailable` when it did not take all."""
        wanted = [event for event in events if event.is_of(self.types)]
        left = [event for event in wanted if event.id not in self._told]
        for start in range(0, len(left), _AT_ONCE):
            some = left[start : start + _AT_ONCE]
            self.bus.publish(some)
            self._told.remember(event.id for event in some)
            self.telemetry.measure(Metric.EVENTS_PUBLISHED, len(some))
        self._told.forget(event.id for event in wanted)
