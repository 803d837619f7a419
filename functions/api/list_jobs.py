"""List jobs, newest first."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from shared.model import limits
from shared.model.job import JobKey, attention_partition, epoch_ms, group_partition, template_partition
from shared.model.lifecycle import Status
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from shared.model.job import Job
    from shared.ports.jobs import JobStore, ListedEntry

# Read at once when a filter may drop some: as many as one BatchGetItem takes.
_CHUNK: Final = 100
# A page is closed when its jobs take so much: an answer has at most 6 MB, and is quoted once more on its way.
_PAGE_BYTES: Final = 2_500_000
# After every sort key: the millisecond that follows the last one of 13 digits.
_END: Final = "9" * 13 + "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs of which list. `created_from` counts, `created_before` does not; all of `tags` must be there.

    The list of a template is ordered by nominal instants (a triggered job by when that was), and there both mean these.
    Without a template and a group the list is that of the jobs that have neither, but for `status=failed`: that is all
    dead letters.
    """

    template_id: str | None = None
    group: str | None = None
    status: Status | None = None
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    created_from: datetime | None = None
    created_before: datetime | None = None

    @property
    def is_dead_letters(self) -> bool:
        return self.group is None and self.template_id is None and self.status is Status.FAILED

    def matches(self, job: Job) -> bool:
        return (
            (self.status is None or job.status is self.status)
            and (self.name is None or job.name == self.name)
            and all(job.tags.get(key) == value for key, value in self.tags.items())
            and (self.template_id is not None or self._is_created_between(job))
        )

    def _is_created_between(self, job: Job) -> bool:
        return (self.created_from is None or job.created_at >= self.created_from) and (
            self.created_before is None or job.created_at < self.created_before
        )

    @property
    def drops(self) -> bool:
        """Whether there may be entries in the list that do not match."""
        return self.status is not None or self.name is not None or bool(self.tags)


@dataclass(frozen=True, slots=True)
class JobPage:
    """`next` is the sort key after which the list goes on, None at its end. A page may be short, even empty."""

    jobs: list[Job]
    next: str | None


@dataclass(frozen=True, slots=True)
class ListJobs:
    """Each list lies in several partitions of an index, all in the same order: they are merged. `answer_bytes` says
    how much of an answer a job takes.

    Sort keys end in 40 random bits, so one sort key is a position in all partitions at once.
    """

    jobs: JobStore
    partitions: int
    answer_bytes: Callable[[Job], int]

    def __call__(self, tenant: str, wanted: JobFilter, *, limit: int, after: str | None) -> JobPage:
        """At most `limit` matching jobs older than `after`, from at most `limits.MAX_ENTRIES_READ` entries."""
        found: list[Job] = []
        position = after or _first_position(wanted)
        budget = limits.MAX_ENTRIES_READ
        size = 0
        while budget > 0:
            chunk = min(budget, _CHUNK if wanted.drops else limit - len(found))
            entries = self._entries(tenant, wanted, position, chunk + 1)
            more, entries = len(entries) > chunk, entries[:chunk]
            budget -= len(entries)
            stored = {job.id: job for job in self._read(entries)}
            for index, entry in enumerate(entries):
                position = entry.sort_key
                job = stored.get(entry.job_id)
                if job is None or not wanted.matches(job):
                    continue
                found.append(job)
                size += self.answer_bytes(job)
                if len(found) == limit or size > _PAGE_BYTES:
                    return JobPage(found, position if more or index + 1 < len(entries) else None)
            if not more:
                return JobPage(found, None)
        return JobPage(found, position)

    def _entries(self, tenant: str, wanted: JobFilter, before: str, limit: int) -> list[ListedEntry]:
        """The newest `limit` entries before a position, over all partitions."""
        # Nothing fails before it was created, so the bound holds for dead letters, which are listed by their end, too;
        # a template's list is bounded by what it is ordered by.
        not_before = "" if wanted.created_from is None else f"{epoch_ms(wanted.created_from):013d}"

        def read(number: int) -> list[ListedEntry]:
            if wanted.is_dead_letters:
                partition, listed = attention_partition(tenant, number), self.jobs.list_attention
            elif wanted.template_id is not None:
                partition, listed = template_partition(tenant, wanted.template_id), self.jobs.list_group
            else:
                partition, listed = group_partition(tenant, wanted.group, number), self.jobs.list_group
            return listed(partition, before=before, not_before=not_before or "0", limit=limit)

        partitions = side_by_side(read, range(self.partitions if wanted.template_id is None else 1))
        return list(islice(heapq.merge(*partitions, key=lambda entry: entry.sort_key, reverse=True), limit))

    def _read(self, entries: list[ListedEntry]) -> list[Job]:
        # Consistent: a list shows of a job at least what its client has been told. The index itself may lag.
        return self.jobs.get_many([JobKey(entry.tenant, entry.job_id) for entry in entries], consistent=True)


def _first_position(wanted: JobFilter) -> str:
    if wanted.created_before is None or wanted.is_dead_letters:
        return _END
    return f"{epoch_ms(wanted.created_before):013d}"
