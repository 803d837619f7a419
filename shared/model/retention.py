"""How long what has ended is kept in the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from shared.model.lifecycle import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days a job's item stays after the job has ended, by how it ended: one that failed waits for a person
    to look at it. What is no job stays as long as the `longest` of them."""

    succeeded_days: int
    failed_days: int
    cancelled_days: int
    skipped_days: int

    @classmethod
    def alike(cls, days: int) -> Self:
        """The same for every end."""
        return cls(succeeded_days=days, failed_days=days, cancelled_days=days, skipped_days=days)

    def of_tenant(self, tenant: str) -> Self:
        """This one, whoever asks: what a deployment says where no tenant says otherwise (`ports.retentions`)."""
        del tenant
        return self

    def shortest_of(self, tenant: str) -> timedelta:
        """As of `of_tenant`."""
        del tenant
        return self.shortest

    def of(self, status: Status) -> timedelta:
        """How long a job stays that ended in the terminal `status`."""
        days: int = getattr(self, f"{status}_days")
        return timedelta(days=days)

    @property
    def longest(self) -> timedelta:
        return timedelta(days=max(self.succeeded_days, self.failed_days, self.cancelled_days, self.skipped_days))

    @property
    def shortest(self) -> timedelta:
        return timedelta(days=min(self.succeeded_days, self.failed_days, self.cancelled_days, self.skipped_days))


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionBounds:
    """What a deployment lets its tenants say: whole days from `minimum_days` to `maximum_days`."""

    minimum_days: int
    maximum_days: int

    def nearest(self, days: int) -> int:
        """The number of days within the bounds that is nearest to `days`."""
        return min(max(days, self.minimum_days), self.maximum_days)
