"""What can go wrong, as types that carry data. The API maps them to problem documents in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared.model.job import Job
    from shared.model.template import Template


class SchedulerError(Exception):
    """Base of every error of our own.

    `retry_helps` says whether the same call may succeed later without a change by the caller.
    """

    retry_helps = False


class JobNotFound(SchedulerError):
    """No such job for this tenant. Never tells whether another tenant has one of that id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"there is no job {job_id}")
        self.job_id = job_id


class UnreadableJob(SchedulerError):
    """A stored job holds what this version cannot read: a newer one wrote it."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id} cannot be read by this version")
        self.job_id = job_id


class ChangeRefused(SchedulerError):
    """A conditional change met an item for which its condition does not hold, and changed nothing.

    `current` is the job as it was found, or None when there is none.
    """

    def __init__(self, current: Job | None) -> None:
        found = "no item" if current is None else f"status {current.status}, fence {current.fence}"
        super().__init__(f"the condition of the change did not hold: {found}")
        self.current = current


class IllegalTransition(SchedulerError):
    """The table of legal moves has no such move from the job's status."""

    def __init__(self, move: str, job: Job) -> None:
        super().__init__(f"a job that is {job.status} cannot be moved by {move}")
        self.move = move
        self.job = job


class TemplateNotFound(SchedulerError):
    """No such template for this tenant. Never tells whether another tenant has one of that id."""

    def __init__(self, template_id: str) -> None:
        super().__init__(f"there is no template {template_id}")
        self.template_id = template_id


class UnreadableTemplate(SchedulerError):
    """A stored template holds what this version cannot read: a newer one wrote it."""

    def __init__(self, template_id: str) -> None:
        super().__init__(f"template {template_id} cannot be read by this version")
        self.template_id = template_id


class TemplateChanged(SchedulerError):
    """A template was not replaced, since it is at another revision. `current` is None when it is gone."""

    def __init__(self, current: Template | None) -> None:
        found = "no item" if current is None else f"revision {current.revision}"
        super().__init__(f"the template was changed by another: {found}")
        self.current = current


class BackfillNotFound(SchedulerError):
    """No such backfill for this tenant."""

    def __init__(self, backfill_id: str) -> None:
        super().__init__(f"there is no backfill {backfill_id}")
        self.backfill_id = backfill_id


class BackfillChanged(SchedulerError):
    """A backfill was not replaced, since it is at another revision."""

    def __init__(self, backfill_id: str) -> None:
        super().__init__(f"backfill {backfill_id} was changed by another")


class CalendarNotFound(SchedulerError):
    """No such calendar for this tenant."""

    def __init__(self, calendar_id: str) -> None:
        super().__init__(f"there is no calendar {calendar_id}")
        self.calendar_id = calendar_id


class CalendarChanged(SchedulerError):
    """A calendar was not replaced or deleted, since it is at another revision."""

    def __init__(self, calendar_id: str) -> None:
        super().__init__(f"calendar {calendar_id} was changed by another")


class WindowNotFound(SchedulerError):
    """No such maintenance window for this tenant."""

    def __init__(self, window_id: str) -> None:
        super().__init__(f"there is no maintenance window {window_id}")
        self.window_id = window_id


class WindowChanged(SchedulerError):
    """A maintenance window was not replaced or deleted, since it is at another version."""

    def __init__(self, window_id: str) -> None:
        super().__init__(f"maintenance window {window_id} was changed by another")
        self.window_id = window_id


class BreakerChanged(SchedulerError):
    """A breaker was not written, since it is at another version."""

    def __init__(self, target: str) -> None:
        super().__init__(f"the breaker of {target} was changed by another")
        self.target = target


class ItemNotFound(SchedulerError):
    """No such thing of the kind `kind` (channel, subscription) for this tenant."""

    def __init__(self, kind: str, item_id: str) -> None:
        super().__init__(f"there is no {kind} {item_id}")
        self.kind = kind
        self.item_id = item_id


class ItemChanged(SchedulerError):
    """A thing of the kind `kind` was not replaced or deleted, since it is at another version."""

    def __init__(self, kind: str, item_id: str) -> None:
        super().__init__(f"{kind} {item_id} was changed by another")
        self.kind = kind
        self.item_id = item_id


class HasVersion(Protocol):
    """What clients change on the condition that they have seen its version."""

    @property
    def version(self) -> int: ...


class VersionMismatch(SchedulerError):
    """The caller's If-Match names another version than the stored one."""

    def __init__(self, current: HasVersion) -> None:
        super().__init__(f"it is at version {current.version}")
        self.current = current


class IdempotencyKeyReused(SchedulerError):
    """The same Idempotency-Key came with another body."""

    def __init__(self, job_id: str) -> None:
        super().__init__("this Idempotency-Key was used with another body")
        self.job_id = job_id


class InvalidField(SchedulerError):
    """A value is outside what is accepted.

    `pointer` is a JSON pointer into the request's body, `slug` the problem type.
    """

    def __init__(self, pointer: str, detail: str, *, slug: str = "validation-failed") -> None:
        super().__init__(f"{pointer}: {detail}")
        self.pointer = pointer
        self.detail = detail
        self.slug = slug


class PayloadUnavailable(SchedulerError):
    """A job's payload could not be read from where the job says it lies."""

    retry_helps = True


class StoreUnavailable(SchedulerError):
    """A store or queue refused or did not answer.

    `outcome_unknown` is true when the call may have been applied all the same.
    """

    retry_helps = True

    def __init__(self, detail: str, *, outcome_unknown: bool) -> None:
        super().__init__(detail)
        self.outcome_unknown = outcome_unknown


class StoreRefused(StoreUnavailable):
    """A store does not take what it was asked to, however often it is asked: it is too large, or malformed.

    Whoever deals with many things leaves out the one that this is about; to all others it is as good as unavailable.
    """

    retry_helps = False
