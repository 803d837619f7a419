"""Calendars as JSON documents: what clients write, what the API answers, and what is stored."""

from __future__ import annotations

import json
import re
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from shared.model.errors import InvalidField
from shared.model.json_pointer import member_of
from shared.model.schedule import bounds
from shared.model.schedule.calendar import WEEKDAYS, Calendar, DateRange, HolidaysOf
from shared.model.schedule.public_holidays import unknown_country, unknown_subdivision

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

# Clients resolve `.` and `..` in a path before they send it.
CALENDAR_ID: Final = re.compile(rf"(?!\.\.?$)[A-Za-z0-9_.-]{{1,{bounds.MAX_CALENDAR_ID_LENGTH}}}", re.ASCII)
_MEMBERS: Final = ("weekend", "dates", "ranges", "holidays")
_DAYS: Final = tuple(name.lower() for name in WEEKDAYS)
_Member = TypeVar("_Member")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def read_calendar(document: Mapping[str, Any], pointer: str = "") -> Calendar:
    """The calendar that a JSON object writes; `pointer` is where it stands in the request.

    All members may be left out: `weekend`, a list of weekdays' English names; `dates`, each `"2026-12-24"` or
    `{"date": "2026-12-24", "name": "company holiday"}`; `ranges` of `{"first": …, "last": …, "name": …}`, both days
    included; `holidays` of `{"country": "DE", "subdivision": "BE"}`, by ISO 3166. The order of lists means nothing.

    Raises:
        InvalidField: which member is wrong, how, and what would be right.
    """
    _check_object(document, _MEMBERS, (), pointer, 'such as {"weekend": ["saturday", "sunday"]}')
    dates = _read_each(document, "dates", bounds.MAX_CALENDAR_DATES, _read_date_with_name, pointer)
    _refuse_twice([day for day, _ in dates], f"{pointer}/dates")
    ranges = _read_each(document, "ranges", bounds.MAX_CALENDAR_RANGES, _read_range, pointer)
    _refuse_twice(ranges, f"{pointer}/ranges")
    places = _read_each(document, "holidays", bounds.MAX_CALENDAR_PLACES, _read_place, pointer)
    _refuse_twice(places, f"{pointer}/holidays")
    calendar = Calendar(
        weekend=_read_weekend(document, pointer),
        dates=MappingProxyType(dict(sorted(dates, key=lambda found: found[0]))),
        ranges=tuple(sorted(ranges, key=lambda span: (span.first, span.last, span.name or ""))),
        holidays=tuple(sorted(places, key=lambda place: (place.country, place.subdivision or ""))),
    )
    size = len(calendar_text(calendar).encode())
    if size > bounds.MAX_CALENDAR_SIZE:
        raise InvalidField(
            pointer, f"it has {size} bytes, and {bounds.MAX_CALENDAR_SIZE} are accepted; use fewer dates, shorter names"
        )
    return calendar


def write_calendar(calendar: Calendar) -> dict[str, Any]:
    """The document of a calendar, which reads as the same again: in order, and without what it does not have."""
    dates = ({"date": f"{day}", "name": name} if name else f"{day}" for day, name in sorted(calendar.dates.items()))
    members: dict[str, list[Any]] = {
        "weekend": [_DAYS[day] for day in sorted(calendar.weekend)],
        "dates": list(dates),
        "ranges": [
            {"first": f"{span.first}", "last": f"{span.last}"} | ({"name": span.name} if span.name else {})
            for span in calendar.ranges
        ],
        "holidays": [
            {"country": place.country} | ({"subdivision": place.subdivision} if place.subdivision else {})
            for place in calendar.holidays
        ],
    }
    return {name: value for name, value in members.items() if value}


def calendar_text(calendar: Calendar) -> str:
    """Its document as compact JSON, as it is stored."""
    return json.dumps(write_calendar(calendar), ensure_ascii=False, separators=(",", ":"))


def _read_each(
    document: Mapping[str, Any], name: str, most: int, read: Callable[[Any, str], _Member], pointer: str
) -> list[_Member]:
    where, value = f"{pointer}/{name}", document.get(name, [])
    if not isinstance(value, list) or len(value) > most:
        raise InvalidField(where, f"a list of up to {most} is expected")
    return [read(item, f"{where}/{number}") for number, item in enumerate(value)]


def _read_weekend(document: Mapping[str, Any], pointer: str) -> frozenset[int]:
    names = _read_each(document, "weekend", len(_DAYS), _read_weekday, pointer)
    _refuse_twice(names, f"{pointer}/weekend")
    if len(names) == len(_DAYS):
        raise InvalidField(f"{pointer}/weekend", "it leaves no day of the week; a calendar excludes six at most")
    return frozenset(names)


def _read_weekday(value: Any, pointer: str) -> int:
    if not isinstance(value, str) or value not in _DAYS:
        raise InvalidField(pointer, f"one of {', '.join(_DAYS)} is expected")
    return _DAYS.index(value)


def _read_date_with_name(value: Any, pointer: str) -> tuple[date, str | None]:
    if isinstance(value, str):
        return _read_date(value, pointer), None
    _check_object(value, ("date", "name"), ("date",), pointer, 'such as {"date": "2026-12-24"}, or a date alone')
    return _read_date(value["date"], f"{pointer}/date"), _read_name(value, pointer)


def _read_range(value: Any, pointer: str) -> DateRange:
    members = ("first", "last", "name")
    _check_object(value, members, members[:2], pointer, 'such as {"first": "2026-12-27", "last": "2026-12-31"}')
    first, last = (_read_date(value[name], f"{pointer}/{name}") for name in members[:2])
    if last < first:
        raise InvalidField(f"{pointer}/last", "it lies before first; both belong to the range, and may be the same day")
    return DateRange(first, last, _read_name(value, pointer))


def _read_place(value: Any, pointer: str) -> HolidaysOf:
    members = ("country", "subdivision")
    _check_object(value, members, members[:1], pointer, 'such as {"country": "DE", "subdivision": "BE"}')
    country, subdivision = value["country"], value.get("subdivision")
    if not isinstance(country, str) or len(country) > bounds.MAX_CALENDAR_PLACE_LENGTH:
        raise InvalidField(f"{pointer}/country", "an ISO 3166-1 code is expected, such as DE")
    if fault := unknown_country(country):
        raise InvalidField(f"{pointer}/country", fault)
    if subdivision is None:
        return HolidaysOf(country)
    if not isinstance(subdivision, str) or len(subdivision) > bounds.MAX_CALENDAR_PLACE_LENGTH:
        raise InvalidField(f"{pointer}/subdivision", "an ISO 3166-2 code is expected, without the country: BE of DE-BE")
    if fault := unknown_subdivision(country, subdivision):
        raise InvalidField(f"{pointer}/subdivision", fault)
    return HolidaysOf(country, subdivision)


def _read_date(value: Any, pointer: str) -> date:
    try:
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            raise ValueError
        found = date.fromisoformat(value)
    except ValueError:
        raise InvalidField(pointer, "a date of the calendar is expected, such as 2026-12-24") from None
    if not bounds.FIRST_YEAR <= found.year <= bounds.LAST_YEAR:
        raise InvalidField(pointer, f"years from {bounds.FIRST_YEAR} to {bounds.LAST_YEAR} are accepted")
    return found


def _read_name(document: Mapping[str, Any], pointer: str) -> str | None:
    name, longest = document.get("name"), bounds.MAX_CALENDAR_NAME_LENGTH
    if name is None:
        return None
    if not isinstance(name, str) or not name.isprintable() or not name.strip() or len(name) > longest:
        raise InvalidField(f"{pointer}/name", f"one line of 1 to {longest} characters is expected; or leave it out")
    return name


def _check_object(value: Any, known: Collection[str], needed: Collection[str], pointer: str, example: str) -> None:
    if not isinstance(value, dict):
        raise InvalidField(pointer, f"an object is expected, {example}")
    for name in value:
        if name not in known:
            raise InvalidField(member_of(pointer, name), f"it is not known here; {', '.join(known)} are")
    for name in needed:
        if name not in value:
            raise InvalidField(f"{pointer}/{name}", f"it is missing: an object is expected, {example}")


def _refuse_twice(items: list[_Member], pointer: str) -> None:
    seen: set[_Member] = set()
    for number, item in enumerate(items):
        if item in seen:
            raise InvalidField(f"{pointer}/{number}", "it is there already; once is enough")
        seen.add(item)
