"""Make a job of a template at once, beside its schedule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from functions.api.check_template import example_of
from functions.api.refusals import WrongState
from shared.expansion.plan_jobs import job_of
from shared.model.job import JobKey, idempotent_job_id
from shared.model.occurrence_job import triggered_job
from shared.model.template import TemplateStatus

if TYPE_CHECKING:
    from datetime import datetime

    from functions.api.create_job import Created, CreateJob, Idempotency
    from shared.model.template import TemplateKey
    from shared.ports.clock import Ids
    from shared.ports.templates import TemplateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerTemplate:
    templates: TemplateStore
    create_job: CreateJob
    ids: Ids

    def __call__(
        self, key: TemplateKey, idempotency: Idempotency | None, now: datetime, correlation_id: str | None
    ) -> Created:
        """A job of the template as it stands, also when it is paused; its parameters are those of an occurrence whose
        nominal instant is now, and whose number is 0.

        Raises:
            TemplateNotFound: there is no such template.
            WrongState: it is deleted.
            IdempotencyKeyReused: the key was used for another request.
            InvalidField: a parameter cannot be rendered.
        """
        if idempotency is None:
            job_id = self.ids.job_id(now)
        else:
            job_id = idempotent_job_id(key.tenant, idempotency.key)
            earlier = self.create_job.earlier(JobKey(key.tenant, job_id), idempotency)
            if earlier is not None:
                return earlier
        template = self.templates.get_template(key)
        if template.status is TemplateStatus.DELETED:
            raise WrongState("deleted", "the template is deleted; POST to its /clone makes a new one like it")
        text, sharding = self.templates.load_template_payload(template), self.create_job.sharding
        facts = example_of(template, None, now)
        rendered = job_of(template, text, facts, now=now, sharding=sharding, job_id=job_id)
        job = triggered_job(
            template, job_id, target=rendered.target, payload=rendered.payload, now=now, sharding=sharding
        )
        fingerprint = None if idempotency is None else idempotency.fingerprint
        return self.create_job.put(replace(job, fingerprint=fingerprint, correlation_id=correlation_id))
