"""What a tenant says about how long its ended jobs stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.api.refusals import Refused
from shared.model.errors import ItemChanged, ItemNotFound
from shared.model.tenant_retention import TenantRetention

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from functions.api.preconditions import Precondition
    from shared.model.lifecycle import Status
    from shared.model.retention import Retention, RetentionBounds
    from shared.ports.telemetry import Telemetry
    from shared.ports.versioned import VersionedStore

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class RetentionPorts:
    """Where what tenants say is kept, what holds where they say nothing, and between which bounds they may say it."""

    store: VersionedStore[TenantRetention]
    default: Retention
    bounds: RetentionBounds


@dataclass(frozen=True, slots=True)
class ChangeRetention:
    ports: RetentionPorts
    telemetry: Telemetry

    def find(self, tenant: str) -> TenantRetention:
        """What the tenant says; version 0 while it has not said anything."""
        unsaid = TenantRetention.unsaid(tenant)
        try:
            return self.ports.store.get(tenant, unsaid.id)
        except ItemNotFound:
            return unsaid

    def __call__(
        self, tenant: str, days: Mapping[Status, int], *, by: str, precondition: Precondition, now: datetime
    ) -> TenantRetention:
        """From now on the tenant says `days`, which are within the bounds. The same again changes nothing.

        Raises:
            VersionMismatch: the client has not seen the present version.
            Refused: others change it all the time.
        """
        for _ in range(_TRIES):
            said = self.find(tenant)
            precondition.check(said)
            becomes = said.saying(days, by=by, now=now)
            if becomes is said:
                return said
            if self._is_written(becomes):
                facts = {"tenant": tenant, "version": becomes.version, "by": by}
                self.telemetry.note("retention_changed", **facts, **{f"{end}_days": days[end] for end in days})
                return becomes
        raise Refused("conflict", "the retention was changed by others at the same time: read it, and try again")

    def _is_written(self, said: TenantRetention) -> bool:
        if said.version == 1:
            # One that was there already may be our own, whose answer was lost.
            return self.ports.store.create(said).item == said
        try:
            self.ports.store.replace(said)
        except ItemChanged:
            return False
        return True
