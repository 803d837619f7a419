"""The sweep's look at jobs that await a report."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.model import moves
from shared.model.errors import ChangeRefused
from shared.model.execution import Outcome
from shared.model.job import Completion
from shared.model.lifecycle import Status
from shared.model.retry import Jitter, RetryPolicy
from tests.jobs import claim_of
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


def sweep_each_minute_until_lost(scheduler: Scheduler, job: Job) -> float:
    """Seconds from the end of the lease until the attempt counts as lost."""
    lease_until = scheduler.get(job).lease_until
    next_sweep_at = scheduler.clock.now()
    while scheduler.get(job).status is Status.RUNNING:
        scheduler.clock.advance((next_sweep_at - scheduler.clock.now()).total_seconds())
        scheduler.sweep()
        next_sweep_at += timedelta(seconds=60)
    (execution,) = scheduler.get(job).executions
    assert execution.outcome is Outcome.LOST
    return (execution.ended_at - lease_until).total_seconds()


@pytest.mark.parametrize("first_sweep", range(0, 60, 5))
def test_a_worker_that_is_not_heard_of_is_lost_within_a_minute_of_its_lease(
    scheduler: Scheduler, first_sweep: int
) -> None:
    job = accepted(scheduler)
    scheduler.clock.advance(first_sweep)

    assert 5 < sweep_each_minute_until_lost(scheduler, job) <= 60


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
@pytest.mark.parametrize("first_sweep", range(0, 60, 5))
def test_an_executor_that_stands_still_is_lost_within_a_minute_of_its_lease(
    scheduler: Scheduler, claimed_after: int, first_sweep: int
) -> None:
    job = scheduler.create()
    scheduler.clock.advance(claimed_after)
    scheduler.jobs.change(job.key, claim_of(job, now=scheduler.clock.now()))
    scheduler.clock.advance(first_sweep)

    assert 5 < sweep_each_minute_until_lost(scheduler, job) <= 60


def test_a_sign_of_life_while_a_sweep_waits_for_other_clocks_counts(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = accepted(scheduler)
    scheduler.clock.advance(300 + 3)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        beat(scheduler, job)
        slept.append(seconds)
        scheduler.clock.advance(seconds)

    monkeypatch.setattr(scheduler.clock, "sleep", sleep)

    assert scheduler.sweep().reaped == 0
    assert scheduler.get(job).status is Status.RUNNING
    assert slept == [pytest.approx(2, abs=0.01)]


def test_a_sweep_waits_for_nobody_whose_lease_runs(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    job = accepted(scheduler)
    scheduler.clock.advance(299)
    beat(scheduler, job)
    scheduler.clock.advance(2)
    monkeypatch.setattr(scheduler.clock, "sleep", pytest.fail)

    assert scheduler.sweep().looked_at == 1


def test_a_sweep_that_has_no_time_to_wait_leaves_it_to_the_next(scheduler: Scheduler) -> None:
    job = accepted(scheduler)
    scheduler.clock.advance(303)

    assert scheduler.sweep_with(lambda: 14).reaped == 0
    scheduler.clock.advance(60)
    assert scheduler.sweep().reaped == 1
    assert scheduler.get(job).status is Status.SCHEDULED
