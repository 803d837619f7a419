"""Makes the jobs of a template's planned occurrences."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.model.errors import ChangeRefused
from shared.model.job import Job, Payload, Sharding
from shared.model.occurrence_facts import OccurrenceFacts
from shared.model.occurrence_job import PlannedOccurrence, occurrence_job, occurrence_job_id, replan
from shared.model.parameters import has_parameters, render
from shared.side_by_side import one_after_another

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from shared.model.template import Template
    from shared.ports.jobs import JobStore
    from shared.ports.templates import TemplateStore
    from shared.side_by_side import Together

# A job that another moves at the same time is looked at again; one that moves each time is being worked on.
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanJobs:
    """`together` makes several calls: one after the other unless something else is given."""

    jobs: JobStore
    templates: TemplateStore
    sharding: Sharding
    together: Together = one_after_another

    def __call__(self, template: Template, planned: Iterable[PlannedOccurrence], *, now: datetime) -> int:
        """Create the job of each occurrence, or bring the one that is there up to the template's version. Returns how
        many were created or changed; done twice, the second time does nothing.

        Raises:
            InvalidField: a parameter cannot be rendered.
            PayloadUnavailable: the template's payload cannot be read.
        """
        text = self.templates.load_template_payload(template)
        jobs = [job_of(template, text, one, now=now, sharding=self.sharding) for one in planned]
        return sum(self.together(partial(self._plan, now=now), jobs))

    def _plan(self, job: Job, *, now: datetime) -> bool:
        planned = self.jobs.place_payload(job)
        creation = self.jobs.create(planned)
        if creation.created:
            return True
        existing = creation.job
        for _ in range(_TRIES):
            change = replan(existing, planned, now=now)
            if change is None:
                return False
            try:
                self.jobs.change(planned.key, change)
            except ChangeRefused as refusal:
                if refusal.current is None:
                    return False
                existing = refusal.current
            else:
                return True
        return False


def job_of(
    template: Template,
    payload: bytes | None,
    occurrence: PlannedOccurrence,
    *,
    now: datetime,
    sharding: Sharding,
    job_id: str | None = None,
) -> Job:
    """The job of an occurrence with its parameters rendered; `payload` is the template's.

    Raises:
        InvalidField: a parameter cannot be rendered.
    """
    target: Any = template.job.target
    if has_parameters(target) or (payload is not None and has_parameters(payload.decode())):
        facts = facts_of(template, occurrence, job_id)
        target = render(target, facts, "/job/target")
        if payload is not None:
            payload = compact(render(json.loads(payload), facts, "/job/payload"))
    return occurrence_job(
        template, occurrence, target=target, payload=Payload(payload), now=now, sharding=sharding, job_id=job_id
    )


def facts_of(template: Template, occurrence: PlannedOccurrence, job_id: str | None = None) -> OccurrenceFacts:
    """What the parameters of an occurrence may refer to."""
    return OccurrenceFacts(
        tenant=template.tenant,
        template_id=template.id,
        template_name=template.name,
        template_version=template.version,
        nominal_at=occurrence.nominal_at,
        nominal_local=occurrence.nominal,
        timezone=template.schedule.get("timezone", "UTC"),
        run_at=occurrence.effective_at,
        number=occurrence.number,
        previous_nominal_at=occurrence.previous_nominal_at,
        job_id=job_id or occurrence_job_id(template.key, occurrence.nominal_at),
    )


def compact(value: Any) -> bytes:
    """The shortest JSON text of a value."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
