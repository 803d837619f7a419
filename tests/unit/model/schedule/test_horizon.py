"""How far beyond a time one has to look for what may run by then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.model.errors import InvalidField
from shared.model.schedule.bounds import MAX_ROLL_DAYS
from shared.model.schedule.calendar import Calendar, DateRange
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.horizon import nominal_horizon
from shared.model.schedule.occurrences import occurrences
from shared.model.time_zones import zone

if TYPE_CHECKING:
    from collections.abc import Iterable

WEEKEND = Calendar(weekend=frozenset({5, 6}))
# Each zone with a day around which its clocks change near midnight, or leave out a whole day.
CHANGES = [
    ("UTC", date(2026, 11, 20)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/Santiago", date(2026, 9, 6)),  # no midnight
    ("America/Santiago", date(2026, 4, 5)),  # from midnight back to 23:00
    ("America/St_Johns", date(2006, 10, 29)),  # from 00:01 back to 23:01
    ("America/St_Johns", date(2006, 4, 2)),  # from 00:01 to 01:01
    ("Africa/Cairo", date(2026, 4, 24)),
    ("America/Havana", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Pacific/Apia", date(2011, 12, 30)),  # there was none
]


def rolling(
    timezone: str, overlap: str = "first", gap: str = "shift_forward", days: Iterable[date] = ()
) -> dict[str, object]:
    """A schedule that rolls back; what is to run on `days` alone has nothing on the days before to be merged with."""
    on = ",".join(sorted({str(day.day) for day in days})) or "*"
    return {
        "any_of": [
            {"cron": f"0,1,30 0 {on} * *"},
            {"cron": f"2,15,59 23 {on} * *"},
            {"cron": f"17 */5 {on} * *"},
            {"every": "47m"},
        ],
        "timezone": timezone,
        "dst_gap": gap,
        "dst_overlap": overlap,
        "calendars": ["c"],
        "on_excluded": "previous_business_day",
    }


def horizon(document: dict[str, object], calendar: Calendar, until: datetime) -> datetime:
    return nominal_horizon(read_schedule(document), {"c": calendar}, until)


@given(
    st.sampled_from(CHANGES),
    st.sets(st.integers(-4, 4)),
    st.integers(-3 * 1440, 3 * 1440),
    st.sampled_from(["first", "last", "both"]),
    st.sampled_from(["shift_forward", "skip"]),
)
@example(("America/St_Johns", date(2006, 10, 29)), {-1}, 150, "last", "skip")  # the Saturday has not ended yet
@example(("America/St_Johns", date(2006, 10, 29)), {1}, 180, "first", "skip")  # the Sunday has begun already
@example(("Pacific/Apia", date(2011, 12, 30)), {0}, -14 * 60 - 1, "first", "shift_forward")
def test_nothing_beyond_the_horizon_runs_by_then(change, excluded, minutes, overlap, gap) -> None:
    timezone, day = change
    calendar = Calendar(dates={day + timedelta(days=offset): None for offset in excluded})
    until = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)
    document = rolling(timezone, overlap, gap, calendar.dates)

    limit = horizon(document, calendar, until)

    found = occurrences(read_schedule(document), seed="t", calendars={"c": calendar}, after=until - timedelta(days=1))
    near = list(takewhile(lambda one: one.nominal_at < until + timedelta(days=9), found))
    assert near
    assert all(one.nominal_at <= limit for one in near if one.effective_at <= until)
    # And it is no further than the excluded days go.
    last = limit.astimezone(zone(timezone)).date()
    assert limit == until or calendar.reason(last) or calendar.reason(last - timedelta(days=1))


@pytest.mark.parametrize(
    ("timezone", "until", "expected"),
    [
        # Friday: what is due until Sunday's end may run today.
        ("Europe/Berlin", "2026-11-20T12:00:00+01:00", "2026-11-22T23:59:59.999+01:00"),
        # Saturday: what is due then and on Sunday was due on Friday.
        ("Europe/Berlin", "2026-11-21T12:00:00+01:00", "2026-11-22T23:59:59.999+01:00"),
        ("Europe/Berlin", "2026-11-19T23:59:59.999+01:00", "2026-11-19T23:59:59.999+01:00"),
        ("Europe/Berlin", "2026-11-20T00:00:00+01:00", "2026-11-22T23:59:59.999+01:00"),
        # The Sunday on which summer time ends is an hour longer.
        ("Europe/Berlin", "2026-10-23T12:00:00+02:00", "2026-10-25T23:59:59.999+01:00"),
        # The Saturday that ends twice.
        ("America/Santiago", "2026-04-03T12:00:00-03:00", "2026-04-05T23:59:59.999-04:00"),
    ],
)
def test_over_a_weekend_it_is_the_end_of_sunday(timezone: str, until: str, expected: str) -> None:
    assert horizon(rolling(timezone), WEEKEND, datetime.fromisoformat(until)) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("policy", ["skip", "next_business_day", "run"])
def test_without_a_roll_backwards_it_is_the_time_itself(policy: str) -> None:
    until = datetime(2026, 11, 20, 12, tzinfo=UTC)

    assert horizon({**rolling("UTC"), "on_excluded": policy}, WEEKEND, until) == until


def test_it_goes_no_further_than_a_roll() -> None:
    until = datetime(2026, 11, 20, 12, tzinfo=UTC)
    years = Calendar(ranges=(DateRange(date(2026, 11, 21), date(2029, 1, 1)),))

    found = horizon(rolling("UTC"), years, until)

    assert found.date() == until.date() + timedelta(days=MAX_ROLL_DAYS)


def test_where_no_business_day_is_left_to_roll_to_it_ends_with_the_day() -> None:
    until = datetime(2028, 11, 20, 12, tzinfo=UTC)
    years = Calendar(ranges=(DateRange(date(2026, 11, 21), date(2029, 1, 1)),))

    assert horizon(rolling("UTC"), years, until).date() == until.date()


def test_a_calendar_that_is_not_there_is_told() -> None:
    with pytest.raises(InvalidField, match="there is no calendar c"):
        nominal_horizon(read_schedule(rolling("UTC")), {}, datetime(2026, 11, 20, tzinfo=UTC))
