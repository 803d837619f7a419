"""What clients send about backfills."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from functions.api.models.fields import PriorityName, Shape, Time
from shared.model import limits


class NewBackfill(Shape):
    """Past occurrences of a template that are to run now."""

    since: Time = Field(alias="from", description="The first nominal instant of the range.")
    until: Time = Field(alias="to", description="The last one; at least two minutes ago.")
    only: Literal["missing", "failed", "all"] = Field(
        default="missing",
        description="missing: those of which no job has begun. failed: those whose latest job failed for good. all: "
        "every one, also those that succeeded.",
    )
    order: Literal["oldest_first", "newest_first"] = Field(default="oldest_first", description="Which run first.")
    per_minute: int = Field(
        default=60, ge=1, le=limits.MAX_BACKFILL_PER_MINUTE, description="How many jobs are made in a minute at most."
    )
    at_once: int = Field(
        default=10,
        ge=1,
        le=limits.MAX_BACKFILL_AT_ONCE,
        description="How many of its jobs may be made and not ended. It is looked at once a minute.",
    )
    priority: PriorityName = Field(
        default="low", description="Which queue its jobs go through, so that live work of another has its own."
    )
    dry_run: bool = Field(default=False, description="Only tell what it would do.")
