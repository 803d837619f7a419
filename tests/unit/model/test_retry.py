from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.model import limits
from shared.model.execution import Failure
from shared.model.retry import DEFAULT_RETRY, Jitter, RetryPolicy, delay_before_retry
from tests.jobs import BOOM, NOT_FOUND
from tests.strategies import CHANCES, FAILURES, RETRY_POLICIES

ATTEMPTS = st.integers(1, limits.MAX_ATTEMPTS)


@given(RETRY_POLICIES, ATTEMPTS, FAILURES, CHANCES)
def test_there_is_a_delay_exactly_while_attempts_are_left_and_the_error_is_covered(
    policy: RetryPolicy, attempt: int, failure: Failure, chance: float
) -> None:
    delay = delay_before_retry(policy, attempt=attempt, failure=failure, chance=chance)

    assert (delay is not None) == (attempt < policy.max_attempts and policy.covers(failure))


@given(RETRY_POLICIES, ATTEMPTS, CHANCES)
def test_the_delay_is_between_zero_and_the_cap(policy: RetryPolicy, attempt: int, chance: float) -> None:
    endless = replace(policy, max_attempts=limits.MAX_ATTEMPTS + 1, retry_on=())

    delay = delay_before_retry(endless, attempt=attempt, failure=BOOM, chance=chance)

    assert delay is not None
    assert 0 <= delay <= policy.max_delay_seconds


@given(RETRY_POLICIES, ATTEMPTS)
@example(RetryPolicy(initial_seconds=0.0001, multiplier=10), 9)
def test_without_jitter_the_delay_is_the_formula(policy: RetryPolicy, attempt: int) -> None:
    exact = replace(policy, max_attempts=limits.MAX_ATTEMPTS + 1, jitter=Jitter.NONE, retry_on=())

    delay = delay_before_retry(exact, attempt=attempt, failure=BOOM, chance=0.5)

    formula = min(policy.initial_seconds * policy.multiplier ** (attempt - 1), policy.max_delay_seconds)
    assert delay == pytest.approx(formula)


@given(RETRY_POLICIES, ATTEMPTS, CHANCES, st.floats(min_value=0))
def test_retry_after_is_a_lower_bound_with_a_bound_of_its_own(
    policy: RetryPolicy, attempt: int, chance: float, retry_after: float
) -> None:
    endless = replace(policy, max_attempts=limits.MAX_ATTEMPTS + 1, retry_on=())
    failure = replace(BOOM, retry_after_seconds=retry_after)

    delay = delay_before_retry(endless, attempt=attempt, failure=failure, chance=chance)

    assert delay is not None
    assert delay >= min(retry_after, limits.MAX_RETRY_AFTER_SECONDS)
    assert delay <= max(policy.max_delay_seconds, limits.MAX_RETRY_AFTER_SECONDS)


@given(RETRY_POLICIES, st.integers(1, 10**9))
def test_no_number_of_attempts_overflows(policy: RetryPolicy, attempt: int) -> None:
    assert 0 <= policy.computed_delay(attempt) <= policy.max_delay_seconds


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
