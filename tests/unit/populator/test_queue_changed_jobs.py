from __future__ import annotations

from datetime import timedelta

import pytest

from functions.populator.queue_changed_jobs import Image, JobWritten, QueueChangedJobs
from shared.model.lanes import Lane
from shared.model.lifecycle import Status
from tests.unit.scheduler import START, Scheduler

SOON = Image(Status.SCHEDULED, START + timedelta(seconds=5), Lane.NORMAL)


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler()


def _send(scheduler: Scheduler, *records: JobWritten) -> list[int]:
    use_case = QueueChangedJobs(dispatch=scheduler.dispatch(), clock=scheduler.clock)
    return use_case(records)


@pytest.mark.parametrize(
    ("old", "new", "sent"),
    [
        pytest.param(None, SOON, True, id="created, due soon"),
        pytest.param(None, SOON._replace(wake_at=START + timedelta(seconds=210)), True, id="created, at the horizon"),
        pytest.param(None, SOON._replace(wake_at=START + timedelta(seconds=211)), False, id="created, due later"),
        pytest.param(SOON._replace(status=Status.RUNNING), SOON, True, id="a retry"),
        pytest.param(SOON._replace(wake_at=START + timedelta(hours=1)), SOON, True, id="run now"),
        pytest.param(SOON._replace(lane=Lane.LOW), SOON, True, id="its lane has changed"),
        pytest.param(SOON, SOON, False, id="renamed"),
        pytest.param(SOON, SOON._replace(status=Status.RUNNING), False, id="claimed"),
        pytest.param(SOON, Image(Status.CANCELLED, None, None), False, id="cancelled"),
    ],
)
def test_what_is_sent_at_once(scheduler: Scheduler, old: Image | None, new: Image, sent: bool) -> None:
    failed = _send(scheduler, JobWritten("acme", "j1", old, new))

    assert failed == []
    assert scheduler.queued() == (["j1"] if sent else [])


def test_records_that_could_not_be_sent_are_named(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = {"j1", "j2"}
    monkeypatch.setattr(
        scheduler.queue,
        "send",
        lambda lane, batch: [position for position, (hint, _) in enumerate(batch) if hint.job_id in refused],
    )
    lanes = [Lane.NORMAL, Lane.LOW, Lane.NORMAL]
    records = [JobWritten("acme", f"j{i}", None, SOON._replace(lane=lane)) for i, lane in enumerate(lanes)]

    assert _send(scheduler, *records) == [1, 2]
