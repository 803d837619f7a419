"""Jobs as they are answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shared.model.durations import format_seconds
from shared.model.hidden import shown_target
from shared.model.job import Completion
from shared.model.lifecycle import Status
from shared.model.retry import Backoff, preview
from shared.model.times import format_time

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.errors import HasVersion
    from shared.model.execution import Execution
    from shared.model.job import Job
    from shared.model.retry import RetryPolicy
    from shared.model.template import JobDefinition


def job_answer(job: Job) -> dict[str, Any]:
    """A job without its payload, which may lie elsewhere."""
    return {
        "id": job.id,
        "name": job.name,
        "status": job.status,
        "reason": job.reason,
        "run_at": format_time(job.run_at),
        "wake_at": _time(job.wake_at) if job.status is not Status.RUNNING else None,
        "attempt": job.attempt,
        "version": job.version,
        "created_at": format_time(job.created_at),
        "updated_at": format_time(job.updated_at),
        "started_at": _time(job.started_at),
        "ended_at": _time(job.ended_at),
        "expires_at": _time(job.expires_at),
        "cancel_requested_at": _time(job.cancel_requested_at),
        "correlation_id": job.correlation_id or job.id,
        "template_id": job.template_id,
        "template_version": job.template_version,
        "nominal_at": _time(job.nominal_at),
        "redrives": job.redrives,
        "redriven_at": _time(job.redriven_at),
        "redriven_by": job.redriven_by,
        "discarded_at": _time(job.discarded_at),
        "discarded_by": job.discarded_by,
        "discard_reason": job.discard_reason,
        "group": job.group,
        "tags": dict(job.tags),
        "target": shown_target(job.target),
        "priority": job.priority,
        "timeout": format_seconds(job.timeout_seconds),
        **completion_answer(job),
        "awaiting_callback_since": _time(job.awaiting_since),
        "checkpoint_at": _time(job.checkpoint_at),
        "expires_after": None if job.expires_after_seconds is None else format_seconds(job.expires_after_seconds),
        "retry": retry_answer(job.retry),
        "delivery": job.delivery,
        "executions": executions_answer(job),
    }


def listed_answer(job: Job) -> dict[str, Any]:
    """A job in a list: with its payload if that is at hand, without the member if it lies elsewhere."""
    if job.payload.ref is not None:
        return job_answer(job)
    return {**job_answer(job), "payload": None if job.payload.data is None else json.loads(job.payload.data)}


def editable_answer(job: Job, payload: Any) -> dict[str, Any]:
    """What a merge patch is applied to: the members that a client may change, nothing hidden, nothing null."""
    document = job_answer(job)
    times = ("run_at", "timeout", "expires_after", "heartbeat_timeout")
    members = ("name", "tags", "priority", "retry", "completion", *times)
    editable = {**{name: document[name] for name in members}, "target": dict(job.target), "payload": payload}
    return {name: value for name, value in editable.items() if value is not None}


def retry_answer(policy: RetryPolicy) -> dict[str, Any]:
    """A policy as a client would send it: of each kind of backoff the members that go with it."""
    limit = policy.give_up_after_seconds
    return {
        "max_attempts": policy.max_attempts,
        "backoff": policy.backoff,
        **_delays(policy),
        "jitter": policy.jitter,
        "retry_on": list(policy.retry_on),
        "never_retry_on": list(policy.never_retry_on),
        "give_up_after": None if limit is None else format_seconds(limit),
    }


def delays_answer(policy: RetryPolicy) -> list[dict[str, Any]]:
    """Between which delays each retry will come."""
    return [
        {"after_attempt": attempt, "least": format_seconds(least), "most": format_seconds(most)}
        for attempt, (least, most) in enumerate(preview(policy), start=1)
    ]


def _delays(policy: RetryPolicy) -> dict[str, Any]:
    match policy.backoff:
        case Backoff.LADDER:
            return {"delays": [format_seconds(delay) for delay in policy.delays_seconds]}
        case Backoff.FIXED:
            return {"initial": format_seconds(policy.initial_seconds)}
    return {
        "initial": format_seconds(policy.initial_seconds),
        "multiplier": int(policy.multiplier) if policy.multiplier.is_integer() else policy.multiplier,
        "max_delay": format_seconds(policy.max_delay_seconds),
    }


def executions_answer(job: Job) -> list[dict[str, Any]]:
    """The attempts of a job, oldest first; one that runs now has neither end nor outcome."""
    ended = [_execution_answer(job, one) for one in job.executions]
    if job.status is not Status.RUNNING:
        return ended
    running = _execution(
        attempt=job.attempt, redrive=job.redrives, started_at=job.started_at, ended_at=None, outcome=None
    )
    return [*ended, {**running, "awaiting_callback_since": _time(job.awaiting_since)}]


def completion_answer(definition: Job | JobDefinition) -> dict[str, Any]:
    """What ends an attempt, and where that is a report, how long nobody may be heard of before it."""
    heard_of_within = format_seconds(definition.heartbeat_timeout_seconds)
    is_reported = definition.completion is Completion.CALLBACK
    return {"completion": definition.completion, "heartbeat_timeout": heard_of_within if is_reported else None}


def etag(current: HasVersion) -> str:
    """The version of a thing that has one, as a strong entity tag."""
    return f'"{current.version}"'


def _execution_answer(job: Job, execution: Execution) -> dict[str, Any]:
    answer = _execution(
        attempt=execution.attempt,
        redrive=execution.redrive,
        started_at=execution.started_at,
        ended_at=execution.ended_at,
        outcome=execution.outcome,
    )
    if execution.error_type is not None:
        answer["error"] = {"type": execution.error_type, "message": execution.error_message or ""}
    answer["output"] = execution.output.text
    answer["output_bytes"] = execution.output.size_bytes
    if execution.output.ref is not None:
        # Attempts are numbered anew by each redrive.
        which = "" if execution.redrive == job.redrives else f"?redrive={execution.redrive}"
        answer["output_url"] = f"/v1/jobs/{job.id}/executions/{execution.attempt}/output{which}"
    return answer


def _execution(
    *, attempt: int, redrive: int, started_at: datetime | None, ended_at: datetime | None, outcome: str | None
) -> dict[str, Any]:
    return {
        "attempt": attempt,
        "redrive": redrive,
        "started_at": _time(started_at),
        "ended_at": _time(ended_at),
        "outcome": outcome,
        "error": None,
        "output": None,
        "output_bytes": None,
        "output_url": None,
        "awaiting_callback_since": None,
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else format_time(time)
