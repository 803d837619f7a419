from __future__ import annotations

from shared.model import moves
from shared.model.execution import Outcome
from shared.model.lifecycle import Status
from tests.unit.scheduler import RETENTION, Scheduler


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
