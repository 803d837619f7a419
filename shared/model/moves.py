"""Each move of a job as one conditional change: pure functions of (job, event, now).

The statuses that a move starts from and leads to stand in `lifecycle.LEGAL_MOVES`; here is what else must hold and what
is written. A terminal job leaves the due index and gets the time at which its item may go.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.model import limits
from shared.model.attention import attention
from shared.model.change import AnyOf, Change, Clause, Op
from shared.model.errors import InvalidField
from shared.model.execution import NO_OUTPUT, Failure, Outcome, Output
from shared.model.history import history_with
from shared.model.job import (
    Delivery,
    Job,
    Sharding,
    call_seconds,
    due_shard_of,
    start_deadline,
)
from shared.model.lanes import Lane, lane_of
from shared.model.lifecycle import Move, Status, legal
from shared.model.long_work import back_in_its_lane, extended_lease, silence_of
from shared.model.next_attempt import next_attempt_at, why_no_other
from shared.model.status_change import check_source, status_change, status_in, terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.model.retention import Retention


def claim(*, lane: Lane, wake_at: datetime, claim_id: str, now: datetime) -> Change:
    """An attempt begins, on behalf of a message that came through `lane` and promised `wake_at`.

    It is refused when the job has been moved, has left the lane, was claimed by another, or when its start deadline has
    passed, or the time until which a missed occurrence of a template may begin. Both are for the first start only: a
    retry has its own limits.
    """
    return status_change(
        Move.CLAIM,
        when=(
            Clause("wake_at", Op.EQ, wake_at),
            Clause("due_shard", Op.BEGINS_WITH, f"{lane}#"),
            _begins_in_time("expires_at", now),
            _begins_in_time("misfire_at", now),
        ),
        now=now,
        values={
            "claim_id": claim_id,
            "lease_until": now + timedelta(seconds=limits.LEASE_SECONDS),
            "started_at": now,
            "reason": None,
        },
        add={"fence": 1, "attempt": 1},
    )


def heartbeat(job: Job, *, now: datetime) -> Change:
    """The lease is extended, counted from `now`, the time before the call. Not a new version: nothing a client did."""
    lease_until = extended_lease(job, now)
    return Change(
        move=Move.HEARTBEAT,
        when=(status_in(Move.HEARTBEAT), _held(job), Clause("lease_until", Op.LT, lease_until)),
        set={"lease_until": lease_until},
    )


def defer(job: Job, *, until: datetime, reason: str, now: datetime) -> Change:
    """The running job goes back to wait until `until`; what had begun does not count as an attempt.

    It came in time, so that what waits on purpose is no misfire any more. Like a retry it is refused when a cancel was
    requested: the caller then ends it by `stop`.
    """
    return status_change(
        Move.DEFER,
        when=(_held(job), _NO_CANCEL),
        now=now,
        values={
            "wake_at": until,
            "reason": reason,
            "misfire_at": None,
            **_never_begun(job),
            **back_in_its_lane(job),
        },
        add={"attempt": -1},
    )


def decline(job: Job, *, reason: str, now: datetime, retention: Retention) -> Change:
    """The claimed job ends without having run, for `reason`; what had begun does not count as an attempt.

    Like a deferral it is refused when a cancel was requested: the caller then ends it by `stop`.
    """
    return status_change(
        Move.DECLINE,
        when=(_held(job), _NO_CANCEL),
        now=now,
        values={"reason": reason, **_never_begun(job), **terminal(job, now, retention.of(Status.SKIPPED))},
        add={"attempt": -1},
    )


def succeed(job: Job, *, output: Output, now: datetime, retention: Retention) -> Change:
    """The attempt that holds `job` ends well. It beats a cancel that was requested meanwhile."""
    executions = history_with(job, Outcome.SUCCEEDED, now=now, output=output)
    return _end(Move.SUCCEED, job, now=now, retention=retention, values={"executions": executions})


def fail(
    job: Job,
    failure: Failure,
    *,
    now: datetime,
    chance: float,
    retention: Retention,
    sharding: Sharding,
    output: Output = NO_OUTPUT,
) -> Change:
    """The attempt that holds `job` ends badly: a retry, the end of the job, or the cancel that was requested.

    `chance` is a uniform random number in [0, 1), for the jitter. A retry is refused when a cancel was requested that
    `job` does not show yet; the caller then ends it by `stop`.
    """
    if job.cancel_requested_at is not None:
        return stop(job, now=now, retention=retention, failure=failure, output=output)
    executions = history_with(job, failure.outcome, now=now, output=output, failure=failure)
    wake_at = next_attempt_at(job, failure, now=now, chance=chance)
    if wake_at is not None:
        return status_change(
            Move.RETRY,
            when=(_held(job), _NO_CANCEL),
            now=now,
            values={"wake_at": wake_at, "executions": executions, **_NO_LEASE, **back_in_its_lane(job)},
        )
    return _end(
        Move.FAIL,
        job,
        now=now,
        retention=retention,
        values={
            "executions": executions,
            "reason": why_no_other(job, failure),
            **attention(job, executions, now, sharding),
        },
    )


def stop(
    job: Job, *, now: datetime, retention: Retention, failure: Failure | None = None, output: Output = NO_OUTPUT
) -> Change:
    """The attempt that holds `job` ends without success after a cancel was requested: the job is cancelled."""
    executions = history_with(job, Outcome.CANCELLED, now=now, output=output, failure=failure)
    values = {"executions": executions, "reason": "cancelled_by_client"}
    return _end(Move.STOP, job, now=now, retention=retention, values=values)


def reap(job: Job, *, now: datetime, chance: float, retention: Retention, sharding: Sharding) -> Change:
    """The attempt whose lease ran out is written down as lost, or as timed out, and the job goes on as after any other.

    Refused when the lease was extended meanwhile. The skew keeps a watcher whose clock runs ahead from taking a
    live one.
    """
    change = fail(job, silence_of(job), now=now, chance=chance, retention=retention, sharding=sharding)
    return Change(
        move=change.move,
        when=(*change.when, Clause("lease_until", Op.LT, _latest_lost_lease(now))),
        set=change.set,
        add=change.add,
    )


def lease_is_over(job: Job, now: datetime) -> bool:
    """Whether the running `job` may be reaped at `now`."""
    return job.lease_until is not None and job.lease_until < _latest_lost_lease(now)


def edit(job: Job, changes: Mapping[str, Any], *, now: datetime, sharding: Sharding) -> Change:
    """A client changes a waiting job: `changes` are new values of its fields.

    A new `run_at` is also the time at which the job wakes; a message already sent for the old one then goes stale. Of
    an occurrence it is the client's own time, which is not missed by the template's rules.

    Raises:
        IllegalTransition: the job is not waiting.
        InvalidField: the next attempt would be one more than the changed job may have.
    """
    check_source(job, Move.EDIT)
    values = dict(changes)
    _check_attempts_left(job, values)
    run_at: datetime = values.get("run_at", job.run_at)
    if "run_at" in values:
        values["wake_at"] = run_at
        values["misfire_at"] = None
    if not {"run_at", "expires_after_seconds"}.isdisjoint(values):
        since = run_at if "run_at" in values or job.redriven_at is None else max(run_at, job.redriven_at)
        values["expires_at"] = start_deadline(since, values.get("expires_after_seconds", job.expires_after_seconds))
    if not {"priority", "timeout_seconds", "completion"}.isdisjoint(values):
        timeout, completion = (values.get(name, getattr(job, name)) for name in ("timeout_seconds", "completion"))
        lane = lane_of(values.get("priority", job.priority), call_seconds(timeout, completion))
        values["due_shard"] = due_shard_of(job.key, lane, sharding.due)
    return status_change(Move.EDIT, when=(_unchanged(job),), now=now, values=values)


def run_now(job: Job, *, now: datetime, sharding: Sharding) -> Change:
    """A client wants a waiting job at once, be it before its time or between two attempts.

    Raises:
        IllegalTransition: the job is not waiting.
    """
    changes: dict[str, Any] = {"run_at": now} if job.run_at > now else {"misfire_at": None}
    return edit(job, {**changes, "wake_at": now}, now=now, sharding=sharding)


def cancel(job: Job, *, now: datetime, retention: Retention) -> Change:
    """A client cancels: at once while the job waits, by a request to its executor while it runs.

    Raises:
        IllegalTransition: the job has ended.
    """
    if job.status in legal(Move.REQUEST_CANCEL).sources:
        return status_change(Move.REQUEST_CANCEL, when=(_unchanged(job),), now=now, values={"cancel_requested_at": now})
    check_source(job, Move.CANCEL)
    values = {"reason": "cancelled_by_client", **terminal(job, now, retention.of(Status.CANCELLED))}
    return status_change(Move.CANCEL, when=(_unchanged(job),), now=now, values=values)


def why_too_late(job: Job, now: datetime) -> str | None:
    """The reason for which a job that has not begun will not begin any more at `now`; None when it may."""
    if job.attempt:
        return None
    if job.expires_at is not None and job.expires_at <= now:
        return "expired"
    return "missed" if job.misfire_at is not None and job.misfire_at <= now else None


def skip(job: Job, *, reason: str, now: datetime, retention: Retention) -> Change:
    """The job will not run, for `reason`, a lower-case word such as `expired`.

    Raises:
        IllegalTransition: the job is not waiting.
    """
    check_source(job, Move.SKIP)
    values = {"reason": reason, **terminal(job, now, retention.of(Status.SKIPPED))}
    return status_change(Move.SKIP, when=(_unchanged(job),), now=now, values=values)


_NO_CANCEL = Clause("cancel_requested_at", Op.ABSENT)
_NO_LEASE: Mapping[str, Any] = {"lease_until": None, "claim_id": None, "awaiting_since": None}


def _end(move: Move, job: Job, *, now: datetime, retention: Retention, values: Mapping[str, Any]) -> Change:
    ending = terminal(job, now, retention.of(legal(move).target))
    return status_change(move, when=(_held(job),), now=now, values={**values, **_NO_LEASE, **ending})


def _never_begun(job: Job) -> Mapping[str, Any]:
    """What belongs to the attempt that holds the job is as it was before its claim."""
    return {**_NO_LEASE, "started_at": job.executions[-1].started_at if job.executions else None}


def _begins_in_time(deadline: str, now: datetime) -> AnyOf:
    return AnyOf((Clause(deadline, Op.ABSENT), Clause(deadline, Op.GT, now), Clause("attempt", Op.GT, 0)))


def _held(job: Job) -> Clause:
    """The job has not been claimed by another since the caller claimed it."""
    return Clause("fence", Op.EQ, job.fence)


def _unchanged(job: Job) -> Clause:
    return Clause("version", Op.EQ, job.version)


def _check_attempts_left(job: Job, values: Mapping[str, Any]) -> None:
    if job.attempt and values.get("delivery", job.delivery) is Delivery.AT_MOST_ONCE:
        raise InvalidField("/delivery", "the job has begun before and waits for another attempt")
    if job.attempt >= values.get("retry", job.retry).max_attempts:
        raise InvalidField("/retry/max_attempts", f"the job waits for attempt number {job.attempt + 1}")


def _latest_lost_lease(now: datetime) -> datetime:
    return now - timedelta(seconds=limits.CLOCK_SKEW_SECONDS)
