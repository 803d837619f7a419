"""Work that outlives the call that began it: a lease in the hands of whoever does it, an end to wait for, checkpoints.

A job with `completion: callback` stays running after its target has accepted the call. It then lies in the slice of the
due index that only the watcher looks at, by the time at which its lease is over unless somebody extends it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model import limits
from shared.model.change import Change, Clause, Op
from shared.model.durations import format_seconds
from shared.model.execution import Failure, Outcome
from shared.model.job import Completion
from shared.model.lanes import DueShard
from shared.model.lifecycle import Move
from shared.model.status_change import status_change, status_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.model.job import Job

LOST: Final = Failure(
    "lost", "the lease ran out without an outcome: the executor died or could not reach the table", outcome=Outcome.LOST
)
_WORKER_LOST: Final = Failure(
    "lost", "the lease ran out without an outcome: no heartbeat came from whoever does the work", outcome=Outcome.LOST
)


def await_outcome(job: Job, *, now: datetime) -> Change:
    """The target has accepted the call that `job` was claimed for: from now on the lease is that of whoever does the
    work, and counts from `now`. Either side may write this: the executor that was answered, or the worker by its first
    sign of life; who comes second finds it done."""
    lease_until = _lease_of_worker(job, now)
    return status_change(
        Move.AWAIT,
        when=(_held(job), Clause("awaiting_since", Op.ABSENT)),
        now=now,
        values={
            "awaiting_since": now,
            "lease_until": lease_until,
            "wake_at": lease_until,
            "due_shard": job.due_shard and DueShard(None, job.due_shard.number),
        },
    )


def unless_accepted(job: Job, change: Change) -> Change:
    """`change`, which whoever calls the target makes of `job`, refused once the work was accepted: from then on the
    lease is the worker's, and an answer that was lost on its way ends nothing."""
    if not awaits_callback(job):
        return change
    return replace(change, when=(*change.when, Clause("awaiting_since", Op.ABSENT)))


def save_checkpoint(job: Job, *, now: datetime) -> Change:
    """The attempt that holds `job` may leave a checkpoint, of the number that the job has afterwards: clocks could not
    tell which of two came later. Not a new version, like a heartbeat, and as good as one. Where it would extend the
    lease and is refused since that was extended meanwhile, it is to be made anew of the job as it is then."""
    is_kept_alive = job.awaiting_since is not None and job.cancel_requested_at is None
    lease = extended_lease(job, now) if is_kept_alive else None
    grows = lease is not None and job.lease_until is not None and lease > job.lease_until
    return Change(
        move=Move.CHECKPOINT,
        when=(status_in(Move.CHECKPOINT), _held(job), *((Clause("lease_until", Op.LT, lease),) if grows else ())),
        set={"checkpoint_at": now, **({"lease_until": lease} if grows else {})},
        add={"checkpoint_number": 1},
    )


def watch(job: Job) -> Change:
    """`job` awaits its outcome, and its lease was extended: somebody looks at it again when that may be over."""
    return Change(
        move=Move.WATCH,
        when=(status_in(Move.WATCH), _held(job), Clause("wake_at", Op.LT, job.lease_until)),
        set={"wake_at": job.lease_until},
    )


def extended_lease(job: Job, now: datetime) -> datetime:
    """Until when the lease of `job` holds that is extended at `now`, by its executor or by whoever does the work."""
    if job.awaiting_since is not None:
        return _lease_of_worker(job, now)
    return now + timedelta(seconds=limits.LEASE_SECONDS)


def silence_of(job: Job) -> Failure:
    """How the attempt ended whose lease ran out: it took too long, or nobody knows."""
    if job.awaiting_since is None:
        return LOST
    if job.lease_until is not None and job.lease_until >= deadline_of(job):
        message = f"no outcome was reported within {format_seconds(job.timeout_seconds)}"
        return Failure("timed_out", message, outcome=Outcome.TIMED_OUT)
    return _WORKER_LOST


def deadline_of(job: Job) -> datetime:
    """When the attempt that holds `job` has taken as long as it may."""
    return (job.started_at or job.updated_at) + timedelta(seconds=job.timeout_seconds)


def back_in_its_lane(job: Job) -> Mapping[str, Any]:
    """What brings a job that may await its outcome back to where ticks find it. Always written: whoever ends the
    attempt may not have seen yet that it has been accepted."""
    return {"due_shard": job.due_shard and DueShard(job.lane, job.due_shard.number)}


def awaits_callback(job: Job) -> bool:
    """Whether the target's answer to a call only says that the work has been accepted."""
    return job.completion is Completion.CALLBACK


def is_to_be_accepted(job: Job) -> bool:
    """Whether it is not known yet that the target has accepted the work: then a sign of life says so."""
    return awaits_callback(job) and job.awaiting_since is None


def _lease_of_worker(job: Job, now: datetime) -> datetime:
    return min(now + timedelta(seconds=job.heartbeat_timeout_seconds), deadline_of(job))


def _held(job: Job) -> Clause:
    return Clause("fence", Op.EQ, job.fence)
