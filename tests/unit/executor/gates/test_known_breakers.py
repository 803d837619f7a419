from __future__ import annotations

import pytest

from functions.executor.gates.known_breakers import KnownBreakers
from shared.adapters.memory.breakers import MemoryBreakers
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model.breaker import BreakerState
from tests.breakers import TARGET, a_breaker
from tests.jobs import START, TENANT
from tests.unit.scheduler import unavailable

CLOSED = a_breaker(version=2, state=BreakerState.CLOSED)


@pytest.fixture
def store() -> MemoryBreakers:
    return MemoryBreakers()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def known(store: MemoryBreakers, clock: VirtualClock) -> KnownBreakers:
    return KnownBreakers(store, clock, RecordedTelemetry())


def test_what_was_read_counts_as_known_for_five_seconds(
    store: MemoryBreakers, clock: VirtualClock, known: KnownBreakers
) -> None:
    assert known.of(TENANT, TARGET) is None
    store.put_breaker(a_breaker(), is_news=True)

    clock.advance(4.999)
    assert known.of(TENANT, TARGET) is None
    clock.advance(0.001)
    assert known.of(TENANT, TARGET) == a_breaker()


def test_news_that_come_in_another_way_are_known_at_once(known: KnownBreakers) -> None:
    known.of(TENANT, TARGET)

    for news in (a_breaker(), CLOSED):
        known.learn(news)
        assert known.of(TENANT, TARGET) == news


def test_old_news_do_not_take_the_place_of_newer(known: KnownBreakers) -> None:
    known.of(TENANT, TARGET)
    known.learn(CLOSED)

    known.learn(a_breaker())

    assert known.of(TENANT, TARGET) == CLOSED


def test_what_was_known_last_stays_in_force_while_it_cannot_be_read(
    store: MemoryBreakers, clock: VirtualClock, known: KnownBreakers, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_breaker(a_breaker(), is_news=True)
    known.of(TENANT, TARGET)
    monkeypatch.setattr(store, "breakers", unavailable)
    clock.advance(60)

    assert known.of(TENANT, TARGET) == a_breaker()
