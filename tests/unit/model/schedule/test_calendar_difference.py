"""Where two calendars make a difference to a schedule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.model.schedule.calendar import Calendar, DateRange
from shared.model.schedule.calendar_difference import differing_spans
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.timetable import Timetable
from tests.unit.model.schedule.test_horizon import CHANGES

WEEKEND = Calendar(weekend=frozenset({5, 6}))
SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=90)


def spans(document: dict[str, object], was: Calendar, becomes: Calendar) -> list[tuple[str, str]]:
    found = differing_spans(read_schedule(document), {"c": was}, {"c": becomes}, since=SINCE, until=UNTIL)
    return [(f"{start:%m-%d %H}", f"{end:%m-%d %H}") for start, end in found]


@settings(max_examples=300)
@given(
    change=st.sampled_from(CHANGES),
    excluded=st.sets(st.integers(-9, 20)),
    changed=st.sets(st.integers(-9, 20), max_size=3),
    policies=st.fixed_dictionaries(
        {
            "cron": st.sampled_from(["0 9 * * *", "0,30 0,23 * * *", "17 5 */3 * *", "40 */2 * * *"]),
            "on_excluded": st.sampled_from(["skip", "next_business_day", "previous_business_day", "run"]),
            "dst_overlap": st.sampled_from(["first", "last", "both"]),
        },
        optional={"spread": st.just("20h")},
    ),
    minutes=st.integers(0, 4 * 1440),
    days=st.integers(1, 12),
)
@example(
    change=("UTC", date(2026, 11, 20)),
    excluded={0, 1, 2, 3, 4},
    changed={0},
    policies={"cron": "0 9 * * *", "on_excluded": "previous_business_day"},
    minutes=2880,
    days=3,
)
def test_outside_the_spans_all_occurrences_are_the_same(*, change, excluded, changed, policies, minutes, days) -> None:
    timezone, day = change
    was, becomes = (
        Calendar(dates={day + timedelta(days=offset): None for offset in offsets})
        for offsets in (excluded, excluded ^ changed)
    )
    document = {**policies, "timezone": timezone, "calendars": ["c"]}
    schedule = read_schedule(document)
    since = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(minutes=minutes)
    until = since + timedelta(days=days)

    found = differing_spans(schedule, {"c": was}, {"c": becomes}, since=since, until=until)

    runs = [
        {one.nominal_at: one.effective_at for one in Timetable(schedule, {"c": one}, "t").between(since, until)}
        for one in (was, becomes)
    ]
    differing = {at for at in runs[0].keys() | runs[1].keys() if runs[0].get(at) != runs[1].get(at)}
    assert all(any(start <= at <= end for start, end in found) for at in differing)
    assert all(since <= start <= end <= until for start, end in found)
    assert all(one[1] < other[0] for one, other in pairwise(found))


def test_one_more_holiday_is_looked_at_with_the_days_around_it() -> None:
    document = {"cron": "0 9 * * *", "calendars": ["c"]}
    # A Wednesday.
    holiday = Calendar(weekend=WEEKEND.weekend, dates={date(2026, 3, 11): None})

    assert spans(document, WEEKEND, holiday) == [("03-09 00", "03-14 00")]
    assert spans(document, holiday, WEEKEND) == [("03-09 00", "03-14 00")]


def test_a_holiday_beside_a_weekend_is_looked_at_with_the_weekend() -> None:
    document = {"cron": "0 9 * * *", "calendars": ["c"], "on_excluded": "previous_business_day"}
    friday = Calendar(weekend=WEEKEND.weekend, dates={date(2026, 3, 13): None})

    assert spans(document, WEEKEND, friday) == [("03-11 00", "03-18 00")]


@pytest.mark.parametrize(
    ("closed", "day", "expected"),
    [
        ((date(2026, 4, 1), date(2026, 4, 20)), date(2026, 4, 21), [("03-30 00", "04-24 00")]),
        ((date(2026, 4, 1), date(2026, 4, 20)), date(2026, 3, 31), [("03-29 00", "04-23 00")]),
        # The day that differs lies behind the end, or before the beginning, of what is asked for.
        ((date(2026, 5, 27), date(2026, 6, 10)), date(2026, 6, 11), [("05-25 00", "05-30 12")]),
        ((date(2026, 2, 10), date(2026, 3, 5)), date(2026, 2, 9), [("03-01 12", "03-08 00")]),
    ],
)
def test_days_that_roll_over_a_day_that_differs_are_looked_at_too(
    closed: tuple[date, date], day: date, expected: list[tuple[str, str]]
) -> None:
    was = Calendar(ranges=(DateRange(*closed),))
    becomes = Calendar(ranges=was.ranges, dates={day: None})
    policy = "next_business_day" if day > closed[1] else "previous_business_day"
    document = {"cron": "0 9 * * *", "calendars": ["c"], "on_excluded": policy}

    assert spans(document, was, becomes) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"on_excluded": "run"}, []),
        ({"calendars": []}, []),
        # Fewer runs in March leave more for later.
        ({"max_occurrences": 40, "start_at": "2026-03-01T00:00:00Z"}, [("03-01 12", "05-30 12")]),
    ],
)
def test_what_goes_by_no_day_or_by_a_count_differs_nowhere_or_anywhere(
    more: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    document = {"cron": "0 9 * * *", "calendars": ["c"], **more}

    assert spans(document, WEEKEND, Calendar(dates={date(2026, 3, 11): None})) == expected


def test_the_same_calendars_differ_nowhere() -> None:
    assert spans({"cron": "0 9 * * *", "calendars": ["c"]}, WEEKEND, WEEKEND) == []
