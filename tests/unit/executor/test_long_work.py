"""Jobs whose outcome is reported: what the executor makes of a call that was accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.executor.targets.protocol import Answer
from shared.model import limits, long_work, moves
from shared.model.checkpoint import Checkpoint
from shared.model.execution import Failure, Outcome, Output
from shared.model.job import Completion, Delivery
from shared.model.lanes import DueShard
from shared.model.lease_token import LeaseToken
from shared.model.lifecycle import Move, Status
from shared.ports.telemetry import Metric
from tests.unit.scheduler import API_URL, RETENTION, SHARDING, START, Scheduler, sent_twice, unavailable

if TYPE_CHECKING:
    from shared.model.change import Change
    from shared.model.job import Job, JobKey

ACCEPTED = Answer()


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


def long_job(scheduler: Scheduler, **spec: Any) -> Job:
    return scheduler.create(**{"completion": Completion.CALLBACK, "timeout_seconds": 86_400, **spec})


def token_of(scheduler: Scheduler) -> str:
    reporting = scheduler.target.calls[-1].reporting
    assert reporting is not None
    return reporting.token


def test_a_job_whose_work_was_accepted_goes_on(scheduler: Scheduler) -> None:
    job = long_job(scheduler)

    scheduler.execute(job)

    running = scheduler.get(job)
    assert running.status is Status.RUNNING
    assert running.awaiting_since == START
    assert running.lease_until == running.wake_at == START + timedelta(seconds=300)
    assert running.due_shard == DueShard(None, job.due_shard.number)
    assert running.executions == ()
    assert Metric.ACCEPTED in scheduler.telemetry.values
    assert Metric.DURATION_MS not in scheduler.telemetry.values


def test_the_target_is_handed_the_token_of_its_attempt_and_where_to_report(scheduler: Scheduler) -> None:
    job = long_job(scheduler)

    scheduler.execute(job)

    token = LeaseToken.parse(token_of(scheduler))
    assert token is not None
    assert token.holds(scheduler.get(job))
    assert scheduler.target.calls[0].headers()["X-Punctual-Api-Url"] == API_URL


def test_a_target_whose_answer_is_the_outcome_is_handed_no_token(scheduler: Scheduler) -> None:
    scheduler.execute(scheduler.create())

    assert scheduler.target.calls[0].reporting is None


@pytest.mark.parametrize("kind", ["task", "command"])
def test_what_runs_in_the_runner_is_handed_one_however_it_ends(scheduler: Scheduler, kind: str) -> None:
    scheduler.execute(runner_job(scheduler, kind))

    assert token_of(scheduler)


def runner_job(scheduler: Scheduler, kind: str = "task") -> Job:
    job = scheduler.create()
    scheduler.jobs.change(job.key, moves.edit(job, {"target": {"type": kind}}, now=START, sharding=SHARDING))
    return job


def test_a_call_that_only_accepts_has_a_minute_for_that(scheduler: Scheduler) -> None:
    waited: list[float] = []
    scheduler.target.answer = lambda _, deadline: waited.append(deadline.seconds) or Answer()

    scheduler.execute(long_job(scheduler))

    assert waited == [limits.ACCEPT_SECONDS]


def test_work_that_is_not_accepted_is_a_failed_attempt(scheduler: Scheduler) -> None:
    scheduler.target.answer = Answer(failure=Failure("http_503", "the service is unavailable"))
    job = long_job(scheduler)

    scheduler.execute(job)

    assert [one.outcome for one in scheduler.get(job).executions] == [Outcome.FAILED]


def reporting_first(scheduler: Scheduler, change: Any, then: Answer = ACCEPTED) -> None:
    """The work is so quick that `change`, made of the running job, is written before the call has been answered."""

    def answer(call: Any, _: Any) -> Answer:
        job = next(job for job in scheduler.jobs.all_jobs() if job.id == call.job_id)
        scheduler.jobs.change(job.key, change(job))
        return then

    scheduler.target.answer = answer


def test_an_outcome_that_is_reported_before_the_answer_to_the_call_stands(scheduler: Scheduler) -> None:
    reporting_first(scheduler, lambda job: moves.succeed(job, output=Output(), now=START, retention=RETENTION))
    job = long_job(scheduler)

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED
    assert "reported_before" in scheduler.telemetry.actions()
    assert Metric.OUTCOME_REFUSED not in scheduler.telemetry.values


def test_a_failure_that_is_reported_before_the_answer_to_the_call_stands_too(scheduler: Scheduler) -> None:
    boom = Failure("boom", "")
    reporting_first(
        scheduler,
        lambda job: moves.fail(job, boom, now=START, chance=0.5, retention=RETENTION, sharding=SHARDING),
    )
    job = long_job(scheduler)

    scheduler.execute(job)

    waiting = scheduler.get(job)
    assert (waiting.status, waiting.awaiting_since, waiting.due_shard) == (Status.SCHEDULED, None, job.due_shard)


def test_a_worker_that_is_heard_of_before_the_answer_to_the_call_keeps_its_lease(scheduler: Scheduler) -> None:
    later = START + timedelta(seconds=5)
    reporting_first(scheduler, lambda job: long_work.await_outcome(job, now=later))
    job = long_job(scheduler)

    scheduler.execute(job)

    assert scheduler.get(job).awaiting_since == later
    assert scheduler.get(job).lease_until == later + timedelta(seconds=300)
    assert Metric.OUTCOME_REFUSED not in scheduler.telemetry.values


@pytest.mark.parametrize("delivery", Delivery)
def test_a_call_that_breaks_leaves_the_attempt_to_a_worker_that_was_heard_of(
    scheduler: Scheduler, delivery: Delivery
) -> None:
    later = START + timedelta(seconds=5)
    broken = Answer(failure=Failure("connection_failed", "the connection broke"))
    reporting_first(scheduler, lambda job: long_work.await_outcome(job, now=later), broken)
    job = long_job(scheduler, delivery=delivery)

    scheduler.execute(job)

    running = scheduler.get(job)
    assert (running.status, running.awaiting_since, running.executions) == (Status.RUNNING, later, ())
    assert "reported_before" in scheduler.telemetry.actions()
    assert Metric.OUTCOME_REFUSED not in scheduler.telemetry.values


def test_an_outcome_that_was_reported_before_the_call_breaks_stands(scheduler: Scheduler) -> None:
    broken = Answer(failure=Failure("connection_failed", "the connection broke"))
    done = Output("done", 4)
    reporting_first(scheduler, lambda job: moves.succeed(job, output=done, now=START, retention=RETENTION), broken)
    job = long_job(scheduler)

    scheduler.execute(job)

    assert [one.output for one in scheduler.get(job).executions] == [done]
    assert "reported_before" in scheduler.telemetry.actions()
    assert Metric.OUTCOME_REFUSED not in scheduler.telemetry.values


def test_a_worker_that_was_heard_of_has_what_is_left_of_its_lease_to_stop(scheduler: Scheduler) -> None:
    later = START + timedelta(seconds=5)

    def cancelled_meanwhile(job: Job) -> Change:
        scheduler.jobs.change(job.key, moves.cancel(job, now=later, retention=RETENTION))
        return long_work.await_outcome(job, now=later)

    reporting_first(scheduler, cancelled_meanwhile, Answer(failure=Failure("connection_failed", "")))
    job = long_job(scheduler)

    scheduler.execute(job)

    running = scheduler.get(job)
    assert (running.status, running.cancel_requested_at) == (Status.RUNNING, later)


@pytest.mark.parametrize("broken", ["stopped", "connection_failed"])
def test_a_call_that_is_stopped_for_a_cancel_leaves_the_attempt_to_a_worker_that_was_heard_of(
    scheduler: Scheduler, broken: str
) -> None:
    later = START + timedelta(seconds=5)
    failed = Answer(failure=Failure(broken, "the call was stopped"))
    reporting_first(scheduler, lambda job: long_work.await_outcome(job, now=later), failed)
    scheduler.lease.cancelled = True
    job = long_job(scheduler)

    scheduler.execute(job)

    running = scheduler.get(job)
    assert (running.status, running.awaiting_since, running.executions) == (Status.RUNNING, later, ())
    assert "reported_before" in scheduler.telemetry.actions()


def test_a_call_that_is_stopped_for_a_cancel_ends_the_job_whose_worker_nobody_heard_of(scheduler: Scheduler) -> None:
    scheduler.target.answer = Answer(failure=Failure("stopped", "the call was stopped"))
    scheduler.lease.cancelled = True
    job = long_job(scheduler)

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.CANCELLED


def test_an_acceptance_that_is_written_twice_is_ones_own(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    job = long_job(scheduler)
    sent_twice(scheduler, monkeypatch, "change")

    scheduler.execute(job)

    assert scheduler.get(job).awaiting_since == START
    assert scheduler.telemetry.values[Metric.ACCEPTED] == [1]
    assert Metric.OUTCOME_REFUSED not in scheduler.telemetry.values


def test_an_executor_that_was_overtaken_accepts_nothing(scheduler: Scheduler) -> None:
    def reaped(job: Job) -> Change:
        now = START + timedelta(seconds=90)
        return moves.reap(job, now=now, chance=0.5, retention=RETENTION, sharding=SHARDING)

    reporting_first(scheduler, reaped)
    job = long_job(scheduler)

    scheduler.execute(job)

    assert scheduler.get(job).awaiting_since is None
    assert Metric.OUTCOME_REFUSED in scheduler.telemetry.values


def test_another_attempts_acceptance_is_not_ones_own(scheduler: Scheduler) -> None:
    def overtaken(call: Any, _: Any) -> Answer:
        (job,) = scheduler.jobs.all_jobs()
        scheduler.jobs._write(job, replace(job, fence=job.fence + 1, claim_id="claim-2", awaiting_since=START))
        return Answer()

    scheduler.target.answer = overtaken

    scheduler.execute(long_job(scheduler))

    assert Metric.OUTCOME_REFUSED in scheduler.telemetry.values


def test_an_acceptance_that_cannot_be_written_leaves_the_lease_to_run_out(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = long_job(scheduler)
    write = scheduler.jobs.change

    def away(key: JobKey, change: Change) -> None:
        return unavailable() if change.move is Move.AWAIT else write(key, change)

    monkeypatch.setattr(scheduler.jobs, "change", away)
    scheduler.execute(job)
    scheduler.clock.advance(200)
    scheduler.sweep()

    assert [one.outcome for one in scheduler.get(job).executions] == [Outcome.LOST]


def with_checkpoint(scheduler: Scheduler, job: Job) -> None:
    """An earlier attempt has left a checkpoint."""
    scheduler.target.answer = Answer(failure=Failure("boom", ""))
    scheduler.execute(job)
    waiting = scheduler.get(job)
    stored = Checkpoint(b'{"page":3}', 1, 1, START, START + timedelta(days=1))
    scheduler.checkpoints.save(job.key, stored)
    scheduler.jobs._write(waiting, replace(waiting, checkpoint_at=START))
    scheduler.target.answer = Answer()
    scheduler.clock.advance(60)


def test_the_next_attempt_in_the_runner_is_handed_the_checkpoint(scheduler: Scheduler) -> None:
    job = runner_job(scheduler)
    with_checkpoint(scheduler, job)

    scheduler.execute(job)

    reporting = scheduler.target.calls[-1].reporting
    assert reporting is not None
    assert reporting.checkpoint == b'{"page":3}'


def test_others_are_told_that_there_is_one_and_ask_for_it(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = long_job(scheduler)
    with_checkpoint(scheduler, job)
    monkeypatch.setattr(scheduler.checkpoints, "load", unavailable)

    scheduler.execute(job)

    assert scheduler.target.calls[-1].headers()["X-Punctual-Checkpoint-At"] == "2026-03-01T12:00:00.000Z"


def test_without_a_checkpoint_none_is_looked_for(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler.checkpoints, "load", unavailable)
    job = runner_job(scheduler)

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_a_checkpoint_that_cannot_be_read_is_no_reason_to_begin_anew(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = runner_job(scheduler)
    with_checkpoint(scheduler, job)
    monkeypatch.setattr(scheduler.checkpoints, "load", unavailable)
    calls = len(scheduler.target.calls)

    scheduler.execute(job)

    waiting = scheduler.get(job)
    assert (waiting.status, waiting.reason, waiting.attempt) == (Status.SCHEDULED, "store_unavailable", 1)
    assert len(scheduler.target.calls) == calls
