"""The shapes of answers about occurrences, for the description and the tests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from functions.api.description.answers import Duration, MetWindow, Time  # noqa: TC001 (pydantic reads the annotations)

_NEXT_CURSOR: Any = Field(default=None, description="Left out at the end.")


class ExplainedOccurrence(BaseModel):
    """An occurrence of a template, with its job or the reason why there is none; or a job beside the schedule."""

    nominal_at: Time | None = Field(description="null for a job that was triggered.")
    nominal_local: str | None
    effective_at: Time | None = Field(description="When it runs; null when it does not.")
    utc_offset: str | None
    status: Literal[
        "blocked",
        "scheduled",
        "running",
        "succeeded",
        "failed",
        "cancelled",
        "skipped",
        "expected",
        "excluded",
        "overdue",
        "forgotten",
    ] = Field(
        description="Its job's; or without one: expected (ahead), excluded (by the schedule), skipped, overdue (its "
        "job is late), forgotten (its job is not kept any more)."
    )
    reason: str | None = Field(
        description="Such as paused, missed, skipped_by_client, withdrawn, expired, calendar, dst_gap, merged."
    )
    detail: str | None = Field(description="For people: the pause's note, the holiday.")
    job_id: str | None
    started_at: Time | None
    ended_at: Time | None
    template_version: int = Field(description="The version that planned it, or that held at its time.")
    notes: list[Literal["dst_gap", "dst_overlap", "rolled", "spread"]] = Field(description="What moved it.")
    window: MetWindow | None = Field(
        description="The maintenance window that a run ahead would meet, or that holds it, by the spans that are known "
        "now."
    )


class OccurrenceList(BaseModel):
    """Occurrences by their nominal instants, oldest first. A page may be a little longer than asked for."""

    from_: Time = Field(alias="from")
    to: Time
    items: list[ExplainedOccurrence]
    next_cursor: str | None = _NEXT_CURSOR


class ForecastBucket(BaseModel):
    """How many runs are due in a minute or an hour."""

    at: Time
    count: int
    held: int = Field(description="How many of them a maintenance window would hold: they begin when it is over.")
    skipped: int = Field(description="How many of them one would skip.")


class ScheduleShare(BaseModel):
    """How many of a peak's runs come from the templates of one schedule."""

    schedule: dict[str, Any]
    templates: int
    count: int


class ForecastPeak(BaseModel):
    """A bucket in which far more is due than usual."""

    at: Time
    count: int
    schedules: list[ScheduleShare] = Field(description="The largest parts.")
    suggested_spread: Duration | None = None
    suggestion: str | None


class Forecast(BaseModel):
    """What is ahead over all active templates."""

    from_: Time = Field(alias="from")
    to: Time
    resolution: Literal["minute", "hour"]
    templates: int
    occurrences: int
    is_complete: bool = Field(description="false when not all could be counted in the time of a request.")
    buckets: list[ForecastBucket] = Field(description="Those without a run are left out.")
    peaks: list[ForecastPeak]


class BackfillProgress(BaseModel):
    """How far a backfill is."""

    total: int = Field(description="How many runs it found when it was created.")
    made: int
    passed_over: int = Field(description="Occurrences that need not run, or not any more.")
    open: int = Field(description="Jobs that are made and have not ended.")
    succeeded: int
    failed: int = Field(description="Those that ended in any other way.")
    position: Time | None = Field(description="The nominal instant of the last one dealt with.")


class BackfillSpec(BaseModel):
    """Which occurrences a backfill runs, and how."""

    template_id: str
    template_version: int
    from_: Time = Field(alias="from")
    to: Time
    only: Literal["missing", "failed", "all"]
    order: Literal["oldest_first", "newest_first"]
    per_minute: int
    at_once: int
    priority: Literal["high", "normal", "low"]


class BackfillEstimate(BackfillSpec):
    """What a backfill would do."""

    dry_run: Literal[True]
    total: int = Field(description="How many would run.")
    passed_over: int = Field(description="How many are in the range and would not run.")
    first: list[Time] = Field(description="The nominal instants of the first of them.")
    takes_at_least: Duration


class Backfill(BackfillSpec):
    """A backfill; its jobs have its id as their correlation id."""

    id: str
    status: Literal["running", "done", "aborted"]
    progress: BackfillProgress
    takes_at_least: Duration = Field(description="Until the rest is made.")
    note: str | None
    created_at: Time
    created_by: str
    ended_at: Time | None


class BackfillList(BaseModel):
    """Backfills, newest first."""

    items: list[Backfill]
    next_cursor: str | None = _NEXT_CURSOR
