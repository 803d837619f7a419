"""The filters of parameters. Which value a filter takes and gives is known when its text is read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from shared.model.durations import parse_duration
from shared.model.schedule.calendar import WEEKDAYS
from shared.model.schedule.words_lists import month_name
from shared.model.time_zones import zone, zone_names
from shared.model.times import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shared.model.occurrence_facts import OccurrenceFacts

MAX_FORMAT_LENGTH: Final = 100
MAX_SHIFT_DAYS: Final = 3_660
"""By one filter; those that fit into a placeholder shift no time out of what Python can hold."""


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """What a value is, in words for the client."""

    INSTANT = "an instant"  # aware; with UTC no zone has been chosen to show it in
    LOCAL_TIME = "a local time, which has no offset"  # naive
    TEXT = "text"
    DIGITS = "digits"
    NUMBER = "a number"


class Step(NamedTuple):
    """A filter with its argument. `fills`: it wants to be asked about None, which passes by all others."""

    gives: Kind
    apply: Callable[[Any, OccurrenceFacts], Any]
    fills: bool = False


class _Filter(NamedTuple):
    """`example` is an argument, None where the filter has none. `read` gives the step for an argument and a kind."""

    takes: tuple[Kind, ...]
    example: str | None
    read: Callable[[str, Kind], Step]


def read_filter(name: str, argument: str | None, kind: Kind) -> Step:
    """The step of `| name:"argument"` after a value of that kind.

    Raises:
        ValueError: what is wrong and what would be right, in words for the client.
    """
    known = FILTERS.get(name)
    if known is None:
        raise ValueError(f"there is no filter {name}; there are {nearest_first(name, FILTERS)}")
    if argument is None and known.example is not None:
        raise ValueError(f'{name} needs an argument, such as {name}:"{known.example}"')
    if argument is not None and known.example is None:
        raise ValueError(f"{name} has no argument")
    if kind not in known.takes:
        raise ValueError(f"{name} is for {' or '.join(known.takes)}; before it there is {kind}")
    return known.read(argument or "", kind)


def nearest_first(word: str, known: Iterable[str]) -> str:
    """The known words, those first that look most like `word`."""
    return ", ".join(sorted(known, key=lambda one: -SequenceMatcher(None, word, one).ratio()))


def written(value: datetime | str | None) -> str:
    """As text: instants as RFC 3339, local times as ISO 8601; what is missing is empty."""
    if not isinstance(value, datetime):
        return value or ""
    if value.tzinfo is None:
        return value.isoformat()
    return format_time(value) if value.tzinfo is UTC else value.isoformat(timespec="milliseconds")


def _wall_clock(time: datetime, facts: OccurrenceFacts) -> datetime:
    """What clocks show at that time: in the zone that was chosen for it, else in the schedule's."""
    return time.astimezone(zone(facts.timezone)) if time.tzinfo is UTC else time


def _offset(time: datetime) -> str:
    minutes = (time.utcoffset() or timedelta()) // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


DIRECTIVES: Final[Mapping[str, Callable[[datetime], str]]] = {
    "%Y": lambda time: f"{time.year:04}",
    "%m": lambda time: f"{time.month:02}",
    "%d": lambda time: f"{time.day:02}",
    "%H": lambda time: f"{time.hour:02}",
    "%M": lambda time: f"{time.minute:02}",
    "%S": lambda time: f"{time.second:02}",
    "%y": lambda time: f"{time.year % 100:02}",
    "%j": lambda time: f"{time.timetuple().tm_yday:03}",
    "%I": lambda time: f"{(time.hour - 1) % 12 + 1:02}",
    "%p": lambda time: "AM" if time.hour < 12 else "PM",
    "%A": lambda time: WEEKDAYS[time.weekday()],
    "%a": lambda time: WEEKDAYS[time.weekday()][:3],
    "%B": lambda time: month_name(time.month),
    "%b": lambda time: month_name(time.month)[:3],
    "%G": lambda time: f"{time.isocalendar().year:04}",
    "%V": lambda time: f"{time.isocalendar().week:02}",
    "%u": lambda time: str(time.isoweekday()),
    "%z": _offset,
    "%%": lambda _: "%",
}
"""Those of C's strftime that mean the same everywhere; days and months have their English names."""

_FORMAT_PIECE: Final = re.compile(r"%.?|[^%]+")


def _format(argument: str, kind: Kind) -> Step:
    if len(argument) > MAX_FORMAT_LENGTH:
        raise ValueError(f"a format must not be longer than {MAX_FORMAT_LENGTH} characters")
    pieces = _FORMAT_PIECE.findall(argument)
    if unknown := [piece for piece in pieces if piece[0] == "%" and piece not in DIRECTIVES]:
        raise ValueError(f"{unknown[0]} is no directive of format; there are {' '.join(DIRECTIVES)}")
    if not any(piece in DIRECTIVES for piece in pieces):
        raise ValueError('a format has directives, such as "%Y-%m-%d %H:%M"')
    if "%z" in pieces and kind is Kind.LOCAL_TIME:
        raise ValueError(f"%z is for an instant; before it there is {kind}")
    parts = [DIRECTIVES.get(piece, piece) for piece in pieces]

    def apply(time: datetime, facts: OccurrenceFacts) -> str:
        shown = _wall_clock(time, facts)
        return "".join([part if isinstance(part, str) else part(shown) for part in parts])

    return Step(Kind.TEXT, apply)


def _in(argument: str, _: Kind) -> Step:
    if argument not in zone_names():
        raise ValueError(f"{argument} is no name of the IANA database; one is expected, such as Europe/Berlin")
    chosen = zone(argument)
    return Step(Kind.INSTANT, lambda time, _: time.astimezone(chosen))


def _shift(sign: int) -> Callable[[str, Kind], Step]:
    def read(argument: str, kind: Kind) -> Step:
        milliseconds = parse_duration(argument)
        if milliseconds > MAX_SHIFT_DAYS * 86_400_000:
            raise ValueError(f"a time must not be shifted by more than {MAX_SHIFT_DAYS}d")
        span = timedelta(milliseconds=milliseconds * sign)

        def apply(time: datetime, _: OccurrenceFacts) -> datetime:
            # Python adds to what the clocks of a zone show; an hour later is meant, across a change of them as well.
            return (time.astimezone(UTC) + span).astimezone(time.tzinfo) if time.tzinfo else time + span

        return Step(kind, apply)

    return read


def _default(argument: str, kind: Kind) -> Step:
    stays_digits = kind is Kind.DIGITS and re.fullmatch("[0-9]{1,15}", argument)
    gives = Kind.DIGITS if stays_digits else Kind.TEXT
    return Step(gives, lambda value, _: argument if value is None else written(value), fills=True)


def _plain(gives: Kind, apply: Callable[[Any, OccurrenceFacts], Any]) -> Callable[[str, Kind], Step]:
    return lambda _argument, _kind: Step(gives, apply)


def _epoch(unit: timedelta) -> Callable[[str, Kind], Step]:
    return _plain(Kind.DIGITS, lambda time, _: str((time - _EPOCH) // unit))


_TIMES: Final = (Kind.INSTANT, Kind.LOCAL_TIME)

FILTERS: Final[Mapping[str, _Filter]] = {
    "date": _Filter(_TIMES, None, lambda _, kind: _format("%Y-%m-%d", kind)),
    "time": _Filter(_TIMES, None, lambda _, kind: _format("%H:%M:%S", kind)),
    "format": _Filter(_TIMES, "%Y/%m/%d", _format),
    "in": _Filter((Kind.INSTANT,), "Europe/Berlin", _in),
    "plus": _Filter(_TIMES, "1d", _shift(1)),
    "minus": _Filter(_TIMES, "1d", _shift(-1)),
    "unix": _Filter((Kind.INSTANT,), None, _epoch(timedelta(seconds=1))),
    "unix_ms": _Filter((Kind.INSTANT,), None, _epoch(timedelta(milliseconds=1))),
    "number": _Filter((Kind.DIGITS,), None, _plain(Kind.NUMBER, lambda digits, _: int(digits))),
    "default": _Filter((*_TIMES, Kind.TEXT, Kind.DIGITS), "none", _default),
}
