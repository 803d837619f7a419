"""A bulk action: one thing that is done to many dead letters, a page at a time, by whoever comes by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from shared.model.attention import fingerprint_in, fingerprint_of, last_error
from shared.model.job import epoch_ms
from shared.model.lifecycle import Status
from shared.model.retry import names_of_error
from shared.model.target_identity import target_identity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.model.job import Job

STEP_EVERY: Final = timedelta(seconds=50)
"""A little less than the minute between two ticks, which do not come to the millisecond."""


class BulkKind(StrEnum):
    """What is done to each job."""

    REDRIVE = "redrive"
    DISCARD = "discard"


class BulkStatus(StrEnum):
    CANARY = "canary"  # one job has been redriven, or is about to be: the others follow when it has succeeded
    RUNNING = "running"  # page after page
    DONE = "done"  # there is nothing left to do
    ABORTED = "aborted"  # by a client, or since the canary did not succeed: what has been redriven still runs


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterFilter:
    """Which dead letters: those that fit all that is given. `failed_from` counts, `failed_before` does not; with
    `job_ids` only these jobs."""

    fingerprint: str | None = None
    template_id: str | None = None
    target: str | None = None
    error_type: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    failed_from: datetime | None = None
    failed_before: datetime | None = None
    job_ids: tuple[str, ...] = ()

    @property
    def is_told_by_keys(self) -> bool:
        """Whether sort keys are enough to tell which jobs are meant."""
        return self.template_id is self.target is self.error_type is None and not self.tags

    def may_match(self, sort_key: str) -> bool:
        """Whether the job of that key in the attention index may be meant: no later than its read tells."""
        fingerprint = fingerprint_in(sort_key)
        return self.fingerprint is None or fingerprint is None or fingerprint == self.fingerprint

    def matches(self, job: Job) -> bool:
        """Whether the job is meant, and still is a dead letter."""
        if job.status is not Status.FAILED or job.discarded_at is not None:
            return False
        error, failed_at = last_error(job.executions), job.ended_at or job.updated_at
        error_names = names_of_error((error and error.error_type) or "")
        return (
            (self.failed_from is None or failed_at >= self.failed_from)
            and (self.failed_before is None or failed_at < self.failed_before)
            and (self.fingerprint is None or fingerprint_of(job.target, job.executions) == self.fingerprint)
            and (self.template_id is None or job.template_id == self.template_id)
            and (self.target is None or target_identity(job.target) == self.target)
            and (self.error_type is None or self.error_type in error_names)
            and all(job.tags.get(key) == value for key, value in self.tags.items())
        )

    @property
    def first_key(self) -> str:
        """Every key of a job that is meant is at least this."""
        return "0" if self.failed_from is None else f"{epoch_ms(self.failed_from):013d}"

    @property
    def end_key(self) -> str:
        """Every key of a job that is meant is less than this."""
        return _END if self.failed_before is None else f"{epoch_ms(self.failed_before):013d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkSpec:
    """What a client asks for. `payload_patch` is a merge patch (RFC 7396) of each job's payload, None for none;
    `rate_per_second` is how many redriven jobs become due in a second."""

    kind: BulkKind
    wanted: DeadLetterFilter
    rate_per_second: float = 10.0
    has_canary: bool = False
    payload_patch: Mapping[str, Any] | None = None
    may_begin_again: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A job to which it could not be done, and why, in a word."""

    job_id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAction:
    """A bulk action as the store holds it.

    `page` are the jobs that are dealt with next: found, and written down before anything is done to them, so that after
    a crash they are looked at once more, and counted once. `position` is the sort key up to which jobs have been found
    (with `job_ids`: how many of them); `is_complete`: all have been. Of those `matched`, `done` were redriven or
    discarded, `refused` had changed meanwhile or may not be, and `failed` could not be; the last few of both are
    `refusals`. `next_slot_at` is when the next redriven job may become due, `step_at` when it goes on.
    """

    tenant: str
    id: str
    spec: BulkSpec
    created_at: datetime
    created_by: str
    status: BulkStatus
    version: int = 1
    page: tuple[str, ...] = ()
    position: str | None = None
    is_complete: bool = False
    matched: int = 0
    done: int = 0
    refused: int = 0
    failed: int = 0
    refusals: tuple[Refusal, ...] = ()
    canary_job_id: str | None = None
    next_slot_at: datetime | None = None
    step_at: datetime | None = None
    ended_at: datetime | None = None
    note: str | None = None
    fingerprint: str | None = None
    expire_item_at: datetime | None = None

    @property
    def has_ended(self) -> bool:
        return self.status in {BulkStatus.DONE, BulkStatus.ABORTED}

    def identity(self) -> dict[str, Any]:
        """What every log line about this action says."""
        return {"tenant": self.tenant, "bulk_action_id": self.id, "kind": self.spec.kind}


def new_bulk_action(
    spec: BulkSpec, *, tenant: str, action_id: str, by: str, now: datetime, fingerprint: str | None
) -> BulkAction:
    """The action that `spec` asks for. What fails later than `now` is not meant."""
    before = spec.wanted.failed_before
    wanted = replace(spec.wanted, failed_before=now if before is None else min(before, now))
    return BulkAction(
        tenant=tenant,
        id=action_id,
        spec=replace(spec, wanted=wanted),
        created_at=now,
        created_by=by,
        status=BulkStatus.CANARY if spec.has_canary else BulkStatus.RUNNING,
        fingerprint=fingerprint,
        # Whoever created it begins at once; should that one die, a watcher takes over.
        step_at=now + STEP_EVERY,
    )


def ended(
    action: BulkAction, status: BulkStatus, *, now: datetime, retention: timedelta, note: str | None = None
) -> BulkAction:
    """The action, over: it is forgotten after `retention`."""
    return replace(
        action,
        status=status,
        version=action.version + 1,
        page=(),
        ended_at=now,
        step_at=None,
        note=note,
        expire_item_at=(now + retention).replace(microsecond=0),
    )


# After every sort key: the millisecond that follows the last one of 13 digits.
_END: Final = "9" * 13 + "~"
