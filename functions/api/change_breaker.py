"""Open or close a breaker by hand: read it, decide, write on the condition that nobody was faster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.api.refusals import Refused
from shared.model.breaker import closed_by_hand, opened_by_hand
from shared.model.errors import BreakerChanged, ItemNotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from functions.api.preconditions import Precondition
    from shared.model.breaker import Breaker, BreakerSettings
    from shared.ports.breakers import Breakers
    from shared.ports.telemetry import Telemetry

_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerChange:
    """Which breaker a client wants to change, who that is, why, when, and which versions it has seen."""

    tenant: str
    target: str
    by: str
    note: str | None
    now: datetime
    precondition: Precondition


@dataclass(frozen=True, slots=True)
class ChangeBreaker:
    """Each method raises `VersionMismatch` when the precondition does not hold, and `Refused` when the breaker does not
    hold still."""

    breakers: Breakers
    settings: BreakerSettings
    telemetry: Telemetry

    def open(self, change: BreakerChange, until: datetime) -> Breaker:
        """The breaker, open until a time, whether there was one or not."""

        def decide(breaker: Breaker | None) -> Breaker:
            return opened_by_hand(
                breaker,
                tenant=change.tenant,
                target=change.target,
                until=until,
                by=change.by,
                note=change.note,
                settings=self.settings,
                now=change.now,
            )

        return self._written(change, decide, "breaker_opened")

    def close(self, change: BreakerChange) -> Breaker:
        """The breaker, closed; once more changes nothing.

        Raises:
            ItemNotFound: there is none.
        """

        def decide(breaker: Breaker | None) -> Breaker:
            if breaker is None:
                raise ItemNotFound("breaker", change.target)
            return (
                breaker
                if breaker.is_closed
                else closed_by_hand(breaker, by=change.by, note=change.note, now=change.now)
            )

        return self._written(change, decide, "breaker_closed")

    def _written(self, change: BreakerChange, decide: Callable[[Breaker | None], Breaker], action: str) -> Breaker:
        for _ in range(_TRIES):
            seen = self.breakers.get_breaker(change.tenant, change.target)
            if seen is not None:
                change.precondition.check(seen)
            elif change.precondition.tags is not None:
                raise ItemNotFound("breaker", change.target)
            decided = decide(seen)
            if decided is seen:
                return decided
            was_closed = seen is None or seen.is_closed
            try:
                self.breakers.put_breaker(decided, is_news=was_closed is not decided.is_closed)
            except BreakerChanged:
                continue
            self.telemetry.note(
                action, tenant=change.tenant, target=change.target, version=decided.version, by=change.by
            )
            return decided
        raise Refused("conflict", "others change it at the same time: try again")
