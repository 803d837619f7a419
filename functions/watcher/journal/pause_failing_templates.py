"""A template whose jobs keep failing is marked, to be paused by its next expansion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from shared.model.errors import StoreUnavailable, TemplateChanged, TemplateNotFound, UnreadableTemplate
from shared.model.failing_template import JOBS_LOOKED_AT, failing_row, may_pause
from shared.model.groups import is_reserved
from shared.model.job import JobKey, epoch_ms, template_partition
from shared.model.lifecycle import Status
from shared.model.template import TemplateKey
from shared.ports.telemetry import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.model.job import Job
    from shared.model.job_change import JobChange
    from shared.model.template import FailingRow, Template
    from shared.ports.clock import Clock
    from shared.ports.jobs import JobStore
    from shared.ports.telemetry import Telemetry
    from shared.ports.templates import TemplateStore

_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseFailingTemplates:
    """Counts nothing: when a job of a template has failed for good, the template's latest jobs are read.

    Told the same again it finds the template marked, paused, or changed since. How long the pause lasts is for the
    expander to say, who knows the schedule and withdraws what is planned: that is within a minute.
    """

    templates: TemplateStore
    jobs: JobStore
    clock: Clock
    telemetry: Telemetry

    def __call__(self, changes: Sequence[JobChange]) -> None:
        """Raises `StoreUnavailable` when a template could not be looked at."""
        latest: dict[TemplateKey, Job] = {}
        for change in changes:
            job = change.new
            if job is None or job.template_id is None or is_reserved(job.group) or not change.enters(Status.FAILED):
                continue
            latest[TemplateKey(job.tenant, job.template_id)] = job
        for key, job in latest.items():
            self._look_at(key, job)

    def _look_at(self, key: TemplateKey, job: Job) -> None:
        for _ in range(_TRIES):
            try:
                template = self.templates.get_template(key)
            except (TemplateNotFound, UnreadableTemplate):
                # It is gone; or a newer version wrote it, and has a journal of its own.
                return
            if not may_pause(template, job):
                return
            row = failing_row(template, self._latest_jobs(template))
            if row is None:
                return
            try:
                return self._mark(template, row)
            except TemplateChanged:
                # An expansion, or a client: perhaps there is nothing to do any more.
                continue
        raise StoreUnavailable("a template did not hold still to be marked", outcome_unknown=False)

    def _latest_jobs(self, template: Template) -> list[Job]:
        """Newest first; without those that are only planned."""
        before = f"{epoch_ms(self.clock.now()) + 1:013d}"
        partition = template_partition(template.tenant, template.id)
        entries = self.jobs.list_group(partition, before=before, not_before="0", limit=JOBS_LOOKED_AT)
        return self.jobs.get_many([JobKey(entry.tenant, entry.job_id) for entry in entries], consistent=True)

    def _mark(self, template: Template, row: FailingRow) -> None:
        marked = replace(template, failing=row, expand_at=self.clock.now(), revision=template.revision + 1)
        self.templates.replace_template(marked)
        self.telemetry.note("template_keeps_failing", runs=row.runs, error=row.error, **template.identity())
        self.telemetry.measure(Metric.TEMPLATES_PAUSED)
