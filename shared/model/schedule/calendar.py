"""Calendars as values: which days they exclude, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.model.errors import InvalidField
from shared.model.schedule.bounds import MAX_ROLL_DAYS
from shared.model.schedule.public_holidays import public_holidays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class DateRange(NamedTuple):
    """From `first` to `last`, both included."""

    first: date
    last: date
    name: str | None = None


class HolidaysOf(NamedTuple):
    """A country by its ISO 3166-1 code, and one of its parts by its ISO 3166-2 code without the country's."""

    country: str
    subdivision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Days on which nothing, or not the usual, should run.

    `weekend` holds weekdays from Monday = 0, `dates` single days with their names, where they have one.
    """

    weekend: frozenset[int] = frozenset()
    dates: Mapping[date, str | None] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    ranges: tuple[DateRange, ...] = ()
    holidays: tuple[HolidaysOf, ...] = ()

    def reason(self, day: date) -> str | None:
        """Why this calendar excludes `day`, in words; None when it does not. What it says itself comes before what
        it takes over from a country."""
        if day in self.dates:
            return self.dates[day] or "a date of the calendar"
        for span in self.ranges:
            if span.first <= day <= span.last:
                return span.name or f"{span.first} to {span.last}"
        for place in self.holidays:
            name = public_holidays(*place, day.year).get(day)
            if name is not None:
                return name
        return WEEKDAYS[day.weekday()] if day.weekday() in self.weekend else None


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """The days that none of several calendars excludes."""

    calendars: tuple[Calendar, ...]
    _known: dict[date, str | None] = field(default_factory=dict, init=False)

    def reason(self, day: date) -> str | None:
        if day not in self._known:
            self._known[day] = next(filter(None, (calendar.reason(day) for calendar in self.calendars)), None)
        return self._known[day]

    def nearest(self, day: date, step: int) -> date | None:
        """The first day after (step 1) or before (step -1) `day` that is not excluded; None when all near ones are."""
        for distance in range(1, MAX_ROLL_DAYS + 1):
            other = day + timedelta(days=step * distance)
            if self.reason(other) is None:
                return other
        return None


def business_days(names: Sequence[str], calendars: Mapping[str, Calendar]) -> BusinessDays:
    """What the calendars of these names leave.

    Raises:
        InvalidField: there is no calendar of one of them.
    """
    for name in names:
        if name not in calendars:
            raise InvalidField("/calendars", f"there is no calendar {name}")
    return BusinessDays(tuple(calendars[name] for name in names))
