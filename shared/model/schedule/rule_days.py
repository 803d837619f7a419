"""On which days a recurrence rule can fire: the BY… parts as filters over the days of a period (RFC 5545, page 44)."""

from __future__ import annotations

from calendar import isleap, monthrange
from typing import TYPE_CHECKING

from shared.model.schedule.local_time import date_of, day_number

if TYPE_CHECKING:
    from datetime import date

    from shared.model.schedule.recurrence_rule import Rule


def candidate_days(rule: Rule, first: int, last: int) -> range | list[int]:
    """Day numbers of the period [first, last] that are worth a look, ascending: not the whole year for one month."""
    if rule.frequency == "MONTHLY" and rule.months and date_of(first).month not in rule.months:
        return range(0)
    if rule.frequency != "YEARLY":
        return range(first, last + 1)
    year, length = date_of(first).year, last - first + 1
    if rule.year_days:
        days = {day - 1 if day > 0 else length + day for day in rule.year_days}
        return sorted(first + day for day in days if 0 <= day < length)
    if rule.months:
        spans = ((day_number(year, month, 1), monthrange(year, month)[1]) for month in rule.months)
        return [start + day for start, days in spans for day in range(days)]
    return range(first, last + 1)


def fires_on(rule: Rule, day: int) -> bool:
    """Whether none of the parts that speak of days rules this one out."""
    found = date_of(day)
    return (
        (not rule.months or found.month in rule.months)
        and (not rule.month_days or _is_month_day(rule, found))
        and (not rule.weekdays or _is_weekday(rule, found))
        and (not rule.weeks or _is_week(rule, found))
        and (not rule.year_days or _is_year_day(rule, found))
    )


def _is_month_day(rule: Rule, day: date) -> bool:
    return day.day in rule.month_days or day.day - monthrange(day.year, day.month)[1] - 1 in rule.month_days


def _is_year_day(rule: Rule, day: date) -> bool:
    number = day.timetuple().tm_yday
    return number in rule.year_days or number - _year_length(day) - 1 in rule.year_days


def _is_week(rule: Rule, day: date) -> bool:
    year, week, _ = day.isocalendar()
    # The 28th of December always lies in its year's last week (ISO 8601).
    weeks = day.replace(year=year, month=12, day=28).isocalendar().week
    return week in rule.weeks or week - weeks - 1 in rule.weeks


def _is_weekday(rule: Rule, day: date) -> bool:
    """`2TU` counts within the month, and with FREQ=YEARLY and no BYMONTH within the year."""
    weekday = day.weekday()
    if (0, weekday) in rule.weekdays:
        return True
    if rule.frequency == "YEARLY" and not rule.months:
        number, length = day.timetuple().tm_yday, _year_length(day)
    else:
        number, length = day.day, monthrange(day.year, day.month)[1]
    return ((number - 1) // 7 + 1, weekday) in rule.weekdays or (
        -((length - number) // 7) - 1,
        weekday,
    ) in rule.weekdays


def _year_length(day: date) -> int:
    return 366 if isleap(day.year) else 365
