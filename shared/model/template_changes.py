"""What clients, calendars and the time do to a template: pure functions from one version to the next.

Each returns the template to write in the place of the one it is given. What changes when occurrences run, or what they
do, makes the template's plans stale: jobs that have not begun are withdrawn or planned anew, from `now` on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.model.template import Missed, Pause, Progress, Template, TemplateStatus

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.schedule.timetable import Timetable

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

    Raises:
        InvalidField: a calendar is missing.
    """
    progress = _taken_back(template.progress, was, now)
    progress = replace(
        progress,
        ran=becomes.ran(progress.expanded_until),
        since=now,
        is_stale=True,
        settle_at=now + SETTLE,
        failure=None,
    )
    return changed(template, by=by, change=change, now=now, progress=progress, expand_at=now, **fields)


def paused(template: Template, pause: Pause, timetable: Timetable, *, by: str) -> Template:
    """The template as it stands still from `pause.at` on."""
    fields = {"status": TemplateStatus.PAUSED, "pause": pause}
    return planned_anew(template, timetable, timetable, by=by, change="pause", now=pause.at, **fields)


def resumed(template: Template, missed: Missed, timetable: Timetable, *, by: str, now: datetime) -> Template:
    """The template as it goes on at `now`: behind the occurrences of the pause, or with those that are missed."""
    if missed is Missed.SKIP:
        progress = replace(template.progress, expanded_until=now, previous_at=timetable.previous(now))
        template = replace(template, progress=progress)
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


def _taken_back(progress: Progress, was: Timetable, now: datetime) -> Progress:
    """The progress as if nothing had been expanded beyond `now`."""
    if progress.expanded_until <= now:
        return progress
    ahead = was.instants(after=now, until=progress.expanded_until)
    number = max(progress.number - len(ahead), 0)
    return replace(progress, expanded_until=now, number=number, previous_at=was.previous(now) if number else None)
