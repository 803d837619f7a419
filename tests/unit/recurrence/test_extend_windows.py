from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.recurrence.extend_windows import ExtendWindows
from shared.adapters.memory.clock import VirtualClock
from shared.adapters.memory.maintenance_windows import MemoryMaintenanceWindows
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model.errors import StoreUnavailable
from shared.model.maintenance_window import WindowState, ended_early
from shared.model.schedule.window_spans import first_spans
from tests.jobs import START, at
from tests.unit.scheduler import unavailable
from tests.windows import a_window

if TYPE_CHECKING:
    from shared.model.maintenance_window import MaintenanceWindow

HOUR = 3_600


class Recurring:
    def __init__(self) -> None:
        self.clock, self.windows, self.telemetry = VirtualClock(START), MemoryMaintenanceWindows(), RecordedTelemetry()
        self.extend = ExtendWindows(windows=self.windows, clock=self.clock, telemetry=self.telemetry)

    def create(self, schedule: dict[str, Any], duration: int, window_id: str = "w1") -> MaintenanceWindow:
        found = first_spans(schedule, duration, seed=window_id, now=self.clock.now())
        facts = {"schedule": schedule, "duration_seconds": duration, "extend_at": found.extend_at, "id": window_id}
        return self.windows.create_window(a_window(*found.spans, **facts)).window

    def window(self, window_id: str = "w1") -> MaintenanceWindow:
        return self.windows.get_window("acme", window_id)

    def tick(self, *, seconds_left: float = 60) -> int:
        return self.extend(lambda: seconds_left)


@pytest.fixture
def recurring() -> Recurring:
    return Recurring()


def test_a_window_of_an_interval_is_active_in_each_of_its_spans_for_weeks(recurring: Recurring) -> None:
    recurring.create({"every": "1h"}, 1_200)

    for _ in range(4 * 7 * 24 * 2):
        recurring.clock.advance(1_799)
        recurring.tick()
        in_span = (recurring.clock.now() - START).total_seconds() % HOUR < 1_200
        assert recurring.window().is_active(recurring.clock.now()) is in_span

    assert 32 <= len(recurring.window().spans) <= 64
    assert recurring.windows.to_extend(until=recurring.clock.now(), limit=9) == []


def test_a_window_is_extended_when_half_of_its_spans_have_begun_and_not_before(recurring: Recurring) -> None:
    window = recurring.create({"every": "1h"}, 60)
    assert window.extend_at == at(32 * HOUR)

    recurring.clock.advance(32 * HOUR - 1)
    assert recurring.tick() == 0
    recurring.clock.advance(1)
    assert recurring.tick() == 1

    extended = recurring.window()
    assert (extended.version, len(extended.spans)) == (2, 64)
    assert (extended.spans[0].starts_at, extended.spans[-1].starts_at) == (at(32 * HOUR), at(95 * HOUR))
    assert extended.expire_item_at is None


def test_a_doubled_tick_extends_once(recurring: Recurring) -> None:
    recurring.create({"every": "1h"}, 60)
    recurring.clock.advance(32 * HOUR)

    assert (recurring.tick(), recurring.tick()) == (1, 0)


def test_a_tick_that_comes_days_late_goes_on_from_now(recurring: Recurring) -> None:
    recurring.create({"every": "1h"}, 1_200)
    recurring.clock.advance(400 * HOUR + 600)

    assert recurring.tick() == 1

    assert recurring.window().is_active(recurring.clock.now())
    assert recurring.window().spans[0].starts_at == at(400 * HOUR)


def test_a_span_that_was_ended_early_does_not_come_back(recurring: Recurring) -> None:
    recurring.create({"every": "1h"}, 1_200)
    recurring.clock.advance(32 * HOUR + 60)
    recurring.windows.replace_window(ended_early(recurring.window(), by="key", now=recurring.clock.now()))

    assert recurring.tick() == 1

    assert not recurring.window().is_active(recurring.clock.now())
    assert recurring.window().is_active(at(33 * HOUR))


def test_the_last_span_of_a_schedule_is_the_end_of_its_window(recurring: Recurring) -> None:
    times = [(START + timedelta(days=day)).isoformat() for day in range(70)]
    recurring.create({"at": times}, 60)
    recurring.clock.advance(40 * 24 * HOUR)

    recurring.tick()
    window = recurring.window()

    assert window.spans[-1].starts_at == START + timedelta(days=69)
    assert window.extend_at is None
    assert window.expire_item_at == window.spans[-1].ends_at + timedelta(days=30)
    assert window.state(window.spans[-1].ends_at) is WindowState.PAST


def test_a_window_that_recurs_within_its_own_duration_is_always_active(recurring: Recurring) -> None:
    recurring.create({"every": "1h"}, 5 * HOUR)

    for _ in range(200):
        recurring.clock.advance(2_401)
        recurring.tick()
        assert recurring.window().is_active(recurring.clock.now())


def test_a_window_that_is_gone_or_was_changed_is_not_extended(recurring: Recurring) -> None:
    gone, changed = recurring.create({"every": "1h"}, 60), recurring.create({"every": "1h"}, 60, "w2")
    recurring.windows.delete_window(gone)
    recurring.windows.replace_window(a_window(id="w2", version=changed.version + 1))
    recurring.clock.advance(32 * HOUR)

    assert recurring.tick() == 0

    assert recurring.windows.to_extend(until=recurring.clock.now(), limit=9) == []
    assert recurring.window("w2").version == 2


def test_a_window_that_a_client_changes_meanwhile_has_its_turn_at_the_next_tick(
    recurring: Recurring, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = recurring.create({"every": "1h"}, 60)
    recurring.clock.advance(32 * HOUR)
    get = recurring.windows.get_window

    def changed_meanwhile(tenant: str, window_id: str) -> MaintenanceWindow:
        read = get(tenant, window_id)
        recurring.windows.replace_window(replace(window, note="changed", version=2))
        return read

    with monkeypatch.context() as patched:
        patched.setattr(recurring.windows, "get_window", changed_meanwhile)
        assert recurring.tick() == 0

    assert recurring.tick() == 1
    assert (recurring.window().note, recurring.window().version) == ("changed", 3)


def test_a_window_that_fails_does_not_keep_others_from_their_turn(
    recurring: Recurring, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("w1", "w2", "w3"):
        recurring.create({"every": "1h"}, 60, name)
    recurring.clock.advance(32 * HOUR)
    get = recurring.windows.get_window

    def failing(tenant: str, window_id: str) -> MaintenanceWindow:
        if window_id == "w1":
            raise StoreUnavailable("throttled", outcome_unknown=False)
        window = get(tenant, window_id)
        return a_window(id="w2", schedule={"cron": "?"}, extend_at=window.extend_at) if window_id == "w2" else window

    with monkeypatch.context() as patched:
        patched.setattr(recurring.windows, "get_window", failing)
        assert recurring.tick() == 1
    assert recurring.telemetry.actions().count("window_not_extended") == 2

    assert recurring.tick() == 2


def test_a_tick_that_cannot_read_what_is_due_does_nothing_and_says_so(
    recurring: Recurring, monkeypatch: pytest.MonkeyPatch
) -> None:
    recurring.create({"every": "1h"}, 60)
    recurring.clock.advance(32 * HOUR)
    with monkeypatch.context() as patched:
        patched.setattr(recurring.windows, "to_extend", unavailable)
        assert recurring.tick() == 0

    assert recurring.telemetry.actions() == ["extensions_not_read"]
    assert recurring.tick() == 1


def test_a_tick_without_time_leaves_its_work_to_the_next(recurring: Recurring) -> None:
    recurring.create({"every": "1h"}, 60)
    recurring.clock.advance(32 * HOUR)

    assert recurring.tick(seconds_left=4) == 0
    assert recurring.tick() == 1
