from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import limits
from shared.model.breaker import (
    BreakerSettings,
    BreakerState,
    Calls,
    Verdict,
    closed,
    closed_by_hand,
    held_until,
    may_probe,
    opened,
    opened_by_hand,
    probing,
    still_open,
    unprobed,
    verdict_of,
)
from shared.model.execution import Failure
from shared.model.retry import RetryPolicy
from tests.breakers import TARGET, a_breaker
from tests.jobs import BOOM, NOT_FOUND, TENANT, TIMED_OUT, a_job, at, claimed

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.breaker import Breaker
    from shared.model.job import Job

SETTINGS = BreakerSettings()
JOB = claimed(a_job(timeout_seconds=30))
LAST = claimed(a_job(retry=RetryPolicy(max_attempts=1)))


def opening(previous: Breaker | None = None, *, failure: Failure = BOOM) -> Breaker:
    """A hundred seconds after the start."""
    return opened(
        previous, tenant=TENANT, target=TARGET, calls=Calls(9, 1), failure=failure, settings=SETTINGS, now=at(100)
    )


@pytest.mark.parametrize(
    ("failures", "successes", "opens"),
    [(10, 0, True), (9, 0, False), (5, 5, True), (4, 6, False), (50, 51, False), (50, 50, True), (0, 100, False)],
)
def test_it_opens_at_a_share_of_failures_among_enough_calls(failures: int, successes: int, opens: bool) -> None:
    assert SETTINGS.opens_at(Calls(failures, successes)) is opens


def test_with_no_minimum_it_never_opens_by_itself() -> None:
    assert not BreakerSettings(minimum_calls=0).opens_at(Calls(99, 0))


def test_all_processes_count_in_the_same_periods() -> None:
    assert SETTINGS.period_of(at(0)) == SETTINGS.period_of(at(59.999))
    assert SETTINGS.period_of(at(60)) == SETTINGS.period_of(at(0)) + 1


@pytest.mark.parametrize(
    ("kind", "failure", "verdict"),
    [
        ("http", None, Verdict.WELL),
        ("http", BOOM, Verdict.OUTAGE),
        ("http", TIMED_OUT, Verdict.OUTAGE),
        ("http", Failure("connection_failed", ""), Verdict.OUTAGE),
        ("http", Failure("http_429", "", retry_after_seconds=9), Verdict.OUTAGE),
        ("http", NOT_FOUND, Verdict.WELL),
        ("http", Failure("payload_unavailable", ""), Verdict.NOTHING),
        ("http", Failure("signing_unavailable", ""), Verdict.NOTHING),
        ("http", Failure("stopped", ""), Verdict.NOTHING),
        ("lambda", Failure("throttled", ""), Verdict.OUTAGE),
        ("lambda", Failure("value_error", ""), Verdict.OUTAGE),
        ("http", Failure("target_url_forbidden", "", retryable=False), Verdict.NOTHING),
        ("http", Failure("invalid_header", "", retryable=False), Verdict.NOTHING),
        ("lambda", Failure("target_not_allowed", "", retryable=False), Verdict.NOTHING),
        ("lambda", Failure("target_not_allowed", ""), Verdict.OUTAGE),
        ("eventbridge", Failure("invalid_payload", "", retryable=False), Verdict.NOTHING),
        ("command", Failure("command_disabled", "", retryable=False), Verdict.NOTHING),
        ("channel", Failure("channel_not_found", "", retryable=False), Verdict.NOTHING),
        ("channel", Failure("channel_unavailable", ""), Verdict.NOTHING),
        ("channel", Failure("email_not_set_up", "", retryable=False), Verdict.NOTHING),
        ("sqs", Failure("access_denied", "", retryable=False), Verdict.WELL),
        ("task", Failure("value_error", ""), Verdict.WELL),
        ("task", TIMED_OUT, Verdict.WELL),
        ("command", Failure("exit_75", ""), Verdict.WELL),
        ("task", Failure("throttled", ""), Verdict.OUTAGE),
    ],
)
def test_each_kind_of_target_says_what_is_an_outage(kind: str, failure: Failure | None, verdict: Verdict) -> None:
    assert verdict_of({"type": kind}, failure) is verdict


def test_a_first_outage_is_probed_after_the_cool_down() -> None:
    breaker = opening()

    assert (breaker.version, breaker.state, breaker.opened_at) == (1, BreakerState.OPEN, at(100))
    assert breaker.probe_at == at(110)
    assert (breaker.error, breaker.calls) == ("http_503", Calls(9, 1))


@pytest.mark.parametrize(("closed_at", "cool_down"), [(21, 80), (20, 10)])
def test_one_that_has_closed_only_lately_goes_on_with_longer_cool_downs(closed_at: float, cool_down: int) -> None:
    before = a_breaker(state=BreakerState.CLOSED, version=5, changed_at=at(closed_at), cool_down_seconds=40)

    breaker = opening(before)

    assert (breaker.version, breaker.cool_down_seconds) == (6, cool_down)


@pytest.mark.parametrize(("asked", "seconds"), [(5, 10), (30, 30), (99_999, limits.MAX_RETRY_AFTER_SECONDS)])
def test_a_target_that_says_when_to_come_back_is_not_probed_before(asked: float, seconds: float) -> None:
    assert opening(failure=replace(BOOM, retry_after_seconds=asked)).probe_at == at(100 + seconds)


def test_each_probe_that_fails_doubles_the_cool_down_up_to_its_bound() -> None:
    breaker, waits = a_breaker(), []
    for _ in range(6):
        breaker = still_open(probing(breaker, JOB, at(0)), BOOM, SETTINGS, at(0))
        waits.append((breaker.probe_at - at(0)).total_seconds())

    assert waits == [20, 40, 80, 120, 120, 120]
    assert breaker.state is BreakerState.OPEN
    assert breaker.opened_at == at(0)


def test_a_probe_is_lost_some_time_after_its_timeout() -> None:
    breaker = probing(a_breaker(), JOB, at(10))

    assert (breaker.state, breaker.version, breaker.probe_at) == (BreakerState.HALF_OPEN, 2, at(55))
    assert not may_probe(breaker, JOB, at(54.999))
    assert may_probe(breaker, JOB, at(55))


def test_a_probe_that_went_well_closes_it() -> None:
    breaker = closed(probing(a_breaker(), JOB, at(10)), at(11))

    assert (breaker.state, breaker.probe_at, breaker.version) == (BreakerState.CLOSED, None, 3)


def test_a_probe_that_called_nothing_lets_the_next_job_be_the_probe_without_a_longer_cool_down() -> None:
    breaker = unprobed(probing(a_breaker(), JOB, at(10)), at(11))

    assert (breaker.state, breaker.cool_down_seconds) == (BreakerState.OPEN, 10)
    assert may_probe(breaker, JOB, at(11))


def test_nobody_probes_before_the_time() -> None:
    assert not may_probe(a_breaker(), JOB, at(9.999))
    assert may_probe(a_breaker(), JOB, at(10))


def test_a_job_at_its_last_attempt_lets_others_go_first_for_another_cool_down() -> None:
    assert not may_probe(a_breaker(), LAST, at(19.999))
    assert may_probe(a_breaker(), LAST, at(20))


def test_what_opens_it_by_hand_holds_jobs_until_the_time_that_was_given() -> None:
    values = {"tenant": TENANT, "target": TARGET, "by": "key1", "note": "upgrade", "settings": SETTINGS, "now": at(0)}

    breaker = opened_by_hand(None, until=at(3_600), **values)

    assert (breaker.version, breaker.changed_by, breaker.note) == (1, "key1", "upgrade")
    assert not may_probe(breaker, JOB, at(3_599))
    shut = closed_by_hand(breaker, by="key2", note=None, now=at(5))
    assert (shut.state, shut.version, shut.changed_by) == (BreakerState.CLOSED, 2, "key2")


BREAKERS = st.builds(
    a_breaker,
    state=st.sampled_from([BreakerState.OPEN, BreakerState.HALF_OPEN]),
    changed_at=st.floats(0, 1_000).map(at),
    probe_at=st.floats(0, 10_000).map(at),
    cool_down_seconds=st.integers(1, 120),
)


@given(BREAKERS, st.sampled_from([JOB, LAST]), st.floats(1_000, 20_000).map(at))
def test_a_held_job_asks_again_later_and_in_reasonable_time(breaker: Breaker, job: Job, now: datetime) -> None:
    until = held_until(breaker, job, SETTINGS, now)

    longest = timedelta(seconds=SETTINGS.max_cool_down_seconds + breaker.cool_down_seconds + 1)
    assert now < until <= now + longest


def test_held_jobs_come_back_spread_over_as_long_as_the_cool_down() -> None:
    jobs = [claimed(a_job(job_id=f"job-{number}")) for number in range(1_000)]

    slots = [(held_until(a_breaker(), job, SETTINGS, at(1)) - at(10)).total_seconds() for job in jobs]

    assert all(0 < slot <= 10 for slot in slots)
    counts = [sum(second < slot <= second + 1 for slot in slots) for second in range(10)]
    assert all(50 < count < 150 for count in counts)
    assert slots == [(held_until(a_breaker(), job, SETTINGS, at(5)) - at(10)).total_seconds() for job in jobs]


def test_who_meets_a_long_probe_asks_ever_less_often() -> None:
    breaker = a_breaker(state=BreakerState.HALF_OPEN, changed_at=at(10), probe_at=at(700), cool_down_seconds=120)

    waits = [(held_until(breaker, JOB, SETTINGS, at(now)) - at(now)).total_seconds() for now in (10, 30, 100, 600)]

    slot = waits[0] - 1
    assert [round(wait - slot, 3) for wait in waits] == [1, 20, 90, 120]
