from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.times import format_time, parse_time

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T12:00:00Z",
        "2026-11-20t12:00:00z",
        "2026-11-20T12:00:00.000Z",
        "2026-11-20T13:00:00+01:00",
        "2026-11-20T06:30:00-05:30",
        "2026-11-20T12:00:00-00:00",
    ],
)
def test_the_same_instant_in_any_offset(text: str) -> None:
    assert parse_time(text) == NOON


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20",
        "2026-11-20T12:00:00",
        "2026-11-20T12:00Z",
        "2026-11-20 12:00:00Z",
        "20261120T120000Z",
        "2026-11-20T12:00:00+0100",
        "2026-11-20T12:00:00 Z",
        "2026-11-20T12:00:00.Z",
        "2026-11-20T12:00:00Z\n",
        "\uff12026-11-20T12:00:00Z",
        "12026-11-20T12:00:00Z",
        "",
    ],
)
def test_only_the_one_format_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        parse_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-30T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T12:60:00Z",
        "2026-11-20T12:00:61Z",
        "2026-11-20T12:00:00+24:00",
        "2026-11-20T12:00:00+01:60",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59.9999Z",
        "0000-01-01T00:00:00Z",
    ],
)
def test_times_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no such time"):
        parse_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999Z",
        "1970-01-01T00:00:00+00:01",
        "2199-12-31T23:59:59-00:01",
        "2199-12-31T23:59:59.9999Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_times_so_far_away_that_nothing_can_be_computed_around_them_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="years from 1970 to 2199"):
        parse_time(text)


def test_the_first_and_the_last_time_are_accepted() -> None:
    assert parse_time("1970-01-01T00:00:00Z") == datetime(1970, 1, 1, tzinfo=UTC)
    assert parse_time("2199-12-31T23:59:59Z") == datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_a_leap_second_is_refused() -> None:
    with pytest.raises(ValueError, match="leap seconds"):
        parse_time("2016-12-31T23:59:60Z")


def test_what_is_finer_than_a_millisecond_is_rounded_up_so_that_nothing_starts_early() -> None:
    assert parse_time("2026-11-20T12:00:00.000000001Z") == NOON + timedelta(milliseconds=1)
    assert parse_time("2026-11-20T12:00:00.9991Z") == NOON + timedelta(seconds=1)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.integers(-1439, 1439))
def test_times_are_answered_in_utc_with_milliseconds(time: datetime, offset_minutes: int) -> None:
    time = time.replace(microsecond=time.microsecond // 1000 * 1000)
    elsewhere = time.astimezone(timezone(timedelta(minutes=offset_minutes)))

    assert format_time(elsewhere) == format_time(time)
    assert parse_time(format_time(time)) == time
    assert parse_time(elsewhere.isoformat(timespec="milliseconds")) == time
