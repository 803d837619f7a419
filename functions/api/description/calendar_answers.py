"""The shapes of answers about calendars, for the description and the tests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from functions.api.description.answers import Time  # noqa: TC001 (pydantic reads the annotations)


class CalendarDate(BaseModel):
    """A day with a name."""

    date: str
    name: str


class CalendarRange(BaseModel):
    """From the first to the last day."""

    first: str
    last: str
    name: str | None = None


class CalendarPlace(BaseModel):
    """Whose public holidays."""

    country: str
    subdivision: str | None = None


class CalendarDays(BaseModel):
    """What a calendar excludes."""

    weekend: list[str]
    dates: list[CalendarDate | str] = Field(description="Those without a name as strings.")
    ranges: list[CalendarRange]
    holidays: list[CalendarPlace]


_IS_APPLIED: Any = Field(description="Whether all templates that use it are planned by this version.")
_VERSION: Any = Field(description="Rises with each change; the ETag.")
_CHANGED_BY: Any = Field(description="The API key's id.")


class ImportTrial(CalendarDays):
    """What an import would make of a calendar."""

    dry_run: Literal[True]
    name: str | None


class Calendar(CalendarDays):
    """A calendar."""

    id: str
    name: str | None
    version: int = _VERSION
    is_applied: bool = _IS_APPLIED
    created_at: Time
    changed_at: Time
    changed_by: str = _CHANGED_BY


class ListedCalendar(BaseModel):
    """A calendar without its days."""

    id: str
    name: str | None
    version: int = _VERSION
    weekend: list[str]
    dates: int = Field(description="How many.")
    ranges: int = Field(description="How many.")
    holidays: list[CalendarPlace]
    is_applied: bool = _IS_APPLIED
    created_at: Time
    changed_at: Time
    changed_by: str = _CHANGED_BY


class CalendarList(BaseModel):
    """A page of calendars."""

    items: list[ListedCalendar]
    next_cursor: str | None = Field(default=None, description="Left out at the end.")


class DeletedCalendar(BaseModel):
    """What was deleted."""

    id: str
    deleted: Literal[True]


class ChangedOccurrence(BaseModel):
    """An occurrence that would run at another time, or not at all, or that appears."""

    nominal_at: Time
    was: Time | None = Field(description="When it runs now; null: not at all.")
    becomes: Time | None
    reason: str | None = Field(description="Why the calendar would exclude its day.")


class ChangedTemplate(BaseModel):
    """A template some of whose occurrences would change."""

    template_id: str
    name: str
    status: Literal["active", "paused"]
    changed_occurrences: int
    until: Time = Field(description="How far its occurrences were looked at.")
    first: list[ChangedOccurrence] = Field(description="The first 3.")


class CalendarImpact(BaseModel):
    """What a change of a calendar would mean."""

    until: Time
    templates: int = Field(description="How many use it, of those that were looked at.")
    changed_templates: int
    changed_occurrences: int
    is_complete: bool = Field(description="Whether all templates, and all their occurrences, were looked at.")
    items: list[ChangedTemplate] = Field(description="The first 50.")
    next_cursor: str | None = Field(default=None, description="Left out when no template is left to look at.")
