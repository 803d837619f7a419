"""The maintenance windows of each tenant, as this process knows them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from functions.executor.gates.known import known_at_any_rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.model.maintenance_window import MaintenanceWindow
    from shared.ports.clock import Clock
    from shared.ports.maintenance_windows import MaintenanceWindows
    from shared.ports.telemetry import Telemetry

FRESH: Final = timedelta(seconds=10)
"""For so long what was read counts as known, so a change of a window is seen at most so much later."""


class KnownWindows:
    """Reads a tenant's windows once in ten seconds, whatever number of its jobs runs here.

    While they cannot be read, what was last known stays in force: windows carry their own ends, and are mostly written
    long before they begin. Who never knew any lets jobs run: most tenants have no window, and a table that does not
    answer must not stop all of them.
    """

    def __init__(self, store: MaintenanceWindows, clock: Clock, telemetry: Telemetry) -> None:
        self._store = store
        nothing: Sequence[MaintenanceWindow] = ()
        self._known = known_at_any_rate(
            self._read, nothing, fresh=FRESH, clock=clock, telemetry=telemetry, warning="windows_not_read"
        )

    def of(self, tenant: str) -> Sequence[MaintenanceWindow]:
        """The tenant's windows as they were at most ten seconds ago, if they could be read since."""
        return self._known.of(tenant)

    def _read(self, tenant: str) -> Sequence[MaintenanceWindow]:
        return self._store.windows(tenant)
