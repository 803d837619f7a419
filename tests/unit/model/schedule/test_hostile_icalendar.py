"""iCalendar texts of whoever means harm, or no calendar: what is wrong is told, soon, and nothing of the machine."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.model.errors import InvalidField
from shared.model.schedule import bounds
from shared.model.schedule.calendar import DateRange
from tests.unit.model.schedule.test_calendar_import import APPLE, GOOGLE, OUTLOOK, calendar_of, read


def test_a_refusal_tells_nothing_of_the_machine() -> None:
    # The library looks for a zone of this name, and finds a folder.
    with pytest.raises(InvalidField) as refused:
        read(calendar_of("DTSTART;TZID=Europe:20261224T100000"))

    assert refused.value.detail.endswith("END:VCALENDAR: a value in it cannot be read")


def zone_that_never_ends(rule: str, offset: str = "+0900") -> str:
    parts = "".join(
        f"BEGIN:{part}\nDTSTART:19700101T000000\nTZOFFSETFROM:{offset}\nTZOFFSETTO:{offset}\nRRULE:{rule}\nEND:{part}\n"
        for part in ("STANDARD", "DAYLIGHT")
    )
    return f"BEGIN:VTIMEZONE\nTZID:Our own\n{parts}END:VTIMEZONE\n"


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30"])
@pytest.mark.parametrize("begin", ["BEGIN:VTIMEZONE", "BEGIN:VTIME\n ZONE"])
@pytest.mark.timeout(20)
def test_a_zone_whose_changes_cannot_be_counted_is_not_searched(rule: str, begin: str) -> None:
    event = (
        "DTSTART;TZID=Our own:20261224T230000\nDTEND;TZID=Our own:20261225T010000\n"
        "RRULE:FREQ=DAILY;UNTIL=20261225T230000Z\nEXDATE;TZID=Our own:20261225T230000"
    )
    zone = zone_that_never_ends(rule).replace("BEGIN:VTIMEZONE", begin)
    text = calendar_of(event).replace("BEGIN:VEVENT", zone + "BEGIN:VEVENT")

    assert read(text).ranges == (DateRange(date(2026, 12, 24), date(2026, 12, 25)),)


def test_a_zone_that_one_text_defines_is_none_for_the_next() -> None:
    event = "DTSTART;TZID=Our own:20261224T230000\nDTEND:20261225T040000Z"
    zone = zone_that_never_ends("FREQ=YEARLY").replace("BEGIN:VTIMEZONE", "BEGIN:VTIME\n ZONE")
    before = read(calendar_of(event))

    read(calendar_of(event).replace("BEGIN:VEVENT", zone + "BEGIN:VEVENT"))

    assert read(calendar_of(event)) == before


TOKENS = st.sampled_from(
    [
        *("BEGIN:VCALENDAR\n", "END:VCALENDAR\n", "BEGIN:VEVENT\n", "END:VEVENT\n", "BEGIN:VALARM\n", "END:VALARM\n"),
        *("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SUMMARY", "STATUS", "UID"),
        *(";TZID=Europe", ";TZID=../../etc", ";TZID=Asia/Tokyo", ";VALUE=DATE", ";VALUE=PERIOD", ":", ";", "=", '"'),
        *("20261224", "20261224T100000", "20261224T100000Z", "99991231T235959Z", "00010101", "PT1H", "-P1D", "P1W"),
        *(
            "FREQ=YEARLY",
            "FREQ=DAILY;COUNT=3",
            "BYDAY=1MO",
            "UNTIL=20270101T000000Z",
            "\n",
            "\r\n",
            "\n ",
            "\\",
            "\x00",
        ),
        zone_that_never_ends("FREQ=SECONDLY"),
    ]
)
TEXTS = st.lists(st.one_of(TOKENS, TOKENS, st.text(max_size=3)), max_size=25).map("".join)


def parts_of(text: str) -> st.SearchStrategy[str]:
    """The text with one or two parts of it replaced by others."""
    places = st.tuples(st.integers(0, len(text)), st.integers(0, 40), TEXTS)
    return st.lists(places, min_size=1, max_size=2).map(
        lambda changes: (
            (changed := text)
            and [changed := changed[:at] + new + changed[at + gone :] for at, gone, new in changes][-1]
        )
    )


@given(st.one_of(st.text(), TEXTS, TEXTS.map(calendar_of), parts_of(GOOGLE), parts_of(OUTLOOK), parts_of(APPLE)))
@example("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=Europe:20261224T100000\nEND:VEVENT\nEND:VCALENDAR\n")
@example("BEGIN:VEVENT\n" * 9_000 + "END:VEVENT\n" * 9_000)
@example("BEGIN:VCALENDAR\n" * 9_000 + "END:VCALENDAR\n" * 9_000)
def test_of_any_text_what_is_wrong_is_told(text: str) -> None:
    with suppress(InvalidField):
        found = read(text)

        assert found.dates or found.ranges
        assert len(found.dates) <= bounds.MAX_CALENDAR_DATES
