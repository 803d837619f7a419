"""The jobs table under load: the memory store, behind DynamoDB's limits of what one partition takes in a second."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, TypeVar

from shared.adapters.memory.jobs import MemoryJobStore
from shared.model.errors import ChangeRefused, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from benchmarks.load_kernel import Kernel
    from shared.model.change import Change
    from shared.model.job import Job, JobKey
    from shared.model.lanes import DueShard
    from shared.ports.jobs import DueEntry, DuePage

R = TypeVar("R")

WRITE_UNITS: Final = 1_000
READ_UNITS: Final = 3_000
_CALL_MS: Final = 5
_PAGE_MS: Final = 20
# As `shared.adapters.aws` sets the SDK up: so many sends in all, and botocore's standard back-off between them.
_SENDS: Final = 3
# An entry of the due index as it is billed: its keys, some 100 bytes. An eventually consistent read is half a unit.
_ENTRIES_PER_READ_UNIT: Final = 80
_INDEXES: Final = ("due", "group", "attention")


class Throttled(StoreUnavailable):
    """A partition has no units left in this second."""


@dataclass
class Phase:
    """How many calls were throttled, and what the busiest partition gave in its busiest second; by the name of table or
    index and kind, such as `due write`."""

    throttled: Counter[str] = field(default_factory=Counter)
    busiest: dict[str, int] = field(default_factory=dict)


class Partitions:
    """What each partition has given in the present second. `phase` is the tally of what goes on; who begins something
    else replaces it.

    A whole second's units may be used at any time in it, and none is carried over: the burst that DynamoDB usually
    grants on top is not promised. In a model of one part in `scale`, partitions have so much less. A partition belongs
    to the table (by the key's hash) or to an index (by its key).
    """

    def __init__(self, *, of_table: int, of_index: int | None, scale: int) -> None:
        self.phase = Phase()
        self._limits = {"write": WRITE_UNITS // scale, "read": READ_UNITS // scale}
        self._of_table, self._of_index = of_table, of_index
        self._second = -1
        self._used: dict[tuple[str, str, object], int] = {}

    def take_writes(self, second: int, places: Sequence[tuple[str, str, int]]) -> None:
        """Take the units of one write: (table or index, partition key, units) of each.

        Raises:
            Throttled: at least one of the partitions has too few left; nothing is taken.
        """
        self._take(second, "write", places)

    def take_reads(self, second: int, places: Sequence[tuple[str, str, int]]) -> None:
        """The same for reads."""
        self._take(second, "read", places)

    def _take(self, second: int, kind: str, places: Sequence[tuple[str, str, int]]) -> None:
        limit = self._limits[kind]
        if second != self._second:
            self._second = second
            self._used.clear()
        used = self._used
        wanted: dict[tuple[str, str, object], int] = {}
        for place, key, units in places:
            partition = (kind, place, self._partition(place, key))
            wanted[partition] = wanted.get(partition, used.get(partition, 0)) + units
            if wanted[partition] > limit:
                self.phase.throttled[f"{place} {kind}"] += 1
                raise Throttled(f"{place} {kind}: no units left", outcome_unknown=False)
        used.update(wanted)
        for partition, units in wanted.items():
            name = f"{partition[1]} {kind}"
            if units > self.phase.busiest.get(name, 0):
                self.phase.busiest[name] = units

    def _partition(self, place: str, key: str) -> object:
        """Several keys of an index share a partition when it has a number of them, and adaptive capacity has not
        (yet) moved them apart."""
        if place == "table":
            return _hash(key) % self._of_table
        return key if self._of_index is None else _hash(key) % self._of_index


class MeteredJobs(MemoryJobStore):
    """`on_write` is told each write: the job before (None: it is new) and after it. Items are of up to 1 KB."""

    def __init__(
        self, kernel: Kernel, partitions: Partitions, on_write: Callable[[Job | None, Job], None], seed: int
    ) -> None:
        super().__init__()
        self._kernel, self._partitions, self._on_write = kernel, partitions, on_write
        self._chance = random.Random(seed).random
        self.units: Counter[str] = Counter()

    def change_and_get(self, key: JobKey, change: Change) -> Job:
        def send() -> Job:
            try:
                return super(MeteredJobs, self).change_and_get(key, change)
            except ChangeRefused:
                # A refused condition is billed like a write.
                self._take_writes([("table", _hash_key(*key), 1)])
                raise

        return self._sent(send, _CALL_MS)

    def due(self, shard: DueShard, *, until: datetime, after: DueEntry | None, limit: int) -> DuePage:
        def send() -> DuePage:
            page = super(MeteredJobs, self).due(shard, until=until, after=after, limit=limit)
            units = -(-len(page.entries) // _ENTRIES_PER_READ_UNIT) or 1
            self._take_reads([("due", str(shard), units)])
            return page

        return self._sent(send, _PAGE_MS)

    def get_many(self, keys: Sequence[JobKey], *, consistent: bool) -> list[Job]:
        left = list(keys)

        def send() -> list[Job]:
            # Each key is read by itself, or left unprocessed and asked for again.
            while left:
                self._take_reads([("table", _hash_key(*left[-1]), 1)])
                left.pop()
            return super(MeteredJobs, self).get_many(keys, consistent=consistent)

        return self._sent(send, _PAGE_MS)

    def _write(self, old: Job | None, new: Job) -> None:
        self._take_writes(units_of(old, new))
        super()._write(old, new)
        self._on_write(old, new)

    def _take_writes(self, places: Sequence[tuple[str, str, int]]) -> None:
        self._partitions.take_writes(self._kernel.now_ms // 1_000, places)
        for place, _, units in places:
            self.units[place] += units

    def _take_reads(self, places: Sequence[tuple[str, str, int]]) -> None:
        self._partitions.take_reads(self._kernel.now_ms // 1_000, places)

    def _sent(self, send: Callable[[], R], takes_ms: int) -> R:
        for number in range(_SENDS - 1):
            self._kernel.sleep_ms(takes_ms)
            try:
                return send()
            except Throttled:
                self._kernel.sleep(self._chance() * 2**number)
        self._kernel.sleep_ms(takes_ms)
        return send()


def units_of(old: Job | None, new: Job) -> list[tuple[str, str, int]]:
    """The write units of one write: (table or index, partition key, units).

    The item is 1 unit. An index that holds keys only is written when they change: 1 unit to put an entry or to delete
    it, both when it moves.
    """
    places = [("table", _hash_key(new.tenant, new.id), 1)]
    before, after = _keys_of(old), _keys_of(new)
    for index, was, now in zip(_INDEXES, before, after, strict=True):
        if was != now:
            places += [(index, str(keys[0]), 1) for keys in (was, now) if keys is not None]
    return places


def _keys_of(job: Job | None) -> tuple[tuple[Any, Any] | None, ...]:
    if job is None:
        return None, None, None
    return (
        None if job.wake_at is None else (job.due_shard, job.wake_at),
        None if job.group_pk is None else (job.group_pk, job.group_sk),
        None if job.attention_pk is None else (job.attention_pk, job.attention_sk),
    )


def _hash(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=4).digest())


def _hash_key(tenant: str, job_id: str) -> str:
    return f"{tenant}#{job_id}"
