"""What a tenant says about how long its ended jobs stay in the table."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final, Self

from shared.model.lifecycle import TERMINAL, Status
from shared.model.retention import Retention

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from shared.model.retention import RetentionBounds

ENDS: Final = tuple(status for status in Status if status in TERMINAL)
"""How a job ends, each with a retention of its own."""

_CHANGES_KEPT: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionChange:
    """What the tenant said from then on, in days by the end that is meant, and which API key said it."""

    version: int
    at: datetime
    by: str
    days: Mapping[Status, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRetention:
    """`changes`, the latest first: the last twenty. Of a tenant that never said anything there are none, and the
    version is 0."""

    tenant: str
    changes: tuple[RetentionChange, ...] = ()

    @classmethod
    def unsaid(cls, tenant: str) -> Self:
        return cls(tenant=tenant)

    @property
    def id(self) -> str:
        """A tenant has one, which says something about its jobs."""
        return "jobs"

    @property
    def version(self) -> int:
        return self.changes[0].version if self.changes else 0

    @property
    def days(self) -> Mapping[Status, int]:
        """What it says now; where an end is missing, it leaves that to the deployment."""
        return self.changes[0].days if self.changes else {}

    def saying(self, days: Mapping[Status, int], *, by: str, now: datetime) -> Self:
        """Its next version; itself when it says that already."""
        if days == self.days:
            return self
        change = RetentionChange(version=self.version + 1, at=now, by=by, days=days)
        return replace(self, changes=(change, *self.changes)[:_CHANGES_KEPT])


def applied(days: Mapping[Status, int], default: Retention, bounds: RetentionBounds) -> Retention:
    """What holds where a tenant says `days`. Bounds that were narrowed since it said so hold for it as well."""
    said = {f"{end}_days": bounds.nearest(number) for end, number in days.items()}
    return replace(default, **said)


def shortest(said: TenantRetention, default: Retention, bounds: RetentionBounds) -> timedelta:
    """The shortest retention that has held for a job of the tenant, as far back as its changes are known."""
    return min([default.shortest, *(applied(change.days, default, bounds).shortest for change in said.changes)])


def days_by_end(retention: Retention) -> Mapping[Status, int]:
    """The days of each end, as what a tenant says is written."""
    return {Status(one.name.removesuffix("_days")): getattr(retention, one.name) for one in fields(Retention)}
