from __future__ import annotations

from datetime import timedelta

import pytest

from functions.executor.execute_job import Verdict
from functions.executor.targets.protocol import Answer
from shared.model import moves
from shared.model.errors import ChangeRefused, StoreUnavailable
from shared.model.execution import Failure, Outcome
from shared.model.job import Delivery, Job, JobKey
from shared.model.lifecycle import Status
from shared.model.retry import Jitter, RetryPolicy
from shared.ports.queue import Hint
from shared.ports.telemetry import Metric
from tests.unit.scheduler import RETENTION, SHARDING, START, Scheduler

BOOM = Failure("http_503", "the service is unavailable")


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


def test_a_due_job_runs_and_its_execution_is_recorded(scheduler: Scheduler) -> None:
    scheduler.target.answer = Answer(b"done")
    job = scheduler.create(payload=None)

    verdict = scheduler.execute(job)

    ended = scheduler.get(job)
    assert verdict is Verdict.DONE
    assert ended.status is Status.SUCCEEDED
    assert [(one.attempt, one.outcome, one.output.text) for one in ended.executions] == [(1, Outcome.SUCCEEDED, "done")]
    assert ended.wake_at is None
    assert ended.ended_at == START


def test_the_target_is_told_who_calls(scheduler: Scheduler) -> None:
    job = scheduler.create(correlation_id="order-7")

    scheduler.execute(job)

    headers = scheduler.target.calls[0].headers()
    assert headers["Idempotency-Key"] == f"acme/{job.id}"
    assert headers["X-Correlation-Id"] == "order-7"
    assert headers["X-Punctual-Attempt"] == "1"
    assert headers["X-Punctual-Fence"] == "1"


def test_an_attempt_never_begins_before_its_time(scheduler: Scheduler) -> None:
    job = scheduler.create(due_in=0.9)

    scheduler.execute(job)

    started = scheduler.get(job).executions[0].started_at
    assert started == START + timedelta(seconds=0.9)


def test_a_message_that_is_much_too_early_goes_back_until_its_time(scheduler: Scheduler) -> None:
    job = scheduler.create(due_in=30.2)
    scheduler.tick()

    message = scheduler.queue.messages[0]
    verdict = scheduler.executor()(_received(message.hint, job, message.receipt), seconds_left=lambda: 120)

    assert verdict is Verdict.KEEP
    assert message.visible_at == START + timedelta(seconds=31)
    assert scheduler.get(job).status is Status.SCHEDULED


def test_a_message_goes_back_when_its_job_might_not_end_in_time(scheduler: Scheduler) -> None:
    job = scheduler.create()

    verdict = scheduler.execute(job, seconds_left=60)

    assert verdict is Verdict.KEEP
    assert scheduler.get(job).attempt == 0


def test_a_message_that_comes_twice_runs_the_job_once(scheduler: Scheduler) -> None:
    job = scheduler.create()
    hint = scheduler.hint(job)

    scheduler.execute_hint(hint, job)
    verdict = scheduler.execute_hint(hint, job)

    assert verdict is Verdict.DONE
    assert len(scheduler.target.calls) == 1
    assert scheduler.telemetry.values[Metric.CLAIMED_BY_ANOTHER] == [1]


def test_a_message_from_before_a_reschedule_is_stale(scheduler: Scheduler) -> None:
    job = scheduler.create()
    stale = scheduler.hint(job)
    later = job.run_at + timedelta(hours=1)
    scheduler.jobs.change(job.key, moves.edit(job, {"run_at": later}, now=START, sharding=SHARDING))

    scheduler.execute_hint(stale, job)

    assert scheduler.get(job).status is Status.SCHEDULED
    assert scheduler.target.calls == []


def test_a_message_of_a_job_that_is_gone_is_dropped(scheduler: Scheduler) -> None:
    job = scheduler.create()

    verdict = scheduler.execute_hint(Hint("acme", "nobody", START), job)

    assert verdict is Verdict.DONE


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


def test_a_job_past_its_start_deadline_is_skipped_with_its_reason(scheduler: Scheduler) -> None:
    job = scheduler.create(expires_after_seconds=60)
    scheduler.clock.advance(60)

    scheduler.execute(job)

    skipped = scheduler.get(job)
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "expired")
    assert scheduler.target.calls == []


def test_a_retry_is_not_bound_by_the_start_deadline(scheduler: Scheduler) -> None:
    job = scheduler.create(expires_after_seconds=1, retry=RetryPolicy(jitter=Jitter.NONE))
    scheduler.target.answer = Answer(failure=BOOM)
    scheduler.execute(job)
    scheduler.clock.advance(5)
    scheduler.target.answer = Answer()

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_a_target_type_of_a_newer_version_is_left_for_one_that_knows_it(scheduler: Scheduler) -> None:
    job = scheduler.create()
    executor = scheduler.executor()
    object.__setattr__(executor, "target_of", lambda kind: None)

    executor(_received(scheduler.hint(job), job), seconds_left=lambda: 120)

    deferred = scheduler.get(job)
    assert (deferred.status, deferred.reason, deferred.attempt) == (Status.SCHEDULED, "unknown_target_type", 0)
    assert deferred.wake_at == START + timedelta(seconds=60)


def test_a_target_that_raises_fails_its_attempt_and_nothing_else(scheduler: Scheduler) -> None:
    def broken(*_: object) -> Answer:
        raise RuntimeError("a defect")

    scheduler.target.answer = broken
    job = scheduler.create()

    scheduler.execute(job)

    assert scheduler.get(job).executions[0].error_type == "internal_error"
    assert "target_defect" in scheduler.telemetry.actions()


def test_an_attempt_whose_lease_was_lost_commits_nothing(scheduler: Scheduler) -> None:
    scheduler.lease.lost = True
    job = scheduler.create()

    scheduler.execute(job)

    running = scheduler.get(job)
    assert (running.status, running.executions) == (Status.RUNNING, ())


def test_no_effect_begins_once_the_lease_is_over(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(job: Job) -> None:
        scheduler.clock.advance(61)

    monkeypatch.setattr(scheduler.jobs, "load_payload", slow)
    job = scheduler.create()

    scheduler.execute(job)

    assert scheduler.target.calls == []
    assert scheduler.get(job).executions == ()


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


def test_a_claim_whose_answer_was_lost_is_recognised_as_ones_own(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create()
    _resend(scheduler, monkeypatch, "change_and_get")

    scheduler.execute(job)

    ended = scheduler.get(job)
    assert (ended.status, ended.fence) == (Status.SUCCEEDED, 1)


def test_an_outcome_whose_answer_was_lost_is_recognised_as_ones_own(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create()
    _resend(scheduler, monkeypatch, "change")

    scheduler.execute(job)

    assert len(scheduler.get(job).executions) == 1
    assert scheduler.telemetry.values[Metric.SUCCEEDED] == [1]


def test_a_claim_that_cannot_be_written_leaves_the_message(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create()
    monkeypatch.setattr(scheduler.jobs, "change_and_get", _unavailable)

    verdict = scheduler.execute(job)

    assert verdict is Verdict.KEEP
    assert scheduler.target.calls == []


def test_an_outcome_is_written_again_until_the_table_is_back(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create()
    change, tries = scheduler.jobs.change, iter([True, True, False])

    def throttled(key: JobKey, wanted: object) -> None:
        if next(tries):
            _unavailable()
        change(key, wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(scheduler.jobs, "change", throttled)

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_an_outcome_that_cannot_be_written_is_left_to_the_watcher(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create()
    monkeypatch.setattr(scheduler.jobs, "change", _unavailable)

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
    monkeypatch.setattr(scheduler.outputs, "keep", _unavailable)
    job = scheduler.create()

    scheduler.execute(job)

    ended = scheduler.get(job)
    assert ended.status is Status.SUCCEEDED
    assert ended.executions[0].output.ref is None


def test_a_payload_that_cannot_be_read_fails_the_attempt(scheduler: Scheduler) -> None:
    job = scheduler.create(payload=b'"' + b"x" * 1_000 + b'"')
    scheduler.jobs._payloads.clear()

    scheduler.execute(job)

    assert scheduler.get(job).executions[0].error_type == "payload_unavailable"


def _received(hint: Hint, job: Job, receipt: str = "receipt"):
    from functions.executor.execute_job import ReceivedHint

    return ReceivedHint(hint, job.lane, receipt)


def _cancel(scheduler: Scheduler, job: Job) -> None:
    running = scheduler.get(job)
    scheduler.jobs.change(job.key, moves.cancel(running, now=scheduler.clock.now(), retention=RETENTION))


def _unavailable(*_: object, **__: object) -> None:
    raise StoreUnavailable("throttled", outcome_unknown=False)


def _resend(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """The SDK sends a call twice: it was applied, its answer was lost, and the second meets its own work."""
    original = getattr(scheduler.jobs, method)

    def twice(key: JobKey, change: object) -> object:
        original(key, change)
        with pytest.raises(ChangeRefused) as refused:
            original(key, change)
        raise refused.value

    monkeypatch.setattr(scheduler.jobs, method, twice)
