"""What a cron expression means, minute by minute: written apart from the code, slow, and as simple as the page says it.

Fields become sets by trying every number. The instants of a window are walked one by one; what the clocks show at each
comes from zoneinfo. Nothing of `shared.model.schedule` is used.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import random

MINUTE = timedelta(minutes=1)
NAMES = {
    name: i + 1
    for i, name in enumerate(["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
}
DAYS = {name: i for i, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])}


def in_item(item: str, value: int, low: int, high: int, names: dict[str, int]) -> bool:
    body, _, step = item.partition("/")
    first, _, last = body.partition("-")
    if body == "*":
        begin, end = low, high
    else:
        begin = names[first] if first in names else int(first)
        end = (names[last] if last in names else int(last)) if last else (high if step else begin)
    return begin <= value <= end and (value - begin) % int(step or 1) == 0


def holds(field: str, value: int, low: int, high: int, names: dict[str, int] | None = None) -> bool:
    return any(in_item(item, value, low, high, names or {}) for item in field.split(","))


@cache
def days_hold(of_month: str, month: str, of_week: str, day: date) -> bool:
    if not holds(month, day.month, 1, 12, NAMES):
        return False
    weekday = day.isoweekday() % 7
    by_month = holds(of_month, day.day, 1, 31)
    by_week = any(holds(of_week, number, 0, 7, DAYS) for number in ((0, 7) if weekday == 0 else (weekday,)))
    if of_month[0] == "*" or of_week[0] == "*":
        return by_month and by_week
    return by_month or by_week


@cache
def values(field: str, high: int) -> frozenset[int]:
    return frozenset(value for value in range(high + 1) if holds(field, value, 0, high))


def firing(expression: str, locals_: list[datetime]) -> list[datetime]:
    minute, hour, of_month, month, of_week = expression.split()
    minutes, hours = values(minute, 59), values(hour, 23)
    return [
        local
        for local in locals_
        if local.minute in minutes and local.hour in hours and days_hold(of_month, month, of_week, local.date())
    ]


@cache
def rules_of(zone: str) -> ZoneInfo:
    """From the package, not from the machine, which may know other rules."""
    with (files("tzdata") / "zoneinfo" / zone).open("rb") as file:
        return ZoneInfo.from_file(file, key=zone)


class Clock:
    """What a zone's clocks show at each minute of a window with a change in its middle."""

    def __init__(self, zone: str, start: datetime, minutes: int) -> None:
        self.instants_of = defaultdict(list)
        self.missing = defaultdict(list)
        before = None
        for number in range(minutes):
            instant = start + number * MINUTE
            local = instant.astimezone(rules_of(zone)).replace(tzinfo=None)
            self.instants_of[local].append(instant)
            if before is not None and local - before > MINUTE:
                self.missing[instant] = [before + MINUTE * n for n in range(1, (local - before) // MINUTE)]
            before = local

    def instants(self, expression: str, gap: str, overlap: str) -> list[datetime]:
        """The instants at which `expression` fires, by the definitions of the policies."""
        elapsed = expression.split()[1].startswith("*")
        chosen = {"first": slice(0, 1), "last": slice(-1, None), "both": slice(None)}["both" if elapsed else overlap]
        found = {i for local in firing(expression, [*self.instants_of]) for i in self.instants_of[local][chosen]}
        if gap == "shift_forward" and not elapsed:
            found |= {instant for instant, missing in self.missing.items() if firing(expression, missing)}
        return sorted(found)


def random_expression(chance: random.Random) -> str:
    """Five fields: any hour often lies in the small hours, where clocks change; days are dense enough to be met."""
    return " ".join(
        [
            _field(chance, 0, 59, dense=0.2),
            _field(chance, 0, chance.choice([3, 3, 23]), dense=0.3, high=23),
            _field(chance, 1, 31, dense=0.7),
            _field(chance, 1, 12, dense=0.9, names=list(NAMES)),
            _field(chance, 0, 7, dense=0.6, names=list(DAYS)),
        ]
    )


def _field(
    chance: random.Random, low: int, most: int, *, dense: float, high: int | None = None, names: list[str] | None = None
) -> str:
    high = most if high is None else high
    if chance.random() < dense:
        return "*"
    items = []
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        kind = chance.randrange(5)
        first, last = sorted((chance.randint(low, most), chance.randint(low, most)))
        if kind == 0:
            items.append(f"*/{chance.randint(1, (high - low) // 2)}")
        elif kind == 1:
            items.append(f"{first}-{last}")
        elif kind == 2:
            items.append(f"{first}-{last}/{chance.randint(1, max(1, (high - low) // 3))}")
        elif kind == 3 and names:
            items.append(chance.choice(names))
        else:
            items.append(str(first))
    return ",".join(items)


def changes_of(zone: str, first_year: int, years: int) -> list[datetime]:
    """The minutes at which a zone's offset is another than the minute before."""
    rules = rules_of(zone)
    found = []
    hour = timedelta(hours=1)
    instant = datetime(first_year, 1, 1, tzinfo=UTC)
    offset = instant.astimezone(rules).utcoffset()
    for _ in range(years * 366):
        later = instant + 24 * hour
        if later.astimezone(rules).utcoffset() != offset:
            steps = (instant + MINUTE * n for n in range(1, 24 * 60 + 1))
            change = next(step for step in steps if step.astimezone(rules).utcoffset() != offset)
            found.append(change)
            offset = later.astimezone(rules).utcoffset()
        instant = later
    return found
