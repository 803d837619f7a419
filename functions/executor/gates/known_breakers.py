"""The breakers of each tenant, as this process knows them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from functions.executor.gates.known import known_at_any_rate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.model.breaker import Breaker
    from shared.ports.breakers import Breakers
    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry

FRESH: Final = timedelta(seconds=5)
"""For so long what was read counts as known. Who sees a target fail learns of its breaker sooner, by counting."""


class KnownBreakers:
    """Reads a tenant's breakers once in five seconds, whatever number of its jobs runs here. Who knows of none lets
    jobs run."""

    def __init__(self, store: Breakers, clock: Clock, telemetry: Telemetry) -> None:
        self._store = store
        nothing: Mapping[str, Breaker] = {}
        self._known = known_at_any_rate(
            self._read, nothing, fresh=FRESH, clock=clock, telemetry=telemetry, warning="breakers_not_read"
        )

    def of(self, tenant: str, target: str) -> Breaker | None:
        """The breaker as it was at most five seconds ago, if it could be read since."""
        return self._known.of(tenant).get(target)

    def learn(self, breaker: Breaker) -> None:
        """Take in a breaker that was read or written in another way, unless a later one is known."""

        def with_it(known: Mapping[str, Breaker]) -> Mapping[str, Breaker]:
            one = known.get(breaker.target)
            return known if one is not None and one.version > breaker.version else {**known, breaker.target: breaker}

        self._known.learn(breaker.tenant, with_it)

    def read_again(self, tenant: str, target: str) -> Breaker | None:
        """The breaker as it is now.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        breaker = self._store.get_breaker(tenant, target)
        if breaker is not None:
            self.learn(breaker)
        return breaker

    def _read(self, tenant: str) -> Mapping[str, Breaker]:
        return {breaker.target: breaker for breaker in self._store.breakers(tenant)}
