from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.model import limits, long_work, moves
from shared.model.execution import Outcome
from shared.model.job import Completion
from shared.model.lanes import DueShard, Lane, Priority
from shared.model.lease_token import LeaseToken
from shared.model.lifecycle import Status
from shared.model.retry import Jitter, RetryPolicy
from tests.jobs import RETENTION, SHARDING, a_job, after, at, awaiting, claimed, failed_once, is_accepted

HOURS_2 = 7_200
HEARD_OF_WITHIN = limits.DEFAULT_HEARTBEAT_TIMEOUT_SECONDS


def accepted_job(**spec: Any) -> Any:
    times = {"completion": Completion.CALLBACK, "timeout_seconds": HOURS_2}
    return a_job(**{**times, **spec})


def reap(job: Any, *, now: Any) -> Any:
    return moves.reap(job, now=now, chance=0.5, retention=RETENTION, sharding=SHARDING)


def test_a_job_that_was_accepted_goes_on_under_a_lease_of_whoever_does_the_work() -> None:
    running = claimed(accepted_job())

    waits = after(running, long_work.await_outcome(running, now=at(1)))

    lease = at(1 + HEARD_OF_WITHIN)
    assert waits == replace(
        running,
        version=running.version + 1,
        updated_at=at(1),
        awaiting_since=at(1),
        lease_until=lease,
        wake_at=lease,
        due_shard=DueShard(None, running.due_shard.number),
    )


def test_a_lease_of_a_worker_ends_with_the_time_for_the_work() -> None:
    waits = awaiting(claimed(accepted_job(timeout_seconds=100)))

    assert waits.lease_until == long_work.deadline_of(waits) == at(100)
    assert not is_accepted(moves.heartbeat(waits, now=at(99)), waits)


def test_an_executor_and_a_worker_extend_by_their_own_spans() -> None:
    running = claimed(accepted_job(heartbeat_timeout_seconds=40))

    assert long_work.extended_lease(running, at(7)) == at(7 + limits.LEASE_SECONDS)
    assert long_work.extended_lease(awaiting(running), at(7)) == at(47)


def test_work_is_accepted_once() -> None:
    running = claimed(accepted_job())

    assert not is_accepted(long_work.await_outcome(running, now=at(9)), awaiting(running))


def test_the_watcher_puts_its_next_look_off_to_when_an_extended_lease_is_over() -> None:
    waits = awaiting()
    beaten = after(waits, moves.heartbeat(waits, now=at(200)))

    watched = after(beaten, long_work.watch(beaten))

    assert watched == replace(beaten, wake_at=at(200 + HEARD_OF_WITHIN))
    assert not is_accepted(long_work.watch(waits), watched)


@pytest.mark.parametrize("heard_of_at", [None, 250])
def test_a_worker_that_is_not_heard_of_is_lost_and_the_job_tried_again(heard_of_at: int | None) -> None:
    waits = awaiting(claimed(accepted_job(retry=RetryPolicy(jitter=Jitter.NONE))))
    if heard_of_at is not None:
        waits = after(waits, moves.heartbeat(waits, now=at(heard_of_at)))
    over = waits.lease_until + (at(6) - at(0))

    again = after(waits, reap(waits, now=over))

    assert (again.status, again.wake_at) == (Status.SCHEDULED, over + (at(5) - at(0)))
    assert [(one.outcome, one.error_type) for one in again.executions] == [(Outcome.LOST, "lost")]


def test_work_that_takes_too_long_is_timed_out_and_not_lost() -> None:
    waits = awaiting(claimed(accepted_job(timeout_seconds=100)))

    again = after(waits, reap(waits, now=at(106)))

    assert [(one.outcome, one.error_type) for one in again.executions] == [(Outcome.TIMED_OUT, "timed_out")]


@pytest.mark.parametrize(("now", "over"), [(at(105), False), (at(105.001), True)])
def test_a_worker_has_the_same_allowance_for_clocks_as_an_executor(now: Any, over: bool) -> None:
    waits = awaiting(claimed(accepted_job(timeout_seconds=100)))

    assert is_accepted(reap(waits, now=now), waits) is over


@pytest.mark.parametrize("view", ["as it was claimed", "as it awaits"])
def test_whoever_ends_an_attempt_brings_the_job_back_to_where_ticks_find_it(view: str) -> None:
    running = claimed(accepted_job(priority=Priority.HIGH))
    waits = awaiting(running)

    again = after(waits, failed_once(running if view == "as it was claimed" else waits, now=at(2)))

    assert again.due_shard == running.due_shard
    assert again.due_shard.lane is Lane.HIGH
    assert (again.awaiting_since, again.lease_until, again.claim_id) == (None, None, None)


def test_a_checkpoint_is_a_sign_of_life_of_a_worker_and_leaves_an_executors_lease_alone() -> None:
    running = claimed(accepted_job())
    waits = awaiting(running)

    by_worker = after(waits, long_work.save_checkpoint(waits, now=at(50)))
    in_the_runner = after(running, long_work.save_checkpoint(running, now=at(50)))

    left = {"checkpoint_at": at(50), "checkpoint_number": 1}
    assert by_worker == replace(waits, **left, lease_until=at(50 + HEARD_OF_WITHIN))
    assert in_the_runner == replace(running, **left)


def test_a_checkpoint_of_work_that_is_to_be_cancelled_is_kept_and_extends_nothing() -> None:
    waits = awaiting()
    cancelled = after(waits, moves.cancel(waits, now=at(5), retention=RETENTION))

    kept = after(cancelled, long_work.save_checkpoint(cancelled, now=at(50)))

    assert (kept.checkpoint_number, kept.lease_until) == (1, waits.lease_until)


def test_a_checkpoint_outlives_its_attempt() -> None:
    waits = awaiting()
    kept = after(waits, long_work.save_checkpoint(waits, now=at(50)))

    assert after(kept, failed_once(kept)).checkpoint_at == at(50)


def test_a_checkpoint_never_shortens_a_lease() -> None:
    waits = awaiting()
    by_a_clock_behind = long_work.save_checkpoint(waits, now=at(0))
    late = long_work.save_checkpoint(waits, now=at(50))

    assert after(waits, by_a_clock_behind).lease_until == waits.lease_until
    assert not is_accepted(late, after(waits, moves.heartbeat(waits, now=at(60))))


def test_the_lane_of_a_job_goes_by_how_long_its_call_may_take() -> None:
    assert a_job(timeout_seconds=600).lane is Lane.LONG
    assert accepted_job().lane is Lane.NORMAL
    assert accepted_job(timeout_seconds=20).call_seconds == 20
    assert accepted_job().call_seconds == limits.ACCEPT_SECONDS <= limits.SHORT_JOB_SECONDS


def test_another_completion_is_another_lane() -> None:
    job = a_job(timeout_seconds=600)

    edited = after(job, moves.edit(job, {"completion": Completion.CALLBACK}, now=at(1), sharding=SHARDING))

    assert edited.due_shard == DueShard(Lane.NORMAL, job.due_shard.number)


def test_a_token_is_read_as_it_was_written_and_holds_its_own_attempt_alone() -> None:
    job = claimed(claim_id="claim-1")
    token = LeaseToken.of(job)

    assert LeaseToken.parse(token.text()) == token
    assert token.holds(job)
    assert token.holds(replace(job, version=9, lease_until=at(900)))
    assert not token.holds(replace(job, claim_id="claim-2"))
    assert not token.holds(replace(job, claim_id=None))
    assert not token.holds(replace(job, fence=2))
    assert not token.holds(replace(job, status=Status.SCHEDULED))


def test_a_job_that_nobody_has_claimed_has_no_token() -> None:
    assert LeaseToken.of(a_job()) is None


@pytest.mark.parametrize(
    "text",
    ["", "pxt1", "pxt1.a.b.1", "pxt1.a.b.x.c", "pxt1.a.b.1.c.d", "pxt2.a.b.1.c", "pxt1.A.b.1.c", "pxt1.a.b.1.c\n"],
)
def test_anything_else_is_no_token(text: str) -> None:
    assert LeaseToken.parse(text) is None


def test_a_token_does_not_show_its_secret() -> None:
    assert "claim-1" not in repr(LeaseToken.of(claimed(claim_id="claim-1")))


AWAITING = awaiting(claimed(accepted_job()))
BEATEN = after(AWAITING, moves.heartbeat(AWAITING, now=at(200)))
OF_AN_ATTEMPT = {
    "accept": (lambda job: long_work.await_outcome(job, now=at(1)), claimed(accepted_job())),
    "save a checkpoint": (lambda job: long_work.save_checkpoint(job, now=at(200)), AWAITING),
    # Looked up when it is called: a mutant takes its place.
    "look again": (lambda job: long_work.watch(job), BEATEN),  # noqa: PLW0108
}


@pytest.mark.parametrize("name", OF_AN_ATTEMPT)
def test_what_belongs_to_an_attempt_that_was_overtaken_changes_nothing(name: str) -> None:
    make, job = OF_AN_ATTEMPT[name]
    change = make(job)

    assert is_accepted(change, job)
    assert not is_accepted(change, replace(job, fence=job.fence + 1))


@pytest.mark.parametrize("status", [status for status in Status if status not in {Status.RUNNING, Status.BLOCKED}])
@pytest.mark.parametrize("name", OF_AN_ATTEMPT)
def test_what_belongs_to_an_attempt_that_has_ended_changes_nothing(name: str, status: Status) -> None:
    make, job = OF_AN_ATTEMPT[name]

    assert not is_accepted(make(job), replace(job, status=status))
