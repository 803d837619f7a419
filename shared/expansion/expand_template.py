"""One template's turn: what no longer applies is withdrawn, what is due soon becomes jobs, and the template says how
far it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.expansion.timetables import timetable_of
from shared.model.errors import TemplateChanged
from shared.model.expansion import Expansion, expand
from shared.model.failing_template import failing_pause
from shared.model.template import BY_ITSELF, FailingRow, Pause, Progress, Template, TemplateStatus
from shared.model.template_changes import SETTLE, paused, resumed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.expansion.plan_jobs import PlanJobs
    from shared.expansion.withdraw_jobs import WithdrawJobs
    from shared.model.schedule.timetable import Timetable
    from shared.ports.calendars import Calendars
    from shared.ports.clock import Clock
    from shared.ports.retentions import Retentions
    from shared.ports.templates import TemplateStore


@dataclass(frozen=True, slots=True)
class Expanded:
    """`template` as it was left; how many jobs were `planned` (created or changed), and how many occurrences were left
    out because they were `missed`."""

    template: Template
    planned: int = 0
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandTemplate:
    """Jobs first, the template last and only if nobody has changed it: dying in between, or two at once, repeats
    conditional writes, which do nothing."""

    templates: TemplateStore
    calendars: Calendars
    plan_jobs: PlanJobs
    withdraw_jobs: WithdrawJobs
    clock: Clock
    retention: Retentions

    def __call__(self, template: Template, seconds_left: Callable[[], float]) -> Expanded:
        """Expand `template`, as the store holds it.

        Raises:
            TemplateChanged: another has written it meanwhile, and its word stands.
            InvalidField: a calendar is missing, or a parameter cannot be rendered.
            PayloadUnavailable, StoreUnavailable: nothing is lost; it is to be tried again.
        """
        now = self.clock.now()
        timetable = timetable_of(template, self.calendars)
        if template.pause is not None and template.pause.until is not None and template.pause.until <= now:
            template = self._resume(template, template.pause, timetable, now)
        if template.failing is not None:
            template = self._end_row(template, template.failing, timetable, now)
        progress = template.progress
        if progress.is_stale or _has_settled(progress, now):
            is_done = self.withdraw_jobs(template, timetable, now=now, seconds_left=seconds_left)
            settle_at = None if _has_settled(progress, now) else progress.settle_at
            progress = replace(progress, is_stale=not is_done, settle_at=settle_at)
        if template.status is TemplateStatus.DELETED and not progress.is_stale and progress.settle_at is None:
            # Its last turn: whoever may have written beside the deletion is done. Dying before the template says so
            # repeats it.
            self.templates.expire_remains(template)
        if template.status is not TemplateStatus.ACTIVE:
            until = None if template.pause is None else template.pause.until
            return Expanded(self._write(template, progress, until, now))
        expansion = expand(replace(template, progress=progress), timetable, now=now)
        planned = self.plan_jobs(template, expansion.planned, now=now)
        for gap in expansion.gaps:
            keep_until = gap.last + self.retention.of_tenant(template.tenant).longest
            self.templates.record_gap(template.key, gap, keep_until=keep_until)
        missed = sum(gap.count for gap in expansion.gaps)
        try:
            written = self._write(template, expansion.progress, expansion.expand_at, now)
        except TemplateChanged as refusal:
            self._take_back(expansion, template, refusal.current)
            raise
        return Expanded(written, planned, missed)

    def _take_back(self, expansion: Expansion, template: Template, current: Template | None) -> None:
        """Withdraw what was planned by a version that has been replaced meanwhile, as far as it applies no more. Should
        this process die before, it is done when the template has settled."""
        if current is not None and current.version > template.version:
            instants = [one.nominal_at for one in expansion.planned]
            timetable = timetable_of(current, self.calendars)
            self.withdraw_jobs.planned_at(instants, current, timetable, now=self.clock.now())

    def _resume(self, template: Template, pause: Pause, timetable: Timetable, now: datetime) -> Template:
        """As of the time that the pause names: what was due since then is late, and no part of the pause."""
        assert pause.until is not None
        self.templates.archive_version(template)
        ended_at = max(pause.until, template.changed_at)
        active = resumed(template, pause.missed, timetable, by=BY_ITSELF, now=ended_at)
        active = replace(active, progress=replace(active.progress, settle_at=now + SETTLE))
        self.templates.replace_template(active)
        return active

    def _end_row(self, template: Template, row: FailingRow, timetable: Timetable, now: datetime) -> Template:
        """The template that keeps failing is paused, unless a client has changed or paused it since."""
        most, forgotten = template.pause_after_failures, replace(template, failing=None)
        if most is None or row.version != template.version or template.status is not TemplateStatus.ACTIVE:
            return forgotten
        pause = failing_pause(row, most, timetable.gap(now), now)
        self.templates.archive_version(forgotten)
        stopped = paused(forgotten, pause, timetable, by=BY_ITSELF)
        self.templates.replace_template(stopped)
        return stopped

    def _write(self, template: Template, progress: Progress, expand_at: datetime | None, now: datetime) -> Template:
        """Write how far the template is, to be looked at again at `expand_at`, or sooner if something is left to do."""
        times = [time for time in (expand_at, progress.settle_at, now if progress.is_stale else None) if time]
        written = replace(
            template, progress=progress, expand_at=min(times, default=None), revision=template.revision + 1
        )
        self.templates.replace_template(written)
        return written


def _has_settled(progress: Progress, now: datetime) -> bool:
    return progress.settle_at is not None and progress.settle_at <= now
