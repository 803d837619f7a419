"""What each route about calendars is for."""

from __future__ import annotations

from typing import Final

from functions.api.description import calendar_answers as answers
from functions.api.description.operation import CHANGE_PROBLEMS, CURSOR, IF_MATCH, LIMIT, Operation
from functions.api.models import calendars

_OFFICE: Final = {
    "name": "Berlin office",
    "weekend": ["saturday", "sunday"],
    "dates": ["2026-12-24", {"date": "2027-01-04", "name": "stocktaking"}],
    "ranges": [{"first": "2026-12-27", "last": "2026-12-31", "name": "between the years"}],
    "holidays": [{"country": "DE", "subdivision": "BE"}],
}
_ICS: Final = {
    "ics": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:1@example.com\r\n"
    "DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:company holiday\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "first_year": 2026,
    "last_year": 2028,
}

CALENDAR_OPERATIONS: Final = {
    ("GET", "/v1/calendars"): Operation(
        id="listCalendars",
        summary="List calendars, in the order of their ids",
        parameters=(LIMIT, CURSOR),
        answer=answers.CalendarList,
        statuses={200: "A page."},
        problems=("invalid-page-token",),
    ),
    ("GET", "/v1/calendars/{calendar_id}"): Operation(
        id="getCalendar",
        summary="Get a calendar",
        answer=answers.Calendar,
        statuses={200: "The calendar."},
        problems=("not-found",),
    ),
    ("PUT", "/v1/calendars/{calendar_id}"): Operation(
        id="putCalendar",
        summary="Create a calendar, or make it what it is to be",
        description="Templates that use it are planned anew: jobs that have not begun follow. The same body again "
        "changes nothing. The id is yours: up to 64 of A-Z, a-z, 0-9, _, . and -.",
        body=calendars.NewCalendar,
        example=_OFFICE,
        parameters=(IF_MATCH,),
        answer=answers.Calendar,
        statuses={200: "The calendar after the change.", 201: "The new calendar."},
        problems=("not-found", "conflict", "precondition-failed"),
    ),
    ("DELETE", "/v1/calendars/{calendar_id}"): Operation(
        id="deleteCalendar",
        summary="Delete a calendar that no template uses",
        parameters=(IF_MATCH,),
        answer=answers.DeletedCalendar,
        statuses={200: "It is gone."},
        problems=CHANGE_PROBLEMS,
    ),
    ("POST", "/v1/calendars/{calendar_id}/import"): Operation(
        id="importCalendar",
        summary="Take a calendar's dates and ranges from an iCalendar text",
        description="They take the place of those that are there; weekend and holidays stay. A calendar that is not "
        'there is created. With `dry_run` the answer is 200 with `"dry_run": true` and what it would become, and '
        "nothing is stored.",
        body=calendars.CalendarImport,
        example=_ICS,
        parameters=(IF_MATCH,),
        answer=answers.Calendar,
        dry_run=answers.ImportTrial,
        statuses={200: "The calendar after the change.", 201: "The new calendar."},
        problems=("not-found", "conflict", "precondition-failed"),
    ),
    ("POST", "/v1/calendars/{calendar_id}/impact"): Operation(
        id="judgeCalendar",
        summary="See what a change of a calendar would change",
        description="Of the templates that use it, whose occurrences of the next 90 days would run at other times, or "
        "not at all. Nothing is stored. Needs no calendar that is there. A call looks at up to 1,000 templates, "
        "as many as it has time for; the others follow with `next_cursor` and the same body.",
        body=calendars.NewCalendar,
        example=_OFFICE,
        parameters=(CURSOR,),
        answer=answers.CalendarImpact,
        statuses={200: "What would change."},
        problems=("not-found", "invalid-page-token"),
    ),
}
