from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.watcher.journal.publish_events import PublishEvents
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model.errors import StoreUnavailable
from shared.model.job_change import JobChange
from shared.model.lifecycle_event import EVENT_TYPES
from shared.ports.telemetry import Metric
from tests.jobs import a_job, after, claimed, failed_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.model.lifecycle_event import LifecycleEvent

ALL = frozenset(EVENT_TYPES.values())


class Bus:
    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def publish(self, events: Sequence[LifecycleEvent]) -> None:
        self.calls.append([event.type for event in events])


def changes() -> list[JobChange]:
    waiting = a_job()
    running = claimed(waiting)
    retrying = after(running, failed_once(running))
    return [JobChange(waiting, running), JobChange(running, retrying), JobChange(retrying, claimed(retrying))]


def test_what_happened_is_told_in_one_call_and_counted() -> None:
    bus, telemetry = Bus(), RecordedTelemetry()

    PublishEvents(bus, telemetry, ALL)(changes())

    assert bus.calls == [["job.started", "job.started"]]
    assert telemetry.values[Metric.EVENTS_PUBLISHED] == [2]


def test_a_family_of_events_may_be_wanted() -> None:
    bus = Bus()

    PublishEvents(bus, RecordedTelemetry(), frozenset({"job.*"}))(changes())
    PublishEvents(bus, RecordedTelemetry(), frozenset({"alert.*"}))(changes())

    assert bus.calls == [["job.started", "job.started"]]


def test_events_that_nobody_wants_cost_no_call() -> None:
    bus = Bus()

    PublishEvents(bus, RecordedTelemetry(), frozenset({"job.failed"}))(changes())

    assert bus.calls == []


def test_what_the_bus_took_before_it_went_away_is_not_told_again() -> None:
    class Fading(Bus):
        calls_left = 2

        def publish(self, events: Sequence[LifecycleEvent]) -> None:
            self.calls_left -= 1
            if self.calls_left == 0:
                raise StoreUnavailable("away", outcome_unknown=True)
            self.calls.append([event.id for event in events])

    jobs = [a_job(job_id=f"job-{number}") for number in range(25)]
    started = [JobChange(job, claimed(job)) for job in jobs]
    bus, telemetry = Fading(), RecordedTelemetry()
    publish = PublishEvents(bus, telemetry, ALL)

    with pytest.raises(StoreUnavailable):
        publish(started)
    publish(started)

    assert [id for call in bus.calls for id in call] == [f"{job.id}.2" for job in jobs]
    assert telemetry.values[Metric.EVENTS_PUBLISHED] == [10, 10, 5]

    publish(started[:1])

    assert bus.calls[-1] == ["job-0.2"]
