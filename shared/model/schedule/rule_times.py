"""Recurrence rules expanded into naive local times, from any point without what came before.

Written here rather than taken from dateutil, whose search for a time that never comes cannot be stopped and goes on for
seconds; the tests compare the two.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from shared.model.schedule.bounds import LAST_YEAR, MAX_RULE_STEPS, SearchTooLong
from shared.model.schedule.local_time import DAY, HORIZON, date_of, day_number
from shared.model.schedule.rule_days import candidate_days, fires_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.model.schedule.recurrence_rule import Rule

_UNIT: Final = {"HOURLY": 3_600, "MINUTELY": 60}


class RuleTimes:
    """The local times of a rule whose first may be at `start` (local seconds)."""

    def __init__(self, rule: Rule, start: int) -> None:
        self._start = start
        self._rule = rule = with_defaults(rule, start)
        sub_daily = rule.frequency in _UNIT
        # HOURLY and MINUTELY without BYHOUR have no hour of their own: elapsed time.
        self.elapsed = sub_daily and not rule.hours
        # The hours of a day, or its minutes, at which it may fire, each with the seconds after it.
        self._width = _UNIT.get(rule.frequency, 3_600)
        self._per_day = DAY // self._width
        self._spacing = rule.interval if sub_daily else 1
        hours, minutes = rule.hours or range(24), rule.minutes or range(60)
        if rule.frequency == "MINUTELY":
            self._units = frozenset(hour * 60 + minute for hour in hours for minute in minutes)
            self._seconds = list(rule.seconds)
        else:
            self._units = frozenset(hours)
            self._seconds = [minute * 60 + second for minute in minutes for second in rule.seconds]
        # Steps that a firing day costs: ten hours or minutes are looked at in the time of one day.
        self._units_looked_at = 1 + min(self._per_day // self._spacing, len(self._units)) // 10 if sub_daily else 0
        self._until = HORIZON if rule.until is None else min(rule.until + 1, HORIZON)
        # Before the first of these, so many times of COUNT are left; where it says none, there always is one.
        self._counted = (HORIZON, 1) if rule.count is None else (start, rule.count)
        # The period that was looked at last: its first day, how many were looked at, and those that fire.
        self._period: tuple[int | None, int, list[int]] = (None, 0, [])

    def local_times(self, start: int, end: int) -> Iterator[int]:
        """The local seconds in [start, end) at which the rule fires, ascending.

        Raises:
            SearchTooLong: there is none for a very long time.
        """
        return self._from(max(start, self._start), self._end_by(min(end, self._until)))

    def _end_by(self, end: int) -> int:
        """`end`, or what lies behind the last time of COUNT where that comes before it. Nothing is counted twice, and
        nothing beyond `end`."""
        until, left = self._counted
        if left and until < end:
            times = [*islice(self._from(until, end), left)]
            left -= len(times)
            until = end if left else times[-1] + 1
            # At once, for other threads.
            self._counted = until, left
        return end if left else min(end, until)

    def _from(self, start: int, end: int) -> Iterator[int]:
        steps = 0
        for first, last in self._periods(start // DAY):
            if first * DAY >= end:
                return
            looked_at, firing = self._firing(first, last)
            steps += max(looked_at, 1) + len(firing) * self._units_looked_at
            for time in self._at_positions(firing) if self._rule.positions else self._times_on(firing, start):
                if time >= end:
                    return
                if time >= start:
                    steps = 0
                    yield time
            if steps > MAX_RULE_STEPS:
                raise SearchTooLong(
                    f"the rule does not fire for a very long time before {date_of(last)}",
                    looked_through=(last + 1) * DAY,
                )

    def _firing(self, first: int, last: int) -> tuple[int, list[int]]:
        """How many days of a period had to be looked at, and those that fire."""
        known, looked_at, firing = self._period
        if known != first:
            days = candidate_days(self._rule, first, last)
            looked_at, firing = len(days), [day for day in days if fires_on(self._rule, day)]
            # At once, for other threads.
            self._period = first, looked_at, firing
        return looked_at, firing

    def _times_on(self, days: list[int], start: int) -> Iterator[int]:
        """The times on these days; none of an hour or minute that is over by `start`."""
        for day in days:
            if (day + 1) * DAY > start:
                for unit in self._units_on(day, max(0, (start - day * DAY) // self._width)):
                    begin = day * DAY + unit * self._width
                    yield from (begin + second for second in self._seconds)

    def _units_on(self, day: int, first: int) -> Sequence[int]:
        """The hours or minutes of a day at which it fires, from `first` on."""
        origin = self._start // self._width - day * self._per_day
        spaced = range(first + (origin - first) % self._spacing, self._per_day, self._spacing)
        if len(self._units) == self._per_day:
            return spaced
        few, many = (spaced, self._units) if len(spaced) < len(self._units) else (self._units, spaced)
        return sorted(unit for unit in few if unit in many)

    def _at_positions(self, days: list[int]) -> Iterator[int]:
        """What BYSETPOS chooses among the times of a period, all of whose days have the same; there may be millions."""
        units, per_unit = sorted(self._units), len(self._seconds)
        count = len(days) * len(units) * per_unit
        chosen = {position - 1 if position > 0 else count + position for position in self._rule.positions}
        for index in sorted(index for index in chosen if 0 <= index < count):
            unit_index, second = divmod(index, per_unit)
            day, unit = divmod(unit_index, len(units))
            yield days[day] * DAY + units[unit] * self._width + self._seconds[second]

    def _periods(self, day: int) -> Iterator[tuple[int, int]]:
        """First and last day of each period of the rule, from the one in which `day` lies."""
        interval = self._rule.interval
        origin = date_of(self._start // DAY)
        found = date_of(day)
        if self._rule.frequency == "YEARLY":
            for year in _every(interval, origin.year, found.year, LAST_YEAR):
                yield day_number(year, 1, 1), day_number(year, 12, 31)
        elif self._rule.frequency == "MONTHLY":
            last = LAST_YEAR * 12 + 11
            for month in _every(interval, origin.year * 12 + origin.month - 1, found.year * 12 + found.month - 1, last):
                next_month = month + 1
                yield (
                    day_number(month // 12, month % 12 + 1, 1),
                    day_number(next_month // 12, next_month % 12 + 1, 1) - 1,
                )
        elif self._rule.frequency == "WEEKLY":
            # Day 0 was a Thursday: weeks that begin on `week_start` begin `shift` days after day 0.
            shift = (self._rule.week_start - 3) % 7
            weeks = _every(interval, (self._start // DAY - shift) // 7, (day - shift) // 7, HORIZON // DAY // 7)
            yield from ((week * 7 + shift, week * 7 + shift + 6) for week in weeks)
        else:
            spacing = interval if self._rule.frequency == "DAILY" else 1
            yield from ((number, number) for number in _every(spacing, self._start // DAY, day, HORIZON // DAY))


def _every(interval: int, origin: int, first: int, last: int) -> range:
    """The numbers from `first` or the one before on that are `origin` plus a multiple of `interval`."""
    return range(first - (first - origin) % interval, last + 1, interval)


def with_defaults(rule: Rule, start: int) -> Rule:
    """What the rule does not say comes from its start (RFC 5545, page 45)."""
    day, time = date_of(start // DAY), start % DAY
    sub_daily = rule.frequency in _UNIT
    if not rule.seconds:
        rule = replace(rule, seconds=(time % 60,))
    if not rule.minutes and rule.frequency != "MINUTELY":
        rule = replace(rule, minutes=(time // 60 % 60,))
    if not rule.hours and not sub_daily:
        rule = replace(rule, hours=(time // 3_600,))
    if sub_daily or rule.weeks or rule.year_days or rule.month_days or rule.weekdays:
        return rule
    if rule.frequency == "WEEKLY":
        return replace(rule, weekdays=((0, day.weekday()),))
    if rule.frequency in {"MONTHLY", "YEARLY"}:
        months = rule.months or ((day.month,) if rule.frequency == "YEARLY" else ())
        return replace(rule, months=months, month_days=(day.day,))
    return rule
