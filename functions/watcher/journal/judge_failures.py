"""What happened to jobs, judged by the tenants' alert rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.watcher.alerts.raise_alert import Case
from shared.model.alerts.judgement import SUSPICIONS, findings, is_judged
from shared.model.maintenance_window import Effect, ruling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from functions.watcher.alerts.known_rules import KnownRules
    from functions.watcher.alerts.raise_alert import RaiseAlert
    from shared.model.alerts.alert import Subject
    from shared.model.alerts.judgement import Finding
    from shared.model.allowed_targets import Place
    from shared.model.job_change import JobChange
    from shared.model.maintenance_window import MaintenanceWindow
    from shared.ports.clock import Clock
    from shared.ports.maintenance_windows import MaintenanceWindows


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeFailures:
    """A reader of the journal. `is_confirmed` looks at the jobs before those that are found, for the kinds of rules
    that one failure is not enough for. `place` is where the scheduler runs.

    What is found of one rule and subject is counted in as few writes as there can be: a burst is mostly one alert.
    """

    known: KnownRules
    windows: MaintenanceWindows
    raise_alert: RaiseAlert
    is_confirmed: Callable[[Finding], bool]
    clock: Clock
    place: Place

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Raises `StoreUnavailable` when something could not be read or written; what was, is not counted again."""
        cases: dict[tuple[str, str, Subject], list[Finding]] = {}
        for change in changes:
            if change.new is None or not is_judged(change):
                continue
            for one in findings(change, self.known.of(change.new.tenant).rules):
                cases.setdefault((one.rule.tenant, one.rule.id, one.subject), []).append(one)
        silences = _Silences(self.windows, self.clock.now(), self.place)
        confirmed = [found for found in cases.values() if self._is_confirmed(found[-1])]
        self.raise_alert(
            *(
                Case(found[0].rule, found[0].subject, [one.occurrence for one in found], silences.over_all(found))
                for found in confirmed
            )
        )

    def _is_confirmed(self, last: Finding) -> bool:
        return last.rule.kind not in SUSPICIONS or self.is_confirmed(last)


class _Silences:
    """Until when maintenance windows lie over jobs; each tenant's windows are read once."""

    def __init__(self, windows: MaintenanceWindows, now: datetime, place: Place) -> None:
        self._store = windows
        self._now = now
        self._place = place
        self._windows: dict[str, Sequence[MaintenanceWindow]] = {}

    def over_all(self, found: Sequence[Finding]) -> datetime | None:
        """Until when all of the jobs are in windows that hold or skip them; None when any is not."""
        ends = [self._over(one) for one in found]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    def _over(self, one: Finding) -> datetime | None:
        tenant = one.job.tenant
        if tenant not in self._windows:
            self._windows[tenant] = self._store.windows(tenant)
        window = ruling(self._windows[tenant], one.job, now=self._now, place=self._place)
        return None if window is None or window.effect is Effect.RUN else window.closes_at(self._now)
