"""What the executor knows of each tenant's settings, whether or not they can be read just now."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from shared.known import KnownPerTenant
from shared.model.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from shared.ports.clock import Clock
    from shared.ports.telemetry import Telemetry

T = TypeVar("T")


def known_at_any_rate(
    read: Callable[[str], T], nothing: T, *, fresh: timedelta, clock: Clock, telemetry: Telemetry, warning: str
) -> KnownPerTenant[T]:
    """What `read` says of a tenant, at most `fresh` old; `nothing` for one of whom it never said anything.

    While it cannot be read, what was last known stays in force. A failed read is not tried again before `fresh` is
    over either, so that an outage costs one job its patience and not each. `warning` is the log line's action then.
    """

    def read_or_keep(tenant: str, known: T) -> T:
        try:
            return read(tenant)
        except StoreUnavailable as error:
            telemetry.warn(warning, tenant=tenant, error=str(error))
            return known

    return KnownPerTenant(read_or_keep, nothing, fresh=fresh, clock=clock)
