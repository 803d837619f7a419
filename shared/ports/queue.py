"""The work queues. A message is a hint that a job is due; losing, repeating or reordering hints is harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.lanes import Lane


class Hint(NamedTuple):
    """All that a message says: this job wakes at that time. A job that has been moved since ignores it."""

    tenant: str
    job_id: str
    wake_at: datetime


class WorkQueue(Protocol):
    def send(self, lane: Lane, batch: Sequence[tuple[Hint, int]]) -> list[int]:
        """Send up to ten hints, each to be delivered after so many whole seconds (0 to 900).

        Returns the positions in `batch` of those that were not taken.

        Raises:
            StoreUnavailable: the whole call failed; all of them count as not taken, since a hint sent twice is
                harmless, and one believed sent is not.
        """
        ...

    def depth(self, lane: Lane) -> int:
        """About how many messages wait to be received now.

        Raises:
            StoreUnavailable: the queue does not answer.
        """
        ...

    def give_back(self, lane: Lane, receipt: str, seconds: int) -> None:
        """Let a received message be delivered again after `seconds`. Best effort: otherwise it comes back when its
        visibility timeout is over."""
        ...
