"""Cron expressions in words.

They are said from what the fields mean, not from how they are written: `0-23/2` and `*/2` are the same hours. Where the
numbers do not keep their distance over the end of the hour they are named: `*/7` is no "every 7 minutes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.model.schedule import cron_fields as fields
from shared.model.schedule.cron import seven_fields
from shared.model.schedule.cron_days import LAST, LAST_WEEKDAY, NEAREST, NTH, either_suffices
from shared.model.schedule.cron_fields import HASH, QUARTZ_WEEKDAY, UNIX_WEEKDAY, Field, number, read_values
from shared.model.schedule.schedule import Dialect
from shared.model.schedule.words_lists import WEEKDAYS, joined, listed, month_name, ordinal, steps, weekday_run
from shared.model.schedule.words_times import Choice, time_of_day

if TYPE_CHECKING:
    from shared.model.schedule.schedule import Cron

# What the weekdays of both dialects become: 0 = Sunday.
_WEEKDAY: Final = Field("day", 0, 6)
_BY_ID: Final = " (the template's id decides which)"


def cron_words(cron: Cron) -> str:
    """`At 09:30, Monday through Friday`, of an expression that can be read and is no rate."""
    texts = seven_fields(cron)
    week = UNIX_WEEKDAY if cron.dialect is Dialect.UNIX else QUARTZ_WEEKDAY
    read = (fields.SECOND, fields.MINUTE, fields.HOUR, fields.DAY_OF_MONTH, fields.MONTH, week, fields.YEAR)
    seconds, minutes, hours, month_days, months, weekdays, years = (
        _choice(text, field, cron.dialect) for text, field in zip(texts, read, strict=True)
    )
    either = cron.dialect is Dialect.UNIX and either_suffices(texts[3], texts[5])
    if weekdays.is_all and (date := _only_date(month_days, months, years)):
        days = [f"on {date}"]
    else:
        days = _days(month_days, weekdays, months, either=either)
        if not days and not hours.is_all:
            days = ["every day" if months.is_all else f"every day in {_months(months)}"]
        elif not days and not months.is_all:
            days = [f"in {_months(months)}"]
        days += [] if years.is_all else [_years(years)]
    sentence = ", ".join([time_of_day(seconds, minutes, hours), *days])
    hashed = (_hashed(item, field) for text, field in zip(texts, read, strict=True) for item in text.split(","))
    return sentence + (_BY_ID if any(words and words in sentence for words in hashed) else "")


def _choice(text: str, field: Field, dialect: Dialect) -> Choice:
    numbers: set[int] = set()
    others = []
    for item in ("*" if text == "?" else text).split(","):
        words = _special_day(item, field) or _hashed(item, field)
        if words is None:
            numbers.update(read_values(item, field, dialect, ""))
        else:
            others.append(words)
    if field in (UNIX_WEEKDAY, QUARTZ_WEEKDAY):
        numbers = {_from_sunday(weekday, field) for weekday in numbers}
        field = _WEEKDAY
    return Choice(field, tuple(sorted(numbers)), tuple(dict.fromkeys(others)))


def _from_sunday(weekday: int, field: Field) -> int:
    return (weekday - 1 if field is QUARTZ_WEEKDAY else weekday) % 7


def _special_day(item: str, field: Field) -> str | None:
    """What Quartz has beside numbers: L, W and # (see `cron_days`)."""
    if field is fields.DAY_OF_MONTH:
        return _special_month_day(item)
    if field is not QUARTZ_WEEKDAY:
        return None
    if item == "L":
        return WEEKDAYS[6]
    if match := NTH.fullmatch(item):
        which = ordinal(int(match[2]))
    elif match := LAST_WEEKDAY.fullmatch(item):
        which = "last"
    else:
        return None
    return f"the {which} {WEEKDAYS[number(match[1], field) - 1]} of the month"


def _special_month_day(item: str) -> str | None:
    if match := LAST.fullmatch(item):
        before = int(match[1] or 0)
        if before:
            day = f"the {ordinal(before)} day before the last"
            return f"the weekday nearest to {day}" if match[2] else day
        return "the last weekday" if match[2] else "the last day"
    if match := NEAREST.fullmatch(item):
        return f"the weekday nearest to the {ordinal(int(match[1]))}"
    return None


def _hashed(item: str, field: Field) -> str | None:
    """An item with H; None for another, and for one that leaves nothing to choose (`H(5-5)`, `H/1`)."""
    match = HASH.fullmatch(item)
    if match is None:
        return None
    low, high = field.low, field.hash_high or field.high
    if match[1]:
        low, high = number(match[1], field), number(match[2], field)
    step = int(match[3] or high - low + 1)
    if step == 1 or low == high:
        return None
    noun = field.name.partition("-")[0]
    which = f"one {noun}" if step > high - low else f"every {ordinal(step)} {noun}"
    if match[1] or field is fields.DAY_OF_MONTH:
        return f"{which} from {_name(low, field)} through {_name(high, field)}"
    return f"{which} of the week" if field in (UNIX_WEEKDAY, QUARTZ_WEEKDAY) else which


def _name(value: int, field: Field) -> str:
    if field in (UNIX_WEEKDAY, QUARTZ_WEEKDAY):
        return WEEKDAYS[_from_sunday(value, field)]
    if field is fields.MONTH:
        return month_name(value)
    return f"the {ordinal(value)}" if field is fields.DAY_OF_MONTH else str(value)


def _only_date(month_days: Choice, months: Choice, years: Choice) -> str | None:
    """The one day of all time on which it fires, if the fields name one."""
    choices = (years, months, month_days)
    if any(len(choice.numbers) != 1 or choice.others for choice in choices):
        return None
    year, month, day = (choice.numbers[0] for choice in choices)
    return f"{year}-{month:02}-{day:02}"


def _days(month_days: Choice, weekdays: Choice, months: Choice, *, either: bool) -> list[str]:
    """On which days of which months; nothing where every day is meant."""
    every_month_day, every_weekday = month_days.is_all, weekdays.is_all
    if (every_month_day and every_weekday) or (either and (every_month_day or every_weekday)):
        return []
    only_months = [] if months.is_all else [f"in {_months(months)}"]
    if every_month_day:
        return [_weekdays(weekdays), *only_months]
    if either and not every_weekday:
        return [f"{_month_days(month_days)} of the month and also {_weekdays(weekdays)}", *only_months]
    days = [f"{_month_days(month_days)} of {'the month' if months.is_all else _months(months)}"]
    if any("nearest" in words for words in month_days.others):
        days.append("always in the same month")
    if not every_weekday:
        days.append(f"if that is {_one_of(weekdays)}")
    return days


def _month_days(choice: Choice) -> str:
    plain = steps(choice.numbers, "day", lambda day: f"the {ordinal(day)}")
    parts = [plain] if plain else listed(choice.numbers, ordinal)
    if parts and not plain:
        parts[0] = f"the {parts[0]}"
    return f"on {joined([*parts, *choice.others])}"


def _weekdays(choice: Choice) -> str:
    run = weekday_run(choice.numbers)
    if run and not choice.others:
        return run
    return f"on {joined([*(WEEKDAYS[day] for day in choice.numbers), *choice.others])}"


def _one_of(weekdays: Choice) -> str:
    run = weekday_run(weekdays.numbers)
    if run and not weekdays.others:
        return f"one of {run}"
    return joined([*(f"a {WEEKDAYS[day]}" for day in weekdays.numbers), *weekdays.others], "or")


def _months(choice: Choice) -> str:
    return joined([*listed(choice.numbers, month_name), *choice.others])


def _years(choice: Choice) -> str:
    first, last = choice.numbers[:1], choice.numbers[-1:]
    if last == (choice.field.high,) and len(choice.numbers) == choice.field.high - first[0] + 1 and not choice.others:
        return f"from {first[0]} on"
    plain = steps(choice.numbers, "year")
    return f"in {joined([*([plain] if plain else listed(choice.numbers)), *choice.others])}"
