"""The jobs table, as the use cases see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.change import Change
    from shared.model.job import Job, JobKey
    from shared.model.lanes import DueShard


class DueEntry(NamedTuple):
    """One entry of the due index, ordered by `wake_at` and then by an order of the store's own.

    As a position it means "after this entry".
    """

    wake_at: datetime
    tenant: str
    job_id: str


@dataclass(frozen=True, slots=True)
class DuePage:
    """`next` is the position to go on from (to a page that may be empty), or None when nothing is left."""

    entries: Sequence[DueEntry]
    next: DueEntry | None


class ListedEntry(NamedTuple):
    """One entry of the `group` or the `attention` index: its sort key (13 digits of milliseconds, `#`, a tie-breaker)
    and the job it stands for."""

    sort_key: str
    tenant: str
    job_id: str


@dataclass(frozen=True, slots=True)
class Creation:
    """`job` as it is stored; `created` is false when an item of that id was there before, and nothing was written."""

    job: Job
    created: bool


class JobStore(Protocol):
    """One item per job; every write is conditional on one item.

    Every method raises `StoreUnavailable` when the store throttles, refuses or does not answer; after a write its
    `outcome_unknown` tells that the write may have been applied.
    """

    def place_payload(self, job: Job) -> Job:
        """`job` with its inline payload put where it belongs by size: kept inline, or written to an item or object of
        its own, immutable and named by its content. To be called before the job is created or edited, so that a job
        never names a payload that is not there."""
        ...

    def load_payload(self, job: Job) -> bytes | None:
        """The payload's JSON text, wherever it lies, or None when the job has none.

        Raises:
            PayloadUnavailable: the job names a payload that is not there.
            StoreUnavailable: it cannot be read now.
        """
        ...

    def create(self, job: Job) -> Creation:
        """Put `job` unless an item of its id exists. Exactly-once for a deterministic id, also when it is repeated."""
        ...

    def get(self, key: JobKey) -> Job:
        """The job, read consistently.

        Raises:
            JobNotFound: there is none.
            UnreadableJob: a newer version wrote it.
        """
        ...

    def get_many(self, keys: Sequence[JobKey], *, consistent: bool) -> list[Job]:
        """Those of the jobs that exist, in the order of `keys`; any number of keys. One that this version cannot read
        is left out, so that it does not keep the others from being read."""
        ...

    def change(self, key: JobKey, change: Change) -> None:
        """Carry out one conditional change.

        Raises:
            ChangeRefused: a condition did not hold, or there is no job; nothing was written.
        """
        ...

    def change_and_get(self, key: JobKey, change: Change) -> Job:
        """Like `change`, and the job as the change left it."""
        ...

    def due(self, shard: DueShard, *, until: datetime, after: DueEntry | None, limit: int) -> DuePage:
        """Entries of one shard with `wake_at <= until`, oldest first, at most `limit` of them.

        Read from an index: it may lag behind the jobs, both ways.
        """
        ...

    def list_group(self, partition: str, *, before: str, not_before: str, limit: int) -> list[ListedEntry]:
        """Newest first: at most `limit` entries of one partition of the `group` index whose sort key is less than
        `before` and at least `not_before`. Fewer than `limit` means that there are no more."""
        ...

    def list_attention(self, partition: str, *, before: str, not_before: str, limit: int) -> list[ListedEntry]:
        """The same for one partition of the `attention` index: the jobs that failed for good."""
        ...
