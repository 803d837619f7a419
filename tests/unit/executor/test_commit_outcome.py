from __future__ import annotations

from datetime import timedelta

import pytest

from functions.executor.execute_job import Verdict
from functions.executor.targets.protocol import Answer
from shared.model import moves
from shared.model.execution import Failure, Outcome
from shared.model.job import Delivery, Job, JobKey
from shared.model.lifecycle import Status
from shared.model.retry import Jitter, RetryPolicy
from shared.ports.telemetry import Metric
from tests.unit.scheduler import RETENTION, SHARDING, START, Scheduler, sent_twice, unavailable

BOOM = Failure("http_503", "the service is unavailable")


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


def test_a_failed_attempt_is_retried_after_its_backoff_and_then_succeeds(scheduler: Scheduler) -> None:
    policy = RetryPolicy(max_attempts=3, initial_seconds=5, multiplier=2, jitter=Jitter.NONE)
    job = scheduler.create(retry=policy)
    scheduler.target.answer = Answer(failure=BOOM)

    scheduler.execute(job)
    first = scheduler.get(job)
    scheduler.clock.advance(5)
    scheduler.execute(job)
    second = scheduler.get(job)
    scheduler.clock.advance(10)
    scheduler.target.answer = Answer()
    scheduler.execute(job)

    ended = scheduler.get(job)
    assert first.wake_at == START + timedelta(seconds=5)
    assert second.wake_at == START + timedelta(seconds=15)
    assert ended.status is Status.SUCCEEDED
    assert [one.outcome for one in ended.executions] == [Outcome.FAILED, Outcome.FAILED, Outcome.SUCCEEDED]
    assert [one.fence for one in ended.executions] == [1, 2, 3]


def test_a_job_that_always_fails_ends_as_failed_with_every_attempt(scheduler: Scheduler) -> None:
    job = scheduler.create(retry=RetryPolicy(max_attempts=2, jitter=Jitter.NONE))
    scheduler.target.answer = Answer(failure=BOOM)

    scheduler.execute(job)
    scheduler.clock.advance(5)
    scheduler.execute(job)

    ended = scheduler.get(job)
    assert ended.status is Status.FAILED
    assert ended.reason == "attempts_exhausted"
    assert [one.error_type for one in ended.executions] == ["http_503", "http_503"]
    assert ended.attention_pk is not None


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"delivery": Delivery.AT_MOST_ONCE, "retry": RetryPolicy(max_attempts=1)}, "at_most_once"),
        ({"retry": RetryPolicy(retry_on=("timed_out",))}, "not_retryable"),
    ],
)
def test_why_no_attempt_follows_is_said(scheduler: Scheduler, spec: dict[str, object], reason: str) -> None:
    job = scheduler.create(**spec)
    scheduler.target.answer = Answer(failure=BOOM)

    scheduler.execute(job)

    assert scheduler.get(job).reason == reason


def test_a_retry_is_not_bound_by_the_start_deadline(scheduler: Scheduler) -> None:
    job = scheduler.create(expires_after_seconds=1, retry=RetryPolicy(jitter=Jitter.NONE))
    scheduler.target.answer = Answer(failure=BOOM)
    scheduler.execute(job)
    scheduler.clock.advance(5)
    scheduler.target.answer = Answer()

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_a_success_is_committed_though_the_lease_could_not_be_kept(scheduler: Scheduler) -> None:
    scheduler.lease.lost = True
    job = scheduler.create()

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_the_output_of_a_failed_attempt_is_kept_whole_once_another_has_followed(scheduler: Scheduler) -> None:
    job = scheduler.create(retry=RetryPolicy(jitter=Jitter.NONE))
    traceback = b"Traceback (most recent call last): " + b"." * 300 + b" ValueError: the end matters"
    scheduler.target.answer = Answer(traceback, BOOM)
    scheduler.execute(job)
    scheduler.clock.advance(5)
    scheduler.target.answer = Answer()
    scheduler.execute(job)

    first = scheduler.get(job).executions[0].output

    assert len(first.text) == 160
    assert scheduler.outputs.read(first) == traceback


def test_an_attempt_whose_lease_was_lost_commits_no_failure(scheduler: Scheduler) -> None:
    scheduler.lease.lost = True
    scheduler.target.answer = Answer(failure=BOOM)
    job = scheduler.create()

    scheduler.execute(job)

    running = scheduler.get(job)
    assert (running.status, running.executions) == (Status.RUNNING, ())


def test_a_cancel_during_the_attempt_ends_the_job_when_the_attempt_fails(scheduler: Scheduler) -> None:
    def cancelled_meanwhile(*_: object) -> Answer:
        _cancel(scheduler, job)
        return Answer(failure=BOOM)

    job = scheduler.create()
    scheduler.target.answer = cancelled_meanwhile

    scheduler.execute(job)

    ended = scheduler.get(job)
    assert (ended.status, ended.reason) == (Status.CANCELLED, "cancelled_by_client")
    assert [one.outcome for one in ended.executions] == [Outcome.CANCELLED]


def test_a_success_beats_a_cancel(scheduler: Scheduler) -> None:
    def cancelled_meanwhile(*_: object) -> Answer:
        _cancel(scheduler, job)
        return Answer()

    job = scheduler.create()
    scheduler.target.answer = cancelled_meanwhile

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_a_cancel_that_the_heartbeat_saw_stops_the_job(scheduler: Scheduler) -> None:
    scheduler.lease.cancelled = True
    scheduler.target.answer = Answer(failure=Failure("stopped", "stopped"))
    job = scheduler.create()

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.CANCELLED


def test_the_outcome_of_an_overtaken_attempt_is_refused(scheduler: Scheduler) -> None:
    def overtaken(*_: object) -> Answer:
        scheduler.clock.advance(70)
        lost = scheduler.get(job)
        scheduler.jobs.change(
            job.key, moves.reap(lost, now=scheduler.clock.now(), chance=0, retention=RETENTION, sharding=SHARDING)
        )
        return Answer(b"too late")

    job = scheduler.create()
    scheduler.target.answer = overtaken

    scheduler.execute(job)

    after = scheduler.get(job)
    assert after.status is Status.SCHEDULED
    assert [one.outcome for one in after.executions] == [Outcome.LOST]
    assert scheduler.telemetry.values[Metric.OUTCOME_REFUSED] == [1]


def test_a_job_that_was_given_another_time_meanwhile_does_not_expire(scheduler: Scheduler) -> None:
    expired = scheduler.create(expires_after_seconds=60)
    scheduler.clock.advance(60)
    later = {"run_at": scheduler.clock.now() + timedelta(hours=1)}
    moved = scheduler.jobs.change_and_get(
        expired.key, moves.edit(expired, later, now=scheduler.clock.now(), sharding=SHARDING)
    )

    scheduler.executor().commit.too_late(expired, "expired")

    assert scheduler.get(expired) == moved


def test_an_outcome_whose_answer_was_lost_is_recognised_as_ones_own(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create()
    sent_twice(scheduler, monkeypatch, "change")

    scheduler.execute(job)

    assert len(scheduler.get(job).executions) == 1
    assert scheduler.telemetry.values[Metric.SUCCEEDED] == [1]


def test_an_outcome_is_written_again_until_the_table_is_back(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create()
    change, tries = scheduler.jobs.change, iter([True, True, False])

    def throttled(key: JobKey, wanted: object) -> None:
        if next(tries):
            unavailable()
        change(key, wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(scheduler.jobs, "change", throttled)

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_an_outcome_that_cannot_be_written_is_left_to_the_watcher(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create()
    monkeypatch.setattr(scheduler.jobs, "change", unavailable)

    verdict = scheduler.execute(job)

    assert verdict is Verdict.DONE
    assert scheduler.get(job).status is Status.RUNNING
    assert "outcome_not_written" in scheduler.telemetry.actions()


def test_a_long_output_is_kept_whole_and_its_beginning_with_the_job(scheduler: Scheduler) -> None:
    scheduler.target.answer = Answer(b"x" * 5_000)
    job = scheduler.create()

    scheduler.execute(job)

    output = scheduler.get(job).executions[0].output
    assert (len(output.text), output.size_bytes) == (1_024, 5_000)
    assert scheduler.outputs.read(output) == b"x" * 5_000


def test_an_outcome_is_written_though_its_long_output_cannot_be_kept(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler.target.answer = Answer(b"x" * 5_000)
    monkeypatch.setattr(scheduler.outputs, "keep", unavailable)
    job = scheduler.create()

    scheduler.execute(job)

    ended = scheduler.get(job)
    assert ended.status is Status.SUCCEEDED
    assert ended.executions[0].output.ref is None


def _cancel(scheduler: Scheduler, job: Job) -> None:
    running = scheduler.get(job)
    scheduler.jobs.change(job.key, moves.cancel(running, now=scheduler.clock.now(), retention=RETENTION))
