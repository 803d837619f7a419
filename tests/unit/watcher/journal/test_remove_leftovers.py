from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from functions.watcher.journal.remove_leftovers import RemoveLeftovers
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model import moves
from shared.model.errors import StoreUnavailable
from shared.model.execution import NO_OUTPUT
from shared.model.job import Job, Payload
from shared.model.job_change import JobChange
from tests.jobs import RETENTION, a_job, after, at, claimed

RUNNING = claimed()
PLAIN = after(RUNNING, moves.succeed(RUNNING, output=NO_OUTPUT, now=at(1), retention=RETENTION))
LARGE = replace(PLAIN, payload=Payload(ref="payload#1"))


@dataclass
class Told:
    """Remembers what it is told to remove; there is nothing of the job `away` that it can get at."""

    away: str | None = None
    jobs: dict[str, datetime] = field(default_factory=dict)

    def remove(self, job: Job, *, put_before: datetime) -> int:
        if job.id == self.away:
            raise StoreUnavailable("throttled", outcome_unknown=False)
        self.jobs[job.id] = put_before
        return 1


def test_what_a_job_left_is_removed_when_its_item_is_gone() -> None:
    told = Told()

    RemoveLeftovers(told, RecordedTelemetry())([JobChange(LARGE, None, at(500))])

    assert told.jobs == {LARGE.id: at(500) - timedelta(minutes=1)}


@pytest.mark.parametrize(
    "change",
    [
        JobChange(PLAIN, None, at(500)),
        JobChange(a_job(), LARGE, at(500)),
        JobChange(None, a_job(), at(500)),
        JobChange(LARGE, None, None),
    ],
    ids=["left nothing", "ended", "created", "nobody knows when"],
)
def test_nothing_is_removed_otherwise(change: JobChange) -> None:
    told = Told()

    RemoveLeftovers(told, RecordedTelemetry())([change])

    assert told.jobs == {}


def test_what_one_job_left_keeps_no_other_from_its_turn_and_comes_again() -> None:
    told = Told(away="away")
    gone = [JobChange(replace(LARGE, id=name), None, at(500)) for name in ("away", "one", "other")]

    with pytest.raises(StoreUnavailable):
        RemoveLeftovers(told, RecordedTelemetry())(gone)

    assert set(told.jobs) == {"one", "other"}
