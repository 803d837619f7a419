"""`ports.jobs.JobStore` in memory: it evaluates the very changes that the DynamoDB adapter renders."""

from __future__ import annotations

import hashlib
import threading
from bisect import bisect_left, insort
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.model.change import Change, applied, holds
from shared.model.errors import ChangeRefused, JobNotFound, PayloadUnavailable
from shared.model.job import Job, JobKey, Payload, epoch_ms, from_epoch_ms
from shared.ports.jobs import Creation, DueEntry, DuePage, ListedEntry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.lanes import DueShard

Entry = tuple[str, str, str]


class SortedIndex:
    """Partitions of entries (sort key, tenant, job id), each in order: a global secondary index without the lag."""

    def __init__(self) -> None:
        self._partitions: dict[str, list[Entry]] = {}

    def move(self, before: tuple[str, Entry] | None, after: tuple[str, Entry] | None) -> None:
        """Replace a job's entry: (partition, entry) before the write, and after it; None where it has none."""
        if before == after:
            return
        if before is not None:
            entries = self._partitions[before[0]]
            del entries[bisect_left(entries, before[1])]
        if after is not None:
            insort(self._partitions.setdefault(after[0], []), after[1])

    def entries(self, partition: str) -> list[Entry]:
        return self._partitions.get(partition, [])


class MemoryJobStore:
    """Every call is atomic. `payload_threshold_bytes` plays the part of the item's size."""

    def __init__(self, *, payload_threshold_bytes: int = 500) -> None:
        self._jobs: dict[JobKey, Job] = {}
        self._payloads: dict[tuple[JobKey, str], bytes] = {}
        self._due = SortedIndex()
        self._group = SortedIndex()
        self._attention = SortedIndex()
        self._lock = threading.RLock()
        self._payload_threshold_bytes = payload_threshold_bytes

    def place_payload(self, job: Job) -> Job:
        data = job.payload.data
        if data is None or len(data) <= self._payload_threshold_bytes:
            return job
        ref = hashlib.sha256(data).hexdigest()
        with self._lock:
            self._payloads[(job.key, ref)] = data
        return replace(job, payload=Payload(ref=ref))

    def load_payload(self, job: Job) -> bytes | None:
        if job.payload.ref is None:
            return job.payload.data
        try:
            return self._payloads[(job.key, job.payload.ref)]
        except KeyError:
            raise PayloadUnavailable(f"payload {job.payload.ref} of job {job.id} is not there") from None

    def create(self, job: Job) -> Creation:
        with self._lock:
            existing = self._jobs.get(job.key)
            if existing is not None:
                return Creation(existing, created=False)
            self._write(None, job)
            return Creation(job, created=True)

    def get(self, key: JobKey) -> Job:
        with self._lock:
            job = self._jobs.get(key)
        if job is None:
            raise JobNotFound(key.job_id)
        return job

    def get_many(self, keys: Sequence[JobKey], *, consistent: bool) -> list[Job]:
        del consistent  # there is one copy only
        with self._lock:
            return [self._jobs[key] for key in keys if key in self._jobs]

    def change(self, key: JobKey, change: Change) -> None:
        self.change_and_get(key, change)

    def change_and_get(self, key: JobKey, change: Change) -> Job:
        with self._lock:
            job = self._jobs.get(key)
            if job is None or not all(holds(condition, job) for condition in change.when):
                raise ChangeRefused(job)
            changed = applied(change, job)
            self._write(job, changed)
            return changed

    def due(self, shard: DueShard, *, until: datetime, after: DueEntry | None, limit: int) -> DuePage:
        with self._lock:
            entries = self._due.entries(str(shard))
            start = 0 if after is None else bisect_left(entries, (*_due_entry(after), ""))
            end = bisect_left(entries, (f"{epoch_ms(until) + 1:013d}", "", ""))
            page = [_read_due(entry) for entry in entries[start : min(end, start + limit)]]
        return DuePage(page, page[-1] if start + limit < end else None)

    def list_group(self, partition: str, *, before: str, not_before: str, limit: int) -> list[ListedEntry]:
        return self._list(self._group, partition, before, not_before, limit)

    def list_attention(self, partition: str, *, before: str, not_before: str, limit: int) -> list[ListedEntry]:
        return self._list(self._attention, partition, before, not_before, limit)

    def all_jobs(self) -> list[Job]:
        """Every job of every tenant, for a test's invariants."""
        with self._lock:
            return list(self._jobs.values())

    def _list(self, index: SortedIndex, partition: str, before: str, not_before: str, limit: int) -> list[ListedEntry]:
        with self._lock:
            entries = index.entries(partition)
            end = bisect_left(entries, (before, "", ""))
            start = max(bisect_left(entries, (not_before, "", "")), end - limit)
            return [ListedEntry(*entry) for entry in reversed(entries[start:end])]

    def _write(self, old: Job | None, new: Job) -> None:
        self._jobs[new.key] = new
        self._project(old, new)

    def _project(self, old: Job | None, new: Job) -> None:
        """Bring the indexes up to date. Here at once; the simulation's store lets them lag."""
        self._due.move(_in_due(old), _in_due(new))
        self._group.move(_in_group(old), _in_group(new))
        self._attention.move(_in_attention(old), _in_attention(new))


def _due_entry(entry: DueEntry) -> Entry:
    return (f"{epoch_ms(entry.wake_at):013d}", entry.tenant, entry.job_id)


def _read_due(entry: Entry) -> DueEntry:
    return DueEntry(from_epoch_ms(int(entry[0])), entry[1], entry[2])


def _in_due(job: Job | None) -> tuple[str, Entry] | None:
    if job is None or job.due_shard is None or job.wake_at is None:
        return None
    return str(job.due_shard), _due_entry(DueEntry(job.wake_at, job.tenant, job.id))


def _in_group(job: Job | None) -> tuple[str, Entry] | None:
    if job is None or job.group_pk is None or job.group_sk is None:
        return None
    return job.group_pk, (job.group_sk, job.tenant, job.id)


def _in_attention(job: Job | None) -> tuple[str, Entry] | None:
    if job is None or job.attention_pk is None or job.attention_sk is None:
        return None
    return job.attention_pk, (job.attention_sk, job.tenant, job.id)
