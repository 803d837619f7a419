"""What must hold, as functions over jobs and over single writes. Each answers None, or which invariant is broken.

The names are those of the guarantees: I3 one outcome for each execution, and the count of attempts is right; I4 the
fence only rises, and a write under an old one changes nothing; I5 terminal is final, unless a withdrawn job is
reinstated, or a failed one redriven or discarded; I6 one success at most; I7 nothing begins after a cancel; I8 a job is
in the due index exactly while it is not terminal; I9 attempts stay within their budget; I10 nothing starts before its
time or, the first time, after its start deadline or when it is missed; I11 one live lease.

Four more are promises of the API, of the lanes, of reports and of templates: `If-Match` (what was decided on an older
version of a job changes nothing), `lane` (an attempt begins only where a job of its length can run to its end),
`report` (a job that awaits one runs, lies where only the watcher looks, and its lease is the worker's alone) and
`template` (what an older version of it decided changes nothing that a newer one has, and no version changes a job that
has begun).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.model.execution import Outcome
from shared.model.job import Delivery
from shared.model.lifecycle import Move, Status
from shared.model.occurrence_job import WITHDRAWN
from tests.model_checking.present import NOW

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.job import Job
    from tests.model_checking.table import Request


NO_NEW_VERSION = frozenset({Move.HEARTBEAT, Move.CHECKPOINT, Move.WATCH})


def broken_by(request: Request, before: Job, after: Job) -> str | None:
    """What the write of `request` broke, which made `after` of `before`."""
    move, values = request.change.move, request.change.set
    began, risen = move is Move.CLAIM, move not in NO_NEW_VERSION
    awaits = before.awaiting_since is not None
    taken = request.guard.startswith("reap") and (before.lease_until is None or before.lease_until > NOW)
    late = began and before.attempt == 0 and _has_passed(before.expires_at, values["started_at"])
    missed = began and before.attempt == 0 and _has_passed(before.misfire_at, values["started_at"])
    is_reinstated = move is Move.REINSTATE and (before.status, before.reason) == (Status.SKIPPED, WITHDRAWN)
    is_dealt_with = move in {Move.REDRIVE, Move.DISCARD} and before.status is Status.FAILED
    by_template = move in {Move.REPLAN, Move.WITHDRAW, Move.REINSTATE}
    early = began and (before.wake_at is None or values["started_at"] < before.wake_at)
    long = request.message is not None and after.call_seconds > request.message[0].max_job_seconds
    return _first(
        (
            before.status.is_terminal and not is_reinstated and not is_dealt_with,
            f"I5: a job that is {before.status} was changed",
        ),
        (move is Move.REDRIVE and not is_dealt_with, f"I5: a job that is {before.status} was redriven"),
        (by_template and before.attempt > 0, f"template: a {move} changed a job that has begun"),
        (by_template and before.redrives > 0, f"template: a {move} changed a job that a person has run again"),
        (
            by_template and values["template_version"] < (before.template_version or 0) + (move is not Move.WITHDRAW),
            f"template: a {move} by an older version changed what a newer one had decided",
        ),
        (
            request.fence not in {None, before.fence},
            f"I4: a write under fence {request.fence} changed a job that is under fence {before.fence}",
        ),
        (after.fence != before.fence + began, f"I4: {move} led from fence {before.fence} to {after.fence}"),
        (after.version != before.version + risen, f"If-Match: {move} led from one version to {after.version}"),
        (request.seen == 0, f"If-Match: {move} was decided on an older version of the job"),
        (taken, "I11: the watcher took a job whose lease was live"),
        (
            after.executions[: len(before.executions)] != before.executions,
            f"I3: {move} changed an outcome that was written before",
        ),
        (early, "I10: an attempt began before its time"),
        (late, "I10: a job began after its start deadline"),
        (missed, "I10: an occurrence began that was missed"),
        (began and before.cancel_requested_at is not None, "I7: another attempt began after a cancel was requested"),
        (long, f"lane: a job of {after.call_seconds} s began in lane {request.message and request.message[0]}"),
        (
            move is Move.STOP and before.cancel_requested_at is None,
            "I7: a job was cancelled that nobody asked to cancel",
        ),
        (
            move is not Move.AWAIT and _ends_before(after.lease_until, before.lease_until),
            f"I11: {move} shortened a lease that somebody believes to have",
        ),
        (move is Move.AWAIT and awaits, "report: a worker's lease was taken for that of the call"),
        (move is Move.WATCH and not awaits, "report: a job was put off that awaits nothing"),
        (
            move is Move.DECLINE and before.cancel_requested_at is not None,
            "I7: a job was skipped that a client had asked to cancel",
        ),
    )


def broken_in(job: Job) -> str | None:
    """What is wrong with a job as it stands in the table."""
    over, running = job.status.is_terminal, job.status is Status.RUNNING
    fences, outcomes = {one.fence for one in job.executions}, [one.outcome for one in job.executions]
    begun = sum(one.redrive == job.redrives for one in job.executions) + running
    budget = 1 if job.delivery is Delivery.AT_MOST_ONCE else job.retry.max_attempts
    return _first(
        (
            {job.wake_at is None, job.due_shard is None} != {over},
            f"I8: a job that is {job.status} has wake_at {job.wake_at}, due_shard {job.due_shard}",
        ),
        (
            {job.ended_at is not None, job.expire_item_at is not None} != {over},
            f"I8: a job that is {job.status} has ended_at {job.ended_at}, expire_item_at {job.expire_item_at}",
        ),
        (
            (job.lease_until is not None) != running,
            f"I11: a job that is {job.status} has lease_until {job.lease_until}",
        ),
        (
            job.awaiting_since is not None and not running,
            f"report: a job that is {job.status} awaits one",
        ),
        (
            job.due_shard is not None and (job.due_shard.lane is None) != (job.awaiting_since is not None),
            f"report: a job that is {job.status} lies in {job.due_shard}",
        ),
        (job.attempt > budget, f"I9: attempt {job.attempt} of {budget}, {job.delivery}"),
        (len(fences) < len(outcomes), "I3: an execution has two outcomes"),
        (
            job.attempt != begun,
            f"I3: attempt {job.attempt}, {len(outcomes)} outcomes, {job.status}",
        ),
        (
            outcomes.count(Outcome.SUCCEEDED) != (job.status is Status.SUCCEEDED),
            f"I6: the outcomes of a job that is {job.status} are {outcomes}",
        ),
    )


def broken_by_begin(copy: Job, job: Job, begun: int) -> str | None:
    """What an effect breaks that begins now: at the last look at the lease, right before the target is called.

    `copy` is the job as its executor knows it, `job` as it stands in the table, `begun` how many effects an
    `at_most_once` job has had.
    """
    return _first(
        (job.status is Status.CANCELLED, "I7: an effect began after the job was cancelled"),
        (
            (job.status, job.fence) != (Status.RUNNING, copy.fence),
            f"I11: an effect began under fence {copy.fence} of a job that is {job.status}, fence {job.fence}",
        ),
        (
            job.delivery is Delivery.AT_MOST_ONCE and begun > 0,
            "I9: the effect of a job to be delivered at most once began twice",
        ),
    )


def _ends_before(lease: datetime | None, other: datetime | None) -> bool:
    return lease is not None and other is not None and lease < other


def _has_passed(deadline: datetime | None, started_at: datetime) -> bool:
    return deadline is not None and deadline <= started_at


def _first(*checks: tuple[bool, str]) -> str | None:
    """What the first check says that found something."""
    return next((said for is_broken, said in checks if is_broken), None)
