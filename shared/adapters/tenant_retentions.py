"""`ports.retentions` on what tenants say in the control table, put together alike in every function that ends jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.adapters import aws
from shared.known import KnownPerTenant
from shared.model.errors import ItemNotFound, StoreUnavailable
from shared.model.retention import Retention, RetentionBounds
from shared.settings import from_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.tenant_retention import TenantRetention
    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry
    from shared.ports.versioned import VersionedStore

FRESH: Final = timedelta(seconds=60)
"""For so long what was read counts as known, so a change holds at most so much later."""


class _Kept(NamedTuple):
    """What holds now, and the shortest that has."""

    now: Retention
    shortest: timedelta


class KnownRetentions:
    """`ports.retentions` on what tenants say, within `bounds`; `default` is the deployment's own word.

    A tenant's is read once a minute, by the first of its jobs that ends here. While it cannot be read, what was last
    known holds, and for whom nothing was ever known the default: a job's end is not held up by that. `store` is asked
    for with the first read.
    """

    def __init__(
        self,
        store: Callable[[], VersionedStore[TenantRetention]],
        *,
        default: Retention,
        bounds: RetentionBounds,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self.store = store
        self.default = default
        self.bounds = bounds
        self._telemetry = telemetry
        self._nothing = _Kept(default, default.shortest)
        self._known = KnownPerTenant(self._read, self._nothing, fresh=FRESH, clock=clock)

    def of_tenant(self, tenant: str) -> Retention:
        return self._known.of(tenant).now

    def shortest_of(self, tenant: str) -> timedelta:
        return self._known.of(tenant).shortest

    def _read(self, tenant: str, known: _Kept) -> _Kept:
        # Imported with the first read: no cold start pays for it.
        from shared.model.tenant_retention import TenantRetention, applied, shortest  # noqa: PLC0415

        try:
            said = self.store().get(tenant, TenantRetention.unsaid(tenant).id)
            return _Kept(applied(said.days, self.default, self.bounds), shortest(said, self.default, self.bounds))
        except ItemNotFound:
            return self._nothing
        except StoreUnavailable as error:
            self._telemetry.warn("retention_not_read", tenant=tenant, error=str(error))
        except Exception as error:
            # A newer version may have written what this one cannot read: no job's end waits for that either.
            self._telemetry.defect("retention_not_read", error, tenant=tenant)
        return known


def known_retentions(control_table: str, clock: Clock, telemetry: Telemetry) -> KnownRetentions:
    """What tenants say in the control table, within the environment's bounds, and its default.

    Raises:
        InvalidEnvironment: default or bounds are missing.
    """
    return KnownRetentions(
        lambda: _stored(control_table),
        default=from_environment(Retention, prefix="RETENTION_"),
        bounds=from_environment(RetentionBounds, prefix="RETENTION_"),
        clock=clock,
        telemetry=telemetry,
    )


def _stored(control_table: str) -> VersionedStore[TenantRetention]:
    from shared.adapters.dynamodb.tenant_retentions import TENANT_RETENTIONS  # noqa: PLC0415
    from shared.adapters.dynamodb.versioned import DynamoVersionedStore  # noqa: PLC0415

    return DynamoVersionedStore(aws.client("dynamodb"), control_table, TENANT_RETENTIONS)
