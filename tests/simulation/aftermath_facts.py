"""What an aftermath is judged by: each write that something has to follow from, seen as it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from shared.model.lifecycle import Status
from tests.simulation.invariants import is_redrive

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.bulk_action import BulkAction
    from shared.model.job import Job, JobKey


class Gone(NamedTuple):
    """A job as its item was, and when that went."""

    job: Job
    at: datetime


@dataclass
class Facts:
    """`ends`: each job as it ended, by the version that it ended with; `news`: the same of each start and end. `gone`:
    jobs whose items were removed.

    `redrives`: by whom, of each job and of how many redrives it had then; `begun`: of which of those an attempt was
    begun, with 0 for none. `done`: jobs that a person or a bulk action has redriven or discarded, and which; `latest`:
    of each job the last one. `actions`: each bulk action as it is. `dead_since`: the dead letters, and since when in
    milliseconds. `named`: each payload that a job has had, by its name.
    """

    ends: dict[tuple[JobKey, int], Job] = field(default_factory=dict)
    news: dict[tuple[JobKey, int], Job] = field(default_factory=dict)
    gone: dict[JobKey, Gone] = field(default_factory=dict)
    redrives: dict[tuple[JobKey, int], str] = field(default_factory=dict)
    begun: set[tuple[JobKey, int]] = field(default_factory=set)
    done: set[tuple[JobKey, str]] = field(default_factory=set)
    latest: dict[JobKey, str] = field(default_factory=dict)
    actions: dict[tuple[str, str], BulkAction] = field(default_factory=dict)
    dead_since: dict[JobKey, int] = field(default_factory=dict)
    named: set[tuple[JobKey, str]] = field(default_factory=set)

    def write(self, before: Job | None, after: Job, now: int) -> None:
        """Take in a write of a job, made at the time `now` in milliseconds."""
        is_news = before is None or (before.status, before.fence) != (after.status, after.fence)
        if is_news and after.status is not Status.SCHEDULED:
            self.news[after.key, after.version] = after
            if after.status.is_terminal:
                self.ends[after.key, after.version] = after
        if before is not None and after.fence > before.fence:
            self.begun.add((after.key, after.redrives))
        if is_redrive(before, after) and after.redriven_by is not None:
            self.redrives[after.key, after.redrives] = after.redriven_by
        by = after.redriven_by if is_redrive(before, after) else after.discarded_by
        if by is not None:
            self.done.add((after.key, by))
            self.latest[after.key] = by
        if after.payload.ref is not None:
            self.named.add((after.key, after.payload.ref))
        self._count_dead_letters(after, now)

    def _count_dead_letters(self, after: Job, now: int) -> None:
        if after.status is Status.FAILED and after.discarded_at is None:
            self.dead_since.setdefault(after.key, now)
        else:
            self.dead_since.pop(after.key, None)
