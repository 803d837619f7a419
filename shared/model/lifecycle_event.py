"""What happened to a job, as it is told to others: on the event bus and to subscribers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shared.model.groups import is_reserved
from shared.model.lifecycle import Status
from shared.model.times import format_time

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from shared.model.execution import Execution
    from shared.model.job import Job
    from shared.model.job_change import JobChange

DOCUMENT_VERSION: Final = 1
"""Of the event's document. Members are added under the same number; it rises when one is changed or taken away."""

EVENT_TYPES: Final[Mapping[Status, str]] = {
    Status.RUNNING: "job.started",
    Status.SUCCEEDED: "job.succeeded",
    Status.FAILED: "job.failed",
    Status.CANCELLED: "job.cancelled",
    Status.SKIPPED: "job.skipped",
}


@dataclass(frozen=True, slots=True)
class LifecycleEvent:
    """`id` is the same each time the event is told, `document` what is told: JSON, with no payload, no address and no
    header of the job's target, any of which may be secret. `correlation_id` is that of what it is about."""

    id: str
    type: str
    tenant: str
    occurred_at: datetime
    correlation_id: str
    document: Mapping[str, Any]

    def is_of(self, types: Collection[str]) -> bool:
        """Whether its type is among `types`, or the family of types that it belongs to (`job.*`) is."""
        return self.type in types or f"{self.type.partition('.')[0]}.*" in types


def event_of(change: JobChange) -> LifecycleEvent | None:
    """What `change` is to others; None when it is nothing.

    The events of one job are ordered by the job's `version` in them, whatever order they arrive in.
    """
    job = change.new
    if job is None or not change.enters(*EVENT_TYPES) or is_reserved(job.group):
        return None
    event_id, event_type = f"{job.id}.{job.version}", EVENT_TYPES[job.status]
    document = {
        "id": event_id,
        "type": event_type,
        "document_version": DOCUMENT_VERSION,
        "occurred_at": format_time(job.updated_at),
        "tenant": job.tenant,
        "summary": _summary(job),
        "job": _described(job),
    }
    return LifecycleEvent(event_id, event_type, job.tenant, job.updated_at, job.correlation_id or job.id, document)


def _summary(job: Job) -> str:
    """One line for people, where a channel has them read it."""
    what = "started" if job.status is Status.RUNNING else job.status
    last = _last(job)
    why = job.reason if last is None else last.error_type
    return f"{job.name or f'Job {job.id}'} {what}" + (f": {why}" if why else "")


def _last(job: Job) -> Execution | None:
    """The attempt that has ended the job, if one has."""
    return job.executions[-1] if job.executions and job.status is not Status.RUNNING else None


def _described(job: Job) -> dict[str, Any]:
    last = _last(job)
    return {
        "id": job.id,
        "name": job.name,
        "status": job.status,
        "reason": job.reason,
        "version": job.version,
        "attempt": job.attempt,
        "max_attempts": job.retry.max_attempts,
        "run_at": format_time(job.run_at),
        "started_at": _time(job.started_at),
        "ended_at": _time(job.ended_at),
        "template_id": job.template_id,
        "nominal_at": _time(job.nominal_at),
        "group": job.group,
        "tags": dict(job.tags),
        "priority": job.priority,
        "target_type": job.target.get("type"),
        "correlation_id": job.correlation_id or job.id,
        "outcome": None if last is None else last.outcome,
        "error": (
            None
            if last is None or last.error_type is None
            else {"type": last.error_type, "message": last.error_message}
        ),
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else format_time(time)
