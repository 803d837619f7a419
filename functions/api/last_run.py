"""The latest job of a template that runs or has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.model.job import JobKey, epoch_ms, template_partition
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.job import Job
    from shared.model.template import Template
    from shared.ports.jobs import JobStore

# Withdrawn and missed ones may lie above it; behind so many of them nobody looks any more.
_ENTRIES: Final = 30
_RUNS: Final = frozenset({Status.RUNNING, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})
# After every sort key: the millisecond that follows the last one of 13 digits.
_END: Final = "9" * 13 + "~"


@dataclass(frozen=True, slots=True)
class FindLastRun:
    jobs: JobStore

    def __call__(self, template: Template, now: datetime) -> Job | None:
        """The job with the latest nominal instant, or time of its trigger, that runs, succeeded, failed or was
        cancelled."""
        # An occurrence runs at its nominal instant or later, but for those that are rolled back.
        may_be_early = template.schedule.get("on_excluded") == "previous_business_day"
        before = _END if may_be_early else f"{epoch_ms(now) + 1:013d}"
        partition = template_partition(template.tenant, template.id)
        entries = self.jobs.list_group(partition, before=before, not_before="0", limit=_ENTRIES)
        keys = [JobKey(entry.tenant, entry.job_id) for entry in entries]
        return next((job for job in self.jobs.get_many(keys, consistent=True) if job.status in _RUNS), None)
