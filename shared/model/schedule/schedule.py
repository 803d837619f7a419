"""A schedule as a value: triggers, zone, policies, bounds. `documents` reads and writes its JSON form."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Dialect(StrEnum):
    """Whose cron an expression is; it follows from the expression's shape."""

    UNIX = "unix"  # five fields, 0 and 7 = Sunday, day-of-month OR day-of-week
    QUARTZ = "quartz"  # seconds first, six or seven fields, 1 = Sunday
    EVENTBRIDGE = "eventbridge"  # cron(…), rate(…) or at(…); no seconds, year last, 1 = Sunday


class DstGap(StrEnum):
    """What becomes of a local time that a change of the clocks leaves out."""

    SHIFT_FORWARD = "shift_forward"  # at the first instant after the gap, once for all times in it
    SKIP = "skip"  # there is no run


class DstOverlap(StrEnum):
    """When a local time runs that a change of the clocks repeats."""

    FIRST = "first"  # in the first pass
    LAST = "last"  # in the second pass
    BOTH = "both"  # in each pass


class OnExcluded(StrEnum):
    """What becomes of an occurrence on a day that a calendar excludes."""

    SKIP = "skip"  # there is no run
    NEXT_BUSINESS_DAY = "next_business_day"  # at the same local time of the next day that is not excluded
    PREVIOUS_BUSINESS_DAY = "previous_business_day"  # the same, backwards
    RUN = "run"  # it runs all the same


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression, as it was written."""

    expression: str
    dialect: Dialect


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed spacing from the schedule's `start_at`, else from the epoch; no change of the clocks touches it."""

    seconds: int


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """An RRULE of RFC 5545, as it was written; a DTSTART line may stand before it."""

    text: str


@dataclass(frozen=True, slots=True)
class Times:
    """Exactly these instants: aware UTC in whole milliseconds, ascending, none twice."""

    instants: tuple[datetime, ...]


Trigger = Cron | Every | RecurrenceRule | Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When jobs are due: whenever one of the triggers says so.

    `start_at` and `end_at` are inclusive and bound nominal instants. `max_occurrences` counts runs from `start_at` on.
    """

    triggers: tuple[Trigger, ...]
    timezone: str = "UTC"
    dst_gap: DstGap = DstGap.SHIFT_FORWARD
    dst_overlap: DstOverlap = DstOverlap.FIRST
    start_at: datetime | None = None
    end_at: datetime | None = None
    max_occurrences: int | None = None
    spread_seconds: int = 0
    calendars: tuple[str, ...] = ()
    on_excluded: OnExcluded = OnExcluded.SKIP
