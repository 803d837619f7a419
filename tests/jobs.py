"""Jobs to test with: one as a client would create it, and ways to bring it where a test needs it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.model import long_work, moves
from shared.model.change import applied, holds
from shared.model.dead_letters import Redrive, discard, redrive
from shared.model.execution import Failure, Outcome
from shared.model.job import Completion, Job, JobKey, JobSpec, Sharding, new_job
from shared.model.retention import Retention

if TYPE_CHECKING:
    from shared.model.change import Change

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SHARDING = Sharding(due=4, group=2)
RETENTION = Retention.alike(30)
KEPT = timedelta(days=30)
TENANT = "acme"
ID = "06c3v8n1r4t7x2z5b8d1f4h7"

BOOM = Failure("http_503", "the service is unavailable")
NOT_FOUND = Failure("http_404", "no such page", retryable=False)
TIMED_OUT = Failure("timed_out", "the target did not finish within 30 s", outcome=Outcome.TIMED_OUT)


def at(seconds: float) -> datetime:
    """So many seconds after `START`, at which the jobs here are created and due."""
    return START + timedelta(seconds=seconds)


def a_job(*, tenant: str = TENANT, job_id: str = ID, now: datetime = START, **spec: Any) -> Job:
    """A scheduled job, due at once unless `spec` says otherwise."""
    wanted = JobSpec(**{"target": {"type": "http", "url": "https://example.com/"}, "run_at": now, **spec})
    return new_job(wanted, key=JobKey(tenant, job_id), now=now, sharding=SHARDING)


def is_accepted(change: Change, job: Job) -> bool:
    return all(holds(condition, job) for condition in change.when)


def after(job: Job, *changes: Change) -> Job:
    """`job` after `changes`, each of which must be accepted."""
    for change in changes:
        assert is_accepted(change, job), f"{change.move} is refused by {job}"
        job = applied(change, job)
    return job


def claim_of(job: Job, *, now: datetime | None = None, claim_id: str = "claim-1") -> Change:
    """The claim by an executor that has this very job's message."""
    assert job.wake_at is not None
    return moves.claim(lane=job.lane, wake_at=job.wake_at, claim_id=claim_id, now=now or job.wake_at)


def claimed(job: Job | None = None, *, now: datetime | None = None, claim_id: str = "claim-1") -> Job:
    job = job or a_job()
    return after(job, claim_of(job, now=now, claim_id=claim_id))


def awaiting(job: Job | None = None, *, now: datetime | None = None) -> Job:
    """A job whose target has accepted the work, a second after the claim unless `now` says otherwise."""
    running = job or claimed(a_job(completion=Completion.CALLBACK, timeout_seconds=7_200))
    return after(running, long_work.await_outcome(running, now=now or at(1)))


def failed_once(job: Job, *, failure: Failure = BOOM, now: datetime | None = None, chance: float = 0.5) -> Change:
    """How the attempt that holds `job` ends when it fails; a second after it began unless `now` says otherwise."""
    assert job.started_at is not None
    return moves.fail(
        job,
        failure,
        now=now or job.started_at + timedelta(seconds=1),
        chance=chance,
        retention=RETENTION,
        sharding=SHARDING,
    )


def cancel_of(job: Job) -> Change:
    return moves.cancel(job, now=at(5), retention=RETENTION)


def waiting_for_retry() -> Job:
    """A job whose first attempt failed, and that waits for its second."""
    running = claimed()
    return after(running, failed_once(running))


def dead(job: Job | None = None, *, failure: Failure = NOT_FOUND) -> Job:
    """A job that failed for good, a second after it began."""
    running = claimed(job)
    return after(running, failed_once(running, failure=failure))


def redrive_of(job: Job, *, now: datetime | None = None, **asked: Any) -> Change:
    """Somebody has it run again, at once unless `asked` says otherwise."""
    now = now or at(100)
    return redrive(job, Redrive(**{"wake_at": now, "by": "key-1", **asked}), now=now, sharding=SHARDING)


def discard_of(job: Job) -> Change:
    return discard(job, reason="the customer is gone", by="key-1", now=at(100))
