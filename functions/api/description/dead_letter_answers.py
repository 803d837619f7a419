"""The shapes of answers about dead letters and bulk actions, for the description and the tests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from functions.api.description.answers import (
    ExecutionError,
    Job,
    ListedJob,
    Time,
)
from functions.api.models.dead_letters import DeadLetterSelection  # noqa: TC001 (pydantic reads the annotations)


class _Cause(BaseModel):
    fingerprint: str = Field(description="The same for all that failed of one cause.")
    target_identity: str = Field(description="What was called.")
    error: ExecutionError | None = Field(description="The latest error.")


class ListedDeadLetter(_Cause, ListedJob):
    """A job that failed for good, as lists show it."""


class DiscardedJob(_Cause, Job):
    """A job that failed for good."""


class DeadLetter(DiscardedJob):
    """A job that failed for good, and what may be done about it."""

    advice: str = Field(description="For people.")
    needs_confirmation: bool = Field(description="Whether a redrive needs `confirm_at_most_once`.")


class DeadLetterList(BaseModel):
    """A page of a list, newest first."""

    items: list[ListedDeadLetter]
    next_cursor: str | None = Field(default=None, description="Where the list goes on; left out at its end.")


class Sample(BaseModel):
    """The latest job of a group."""

    id: str
    name: str | None
    template_id: str | None


class DeadLetterGroup(_Cause):
    """Dead letters of one cause."""

    count: int
    first_failed_at: Time
    last_failed_at: Time
    sample: Sample


class DeadLetterGroups(BaseModel):
    """Groups, the largest first."""

    items: list[DeadLetterGroup]
    looked_at: int = Field(description="How many dead letters were counted in this call.")
    next_cursor: str | None = Field(
        default=None, description="There are more: add up the counts of each fingerprint. Left out at the end."
    )


class BulkProgress(BaseModel):
    """How far a bulk action is."""

    matched: int = Field(description="How many were found so far.")
    done: int = Field(description="How many were redriven or discarded.")
    refused: int = Field(description="How many had changed meanwhile, or may not be.")
    failed: int = Field(description="How many could not be, such as for want of their payload.")


class BulkRefusal(BaseModel):
    """A job to which it was not done."""

    id: str
    why: str = Field(description="One word for programs, such as at_most_once, or the status that it has.")


class BulkSpec(BaseModel):
    """What is done to which dead letters."""

    action: Literal["redrive", "discard"]
    filter: DeadLetterSelection
    rate_per_second: float | None = Field(description="null with discard.")
    canary: bool
    payload: dict[str, Any] | None
    confirm_at_most_once: bool
    reason: str | None


class BulkEstimate(BulkSpec):
    """What a bulk action would be about."""

    dry_run: Literal[True]
    matched: int = Field(description="How many are meant, at the least.")
    is_complete: bool = Field(description="Whether they are no more than that.")
    first: list[str] = Field(description="The ids of the newest of them, up to ten.")


class BulkAction(BulkSpec):
    """A bulk action."""

    id: str
    status: Literal["canary", "running", "done", "aborted"]
    progress: BulkProgress
    refusals: list[BulkRefusal] = Field(description="The last few of those refused or failed.")
    canary_job_id: str | None
    note: str | None = Field(description="Why it was aborted.")
    created_at: Time
    created_by: str = Field(description="The API key's id.")
    ended_at: Time | None


class BulkActionList(BaseModel):
    """A page of bulk actions."""

    items: list[BulkAction]
    next_cursor: str | None = Field(default=None, description="Where the list goes on; left out at its end.")
