from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.watcher.tell_breaker_changes import TellBreakerChanges
from shared.adapters.memory.beats import MemoryBeats
from shared.adapters.memory.breakers import MemoryBreakers
from shared.adapters.memory.clock import VirtualClock
from shared.model import breaker as breakers
from shared.model.breaker import BreakerSettings, Calls
from shared.model.errors import StoreUnavailable
from tests.jobs import BOOM, START, TENANT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.model.breaker import Breaker
    from shared.model.lifecycle_event import LifecycleEvent

SETTINGS = BreakerSettings()


class Minutes:
    """The watcher's minutes, and what was told in them."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.store = MemoryBreakers()
        self.beats = MemoryBeats()
        self.told: list[LifecycleEvent] = []
        self.is_bus_away = False
        self.step = self.process()

    def process(self) -> TellBreakerChanges:
        return TellBreakerChanges(self.store, self.beats, self.clock, self.tell)

    def tell(self, events: Sequence[LifecycleEvent]) -> None:
        if self.is_bus_away:
            raise StoreUnavailable("away", outcome_unknown=True)
        self.told.extend(events)

    def opens(self, target: str) -> Breaker:
        one = breakers.opened(
            None,
            tenant=TENANT,
            target=target,
            calls=Calls(9, 1),
            failure=BOOM,
            settings=SETTINGS,
            now=self.clock.now(),
        )
        self.store.put_breaker(one, is_news=True)
        return one

    def pass_by(self, seconds: float = 60) -> None:
        self.clock.advance(seconds)
        self.step(lambda: 60)

    def types(self) -> list[str]:
        return [event.type for event in self.told]


@pytest.fixture
def minutes() -> Minutes:
    return Minutes()


def test_a_breaker_that_opens_and_closes_is_told_once_each(minutes: Minutes) -> None:
    minutes.step(lambda: 60)
    one = minutes.opens("http:api.example.com:443")
    minutes.pass_by()
    minutes.store.put_breaker(breakers.closed(one, minutes.clock.now()), is_news=True)
    for _ in range(3):
        minutes.pass_by()

    assert minutes.types() == ["breaker.opened", "breaker.closed"]
    opened = minutes.told[0]
    assert (opened.tenant, opened.occurred_at) == (TENANT, one.changed_at)
    assert opened.document["breaker"] == {
        "target": "http:api.example.com:443",
        "state": "open",
        "version": 1,
        "error": "http_503",
        "failures": 9,
        "successes": 1,
    }


def test_a_breaker_that_was_forgotten_and_opens_again_is_another_event(minutes: Minutes) -> None:
    minutes.step(lambda: 60)
    minutes.opens("http:one")
    minutes.pass_by()
    minutes.store = MemoryBreakers()
    minutes.step.breakers = minutes.store
    minutes.opens("http:one")
    minutes.pass_by()

    assert len({event.id for event in minutes.told}) == 2


def test_a_change_that_becomes_readable_late_is_told(minutes: Minutes) -> None:
    minutes.step(lambda: 60)
    written_at = minutes.clock.now()
    minutes.pass_by(seconds=20)
    now, minutes.clock = minutes.clock, VirtualClock(written_at)
    minutes.opens("http:late")
    minutes.clock = now

    minutes.pass_by(seconds=1)

    assert minutes.types() == ["breaker.opened"]


def test_what_could_not_be_told_is_told_in_the_next_minute(minutes: Minutes) -> None:
    minutes.step(lambda: 60)
    minutes.opens("http:one")
    minutes.is_bus_away = True
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            minutes.pass_by()
    minutes.is_bus_away = False

    minutes.pass_by()

    assert minutes.types() == ["breaker.opened"]


def test_a_watcher_that_stood_still_for_a_day_tells_what_it_missed(minutes: Minutes) -> None:
    minutes.step(lambda: 60)
    minutes.opens("http:one")
    minutes.clock.advance(86_400)

    minutes.process()(lambda: 60)

    assert minutes.types() == ["breaker.opened"]


def test_more_changes_than_one_page_holds_are_told_over_the_minutes(
    minutes: Minutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.watcher.tell_breaker_changes._PAGE", 3)
    minutes.step(lambda: 60)
    for number in range(7):
        minutes.clock.advance(1)
        minutes.opens(f"http:{number}")
    for _ in range(5):
        minutes.pass_by()

    assert [event.document["breaker"]["target"] for event in minutes.told] == [f"http:{n}" for n in range(7)]


def test_what_there_is_no_time_for_is_told_in_the_next_minutes_and_once(
    minutes: Minutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.watcher.tell_breaker_changes._AT_ONCE", 2)
    minutes.step(lambda: 60)
    for number in range(7):
        minutes.opens(f"http:{number}")
        minutes.clock.advance(40)
    reports = []
    for _ in range(4):
        left = iter([60, 4])
        minutes.clock.advance(60)
        reports.append(minutes.step(lambda left=left: next(left)))

    assert [event.document["breaker"]["target"] for event in minutes.told] == [f"http:{n}" for n in range(7)]
    assert [(report["told"], report["left"]) for report in reports] == [(2, 5), (2, 3), (2, 1), (1, 0)]


def test_what_was_told_before_the_bus_went_away_is_not_told_again(
    minutes: Minutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.watcher.tell_breaker_changes._AT_ONCE", 2)
    minutes.step(lambda: 60)
    for number in range(4):
        minutes.opens(f"http:{number}")
    calls = iter([None, StoreUnavailable("away", outcome_unknown=True)])

    def tell(events: Sequence[LifecycleEvent]) -> None:
        if (error := next(calls, None)) is not None:
            raise error
        minutes.told.extend(events)

    minutes.step.tell = tell
    with pytest.raises(StoreUnavailable):
        minutes.pass_by()

    minutes.pass_by()

    assert [event.document["breaker"]["target"] for event in minutes.told] == [f"http:{n}" for n in range(4)]
