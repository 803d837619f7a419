"""For every clause of every move's condition, a job that this clause alone keeps the move away from.

A clause that could be removed without a test noticing would prove nothing. So each case below names, in the order of
its change's clauses, one job per clause: all other clauses hold for it. The model's tests and the stores' contract run
over the same table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from shared.model import long_work, moves
from shared.model.execution import Output
from shared.model.job import Completion
from shared.model.lifecycle import Status
from shared.model.retry import RetryPolicy
from tests.jobs import (
    BOOM,
    RETENTION,
    SHARDING,
    START,
    a_job,
    after,
    at,
    awaiting,
    cancel_of,
    claim_of,
    claimed,
    dead,
    discard_of,
    failed_once,
    redrive_of,
    waiting_for_retry,
)
from tests.occurrences import a_template, planned, replanning_of, withdrawal_of

if TYPE_CHECKING:
    from shared.model.change import Change
    from shared.model.job import Job


@dataclass(frozen=True)
class Case:
    """`change` applies to `accepted`, and not to any of `refused`: number n fails its clause number n and no other."""

    name: str
    change: Change
    accepted: Job
    refused: tuple[Job, ...]

    def __str__(self) -> str:
        return self.name


def rescheduled(job: Job) -> Job:
    return after(job, moves.edit(job, {"run_at": at(3_600)}, now=START, sharding=SHARDING))


def edited(job: Job, **changes: object) -> Job:
    return after(job, moves.edit(job, changes, now=START, sharding=SHARDING))


WAITING: Final = a_job(run_at=at(60), expires_after_seconds=10)
RUNNING: Final = claimed()
LAST_ATTEMPT: Final = claimed(a_job(retry=RetryPolicy(max_attempts=1)))
CANCEL_REQUESTED: Final = after(RUNNING, cancel_of(RUNNING))

# The attempt is over and its job waits for the next one, still under the same fence.
OVER: Final = waiting_for_retry()
# Another executor has it by now; its own lease has run out as well, so that only the fence tells the two apart.
OVERTAKEN: Final = claimed(OVER, now=at(50), claim_id="claim-2")


# The attempts are used up: somebody has to look at it.
DEAD: Final = dead(a_job(expires_after_seconds=10))

# The job of a template's occurrence: as version 1 planned it, and withdrawn by version 2.
PLANNED: Final = planned()
WITHDRAWN: Final = after(PLANNED, withdrawal_of(PLANNED))
MISSED: Final = after(PLANNED, moves.skip(PLANNED, reason="missed", now=at(120), retention=RETENTION))


# A job whose target has accepted the work, as it is before that and with a heartbeat of its worker.
ACCEPTED: Final = claimed(a_job(completion=Completion.CALLBACK, timeout_seconds=7_200))
AWAITING: Final = awaiting(ACCEPTED)
HEARD_OF: Final = after(AWAITING, moves.heartbeat(AWAITING, now=at(100)))


def in_status(job: Job, status: Status) -> Job:
    """A job that no sequence of moves leads to: where a version or a lease is compared, it changes with the status, so
    the status only says it once more. It is what makes a condition hold for the table's sources by itself."""
    return replace(job, status=status)


def _reap(job: Job) -> Change:
    return moves.reap(job, now=at(200), chance=0.5, retention=RETENTION, sharding=SHARDING)


def _begun(job: Job) -> Job:
    """It has had an attempt, and waits for another."""
    return after(claimed(job), failed_once(claimed(job)))


def _run_again(job: Job) -> Job:
    """It has had its attempts, and a person has it run again."""
    return after(dead(job), redrive_of(dead(job)))


def _beaten(job: Job) -> Job:
    return after(job, moves.heartbeat(job, now=at(150)))


def _overtaken(job: Job) -> Job:
    return replace(job, fence=job.fence + 1, claim_id="claim-2")


CASES: Final = (
    Case(
        "claim",
        moves.claim(lane=WAITING.lane, wake_at=at(60), claim_id="claim-1", now=at(65)),
        accepted=WAITING,
        refused=(
            claimed(WAITING),
            edited(WAITING, run_at=at(61)),
            edited(WAITING, timeout_seconds=61),
            edited(WAITING, expires_after_seconds=5),
            replace(WAITING, misfire_at=at(65)),
        ),
    ),
    Case(
        "heartbeat",
        moves.heartbeat(RUNNING, now=at(100)),
        accepted=RUNNING,
        refused=(in_status(RUNNING, Status.SCHEDULED), OVERTAKEN, _beaten(RUNNING)),
    ),
    Case(
        "await",
        long_work.await_outcome(ACCEPTED, now=at(1)),
        accepted=ACCEPTED,
        refused=(after(ACCEPTED, failed_once(ACCEPTED)), _overtaken(ACCEPTED), AWAITING),
    ),
    Case(
        "checkpoint",
        long_work.save_checkpoint(AWAITING, now=at(100)),
        accepted=AWAITING,
        refused=(in_status(AWAITING, Status.SCHEDULED), _overtaken(AWAITING), HEARD_OF),
    ),
    Case(
        "watch",
        long_work.watch(HEARD_OF),
        accepted=HEARD_OF,
        refused=(
            in_status(HEARD_OF, Status.SCHEDULED),
            _overtaken(HEARD_OF),
            after(HEARD_OF, long_work.watch(HEARD_OF)),
        ),
    ),
    Case(
        "defer",
        moves.defer(RUNNING, until=at(60), reason="gate_closed", now=at(1)),
        accepted=RUNNING,
        refused=(OVER, OVERTAKEN, CANCEL_REQUESTED),
    ),
    Case(
        "decline",
        moves.decline(RUNNING, reason="gate_closed", now=at(1), retention=RETENTION),
        accepted=RUNNING,
        refused=(OVER, OVERTAKEN, CANCEL_REQUESTED),
    ),
    Case(
        "succeed",
        moves.succeed(RUNNING, output=Output("done", 4), now=at(1), retention=RETENTION),
        accepted=RUNNING,
        refused=(OVER, OVERTAKEN),
    ),
    Case(
        "retry",
        failed_once(RUNNING),
        accepted=RUNNING,
        refused=(OVER, OVERTAKEN, CANCEL_REQUESTED),
    ),
    Case(
        "fail",
        failed_once(LAST_ATTEMPT),
        accepted=LAST_ATTEMPT,
        refused=(after(LAST_ATTEMPT, failed_once(LAST_ATTEMPT)), _overtaken(LAST_ATTEMPT)),
    ),
    Case(
        "stop",
        moves.stop(CANCEL_REQUESTED, now=at(9), retention=RETENTION, failure=BOOM),
        accepted=CANCEL_REQUESTED,
        refused=(
            after(CANCEL_REQUESTED, moves.succeed(CANCEL_REQUESTED, output=Output(), now=at(8), retention=RETENTION)),
            _overtaken(CANCEL_REQUESTED),
        ),
    ),
    Case(
        "reap, another attempt left",
        _reap(RUNNING),
        accepted=RUNNING,
        refused=(in_status(RUNNING, Status.SCHEDULED), OVERTAKEN, CANCEL_REQUESTED, _beaten(RUNNING)),
    ),
    Case(
        "reap, none left",
        _reap(LAST_ATTEMPT),
        accepted=LAST_ATTEMPT,
        refused=(in_status(LAST_ATTEMPT, Status.SCHEDULED), _overtaken(LAST_ATTEMPT), _beaten(LAST_ATTEMPT)),
    ),
    Case(
        "reap, cancel requested",
        _reap(CANCEL_REQUESTED),
        accepted=CANCEL_REQUESTED,
        refused=(
            in_status(CANCEL_REQUESTED, Status.SCHEDULED),
            _overtaken(CANCEL_REQUESTED),
            _beaten(CANCEL_REQUESTED),
        ),
    ),
    Case(
        "edit",
        moves.edit(WAITING, {"name": "renamed"}, now=at(1), sharding=SHARDING),
        accepted=WAITING,
        refused=(in_status(WAITING, Status.RUNNING), rescheduled(WAITING)),
    ),
    Case(
        "run now",
        moves.run_now(WAITING, now=at(1), sharding=SHARDING),
        accepted=WAITING,
        refused=(in_status(WAITING, Status.RUNNING), rescheduled(WAITING)),
    ),
    Case(
        "request cancel",
        cancel_of(RUNNING),
        accepted=RUNNING,
        refused=(in_status(RUNNING, Status.SUCCEEDED), OVERTAKEN),
    ),
    Case(
        "cancel",
        cancel_of(WAITING),
        accepted=WAITING,
        refused=(in_status(WAITING, Status.RUNNING), rescheduled(WAITING)),
    ),
    Case(
        "skip",
        moves.skip(WAITING, reason="expired", now=at(70), retention=RETENTION),
        accepted=WAITING,
        refused=(in_status(WAITING, Status.RUNNING), rescheduled(WAITING)),
    ),
    Case(
        "replan",
        replanning_of(PLANNED, planned(a_template(2, expires_after_seconds=600))),
        accepted=PLANNED,
        refused=(
            after(PLANNED, cancel_of(PLANNED)),
            _begun(PLANNED),
            _run_again(PLANNED),
            after(PLANNED, replanning_of(PLANNED)),
        ),
    ),
    Case(
        "withdraw",
        withdrawal_of(PLANNED),
        accepted=PLANNED,
        refused=(
            after(PLANNED, cancel_of(PLANNED)),
            _begun(PLANNED),
            _run_again(PLANNED),
            after(PLANNED, replanning_of(PLANNED)),
        ),
    ),
    Case(
        "reinstate",
        replanning_of(WITHDRAWN, planned(a_template(3, expires_after_seconds=600))),
        accepted=WITHDRAWN,
        # What was withdrawn has not begun, and waits no more: its reason says so too.
        refused=(
            in_status(WITHDRAWN, Status.SCHEDULED),
            MISSED,
            replace(WITHDRAWN, attempt=1),
            replace(WITHDRAWN, redriven_at=at(1)),
            after(PLANNED, withdrawal_of(PLANNED, version=4)),
        ),
    ),
    Case(
        "redrive",
        redrive_of(DEAD),
        accepted=DEAD,
        refused=(in_status(DEAD, Status.SUCCEEDED), after(DEAD, discard_of(DEAD))),
    ),
    Case(
        "discard",
        discard_of(DEAD),
        accepted=DEAD,
        refused=(in_status(DEAD, Status.SCHEDULED), after(DEAD, discard_of(DEAD))),
    ),
)


def _within(deadline: str) -> tuple[tuple[str, Change, Job], ...]:
    waiting = a_job(run_at=at(60))
    late, retried = replace(waiting, **{deadline: at(70)}), {"attempt": 1, "wake_at": at(90)}
    return (
        (f"no {deadline}", claim_of(waiting), waiting),
        (f"{deadline} ahead", claim_of(late, now=at(69)), late),
        (f"{deadline} passed before a retry", claim_of(replace(late, **retried)), replace(late, **retried)),
    )


# A claim's clause about each of the deadlines is an alternative of three; here dropping one makes the move too hard.
# One job for each, which it alone lets through.
DEADLINE_CASES: Final = {deadline: _within(deadline) for deadline in ("expires_at", "misfire_at")}
