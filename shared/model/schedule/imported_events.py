"""The events of an iCalendar text (RFC 5545), as values: when each is, in its own local time, and how it recurs."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from shared.model.schedule.bounds import LAST_YEAR, MAX_CALENDAR_NAME_LENGTH, MAX_ICALENDAR_EVENTS
from shared.model.time_zones import zone, zone_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import icalendar

# What the library raises for texts that are none; OSError, since it looks for a zone named "Europe" and finds a folder.
_FAULTS: Final = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, OSError, RecursionError)
# Yearly events that began long ago: birthdays, and holidays of which nobody knows when they began.
_FIRST_YEAR: Final = 1800
_LONGEST: Final = timedelta(days=3_660)
_TIMES: Final = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEvent:
    """Times are naive, local where the event is.

    It begins at `start`, and again at those of `rule` (the text of an RRULE, whose UNTIL in UTC is one in `timezone`)
    and at `others`, but at none of `left_out`, nor on a day of `days_left_out`. `label` names it in errors.
    """

    label: str
    name: str | None
    start: datetime
    length: timedelta
    timezone: str
    rule: str | None = None
    others: frozenset[datetime] = frozenset()
    left_out: frozenset[datetime] = frozenset()
    days_left_out: frozenset[date] = frozenset()


class _Entry(NamedTuple):
    """An event with what its text says of it beside when it is: `replaces` is the beginning of another event with the
    same `uid` in whose place it stands. A cancelled one takes that place, and leaves it empty."""

    event: ImportedEvent
    uid: str
    replaces: datetime | None
    cancelled: bool


def read_events(text: str, timezone: str | None) -> list[ImportedEvent]:
    """The events of the text that take place. Times in UTC are those of `timezone`, else of the zone that the text
    names as its own, else of UTC.

    Raises:
        ValueError: the text is no calendar, or an event cannot be read: which, why, and what would be right.
    """
    import icalendar  # noqa: PLC0415 - sixty milliseconds, for those who import

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            calendars = icalendar.Calendar.from_ical(_without_zones(text), multiple=True)
            found = [
                (component, timezone or _said_zone(calendar))
                for calendar in calendars
                if calendar.name == "VCALENDAR"
                for component in calendar.subcomponents
                if component.name == "VEVENT"
            ]
    except _FAULTS as error:
        raise ValueError(f"it is no iCalendar text, BEGIN:VCALENDAR to END:VCALENDAR: {_words(error)}"[:300]) from None
    if not found:
        raise ValueError("it has no event: BEGIN:VEVENT to END:VEVENT, within BEGIN:VCALENDAR to END:VCALENDAR")
    if len(found) > MAX_ICALENDAR_EVENTS:
        raise ValueError(f"it has {len(found)} events, and {MAX_ICALENDAR_EVENTS} are accepted; import a part of them")
    entries = [_read_entry(number, component, zone_name) for number, (component, zone_name) in enumerate(found, 1)]
    taken: dict[str, set[datetime]] = {}
    for entry in entries:
        if entry.replaces is not None:
            taken.setdefault(entry.uid, set()).add(entry.replaces)
    return [_without(entry, taken) for entry in entries if not entry.cancelled]


def _without_zones(text: str) -> str:
    """Without the definitions of zones that programs add: the names of zones mean those of the IANA database."""
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        word = line.strip().upper()
        inside = inside or word == "BEGIN:VTIMEZONE"
        if not inside:
            kept.append(line)
        inside = inside and word != "END:VTIMEZONE"
    return "".join(kept)


def _without(entry: _Entry, taken: Mapping[str, set[datetime]]) -> ImportedEvent:
    if entry.replaces is not None or entry.uid not in taken:
        return entry.event
    return replace(entry.event, left_out=entry.event.left_out | taken[entry.uid])


def _words(error: Exception) -> str:
    """What the client is told: what is meant for reading, and not where files lie on this machine."""
    return str(error) if isinstance(error, ValueError) else "a value in it cannot be read"


def _said_zone(calendar: icalendar.Component) -> str:
    """What Google and Apple write: the calendar's own zone."""
    name = str(calendar.get("X-WR-TIMEZONE", "UTC"))
    return name if name in zone_names() else "UTC"


def _read_entry(number: int, component: Any, zone_name: str) -> _Entry:
    summary = _first(component.get("SUMMARY"))
    name = _one_line(str(summary)) if summary is not None else None
    label = f"event {number}" + (f" ({name})" if name else "")
    try:
        for member, fault in component.errors:
            if member in _TIMES:
                raise ValueError(f"{member}: {fault}")
        return _EventReader(component, zone_name).read(label, name)
    except _FAULTS as error:
        raise ValueError(f"{label}: {_words(error)}"[:300]) from None


@dataclass(slots=True)
class _EventReader:
    component: Any
    zone_name: str

    def read(self, label: str, name: str | None) -> _Entry:
        self._refuse_what_is_not_understood()
        start = self.component["DTSTART"].dt
        self.zone_name = _zone_of(start) or self.zone_name
        excluded = list(self._listed("EXDATE"))
        # Some programs leave out days of what has a time, or times of what takes the day: the whole days are meant.
        has_time = isinstance(start, datetime)
        replaced, rule = self.component.get("RECURRENCE-ID"), self.component.get("RRULE")
        event = ImportedEvent(
            label=label,
            name=name,
            start=self._local(start),
            length=self._length(start),
            timezone=self.zone_name,
            rule=None if rule is None else rule.to_ical().decode(),
            others=frozenset(map(self._local, self._listed("RDATE"))),
            left_out=frozenset(self._local(value) for value in excluded if isinstance(value, datetime)),
            days_left_out=frozenset(
                self._local(value).date() for value in excluded if not (has_time and isinstance(value, datetime))
            ),
        )
        return _Entry(
            event,
            uid=str(_first(self.component.get("UID")) or label),
            replaces=None if replaced is None else self._local(replaced.dt),
            cancelled=str(_first(self.component.get("STATUS")) or "").upper() == "CANCELLED",
        )

    def _refuse_what_is_not_understood(self) -> None:
        if "DTSTART" not in self.component:
            raise ValueError("it has no DTSTART, and so no day")
        for member in ("DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID"):
            if isinstance(self.component.get(member), list):
                raise ValueError(f"{member} is there twice; once is enough")
        if "EXRULE" in self.component:
            raise ValueError("EXRULE is not accepted; EXDATE leaves single days out")
        replaced = self.component.get("RECURRENCE-ID")
        if replaced is not None and "RANGE" in replaced.params:
            raise ValueError("RECURRENCE-ID with RANGE is not accepted; end the event, and write a second one")

    def _listed(self, member: str) -> Iterator[date | datetime]:
        found = self.component.get(member, [])
        for values in found if isinstance(found, list) else [found]:
            for value in values.dts:
                if isinstance(value.dt, tuple):
                    raise ValueError(f"{member}: periods are not accepted, only dates and times")
                yield value.dt

    def _length(self, start: date | datetime) -> timedelta:
        """Of an event without an end: its one day, or the instant. An end before the start is none."""
        least = timedelta() if isinstance(start, datetime) else timedelta(days=1)
        length = least
        if "DURATION" in self.component:
            length = self.component["DURATION"].dt
        elif "DTEND" in self.component:
            end = self.component["DTEND"].dt
            if isinstance(end, datetime) != isinstance(start, datetime):
                raise ValueError("DTEND: a date is expected where DTSTART is one, and a time where that is one")
            length = self._local(end) - self._local(start)
        if length < timedelta():
            raise ValueError("it ends before it begins")
        if length > _LONGEST:
            raise ValueError(f"it takes longer than {_LONGEST.days} days")
        return max(length, least)

    def _local(self, value: Any) -> datetime:
        """On the clocks of the event's zone; what has no zone, and what has one that is not known, as it is written."""
        if not isinstance(value, date):
            raise ValueError(f"{value} is no date or time")
        if not _FIRST_YEAR <= value.year <= LAST_YEAR:
            raise ValueError(f"{value} lies outside the years {_FIRST_YEAR} to {LAST_YEAR}")
        if not isinstance(value, datetime):
            return datetime.combine(value, time())
        own = UTC if _is_utc(value.tzinfo) else _known_zone(value.tzinfo)
        if own is None:
            return value.replace(tzinfo=None)
        return value.replace(tzinfo=own).astimezone(zone(self.zone_name)).replace(tzinfo=None)


def _zone_of(start: Any) -> str | None:
    """The name of the zone in which an event begins; None where it says none, or UTC."""
    rules = _known_zone(start.tzinfo) if isinstance(start, datetime) and not _is_utc(start.tzinfo) else None
    return None if rules is None else rules.key


def _is_utc(rules: tzinfo | None) -> bool:
    return rules is UTC or (isinstance(rules, ZoneInfo) and rules.key == "UTC")


def _known_zone(rules: tzinfo | None) -> ZoneInfo | None:
    """A zone of the IANA database, with its rules as they are known here. One that a text did define all the same
    is asked nothing: the library keeps it for the next text, and its rules may be such that no search in them ends."""
    return zone(rules.key) if isinstance(rules, ZoneInfo) and rules.key in zone_names() else None


def _first(values: Any) -> Any:
    return values[0] if isinstance(values, list) else values


def _one_line(text: str) -> str | None:
    """A name as calendars have them: one line, printable, not too long."""
    words = "".join(character if character.isprintable() else " " for character in text).split()
    name = " ".join(words)
    return (name if len(name) <= MAX_CALENDAR_NAME_LENGTH else f"{name[: MAX_CALENDAR_NAME_LENGTH - 1]}…") or None
