"""What clients send about schedules. How a schedule itself is written is read by `shared.model.schedule.documents`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from functions.api.models.fields import Shape, Time
from shared.model import limits


class SchedulePreview(Shape):
    """A schedule that need not be stored, to see what it means."""

    schedule: dict[str, Any] = Field(
        description="One of `cron` (Unix with five fields, Quartz with six or seven, or EventBridge's `cron(…)`, "
        "`rate(…)`, `at(…)`), `every` (a duration), `rrule` (RFC 5545), `at` (a list of times) or `any_of` (several of "
        "these); and `timezone`, `dst_gap`, `dst_overlap`, `start_at`, `end_at`, `max_occurrences`, `spread`, "
        "`calendars`, `on_excluded`.",
    )
    template_id: str | None = Field(
        default=None,
        description="A template that might get this schedule: tell also what would change for it, and which "
        "maintenance windows its runs would meet.",
    )
    after: Time | None = Field(default=None, description="Show what comes after this time. Default: now.")
    count: int = Field(
        default=10, ge=1, le=limits.MAX_PREVIEW, description="How many occurrences to show; those left out count too."
    )
