"""`ports.archive` in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.model.archived_job import archived, end_of, is_final, latest
from shared.ports.archive import Look

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.job import Job, JobKey


class MemoryArchive:
    """Every ended job by when it ended; a page holds `page_size` of them."""

    def __init__(self, *, page_size: int = 1_000) -> None:
        self.jobs: dict[tuple[datetime, str, str, int], Job] = {}
        self._page_size = page_size

    def keep(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self.jobs[(end_of(job), *job.key, job.version)] = archived(job)

    def look(self, key: JobKey, *, since: datetime, until: datetime, pages: int) -> Look:
        first = since.replace(microsecond=0)
        filed = [self.jobs[one] for one in sorted(self.jobs) if one[1] == key.tenant and first <= one[0]]
        within = [job for job in filed if end_of(job).replace(microsecond=0) <= until]
        found: Job | None = None
        for page in range(1, pages + 1):
            part, rest = within[: self._page_size], within[self._page_size :]
            for job in part:
                if job.key == key:
                    found = job if found is None else latest(found, job)
            if not rest or (found is not None and is_final(found)):
                return Look(found, page, None)
            within = rest
        return Look(found, pages, end_of(within[0]).replace(microsecond=0))
