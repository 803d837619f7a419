"""Times as clients write them: RFC 3339 with an offset in, UTC with milliseconds out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_RFC_3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
EXAMPLE: Final = "2026-11-20T12:00:00Z"

# Nothing is accepted, or looked for, outside; EventBridge's years. Far within those of a datetime, so that whoever adds
# to a client's time, or moves it to a zone, need not fear an overflow.
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199


def parse_time(text: str) -> datetime:
    """An RFC 3339 time as aware UTC in whole milliseconds, rounded up: a job never starts before the time asked for.

    Raises:
        ValueError: what is wrong, in words for the client.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError(f"an RFC 3339 time with an offset is expected, such as {EXAMPLE}")
    *date_and_time, fraction, _zulu, sign, hours, minutes = match.groups()
    if date_and_time[5] == "60":
        raise ValueError("leap seconds are not accepted")
    try:
        offset = _offset(sign, hours, minutes)
        year, month, day, hour, minute, second = map(int, date_and_time)
        time = datetime(year, month, day, hour, minute, second, tzinfo=offset).astimezone(UTC)
        time += timedelta(milliseconds=_milliseconds(fraction))
    except (ValueError, OverflowError):
        raise ValueError("there is no such time: check the day, the hour and the offset") from None
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise ValueError(f"years from {FIRST_YEAR} to {LAST_YEAR} are accepted")
    return time


def format_time(time: datetime) -> str:
    """`2026-11-20T12:00:00.000Z`."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"


def _offset(sign: str | None, hours: str, minutes: str) -> timezone:
    if sign is None:
        return UTC
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError("no such offset")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)


def _milliseconds(fraction: str | None) -> int:
    return 0 if fraction is None else -(-int(fraction.ljust(9, "0")) // 1_000_000)
