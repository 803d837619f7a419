"""The circuit breakers of the control table, and the counts by which they open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.breaker import Breaker, BreakerState, Calls


class Period(NamedTuple):
    """One period of counting calls of a target. `generation` is the version of its breaker at which they were counted:
    what was called before a change says nothing about the time after it."""

    tenant: str
    target: str
    generation: int
    number: int


@dataclass(frozen=True, slots=True)
class BreakerChange:
    """That a breaker opened or closed, as it was written down with the change itself. (tenant, target, version) is the
    same each time it is read; a probe on its way is no such change."""

    changed_at: datetime
    tenant: str
    target: str
    version: int
    state: BreakerState
    error: str | None
    calls: Calls


class Breakers(Protocol):
    """One item per breaker; every write of it is conditional on the version that the writer has seen.

    Every method raises `StoreUnavailable` as those of the job store do.
    """

    def breakers(self, tenant: str) -> Sequence[Breaker]:
        """The tenant's breakers by their targets, the closed ones too until they are forgotten; up to 1,000, read
        consistently. One that this version cannot read is left out."""
        ...

    def get_breaker(self, tenant: str, target: str) -> Breaker | None:
        """The breaker, read consistently; None when there is none."""
        ...

    def put_breaker(self, breaker: Breaker, *, is_news: bool) -> None:
        """Put `breaker` in the place of the one whose version is one less, or of none for version 1. Its very own
        earlier write, whose answer was lost, counts as done. With `is_news` its `BreakerChange` is written with it:
        both or none.

        Raises:
            BreakerChanged: another has written since; nothing was written.
        """
        ...

    def count(self, period: Period, calls: Calls, *, forget_at: datetime) -> Calls:
        """Add `calls` to those of the period, and return all of them. A call that is sent again may count twice."""
        ...

    def changes(self, *, since: datetime, limit: int) -> Sequence[BreakerChange]:
        """The breakers of all tenants that opened or closed at `since` or later, oldest first. They are kept for a
        week."""
        ...
