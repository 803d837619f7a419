"""When a schedule by one set of calendars can differ from the same schedule by another."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from shared.model.schedule.bounds import MAX_ROLL_DAYS
from shared.model.schedule.calendar import business_days
from shared.model.schedule.schedule import OnExcluded
from shared.model.time_zones import zone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from shared.model.schedule.calendar import Calendar
    from shared.model.schedule.schedule import Schedule

_DAY: Final = timedelta(days=1)
# From a local day to the UTC days in which it may lie, also where a change of the clocks leaves a day out.
_MARGIN: Final = 2 * _DAY


def differing_spans(
    schedule: Schedule,
    was: Mapping[str, Calendar],
    becomes: Mapping[str, Calendar],
    *,
    since: datetime,
    until: datetime,
) -> list[tuple[datetime, datetime]]:
    """Spans of nominal instants, ascending and apart: outside of them, from `since` to `until`, all occurrences are the
    same by either calendars. They lie around the days that one excludes and the other does not, and around the excluded
    days beside these, from which occurrences roll over them.

    A schedule that limits its runs can differ anywhere: a run less leaves one more to come.

    Raises:
        InvalidField: a calendar is missing, or public holidays are not known.
    """
    if schedule.on_excluded is OnExcluded.RUN or not schedule.calendars:
        return []
    if schedule.max_occurrences is not None:
        return [(since, until)]
    before, after = business_days(schedule.calendars, was), business_days(schedule.calendars, becomes)
    first, last = ((at.astimezone(zone(schedule.timezone)).date() + by) for at, by in ((since, -_DAY), (until, _DAY)))

    def is_excluded(day: date) -> bool:
        return before.reason(day) is not None or after.reason(day) is not None

    def differs(day: date) -> bool:
        return (before.reason(day) is None) != (after.reason(day) is None)

    first, last = _behind_excluded(first, -_DAY, is_excluded), _behind_excluded(last, _DAY, is_excluded)
    days = [first + _DAY * number for number in range((last - first).days + 1)]
    touched = _reached(days, differs, is_excluded) | _reached(days[::-1], differs, is_excluded)
    return _spans(sorted(touched), since, until)


def _behind_excluded(day: date, step: timedelta, is_excluded: Callable[[date], bool]) -> date:
    for _ in range(MAX_ROLL_DAYS):
        if not is_excluded(day):
            break
        day += step
    return day


def _reached(days: Sequence[date], differs: Callable[[date], bool], is_excluded: Callable[[date], bool]) -> set[date]:
    """The days that differ, and the excluded ones that follow them one after another."""
    found: set[date] = set()
    is_reached = False
    for day in days:
        is_reached = differs(day) or (is_reached and is_excluded(day))
        if is_reached:
            found.add(day)
    return found


def _spans(days: Sequence[date], since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    spans: list[tuple[datetime, datetime]] = []
    for day in days:
        midnight = datetime.combine(day, time(), UTC)
        start, end = max(midnight - _MARGIN, since), min(midnight + _DAY + _MARGIN, until)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        elif start <= end:
            spans.append((start, end))
    return spans
