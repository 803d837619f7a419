"""Changes of the clocks at which schedulers' libraries go wrong, and what is right there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.model.schedule.occurrences import Excluded, Moved
from tests.unit.model.schedule.expansion import expand, instants


def test_a_repeated_half_past_one_runs_once_in_new_york() -> None:
    """croniter 7.0.0, given the zone, fires twice."""
    found = instants({"cron": "30 1 * * *", "timezone": "America/New_York"}, "2026-10-31T12:00:00Z", 2)

    assert found == ["2026-11-01T05:30Z", "2026-11-02T06:30Z"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("first", ["2026-11-01T05:30Z", "2026-11-02T06:30Z"]),
        ("last", ["2026-11-01T06:30Z", "2026-11-02T06:30Z"]),
        ("both", ["2026-11-01T05:30Z", "2026-11-01T06:30Z"]),
    ],
)
def test_the_policy_chooses_the_pass(policy: str, expected: list[str]) -> None:
    document = {"cron": "30 1 * * *", "timezone": "America/New_York", "dst_overlap": policy}

    assert instants(document, "2026-10-31T12:00:00Z", 2) == expected


def test_every_second_hour_gets_no_run_at_three_in_new_york() -> None:
    """croniter 7.0.0, given the zone, adds one at 03:00."""
    found = instants({"cron": "15 */2 * * *", "timezone": "America/New_York"}, "2026-03-08T05:00:00Z", 3)

    assert found == ["2026-03-08T05:15Z", "2026-03-08T08:15Z", "2026-03-08T10:15Z"]


def test_every_twenty_minutes_loses_no_run_in_lord_howe() -> None:
    """croniter 7.0.0, given the zone, loses one: the clocks go back by half an hour there."""
    found = instants({"cron": "*/20 * * * *", "timezone": "Australia/Lord_Howe"}, "2026-04-04T14:30:00Z", 4)

    assert found == ["2026-04-04T14:40Z", "2026-04-04T15:10Z", "2026-04-04T15:30Z", "2026-04-04T15:50Z"]


def test_a_day_without_midnight_has_its_run_in_santiago() -> None:
    """APScheduler drops that day."""
    found = expand({"cron": "0 0 * * *", "timezone": "America/Santiago"}, "2026-09-05T12:00:00Z", 2)

    assert [f"{one.nominal:%d %H:%M} {one.nominal_at:%H:%M}" for one in found] == ["06 00:00 04:00", "07 00:00 03:00"]
    assert [one.moved for one in found] == [(Moved.DST_GAP,), ()]


@pytest.mark.parametrize("minute", range(0, 60, 7))
def test_nothing_before_the_start_comes_in_the_second_pass(minute: int) -> None:
    """cronsim 2.8 can return a time before its start there."""
    start = f"2026-11-01T06:{minute:02d}:00Z"

    found = instants({"cron": "*/10 * * * *", "timezone": "America/New_York"}, start, 1)

    assert found[0] > start[:16]


def test_several_times_in_one_gap_run_once_after_it() -> None:
    document = {"cron": "*/15 2 * * *", "timezone": "America/New_York"}

    found = expand(document, "2026-03-07T12:00:00Z", 5, with_excluded=True)

    assert {f"{one.nominal:%d %H:%M}" for one in found[:4]} == {"08 02:00", "08 02:15", "08 02:30", "08 02:45"}
    assert {one.nominal_at for one in found[:4]} == {datetime(2026, 3, 8, 7, tzinfo=UTC)}
    assert [one.moved for one in found if one.excluded is None] == [(Moved.DST_GAP,), ()]
    assert [one.excluded for one in found].count(Excluded.MERGED) == 3


def test_what_the_gap_takes_is_told_when_it_is_skipped() -> None:
    document = {"cron": "30 2 * * *", "timezone": "America/New_York", "dst_gap": "skip"}

    found = expand(document, "2026-03-07T12:00:00Z", 2, with_excluded=True)

    assert [(f"{one.nominal:%d %H:%M}", one.excluded) for one in found] == [
        ("08 02:30", Excluded.DST_GAP),
        ("09 02:30", None),
    ]


def test_a_gap_and_what_runs_right_after_it_are_one() -> None:
    document = {"any_of": [{"cron": "30 2 * * *"}, {"cron": "0 3 * * *"}], "timezone": "America/New_York"}

    found = expand(document, "2026-03-08T06:00:00Z", 2)

    assert [(f"{one.nominal:%d %H:%M}", one.moved) for one in found] == [("08 03:00", ()), ("09 02:30", ())]


def test_fixed_spacing_knows_no_change_of_the_clocks() -> None:
    found = instants({"every": "6h", "timezone": "America/New_York"}, "2026-03-08T00:00:00Z", 4)

    assert found == ["2026-03-08T06:00Z", "2026-03-08T12:00Z", "2026-03-08T18:00Z", "2026-03-09T00:00Z"]


def test_a_whole_day_that_never_was_shifts_to_the_next() -> None:
    """Samoa went over the date line: there was no 30 December 2011."""
    found = instants({"cron": "0 9 * * *", "timezone": "Pacific/Apia"}, "2011-12-29T12:00:00Z", 3)

    assert found == ["2011-12-29T19:00Z", "2011-12-30T10:00Z", "2011-12-30T19:00Z"]
