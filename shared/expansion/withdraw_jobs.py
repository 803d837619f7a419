"""Takes back the jobs of occurrences that a template has no more."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model.errors import ChangeRefused
from shared.model.job import JobKey, epoch_ms, template_partition
from shared.model.occurrence_job import may_be_withdrawn, occurrence_job_id, withdraw
from shared.model.template import TemplateStatus
from shared.side_by_side import one_after_another

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from shared.model.change import Change
    from shared.model.job import Job
    from shared.model.schedule.timetable import Timetable
    from shared.model.template import Template
    from shared.ports.jobs import JobStore
    from shared.ports.retentions import Retentions
    from shared.side_by_side import Together

_PAGE: Final = 100
_LAST_PAGE_SECONDS: Final = 5
# Behind every sort key.
_END: Final = "9" * 13 + "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawJobs:
    """Looks through the template's part of the `group` index. What is due soonest is withdrawn first, before it begins;
    what the index does not show yet is seen when the template has settled, and looked through once more.

    `together` makes the writes of a page: one after the other unless something else is given.
    """

    jobs: JobStore
    retention: Retentions
    together: Together = one_after_another

    def __call__(
        self,
        template: Template,
        timetable: Timetable,
        *,
        now: datetime,
        seconds_left: Callable[[], float],
    ) -> bool:
        """Withdraw each job of an earlier version that has not begun, is no occurrence of this one or is one at another
        time, and was not due yet when the plans became stale; False when the time did not suffice."""
        since = _stale_since(template) - timedelta(seconds=template.progress.lag_seconds)
        partition, before = template_partition(template.tenant, template.id), _END
        pages: list[list[JobKey]] = []
        while not pages or len(pages[-1]) == _PAGE:
            if seconds_left() <= _LAST_PAGE_SECONDS:
                return False
            page = self.jobs.list_group(partition, before=before, not_before=f"{epoch_ms(since):013d}", limit=_PAGE)
            pages.append([JobKey(one.tenant, one.job_id) for one in page])
            before = page[-1].sort_key if page else before
        for keys in reversed(pages):
            if seconds_left() <= _LAST_PAGE_SECONDS:
                return False
            self._withdraw(keys[::-1], template, timetable, now)
        return True

    def planned_at(
        self, instants: Iterable[datetime], template: Template, timetable: Timetable, *, now: datetime
    ) -> None:
        """The same for the jobs of certain nominal instants, found by their ids: what the index does not show yet."""
        keys = [JobKey(template.tenant, occurrence_job_id(template.key, at)) for at in instants]
        self._withdraw(keys, template, timetable, now)

    def _withdraw(self, keys: Sequence[JobKey], template: Template, timetable: Timetable, now: datetime) -> None:
        jobs = self.jobs.get_many(keys, consistent=True)
        plans = [job for job in jobs if _is_plan(job, template) and job.run_at > _stale_since(template)]
        changes = [
            # At another time it is this version's to reinstate, when its turn comes; and no older one's.
            (job.key, self._withdrawn(job, template, template.version - (effective_at is not None), now))
            for job in plans
            if (effective_at := _effective_at(job, template, timetable)) != job.run_at
        ]
        self.together(self._write, changes)

    def _withdrawn(self, job: Job, template: Template, stamp: int, now: datetime) -> Change:
        retention = self.retention.of_tenant(job.tenant)
        return withdraw(job, version=template.version, now=now, retention=retention, counts_as_version=stamp)

    def _write(self, change: tuple[JobKey, Change]) -> None:
        # It has begun, or a newer version has planned it: then it is not ours to withdraw.
        with suppress(ChangeRefused):
            self.jobs.change(*change)


def _is_plan(job: Job, template: Template) -> bool:
    """Whether the schedule planned the job: not a client who triggered it, nor a backfill that runs it once more."""
    is_planned = job.nominal_at is not None and job.id == occurrence_job_id(template.key, job.nominal_at)
    return is_planned and may_be_withdrawn(job, template.version)


def _effective_at(job: Job, template: Template, timetable: Timetable) -> datetime | None:
    """When the job's occurrence runs by the template as it stands now; None when it does not."""
    if job.nominal_at is None or template.status is not TemplateStatus.ACTIVE or job.nominal_at in template.skipped:
        return None
    return timetable.effective_at(job.nominal_at)


def _stale_since(template: Template) -> datetime:
    return template.progress.stale_since or template.progress.since
