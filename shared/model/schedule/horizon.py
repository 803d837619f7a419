"""How far beyond a time the nominal instants lie of what may run by then."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.model.schedule.bounds import MAX_ROLL_DAYS
from shared.model.schedule.calendar import business_days
from shared.model.schedule.local_time import DAY, date_of, day_number, instant_ms, utc_time
from shared.model.schedule.placement import passes
from shared.model.schedule.schedule import OnExcluded
from shared.model.schedule.zones import stretch_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from shared.model.schedule.calendar import BusinessDays, Calendar
    from shared.model.schedule.schedule import Schedule

_DAY_MS: Final = DAY * 1000


def nominal_horizon(schedule: Schedule, calendars: Mapping[str, Calendar], until: datetime) -> datetime:
    """The latest nominal instant of which an occurrence may be effective at or before `until`.

    That is `until`, unless what falls on excluded days is rolled back to the day before them: then it is the last
    instant of the excluded days that follow the last day which has begun by `until`.

    Raises:
        InvalidField: a calendar is missing, or public holidays are not known.
    """
    if schedule.on_excluded is not OnExcluded.PREVIOUS_BUSINESS_DAY:
        return until
    business = business_days(schedule.calendars, calendars)
    begun = _last_day_begun(schedule.timezone, instant_ms(until))
    # The clocks can go back over midnight: then the day before goes on, although this one has begun.
    days = (_end_of_excluded(business, begun), begun - timedelta(days=1))
    ends = (_end_of(schedule.timezone, day) for day in days if business.reason(day) is not None)
    return max((until, *ends))


def _last_day_begun(zone: str, instant: int) -> date:
    """The latest local day of which the zone's clocks have shown some time by the instant (milliseconds)."""
    seconds = instant // 1000
    today = (seconds + stretch_at(zone, seconds).offset) // DAY
    has_tomorrow_begun = passes(zone, (today + 1) * _DAY_MS)[0] <= instant
    return date_of(today + has_tomorrow_begun)


def _end_of_excluded(business: BusinessDays, day: date) -> date:
    """The last of the excluded days in a row from `day` or the next one on that roll back to before them; `day` when
    there is none."""
    landing = day if business.reason(day) is None else business.nearest(day, -1)
    if landing is None:
        return day
    while (day - landing).days < MAX_ROLL_DAYS and business.reason(day + timedelta(days=1)) is not None:
        day += timedelta(days=1)
    return day


def _end_of(zone: str, day: date) -> datetime:
    """The last millisecond of a local day, in its last pass; of a day that is left out, the instant after it."""
    midnight = day_number(day.year, day.month, day.day) * _DAY_MS
    return utc_time(passes(zone, midnight + _DAY_MS - 1)[-1])
