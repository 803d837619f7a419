"""Naive local times and instants as whole numbers.

A local time is counted as if it were UTC: seconds since 1970-01-01T00:00 on the local clock. An instant is counted in
UTC seconds, or milliseconds where the name says `_ms`. Numbers are ordered, added and compared ten times faster than
datetimes, and cannot carry a zone by accident.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from shared.model.schedule.bounds import LAST_YEAR

DAY: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1)
_EPOCH_UTC: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_MILLISECOND: Final = timedelta(milliseconds=1)


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01."""
    return date(year, month, day).toordinal() - _EPOCH_ORDINAL


def date_of(day: int) -> date:
    """The date that is `day` days after 1970-01-01."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


def local_seconds(naive: datetime) -> int:
    """Of a naive local time, rounded down to the second."""
    return (naive - _EPOCH) // timedelta(seconds=1)


def naive_time(local_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=local_ms)


def instant_ms(time: datetime) -> int:
    """Of an aware time, rounded down to the millisecond."""
    return (time - _EPOCH_UTC) // _MILLISECOND


def utc_time(instant: int) -> datetime:
    """Of an instant in milliseconds."""
    return _EPOCH_UTC + timedelta(milliseconds=instant)


# Where every search ends.
HORIZON: Final = day_number(LAST_YEAR + 1, 1, 1) * DAY
