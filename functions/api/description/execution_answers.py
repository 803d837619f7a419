"""The shapes of what those are answered who do the work of an attempt."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from functions.api.description.answers import Time  # noqa: TC001 (pydantic reads the annotations)


class Lease(BaseModel):
    """How long the attempt still holds its job."""

    lease_until: Time = Field(description="Report again before this, or the attempt counts as lost.")
    cancel_requested: bool = Field(
        description="The job is to be cancelled: end the work, and report that it failed. The lease is not extended "
        "any more."
    )


class KeptCheckpoint(BaseModel):
    """What an attempt left for the next one."""

    checkpoint: Any = Field(description="As it was sent; null when there is none.")
    attempt: int | None = Field(description="Which attempt left it.")
    saved_at: Time | None


class ReportedEnd(BaseModel):
    """What became of the job."""

    status: Literal["scheduled", "running", "succeeded", "failed", "cancelled"]
    next_attempt_at: Time | None = Field(description="When it is tried again.")
