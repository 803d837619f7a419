"""What lies beside the items of jobs, in the table and in the bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.job import Job


class Leftovers(Protocol):
    def remove(self, job: Job, *, put_before: datetime) -> int:
        """Remove the payloads, the checkpoint and the outputs of a job whose item is gone, and say how many things that
        were. Removing them again does nothing.

        An id may be used again: when there is a job of this one now, all is left as it is, for both may name the same.
        A payload is put before its job, so one that was put at `put_before` or later stays in any case.

        Raises:
            StoreUnavailable: something could not be removed; all is to be tried again.
        """
        ...
