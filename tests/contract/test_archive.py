"""`ports.archive.Archive`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.adapters.archive import JOBS_PER_OBJECT, BucketArchive
from shared.adapters.memory.archive import MemoryArchive
from shared.adapters.memory.clock import SeededIds
from shared.model import moves
from shared.model.archived_job import archived
from shared.model.execution import Output
from shared.model.job import Payload
from shared.ports.archive import Look
from tests.aws import BUCKET, aws, client, create_bucket
from tests.jobs import NOT_FOUND, RETENTION, START, a_job, after, at, cancel_of, claimed, failed_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.job import Job
    from shared.ports.archive import Archive

DAY = 86_400
FAR = START + timedelta(days=400)
PAGE = 4


@pytest.fixture(params=["memory", "bucket"])
def archive(request: pytest.FixtureRequest) -> Iterator[Archive]:
    if request.param == "memory":
        yield MemoryArchive(page_size=PAGE)
        return
    with aws():
        s3 = client("s3")
        create_bucket(s3)
        yield BucketArchive(lambda: s3, BUCKET, page_size=PAGE)


def succeeded(job: Job | None = None, *, seconds: float = 1, output: Output | None = None) -> Job:
    running = claimed(job or a_job())
    return after(running, moves.succeed(running, output=output or Output(), now=at(seconds), retention=RETENTION))


def many(number: int, *, seconds: float = 1) -> list[Job]:
    ids = SeededIds(7)
    return [succeeded(a_job(job_id=ids.job_id(START)), seconds=seconds) for _ in range(number)]


def look(archive: Archive, job: Job, *, since: float = 0, pages: int = 9) -> Look:
    return archive.look(job.key, since=at(since), until=FAR, pages=pages)


def test_what_was_kept_is_found(archive: Archive) -> None:
    job = succeeded(output=Output("done", 4))

    archive.keep([job])

    assert look(archive, job) == Look(archived(job), 1, None)


def test_no_job_is_found_in_nothing(archive: Archive) -> None:
    archive.keep([])

    assert look(archive, succeeded()) == Look(None, 1, None)


def test_each_of_many_is_found(archive: Archive) -> None:
    jobs = many(2 * JOBS_PER_OBJECT + 3)

    archive.keep(jobs)

    assert [look(archive, job, pages=99).job for job in jobs] == [archived(job) for job in jobs]


def test_the_same_jobs_put_again_are_there_once(archive: Archive) -> None:
    jobs = many(3)

    archive.keep(jobs)
    archive.keep(jobs)

    if isinstance(archive, BucketArchive):
        assert len(archive.bucket_client().list_objects_v2(Bucket=BUCKET)["Contents"]) == 1
    assert look(archive, jobs[0]).job == archived(jobs[0])


def test_put_among_others_it_is_still_one_job(archive: Archive) -> None:
    one, *others = many(3)

    archive.keep([one])
    archive.keep([*others, one])

    assert look(archive, one).job == archived(one)


def test_another_tenant_s_job_of_the_same_id_is_not_found(archive: Archive) -> None:
    theirs = succeeded(a_job(tenant="other"))

    archive.keep([theirs])

    assert look(archive, succeeded()).job is None
    assert look(archive, theirs).job == archived(theirs)


def test_a_job_that_mentions_another_s_id_is_not_taken_for_it(archive: Archive) -> None:
    one, other = many(2)

    archive.keep([one, replace(other, correlation_id=one.id, ended_at=at(50))])

    assert look(archive, one).job == archived(one)


def test_a_tenant_whose_name_begins_like_another_s_is_another(archive: Archive) -> None:
    archive.keep([succeeded(a_job(tenant="acme-2"))])

    assert look(archive, succeeded()).job is None


def test_what_ended_in_the_second_from_which_is_looked_is_found(archive: Archive) -> None:
    job = succeeded(seconds=1.25)
    archive.keep([job])

    assert look(archive, job, since=1.75).job == archived(job)
    assert look(archive, job, since=2).job is None


def test_who_looks_from_the_middle_of_a_batch_finds_what_ended_later(archive: Archive) -> None:
    first, second = many(2)
    late = replace(second, ended_at=at(50))

    archive.keep([late, first])

    assert look(archive, late, since=40).job == archived(late)


def test_what_ended_after_the_time_up_to_which_is_looked_is_not_found(archive: Archive) -> None:
    job = succeeded(seconds=100)
    archive.keep([job])

    assert archive.look(job.key, since=START, until=at(99), pages=9).job is None
    assert archive.look(job.key, since=START, until=at(100), pages=9).job == archived(job)


def test_a_look_goes_on_over_the_days(archive: Archive) -> None:
    jobs = [replace(job, ended_at=at(number * DAY)) for number, job in enumerate(many(5))]
    for job in jobs:
        archive.keep([job])

    assert look(archive, jobs[-1]).job == archived(jobs[-1])


def test_a_look_reads_no_more_pages_than_it_may_and_says_where_to_go_on(archive: Archive) -> None:
    jobs = [replace(job, ended_at=at(10 * number)) for number, job in enumerate(many(12))]
    for job in jobs:
        archive.keep([job])

    begun = look(archive, jobs[-1], pages=1)
    assert (begun.job, begun.pages) == (None, 1)
    assert begun.next is not None
    assert at(30) <= begun.next <= at(40)
    assert archive.look(jobs[-1].key, since=begun.next, until=FAR, pages=3).job == archived(jobs[-1])


def test_a_look_ends_with_an_end_that_nothing_can_follow(archive: Archive) -> None:
    jobs = [replace(job, ended_at=at(10 * number)) for number, job in enumerate(many(12))]
    for job in jobs:
        archive.keep([job])

    assert look(archive, jobs[0], pages=9) == Look(archived(jobs[0]), 1, None)


def test_of_a_job_that_was_redriven_the_last_end_is_found(archive: Archive) -> None:
    running = claimed()
    failed = after(running, failed_once(running, failure=NOT_FOUND))
    again = replace(succeeded(), version=failed.version + 3, fence=2, ended_at=at(9 * DAY))
    archive.keep([failed])
    for job in many(2 * PAGE, seconds=DAY):
        archive.keep([job])
    archive.keep([again])

    assert look(archive, failed).job == archived(again)


def test_the_archive_keeps_no_secret_no_lease_and_no_reference_to_what_goes_with_the_job(archive: Archive) -> None:
    headers = {"Authorization": "Bearer abc", "X-Kind": "nightly"}
    job = a_job(target={"type": "http", "url": "https://example.com/", "headers": headers})
    job = succeeded(
        replace(job, payload=Payload(ref="payload#0123"), fingerprint="f00d"),
        output=Output("beginning", 9_999, "outputs/acme/1/1"),
    )

    archive.keep([job])

    found = look(archive, job).job
    assert found is not None
    assert found.target["headers"] == {"Authorization": "***", "X-Kind": "nightly"}
    assert (found.claim_id, found.fingerprint, found.group_pk) == (None, None, None)
    assert found.executions[0].output == Output("beginning", 9_999)
    assert found.payload == Payload(ref="payload#0123")


def test_a_job_that_was_cancelled_before_it_began_is_kept(archive: Archive) -> None:
    job = a_job()
    cancelled = after(job, cancel_of(job))

    archive.keep([cancelled])

    assert look(archive, cancelled).job == archived(cancelled)


def test_a_job_that_has_not_ended_is_no_matter_for_the_archive(archive: Archive) -> None:
    with pytest.raises(ValueError, match="has not ended"):
        archive.keep([a_job()])
