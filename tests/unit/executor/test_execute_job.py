from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from functions.executor.execute_job import Verdict
from functions.executor.targets.protocol import Answer
from shared.model import moves
from shared.model.execution import Outcome
from shared.model.lanes import Priority
from shared.model.lifecycle import Status
from shared.model.retry import Jitter, RetryPolicy
from shared.ports.queue import Hint
from shared.ports.telemetry import Metric
from tests.jobs import BOOM, claim_of
from tests.occurrences import a_template, planned, replanning_of
from tests.unit.scheduler import SHARDING, START, Scheduler, sent_twice, unavailable

if TYPE_CHECKING:
    from shared.model.change import Change
    from shared.model.job import Job, JobKey


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


def test_the_wait_for_a_jobs_time_counts_as_time_that_it_needs(scheduler: Scheduler) -> None:
    job = scheduler.create(due_in=1.5)
    enough_without_the_wait = job.lane.max_job_seconds + 15 + 1

    assert scheduler.execute(job, seconds_left=enough_without_the_wait) is Verdict.KEEP
    assert scheduler.execute(job, seconds_left=enough_without_the_wait + 1) is Verdict.DONE


def test_a_sleep_that_ends_early_is_not_believed(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    job = scheduler.create(due_in=1)
    monkeypatch.setattr(scheduler.clock, "sleep", lambda seconds: scheduler.clock.advance(min(seconds, 0.3)))

    scheduler.execute(job)

    assert scheduler.get(job).executions[0].started_at == job.run_at


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


@pytest.mark.parametrize("spec", [{}, {"expires_after_seconds": 60}], ids=["no deadline", "a deadline ahead"])
def test_a_message_through_a_lane_that_the_job_has_left_leaves_it_alone(
    scheduler: Scheduler, spec: dict[str, object]
) -> None:
    job = scheduler.create(**spec)
    moved = scheduler.jobs.change_and_get(
        job.key, moves.edit(job, {"priority": Priority.HIGH}, now=START, sharding=SHARDING)
    )

    verdict = scheduler.execute_hint(scheduler.hint(job), job)

    assert verdict is Verdict.DONE
    assert scheduler.get(job) == moved


def test_a_second_message_leaves_a_running_job_alone(scheduler: Scheduler) -> None:
    job = scheduler.create()
    running = scheduler.jobs.change_and_get(
        job.key, moves.claim(lane=job.lane, wake_at=job.run_at, claim_id="another", now=START)
    )

    verdict = scheduler.execute(job)

    assert verdict is Verdict.DONE
    assert scheduler.get(job) == running


def test_a_message_of_a_job_that_is_gone_is_dropped(scheduler: Scheduler) -> None:
    job = scheduler.create()

    verdict = scheduler.execute_hint(Hint("acme", "nobody", START), job)

    assert verdict is Verdict.DONE


def test_a_job_past_its_start_deadline_is_skipped_with_its_reason(scheduler: Scheduler) -> None:
    job = scheduler.create(expires_after_seconds=60)
    scheduler.clock.advance(60)

    scheduler.execute(job)

    skipped = scheduler.get(job)
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "expired")
    assert ("skipped", "expired") in [(action, facts.get("reason")) for action, facts in scheduler.telemetry.notes]
    assert scheduler.target.calls == []


def test_an_occurrence_that_comes_too_late_is_skipped_as_missed(scheduler: Scheduler) -> None:
    job = create_occurrence(scheduler)
    scheduler.clock.advance(60)

    scheduler.execute(job)

    skipped = scheduler.get(job)
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "missed")
    assert scheduler.telemetry.values[Metric.SKIPPED] == [1]
    assert scheduler.target.calls == []


def test_an_occurrence_that_comes_at_the_last_moment_runs(scheduler: Scheduler) -> None:
    job = create_occurrence(scheduler)
    scheduler.clock.advance(59.999)

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_an_occurrence_that_a_gate_deferred_is_not_missed(scheduler: Scheduler) -> None:
    job = create_occurrence(scheduler)
    running = scheduler.jobs.change_and_get(job.key, claim_of(job))
    scheduler.executor().commit.deferred(running, until=START + timedelta(hours=1), reason="gate_closed")
    scheduler.clock.advance(3_700)

    scheduler.execute(job)

    assert scheduler.get(job).status is Status.SUCCEEDED


def test_a_retry_of_an_occurrence_is_not_missed(scheduler: Scheduler) -> None:
    job = create_occurrence(scheduler)
    scheduler.target.answer = Answer(failure=BOOM)
    scheduler.execute(job)
    scheduler.target.answer = Answer()
    scheduler.clock.advance(3_700)

    scheduler.execute(job)

    assert [one.outcome for one in scheduler.get(job).executions] == [Outcome.FAILED, Outcome.SUCCEEDED]


def test_a_stale_message_misses_nothing(scheduler: Scheduler) -> None:
    job = create_occurrence(scheduler)
    stale = scheduler.hint(job)
    later = planned(a_template(2, target={"type": "scripted"}), nominal_at=START, run_at=START + timedelta(seconds=30))
    moved = scheduler.jobs.change_and_get(job.key, replanning_of(job, later))
    scheduler.clock.advance(3_700)

    scheduler.execute_hint(stale, job)

    assert scheduler.get(job) == moved


def create_occurrence(scheduler: Scheduler) -> Job:
    """A stored job of an occurrence: it is due at once, and missed in a minute."""
    return scheduler.jobs.create(planned(a_template(target={"type": "scripted"}), nominal_at=START)).job


def test_a_second_message_of_a_skipped_job_is_dropped(scheduler: Scheduler) -> None:
    job = scheduler.create(expires_after_seconds=60)
    hint = scheduler.hint(job)
    scheduler.clock.advance(60)
    scheduler.execute_hint(hint, job)
    skipped = scheduler.get(job)

    verdict = scheduler.execute_hint(hint, job)

    assert verdict is Verdict.DONE
    assert scheduler.get(job) == skipped


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


def test_a_claim_whose_answer_was_lost_is_recognised_as_ones_own(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create()
    sent_twice(scheduler, monkeypatch, "change_and_get")

    scheduler.execute(job)

    ended = scheduler.get(job)
    assert (ended.status, ended.fence) == (Status.SUCCEEDED, 1)


def test_a_claim_that_was_applied_unseen_is_found_by_the_next_try(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create()
    claim, answers = scheduler.jobs.change_and_get, iter([False, True])

    def lose_the_first_answer(key: JobKey, change: Change) -> Job:
        claimed = claim(key, change)
        if not next(answers, True):
            unavailable()
        return claimed

    monkeypatch.setattr(scheduler.jobs, "change_and_get", lose_the_first_answer)

    scheduler.execute(job)

    ended = scheduler.get(job)
    assert (ended.status, ended.fence) == (Status.SUCCEEDED, 1)


def test_a_claim_that_cannot_be_written_leaves_the_message(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scheduler.create()
    monkeypatch.setattr(scheduler.jobs, "change_and_get", unavailable)

    verdict = scheduler.execute(job)

    assert verdict is Verdict.KEEP
    assert scheduler.target.calls == []


def _received(hint: Hint, job: Job, receipt: str = "receipt"):
    from functions.executor.execute_job import ReceivedHint

    return ReceivedHint(hint, job.lane, receipt)


def test_an_attempt_that_is_claimed_after_the_limit_of_time_calls_nothing(scheduler: Scheduler) -> None:
    policy = RetryPolicy(initial_seconds=10, jitter=Jitter.NONE, give_up_after_seconds=60)
    job = scheduler.create(retry=policy)
    scheduler.target.answer = Answer(failure=BOOM)
    scheduler.execute(job)
    scheduler.clock.advance(60)

    scheduler.execute(scheduler.get(job))

    ended = scheduler.get(job)
    assert len(scheduler.target.calls) == 1
    assert (ended.status, ended.reason) == (Status.FAILED, "time_exhausted")
    assert [one.error_type for one in ended.executions] == ["http_503", "time_exhausted"]
