"""What is made ready for a call: its payload, its time, and a lease that still runs."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from functions.executor.heartbeat import Heartbeats
from functions.executor.targets import protocol
from functions.executor.targets.protocol import Answer
from shared.model import limits
from shared.model.execution import Outcome
from shared.model.job import Delivery
from shared.model.lifecycle import Status
from shared.model.retry import RetryPolicy
from tests.unit.scheduler import START, Scheduler, unavailable

if TYPE_CHECKING:
    from functions.executor.targets.protocol import Deadline
    from shared.model.job import Job


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


def test_the_time_for_a_call_begins_with_it(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    passed, left = [0.0], []
    monkeypatch.setattr(protocol, "time", SimpleNamespace(monotonic=lambda: passed[0]))

    def slow(job: Job) -> None:
        passed[0] += 29

    def answer(_: object, deadline: Deadline) -> Answer:
        left.append(deadline.remaining())
        passed[0] += 2
        left.append(deadline.remaining())
        return Answer()

    monkeypatch.setattr(scheduler.jobs, "load_payload", slow)
    scheduler.target.answer = answer

    scheduler.execute(scheduler.create(timeout_seconds=30))

    assert left == [30, 28]


def test_no_effect_begins_once_the_lease_is_over(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(job: Job) -> None:
        scheduler.clock.advance(limits.LEASE_SECONDS)

    monkeypatch.setattr(scheduler.jobs, "load_payload", slow)
    job = scheduler.create()

    scheduler.execute(job)

    waiting = scheduler.get(job)
    assert scheduler.target.calls == []
    assert (waiting.status, waiting.reason, waiting.attempt) == (Status.SCHEDULED, "lease_over", 0)


def test_a_job_that_another_has_by_then_is_left_to_it(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(job: Job) -> None:
        scheduler.clock.advance(limits.LEASE_SECONDS + 10)
        scheduler.sweep()

    monkeypatch.setattr(scheduler.jobs, "load_payload", slow)
    job = scheduler.create()

    scheduler.execute(job)

    assert scheduler.target.calls == []
    assert [one.outcome for one in scheduler.get(job).executions] == [Outcome.LOST]
    assert scheduler.get(job).attempt == 1


def test_a_lease_that_was_extended_while_the_payload_was_read_is_good_for_a_call(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeats = Heartbeats(jobs=scheduler.jobs, clock=scheduler.clock, telemetry=scheduler.telemetry)

    def slow(job: Job) -> None:
        scheduler.clock.advance(30)
        heartbeats.beat_due()
        scheduler.clock.advance(limits.LEASE_SECONDS - 30)

    monkeypatch.setattr(scheduler, "lease", heartbeats)
    monkeypatch.setattr(scheduler.jobs, "load_payload", slow)
    job = scheduler.create()

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_a_payload_that_cannot_be_read_at_once_costs_no_attempt(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create(payload=b'"late"')
    fails = iter([True, True])

    def load_payload(job: Job) -> bytes | None:
        if next(fails, False):
            unavailable()
        return job.payload.data

    monkeypatch.setattr(scheduler.jobs, "load_payload", load_payload)

    scheduler.execute(job)

    assert [call.payload for call in scheduler.target.calls] == [b'"late"']
    assert [one.outcome for one in scheduler.get(job).executions] == [Outcome.SUCCEEDED]


@pytest.mark.parametrize("delivery", Delivery)
def test_while_payloads_cannot_be_read_jobs_wait_and_no_attempt_is_burned(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, delivery: Delivery
) -> None:
    job = scheduler.create(delivery=delivery, retry=RetryPolicy(max_attempts=1))
    with monkeypatch.context() as outage:
        outage.setattr(scheduler.jobs, "load_payload", unavailable)
        scheduler.execute(job)
    held = scheduler.get(job)

    scheduler.clock.advance(60)
    scheduler.execute(job)

    assert (held.status, held.reason, held.attempt) == (Status.SCHEDULED, "store_unavailable", 0)
    assert held.wake_at == START + timedelta(seconds=2 + 60)
    assert scheduler.get(job).status is Status.SUCCEEDED


def test_a_payload_that_is_gone_fails_the_attempt(scheduler: Scheduler) -> None:
    job = scheduler.create(payload=b'"' + b"x" * 1_000 + b'"')
    scheduler.jobs._payloads.clear()

    scheduler.execute(job)

    assert scheduler.get(job).executions[0].error_type == "payload_unavailable"
