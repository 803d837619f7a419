"""The maintenance windows of each tenant, as this process knows them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from shared.model.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.model.maintenance_window import MaintenanceWindow
    from shared.ports.clock import Clock
    from shared.ports.maintenance_windows import MaintenanceWindows
    from shared.ports.telemetry import Telemetry

FRESH: Final = timedelta(seconds=10)
"""For so long what was read counts as known, so a change of a window is seen at most so much later."""

_TENANTS: Final = 1_000


@dataclass(slots=True)
class _Known:
    """What is known of one tenant; its lock is held by the one thread that reads."""

    windows: Sequence[MaintenanceWindow] = ()
    asked_at: datetime | None = None
    reading: threading.Lock = field(default_factory=threading.Lock)


class KnownWindows:
    """Reads a tenant's windows once in ten seconds, whatever number of its jobs runs here.

    While they cannot be read, what was last known stays in force: windows carry their own ends, and are mostly written
    long before they begin. Who never knew any lets jobs run: most tenants have no window, and a table that does not
    answer must not stop all of them. A failed read is not tried again for ten seconds either, so that an outage costs
    one job its patience and not each.
    """

    def __init__(self, store: MaintenanceWindows, clock: Clock, telemetry: Telemetry) -> None:
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self._tenants: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, tenant: str) -> Sequence[MaintenanceWindow]:
        """The tenant's windows as they were at most ten seconds ago, if they could be read since."""
        known = self._of(tenant)
        with known.reading:
            now = self._clock.now()
            # Older than the future: a clock that was set back must not keep old news fresh.
            if known.asked_at is None or not timedelta() <= now - known.asked_at < FRESH:
                known.asked_at = now
                try:
                    known.windows = self._store.windows(tenant)
                except StoreUnavailable as error:
                    self._telemetry.warn("windows_not_read", tenant=tenant, error=str(error))
            return known.windows

    def _of(self, tenant: str) -> _Known:
        with self._lock:
            known = self._tenants.pop(tenant, None) or _Known()
            self._tenants[tenant] = known
            if len(self._tenants) > _TENANTS:
                self._tenants.popitem(last=False)
            return known
