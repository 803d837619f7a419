"""Recurrence rules: RFC 5545's own examples, and dateutil beside them on random rules."""

from __future__ import annotations

import tracemalloc
from datetime import datetime
from itertools import islice
from unittest.mock import patch

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.model.schedule import rule_times
from shared.model.schedule.bounds import SearchTooLong
from shared.model.schedule.local_time import HORIZON, local_seconds, naive_time
from shared.model.schedule.recurrence_rule import read_rule
from shared.model.schedule.rule_times import RuleTimes
from tests.unit.model.schedule.expansion import instants, nominals
from tests.unit.model.schedule.strategies import rules

START = datetime(1997, 9, 2, 9)
# RFC 5545 §3.8.5.3, with the days that it lists.
EXAMPLES = [
    ("FREQ=DAILY;COUNT=10", "0902 0903 0904 0905 0906 0907 0908 0909 0910 0911"),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", "0902 0912 0922 1002 1012"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "0902 0904 0916 0918 0930 1002 1014 1016"),
    ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=2,15", "0902 0915 1002 1015"),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "0904 1007 1106"),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=4", "0929 1030 1127 1230"),
    ("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", "0928 1029 1128"),
    ("FREQ=WEEKLY;UNTIL=19971007T000000;WKST=SU;BYDAY=TU,TH", "0902 0904 0909 0911 0916 0918 0923 0925 0930 1002"),
]


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_a_rule_fires_on_the_days_that_the_rfc_lists(text: str, expected: str) -> None:
    times = RuleTimes(read_rule(text), local_seconds(START)).local_times(0, HORIZON)

    assert [f"{naive_time(time * 1000):%m%d}" for time in islice(times, 20)] == expected.split()


@given(rules(), st.datetimes(datetime(2019, 1, 1), datetime(2024, 1, 1)).map(lambda time: time.replace(microsecond=0)))
@example("FREQ=YEARLY;BYWEEKNO=1,53,-1;BYDAY=MO,SU", datetime(2019, 1, 1, 9))
@example("FREQ=HOURLY;INTERVAL=2;BYHOUR=1", datetime(2019, 1, 1))
def test_a_rule_fires_when_dateutil_says(text: str, start: datetime) -> None:
    end = datetime(start.year + 3, start.month, 1)

    try:
        times = RuleTimes(read_rule(text), local_seconds(start))
        ours = [naive_time(time * 1000) for time in islice(times.local_times(0, local_seconds(end) + 1), 20)]
    except (ValueError, SearchTooLong):
        assume(False)

    assert ours == by_dateutil(text, start, end)


def by_dateutil(text: str, start: datetime, end: datetime) -> list[datetime]:
    try:
        rule = rrulestr(f"{text};UNTIL={end:%Y%m%dT%H%M%S}", dtstart=start)
    except ValueError as error:
        # `FREQ=HOURLY;INTERVAL=2;BYHOUR=1` from an even hour on: it never fires, and dateutil says so at once.
        if "empty set" not in str(error):
            raise
        return []
    return list(islice(iter(rule), 20))


@given(rules(), st.integers(0, 15), st.sampled_from(["", ";COUNT=1", ";COUNT=7", ";COUNT=16"]))
def test_a_rule_goes_on_from_anywhere(text: str, index: int, count: str) -> None:
    end = local_seconds(START) + 3 * 366 * 86_400
    try:
        times = RuleTimes(read_rule(f"{text}{count}"), local_seconds(START))
        whole = list(islice(times.local_times(0, end), 20))
    except (ValueError, SearchTooLong):
        assume(False)

    if index < len(whole):
        afresh = RuleTimes(read_rule(f"{text}{count}"), local_seconds(START))
        rest = list(islice(afresh.local_times(whole[index] + 1, end), 19 - index))
        assert rest == whole[index + 1 :]


ALL_DAY = f"BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}"
EACH_SECOND = f"{ALL_DAY};BYSECOND={','.join(map(str, range(60)))}"


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (f"FREQ=YEARLY;BYDAY=MO;{EACH_SECOND}", datetime(2026, 11, 23)),
        (f"FREQ=MONTHLY;BYMONTHDAY=1,15;BYSETPOS=-1,366;{EACH_SECOND}", datetime(2026, 11, 1, 0, 6, 5)),
    ],
)
def test_a_period_of_very_many_times_is_not_spelled_out_to_find_the_next(text: str, start: datetime) -> None:
    times = RuleTimes(read_rule(text), local_seconds(datetime(1970, 1, 1)))

    tracemalloc.start()
    found = next(times.local_times(local_seconds(start), HORIZON))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert naive_time(found * 1000) == start
    assert peak < 1_000_000


def test_what_counts_its_times_is_counted_once() -> None:
    times = RuleTimes(read_rule("FREQ=MINUTELY;BYHOUR=3;BYMINUTE=3;COUNT=10000"), local_seconds(datetime(1970, 1, 1)))
    last = naive_time(max(times.local_times(0, HORIZON)) * 1000)

    with patch.object(rule_times, "fires_on", wraps=rule_times.fires_on) as looked_at:
        after = [*times.local_times(local_seconds(last) + 1, HORIZON)]
        at_the_end = [*times.local_times(local_seconds(last), HORIZON)]

    assert (last, after, at_the_end) == (datetime(1997, 5, 18, 3, 3), [], [local_seconds(last)])
    assert looked_at.call_count <= 2


def test_what_counts_its_times_is_counted_no_further_than_asked() -> None:
    times = RuleTimes(read_rule("FREQ=YEARLY;COUNT=100;BYMONTH=1"), local_seconds(datetime(2026, 1, 1)))

    with patch.object(rule_times, "fires_on", wraps=rule_times.fires_on) as looked_at:
        found = [*times.local_times(0, local_seconds(datetime(2027, 12, 1)))]
    further = [*times.local_times(local_seconds(datetime(2028, 1, 1)), HORIZON)]

    assert (len(found), len(further)) == (2, 98)
    assert looked_at.call_count <= 4 * 31


@pytest.mark.parametrize(
    "text", ["FREQ=MINUTELY;BYHOUR=3;BYMINUTE=3", "FREQ=MINUTELY;INTERVAL=7;BYHOUR=0,23;BYMINUTE=1,2"]
)
def test_a_rule_of_minutes_looks_at_those_alone_that_it_names(text: str) -> None:
    start = datetime(2026, 1, 1)
    times = RuleTimes(read_rule(text), local_seconds(start)).local_times(0, HORIZON)

    ours = [naive_time(time * 1000) for time in islice(times, 50)]

    assert ours == list(islice(iter(rrulestr(text, dtstart=start)), 50))


def test_a_rule_that_began_before_1970_fires_on_its_first_day() -> None:
    times = RuleTimes(read_rule("FREQ=DAILY"), local_seconds(datetime(1969, 12, 31))).local_times(-86_400, HORIZON)

    assert [naive_time(time * 1000).date().isoformat() for time in islice(times, 2)] == ["1969-12-31", "1970-01-01"]


def test_a_rule_takes_its_time_from_the_start_of_the_schedule() -> None:
    document = {"rrule": "FREQ=MONTHLY;BYDAY=-1FR", "start_at": "2026-01-01T08:00:00Z", "timezone": "Europe/Berlin"}

    assert nominals(document, "2026-11-01T00:00:00Z", 2) == ["2026-11-27T09:00:00", "2026-12-25T09:00:00"]


def test_the_last_weekday_of_the_quarter() -> None:
    rule = "DTSTART:20260101T170000\nRRULE:FREQ=MONTHLY;BYMONTH=3,6,9,12;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"

    assert nominals({"rrule": rule}, "2026-04-01T00:00:00Z", 2) == ["2026-06-30T17:00:00", "2026-09-30T17:00:00"]


def test_an_hourly_rule_is_elapsed_time_when_the_clocks_go_back() -> None:
    document = {"rrule": "DTSTART:20260101T003000\nFREQ=HOURLY", "timezone": "America/New_York"}

    assert instants(document, "2026-11-01T05:00:00Z", 3) == [
        "2026-11-01T05:30Z",
        "2026-11-01T06:30Z",
        "2026-11-01T07:30Z",
    ]


def test_until_in_utc_ends_at_that_instant() -> None:
    document = {"rrule": "DTSTART:20261101T090000\nFREQ=DAILY;UNTIL=20261103T130000Z", "timezone": "America/New_York"}

    assert len(instants(document, None, 9)) == 2
