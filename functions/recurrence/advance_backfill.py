"""A backfill's step: what has ended is counted, and the next jobs are made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.expansion.plan_jobs import job_of
from shared.expansion.timetables import timetable_of
from shared.expansion.versions import template_version
from shared.model.backfill import Backfill, BackfillStatus, backfill_job_id
from shared.model.errors import TemplateNotFound
from shared.model.job import JobKey
from shared.model.lifecycle import Status
from shared.model.template import TemplateKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.expansion.choose_occurrences import ChooseOccurrences
    from shared.expansion.stop_backfill_jobs import StopBackfillJobs
    from shared.model.job import Job, Sharding
    from shared.model.occurrence_job import PlannedOccurrence
    from shared.model.template import Template
    from shared.ports.backfills import BackfillStore
    from shared.ports.calendars import Calendars
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore
    from shared.ports.retentions import Retentions
    from shared.ports.templates import ExpandEntry, TemplateStore

# A little less than the minute between two ticks, which do not come to the millisecond.
_STEP_EVERY: Final = timedelta(seconds=50)
# Occurrences that need not run are passed over, so many in one step at the most.
_MAX_LOOKED_AT: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceBackfill:
    """Jobs first, under ids of their own; the backfill last, if nobody has changed it. Dying in between repeats the
    step, which makes the same jobs."""

    backfills: BackfillStore
    templates: TemplateStore
    calendars: Calendars
    jobs: JobStore
    choose: ChooseOccurrences
    stop_jobs: StopBackfillJobs
    clock: Clock
    sharding: Sharding
    retention: Retentions

    def __call__(self, entry: ExpandEntry, seconds_left: Callable[[], float]) -> int:
        """The next step of the backfill that the entry stands for, if it is due; how many jobs were made.

        Raises:
            BackfillChanged: another has made this step, or a client has aborted it.
            InvalidField, PayloadUnavailable, StoreUnavailable: it is tried again at the next tick.
        """
        del seconds_left  # a step is short
        backfill, now = self.backfills.get_backfill(entry.tenant, entry.id), self.clock.now()
        if backfill.step_at is None or backfill.step_at > now:
            return 0  # the index lags
        if backfill.status is BackfillStatus.ABORTED:
            self.stop_jobs(backfill, now=now)
        counted = self._count(backfill)
        try:
            stepped = counted if counted.is_complete else self._make(counted, now)
        except TemplateNotFound:
            note = "its template's version is gone, so no more jobs can be made"
            stepped = replace(counted, is_complete=True, note=note)
        is_done = stepped.is_complete and not stepped.open
        kept = self.retention.of_tenant(backfill.tenant).longest
        self.backfills.replace_backfill(
            replace(
                stepped,
                revision=backfill.revision + 1,
                status=_status_after(backfill, is_done=is_done),
                ended_at=now if is_done else None,
                step_at=None if is_done else now + _STEP_EVERY,
                expire_item_at=(now + kept).replace(microsecond=0) if is_done else None,
            )
        )
        return stepped.made - backfill.made

    def _count(self, backfill: Backfill) -> Backfill:
        """The backfill with its open jobs looked at: those that have ended are counted."""
        found = self.jobs.get_many([JobKey(backfill.tenant, one) for one in backfill.open], consistent=True)
        ended = [job for job in found if job.status.is_terminal]
        succeeded = sum(job.status is Status.SUCCEEDED for job in ended)
        return replace(
            backfill,
            open=tuple(job.id for job in found if not job.status.is_terminal),
            succeeded=backfill.succeeded + succeeded,
            failed=backfill.failed + len(backfill.open) - (len(found) - len(ended)) - succeeded,
        )

    def _make(self, backfill: Backfill, now: datetime) -> Backfill:
        spec = backfill.spec
        key = TemplateKey(backfill.tenant, spec.template_id)
        template = template_version(self.templates, key, spec.template_version)
        timetable = timetable_of(template, self.calendars)
        payload = self.templates.load_template_payload(template)
        room = min(spec.per_minute, spec.at_once - len(backfill.open))
        made: list[str] = []
        looked_at = passed_over = 0
        position, is_complete = backfill.position, True
        for choice in self.choose(key, spec, timetable, backfill_id=backfill.id, after=backfill.position):
            if len(made) >= room or looked_at == _MAX_LOOKED_AT:
                is_complete = False
                break
            looked_at += 1
            position = choice.occurrence.nominal_at
            if not choice.is_wanted:
                passed_over += 1
                continue
            run_at = now + timedelta(minutes=1) * len(made) / spec.per_minute
            job = self._job(backfill, template, payload, choice.occurrence, run_at)
            self.jobs.create(self.jobs.place_payload(job))
            made.append(job.id)
        return replace(
            backfill,
            position=position,
            is_complete=is_complete,
            made=backfill.made + len(made),
            passed_over=backfill.passed_over + passed_over,
            open=(*backfill.open, *made),
        )

    def _job(
        self,
        backfill: Backfill,
        template: Template,
        payload: bytes | None,
        occurrence: PlannedOccurrence,
        run_at: datetime,
    ) -> Job:
        definition = replace(template.job, priority=backfill.spec.priority)
        job = job_of(
            replace(template, job=definition),
            payload,
            replace(occurrence, effective_at=run_at.replace(microsecond=run_at.microsecond // 1000 * 1000)),
            now=self.clock.now(),
            sharding=self.sharding,
            job_id=backfill_job_id(template.key, occurrence.nominal_at, backfill.id),
        )
        return replace(job, correlation_id=backfill.id)


def _status_after(backfill: Backfill, *, is_done: bool) -> BackfillStatus:
    return BackfillStatus.DONE if is_done and backfill.status is BackfillStatus.RUNNING else backfill.status
