"""A backfill: past occurrences of a template that are to run now, a few at a time, beside the live work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from shared.model.job import epoch_ms, hashed_id
from shared.model.lanes import Priority
from shared.model.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.job import Job
    from shared.model.template import TemplateKey


# An invocation of the recurrence function ends within a minute.
_STEP_UNDER_WAY: Final = timedelta(seconds=60)


class BackfillStatus(StrEnum):
    RUNNING = "running"  # its next jobs are made each minute
    DONE = "done"  # all have been made and have ended
    ABORTED = "aborted"  # by a client: no more are made, those that had not begun were cancelled, the rest may end


class BackfillOnly(StrEnum):
    """Which occurrences of the range run."""

    MISSING = "missing"  # those without a job, or with skipped ones alone: missed, paused, before the template
    FAILED = "failed"  # those whose latest job failed for good
    ALL = "all"  # every one, also those that succeeded


class BackfillOrder(StrEnum):
    OLDEST_FIRST = "oldest_first"
    NEWEST_FIRST = "newest_first"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillSpec:
    """The occurrences of a template's version from the nominal instant `since` to `until`, both included.

    At most `per_minute` jobs are made in a minute, and at most `at_once` of them have not ended; they go through the
    queue of `priority`, so that live work of another has its own.
    """

    template_id: str
    template_version: int
    since: datetime
    until: datetime
    only: BackfillOnly = BackfillOnly.MISSING
    order: BackfillOrder = BackfillOrder.OLDEST_FIRST
    per_minute: int = 60
    at_once: int = 10
    priority: Priority = Priority.LOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """A backfill as the store holds it.

    `total` is how many occurrences it found when it was created. `position` is the nominal instant of the last one
    dealt with, of which `made` became jobs and `passed_over` need not run (any more). `open` are the jobs that have
    not ended; the others `succeeded` or `failed` (or were cancelled or skipped). `step_at` is when the next jobs
    are made.
    """

    tenant: str
    id: str
    spec: BackfillSpec
    created_at: datetime
    created_by: str
    total: int
    status: BackfillStatus = BackfillStatus.RUNNING
    revision: int = 1
    position: datetime | None = None
    is_complete: bool = False
    made: int = 0
    passed_over: int = 0
    succeeded: int = 0
    failed: int = 0
    open: tuple[str, ...] = ()
    ended_at: datetime | None = None
    note: str | None = None
    fingerprint: str | None = None
    step_at: datetime | None = None
    step_shard: int | None = None
    expire_item_at: datetime | None = None

    def identity(self) -> dict[str, Any]:
        """What every log line about this backfill says."""
        return {"tenant": self.tenant, "backfill_id": self.id, "template_id": self.spec.template_id}


def duration_of(count: int, spec: BackfillSpec) -> timedelta:
    """How long the making of `count` jobs takes at least: each minute as many as may be made, or be open, at once."""
    return timedelta(minutes=-(-count // min(spec.per_minute, spec.at_once)))


def is_wanted(only: BackfillOnly, jobs: Sequence[Job]) -> bool:
    """Whether an occurrence is to run again, of which these are the jobs so far, the latest last."""
    match only:
        case BackfillOnly.ALL:
            return not any(not job.status.is_terminal for job in jobs)
        case BackfillOnly.MISSING:
            return not any(job.status is not Status.SKIPPED for job in jobs)
        case BackfillOnly.FAILED:
            return bool(jobs) and jobs[-1].status is Status.FAILED


def backfill_job_id(key: TemplateKey, nominal_at: datetime, backfill_id: str) -> str:
    """The id of a backfill's job for an occurrence: a step that is repeated means the same item."""
    return hashed_id(*key, str(epoch_ms(nominal_at)), backfill_id)


def aborted(backfill: Backfill, now: datetime) -> Backfill:
    """The backfill as it makes no more jobs. It is looked at once more when a step that was under way must have ended,
    and then until those of its jobs that run have ended."""
    return replace(
        backfill,
        revision=backfill.revision + 1,
        status=BackfillStatus.ABORTED,
        is_complete=True,
        step_at=now + _STEP_UNDER_WAY,
    )
