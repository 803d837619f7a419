"""What clients send about calendars. Their days are read by `shared.model.schedule.calendar_documents`."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from functions.api.models.fields import Name, Shape
from shared.model.schedule import bounds
from shared.model.schedule.calendar import WEEKDAYS

_DATE: Final = {"type": "string", "format": "date"}
_DAY_NAME: Final = {"type": "string", "minLength": 1, "maxLength": bounds.MAX_CALENDAR_NAME_LENGTH}


def _object(*needed: str, **members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(needed), "additionalProperties": False}


def _list_of(items: dict[str, Any], most: int, description: str) -> Any:
    """Any value here, described as a list: the reader of calendars checks it."""
    schema: dict[str, Any] = {"type": "array", "items": items, "maxItems": most}
    return Field(default=(), description=description, json_schema_extra=schema)


_WEEKDAY: Final = {"type": "string", "enum": [name.lower() for name in WEEKDAYS]}
_SINGLE: Final = {"anyOf": [_DATE, _object("date", date=_DATE, name=_DAY_NAME)]}
_RANGE: Final = _object("first", "last", first=_DATE, last=_DATE, name=_DAY_NAME)
_PLACE: Final = _object("country", country={"type": "string"}, subdivision={"type": "string"})


class NewCalendar(Shape):
    """Days on which nothing, or not the usual, should run. What is left out excludes nothing."""

    name: Name | None = Field(default=None, description="For people.")
    weekend: Any = _list_of(_WEEKDAY, 6, "Weekdays that are excluded, by their English names.")
    dates: Any = _list_of(_SINGLE, bounds.MAX_CALENDAR_DATES, "Single days, with names or without.")
    ranges: Any = _list_of(_RANGE, bounds.MAX_CALENDAR_RANGES, "From the first to the last day, both included.")
    holidays: Any = _list_of(
        _PLACE,
        bounds.MAX_CALENDAR_PLACES,
        "The public holidays of countries (ISO 3166-1) and of parts of them (ISO 3166-2).",
    )


class CalendarImport(Shape):
    """An iCalendar text (RFC 5545), whose events become the calendar's dates and ranges."""

    ics: str = Field(
        description=f"BEGIN:VCALENDAR to END:VCALENDAR, up to {bounds.MAX_ICALENDAR_SIZE // 1024} K characters with "
        f"{bounds.MAX_ICALENDAR_EVENTS} events."
    )
    first_year: int | None = Field(
        default=None,
        ge=bounds.FIRST_YEAR,
        le=bounds.LAST_YEAR,
        description="Days before this year are left out. Default: the present year.",
    )
    last_year: int | None = Field(
        default=None,
        ge=bounds.FIRST_YEAR,
        le=bounds.LAST_YEAR,
        description="Days after this year are left out. Default: two years after the first; at most 20.",
    )
    timezone: str | None = Field(
        default=None, description="Whose days times in UTC mean. Default: the text's X-WR-TIMEZONE, or UTC."
    )
    dry_run: bool = Field(default=False, description="Answer what the calendar would become, and store nothing.")
