"""Recurrence rules in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.model.schedule import cron_fields as fields
from shared.model.schedule.local_time import DAY, naive_time
from shared.model.schedule.rule_times import with_defaults
from shared.model.schedule.words_lists import WEEKDAYS, amount, joined, listed, month_name, place, weekday_run
from shared.model.schedule.words_times import Choice, time_of_day, within_hour

if TYPE_CHECKING:
    from shared.model.schedule.recurrence_rule import Rule

_NOUNS: Final = {
    "YEARLY": "year",
    "MONTHLY": "month",
    "WEEKLY": "week",
    "DAILY": "day",
    "HOURLY": "hour",
    "MINUTELY": "minute",
}
_SUB_DAILY: Final = ("HOURLY", "MINUTELY")
# Sets of weekdays (0 = Monday) that have a name of their own.
_KINDS_OF_DAYS: Final = {tuple(range(5)): "weekday", (5, 6): "weekend day", tuple(range(7)): "day"}


def rule_words(rule: Rule, start: int, *, has_own_start: bool) -> str:
    """`Every month on the last Friday at 09:00`; `start` is where it begins, in local seconds.

    The start is told where it is the rule's own, and where intervals or runs are counted from it.
    """
    rule = with_defaults(rule, start)
    period = _NOUNS[rule.frequency]
    words = f"Every {amount(rule.interval, period)}"
    on_day = _nth_of_a_kind(rule)
    filters = [on_day] if on_day else _day_filters(rule)
    conditions = []
    if rule.frequency == "YEARLY":
        words += "".join(f" in {phrase}" for phrase in _months_and_weeks(rule))
        filters = filters or ["every day"]
    elif rule.months:
        conditions.append(f"only in {joined(listed(rule.months, month_name))}")
    if rule.frequency in ("YEARLY", "MONTHLY", "WEEKLY"):
        words += f" on {filters.pop(0)}"
    words += _time(rule)
    conditions = [*(f"only on {filter_}" for filter_ in filters), *conditions]
    if rule.positions and not on_day:
        conditions.append(f"of these only the {_places(rule.positions)} in each {period}")
    if rule.frequency == "WEEKLY" and rule.week_start and (rule.interval > 1 or rule.positions):
        conditions.append(f"weeks begin on {_weekday(rule.week_start)}")
    conditions += _ends(rule, start, told=has_own_start or rule.interval > 1 or rule.count is not None)
    return ", ".join([words, *conditions])


def _nth_of_a_kind(rule: Rule) -> str | None:
    """`the last weekday` for BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1, when that is all and there is one time in the day."""
    times = len(rule.hours) * len(rule.minutes) * len(rule.seconds)
    days = tuple(sorted({weekday for nth, weekday in rule.weekdays if nth == 0}))
    numbered = any(nth for nth, _ in rule.weekdays)
    if rule.frequency != "MONTHLY" or not rule.positions or times != 1 or numbered or rule.month_days:
        return None
    kind = _weekday(days[0]) if len(days) == 1 else _KINDS_OF_DAYS.get(days)
    return kind and f"the {_places(rule.positions)} {kind}"


def _day_filters(rule: Rule) -> list[str]:
    """What follows `on` for each part that speaks of days; a day fires when all of them name it."""
    filters = []
    if rule.month_days:
        of = {"MONTHLY": "", "YEARLY": "" if rule.months else " of any month"}.get(rule.frequency, " of the month")
        filters.append(f"the {_places(rule.month_days)}{' day' if rule.month_days[0] < 0 else ''}{of}")
    if rule.weekdays:
        filters.append(_weekdays(rule))
    if rule.year_days:
        filters.append(f"the {_places(rule.year_days)} day of the year")
    return filters


def _weekdays(rule: Rule) -> str:
    """BYDAY counts within the month, and with FREQ=YEARLY and no BYMONTH within the year."""
    of = "" if rule.frequency != "YEARLY" else " of the month" if rule.months else " of the year"
    each = sorted({weekday for nth, weekday in rule.weekdays if nth == 0})
    # "Every month on Friday" would be one of them.
    every = "every " if rule.frequency in ("YEARLY", "MONTHLY") and not (rule.weeks or rule.month_days) else ""
    run = weekday_run([(weekday + 1) % 7 for weekday in each])
    names = [run] if run else ["every day"] if len(each) == 7 else [f"{every}{_weekday(day)}" for day in each]
    numbered = sorted({entry for entry in rule.weekdays if entry[0]}, key=lambda entry: (entry[0] < 0, entry))
    return joined([*names, *(f"the {place(nth)} {_weekday(day)}{of}" for nth, day in numbered)])


def _months_and_weeks(rule: Rule) -> list[str]:
    phrases = [joined(listed(rule.months, month_name))] if rule.months else []
    if rule.weeks:
        phrases.append(f"the {_places(rule.weeks)} week of the year (ISO 8601)")
    return phrases


def _time(rule: Rule) -> str:
    seconds, minutes = Choice(fields.SECOND, rule.seconds), Choice(fields.MINUTE, rule.minutes)
    hours = Choice(fields.HOUR, rule.hours)
    if rule.frequency not in _SUB_DAILY:
        words = time_of_day(seconds, minutes, hours)
        return f"{' ' if words.startswith('At ') else ', '}{words[0].lower()}{words[1:]}"
    only_hours = f", only in {hours.phrase()}" if hours.numbers and not hours.is_all else ""
    if rule.frequency == "HOURLY":
        whole = rule.minutes == rule.seconds == (0,)
        return ("" if whole else f" at {within_hour(seconds, minutes)}") + only_hours
    only_minutes = f", only in {minutes.phrase()}" if minutes.numbers and not minutes.is_all else ""
    return ("" if rule.seconds == (0,) else f" at {seconds.phrase()}") + only_minutes + only_hours


def _ends(rule: Rule, start: int, *, told: bool) -> list[str]:
    words = []
    if rule.count is not None:
        words.append("once in all" if rule.count == 1 else f"{rule.count} times in all")
    if told:
        words.append(f"from {_time_on(start) if rule.frequency in _SUB_DAILY else _date(start)}")
    if rule.until is not None:
        whole_day = rule.until % DAY == DAY - 1
        words.append(f"until {'the end of ' + _date(rule.until) if whole_day else _time_on(rule.until)}")
    return words


def _date(local: int) -> str:
    return f"{naive_time(local * 1000):%Y-%m-%d}"


def _time_on(local: int) -> str:
    return f"{naive_time(local * 1000):{'%Y-%m-%d %H:%M:%S' if local % 60 else '%Y-%m-%d %H:%M'}}"


def _weekday(monday_based: int) -> str:
    return WEEKDAYS[(monday_based + 1) % 7]


def _places(numbers: tuple[int, ...]) -> str:
    """`1st, 15th and last`: those that count from the end come last."""
    return joined([place(number) for number in sorted(numbers, key=lambda number: (number < 0, number))])
