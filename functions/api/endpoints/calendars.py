"""Calendars: shared by templates, changed with a look at what that does to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from functions.api.answer import Answer
from functions.api.endpoints.pages_by_id import page_by_id
from functions.api.endpoints.templates import change_of
from functions.api.models.calendars import CalendarImport, NewCalendar
from functions.api.models.faults import validated
from functions.api.put_calendar import CalendarContent
from functions.api.query_parameters import only
from functions.api.refusals import Refused, invalid_field
from functions.api.request import fingerprint
from functions.api.wire.answers import etag
from functions.api.wire.calendar_answers import calendar_answer, days_answer, impact_answer, listed_calendar
from functions.api.wire.page_tokens import page_token, parse_page_token
from shared.model import limits
from shared.model.errors import CalendarNotFound
from shared.model.schedule.calendar import Calendar
from shared.model.schedule.calendar_documents import CALENDAR_ID, read_calendar, write_calendar
from shared.model.time_zones import zone_names

if TYPE_CHECKING:
    from functions.api.put_calendar import DeclaredCalendar
    from functions.api.request import Request
    from functions.api.services import Services
    from shared.model.stored_calendar import StoredCalendar

_YEARS_AHEAD: Final = 2
_MOST_YEARS: Final = 20


def put_calendar(request: Request, services: Services, calendar_id: str) -> Answer:
    content = _content(request.json_object())
    change, put = change_of(request, services), services.templates().put_calendar
    return _declared(put(request.tenant, _new_id(calendar_id), change, lambda existing: content))


def get_calendar(request: Request, services: Services, calendar_id: str) -> Answer:
    return _answer(services.templates().calendars.get_calendar(request.tenant, _id(calendar_id)))


def list_calendars(request: Request, services: Services) -> Answer:
    kept = services.templates().calendars
    return page_by_id(
        request,
        "/v1/calendars",
        lambda after, limit: kept.list_calendars(request.tenant, after=after, limit=limit),
        listed_calendar,
    )


def delete_calendar(request: Request, services: Services, calendar_id: str) -> Answer:
    request.refuse_body()
    services.templates().delete_calendar(request.tenant, _id(calendar_id), change_of(request, services))
    return Answer(body={"id": calendar_id, "deleted": True}, facts={"calendar_id": calendar_id})


def judge_calendar(request: Request, services: Services, calendar_id: str) -> Answer:
    body = request.json_object()
    would_be, cursor = _content(body).days, only(request.parameters("cursor"), "cursor")
    list_key = f"{request.tenant} POST /v1/calendars/{_id(calendar_id)}/impact {fingerprint(body)}"
    impact = services.templates().judge_calendar(
        request.tenant,
        calendar_id,
        would_be,
        after=None if cursor is None else parse_page_token(cursor, list_key=list_key),
        now=services.clock.now(),
        seconds_left=request.seconds_left,
    )
    more = {} if impact.next is None else {"next_cursor": page_token(impact.next, list_key=list_key)}
    return Answer(body={**impact_answer(impact), **more}, facts={"calendar_id": calendar_id})


def import_calendar(request: Request, services: Services, calendar_id: str) -> Answer:
    asked = validated(CalendarImport, request.json_object(max_bytes=limits.MAX_ICS_BODY_BYTES))
    name, change, put = _new_id(calendar_id), change_of(request, services), services.templates().put_calendar
    imported = _imported(asked, services.clock.now().year)

    def decide(existing: StoredCalendar | None) -> CalendarContent:
        days = Calendar() if existing is None else read_calendar(existing.document)
        days = replace(days, dates=imported.dates, ranges=imported.ranges)
        return CalendarContent(None if existing is None else existing.name, read_calendar(write_calendar(days)))

    if asked.dry_run:
        content = decide(put.find(request.tenant, name))
        return Answer(body={"dry_run": True, "name": content.name, **days_answer(write_calendar(content.days))})
    return _declared(put(request.tenant, name, change, decide))


def _imported(asked: CalendarImport, this_year: int) -> Calendar:
    from shared.model.schedule.calendar_import import read_icalendar  # noqa: PLC0415 - the library, for imports alone

    first = this_year if asked.first_year is None else asked.first_year
    last = first + _YEARS_AHEAD if asked.last_year is None else asked.last_year
    if not first <= last < first + _MOST_YEARS:
        raise invalid_field("/last_year", "out-of-range", f"up to {_MOST_YEARS} years from the first one are expected")
    if asked.timezone is not None and asked.timezone not in zone_names():
        raise invalid_field("/timezone", "not-one-of", "a name of the IANA database is expected, such as Europe/Berlin")
    return read_icalendar(asked.ics, first_year=first, last_year=last, timezone=asked.timezone, pointer="/ics")


def _content(body: dict[str, Any]) -> CalendarContent:
    asked = validated(NewCalendar, body)
    days = {name: value for name, value in body.items() if name != "name"}
    return CalendarContent(asked.name, read_calendar(days))


def _id(calendar_id: str) -> str:
    """
    Raises:
        CalendarNotFound: no calendar has such an id.
    """
    if not CALENDAR_ID.fullmatch(calendar_id):
        raise CalendarNotFound(calendar_id)
    return calendar_id


def _new_id(calendar_id: str) -> str:
    if not CALENDAR_ID.fullmatch(calendar_id):
        allowed = "up to 64 of A-Z, a-z, 0-9, _, . and - (but neither . nor ..)"
        raise Refused("not-found", f"there is no such id: {allowed} make one")
    return calendar_id


def _declared(found: DeclaredCalendar) -> Answer:
    location = {"Location": f"/v1/calendars/{found.calendar.id}"}
    return _answer(found.calendar, status=201 if found.created else 200, headers=location)


def _answer(calendar: StoredCalendar, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(
        status=status,
        body=calendar_answer(calendar),
        headers={"ETag": etag(calendar), **(headers or {})},
        facts={"calendar_id": calendar.id},
        outlives_etag=True,  # is_applied
    )
