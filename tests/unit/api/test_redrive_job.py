"""A redrive whose answer is lost on its way is sent again by the SDK, and may meet what the job has come to since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.api.change_job import ChangeJob
from functions.api.models.edits import EditReader
from functions.api.models.spec import SpecReader
from functions.api.preconditions import ANY_VERSION
from functions.api.redrive_job import RedriveJob
from shared.adapters.memory.jobs import MemoryJobStore
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model.lifecycle import Status
from tests.jobs import NOT_FOUND, SHARDING, after, at, claimed, failed_once

if TYPE_CHECKING:
    from shared.model.change import Change
    from shared.model.job import Job, JobKey

RUNNING = claimed()
FAILED = after(RUNNING, failed_once(RUNNING, failure=NOT_FOUND))


class SentAgain(MemoryJobStore):
    """The first write is sent again when the job that it has redriven has failed once more."""

    def change_and_get(self, key: JobKey, change: Change) -> Job:
        changed = super().change_and_get(key, change)
        if changed.redrives != 1 or changed.status is not Status.SCHEDULED:
            return changed
        running = claimed(changed, now=at(61))
        self._write(changed, after(running, failed_once(running, failure=NOT_FOUND, now=at(62))))
        return super().change_and_get(key, change)


def redriving(jobs: MemoryJobStore) -> RedriveJob:
    """Of a job that has failed."""
    jobs.create(FAILED)
    edits = EditReader(SpecReader(lambda target: None))
    return RedriveJob(ChangeJob(jobs), jobs, edits, RecordedTelemetry(), SHARDING)


def test_a_redrive_that_is_sent_again_when_the_job_has_failed_anew_is_one() -> None:
    jobs = SentAgain()
    redrive = redriving(jobs)

    answered = redrive(FAILED.key, {}, ANY_VERSION, at(60), by="key-1", may_begin_again=False)

    assert (answered.status, answered.redrives, answered.redriven_at) == (Status.FAILED, 1, at(60))
    assert jobs.get(FAILED.key).redrives == 1


def test_a_later_call_redrives_it_again() -> None:
    redrive = redriving(SentAgain())
    redrive(FAILED.key, {}, ANY_VERSION, at(60), by="key-1", may_begin_again=False)

    answered = redrive(FAILED.key, {}, ANY_VERSION, at(70), by="key-1", may_begin_again=False)

    assert (answered.status, answered.redrives) == (Status.SCHEDULED, 2)
