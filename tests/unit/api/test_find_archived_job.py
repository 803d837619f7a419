from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from functions.api.find_archived_job import FindArchivedJob
from shared.adapters.memory.archive import MemoryArchive
from shared.adapters.memory.clock import SeededIds
from shared.model.job import Job, JobKey, hashed_id
from shared.ports.archive import Look
from tests.jobs import START, TENANT, a_job, after, at, cancel_of

DAY = 86_400
NOW = at(300 * DAY)
HASHED = hashed_id(TENANT, "key")
MINTED = SeededIds(3).job_id(START)


class Counted(MemoryArchive):
    """An archive that counts the looks into it, each of one page of two jobs or more."""

    def __init__(self) -> None:
        super().__init__(page_size=2)
        self.spans: list[tuple[datetime, datetime]] = []

    def look(self, key: JobKey, *, since: datetime, until: datetime, pages: int) -> Look:
        self.spans.append((since, until))
        return super().look(key, since=since, until=until, pages=pages)


@pytest.fixture
def archive() -> Counted:
    return Counted()


def ended(job_id: str, *, day: float) -> Job:
    job = a_job(job_id=job_id)
    return replace(after(job, cancel_of(job)), ended_at=at(day * DAY))


def find(archive: Counted, job_id: str, *, pages: int = 40, since: datetime | None = None) -> Look:
    found = FindArchivedJob(archive, timedelta(days=400))
    return found(JobKey(TENANT, job_id), now=NOW, pages=pages, since=since)


def test_an_id_that_tells_when_it_was_minted_is_looked_for_from_there_on(archive: Counted) -> None:
    archive.keep([ended(MINTED, day=1)])

    assert find(archive, MINTED).job.id == MINTED
    ((since, until),) = archive.spans
    assert START - timedelta(hours=1) < since < START < NOW < until


def test_any_other_is_looked_for_backwards(archive: Counted) -> None:
    archive.keep([ended(HASHED, day=250)])

    assert find(archive, HASHED).job.id == HASHED
    assert [since < at(250 * DAY) < until for since, until in archive.spans] == [False, True]


def test_what_the_client_says_goes_before_what_the_id_tells(archive: Counted) -> None:
    archive.keep([ended(MINTED, day=9)])

    assert find(archive, MINTED, since=at(10 * DAY)).job is None
    assert find(archive, MINTED, since=at(8 * DAY)).job.id == MINTED
    assert [since for since, _ in archive.spans] == [at(10 * DAY), at(8 * DAY)]


def test_what_is_nowhere_is_looked_for_as_far_back_as_anything_is_kept(archive: Counted) -> None:
    assert find(archive, HASHED) == Look(None, 14, None)
    assert min(since for since, _ in archive.spans) <= NOW - timedelta(days=400)


def test_a_look_backwards_ends_after_so_many_pages_and_says_where_all_begins(archive: Counted) -> None:
    archive.keep([ended(HASHED, day=10)])

    look = find(archive, HASHED, pages=4)

    assert (look.job, look.pages, look.next) == (None, 4, NOW - timedelta(days=400))


def test_a_crowd_is_looked_at_no_further_than_the_pages_go(archive: Counted) -> None:
    ids = SeededIds(5)
    archive.keep([ended(ids.job_id(START), day=299 + number / 100) for number in range(20)])

    look = find(archive, HASHED, pages=4)

    assert (look.job, look.pages, look.next) == (None, 4, NOW - timedelta(days=400))
    assert len(archive.spans) == 1
