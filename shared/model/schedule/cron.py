"""Cron expressions in three dialects, expanded into naive local times.

Written here rather than taken from croniter: its fields differ from Quartz's (`LW`, numbers of weekdays, ranges that go
round), and this is several times as fast (`python -m benchmarks.schedules`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import monthrange
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from shared.model.schedule import cron_fields as fields
from shared.model.schedule.bounds import FIRST_YEAR, LAST_YEAR, MAX_EVERY_SECONDS, MAX_EXPRESSION_LENGTH
from shared.model.schedule.cron_days import day_rule
from shared.model.schedule.local_time import DAY, date_of, day_number
from shared.model.schedule.schedule import Dialect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.model.schedule.cron_days import DayRule
    from shared.model.schedule.schedule import Cron

_NICKNAMES: Final = {
    "@HOURLY": "0 * * * *",
    "@DAILY": "0 0 * * *",
    "@MIDNIGHT": "0 0 * * *",
    "@WEEKLY": "0 0 * * 0",
    "@MONTHLY": "0 0 1 * *",
    "@YEARLY": "0 0 1 1 *",
    "@ANNUALLY": "0 0 1 1 *",
}
_CALL: Final = re.compile(r"(cron|rate|at)\((.*)\)", re.ASCII)
_AT: Final = "%Y-%m-%dT%H:%M:%S"
_RATE: Final = re.compile(r"([1-9][0-9]{0,5}) (minute|hour|day)s?", re.ASCII)
_RATE_SECONDS: Final = {"minute": 60, "hour": 3_600, "day": DAY}
# Among so many there is one for each choice of each number of months.
SEEDS_OF_ALL_MONTHS: Final = 40
_DIALECTS: Final = {5: Dialect.UNIX, 6: Dialect.QUARTZ, 7: Dialect.QUARTZ}


class CronTimes:
    """The local times of an expression, ready to be looked through."""

    def __init__(
        self, time_fields: tuple[frozenset[int], ...], days: DayRule, *, years: frozenset[int], elapsed: bool
    ) -> None:
        seconds, minutes, hours, months = time_fields
        self.elapsed = elapsed
        self._in_hour = sorted(minute * 60 + second for minute in minutes for second in seconds)
        self._hours = sorted(hours)
        self._months = months
        self._years = years
        self._day_rule = days
        self._days: dict[tuple[int, int], list[int]] = {}

    def local_times(self, start: int, end: int) -> Iterator[int]:
        """The local seconds in [start, end) at which the expression fires, ascending."""
        for midnight in self._midnights(start // DAY):
            if midnight >= end:
                return
            for hour in self._hours:
                base = midnight + hour * 3_600
                if base + 3_600 <= start:
                    continue
                offsets = self._in_hour
                if base < start:
                    offsets = offsets[bisect_left(offsets, start - base) :]
                for offset in offsets:
                    if base + offset >= end:
                        return
                    yield base + offset

    def ever_fires(self) -> bool:
        return next(self._midnights(day_number(FIRST_YEAR, 1, 1)), None) is not None

    def _midnights(self, first_day: int) -> Iterator[int]:
        first = date_of(first_day)
        month = first.month
        for year in range(max(first.year, FIRST_YEAR - 1), LAST_YEAR + 1):
            if year in self._years:
                for month_of_year in range(month, 13):
                    if month_of_year in self._months:
                        start = day_number(year, month_of_year, 1)
                        for day in self._days_of(year, month_of_year):
                            if start + day > first_day:
                                yield (start + day - 1) * DAY
            month = 1

    def _days_of(self, year: int, month: int) -> list[int]:
        monday_based, length = monthrange(year, month)
        kind = ((monday_based + 1) % 7, length)
        if kind not in self._days:
            self._days[kind] = sorted(self._day_rule(*kind))
        return self._days[kind]


def dialect_of(expression: str) -> Dialect:
    """What an expression's shape says it is.

    Raises:
        ValueError: it has no such shape.
    """
    if len(expression) > MAX_EXPRESSION_LENGTH:
        raise ValueError(f"an expression has at most {MAX_EXPRESSION_LENGTH} characters")
    if _CALL.fullmatch(expression):
        return Dialect.EVENTBRIDGE
    if expression.startswith("@"):
        return Dialect.UNIX
    count = len(expression.split())
    if count not in _DIALECTS:
        raise ValueError(
            f"an expression of {count} fields is not understood; write five (minute hour day-of-month month "
            "day-of-week), six or seven as Quartz does (second first), or cron(…), rate(…) or at(…) as EventBridge does"
        )
    return _DIALECTS[count]


def rate_seconds(cron: Cron) -> int | None:
    """The spacing of a `rate(…)`; None for every other expression.

    Raises:
        ValueError: what is wrong with the rate, and what would be right.
    """
    call = _CALL.fullmatch(cron.expression)
    if call is None or call[1] != "rate":
        return None
    match = _RATE.fullmatch(" ".join(call[2].split()))
    if match is None:
        raise ValueError(f"a rate of {call[2]!r} is not understood; write rate(5 minutes), rate(1 hour) or rate(1 day)")
    seconds = int(match[1]) * _RATE_SECONDS[match[2]]
    if seconds > MAX_EVERY_SECONDS:
        raise ValueError(f"a rate of {call[2]} is too slow; at most 366 days lie between two runs")
    return seconds


@lru_cache(maxsize=1024)
def cron_times(cron: Cron, seed: str) -> CronTimes:
    """The local times of an expression that is no rate; `seed` is what `H` is a hash of.

    Raises:
        ValueError: which field is wrong, how, and what would be right; or that the expression never fires.
    """
    return _read(cron, seed)


def check_cron(cron: Cron) -> None:
    """Whether an expression that is no rate can be read and ever fires, whatever month `H` chooses.

    Raises:
        ValueError: as `cron_times`.
    """
    has_hashed_month = "H" in seven_fields(cron)[4]
    for seed in range(SEEDS_OF_ALL_MONTHS if has_hashed_month else 1):
        _read(cron, str(seed))


def _read(cron: Cron, seed: str) -> CronTimes:
    second, minute, hour, of_month, month, of_week, year = seven_fields(cron)
    read = fields.read_values
    times = CronTimes(
        (
            read(second, fields.SECOND, cron.dialect, seed),
            read(minute, fields.MINUTE, cron.dialect, seed),
            read(hour, fields.HOUR, cron.dialect, seed),
            read(month, fields.MONTH, cron.dialect, seed),
        ),
        day_rule(of_month, of_week, cron.dialect, seed),
        years=read(year, fields.YEAR, cron.dialect, seed),
        # Vixie's HR_STAR; H/n is */n that begins elsewhere.
        elapsed=hour.startswith(("*", "H/")),
    )
    if not times.ever_fires():
        raise ValueError("it never fires: no month that it names, or that H may choose, has such a day")
    return times


def seven_fields(cron: Cron) -> list[str]:
    """Second, minute, hour, day of month, month, day of week and year of any expression."""
    if call := _CALL.fullmatch(cron.expression):
        return _of_eventbridge(call[1], call[2])
    text = cron.expression.upper()
    if cron.dialect is Dialect.QUARTZ:
        return [*text.split(), "*"][:7]
    if text.startswith("@"):
        if text not in _NICKNAMES:
            raise ValueError(f"{cron.expression} is not known; write one of {', '.join(_NICKNAMES).lower()}")
        text = _NICKNAMES[text]
    return ["0", *text.split(), "*"]


def _of_eventbridge(kind: str, inside: str) -> list[str]:
    if kind == "at":
        try:
            time = datetime.strptime(inside, _AT)
        except ValueError:
            raise ValueError(f"at({inside}) is no time; write at(2026-11-20T13:00:00), a local time") from None
        day = f"{time.second} {time.minute} {time.hour} {time.day} {time.month} ? {time.year}"
        return day.split()
    parts = inside.upper().split()
    if len(parts) != 6:
        raise ValueError(
            f"cron(…) has {len(parts)} fields; EventBridge's six are minute hour day-of-month month day-of-week year"
        )
    return ["0", *parts]
