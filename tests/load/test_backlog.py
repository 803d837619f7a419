"""Crowds: a backlog that has waited for a day, a tenant with very many jobs, entries that nobody can claim."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.executor.execute_job import ReceivedHint
from functions.watcher import sweep as sweep_module
from shared.model import moves
from shared.model.job import Job, JobKey, JobSpec, new_job
from shared.model.lanes import Lane
from shared.model.lifecycle import Status
from tests.unit.scheduler import SHARDING, Scheduler

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY_MINUTES = 24 * 60
CROWD = 10_000


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


def create(scheduler: Scheduler, tenant: str, jobs: int, *, due_in: float = 0, **spec: Any) -> list[Job]:
    now = scheduler.clock.now()
    wanted = JobSpec(target={"type": "scripted"}, run_at=now + timedelta(seconds=due_in), **spec)
    keys = [JobKey(tenant, scheduler.ids.job_id(now)) for _ in range(jobs)]
    return [scheduler.jobs.create(new_job(wanted, key=key, now=now, sharding=SHARDING)).job for key in keys]


def minutes(scheduler: Scheduler, count: int) -> None:
    """Let so many minutes pass, each with a tick and a sweep, and no executor."""
    for _ in range(count):
        scheduler.clock.advance(60)
        scheduler.tick()
        scheduler.sweep()


def receive_and_run(scheduler: Scheduler, at_most: int) -> int:
    messages = scheduler.queue.receive(Lane.NORMAL, limit=at_most)
    execute_job = scheduler.executor()
    for message in messages:
        execute_job(ReceivedHint(message.hint, message.lane, message.receipt), seconds_left=lambda: 120)
        scheduler.queue.delete(message.receipt)
    return len(messages)


def run_slowly(scheduler: Scheduler, *, a_minute: int, at_most_minutes: int) -> None:
    """Executors that get through so many messages a minute, while ticks and sweeps go on, until none is left."""
    for _ in range(at_most_minutes):
        minutes(scheduler, 1)
        if receive_and_run(scheduler, a_minute) == 0:
            return
    pytest.fail(f"{len(scheduler.queue.messages)} messages are left after {at_most_minutes} minutes")


def messages_per_job(scheduler: Scheduler) -> Counter[str]:
    return Counter(message.hint.job_id for message in scheduler.queue.messages)


def runs_of(scheduler: Scheduler, jobs: Sequence[Job]) -> Counter[str]:
    calls = Counter(call.job_id for call in scheduler.target.calls)
    return Counter({job.id: calls[job.id] for job in jobs})


def test_a_job_gets_at_most_eleven_messages_on_a_day_without_executors(scheduler: Scheduler) -> None:
    due_ins = [300 + 7 * number for number in range(60)]
    for due_in in due_ins:
        create(scheduler, "acme", 1, due_in=due_in)

    minutes(scheduler, DAY_MINUTES + 5)

    assert len(messages_per_job(scheduler)) == len(due_ins)
    assert max(messages_per_job(scheduler).values()) == 11


def test_a_backlog_of_a_day_is_worked_off_slowly_and_each_job_runs_once(scheduler: Scheduler) -> None:
    jobs = create(scheduler, "acme", 100, due_in=300)
    minutes(scheduler, DAY_MINUTES)

    # Slower than any timeout: messages are hidden, visible again and sent again while they wait for their turn.
    run_slowly(scheduler, a_minute=10, at_most_minutes=200)

    assert set(runs_of(scheduler, jobs).values()) == {1}
    assert {job.status for job in scheduler.jobs.all_jobs()} == {Status.SUCCEEDED}
    assert scheduler.sweep().looked_at == 0


def test_a_tenant_with_ten_jobs_is_sent_in_the_same_tick_as_one_with_very_many(scheduler: Scheduler) -> None:
    big = create(scheduler, "big", 3 * CROWD)
    small = create(scheduler, "small", 10)

    report = scheduler.tick()

    # None is held back: in the queue it is for SQS to be fair, by the tenant that each message names.
    assert (report.sent, report.unsent) == (len(big) + len(small), 0)
    sent = Counter(message.hint.tenant for message in scheduler.queue.messages)
    assert sent == {"big": len(big), "small": len(small)}


def test_a_tick_gets_past_ten_thousand_entries_that_nobody_can_claim(scheduler: Scheduler) -> None:
    held_by_executors(scheduler)
    (behind,) = create(scheduler, "acme", 1, due_in=100)

    scheduler.tick()
    again = scheduler.tick()

    assert messages_per_job(scheduler)[behind.id] == 1
    assert again.sent == 0


def test_a_sweep_gets_past_ten_thousand_entries_that_nobody_can_claim(scheduler: Scheduler) -> None:
    (behind,) = after_the_crowd(scheduler)

    report = scheduler.sweep()

    assert report.looked_at == CROWD + 1
    assert scheduler.queued() == [behind.id]


def test_sweeps_with_time_for_a_few_pages_each_get_past_them_in_turn(scheduler: Scheduler) -> None:
    (behind,) = after_the_crowd(scheduler)
    pages_in_all = CROWD // sweep_module._PAGE

    sweeps = 0
    while not scheduler.queued():
        sweeps += 1
        # Ten looks at the clock each: one for each page, and for each of the shards that have none.
        assert sweeps <= pages_in_all // 4
        scheduler.sweep_with(for_pages(10))

    assert sweeps > 1
    assert scheduler.queued() == [behind.id]


def held_by_executors(scheduler: Scheduler) -> list[Job]:
    """A crowd whose entries stay in the index, at times that have passed, while executors keep its leases."""
    crowd = create(scheduler, "acme", CROWD)
    for job in crowd:
        assert job.wake_at is not None
        claim = moves.claim(lane=job.lane, wake_at=job.wake_at, claim_id=job.id, now=scheduler.clock.now())
        scheduler.jobs.change(job.key, claim)
    return crowd


def after_the_crowd(scheduler: Scheduler) -> list[Job]:
    """The job behind it, a hundred seconds late, whose message was lost."""
    crowd = held_by_executors(scheduler)
    scheduler.clock.advance(1)
    behind = create(scheduler, "acme", 1)
    scheduler.clock.advance(100)
    for job in crowd:
        scheduler.jobs.change(job.key, moves.heartbeat(scheduler.get(job), now=scheduler.clock.now()))
    return behind


def for_pages(pages: int) -> Any:
    """The time left of an invocation that ends after so many pages."""
    asked = iter([60.0] * pages)
    return lambda: next(asked, 0.0)
