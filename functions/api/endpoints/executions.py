"""What whoever does the work of an attempt reports. The token in the path stands for an API key: no log has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.models.executions import Completed, Failed, NewCheckpoint
from functions.api.models.faults import validated
from functions.api.refusals import Refused, TooLarge
from functions.api.wire.json_text import compact
from shared.model import limits
from shared.model.execution import Failure
from shared.model.lease_token import LeaseToken
from shared.model.times import format_time

if TYPE_CHECKING:
    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.job import Job

_NOBODY: Final = "there is no such execution"


def heartbeat(request: Request, services: Services, token: str) -> Answer:
    request.refuse_body()
    return _lease(services.reports().heartbeat(_read(token)))


def get_checkpoint(request: Request, services: Services, token: str) -> Answer:
    del request
    found = services.reports().load_checkpoint(_read(token))
    if found is None:
        return Answer(body={"checkpoint": None, "attempt": None, "saved_at": None})
    saved_at = format_time(found.saved_at)
    return Answer(body={"checkpoint": json.loads(found.data), "attempt": found.attempt, "saved_at": saved_at})


def save_checkpoint(request: Request, services: Services, token: str) -> Answer:
    lease = _read(token)
    data = compact(validated(NewCheckpoint, request.json_object()).checkpoint)
    if len(data) > limits.MAX_CHECKPOINT_BYTES:
        raise TooLarge("/checkpoint", f"a checkpoint has at most {limits.MAX_CHECKPOINT_BYTES // limits.KIB} KB")
    return _lease(services.reports().save_checkpoint(lease, data))


def complete(request: Request, services: Services, token: str) -> Answer:
    lease = _read(token)
    asked = validated(Completed, request.json_object() if request.body.strip() else {})
    return _ended(services.reports().complete(lease, _output(asked.output)))


def fail(request: Request, services: Services, token: str) -> Answer:
    lease = _read(token)
    asked = validated(Failed, request.json_object() if request.body.strip() else {})
    failure = Failure(
        asked.error.type, asked.error.message, retryable=asked.retryable, retry_after_seconds=asked.retry_after
    )
    return _ended(services.reports().fail(lease, failure, _output(asked.output)))


def _read(token: str) -> LeaseToken:
    """
    Raises:
        Refused: it is no token.
    """
    lease = LeaseToken.parse(token)
    if lease is None:
        raise Refused("not-found", _NOBODY)
    return lease


def _lease(job: Job) -> Answer:
    lease_until = job.lease_until
    body = {
        "lease_until": None if lease_until is None else format_time(lease_until),
        "cancel_requested": job.cancel_requested_at is not None,
    }
    return _answer(job, body)


def _ended(job: Job) -> Answer:
    next_at = job.wake_at
    return _answer(job, {"status": job.status, "next_attempt_at": None if next_at is None else format_time(next_at)})


def _answer(job: Job, body: dict[str, Any]) -> Answer:
    return Answer(body=body, correlation_id=job.correlation_id or job.id, facts={"job_id": job.id})


def _output(output: Any) -> bytes:
    if output is None:
        return b""
    return output.encode() if isinstance(output, str) else compact(output)
