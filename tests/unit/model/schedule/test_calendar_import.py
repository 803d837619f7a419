"""Calendars from iCalendar texts, in the shapes that programs write them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shared.model.errors import InvalidField
from shared.model.schedule.calendar import Calendar, DateRange
from shared.model.schedule.calendar_import import read_icalendar

GOOGLE = """\
BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Feiertage
X-WR-TIMEZONE:Asia/Tokyo
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261225
DTEND;VALUE=DATE:20261226
DTSTAMP:20261120T120000Z
UID:20261225_1@google.com
CLASS:PUBLIC
DESCRIPTION:Gesetzlicher Feiertag\\nUm Feiertage zu verbergen\\, rufe die Ein
 stellungen auf
STATUS:CONFIRMED
SUMMARY:Erster Weihnachtsfeiertag
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261228
DTEND;VALUE=DATE:20270101
UID:20261228_1@google.com
STATUS:CONFIRMED
SUMMARY:Zwischen den Jahren\\, Werk \\; Büro und eine Beschreib
 ung
END:VEVENT
BEGIN:VEVENT
DTSTART:20261120T150000Z
DTEND:20261120T160000Z
UID:utc@google.com
SUMMARY:Midnight in Tokyo
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261111
UID:cancelled@google.com
STATUS:CANCELLED
SUMMARY:Does not take place
END:VEVENT
END:VCALENDAR
"""
OUTLOOK = """\
BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:PUBLISH
X-CALSTART:20260101T000000Z
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
CLASS:PUBLIC
DTSTART;TZID="W. Europe Standard Time":20261126T180000
DTEND;TZID="W. Europe Standard Time":20261127T020000
SUMMARY;LANGUAGE=de:Release
UID:040000008200E00074C5B7101A82E008
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
BEGIN:VALARM
TRIGGER:-PT15M
ACTION:DISPLAY
END:VALARM
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID="W. Europe Standard Time":20261207T000000
DTEND;TZID="W. Europe Standard Time":20261208T000000
RRULE:FREQ=WEEKLY;UNTIL=20261227T230000Z;BYDAY=MO
EXDATE;TZID="W. Europe Standard Time":20261214T000000
SUMMARY;LANGUAGE=de:Inventur
UID:040000008200E00074C5B7101A82E009
END:VEVENT
END:VCALENDAR
"""
APPLE = """\
BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Apple Inc.//macOS 15.1//EN
VERSION:2.0
X-APPLE-CALENDAR-COLOR:#1BADF8
BEGIN:VEVENT
DTSTART;VALUE=DATE:19490704
DURATION:P1D
RRULE:FREQ=YEARLY
SUMMARY;LANGUAGE=en:Independence Day
TRANSP:TRANSPARENT
UID:apple-1
X-APPLE-UNIVERSAL-ID:3f6
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20201126
DTEND;VALUE=DATE:20201127
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH
EXDATE;VALUE=DATE:20271125
SUMMARY:Thanksgiving
UID:apple-2
END:VEVENT
BEGIN:VEVENT
RECURRENCE-ID;VALUE=DATE:20281123
DTSTART;VALUE=DATE:20281124
DURATION:P1D
SUMMARY:Thanksgiving\\, a day later
UID:apple-2
END:VEVENT
END:VCALENDAR
"""


def calendar_of(*events: str) -> str:
    body = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:tests\n{body}END:VCALENDAR\n"


def read(text: str, first_year: int = 2026, last_year: int = 2028, **options: Any) -> Calendar:
    return read_icalendar(text, first_year=first_year, last_year=last_year, **options)


def days(event: str, **options: Any) -> list[str]:
    """The days of the calendar of one event, ranges as `first/last`."""
    found = read(calendar_of(event), **options)
    return sorted([*map(str, found.dates), *(f"{span.first}/{span.last}" for span in found.ranges)])


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_calendar_of_google(newline: str) -> None:
    assert read(GOOGLE.replace("\n", newline)) == Calendar(
        dates={date(2026, 11, 21): "Midnight in Tokyo", date(2026, 12, 25): "Erster Weihnachtsfeiertag"},
        ranges=(
            DateRange(date(2026, 12, 28), date(2026, 12, 31), "Zwischen den Jahren, Werk ; Büro und eine Beschreibung"),
        ),
    )


def test_a_calendar_of_outlook() -> None:
    assert read(OUTLOOK) == Calendar(
        dates={date(2026, 12, 7): "Inventur", date(2026, 12, 21): "Inventur", date(2026, 12, 28): "Inventur"},
        ranges=(DateRange(date(2026, 11, 26), date(2026, 11, 27), "Release"),),
    )


def test_a_calendar_of_apple() -> None:
    assert read(APPLE) == Calendar(
        dates={
            date(2026, 7, 4): "Independence Day",
            date(2026, 11, 26): "Thanksgiving",
            date(2027, 7, 4): "Independence Day",
            date(2028, 7, 4): "Independence Day",
            date(2028, 11, 24): "Thanksgiving, a day later",
        }
    )


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART;VALUE=DATE:20261224", ["2026-12-24"]),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261224", ["2026-12-24"]),
        ("DTSTART;VALUE=DATE:20261224\nDURATION:P1W", ["2026-12-24/2026-12-30"]),
        ("DTSTART;VALUE=DATE:20251230\nDTEND;VALUE=DATE:20260103", ["2026-01-01/2026-01-02"]),
        ("DTSTART:20261224T230000\nDURATION:PT1H", ["2026-12-24"]),
        ("DTSTART:20261224T230000\nDURATION:PT1H1S", ["2026-12-24/2026-12-25"]),
        ("DTSTART:20261224T000000", ["2026-12-24"]),
        # Each in its own zone, whatever that of the reader.
        ("DTSTART;TZID=Asia/Tokyo:20261224T003000\nDTEND:20261223T160000Z", ["2026-12-24"]),
        ("DTSTART;TZID=/freeassociation.sourceforge.net/Asia/Tokyo:20261224T003000", ["2026-12-24"]),
        ("DTSTART;TZID=Our own:20261224T003000", ["2026-12-24"]),
        ("DTSTART:20261224T003000Z", ["2026-12-24"]),
        ("DTSTART;VALUE=DATE:20261224\nRDATE;VALUE=DATE:20261226,20261228", ["2026-12-24", "2026-12-26", "2026-12-28"]),
        ("DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=DAILY;COUNT=3", ["2026-12-24/2026-12-26"]),
        # What began before the years, and goes on in them.
        ("DTSTART;VALUE=DATE:20251224\nRRULE:FREQ=DAILY;COUNT=9", ["2026-01-01"]),
        ("DTSTART;VALUE=DATE:20251231\nDURATION:P2D\nRRULE:FREQ=YEARLY;UNTIL=20260101", ["2026-01-01"]),
        ("DTSTART:20261224T100000\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE;VALUE=DATE:20261224", ["2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20261224T000000", ["2026-12-25"]),
        (
            "DTSTART;TZID=Asia/Tokyo:20261224T003000\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20261223T153000Z",
            ["2026-12-25"],
        ),
        # UNTIL is inclusive, and counts in the event's zone.
        ("DTSTART;TZID=Asia/Tokyo:20261224T003000\nRRULE:FREQ=DAILY;UNTIL=20261224T153000Z", ["2026-12-24/2026-12-25"]),
        ("DTSTART;TZID=Asia/Tokyo:20261224T003000\nRRULE:FREQ=DAILY;UNTIL=20261224T152959Z", ["2026-12-24"]),
        ("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY", ["2028-02-29"]),
    ],
)
def test_an_event_counts_for_the_days_that_it_touches(event: str, expected: list[str]) -> None:
    assert days(event) == expected


def test_times_in_utc_are_read_in_the_zone_that_the_caller_names() -> None:
    assert days("DTSTART:20261224T233000Z", timezone="Europe/Berlin") == ["2026-12-25"]
    assert read(GOOGLE, timezone="UTC").reason(date(2026, 11, 20)) == "Midnight in Tokyo"


def test_a_day_has_the_names_of_all_its_events_and_each_once() -> None:
    event = "DTSTART;VALUE=DATE:20261224\nSUMMARY:"

    found = read(calendar_of(event + "Heiligabend", event + "Tuesday\\nNight", event + "Heiligabend", event))

    assert found.dates == {date(2026, 12, 24): "Heiligabend, Tuesday Night"}


def test_a_long_name_is_cut() -> None:
    found = read(calendar_of("DTSTART;VALUE=DATE:20261224\nSUMMARY:" + "a" * 500))

    assert found.dates == {date(2026, 12, 24): "a" * 119 + "…"}


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        ("SUMMARY:x", "event 1 (x): it has no DTSTART"),
        ("DTSTART:2026\nSUMMARY:x", "event 1 (x): DTSTART: Expected"),
        ("DTSTART;VALUE=DATE:20260230", "event 1: DTSTART"),
        ("DTSTART;VALUE=DATE:20261224\nDTSTART;VALUE=DATE:20261225", "DTSTART is there twice"),
        ("DTSTART;VALUE=DATE:20261224\nDTEND:20261224T120000", "a date is expected where DTSTART is one"),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261223", "ends before it begins"),
        ("DTSTART;VALUE=DATE:20261224\nDURATION:P9999D", "longer than 3660 days"),
        ("DTSTART;VALUE=DATE:17000101", "outside the years 1800 to 2199"),
        ("DTSTART;VALUE=DATE:20261224\nRDATE;VALUE=PERIOD:20270101T000000Z/PT1H", "periods are not accepted"),
        ("DTSTART;VALUE=DATE:20261224\nEXRULE:FREQ=DAILY", "EXRULE is not accepted"),
        ("DTSTART;VALUE=DATE:20261224\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261225T000000", "RANGE is not accepted"),
        ("DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;BYEASTER=0", "event 1"),
        ("DTSTART:20261224T100000\nRRULE:FREQ=HOURLY", "FREQ=HOURLY is not accepted"),
        ("DTSTART:20261224T100000\nRRULE:FREQ=DAILY;BYHOUR=9,10", "several times a day"),
        ("DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;COUNT=2;UNTIL=20270101", "COUNT and UNTIL exclude each other"),
        ("DTSTART;VALUE=DATE:20301224", "no event has a day from 2026 to 2028"),
        ("DTSTART;VALUE=DATE:20251224\nSTATUS:CANCELLED", "no event has a day"),
        ("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;INTERVAL=2", "too much for a calendar"),
    ],
)
def test_a_refusal_names_the_event_and_what_is_wrong(event: str, detail: str) -> None:
    many = {"last_year": 2032} if "INTERVAL" in event else {}
    with pytest.raises(InvalidField) as refused:
        read(calendar_of(event), pointer="/ics", **many)

    assert refused.value.pointer == "/ics"
    assert detail in refused.value.detail


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", "it has no event"),
        ("hello", "it is no iCalendar text"),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "it has no event"),
        ("BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261224\nEND:VEVENT\n", "it has no event"),
        (GOOGLE[: len(GOOGLE) // 2], "it has no event"),
        ("x" * (256 * 1024 + 1), "262144 characters"),
        ("\n" * 30_001, "30000 lines"),
        (calendar_of(*["DTSTART;VALUE=DATE:20261224"] * 2_001), "2000 are accepted"),
        (calendar_of(*["DTSTART:20260101T000000\nRRULE:FREQ=DAILY;UNTIL=20281231"] * 20), "more than 20000 days"),
        (calendar_of(*["DTSTART:19700101T000000\nRRULE:FREQ=DAILY;COUNT=9999"] * 30), "too many recurring events"),
    ],
)
def test_what_is_no_calendar_or_too_much_is_refused(text: str, detail: str) -> None:
    with pytest.raises(InvalidField) as refused:
        read(text)

    assert detail in refused.value.detail
