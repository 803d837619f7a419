"""Numbers of a schedule in words: lists, runs, steps, ordinals."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}
# From how many numbers on `a through b` is shorter than a list, and `every 2nd from a through b`.
_RUN: Final = 3
_STEPS: Final = 8


def month_name(number: int) -> str:
    return MONTHS[number - 1]


def ordinal(number: int) -> str:
    """`1st`, `12th`, `23rd`."""
    ending = "th" if number % 100 in (11, 12, 13) else _ENDINGS.get(number % 10, "th")
    return f"{number}{ending}"


def place(number: int) -> str:
    """`2nd`; counted from the end `last` for -1, `2nd last` for -2."""
    if number > 0:
        return ordinal(number)
    return "last" if number == -1 else f"{ordinal(-number)} last"


def amount(count: int, noun: str) -> str:
    """What follows `every`: `hour` for 1, `2 hours`."""
    return noun if count == 1 else f"{count} {noun}s"


def joined(parts: Sequence[str], word: str = "and") -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each run of consecutive numbers, ascending."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def spacing(numbers: Sequence[int]) -> int | None:
    """The one distance between ascending numbers, of which there are three or more."""
    distances = {later - earlier for earlier, later in pairwise(numbers)}
    return distances.pop() if len(numbers) >= _RUN and len(distances) == 1 else None


def listed(numbers: Iterable[int], name: Callable[[int], str] = str) -> list[str]:
    """Each number by its name, three and more consecutive ones as `a through b`."""
    parts = []
    for first, last in runs(numbers):
        if last - first + 1 >= _RUN:
            parts.append(f"{name(first)} through {name(last)}")
        else:
            parts += [name(number) for number in range(first, last + 1)]
    return parts


def steps(numbers: Sequence[int], noun: str, name: Callable[[int], str] = str) -> str | None:
    """`every 2nd minute from 0 through 58`; None where that is not what the numbers are, or a list says it shorter."""
    step = spacing(numbers)
    if step is None or step == 1 or len(numbers) < _STEPS:
        return None
    return f"every {ordinal(step)} {noun} from {name(numbers[0])} through {name(numbers[-1])}"


def weekday_run(weekdays: Sequence[int]) -> str | None:
    """`Friday through Monday` where three or more weekdays (0 = Sunday) follow one another; they go round."""
    count = len(weekdays)
    for first in weekdays:
        if _RUN <= count < 7 and {(first + day) % 7 for day in range(count)} == set(weekdays):
            return f"{WEEKDAYS[first]} through {WEEKDAYS[(first + count - 1) % 7]}"
    return None
