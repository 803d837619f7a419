"""Where the checkpoints of jobs lie: beside the job in its table, large ones in the bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared.model.checkpoint import Checkpoint
    from shared.model.job import JobKey


class CheckpointStore(Protocol):
    """One checkpoint for each job, the last one. To be written after the job has taken it (`Move.CHECKPOINT`): so no
    attempt that was overtaken leaves one. What the store itself holds to keeps a write that is late on its way from
    taking the place of a newer one.

    Every method raises `StoreUnavailable` as those of the job store do.
    """

    def save(self, key: JobKey, checkpoint: Checkpoint) -> bool:
        """Put `checkpoint` in the place of the former one. False when that has a larger number: it stays then. Putting
        the same again changes nothing."""
        ...

    def load(self, key: JobKey) -> Checkpoint | None:
        """The job's checkpoint, read consistently; None when there is none, or it has gone."""
        ...
