from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.dispatch import delay_seconds
from shared.model.errors import StoreUnavailable
from shared.model.lanes import Lane
from shared.ports.queue import Hint
from shared.ports.telemetry import Metric
from tests.unit.scheduler import START, Scheduler

if TYPE_CHECKING:
    from collections.abc import Sequence

HINTS = [Hint("acme", f"j{number}", START) for number in range(25)]


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


def test_hints_are_sent_ten_at_a_time(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def send(lane: Lane, batch: Sequence[tuple[Hint, int]]) -> list[int]:
        sizes.append(len(batch))
        return []

    monkeypatch.setattr(scheduler.queue, "send", send)

    assert scheduler.dispatch()(Lane.NORMAL, HINTS) == []
    assert sizes == [10, 10, 5]


def test_what_is_not_taken_at_first_is_sent_again(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    send, refusals = scheduler.queue.send, iter([[1, 3]])

    def send_in_part(lane: Lane, batch: Sequence[tuple[Hint, int]]) -> list[int]:
        refused = next(refusals, [])
        send(lane, [one for position, one in enumerate(batch) if position not in refused])
        return refused

    monkeypatch.setattr(scheduler.queue, "send", send_in_part)

    unsent = scheduler.dispatch()(Lane.NORMAL, HINTS[:5])

    assert unsent == []
    assert sorted(scheduler.queued()) == ["j0", "j1", "j2", "j3", "j4"]


def test_a_queue_that_is_away_is_told_and_named(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(lane: Lane, batch: Sequence[tuple[Hint, int]]) -> list[int]:
        raise StoreUnavailable("send to the normal queue: AccessDenied", outcome_unknown=False)

    monkeypatch.setattr(scheduler.queue, "send", away)

    unsent = scheduler.dispatch()(Lane.NORMAL, HINTS[:2])

    assert unsent == [0, 1]
    assert scheduler.telemetry.values[Metric.DISPATCH_FAILED] == [2]
    assert "AccessDenied" in scheduler.telemetry.notes[0][1]["error"]


@given(st.floats(min_value=-1e6, max_value=1e6))
def test_a_delay_is_whole_seconds_rounded_down_within_what_sqs_takes(seconds: float) -> None:
    delay = delay_seconds(START + timedelta(seconds=seconds), START)

    assert 0 <= delay <= 900
    assert delay <= max(seconds, 0)
    assert seconds - delay < 1 + 1e-6 or delay == 900
