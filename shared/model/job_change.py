"""One write of a job as its table's stream tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.job import Job
    from shared.model.lifecycle import Status


@dataclass(frozen=True, slots=True)
class JobChange:
    """A job before a write (`old`, None when it was created) and after it (`new`, None when its item is gone).

    The same write may be told more than once: (tenant, job id, version of `new`) names what it was about, since every
    change of a status makes a new version. Changes of one job come in order. `written_at` is when that was, rounded
    down to the second; `event_id` is the same each time that it is told, None if somebody tells it by hand.
    """

    old: Job | None
    new: Job | None
    written_at: datetime | None = None
    event_id: str | None = None

    @property
    def tenant(self) -> str | None:
        job = self.new or self.old
        return None if job is None else job.tenant

    def enters(self, *statuses: Status) -> bool:
        """Whether this write brought the job into one of `statuses`, from another one or as another attempt."""
        if self.new is None or self.new.status not in statuses:
            return False
        before = self.old
        return before is None or (before.status, before.fence) != (self.new.status, self.new.fence)
