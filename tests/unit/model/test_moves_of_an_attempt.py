from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.model import limits, moves
from shared.model.error_fingerprint import error_fingerprint
from shared.model.execution import Execution, Failure, Outcome, Output
from shared.model.job import Delivery
from shared.model.lifecycle import Status
from shared.model.retry import Jitter, RetryPolicy
from tests.jobs import (
    BOOM,
    ID,
    KEPT,
    NOT_FOUND,
    RETENTION,
    SHARDING,
    START,
    TENANT,
    TIMED_OUT,
    a_job,
    after,
    at,
    claim_of,
    claimed,
    failed_once,
    is_accepted,
)
from tests.occurrences import a_template, planned

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.change import Change
    from shared.model.job import Job

EXACT = RetryPolicy(jitter=Jitter.NONE)


def succeed(job: Job, *, now: datetime | None = None) -> Change:
    return moves.succeed(job, output=Output("done", 4), now=now or at(1), retention=RETENTION)


def cancel(job: Job) -> Change:
    return moves.cancel(job, now=at(5), retention=RETENTION)


def reap(job: Job, *, now: datetime | None = None) -> Change:
    return moves.reap(job, now=now or at(200), chance=0.5, retention=RETENTION, sharding=SHARDING)


def test_a_claim_begins_an_attempt_under_a_new_fence_and_a_lease() -> None:
    job = a_job()

    running = after(job, claim_of(job, now=at(2)))

    assert running == replace(
        job,
        status=Status.RUNNING,
        fence=1,
        attempt=1,
        version=2,
        claim_id="claim-1",
        started_at=at(2),
        updated_at=at(2),
        lease_until=at(2 + limits.LEASE_SECONDS),
    )


def test_a_claim_forgets_why_the_job_was_put_back() -> None:
    running = claimed()
    deferred = after(running, moves.defer(running, until=at(60), reason="gate_closed", now=at(1)))

    assert deferred.reason == "gate_closed"
    assert claimed(deferred, now=at(60)).reason is None


@pytest.mark.parametrize(("now", "accepted"), [(at(29.999), True), (at(30), False)])
def test_a_first_attempt_begins_before_the_start_deadline_or_never(now: datetime, accepted: bool) -> None:
    job = a_job(expires_after_seconds=30)

    assert is_accepted(claim_of(job, now=now), job) is accepted
    assert (moves.why_too_late(job, now) == "expired") is not accepted


def test_a_retry_may_begin_after_the_start_deadline() -> None:
    first = claimed(a_job(expires_after_seconds=30))
    waiting = after(first, failed_once(first))

    assert is_accepted(claim_of(waiting, now=at(9_000)), waiting)
    assert moves.why_too_late(waiting, at(9_000)) is None


def test_a_deferred_job_may_still_expire() -> None:
    first = claimed(a_job(expires_after_seconds=30))
    waiting = after(first, moves.defer(first, until=at(60), reason="gate_closed", now=at(1)))

    assert not is_accepted(claim_of(waiting, now=at(60)), waiting)
    assert moves.why_too_late(waiting, at(60)) == "expired"


@pytest.mark.parametrize(("now", "accepted"), [(at(119.999), True), (at(120), False)])
def test_an_occurrence_begins_before_it_is_missed_or_never(now: datetime, accepted: bool) -> None:
    job = planned(run_at=at(60), misfire_at=at(120))

    assert is_accepted(claim_of(job, now=now), job) is accepted
    assert moves.why_too_late(job, now) == (None if accepted else "missed")


def test_a_job_that_is_too_late_in_both_ways_has_expired() -> None:
    job = planned(a_template(expires_after_seconds=10), run_at=at(60), misfire_at=at(60))

    assert moves.why_too_late(job, at(65)) == "missed"
    assert moves.why_too_late(job, at(70)) == "expired"


def test_a_retry_of_an_occurrence_is_not_missed() -> None:
    first = claimed(planned())
    waiting = after(first, failed_once(first))

    assert waiting.misfire_at == at(120)
    assert is_accepted(claim_of(waiting, now=at(9_000)), waiting)
    assert moves.why_too_late(waiting, at(9_000)) is None


def test_an_occurrence_that_came_in_time_and_was_deferred_is_not_missed() -> None:
    first = claimed(planned())
    waiting = after(first, moves.defer(first, until=at(9_000), reason="gate_closed", now=at(61)))

    assert is_accepted(claim_of(waiting, now=at(9_000)), waiting)
    assert moves.why_too_late(waiting, at(9_000)) is None


def test_the_lease_counts_from_before_the_call_and_nothing_else_changes() -> None:
    running = claimed()

    beaten = after(running, moves.heartbeat(running, now=at(20)))

    assert beaten == replace(running, lease_until=at(20 + limits.LEASE_SECONDS))


def test_a_deferred_job_waits_for_its_slot_and_the_attempt_does_not_count() -> None:
    running = claimed()

    deferred = after(running, moves.defer(running, until=at(60), reason="gate_closed", now=at(1)))

    assert deferred.status is Status.SCHEDULED
    assert (deferred.attempt, deferred.fence, deferred.version) == (0, 1, 3)
    assert deferred.wake_at == at(60)
    assert deferred.due_shard == running.due_shard
    assert (deferred.lease_until, deferred.started_at) == (None, None)
    assert deferred.executions == ()


def test_a_declined_job_is_skipped_and_the_attempt_does_not_count() -> None:
    running = claimed()

    ended = after(running, moves.decline(running, reason="gate_closed", now=at(1), retention=RETENTION))

    assert (ended.status, ended.reason) == (Status.SKIPPED, "gate_closed")
    assert (ended.attempt, ended.fence, ended.version) == (0, 1, 3)
    assert (ended.wake_at, ended.due_shard, ended.lease_until, ended.started_at) == (None, None, None, None)
    assert ended.executions == ()


def test_a_job_that_is_deferred_between_two_attempts_started_when_the_first_did() -> None:
    again = claimed(after(first := claimed(), failed_once(first)))

    deferred = after(again, moves.defer(again, until=at(9_000), reason="gate_closed", now=at(8_000)))

    assert again.started_at != first.started_at
    assert deferred.started_at == first.started_at


def test_a_success_ends_the_job_and_takes_it_out_of_the_due_index() -> None:
    running = claimed()

    ended = after(running, succeed(running))

    assert ended.status is Status.SUCCEEDED
    assert (ended.wake_at, ended.due_shard, ended.lease_until, ended.claim_id) == (None, None, None, None)
    assert ended.ended_at == at(1)
    assert ended.executions == (
        Execution(
            attempt=1,
            fence=1,
            started_at=START,
            ended_at=at(1),
            outcome=Outcome.SUCCEEDED,
            output=Output("done", 4),
        ),
    )
    assert ended.attention_pk is None


def test_a_success_beats_a_cancel_that_was_requested_meanwhile() -> None:
    running = claimed()
    cancelled = after(running, cancel(running))

    assert after(cancelled, succeed(running)).status is Status.SUCCEEDED


def test_a_success_after_the_lease_ran_out_counts_while_nobody_took_the_job() -> None:
    running = claimed()

    assert is_accepted(succeed(running, now=at(900)), running)


def test_a_failed_attempt_is_followed_by_another_after_the_delay() -> None:
    running = claimed(a_job(retry=EXACT))

    waiting = after(running, failed_once(running, now=at(1)))

    assert waiting.status is Status.SCHEDULED
    assert waiting.wake_at == at(1 + 5)
    assert waiting.due_shard == running.due_shard
    assert (waiting.lease_until, waiting.claim_id) == (None, None)
    assert waiting.reason is None
    assert waiting.expire_item_at is None
    assert [(one.outcome, one.error_type, one.error_message) for one in waiting.executions] == [
        (Outcome.FAILED, "http_503", "the service is unavailable")
    ]


def test_a_job_whose_attempts_are_over_fails_and_asks_for_attention() -> None:
    running = claimed(a_job(retry=RetryPolicy(max_attempts=1)))

    ended = after(running, failed_once(running, now=at(1)))

    assert ended.status is Status.FAILED
    assert ended.reason == "attempts_exhausted"
    assert ended.attention_pk is not None
    assert ended.attention_pk.startswith(f"{TENANT}#")
    fingerprint = error_fingerprint(BOOM.type, BOOM.message, "http:example.com:443")
    assert ended.attention_sk == f"{int(at(1).timestamp() * 1000):013d}#{fingerprint}#{ID[-8:]}"
    assert (ended.wake_at, ended.due_shard) == (None, None)


def test_an_error_that_no_retry_helps_fails_the_job_at_once() -> None:
    running = claimed()

    ended = after(running, failed_once(running, failure=NOT_FOUND))

    assert (ended.status, ended.reason) == (Status.FAILED, "not_retryable")


def test_a_timeout_is_recorded_as_one() -> None:
    running = claimed()

    assert after(running, failed_once(running, failure=TIMED_OUT)).executions[0].outcome is Outcome.TIMED_OUT


def test_a_requested_cancel_ends_the_job_instead_of_a_retry() -> None:
    running = claimed()
    cancelled = after(running, cancel(running))

    ended = after(cancelled, failed_once(cancelled))

    assert (ended.status, ended.reason) == (Status.CANCELLED, "cancelled_by_client")
    assert [(one.outcome, one.error_type) for one in ended.executions] == [(Outcome.CANCELLED, "http_503")]
    assert ended.attention_pk is None


def test_texts_of_an_error_are_kept_to_their_bounds() -> None:
    running = claimed()
    failure = Failure("x" * 500, "é" * 500)

    (kept,) = after(running, failed_once(running, failure=failure)).executions

    assert len(kept.error_type.encode()) == limits.ERROR_TYPE_LENGTH
    assert len(kept.error_message.encode()) == limits.ERROR_MESSAGE_LENGTH


def test_the_last_twenty_executions_are_kept_and_only_the_last_one_whole() -> None:
    job = a_job(retry=RetryPolicy(max_attempts=30))
    long = Output("x" * limits.LAST_OUTPUT_BYTES, limits.LAST_OUTPUT_BYTES)
    for _ in range(25):
        running = claimed(job)
        job = after(
            running,
            moves.fail(
                running,
                BOOM,
                now=running.started_at,
                chance=0,
                retention=RETENTION,
                sharding=SHARDING,
                output=long,
            ),
        )

    assert [one.attempt for one in job.executions] == list(range(6, 26))
    assert {len(one.output.text) for one in job.executions[:-1]} == {limits.OLDER_OUTPUT_BYTES}
    assert job.executions[-1].output == long


def test_a_retry_wakes_at_a_whole_millisecond_and_never_too_early() -> None:
    running = claimed(a_job(retry=RetryPolicy(initial_seconds=1.0)))

    waiting = after(running, failed_once(running, now=at(1), chance=0.0123456))

    assert waiting.wake_at == at(1.013)


def test_an_item_goes_at_a_whole_second_which_is_how_it_is_stored() -> None:
    running = claimed(a_job(now=at(0.25)))

    ended = after(running, succeed(running, now=at(9.5)))

    assert ended.expire_item_at == at(86_401) + KEPT


def test_a_job_that_may_begin_once_is_never_tried_again() -> None:
    running = claimed(a_job(delivery=Delivery.AT_MOST_ONCE, retry=RetryPolicy(max_attempts=9)))

    assert after(running, failed_once(running)).reason == "at_most_once"
    assert after(running, reap(running)).status is Status.FAILED


def test_a_job_that_is_to_be_cancelled_is_neither_put_back_nor_declined() -> None:
    running = claimed()
    cancelled = after(running, cancel(running))

    assert not is_accepted(moves.defer(running, until=at(60), reason="gate_closed", now=at(6)), cancelled)
    assert not is_accepted(moves.decline(running, reason="gate_closed", now=at(6), retention=RETENTION), cancelled)


def test_a_lost_attempt_is_followed_by_another_like_a_failed_one() -> None:
    running = claimed(a_job(retry=EXACT))

    waiting = after(running, reap(running, now=at(200)))

    assert (waiting.status, waiting.wake_at) == (Status.SCHEDULED, at(205))
    assert [(one.outcome, one.error_type) for one in waiting.executions] == [(Outcome.LOST, "lost")]


def test_a_lost_attempt_ends_a_job_that_was_to_be_cancelled() -> None:
    running = claimed()
    cancelled = after(running, cancel(running))

    assert after(cancelled, reap(cancelled)).status is Status.CANCELLED


@pytest.mark.parametrize(("now", "over"), [(at(60), False), (at(65), False), (at(65.001), True)])
def test_a_lease_is_over_when_no_clock_within_the_skew_could_still_keep_it(now: datetime, over: bool) -> None:
    running = claimed()

    assert moves.lease_is_over(running, now) is over
    assert is_accepted(reap(running, now=now), running) is over


def test_a_job_without_a_lease_has_none_that_is_over() -> None:
    assert not moves.lease_is_over(a_job(), at(900))
