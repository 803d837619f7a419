"""What is to become of a template's next occurrences: a pure function of the template, its schedule, and the time.

Occurrences become jobs 30 minutes ahead, and at least the next one does; the rest waits until 15 minutes of them are
left. What could not begin in time is left out, or planned all the same, by the template's misfire policy.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.model.gap import Gap
from shared.model.occurrence_job import PlannedOccurrence
from shared.model.schedule.bounds import SearchTooLong
from shared.model.template import MisfirePolicy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from shared.model.schedule.occurrences import Occurrence
    from shared.model.schedule.timetable import Timetable
    from shared.model.template import Misfire, Progress, Template

LOOK_AHEAD: Final = timedelta(minutes=30)
REFILL_BEFORE: Final = timedelta(minutes=15)
# Of one template at once: what is beyond waits until others had their turn.
MAX_PLANNED: Final = 200
MAX_LOOKED_AT: Final = 5_000
# A schedule whose next run is not found (its calendars exclude more than a year) is looked at again.
_LOOK_AGAIN: Final = timedelta(days=1)

MISSED: Final = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """`planned` are to become jobs and `gaps` to be recorded; then the template is to have this `progress`, and to be
    expanded again at `expand_at` (None: there is nothing left to expand)."""

    planned: tuple[PlannedOccurrence, ...]
    gaps: tuple[Gap, ...]
    progress: Progress
    expand_at: datetime | None


def expand(template: Template, timetable: Timetable, *, now: datetime) -> Expansion:
    """What an expansion at `now` makes of an active template from where its progress stands.

    Raises:
        InvalidField: a calendar is missing.
    """
    ahead = _Ahead(template, timetable)
    limit = timetable.horizon(now + LOOK_AHEAD)
    beyond: datetime | None = None
    planned: list[PlannedOccurrence] = []
    missed: list[PlannedOccurrence] = []
    lag = timedelta(seconds=template.progress.lag_seconds)
    full = False
    for looked_at, occurrence in enumerate(ahead.planned()):
        if occurrence.nominal_at > limit:
            if beyond is not None:
                break
            # At least the next one is planned; and what comes later may be rolled back to before it.
            beyond = occurrence.nominal_at
            limit = timetable.horizon(beyond)
        full = len(planned) == MAX_PLANNED or looked_at == MAX_LOOKED_AT
        if full:
            break
        ahead.reach(occurrence)
        lag = max(lag, occurrence.effective_at - occurrence.nominal_at)
        late = occurrence.misfire_at is not None and occurrence.misfire_at <= now
        (missed if late else planned).append(occurrence)
    return Expansion(
        planned=tuple(planned),
        gaps=_gaps(missed, now),
        progress=replace(ahead.progress, lag_seconds=-(-lag // timedelta(seconds=1)), failure=None),
        expand_at=now if full else ahead.look_at_again(beyond, now),
    )


class _Run(NamedTuple):
    """An occurrence with its number, and the one before it."""

    occurrence: Occurrence
    number: int
    previous_at: datetime | None


@dataclass(slots=True)
class _Ahead:
    """The walk over a template's occurrences from where it stands, each with what its misfire policy makes of it."""

    template: Template
    timetable: Timetable
    progress: Progress = field(init=False)
    _is_cut_off: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.progress = self.template.progress

    def reach(self, occurrence: PlannedOccurrence) -> None:
        """Everything up to `occurrence` has been dealt with."""
        stands = self.template.progress
        self.progress = replace(
            self.progress,
            expanded_until=occurrence.nominal_at,
            number=occurrence.number,
            previous_at=occurrence.nominal_at,
            ran=None if stands.ran is None else stands.ran + occurrence.number - stands.number,
        )

    def look_at_again(self, beyond: datetime | None, now: datetime) -> datetime | None:
        if beyond is not None:
            return beyond - REFILL_BEFORE
        return now + _LOOK_AGAIN if self._is_cut_off else None

    def planned(self) -> Iterator[PlannedOccurrence]:
        misfire = self.template.misfire
        for (occurrence, number, previous_at), successor in _with_successor(
            self._runs(), _successor_that_counts(misfire)
        ):
            yield PlannedOccurrence(
                nominal=occurrence.nominal,
                nominal_at=occurrence.nominal_at,
                effective_at=occurrence.effective_at,
                number=number,
                misfire_at=misfire_at(misfire, occurrence.effective_at, successor),
                previous_nominal_at=previous_at,
            )

    def _runs(self) -> Iterator[_Run]:
        """The occurrences that nobody took out, and that are effective since the template goes by this schedule."""
        stands = self.template.progress
        number, previous_at = stands.number, stands.previous_at
        try:
            for occurrence in self.timetable.occurrences(after=stands.expanded_until, ran=stands.ran):
                number += 1
                if occurrence.nominal_at in self.template.skipped:
                    continue
                if occurrence.effective_at > stands.since:
                    yield _Run(occurrence, number, previous_at)
                previous_at = occurrence.nominal_at
        except SearchTooLong:
            self._is_cut_off = True


def misfire_at(misfire: Misfire, effective_at: datetime, successor: Occurrence | None) -> datetime | None:
    """From when on it is too late for the first attempt of an occurrence; None: never.

    `successor` is the one that takes its place by being due as well: under `fire_latest` the next occurrence, under
    `fire_all` with `max_runs` the one that many places later.
    """
    missed_at = effective_at + timedelta(seconds=misfire.after_seconds)
    if misfire.policy is MisfirePolicy.SKIP:
        return missed_at
    deadlines = []
    if successor is not None:
        deadlines.append(max(missed_at, successor.effective_at))
    if misfire.within_seconds is not None:
        deadlines.append(max(missed_at, effective_at + timedelta(seconds=misfire.within_seconds)))
    return min(deadlines, default=None)


def _successor_that_counts(misfire: Misfire) -> int:
    """How many places later the occurrence stands that makes a missed one superfluous; 0: none does."""
    match misfire.policy:
        case MisfirePolicy.SKIP:
            return 0
        case MisfirePolicy.FIRE_LATEST:
            return 1
        case MisfirePolicy.FIRE_ALL:
            return misfire.max_runs or 0


def _with_successor(found: Iterator[_Run], places: int) -> Iterator[tuple[_Run, Occurrence | None]]:
    """Each with the one that comes `places` later; None at the end, or when `places` is 0."""
    waiting: deque[_Run] = deque()
    for one in found:
        waiting.append(one)
        if len(waiting) > places:
            yield waiting.popleft(), waiting[-1].occurrence if waiting else None
    for one in waiting:
        yield one, None


def _gaps(missed: list[PlannedOccurrence], now: datetime) -> tuple[Gap, ...]:
    if not missed:
        return ()
    first, last = missed[0].nominal_at, missed[-1].nominal_at
    return (Gap(first=first, last=last, count=len(missed), reason=MISSED, recorded_at=now),)
