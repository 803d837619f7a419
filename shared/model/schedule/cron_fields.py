"""One field of a cron expression, read into the set of values it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from shared.model.schedule.bounds import FIRST_YEAR, LAST_YEAR
from shared.model.schedule.schedule import Dialect
from shared.model.schedule.stable_hash import stable_number

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_ITEM: Final = re.compile(r"(\*|[A-Z0-9]+)(?:-([A-Z0-9]+))?(?:/([0-9]{1,4}))?", re.ASCII)
HASH: Final = re.compile(r"H(?:\(([0-9]{1,4})-([0-9]{1,4})\))?(?:/([0-9]{1,4}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """What a field may hold: the numbers from `low` to `high`; the first of them may have names."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    # H goes no further: every month has 28 days, and a week has one Sunday.
    hash_high: int | None = None


SECOND: Final = Field("second", 0, 59)
MINUTE: Final = Field("minute", 0, 59)
HOUR: Final = Field("hour", 0, 23)
DAY_OF_MONTH: Final = Field("day-of-month", 1, 31, hash_high=28)
MONTH: Final = Field("month", 1, 12, _MONTHS)
YEAR: Final = Field("year", FIRST_YEAR, LAST_YEAR)
UNIX_WEEKDAY: Final = Field("day-of-week", 0, 7, _WEEKDAYS, hash_high=6)
QUARTZ_WEEKDAY: Final = Field("day-of-week", 1, 7, _WEEKDAYS)


def read_values(text: str, field: Field, dialect: Dialect, seed: str) -> frozenset[int]:
    """The numbers that a field stands for. `seed` is what `H` is a hash of.

    Raises:
        ValueError: what is wrong, and what would be right.
    """
    values: set[int] = set()
    for item in text.split(","):
        values.update(_item(item, field, dialect, seed))
    return frozenset(values)


def number(text: str, field: Field) -> int:
    """A number within the field's bounds, or one of its names."""
    if text in field.names:
        return field.low + field.names.index(text)
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and field.low <= int(text) <= field.high):
        names = f", or a name such as {field.names[0]}" if field.names else ""
        raise ValueError(
            f"{field.name}: {text or 'nothing'!r} is none; numbers from {field.low} to {field.high} are expected{names}"
        )
    return int(text)


def _item(text: str, field: Field, dialect: Dialect, seed: str) -> range | list[int]:
    if hashed := HASH.fullmatch(text):
        return _hashed(hashed, field, seed)
    if text.startswith("R"):
        raise ValueError(
            f"{field.name}: R would be another time at each expansion; write H, which each template has its own of"
        )
    if text == "?":
        raise ValueError(f"{field.name}: ? is not accepted here; write *")
    match = _ITEM.fullmatch(text)
    if match is None or (match[1] == "*" and match[2]):
        raise ValueError(f"{field.name}: {text!r} is not understood; write a number, a-b, */n, a-b/n or a list of them")
    first, last, step = match.groups()
    if step and not last and first != "*" and dialect is Dialect.UNIX:
        raise ValueError(f"{field.name}: a step needs a range; write {first}-{field.high}/{step}")
    values = _range(first, last, step, field, dialect)
    return values[:: _step(step, field)]


def _range(first: str, last: str | None, step: str | None, field: Field, dialect: Dialect) -> range | list[int]:
    if first == "*":
        return range(field.low, field.high + 1)
    low = number(first, field)
    if last is None:
        return range(low, (field.high if step else low) + 1)
    high = number(last, field)
    if field is UNIX_WEEKDAY and high == 0 < low:
        high = 7
    if low <= high:
        return range(low, high + 1)
    if dialect is Dialect.UNIX or field is YEAR:
        raise ValueError(
            f"{field.name}: {first}-{last} ends before it begins; write {first}-{field.high},{field.low}-{last}"
        )
    # Quartz: "FRI-MON", "22-2" go round.
    return [*range(low, field.high + 1), *range(field.low, high + 1)]


def _step(text: str | None, field: Field) -> int:
    if text is None:
        return 1
    most = field.high - field.low
    if not 1 <= int(text) <= most:
        raise ValueError(f"{field.name}: a step is from 1 to {most}; {text} is not")
    return int(text)


def _hashed(match: re.Match[str], field: Field, seed: str) -> range:
    """`H`, `H(a-b)`, `H/n`, `H(a-b)/n`, as Jenkins writes them: one of the template's own, and each n-th after."""
    if field is YEAR:
        raise ValueError("year: H is not accepted, it would be past for some; write * or the years")
    most = field.hash_high or field.high
    low, high = (number(match[1], field), number(match[2], field)) if match[1] else (field.low, most)
    if low > high or high > most:
        raise ValueError(f"{field.name}: H takes a range within {field.low}-{most}, such as H({field.low}-{most})")
    step = _step(match[3], field) if match[3] else None
    first = low + stable_number(seed, field.name, min(step or high - low + 1, high - low + 1))
    return range(first, high + 1, step) if step else range(first, first + 1)
