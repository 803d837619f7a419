"""What the archive knows of a job that has ended."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Final

from shared.model.execution import Output
from shared.model.hidden import shown_target
from shared.model.job import Job
from shared.model.lifecycle import LEGAL_MOVES

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.execution import Execution

# What only a job has that may still run, or that lies in a table: keys of indexes, the lease, a digest of the request.
NOT_ARCHIVED: Final = frozenset(
    {
        "attention_pk",
        "attention_sk",
        "awaiting_since",
        "checkpoint_at",
        "checkpoint_number",
        "claim_id",
        "discard_reason",
        "discarded_at",
        "discarded_by",
        "due_shard",
        "expire_item_at",
        "fingerprint",
        "group_pk",
        "group_sk",
        "lease_until",
        "misfire_at",
        "wake_at",
    }
)
_FOLLOWED: Final = frozenset(
    status for row in LEGAL_MOVES for status in row.sources if row.target is not status and status.is_terminal
)


def archived(job: Job) -> Job:
    """An ended job as the archive keeps it."""
    forgotten = {one.name: one.default for one in fields(Job) if one.name in NOT_ARCHIVED}
    executions = tuple(map(_by_itself, job.executions))
    return replace(job, **forgotten, target=shown_target(job.target), executions=executions)  # type: ignore[arg-type]


def end_of(job: Job) -> datetime:
    """When an ended job ended, in UTC.

    Raises:
        ValueError: it has not.
    """
    if job.ended_at is None or not job.status.is_terminal:
        raise ValueError(f"job {job.id} has not ended")
    return job.ended_at


def is_final(job: Job) -> bool:
    """Whether nothing can follow the end of this job: it cannot be redriven, and no template can have it again."""
    return job.status not in _FOLLOWED


def latest(one: Job, other: Job) -> Job:
    """Which of two ends of a job, or of two jobs that had an id one after the other, came later."""
    return max(one, other, key=lambda job: (end_of(job), job.version))


def _by_itself(execution: Execution) -> Execution:
    # The output's object goes with the job, and nobody reports on it any more.
    output = execution.output
    return replace(execution, output=Output(output.text, output.size_bytes), receipt=None)
