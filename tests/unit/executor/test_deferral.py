from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from functions.executor.targets.protocol import Answer
from shared.model import moves
from shared.model.execution import Outcome
from shared.model.lifecycle import Status
from shared.model.retry import Jitter, RetryPolicy
from tests.jobs import BOOM, claim_of
from tests.unit.scheduler import RETENTION, START, Scheduler, sent_twice

if TYPE_CHECKING:
    import pytest

    from shared.model.job import Job


def test_a_job_that_is_to_be_cancelled_ends_instead_of_being_put_back() -> None:
    scheduler = Scheduler()
    job = scheduler.create()
    now = scheduler.clock.now()
    claim = moves.claim(lane=job.lane, wake_at=now, claim_id="claim-1", now=now)
    running = scheduler.jobs.change_and_get(job.key, claim)
    scheduler.jobs.change(job.key, moves.cancel(running, now=now, retention=RETENTION))

    scheduler.executor().commit.deferred(running, until=now, reason="gate_closed")

    ended = scheduler.get(job)
    assert ended.status is Status.CANCELLED
    assert [one.outcome for one in ended.executions] == [Outcome.CANCELLED]


def test_a_job_that_would_be_too_late_by_then_is_looked_at_at_its_deadline() -> None:
    scheduler = Scheduler()
    job = scheduler.create(expires_after_seconds=7)

    put_back(scheduler, job)

    assert scheduler.get(job).wake_at == START + timedelta(seconds=7)


def test_a_job_whose_limit_of_time_is_over_by_then_is_looked_at_when_it_is() -> None:
    scheduler = Scheduler()
    job = scheduler.create(expires_after_seconds=1, retry=RetryPolicy(give_up_after_seconds=8, jitter=Jitter.NONE))
    scheduler.target.answer = Answer(failure=BOOM)
    scheduler.execute(job)
    scheduler.clock.advance(5)

    put_back(scheduler, scheduler.get(job))

    assert scheduler.get(job).wake_at == START + timedelta(seconds=8)


def put_back(scheduler: Scheduler, job: Job) -> None:
    """A gate is closed for the job for a minute."""
    now = scheduler.clock.now()
    claimed = scheduler.jobs.change_and_get(job.key, claim_of(job, now=now))
    scheduler.executor().commit.deferred(claimed, until=now + timedelta(seconds=60), reason="gate_closed")


def test_a_deferral_that_was_sent_twice_is_recognised_as_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = Scheduler()
    job = scheduler.create()
    now = scheduler.clock.now()
    claim = moves.claim(lane=job.lane, wake_at=now, claim_id="claim-1", now=now)
    running = scheduler.jobs.change_and_get(job.key, claim)
    sent_twice(scheduler, monkeypatch, "change")

    scheduler.executor().commit.deferred(running, until=now + timedelta(seconds=60), reason="gate_closed")

    assert scheduler.get(job).status is Status.SCHEDULED
    assert "deferred" in scheduler.telemetry.actions()
    assert "outcome_refused" not in scheduler.telemetry.actions()
