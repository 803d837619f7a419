"""The sweep's look at jobs that await a report."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.model import moves
from shared.model.errors import ChangeRefused
from shared.model.execution import Outcome
from shared.model.job import Completion
from shared.model.lifecycle import Status
from shared.model.retry import Jitter, RetryPolicy
from tests.unit.scheduler import RETENTION, Scheduler

if TYPE_CHECKING:
    from shared.model.job import Job


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


def accepted(scheduler: Scheduler, **spec: Any) -> Job:
    """A job whose target has accepted the work."""
    job = scheduler.create(**{"completion": Completion.CALLBACK, "timeout_seconds": 86_400, **spec})
    scheduler.execute(job)
    return scheduler.get(job)


def beat(scheduler: Scheduler, job: Job) -> None:
    """A sign of life of the worker, where one still counts."""
    change = moves.heartbeat(scheduler.get(job), now=scheduler.clock.now())
    with suppress(ChangeRefused):
        scheduler.jobs.change(job.key, change)


def test_a_worker_that_is_not_heard_of_is_lost_within_a_minute_of_its_lease_and_the_skew(scheduler: Scheduler) -> None:
    job = accepted(scheduler)

    lost_after = 0
    while scheduler.get(job).status is Status.RUNNING:
        scheduler.clock.advance(60)
        scheduler.sweep()
        lost_after += 60

    assert 300 + 5 < lost_after <= 300 + 5 + 60
    assert [one.outcome for one in scheduler.get(job).executions] == [Outcome.LOST]


def test_a_job_that_was_lost_is_sent_again_through_its_own_lane(scheduler: Scheduler) -> None:
    job = accepted(scheduler, retry=RetryPolicy(jitter=Jitter.NONE))
    scheduler.clock.advance(400)
    scheduler.sweep()
    scheduler.tick()

    assert scheduler.queued() == [job.id]
    assert scheduler.get(job).due_shard.lane is job.lane


def test_work_that_takes_longer_than_it_may_is_timed_out_although_its_worker_lives(scheduler: Scheduler) -> None:
    job = accepted(scheduler, timeout_seconds=400, retry=RetryPolicy(max_attempts=1))

    for _ in range(8):
        beat(scheduler, job)
        scheduler.clock.advance(60)
        scheduler.sweep()

    ended = scheduler.get(job)
    assert (ended.status, [one.outcome for one in ended.executions]) == (Status.FAILED, [Outcome.TIMED_OUT])


def test_a_day_of_work_is_looked_at_once_for_each_lease_and_never_sent(scheduler: Scheduler) -> None:
    job, looks = accepted(scheduler), 0

    for _ in range(24 * 60 - 1):
        scheduler.clock.advance(60)
        beat(scheduler, job)
        looks += scheduler.sweep().looked_at

    assert scheduler.get(job).status is Status.RUNNING
    assert 200 <= looks <= 24 * 60 / 5
    assert scheduler.queued() == []


def test_a_job_that_awaits_a_report_is_in_nobodys_tick(scheduler: Scheduler) -> None:
    accepted(scheduler)
    scheduler.clock.advance(1_000)

    assert scheduler.tick().sent == 0


def test_a_cancelled_job_whose_worker_gives_no_sign_is_cancelled_when_its_lease_is_over(scheduler: Scheduler) -> None:
    job = accepted(scheduler)
    scheduler.jobs.change(job.key, moves.cancel(job, now=scheduler.clock.now(), retention=RETENTION))

    scheduler.clock.advance(400)
    scheduler.sweep()

    ended = scheduler.get(job)
    assert (ended.status, ended.executions[0].outcome) == (Status.CANCELLED, Outcome.CANCELLED)


def test_an_entry_of_a_job_that_is_to_be_sent_by_now_is_not_sent_from_where_nothing_is(scheduler: Scheduler) -> None:
    job = accepted(scheduler)
    waiting = replace(scheduler.get(job), status=Status.SCHEDULED, lease_until=None)
    scheduler.jobs._write(job, waiting)

    scheduler.clock.advance(400)

    assert scheduler.sweep().resent == 0


@pytest.mark.parametrize("claimed_after", range(0, 60, 7))
def test_an_executor_that_stands_still_is_lost_within_a_minute_and_the_skew_of_its_lease(
    scheduler: Scheduler, claimed_after: int
) -> None:
    job = scheduler.create()
    scheduler.clock.advance(claimed_after)
    claim = moves.claim(lane=job.lane, wake_at=job.wake_at, claim_id="claim-1", now=scheduler.clock.now())
    lease_until = scheduler.jobs.change_and_get(job.key, claim).lease_until
    scheduler.clock.advance(60 - claimed_after)

    while scheduler.get(job).status is Status.RUNNING:
        scheduler.sweep()
        scheduler.clock.advance(60)

    (execution,) = scheduler.get(job).executions
    assert execution.outcome is Outcome.LOST
    assert 5 < (execution.ended_at - lease_until).total_seconds() <= 65
