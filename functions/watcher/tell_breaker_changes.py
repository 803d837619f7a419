"""Breakers that opened and closed, told as events: they are read where executors note them, who must not be kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model.breaker_event import breaker_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.model.lifecycle_event import LifecycleEvent
    from shared.ports.beats import Beats
    from shared.ports.breakers import BreakerChange, Breakers
    from shared.ports.clock import Clock

# Under this name it is kept how far the changes have been told.
_TOLD: Final = "breaker-events"
_ALL: Final = "all"
# So late one may become readable: clocks differ, and a write takes its time.
_LATE: Final = timedelta(seconds=30)
_PAGE: Final = 1_000


@dataclass(slots=True)
class TellBreakerChanges:
    """Each change at least once, in the order of their times: what could be told twice, since it is read again in case
    that another came late, is remembered by the process."""

    breakers: Breakers
    beats: Beats
    clock: Clock
    tell: Callable[[Sequence[LifecycleEvent]], None]
    _told: frozenset[str] = field(default=frozenset())

    def __call__(self) -> Mapping[str, int]:
        """How many were told. Raises `StoreUnavailable`: those that were not told are told in the next minute."""
        now = self.clock.now()
        since = self.beats.beats().get(_TOLD, {}).get(_ALL, now) - _LATE
        changes = self.breakers.changes(since=since, limit=_PAGE)
        events = [_event(change) for change in changes]
        fresh = [event for event in events if event.id not in self._told]
        self.tell(fresh)
        # When there are more, the next minute goes on from the last one: those that come late by so much are lost then.
        self.beats.note(_TOLD, [_ALL], changes[-1].changed_at + _LATE if len(changes) == _PAGE else now)
        self._told = frozenset(event.id for event in events)
        return {"told": len(fresh)}


def _event(change: BreakerChange) -> LifecycleEvent:
    return breaker_event(**{**asdict(change), "calls": change.calls})
