"""`ports.jobs.JobStore`: what is due, what is in a group, what asks for attention."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.model import moves
from shared.model.job import JobKey, epoch_ms
from shared.model.lanes import DueShard, Lane, Priority
from shared.model.retry import RetryPolicy
from shared.ports.jobs import DueEntry, ListedEntry
from tests.jobs import RETENTION, SHARDING, START, TENANT, a_job, after, at, cancel_of, claim_of, failed_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.model.job import Job
    from shared.ports.jobs import JobStore

SHARD = DueShard(Lane.NORMAL, 1)
GROUP = f"{TENANT}#g/reports#0"
FIRST, LAST = "0", "9" * 14


def due_job(number: int, *, seconds: float, shard: DueShard = SHARD, tenant: str = TENANT) -> Job:
    return replace(a_job(tenant=tenant, job_id=f"job-{number:02d}", run_at=at(seconds)), due_shard=shard)


def listed_job(number: int, *, seconds: float, partition: str = GROUP, tenant: str = TENANT) -> Job:
    job = a_job(tenant=tenant, job_id=f"job-{number:02d}", now=at(seconds))
    return replace(job, group_pk=partition, group_sk=f"{epoch_ms(at(seconds)):013d}#{number:08d}")


def create(store: JobStore, *jobs: Job) -> None:
    for job in jobs:
        store.create(job)


def due(store: JobStore, *, until: float = 900, limit: int = 100, shard: DueShard = SHARD) -> list[DueEntry]:
    """All entries that are due, page by page."""
    entries: list[DueEntry] = []
    after = None
    while True:
        page = store.due(shard, until=at(until), after=after, limit=limit)
        assert len(page.entries) <= limit
        entries += page.entries
        after = page.next
        if after is None:
            return entries


def ids(entries: Sequence[DueEntry] | Sequence[ListedEntry]) -> list[str]:
    return [entry.job_id for entry in entries]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_what_is_due_comes_oldest_first_whatever_the_page(store: JobStore, limit: int) -> None:
    create(store, *(due_job(number, seconds=seconds) for number, seconds in enumerate([50, 10, 40, 20, 30, 0.001])))

    assert ids(due(store, limit=limit)) == ["job-05", "job-01", "job-03", "job-04", "job-02", "job-00"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_jobs_that_are_due_at_the_same_moment_come_each_once(store: JobStore, limit: int) -> None:
    create(store, *(due_job(number, seconds=10, tenant=f"t-{number % 3}") for number in range(7)))

    assert sorted(ids(due(store, limit=limit))) == [f"job-{number:02d}" for number in range(7)]


def test_an_entry_says_all_that_a_message_needs(store: JobStore) -> None:
    job = due_job(1, seconds=10.125)
    create(store, job)

    assert due(store) == [DueEntry(at(10.125), TENANT, "job-01")]


def test_due_means_up_to_and_at_the_moment_asked_for(store: JobStore) -> None:
    create(store, *(due_job(number, seconds=seconds) for number, seconds in enumerate([9.999, 10, 10.001])))

    assert ids(due(store, until=10)) == ["job-00", "job-01"]


def test_nothing_is_due_in_an_empty_shard(store: JobStore) -> None:
    page = store.due(SHARD, until=at(900), after=None, limit=10)

    assert (list(page.entries), page.next) == ([], None)


def test_a_shard_has_its_own_entries_only(store: JobStore) -> None:
    create(
        store,
        due_job(1, seconds=10),
        due_job(2, seconds=10, shard=DueShard(Lane.NORMAL, 11)),
        due_job(3, seconds=10, shard=DueShard(Lane.HIGH, 1)),
    )

    assert ids(due(store)) == ["job-01"]
    assert ids(due(store, shard=DueShard(Lane.HIGH, 1))) == ["job-03"]


def test_a_position_means_after_this_entry(store: JobStore) -> None:
    create(store, *(due_job(number, seconds=number) for number in range(4)))

    page = store.due(SHARD, until=at(900), after=DueEntry(at(1), TENANT, "job-01"), limit=10)

    assert ids(page.entries) == ["job-02", "job-03"]


def test_a_position_holds_when_its_job_has_moved_on(store: JobStore) -> None:
    jobs = [due_job(number, seconds=number) for number in range(4)]
    create(store, *jobs)
    page = store.due(SHARD, until=at(900), after=None, limit=2)
    store.change(jobs[1].key, cancel_of(jobs[1]))

    assert page.next == DueEntry(at(1), TENANT, "job-01")
    rest = store.due(SHARD, until=at(900), after=page.next, limit=10)
    assert ids(rest.entries) == ["job-02", "job-03"]


def test_a_position_past_the_moment_asked_for_leaves_nothing(store: JobStore) -> None:
    create(store, due_job(1, seconds=10), due_job(2, seconds=90))

    page = store.due(SHARD, until=at(20), after=DueEntry(at(90), TENANT, "job-02"), limit=10)

    assert (list(page.entries), page.next) == ([], None)


def test_a_job_is_due_until_it_ends_and_when_it_was_last_told(store: JobStore) -> None:
    job = a_job(run_at=at(10), retry=RetryPolicy(max_attempts=2))
    assert job.due_shard is not None
    create(store, job)

    def seen() -> list[DueEntry]:
        return due(store, shard=job.due_shard)

    assert seen() == [DueEntry(at(10), job.tenant, job.id)]
    running = store.change_and_get(job.key, claim_of(job))
    assert seen() == [DueEntry(at(10), job.tenant, job.id)]
    waiting = store.change_and_get(job.key, failed_once(running))
    assert seen() == [DueEntry(waiting.wake_at, job.tenant, job.id)]
    running = store.change_and_get(job.key, claim_of(waiting))
    store.change(job.key, failed_once(running))
    assert seen() == []


def test_a_job_that_changes_its_lane_is_due_in_the_other_one(store: JobStore) -> None:
    job = a_job(run_at=at(10))
    assert job.due_shard is not None
    create(store, job)

    moved = store.change_and_get(job.key, moves.edit(job, {"priority": Priority.HIGH}, now=START, sharding=SHARDING))

    assert due(store, shard=job.due_shard) == []
    assert moved.due_shard is not None
    assert ids(due(store, shard=moved.due_shard)) == [job.id]


def test_a_group_is_listed_newest_first(store: JobStore) -> None:
    create(store, *(listed_job(number, seconds=seconds) for number, seconds in enumerate([5, 1, 9])))

    entries = store.list_group(GROUP, before=LAST, not_before=FIRST, limit=10)

    assert ids(entries) == ["job-02", "job-00", "job-01"]
    assert entries[0] == ListedEntry(f"{epoch_ms(at(9)):013d}#00000002", TENANT, "job-02")


def test_a_list_is_bounded_from_its_beginning_on_and_up_to_its_end(store: JobStore) -> None:
    create(store, *(listed_job(number, seconds=number) for number in range(5)))

    entries = store.list_group(GROUP, before=key_of(3), not_before=key_of(1), limit=10)

    assert ids(entries) == ["job-02", "job-01"]


def test_a_bound_may_be_a_time_alone(store: JobStore) -> None:
    create(store, *(listed_job(number, seconds=number) for number in range(5)))

    entries = store.list_group(GROUP, before=f"{epoch_ms(at(3)):013d}", not_before=f"{epoch_ms(at(1)):013d}", limit=10)

    assert ids(entries) == ["job-02", "job-01"]


@pytest.mark.parametrize(("before", "not_before"), [(2, 2), (1, 3)])
def test_bounds_that_leave_no_room_give_nothing(store: JobStore, before: int, not_before: int) -> None:
    create(store, *(listed_job(number, seconds=number) for number in range(5)))

    assert store.list_group(GROUP, before=key_of(before), not_before=key_of(not_before), limit=10) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 10])
def test_pages_of_a_list_leave_nothing_out_though_jobs_were_created_in_the_same_moment(
    store: JobStore, limit: int
) -> None:
    create(store, *(listed_job(number, seconds=number // 4) for number in range(8)))

    found: list[str] = []
    before = LAST
    while True:
        page = store.list_group(GROUP, before=before, not_before=FIRST, limit=limit)
        found += ids(page)
        if len(page) < limit:
            break
        before = page[-1].sort_key

    assert found == [f"job-{number:02d}" for number in reversed(range(8))]


def test_fewer_than_asked_for_means_that_there_are_no_more(store: JobStore) -> None:
    create(store, *(listed_job(number, seconds=number) for number in range(3)))

    # The entry that the page begins before does not count.
    assert ids(store.list_group(GROUP, before=key_of(2), not_before=FIRST, limit=2)) == ["job-01", "job-00"]
    assert ids(store.list_group(GROUP, before=key_of(2), not_before=FIRST, limit=3)) == ["job-01", "job-00"]


def test_a_list_has_the_jobs_of_its_partition_only(store: JobStore) -> None:
    create(
        store,
        listed_job(1, seconds=1),
        listed_job(2, seconds=1, partition=f"{TENANT}#g/reports#1"),
        listed_job(3, seconds=1, partition="other#g/reports#0", tenant="other"),
    )

    assert ids(store.list_group(GROUP, before=LAST, not_before=FIRST, limit=10)) == ["job-01"]


def test_a_job_stays_in_its_group_whatever_becomes_of_it(store: JobStore) -> None:
    job = a_job(run_at=at(10), group="reports")
    assert job.group_pk is not None
    create(store, job)
    store.change(job.key, cancel_of(job))

    entries = store.list_group(job.group_pk, before=LAST, not_before=FIRST, limit=10)

    assert [JobKey(entry.tenant, entry.job_id) for entry in entries] == [job.key]


def test_attention_lists_the_jobs_that_failed_for_good_newest_first(store: JobStore) -> None:
    for number in range(4):
        job = a_job(job_id=f"job-{number:02d}", run_at=at(number), retry=RetryPolicy(max_attempts=1))
        create(store, job)
        running = store.change_and_get(job.key, claim_of(job))
        if number == 1:
            store.change(job.key, moves.succeed(running, output=moves.NO_OUTPUT, now=at(2), retention=RETENTION))
        else:
            store.change(job.key, failed_once(running))

    listed = [
        entry
        for partition in (f"{TENANT}#0", f"{TENANT}#1")
        for entry in store.list_attention(partition, before=LAST, not_before=FIRST, limit=10)
    ]

    assert ids(sorted(listed, reverse=True)) == ["job-03", "job-02", "job-00"]


def test_attention_is_bounded_and_paged_like_a_group(store: JobStore) -> None:
    for number in range(4):
        job = a_job(job_id=f"job-{number:02d}")
        sort_key = f"{epoch_ms(at(number)):013d}#{number:08d}"
        create(store, replace(after(job, cancel_of(job)), attention_pk=f"{TENANT}#0", attention_sk=sort_key))

    entries = store.list_attention(f"{TENANT}#0", before=key_of(3), not_before=key_of(1), limit=1)

    assert ids(entries) == ["job-02"]
    rest = store.list_attention(f"{TENANT}#0", before=entries[0].sort_key, not_before=key_of(1), limit=5)
    assert ids(rest) == ["job-01"]
    assert store.list_attention("other#0", before=LAST, not_before=FIRST, limit=5) == []


def key_of(number: int) -> str:
    return f"{epoch_ms(at(number)):013d}#{number:08d}"
