from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.alerts.quiet_hours import quiet_until, told_at
from shared.model.alerts.rule import QuietHours, Severity
from shared.model.time_zones import zone, zone_names

NIGHT = QuietHours("Europe/Berlin", 22 * 60, 7 * 60)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "until"),
    [
        ("2026-06-01T19:59:59", None),
        ("2026-06-01T20:00:00", "2026-06-02T05:00:00"),
        ("2026-06-02T04:59:59", "2026-06-02T05:00:00"),
        ("2026-06-02T05:00:00", None),
        # In winter the same hours of the clock are others of UTC.
        ("2026-12-01T21:00:00", "2026-12-02T06:00:00"),
        # The night in which the clocks go forward is an hour shorter, that in which they go back an hour longer.
        ("2026-03-28T21:00:00", "2026-03-29T05:00:00"),
        ("2026-10-24T20:00:00", "2026-10-25T06:00:00"),
    ],
)
def test_a_night_is_quiet_by_the_clock_on_the_wall(time: str, until: str | None) -> None:
    assert quiet_until(NIGHT, utc(time)) == (None if until is None else utc(until))


def test_an_end_that_the_clocks_leave_out_or_pass_twice_is_an_end_all_the_same() -> None:
    early = QuietHours("Europe/Berlin", 22 * 60, 2 * 60 + 30)

    assert quiet_until(early, utc("2026-03-29T00:59:00")) == utc("2026-03-29T01:30:00")
    assert quiet_until(early, utc("2026-10-25T00:29:00")) == utc("2026-10-25T00:30:00")
    assert quiet_until(early, utc("2026-10-25T01:15:00")) == utc("2026-10-25T01:30:00")


def test_what_is_critical_does_not_wait() -> None:
    night = utc("2026-06-01T23:00:00")

    assert told_at(night, NIGHT, Severity.CRITICAL) == night
    assert told_at(night, NIGHT, Severity.WARNING) == utc("2026-06-02T05:00:00")
    assert told_at(night, None, Severity.WARNING) == night


@given(
    st.sampled_from(sorted(zone_names())),
    st.integers(0, 1_439),
    st.integers(0, 1_439),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
)
def test_quiet_hours_end_within_a_day_and_a_bit_and_are_over_then(
    name: str, starts: int, ends: int, time: datetime
) -> None:
    quiet = QuietHours(name, starts, ends)

    over = quiet_until(quiet, time)

    local = time.astimezone(zone(name))
    minute = local.hour * 60 + local.minute
    inside = starts <= minute < ends if starts <= ends else minute >= starts or minute < ends
    assert (over is not None) == inside
    if over is not None:
        # A zone may leave out a whole day, as Samoa did.
        assert time < over <= time + timedelta(hours=26 if name != "Pacific/Apia" else 50)
