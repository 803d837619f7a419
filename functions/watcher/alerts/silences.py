"""Maintenance windows, as far as they silence alerts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.known import KnownPerTenant
from shared.model.maintenance_window import ruling

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from shared.model.allowed_targets import Place
    from shared.model.maintenance_window import Candidate, MaintenanceWindow
    from shared.ports.clock import Clock
    from shared.ports.maintenance_windows import MaintenanceWindows

_FRESH: Final = timedelta(seconds=10)


class Silences:
    """Reads a tenant's windows once in ten seconds. `place` is where the scheduler runs: scopes name AWS resources by
    their ARNs, targets also by less."""

    def __init__(self, windows: MaintenanceWindows, clock: Clock, place: Place) -> None:
        self._windows = windows
        self._clock = clock
        self._place = place
        nothing: Sequence[MaintenanceWindow] = ()
        self._known = KnownPerTenant(self._read, nothing, fresh=_FRESH, clock=clock)

    def over_all(self, tenant: str, jobs: Iterable[Candidate]) -> datetime | None:
        """Until when all of the jobs are in windows that silence their alerts; None when any is not, or there are none.

        Raises `StoreUnavailable`: an alert that should be silent is raised later rather than told.
        """
        windows, now = self._known.of(tenant), self._clock.now()
        ends = [self._over(job, windows, now) for job in jobs]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    def _over(self, job: Candidate, windows: Sequence[MaintenanceWindow], now: datetime) -> datetime | None:
        window = ruling(windows, job, now=now, place=self._place)
        return window.closes_at(now) if window is not None and window.is_silencing else None

    def _read(self, tenant: str, _: Sequence[MaintenanceWindow]) -> Sequence[MaintenanceWindow]:
        return self._windows.windows(tenant)
