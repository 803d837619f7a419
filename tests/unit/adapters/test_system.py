from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.adapters import system
from shared.adapters.system import SystemClock, SystemIds
from shared.model.job import epoch_ms, from_epoch_ms
from tests.jobs import START, at


def test_the_clock_tells_the_time_in_utc_and_whole_milliseconds() -> None:
    before = epoch_ms(datetime.now(UTC))
    now = SystemClock().now()
    after = epoch_ms(datetime.now(UTC))

    assert now.tzinfo is UTC
    assert now == from_epoch_ms(epoch_ms(now))
    assert before <= epoch_ms(now) <= after


def test_a_sleep_takes_as_long_as_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(system.time, "sleep", slept.append)

    SystemClock().sleep(1.5)

    assert slept == [1.5]


@pytest.mark.parametrize("seconds", [0, -0.001, -5])
def test_there_is_no_sleep_for_a_time_that_has_passed(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    # `time.sleep` raises for less than nothing.
    monkeypatch.setattr(system.time, "sleep", lambda _: pytest.fail("slept"))

    SystemClock().sleep(seconds)


def test_job_ids_are_unique_and_sorted_by_the_time_of_creation() -> None:
    ids = SystemIds()
    earlier = [ids.job_id(START) for _ in range(500)]
    later = [ids.job_id(at(0.001)) for _ in range(500)]

    assert len({*earlier, *later}) == 1_000
    assert max(earlier) < min(later)
    assert {len(one) for one in earlier} == {24}


def test_the_tie_breaker_of_a_list_differs_between_jobs_of_one_moment() -> None:
    ids = SystemIds()

    assert len({ids.job_id(START)[-8:] for _ in range(1_000)}) == 1_000


def test_claim_ids_are_unique() -> None:
    ids = SystemIds()

    assert len({ids.claim_id() for _ in range(1_000)}) == 1_000


def test_chance_is_uniform_between_zero_and_one() -> None:
    ids = SystemIds()
    draws = [ids.chance() for _ in range(4_000)]

    assert all(0 <= draw < 1 for draw in draws)
    assert 0.45 < sum(draws) / len(draws) < 0.55


def test_the_highest_chance_is_still_less_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system.secrets, "randbits", lambda bits: (1 << bits) - 1)

    assert SystemIds().chance() < 1
