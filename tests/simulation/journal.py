"""The journal's side of the jobs table's stream: in order for each job, at least once, and late.

A batch that fails comes again in halves, as with `bisect_batch_on_error`; those behind it in its shard wait. One that
went well may come again, beside later ones: so does whatever an operator replays.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zlib import crc32

from shared.model.job_change import JobChange
from shared.model.lifecycle import Status
from tests.simulation.faults import MINUTE, SECOND, Faults, Mishap, Weather
from tests.simulation.ports import START

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.model.job import Job
    from tests.simulation.kernel import Kernel

_SHARDS: Final = 2
_BATCH: Final = 12
_WINDOW_MS: Final = 2 * SECOND
_LONGEST_PAUSE_MS: Final = MINUTE


class Journal:
    """`deliver` calls the function with a batch, and says whether that is done with."""

    def __init__(self, kernel: Kernel, faults: Faults, deliver: Callable[[Sequence[JobChange]], bool]) -> None:
        self._kernel = kernel
        self._faults = faults
        self._deliver = deliver
        self._records: list[deque[JobChange]] = [deque() for _ in range(_SHARDS)]
        self._reading = [False] * _SHARDS
        self._replays = 0
        self._written = 0

    @property
    def is_drained(self) -> bool:
        """Whether nothing is on its way."""
        return not any(self._reading) and not self._replays

    def written(self, old: Job | None, new: Job | None) -> None:
        """A write of a job, or the removal of its item; the stream's filter keeps back what is no news."""
        job = new or old
        if job is None or (new is not None and new.status is Status.SCHEDULED):
            return
        seconds = self._kernel.now // SECOND
        shard = crc32(job.id.encode()) % _SHARDS
        self._written += 1
        written_at = START + timedelta(seconds=seconds)
        self._records[shard].append(JobChange(old, new, written_at, f"event {self._written}"))
        if not self._reading[shard]:
            self._reading[shard] = True
            self._kernel.later(f"journal {shard}", lambda: self._read(shard), delay_ms=_WINDOW_MS)

    def _read(self, shard: int) -> None:
        kernel, faults, records = self._kernel, self._faults, self._records[shard]
        while records:
            while faults.is_weather(Weather.JOURNAL_STALLED, kernel.now):
                kernel.sleep(5 * SECOND)
            mishap = faults.of_event("journal batch")
            if mishap is Mishap.LATE:
                kernel.sleep(faults.amount(f"journal {kernel.now}", 1, 10 * MINUTE))
            batch = [records.popleft() for _ in range(min(len(records), _BATCH))]
            if mishap is Mishap.REPEATED:
                self._replays += 1
                after = faults.amount(f"replay {kernel.now}", 0, 5 * MINUTE)
                kernel.later("journal replays", lambda batch=batch: self._replay(batch), delay_ms=after)
            self._deal_with(batch)
            if records:
                kernel.sleep(_WINDOW_MS)
        self._reading[shard] = False

    def _replay(self, batch: list[JobChange]) -> None:
        self._deal_with(batch)
        self._replays -= 1

    def _deal_with(self, batch: list[JobChange]) -> None:
        pause = SECOND
        while not self._deliver(batch):
            self._kernel.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_MS)
            if len(batch) > 1:
                middle = len(batch) // 2
                self._deal_with(batch[:middle])
                self._deal_with(batch[middle:])
                return
