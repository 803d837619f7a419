from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.watcher.journal.archive_jobs import ArchiveJobs
from shared.adapters.memory.archive import MemoryArchive
from shared.adapters.memory.telemetry import RecordedTelemetry
from shared.model import moves
from shared.model.dead_letters import Redrive, redrive
from shared.model.execution import NO_OUTPUT
from shared.model.job_change import JobChange
from tests.jobs import (
    NOT_FOUND,
    RETENTION,
    SHARDING,
    a_job,
    after,
    at,
    cancel_of,
    claimed,
    failed_once,
    waiting_for_retry,
)

if TYPE_CHECKING:
    from shared.model.job import Job

RUNNING = claimed()
SUCCEEDED = after(RUNNING, moves.succeed(RUNNING, output=NO_OUTPUT, now=at(1), retention=RETENTION))
CANCELLED = after(a_job(), cancel_of(a_job()))
SKIPPED = after(a_job(), moves.skip(a_job(), reason="expired", now=at(9), retention=RETENTION))


@pytest.fixture
def archive() -> MemoryArchive:
    return MemoryArchive()


def read(archive: MemoryArchive, *changes: tuple[Job | None, Job | None]) -> list[tuple[str, int]]:
    """What is in the archive once these changes have been told."""
    ArchiveJobs(archive, RecordedTelemetry())([JobChange(old, new) for old, new in changes])
    return [(job.status, job.version) for job in archive.jobs.values()]


@pytest.mark.parametrize(
    ("old", "new"), [(RUNNING, SUCCEEDED), (a_job(), CANCELLED), (a_job(), SKIPPED), (None, SKIPPED)]
)
def test_a_job_is_archived_when_it_ends(archive: MemoryArchive, old: Job, new: Job) -> None:
    assert read(archive, (old, new)) == [(new.status, new.version)]


@pytest.mark.parametrize(
    ("old", "new"),
    [(a_job(), RUNNING), (RUNNING, RUNNING), (RUNNING, waiting_for_retry()), (SUCCEEDED, SUCCEEDED), (SUCCEEDED, None)],
)
def test_what_is_no_end_is_not_archived(archive: MemoryArchive, old: Job, new: Job | None) -> None:
    assert read(archive, (old, new)) == []


def test_the_same_end_told_twice_is_archived_once(archive: MemoryArchive) -> None:
    assert len(read(archive, (RUNNING, SUCCEEDED), (RUNNING, SUCCEEDED))) == 1


def test_each_end_of_a_job_that_was_redriven_is_archived(archive: MemoryArchive) -> None:
    failed = after(RUNNING, failed_once(RUNNING, failure=NOT_FOUND))
    redriven = after(failed, redrive(failed, Redrive(by="key", wake_at=at(50)), now=at(50), sharding=SHARDING))
    running = claimed(redriven)
    again = after(running, moves.succeed(running, output=NO_OUTPUT, now=at(99), retention=RETENTION))

    ends = read(archive, (RUNNING, failed), (failed, redriven), (redriven, running), (running, again))

    assert ends == [("failed", failed.version), ("succeeded", again.version)]
