"""Maintenance windows, as far as they silence alerts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.known import KnownPerTenant
from shared.model.alerts.alert import SubjectKind
from shared.model.job import JobKey
from shared.model.maintenance_window import ruling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from functions.watcher.alerts.latest_jobs import LatestJobs
    from shared.model.alerts.alert import Alert, Subject
    from shared.model.allowed_targets import Place
    from shared.model.maintenance_window import Candidate, MaintenanceWindow
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore
    from shared.ports.maintenance_windows import MaintenanceWindows

_FRESH: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class _NoJob:
    """What windows are asked about where no job stands for a subject: those over all jobs are over it."""

    template_id: str | None = None
    target: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class Silences:
    """Until when windows silence alerts; None when they do not. Reads a tenant's windows once in ten seconds. `place`
    is where the scheduler runs: scopes name AWS resources by their ARNs, targets also by less.

    Every method raises `StoreUnavailable`: an alert that should be silent is raised later rather than told.
    """

    def __init__(
        self, windows: MaintenanceWindows, jobs: JobStore, latest: LatestJobs, clock: Clock, place: Place
    ) -> None:
        self._windows = windows
        self._jobs = jobs
        self._latest = latest
        self._clock = clock
        self._place = place
        nothing: Sequence[MaintenanceWindow] = ()
        self._known = KnownPerTenant(self._read, nothing, fresh=_FRESH, clock=clock)

    def over_all(self, tenant: str, jobs: Iterable[Candidate]) -> datetime | None:
        """Until when all of the jobs are in windows that silence their alerts; None when any is not."""
        windows, now = self._known.of(tenant), self._clock.now()
        ends = [self._over(job, windows, now) for job in jobs]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    def over_subject(self, tenant: str, subject: Subject) -> datetime | None:
        """The same for what is about no certain jobs: the newest of a template or group stands for all."""
        newest = self._latest.lately(tenant, subject).runs().newest
        template_id = subject.id if subject.kind is SubjectKind.TEMPLATE else None
        return self.over_all(tenant, [newest or _NoJob(template_id)])

    def over_alert(self, alert: Alert) -> datetime | None:
        """The same for an alert, by the latest jobs that were found."""
        keys = dict.fromkeys(JobKey(alert.tenant, one.job_id) for one in alert.samples)
        jobs = self._jobs.get_many(list(keys), consistent=False) if keys else []
        return self.over_all(alert.tenant, jobs) if jobs else self.over_subject(alert.tenant, alert.subject)

    def _over(self, job: Candidate, windows: Sequence[MaintenanceWindow], now: datetime) -> datetime | None:
        window = ruling(windows, job, now=now, place=self._place)
        return window.closes_at(now) if window is not None and window.is_silencing else None

    def _read(self, tenant: str, _: Sequence[MaintenanceWindow]) -> Sequence[MaintenanceWindow]:
        return self._windows.windows(tenant)
