from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.model import moves
from shared.model.execution import Outcome
from shared.model.lifecycle import Status
from tests.unit.scheduler import RETENTION, Scheduler, sent_twice

if TYPE_CHECKING:
    import pytest


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
