"""What clients, calendars and the time do to a template: pure functions from one version to the next.

Each returns the template to write in the place of the one it is given. What changes when occurrences run, or what they
do, makes the template's plans stale: jobs that are due after `now` and have not begun are withdrawn or planned anew.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model.template import Missed, Pause, Progress, Template, TemplateStatus

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.schedule.timetable import Timetable

_STEP: Final = timedelta(milliseconds=1)
SETTLE: Final = timedelta(seconds=120)
"""An expansion that began before a change goes on for a minute at most, and its writes reach the index in another."""


def first_progress(timetable: Timetable, now: datetime) -> Progress:
    """Where a template stands that is created at `now`: what came before is none of its business."""
    return Progress(expanded_until=now, since=now, ran=timetable.ran(now))


def changed(template: Template, *, by: str, change: str, now: datetime, **fields: Any) -> Template:
    """The next version, with new values of `fields` that do not matter to its jobs."""
    return replace(
        template,
        **fields,
        version=template.version + 1,
        revision=template.revision + 1,
        changed_at=now,
        changed_by=by,
        change=change,
    )


def planned_anew(
    template: Template, was: Timetable, becomes: Timetable, *, by: str, change: str, now: datetime, **fields: Any
) -> Template:
    """The next version, with new values of `fields`, whose jobs are planned anew.

    Another schedule holds for what is effective after `now`: occurrences of the former one that were to run before, and
    have not been expanded, are given up. So expand a template that is behind first. Under the same schedule they stay
    to be dealt with.

    Raises:
        InvalidField: a calendar is missing.
    """
    progress = _taken_back(replace(template, **fields), was, becomes, now)
    progress = replace(
        progress,
        ran=becomes.ran(progress.expanded_until),
        is_stale=True,
        stale_since=now,
        settle_at=now + SETTLE,
        failure=None,
    )
    return changed(template, by=by, change=change, now=now, progress=progress, expand_at=now, **fields)


def paused(template: Template, pause: Pause, timetable: Timetable, *, by: str) -> Template:
    """The template as it stands still from `pause.at` on."""
    fields = {"status": TemplateStatus.PAUSED, "pause": pause}
    return planned_anew(template, timetable, timetable, by=by, change="pause", now=pause.at, **fields)


def resumed(template: Template, missed: Missed, timetable: Timetable, *, by: str, now: datetime) -> Template:
    """The template as it goes on at `now`: with what is effective from then on, or with what the pause missed too."""
    if missed is Missed.SKIP:
        template = replace(template, progress=_behind_the_pause(template, timetable, now))
    fields = {"status": TemplateStatus.ACTIVE, "pause": None}
    return planned_anew(template, timetable, timetable, by=by, change="resume", now=now, **fields)


def deleted(template: Template, timetable: Timetable, *, by: str, now: datetime, retention: timedelta) -> Template:
    """What is left of a deleted template: as long as its jobs can be looked up, it explains them."""
    gone_at = max(now, template.progress.expanded_until) + retention + timedelta(days=1)
    fields = {
        "status": TemplateStatus.DELETED,
        "pause": None,
        "expire_item_at": gone_at.replace(microsecond=0),
    }
    return planned_anew(template, timetable, timetable, by=by, change="delete", now=now, **fields)


def _taken_back(template: Template, was: Timetable, becomes: Timetable, now: datetime) -> Progress:
    """The progress as if nothing that is effective after `now` had been expanded."""
    stands, to = template.progress, _first_effective_after(template, now)
    is_other = was != becomes
    if is_other or stands.expanded_until >= was.horizon(now):
        stands = replace(stands, since=max(stands.since, now))
    if not is_other and stands.expanded_until <= to:
        return stands
    return replace(
        stands,
        expanded_until=to,
        number=max(stands.number - len(was.instants(after=to, until=stands.expanded_until)), 0),
        # One that the former schedule had, if it had one at all.
        previous_at=_previous(template, was, to) or _previous(template, becomes, to, since=template.created_at),
        counted_from=to if is_other else stands.counted_from,
    )


def _behind_the_pause(template: Template, timetable: Timetable, now: datetime) -> Progress:
    """The progress that leaves out what was effective in the pause, up to `now`; it has no number."""
    stands, to = template.progress, _first_effective_after(template, now)
    paused_at = to if template.pause is None else min(template.pause.at, to)
    return replace(
        stands,
        expanded_until=to,
        since=max(stands.since, now),
        counted_from=to,
        number=stands.number + len(timetable.instants(after=stands.expanded_until, until=paused_at)),
        previous_at=_previous(template, timetable, to, since=template.created_at),
    )


def _first_effective_after(template: Template, now: datetime) -> datetime:
    """The nominal instant after which all occurrences come that are effective after `now`: some before `now` itself,
    which are spread or rolled; but none before the template existed, or had this schedule."""
    return max(now - timedelta(seconds=template.progress.lag_seconds), _counted_from(template))


def _counted_from(template: Template) -> datetime:
    return template.progress.counted_from or template.created_at


def _previous(
    template: Template, timetable: Timetable, until: datetime, *, since: datetime | None = None
) -> datetime | None:
    """The last occurrence up to `until` that nobody took out; None where that is before the template existed, or had
    this schedule."""
    found = timetable.previous(until)
    while found is not None and found in template.skipped:
        found = timetable.previous(found - _STEP)
    return found if found is not None and found > (since or _counted_from(template)) else None
