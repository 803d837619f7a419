"""The job of one occurrence: how it is made from its template, planned anew, and withdrawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from shared.model.change import Change, Clause, Op
from shared.model.job import (
    Job,
    JobKey,
    Payload,
    Sharding,
    due_shard_of,
    epoch_ms,
    hashed_id,
    start_deadline,
    template_partition,
)
from shared.model.lanes import lane_of
from shared.model.lifecycle import Move, Status
from shared.model.status_change import status_change, terminal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.model.retention import Retention
    from shared.model.template import Template, TemplateKey

WITHDRAWN: Final = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOccurrence:
    """One occurrence that is to become a job.

    `number` counts the template's occurrences from 1. `misfire_at`: from then on it is too late for its first attempt,
    None when it never is.
    """

    nominal: datetime
    nominal_at: datetime
    effective_at: datetime
    number: int
    misfire_at: datetime | None
    previous_nominal_at: datetime | None = None


def occurrence_job_id(key: TemplateKey, nominal_at: datetime) -> str:
    """The id of the job of a template's occurrence: whoever plans it, and however often, means the same item."""
    return hashed_id(*key, str(epoch_ms(nominal_at)))


def occurrence_job(
    template: Template,
    occurrence: PlannedOccurrence,
    *,
    target: Mapping[str, Any],
    payload: Payload,
    now: datetime,
    sharding: Sharding,
    job_id: str | None = None,
) -> Job:
    """The scheduled job of an occurrence, with `target` and `payload` rendered for it; under a `job_id` of its own when
    the occurrence is to run once more."""
    key = JobKey(template.tenant, job_id or occurrence_job_id(template.key, occurrence.nominal_at))
    job = _job(template, key, run_at=occurrence.effective_at, listed_at=occurrence.nominal_at, now=now, shards=sharding)
    return replace(
        job, target=target, payload=payload, nominal_at=occurrence.nominal_at, misfire_at=occurrence.misfire_at
    )


def triggered_job(
    template: Template,
    job_id: str,
    *,
    target: Mapping[str, Any],
    payload: Payload,
    now: datetime,
    sharding: Sharding,
) -> Job:
    """A job of the template beside its schedule, due at once."""
    job = _job(template, JobKey(template.tenant, job_id), run_at=now, listed_at=now, now=now, shards=sharding)
    return replace(job, target=target, payload=payload)


def replan(existing: Job, planned: Job, *, now: datetime) -> Change | None:
    """The change that makes of an occurrence's `existing` job the `planned` one; None when there is nothing to do.

    Only a job that has not begun is planned anew, or one that was withdrawn; and never by a version older than the one
    that planned or withdrew it.
    """
    move = _replanning(existing)
    if move is None or not _is_untouched(existing):
        return None
    if (existing.template_version or 0) >= (planned.template_version or 0):
        return None
    withdrawn = () if move is Move.REPLAN else (Clause("reason", Op.EQ, WITHDRAWN),)
    return status_change(
        move,
        when=(*withdrawn, *_not_begun(planned.template_version)),
        now=now,
        values={name: getattr(planned, name) for name in _PLANNED_FIELDS}
        | {"reason": None, "ended_at": None, "expire_item_at": None},
    )


def withdraw(
    job: Job, *, version: int, now: datetime, retention: Retention, counts_as_version: int | None = None
) -> Change:
    """The job of an occurrence that the template has no more as of `version`; only if it has not begun.

    `counts_as_version`: only newer versions than that may reinstate it; `version`, unless that one is to do so itself.
    """
    stamp = version if counts_as_version is None else counts_as_version
    values = {"reason": WITHDRAWN, "template_version": stamp, **terminal(job, now, retention.of(Status.SKIPPED))}
    return status_change(Move.WITHDRAW, when=_not_begun(version), now=now, values=values)


def may_be_withdrawn(job: Job, version: int) -> bool:
    """Whether `withdraw` would be accepted, by what `job` shows."""
    return (
        job.status is Status.SCHEDULED
        and _is_untouched(job)
        and job.template_version is not None
        and job.template_version < version
        and job.nominal_at is not None
    )


_PLANNED_FIELDS: Final = (
    "name",
    "tags",
    "target",
    "payload",
    "priority",
    "timeout_seconds",
    "expires_after_seconds",
    "expires_at",
    "retry",
    "delivery",
    "completion",
    "heartbeat_timeout_seconds",
    "run_at",
    "wake_at",
    "due_shard",
    "template_version",
    "misfire_at",
)


def _replanning(job: Job) -> Move | None:
    if job.status is Status.SCHEDULED:
        return Move.REPLAN
    return Move.REINSTATE if job.status is Status.SKIPPED and job.reason == WITHDRAWN else None


def _job(
    template: Template, key: JobKey, *, run_at: datetime, listed_at: datetime, now: datetime, shards: Sharding
) -> Job:
    definition = template.job
    return Job(
        tenant=key.tenant,
        id=key.job_id,
        name=template.name,
        tags=template.tags,
        target=definition.target,
        priority=definition.priority,
        timeout_seconds=definition.timeout_seconds,
        expires_after_seconds=definition.expires_after_seconds,
        expires_at=start_deadline(run_at, definition.expires_after_seconds),
        retry=definition.retry,
        delivery=definition.delivery,
        group_pk=template_partition(key.tenant, template.id),
        group_sk=f"{epoch_ms(listed_at):013d}#{key.job_id[-8:]}",
        run_at=run_at,
        wake_at=run_at,
        completion=definition.completion,
        heartbeat_timeout_seconds=definition.heartbeat_timeout_seconds,
        due_shard=due_shard_of(key, lane_of(definition.priority, definition.call_seconds), shards.due),
        created_at=now,
        updated_at=now,
        template_id=template.id,
        template_version=template.version,
    )


def _not_begun(version: int | None) -> tuple[Clause, ...]:
    """No attempt has begun, nobody has it run again, and it was planned by an older version than `version`."""
    return (
        Clause("attempt", Op.EQ, 0),
        Clause("redriven_at", Op.ABSENT),
        Clause("template_version", Op.LT, version),
    )


def _is_untouched(job: Job) -> bool:
    return job.attempt == 0 and job.redriven_at is None
