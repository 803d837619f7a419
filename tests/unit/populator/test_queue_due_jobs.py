from __future__ import annotations

from datetime import timedelta

import pytest

from functions.populator import queue_due_jobs
from shared import every_shard
from shared.model.errors import StoreUnavailable
from shared.model.lanes import Lane, Priority, due_shards
from tests.unit.scheduler import SHARDING, START, Scheduler, break_shard


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


def test_a_tick_sends_what_wakes_within_the_look_ahead_and_nothing_else(scheduler: Scheduler) -> None:
    due = [scheduler.create(due_in=seconds) for seconds in (0, 60, 150)]
    scheduler.create(due_in=151)

    report = scheduler.tick()

    assert report.sent == 3
    assert sorted(scheduler.queued()) == sorted(job.id for job in due)


def test_a_message_is_visible_in_the_second_before_its_time(scheduler: Scheduler) -> None:
    scheduler.create(due_in=90.7)

    scheduler.tick()

    assert scheduler.queue.messages[0].visible_at == START + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("spec", "lane"),
    [
        ({"priority": Priority.HIGH}, Lane.HIGH),
        ({"priority": Priority.LOW}, Lane.LOW),
        ({"timeout_seconds": 61, "priority": Priority.HIGH}, Lane.LONG),
        ({}, Lane.NORMAL),
    ],
)
def test_each_job_goes_through_its_lane(scheduler: Scheduler, spec: dict[str, object], lane: Lane) -> None:
    scheduler.create(**spec)

    scheduler.tick()

    assert [message.lane for message in scheduler.queue.messages] == [lane]


def test_the_next_tick_goes_on_where_the_last_one_stopped(scheduler: Scheduler) -> None:
    scheduler.create(due_in=100)
    scheduler.tick()
    scheduler.clock.advance(60)
    later = scheduler.create(due_in=140)

    report = scheduler.tick()

    assert report.sent == 1
    assert scheduler.queued()[-1] == later.id


def test_a_shard_is_read_page_by_page_to_the_end(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_due_jobs, "PAGE", 7)
    for _ in range(50):
        scheduler.create(due_in=30)

    report = scheduler.tick()

    assert report.sent == 50
    assert len(set(scheduler.queued())) == 50


def test_the_cursor_never_passes_a_job_that_was_not_sent(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [scheduler.create(due_in=seconds) for seconds in range(20)]
    with monkeypatch.context() as away:
        away.setattr(scheduler.queue, "send", lambda lane, batch: list(range(len(batch))))
        unsent = scheduler.tick()

    scheduler.tick()

    assert (unsent.sent, unsent.unsent) == (0, len(jobs))
    assert sorted(scheduler.queued()) == sorted(job.id for job in jobs)


def test_a_shard_that_another_populator_has_moved_is_left_to_it(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler.create(due_in=10)
    monkeypatch.setattr(scheduler.control, "advance_tick", lambda *_, **__: False)

    report = scheduler.tick()

    assert report.shards_of_another == 1


def test_a_tick_with_little_time_left_leaves_the_rest_to_the_next(scheduler: Scheduler) -> None:
    scheduler.create()

    assert scheduler.tick(seconds_left=5).sent == 0
    assert scheduler.tick().sent == 1


def test_a_shard_that_cannot_be_read_does_not_keep_the_others_from_being_sent(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(every_shard, "_PARALLEL", 1)
    unreadable, *others = due_shards(SHARDING.due)
    jobs = [scheduler.create(priority=priority) for priority in Priority for _ in range(8)]
    break_shard(unreadable, scheduler, monkeypatch)

    with pytest.raises(StoreUnavailable):
        scheduler.tick()

    assert sorted(scheduler.queued()) == sorted(job.id for job in jobs if job.due_shard in others)


def test_a_shard_that_is_behind_comes_before_one_that_always_has_more(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(every_shard, "_PARALLEL", 1)
    monkeypatch.setattr(queue_due_jobs, "PAGE", 1)
    behind = scheduler.create(due_in=1, priority=Priority.LOW)
    for _ in range(10):
        # More than twelve pages a minute, in the lane that comes first.
        for seconds in range(40):
            scheduler.create(due_in=seconds, priority=Priority.HIGH)
        times = iter([60.0] * 12 + [0.0] * 100)
        scheduler.tick_with(times.__next__)
        scheduler.clock.advance(60)

    assert behind.id in scheduler.queued()


def test_a_cursor_that_a_clock_running_ahead_has_left_in_the_future_hides_nothing(scheduler: Scheduler) -> None:
    scheduler.create(due_in=3_600)
    scheduler.clock.advance(3_600)
    scheduler.tick()
    scheduler.clock = type(scheduler.clock)(START)
    due = scheduler.create(due_in=60)

    scheduler.tick()

    assert due.id in scheduler.queued()


def test_a_clock_that_is_a_little_behind_sends_nothing_twice(scheduler: Scheduler) -> None:
    for seconds in range(100, 151):
        scheduler.create(due_in=seconds)
    scheduler.tick()
    scheduler.clock.advance(-5)

    assert scheduler.tick().sent == 0
