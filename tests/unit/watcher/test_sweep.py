from __future__ import annotations

import itertools
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.watcher import sweep as sweep_module
from functions.watcher.sweep import is_resend_due
from shared import every_shard
from shared.model import moves
from shared.model.cursor import SweepCursor
from shared.model.errors import StoreUnavailable
from shared.model.execution import Outcome
from shared.model.lanes import Priority, due_shards
from shared.model.lifecycle import Status
from shared.model.retry import Jitter, RetryPolicy
from shared.ports.telemetry import Metric
from tests.jobs import claim_of
from tests.unit.scheduler import RETENTION, SHARDING, START, Scheduler, break_shard

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.change import Change
    from shared.model.job import Job, JobKey


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


def test_a_job_whose_message_was_lost_is_sent_again_after_90_seconds(scheduler: Scheduler) -> None:
    job = scheduler.create()

    scheduler.clock.advance(89)
    before = scheduler.sweep()
    scheduler.clock.advance(1)
    after = scheduler.sweep()

    assert (before.resent, after.resent) == (0, 1)
    assert scheduler.queued() == [job.id]


def test_a_day_of_sweeps_sends_a_job_at_most_eleven_times(scheduler: Scheduler) -> None:
    scheduler.create()

    for _ in range(24 * 60):
        scheduler.clock.advance(60)
        scheduler.sweep()

    assert 8 <= len(scheduler.queue.messages) <= 11


def test_a_job_in_the_future_is_not_looked_at(scheduler: Scheduler) -> None:
    scheduler.create(due_in=60)

    assert scheduler.sweep().looked_at == 0
    assert scheduler.control.sweep_cursors() == {}


def test_an_attempt_whose_lease_ran_out_is_lost_and_another_follows(scheduler: Scheduler) -> None:
    job = _claimed(scheduler, retry=RetryPolicy(jitter=Jitter.NONE))

    scheduler.clock.advance(66)
    report = scheduler.sweep()

    reaped = scheduler.get(job)
    assert report.reaped == 1
    assert reaped.status is Status.SCHEDULED
    assert [one.outcome for one in reaped.executions] == [Outcome.LOST]
    assert reaped.wake_at == START + timedelta(seconds=66 + 5)
    assert scheduler.telemetry.values[Metric.RETRIED] == [1]


def test_a_lost_last_attempt_fails_the_job(scheduler: Scheduler) -> None:
    job = _claimed(scheduler, retry=RetryPolicy(max_attempts=1))

    scheduler.clock.advance(66)
    scheduler.sweep()

    assert scheduler.get(job).status is Status.FAILED
    assert scheduler.telemetry.values[Metric.FAILED] == [1]


def test_a_lease_that_is_still_held_is_left_alone(scheduler: Scheduler) -> None:
    job = _claimed(scheduler)
    scheduler.clock.advance(50)
    scheduler.jobs.change(job.key, moves.heartbeat(job, now=scheduler.clock.now()))

    scheduler.clock.advance(59)
    report = scheduler.sweep()

    assert (report.looked_at, report.reaped) == (1, 0)
    assert "reap_refused" not in scheduler.telemetry.actions()
    assert scheduler.get(job).status is Status.RUNNING


@pytest.mark.parametrize(
    ("attempts", "cancelled"), [(2, False), (1, False), (2, True)], ids=["a retry", "the last one", "a cancel"]
)
def test_a_heartbeat_between_the_look_and_the_reaping_wins(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, attempts: int, cancelled: bool
) -> None:
    job = _claimed(scheduler, retry=RetryPolicy(max_attempts=attempts))
    if cancelled:
        scheduler.jobs.change(job.key, moves.cancel(job, now=START, retention=RETENTION))
    scheduler.clock.advance(70)
    seen = scheduler.get(job)
    scheduler.jobs.change(job.key, moves.heartbeat(job, now=scheduler.clock.now()))
    monkeypatch.setattr(scheduler.jobs, "get_many", lambda keys, *, consistent: [seen])

    report = scheduler.sweep()

    assert report.reaped == 0
    assert scheduler.get(job).status is Status.RUNNING
    assert "reap_refused" in scheduler.telemetry.actions()


def test_a_cancel_between_the_look_and_the_reaping_is_not_forgotten(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = _claimed(scheduler)
    scheduler.clock.advance(70)
    scheduler.jobs.change(job.key, moves.cancel(job, now=scheduler.clock.now(), retention=RETENTION))
    with monkeypatch.context() as before_the_cancel:
        before_the_cancel.setattr(scheduler.jobs, "get_many", lambda keys, *, consistent: [job])
        scheduler.sweep()

    scheduler.sweep()

    assert scheduler.get(job).status is Status.CANCELLED


def test_jobs_are_looked_at_as_they_are_and_not_as_a_copy_shows_them(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create()
    read = scheduler.jobs.get_many
    scheduler.clock.advance(100)
    monkeypatch.setattr(
        scheduler.jobs, "get_many", lambda keys, *, consistent: read(keys, consistent=True) if consistent else []
    )

    scheduler.sweep()

    assert scheduler.queued() == [job.id]


def test_a_shard_that_another_sweep_has_moved_is_left_to_it(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "_PAGE", 1)
    monkeypatch.setattr(scheduler.control, "advance_sweep", lambda *_, **__: False)
    shards = {scheduler.create().due_shard for _ in range(20)}
    scheduler.clock.advance(100)

    assert scheduler.sweep().looked_at == len(shards)


def test_a_sweep_with_little_time_left_leaves_the_rest_to_the_next(scheduler: Scheduler) -> None:
    scheduler.create()
    scheduler.clock.advance(100)

    assert scheduler.sweep_with(lambda: 5).looked_at == 0
    assert scheduler.sweep().looked_at == 1


def test_a_pass_that_stands_at_the_last_entry_is_complete(scheduler: Scheduler) -> None:
    job = scheduler.create()
    assert job.due_shard is not None
    assert job.wake_at is not None
    stands_at = SweepCursor(START + timedelta(seconds=100), START, (job.wake_at, job.tenant, job.id))
    scheduler.control.advance_sweep(job.due_shard, seen=None, to=stands_at)
    scheduler.clock.advance(200)

    rest_of_the_pass, new_pass = scheduler.sweep(), scheduler.sweep()

    assert (rest_of_the_pass.looked_at, new_pass.looked_at) == (0, 1)


def test_a_crowd_at_the_head_does_not_hide_what_is_behind_it(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "_PAGE", 10)
    crowd = [_claimed(scheduler) for _ in range(60)]
    behind = scheduler.create(due_in=1)
    scheduler.clock.advance(100)
    for job in crowd:
        scheduler.jobs.change(job.key, moves.heartbeat(job, now=scheduler.clock.now()))

    scheduler.sweep()

    assert scheduler.queued() == [behind.id]


def test_a_sweep_that_runs_out_of_time_is_taken_up_by_the_next(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "_PAGE", 3)
    jobs = {scheduler.create().id for _ in range(40)}
    scheduler.clock.advance(100)
    # Each time there is time for a dozen pages, and then for none.
    for _ in range(40):
        scheduler.clock.advance(1)
        times = iter([60.0] * 12 + [0.0] * 100)
        scheduler.sweep_with(times.__next__)

    assert set(scheduler.queued()) == jobs


def test_an_attempt_that_cannot_be_reaped_now_holds_nothing_back(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "_PAGE", 1)
    stuck = _claimed(scheduler)
    others = [_claimed(scheduler) for _ in range(8)]
    behind = scheduler.create(due_in=1)
    scheduler.clock.advance(100)
    _refuse_changes_of(stuck, scheduler, monkeypatch)

    report = scheduler.sweep()

    assert report.reaped == len(others)
    assert scheduler.queued() == [behind.id]
    assert "reap_failed" in scheduler.telemetry.actions()


def test_an_attempt_whose_reaping_has_a_defect_holds_nothing_back(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_module, "_PAGE", 1)
    broken = _claimed(scheduler)
    others = [_claimed(scheduler) for _ in range(8)]
    scheduler.clock.advance(100)
    reap = moves.reap

    def reap_all_but_one(job: Job, **facts: Any) -> Change:
        if job.id == broken.id:
            raise OverflowError("a defect")
        return reap(job, **facts)

    monkeypatch.setattr(moves, "reap", reap_all_but_one)

    report = scheduler.sweep()

    assert report.reaped == len(others)
    assert "lease_left_out" in scheduler.telemetry.actions()


def test_a_job_that_cannot_be_read_holds_nothing_back(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    unreadable, readable = (scheduler.create() for _ in range(2))
    scheduler.clock.advance(100)
    monkeypatch.setattr(
        scheduler.jobs, "get_many", lambda keys, *, consistent: [readable] if readable.key in keys else []
    )

    scheduler.sweep()

    assert scheduler.queued() == [readable.id]
    told = {"jobs": 1, "tenant": unreadable.tenant, "job_id": unreadable.id}
    assert ("jobs_not_read", told) in scheduler.telemetry.notes


def test_a_shard_that_cannot_be_read_does_not_keep_the_others_from_being_swept(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(every_shard, "_PARALLEL", 1)
    unreadable, *others = due_shards(SHARDING.due)
    jobs = [scheduler.create(priority=priority) for priority in Priority for _ in range(8)]
    scheduler.clock.advance(100)
    break_shard(unreadable, scheduler, monkeypatch)

    with pytest.raises(StoreUnavailable):
        scheduler.sweep()

    assert sorted(scheduler.queued()) == sorted(job.id for job in jobs if job.due_shard in others)


def test_a_crowd_in_one_shard_does_not_take_the_time_of_the_others_for_good(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(every_shard, "_PARALLEL", 1)
    monkeypatch.setattr(sweep_module, "_PAGE", 1)
    jobs = {scheduler.create(priority=Priority.HIGH).id for _ in range(40)}
    behind = scheduler.create(priority=Priority.LOW)
    # Each time for a dozen pages, of which there are more in either shard of the lane that comes first.
    for _ in range(20):
        scheduler.clock.advance(60)
        times = iter([60.0] * 12 + [0.0] * 100)
        scheduler.sweep_with(times.__next__)

    assert set(scheduler.queued()) == {*jobs, behind.id}


def test_what_the_queue_did_not_take_is_told(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler.create()
    scheduler.clock.advance(100)
    monkeypatch.setattr(scheduler.queue, "send", lambda lane, batch: list(range(len(batch))))

    report = scheduler.sweep()

    assert report.resent == 0
    assert scheduler.telemetry.values[Metric.DISPATCH_FAILED] == [1]
    assert "sent_again" not in scheduler.telemetry.actions()


@given(
    passes=st.lists(st.integers(min_value=1, max_value=5_000), min_size=1, max_size=40),
    due_after=st.integers(min_value=0, max_value=1_000),
)
def test_however_the_passes_fall_each_threshold_is_met_by_at_most_one(passes: list[int], due_after: int) -> None:
    wake_at = START + timedelta(seconds=due_after)
    times = [START]
    for seconds in passes:
        times.append(times[-1] + timedelta(seconds=seconds))

    sent = sum(is_resend_due(wake_at, after=a, until=b) for a, b in itertools.pairwise(times))

    age = (times[-1] - wake_at).total_seconds()
    thresholds = [90 * 2**k for k in range(40) if 90 * 2**k <= age]
    assert sent <= len(thresholds)
    assert (sent > 0) == bool(thresholds)


def _claimed(scheduler: Scheduler, **spec: object) -> Job:
    job = scheduler.create(**spec)
    change = moves.claim(lane=job.lane, wake_at=job.run_at, claim_id="c", now=scheduler.clock.now())
    return scheduler.jobs.change_and_get(job.key, change)


def _refuse_changes_of(job: Job, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    change_of_others = scheduler.jobs.change

    def change(key: JobKey, change: Change) -> None:
        if key == job.key:
            raise StoreUnavailable("throttled", outcome_unknown=False)
        change_of_others(key, change)

    monkeypatch.setattr(scheduler.jobs, "change", change)


def test_how_late_the_latest_job_is_that_has_not_started_is_measured(scheduler: Scheduler) -> None:
    scheduler.create()
    scheduler.clock.advance(30)
    scheduler.create()
    scheduler.clock.advance(90)

    report = scheduler.sweep()

    assert report.oldest_due_ms == 120_000
    assert scheduler.telemetry.values[Metric.OLDEST_DUE_MS] == [120_000]


def test_nothing_is_late_when_every_due_job_has_started(scheduler: Scheduler) -> None:
    job = scheduler.create()
    scheduler.jobs.change(job.key, claim_of(job))
    scheduler.clock.advance(70)

    assert scheduler.sweep().oldest_due_ms == 0


@pytest.mark.parametrize("error", [ValueError("a newer version's alert"), StoreUnavailable("x", outcome_unknown=False)])
def test_whoever_is_told_of_overdue_jobs_cannot_keep_them_from_being_sent_again(
    scheduler: Scheduler, error: Exception
) -> None:
    def fail(jobs: Sequence[Job], *, after: datetime, until: datetime) -> None:
        raise error

    scheduler.tell_overdue = fail
    jobs = {scheduler.create().id for _ in range(5)}
    scheduler.clock.advance(100)

    scheduler.sweep()

    assert set(scheduler.queued()) == jobs
    assert "overdue_not_told" in scheduler.telemetry.actions()


def test_a_sweep_that_dies_while_it_tells_goes_on_behind_what_it_has_sent(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dies(BaseException):
        """The time of the function is over."""

    def die(jobs: Sequence[Job], *, after: datetime, until: datetime) -> None:
        raise Dies

    monkeypatch.setattr(sweep_module, "_PAGE", 3)
    scheduler.tell_overdue = die
    jobs = {scheduler.create().id for _ in range(40)}
    # As many turns as a shard could have pages.
    for _ in range(14):
        scheduler.clock.advance(100)
        with suppress(Dies):
            scheduler.sweep()

    assert set(scheduler.queued()) == jobs
