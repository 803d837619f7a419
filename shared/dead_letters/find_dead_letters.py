"""Find a tenant's dead letters, newest first, in the attention index."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from shared.model.attention import fingerprint_in
from shared.model.job import JobKey, attention_partition
from shared.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.model.bulk_action import DeadLetterFilter
    from shared.model.job import Job
    from shared.ports.jobs import JobStore, ListedEntry

MOST_KEYS: Final = 10_000
MOST_JOBS: Final = 1_000
"""How many index entries and how many jobs one search reads at the most."""

# Entries at once: as many jobs as BatchGetItem takes, and of keys alone what comes in far less than the 1 MB of a page.
_JOBS_AT_ONCE: Final = 100
_KEYS_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An entry of the index; `job` is it as it was read, None where its key told enough."""

    entry: ListedEntry
    job: Job | None


@dataclass(frozen=True, slots=True)
class Found:
    """`next` is the sort key after which the search goes on, None at its end. It may go on though little was found."""

    letters: list[DeadLetter]
    next: str | None


@dataclass(frozen=True, slots=True)
class FindDeadLetters:
    """The index lies in several partitions, all in the same order: they are merged. Sort keys end in 40 random bits, so
    that one is a position in all of them at once. `together` is how several partitions are read."""

    jobs: JobStore
    partitions: int
    together: Callable[..., list[list[ListedEntry]]] = side_by_side

    def __call__(self, tenant: str, wanted: DeadLetterFilter, *, after: str | None, limit: int) -> Found:
        """At most `limit` of those that are `wanted` behind `after`, from at most `MOST_KEYS` entries and `MOST_JOBS`
        jobs. What is told by keys alone is not read: a key may stand for a job that is no dead letter any more."""
        found: list[DeadLetter] = []
        position, keys, reads = after or wanted.end_key, MOST_KEYS, MOST_JOBS
        while keys > 0 and reads > 0:
            chunk = _KEYS_AT_ONCE if wanted.is_told_by_keys else _JOBS_AT_ONCE
            chunk = min(chunk, max(limit - len(found), _JOBS_AT_ONCE)) if wanted.fingerprint is None else chunk
            entries = self._entries(tenant, wanted, position, chunk + 1)
            more, entries = len(entries) > chunk, entries[:chunk]
            keys -= len(entries)
            reads -= sum(_is_read(wanted, entry) for entry in entries)
            for entry, letter in self._judged(wanted, entries):
                position = entry.sort_key
                if letter is not None:
                    found.append(letter)
                if len(found) == limit:
                    return Found(found, position if more or entry is not entries[-1] else None)
            if not more:
                return Found(found, None)
        return Found(found, position)

    def _judged(
        self, wanted: DeadLetterFilter, entries: list[ListedEntry]
    ) -> Iterator[tuple[ListedEntry, DeadLetter | None]]:
        unread = [JobKey(one.tenant, one.job_id) for one in entries if _is_read(wanted, one)]
        read: dict[str, Job] = {}
        for start in range(0, len(unread), _JOBS_AT_ONCE):
            chunk = self.jobs.get_many(unread[start : start + _JOBS_AT_ONCE], consistent=True)
            read |= {job.id: job for job in chunk}
        for entry in entries:
            if not wanted.may_match(entry.sort_key):
                yield entry, None
            elif not _is_read(wanted, entry):
                yield entry, DeadLetter(entry, None)
            else:
                job = read.get(entry.job_id)
                yield entry, DeadLetter(entry, job) if job is not None and wanted.matches(job) else None

    def _entries(self, tenant: str, wanted: DeadLetterFilter, before: str, limit: int) -> list[ListedEntry]:
        """The newest `limit` entries before a position, over all partitions."""

        def read(number: int) -> list[ListedEntry]:
            partition = attention_partition(tenant, number)
            return self.jobs.list_attention(partition, before=before, not_before=wanted.first_key, limit=limit)

        partitions = self.together(read, range(self.partitions))
        return list(islice(heapq.merge(*partitions, key=lambda entry: entry.sort_key, reverse=True), limit))


def _is_read(wanted: DeadLetterFilter, entry: ListedEntry) -> bool:
    """Whether the job must be read to know: by a filter on what it is, or since its key is of the older form."""
    if not wanted.may_match(entry.sort_key):
        return False
    return not wanted.is_told_by_keys or (wanted.fingerprint is not None and fingerprint_in(entry.sort_key) is None)
