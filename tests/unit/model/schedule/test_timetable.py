from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model.schedule.calendar import Calendar
from shared.model.schedule.documents import read_schedule
from shared.model.schedule.timetable import Timetable

CALENDARS = {"c": Calendar(weekend=frozenset({5, 6}))}
START = datetime(2026, 3, 1, tzinfo=UTC)
SCHEDULES: list[dict[str, Any]] = [
    {"cron": "*/7 * * * *"},
    {"cron": "30 2 * * *", "timezone": "Europe/Berlin", "dst_gap": "skip"},
    {"cron": "0 9 * * *", "calendars": ["c"]},
    {"every": "45m", "spread": "2h"},
    {"at": ["2026-02-28T23:59:59.999Z", "2026-03-01T00:00:00.001Z", "2026-03-05T00:00:00Z"]},
    {"every": "1h", "start_at": "2026-02-27T00:00:00Z", "max_occurrences": 100},
    {"rrule": "FREQ=MONTHLY;BYMONTHDAY=31", "start_at": "2026-01-31T09:00:00Z"},
    {"any_of": [{"every": "3h"}, {"cron": "0 0 1 * *"}], "end_at": "2026-03-20T00:00:00Z"},
]


def timetable(document: dict[str, Any]) -> Timetable:
    return Timetable(read_schedule(document), CALENDARS, "seed")


@pytest.mark.parametrize("document", SCHEDULES, ids=str)
@settings(max_examples=25)
@given(st.integers(0, 40 * 86_400_000))
def test_the_occurrence_before_a_time_is_the_last_up_to_it(document: dict[str, Any], after_start: int) -> None:
    until, asked = START + timedelta(milliseconds=after_start), timetable(document)

    found = asked.previous(until)

    upto = asked.instants(after=until - timedelta(days=60), until=until)
    assert found == (upto[-1] if upto else None)
    assert found is None or asked.previous(found) == found


@pytest.mark.timeout(10)
@pytest.mark.parametrize("days", [2, 39, 390])
def test_the_last_of_very_many_long_ago_is_found_without_walking_through_them(days: int) -> None:
    ended = START - timedelta(days=days)

    asked = timetable({"every": "1s", "end_at": ended.isoformat()})

    assert asked.previous(START) == ended


def test_what_is_more_than_400_days_ago_is_not_looked_for() -> None:
    assert timetable({"at": ["2025-01-01T00:00:00Z"]}).previous(START) is None
    limited = {"every": "1h", "start_at": "2025-01-01T00:00:00Z", "max_occurrences": 1}
    assert timetable(limited).previous(START) is None


def test_runs_are_counted_up_to_where_calendars_exclude_all_that_follows() -> None:
    never = Calendar(weekend=frozenset(range(7)))
    schedule = read_schedule(
        {"cron": "0 9 * * *", "start_at": "2026-02-01T00:00:00Z", "max_occurrences": 9, "calendars": ["c"]}
    )

    assert Timetable(schedule, {"c": never}, "seed").ran(START) == 0
