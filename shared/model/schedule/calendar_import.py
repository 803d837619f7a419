"""Calendars from iCalendar texts: the days that events touch, with their names."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from shared.model.errors import InvalidField
from shared.model.schedule import bounds
from shared.model.schedule.calendar import Calendar, DateRange
from shared.model.schedule.calendar_documents import read_calendar, write_calendar
from shared.model.schedule.imported_events import read_events
from shared.model.schedule.local_time import local_seconds, naive_time
from shared.model.schedule.recurrence_rule import Rule, read_rule
from shared.model.schedule.rule_times import RuleTimes, with_defaults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.schedule.imported_events import ImportedEvent

_DAY: Final = timedelta(days=1)
_MOMENT: Final = timedelta(microseconds=1)


def read_icalendar(
    text: str, *, first_year: int, last_year: int, timezone: str | None = None, pointer: str = ""
) -> Calendar:
    """The dates and ranges of an .ics text from the first to the last of these years, both included.

    An event counts for the days that it touches: an all-day one for its days, one with times for those of its own zone.
    Times in UTC are read in `timezone` (an IANA name), else in the calendar's X-WR-TIMEZONE, else in UTC. Recurrences
    are expanded; what is cancelled is left out. SUMMARY becomes the name; a day that several events touch has all their
    names, and days in a row with the same name become a range.

    Raises:
        InvalidField: at `pointer`: the text, or which event, is wrong, and how; or it is too much for a calendar.
    """
    if len(text) > bounds.MAX_ICALENDAR_SIZE or text.count("\n") > bounds.MAX_ICALENDAR_LINES:
        raise InvalidField(
            pointer,
            f"up to {bounds.MAX_ICALENDAR_SIZE} characters in {bounds.MAX_ICALENDAR_LINES} lines are accepted",
        )
    days = _Days(date(first_year, 1, 1), date(last_year, 12, 31))
    with _told_at(pointer):
        for event in read_events(text, timezone):
            days.add(event)
        if not days.names:
            raise ValueError(f"no event has a day from {first_year} to {last_year}; name other years")
    calendar = days.calendar()
    try:
        return read_calendar(write_calendar(calendar))
    except InvalidField as refused:
        raise InvalidField(
            pointer,
            f"its events make {len(calendar.dates)} dates and {len(calendar.ranges)} ranges, too much for a calendar"
            f" ({refused.detail}); name fewer years",
        ) from None


@contextmanager
def _told_at(pointer: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise InvalidField(pointer, str(error)) from None


class _Days:
    """The days from `first` to `last` that events touch, with the events' names."""

    def __init__(self, first: date, last: date) -> None:
        self.names: dict[date, list[str]] = {}
        self._first = first
        self._last = last
        self._days_touched = 0
        self._days_looked_at = 0

    def add(self, event: ImportedEvent) -> None:
        """Add the days that the event touches.

        Raises:
            ValueError: its recurrence cannot be read, or all events together are too much work.
        """
        starts = {event.start, *event.others}
        try:
            if event.rule is not None:
                starts.update(self._recurrences(event))
        except (ValueError, bounds.SearchTooLong) as error:
            raise ValueError(f"{event.label}: {error}") from None
        for start in starts:
            if start not in event.left_out and start.date() not in event.days_left_out:
                self._touch(event, start)

    def calendar(self) -> Calendar:
        """Days in a row with the same name as ranges, the others as dates."""
        runs: list[DateRange] = []
        for day in sorted(self.names):
            name = _joined(self.names[day])
            if runs and runs[-1].last + _DAY == day and runs[-1].name == name:
                runs[-1] = runs[-1]._replace(last=day)
            else:
                runs.append(DateRange(day, day, name))
        return Calendar(
            dates={run.first: run.name for run in runs if run.first == run.last},
            ranges=tuple(run for run in runs if run.first < run.last),
        )

    def _touch(self, event: ImportedEvent, start: datetime) -> None:
        # Events end before their end; one without a length is on the day on which it is.
        end = (start + event.length - _MOMENT).date() if event.length else start.date()
        day, end = max(start.date(), self._first), min(end, self._last)
        while day <= end:
            self._days_touched += 1
            if self._days_touched > bounds.MAX_ICALENDAR_DAYS:
                raise ValueError(f"its events touch more than {bounds.MAX_ICALENDAR_DAYS} days; name fewer years")
            names = self.names.setdefault(day, [])
            if event.name and event.name not in names:
                names.append(event.name)
            day += _DAY

    def _recurrences(self, event: ImportedEvent) -> Iterator[datetime]:
        """When it begins again, so that it may touch one of the days."""
        rule, start = _rule(event), local_seconds(event.start)
        first, last = (
            local_seconds(datetime(day.year, day.month, day.day)) for day in (self._first, self._last + _DAY)
        )
        first -= event.length // timedelta(seconds=1) + 1
        self._look_at(rule, start, max(start, first) if rule.count is None else start, last)
        for time in RuleTimes(rule, start).local_times(first, last):
            yield naive_time(time * 1000)

    def _look_at(self, rule: Rule, start: int, first: int, last: int) -> None:
        """Count the days that a search looks at: of a year, those of the months or of the days that the rule names."""
        rule = with_defaults(rule, start)
        per_year = 366
        if rule.frequency == "YEARLY" and (rule.year_days or rule.months):
            per_year = len(rule.year_days) or 31 * len(rule.months)
        years = max(0, last - first) // (365 * 86_400) + 1
        self._days_looked_at += years * per_year
        if self._days_looked_at > bounds.MAX_ICALENDAR_DAYS_LOOKED_AT:
            raise ValueError("there are too many recurring events for so many years; name fewer years")


def _rule(event: ImportedEvent) -> Rule:
    rule = read_rule(event.rule or "", event.timezone)
    if rule.frequency in ("HOURLY", "MINUTELY"):
        raise ValueError(f"FREQ={rule.frequency} is not accepted in a calendar of days; write DAILY")
    if len(rule.hours) > 1 or len(rule.minutes) > 1 or len(rule.seconds) > 1:
        raise ValueError("it begins several times a day, which is not accepted in a calendar of days")
    return rule


def _joined(names: list[str]) -> str | None:
    """As many of the names as fit; None when there is none."""
    joined = ", ".join(names)
    longest = bounds.MAX_CALENDAR_NAME_LENGTH
    return (joined if len(joined) <= longest else f"{joined[: longest - 1]}…") or None
