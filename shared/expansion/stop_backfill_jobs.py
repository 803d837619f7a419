"""Cancels the jobs of an aborted backfill that have not begun."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from shared.expansion.timetables import timetable_of
from shared.expansion.versions import template_version
from shared.model import moves
from shared.model.backfill import Backfill, backfill_job_id
from shared.model.errors import ChangeRefused, IllegalTransition, TemplateNotFound
from shared.model.job import JobKey
from shared.model.lifecycle import Status
from shared.model.template import TemplateKey

if TYPE_CHECKING:
    from datetime import datetime

    from shared.expansion.choose_occurrences import ChooseOccurrences
    from shared.ports.calendars import Calendars
    from shared.ports.jobs import JobStore
    from shared.ports.retentions import Retentions
    from shared.ports.templates import TemplateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class StopBackfillJobs:
    """Those that it knows, and those of a step that was under way when it was aborted, which nobody wrote down."""

    jobs: JobStore
    templates: TemplateStore
    calendars: Calendars
    choose: ChooseOccurrences
    retention: Retentions

    def __call__(self, backfill: Backfill, *, now: datetime) -> None:
        ids = [*backfill.open, *self._of_a_step_under_way(backfill)]
        retention = self.retention.of_tenant(backfill.tenant)
        for job in self.jobs.get_many([JobKey(backfill.tenant, one) for one in ids], consistent=True):
            if job.status is Status.SCHEDULED:
                # It has begun in this moment, and may end.
                with suppress(ChangeRefused, IllegalTransition):
                    self.jobs.change(job.key, moves.cancel(job, now=now, retention=retention))

    def _of_a_step_under_way(self, backfill: Backfill) -> list[str]:
        spec = backfill.spec
        key = TemplateKey(backfill.tenant, spec.template_id)
        try:
            template = template_version(self.templates, key, spec.template_version)
        except TemplateNotFound:
            return []
        timetable = timetable_of(template, self.calendars)
        choices = self.choose(key, spec, timetable, backfill_id=backfill.id, after=backfill.position)
        wanted = (one.occurrence.nominal_at for one in choices if one.is_wanted)
        return [backfill_job_id(key, nominal_at, backfill.id) for nominal_at in islice(wanted, spec.per_minute)]
