"""`ports.breakers` in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shared.model.breaker import Calls
from shared.model.errors import BreakerChanged
from shared.ports.breakers import BreakerChange

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.breaker import Breaker
    from shared.ports.breakers import Period


class MemoryBreakers:
    """Every call is atomic. Nothing is ever forgotten."""

    def __init__(self) -> None:
        self._breakers: dict[tuple[str, str], Breaker] = {}
        self._calls: dict[Period, Calls] = {}
        self._changes: list[BreakerChange] = []
        self._lock = threading.Lock()

    def breakers(self, tenant: str) -> list[Breaker]:
        with self._lock:
            return [breaker for key, breaker in sorted(self._breakers.items()) if key[0] == tenant][:1_000]

    def get_breaker(self, tenant: str, target: str) -> Breaker | None:
        with self._lock:
            return self._breakers.get((tenant, target))

    def put_breaker(self, breaker: Breaker, *, is_news: bool) -> None:
        key = (breaker.tenant, breaker.target)
        with self._lock:
            current = self._breakers.get(key)
            if current == breaker:
                return
            if (0 if current is None else current.version) != breaker.version - 1:
                raise BreakerChanged(breaker.target)
            self._breakers[key] = breaker
            if is_news:
                self._changes.append(change_of(breaker))

    def count(self, period: Period, calls: Calls, *, forget_at: datetime) -> Calls:
        del forget_at
        with self._lock:
            before = self._calls.get(period, Calls())
            after = Calls(before.failures + calls.failures, before.successes + calls.successes)
            self._calls[period] = after
            return after

    def changes(self, *, since: datetime, limit: int) -> list[BreakerChange]:
        with self._lock:
            found = [change for change in self._changes if change.changed_at >= since]
        return sorted(found, key=lambda one: (one.changed_at, one.tenant, one.target, one.version))[:limit]


def change_of(breaker: Breaker) -> BreakerChange:
    """What is written down about a breaker that has just opened or closed."""
    return BreakerChange(
        changed_at=breaker.changed_at,
        tenant=breaker.tenant,
        target=breaker.target,
        version=breaker.version,
        state=breaker.state,
        error=breaker.error,
        calls=breaker.calls,
    )
