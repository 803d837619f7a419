"""What happened, put on the event bus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.model.lifecycle_event import event_of
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.model.job_change import JobChange
    from shared.model.lifecycle_event import LifecycleEvent
    from shared.ports.event_bus import EventBus
    from shared.ports.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class PublishEvents:
    """`types`, or families of them (`job.*`), are wanted on the bus. Each event costs money: EventBridge bills by the
    million.

    An event that comes twice has the id that it had: whoever must not act twice remembers the ids.
    """

    bus: EventBus
    telemetry: Telemetry
    types: frozenset[str]

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Raises `StoreUnavailable` when the bus did not take all."""
        self.tell(event for event in map(event_of, changes) if event is not None)

    def tell(self, events: Iterable[LifecycleEvent]) -> None:
        """Put those that are wanted on the bus. Raises `StoreUnavailable` when it did not take all."""
        told = [event for event in events if event.is_of(self.types)]
        if told:
            self.bus.publish(told)
            self.telemetry.measure(Metric.EVENTS_PUBLISHED, len(told))
