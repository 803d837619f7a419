"""Days that calendars exclude, and where occurrences go then."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import patch

import pytest

from shared.model.errors import InvalidField
from shared.model.schedule import rule_times, triggers
from shared.model.schedule.bounds import SearchTooLong
from shared.model.schedule.calendar import Calendar, DateRange, HolidaysOf
from shared.model.schedule.occurrences import Excluded, Moved
from shared.model.schedule.public_holidays import public_holidays
from tests.unit.model.schedule.expansion import expand

WEEKEND = Calendar(weekend=frozenset({5, 6}))
EASTER = Calendar(weekend=frozenset({5, 6}), holidays=(HolidaysOf("DE"),))
DAILY = {"cron": "0 9 * * *", "timezone": "Europe/Berlin", "calendars": ["c"]}


@pytest.mark.parametrize(
    ("calendar", "day", "expected"),
    [
        (WEEKEND, date(2026, 11, 21), "Saturday"),
        (WEEKEND, date(2026, 11, 20), None),
        (Calendar(dates={date(2026, 12, 24): None}), date(2026, 12, 24), "a date of the calendar"),
        (
            Calendar(ranges=(DateRange(date(2026, 7, 1), date(2026, 7, 9)),)),
            date(2026, 7, 9),
            "2026-07-01 to 2026-07-09",
        ),
        (Calendar(ranges=(DateRange(date(2026, 7, 1), date(2026, 7, 9)),)), date(2026, 7, 10), None),
        (Calendar(dates={date(2026, 12, 24): "company holiday"}), date(2026, 12, 24), "company holiday"),
        (
            Calendar(ranges=(DateRange(date(2026, 7, 1), date(2026, 7, 9), "works holiday"),)),
            date(2026, 7, 1),
            "works holiday",
        ),
        (
            Calendar(dates={date(2026, 4, 3): "stocktaking"}, holidays=(HolidaysOf("DE"),)),
            date(2026, 4, 3),
            "stocktaking",
        ),
        (EASTER, date(2026, 4, 3), "Good Friday"),
        (Calendar(holidays=(HolidaysOf("DE", "BY"),)), date(2026, 1, 6), "Epiphany"),
        (Calendar(holidays=(HolidaysOf("DE"),)), date(2026, 1, 6), None),
    ],
)
def test_a_calendar_says_why_it_excludes_a_day(calendar: Calendar, day: date, expected: str | None) -> None:
    assert calendar.reason(day) == expected


@pytest.mark.parametrize("place", [("XX", None), ("DE", "nowhere")])
def test_an_unknown_place_has_no_holidays(place: tuple[str, str | None]) -> None:
    with pytest.raises(InvalidField, match="no public holidays are known"):
        public_holidays(*place, 2026)


def test_a_skipped_day_is_told_with_its_reason() -> None:
    found = expand(DAILY, "2026-04-02T12:00:00Z", 5, calendar=EASTER, with_excluded=True)

    assert [(one.nominal.day, one.excluded, one.day_excluded) for one in found] == [
        (3, Excluded.CALENDAR, "Good Friday"),
        (4, Excluded.CALENDAR, "Saturday"),
        (5, Excluded.CALENDAR, "Sunday"),
        (6, Excluded.CALENDAR, "Easter Monday"),
        (7, None, None),
    ]


def test_with_run_the_calendar_changes_nothing() -> None:
    found = expand({**DAILY, "on_excluded": "run"}, "2026-04-02T12:00:00Z", 3, calendar=EASTER)

    assert [one.nominal.day for one in found] == [3, 4, 5]


@pytest.mark.parametrize(
    ("policy", "landing"), [("next_business_day", date(2026, 4, 7)), ("previous_business_day", date(2026, 4, 2))]
)
def test_a_roll_keeps_the_local_time_and_goes_over_all_excluded_days(policy: str, landing: date) -> None:
    document = {**DAILY, "cron": "0 9 4 * *", "on_excluded": policy}

    (found,) = expand(document, "2026-04-01T12:00:00Z", 1, calendar=EASTER)

    assert found.effective_at.date() == landing
    assert f"{found.effective_at:%H:%M}" == "07:00"
    assert (found.moved, found.day_excluded) == ((Moved.ROLLED,), "Saturday")


@pytest.mark.parametrize("policy", ["next_business_day", "previous_business_day"])
def test_what_rolls_onto_another_run_is_one_with_it(policy: str) -> None:
    found = expand({**DAILY, "on_excluded": policy}, "2026-04-01T12:00:00Z", 6, calendar=EASTER, with_excluded=True)

    assert [one.nominal.day for one in found if one.excluded is None] == [2, 7]
    assert [one.excluded for one in found].count(Excluded.MERGED) == 4


def test_of_several_that_roll_to_one_day_the_nearest_runs() -> None:
    document = {**DAILY, "cron": "0 9 * * SAT,SUN"}

    (later,) = expand({**document, "on_excluded": "next_business_day"}, "2026-11-20T12:00:00Z", 1, calendar=WEEKEND)
    (earlier,) = expand(
        {**document, "on_excluded": "previous_business_day"}, "2026-11-20T12:00:00Z", 1, calendar=WEEKEND
    )

    assert (later.nominal.day, later.effective_at.day) == (22, 23)
    assert (earlier.nominal.day, earlier.effective_at.day) == (21, 20)


def test_both_passes_of_an_overlap_roll_to_one_run() -> None:
    document = {"cron": "30 1 * * SUN", "timezone": "America/New_York", "dst_overlap": "both", "calendars": ["c"]}

    found = expand(
        {**document, "on_excluded": "next_business_day"},
        "2026-10-31T12:00:00Z",
        2,
        calendar=WEEKEND,
        with_excluded=True,
    )

    assert [one.excluded for one in found] == [None, Excluded.MERGED]
    assert f"{found[0].effective_at:%d %H:%M}" == "02 06:30"


def test_a_roll_into_a_gap_runs_after_it() -> None:
    """The clocks of Gaza change on Saturdays, when the week's business begins again there."""
    friday = Calendar(weekend=frozenset({4}))
    document = {"cron": "30 2 * * FRI", "timezone": "Asia/Gaza", "calendars": ["c"], "on_excluded": "next_business_day"}

    (found,) = expand(document, "2026-03-26T12:00:00Z", 1, calendar=friday)

    assert f"{found.effective_at:%Y-%m-%dT%H:%M}" == "2026-03-28T00:00"


def test_without_a_business_day_near_there_is_no_run() -> None:
    every_day = Calendar(weekend=frozenset(range(7)))
    document = {**DAILY, "on_excluded": "next_business_day"}

    found = expand(document, "2026-11-20T12:00:00Z", 1, calendar=every_day, with_excluded=True)

    assert found[0].excluded is Excluded.NO_BUSINESS_DAY


def test_a_calendar_that_leaves_nothing_ends_the_search() -> None:
    with pytest.raises(SearchTooLong, match="400 days"):
        expand({**DAILY, "cron": "0 9 * * SUN"}, "2026-11-20T12:00:00Z", 1, calendar=WEEKEND)
    with pytest.raises(SearchTooLong, match="every day for a year"):
        expand(
            {**DAILY, "cron": "* * * * * ?"}, "2026-11-20T12:00:00Z", 1, calendar=Calendar(weekend=frozenset(range(7)))
        )
    for policy in ("next_business_day", "previous_business_day"):
        with pytest.raises(SearchTooLong, match="every day for a year"):
            expand(
                {**DAILY, "cron": "* * * * * ?", "on_excluded": policy},
                "2026-11-20T12:00:00Z",
                1,
                calendar=Calendar(weekend=frozenset(range(7))),
            )


def test_a_second_by_second_schedule_steps_over_a_weekend_at_once() -> None:
    (found,) = expand({**DAILY, "cron": "* * * * * ?"}, "2026-11-20T22:59:59Z", 1, calendar=WEEKEND)

    assert f"{found.nominal:%a %H:%M:%S}" == "Mon 00:00:00"


def test_a_calendar_that_is_not_there_is_told() -> None:
    with pytest.raises(InvalidField) as refused:
        expand(DAILY, "2026-11-20T22:59:59Z", 1)

    assert refused.value.pointer == "/calendars"


THURSDAY_0215, FRIDAY_0300 = {"cron": "15 2 * * THU"}, {"cron": "0 3 * * FRI"}


@pytest.mark.parametrize(
    ("parts", "runs"),
    [
        ([{"cron": "15,45 2 * * FRI"}], ["Fri 02:15"]),
        ([{"cron": "0,15 2-3 * * FRI"}], ["Fri 03:00", "Fri 03:15"]),
        ([THURSDAY_0215, {"cron": "45 2 * * FRI"}], ["Fri 02:45"]),
        ([THURSDAY_0215, FRIDAY_0300], ["Fri 03:00"]),
        ([THURSDAY_0215, FRIDAY_0300, {"cron": "30 2 * * SAT"}], ["Sat 02:30"]),
        ([THURSDAY_0215, FRIDAY_0300, {"cron": "0 3 * * SAT"}], ["Sat 03:00"]),
    ],
)
def test_what_rolls_into_one_gap_is_one_run(parts: list[dict[str, str]], runs: list[str]) -> None:
    """The clocks of Gaza go from two to three on Saturday the 28th."""
    document = {"any_of": parts, "timezone": "Asia/Gaza", "calendars": ["c"], "on_excluded": "next_business_day"}

    found = expand(document, "2026-03-25T12:00:00Z", 8, calendar=Calendar(weekend=frozenset({3, 4})))

    on_the_day = [one for one in found if one.effective_at < datetime(2026, 3, 29, tzinfo=UTC)]
    assert [f"{one.nominal:%a %H:%M}" for one in on_the_day] == runs
    assert len({one.effective_at for one in found}) == len(found)


OTHERS = [
    {"rrule": "DTSTART:20240229T030000\nFREQ=DAILY;BYMONTH=2;BYMONTHDAY=29"},
    {"rrule": "DTSTART:20240101T030000\nFREQ=YEARLY;BYDAY=1MO"},
    {"rrule": "DTSTART:20240101T030000\nFREQ=YEARLY;BYDAY=MO;BYSETPOS=-1"},
    {"at": [f"2026-11-{day:02}T{hour:02}:00:00Z" for day in range(1, 31) for hour in range(24)]},
]


@pytest.mark.parametrize("other", OTHERS)
def test_what_rolls_each_minute_costs_little_beside_a_trigger_of_any_kind(other: dict[str, Any]) -> None:
    document = {"any_of": [{"cron": "* * * * *"}, other], "calendars": ["c"], "on_excluded": "next_business_day"}

    with (
        patch.object(rule_times, "fires_on", wraps=rule_times.fires_on) as looked_at,
        patch.object(triggers, "instant_ms", wraps=triggers.instant_ms) as converted,
    ):
        found = expand(document, "2026-11-20T23:59:00Z", 2, calendar=WEEKEND)

    assert [f"{one.nominal:%a %H:%M} {one.effective_at:%a}" for one in found] == ["Mon 00:00 Mon", "Mon 00:01 Mon"]
    # Of each of 2,880 minutes, some days.
    assert looked_at.call_count < 30_000
    assert converted.call_count < 100_000
