"""Reads the words of Unix expressions back, by their grammar alone: nothing of `shared.model.schedule` is used."""

from __future__ import annotations

import re
from datetime import date, timedelta

from tests.unit.model.schedule.oracle import DAYS

WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
MONTHS = [f"{date(2026, month, 1):%B}" for month in range(1, 13)]
CLOCK = r"\d\d:\d\d"


def value(text: str) -> int:
    """Of a number, an ordinal, a month (1 = January) or a weekday (0 = Sunday)."""
    text = text.removeprefix("the ").removeprefix("a ")
    if text in MONTHS:
        return MONTHS.index(text) + 1
    return WEEKDAYS.index(text) if text in WEEKDAYS else int(re.fullmatch(r"(\d+)(st|nd|rd|th)?", text)[1])


def numbers(text: str) -> set[int]:
    """Of `1, 3 and 5`, `the 1st through 7th and 9th`, `every 2nd day from the 1st through the 31st`."""
    if found := re.fullmatch(r"every (\w+) \w+ from (.+) through (.+)", text):
        step, first, last = map(value, found.groups())
        assert (last - first) % step == 0
        return set(range(first, last + 1, step))
    result: set[int] = set()
    for item in re.split(r", | and | or ", text):
        first, _, last = item.partition(" through ")
        if last and first in WEEKDAYS:
            result |= {(value(first) + day) % 7 for day in range((value(last) - value(first)) % 7 + 1)}
        else:
            result |= set(range(value(first), value(last or first) + 1))
    return result


def minute_of_day(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def hours_of(scope: str) -> set[int]:
    """`` (all), `from 08:00 to 17:59 and from 20:00 to 20:59`, `in hours 0, 7 and 14`, `in every 2nd hour from …`."""
    if not scope or scope == "every hour":
        return set(range(24))
    if stretches := re.findall(rf"from ({CLOCK}) to ({CLOCK})", scope):
        assert all(first.endswith(":00") and last.endswith(":59") for first, last in stretches)
        return {hour for first, last in stretches for hour in range(int(first[:2]), int(last[:2]) + 1)}
    return numbers(re.sub(r"^(in )?(hours? )?", "", scope))


def minutes_of(text: str) -> set[int]:
    if text == "every minute":
        return set(range(60))
    return numbers(re.sub(r"^minutes? ", "", text))


def times(text: str) -> set[int]:
    """The minutes of a day that the first part of a sentence names."""
    if re.fullmatch(rf"At {CLOCK}(, {CLOCK})*( and {CLOCK})?", text):
        return {minute_of_day(clock) for clock in re.findall(CLOCK, text)}
    if found := re.fullmatch(rf"Every (?:(\d+) )?hours? from ({CLOCK}) through ({CLOCK})", text):
        first, last, step = minute_of_day(found[2]), minute_of_day(found[3]), int(found[1] or 1) * 60
        assert (last - first) % step == 0
        return set(range(first, last + 1, step))
    if text == "Every hour":
        minutes, hours = {0}, hours_of("")
    elif found := re.fullmatch(r"At (\d+) minutes? past every hour", text):
        minutes, hours = {int(found[1])}, hours_of("")
    elif found := re.fullmatch(r"At (.+) minutes past the hour(?:, (.+))?", text):
        minutes, hours = numbers(found[1]), hours_of(found[2] or "")
    elif found := re.fullmatch(r"Every (?:(\d+) )?minutes?(?:, (.+))?", text):
        minutes, hours = set(range(0, 60, int(found[1] or 1))), hours_of(found[2] or "")
    else:
        found = re.fullmatch(r"At (.+) of (.+?)", text)
        minutes, hours = minutes_of(found[1]), hours_of(found[2])
    return {hour * 60 + minute for hour in hours for minute in minutes}


def fires_on(text: str, day: date) -> bool:
    """Whether the rest of a sentence, which speaks of days, names this one."""
    weekday = DAYS[f"{day:%a}".upper()]
    text, _, condition = text.partition(", if that is ")
    if condition and weekday not in numbers(condition.removeprefix("one of ")):
        return False
    if found := re.fullmatch(r"(.*?)(?:, |every day )?in ([A-Z].*)", text):
        if day.month not in numbers(found[2]):
            return False
        text = found[1]
    if text in ("", "every day"):
        return True
    if found := re.fullmatch(r"on (.+) of the month and also (?:on )?(.+)", text):
        return day.day in numbers(found[1]) or weekday in numbers(found[2])
    if found := re.fullmatch(r"on (.+) of (.+)", text):
        in_month = found[2] == "the month" or day.month in numbers(found[2])
        return in_month and day.day in numbers(found[1])
    return weekday in numbers(text.removeprefix("on "))


def split(sentence: str) -> tuple[str, str]:
    """The part that speaks of times and the one that speaks of days."""
    days = r"every day|[A-Z]\w+day through [A-Z]\w+day|on .+|in [A-Z].+"
    found = re.fullmatch(rf"(.+?)(?:, ((?:{days}).*))?", sentence)
    return found[1], found[2] or ""


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]
