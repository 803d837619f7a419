from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from functions.executor.gates.known_windows import FRESH, KnownWindows
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model.errors import StoreUnavailable
from tests.jobs import START
from tests.windows import a_window

if TYPE_CHECKING:
    from shared.model.maintenance_window import MaintenanceWindow

WINDOW = a_window()


class Store:
    """Counts reads by tenant, and fails when it is told to."""

    def __init__(self) -> None:
        self.reads: Counter[str] = Counter()
        self.stored = [WINDOW]
        self.is_away = False

    def windows(self, tenant: str) -> list[MaintenanceWindow]:
        self.reads[tenant] += 1
        if self.is_away:
            raise StoreUnavailable("throttled", outcome_unknown=False)
        return self.stored


class Known:
    def __init__(self) -> None:
        self.store, self.clock, self.telemetry = Store(), VirtualClock(START), RecordedTelemetry()
        self.windows = KnownWindows(self.store, self.clock, self.telemetry)


@pytest.fixture
def known() -> Known:
    return Known()


def test_a_tenants_windows_are_read_once_in_ten_seconds(known: Known) -> None:
    for _ in range(9):
        assert known.windows.of("acme") == [WINDOW]
        known.clock.advance(1.1)

    assert known.store.reads == {"acme": 1}

    known.clock.advance(0.1)
    known.windows.of("acme")
    assert known.store.reads == {"acme": 2}


def test_each_tenants_windows_are_read_on_their_own(known: Known) -> None:
    known.windows.of("acme")
    known.windows.of("globex")

    assert known.store.reads == {"acme": 1, "globex": 1}


def test_ten_jobs_at_once_wait_for_one_read(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    read, meeting = known.store.windows, threading.Barrier(2)

    def slowly(tenant: str) -> list[MaintenanceWindow]:
        # Until a second thread reads as well, or will not.
        with suppress(threading.BrokenBarrierError):
            meeting.wait(0.1)
        return read(tenant)

    monkeypatch.setattr(known.store, "windows", slowly)
    with ThreadPoolExecutor(10) as threads:
        found = list(threads.map(known.windows.of, ["acme"] * 100))

    assert known.store.reads == {"acme": 1}
    assert found == [[WINDOW]] * 100


def test_a_change_is_seen_after_ten_seconds(known: Known) -> None:
    known.windows.of("acme")
    known.store.stored = []

    known.clock.advance(FRESH.total_seconds() - 0.001)
    assert known.windows.of("acme") == [WINDOW]
    known.clock.advance(0.001)
    assert known.windows.of("acme") == []


def test_while_the_store_is_away_what_was_last_known_stays_in_force(known: Known) -> None:
    known.windows.of("acme")
    known.store.is_away = True
    known.clock.advance(3_600)

    assert known.windows.of("acme") == [WINDOW]
    assert known.telemetry.actions() == ["windows_not_read"]


def test_who_never_could_read_knows_of_no_window(known: Known) -> None:
    known.store.is_away = True

    assert list(known.windows.of("acme")) == []
    assert known.telemetry.actions() == ["windows_not_read"]


def test_a_failed_read_is_tried_again_after_ten_seconds_and_not_for_every_job(known: Known) -> None:
    known.store.is_away = True
    for _ in range(5):
        known.windows.of("acme")
    assert known.store.reads == {"acme": 1}

    known.store.is_away = False
    known.clock.advance(10)
    assert known.windows.of("acme") == [WINDOW]


def test_a_clock_that_was_set_back_does_not_keep_old_news_fresh(known: Known) -> None:
    known.windows.of("acme")
    known.clock.advance(-timedelta(hours=1).total_seconds())

    known.windows.of("acme")

    assert known.store.reads == {"acme": 2}


def test_only_the_latest_thousand_tenants_are_remembered(known: Known) -> None:
    for number in range(1_001):
        known.windows.of(f"tenant-{number}")
    known.windows.of("tenant-1")
    known.windows.of("tenant-0")

    assert known.store.reads["tenant-1"] == 1
    assert known.store.reads["tenant-0"] == 2
