"""Where jobs that have ended are kept for longer than in their table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.job import Job, JobKey


@dataclass(frozen=True, slots=True)
class Look:
    """What a look into the archive came to: the latest state of the job among what was looked at, None when it was not
    there; after how many `pages`; and the time to go on from, None when there is no more to look at."""

    job: Job | None
    pages: int
    next: datetime | None


class Archive(Protocol):
    """Ended jobs by tenant and by when they ended.

    A job is kept as the archive's schema has it: with the values of secret headers hidden, and without what lies
    outside of its own item (a long payload, the whole of a long output).
    """

    def keep(self, jobs: Sequence[Job]) -> None:
        """Put ended jobs. The same jobs put once more take each other's place; put among others they are there twice,
        and are the same by tenant, id and version.

        Raises:
            StoreUnavailable: some were not put.
        """
        ...

    def look(self, key: JobKey, *, since: datetime, until: datetime, pages: int) -> Look:
        """Look for a job among those that ended between two times, in whole seconds, in the order in which they ended,
        in at most so many `pages` of what there is.

        A job that was redriven after it had failed is there more than once: the look goes on until it has found an end
        that nothing can follow.

        Raises:
            StoreUnavailable: the archive cannot be read now.
        """
        ...
