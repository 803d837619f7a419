from __future__ import annotations

from datetime import timedelta

import pytest

from shared.adapters.memory.clock import VirtualClock
from shared.known import KnownPerTenant
from shared.model.errors import StoreUnavailable
from tests.jobs import START


class Settings:
    """A table that is read, or is away."""

    def __init__(self) -> None:
        self.reads: list[str] = []
        self.is_away = False

    def __call__(self, tenant: str, known: int) -> int:
        self.reads.append(tenant)
        if self.is_away:
            raise StoreUnavailable("away", outcome_unknown=False)
        return known + 1


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def known(settings: Settings, clock: VirtualClock) -> KnownPerTenant[int]:
    return KnownPerTenant(settings, 0, fresh=timedelta(seconds=10), clock=clock)


def test_each_tenant_is_read_once_while_that_is_fresh(
    known: KnownPerTenant[int], settings: Settings, clock: VirtualClock
) -> None:
    assert [known.of("acme"), known.of("acme"), known.of("other")] == [1, 1, 1]

    clock.advance(10)

    assert [known.of("acme"), known.of("acme")] == [2, 2]
    assert settings.reads == ["acme", "other", "acme"]


def test_what_could_not_be_read_is_read_by_the_next_who_asks(known: KnownPerTenant[int], settings: Settings) -> None:
    settings.is_away = True
    with pytest.raises(StoreUnavailable):
        known.of("acme")
    settings.is_away = False

    assert known.of("acme") == 1


def test_a_clock_that_was_set_back_keeps_nothing_fresh(
    known: KnownPerTenant[int], settings: Settings, clock: VirtualClock
) -> None:
    known.of("acme")
    clock.advance(-1)

    assert known.of("acme") == 2


def test_the_tenant_that_was_asked_for_longest_ago_is_forgotten(known: KnownPerTenant[int], settings: Settings) -> None:
    for number in range(1_001):
        known.of(f"t{number}")
    settings.reads.clear()

    known.of("t1000")
    known.of("t0")

    assert settings.reads == ["t0"]
