"""What an aftermath is judged by: each write that something has to follow from, seen as it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.job import Job, JobKey


class Gone(NamedTuple):
    """A job as its item was, and when that went."""

    job: Job
    at: datetime


@dataclass
class Facts:
    """`ends`: each job as it ended, by the version that it ended with; `news`: the same of each start and end. `gone`:
    jobs whose items were removed."""

    ends: dict[tuple[JobKey, int], Job] = field(default_factory=dict)
    news: dict[tuple[JobKey, int], Job] = field(default_factory=dict)
    gone: dict[JobKey, Gone] = field(default_factory=dict)

    def write(self, before: Job | None, after: Job) -> None:
        is_news = before is None or (before.status, before.fence) != (after.status, after.fence)
        if is_news and after.status is not Status.SCHEDULED:
            self.news[after.key, after.version] = after
            if after.status.is_terminal:
                self.ends[after.key, after.version] = after
