"""Which maintenance window a run that is still ahead would meet, as its tenant's windows stand now."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from shared.expansion.plan_jobs import facts_of
from shared.model.lifecycle import Status
from shared.model.maintenance_window import REASON, Effect, effect_on, ruling
from shared.model.occurrence_job import PlannedOccurrence
from shared.model.parameters import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from functions.api.explain_occurrences import Explained
    from shared.model.allowed_targets import Place
    from shared.model.job import Job
    from shared.model.maintenance_window import Candidate, MaintenanceWindow
    from shared.model.schedule.occurrences import Occurrence
    from shared.model.template import Template
    from shared.ports.maintenance_windows import MaintenanceWindows


class MetWindow(NamedTuple):
    """The window that decides about a run when it is due, what it does to that attempt, and until when it is open."""

    window: MaintenanceWindow
    effect: Effect
    until: datetime


class JobToBe(NamedTuple):
    """As much of a job that is yet to be made as windows look at."""

    template_id: str
    target: Mapping[str, Any]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What windows do to first attempts, time by time: from `since[n]` on, until the next one, what `effects[n]` says;
    before the first, and where no window is open, they run."""

    since: Sequence[datetime]
    effects: Sequence[Effect]

    def at(self, time: datetime) -> Effect:
        begun = bisect_right(self.since, time)
        return self.effects[begun - 1] if begun else Effect.RUN


@dataclass(frozen=True, slots=True)
class ForeseeWindows:
    """`place` is where the scheduler runs: scopes name AWS resources by their ARNs, targets also by less."""

    windows: MaintenanceWindows
    place: Place

    def __call__(self, tenant: str, now: datetime) -> Foresight:
        """The tenant's windows are read here, once for all runs that are asked about."""
        return Foresight(self.windows.windows(tenant), self.place, now)


@dataclass(frozen=True, slots=True)
class Foresight:
    """Of a recurring window only its next spans are kept: a run beyond them meets none here, although one may come."""

    windows: Sequence[MaintenanceWindow]
    place: Place
    now: datetime

    def of_row(self, row: Explained) -> MetWindow | None:
        """What a row of a template's occurrences is still to meet; None for what has its fate."""
        if row.occurrence is not None and row.is_expected:
            return self.of_occurrence(row.by, row.occurrence)
        return self.of_job(row.job) if row.job is not None and row.fate is None else None

    def of_occurrence(self, template: Template, occurrence: Occurrence) -> MetWindow | None:
        """What a template's occurrence would meet whose job is not made yet; None where it does not run, or is past.

        Parameters of the target are rendered for it, but for what only a count of the runs between would tell:
        `occurrence_number` is that of the template's next run, and there is no `previous_nominal_time`.
        """
        if not self.windows or occurrence.excluded is not None or occurrence.effective_at < self.now:
            return None
        due_at = occurrence.effective_at
        job = _job_to_be(template, occurrence.nominal, occurrence.nominal_at, due_at)
        return self._met(job, attempt=1, at=due_at)

    def of_job(self, job: Job) -> MetWindow | None:
        """What a job meets at its next attempt; None where it is not waiting for its time. One that a window holds
        meets what is open now: it looks there again and again."""
        if job.status is not Status.SCHEDULED:
            return None
        is_held = job.reason is not None and job.reason.startswith(REASON)
        due_at = job.run_at if is_held or job.wake_at is None else job.wake_at
        return self._met(job, attempt=job.attempt + 1, at=max(self.now, due_at))

    def concerning(self, template: Template) -> list[MaintenanceWindow]:
        """The windows about a template's runs, by its target as it would be rendered for a run at this moment."""
        if not self.windows:
            return []
        job = _job_to_be(template, self.now.replace(tzinfo=None), self.now, self.now)
        return [window for window in self.windows if window.scope.covers(job, self.place)]

    def _met(self, job: Candidate, *, attempt: int, at: datetime) -> MetWindow | None:
        window = ruling(self.windows, job, now=at, place=self.place)
        return None if window is None else MetWindow(window, effect_on(window, attempt), window.closes_at(at))


def _job_to_be(template: Template, nominal: datetime, nominal_at: datetime, due_at: datetime) -> JobToBe:
    planned = PlannedOccurrence(
        nominal=nominal,
        nominal_at=nominal_at,
        effective_at=due_at,
        number=template.progress.number + 1,
        misfire_at=None,
    )
    target = render(template.job.target, facts_of(template, planned), "/job/target")
    return JobToBe(template.id, target, template.tags)


def outlook_of(windows: Iterable[MaintenanceWindow]) -> Outlook:
    """The effect of the window that `ruling` would choose among `windows`, for all times at once: of equals in rank it
    does not matter which."""
    edges: dict[datetime, Counter[tuple[int, int]]] = defaultdict(Counter)
    for window in windows:
        rank = window.scope.breadth, _CAREFUL_FIRST.index(window.effect)
        for span in window.spans:
            edges[span.starts_at][rank] += 1
            edges[span.ends_at][rank] -= 1
    since, effects = sorted(edges), []
    open_: Counter[tuple[int, int]] = Counter()
    for time in since:
        open_.update(edges[time])
        ranks = [rank for rank, count in open_.items() if count]
        effects.append(_CAREFUL_FIRST[min(ranks)[1]] if ranks else Effect.RUN)
    return Outlook(since, effects)


_CAREFUL_FIRST: Final = tuple(Effect)
