"""Time, identity and chance: whatever would make a run unrepeatable comes through here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, aware UTC, in whole milliseconds: the resolution at which the store keeps times."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return no earlier than `seconds` from now."""
        ...


class Ids(Protocol):
    def job_id(self, now: datetime) -> str:
        """A new id: unique, sortable by time of creation, 24 characters of base 32."""
        ...

    def claim_id(self) -> str:
        """A new id for one claim: unique among the claims of a job."""
        ...

    def chance(self) -> float:
        """A uniform random number in [0, 1)."""
        ...
