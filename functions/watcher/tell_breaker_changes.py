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
# So many are told without looking at the time: of 20 subscriptions each, they are a thousand jobs.
_AT_ONCE: Final = 50
_LEAST_SECONDS: Final = 5


@dataclass(slots=True)
class TellBreakerChanges:
    """Each change at least once, in the order of their times: what could be told twice, since it is read again in case
    that another came late, is remembered by the process."""

    breakers: Breakers
    beats: Beats
    clock: Clock
    tell: Callable[[Sequence[LifecycleEvent]], None]
    _told: frozenset[str] = field(default=frozenset())

    def __call__(self, seconds_left: Callable[[], float]) -> Mapping[str, int]:
        """How many were told, and how many were left to the next minute.

        Raises:
            StoreUnavailable: those that were not told are told in the next minute.
        """
        now = self.clock.now()
        since = self.beats.beats().get(_TOLD, {}).get(_ALL, now) - _LATE
        changes = self.breakers.changes(since=since, limit=_PAGE)
        events = [_event(change) for change in changes]
        # What lies before this page is not read again.
        self._told &= {event.id for event in events}
        fresh = [event for event in events if event.id not in self._told]
        told = self._tell(fresh, seconds_left)
        if told < len(fresh):
            next_since = fresh[told].occurred_at
        elif len(changes) == _PAGE:
            next_since = changes[-1].changed_at
        else:
            next_since = now
        # When some are left the next minute goes on from there: those that come late, from before that, are lost then.
        self.beats.note(_TOLD, [_ALL], min(next_since + _LATE, now))
        return {"told": told, "left": len(fresh) - told}

    def _tell(self, events: Sequence[LifecycleEvent], seconds_left: Callable[[], float]) -> int:
        """How many were told, from the first on."""
        for start in range(0, len(events), _AT_ONCE):
            if seconds_left() < _LEAST_SECONDS:
                return start
            some = events[start : start + _AT_ONCE]
            self.tell(some)
            self._told |= {event.id for event in some}
        return len(events)


def _event(change: BreakerChange) -> LifecycleEvent:
    return breaker_event(**{**asdict(change), "calls": change.calls})
