"""On which days of a month a cron expression fires.

A month is known by the weekday of its first (0 = Sunday) and its length: there are 28 kinds, and a rule is asked once
for each. What `L`, `W`, `LW`, `#` and `6L` mean follows Quartz's CronExpression (quartz-scheduler.org, "CronTrigger
Tutorial"), which EventBridge's documentation repeats.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from shared.model.schedule.cron_fields import DAY_OF_MONTH, QUARTZ_WEEKDAY, UNIX_WEEKDAY, number, read_values
from shared.model.schedule.schedule import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable

    # (weekday of the first, length of the month) → days
    DayRule = Callable[[int, int], set[int]]

_SATURDAY: Final = 6
LAST: Final = re.compile(r"L(?:-([0-9]{1,2}))?(W)?", re.ASCII)
NEAREST: Final = re.compile(r"([0-9]{1,2})W", re.ASCII)
NTH: Final = re.compile(r"([A-Z0-9]+)#([0-9])", re.ASCII)
LAST_WEEKDAY: Final = re.compile(r"([A-Z0-9]+?)L", re.ASCII)


def day_rule(of_month: str, of_week: str, dialect: Dialect, seed: str) -> DayRule:
    """How the two fields of days go together.

    Unix: see `either_suffices`. Quartz and EventBridge: exactly one of them is `?`.

    Raises:
        ValueError: what is wrong, and what would be right.
    """
    if dialect is Dialect.UNIX:
        days = read_values(of_month, DAY_OF_MONTH, dialect, seed)
        weekdays = frozenset(day % 7 for day in read_values(of_week, UNIX_WEEKDAY, dialect, seed))
        return _combined(_days(days), _weekdays(weekdays), either=either_suffices(of_month, of_week))
    if (of_month == "?") == (of_week == "?"):
        raise ValueError(
            "exactly one of day-of-month and day-of-week is ?, the other says on which days, "
            "such as `? MON-FRI` after the month's place, or `1 * ?`"
        )
    read, text = (_of_month, of_month) if of_week == "?" else (_of_week, of_week)
    rules = [read(item, dialect, seed) for item in text.split(",")]
    return lambda first, length: set().union(*(rule(first, length) for rule in rules))


def either_suffices(of_month: str, of_week: str) -> bool:
    """Unix: whether a day needs to be in one of the fields only; in both, where one of them begins with `*`.

    Vixie's `DOM_STAR` and `DOW_STAR`, which a field's first character sets.
    """
    return not (of_month.startswith("*") or of_week.startswith("*"))


def _combined(of_month: DayRule, of_week: DayRule, *, either: bool) -> DayRule:
    if either:
        return lambda first, length: of_month(first, length) | of_week(first, length)
    return lambda first, length: of_month(first, length) & of_week(first, length)


def _of_month(item: str, dialect: Dialect, seed: str) -> DayRule:
    if match := LAST.fullmatch(item):
        before = int(match[1] or 0)
        if before > 30:
            raise ValueError(f"day-of-month: {item} lies before every month; L-1 to L-30 are possible")
        return _from_last(before, weekday=match[2] is not None)
    if match := NEAREST.fullmatch(item):
        day = number(match[1], DAY_OF_MONTH)
        return lambda first, length: {_nearest_weekday(day, first, length)} if day <= length else set()
    return _days(read_values(item, DAY_OF_MONTH, dialect, seed))


def _of_week(item: str, dialect: Dialect, seed: str) -> DayRule:
    if item == "L":
        return _weekdays(frozenset({_SATURDAY}))
    if match := NTH.fullmatch(item):
        weekday, nth = number(match[1], QUARTZ_WEEKDAY) - 1, int(match[2])
        if not 1 <= nth <= 5:
            raise ValueError(f"day-of-week: {item} asks for number {nth}; a weekday comes at most 5 times in a month")
        return lambda first, length: {(weekday - first) % 7 + 7 * nth - 6} & set(range(1, length + 1))
    if match := LAST_WEEKDAY.fullmatch(item):
        weekday = number(match[1], QUARTZ_WEEKDAY) - 1
        return lambda first, length: {length - (first + length - 1 - weekday) % 7}
    return _weekdays(frozenset(day - 1 for day in read_values(item, QUARTZ_WEEKDAY, dialect, seed)))


def _days(days: frozenset[int]) -> DayRule:
    return lambda _, length: {day for day in days if day <= length}


def _weekdays(weekdays: frozenset[int]) -> DayRule:
    return lambda first, length: {day for day in range(1, length + 1) if (first + day - 1) % 7 in weekdays}


def _from_last(before: int, *, weekday: bool) -> DayRule:
    def rule(first: int, length: int) -> set[int]:
        day = length - before
        if day < 1:
            return set()
        return {_nearest_weekday(day, first, length) if weekday else day}

    return rule


def _nearest_weekday(day: int, first: int, length: int) -> int:
    """The Monday to Friday nearest to `day`, in the same month."""
    weekday = (first + day - 1) % 7
    if weekday == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == 0:
        return day + 1 if day < length else day - 2
    return day
