"""The calls of targets that went well, as this process counts them until one fails."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from shared.ports.breakers import Period

_TARGETS: Final = 10_000


class CallCounts:
    """Successes are written down together with the next failure of the same period, and never without one: where
    nothing fails, nothing is written."""

    def __init__(self) -> None:
        self._successes: OrderedDict[tuple[str, str], tuple[Period, int]] = OrderedDict()
        self._lock = threading.Lock()

    def succeeded(self, period: Period) -> None:
        """Count one more."""
        with self._lock:
            self._put(period, self._of(period) + 1)

    def take(self, period: Period) -> int:
        """Those that were counted in `period` and not taken before."""
        with self._lock:
            successes = self._of(period)
            self._put(period, 0)
            return successes

    def _of(self, period: Period) -> int:
        counted, successes = self._successes.get((period.tenant, period.target), (period, 0))
        return successes if counted == period else 0

    def _put(self, period: Period, successes: int) -> None:
        key = (period.tenant, period.target)
        self._successes[key] = (period, successes)
        self._successes.move_to_end(key)
        if len(self._successes) > _TARGETS:
            self._successes.popitem(last=False)
