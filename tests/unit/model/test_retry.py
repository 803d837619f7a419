from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.model import limits
from shared.model.execution import Failure
from shared.model.retry import DEFAULT_RETRY, Backoff, DelayRange, Jitter, RetryPolicy, delay_before_retry, preview
from tests.jobs import BOOM, NOT_FOUND
from tests.strategies import CHANCES, FAILURES, RETRY_POLICIES

ATTEMPTS = st.integers(1, limits.MAX_ATTEMPTS)
LADDER = RetryPolicy(backoff=Backoff.LADDER, delays_seconds=(10, 60, 600), jitter=Jitter.NONE, max_attempts=6)


def endless(policy: RetryPolicy) -> RetryPolicy:
    """The policy as it is for any attempt and error."""
    return replace(policy, max_attempts=limits.MAX_ATTEMPTS + 1, retry_on=(), never_retry_on=())


def longest(policy: RetryPolicy) -> float:
    match policy.backoff:
        case Backoff.FIXED:
            return policy.initial_seconds
        case Backoff.LADDER:
            return max(policy.delays_seconds)
    return policy.max_delay_seconds


@given(RETRY_POLICIES, ATTEMPTS, FAILURES, CHANCES)
def test_there_is_a_delay_exactly_while_attempts_are_left_and_the_error_is_covered(
    policy: RetryPolicy, attempt: int, failure: Failure, chance: float
) -> None:
    delay = delay_before_retry(policy, attempt=attempt, failure=failure, chance=chance)

    assert (delay is not None) == (attempt < policy.max_attempts and policy.covers(failure))


@given(RETRY_POLICIES, ATTEMPTS, CHANCES)
def test_the_delay_is_between_zero_and_the_cap(policy: RetryPolicy, attempt: int, chance: float) -> None:
    delay = delay_before_retry(endless(policy), attempt=attempt, failure=BOOM, chance=chance)

    least, most = policy.delay_range(attempt)
    assert delay is not None
    assert 0 <= least <= delay <= most <= longest(policy)


@given(RETRY_POLICIES, ATTEMPTS)
@example(RetryPolicy(initial_seconds=0.0001, multiplier=10), 9)
def test_without_jitter_the_delay_is_the_formula(policy: RetryPolicy, attempt: int) -> None:
    exact = replace(endless(policy), backoff=Backoff.EXPONENTIAL, jitter=Jitter.NONE)

    delay = delay_before_retry(exact, attempt=attempt, failure=BOOM, chance=0.5)

    formula = min(policy.initial_seconds * policy.multiplier ** (attempt - 1), policy.max_delay_seconds)
    assert delay == pytest.approx(formula)


@given(RETRY_POLICIES, ATTEMPTS, CHANCES, st.floats(min_value=0))
def test_retry_after_is_a_lower_bound_with_a_bound_of_its_own(
    policy: RetryPolicy, attempt: int, chance: float, retry_after: float
) -> None:
    failure = replace(BOOM, retry_after_seconds=retry_after)

    delay = delay_before_retry(endless(policy), attempt=attempt, failure=failure, chance=chance)

    assert delay is not None
    assert delay >= min(retry_after, limits.MAX_RETRY_AFTER_SECONDS)
    assert delay <= max(longest(policy), limits.MAX_RETRY_AFTER_SECONDS)


@given(RETRY_POLICIES, st.integers(1, 10**9))
def test_no_number_of_attempts_overflows(policy: RetryPolicy, attempt: int) -> None:
    assert 0 <= policy.computed_delay(attempt) <= longest(policy)


def test_full_jitter_spreads_evenly_between_zero_and_the_computed_delay() -> None:
    policy = RetryPolicy(initial_seconds=8, multiplier=2, jitter=Jitter.FULL)

    delays = [delay_before_retry(policy, attempt=2, failure=BOOM, chance=chance) for chance in (0, 0.25, 0.5)]

    assert delays == [0, 4, 8]


def test_the_default_policy_waits_5_and_then_10_seconds_at_the_most() -> None:
    assert [DEFAULT_RETRY.computed_delay(attempt) for attempt in (1, 2)] == [5, 10]
    assert delay_before_retry(DEFAULT_RETRY, attempt=3, failure=BOOM, chance=0.5) is None


def test_without_a_list_the_target_says_what_is_worth_another_attempt() -> None:
    assert DEFAULT_RETRY.covers(BOOM)
    assert not DEFAULT_RETRY.covers(NOT_FOUND)


@pytest.mark.parametrize(
    ("retry_on", "error_type", "covered"),
    [
        (("http_503",), "http_503", True),
        (("http_5xx",), "http_503", True),
        (("http_4xx",), "http_503", False),
        (("http_404",), "http_404", True),
        (("timed_out",), "http_503", False),
        (("lost", "timed_out"), "lost", True),
        (("http_4xx",), "http_40", False),
        (("http_exx",), "http_eof", False),
        (("exit_1xx",), "exit_127", False),
    ],
)
def test_a_list_overrules_the_target_by_type_or_by_family(
    retry_on: tuple[str, ...], error_type: str, covered: bool
) -> None:
    policy = RetryPolicy(retry_on=retry_on)

    assert policy.covers(Failure(error_type, "", retryable=not covered)) is covered


def test_a_fixed_delay_is_the_same_each_time() -> None:
    policy = RetryPolicy(backoff=Backoff.FIXED, initial_seconds=30, max_delay_seconds=1, jitter=Jitter.NONE)

    assert [policy.computed_delay(attempt) for attempt in (1, 2, 19)] == [30, 30, 30]


def test_a_ladder_is_climbed_step_by_step_and_its_last_step_repeats() -> None:
    assert [LADDER.computed_delay(attempt) for attempt in (1, 2, 3, 4, 5)] == [10, 60, 600, 600, 600]


@given(RETRY_POLICIES, FAILURES)
def test_what_is_never_to_be_tried_again_is_not_whatever_else_is_said(policy: RetryPolicy, failure: Failure) -> None:
    strict = replace(policy, never_retry_on=(failure.type,), retry_on=(failure.type,))

    assert not strict.covers(failure)


def test_a_family_can_be_tried_again_but_for_one_of_it() -> None:
    policy = RetryPolicy(retry_on=("http_5xx",), never_retry_on=("http_501",))

    assert policy.covers(Failure("http_503", ""))
    assert not policy.covers(Failure("http_501", ""))


def test_an_exit_code_can_be_the_one_that_is_tried_again() -> None:
    policy = RetryPolicy(retry_on=("exit_75",))

    assert policy.covers(Failure("exit_75", ""))
    assert not policy.covers(Failure("exit_1", ""))


@given(RETRY_POLICIES, CHANCES)
def test_every_delay_lies_within_its_preview(policy: RetryPolicy, chance: float) -> None:
    untimed = replace(policy, retry_on=(), never_retry_on=(), give_up_after_seconds=None)

    ranges = preview(untimed)

    assert len(ranges) == policy.max_attempts - 1
    for attempt, (least, most) in enumerate(ranges, start=1):
        delay = delay_before_retry(untimed, attempt=attempt, failure=BOOM, chance=chance)
        assert delay is not None
        assert least <= delay <= most


def test_the_preview_shows_jitter_as_a_range() -> None:
    assert preview(RetryPolicy(max_attempts=3)) == (DelayRange(0, 5), DelayRange(0, 10))
    assert preview(LADDER)[:2] == (DelayRange(10, 10), DelayRange(60, 60))


@pytest.mark.parametrize(("seconds", "delays"), [(70, 1), (71, 2), (10, 0), (11, 1), (10_000, 5)])
def test_the_preview_ends_where_the_limit_of_time_is_over_in_any_case(seconds: int, delays: int) -> None:
    assert len(preview(replace(LADDER, give_up_after_seconds=seconds))) == delays
