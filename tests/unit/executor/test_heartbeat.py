from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from functions.executor.heartbeat import FAILED_BEATS, Heartbeats, Watched, beat
from functions.executor.targets.protocol import Deadline
from shared.model import limits, long_work, moves
from shared.model.execution import NO_OUTPUT
from shared.model.job import Completion
from tests.unit.scheduler import RETENTION, SHARDING, START, Scheduler, unavailable

if TYPE_CHECKING:
    from shared.model.change import Change
    from shared.model.job import Job, JobKey


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


@pytest.fixture
def running(scheduler: Scheduler) -> Job:
    job = scheduler.create()
    change = moves.claim(lane=job.lane, wake_at=job.run_at, claim_id="mine", now=START)
    return scheduler.jobs.change_and_get(job.key, change)


def test_a_beat_extends_the_lease_from_the_start_of_the_call(scheduler: Scheduler, running: Job) -> None:
    scheduler.clock.advance(20)

    watched = _beat(scheduler, running)

    assert scheduler.get(running).lease_until == START + timedelta(seconds=20 + limits.LEASE_SECONDS)
    assert watched.next_beat_at == START + timedelta(seconds=20 + limits.HEARTBEAT_SECONDS)
    assert scheduler.get(running).version == running.version


def test_a_beat_learns_that_a_client_has_cancelled_and_stops_the_work(scheduler: Scheduler, running: Job) -> None:
    scheduler.jobs.change(running.key, moves.cancel(running, now=START, retention=RETENTION))
    scheduler.clock.advance(20)

    watched = _beat(scheduler, running)

    assert watched.cancelled
    assert watched.deadline.stopped
    assert not watched.lost


def test_a_beat_learns_that_the_lease_is_another_s_and_stops_the_work(scheduler: Scheduler, running: Job) -> None:
    scheduler.clock.advance(70)
    reap = moves.reap(running, now=scheduler.clock.now(), chance=0, retention=RETENTION, sharding=SHARDING)
    scheduler.jobs.change(running.key, reap)

    watched = _beat(scheduler, running)

    assert watched.lost
    assert watched.deadline.stopped


def test_a_beat_that_was_applied_and_sent_again_keeps_the_lease(scheduler: Scheduler, running: Job) -> None:
    scheduler.clock.advance(20)
    scheduler.jobs.change(running.key, moves.heartbeat(running, now=scheduler.clock.now()))

    watched = _beat(scheduler, running)

    assert not watched.lost
    assert not watched.deadline.stopped
    assert watched.next_beat_at == START + timedelta(seconds=20 + limits.HEARTBEAT_SECONDS)


def test_a_clock_that_is_set_back_neither_loses_nor_shortens_the_lease(scheduler: Scheduler, running: Job) -> None:
    scheduler.clock.advance(-30)

    watched = _beat(scheduler, running)

    assert not watched.lost
    assert scheduler.get(running).lease_until == running.lease_until


def test_a_refused_beat_of_one_s_own_lease_learns_of_a_cancel_too(scheduler: Scheduler, running: Job) -> None:
    scheduler.jobs.change(running.key, moves.cancel(running, now=START, retention=RETENTION))

    watched = _beat(scheduler, running)

    assert (watched.cancelled, watched.lost) == (True, False)


def test_a_beat_learns_that_another_attempt_has_begun(scheduler: Scheduler, running: Job) -> None:
    scheduler.clock.advance(70)
    reap = moves.reap(running, now=scheduler.clock.now(), chance=0, retention=RETENTION, sharding=SHARDING)
    waiting = scheduler.jobs.change_and_get(running.key, reap)
    assert waiting.wake_at is not None
    another = moves.claim(lane=waiting.lane, wake_at=waiting.wake_at, claim_id="another", now=scheduler.clock.now())
    scheduler.jobs.change(running.key, another)

    assert _beat(scheduler, running).lost


def test_a_beat_that_its_own_outcome_has_overtaken_is_no_lost_lease(scheduler: Scheduler, running: Job) -> None:
    outcome = moves.succeed(running, output=NO_OUTPUT, now=scheduler.clock.now(), retention=RETENTION)
    scheduler.jobs.change(running.key, outcome)

    watched = _beat(scheduler, running)

    assert not watched.lost
    assert "lease_lost" not in scheduler.telemetry.actions()


def test_three_failed_beats_in_a_row_stop_the_work(
    scheduler: Scheduler, running: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler.jobs, "change_and_get", unavailable)
    watched = Watched(running, Deadline(30), START)

    for failures in (1, 2, 3):
        beat(watched, jobs=scheduler.jobs, clock=scheduler.clock, telemetry=scheduler.telemetry)
        assert watched.lost is (failures == 3)

    assert watched.deadline.stopped


def test_beats_that_fail_now_and_then_do_not_stop_the_work(
    scheduler: Scheduler, running: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(running, Deadline(30), START)
    extend = scheduler.jobs.change_and_get

    for fails in (True, True, False, True, True):
        monkeypatch.setattr(scheduler.jobs, "change_and_get", unavailable if fails else extend)
        scheduler.clock.advance(1)
        beat(watched, jobs=scheduler.jobs, clock=scheduler.clock, telemetry=scheduler.telemetry)

    assert not watched.lost


def test_as_many_beats_as_may_fail_fit_into_a_lease(
    scheduler: Scheduler, running: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler.jobs, "change_and_get", unavailable)
    watched = Watched(running, Deadline(30), START + timedelta(seconds=limits.HEARTBEAT_SECONDS))

    for _ in range(FAILED_BEATS):
        scheduler.clock.advance((watched.next_beat_at - scheduler.clock.now()).total_seconds())
        beat(watched, jobs=scheduler.jobs, clock=scheduler.clock, telemetry=scheduler.telemetry)

    assert watched.lost
    assert running.lease_until is not None
    assert scheduler.clock.now() <= running.lease_until - timedelta(seconds=limits.HEARTBEAT_SECONDS)


def test_work_is_stopped_when_its_lease_is_over_however_few_beats_have_failed(
    scheduler: Scheduler, running: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hanging(*_: object) -> None:
        scheduler.clock.advance(21)
        unavailable()

    heartbeats = Heartbeats(jobs=scheduler.jobs, clock=scheduler.clock, telemetry=scheduler.telemetry)
    with heartbeats.watch(running, Deadline(300)) as watched:
        scheduler.clock.advance(20)
        heartbeats.beat_due()
        extended = scheduler.get(running).lease_until
        monkeypatch.setattr(scheduler.jobs, "change_and_get", hanging)
        scheduler.clock.advance(20)
        heartbeats.beat_due()
        before = watched.lost
        heartbeats.beat_due()

    assert extended == START + timedelta(seconds=80)
    assert (before, watched.lost, watched.failures) == (False, True, 2)
    assert watched.deadline.stopped


def test_a_beat_leaves_the_lease_to_a_worker_that_was_heard_of(scheduler: Scheduler) -> None:
    job = scheduler.create(completion=Completion.CALLBACK, heartbeat_timeout_seconds=10)
    claim = moves.claim(lane=job.lane, wake_at=job.run_at, claim_id="mine", now=START)
    running = scheduler.jobs.change_and_get(job.key, claim)
    scheduler.clock.advance(15)
    scheduler.jobs.change(job.key, long_work.await_outcome(running, now=scheduler.clock.now()))
    scheduler.clock.advance(5)

    watched = _beat(scheduler, running)

    assert not watched.lost
    assert scheduler.get(job).lease_until == START + timedelta(seconds=25)


def test_what_is_watched_is_beaten_for_when_its_time_has_come(scheduler: Scheduler, running: Job) -> None:
    heartbeats = Heartbeats(jobs=scheduler.jobs, clock=scheduler.clock, telemetry=scheduler.telemetry)

    with heartbeats.watch(running, Deadline(30)):
        scheduler.clock.advance(19)
        heartbeats.beat_due()
        before = scheduler.get(running).lease_until
        scheduler.clock.advance(1)
        heartbeats.beat_due()
        after = scheduler.get(running).lease_until
    scheduler.clock.advance(20)
    heartbeats.beat_due()

    assert before == running.lease_until
    assert after == START + timedelta(seconds=80)
    assert scheduler.get(running).lease_until == after


def test_a_beat_that_raises_does_not_end_those_of_the_other_jobs(
    scheduler: Scheduler, running: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = scheduler.create()
    beat_of = scheduler.jobs.change_and_get

    def raising(key: JobKey, change: Change) -> Job:
        if key == odd.key:
            raise KeyError("an attribute of a newer version")
        return beat_of(key, change)

    monkeypatch.setattr(scheduler.jobs, "change_and_get", raising)
    heartbeats = Heartbeats(jobs=scheduler.jobs, clock=scheduler.clock, telemetry=scheduler.telemetry)
    with heartbeats.watch(odd, Deadline(60)), heartbeats.watch(running, Deadline(60)):
        scheduler.clock.advance(30)
        heartbeats.beat_due()

    assert scheduler.get(running).lease_until == START + timedelta(seconds=30 + limits.LEASE_SECONDS)
    assert "heartbeat_defect" in scheduler.telemetry.actions()


def test_work_that_was_stopped_gets_no_more_beats(scheduler: Scheduler, running: Job) -> None:
    heartbeats = Heartbeats(jobs=scheduler.jobs, clock=scheduler.clock, telemetry=scheduler.telemetry)

    with heartbeats.watch(running, Deadline(30)) as watched:
        watched.deadline.stop()
        scheduler.clock.advance(30)
        heartbeats.beat_due()

    assert scheduler.get(running).lease_until == running.lease_until


def _beat(scheduler: Scheduler, job: Job) -> Watched:
    watched = Watched(job, Deadline(30), scheduler.clock.now())
    beat(watched, jobs=scheduler.jobs, clock=scheduler.clock, telemetry=scheduler.telemetry)
    return watched
