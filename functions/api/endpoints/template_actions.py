"""What is done to a template by a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.api.answer import Answer
from functions.api.create_job import Idempotency
from functions.api.endpoints.jobs import answer_of as job_answer_of
from functions.api.endpoints.templates import answer_of, change_of, key_of
from functions.api.models.faults import validated
from functions.api.models.templates import OneOccurrence, PauseTemplate, ResumeTemplate
from functions.api.request import fingerprint
from shared.model.template import Missed

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services


def pause_template(request: Request, services: Services, template_id: str) -> Answer:
    asked = validated(PauseTemplate, request.json_object() if request.body.strip() else {})
    change = change_of(request, services)
    return answer_of(services.templates().pause_template(key_of(request, template_id), asked, change), services)


def resume_template(request: Request, services: Services, template_id: str) -> Answer:
    asked = validated(ResumeTemplate, request.json_object() if request.body.strip() else {})
    key, change = key_of(request, template_id), change_of(request, services)
    resume = services.templates().resume_template
    if asked.dry_run:
        return Answer(body={"dry_run": True, "runs": resume.would_run(key, change.now)})
    resumed = resume(key, Missed(asked.missed), change)
    return answer_of(resumed.template, services, runs=resumed.count_runs())


def trigger_template(request: Request, services: Services, template_id: str) -> Answer:
    request.refuse_body()
    key, now = key_of(request, template_id), services.clock.now()
    token = request.idempotency_key()
    idempotency = None if token is None else Idempotency(token, fingerprint({"trigger": template_id}))
    created = services.templates().trigger_template(key, idempotency, now, request.correlation_id())
    if not created.replayed:
        services.telemetry.note("triggered", template_id=template_id, **created.job.identity())
    headers = {"Location": f"/v1/jobs/{created.job.id}"}
    if created.replayed:
        headers["Idempotent-Replayed"] = "true"
    return job_answer_of(created.job, services, status=201, headers=headers)


def skip_occurrence(request: Request, services: Services, template_id: str) -> Answer:
    asked = validated(OneOccurrence, request.json_object())
    key, change = key_of(request, template_id), change_of(request, services)
    return answer_of(services.templates().skip_occurrence.skip(key, asked.nominal_at, change), services)


def unskip_occurrence(request: Request, services: Services, template_id: str) -> Answer:
    asked = validated(OneOccurrence, request.json_object())
    key, change = key_of(request, template_id), change_of(request, services)
    return answer_of(services.templates().skip_occurrence.unskip(key, asked.nominal_at, change), services)
