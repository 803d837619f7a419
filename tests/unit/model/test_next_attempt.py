from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import limits, moves
from shared.model.execution import Execution, Outcome
from shared.model.job import Delivery
from shared.model.lifecycle import Status
from shared.model.next_attempt import OUT_OF_TIME, gives_up_at, is_out_of_time, next_attempt_at, why_no_other
from shared.model.retry import Backoff, Jitter, RetryPolicy
from tests.jobs import BOOM, NOT_FOUND, RETENTION, SHARDING, a_job, after, at, claim_of, claimed, failed_once
from tests.strategies import CHANCES, RETRY_POLICIES

MINUTELY = RetryPolicy(
    max_attempts=9, backoff=Backoff.FIXED, initial_seconds=60, jitter=Jitter.NONE, give_up_after_seconds=150
)


def test_an_attempt_follows_while_it_begins_within_the_limit_of_time() -> None:
    job = claimed(a_job(retry=MINUTELY))

    job = after(job, failed_once(job, now=at(1)))

    assert (job.status, job.wake_at) == (Status.SCHEDULED, at(61))


def test_no_attempt_follows_that_would_begin_after_the_limit_of_time() -> None:
    job = claimed(a_job(retry=MINUTELY))
    job = after(job, failed_once(job, now=at(1)))
    job = after(job, claim_of(job))
    job = after(job, failed_once(job, now=at(100)))

    assert (job.status, job.reason, job.attempt) == (Status.FAILED, "time_exhausted", 2)


@pytest.mark.parametrize(("delay", "follows"), [(149, True), (149.999, True), (150, False), (151, False)])
def test_the_limit_counts_from_the_start_of_the_first_attempt(delay: float, follows: bool) -> None:
    job = claimed(a_job(retry=replace(MINUTELY, initial_seconds=delay)))

    assert (next_attempt_at(job, BOOM, now=at(0), chance=0.5) is not None) is follows


@given(RETRY_POLICIES, st.floats(0, 1_000_000), CHANCES)
def test_whatever_the_policy_no_attempt_is_planned_outside_of_its_limits(
    policy: RetryPolicy, seconds: float, chance: float
) -> None:
    job = claimed(a_job(retry=policy))
    now = at(seconds)

    planned = next_attempt_at(job, BOOM, now=now, chance=chance)

    limit = policy.give_up_after_seconds
    if planned is not None:
        assert planned >= now
        assert limit is None or planned < at(limit)
    elif policy.covers(BOOM) and policy.max_attempts > 1:
        least_and_most = timedelta(seconds=policy.computed_delay(1) + 0.001)
        assert limit is not None
        assert now + least_and_most >= at(limit)


def test_an_attempt_that_was_claimed_after_the_limit_is_out_of_time() -> None:
    job = after(claimed(a_job(retry=MINUTELY)), failed_once(claimed(a_job(retry=MINUTELY)), now=at(1)))
    late = after(job, claim_of(job, now=at(150)))

    assert not is_out_of_time(late, at(149.999))
    assert is_out_of_time(late, at(150))
    ended = after(late, failed_once(late, failure=OUT_OF_TIME, now=at(150)))
    assert (ended.status, ended.reason) == (Status.FAILED, "time_exhausted")


def test_the_first_attempt_is_never_out_of_time() -> None:
    assert not is_out_of_time(claimed(a_job(retry=MINUTELY), now=at(0)), at(9_999))


def test_a_new_budget_has_a_limit_of_time_of_its_own() -> None:
    before = Execution(attempt=1, fence=1, started_at=at(-9_000), ended_at=at(-8_999), outcome=Outcome.FAILED)
    redriven = replace(claimed(a_job(retry=MINUTELY)), executions=(before,), fence=2)

    assert gives_up_at(redriven) == at(150)

    job = after(redriven, failed_once(redriven, now=at(1)))
    assert gives_up_at(job) == at(150)
    assert gives_up_at(after(job, claim_of(job))) == at(150)


def test_a_job_without_a_limit_never_gives_up() -> None:
    assert gives_up_at(claimed(a_job())) is None
    assert gives_up_at(a_job(retry=MINUTELY)) is None


@pytest.mark.parametrize(
    ("spec", "failure", "reason"),
    [
        ({"delivery": Delivery.AT_MOST_ONCE}, BOOM, "at_most_once"),
        ({}, NOT_FOUND, "not_retryable"),
        ({"retry": RetryPolicy(never_retry_on=("http_503",))}, BOOM, "not_retryable"),
        ({"retry": RetryPolicy(max_attempts=1)}, BOOM, "attempts_exhausted"),
        ({"retry": replace(MINUTELY, give_up_after_seconds=60)}, BOOM, "time_exhausted"),
        ({"retry": replace(MINUTELY, retry_on=("http_418",))}, OUT_OF_TIME, "time_exhausted"),
    ],
)
def test_why_no_other_attempt_follows_is_told(spec: dict, failure: object, reason: str) -> None:
    assert why_no_other(claimed(a_job(**spec)), failure) == reason


def test_the_first_attempt_of_as_many_as_there_may_be_is_still_known_at_the_last() -> None:
    policy = replace(MINUTELY, max_attempts=limits.MAX_ATTEMPTS, give_up_after_seconds=limits.MAX_GIVE_UP_AFTER_SECONDS)
    job = claimed(a_job(retry=policy))
    for _ in range(limits.MAX_ATTEMPTS - 1):
        job = after(job, failed_once(job))
        job = after(job, claim_of(job))

    assert job.attempt == limits.MAX_ATTEMPTS
    assert gives_up_at(job) == at(limits.MAX_GIVE_UP_AFTER_SECONDS)


def test_a_lost_attempt_is_held_to_the_limit_as_well() -> None:
    job = claimed(a_job(retry=replace(MINUTELY, give_up_after_seconds=100)))

    change = moves.reap(job, now=at(70), chance=0.5, retention=RETENTION, sharding=SHARDING)

    assert change.set["reason"] == "time_exhausted"
