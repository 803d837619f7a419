"""Create, read and change single jobs."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.create_job import Idempotency
from functions.api.models.faults import validated
from functions.api.models.jobs import Reschedule
from functions.api.request import JSON, MERGE_PATCH, fingerprint
from functions.api.wire.answers import delays_answer, etag, executions_answer, job_answer, listed_answer
from shared.model import limits
from shared.model.errors import JobNotFound
from shared.model.job import JobKey
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.job import Job

_JOB_ID: Final = re.compile(r"[0-9a-z]{1,64}")


def create_job(request: Request, services: Services) -> Answer:
    body = request.json_object()
    now = services.clock.now()
    key = request.idempotency_key()
    read_spec = partial(services.specs.new, body, now=now, correlation_id=request.correlation_id())
    idempotency = None if key is None else Idempotency(key, fingerprint(body))
    created = services.create_job(request.tenant, read_spec, idempotency, now)
    location = {"Location": f"/v1/jobs/{created.job.id}"}
    if created.replayed:
        return answer_of(created.job, services, status=201, headers={**location, "Idempotent-Replayed": "true"})
    services.telemetry.note("created", **created.job.identity())
    # The payload as sent: once the job is stored, no failing read may turn that into an error.
    return _job(created.job, body.get("payload"), status=201, headers=location)


def get_job(request: Request, services: Services, job_id: str) -> Answer:
    key = key_of(request, job_id)
    try:
        job = services.jobs.get(key)
    except JobNotFound:
        return archived_answer(_archived(key, services))
    return answer_of(job, services)


def edit_job(request: Request, services: Services, job_id: str) -> Answer:
    patch = request.json_object(content_types=(MERGE_PATCH, JSON))
    key = key_of(request, job_id)
    job = services.edit_job(key, patch, request.precondition(), services.clock.now())
    return answer_of(job, services)


def reschedule_job(request: Request, services: Services, job_id: str) -> Answer:
    body = request.json_object()
    validated(Reschedule, body)
    patch = {name: value for name, value in body.items() if value is not None}
    key = key_of(request, job_id)
    job = services.edit_job(key, patch, request.precondition(), services.clock.now())
    return answer_of(job, services)


def cancel_job(request: Request, services: Services, job_id: str) -> Answer:
    request.refuse_body()
    job = services.cancel_job(key_of(request, job_id), request.precondition(), services.clock.now())
    return answer_of(job, services, status=202 if job.status is Status.RUNNING else 200)


def run_job(request: Request, services: Services, job_id: str) -> Answer:
    request.refuse_body()
    job = services.run_job_now(key_of(request, job_id), request.precondition(), services.clock.now())
    return answer_of(job, services)


def get_executions(request: Request, services: Services, job_id: str) -> Answer:
    key = key_of(request, job_id)
    is_archived = False
    try:
        job = services.jobs.get(key)
    except JobNotFound:
        job, is_archived = _archived(key, services), True
    return Answer(body={"items": executions_answer(job), "archived": is_archived}, facts={"job_id": job.id})


def key_of(request: Request, job_id: str) -> JobKey:
    """The key of the job that a path names.

    Raises:
        JobNotFound: no job has such an id.
    """
    if not _JOB_ID.fullmatch(job_id):
        raise JobNotFound(job_id)
    return JobKey(request.tenant, job_id)


def answer_of(job: Job, services: Services, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """A job with its payload, wherever that lies."""
    text = services.jobs.load_payload(job)
    return _job(job, None if text is None else json.loads(text), status=status, headers=headers)


def archived_answer(job: Job) -> Answer:
    """A job as the archive has it: without its payload if that lay elsewhere."""
    return _answer(job, {**listed_answer(job), "retry_delays": delays_answer(job.retry), "archived": True})


def _archived(key: JobKey, services: Services) -> Job:
    """What the archive has of a job whose item is not there, if it is near at hand.

    Raises:
        JobNotFound: it is not.
    """
    look = services.find_archived()(key, now=services.clock.now(), pages=limits.ARCHIVE_GLANCE_PAGES)
    if look.job is None:
        raise JobNotFound(key.job_id)
    return look.job


def _job(job: Job, payload: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    body = {**job_answer(job), "payload": payload, "retry_delays": delays_answer(job.retry), "archived": False}
    return _answer(job, body, status=status, headers=headers)


def _answer(job: Job, body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(
        status=status,
        body=body,
        headers={"ETag": etag(job), **(headers or {})},
        correlation_id=job.correlation_id or job.id,
        facts={"job_id": job.id},
        # A sign of life is no new version, nor that the item is gone.
        outlives_etag=job.status is Status.RUNNING or body["archived"],
    )
