"""The shapes of answers about maintenance windows, for the description and the tests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from functions.api.description.answers import Duration, Time  # noqa: TC001 (pydantic reads the annotations)
from functions.api.models.windows import WindowScope  # noqa: TC001 (pydantic reads the annotations)


class Span(BaseModel):
    """From the start until just before the end."""

    starts_at: Time
    ends_at: Time


class MaintenanceWindow(BaseModel):
    """A maintenance window."""

    id: str
    name: str
    note: str | None
    state: Literal["active", "upcoming", "past"]
    effect: Literal["hold", "skip", "run"]
    silences_alerts: bool
    scope: WindowScope | None = Field(description="null: all jobs.")
    starts_at: Time | None = Field(description="null for a recurring window, and for one that was ended as it began.")
    ends_at: Time | None = Field(description="As it is now: a window that was ended early ended then.")
    schedule: dict[str, Any] | None = Field(description="null for a one-off window.")
    duration: Duration | None
    spans: list[Span] = Field(description="Of a recurring window the next ones, up to 10, the present one among them.")
    release_over: Duration
    ended_at: Time | None = Field(description="When a span of it was last ended by hand.")
    version: int = Field(description="Rises with each change, and when further spans are computed; the ETag.")
    created_at: Time
    changed_at: Time
    changed_by: str = Field(description="The API key's id.")


class MaintenanceWindowList(BaseModel):
    """All windows: active, upcoming, past, each by their start."""

    items: list[MaintenanceWindow]
