"""When a template runs next."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from shared.model.errors import InvalidField
from shared.model.schedule.bounds import SearchTooLong
from shared.model.template import TemplateStatus

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.schedule.timetable import Timetable
    from shared.model.template import Template

# Occurrences looked at: those of a dense schedule whose spread is long are not all looked through.
_MOST: Final = 500


def next_run_at(template: Template, timetable: Timetable, now: datetime) -> datetime | None:
    """The earliest effective time ahead of an active template's occurrences that nobody has taken out; None when there
    is none, or none can be found."""
    if template.status is not TemplateStatus.ACTIVE:
        return None
    # Roll and spread let an occurrence run after its nominal instant: some of the past may still be ahead.
    lag = timedelta(seconds=template.progress.lag_seconds)
    starts = {max(now - lag, template.progress.counted_from or template.created_at), now}
    found = [_earliest(template, timetable, start, now) for start in starts]
    return min((time for time in found if time is not None), default=None)


def _earliest(template: Template, timetable: Timetable, start: datetime, now: datetime) -> datetime | None:
    earliest: datetime | None = None
    horizon: datetime | None = None
    try:
        for occurrence in islice(timetable.occurrences(after=start), _MOST):
            if horizon is not None and occurrence.nominal_at > horizon:
                break
            time = occurrence.effective_at
            if time <= now or occurrence.nominal_at in template.skipped or (earliest and earliest <= time):
                continue
            earliest, horizon = time, timetable.horizon(time)
    except (InvalidField, SearchTooLong):
        # A calendar is gone, or excludes all that could be looked at.
        return earliest
    return earliest
