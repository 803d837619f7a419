"""The text of an RFC 5545 recurrence rule (§3.3.10), read into its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.model.schedule.bounds import FIRST_YEAR, LAST_YEAR, MAX_OCCURRENCES, MAX_RULE_LENGTH
from shared.model.schedule.local_time import DAY, local_seconds
from shared.model.schedule.zones import stretch_at

FREQUENCIES: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY")
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Each list part with the largest number in it; `signed` ones count from the end as well and have no zero.
_LISTS: Final = {
    "BYMONTH": (1, 12, False),
    "BYWEEKNO": (1, 53, True),
    "BYYEARDAY": (1, 366, True),
    "BYMONTHDAY": (1, 31, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSECOND": (0, 59, False),
    "BYSETPOS": (1, 366, True),
}
_PARTS: Final = {*_LISTS, "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"}
_WEEKDAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_TIME: Final = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?", re.ASCII)
_DTSTART: Final = re.compile(r"DTSTART(?:;VALUE=DATE(?:-TIME)?)?:(.+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The parts of a rule; `start` is its DTSTART as local seconds, None where the schedule's start serves."""

    frequency: str
    start: int | None = None
    interval: int = 1
    count: int | None = None
    until: int | None = None  # local seconds, inclusive
    week_start: int = 0  # Monday
    months: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()  # (0 for each or n for the n-th, weekday from Monday = 0)
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    seconds: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()


def read_rule(text: str, timezone: str = "UTC") -> Rule:
    """The rule that `text` writes: `FREQ=…`, an `RRULE:` before it or not, a line `DTSTART:…` before that or not.

    An UNTIL in UTC becomes what the clocks of `timezone` show then.

    Raises:
        ValueError: which part is wrong, how, and what would be right.
    """
    if len(text) > MAX_RULE_LENGTH:
        raise ValueError(f"a rule has at most {MAX_RULE_LENGTH} characters")
    *before, line = text.strip().upper().splitlines() or [""]
    start = None
    if before:
        match = _DTSTART.fullmatch(before[0])
        if match is None or len(before) > 1:
            raise ValueError(
                "before the RRULE line only one DTSTART:20261120T090000 is accepted, local in the schedule's timezone; "
                "calendars exclude days, any_of adds times"
            )
        start, utc = _time("DTSTART", match[1], end_of_day=False)
        if utc:
            raise ValueError("DTSTART: a local time is expected, without Z; the schedule's timezone says whose")
    parts = _parts(line.removeprefix("RRULE:"))
    rule = _rule(parts, start, timezone)
    _check(rule, parts)
    return rule


def _parts(line: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in line.rstrip(";").split(";"):
        name, _, value = part.partition("=")
        if name not in _PARTS or not value:
            raise ValueError(f"{part or 'nothing'!r} is no part of a rule; write FREQ=MONTHLY;BYDAY=-1FR, for instance")
        if name in parts:
            raise ValueError(f"{name} is there twice; once is enough, with commas")
        parts[name] = value
    if parts.get("FREQ") == "SECONDLY":
        raise ValueError('FREQ=SECONDLY: write `every`, such as "30s", or a cron expression with a field of seconds')
    if parts.get("FREQ") not in FREQUENCIES:
        raise ValueError(f"FREQ is one of {', '.join(FREQUENCIES)}")
    return parts


def _rule(parts: dict[str, str], start: int | None, timezone: str) -> Rule:
    def numbers(name: str) -> tuple[int, ...]:
        return tuple(sorted({_number(name, item) for item in parts[name].split(",")})) if name in parts else ()

    week_start = parts.get("WKST", "MO")
    if week_start not in WEEKDAYS:
        raise ValueError(f"WKST is one of {', '.join(WEEKDAYS)}")
    return Rule(
        frequency=parts["FREQ"],
        start=start,
        interval=_positive("INTERVAL", parts.get("INTERVAL", "1"), 100_000),
        count=_positive("COUNT", parts["COUNT"], MAX_OCCURRENCES) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"], timezone) if "UNTIL" in parts else None,
        week_start=WEEKDAYS.index(week_start),
        months=numbers("BYMONTH"),
        weeks=numbers("BYWEEKNO"),
        year_days=numbers("BYYEARDAY"),
        month_days=numbers("BYMONTHDAY"),
        weekdays=tuple(_weekday(item) for item in parts["BYDAY"].split(",")) if "BYDAY" in parts else (),
        hours=numbers("BYHOUR"),
        minutes=numbers("BYMINUTE"),
        seconds=numbers("BYSECOND"),
        positions=numbers("BYSETPOS"),
    )


def _check(rule: Rule, parts: dict[str, str]) -> None:
    """What RFC 5545 forbids together, and what this reader leaves out."""
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL exclude each other; keep one")
    if any(nth for nth, _ in rule.weekdays) and (rule.frequency not in ("YEARLY", "MONTHLY") or rule.weeks):
        raise ValueError("BYDAY: a number before the weekday needs FREQ=MONTHLY or FREQ=YEARLY, without BYWEEKNO")
    if rule.weeks and (rule.frequency != "YEARLY" or rule.week_start):
        raise ValueError("BYWEEKNO needs FREQ=YEARLY, and weeks that begin on Monday")
    if rule.month_days and rule.frequency == "WEEKLY":
        raise ValueError("BYMONTHDAY does not go with FREQ=WEEKLY; write FREQ=DAILY with BYDAY")
    if rule.year_days and rule.frequency in ("DAILY", "WEEKLY", "MONTHLY"):
        raise ValueError("BYYEARDAY goes with FREQ=YEARLY, HOURLY and MINUTELY")
    if rule.positions and not any(name.startswith("BY") and name != "BYSETPOS" for name in parts):
        raise ValueError("BYSETPOS chooses among what other BY… parts give, and there is none")
    if rule.positions and rule.frequency in ("HOURLY", "MINUTELY"):
        raise ValueError("BYSETPOS needs FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")


def _number(name: str, text: str) -> int:
    low, high, signed = _LISTS[name]
    if re.fullmatch(r"[+-]?[0-9]{1,3}" if signed else r"[0-9]{1,2}", text, re.ASCII):
        value = int(text)
        if low <= (abs(value) if signed else value) <= high:
            return value
    ends = f", or -1 to -{high} from the end" if signed else ""
    raise ValueError(f"{name}: {text!r} is none of the numbers from {low} to {high}{ends}")


def _positive(name: str, text: str, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text, re.ASCII) or not 1 <= int(text) <= most:
        raise ValueError(f"{name}: a number from 1 to {most} is expected")
    return int(text)


def _weekday(text: str) -> tuple[int, int]:
    match = _WEEKDAY.fullmatch(text)
    nth = int(match[1]) if match and match[1] else 0
    if match is None or abs(nth) > 53 or (match[1] and nth == 0):
        raise ValueError(f"BYDAY: {text!r} is no weekday; write MO, 2TU for the second, -1FR for the last")
    return nth, WEEKDAYS.index(match[2])


def _until(text: str, timezone: str) -> int:
    seconds, utc = _time("UNTIL", text, end_of_day=True)
    return seconds + stretch_at(timezone, seconds).offset if utc else seconds


def _time(name: str, text: str, *, end_of_day: bool) -> tuple[int, bool]:
    match = _TIME.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        seconds = local_seconds(datetime.strptime(match[1] + (match[2] or "000000"), "%Y%m%d%H%M%S"))
    except ValueError:
        raise ValueError(f"{name}: {text!r} is no time; write 20261120T090000, or 20261120") from None
    if not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        raise ValueError(f"{name}: years from {FIRST_YEAR} to {LAST_YEAR} are accepted")
    return seconds + (DAY - 1 if end_of_day and match[2] is None else 0), match[3] == "Z"
