"""The jobs table: every write is judged and goes to the stream, and the due index lags behind."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from functions.populator.queue_changed_jobs import Image, JobWritten
from shared.adapters.memory.jobs import MemoryJobStore
from shared.model.errors import StoreUnavailable
from shared.model.lifecycle import Status
from shared.ports.jobs import DueEntry, DuePage, ListedEntry
from tests.simulation.faults import MINUTE, Faults, Weather

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.model.job import Job, JobKey
    from shared.model.lanes import DueShard
    from tests.simulation.kernel import Kernel

USUAL_LAG_MS = 200


class SimulatedJobStore(MemoryJobStore):
    """`on_write` is told each write: the job before (None: it is new) and after it."""

    def __init__(self, kernel: Kernel, faults: Faults, on_write: Callable[[Job | None, Job], None]) -> None:
        super().__init__()
        self._kernel = kernel
        self._faults = faults
        self._on_write = on_write
        self._lagging: deque[tuple[int, Job | None, Job | None]] = deque()
        self._pages = 0
        self.payloads_put_at: dict[tuple[JobKey, str], datetime] = {}

    def due(self, shard: DueShard, *, until: datetime, after: DueEntry | None, limit: int) -> DuePage:
        """A page may end early, as one does at 1 MB, and even before its first entry."""
        now, faults = self._kernel.now, self._faults
        if faults.is_weather(Weather.HOT_SHARD, now) and shard.number == 0:
            raise StoreUnavailable("the partition is throttled", outcome_unknown=False)
        self._catch_up(now)
        page = super().due(shard, until=until, after=after, limit=limit)
        self._pages += 1
        if faults.are_over or len(page.entries) < 2 or self._pages % 3:
            return page
        entries = page.entries[: self._pages % len(page.entries)]
        return DuePage(entries, entries[-1] if entries else after or DueEntry(page.entries[0].wake_at, "", ""))

    def place_payload(self, job: Job) -> Job:
        placed = super().place_payload(job)
        if placed.payload.ref is not None:
            self.payloads_put_at[job.key, placed.payload.ref] = job.created_at
        return placed

    def remove_payload(self, key: JobKey, ref: str) -> None:
        self._payloads.pop((key, ref), None)
        self.payloads_put_at.pop((key, ref), None)

    def keep_old(self, job: Job) -> None:
        """Have an item of a job that ended long ago: nobody is told."""
        self._jobs[job.key] = job
        super()._project(None, job)

    def let_go(self, key: JobKey) -> Job | None:
        """Remove the item of a job, as its time to live does; None when there is none."""
        job = self._jobs.pop(key, None)
        if job is not None:
            self._lag(job, None)
        return job

    def list_attention(self, partition: str, *, before: str, not_before: str, limit: int) -> list[ListedEntry]:
        self._catch_up(self._kernel.now)
        return super().list_attention(partition, before=before, not_before=not_before, limit=limit)

    def list_group(self, partition: str, *, before: str, not_before: str, limit: int) -> list[ListedEntry]:
        self._catch_up(self._kernel.now)
        return super().list_group(partition, before=before, not_before=not_before, limit=limit)

    def _project(self, old: Job | None, new: Job) -> None:
        self._on_write(old, new)
        self._lag(old, new)

    def _lag(self, old: Job | None, new: Job | None) -> None:
        now = self._kernel.now
        lag = MINUTE if self._faults.is_weather(Weather.INDEX_STALE, now) else USUAL_LAG_MS
        # An index applies the writes of one item in their order; here, of all.
        visible_at = max(now + lag, self._lagging[-1][0] if self._lagging else 0)
        self._lagging.append((visible_at, old, new))

    def _catch_up(self, now: int) -> None:
        while self._lagging and self._lagging[0][0] <= now:
            _, old, new = self._lagging.popleft()
            super()._project(old, new)


def stream_record(old: Job | None, new: Job) -> JobWritten | None:
    """What the stream's filter lets through of a write."""
    if new.status is not Status.SCHEDULED:
        return None
    return JobWritten(new.tenant, new.id, None if old is None else _image(old), _image(new))


def _image(job: Job) -> Image:
    return Image(job.status, job.wake_at, None if job.due_shard is None else job.due_shard.lane)
