"""What becomes of a job that failed for good: it runs again with a fresh budget of attempts, or it is given up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from shared.model.attention import NO_ATTENTION
from shared.model.change import Change, Clause, Op
from shared.model.errors import SchedulerError
from shared.model.job import Delivery, due_shard_of, start_deadline
from shared.model.lifecycle import Move
from shared.model.status_change import check_source, status_change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.model.job import Job, Sharding


class SecondStart(SchedulerError):
    """A job that is promised to begin at most once would begin again, and nobody has said that it may."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"job {job.id} is delivered at most once, and has begun")
        self.job = job


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrive:
    """How a job runs again: from `wake_at` on, with new values of its fields in `changes`.

    `by` is the id of the API key or of the bulk action that asks. `may_begin_again` says that whoever asks knows that a
    job which begins at most once may have done its work already.
    """

    wake_at: datetime
    by: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    may_begin_again: bool = False


def redrive(job: Job, asked: Redrive, *, now: datetime, sharding: Sharding) -> Change:
    """A failed job runs again, with a fresh budget of attempts; also one that was discarded.

    It stays the same job: its id, fence, executions and `run_at` are kept. Its start deadline is counted from
    `asked.wake_at`, and its template's misfire policy has no say any more: a person wants it now.

    Raises:
        IllegalTransition: the job has not failed.
        SecondStart: it is delivered at most once, and nobody said that it may begin again.
    """
    check_source(job, Move.REDRIVE)
    if job.delivery is Delivery.AT_MOST_ONCE and not asked.may_begin_again:
        raise SecondStart(job)
    changed = replace(job, **asked.changes)
    values = {
        **asked.changes,
        "attempt": 0,
        "wake_at": asked.wake_at,
        "due_shard": due_shard_of(job.key, changed.lane, sharding.due),
        "expires_at": start_deadline(asked.wake_at, job.expires_after_seconds),
        "redrives": job.redrives + 1,
        "redriven_at": now,
        "redriven_by": asked.by,
        **dict.fromkeys(_OF_ITS_END),
        **NO_ATTENTION,
    }
    return status_change(Move.REDRIVE, when=(_unchanged(job),), now=now, values=values)


def discard(job: Job, *, reason: str | None, by: str, now: datetime) -> Change:
    """A failed job is given up: it stays as it is, for `reason` (a sentence), and asks for nobody's attention any more.

    Raises:
        IllegalTransition: the job has not failed.
    """
    check_source(job, Move.DISCARD)
    values = {
        "discarded_at": now,
        "discarded_by": by,
        "discard_reason": reason,
        **NO_ATTENTION,
    }
    return status_change(Move.DISCARD, when=(_unchanged(job),), now=now, values=values)


_OF_ITS_END: Final = (
    "reason",
    "ended_at",
    "expire_item_at",
    "misfire_at",
    "cancel_requested_at",
    "discarded_at",
    "discarded_by",
    "discard_reason",
)


def _unchanged(job: Job) -> Clause:
    return Clause("version", Op.EQ, job.version)
