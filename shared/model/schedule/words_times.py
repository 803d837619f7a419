"""The time of a day in words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

from shared.model.schedule.words_lists import amount, joined, listed, runs, spacing, steps

if TYPE_CHECKING:
    from shared.model.schedule.cron_fields import Field

# So many times of a day are all named; so many minutes or stretches of hours.
_NAMED_TIMES: Final = 6
_NAMED_MINUTES: Final = 9
_NAMED_STRETCHES: Final = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """What a field chooses: numbers, ascending, and what only words can say (`one minute`, `the last day`)."""

    field: Field
    numbers: tuple[int, ...]
    others: tuple[str, ...] = ()

    @property
    def is_all(self) -> bool:
        return len(self.numbers) == self.field.high - self.field.low + 1

    def phrase(self) -> str:
        """`every minute`, `minutes 0 and 30`, `every 2nd hour from 0 through 22`, `one minute`."""
        noun = self.field.name
        if self.is_all:
            return f"every {noun}"
        parts = list(self.others)
        if self.numbers:
            plain = steps(self.numbers, noun)
            if plain is None:
                plain = f"{noun}{'s' if len(self.numbers) > 1 else ''} {joined(listed(self.numbers))}"
            parts.insert(0, plain)
        return joined(parts)


def time_of_day(seconds: Choice, minutes: Choice, hours: Choice) -> str:
    """`At 09:30`, `Every 5 minutes, from 08:00 to 17:59`, `At every second of minute 0 of hour 12`."""
    if not (seconds.others or minutes.others or hours.others):
        times = [*product(hours.numbers, minutes.numbers, seconds.numbers)]
        if len(times) <= _NAMED_TIMES:
            return f"At {joined([_clock(*time) for time in times])}"
        if seconds.numbers == (0,) and (words := _minutes(minutes, hours)):
            return words
        if minutes.is_all and (every := _evenly(seconds)):
            return f"Every {amount(every, 'second')}{_stretches(hours)}"
    return f"At {within_hour(seconds, minutes)} of {hours.phrase()}"


def within_hour(seconds: Choice, minutes: Choice) -> str:
    """`minute 30`, `second 15 of every minute`."""
    if seconds.numbers == (0,) and not seconds.others:
        return minutes.phrase()
    return f"{seconds.phrase()} of {minutes.phrase()}"


def _clock(hour: int, minute: int, second: int) -> str:
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if second else "")


def _evenly(choice: Choice) -> int | None:
    """The distance that the numbers keep over the end of the minute or hour as well: 15 for 0, 15, 30 and 45."""
    count = len(choice.numbers)
    every = 60 // count
    return every if count > 1 and choice.numbers == tuple(range(0, 60, every)) else None


def _minutes(minutes: Choice, hours: Choice) -> str | None:
    """At no second but 0; None where nothing is shorter than naming minutes and hours."""
    if every := _evenly(minutes):
        return f"Every {amount(every, 'minute')}{_stretches(hours)}"
    if len(minutes.numbers) == 1:
        return _once_an_hour(minutes.numbers[0], hours)
    named = listed(minutes.numbers)
    if len(minutes.numbers) == len(named) <= _NAMED_MINUTES:
        return f"At {joined(named)} minutes past the hour{_stretches(hours)}"
    return None


def _once_an_hour(minute: int, hours: Choice) -> str | None:
    if hours.is_all:
        return (
            f"At {amount(minute, 'minute') if minute > 1 else '1 minute'} past every hour" if minute else "Every hour"
        )
    every = spacing(hours.numbers)
    if every is None:
        return None
    first, last = (_clock(hour, minute, 0) for hour in (hours.numbers[0], hours.numbers[-1]))
    return f"Every {amount(every, 'hour')} from {first} through {last}"


def _stretches(hours: Choice) -> str:
    """`, from 08:00 to 17:59`; nothing for all hours. None goes over midnight, where another day begins."""
    if hours.is_all:
        return ""
    stretches = runs(hours.numbers)
    if len(stretches) > _NAMED_STRETCHES:
        return f", in {hours.phrase()}"
    return f", {joined([f'from {first:02}:00 to {last:02}:59' for first, last in stretches])}"
